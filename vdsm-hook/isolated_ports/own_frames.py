# SPDX-License-Identifier: Apache-2.0
"""The host's own conversations with VMs are of the zone that the host's own stack tracks them in.

A ruleset that tracks connections keeps those of each network in a zone of its
own, by the bridge that a frame comes in at. What the host itself sends was
tracked by its IP stack, which knows no such zones, before it comes to the
bridge: the answer to a VM's first packet would belong to no connection, and
the VM's next one neither. So what is for the address of a bridge itself stays
where the host's stack looks for it, in zone 0. The first rule that gives a
frame a zone decides (nft_ct_set_zone_eval), and ours comes before a ruleset's,
which is at -300.

The table is there only while a ruleset tracks connections: a rule about them
makes the kernel track all that is bridged.
"""

import subprocess
import time
from typing import Dict, Iterable, List

from isolated_ports.host import Host
from isolated_ports.text_table import TextTable

TABLE = 'bridge isolated_ports_own'
_ADDRESS = 'sys/class/net/%s/address'
_TRY_AGAIN = 300.0
_CHAIN = 'type filter hook prerouting priority -310; policy accept;'
_RULE = 'meta ibrname . ether daddr @own ct zone set 0'


def script(addresses: Dict[str, str]) -> str:
    """One transaction. addresses: by bridge; none for no table."""
    lines = ['add table ' + TABLE, 'delete table ' + TABLE]
    if addresses:
        elements = ', '.join('"%s" . %s' % entry for entry in sorted(addresses.items()))
        lines += ['add table ' + TABLE,
                  'add set %s own { type ifname . ether_addr; elements = { %s }; }'
                  % (TABLE, elements),
                  'add chain %s prerouting { %s }' % (TABLE, _CHAIN),
                  'add rule %s prerouting %s' % (TABLE, _RULE)]
    return '\n'.join(lines) + '\n'


class OwnFrames(TextTable):
    """Keeps the table for some bridges."""

    def __init__(self, host: Host) -> None:
        self.host = host
        super().__init__(host, TABLE)
        self.addresses = None  # type: object
        self.failed = ''
        # What was listed after we loaded it: an nft writes it in its own way.
        self.loaded = []  # type: List[str]
        self.again = 0.0

    def ensure(self, bridges: Iterable[str]) -> str:
        """Loads the table if it is not there as it should be. Returns '', or what went wrong."""
        wanted = self._addresses(bridges)
        # Without any there is no table either: nft need not be asked each time.
        if wanted == self.addresses and (not wanted or self.failed
                                         and time.monotonic() < self.again):
            return self.failed
        try:
            if (wanted == self.addresses and not self.failed
                    and self._listed() == self.loaded):
                return ''
            self.again = time.monotonic() + _TRY_AGAIN
            said = self._nft(['-f', '-'], script(wanted)).strip()
            self.addresses = wanted if wanted or not said else None
            self.loaded = self._listed() if wanted else []
            there = any('zone set' in line for line in self.loaded) and not any(
                'dormant' in line for line in self.loaded)
            self.failed = '' if there or not wanted else (
                said.splitlines() or ['it was loaded and is not there'])[0][:300]
        except (OSError, subprocess.TimeoutExpired) as e:
            self.failed = str(e) if wanted else ''
        return self.failed

    def _addresses(self, bridges: Iterable[str]) -> Dict[str, str]:
        found = {}
        for bridge in bridges:
            try:
                with open(self.host.path(_ADDRESS % bridge)) as stream:
                    address = stream.read().strip()
            except OSError:
                continue  # no bridge yet
            if address and '"' not in bridge:
                found[bridge] = address
        return found
