// SPDX-License-Identifier: Apache-2.0
import { api, body, tagged } from '../../api/client';
import { ApiError, asApiError } from '../../api/errors';
import { withRole, type Network, type Role, type Uplink, type VnicProfile } from '../../api/model';
import { t } from '../../messages';

/** What somebody has typed. */
export interface Wish {
  readonly name: string;
  readonly description: string;
  readonly dataCenter: string;
  readonly vlan: string;
  readonly mtu: string;
  readonly clusters: readonly { readonly id: string; readonly name: string }[];
  readonly uplink: Uplink['mode'];
  readonly gateways: string;
  readonly role: Role;
}

export type FieldName = 'name' | 'vlan' | 'mtu' | 'clusters' | 'gateways' | 'role' | 'form';
export type FieldErrors = Partial<Record<FieldName, string>>;

/** How far a network has come: each part is made once. */
export interface Made {
  readonly network?: Network;
  readonly attached: readonly string[];
  readonly uplink: boolean;
  readonly role: boolean;
}

export const NOTHING_MADE: Made = { attached: [], uplink: false, role: false };

/** The field a refusal of a new network is about; the server's sentences name what is wrong with it. */
export function fieldOf(sentence: string): FieldName {
  if (/\bvlan\b/i.test(sentence)) {
    return 'vlan';
  }
  if (/\bmtu\b/i.test(sentence)) {
    return 'mtu';
  }
  return /\bname\b/i.test(sentence) ? 'name' : 'form';
}

export function addresses(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '');
}

/** What can be said without asking anybody. */
export function missing(wish: Wish): FieldErrors {
  const errors: FieldErrors = {};
  if (wish.name.trim() === '') {
    errors.name = t('create.nameMissing');
  }
  if (wish.vlan !== '' && !/^\d{1,4}$/.test(wish.vlan)) {
    errors.vlan = t('create.vlanNumber');
  }
  if (wish.mtu !== '' && !/^\d{1,5}$/.test(wish.mtu)) {
    errors.mtu = t('create.mtuNumber');
  }
  if (wish.uplink === 'gateways' && addresses(wish.gateways).length === 0) {
    errors.gateways = t('create.gatewaysMissing');
  }
  return errors;
}

/** A step went wrong: what is there so far, and where to show what was said. */
export class Unfinished extends Error {
  readonly made: Made;
  readonly field: FieldName;
  override readonly cause: ApiError;

  constructor(made: Made, field: FieldName, cause: ApiError) {
    super(cause.message);
    this.made = made;
    this.field = field;
    this.cause = cause;
  }
}

async function step<T>(made: Made, field: (e: ApiError) => FieldName, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (e) {
    const error = asApiError(e);
    throw new Unfinished(made, field(error), error);
  }
}

/** Makes what is not made yet; what was made stays when a later part is refused. */
export async function create(wish: Wish, before: Made): Promise<Made> {
  let made = before;
  const network =
    made.network ??
    (await step(
      made,
      (e) => fieldOf(e.message),
      () => post(wish),
    ));
  made = { ...made, network };
  // The uplink and the role come first: no VM can be on the network before it is attached to a cluster.
  if (wish.uplink === 'gateways' && !made.uplink) {
    await step(
      made,
      () => 'gateways',
      () => putUplink(network.id, wish),
    );
    made = { ...made, uplink: true };
  }
  if (wish.role.kind !== 'isolated' && !made.role) {
    await step(
      made,
      () => 'role',
      () => putRole(network.id, wish.role),
    );
    made = { ...made, role: true };
  }
  for (const cluster of wish.clusters) {
    if (!made.attached.includes(cluster.id)) {
      await step(
        made,
        () => 'clusters',
        () => attach(network.id, cluster),
      );
      made = { ...made, attached: [...made.attached, cluster.id] };
    }
  }
  return made;
}

async function post(wish: Wish): Promise<Network> {
  const description = wish.description.trim();
  const created = await body(
    api.POST('/networks', {
      body: {
        name: wish.name.trim(),
        ...(description === '' ? {} : { description }),
        data_center: { id: wish.dataCenter },
        port_isolation: 'true',
        ...(wish.vlan === '' ? {} : { vlan: { id: Number(wish.vlan) } }),
        ...(wish.mtu === '' ? {} : { mtu: Number(wish.mtu) }),
      },
    }),
  );
  return created as Network;
}

async function putUplink(id: string, wish: Wish): Promise<void> {
  await body(
    api.PUT('/networks/{id}/uplink', {
      params: { path: { id } },
      body: { mode: 'gateways', gateways: { gateway: [...addresses(wish.gateways)] } },
    }),
  );
}

async function putRole(network: string, role: Role): Promise<void> {
  const found = await body(api.GET('/networks/{network}/vnicprofiles', { params: { path: { network } } }));
  const profile = (found.vnic_profile ?? [])[0] as VnicProfile | undefined;
  if (profile) {
    await saveRole(profile, role);
  }
}

/** Gives a profile a role. With a tag only if nobody changed the profile since it was read. */
export async function saveRole(profile: VnicProfile, role: Role, tag?: string): Promise<void> {
  await tagged(
    api.PUT('/vnicprofiles/{id}', {
      params: {
        path: { id: profile.id },
        ...(tag === undefined || tag === '' ? {} : { header: { 'If-Match': tag } }),
      },
      body: { custom_properties: { custom_property: withRole(profile, role) } },
    }),
  );
}

async function attach(id: string, cluster: { readonly id: string; readonly name: string }): Promise<void> {
  try {
    await body(
      api.POST('/clusters/{cluster}/networks', {
        params: { path: { cluster: cluster.id } },
        // Required would make hosts without the network non-operational, and no host has it yet.
        body: { id, required: false },
      }),
    );
  } catch (e) {
    const error = asApiError(e);
    throw new ApiError(error.status, t('create.attachFailed', { cluster: cluster.name, why: error.message }));
  }
}
