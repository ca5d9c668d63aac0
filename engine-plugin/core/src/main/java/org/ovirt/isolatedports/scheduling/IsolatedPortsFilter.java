// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

/** Our filter among the policy units of the engine's scheduling policies. */
public final class IsolatedPortsFilter {

  /** Its name, as it stands in the engine's scheduling policies. */
  public static final String NAME = "isolated_ports";

  private IsolatedPortsFilter() {}
}
