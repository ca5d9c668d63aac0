# SPDX-License-Identifier: Apache-2.0
"""The list of isolated bridges when it is gone, damaged, or not to be trusted."""

import json
import os
import time
from typing import Any, Callable, Dict, List, Tuple
from unittest import mock

from tests.support import ISO, ISOLATED, HookCase, device, domain, interface
from tests.test_service import ServiceCase, running, watch_that_answers

from isolated_ports import caps, cli, listing, qemu_filter, stored
from isolated_ports.host import NETWORKS, REMEMBERED

GOOD = json.dumps({'version': 1, 'networks': ISO}).encode()
STARTS = ('before_vm_start', 'before_device_create', 'before_nic_hotplug',
          'before_vm_migrate_destination', 'before_vm_dehibernate')


def replaced(make: 'Callable[[str], object]') -> 'Callable[[ListCase], None]':
    """The list's file taken away, and another thing made in its place."""
    def damage(case: 'ListCase') -> None:
        case.host.remove_list()
        make(case.host.path(NETWORKS))
    return damage


def content(data: bytes) -> 'Callable[[ListCase], None]':
    return lambda case: case.host.damage_list(data)


def mode(bits: int) -> 'Callable[[ListCase], None]':
    return lambda case: os.chmod(case.host.path(NETWORKS), bits)


def folder_mode(bits: int) -> 'Callable[[ListCase], None]':
    def damage(case: 'ListCase') -> None:
        folder = os.path.dirname(case.host.path(NETWORKS))
        os.chmod(folder, bits)
        case.addCleanup(os.chmod, folder, 0o755)
    return damage


def owned_by_another(case: 'ListCase') -> None:
    case.host.owner = os.getuid() + 1


def linked(path: str) -> None:
    with open(path + '.real', 'wb') as stream:
        stream.write(GOOD)
    os.symlink(path + '.real', path)


# What is done to the list, the state it then has, and what is said of it.
DAMAGES = [
    ('missing', replaced(lambda path: None), 'lost', 'this host has had one'),
    ('empty', content(b''), 'damaged', 'it is empty'),
    ('blank', content(b' \n'), 'damaged', 'it is empty'),
    ('cut off', content(GOOD[:40]), 'damaged', 'it is no JSON'),
    ('cut off before the first bridge', content(GOOD[:20]), 'damaged', 'it is no JSON'),
    ('of another version', content(b'{"version": 2, "networks": []}'), 'damaged', 'version is 2'),
    ('with a key twice', content(GOOD[:-1] + b', "networks": []}'), 'damaged',
     "key 'networks' stands twice"),
    ('with a key twice in an entry', content(
        b'{"version": 1, "networks": [{"bridge": "iso1", "bridge": "other"}]}'), 'damaged',
     "key 'bridge' stands twice"),
    ('not UTF-8', content(b'\xff' + GOOD), 'damaged', 'it is no JSON'),
    ('too large', content(b' ' * (stored.MAX_LIST + 1)), 'damaged', 'larger than 8 MiB'),
    ('world-writable', mode(0o666), 'damaged', 'everybody can write it (mode 0666)'),
    ('not for user vdsm', mode(0o600), 'damaged', 'user vdsm'),
    ('of another user', owned_by_another, 'damaged', 'belongs to user'),
    ('in a directory everybody can write', folder_mode(0o777), 'damaged',
     'everybody can replace it'),
    ('in a directory closed to user vdsm', folder_mode(0o700), 'damaged',
     'cannot enter its directory'),
    ('a link', replaced(linked), 'damaged', 'symbolic link'),
    ('a link to nowhere', replaced(lambda path: os.symlink('/nowhere', path)), 'damaged',
     'symbolic link'),
    ('a pipe', replaced(os.mkfifo), 'damaged', 'a pipe (FIFO)'),
    ('a directory', replaced(os.mkdir), 'damaged', 'a directory'),
]  # type: List[Tuple[str, Callable[[ListCase], None], str, str]]


class ListCase(HookCase):

    def each_damage(self, check: 'Callable[[str, str], None]') -> None:
        """Each time on a host that has had the list ISO, with the list damaged now; check takes
        the state and the words that tell why."""
        for name, damage, state, why in DAMAGES:
            with self.subTest(name):
                self.doCleanups()
                self.setUp()
                self.host.remember(ISO)
                damage(self)
                check(state, why)


class AfterAList(ListCase):

    def test_starts_on_its_bridges_are_refused_with_the_remedy(self) -> None:
        def check(state: str, why: str) -> None:
            for event in STARTS:
                xml = (interface('iso1') if 'device' in event or 'plug' in event
                       else domain(interface('plain1') + interface('iso1'), device()))
                began = time.monotonic()
                self.assertEqual(self.run_event(event, xml), xml)
                self.assertLess(time.monotonic() - began, 60)
                self.assertEqual(self.code, 2, event)
                for words in (why, state, 'iso1', 'networks set'):
                    self.assertIn(words, self.said)
        self.each_damage(check)

    def test_libvirts_filter_vetoes_them_too(self) -> None:
        def check(state: str, why: str) -> None:
            for operation in ('prepare', 'migrate', 'restore'):
                code, output, said = qemu_filter.run(operation, domain(interface('iso1'), device()),
                                                     self.host)
                self.assertEqual((code, output), (1, b''), operation)
                self.assertIn(why, said)
        self.each_damage(check)

    def test_what_is_sure_to_be_isolated_starts(self) -> None:
        def check(state: str, why: str) -> None:
            for xml in (interface('iso1', ISOLATED), interface('plain1', ISOLATED)):
                self.assertEqual(self.run_event('before_nic_hotplug', xml), xml)
                self.assertEqual(self.code, 0, self.said)
            after = self.run_event('before_nic_hotplug', interface('iso1'), 'true')
            self.assertEqual((self.code, b'<port isolated="yes"/>' in after), (0, True))
        self.each_damage(check)

    def test_vms_of_other_bridges_are_as_before(self) -> None:
        def check(state: str, why: str) -> None:
            for event in STARTS:
                xml = domain(interface('plain1') + interface('iso11'), device())
                self.assertEqual(self.run_event(event, xml), xml)
                self.assertEqual((self.code, self.said), (0, ''))
        self.each_damage(check)

    def test_an_update_isolates(self) -> None:
        def check(state: str, why: str) -> None:
            after = self.run_event('before_update_device', interface('iso1'))
            self.assertEqual((self.code, b'<port isolated="yes"/>' in after), (0, True))
        self.each_damage(check)

    def test_the_host_reports_itself_unfit(self) -> None:
        def check(state: str, why: str) -> None:
            self.assertIn(';list=%s;' % state, caps.status(self.host))
        self.each_damage(check)

    def test_of_a_truncated_list_on_a_host_that_remembers_none_the_words_count(self) -> None:
        self.host.add_device('iso1', bridge=True)
        for cut in (b'"iso1"', b'"tenants"'):
            self.host.damage_list(GOOD[:GOOD.index(cut) + len(cut)])
            self.run_event('before_nic_hotplug', interface('iso1'))
            self.assertEqual(self.code, 2, cut)
        self.host.damage_list(GOOD[1:].replace(b'version"', b'version'))  # every quote is shifted
        self.run_event('before_nic_hotplug', interface('iso1'))
        self.assertEqual(self.code, 2)

    def test_what_is_remembered_may_be_damaged_as_well(self) -> None:
        self.host.write(REMEMBERED, GOOD[:-5])
        self.host.add_device('iso1', bridge=True)
        self.host.remove_list()
        self.run_event('before_nic_hotplug', interface('iso1'))
        self.assertEqual(self.code, 2)
        self.host.write(REMEMBERED, b'')
        self.assertEqual(self.host.networks().state, 'lost')

    def test_an_empty_list_that_is_lost_holds_up_nobody_and_is_said(self) -> None:
        self.host.remember([])
        self.host.remove_list()
        self.run_event('before_vm_start', domain(interface('iso1'), device()))
        self.assertEqual(self.code, 0)
        self.assertIn(';list=lost;', caps.status(self.host))

    def test_a_host_that_never_had_a_list_is_as_before(self) -> None:
        self.host.remove_list()
        xml = domain(interface('iso1'), device())
        for event in STARTS:
            self.assertEqual(self.run_event(event, xml), xml)
            self.assertEqual((self.code, self.said), (0, ''))
        self.assertIn(';list=missing;', caps.status(self.host))

    def test_group_root_may_write_it(self) -> None:
        path = self.host.path(NETWORKS)
        os.chmod(path, 0o664)
        self.assertEqual(self.host.networks().sure, os.stat(path).st_gid == 0)


class Remembering(ServiceCase, ListCase):

    def remembered(self) -> bytes:
        with open(self.host.path(REMEMBERED), 'rb') as stream:
            return stream.read()

    def test_setting_a_list_and_watching_one_remember_it(self) -> None:
        self.watcher()
        self.assertEqual(self.remembered(), self.host.list_bytes())
        listing.write_list(b'{"version": 1, "networks": []}', self.host)
        self.assertEqual(self.remembered(), b'{"version": 1, "networks": []}')
        self.assertEqual(os.stat(self.host.path(REMEMBERED)).st_mode & 0o777, 0o644)
        self.assertEqual(os.stat(os.path.dirname(self.host.path(REMEMBERED))).st_mode & 0o777,
                         0o755)

    def test_a_list_that_cannot_be_remembered_is_not_put_in_force(self) -> None:
        before = self.host.list_bytes()
        self.host.write('var/lib/isolated-ports-remembered', b'no directory')
        with self.assertRaises(OSError):
            listing.write_list(b'{"version": 1, "networks": []}', self.host)
        self.assertEqual(self.host.list_bytes(), before)
        self.watcher()
        self.assertIn('could not be remembered', self.logged[-1])

    def test_a_watch_that_starts_without_a_usable_list_keeps_what_was_isolated(self) -> None:
        def check(state: str, why: str) -> None:
            before = os.lstat(self.host.path(NETWORKS)) if state == 'damaged' else None
            self.kernel.add(10, 'vnet0', 1, True)
            self.kernel.add(11, 'vnet1', 1)
            self.kernel.add(12, 'vnet2', 2)
            watcher = self.watcher()
            self.assertEqual([self.kernel.isolated(index) for index in (10, 11, 12)],
                             [True, True, False])
            self.kernel.isolate(10, False)
            watcher.seen(self.kernel.link(10))
            self.libvirt.xml = [running('vnet0', 'iso1'), running('vnet1', 'iso1')]
            watcher.learn(self.kernel)  # type: ignore
            self.assertEqual([self.kernel.isolated(index) for index in (10, 11, 12)],
                             [True, True, False])
            self.assertTrue(any(why in line for line in self.logged), self.logged)
            self.assertTrue(any('networks set' in line for line in self.logged))
            # It may be older than the damaged one: an administrator decides.
            if before is not None:
                self.assertEqual(os.lstat(self.host.path(NETWORKS)).st_ino, before.st_ino)
            if os.path.isdir(self.host.path(NETWORKS)):
                os.rmdir(self.host.path(NETWORKS))
            self.host.owner = os.getuid()
            listing.write_list(GOOD.replace(b'iso1', b'plain1'), self.host)
            self.assertTrue(watcher.look_at_list())
            self.assertTrue(watcher.networks.sure)
        self.each_damage(check)

    def test_a_running_watch_puts_every_damage_right_but_a_directory(self) -> None:
        for name, damage, state, why in DAMAGES:
            if name in ('a directory', 'of another user'):
                continue
            self.doCleanups()
            self.setUp()
            watcher = self.watcher()
            damage(self)
            with self.subTest(name):
                watcher.look_at_list()
                self.assertTrue(any(why in line for line in self.logged), self.logged)
                self.assertTrue(self.host.networks().sure)
                self.assertEqual(self.host.networks().names, {'iso1': 'tenants'})

    def run_cli(self, *arguments: str) -> int:
        with mock.patch.object(cli, 'Host', lambda: self.host), \
                mock.patch.object(cli, 'Ports', lambda: self.kernel), \
                mock.patch.object(cli, 'Libvirt', lambda *_: self.libvirt), \
                mock.patch('builtins.print', self.printed):
            self.said = ''
            return cli.main(list(arguments))

    def printed(self, text: str) -> None:
        self.said += text + '\n'

    def test_status_is_1_with_reason_bridges_and_remedy(self) -> None:
        watch_that_answers(self)

        def check(state: str, why: str) -> None:
            self.assertEqual(self.run_cli('status'), 1)
            for words in (why, state, 'what is on iso1 stays isolated', 'networks set'):
                self.assertIn(words, self.said)
            self.assertEqual(self.run_cli('status', '--json'), 1)
            known = json.loads(self.said)['list']  # type: Dict[str, Any]
            self.assertEqual((known['state'], known['bridges'], known['remembered']),
                             (state, {}, {'iso1': 'tenants'}))
            self.assertEqual(self.run_cli('networks', 'show'), 1)
            self.assertEqual(self.run_cli('repair'), 0)
        self.each_damage(check)

    def test_repair_closes_what_is_open_on_a_bridge_that_was_listed(self) -> None:
        def check(state: str, why: str) -> None:
            self.kernel.add(10, 'vnet0', 1)
            self.assertEqual(self.run_cli('repair'), 0)
            self.assertTrue(self.kernel.isolated(10))
        self.each_damage(check)
