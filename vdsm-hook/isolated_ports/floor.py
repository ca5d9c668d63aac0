# SPDX-License-Identifier: Apache-2.0
"""A second barrier below the kernel's flag, for the moment in which the flag is gone.

VDSM's rollback, a re-enslaved tap or an administrator's virsh clear the flag
with no hook in the way; the watch sets it again within a millisecond, and
frames fit into a millisecond. So ports known to be isolated are also in a set
of an nft table of our own, and no frame passes from one of them to another.
The table stays when we end.
"""

import subprocess
from typing import Optional, Set

from isolated_ports.host import Host

TABLE = 'bridge isolated_ports_floor'
_NFT = 'usr/sbin/nft'
_SECONDS = 20

# One transaction: the set is never seen half full. Before every other chain
# of forward, which an accept elsewhere could not undo anyhow.
_SCRIPT = '''\
add table {table}
add set {table} ports {{ type ifname; }}
add chain {table} forward {{ type filter hook forward priority -300; policy accept; }}
flush chain {table} forward
flush set {table} ports
add rule {table} forward iifname @ports oifname @ports drop
{elements}'''


class Floor:
    """Keeps the set. Where nft is missing or fails, the flag alone isolates, and why is told."""

    def __init__(self, host: Host) -> None:
        self.program = host.path(_NFT)
        self.loaded = None  # type: Optional[Set[str]]

    def keep(self, names: Set[str], anew: bool = False) -> str:
        """Makes the set hold these ports; anew: also where it should hold them already, as
        somebody may have removed it. Returns '', or what went wrong."""
        if names == self.loaded and not anew:
            return ''
        plain = sorted(name for name in names if all(c.isalnum() or c in '_.-' for c in name))
        elements = 'add element %s ports { %s }\n' % (
            TABLE, ', '.join('"%s"' % name for name in plain)) if plain else ''
        self.loaded = None
        try:
            done = subprocess.run(
                [self.program, '-f', '-'], input=_SCRIPT.format(
                    table=TABLE, elements=elements).encode(),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as e:
            return str(e)
        if done.returncode:
            return done.stdout.decode('utf-8', 'replace').strip().splitlines()[0][:300]
        self.loaded = set(names)
        return ''
