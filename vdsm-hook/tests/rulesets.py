# SPDX-License-Identifier: Apache-2.0
"""Rulesets as the server hands them out, for tests."""

import json
from typing import Any, Dict, List, Optional

HOST = '5f1c0d9e-8a52-4f0b-9d0e-2f6f1f0f0a01'
VM = '4c1d33a5-7a0c-4c6f-8f3b-0000000000%02d'
NIC = '9d7d6a90-2f5e-4a7e-9a55-0000000000%02d'
NETWORK = {'bridge': 'iso1', 'network': '0b9ad3a1-6f1e-4b7e-8b57-3a7cf0b0a001', 'name': 'tenants'}


def mac(number: int) -> str:
    return '56:6f:1a:2b:00:%02d' % number


def placeholder(number: int) -> str:
    return 'nic' + mac(number).replace(':', '')


def nic(number: int, role: str, bridge: str = 'iso1') -> Dict[str, str]:
    return {'device': placeholder(number), 'mac': mac(number), 'nic': NIC % number,
            'vm': VM % number, 'bridge': bridge, 'role': role}


def add(kind: str, **thing: Any) -> Dict[str, Any]:
    body = {'family': 'bridge', 'table': 'isolated_ports'}  # type: Dict[str, Any]
    body.update(thing)
    return {'add': {kind: body}}


def rule(chain: str, *statements: Any) -> Dict[str, Any]:
    return add('rule', chain=chain, expr=list(statements))


def match(left: Any, right: Any, op: str = '==') -> Dict[str, Any]:
    return {'match': {'op': op, 'left': left, 'right': right}}


def meta(key: str) -> Dict[str, Any]:
    return {'meta': {'key': key}}


def jump(chain: str) -> Dict[str, Any]:
    return {'jump': {'target': chain}}


DROP = {'drop': None}
RETURN = {'return': None}
TABLE = {'add': {'table': {'family': 'bridge', 'name': 'isolated_ports'}}}


def roles(nics: List[Dict[str, str]]) -> List[Dict[str, Any]]:
    """The part of core's RoleCompiler and HostCompiler that roles on one host need."""
    closed = [one['device'] for one in nics if one['role'] not in ('promiscuous', 'open')]
    communities = sorted({one['role'] for one in nics if one['role'].startswith('community')})
    commands = [TABLE, add('chain', name='antispoof', type='filter', hook='prerouting', prio=-300,
                           policy='accept'),
                add('chain', name='forward', type='filter', hook='forward', prio=-150,
                    policy='accept'),
                add('chain', name='n_from_isolated'), add('chain', name='guard_mac')]
    froms = [[one['device'], jump('n_from_isolated')] for one in nics
             if one['role'] == 'isolated']
    for role in communities:
        name = role.partition(':')[2]
        members = [one['device'] for one in nics if one['role'] == role]
        commands += [add('chain', name='n_from_' + name),
                     add('set', name='n_com_' + name, type='ifname', elem=members),
                     rule('n_from_' + name, match(meta('oifname'), '@n_com_' + name), RETURN),
                     rule('n_from_' + name, match(meta('oifname'), '@n_closed'), DROP)]
        froms += [[device, jump('n_from_' + name)] for device in members]
    return commands + [
        add('set', name='vm_ports', type='ifname', elem=[one['device'] for one in nics]),
        add('set', name='n_closed', type='ifname', elem=closed),
        add('set', name='bound_mac', type=['ifname', 'ether_addr'],
            elem=[{'concat': [one['device'], one['mac']]} for one in nics]),
        add('map', name='guard', type='ifname', map='verdict',
            elem=[[one['device'], jump('guard_mac')] for one in nics]),
        add('map', name='role_from', type='ifname', map='verdict', elem=froms),
        rule('antispoof', {'vmap': {'key': meta('iifname'), 'data': '@guard'}}),
        rule('guard_mac', match({'concat': [meta('iifname'), {'payload': {
            'protocol': 'ether', 'field': 'saddr'}}]}, '@bound_mac', '!='), DROP),
        rule('n_from_isolated', match(meta('oifname'), '@n_closed'), DROP),
        rule('forward', match(meta('iifname'), 'vnet*'), match(meta('iifname'), '@vm_ports', '!='),
             match(meta('oifname'), '@vm_ports'), DROP),
        rule('forward', match(meta('oifname'), 'vnet*'), match(meta('oifname'), '@vm_ports', '!='),
             match(meta('iifname'), '@vm_ports'), DROP),
        rule('forward', {'vmap': {'key': meta('iifname'), 'data': '@role_from'}})]


def document(revision: str = '3f2a9c0d1e4b5a69', nics: Optional[List[Dict[str, str]]] = None,
             **fields: Any) -> Dict[str, Any]:
    nics = [nic(1, 'community:web'), nic(2, 'community:web'), nic(3, 'community:db'),
            nic(4, 'isolated'), nic(5, 'promiscuous')] if nics is None else nics
    found = {'version': 1, 'host': HOST, 'revision': revision, 'networks': [NETWORK],
             'closed_bridges': [], 'nics': nics, 'nftables': roles(nics)}  # type: Dict[str, Any]
    found.update(fields)
    return found


def encode(found: Any) -> bytes:
    return json.dumps(found).encode()
