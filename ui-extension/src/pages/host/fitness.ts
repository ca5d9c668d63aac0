// SPDX-License-Identifier: Apache-2.0
import { isIsolated, type Host, type Network, type Violation } from '../../api/model';

/** Whether a host can enforce port isolation; only hosts that are up in a cluster that needs it are judged. */
export type Fitness = 'fit' | 'unfit' | 'notUp' | 'notNeeded';

export function fitness(
  host: Host,
  violations: readonly Violation[],
  networksOfCluster: readonly Network[],
): Fitness {
  if (violations.some((each) => each.host?.id === host.id && each.code === 'GUARD_HOST_UNFIT')) {
    return 'unfit';
  }
  if (host.status !== 'up') {
    return 'notUp';
  }
  return networksOfCluster.some(isIsolated) ? 'fit' : 'notNeeded';
}
