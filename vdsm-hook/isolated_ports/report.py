# SPDX-License-Identifier: Apache-2.0
"""What is in force on this host, for the server, for `status`, and as it was observed.

The service writes it to a file that everybody may read; the process that
speaks with the server sends that on, byte by byte. docs/host-protocol.md has
its form.
"""

import contextlib
import json
import time
from typing import Any, Dict, List, Optional, Tuple

from isolated_ports import abilities, nft, stored
from isolated_ports.floor import CLOSED
from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.keeper import Keeper
from isolated_ports.listing import write_whole
from isolated_ports.netlink import Link, Ports
from isolated_ports.roles import Roles
from isolated_ports.ruleset import MAX_COUNTERS
from isolated_ports.snapshot import ALIAS

REPORT = 'run/isolated-ports/report.json'
# Seconds after which it is written anew, and looked whether it is to be.
EVERY = 60.0
_LOOK = 5.0
_COUNT = 10.0


class Report:
    """listed: whether a bridge is on the list."""

    def __init__(self, host: Host, keeper: Keeper, roles: Roles) -> None:
        self.host = host
        self.keeper = keeper
        self.roles = roles
        self.last = ''
        self.written = 0.0
        self.looked = 0.0
        self.version = -1
        self.counters = []  # type: List[Dict[str, Any]]
        # When, and of which table.
        self.counted = 0.0
        self.counted_of = ('', 0)
        # Since when a port is as it is, by index.
        self.since = {}  # type: Dict[int, Tuple[str, int]]

    def keep(self, changed: bool) -> None:
        """Writes it where something is new, and each minute. Raises OSError."""
        now = time.monotonic()
        if not changed and self.version == self.roles.version and now - self.looked < _LOOK:
            return
        self.looked = now
        self.version = self.roles.version
        text = json.dumps(self.document(), sort_keys=True)
        if text != self.last or now - self.written > EVERY:
            write_whole(self.host.path(REPORT), text.encode())
            self.last = text
            self.written = now

    def document(self) -> Dict[str, Any]:
        keeper, now = self.keeper, self.keeper.now
        held = now is not None and keeper.held
        return {'version': 1, 'host': now.host if now else keeper.claimed_host,
                'fetched': keeper.fetched or (now.revision if now else '') or None,
                'loaded': now.revision if now and held else None,
                'loaded_at': keeper.loaded_at if held else None,
                'error': keeper.error or None,
                'elements': keeper.elements() if held else 0,
                'counters': self._counters() if held else [],
                'counted_since': keeper.counted_since if held and now and now.has_table else None,
                'abilities': abilities.reported(self.host), 'ports': self._ports()}

    def _counters(self) -> List[Dict[str, Any]]:
        """As they were some seconds ago at most."""
        now = self.keeper.now
        if now is None or not now.counters:
            return []
        of = now.revision, self.keeper.counted_since
        if of != self.counted_of or time.monotonic() - self.counted > _COUNT:
            self.counted, self.counted_of = time.monotonic(), of
            try:
                found = self.keeper.nft.counters()
            except nft.Failed as e:
                log('what was counted could not be read (%s).' % e)
                found = []
            self.counters = [{'name': name, 'packets': packets, 'bytes': size}
                             for name, packets, size in found[:MAX_COUNTERS]]
        return self.counters

    def _ports(self) -> List[Dict[str, Any]]:
        here = dict(self.keeper.here)
        with contextlib.closing(Ports()) as ports:
            groups = {link.index: link.group for link in ports.links().values()}
            links = {link.index: link for link in ports.ports() if link.index in here}
        rows = []
        since = {}  # type: Dict[int, Tuple[str, int]]
        for index, link in links.items():
            name, bridge, nic = here[index]
            entry = self.keeper.entry(nic, bridge)
            alias = nic.alias[len(ALIAS):] if nic.alias.startswith(ALIAS) else ''
            if entry is None and (bridge not in self.keeper.closed_bridges or not alias):
                continue
            observed = self._observed(link, groups.get(index, 0))
            before = self.since.get(index, ('', 0))
            since[index] = before if before[0] == observed else (observed, int(time.time()))
            rows.append({'device': name, 'mac': nic.mac, 'nic': entry.nic if entry else alias,
                         'vm': nic.vm_id, 'bridge': bridge,
                         'wanted': entry.role if entry else 'closed', 'observed': observed,
                         'since': since[index][1]})
        self.since = since
        return sorted(rows, key=lambda row: row['device'])  # type: ignore

    def _observed(self, link: Link, group: int) -> str:
        if group == CLOSED:
            return 'closed'
        if link.isolated:
            return 'isolated'
        with self.roles.lock:
            return self.roles.open[link.index][2] if self.roles.holds(link) else 'open'


def read(host: Host) -> Optional[Dict[str, Any]]:
    """The last one that the service wrote; None without one."""
    file = stored.read(host.path(REPORT), host.owner)
    if file.content is None or file.why:
        return None
    try:
        found = json.loads(file.content.decode('utf-8'))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def ports_in(found: Optional[Dict[str, Any]]) -> Dict[str, Tuple[str, str]]:
    """What is wanted and was observed, by device."""
    return {row['device']: (row['wanted'], row['observed'])
            for row in (found or {}).get('ports', ())}
