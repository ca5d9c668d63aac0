# SPDX-License-Identifier: Apache-2.0
"""What a host accepts from the server, and what it refuses."""

import copy
import json
import os
import re
import time
import unittest
from typing import Any, Dict, List, Tuple

from tests import rulesets
from tests.rulesets import DROP, add, document, encode, jump, match, meta, nic, rule
from tests.support import SOURCE

from isolated_ports import bounded, ruleset
from isolated_ports.bounded import Refused
from isolated_ports.nftcheck import MARKER

_CONTRACT = os.path.join(os.path.dirname(SOURCE), 'docs', 'host-protocol.md')


def payload(protocol: str, field: str) -> Dict[str, Any]:
    return {'payload': {'protocol': protocol, 'field': field}}


def with_command(*commands: Any) -> Dict[str, Any]:
    found = document()
    found['nftables'] = found['nftables'] + list(commands)
    return found


def with_statement(*statements: Any) -> Dict[str, Any]:
    return with_command(rule('forward', *statements))


def changed(**fields: Any) -> Dict[str, Any]:
    return document(**fields)


def changed_nic(**fields: Any) -> Dict[str, Any]:
    one = nic(1, 'isolated')
    one.update(fields)
    return document(nics=[one], nftables=[])


def chain(**fields: Any) -> Dict[str, Any]:
    thing = {'name': 'x', 'type': 'filter', 'hook': 'forward', 'prio': 0, 'policy': 'accept'}
    thing.update(fields)
    return with_command(add('chain', **thing))


def in_set(types: Any, *elements: Any) -> Dict[str, Any]:
    return with_command(add('set', name='x', type=types, elem=list(elements)))


IP = payload('ip', 'saddr')

# What it is, and a word of the sentence that refuses it.
HOSTILE = [
    ('another version', changed(version=2), 'version'),
    ('true as version', changed(version=True), 'version'),
    ('no revision', changed(revision='x'), 'revision'),
    ('a revision with a newline', changed(revision='3f2a9c0d1e4b5a69\n'), 'revision'),
    ('an unknown key', changed(script='rm'), 'script'),
    ('no object', [1], 'no JSON object'),
    ('nftables as text', changed(nftables='flush ruleset'), 'nftables'),
    ('nics as object', changed(nics={}), 'nics'),
    ('a bridge with a slash', changed(closed_bridges=['../x']), 'no device name'),
    ('a bridge that is a number', changed(closed_bridges=[1]), 'no device name'),
    ('a damaged list', changed(networks=[{'bridge': 'a/b'}]), 'no device name'),
    ('a list that is none', changed(networks={'bridge': 'x'}), 'no array'),
    ('a role of its own', changed_nic(role='open everything'), 'role'),
    ('a community without a name', changed_nic(role='community:'), 'role'),
    ('a role with a newline', changed_nic(role='isolated\n'), 'role'),
    ('a MAC in capitals', changed_nic(mac='56:6F:1A:2B:00:01'), 'mac'),
    ('a device that is a tap', changed_nic(device='vnet0'), 'device'),
    ('a vNIC with more keys', changed_nic(comment='x'), 'keys'),
    ('a vNIC id that is none', changed_nic(nic='../../etc'), 'nic'),
    ('flush ruleset', with_command({'flush': {'ruleset': None}}), 'flush'),
    ('flush table', with_command({'flush': {'table': {'family': 'bridge',
                                                      'name': 'isolated_ports'}}}), 'flush'),
    ('delete of the table', with_command({'delete': {'table': {
        'family': 'bridge', 'name': 'isolated_ports'}}}), 'delete'),
    ('delete in a whole', with_command({'delete': {'set': {
        'family': 'bridge', 'table': 'isolated_ports', 'name': 'vm_ports'}}}), 'delete'),
    ('an include', with_command({'include': '/etc/shadow'}), 'include'),
    ('a listing', with_command({'list': {'ruleset': None}}), 'list'),
    ('two commands in one', with_command({'add': {}, 'flush': {}}), 'command'),
    ('a command that is text', with_command('add table x'), 'command'),
    ('the table twice', with_command(rulesets.TABLE), 'table again'),
    ('another family', with_command(add('chain', name='x', family='inet')), "'inet'"),
    ('another table', with_command(add('chain', name='x', table='isolated_ports_floor')),
     'isolated_ports_floor'),
    ('a table with flags', changed(nftables=[{'add': {'table': {
        'family': 'bridge', 'name': 'isolated_ports', 'flags': ['dormant']}}}]), 'flags'),
    ('another table first', changed(nftables=[{'add': {'table': {
        'family': 'bridge', 'name': 'filter'}}}]), 'filter'),
    ('no table first', changed(nftables=[add('chain', name='x')]), 'begin with the table'),
    ('a counter with numbers', with_command(add('counter', name='x', packets=1)), 'packets'),
    ('a counter without a name', with_command(add('counter')), 'name of a counter'),
    ('a counter named as nft takes none', with_command(add('counter', name='x;y')), 'counter'),
    ('a counter twice', with_command(add('counter', name='x'), add('counter', name='x')), 'twice'),
    ('a counter of another table', with_command(
        {'add': {'counter': {'family': 'ip', 'table': 'isolated_ports', 'name': 'x'}}}), 'family'),
    ('more counters than are read', with_command(
        *(add('counter', name='x%d' % number) for number in range(4097))), '4096 counters'),
    ('counting under no name', with_statement({'counter': None}), 'counter'),
    ('counting from a number', with_statement({'counter': {'packets': 1, 'bytes': 1}}), 'counter'),
    ('another extension header', with_statement(
        match({'exthdr': {'name': 'rt', 'field': 'type'}}, 0), DROP), 'extension header'),
    ('another field of fragments', with_statement(
        match({'exthdr': {'name': 'frag', 'field': 'id'}}, 0), DROP), 'fragments'),
    ('a flowtable', with_command(add('flowtable', name='x')), 'flowtable'),
    ('a ct helper', with_command(add('ct helper', name='x')), 'ct helper'),
    ('policy drop', chain(policy='drop'), 'policy'),
    ('type nat', chain(type='nat'), 'type'),
    ('hook postrouting', chain(hook='postrouting'), 'hook'),
    ('hook ingress', chain(hook='ingress'), 'hook'),
    ('a device at a hook', chain(dev='eth0'), 'dev'),
    ('a priority that is text', chain(prio='x'), 'priority'),
    ('a priority that is true', chain(prio=True), 'priority'),
    ('a chain name with a newline', chain(name='x\ny'), 'name'),
    ('a chain name with a semicolon', chain(name='x; flush ruleset'), 'name'),
    ('a chain name that is a number', chain(name=7), 'name'),
    ('a chain of the host', chain(name=MARKER + '0' * 16), 'name'),
    ('a chain twice', with_command(add('chain', name='forward')), 'twice'),
    ('a rule without its chain', with_command(rule('nowhere', DROP)), 'nowhere'),
    ('elements without their set', with_command(add('element', name='x', elem=['vnet0'])),
     'no set'),
    ('a queue', with_statement({'queue': {'num': 0}}), 'queue'),
    ('a copy of frames', with_statement({'dup': {'device': 'eth0'}}), 'dup'),
    ('frames sent elsewhere', with_statement({'fwd': {'dev': 'eth0'}}), 'fwd'),
    ('a redirect', with_statement({'redirect': None}), 'redirect'),
    ('a log to the kernel', with_statement({'log': {'prefix': 'x'}}), 'group'),
    ('a log of a level', with_statement({'log': {'group': 1, 'level': 'emerg'}}), 'level'),
    ('a mark', with_statement({'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': 1}}),
     'change'),
    ('a device group', with_statement(match(meta('iifgroup'), 6910832)), 'iifgroup'),
    ('the sender of a packet', with_statement(match(meta('skuid'), 0)), 'skuid'),
    ('a drop with an argument', with_statement({'drop': {'x': 1}}), 'drop'),
    ('a jump to nowhere', with_statement({'jump': {'target': 'a b'}}), 'jumps'),
    ('a jump with more', with_statement({'jump': {'target': 'x', 'y': 1}}), "'y'"),
    ('two statements in one', with_statement({'drop': None, 'accept': None}), 'statement'),
    ('a rule without statements', with_statement(), '0 statements'),
    ('a rule that is text', with_command(add('rule', chain='forward', expr='drop')), 'array'),
    ('a comment with a quote', with_command(add('rule', chain='forward', expr=[DROP],
                                                comment='"; flush')), 'comment'),
    ('a rule with a handle', with_command(add('rule', chain='forward', expr=[DROP], handle=3)),
     'handle'),
    ('a host name as address', with_statement(match(IP, 'example.com')), 'example.com'),
    ('a number that the DNS may know', with_statement(match(IP, '1.2.3.400')), '1.2.3.400'),
    ('a MAC as address', with_statement(match(IP, '56:6f:1a:2b:00:01')), 'compares'),
    ('a word as address', with_statement(match(IP, 'new')), 'compares'),
    ('a service by name', with_statement(match(payload('tcp', 'dport'), 'ssh')), 'ssh'),
    ('a protocol by name', with_statement(match(meta('l4proto'), 'tcp')), 'tcp'),
    ('a device with a blank', with_statement(match(meta('iifname'), 'a b')), 'device'),
    ('every device', with_statement(match(meta('iifname'), '*')), 'device'),
    ('a placeholder in a rule', with_statement(match(meta('iifname'), 'nic566f1a2b0001')),
     'nic566f1a2b0001'),
    ('a placeholder in a set of a rule', with_statement(match(meta('iifname'), {
        'set': ['nic566f1a2b0001']})), 'nic566f1a2b0001'),
    ('an operator of its own', with_statement(match(IP, '192.0.2.1', '=~')), '=~'),
    ('a set by a bad name', with_statement(match(IP, '@a b')), 'set'),
    ('a vmap of its own', with_statement({'vmap': {'key': IP, 'data': {'set': []}}}), 'vmap'),
    ('a deep mask', with_statement(match({'&': [{'&': [IP, 1]}, 1]}, 1)), 'expression'),
    ('a concat within a concat', with_statement(match({'concat': [{'concat': [IP]}]}, '@x')),
     'concat'),
    ('an fib look-up', with_statement(match({'fib': {'result': 'type', 'flags': ['saddr']}}, 1)),
     'fib'),
    ('a socket', with_statement(match({'socket': {'key': 'mark'}}, 1)), 'socket'),
    ('bits of anywhere', with_statement(match({'payload': {'base': 'ih', 'offset': 0, 'len': 8}},
                                              1)), 'ih'),
    ('a set that times out', with_command(add('set', name='x', type='ifname', timeout=1)),
     'timeout'),
    ('a set with flags', with_command(add('set', name='x', type='ifname', flags=['dynamic'])),
     'flags'),
    ('a set of marks', in_set('mark', 1), 'mark'),
    ('a set of a type that is a number', in_set(1), 'type'),
    ('a set of very many parts', in_set(['ifname'] * 9), 'parts'),
    ('a map to a mark', with_command(add('map', name='x', type='ifname', map='mark')), 'mark'),
    ('a map to a queue', with_command(add('map', name='x', type='ifname', map='verdict',
                                          elem=[['vnet0', {'queue': None}]])), 'queue'),
    ('a map without verdict', with_command(add('map', name='x', type='ifname', map='verdict',
                                               elem=['vnet0'])), 'verdict'),
    ('a pattern of devices', in_set('ifname', 'vnet*'), 'vnet'),
    ('a set within a set', in_set('ifname', '@vm_ports'), '@vm_ports'),
    ('a number as device', in_set('ifname', 1), 'ifname'),
    ('a host name in a set', in_set('ipv4_addr', 'example.com'), 'example.com'),
    ('a block that is none', in_set('ipv4_addr', {'prefix': {'addr': '192.0.2.0', 'len': 33}}),
     'ipv4_addr'),
    ('a range to a device', in_set('ipv4_addr', {'range': ['192.0.2.1', 'vnet0']}), 'ipv4_addr'),
    ('a port beyond', in_set('inet_service', 65536), '65536'),
    ('true as port', in_set('inet_service', True), 'True'),
    ('an element that times out', in_set('ifname', {'elem': {'val': 'vnet0', 'timeout': 1}}),
     'elem'),
    ('a placeholder behind', in_set(['ether_addr', 'ifname'], {'concat': [
        rulesets.mac(1), 'nic566f1a2b0001']}), 'nic566f1a2b0001'),
    ('too few parts', in_set(['ifname', 'ether_addr'], 'vnet0'), 'parts'),
    ('an element twice', in_set('ifname', 'vnet0', 'vnet0'), 'twice'),
    ('a drop of every frame', with_statement(DROP), 'every bridge'),
    ('an accept of every frame', with_statement({'accept': None}), 'every bridge'),
    ('a jump for every frame', with_statement(jump('guard_mac')), 'every bridge'),
    ('a drop by address', with_statement(match(IP, '192.0.2.1'), DROP), 'every bridge'),
    ('a drop of what no vNIC sends', with_statement(match(meta('iifname'), '@vm_ports', '!='),
                                                    DROP), 'every bridge'),
    ('a drop of all taps', with_statement(match(meta('iifname'), 'vnet*'), DROP), 'every bridge'),
    ('a drop at an uplink', with_statement(match(meta('iifname'), 'eth0'), DROP), 'every bridge'),
    ('a drop on another bridge', with_statement(match(meta('ibrname'), 'ovirtmgmt'), DROP),
     'every bridge'),
    ('a drop before the ports are asked for', with_statement({'limit': {
        'rate': 5, 'per': 'second'}}, DROP, match(meta('iifname'), '@vm_ports')), 'every bridge'),
    ('a vmap by address', with_statement({'vmap': {'key': IP, 'data': '@x'}}), 'every bridge'),
    ('an uplink in a set', in_set('ifname', 'eth0'), 'eth0'),
    ('an uplink in a map', with_command(add('map', name='x', type='ifname', map='verdict',
                                            elem=[['eth0', DROP]])), 'eth0'),
    ('another bridge in a key', in_set(['ifname', 'ether_addr'], {'concat': [
        'ovirtmgmt', rulesets.mac(1)]}), 'ovirtmgmt'),
    ('a difference without its base', changed(base='1111111111111111', nftables=[]), 'difference'),
    ('a base that is none', changed(base='x'), 'base'),
]  # type: List[Tuple[str, Any, str]]

_STRANGE = [None, True, -1, '', 'x\n', [], {}, [[]], {'drop': None}]  # type: List[Any]

# Bytes that are measured before they are parsed.
BYTES = [
    ('nothing', b'', 'empty'),
    ('no JSON', b'{"version": 1', 'no JSON'),
    ('no end of a text', b'{"version": "1}', 'no end'),
    ('100 MB', b'[' + b' ' * (100 << 20) + b']', 'larger than 64 MiB'),
    ('40 deep', b'[' * 40 + b']' * 40, 'deeper than 32'),
    ('a million deep', b'{"a":' * 1000000 + b'1' + b'}' * 1000000, 'deeper than 32'),
    ('a key twice', b'{"version": 1, "version": 1}', 'twice'),
    ('many values', b'[' + b'1,' * 6000001 + b'1]', 'values'),
    ('a number without end', b'[' + b'9' * 1000000 + b']', 'digits'),
    ('a fraction', b'[1.5]', 'whole number'),
    ('not a number', b'[NaN]', 'whole number'),
    ('another encoding', b'["\xff"]', 'UTF-8'),
    ('a mark before it', b'\xef\xbb\xbf{}', 'no JSON'),
]


class Hostile(unittest.TestCase):

    def test_each_is_refused_with_one_sentence(self) -> None:
        self.assertEqual(len({name for name, _, _ in HOSTILE}), len(HOSTILE))
        for name, found, word in HOSTILE:
            with self.subTest(name):
                with self.assertRaises(Refused) as caught:
                    ruleset.load(encode(found))
                said = str(caught.exception)
                self.assertIn(word, said)
                self.assertNotIn('\n', said)
                self.assertLess(len(said), 300)

    def test_bytes_are_measured_first(self) -> None:
        for name, content, word in BYTES:
            with self.subTest(name):
                began = time.process_time()
                with self.assertRaises(Refused) as caught:
                    ruleset.load(content)
                self.assertIn(word, str(caught.exception))
                self.assertLess(time.process_time() - began, 10)

    def test_every_value_of_another_type_is_refused_or_means_the_same(self) -> None:
        """Whatever stands where, nothing but Refused comes of it."""
        whole = document()
        places = list(_places(whole))
        self.assertGreater(len(places), 300)
        for path in places:
            for value in _STRANGE:
                found = copy.deepcopy(whole)
                at = found  # type: Any
                for key in path[:-1]:
                    at = at[key]
                at[path[-1]] = value
                try:
                    ruleset.read(found)
                except Refused:
                    pass

    def test_depth_is_not_told_from_brackets_in_texts(self) -> None:
        self.assertEqual(bounded.parse(b'["' + b'[' * 100 + b'\\"["]'), ['[' * 100 + '"['])


def _places(found: Any, path: Tuple[Any, ...] = ()) -> Any:
    items = (found.items() if isinstance(found, dict) else
             enumerate(found) if isinstance(found, list) else ())
    for key, value in items:
        yield path + (key,)
        yield from _places(value, path + (key,))


class Accepted(unittest.TestCase):

    def test_the_examples_of_the_contract(self) -> None:
        with open(_CONTRACT) as stream:
            blocks = re.findall(r'```json\n(.*?)```', stream.read(), re.DOTALL)
        found = ruleset.load(blocks[0].encode())
        self.assertEqual((found.revision, found.closed_bridges, len(found.nics)),
                         ('3f2a9c0d1e4b5a69', ['acl1'], 1))

    def test_every_statement_that_the_contract_names(self) -> None:
        ether = payload('ether', 'saddr')
        for statements in (
                [match(meta('protocol'), {'set': ['0x8100', '0x88a8', 'ip']}), DROP],
                [match({'ct': {'key': 'state'}}, ['established', 'related'], 'in'), {
                    'return': None}],
                [match({'ct': {'key': 'direction'}}, 'reply'), {'accept': None}],
                [match(meta('ibrname'), 'iso1'), {'mangle': {'key': {'ct': {'key': 'zone'}},
                                                             'value': 7}}],
                [match(meta('ibrname'), '@bridges'), {'goto': {'target': 'forward'}}],
                [match(meta('l4proto'), 6), {'reject': {'type': 'tcp reset'}}],
                [{'reject': {'type': 'icmp', 'expr': 'admin-prohibited'}}],
                [match(payload('ip6', 'saddr'), {'set': ['::', {'prefix': {
                    'addr': 'fe80::', 'len': 10}}]}), DROP],
                [match({'payload': {'base': 'th', 'offset': 64, 'len': 128}},
                       '0xfe800000000000000000000000000001'), DROP],
                [match({'exthdr': {'name': 'frag', 'field': 'frag-off'}}, 0), DROP],
                [match({'&': [{'payload': {'base': 'th', 'offset': 64, 'len': 16}}, '0xffc0']},
                       '0xfe80'), DROP],
                [match({'&': [payload('ip', 'daddr'), '255.0.0.255']}, '10.0.0.1'), DROP],
                [match(payload('tcp', 'dport'), {'set': [80, {'range': [8000, 8100]}]}), DROP],
                [match(payload('arp', 'saddr ether'), rulesets.mac(1)), DROP],
                [match(payload('ether', 'type'), 'vlan'), match(payload('vlan', 'id'), 7), DROP],
                [match(ether, {'set': [rulesets.mac(1)]}), {'counter': 'audit_00000000'}, {'log': {
                    'group': 5, 'prefix': 'x'}}, {'limit': {'rate': 5, 'per': 'second'}}, DROP],
                [{'vmap': {'key': {'concat': [meta('iifname'), ether]}, 'data': '@role_from'}}]):
            with self.subTest(str(statements)):
                ruleset.read(with_command(rule('guard_mac', *statements)))

    def test_every_base_chain_rule_that_the_compiler_writes(self) -> None:
        """As HostCompiler has them."""
        tags = match(meta('protocol'), {'set': ['0x8100', '0x88a8', '0x9100']})
        ports = [match(meta(key), '@vm_ports', op) for op in ('==', '!=')
                 for key in ('iifname', 'oifname')]
        for statements in (
                [ports[0], tags, DROP], [ports[1], tags, DROP],
                [{'vmap': {'key': meta('oifname'), 'data': '@role_from'}}],
                [match(meta('ibrname'), 'iso1'), {'mangle': {'key': {'ct': {'key': 'zone'}},
                                                             'value': 7}}],
                [match(meta('iifname'), 'vnet*'), ports[2], ports[1], DROP],
                [match(meta('oifname'), 'vnet*'), ports[3], match(meta('ibrname'), '@bridges'),
                 DROP],
                [ports[2], {'vmap': {'key': meta('oifname'), 'data': '@role_from'}}]):
            with self.subTest(str(statements)):
                ruleset.read(with_statement(*statements))
        ruleset.read(in_set('ifname', 'iso1', rulesets.placeholder(1)))

    def test_what_waits_for_a_port_is_apart(self) -> None:
        found = ruleset.load(encode(document()))
        assert found.table is not None
        self.assertNotIn('nic566f', ''.join(found.table.steps()))
        waiting = {(device, name): count for device, _, name, count, _ in found.table.waiting()}
        self.assertEqual(waiting[(rulesets.placeholder(1), 'n_com_web')], 1)
        self.assertNotIn((rulesets.placeholder(1), 'n_com_db'), waiting)

    def test_a_document_that_was_kept_means_the_same(self) -> None:
        found = ruleset.load(encode(document()))
        again = ruleset.load(''.join(found.document()).encode())
        self.assertEqual(''.join(again.document()), ''.join(found.document()))

    def test_a_difference_gives_the_whole(self) -> None:
        before = ruleset.load(encode(document()))
        place = {'family': 'bridge', 'table': 'isolated_ports'}
        commands = [
            add('chain', name='n_from_new'), rule('n_from_new', DROP),
            {'delete': {'element': dict(place, name='n_closed', elem=[rulesets.placeholder(4)])}},
            {'delete': {'element': dict(place, name='role_from', elem=[
                [rulesets.placeholder(4), jump('n_from_isolated')]])}},
            {'flush': {'chain': dict(place, name='n_from_isolated')}},
            {'delete': {'chain': dict(place, name='n_from_isolated')}},
            {'delete': {'set': dict(place, name='bound_mac')}}]
        difference = document('1111111111111111', base=before.revision, nftables=commands)
        after = ruleset.load(encode(difference), before)
        again = ruleset.load(''.join(after.document()).encode())
        assert again.table is not None
        self.assertEqual((after.revision, again.base), ('1111111111111111', ''))
        self.assertNotIn('n_from_isolated', again.table.chains)
        self.assertNotIn('bound_mac', again.table.sets)
        self.assertEqual(len(again.table.sets['n_closed'].elements), 3)
        self.assertIn((rulesets.placeholder(4), '{"delete":{"element":{"family":"bridge","table":'
                       '"isolated_ports","name":"n_closed","elem":["nic566f1a2b0004"]}}}'),
                      after.steps)

    def test_a_difference_from_nothing_is_the_whole(self) -> None:
        whole = document('1' * 16)
        for commands in (whole['nftables'], whole['nftables'][1:]):
            before = ruleset.load(encode(document(nics=[], nftables=[])))
            after = ruleset.load(encode(document('1' * 16, base=before.revision,
                                                 nftables=commands)), before)
            self.assertEqual((after.base, ''.join(after.document())),
                             ('', ''.join(ruleset.load(encode(whole)).document())))

    def test_a_difference_that_does_not_fit_is_refused(self) -> None:
        place = {'family': 'bridge', 'table': 'isolated_ports'}
        for command, word in (
                ({'delete': {'chain': dict(place, name='forward')}}, 'with its rules'),
                ({'delete': {'chain': dict(place, name='x')}}, 'no chain'),
                ({'delete': {'map': dict(place, name='vm_ports')}}, 'is a set'),
                (rule('forward', DROP), 'every bridge'),
                ({'delete': {'element': dict(place, name='vm_ports', elem=['vnet9'])}}, 'not in'),
                ({'delete': {'rule': dict(place, chain='forward', handle=1)}}, 'rule'),
                ({'delete': {'table': {'family': 'bridge', 'name': 'isolated_ports'}}}, 'table')):
            before = ruleset.load(encode(document()))
            with self.subTest(json.dumps(command)), self.assertRaises(Refused) as caught:
                ruleset.load(encode(document('1' * 16, base=before.revision,
                                             nftables=[command])), before)
            self.assertIn(word, str(caught.exception))


if __name__ == '__main__':
    unittest.main()
