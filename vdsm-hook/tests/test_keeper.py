# SPDX-License-Identifier: Apache-2.0
"""What is in force when nft fails, the server misleads or something breaks in between."""

import contextlib
import os
import unittest
from typing import Any, Dict, Iterable, Iterator, List
from unittest import mock

from tests import rulesets
from tests.rulesets import nic
from tests.test_roles import RolesCase

from isolated_ports import keeper, nft, own
from isolated_ports.floor import CLOSED, COMMUNITY


class KeeperCase(RolesCase):

    def setUp(self) -> None:
        super().setUp()
        self.keeper = self.watch.keeper
        patch = mock.patch.object(keeper, 'log', self.logged.append)
        patch.start()
        self.addCleanup(patch.stop)

    @contextlib.contextmanager
    def kernel_takes(self, loaded: Any = None, checked: Any = None) -> Iterator[None]:
        """nft as it is where all goes well. loaded, checked: called in their place."""
        def take(commands: Iterable[str]) -> None:
            self.assertTrue(list(commands))

        with mock.patch.object(self.keeper.nft, 'check', checked or take), \
                mock.patch.object(self.keeper.nft, 'load', loaded or take), \
                mock.patch.object(self.keeper, '_read_back', lambda *_: 'digest'):
            yield

    def kept(self, found: Dict[str, Any]) -> None:
        self.host.write(keeper.KEPT, rulesets.encode(found))


class Start(KeeperCase):

    def setUp(self) -> None:
        super().setUp()
        self.kept(rulesets.document(nics=[nic(1, 'open', 'plain1')], closed_bridges=['plain1'],
                                    networks=[]))
        # Its port is there, and no vNIC that the ruleset names has it.
        self.vm(2, bridge=2, isolated=False)

    def broken(self, commands: Iterable[str]) -> None:
        list(commands)
        raise nft.Failed('nft failed: No buffer space available')

    def test_bridges_are_closed_where_nft_fails_and_it_is_tried_again(self) -> None:
        with self.kernel_takes(self.broken, self.broken):
            self.keeper._start()
            self.learn()
            self.assertEqual(self.kernel.groups[12], CLOSED)
            self.assertEqual((list(self.keeper.closed_bridges), self.keeper.held),
                             (['plain1'], False))
            found = self.watch.report.document()
            self.assertEqual((found['host'], found['loaded']), (rulesets.HOST, None))
            self.assertIn('No buffer space', found['error'])
        self.keeper.failures.until = 0.0
        with self.kernel_takes():
            self.keeper.step()
        self.assertEqual((self.keeper.held, self.keeper.error), (True, ''))
        self.learn()
        self.assertEqual(self.kernel.groups[12], CLOSED)

    def test_the_bridge_of_the_default_route_stays_open_and_it_is_said_once(self) -> None:
        self.host.write('proc/net/route', b'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\t'
                        b'Metric\tMask\n'
                        b'plain1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n'
                        b'iso1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n')
        routes = '%s 00 %s 00 fd 0 0 0 0 over6\nfd%s 40 x iso1\n' % ('0' * 32, '0' * 32, '0' * 30)
        self.host.write('proc/net/ipv6_route', routes.encode())
        self.assertEqual(own.bridges(self.host), {'plain1', 'over6'})
        with self.kernel_takes():
            self.keeper._start()
            self.keeper._list(self.keeper.now)  # type: ignore
        self.learn()
        self.assertEqual(list(self.keeper.closed_bridges), [])
        self.assertEqual(self.kernel.groups.get(12, 0), 0)
        self.assertEqual(len([line for line in self.logged if 'ALARM' in line]), 1)

    def test_bridges_are_closed_before_the_table_is_loaded(self) -> None:
        seen = []  # type: List[Any]

        def load(commands: Iterable[str]) -> None:
            list(commands)
            self.learn()
            seen.append((self.kernel.groups.get(12, 0), self.keeper.looked))
        with self.kernel_takes(load):
            self.keeper._start()
        self.assertEqual(seen, [(CLOSED, False)])

    def test_what_was_closed_stays_so_until_the_kept_ruleset_was_read(self) -> None:
        self.kernel.groups[12] = CLOSED
        self.learn()
        self.assertEqual(self.kernel.groups[12], CLOSED)
        os.unlink(self.host.path(keeper.KEPT))
        self.keeper._start()
        self.learn()
        self.assertEqual(self.kernel.groups[12], 0, 'there is none to read')

    def test_a_kept_ruleset_that_could_not_be_read_is_read_again(self) -> None:
        with mock.patch.object(nft, 'check', return_value={'why': 'of no memory'}):
            self.keeper._start()
        self.assertIn('of no memory', self.keeper.error)
        with self.kernel_takes():
            self.keeper.step()
            self.assertIsNone(self.keeper.now, 'not at once')
            self.keeper.failures.until = 0.0
            self.keeper.step()
        self.assertEqual((list(self.keeper.closed_bridges), self.keeper.held), (['plain1'], True))


class Offers(KeeperCase):

    def setUp(self) -> None:
        super().setUp()
        self.vm(1)
        self.learn()
        self.in_force(rulesets.document(), 1)
        self.keeper.unread = False
        self.learn()
        self.assertEqual(self.state(1), (False, COMMUNITY))
        os.makedirs(os.path.dirname(self.keeper.offer.path))

    def offered(self, content: bytes) -> None:
        with open(self.keeper.offer.path + '.new', 'wb') as stream:
            stream.write(content)
        os.rename(self.keeper.offer.path + '.new', self.keeper.offer.path)

    def staged(self) -> List[str]:
        path = self.host.path('run/isolated-ports/rules')
        return os.listdir(path) if os.path.exists(path) else []

    def test_refused_ones_without_end_keep_nothing_from_being_mended(self) -> None:
        self.keeper.lost(True)
        with mock.patch.object(self.keeper, '_reload') as reload:
            for number in range(10):
                self.offered(b'{"number": %d}' % number)
                self.keeper.step()
        self.assertEqual(reload.call_count, 10)
        self.assertLess(self.keeper.number, 10)
        self.assertIn('refused', self.keeper.error)

    def test_they_are_looked_at_each_ten_seconds_and_a_good_one_ends_that(self) -> None:
        pauses = []
        for number in range(6):
            self.offered(b'{"number": %d}' % number)
            self.keeper.refusals.until = 0.0
            self.keeper.step()
            pauses.append(self.keeper.refusals.pause)
        self.assertEqual(pauses, [1, 2, 4, 8, 10, 10])
        self.keeper.refusals.until = 0.0
        with self.kernel_takes():
            for revision in ('1' * 16, '2' * 16):
                self.offered(rulesets.encode(rulesets.document(revision)))
                self.keeper.step()
                assert self.keeper.now is not None
                self.assertEqual(self.keeper.now.revision, revision)

    def test_a_port_that_goes_while_nft_checks_is_no_fault(self) -> None:
        def check(commands: Iterable[str]) -> None:
            list(commands)
            self.keeper.present({})
        self.offered(rulesets.encode(rulesets.document('1' * 16)))
        with self.kernel_takes(None, check):
            self.keeper.step()
        self.assertEqual((self.keeper.changing, self.keeper.held), (False, True))
        self.keeper.next_whole = float('inf')
        with self.kernel_takes():
            self.keeper.step()
        self.closed(1)

    def test_what_breaks_in_between_closes_the_ports_and_leaves_nothing(self) -> None:
        for place, error in (('_close', ValueError('x')), ('_load', OSError(5, 'x')),
                             ('_load', nft.Failed('x'))):
            with self.subTest(place):
                self.in_force(rulesets.document(), 1)
                self.learn()
                self.assertEqual(self.state(1), (False, COMMUNITY))
                self.offered(rulesets.encode(rulesets.document('1' * 16)))
                self.keeper.refusals.none()
                # What is done afterwards is not looked at here.
                with self.kernel_takes(), \
                        mock.patch.object(self.keeper, place, side_effect=error), \
                        mock.patch.object(self.keeper, '_reload'), \
                        contextlib.suppress(ValueError, OSError):
                    self.keeper.step()
                self.assertEqual((self.keeper.changing, self.keeper.held), (False, False))
                self.assertTrue(self.keeper.alarm.is_set())
                self.closed(1)
                self.assertEqual(self.staged(), [])

    def test_one_of_another_host_is_taken_only_where_no_vm_is(self) -> None:
        assert self.keeper.now is not None
        other = '5f1c0d9e-8a52-4f0b-9d0e-2f6f1f0f0aff'
        for here, taken in ((True, False), (False, True)):
            self.offered(rulesets.encode(rulesets.document(('%d' % taken) * 16, host=other)))
            if not here:
                self.keeper.present({})
            self.keeper.refusals.none()
            with self.kernel_takes():
                self.keeper.step()
            self.assertEqual(self.keeper.now.host, other if taken else rulesets.HOST)
            self.assertIn('this host was' if taken else 'it is for host ' + other,
                          '\n'.join(self.logged))

    def test_the_first_one_is_loaded_anew_from_its_files(self) -> None:
        self.keeper.now, self.keeper.held = None, False
        self.offered(rulesets.encode(rulesets.document('1' * 16)))
        with self.kernel_takes(), mock.patch.object(self.keeper, '_read_back',
                                                    side_effect=nft.Failed('late')):
            self.keeper.step()
        self.keeper.failures.none()
        with self.kernel_takes():
            self.keeper.step()
        self.assertTrue(self.keeper.held)


if __name__ == '__main__':
    unittest.main()
