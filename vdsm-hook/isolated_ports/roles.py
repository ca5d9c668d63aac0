# SPDX-License-Identifier: Apache-2.0
"""Ports that are open because the ruleset in the kernel holds them to a role.

Open means: without the kernel's flag, and in a device group that the floor lets
further than isolated ports. A port is opened after the elements that name it
were read back, and closed before they go. Whoever else touches the table
closes all of them: the kernel tells of it in the moment it is done.
"""

import contextlib
import threading
import time
from typing import Callable, Dict, List, Optional, Tuple

from isolated_ports.floor import CLOSED, COMMUNITY, GROUP, PROMISCUOUS
from isolated_ports.groups import Groups
from isolated_ports.journal import log
from isolated_ports.keeper import Keeper
from isolated_ports.live import LiveNic
from isolated_ports.netlink import Link, Ports
from isolated_ports.nftcheck import TABLE
from isolated_ports.nftlink import Changes, Lost
from isolated_ports.snapshot import PROMISCUOUS_ROLE, Entry

_TRY_AGAIN = 60.0


class Roles:
    """open: by index, the device, its bridge's index and the role. lock: the watch's, to be held
    where it says so. floor: has the tables below the flag looked at."""

    def __init__(self, keeper: Keeper, groups: Groups, lock: threading.Lock,
                 floor: Callable[[], None],
                 following: Callable[[], Changes] = lambda: Changes(TABLE)) -> None:
        self.keeper = keeper
        self.groups = groups
        self.lock = lock
        self.floor = floor
        self.following = following
        # Without the kernel's word of changes nothing is opened.
        self.hears = False
        self.changes = None  # type: Optional[Changes]
        self.again = 0.0
        self.open = {}  # type: Dict[int, Tuple[str, int, str]]
        # Grows with every change of it.
        self.version = 0

    def holds(self, link: Link) -> bool:
        """This port is open, and where it was when it was opened. Lock held."""
        found = self.open.get(link.index)
        return found is not None and found[:2] == (link.name, link.master)

    def role(self, link: Link, entry: Optional[Entry]) -> str:
        """What the port may be now; '' where it is to stay closed."""
        if (entry is None or not entry.opens or not self.hears
                or not self.keeper.is_ready(link.index, link.name, entry)
                or not self.keeper.names(entry)):
            return ''
        return entry.role

    def let(self, link: Link, role: str, ports: Ports) -> bool:
        """Opens a port by its role. link: from the ports, with its group. True where it was closed.
        Lock held. Raises OSError."""
        if self.holds(link) and self.open[link.index][2] == role and not link.isolated:
            return False
        # Whoever began to change the table closes the ports afterwards, under this lock.
        if self.keeper.changing or not self.keeper.is_ready(link.index, link.name):
            return False
        self.version += 1
        self.open[link.index] = link.name, link.master, role
        self.groups.set(link, PROMISCUOUS if role == PROMISCUOUS_ROLE else COMMUNITY, ports)
        ports.isolate(link.index, False)
        return True

    def shut(self, index: int, ports: Ports) -> bool:
        """Back behind flag and floor. True where it was open. Lock held."""
        if self.open.pop(index, None) is None:
            return False
        self.version += 1
        with contextlib.suppress(OSError):  # it is gone, or on no bridge any more
            ports.isolate(index)
        with contextlib.suppress(OSError):
            self.groups.put(index, GROUP, ports)
        return True

    def close(self, role: Callable[[int], Optional[str]]) -> None:
        """Closes those whose role is another; None leaves one as it is."""
        with contextlib.closing(Ports()) as ports, self.lock:
            for index, (_, _, now) in list(self.open.items()):
                if role(index) not in (None, now):
                    self.shut(index, ports)

    def close_all(self, ports: Ports) -> List[str]:
        """Whatever the table held; devices that were open."""
        with self.lock:
            names = [name for name, _, _ in self.open.values()]
            for index in list(self.open):
                self.shut(index, ports)
            for index, (name, bridge, nic) in self.keeper.here.items():
                if bridge in self.keeper.closed_bridges and not nic.foreign:
                    names.append(name)
                    with contextlib.suppress(OSError):
                        self.groups.put(index, CLOSED, ports)
        return names

    # the fast thread: the others have not its priority

    def waits(self, ports: Ports) -> List[Changes]:
        """What to listen to; empty where the kernel does not tell."""
        if self.changes is None and time.monotonic() >= self.again:
            try:
                self.changes = self.following()
            except OSError as e:
                self._deaf('%s' % e.strerror, ports)
            else:
                # What was done before we listened is seen by reading the table back.
                self.keeper.lost(False)
                self.hears = True
        return [self.changes] if self.changes is not None else []

    def listen(self, changes: Changes, ports: Ports) -> None:
        """Closes all where somebody else changed the table."""
        mine = self.keeper.nft.is_mine
        try:
            for change in changes.receive():
                if change.ours and not mine(change.pid) and not mine(change.port):
                    self._lost(True, ports)
        except Lost:
            self._lost(False, ports)
        except (OSError, ValueError) as e:
            self._deaf('%s: %s' % (type(e).__name__, e), ports)

    def _deaf(self, why: str, ports: Ports) -> None:
        self.hears = False
        self.again = time.monotonic() + _TRY_AGAIN
        if self.changes is not None:
            self.changes.close()
            self.changes = None
        self.close_all(ports)
        log('changes to nftables cannot be followed (%s); ports with a role stay isolated.' % why)

    def _lost(self, sure: bool, ports: Ports) -> None:
        # First that it does not hold, then the ports: nobody opens one in between.
        self.keeper.lost(sure)
        names = self.close_all(ports)
        self.floor()
        log('%s; it is %s%s.' % (
            'the table of the ruleset was changed by somebody else' if sure else
            'the kernel had more news of nftables than could be read in time',
            'loaded anew' if sure else 'read back',
            ', and until then %s are closed' % ' '.join(sorted(names)) if names else ''))

    # on bridges with rules that are not isolated

    def closed(self, link: Link, nic: Optional[LiveNic], bridge: str) -> bool:
        """A VM's port that the ruleset should name and does not, or not yet. Lock held."""
        if bridge not in self.keeper.closed_bridges or nic is not None and nic.foreign:
            return False
        entry = self.keeper.entry(nic, bridge) if nic is not None else None
        # As with roles: what the kernel tells nothing of may have gone.
        return (entry is None or not self.hears
                or not self.keeper.is_ready(link.index, link.name, entry))

    def group(self, link: Link, nic: Optional[LiveNic], bridge: str, wanted: bool) -> int:
        if self.closed(link, nic, bridge) or (
                # From before a restart: which bridges are closed is not known yet.
                self.keeper.now is None and self.keeper.unread and link.group == CLOSED
                and not (nic is not None and nic.foreign)):
            return CLOSED
        return GROUP if wanted else 0
