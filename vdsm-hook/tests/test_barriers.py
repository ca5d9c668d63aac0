# SPDX-License-Identifier: Apache-2.0
"""A port is closed before libvirt moves it: by bridge where the kernel can, else by its group."""

from typing import List, Optional
from unittest import mock

from tests.support import ALIAS, MAC, VM_ID
from tests.test_service import ServiceCase, running
from tests.test_word import STATUS

from isolated_ports import word
from isolated_ports.barriers import Barriers
from isolated_ports.floor import GROUP
from isolated_ports.floor_bridge import PASSING, TABLE, BridgeFloor, script
from isolated_ports.host import Host
from isolated_ports.learning import Learning


class BeforeLibvirtMovesIt(ServiceCase):

    def setUp(self) -> None:
        super().setUp()
        patch = mock.patch('isolated_ports.watch.Ports', lambda: self.kernel)
        patch.start()
        self.addCleanup(patch.stop)
        self.watched = self.watcher()
        self.watched.starting = False
        pen = mock.patch.object(self.watched.words, 'pen')
        pen.start().write.return_value = ''
        self.addCleanup(pen.stop)
        self.kernel.add(10, 'vnet0', 2)
        self.watched.resync()
        self.lives(running('vnet0'))

    def lives(self, xml: bytes) -> None:
        self.libvirt.xml = [xml]
        self.host.write(STATUS, b'<domstatus>' + xml.split(b'?>', 1)[1] + b'</domstatus>')

    def tell(self, bridge: str, value: Optional[str] = None, event: str = 'update') -> str:
        return self.watched.words.answer(
            word.Said(event, VM_ID, ALIAS, MAC, bridge, value).line())

    def learn(self) -> None:
        self.watched.learn(self.kernel)  # type: ignore

    def test_it_is_in_the_group_when_the_hook_gets_its_answer(self) -> None:
        for bridge, value in (('iso1', None), ('plain1', 'true'), ('plain1', 'community:x')):
            self.kernel.groups.clear()
            self.assertIn('isolated', self.tell(bridge, value))
            self.assertEqual(self.kernel.groups, {10: GROUP})

    def test_it_stays_there_while_libvirts_xml_is_the_old_one(self) -> None:
        self.tell('iso1')
        self.learn()
        self.assertEqual(self.kernel.groups, {10: GROUP})

    def test_it_is_let_go_when_the_update_never_comes(self) -> None:
        self.tell('iso1')
        with mock.patch('isolated_ports.watch.time.monotonic', lambda: 1e9):
            self.learn()
        self.assertEqual(self.kernel.groups, {10: 0})

    def test_a_plain_one_is_left_alone(self) -> None:
        self.assertIn('written', self.tell('plain1'))
        self.assertEqual(self.kernel.groups, {})

    def test_by_its_profile_it_is_closed_wherever_libvirt_puts_it(self) -> None:
        self.tell('plain1', 'true')
        self.watched.seen(self.kernel.link(10))
        self.assertTrue(self.kernel.isolated(10))
        self.assertEqual([line for line in self.logged if 'was open' in line], [])

    def test_a_vm_that_is_not_ours_is_left_alone(self) -> None:
        self.host.set_hosted_engine(VM_ID)
        self.tell('iso1')
        self.assertEqual(self.kernel.groups, {})


class Passing(ServiceCase):

    def learnt(self, name: str, xml: List[bytes], later: float = 60.0) -> int:
        watcher = self.watcher()
        self.kernel.add(10, name, 1)
        self.host.write('sys/class/net/%s/tun_flags' % name, b'0x1002\n')
        watcher.resync()
        self.libvirt.xml = xml
        now = watcher.first_seen[10]
        with mock.patch('isolated_ports.watch.time.monotonic', lambda: now + later):
            watcher.learn(self.kernel)  # type: ignore
        return self.kernel.groups.get(10, 0)

    def test_a_vm_that_is_not_ours_passes(self) -> None:
        self.assertEqual(self.learnt('vnet0', [running('vnet0', 'iso1', vdsm=False)]), PASSING)

    def test_a_tap_that_a_program_made_passes_after_a_while(self) -> None:
        self.assertEqual(self.learnt('vpn0', [], 5.0), 0)
        self.assertEqual(self.learnt('vpn0', []), PASSING)

    def test_ports_of_vms_and_what_has_their_name_do_not(self) -> None:
        self.assertEqual(self.learnt('vnet0', [running('vnet0', 'iso1')]), GROUP)
        self.assertEqual(self.learnt('vnet1', []), GROUP)
        self.assertEqual(self.learnt('custom', [running('custom', 'iso1')]), GROUP)

    def test_an_uplink_that_somebody_called_as_libvirt_calls_ports_passes_at_once(self) -> None:
        self.host.write('sys/class/net/vnet3/uevent', b'DEVTYPE=bond\n')
        self.assertEqual(self.learnt('vnet3', [], 0.0), PASSING)

    def test_nothing_passes_that_libvirt_could_not_be_asked_about(self) -> None:
        with mock.patch.object(self.libvirt, 'silent', 'libvirtd has not answered'):
            self.assertEqual(self.learnt('vpn0', []), 0)


class FakeNft(BridgeFloor):
    """Lists what was loaded; knows_bridges: as a kernel does."""

    def __init__(self, knows_bridges: bool = True) -> None:
        super().__init__(Host())
        self.knows_bridges = knows_bridges
        self.kernel = ''
        self.loads = 0

    def _nft(self, arguments: List[str], text: str) -> str:
        if arguments[0] != '-f':
            return self.kernel
        self.loads += 1
        if not self.knows_bridges:
            return 'Error: Could not process rule: Operation not supported\n'
        self.kernel = text
        return ''


class ByBridge(ServiceCase):

    def test_it_is_one_transaction_that_never_opens(self) -> None:
        lines = script(['b2', 'iso1']).splitlines()
        self.assertEqual(lines[:3], [verb + ' table ' + TABLE for verb in ('add', 'delete', 'add')])
        self.assertIn('elements = { "b2", "iso1" }', lines[3])
        self.assertIn('meta ibrname != @bridges accept', lines[5])
        self.assertTrue(lines[-1].endswith('forward drop'), lines[-1])
        self.assertNotIn('elements', script([]))

    def test_it_is_loaded_once_and_again_when_list_or_table_change(self) -> None:
        nft = FakeNft()
        for _ in range(3):
            self.assertEqual((nft.ensure(['iso1']), nft.in_force, nft.loads), ('', True, 1))
        nft.ensure(['iso1', 'iso2'])
        self.assertEqual(nft.loads, 2)
        for change in ('', nft.kernel.replace('drop', 'accept'), 'flags dormant\n' + nft.kernel):
            nft.kernel = change
            loads = nft.loads
            self.assertEqual((nft.ensure(['iso1', 'iso2']), nft.loads), ('', loads + 1))

    def test_a_kernel_that_cannot_is_tried_again_for_a_new_list_only(self) -> None:
        nft = FakeNft(knows_bridges=False)
        self.assertIn('not supported', nft.ensure(['iso1']))
        self.assertEqual((nft.ensure(['iso1']), nft.in_force, nft.loads), ('', False, 1))
        nft.ensure(['iso2'])
        self.assertEqual(nft.loads, 2)

    def test_the_journal_says_once_that_it_cannot_be_had(self) -> None:
        barriers = Barriers(self.host, lambda: ['iso1'])
        with mock.patch.object(barriers.by_group, 'ensure', lambda: ''):
            with mock.patch.object(barriers, 'by_bridge', FakeNft(knows_bridges=False)):
                for _ in range(3):
                    barriers.keep()
        self.assertEqual(len(self.logged), 1)
        self.assertIn('the floor by bridge cannot be had on this kernel', self.logged[0])


class FromItsOwnProtocols(ServiceCase):
    """Bridges learn no MACs from frames that no rule sees."""

    OPTION = 'sys/class/net/%s/bridge/no_linklocal_learn'

    def setUp(self) -> None:
        super().setUp()
        self.told = []  # type: List[int]
        self.refusal = None  # type: Optional[OSError]
        heard = mock.patch('isolated_ports.learning.log', self.logged.append)
        heard.start()
        self.addCleanup(heard.stop)
        self.learning = Learning(self.host, lambda: self, {'iso1': 7}.__getitem__)  # type: ignore

    def learn_no_linklocal(self, index: int) -> None:
        if self.refusal:
            raise self.refusal
        self.told.append(index)

    def close(self) -> None:
        pass

    def test_it_is_turned_off_where_it_is_on(self) -> None:
        self.host.write(self.OPTION % 'iso1', b'0\n')
        self.host.write(self.OPTION % 'iso2', b'1\n')
        self.learning.keep(['iso1', 'iso2', 'of-an-older-kernel'])
        self.assertEqual((self.told, self.logged), ([7], []))

    def test_what_cannot_be_turned_off_is_said_once(self) -> None:
        self.host.write(self.OPTION % 'iso1', b'0\n')
        self.refusal = OSError(95, 'Operation not supported')
        for _ in range(3):
            self.learning.keep(['iso1'])
        self.assertEqual(len(self.logged), 1)
        self.assertIn('bridge iso1 goes on learning', self.logged[0])
