# SPDX-License-Identifier: Apache-2.0
"""A second barrier below the kernel's flag, for the moment in which the flag is gone.

VDSM's rollback, a re-enslaved tap or an administrator's virsh clear the flag
with no hook in the way; the watch sets it again within a millisecond, and
frames fit into a millisecond. So the devices of isolated ports also carry a
device group of ours, and a table of our own lets no frame pass from one
device of that group to another. The table stays when we end, and the group
stays with the device on whatever bridge.

The table is loaded once and then only looked at. A set of ports in it would
need a commit for each port, at the very moment in which libvirt sets up that
port's filters: ebtables-nft fails where another commit comes between
(seen with 1.8.9: "RULE_DELETE failed"), and with it the plug.

A port with a role that the ruleset holds it to leaves that group for one of its
own: communities stay closed to isolated ports here too, and the ruleset keeps
them apart from each other. A port that is not to be reached at all, nor to
reach anything, carries the last one.
"""

import subprocess

from isolated_ports.host import Host
from isolated_ports.text_table import TextTable

# Device groups are numbers without a registry; 0 is everybody's. "iso" in ASCII.
GROUP = 0x69736f
# The next one is floor_bridge's.
COMMUNITY, PROMISCUOUS, CLOSED = GROUP + 2, GROUP + 3, GROUP + 4
TABLE = 'bridge isolated_ports_floor'
_CHAIN = 'type filter hook %s priority -300; policy accept;'
_RULES = (
    ('prerouting', ('iifgroup %d drop' % CLOSED,)),
    ('forward', ('iifgroup %d oifgroup %d drop' % (GROUP, GROUP),
                 'iifgroup %d oifgroup %d drop' % (GROUP, COMMUNITY),
                 'iifgroup %d oifgroup %d drop' % (COMMUNITY, GROUP),
                 'oifgroup %d drop' % CLOSED)),
    ('output', ('oifgroup %d drop' % CLOSED,)))

# One transaction. Before every other chain, which an accept elsewhere could not undo anyhow.
_SCRIPT = '\n'.join(
    ['add table ' + TABLE, 'delete table ' + TABLE, 'add table ' + TABLE]
    + ['add chain %s %s { %s }' % (TABLE, hook, _CHAIN % hook) for hook, _ in _RULES]
    + ['add rule %s %s %s' % (TABLE, hook, rule) for hook, rules in _RULES for rule in rules]
) + '\n'
# As nft lists it, line by line. What differs, a table that somebody has made
# dormant or added a rule to, is loaded anew.
_LISTED = ['table %s {' % TABLE] + [
    line for hook, rules in _RULES
    for line in ['chain %s {' % hook, _CHAIN % hook] + list(rules) + ['}']] + ['}']


class Floor(TextTable):
    """Keeps the table. Where nft is missing or fails, the flag alone isolates."""

    def __init__(self, host: Host) -> None:
        super().__init__(host, TABLE)
        # What was listed after we loaded it: another nft may write it in another way.
        self.loaded = _LISTED

    def ensure(self) -> str:
        """Loads the table if it is not there as it should be. Returns '', or what went wrong."""
        try:
            if self._listed() == self.loaded:
                return ''
            said = self._nft(['-f', '-'], _SCRIPT)
            self.loaded = self._listed()
            there = all(rule in self.loaded for _, rules in _RULES for rule in rules)
            if there and not any('dormant' in line for line in self.loaded):
                return ''
            self.loaded = _LISTED
            return (said.strip().splitlines() or ['it was loaded and is not there'])[0][:300]
        except (OSError, subprocess.TimeoutExpired) as e:
            return str(e)
