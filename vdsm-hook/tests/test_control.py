# SPDX-License-Identifier: Apache-2.0
"""That there is one watch and that it answers; and that nobody waits for what never answers."""

import os
import socket
import subprocess
import sys
import threading
import time
import types
import unittest
from typing import Any, List, Optional
from unittest import mock

from tests.support import SOURCE, HookCase

from isolated_ports import control, live, notify
from isolated_ports.patience import Late, Patience


class OneWatch(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.waits(0)

    def waits(self, seconds: float) -> None:
        """So long for one that is ending."""
        patch = mock.patch.object(control, '_ENDING', seconds)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_second_one_is_refused_and_changes_nothing(self) -> None:
        lock = control.Lock(self.host)
        with self.assertRaisesRegex(control.Taken, 'process %d' % os.getpid()):
            control.Lock(self.host)
        with open(self.host.path(control.LOCK)) as stream:
            self.assertEqual(stream.read().split(), [str(os.getpid())])
        lock.close()
        self.assertFalse(os.path.exists(self.host.path(control.LOCK)))
        control.Lock(self.host).close()

    def test_one_that_was_killed_leaves_no_lock(self) -> None:
        code = ('import os, sys; sys.path.insert(0, %r)\n'
                'from isolated_ports import control, host\n'
                'control.Lock(host.Host(%r)); os.kill(os.getpid(), 9)' % (SOURCE, self.host.root))
        self.assertEqual(subprocess.run([sys.executable, '-c', code]).returncode, -9)
        control.Lock(self.host).close()

    def test_one_that_is_just_ending_is_waited_for(self) -> None:
        """As its child, which has not become nft yet, when the watch itself is killed."""
        code = ('import os, sys, time; sys.path.insert(0, %r)\n'
                'from isolated_ports import control, host\n'
                'lock = control.Lock(host.Host(%r))\n'
                'if os.fork(): os.kill(os.getpid(), 9)\n'
                'time.sleep(0.5); os._exit(0)' % (SOURCE, self.host.root))
        self.assertEqual(subprocess.run([sys.executable, '-c', code]).returncode, -9)
        with self.assertRaises(control.Taken):
            control.Lock(self.host)
        self.waits(60)
        control.Lock(self.host).close()

    def test_a_lock_on_a_file_that_was_just_removed_counts_for_nothing(self) -> None:
        first = control.Lock(self.host)
        real = os.open
        opened = []  # type: List[int]

        def slow(*arguments: Any) -> int:
            opened.append(real(*arguments))
            if len(opened) == 1:
                first.close()  # ends between our open and our flock
            return opened[-1]

        with mock.patch.object(os, 'open', slow):
            second = control.Lock(self.host)
        self.assertEqual(len(opened), 2)
        with self.assertRaises(control.Taken):
            control.Lock(self.host)
        second.close()


class Answers(HookCase):

    def serve(self, **verbs: Any) -> control.Server:
        server = control.Server(self.host, verbs)
        server.start()
        self.addCleanup(server.close)
        return server

    def test_a_watch_that_goes_round_answers_with_its_process(self) -> None:
        self.assertEqual(control.watcher(self.host), 0)
        self.serve()
        self.assertEqual(control.watcher(self.host), os.getpid())

    def test_a_watch_whose_main_thread_hangs_does_not_count(self) -> None:
        server = self.serve()
        server.beaten -= 60
        self.assertEqual(control.watcher(self.host), 0)
        self.assertIn('has not looked at the kernel for 60 s',
                      control.ask(self.host, 'ping') or '')
        server.beat()
        self.assertEqual(control.watcher(self.host), os.getpid())

    def test_a_stopped_process_does_not_count_and_the_question_has_an_end(self) -> None:
        path = self.host.path(control.SOCKET)
        os.makedirs(os.path.dirname(path))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
            silent.bind(path)
            silent.listen(8)
            began = time.monotonic()
            self.assertIsNone(control.ask(self.host, 'ping', 0.3))
            self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(control.watcher(self.host), 0)  # and nobody listens any more

    def test_clients_that_say_nothing_or_too_much_hold_up_nobody_for_long(self) -> None:
        self.serve()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute, \
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as loud:
            for client in (mute, loud):
                client.connect(self.host.path(control.SOCKET))
            try:
                loud.sendall(b'x' * 100000)
            except OSError:
                pass
            self.assertTrue((control.ask(self.host, 'ping', 30) or '').startswith('ok '))

    def test_requests_are_answered_and_refusals_are_sentences(self) -> None:
        def refuse(what: str) -> str:
            raise ValueError('port %s is none of ours\nat all' % what)
        self.serve(close=lambda what: 'closed ' + what, refuse=refuse)
        self.assertEqual(control.ask(self.host, 'close vnet0'), 'ok closed vnet0')
        self.assertEqual(control.ask(self.host, 'refuse vnet0'),
                         'no port vnet0 is none of ours at all')
        self.assertIn('knows no request open', control.ask(self.host, 'open vnet0') or '')

    def test_other_users_are_not_answered(self) -> None:
        server = self.serve()
        server.allowed = {4294967294}
        self.assertIsNone(control.ask(self.host, 'ping', 10))


class Waiting(unittest.TestCase):

    def test_a_call_that_never_returns_is_waited_for_once(self) -> None:
        release = threading.Event()
        self.addCleanup(release.set)
        daemon = Patience('the daemon')
        with self.assertRaisesRegex(Late, 'the daemon has not answered for'):
            daemon.call(release.wait, 0.2)
        time.sleep(0.3)
        began = time.monotonic()
        with self.assertRaises(Late):
            daemon.call(lambda: 1, 0.2)
        self.assertLess(time.monotonic() - began, 0.2)
        release.set()
        self.assertEqual(daemon.call(lambda: 1, 30), 1)

    def test_calls_of_several_threads_come_one_after_the_other(self) -> None:
        daemon = Patience('the daemon')
        running = []  # type: List[int]

        def one() -> int:
            running.append(1)
            time.sleep(0.01)
            at_once = len(running)
            running.pop()
            return at_once

        answers = []  # type: List[int]
        threads = [threading.Thread(target=lambda: answers.append(daemon.call(one, 30)))
                   for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [1] * 5)

    def test_what_a_call_raises_is_raised(self) -> None:
        with self.assertRaises(KeyError):
            Patience('x').call(lambda: os.environ['no such variable'], 30)


class HungLibvirt(HookCase):
    """libvirt's binding, played by a module whose calls hang as those of a stopped libvirtd do."""

    def libvirt(self, binding: Any) -> live.Libvirt:
        binding.libvirtError = type('libvirtError', (Exception,), {})
        binding.registerErrorHandler = lambda *_: None
        self.host.write(live.STATUS_FILES + '/vm1.xml', b'<domstatus/>')
        with mock.patch('importlib.import_module', return_value=binding):
            return live.Libvirt(self.host)

    def test_the_status_files_answer_in_its_place(self) -> None:
        release = threading.Event()
        self.addCleanup(release.set)
        binding = types.SimpleNamespace(openReadOnly=lambda _: release.wait())
        libvirt = self.libvirt(binding)
        with mock.patch.object(live, 'SECONDS', 0.2):
            for _ in range(3):
                self.assertEqual(libvirt.domains(), [b'<domstatus/>'])
                self.assertIn('libvirtd has not answered', libvirt.silent)

    def test_it_follows_libvirt_once_it_has_subscribed_and_not_while_it_connects_anew(self) -> None:
        connection = mock.MagicMock()
        connection.listAllDomains.return_value = []
        binding = mock.MagicMock(openReadOnly=lambda _: connection)
        libvirt = self.libvirt(binding)
        libvirt.changed = lambda: None
        self.assertFalse(libvirt.following.is_set())
        libvirt.domains()
        self.assertTrue(libvirt.following.is_set())
        connection.isAlive.return_value = False
        connection.setKeepAlive.side_effect = binding.libvirtError('no socket')
        libvirt.domains()
        self.assertFalse(libvirt.following.is_set())

    def test_one_that_is_down_is_no_different(self) -> None:
        def refuse(_: str) -> None:
            raise binding.libvirtError('no socket')
        binding = types.SimpleNamespace(openReadOnly=refuse)
        libvirt = self.libvirt(binding)
        self.assertEqual(libvirt.domains(), [b'<domstatus/>'])
        self.assertIn('no socket', libvirt.silent)


class Systemd(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.journal.close)
        path = os.path.join(self.folder, 'notify')
        self.journal.bind(path)
        self.journal.setblocking(False)
        variables = {'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '3000000',
                     'WATCHDOG_PID': str(os.getpid())}
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)

    def heard(self) -> List[str]:
        found = []
        while True:
            try:
                found.append(self.journal.recv(100).decode())
            except BlockingIOError:
                return found

    def beaten(self, pulse: notify.Pulse, after: float, asked: Optional[float] = None) -> List[str]:
        now = time.monotonic() + after
        pulse.asked = now if asked is None else asked
        with mock.patch.object(time, 'monotonic', lambda: now):
            pulse.beat()
        return self.heard()

    def test_ready_is_told_once_with_the_second_barrier_or_after_a_while_without(self) -> None:
        with mock.patch.dict(os.environ, {'WATCHDOG_USEC': ''}):
            pulse = notify.Pulse()
            self.assertEqual(self.beaten(pulse, 1), [])
            pulse.floored = True
            self.assertEqual(self.beaten(pulse, 2), ['READY=1'])
            self.assertEqual(self.beaten(pulse, 30), [])
            self.assertEqual(self.beaten(notify.Pulse(), 30), ['READY=1'])

    def test_the_watchdog_is_fed_three_times_in_its_time(self) -> None:
        pulse = notify.Pulse()
        pulse.ready = True
        self.assertEqual([self.beaten(pulse, at) for at in (0.5, 1.1, 1.5, 2.2)],
                         [[], ['WATCHDOG=1'], [], ['WATCHDOG=1']])

    def test_a_thread_that_hangs_feeds_no_watchdog(self) -> None:
        pulse = notify.Pulse()
        pulse.ready = True
        self.assertEqual(self.beaten(pulse, 100, asked=time.monotonic()), [])

    def test_the_watchdog_of_another_process_is_not_ours(self) -> None:
        with mock.patch.dict(os.environ, {'WATCHDOG_PID': '1'}):
            self.assertEqual(notify.watchdog_seconds(), 0)
        self.assertEqual(notify.watchdog_seconds(), 3)


if __name__ == '__main__':
    unittest.main()
