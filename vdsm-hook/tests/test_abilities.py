# SPDX-License-Identifier: Apache-2.0
"""What the host says of its kernel, and that its names are those of docs/host-report.md."""

import json
import os
import re
import unittest
from typing import Callable, Dict, List

from tests.support import SOURCE, HookCase

from isolated_ports import abilities, caps

CONTRACT = os.path.join(os.path.dirname(SOURCE), 'docs', 'host-report.md')

# An nft that takes what the kernel it plays takes, and keeps a note of each run.
NFT = '''#!/bin/sh
echo "$@" >> %(root)s/runs
case "$(cat)" in
  *%(lacks)s*) echo "/dev/stdin:3:1-2: Error: Could not process rule: %(why)s"; exit 1 ;;
esac
'''


def contract() -> Dict[str, List[str]]:
    """Key and values of each row of the table."""
    rows = {}
    with open(CONTRACT, encoding='utf-8') as stream:
        for line in stream:
            row = re.match(r'\| `([a-z_]+)` \| ([^|]*) \|', line)
            if row:
                rows[row.group(1)] = re.findall(r'`([^`]*)`', row.group(2))
    return rows


class Contract(HookCase):

    def test_the_keys_are_those_of_the_table_in_its_order(self) -> None:
        keys = [pair.split('=')[0] for pair in caps.status(self.host).split(';')]
        self.assertEqual(keys, list(contract()))

    def test_what_can_only_be_one_of_some_words_is_one_of_the_tables(self) -> None:
        damages = [self.host.damage_list, self.host.remove_list,
                   lambda: None]  # type: List[Callable[[], object]]
        for damage in damages:
            for pair in caps.status(self.host).split(';'):
                key, value = pair.split('=')
                if not contract()[key][0][0].isdigit():
                    self.assertIn(value, contract()[key])
            damage()
            self.host.install_libvirt(None)

    def test_the_engine_takes_every_letter_of_it(self) -> None:
        self.assertRegex(caps.status(self.host), r'^[A-Za-z0-9.=;_-]+$')


class Trials(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.boot('one')

    def boot(self, name: str) -> None:
        self.host.write('proc/sys/kernel/random/boot_id', name.encode() + b'\n')

    def nft(self, lacks: str, why: str = 'Operation not supported') -> None:
        self.host.write('usr/sbin/nft', (NFT % {'root': self.host.root, 'lacks': lacks,
                                                'why': why}).encode(), 0o755)

    def runs(self) -> List[str]:
        try:
            with open(self.host.path('runs')) as stream:
                return stream.read().splitlines()
        except FileNotFoundError:
            return []

    def test_each_is_tried_by_itself_and_nothing_is_committed(self) -> None:
        self.nft('reject')
        self.assertEqual(abilities.renew(self.host),
                         {'nft': 'yes', 'ct': 'yes', 'ibrname': 'yes', 'reject': 'no'})
        self.assertEqual(set(self.runs()), {'-c -f -'})
        self.assertIn(';nft=yes;ct=yes;ibrname=yes;reject=no', caps.status(self.host))

    def test_what_was_found_holds_until_the_next_boot_and_what_lacked_is_looked_for_again(
            self) -> None:
        self.nft('nosuchwords')
        abilities.renew(self.host)
        self.assertEqual(len(self.runs()), 4)
        abilities.renew(self.host)
        self.assertEqual(len(self.runs()), 4)
        self.boot('two')
        self.assertEqual(set(abilities.reported(self.host).values()), {'unknown'})
        self.nft('reject')
        abilities.renew(self.host)
        self.assertEqual(abilities.reported(self.host)['reject'], 'no')
        self.nft('nosuchwords')
        self.assertEqual(abilities.renew(self.host)['reject'], 'yes')

    def test_a_program_is_not_yet_a_kernel(self) -> None:
        self.nft('bridge')
        self.assertEqual(set(abilities.renew(self.host).values()), {'no'})

    def test_without_a_program_there_is_nothing(self) -> None:
        self.assertEqual(set(abilities.renew(self.host).values()), {'no'})

    def test_who_may_not_ask_does_not_know(self) -> None:
        self.nft('bridge', 'Operation not permitted')
        self.assertEqual(set(abilities.renew(self.host).values()), {'unknown'})

    def test_a_program_that_fails_in_another_way_is_no_answer(self) -> None:
        self.host.write('usr/sbin/nft', b'#!/bin/sh\necho nft: error while loading libraries\n'
                                        b'exit 127\n', 0o755)
        self.assertEqual(set(abilities.renew(self.host).values()), {'unknown'})

    def test_what_was_kept_by_somebody_else_or_is_damaged_does_not_count(self) -> None:
        self.nft('nosuchwords')
        abilities.renew(self.host)
        path = self.host.path(abilities.KEPT)
        os.chmod(path, 0o666)
        self.assertEqual(set(abilities.reported(self.host).values()), {'unknown'})
        for content in ('', '[]', '{"boot": "one"}', '{"boot": "one", "abilities": 7}',
                        '{"boot": "one", "abilities": {"nft": "maybe"}}'):
            self.host.write(abilities.KEPT, content.encode())
            self.assertEqual(set(abilities.reported(self.host).values()), {'unknown'})
        os.unlink(path)
        self.host.write(abilities.KEPT, json.dumps({'boot': '', 'abilities': dict.fromkeys(
            abilities.NAMES, 'yes')}).encode())
        self.boot('')
        self.assertEqual(set(abilities.reported(self.host).values()), {'unknown'})


if __name__ == '__main__':
    unittest.main()
