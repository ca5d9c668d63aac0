// SPDX-License-Identifier: Apache-2.0
import type { Schemas } from './client';

/** Scalars of the engine's JSON are texts. */
type Text = string;

export interface Ref {
  readonly id?: Text;
  readonly name?: Text;
  readonly href?: Text;
}

export type Network = Schemas['Network'] & {
  readonly id: Text;
  readonly name: Text;
  readonly description?: Text;
  readonly mtu?: Text;
  readonly vlan?: { readonly id: Text };
  readonly data_center?: Ref;
};

export interface DataCenter extends Ref {
  readonly id: Text;
  readonly name: Text;
}

export interface Version {
  readonly major: Text;
  readonly minor: Text;
}

export interface Cluster {
  readonly id: Text;
  readonly name: Text;
  readonly version?: Version;
  readonly switch_type?: Text;
  readonly data_center?: Ref;
}

export interface CustomProperty {
  readonly name: Text;
  readonly value: Text;
}

export interface VnicProfile {
  readonly id: Text;
  readonly name: Text;
  readonly network?: Ref;
  readonly custom_properties?: { readonly custom_property?: readonly CustomProperty[] };
  readonly pass_through?: { readonly mode?: Text };
  readonly port_mirroring?: Text;
}

export interface Nic {
  readonly id: Text;
  readonly name: Text;
  readonly plugged?: Text;
  readonly linked?: Text;
  readonly mac?: { readonly address?: Text };
  readonly vnic_profile?: Ref;
}

export interface Vm {
  readonly id: Text;
  readonly name: Text;
  readonly status?: Text;
  readonly host?: Ref;
  readonly cluster?: Ref;
  readonly nics?: { readonly nic?: readonly Nic[] };
}

export interface Host {
  readonly id: Text;
  readonly name: Text;
  readonly status?: Text;
  readonly cluster?: Ref;
  readonly libvirt_version?: { readonly full_version?: Text };
  readonly version?: { readonly full_version?: Text };
  readonly os?: {
    readonly type?: Text;
    readonly version?: { readonly full_version?: Text };
    readonly reported_kernel_cmdline?: Text;
  };
}

export interface Hook {
  readonly name?: Text;
  readonly event_name?: Text;
}

/** What the engine's scheduler was answered; docs/scheduling.md. */
export interface Decision {
  readonly time: Text;
  readonly vm: Ref;
  readonly basis: Text;
  readonly note?: Text;
  readonly networks?: { readonly network?: readonly Ref[] };
  readonly hosts_in?: { readonly host?: readonly Ref[] };
  readonly hosts_out?: {
    readonly host?: readonly (Ref & { readonly reasons?: { readonly reason?: readonly Text[] } })[];
  };
}

export interface SchedulerStatus {
  readonly listening?: Text;
  readonly filter?: Text;
  readonly problems?: { readonly problem?: readonly Text[] };
}

export type Violation = Schemas['Violation'];
export type MovingIn = Schemas['MovingIn'];
export type MovingVnic = NonNullable<NonNullable<MovingIn['vnics']>['vnic']>[number];
export type Emergency = Schemas['Emergency'];
export type Uplink = Schemas['Uplink'];

/** What the level gate says of a compatibility level. */
export interface GateValue {
  readonly open: boolean;
  /** The engine goes by the value before, until it is restarted. */
  readonly restartPending: boolean;
}
export type Gate = ReadonlyMap<string, GateValue>;

export const PROPERTY = 'port_isolation';

/** What a vNIC profile makes of its ports. */
export type Role =
  { readonly kind: 'isolated' | 'promiscuous' } | { readonly kind: 'community'; readonly name: string };

const COMMUNITY = 'community:';

/** The role a profile gives on an isolated network: isolated, unless its property says otherwise. */
export function roleOf(profile: VnicProfile): Role {
  const value = (profile.custom_properties?.custom_property ?? []).find((p) => p.name === PROPERTY)?.value;
  if (value === 'promiscuous') {
    return { kind: 'promiscuous' };
  }
  if (value?.startsWith(COMMUNITY)) {
    return { kind: 'community', name: value.slice(COMMUNITY.length) };
  }
  return { kind: 'isolated' };
}

/** The custom properties of a profile with another role; the others stay as they are. */
export function withRole(profile: VnicProfile, role: Role): readonly CustomProperty[] {
  const others = (profile.custom_properties?.custom_property ?? []).filter((p) => p.name !== PROPERTY);
  const value =
    role.kind === 'community' ? COMMUNITY + role.name : role.kind === 'promiscuous' ? 'promiscuous' : 'true';
  return [...others, { name: PROPERTY, value }];
}

export const COMMUNITY_NAME = /^[A-Za-z0-9_-]{1,32}$/;

export function isIsolated(network: Network): boolean {
  return network.port_isolation === 'true';
}

export function level(cluster: Cluster): string {
  return cluster.version ? `${cluster.version.major}.${cluster.version.minor}` : '';
}

/** Why isolated networks cannot be attached to a cluster; nothing if they can. */
export type Ineligible = 'level' | 'switch' | 'unknown';

export function ineligible(cluster: Cluster, gate: Gate): Ineligible | undefined {
  // A cluster without the field is one of an engine that knows Linux bridges only.
  if ((cluster.switch_type ?? 'legacy') !== 'legacy') {
    return 'switch';
  }
  const value = gate.get(level(cluster));
  if (!value) {
    return 'unknown';
  }
  return value.open ? undefined : 'level';
}

/** The lowest level that is open. */
export function lowestOpen(gate: Gate): string | undefined {
  return [...gate]
    .filter(([, value]) => value.open)
    .map(([key]) => key)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0];
}

/** A time of ours: milliseconds, or ISO 8601. */
export function millis(value: number | string | undefined): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  if (value === undefined) {
    return undefined;
  }
  const parsed = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** The kernel of a host, which the engine shows in the command line it was started with only. */
export function kernel(host: Host): string | undefined {
  return /vmlinuz-(\S+)/.exec(host.os?.reported_kernel_cmdline ?? '')?.[1];
}
