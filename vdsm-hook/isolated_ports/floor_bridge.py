# SPDX-License-Identifier: Apache-2.0
"""The floor by bridge: between two taps on a listed bridge no frame passes, whatever their flags
say and whether we know them yet or not.

libvirt puts an open tap on a bridge first and isolates it afterwards, when a
running NIC changes its network. By this rule the tap is closed from its first
moment there, with the service dead too.

A VM's port on a Linux bridge is a tap: uplinks are NICs, bonds, VLANs, teams,
VXLANs or one end of a veth pair. The kernel says which is which by the kind of
its link, and a name cannot pretend it; whatever else has libvirt's name for a
port counts as one too. What is no VM's to close, because its VM is not ours, a
program makes an uplink of a tap, or somebody called an uplink vnet0, carries a
second device group of ours and passes. So does a port with a role that the
ruleset holds it to, by its own group: a promiscuous one towards all, one of a
community towards those of communities.

The kernel has to know the bridge of a frame (meta ibrname, CONFIG_NFT_BRIDGE_META)
and the kind of a link (meta iifkind, 5.1). Where it does not, and on bridges
that are not listed, a port is put into the group of the first table (floor)
before libvirt is told, see words.
"""

import subprocess
import time
from typing import Iterable, List

from isolated_ports.floor import COMMUNITY, GROUP, PROMISCUOUS
from isolated_ports.host import Host
from isolated_ports.text_table import TextTable

# Of ports that pass; beside floor's, in the same way without a registry.
PASSING = GROUP + 1
TABLE = 'bridge isolated_ports_bridges'
# A kernel that does not know the rule may get a module for it.
_TRY_AGAIN = 300.0

_CHAIN = 'type filter hook forward priority -300; policy accept;'
_RULES = ('meta ibrname != @bridges accept',
          'iifgroup %d accept' % PASSING,
          'oifgroup %d accept' % PASSING,
          'iifgroup %d accept' % PROMISCUOUS,
          'oifgroup %d accept' % PROMISCUOUS,
          'iifgroup %d oifgroup %d accept' % (COMMUNITY, COMMUNITY),
          'meta iifkind != tun iifname != "vnet*" accept',  # from an uplink
          'meta oifkind != tun oifname != "vnet*" accept',  # to an uplink
          'drop')


def script(bridges: Iterable[str]) -> str:
    """One transaction: nothing is open in between."""
    elements = ', '.join('"%s"' % bridge for bridge in sorted(bridges))
    return '\n'.join([
        'add table ' + TABLE,
        'delete table ' + TABLE,
        'add table ' + TABLE,
        'add set %s bridges { type ifname; %s}' % (
            TABLE, 'elements = { %s }; ' % elements if elements else ''),
        'add chain %s forward { %s }' % (TABLE, _CHAIN)]
        + ['add rule %s forward %s' % (TABLE, rule) for rule in _RULES]) + '\n'


class BridgeFloor(TextTable):
    """Keeps the table for the bridges of the list. in_force: the kernel has it. Where it cannot
    be had, nothing is lost of what was there before."""

    def __init__(self, host: Host) -> None:
        super().__init__(host, TABLE)
        self.in_force = False
        self.bridges = None  # type: object
        # What was listed after we loaded it: an nft writes it in its own way.
        self.loaded = []  # type: List[str]
        self.again = 0.0

    def ensure(self, bridges: Iterable[str]) -> str:
        """Loads the table if it is not there as it should be. Returns '', or what went wrong."""
        wanted = sorted(bridge for bridge in bridges if '"' not in bridge)
        if wanted == self.bridges and not self.in_force and time.monotonic() < self.again:
            return ''
        try:
            if wanted == self.bridges and self.in_force and self._listed() == self.loaded:
                return ''
            self.bridges = wanted
            self.in_force = False
            self.again = time.monotonic() + _TRY_AGAIN
            said = self._nft(['-f', '-'], script(wanted)).strip()
            self.loaded = self._listed()
            self.in_force = any('ibrname' in line for line in self.loaded) and not any(
                'dormant' in line for line in self.loaded)
            if self.in_force:
                return ''
            return (said.splitlines() or ['it was loaded and is not there'])[0][:300]
        except (OSError, subprocess.TimeoutExpired) as e:
            return str(e)
