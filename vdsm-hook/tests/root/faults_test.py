# SPDX-License-Identifier: Apache-2.0
"""isolated-ports-host beside a libvirtd and an nft that hang, and things done to it by hand.

As watch_test, run by run.sh alone.
"""

import json
import os
import signal
import socket
import subprocess
import time
import unittest
from typing import Dict, List, Tuple

from tests.root import watch_test
from tests.root.watch_test import PROGRAM, ip, isolated, set_flag, within
from tests.support import ISO, SOURCE, interface

from isolated_ports import live
from isolated_ports.floor import GROUP
from isolated_ports.host import NETWORKS

_SOCKETS = ('libvirt-sock-ro', 'libvirt-sock', 'virtqemud-sock-ro', 'virtqemud-sock')
_NFT = '/usr/sbin/nft'
# Seconds that a busy machine may add to a bound of the product.
_SLACK = 20


def nft(*arguments: str) -> str:
    return subprocess.run([_NFT + '.real' if os.path.exists(_NFT + '.real') else _NFT]
                          + list(arguments), check=True, stdout=subprocess.PIPE).stdout.decode()


class HungLibvirtd(watch_test.KernelCase):
    """Connections are taken and never answered, as by a libvirtd under SIGSTOP."""

    def setUp(self) -> None:
        super().setUp()
        for name in _SOCKETS:
            path = '/run/libvirt/' + name
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listening.bind(path)
            listening.listen(64)
            self.addCleanup(os.unlink, path)
            self.addCleanup(listening.close)

    def bounded(self, *arguments: str, **options: object) -> 'tuple[int, str]':
        return self.run_program(*arguments, timeout=2 * live.SECONDS + _SLACK, **options)

    def test_no_command_waits_for_it_and_all_go_by_its_status_files(self) -> None:
        self.tap('vnet5', 'plain1')
        self.running('vnet5', 'plain1', 'true')
        code, text = self.bounded('status', '--json')
        self.assertEqual(code, 1, text)
        document = json.loads(text)
        self.assertEqual([(port['port'], port['wanted']) for port in document['ports']],
                         [('vnet5', 'isolated')])
        self.assertIn('libvirtd has not answered', document['libvirtd'])
        self.assertEqual(self.bounded('repair')[0], 0)
        self.assertTrue(isolated('vnet5'))
        content = json.dumps({'version': 1, 'networks': ISO}).encode()
        self.tap('vnet0', 'iso1')
        self.assertEqual(self.bounded('networks', 'set', '--json', '-', input=content)[0], 0)
        self.assertTrue(isolated('vnet0'))

    def test_a_starting_watch_works_without_it(self) -> None:
        self.tap('vnet5', 'plain1')
        self.running('vnet5', 'plain1', 'true')
        with open('/run/watch.log', 'w') as log:
            process = subprocess.Popen([PROGRAM, 'watch'], stderr=log)
        try:
            self.assertTrue(within(live.SECONDS + _SLACK, lambda: isolated('vnet5')))
            set_flag('vnet5', False)
            self.assertTrue(within(_SLACK, lambda: isolated('vnet5')))
            with open('/run/watch.log') as stream:
                self.assertIn('libvirtd has not answered', stream.read())
        finally:
            # It still waits for libvirtd, and ends all the same.
            process.terminate()
            self.assertEqual(process.wait(_SLACK), 0)


class HungNft(watch_test.WatchCase):

    def start(self) -> None:
        os.rename(_NFT, _NFT + '.real')
        self.addCleanup(os.rename, _NFT + '.real', _NFT)
        with open(_NFT, 'w') as stream:
            stream.write('#!/bin/sh\nexec sleep 60\n')
        os.chmod(_NFT, 0o755)
        self.tap('vnet0', 'iso1')
        self.began = time.monotonic()
        super().start()

    def test_it_does_not_delay_the_first_look_at_the_ports(self) -> None:
        self.assertTrue(isolated('vnet0'))
        self.assertLess(time.monotonic() - self.began, 15)
        self.tap('vnet1', 'iso1')
        self.assertTrue(within(5, lambda: isolated('vnet1')))


class ByHand(watch_test.WatchCase):

    def group(self, name: str) -> int:
        with open('/sys/class/net/%s/netdev_group' % name) as stream:
            return int(stream.read())

    def table(self) -> str:
        return subprocess.run([_NFT, '-n', 'list', 'ruleset'],
                              stdout=subprocess.PIPE).stdout.decode()

    def test_a_dormant_table_is_woken(self) -> None:
        self.assertTrue(within(_SLACK, lambda: 'isolated_ports_floor' in self.table()))
        nft('add table bridge isolated_ports_floor { flags dormant; }')
        self.assertIn('dormant', self.table())
        self.assertTrue(within(10 + _SLACK, lambda: 'dormant' not in self.table()))
        self.assertIn('%d drop' % GROUP, self.table())

    def test_a_rule_that_lets_everything_through_is_taken_out(self) -> None:
        self.assertTrue(within(_SLACK, lambda: 'isolated_ports_floor' in self.table()))
        nft('insert rule bridge isolated_ports_floor forward accept')
        self.assertTrue(within(10 + _SLACK, lambda: '\taccept\n' not in self.table()))
        self.assertIn('%d drop' % GROUP, self.table())

    def test_a_port_that_is_put_out_of_the_group_comes_back(self) -> None:
        self.running('vnet5', 'plain1', 'true')
        for name, bridge in (('vnet0', 'iso1'), ('vnet5', 'plain1')):
            self.tap(name, bridge)
            self.assertTrue(within(_SLACK, lambda: self.group(name) == GROUP))
            for other in ('0', '7'):
                ip('link', 'set', name, 'group', other)
                self.assertTrue(within(10 + _SLACK, lambda: self.group(name) == GROUP), name)

    def test_a_renamed_port_is_still_a_vms_port(self) -> None:
        self.running('vnet0', 'iso1')
        self.tap('vnet0', 'iso1')
        self.assertTrue(within(_SLACK, lambda: self.group('vnet0') == GROUP))
        ip('link', 'set', 'vnet0', 'down')
        ip('link', 'set', 'vnet0', 'name', 'eth9')
        self.links.append('eth9')
        ip('link', 'set', 'eth9', 'up')
        set_flag('eth9', False)
        self.assertTrue(within(10 + _SLACK, lambda: isolated('eth9')))
        ip('link', 'set', 'eth9', 'group', '0')
        self.assertTrue(within(10 + _SLACK, lambda: self.group('eth9') == GROUP))
        ip('link', 'set', 'eth9', 'nomaster')
        ip('link', 'set', 'eth9', 'master', 'iso1')
        self.assertTrue(within(10 + _SLACK, lambda: isolated('eth9')))

    def test_a_renamed_port_is_one_for_status_repair_and_a_new_watch_too(self) -> None:
        self.running('vnet0', 'iso1')
        self.tap('vnet0', 'iso1')
        ip('link', 'set', 'vnet0', 'address', 'fe:6f:11:22:00:07')
        self.assertTrue(within(_SLACK, lambda: isolated('vnet0')))
        self.process.kill()
        self.process.wait()
        ip('link', 'set', 'vnet0', 'down')
        ip('link', 'set', 'vnet0', 'name', 'eth9')
        self.links.append('eth9')
        ip('link', 'set', 'eth9', 'up')
        set_flag('eth9', False)
        code, text = self.run_program('status')
        self.assertEqual(code, 1)
        self.assertIn('libvirt knows it as vnet0', text)
        self.assertEqual(self.run_program('repair')[0], 0)
        self.assertTrue(isolated('eth9'))
        set_flag('eth9', False)
        self.start()
        self.assertTrue(within(_SLACK, lambda: isolated('eth9')))

    def test_a_second_watch_refuses_to_start_and_changes_nothing(self) -> None:
        self.tap('vnet0', 'iso1')
        self.assertTrue(within(_SLACK, lambda: isolated('vnet0')))
        code, text = self.run_program('watch')
        self.assertEqual(code, 2)
        self.assertIn('runs already as process %d' % self.process.pid, text)
        with open('/run/isolated-ports/watch') as stream:
            self.assertEqual(stream.read().split()[0], str(self.process.pid))
        self.assertEqual(json.loads(self.run_program('status', '--json')[1])['watch'],
                         self.process.pid)

    def test_a_stopped_watch_does_not_count_as_one(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(json.loads(self.run_program('status', '--json')[1])['watch'], 0)
            code, text = self.run_program('status')
            self.assertEqual(code, 1)
            self.assertIn('DOES NOT ANSWER', text)
        finally:
            self.process.send_signal(signal.SIGCONT)


class LostList(watch_test.KernelCase):
    """On a host that has had the list, with a watch that starts after it was damaged."""

    HOOK = '/usr/libexec/vdsm/hooks/before_nic_hotplug/60_isolated_ports'

    def setUp(self) -> None:
        super().setUp()
        self.put(ISO)

    def put(self, entries: List[Dict[str, str]]) -> None:
        content = json.dumps({'version': 1, 'networks': entries}).encode()
        self.assertEqual(self.run_program('networks', 'set', '--json', '-', input=content)[0], 0)

    def hotplug(self, bridge: str) -> Tuple[int, str]:
        """As VDSM runs its hooks, as a user that is not root."""
        os.makedirs('/run/vdsm', exist_ok=True)
        with open('/run/vdsm/nic.xml', 'wb') as stream:
            stream.write(interface(bridge))
        for path in ('/run/vdsm', '/run/vdsm/nic.xml'):
            os.chown(path, 65534, 65534)
        done = subprocess.run(['setpriv', '--reuid', '65534', '--clear-groups', self.HOOK],
                              env={'_hook_domxml': '/run/vdsm/nic.xml'}, stderr=subprocess.PIPE)
        return done.returncode, done.stderr.decode()

    def test_a_watch_that_starts_without_it_keeps_closed_what_was_and_starts_are_refused(
            self) -> None:
        path = '/' + NETWORKS
        for damage, why in (('truncate -s 30', 'no JSON'), ('truncate -s 0', 'it is empty'),
                            ('rm', 'not there any more'), ('chmod 600', 'user vdsm'),
                            ('rm $0; mkfifo', 'a pipe')):
            with self.subTest(why):
                self.put(ISO)
                self.tap('vnet0', 'iso1')
                self.tap('vnet1', 'plain1')
                subprocess.run(['sh', '-c', damage + ' $0', path], check=True)
                with open('/run/watch.log', 'w') as log:
                    process = subprocess.Popen([PROGRAM, 'watch'], stderr=log)
                try:
                    self.assertTrue(within(_SLACK, lambda: isolated('vnet0')))
                    self.assertFalse(isolated('vnet1'))
                    code, text = self.run_program('status')
                    self.assertEqual(code, 1)
                    self.assertIn(why, text)
                    code, said = self.hotplug('iso1')
                    self.assertEqual(code, 2, said)
                    self.assertIn('networks set', said)
                    self.assertEqual(self.hotplug('plain1'), (0, ''))
                    self.put(ISO)
                    self.assertEqual(self.run_program('status')[0], 0)
                    self.assertEqual(self.hotplug('iso1'), (0, ''))
                finally:
                    process.terminate()
                    process.wait(_SLACK)
                    for name in ('vnet0', 'vnet1'):
                        ip('link', 'del', name)


class Abilities(watch_test.WatchCase):

    def test_what_is_reported_is_what_this_kernel_takes(self) -> None:
        """Each of them in a table of its own that is really loaded, and taken away again."""
        rules = {'nft': ('forward', 'iifgroup 1 drop'),
                 'ct': ('prerouting', 'ct state established accept'),
                 'ibrname': ('forward', 'meta ibrname "iso1" accept'),
                 'reject': ('prerouting', 'ether type ip reject')}
        expected = {}
        for name, (hook, rule) in rules.items():
            code = subprocess.run([_NFT, 'table bridge real { chain c { type filter hook %s '
                                   'priority 0; %s; }; }' % (hook, rule)],
                                  stderr=subprocess.DEVNULL).returncode
            expected[name] = 'no' if code else 'yes'
            if not code:
                nft('delete table bridge real')
        self.assertEqual(expected['nft'], 'yes')

        def found() -> object:
            return json.loads(self.run_program('status', '--json')[1])['abilities']
        self.assertTrue(within(_SLACK, lambda: found() == expected), (found(), expected))
        self.assertNotIn('isolated_ports_probe', nft('list ruleset'))
        # The lab looks for it where the kernel has all of them.
        print('\nabilities: ' + ' '.join('%s=%s' % ability for ability in expected.items()))


class Systemd(watch_test.KernelCase):

    def test_it_hears_that_the_watch_is_ready_and_goes_on_until_that_hangs(self) -> None:
        address = '/run/notify'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(address)
            self.addCleanup(os.unlink, address)
            listening.settimeout(_SLACK)
            with open('/run/watch.log', 'w') as log:
                process = subprocess.Popen([PROGRAM, 'watch'], stderr=log, env=dict(
                    os.environ, NOTIFY_SOCKET=address, WATCHDOG_USEC='3000000'))
            try:
                heard = {listening.recv(100) for _ in range(4)}
                self.assertEqual(heard, {b'READY=1', b'WATCHDOG=1'})
                process.send_signal(signal.SIGSTOP)
                listening.settimeout(3)
                with self.assertRaises(socket.timeout):
                    for _ in range(100):  # what it sent before
                        listening.recv(100)
                process.send_signal(signal.SIGCONT)
                listening.settimeout(_SLACK)
                self.assertEqual(listening.recv(100), b'WATCHDOG=1')
            finally:
                process.terminate()
                process.wait(_SLACK)

    def test_the_unit_kills_a_watch_that_hangs_and_starts_another(self) -> None:
        with open(os.path.join(SOURCE, 'systemd/isolated-ports-host.service')) as stream:
            lines = stream.read().splitlines()
        for line in ('Type=notify', 'WatchdogSec=10', 'WatchdogSignal=SIGKILL', 'Restart=always',
                     'StartLimitIntervalSec=0'):
            self.assertIn(line, lines)


class Pipe(watch_test.WatchCase):

    def test_a_reader_that_has_gone_changes_no_exit_code(self) -> None:
        for number in range(60):
            self.tap('vnet%d' % number, 'iso1')
        last = 'vnet59'
        self.assertTrue(within(_SLACK, lambda: isolated(last)))
        self.unread(0)
        self.kill(self.process)
        for number in range(60):
            set_flag('vnet%d' % number, False)
        self.unread(1)
        for number in range(60):
            self.assertTrue(isolated('vnet%d' % number))
        self.start()

    def unread(self, status: int) -> None:
        """Whose reader ends before anything can be written."""
        for arguments, expected in (('status', status), ('status --json', status), ('repair', 0),
                                    ('networks show', 0), ('--help', 0)):
            code = subprocess.run(['bash', '-c',
                                   '(sleep 0.3; exec %s %s) | true; exit ${PIPESTATUS[0]}'
                                   % (PROGRAM, arguments)], stderr=subprocess.PIPE)
            self.assertEqual(code.returncode, expected,
                             '%s: %s' % (arguments, code.stderr.decode()))
            self.assertEqual(code.stderr, b'', arguments)


if __name__ == '__main__':
    unittest.main()
