# SPDX-License-Identifier: Apache-2.0
"""Rulesets in the kernel: loaded, held, and what they let out. As watch_test, run by run.sh alone.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import unittest
from typing import Any

from tests import rulesets
from tests.root.rules_case import SLACK, TABLE, RulesCase, nft
from tests.root.watch_test import PROGRAM, ip, isolated, set_flag, within
from tests.test_fetch import Listening, certificates

from isolated_ports import floor_bridge
from isolated_ports.report import REPORT

ROLES = {1: 'community', 2: 'community', 3: 'community', 4: 'isolated', 5: 'promiscuous'}
# Who hears whom by these roles: 1 and 2 are web, 3 is db, 4 isolated, 5 promiscuous.
REACH = ['1-2', '1-5', '2-1', '2-5', '3-5', '4-5', '5-1', '5-2', '5-3', '5-4']
ISOLATED = {number: 'isolated' for number in ROLES}


class Roles(RulesCase):

    def all_out(self) -> None:
        for number in ROLES:
            self.vm(number)
        self.offer(rulesets.document())
        self.comes_to(ROLES)

    def test_they_pass_what_they_should_and_nothing_else(self) -> None:
        for number in ROLES:
            self.vm(number)
        self.comes_to(ISOLATED)
        self.assertEqual(self.reach(list(ROLES)), [])
        self.offer(rulesets.document())
        self.comes_to(ROLES)
        self.assertEqual(self.reach(list(ROLES)), REACH)
        self.assertFalse(self.passes(1, 2, source=rulesets.mac(3)), 'a forged sender')
        self.assertEqual(self.kept(), '3f2a9c0d1e4b5a69')
        # A VM that comes later costs its elements.
        ip('link', 'del', 'vnet2')
        self.assertTrue(within(SLACK, lambda: '"vnet2"' not in nft('list', 'table', *TABLE)))
        self.assertIn('"vnet1"', nft('list', 'table', *TABLE))
        self.vm(2)
        self.comes_to(ROLES)
        self.assertEqual(self.reach(list(ROLES)), REACH)

    def test_a_frame_for_the_bridge_itself_moves_no_mac(self) -> None:
        """Of LLDP a bridge learns without asking any rule."""
        self.vm(1)
        self.vm(2)
        self.comes_to({1: 'isolated', 2: 'isolated'})

        def learns() -> bool:
            with open('/sys/class/net/iso1/bridge/no_linklocal_learn') as stream:
                return stream.read().strip() == '0'

        def where_after_lldp() -> str:
            octets = bytes.fromhex(rulesets.mac(2).replace(':', ''))
            for guest, to in (('guest2', b'\xff' * 6), ('guest1', b'\x01\x80\xc2\0\0\x0e')):
                with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sending:
                    sending.bind((guest, 0))
                    sending.send(to + octets + b'\x88\xcc' + b'x' * 46)
            listed = subprocess.run(['bridge', 'fdb', 'show', 'br', 'iso1'], check=True,
                                    stdout=subprocess.PIPE).stdout.decode()
            return ' '.join(line.split()[2] for line in listed.splitlines()
                            if line.startswith(rulesets.mac(2)))

        self.assertTrue(within(SLACK, lambda: not learns()))
        self.assertEqual(where_after_lldp(), 'vnet2')
        ip('link', 'set', 'iso1', 'type', 'bridge', 'no_linklocal_learn', '0')
        self.assertEqual(where_after_lldp(), 'vnet1', 'it was a good frame')
        self.assertTrue(within(SLACK, lambda: not learns()), 'what somebody turned on again')

    def test_what_the_table_counts_is_reported(self) -> None:
        for number in ROLES:
            self.vm(number)
        found = rulesets.document()
        found['nftables'] += [
            rulesets.add('counter', name='audit_00000001'), rulesets.add('chain', name='audited'),
            rulesets.rule('audited', rulesets.match(
                {'payload': {'protocol': 'ether', 'field': 'type'}}, '0x88b5'),
                {'counter': 'audit_00000001'}, {'limit': {'rate': 1, 'per': 'second'}},
                {'log': {'group': 6910, 'prefix': 'audit_00000001', 'snaplen': 128}}),
            rulesets.rule('forward', rulesets.match(rulesets.meta('iifname'), '@vm_ports'),
                          rulesets.jump('audited'))]
        self.offer(found)
        self.comes_to(ROLES)

        def counted() -> int:
            with open('/' + REPORT) as stream:
                found = json.load(stream)['counters']
            if not found:
                return -1
            self.assertEqual([one['name'] for one in found], ['audit_00000001'])
            # Without the link's header.
            self.assertEqual(found[0]['bytes'], 46 * found[0]['packets'])
            return int(found[0]['packets'])

        self.assertTrue(within(SLACK, lambda: counted() == 0))
        self.assertTrue(self.passes(1, 2))
        self.assertTrue(within(SLACK, lambda: counted() > 0))
        # What is counted is no change of the table: nothing was loaded anew for it.
        self.assertNotIn('anew', self.logged())

    def test_either_floor_alone_keeps_isolated_ports_closed(self) -> None:
        """And drops nothing that roles allow. The one by bridge without its look at the bridge,
        which not every kernel has."""
        self.all_out()
        script = floor_bridge.script(['iso1'])
        self.assertIn('ibrname', script)
        nft('\n'.join(line for line in script.splitlines() if 'ibrname' not in line))
        self.assertEqual(self.reach(list(ROLES)), REACH)
        self.process.send_signal(signal.SIGSTOP)
        try:
            by_group = nft('list', 'table', 'bridge', 'isolated_ports_floor')
            nft('flush', 'ruleset')
            for number in ROLES:
                set_flag('vnet%d' % number, False)
            for name, table in (('group', by_group), ('bridge', '\n'.join(
                    line for line in script.splitlines() if 'ibrname' not in line))):
                nft(table)
                self.assertEqual(self.reach(list(ROLES)), sorted(
                    REACH + ['1-3', '2-3', '3-1', '3-2']), name)
                nft('flush', 'ruleset')
            self.assertEqual(len(self.reach(list(ROLES))), 20, 'they were good frames')
        finally:
            self.process.send_signal(signal.SIGCONT)

    def test_all_come_back_at_once_when_the_table_goes(self) -> None:
        self.all_out()
        took = []
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        self.addCleanup(os.sched_setscheduler, 0, os.SCHED_OTHER, os.sched_param(0))
        for command in (('delete', 'table') + TABLE, ('flush', 'ruleset'),
                        ('flush', 'chain') + TABLE + ('n_from_isolated',),
                        ('insert', 'rule') + TABLE + ('forward', 'accept'),
                        ('add', 'table') + TABLE + ('{ flags dormant; }',)):
            nft(*command)
            began = time.perf_counter()
            while not all(isolated('vnet%d' % number) for number in ROLES):
                self.assertLess(time.perf_counter() - began, 90, command)
                time.sleep(0.0001)
            took.append(1000 * (time.perf_counter() - began))
            self.comes_to(ROLES)
            self.assertEqual(self.reach([1, 4]), [])
        print('ports are isolated again after the table went: median %.1f ms, max %.1f ms'
              % (statistics.median(took), max(took)))
        self.assertLess(statistics.median(took), 200)
        # What others do in their tables closes nothing.
        log = self.logged()
        nft('add', 'table', 'bridge', 'filter')
        nft('delete', 'table', 'bridge', 'filter')
        time.sleep(0.3)
        self.assertEqual(self.logged(), log)

    def test_a_new_ruleset_replaces_the_old_one_without_a_gap(self) -> None:
        self.all_out()
        nics = [rulesets.nic(1, 'community:web'), rulesets.nic(2, 'isolated'),
                rulesets.nic(3, 'community:web'), rulesets.nic(5, 'promiscuous')]
        watching = subprocess.Popen(['/usr/sbin/nft', 'monitor'], stdout=subprocess.PIPE)
        try:
            self.offer(rulesets.document('1' * 16, nics))
            self.assertTrue(within(SLACK, lambda: self.in_force('1' * 16)), self.logged())
            self.comes_to({1: 'community', 2: 'isolated', 3: 'community', 4: 'isolated',
                           5: 'promiscuous'})
            # It does not name 4, which nobody hears any more.
            self.assertEqual(self.reach(list(ROLES)), ['1-3', '1-5', '2-5', '3-1', '3-5', '5-1',
                                                       '5-2', '5-3'])
        finally:
            watching.terminate()
            told = watching.communicate()[0].decode()
        transactions = [part for part in told.split('# new generation')
                        if 'delete table bridge isolated_ports\n' in part]
        self.assertTrue(transactions)
        for part in transactions:
            self.assertIn('add table bridge isolated_ports\n', part)

    def test_a_difference_is_applied_where_its_base_is(self) -> None:
        self.all_out()
        place = {'family': 'bridge', 'table': 'isolated_ports'}
        nics = [rulesets.nic(1, 'community:web'), rulesets.nic(2, 'community:web'),
                rulesets.nic(3, 'community:web'), rulesets.nic(4, 'isolated'),
                rulesets.nic(5, 'promiscuous')]
        three = rulesets.placeholder(3)
        commands = [
            {'delete': {'element': dict(place, name='role_from', elem=[
                [three, rulesets.jump('n_from_db')]])}},
            rulesets.add('element', name='role_from', elem=[[three, rulesets.jump('n_from_web')]]),
            rulesets.add('element', name='n_com_web', elem=[three])]
        wrong = rulesets.document('2' * 16, nics, base='9' * 16, nftables=commands)
        self.offer(wrong)
        self.assertTrue(within(SLACK, lambda: 'which this host does not have' in self.logged()))
        handle = nft('-a', 'list', 'tables')
        self.offer(rulesets.document('1' * 16, nics, base='3f2a9c0d1e4b5a69', nftables=commands))
        self.assertTrue(within(SLACK, lambda: self.in_force('1' * 16)), self.logged())
        self.assertEqual(nft('-a', 'list', 'tables'), handle, 'the table is the same')
        self.comes_to(ROLES)
        self.assertEqual(self.reach([1, 2, 3]), ['1-2', '1-3', '2-1', '2-3', '3-1', '3-2'])
        # It is kept whole, and serves after the table was taken away.
        self.assertEqual(self.kept(), '1' * 16)
        nft('flush', 'ruleset')
        self.assertTrue(within(SLACK, lambda: 'loaded anew.' in self.logged()))
        self.comes_to(ROLES)
        self.assertEqual(self.reach([1, 2, 3]), ['1-2', '1-3', '2-1', '2-3', '3-1', '3-2'])

    def test_the_last_good_one_is_loaded_at_the_start(self) -> None:
        self.all_out()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.assertEqual(self.reach([1, 2, 4]), ['1-2', '2-1'], 'it outlives the service')
        nft('flush', 'ruleset')
        os.unlink('/run/isolated-ports-fetch/ruleset.json')
        self.start()
        self.comes_to(ROLES)
        self.assertEqual(self.reach(list(ROLES)), REACH)

    def test_a_port_that_is_renamed_or_moved_is_closed(self) -> None:
        self.all_out()
        ip('link', 'set', 'vnet1', 'down')
        ip('link', 'set', 'vnet1', 'name', 'eth9')
        self.assertTrue(within(1, lambda: isolated('eth9')))
        ip('link', 'set', 'eth9', 'up')
        self.assertFalse(self.passes(1, 4))
        ip('link', 'set', 'vnet2', 'nomaster')
        ip('link', 'set', 'vnet2', 'master', 'iso1')
        self.comes_to({2: 'community'})
        ip('link', 'set', 'vnet3', 'master', 'plain1')
        time.sleep(0.3)
        self.assertNotEqual(self.state(3), 'community')

    def test_who_claims_what_is_anothers_is_let_out_by_nobody(self) -> None:
        self.vm(1)
        self.vm(2, alias='net0')
        self.vm(3, alias='ua-99999999-0000-4000-8000-000000000000')
        self.offer(rulesets.document())
        self.comes_to({1: 'community', 2: 'community', 3: 'isolated'})
        # By the same alias, in the same VM; by the MAC alone it would not do.
        with open('/run/libvirt/qemu/vnet1.xml') as stream:
            inner = stream.read()
        with open('/run/libvirt/qemu/vnet9.xml', 'w') as stream:
            stream.write(inner.replace('vnet1', 'vnet9'))
        self.tap('vnet9', 'iso1')
        self.comes_to({1: 'isolated', 2: 'community', 3: 'isolated', 9: 'isolated'})

    def test_a_bridge_leaves_the_list_after_its_last_port(self) -> None:
        self.vm(1)
        self.comes_to({1: 'isolated'})
        other = dict(rulesets.NETWORK, bridge='plain1')
        self.offer(rulesets.document(nics=[], nftables=[], networks=[other]))
        self.assertTrue(within(SLACK, self.in_force), self.logged())
        shown = self.run_program('networks', 'show')[1]
        self.assertIn('iso1', shown)
        self.assertIn('plain1', shown)
        self.assertTrue(isolated('vnet1'))
        os.unlink('/run/libvirt/qemu/vnet1.xml')
        ip('link', 'del', 'vnet1')
        self.assertTrue(within(SLACK, lambda: 'iso1' not in self.run_program(
            'networks', 'show')[1]), self.logged())

    def test_a_port_that_nobody_names_on_a_bridge_with_rules_is_closed(self) -> None:
        self.vm(1, 'acl1')
        self.vm(2, 'acl1')
        self.vm(3, 'acl1')
        nics = [rulesets.nic(1, 'open', 'acl1'), rulesets.nic(2, 'open', 'acl1')]
        self.offer(rulesets.document(nics=nics, closed_bridges=['acl1']))
        self.comes_to({1: 'open', 2: 'open', 3: 'closed'})
        self.assertEqual(self.reach([1, 2, 3]), ['1-2', '2-1'])
        # What has just come is closed before libvirt is asked.
        self.tap('vnet9', 'acl1')
        self.comes_to({9: 'closed'}, 1)
        nft('delete', 'table', *TABLE)
        self.comes_to({1: 'open', 2: 'open', 3: 'closed'})
        self.offer(rulesets.document('1' * 16, nics=[], nftables=[]))
        self.comes_to({1: 'open', 2: 'open', 3: 'open', 9: 'open'})


class Faults(RulesCase):

    def test_a_ruleset_that_nft_refuses_changes_nothing(self) -> None:
        for number in (1, 2):
            self.vm(number)
        self.offer(rulesets.document())
        self.comes_to({1: 'community', 2: 'community'})
        before = nft('list', 'table', *TABLE)
        bad = rulesets.document('1' * 16, networks=[])
        bad['nftables'].append(rulesets.rule('guard_mac', rulesets.jump('guard_mac')))
        for found, said in ((bad, '1' * 16), (b'{"version": 1', 'no JSON'),
                            (rulesets.document('2' * 16, version=2), 'version is 2'),
                            (b' ' * (65 << 20), 'larger than')):
            self.offer(found)
            self.assertTrue(within(SLACK, lambda: said in self.logged()), said)
        os.unlink('/run/isolated-ports-fetch/ruleset.json')
        os.symlink('/etc/passwd', '/run/isolated-ports-fetch/ruleset.json')
        time.sleep(1.2)
        self.assertEqual(nft('list', 'table', *TABLE), before)
        self.assertEqual((self.kept(), self.state(1)), ('3f2a9c0d1e4b5a69', 'community'))
        self.assertIn('iso1', self.run_program('networks', 'show')[1])

    def test_an_nft_that_is_killed_at_any_step(self) -> None:
        real = '/usr/sbin/nft.real'
        os.rename('/usr/sbin/nft', real)
        self.addCleanup(os.rename, real, '/usr/sbin/nft')
        for number in (1, 4):
            self.vm(number)
        for step, ran in (('-j -c -f -', False), ('-j -f -', False), ('-j -f -', True),
                          ('-j -n list', False)):
            with self.subTest('%s %s' % (step, ran)):
                after = '%s "$@"; ' % real if ran else ''
                with open('/usr/sbin/nft', 'w') as stream:
                    stream.write('#!/bin/sh\ncase "$*" in "%s"*) if [ ! -e /run/killed ]; then '
                                 'touch /run/killed; %skill -9 $$; fi;; esac\nexec %s "$@"\n'
                                 % (step, after, real))
                os.chmod('/usr/sbin/nft', 0o755)
                if os.path.exists('/run/killed'):
                    os.unlink('/run/killed')
                number += 1
                self.offer(rulesets.document('%016x' % number))
                self.assertTrue(within(SLACK, lambda: os.path.exists('/run/killed')), step)
                time.sleep(0.2)
                self.assertFalse(self.passes(1, 4) or self.passes(4, 1), step)
                self.offer(rulesets.document('%016x' % (number + 100)))
                self.comes_to({1: 'community', 4: 'isolated'})

    def test_a_kill_of_the_service_at_any_moment(self) -> None:
        for number in ROLES:
            self.vm(number)
        for pause in (0.15, 0.3):
            self.offer(rulesets.document('%016x' % int(pause * 1000)))
            time.sleep(pause)
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            # Whatever it left: no isolated port hears a community or another isolated one.
            self.assertEqual([pair for pair in self.reach([1, 2, 3, 4])
                              if pair not in ('1-2', '2-1')], [])
            self.start()
        self.comes_to(ROLES)
        self.assertEqual(self.reach(list(ROLES)), REACH)

    def test_a_full_disk(self) -> None:
        self.vm(1)
        self.offer(rulesets.document())
        self.comes_to({1: 'community'})
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs',
                        '/var/lib/isolated-ports'], check=True)
        try:
            with open('/var/lib/isolated-ports/networks.json', 'w') as stream:
                stream.write('{"version": 1, "networks": [{"bridge": "iso1"}]}')
            with open('/var/lib/isolated-ports/filler', 'wb') as filler:
                try:
                    filler.write(b'x' * (1 << 20))
                except OSError:
                    pass
            self.offer(rulesets.document('1' * 16, [rulesets.nic(1, 'isolated')]))
            self.comes_to({1: 'isolated'})
            self.assertTrue(within(SLACK, lambda: 'could not be kept' in self.logged()))
        finally:
            subprocess.run(['umount', '-l', '/var/lib/isolated-ports'], check=True)
        self.assertEqual(self.kept(), '3f2a9c0d1e4b5a69')

    def test_commands_show_and_keep_what_the_roles_are(self) -> None:
        for number in (1, 4):
            self.vm(number)
        self.offer(rulesets.document())
        self.comes_to({1: 'community', 4: 'isolated'})
        self.assertEqual(self.run_program('repair', '--release')[0], 0)
        self.assertEqual(self.state(1), 'community')
        code, text = self.run_program('status')
        self.assertEqual(code, 0, text)
        self.assertIn('community:web', text)
        self.assertIn('3f2a9c0d1e4b5a69', text)
        self.process.kill()
        self.process.wait()
        subprocess.run([PROGRAM, 'repair'])
        self.assertTrue(isolated('vnet1'), 'without a watch nobody follows the table')
        self.start()


class EndToEnd(RulesCase):
    """With a server, and the process that asks it as another user."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix='isolated-ports-test-')
        self.addCleanup(shutil.rmtree, self.folder)
        certificates(self.folder)
        self.there = Listening(self.folder, 'server')
        self.addCleanup(self.there.server_close)
        self.addCleanup(self.there.shutdown)
        nobody = pwd.getpwnam('nobody')
        for path in [self.folder] + [os.path.join(self.folder, name)
                                     for name in os.listdir(self.folder)]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        os.chown('/run/isolated-ports-fetch', nobody.pw_uid, nobody.pw_gid)
        os.makedirs('/etc/isolated-ports', exist_ok=True)
        with open('/etc/isolated-ports/host.conf', 'w') as stream:
            stream.write('server = https://localhost:%d\n' % self.there.server_address[1])
            for name, file in (('certificate', 'host.pem'), ('key', 'host.key'), ('ca', 'ca.pem')):
                stream.write('%s = %s/%s\n' % (name, self.folder, file))
        self.addCleanup(os.unlink, '/etc/isolated-ports/host.conf')
        self.asking = subprocess.Popen(['setpriv', '--reuid=nobody', '--regid=nogroup',
                                        '--clear-groups', PROGRAM, 'fetch'],
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.kill, self.asking)

    def publish(self, found: Any) -> None:
        self.there.answers.append((200, {'ETag': '"%s"' % found['revision']},
                                   rulesets.encode(found)))

    def reported(self, **wanted: Any) -> bool:
        return any(all(json.loads(body.decode()).get(key) == value
                       for key, value in wanted.items()) for _, body in self.there.posted)

    def test_from_the_server_into_the_kernel_and_back(self) -> None:
        for number in (1, 4):
            self.vm(number)
        self.publish(rulesets.document())
        self.comes_to({1: 'community', 4: 'isolated'})
        self.assertTrue(within(SLACK, lambda: any(
            [(row['device'], row['wanted'], row['observed']) for row in json.loads(
                body.decode())['ports']] == [('vnet1', 'community:web', 'community:web'),
                                             ('vnet4', 'isolated', 'isolated')]
            for _, body in self.there.posted)), self.there.posted)
        code, text = self.run_program('status', '--json')
        found = json.loads(text)['ruleset']
        self.assertEqual((code, found['loaded'], found['error']), (0, '3f2a9c0d1e4b5a69', ''))
        # What cannot be used is said, and nothing changes.
        self.publish(rulesets.document('1' * 16, version=2))
        self.assertTrue(within(SLACK, lambda: self.reported(
            fetched='1' * 16, loaded='3f2a9c0d1e4b5a69')), self.logged())
        code, text = self.run_program('status')
        self.assertEqual(code, 1)
        self.assertIn('its version is 2', text)
        # The server goes away: all stays, and status says so.
        self.there.shutdown()
        self.there.server_close()
        self.publish(rulesets.document('2' * 16))
        time.sleep(0.5)
        self.assertEqual(self.state(1), 'community')
        self.assertTrue(self.passes(4, 1) is False)


if __name__ == '__main__':
    unittest.main()
