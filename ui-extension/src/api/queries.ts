// SPDX-License-Identifier: Apache-2.0
import { queryOptions } from '@tanstack/react-query';
import { api, body, engine, tagged } from './client';
import { ApiError } from './errors';
import type {
  Cluster,
  DataCenter,
  Decision,
  Emergency,
  Gate,
  Hook,
  Host,
  MovingIn,
  Network,
  Ref,
  SchedulerStatus,
  Uplink,
  Violation,
  Vm,
  VnicProfile,
} from './model';

/** How often what may change by itself is asked for again. */
const LIVE = 5_000;
/** For what changes rarely. */
const SLOW = 60_000;
/** VMs of one page. The server of the engine takes about a second for them. */
export const PAGE = 100;

const id = (value: string) => ({ params: { path: { id: value } } });

/** What the engine answers with a 404 for something that may be missing is no trouble. */
async function unlessMissing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (e) {
    if (e instanceof ApiError && e.status === 404) {
      return null;
    }
    throw e;
  }
}

export const network = (networkId: string) =>
  queryOptions({
    queryKey: ['network', networkId],
    queryFn: ({ signal }) =>
      body(api.GET('/networks/{id}', { ...id(networkId), signal })) as Promise<Network>,
    refetchInterval: LIVE,
  });

/** What the engine itself says of a network; for when our server does not answer. */
export const networkAtEngine = (networkId: string) =>
  queryOptions({
    queryKey: ['engine-network', networkId],
    queryFn: ({ signal }) => engine<Network>(`/networks/${networkId}`, signal),
  });

export const uplink = (networkId: string) =>
  queryOptions({
    queryKey: ['uplink', networkId],
    queryFn: ({ signal }): Promise<Uplink | null> =>
      unlessMissing(body(api.GET('/networks/{id}/uplink', { ...id(networkId), signal }))),
    refetchInterval: LIVE,
  });

export const movingIn = (networkId: string) =>
  queryOptions({
    queryKey: ['moving-in', networkId],
    queryFn: ({ signal }): Promise<MovingIn | null> =>
      unlessMissing(body(api.GET('/networks/{id}/isolate', { ...id(networkId), signal }))),
  });

export const emergency = (networkId: string) =>
  queryOptions({
    queryKey: ['emergency', networkId],
    queryFn: ({ signal }): Promise<Emergency | null> =>
      unlessMissing(body(api.GET('/networks/{id}/emergency', { ...id(networkId), signal }))),
    refetchInterval: LIVE,
  });

/** Violations that last: of one network, or all. */
export const violations = (networkId?: string) =>
  queryOptions({
    queryKey: ['violations', networkId ?? 'all'],
    queryFn: async ({ signal }): Promise<readonly Violation[]> => {
      const query = networkId === undefined ? {} : { network: networkId };
      const found = await body(api.GET('/violations', { params: { query }, signal } as never));
      return (found as { violation?: readonly Violation[] }).violation ?? [];
    },
    refetchInterval: LIVE,
  });

export const gate = () =>
  queryOptions({
    queryKey: ['gate'],
    queryFn: async ({ signal }): Promise<Gate> => {
      const option = await body(
        api.GET('/options/{name}', { params: { path: { name: 'IsPortIsolationSupported' } }, signal }),
      );
      return new Map(
        (option.values?.system_option_value ?? []).map((value) => [
          value.version ?? '',
          { open: value.value === 'true', restartPending: value.restart_pending === 'true' },
        ]),
      );
    },
    refetchInterval: SLOW,
  });

export const dataCenters = () =>
  queryOptions({
    queryKey: ['data-centers'],
    queryFn: async ({ signal }) =>
      (await engine<{ data_center?: readonly DataCenter[] }>('/datacenters', signal)).data_center ?? [],
  });

export const clusters = () =>
  queryOptions({
    queryKey: ['clusters'],
    queryFn: async ({ signal }) =>
      (await engine<{ cluster?: readonly Cluster[] }>('/clusters', signal)).cluster ?? [],
    refetchInterval: SLOW,
  });

export const cluster = (clusterId: string) =>
  queryOptions({
    queryKey: ['cluster', clusterId],
    queryFn: ({ signal }) => engine<Cluster>(`/clusters/${clusterId}`, signal),
    refetchInterval: LIVE,
  });

/** The clusters of a data center that a network is attached to. The engine lists it the other way round only. */
export const clustersOf = (networkId: string, dataCenterId: string) =>
  queryOptions({
    queryKey: ['clusters-of', networkId],
    queryFn: async ({ signal }): Promise<readonly Cluster[]> => {
      const all = await engine<{ cluster?: readonly Cluster[] }>(
        `/datacenters/${dataCenterId}/clusters`,
        signal,
      );
      const attached = await Promise.all(
        (all.cluster ?? []).map(async (each) => {
          const there = await engine<{ network?: readonly Ref[] }>(`/clusters/${each.id}/networks`, signal);
          return (there.network ?? []).some((found) => found.id === networkId) ? [each] : [];
        }),
      );
      return attached.flat();
    },
    refetchInterval: SLOW,
  });

export const networksOfCluster = (clusterId: string) =>
  queryOptions({
    queryKey: ['networks-of-cluster', clusterId],
    queryFn: async ({ signal }): Promise<readonly Network[]> => {
      const found = await body(
        api.GET('/clusters/{cluster}/networks', { params: { path: { cluster: clusterId } }, signal }),
      );
      return (found.network ?? []) as readonly Network[];
    },
    refetchInterval: SLOW,
  });

export const profilesOf = (networkId: string) =>
  queryOptions({
    queryKey: ['profiles-of', networkId],
    queryFn: async ({ signal }): Promise<readonly VnicProfile[]> => {
      const found = await body(
        api.GET('/networks/{network}/vnicprofiles', { params: { path: { network: networkId } }, signal }),
      );
      return (found.vnic_profile ?? []) as readonly VnicProfile[];
    },
    refetchInterval: SLOW,
  });

export const profile = (profileId: string) =>
  queryOptions({
    queryKey: ['profile', profileId],
    queryFn: async ({ signal }) => {
      const { value, tag } = await tagged(api.GET('/vnicprofiles/{id}', { ...id(profileId), signal }));
      return { profile: value as VnicProfile, tag };
    },
  });

/** A text in the engine's search language, in which only quotes mean something within quotes. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '')}"`;
}

/** One page of the VMs of a cluster with their vNICs; the engine searches and sorts. */
export async function vmsOfCluster(
  clusterName: string,
  name: string,
  page: number,
  signal?: AbortSignal,
): Promise<readonly Vm[]> {
  const wanted = name.trim() === '' ? '' : ` and name=${quoted(`*${name.trim()}*`)}`;
  const search = `cluster=${quoted(clusterName)}${wanted} sortby name asc page ${page}`;
  const query = new URLSearchParams({ search, max: String(PAGE), follow: 'nics' });
  return (await engine<{ vm?: readonly Vm[] }>(`/vms?${query}`, signal)).vm ?? [];
}

export const vm = (vmId: string) =>
  queryOptions({
    queryKey: ['vm', vmId],
    queryFn: ({ signal }) => engine<Vm>(`/vms/${vmId}?follow=nics`, signal),
    refetchInterval: LIVE,
  });

export const host = (hostId: string) =>
  queryOptions({
    queryKey: ['host', hostId],
    queryFn: ({ signal }) => engine<Host>(`/hosts/${hostId}`, signal),
    refetchInterval: LIVE,
  });

/** The names of hosts by id; empty for users who see none. */
export const hostNames = () =>
  queryOptions({
    queryKey: ['host-names'],
    queryFn: async ({ signal }): Promise<ReadonlyMap<string, string>> => {
      const found = await engine<{ host?: readonly Host[] }>('/hosts', signal).catch((e: unknown) => {
        if (e instanceof ApiError && (e.trouble === 'forbidden' || e.trouble === 'missing')) {
          return { host: [] };
        }
        throw e;
      });
      return new Map((found.host ?? []).map((each) => [each.id, each.name]));
    },
    refetchInterval: SLOW,
  });

export const hostsOfCluster = (clusterName: string) =>
  queryOptions({
    queryKey: ['hosts-of-cluster', clusterName],
    queryFn: async ({ signal }): Promise<readonly Host[]> => {
      const query = new URLSearchParams({ search: `cluster=${quoted(clusterName)}` });
      return (await engine<{ host?: readonly Host[] }>(`/hosts?${query}`, signal)).host ?? [];
    },
    refetchInterval: LIVE,
  });

export const hooksOf = (hostId: string) =>
  queryOptions({
    queryKey: ['hooks', hostId],
    queryFn: async ({ signal }): Promise<readonly Hook[]> =>
      (await engine<{ hook?: readonly Hook[] }>(`/hosts/${hostId}/hooks`, signal)).hook ?? [],
    refetchInterval: SLOW,
  });

/** The last decisions of our scheduling filter, newest first. */
export const decisions = (vmId?: string) =>
  queryOptions({
    queryKey: ['decisions', vmId ?? 'all'],
    queryFn: async ({ signal }): Promise<readonly Decision[]> => {
      const query = { max: vmId === undefined ? 200 : 20, ...(vmId === undefined ? {} : { vm: vmId }) };
      const found = await body(api.GET('/decisions', { params: { query }, signal } as never));
      return (found as { decision?: readonly Decision[] }).decision ?? [];
    },
    refetchInterval: LIVE,
  });

export const scheduler = () =>
  queryOptions({
    queryKey: ['scheduler'],
    queryFn: ({ signal }) => body(api.GET('/scheduler', { signal })) as Promise<SchedulerStatus>,
    refetchInterval: SLOW,
  });
