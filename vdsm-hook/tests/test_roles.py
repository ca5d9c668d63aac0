# SPDX-License-Identifier: Apache-2.0
"""When a port leaves flag and floor, and what is said of it, with the kernel played by lists."""

import json
import os
import re
import time
import unittest
from typing import Any, Dict, List, Optional
from unittest import mock

from tests import rulesets
from tests.rulesets import nic
from tests.support import SOURCE, domain, interface
from tests.test_service import BRIDGES, ServiceCase

from isolated_ports import abilities, domxml, nft, nftlink, report, roles, watch
from isolated_ports.floor import CLOSED, COMMUNITY, GROUP, PROMISCUOUS
from isolated_ports.netlink import Link
from isolated_ports.snapshot import Snapshot

_CONTRACT = os.path.join(os.path.dirname(SOURCE), 'docs', 'host-protocol.md')


class RolesCase(ServiceCase):

    def setUp(self) -> None:
        super().setUp()
        for module in (watch, roles, report):
            patch = mock.patch.object(module, 'Ports', lambda *_: self.kernel)
            patch.start()
            self.addCleanup(patch.stop)
        heard = mock.patch.object(roles, 'log', self.logged.append)
        heard.start()
        self.addCleanup(heard.stop)
        self.watch = self.watcher()
        self.watch.starting = False
        self.watch.roles.hears = True

    def snapshot(self, found: Dict[str, Any]) -> Snapshot:
        path = self.host.write('offered', rulesets.encode(found))
        folder = self.host.path('staged')
        said = nft.check('check', path, '', folder)
        self.assertEqual(said['why'], '')
        return Snapshot(folder)

    def in_force(self, found: Dict[str, Any], *ready: int) -> None:
        """As after it was loaded, with the elements of these ports read back."""
        keeper = self.watch.keeper
        keeper.now = self.snapshot(found)
        keeper.held = True
        keeper.ready = {10 + number: ('vnet%d' % number, rulesets.placeholder(number))
                        for number in ready}

    def vm(self, number: int, bridge: int = 1, isolated: bool = True, alias: str = '',
           **more: Any) -> Link:
        name = 'vnet%d' % number
        self.libvirt.xml.append(domain(
            interface(BRIDGES[bridge], mac=rulesets.mac(number), alias=alias or 'ua-'
                      + rulesets.NIC % number, more='<target dev="%s"/>' % name),
            **dict({'uuid': rulesets.VM % number}, **more)))
        link = self.kernel.add(10 + number, name, bridge, isolated)
        self.watch.seen(link)
        return link

    def learn(self) -> None:
        self.watch.learn(self.kernel)  # type: ignore

    def state(self, number: int) -> Any:
        return self.kernel.isolated(10 + number), self.kernel.groups.get(10 + number, 0)

    def closed(self, number: int) -> None:
        self.assertEqual(self.state(number), (True, GROUP))


class Opening(RolesCase):

    def test_after_the_elements_were_read_back_and_not_before(self) -> None:
        self.vm(1)
        self.vm(5)
        self.learn()
        self.closed(1)
        self.in_force(rulesets.document(), 5)
        self.learn()
        self.closed(1)
        self.assertEqual(self.state(5), (False, PROMISCUOUS))
        self.in_force(rulesets.document(), 1, 5)
        self.watch.attend()
        self.assertEqual(self.state(1), (False, COMMUNITY))
        # What the kernel tells of it afterwards is no alarm, nor does looking anew close it.
        self.watch.seen(self.kernel.link(11))
        self.learn()
        self.assertEqual(self.state(1), (False, COMMUNITY))
        self.assertEqual(self.logged, [])

    def test_nothing_opens(self) -> None:
        found = rulesets.document()
        twice = rulesets.document(nftables=rulesets.roles([nic(1, 'community:web')]), nics=[
            nic(1, 'community:web'), dict(nic(1, 'promiscuous'), nic=rulesets.NIC % 7)])
        cases = [
            ('an isolated port', found, 4, {}), ('another alias', found, 1, {'alias': 'ua-x'}),
            ('the MAC of another', found, 1, {'alias': 'ua-' + rulesets.NIC % 9}),
            ('another VM', found, 1, {'uuid': rulesets.VM % 2}),
            ('a MAC that two have', twice, 1, {}),
            ('another bridge', rulesets.document(nics=[nic(1, 'community:web', 'plain1')]), 1, {}),
            ('no elements', rulesets.document(nftables=[]), 1, {}),
        ]  # type: List[Any]
        for name, document, number, more in cases:
            with self.subTest(name):
                self.libvirt.xml.clear()
                self.watch = self.watcher()
                self.watch.roles.hears = True
                self.vm(number, **more)
                self.in_force(document, number)
                self.learn()
                self.closed(number)

    def test_nothing_opens_while_it_cannot_be_taken_back(self) -> None:
        self.vm(1)
        self.in_force(rulesets.document(), 1)
        for attribute, value in (('hears', False),):
            with mock.patch.object(self.watch.roles, attribute, value):
                self.learn()
                self.closed(1)
        for attribute, value in (('changing', True), ('held', False)):
            with mock.patch.object(self.watch.keeper, attribute, value):
                self.learn()
                self.closed(1)
        self.learn()
        self.assertEqual(self.state(1), (False, COMMUNITY))

    def test_by_mac_where_the_engine_gave_no_alias(self) -> None:
        self.vm(1, alias='net0')
        self.in_force(rulesets.document(), 1)
        self.learn()
        self.assertEqual(self.state(1), (False, COMMUNITY))


class Closing(RolesCase):

    def setUp(self) -> None:
        super().setUp()
        for number in (1, 4, 5):
            self.vm(number)
        self.in_force(rulesets.document(), 1, 4, 5)
        self.learn()
        self.assertEqual([self.state(number)[1] for number in (1, 4, 5)],
                         [COMMUNITY, GROUP, PROMISCUOUS])

    def change(self, ours: bool, pid: int) -> None:
        class Once:
            def receive(self) -> List[nftlink.Change]:
                return [nftlink.Change(ours, pid, pid)]
        self.watch.roles.listen(Once(), self.kernel)  # type: ignore

    def test_when_somebody_else_changes_the_table(self) -> None:
        self.change(False, 7)
        self.watch.keeper.nft.ended[8] = float('inf')
        self.change(True, 8)
        self.assertEqual(self.state(1), (False, COMMUNITY))
        self.watch.keeper.nft.ended[7] = time.monotonic() - 60
        self.change(True, 7)
        for number in (1, 4, 5):
            self.closed(number)
        self.assertFalse(self.watch.keeper.held)
        self.assertIn('vnet1 vnet5 are closed', self.logged[0])

    def test_when_news_are_lost(self) -> None:
        changes = mock.Mock()
        changes.receive.side_effect = nftlink.Lost
        self.watch.roles.listen(changes, self.kernel)  # type: ignore
        self.closed(1)
        self.assertTrue(self.watch.keeper.suspect.is_set())

    def test_when_the_kernel_tells_nothing_any_more(self) -> None:
        changes = mock.Mock()
        changes.receive.side_effect = OSError(9, 'Bad file descriptor')
        self.watch.roles.changes = changes
        self.watch.roles.listen(changes, self.kernel)  # type: ignore
        self.closed(1)
        self.learn()
        self.closed(1)
        self.watch.roles.again = 0.0
        with mock.patch.object(self.watch.roles, 'following', side_effect=OSError(93, 'none')):
            self.assertEqual(self.watch.roles.waits(self.kernel), [])  # type: ignore
        self.learn()
        self.closed(1)
        self.watch.roles.again = 0.0
        with mock.patch.object(self.watch.roles, 'following', return_value=changes):
            self.assertEqual(self.watch.roles.waits(self.kernel), [changes])  # type: ignore
        self.assertFalse(self.watch.keeper.held, 'it has to be read back first')

    def test_when_the_port_has_another_name_or_bridge(self) -> None:
        for name, bridge in (('eth9', 1), ('vnet1', 2)):
            link = self.kernel.link(11)
            link.name, link.master = name, bridge
            self.watch.seen(link)
            self.assertTrue(self.kernel.isolated(11))
            self.learn()
            self.assertEqual(self.state(1), (False, COMMUNITY))

    def test_when_the_ruleset_says_another_role(self) -> None:
        self.watch.roles.close(lambda index: {11: 'community:db', 15: 'promiscuous'}.get(index))
        self.closed(1)
        self.assertEqual(self.state(5), (False, PROMISCUOUS))

    def test_when_an_update_is_under_way_until_it_is_settled(self) -> None:
        document = domxml.read(self.libvirt.xml[0])
        self.watch.hold(document, document.nics[0])
        self.closed(1)
        self.learn()
        self.assertTrue(self.kernel.isolated(11))
        self.watch.settled(document)
        self.learn()
        self.assertEqual(self.state(1), (False, COMMUNITY))

    def test_when_libvirt_names_it_no_more(self) -> None:
        self.libvirt.xml.pop(0)
        self.learn()
        self.closed(1)

    def test_a_group_that_somebody_changes_comes_back(self) -> None:
        link = Link(False, False, 11)
        link.name, link.master, link.group = 'vnet1', 1, 7
        self.watch.seen(link)
        self.assertEqual(self.state(1), (False, COMMUNITY))


class ClosedBridges(RolesCase):

    def document(self, **more: Any) -> Dict[str, Any]:
        return rulesets.document(nics=[nic(1, 'open', 'plain1')], closed_bridges=['plain1'], **more)

    def group(self, number: int) -> int:
        return self.kernel.groups.get(10 + number, 0)

    def test_who_is_not_named_or_not_yet_is_closed(self) -> None:
        self.in_force(self.document())
        self.vm(1, 2, False)
        self.assertEqual(self.group(1), CLOSED, 'at once')
        self.learn()
        self.assertEqual(self.group(1), CLOSED)
        self.in_force(self.document(), 1)
        self.watch.attend()
        self.assertEqual(self.group(1), 0)
        self.watch.seen(self.kernel.link(11))
        self.assertEqual(self.group(1), 0)
        self.vm(2, 2, False)
        self.learn()
        self.assertEqual((self.group(1), self.group(2)), (0, CLOSED))
        self.watch.keeper.present({11: ('vnet1', 'plain1', self.watch.known[11])})
        self.watch.roles._lost(True, self.kernel)  # type: ignore
        self.assertEqual(self.group(1), CLOSED, 'nothing rules it')

    def test_all_are_closed_while_the_kernel_tells_nothing(self) -> None:
        self.in_force(self.document(), 1)
        self.vm(1, 2, False)
        self.learn()
        self.assertEqual(self.group(1), 0)
        self.watch.roles._deaf('no memory', self.kernel)  # type: ignore
        self.learn()
        self.assertEqual(self.group(1), CLOSED)
        self.watch.roles.hears = True
        self.learn()
        self.assertEqual(self.group(1), 0)

    def test_what_is_not_ours_is_left_alone(self) -> None:
        self.host.set_hosted_engine(rulesets.VM % 1)
        self.in_force(self.document())
        self.vm(1, 2, False)
        self.vm(2, 2, False, vdsm=False)
        self.kernel.add(20, 'bond0', 2)
        self.watch.seen(self.kernel.link(20))
        self.learn()
        self.assertEqual([self.kernel.groups.get(index, 0) for index in (11, 12, 20)], [0, 0, 0])

    def test_it_opens_when_the_bridge_has_no_rules_any_more(self) -> None:
        self.in_force(self.document())
        self.vm(1, 2, False)
        self.kernel.add(19, 'vnet9', 2)
        self.watch.seen(self.kernel.link(19))
        self.learn()
        self.assertEqual((self.group(1), self.group(9)), (CLOSED, CLOSED))
        self.in_force(rulesets.document(nics=[], nftables=[]))
        self.learn()
        self.assertEqual((self.group(1), self.group(9)), (0, 0))


class Reported(RolesCase):

    def example(self) -> Dict[str, Any]:
        with open(_CONTRACT) as stream:
            blocks = re.findall(r'```json\n(.*?)```', stream.read(), re.DOTALL)
        return json.loads(blocks[1])  # type: ignore

    def test_as_the_contract_has_it(self) -> None:
        self.vm(1)
        self.vm(4)
        self.in_force(rulesets.document(), 1, 4)
        self.learn()
        found = self.watch.report.document()
        example = self.example()
        self.assertEqual(set(found), set(example))
        self.assertEqual(set(found['abilities']), set(example['abilities']))
        self.assertEqual(set(found['abilities']), set(abilities.NAMES))
        self.assertEqual(set(found['ports'][0]), set(example['ports'][0]))
        for key, value in example.items():
            self.assertIn(type(found[key]), (type(value), type(None)), key)
        self.assertEqual((found['host'], found['loaded']), (rulesets.HOST, '3f2a9c0d1e4b5a69'))
        self.assertEqual([(row['device'], row['wanted'], row['observed'])
                          for row in found['ports']],
                         [('vnet1', 'community:web', 'community:web'),
                          ('vnet4', 'isolated', 'isolated')])

    def test_what_was_observed_and_not_what_was_asked_for(self) -> None:
        self.vm(1)
        self.vm(2, 2, False)
        self.in_force(rulesets.document(closed_bridges=['plain1']))
        self.learn()
        self.kernel.isolate(11, False)
        self.assertEqual([(row['nic'], row['wanted'], row['observed'])
                          for row in self.watch.report.document()['ports']],
                         [(rulesets.NIC % 1, 'community:web', 'open'),
                          (rulesets.NIC % 2, 'closed', 'closed')])
        self.watch.keeper.held = False
        found = self.watch.report.document()
        self.assertEqual((found['loaded'], found['loaded_at'], found['elements']), (None, None, 0))

    def test_it_is_written_when_something_is_new_and_each_minute(self) -> None:
        path = self.host.path(report.REPORT)

        def written() -> Optional[int]:
            return os.stat(path).st_ino if os.path.exists(path) else None
        self.vm(1)
        self.in_force(rulesets.document(), 1)
        self.watch.report.keep(True)
        first = written()
        self.watch.report.keep(True)
        self.assertEqual(written(), first, 'nothing is new')
        self.learn()
        self.watch.report.keep(False)
        self.assertNotEqual(written(), first)
        second = written()
        self.watch.report.written -= 61
        self.watch.report.keep(True)
        self.assertNotEqual(written(), second)
        self.assertEqual(report.ports_in(report.read(self.host)),
                         {'vnet1': ('community:web', 'community:web')})


class Netlink(unittest.TestCase):

    def test_a_change_is_told_by_table_and_process(self) -> None:
        changes = object.__new__(nftlink.Changes)
        name = b'isolated_ports\0'
        changes.needle = nftlink._ATTRIBUTE.pack(4 + len(name), 1) + name
        changes.touched = False

        def message(kind: int, body: bytes, port: int) -> bytes:
            body = b'\7\0\0\0' + body
            text = nftlink._HEADER.pack(16 + len(body), (10 << 8) | kind, 0, 1, port) + body
            return text + b'\0' * (-len(text) % 4)
        generation = message(15, b'\x08\0\x02\0' + (77).to_bytes(4, 'big'), 78)
        other = nftlink._ATTRIBUTE.pack(4 + 21, 1) + b'isolated_ports_floor\0'
        changes.socket = mock.Mock()
        for data, expected in ((message(2, changes.needle, 78) + generation, [(True, 77, 78)]),
                               (message(2, other, 78) + generation, [(False, 77, 78)]),
                               (generation + message(2, changes.needle, 1), [(False, 77, 78)]),
                               (generation, [(True, 77, 78)]), (b'', []), (b'\1' * 40, [])):
            changes.socket.recv.return_value = data
            self.assertEqual([(change.ours, change.pid, change.port)
                              for change in changes.receive()], expected)
        changes.socket.recv.side_effect = OSError(105, 'No buffer space available')
        with self.assertRaises(nftlink.Lost):
            list(changes.receive())


if __name__ == '__main__':
    unittest.main()
