# SPDX-License-Identifier: Apache-2.0
"""What the service decides, with the kernel and libvirt played by lists."""

import os
import threading
import unittest
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

from tests.support import (ALIAS, ISO, ISOLATED, MAC, VM_ID, HookCase, device, domain,
                           interface)

from isolated_ports import (barriers, cli, compare, control, domxml, keeper, kept_list, listing,
                            live, watch)
from isolated_ports.floor import GROUP
from isolated_ports.host import NETWORKS
from isolated_ports.netlink import Link
from isolated_ports.word import URI

BRIDGES = {1: 'iso1', 2: 'plain1'}


class Kernel:
    """Ports by index: name, bridge index, flag."""

    def __init__(self) -> None:
        self.devices = {}  # type: Dict[int, List[Any]]
        self.groups = {}  # type: Dict[int, int]

    def add(self, index: int, name: str, bridge: int, isolated: bool = False) -> Link:
        self.devices[index] = [name, bridge, isolated]
        return self.link(index)

    def link(self, index: int) -> Link:
        link = Link(False, True, index)
        link.name, link.master, link.isolated = self.devices[index]
        link.mac = 'fe' + MAC[2:]
        return link

    def links(self) -> Dict[int, Link]:
        found = {}
        for index in self.devices:
            found[index] = self.link(index)
            found[index].group = self.groups.get(index, 0)
        for index, name in BRIDGES.items():
            found[index] = Link(False, False, index)
            found[index].name = name
        return found

    def set_group(self, index: int, group: int) -> None:
        self.groups[index] = group

    def ports(self) -> List[Link]:
        return [self.link(index) for index, device_ in self.devices.items() if device_[1]]

    def isolate(self, index: int, on: bool = True) -> None:
        if index not in self.devices:
            raise OSError(19, 'No such device')
        self.devices[index][2] = on

    def isolated(self, index: int) -> bool:
        found = self.devices[index][2]  # type: bool
        return found

    def close(self) -> None:
        pass


class Domains:

    silent = ''

    def __init__(self) -> None:
        self.following = threading.Event()
        self.xml = []  # type: List[bytes]

    def domains(self) -> List[bytes]:
        return self.xml


def running(target: str, bridge: str = 'plain1', value: Optional[str] = None, port: str = '',
            **more: Any) -> bytes:
    return domain(interface(bridge, port, more='<target dev="%s"/>' % target), device(value),
                  **more)


class ServiceCase(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.kernel = Kernel()
        self.libvirt = Domains()
        self.logged = []  # type: List[str]
        for module in (watch, cli, barriers, kept_list, keeper):
            patch = mock.patch.object(module, 'log', self.logged.append)
            patch.start()
            self.addCleanup(patch.stop)

    def rows(self) -> List[Tuple[str, str, str]]:
        found = compare.compare(self.host, self.host.networks(),
                                self.kernel, self.libvirt)  # type: ignore
        return [(row.port, row.wanted, row.observed) for row in found]

    def watcher(self) -> watch.Watcher:
        watcher = watch.Watcher(self.host, self.kernel,  # type: ignore
                                lambda *_: self.libvirt)  # type: ignore
        watcher.look_at_list()
        watcher.resync()
        return watcher


class Compare(ServiceCase):

    def test_each_kind_of_port(self) -> None:
        self.kernel.add(10, 'vnet0', 1, True)      # as wanted
        self.kernel.add(11, 'vnet1', 1)            # open on a listed bridge
        self.kernel.add(12, 'vnet2', 2)            # plain
        self.kernel.add(13, 'vnet3', 2)            # property, open
        self.kernel.add(14, 'vnet4', 2, True)      # isolated for no reason
        self.kernel.add(15, 'bond0', 1)            # an uplink
        self.kernel.add(16, 'eth0.100', 1)
        self.kernel.add(17, 'vnet5', 1)            # on a listed bridge, unknown to libvirt
        self.libvirt.xml = [running('vnet0', 'iso1'), running('vnet1', 'iso1'), running('vnet2'),
                            running('vnet3', value='true'), running('vnet4'),
                            running('vnet9', value='true')]
        self.assertEqual(self.rows(), [
            ('vnet0', 'isolated', 'isolated'), ('vnet1', 'isolated', 'open'),
            ('vnet5', 'isolated', 'open'), ('vnet3', 'isolated', 'open'),
            ('vnet4', 'open', 'isolated'), ('vnet9', 'isolated', 'absent')])

    def test_a_name_of_libvirts_with_hardware_behind_it_is_an_uplink(self) -> None:
        for sign, content in (('device/x', b''), ('uevent', b'DEVTYPE=vlan\nIFINDEX=9\n'),
                              ('uevent', b'DEVTYPE=bond\n')):
            self.kernel.add(10, 'vnet7', 1)
            self.host.write('sys/class/net/vnet7/' + sign, content)
            self.assertEqual(self.rows(), [], sign)
        self.host.write('sys/class/net/vnet8/uevent', b'INTERFACE=vnet8\n')
        self.kernel.add(11, 'vnet8', 1)
        self.assertEqual(self.rows(), [('vnet8', 'isolated', 'open')])

    def test_vms_that_are_not_ours_are_wanted_open_with_an_alarm(self) -> None:
        self.host.set_hosted_engine(VM_ID)
        self.kernel.add(10, 'vnet0', 1)
        self.kernel.add(11, 'vnet1', 1)
        other = '11111111-0000-4000-8000-000000000000'
        self.libvirt.xml = [running('vnet0', 'iso1'),
                            running('vnet1', 'iso1', vdsm=False, uuid=other)]
        found = compare.compare(self.host, self.host.networks(), self.kernel,  # type: ignore
                                self.libvirt)  # type: ignore
        self.assertEqual([(row.wanted, row.difference) for row in found], [('open', False)] * 2)
        self.assertIn('hosted engine', found[0].note)
        self.assertIn('external', found[1].note)

    def test_macs_that_differ_in_the_first_byte_are_told_apart_by_the_port(self) -> None:
        self.kernel.add(10, 'vnet0', 2)
        self.kernel.add(11, 'vnet1', 2)
        macs = ('52' + MAC[2:], '56' + MAC[2:])
        self.libvirt.xml = [domain(b''.join(
            interface(mac=mac, alias='ua-' + mac, more='<target dev="vnet%d"/>' % number)
            for number, mac in enumerate(macs)), device('true', mac=macs[1], alias=''))]
        self.assertEqual(self.rows(), [('vnet1', 'isolated', 'open')])

    def test_repair_isolates_and_opens_only_when_told(self) -> None:
        self.kernel.add(10, 'vnet0', 1)
        self.kernel.add(11, 'vnet1', 2, True)
        self.libvirt.xml = [running('vnet0', 'iso1'), running('vnet1')]
        for release in (False, True):
            found = compare.compare(self.host, self.host.networks(), self.kernel,  # type: ignore
                                    self.libvirt)  # type: ignore
            compare.repair(found, self.kernel, release)  # type: ignore
            self.assertTrue(self.kernel.isolated(10))
            self.assertEqual(self.kernel.isolated(11), not release)


class Watch(ServiceCase):

    def test_a_vm_port_on_a_listed_bridge_is_closed_before_anything_is_known(self) -> None:
        watcher = self.watcher()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        self.assertTrue(self.kernel.isolated(10))

    def test_uplinks_and_plain_ports_are_not_touched(self) -> None:
        watcher = self.watcher()
        for index, (name, bridge) in enumerate((('bond0', 1), ('eth0', 1), ('eth0.5', 1),
                                                ('vnetx', 1), ('vnet3', 2), ('tap0', 1))):
            watcher.seen(self.kernel.add(20 + index, name, bridge))
            self.assertFalse(self.kernel.isolated(20 + index), name)

    def test_a_port_of_another_name_counts_once_libvirt_names_it(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'tap-vm', 1)
        self.libvirt.xml = [running('tap-vm', 'iso1')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))
        self.kernel.isolate(10, False)
        watcher.seen(self.kernel.link(10))
        self.assertTrue(self.kernel.isolated(10))

    def test_a_vm_that_is_not_ours_gets_its_port_back(self) -> None:
        self.host.set_hosted_engine(VM_ID)
        watcher = self.watcher()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        self.assertTrue(self.kernel.isolated(10))
        self.libvirt.xml = [running('vnet0', 'iso1')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertFalse(self.kernel.isolated(10))
        self.assertIn('ALARM', self.logged[-1])
        watcher.seen(self.kernel.link(10))
        self.assertFalse(self.kernel.isolated(10))

    def test_a_flag_that_somebody_else_set_stays(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2, True)
        self.libvirt.xml = [running('vnet0')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))

    def test_a_property_holds_on_any_bridge_and_is_restored_at_once(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2)
        self.libvirt.xml = [running('vnet0', value='true')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))
        self.libvirt.xml = []
        self.kernel.isolate(10, False)
        watcher.seen(self.kernel.link(10))
        self.assertTrue(self.kernel.isolated(10))

    def test_a_property_that_is_taken_away_opens_what_was_closed_meanwhile(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2)
        self.libvirt.xml = [running('vnet0', value='true', port=ISOLATED)]
        watcher.learn(self.kernel)  # type: ignore
        self.kernel.isolate(10, False)          # the update without the property
        watcher.seen(self.kernel.link(10))
        watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))
        self.libvirt.xml = [running('vnet0')]   # VDSM's metadata follows
        watcher.learn(self.kernel)  # type: ignore
        self.assertFalse(self.kernel.isolated(10))

    def test_a_native_element_lost_in_vdsms_rollback_is_kept(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2, True)
        self.libvirt.xml = [running('vnet0', port=ISOLATED)]
        watcher.learn(self.kernel)  # type: ignore
        self.kernel.isolate(10, False)
        self.libvirt.xml = [running('vnet0')]
        watcher.seen(self.kernel.link(10))
        for _ in range(3):
            watcher.learn(self.kernel)  # type: ignore
            self.assertTrue(self.kernel.isolated(10))

    def test_a_nic_that_moves_to_a_plain_network_opens(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 1, True)
        self.libvirt.xml = [running('vnet0', 'iso1', port=ISOLATED)]
        watcher.learn(self.kernel)  # type: ignore
        watcher.seen(self.kernel.add(10, 'vnet0', 2))
        self.libvirt.xml = [running('vnet0')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertFalse(self.kernel.isolated(10))

    def test_a_new_port_does_not_inherit_from_an_old_one_of_its_name(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2)
        self.libvirt.xml = [running('vnet0', value='true')]
        watcher.learn(self.kernel)  # type: ignore
        gone = self.kernel.link(10)
        gone.gone, gone.bridge_family = True, False
        del self.kernel.devices[10]
        watcher.seen(gone)
        watcher.seen(self.kernel.add(11, 'vnet0', 2))
        self.assertFalse(self.kernel.isolated(11))

    def test_a_new_list_closes_ports_that_are_there(self) -> None:
        self.host.list_networks([])
        watcher = self.watcher()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        self.assertFalse(self.kernel.isolated(10))
        self.host.list_networks(ISO)
        self.assertTrue(watcher.look_at_list())
        watcher.resync()
        self.assertTrue(self.kernel.isolated(10))

    def test_a_damaged_list_is_written_anew_and_the_last_good_one_holds(self) -> None:
        watcher = self.watcher()
        good = self.host.list_bytes()
        for damage in (b'', b'{"version": 1', b'{"version": 2, "networks": []}', None):
            if damage is None:
                self.host.remove_list()
            else:
                self.host.damage_list(damage)
            self.assertFalse(watcher.look_at_list())
            self.assertEqual(self.host.list_bytes(), good)
            self.assertIn('iso1', watcher.networks.names)

    def test_a_port_that_is_gone_already_is_no_fault(self) -> None:
        watcher = self.watcher()
        link = self.kernel.add(10, 'vnet0', 1)
        del self.kernel.devices[10]
        watcher.seen(link)
        self.assertEqual([line for line in self.logged if 'vnet0' in line], [])


class AlarmCase(ServiceCase):

    def started(self) -> watch.Watcher:
        watcher = self.watcher()
        watcher.starting = False
        return watcher

    def alarms(self) -> List[str]:
        return [line for line in self.logged if 'was open' in line]


class Alarms(AlarmCase):
    """A line for what was not expected, and for that only."""

    def test_an_ordinary_start_on_a_listed_bridge_gives_none(self) -> None:
        watcher = self.started()
        for _ in range(3):
            opened = self.kernel.add(10, 'vnet0', 1)
            # On the bridge, carrier, up: the kernel told all of it before our flag was set.
            for _ in range(4):
                watcher.seen(opened)
            watcher.seen(self.kernel.link(10))
            watcher.seen(self.kernel.link(10))  # libvirt sets it too
            gone = self.kernel.link(10)
            gone.gone, gone.bridge_family = True, False
            watcher.seen(gone)
        self.assertEqual(self.alarms(), [])

    def test_an_ordinary_start_by_property_gives_none(self) -> None:
        watcher = self.started()
        watcher.seen(self.kernel.add(10, 'vnet0', 2))
        self.libvirt.xml = [running('vnet0', value='true', port=ISOLATED)]
        watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))
        self.assertEqual(self.alarms(), [])

    def test_a_rollback_gives_one_each_time(self) -> None:
        watcher = self.started()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        for count in (1, 2, 3):
            watcher.seen(self.kernel.link(10))
            self.kernel.isolate(10, False)
            opened = self.kernel.link(10)
            watcher.seen(opened)
            watcher.seen(opened)
            self.assertEqual(len(self.alarms()), count)
        self.assertEqual(self.alarms()[0], 'port vnet0 on bridge iso1 was open and is isolated '
                                           'again.')

    def test_a_move_from_one_listed_bridge_to_another_gives_none(self) -> None:
        self.host.list_networks([{'bridge': 'iso1'}, {'bridge': 'plain1'}])
        watcher = self.started()
        for bridge in (1, 2, 1):
            watcher.seen(self.kernel.add(10, 'vnet0', bridge))
            watcher.seen(self.kernel.link(10))
        self.assertEqual(self.alarms(), [])

    def test_a_vm_that_was_started_open_past_us_gives_one(self) -> None:
        watcher = self.started()
        watcher.seen(self.kernel.add(10, 'vnet0', 2))
        self.libvirt.xml = [running('vnet0', value='true')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertEqual(len(self.alarms()), 1)

    def test_what_was_open_when_the_watch_starts_gives_one(self) -> None:
        self.kernel.add(10, 'vnet0', 1)
        self.watcher()
        self.assertEqual(self.alarms(), ['port vnet0 on bridge iso1 was open and is isolated '
                                         'now.'])


def word(values: str, before: str = '', settled: str = 'no') -> str:
    """What the last update of the NIC said."""
    return ('<p:nics xmlns:p="%s"><p:nic alias="%s" mac="%s" bridge="plain1" values="%s" '
            'before="%s" said="1" settled="%s"/></p:nics>'
            % (URI, ALIAS, MAC, values, before, settled))


def with_words(xml: bytes, words: str) -> bytes:
    return xml.replace(b'</metadata>', words.encode() + b'</metadata>')


class OpenedByAnUpdate(ServiceCase):
    """A port that an earlier watch has closed."""

    def setUp(self) -> None:
        super().setUp()
        self.kernel.add(10, 'vnet0', 2, True)
        patch = mock.patch.object(watch, 'Ports', lambda: self.kernel)
        patch.start()
        self.addCleanup(patch.stop)

    def learns(self, watcher: watch.Watcher, xml: bytes) -> bool:
        """Whether the port is isolated once the watch has learnt of this domain."""
        self.libvirt.xml = [xml]
        watcher.learn(self.kernel)  # type: ignore
        return self.kernel.isolated(10)

    def test_it_opens_when_an_update_takes_its_isolation_away(self) -> None:
        watcher = self.watcher()
        # An update that failed said so, and VDSM has rolled it back.
        self.assertTrue(self.learns(watcher, with_words(running('vnet0'), word('true'))))
        leaves = with_words(running('vnet0'), word('', 'true'))
        document = domxml.read(leaves)
        watcher.hold(document, document.nics[0])
        self.assertTrue(self.learns(watcher, leaves))
        watcher.settled(domxml.read(with_words(running('vnet0'), word('', '', 'yes'))))
        # The word is of no use any more, and gone.
        self.assertFalse(self.learns(watcher, running('vnet0')))

    def test_it_opens_where_one_has_said_so_meanwhile(self) -> None:
        metadata = running('vnet0', value='true')  # one update old
        self.assertTrue(self.learns(self.watcher(), with_words(metadata, word('', 'true'))))
        self.assertFalse(self.learns(self.watcher(), with_words(metadata, word('', '', 'yes'))))

    def test_it_stays_where_none_has_said_so(self) -> None:
        self.assertTrue(self.learns(self.watcher(), running('vnet0')))

    def test_an_answer_from_before_an_update_opens_nothing(self) -> None:
        watcher = self.watcher()
        self.assertTrue(self.learns(watcher, running('vnet0', value='true')))
        self.kernel.isolate(10, False)
        watcher.seen(self.kernel.link(10))
        self.assertIn(10, watcher.closed)
        document = domxml.read(with_words(running('vnet0'), word('true')))

        def domains() -> List[bytes]:
            watcher.hold(document, document.nics[0])  # meanwhile
            return [running('vnet0')]
        with mock.patch.object(self.libvirt, 'domains', domains):
            watcher.learn(self.kernel)  # type: ignore
        self.assertTrue(self.kernel.isolated(10))
        self.assertEqual(self.kernel.groups[10], GROUP)


class AlarmsOfUpdates(AlarmCase):
    """While an update of the NIC is under way."""

    def rolled_back(self, words: str, bridge: int = 1) -> List[str]:
        """What is said when the port opens after the hook has told of the update."""
        watcher = self.started()
        watcher.seen(self.kernel.add(10, 'vnet0', bridge))
        self.kernel.isolate(10)
        watcher.seen(self.kernel.link(10))
        document = domxml.read(with_words(
            running('vnet0', BRIDGES[bridge], port=ISOLATED), words))
        with mock.patch.object(watch, 'Ports', lambda: self.kernel):
            watcher.hold(document, document.nics[0])
        self.kernel.isolate(10, False)
        watcher.seen(self.kernel.link(10))
        return self.alarms()

    def test_one_that_is_rolled_back_gives_one(self) -> None:
        self.assertEqual(len(self.rolled_back('')), 1)
        self.logged.clear()
        self.assertEqual(len(self.rolled_back(word('true'), 2)), 1)

    def test_one_that_takes_the_isolation_away_gives_none(self) -> None:
        self.assertEqual(self.rolled_back(word('', 'true'), 2), [])
        self.assertTrue(self.kernel.isolated(10))


class SecondBarrier(ServiceCase):

    def behind(self) -> List[int]:
        return sorted(index for index, group in self.kernel.groups.items() if group == GROUP)

    def test_a_port_of_a_listed_bridge_is_behind_it_at_first_sight(self) -> None:
        watcher = self.watcher()
        for index, (name, bridge, isolated) in enumerate((
                ('vnet0', 1, False), ('vnet1', 1, True), ('vnet2', 2, False), ('bond0', 1, False))):
            watcher.seen(self.kernel.add(10 + index, name, bridge, isolated))
        self.assertEqual(self.behind(), [10, 11])

    def test_a_property_puts_a_port_behind_it_and_its_end_takes_it_out(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2)
        self.libvirt.xml = [running('vnet0', value='true')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertEqual(self.behind(), [10])
        self.libvirt.xml = [running('vnet0')]
        watcher.learn(self.kernel)  # type: ignore
        self.assertEqual(self.behind(), [])

    def test_a_tap_that_is_off_its_bridge_stays_behind_it(self) -> None:
        watcher = self.watcher()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        self.libvirt.xml = [running('vnet0', 'iso1')]
        self.kernel.add(10, 'vnet0', 0)
        watcher.learn(self.kernel)  # type: ignore
        self.assertEqual(self.behind(), [10])

    def test_vms_that_are_not_ours_are_taken_out_and_stay_out(self) -> None:
        watcher = self.watcher()
        watcher.seen(self.kernel.add(10, 'vnet0', 1))
        self.libvirt.xml = [running('vnet0', 'iso1', vdsm=False)]
        watcher.learn(self.kernel)  # type: ignore
        watcher.seen(self.kernel.link(10))
        self.assertEqual(self.behind(), [])

    def test_a_group_of_somebody_else_stays(self) -> None:
        watcher = self.watcher()
        self.kernel.add(10, 'vnet0', 2)
        self.kernel.groups[10] = 7
        for value in ('true', None):
            self.libvirt.xml = [running('vnet0', value=value)]
            watcher.learn(self.kernel)  # type: ignore
            self.assertEqual(self.kernel.groups, {10: 7})

    def test_without_nft_the_reason_is_logged_once(self) -> None:
        watcher = self.watcher()
        for _ in range(3):
            watcher.barriers.keep()
        self.assertEqual(len([line for line in self.logged if 'barrier' in line]), 1)


class List_(ServiceCase):

    def test_a_list_is_written_whole_for_all_to_read(self) -> None:
        content = b'{"version": 1, "networks": [{"bridge": "b2", "name": "n", "network": "i"}]}'
        listing.write_list(content, self.host)
        self.assertEqual(self.host.networks().names, {'b2': 'n'})
        self.assertEqual(os.stat(self.host.path(NETWORKS)).st_mode & 0o777, 0o644)

    def test_a_bad_list_is_refused_and_the_old_one_stays(self) -> None:
        before = self.host.list_bytes()
        for content in (b'', b'{}', b'[]', b'{"version": 1}', b'{"version": "1", "networks": []}',
                        b'{"version": 1, "networks": {}}', b'{"version": 1, "networks": [7]}',
                        b'{"version": 1, "networks": [{"bridge": 7}]}',
                        b'{"version": 1, "networks": [{"bridge": ""}]}',
                        b'{"version": 1, "networks": [{"bridge": "a/b"}]}',
                        b'{"version": 1, "networks": [{"bridge": "sixteen-letters-"}]}',
                        b'{"version": 1, "networks": [{"bridge": "b", "name": 1}]}',
                        b'{"version": 1, "networks": [{"name": "b"}]}', b'[' * 100000):
            with self.assertRaises(ValueError):
                listing.write_list(content, self.host)
            self.assertEqual(self.host.list_bytes(), before)

    def test_a_full_disk_leaves_the_old_list(self) -> None:
        before = self.host.list_bytes()
        with mock.patch.object(os, 'fsync', side_effect=OSError(28, 'No space left on device')):
            with self.assertRaises(OSError):
                listing.write_list(b'{"version": 1, "networks": []}', self.host)
        self.assertEqual(self.host.list_bytes(), before)
        folder = os.path.dirname(self.host.path(NETWORKS))
        self.assertEqual(os.listdir(folder), ['networks.json'])


class LiveXml(ServiceCase):

    def nics(self, xml: bytes) -> List[live.LiveNic]:
        return live.nics_in(domxml.read(xml), self.host.networks(), self.host)

    def test_libvirts_status_files_name_the_ports(self) -> None:
        inner = running('vnet4', value='true', port=ISOLATED).split(b'?>', 1)[1]
        self.host.write(live.STATUS_FILES + '/vm1.xml',
                        b"<domstatus state='running' pid='1'>" + inner + b'</domstatus>')
        self.host.write(live.STATUS_FILES + '/vm2.xml', b'<broken')
        self.host.write(live.STATUS_FILES + '/vm1.pid', b'1')
        with mock.patch('importlib.import_module', side_effect=ImportError):
            xml = live.Libvirt(self.host).domains()
        self.assertIn(b'<broken', xml)
        nics = self.nics(next(one for one in xml if b'domstatus' in one))
        self.assertEqual([(nic.target, nic.vm, nic.vm_id, nic.alias, nic.mac, nic.wanted, nic.by)
                          for nic in nics],
                         [('vnet4', 'vm1', VM_ID, ALIAS, MAC, True, live.BY_PROPERTY)])

    def test_what_a_start_would_refuse_is_isolated_once_it_runs(self) -> None:
        nic, = self.nics(running('vnet4', value='community:x'))
        self.assertTrue(nic.wanted)
        self.assertIn('community', nic.problem)


def watch_that_answers(case: ServiceCase) -> None:
    """The answering half of a watch, whose other half never falls silent."""
    server = control.Server(case.host)
    server.beaten = float('inf')
    server.start()
    case.addCleanup(server.close)


class Commands(ServiceCase):

    def run_cli(self, *arguments: str) -> int:
        with mock.patch.object(cli, 'Host', lambda: self.host), \
                mock.patch.object(cli, 'Ports', lambda: self.kernel), \
                mock.patch.object(cli, 'Libvirt', lambda *_: self.libvirt), \
                mock.patch('builtins.print', self.printed):
            return cli.main(list(arguments))

    def printed(self, text: str) -> None:
        self.said += text + '\n'

    def test_status_exits_1_on_a_difference_and_0_after_repair(self) -> None:
        self.kernel.add(10, 'vnet0', 1)
        self.libvirt.xml = [running('vnet0', 'iso1')]
        self.assertEqual(self.run_cli('status', '--json'), 1)
        import json
        document = json.loads(self.said)
        self.assertEqual(document['differences'], 1)
        self.assertEqual(document['ports'], [
            {'port': 'vnet0', 'bridge': 'iso1', 'network': 'tenants', 'mac': MAC, 'alias': ALIAS,
             'vm': 'vm1', 'vm_id': VM_ID, 'wanted': 'isolated', 'observed': 'open',
             'difference': True, 'note': ''}])
        self.assertEqual(self.run_cli('repair'), 0)
        watch_that_answers(self)
        self.assertEqual(self.run_cli('status'), 0)
        self.assertIn('0 not as wanted', self.said)
        self.assertNotIn('systemctl restart', self.said)

    def test_status_exits_1_without_a_watch_and_says_what_to_do(self) -> None:
        self.kernel.add(10, 'vnet0', 1, isolated=True)
        self.libvirt.xml = [running('vnet0', 'iso1')]
        self.assertEqual(self.run_cli('status'), 1)
        self.assertIn('0 not as wanted', self.said)
        self.assertIn('DOES NOT ANSWER', self.said)
        self.assertIn('systemctl restart isolated-ports-host', self.said)

    def test_status_exits_1_where_the_list_is_damaged(self) -> None:
        watch_that_answers(self)
        self.host.damage_list()
        self.assertEqual(self.run_cli('status'), 1)
        self.assertEqual(self.run_cli('networks', 'show'), 1)

    def test_setting_the_list_isolates_at_once(self) -> None:
        self.host.remove_list()
        self.kernel.add(10, 'vnet0', 2)
        path = self.host.write('new.json', b'{"version": 1, "networks": [{"bridge": "plain1"}]}')
        self.assertEqual(self.run_cli('networks', 'set', '--json', path), 0)
        self.assertTrue(self.kernel.isolated(10))

    def test_a_bad_list_is_a_sentence_and_exit_2(self) -> None:
        path = self.host.write('new.json', b'{"version": 3}')
        self.assertEqual(self.run_cli('networks', 'set', '--json', path), 2)
        self.assertEqual(self.logged, ['the list of isolated networks is refused: its version is '
                                       '3, not 1.'])


if __name__ == '__main__':
    unittest.main()
