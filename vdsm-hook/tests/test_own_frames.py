# SPDX-License-Identifier: Apache-2.0
"""What is for the host itself is tracked where the host's own stack looks for it."""

from typing import List, Optional
from unittest import mock

from tests import rulesets
from tests.rulesets import match, meta, rule
from tests.test_service import ServiceCase

from isolated_ports import ruleset
from isolated_ports.barriers import Barriers
from isolated_ports.own_frames import TABLE, OwnFrames, script

_ZONE = rule('antispoof', match(meta('ibrname'), 'iso1'),
             {'mangle': {'key': {'ct': {'key': 'zone'}}, 'value': 7}})


class FakeNft(OwnFrames):
    """Lists what was loaded; can: as a kernel that tracks the connections of bridges."""

    can = True
    kernel = ''
    loads = 0
    missing = None  # type: Optional[OSError]

    def _nft(self, arguments: List[str], text: str) -> str:
        if self.missing:
            raise self.missing
        if arguments[0] != '-f':
            return self.kernel
        self.loads += 1
        if not self.can:
            return 'Error: Could not process rule: Operation not supported\n'
        self.kernel = text if 'zone' in text else ''
        return ''


class OfTheHost(ServiceCase):

    def setUp(self) -> None:
        super().setUp()
        for bridge, address in (('iso1', '52:54:00:00:00:01'), ('acl1', '52:54:00:00:00:02')):
            self.host.write('sys/class/net/%s/address' % bridge, address.encode() + b'\n')
        self.nft = FakeNft(self.host)

    def test_it_is_told_by_bridge_and_address_before_a_ruleset_gives_a_zone(self) -> None:
        lines = script({'iso1': '52:54:00:00:00:01', 'acl1': '52:54:00:00:00:02'}).splitlines()
        self.assertEqual(lines[:3], [verb + ' table ' + TABLE for verb in ('add', 'delete', 'add')])
        self.assertIn('{ "acl1" . 52:54:00:00:00:02, "iso1" . 52:54:00:00:00:01 }', lines[3])
        self.assertIn('hook prerouting priority -310', lines[4])
        self.assertTrue(lines[5].endswith('meta ibrname . ether daddr @own ct zone set 0'))

    def test_it_is_loaded_once_and_again_when_an_address_or_the_table_changes(self) -> None:
        for _ in range(3):
            self.assertEqual((self.nft.ensure(['iso1', 'none']), self.nft.loads), ('', 1))
        self.host.write('sys/class/net/iso1/address', b'52:54:00:00:00:03\n')
        self.assertEqual((self.nft.ensure(['iso1']), self.nft.loads), ('', 2))
        self.assertIn('"iso1" . 52:54:00:00:00:03', self.nft.kernel)
        for change in ('', self.nft.kernel + 'more', 'flags dormant\n' + self.nft.kernel):
            self.nft.kernel = change
            loads = self.nft.loads
            self.assertEqual((self.nft.ensure(['iso1']), self.nft.loads), ('', loads + 1))

    def test_no_table_makes_the_kernel_track_what_no_rule_asks_it_to(self) -> None:
        self.nft.ensure(['iso1'])
        for _ in range(3):
            self.assertEqual((self.nft.ensure([]), self.nft.loads, self.nft.kernel), ('', 2, ''))
        self.nft.missing = OSError(2, 'No such file or directory')
        self.assertEqual(self.nft.ensure([]), '')

    def test_a_kernel_that_cannot_is_asked_again_later(self) -> None:
        self.nft.can = False
        for _ in range(3):
            self.assertIn('not supported', self.nft.ensure(['iso1']))
        self.assertEqual(self.nft.loads, 1)
        with mock.patch('isolated_ports.own_frames.time.monotonic', lambda: 1e9):
            self.nft.ensure(['iso1'])
        self.assertEqual(self.nft.loads, 2)

    def test_the_journal_says_once_what_that_means(self) -> None:
        self.nft.can = False
        barriers = Barriers(self.host, list, list, lambda: ['iso1'])
        with mock.patch.object(barriers, 'own', self.nft), \
                mock.patch.object(barriers.by_group, 'ensure', lambda: ''), \
                mock.patch.object(barriers.by_bridge, 'ensure', lambda bridges: ''):
            for _ in range(3):
                barriers.keep()
        self.assertEqual(len(self.logged), 1)
        self.assertIn('its answers do not reach VMs', self.logged[0])

    def test_a_ruleset_says_whether_it_tracks(self) -> None:
        found = rulesets.document()
        plain = ruleset.load(rulesets.encode(found))
        found['nftables'] = found['nftables'] + [_ZONE]
        tracked = ruleset.load(rulesets.encode(found))
        assert plain.table is not None and tracked.table is not None
        self.assertEqual((plain.table.tracks, tracked.table.tracks), (False, True))
