// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { faultText, ApiError } from '../../src/api/errors';
import { ineligible, lowestOpen, millis, roleOf, withRole, type Gate, type Role } from '../../src/api/model';
import { vnicsOn } from '../../src/api/vnics';
import { emergencyField } from '../../src/pages/emergency/EmergencyPage';
import { addresses, fieldOf, missing, type Wish } from '../../src/pages/create/create';
import { fitness } from '../../src/pages/host/fitness';
import { countdown } from '../../src/ui/useNow';
import { isDark, lightness } from '../../src/ui/theme';

const GATE: Gate = new Map([
  ['4.3', { open: false, restartPending: false }],
  ['4.4', { open: true, restartPending: true }],
  ['4.10', { open: true, restartPending: false }],
]);
const cluster = (major: string, minor: string, switchType = 'legacy') => ({
  id: '1',
  name: 'c',
  version: { major, minor },
  switch_type: switchType,
});

describe('the level gate', () => {
  it('says which cluster is not eligible, and why', () => {
    expect(ineligible(cluster('4', '4'), GATE)).toBeUndefined();
    expect(ineligible(cluster('4', '3'), GATE)).toBe('level');
    expect(ineligible(cluster('4', '4', 'ovs'), GATE)).toBe('switch');
    expect(ineligible(cluster('4', '9'), GATE)).toBe('unknown');
  });

  it('names the lowest level by number, not by letter', () => {
    expect(lowestOpen(GATE)).toBe('4.4');
    expect(lowestOpen(new Map([...GATE].filter(([level]) => level !== '4.4')))).toBe('4.10');
    expect(lowestOpen(new Map())).toBeUndefined();
  });
});

describe('the role of a profile', () => {
  const profile = (value?: string) => ({
    id: '1',
    name: 'p',
    custom_properties: {
      custom_property: [
        { name: 'other', value: 'kept' },
        ...(value === undefined ? [] : [{ name: 'port_isolation', value }]),
      ],
    },
  });

  it('is isolated unless the property says otherwise', () => {
    expect(roleOf({ id: '1', name: 'p' })).toEqual({ kind: 'isolated' });
    expect(roleOf(profile('true'))).toEqual({ kind: 'isolated' });
    expect(roleOf(profile('promiscuous'))).toEqual({ kind: 'promiscuous' });
    expect(roleOf(profile('community:web'))).toEqual({ kind: 'community', name: 'web' });
  });

  it.each<[Role, string]>([
    [{ kind: 'isolated' }, 'true'],
    [{ kind: 'promiscuous' }, 'promiscuous'],
    [{ kind: 'community', name: 'db' }, 'community:db'],
  ])('%o is written as %s beside the other properties', (role, value) => {
    expect(withRole(profile('promiscuous'), role)).toEqual([
      { name: 'other', value: 'kept' },
      { name: 'port_isolation', value },
    ]);
  });
});

describe('refusals', () => {
  it('are the sentences without the brackets around them', () => {
    expect(faultText({ detail: '[One. Two]' })).toBe('One. Two');
    expect(faultText({ fault: { detail: '[In an action]' } })).toBe('In an action');
    expect(faultText({ reason: 'Operation Failed' })).toBe('Operation Failed');
    expect(faultText('<html>')).toBe('');
  });

  it.each([
    ['The VLAN Id must be between 0 and 4094', 'vlan'],
    ['MTU is out of range', 'mtu'],
    ['The name blue is already used by another network', 'name'],
    ['Data Center does not exist', 'form'],
  ])('%s is shown at %s', (sentence, field) => {
    expect(fieldOf(sentence)).toBe(field);
  });

  it('of an opening are shown at the field they name', () => {
    expect(emergencyField('Say why, in the field reason; it is written')).toBe('reason');
    expect(emergencyField('in the field minutes: from 1 to 240')).toBe('minutes');
    expect(emergencyField('Nobody would close it')).toBe('form');
  });

  it.each([
    [401, 'session'],
    [403, 'forbidden'],
    [404, 'missing'],
    [409, 'refused'],
    [412, 'changed'],
    [503, 'unavailable'],
    [0, 'unavailable'],
  ])('with status %i are trouble of kind %s', (status, trouble) => {
    expect(new ApiError(status, '').trouble).toBe(trouble);
  });
});

describe('a new network', () => {
  const wish: Wish = {
    name: 'blue',
    description: '',
    dataCenter: 'd',
    vlan: '',
    mtu: '',
    clusters: [],
    uplink: 'open',
    gateways: '',
    role: { kind: 'isolated' },
  };

  it('lacks nothing with a name', () => {
    expect(missing(wish)).toEqual({});
  });

  it('lacks what is said at its field', () => {
    expect(Object.keys(missing({ ...wish, name: ' ', vlan: 'x', mtu: '-1', uplink: 'gateways' }))).toEqual([
      'name',
      'vlan',
      'mtu',
      'gateways',
    ]);
  });

  it('takes addresses however they are separated', () => {
    expect(addresses(' 02:00:00:00:00:01,02:00:00:00:00:02\n02:00:00:00:00:03 ')).toHaveLength(3);
  });
});

describe('small things', () => {
  it('vNICs are those on the profiles of the network', () => {
    const vms = [
      {
        id: 'v',
        name: 'vm',
        nics: {
          nic: [
            { id: 'n1', name: 'nic1', vnic_profile: { id: 'p1' } },
            { id: 'n2', name: 'nic2', vnic_profile: { id: 'p2' } },
            { id: 'n3', name: 'nic3' },
          ],
        },
      },
      { id: 'w', name: 'without' },
    ];
    expect(vnicsOn(vms, [{ id: 'p1', name: 'p' }]).map(({ nic }) => nic.id)).toEqual(['n1']);
  });

  it('a host is judged while it is up, where its cluster needs it', () => {
    const host = { id: 'h', name: 'h', status: 'up' };
    const isolated = { id: 'n', name: 'n', port_isolation: 'true' as const };
    const unfit = { code: 'GUARD_HOST_UNFIT', host: { id: 'h' } };
    expect(fitness(host, [], [isolated])).toBe('fit');
    expect(fitness(host, [unfit], [isolated])).toBe('unfit');
    expect(fitness(host, [{ ...unfit, host: { id: 'other' } }], [isolated])).toBe('fit');
    expect(fitness({ ...host, status: 'maintenance' }, [], [isolated])).toBe('notUp');
    expect(fitness(host, [], [])).toBe('notNeeded');
  });

  it('times are numbers or ISO 8601', () => {
    expect(millis(5)).toBe(5);
    expect(millis('1764300000000')).toBe(1764300000000);
    expect(millis('2026-01-01T00:00:00Z')).toBe(Date.UTC(2026, 0, 1));
    expect(millis('soon')).toBeUndefined();
    expect(millis(undefined)).toBeUndefined();
  });

  it('a countdown ends at zero', () => {
    expect(countdown(3_909_000)).toBe('1:05:09');
    expect(countdown(61_000)).toBe('1:01');
    expect(countdown(-5)).toBe('0:00');
  });

  it('a tab is dark where the portal is, unless it is told otherwise', () => {
    expect(lightness('rgb(255, 255, 255)')).toBeCloseTo(1);
    expect(lightness('rgba(0, 0, 0, 0)')).toBe(1);
    expect(isDark({}, 'rgb(31, 31, 31)')).toBe(true);
    expect(isDark({ theme: 'light' }, 'rgb(31, 31, 31)')).toBe(false);
    expect(isDark({ theme: 'dark' }, 'rgb(255, 255, 255)')).toBe(true);
    expect(isDark({ theme: 'portal' }, 'rgb(255, 255, 255)')).toBe(false);
  });
});
