# SPDX-License-Identifier: Apache-2.0
"""Keeps the ruleset in the kernel: takes new ones over, loads, reads back, holds.

In a thread of its own, as nft may hang. What is in force is one Snapshot, and
a port is ready when the elements that name it were read back. The watch opens
a port by its role only where it is ready, and closes it before its elements go.

    offered --check--> nft --check--> list put in force --> loaded --> read back --> kept
       |                   |
       `-------------------`--> refused: said, and all stays as it was
"""

import os
import shutil
import threading
import time
from typing import Any, Callable, Dict, FrozenSet, Iterable, Iterator, List, Optional, Tuple

from isolated_ports import checker, nft, offer, own, ruleset
from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.listing import copy_whole
from isolated_ports.live import LiveNic
from isolated_ports.nftcheck import is_device
from isolated_ports.patience import Failures
from isolated_ports.snapshot import Entry, Snapshot

# The last good one, survives reboots.
KEPT = 'var/lib/isolated-ports/ruleset.json'
_STAGED = 'run/isolated-ports/rules'
_LOOK = 1.0
_LIST = 5.0
_OFFERS = 10.0
# The whole table is read back every so many seconds, and in no more than this part of the time.
_WHOLE = 60.0
_SHARE = 50

# A port by index: its device and whose it is.
Here = Dict[int, Tuple[str, str, LiveNic]]


class Keeper:
    """close: called before the table changes, with what will hold afterwards, to close ports whose
    role is another then. opened: called when something was read back. listed: puts the list of
    isolated bridges in force, and returns why it could not be kept. after: called each time round,
    and told whether something may be new."""

    def __init__(self, host: Host, close: Callable[[Callable[[int], Optional[str]]], None],
                 opened: Callable[[], None], listed: Callable[[List[Dict[str, Any]]], str],
                 after: Callable[[bool], None]) -> None:
        self.host = host
        self.close = close
        self.opened = opened
        self.listed = listed
        self.after = after
        self.nft = nft.Nft(host)
        self.lock = threading.Lock()
        self.due = threading.Event()
        # Set when somebody else changed the table, or may have.
        self.alarm = threading.Event()
        self.suspect = threading.Event()
        # What is in force, or was last; held: the kernel has it as far as we know.
        self.now = None  # type: Optional[Snapshot]
        self.held = False
        # There may be one from before, that could not be read yet.
        self.unread = True
        # While one ruleset takes the place of another, nothing is opened.
        self.changing = False
        self.here = {}  # type: Here
        # Ports whose elements were read back: device, placeholder.
        self.ready = {}  # type: Dict[int, Tuple[str, str]]
        self.offer = offer.Offer(host)
        self.fetched = ''
        # Of a ruleset that was refused, before there was a good one.
        self.claimed_host = ''
        self.loaded_at = 0
        # When the table was last loaded from nothing.
        self.counted_since = 0
        self.error = ''
        self.failing = ''
        self.digest = ''
        self.looked = False
        self.turn = 0
        self.number = 0
        self.next_whole = 0.0
        self.next_list = 0.0
        # Bridges that are not closed whatever a ruleset says, and those it says it of.
        self.own = own.bridges(host)
        self.spared = frozenset()  # type: FrozenSet[str]
        # Why the list in force could not be kept.
        self.unlisted = ''
        self.failures = Failures()
        # Of offers: one is looked at at once, and after several that were refused each ten seconds.
        self.refusals = Failures(1.0, _OFFERS)

    # what the watch asks; none of it waits for nft

    def entry(self, nic: LiveNic, bridge: str) -> Optional[Entry]:
        """What the newest ruleset on this host says of a NIC where it is; None where it does not
        name it, or not there."""
        now = self.now
        found = now.entry(nic) if now else None
        return found if found is not None and found.bridge == bridge else None

    def names(self, entry: Entry) -> bool:
        """The ruleset has elements for this vNIC, and they are its own."""
        now = self.now
        return now is not None and now.names(entry)

    def is_ready(self, index: int, name: str, entry: Optional[Entry] = None) -> bool:
        """The table was read back and names this port, by this entry where one is given."""
        found = self.ready.get(index) if self.held else None
        return (found is not None and found[0] == name
                and (entry is None or entry.device == found[1]))

    def elements(self) -> int:
        """In the kernel."""
        now = self.now
        return now.fixed + sum(sum(now.counts(device).values())
                               for _, device in self.ready.values()) if now else 0

    @property
    def closed_bridges(self) -> Iterable[str]:
        now = self.now
        return now.closed_bridges - self.own if now else ()

    @property
    def tracked_bridges(self) -> Iterable[str]:
        """Whose connections the ruleset tracks, if it does."""
        now = self.now
        return now.bridges if now is not None and now.tracks else ()

    def present(self, here: Here) -> None:
        """The VMs' ports that are there: device, bridge and NIC by index."""
        with self.lock:
            changed = ({index: port[:2] for index, port in here.items()}
                       != {index: port[:2] for index, port in self.here.items()}
                       or any(here[index][2].alias != port[2].alias
                              or here[index][2].mac != port[2].mac
                              for index, port in self.here.items()))
            self.here = here
        if changed:
            self.due.set()

    def gone(self, index: int) -> None:
        """A device is gone; another may soon have its name."""
        if index in self.here or index in self.ready:
            with self.lock:
                self.here = {other: port for other, port in self.here.items() if other != index}
            self.due.set()

    def lost(self, sure: bool) -> None:
        """Somebody changed the table (sure), or may have. The watch has closed its ports."""
        self.held = False
        self.turn += 1
        (self.alarm if sure else self.suspect).set()
        self.due.set()

    # the thread

    def run(self) -> None:
        """Never returns."""
        self._guarded(self._start)
        self.looked = True
        changed = True
        while True:
            self._guarded(lambda: self.after(changed))
            changed = self.due.wait(_LOOK)
            self.due.clear()
            self._guarded(self.step)

    def _guarded(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as e:
            self._fail('the ruleset could not be kept (%s: %s)' % (type(e).__name__, e))
            time.sleep(_LOOK)

    def _start(self) -> None:
        if not os.path.exists(self.host.path(KEPT)):
            self.unread = False
            return
        self._forget_staged()
        folder = self._folder()
        said = nft.check('check', self.host.path(KEPT), '', folder)
        if said['why']:
            self.failures.one()
            self._fail('the last good ruleset (/%s) cannot be used, since %s; ports with a role '
                       'stay isolated until the server hands out one' % (KEPT, said['why']))
            return
        # Known before nft is asked: whom it does not name is closed, whatever becomes of the table.
        self.now = Snapshot(folder)
        self.alarm.set()
        self.opened()
        self._list(self.now)
        self._reload()

    def step(self) -> None:
        """Whatever there is to do."""
        if self.now is not None and time.monotonic() > self.next_list:
            self._list(self.now)
        # Refused ones without end keep nothing else from being done.
        content = self.offer.next() if self.refusals.again() else None
        if content is not None:
            self.refusals.one()
            try:
                self._take(content)
            finally:
                os.close(content)
        if self.now is None:
            # The kept one could not be read, perhaps for want of memory.
            if self.failures.again():
                self._start()
        elif self.alarm.is_set() or not self.held and not self.suspect.is_set():
            if self.failures.again():
                self._reload()
        elif self.suspect.is_set() or time.monotonic() > self.next_whole:
            self._look()
        else:
            self._move()

    def _take(self, content: int) -> None:
        """A ruleset from the server, by its file."""
        folder = self._folder()
        base = self.host.path(KEPT) if self.now is not None and self.held else ''
        said = nft.check('check', '-', base, folder, source=content)
        self.fetched = said['revision']
        self.claimed_host = said['host'] or self.claimed_host
        self.due.set()
        try:
            if not said['why']:
                said['why'] = self._adopt(Snapshot(folder))
        except BaseException:
            self._drop_unless_in_force(folder)
            raise
        if said['why']:
            self._drop_unless_in_force(folder)
            self._fail('ruleset %s from the server is refused, since %s; the last good one stays'
                       % (said['revision'] or '(of no revision)', said['why']))
        else:
            self.refusals.none()
            self._fail(self.unlisted)

    def _adopt(self, new: Snapshot) -> str:
        """Puts a checked ruleset in force. Returns why it cannot be, and then the old one stays."""
        old = self.now
        if new.base and (old is None or not self.held or new.base != old.revision):
            return 'it is the difference from revision %s, which is not in force here' % new.base
        if old is not None and new.host != old.host:
            if new.base or self.here:
                return ('it is for host %s, and this is host %s; one that was added to the engine '
                        'anew takes its new id once no VM of it runs here' % (new.host, old.host))
            log('this host was %s for the engine, and is %s now.' % (old.host, new.host))
        ports = self._ports(new)
        try:
            self.nft.check(self._commands(new, ports))
        except nft.Failed as e:
            if not new.base:
                return str(e)
            return self._adopt_whole(new)
        self._list(new)
        self.changing = True
        try:
            self._close(new, ports)
            self._load(new, ports)
        except Exception as e:
            # It may be in the kernel all the same, where nft was killed: the old one, anew.
            self.held = False
            self.alarm.set()
            if old is None:
                self.now = new
            self._close_all()
            if not isinstance(e, nft.Failed):
                raise
            return str(e)
        finally:
            self.changing = False
        self._keep(new)
        if old is not None:
            self._drop(old.folder)
        log('ruleset %s is in force: %d elements, %d ports of VMs here.'
            % (new.revision, new.elements, len(ports)))
        self.opened()
        return ''

    def _adopt_whole(self, new: Snapshot) -> str:
        """What a difference comes to, from nothing."""
        folder = self._folder()
        said = nft.check('check', new.path(checker.RULESET), '', folder)
        self._drop(new.folder)
        why = said['why'] or self._adopt(Snapshot(folder))
        if why:
            self._drop(folder)
        return why

    def _commands(self, new: Snapshot, ports: Dict[int, Tuple[str, str]]) -> Iterator[str]:
        """One transaction: the table is never away."""
        devices = {device: port for port, device in ports.values()}
        if new.base:
            yield ruleset.marker('add', new.revision)
            yield from new.steps(devices)
            yield ruleset.marker('delete', new.base)
        elif not new.has_table:
            yield from ruleset.GONE
        else:
            yield from ruleset.FRESH
            yield ruleset.marker('add', new.revision)
            yield from new.steps({})
            for device, port in devices.items():
                yield from new.elements_for('add', device, port)

    def _list(self, new: Snapshot) -> None:
        """From time to time too: a bridge leaves the list with its last port."""
        self.next_list = time.monotonic() + _LIST
        self.own = own.bridges(self.host)
        for bridge in new.closed_bridges & self.own - self.spared:
            log('ALARM: the ruleset would close bridge %s to VMs that it does not name, and this '
                'host is reached through it; they stay as they are.' % bridge)
        self.spared = new.closed_bridges & self.own
        before, self.unlisted = self.unlisted, self.listed(new.networks)
        if self.unlisted or self.error == before:
            self._fail(self.unlisted)

    def _load(self, new: Snapshot, ports: Dict[int, Tuple[str, str]]) -> None:
        """Raises nft.Failed."""
        self.alarm.clear()
        self.suspect.clear()
        turn = self.turn
        self.nft.load(self._commands(new, ports))
        digest = self._read_back(new, ports)
        with self.lock:
            self.now = new
            self.digest = digest
            self.ready = ports
            # Whatever was done to it meanwhile closes the ports again.
            self.held = turn == self.turn
        self.loaded_at = int(time.time())
        if not new.base:
            self.counted_since = self.loaded_at
        self.failures.none()

    def _read_back(self, new: Snapshot, ports: Dict[int, Tuple[str, str]]) -> str:
        began = time.monotonic()
        digest = self.nft.readback(new.path(checker.EXPECTED),
                                   {port: new.counts(device) for port, device in ports.values()})
        took = time.monotonic() - began
        self.next_whole = time.monotonic() + max(_WHOLE, _SHARE * took)
        return digest

    def _reload(self) -> None:
        """The table anew, from nothing, as somebody took it away or changed it."""
        now = self.now
        assert now is not None
        if now.base:
            folder = self._folder()
            said = nft.check('check', now.path(checker.RULESET), '', folder)
            if said['why']:
                self._fail('ruleset %s cannot be read anew, since %s' % (now.revision, said['why']))
                return
            self._drop(now.folder)
            now = Snapshot(folder)
        ports = self._ports(now)
        try:
            self._load(now, ports)
        except nft.Failed as e:
            self.failures.one()
            self.alarm.set()
            self._fail('ruleset %s is not in the kernel, and could not be loaded (%s); ports with '
                       'a role are isolated meanwhile' % (now.revision, e))
            return
        self._fail(self.unlisted)
        log('ruleset %s was loaded anew.' % now.revision)
        self.opened()

    def _look(self) -> None:
        """Is the whole table as it was?"""
        now = self.now
        assert now is not None
        suspected = self.suspect.is_set()
        self.suspect.clear()
        turn = self.turn
        try:
            digest = self._read_back(now, self.ready)
        except nft.Failed as e:
            digest, why = '', str(e)
        else:
            why = 'some of it is not as it was loaded'
        if digest != self.digest or not digest:
            log('the table of ruleset %s was changed by somebody (%s); it is loaded anew, and '
                'ports with a role are isolated meanwhile.' % (now.revision, why))
            self._close_all()
            self.lost(True)
        elif suspected:
            self.held = turn == self.turn
            self.opened()

    # ports that come and go

    def _ports(self, new: Snapshot) -> Dict[int, Tuple[str, str]]:
        """Which port gets the elements of which placeholder. Two that claim one get none."""
        with self.lock:
            here = dict(self.here)
        found = {}  # type: Dict[int, Tuple[str, str]]
        claims = {}  # type: Dict[str, int]
        for index, (name, bridge, nic) in here.items():
            entry = new.entry(nic)
            if (entry is None or entry.bridge != bridge or not new.names(entry)
                    or not is_device(name)):
                continue
            claims[entry.device] = claims.get(entry.device, 0) + 1
            found[index] = name, entry.device
        return {index: port for index, port in found.items() if claims[port[1]] == 1}

    def _move(self) -> None:
        now = self.now
        assert now is not None
        wanted = self._ports(now)
        gone = {index: port for index, port in self.ready.items() if wanted.get(index) != port}
        come = {index: port for index, port in wanted.items() if self.ready.get(index) != port}
        if not gone and not come:
            return
        turn = self.turn
        left = {index: port for index, port in self.ready.items() if index not in gone}
        self.ready = left
        if gone:
            self.close(lambda index: '' if index in gone else None)
        commands = []  # type: List[str]
        for verb, ports in (('delete', gone), ('add', come)):
            for port, device in ports.values():
                commands += now.elements_for(verb, device, port)
        try:
            self.nft.load(commands)
            self._count(now, come)
        except nft.Failed as e:
            log('the rules of a port could not be changed (%s); all are loaded anew, and ports '
                'with a role are isolated meanwhile.' % e)
            self._close_all()
            self.lost(True)
            return
        with self.lock:
            self.ready = {**left, **come}
        if turn == self.turn:
            self.opened()

    def _count(self, now: Snapshot, ports: Dict[int, Tuple[str, str]]) -> None:
        """Reads back what names these ports. Raises nft.Failed."""
        kinds = {name: now.kinds[name] for _, device in ports.values()
                 for name in now.counts(device)}
        found = self.nft.count(kinds, [port for port, _ in ports.values()])
        for port, device in ports.values():
            if found[port] != now.counts(device):
                raise nft.Failed('what names port %s is not in the kernel' % port)

    def _close(self, new: Snapshot, ports: Dict[int, Tuple[str, str]]) -> None:
        """Before it is loaded: whoever has another role in it, or none."""
        with self.lock:
            here = dict(self.here)

        def role(index: int) -> Optional[str]:
            port = here.get(index) if index in ports else None  # it may have gone since
            entry = new.entry(port[2]) if port else None
            return entry.role if entry else ''

        self.close(role)

    def _close_all(self) -> None:
        self.close(lambda index: '')

    # files

    def _folder(self) -> str:
        self.number += 1
        return self.host.path('%s/%d' % (_STAGED, self.number))

    def _drop(self, folder: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    def _drop_unless_in_force(self, folder: str) -> None:
        if self.now is None or self.now.folder != folder:
            self._drop(folder)

    def _forget_staged(self) -> None:
        self._drop(self.host.path(_STAGED))

    def _keep(self, new: Snapshot) -> None:
        try:
            copy_whole(new.path(checker.RULESET), self.host.path(KEPT))
        except OSError as e:
            log('ruleset %s is in force and could not be kept in /%s (%s); after a restart the one '
                'before it is.' % (new.revision, KEPT, e.strerror))

    def _fail(self, why: str) -> None:
        if why and why != self.failing:
            log(why + '.')
        self.failing = why
        self.error = why[:900]
