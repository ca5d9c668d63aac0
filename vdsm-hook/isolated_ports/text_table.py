# SPDX-License-Identifier: Apache-2.0
"""A small table of ours, loaded as text in one transaction and read back as nft lists it."""

import subprocess
from typing import List

from isolated_ports.host import Host

_NFT = 'usr/sbin/nft'
_SECONDS = 20


class TextTable:
    """What such tables have in common. table: family and name."""

    def __init__(self, host: Host, table: str) -> None:
        self.program = host.path(_NFT)
        self.table = table

    def _listed(self) -> List[str]:
        text = self._nft(['-n', 'list', 'table'] + self.table.split(), '')
        return [line.strip() for line in text.splitlines() if line.strip()]

    def _nft(self, arguments: List[str], text: str) -> str:
        """What nft said, on stdout or stderr. Raises OSError, subprocess.TimeoutExpired."""
        done = subprocess.run([self.program] + arguments, input=text.encode('utf-8', 'replace'),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS)
        return done.stdout.decode('utf-8', 'replace')
