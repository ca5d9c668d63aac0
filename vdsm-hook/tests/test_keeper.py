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

from isolated_ports import keeper, nft
from isolated_ports.floor import CLOSED


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


if __name__ == '__main__':
    unittest.main()
