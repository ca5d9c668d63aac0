// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { PAGE, vmsOfCluster } from './queries';
import type { Cluster, Nic, Vm, VnicProfile } from './model';

/** A vNIC with the VM it belongs to and the profile it is on. */
export interface Vnic {
  readonly nic: Nic;
  readonly vm: Vm;
  readonly profile: VnicProfile;
}

interface Place {
  readonly cluster: number;
  readonly page: number;
}

/** After so many pages a person is asked whether to read on. */
export const PAGES_AT_ONCE = 20;

/** The vNICs of some VMs that are on one of the profiles. */
export function vnicsOn(vms: readonly Vm[], profiles: readonly VnicProfile[]): readonly Vnic[] {
  const byId = new Map(profiles.map((profile) => [profile.id, profile]));
  return vms.flatMap((vm) =>
    (vm.nics?.nic ?? []).flatMap((nic) => {
      const profile = byId.get(nic.vnic_profile?.id ?? '');
      return profile ? [{ nic, vm, profile }] : [];
    }),
  );
}

/**
 * The vNICs on some profiles. The engine cannot list them, so the VMs of the clusters are read a page at a time;
 * what was read so far is shown meanwhile.
 */
export function useVnics(clusters: readonly Cluster[], profiles: readonly VnicProfile[], name: string) {
  const [allowed, setAllowed] = useState(PAGES_AT_ONCE);
  const query = useInfiniteQuery({
    queryKey: ['vnics', clusters.map((each) => each.id), name],
    queryFn: async ({ pageParam, signal }) => {
      const cluster = clusters[pageParam.cluster];
      return cluster ? await vmsOfCluster(cluster.name, name, pageParam.page, signal) : [];
    },
    initialPageParam: { cluster: 0, page: 1 },
    getNextPageParam: (last, _, place): Place | undefined => {
      if (last.length >= PAGE) {
        return { cluster: place.cluster, page: place.page + 1 };
      }
      return place.cluster + 1 < clusters.length ? { cluster: place.cluster + 1, page: 1 } : undefined;
    },
    refetchInterval: (state) => ((state.state.data?.pages.length ?? 0) <= 2 ? 10_000 : false),
  });
  const pages = query.data?.pages ?? [];
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError && pages.length < allowed) {
      void fetchNextPage();
    }
  }, [hasNextPage, isFetching, isError, fetchNextPage, pages.length, allowed]);
  const vms = pages.flat();
  return {
    query,
    vnics: vnicsOn(vms, profiles),
    vmsRead: vms.length,
    complete: query.data !== undefined && !hasNextPage,
    readMore:
      hasNextPage && pages.length >= allowed
        ? () => {
            setAllowed(allowed + PAGES_AT_ONCE);
          }
        : undefined,
  };
}
