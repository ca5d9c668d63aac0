# SPDX-License-Identifier: Apache-2.0
"""The watch: follows the kernel and libvirt, and repairs at once.

A port on a listed bridge is isolated first and asked about later.
"""

import contextlib
import os
import queue
import select
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Set

from isolated_ports import VERSION, abilities, ask, domxml, offer
from isolated_ports.barriers import Barriers
from isolated_ports.compare import name_of, owners, tap_like
from isolated_ports.control import Server
from isolated_ports.floor import CLOSED, GROUP
from isolated_ports.groups import Groups
from isolated_ports.hook import hosted_engine
from isolated_ports.host import Host, Networks
from isolated_ports.journal import log
from isolated_ports.keeper import Here, Keeper
from isolated_ports.kept_list import KeptList
from isolated_ports.live import BY_ELEMENT, BY_PROPERTY, STATUS_FILES, Libvirt, LiveNic, nics_in
from isolated_ports.netlink import Link, Lost, Ports
from isolated_ports.notify import Pulse
from isolated_ports.report import Report
from isolated_ports.roles import Roles
from isolated_ports.words import Words

# After a link event libvirt and VDSM still write their XML and metadata:
# asked too early they give the old answer. Seconds.
_ASK_AGAIN = (0.0, 0.3, 2.0)
_ASK_EVERY = 10.0
# One answer serves all questions of this time: the asking thread must not
# keep the other one from the processor when a port flaps.
_ASK_PAUSE = 0.1
# Seconds after which the asking thread yields Python's lock to the other one;
# the default of 5 ms would be the greater part of the whole repair.
_SWITCH = 0.0002
_LOOK_AT_LIST = 0.5
# libvirt isolates a new port within milliseconds of putting it on its bridge.
_COMES_UP = 3.0
# So long, at most, a port that an update is about to isolate stays behind the second barrier.
_HELD = 60.0
# A tap that no domain names after this time is not libvirt's.
_NOT_LIBVIRTS = 10.0


class Watcher:
    """Two threads: one follows the kernel and sets flags at once, by what is known; the other
    asks libvirt, which may take its time, and corrects what is known."""

    def __init__(self, host: Host, ports: Ports,
                 libvirt: Callable[[Host, Callable[[], None]], Libvirt] = Libvirt) -> None:
        self.host = host
        self.ports = ports
        self.list = KeptList(host)
        self.names = {}  # type: Dict[int, str]
        # By index, what libvirt's XML last said of a port.
        self.known = {}  # type: Dict[int, LiveNic]
        # Ports that had libvirt's name once: a new name makes a tap no uplink.
        self.taps = set()  # type: Set[int]
        self.first_seen = {}  # type: Dict[int, float]
        # Ports that a watch closed, or an update let out: only these do we open again.
        self.closed = set()  # type: Set[int]
        # Grows with every update: what libvirt said before it opens nothing.
        self.turn = 0
        self.lock = threading.Lock()
        self.barriers = Barriers(host, lambda: self.networks.names,
                                 lambda: self.keeper.closed_bridges,
                                 lambda: self.keeper.tracked_bridges)
        # What is found at the start was open while nobody watched.
        self.starting = True
        self.silent = ''
        self.groups = Groups()
        # What the kernel told of our own changes: an open port is news only after that. Index of
        # the bridge by that of the port.
        self.seen_isolated = {}  # type: Dict[int, int]
        # Until when, by index.
        self.held = {}  # type: Dict[int, float]
        # Of these, those whose update takes their isolation away.
        self.leaving = set()  # type: Set[int]
        self.questions = queue.Queue()  # type: queue.Queue[float]
        self.libvirt = libvirt(host, self.ask)
        self.words = Words(host, lambda bridge: bridge in self.networks.names, self.hold,
                           self.settled)
        self.libvirt.metadata = self.words.metadata_changed
        self.words.following = self.libvirt.following
        self.keeper = Keeper(host, lambda role: self.roles.close(role), self.attend,
                             self.take_list, lambda changed: self.report.keep(changed))
        self.roles = Roles(self.keeper, self.groups, self.lock, self.barriers.due.set)
        self.report = Report(host, self.keeper, self.roles)
        self.server = Server(host, {ask.VERB: self.words.answer, offer.VERB: self.offered})
        self.pulse = Pulse()

    @property
    def networks(self) -> Networks:
        return self.list.networks

    def run(self) -> None:
        """Never returns. The ports come first: neither libvirt nor nft can hold them up."""
        sys.setswitchinterval(_SWITCH)
        # By vfork all threads would wait for the child's exec, and a child has not our priority:
        # on a busy host a port stayed open for 0.4 s meanwhile (subprocess documents this switch).
        setattr(subprocess, '_USE_VFORK', False)
        self.look_at_list()
        self.resync()
        self.starting = False
        self.words.start()
        self.server.start()
        log('version %s watches %d isolated bridges.' % (VERSION, len(self.networks.names)))
        for name, target in (('ask-libvirt', self._answer), ('keep-floor', self.barriers.run),
                             ('keep-ruleset', self.keeper.run),
                             ('try-kernel', lambda: abilities.keep_trying(self.host))):
            threading.Thread(target=target, name=name, daemon=True).start()
        self.ask()
        assert self.ports.events is not None
        while True:
            self.server.beat()
            self.pulse.floored = self.barriers.looked and self.keeper.looked
            self.pulse.beat()
            links = []  # type: List[Link]
            waits = self.roles.waits(self.ports)
            ready = select.select([self.ports.events] + waits, [], [], _LOOK_AT_LIST)[0]
            for changes in waits:
                if changes in ready:
                    self.roles.listen(changes, self.ports)
            try:
                if self.ports.events in ready:
                    links = self.ports.receive()
            except Lost:
                log('the kernel had more news than could be read in time; all ports are looked '
                    'at again.')
                self.look_at_list()
                self.resync()
                continue
            for link in links:
                self.seen(link)
            if self.look_at_list():
                self.barriers.due.set()
                self.resync()
                self.ask()

    # the fast thread

    def seen(self, link: Link) -> None:
        """One message of the kernel."""
        if link.gone:
            with self.lock:
                if link.bridge_family:
                    self.roles.shut(link.index, self.ports)
                else:
                    self._forget(link.index)
            return
        if link.name:
            self.names[link.index] = link.name
        if link.index in self.roles.open:
            with self.lock:
                # Its rules go by its name, and on another bridge it has none.
                if not self.roles.holds(link):
                    self.roles.shut(link.index, self.ports)
        if not link.bridge_family:
            self._stay_in_group(link)
        if link.isolated is None:
            return
        if link.isolated:
            self.seen_isolated[link.index] = link.master
        else:
            self.close(link)
        if self.vm_port(link):
            self.join_group(link)
            self.ask()

    def _forget(self, index: int) -> None:
        for memory in (self.names, self.known, self.first_seen, self.seen_isolated, self.held):
            memory.pop(index, None)  # type: ignore
        for indices in (self.taps, self.closed, self.leaving):
            indices.discard(index)
        self.groups.forget(index)
        self.roles.open.pop(index, None)
        self.keeper.gone(index)

    def vm_port(self, link: Link) -> bool:
        if link.index not in self.first_seen:
            self.first_seen[link.index] = time.monotonic()
        if link.index in self.known or link.index in self.taps:
            return True
        if tap_like(link.name, self.host):
            self.taps.add(link.index)
            return True
        return False

    def join_group(self, link: Link) -> None:
        """Puts a port of a listed bridge behind the second barrier, and one of a bridge with rules
        behind a closed door, before libvirt is asked."""
        with self.lock:
            nic = self.known.get(link.index)
            bridge = self.names.get(link.master, '')
            group = self.roles.group(link, nic, bridge, bridge in self.networks.names)
            before = self.groups.of.get(link.index, 0)
            if not group or before == group or before and group != CLOSED or (
                    nic is not None and nic.foreign):
                return
            with contextlib.suppress(OSError):  # it is gone
                self.groups.put(link.index, group, self.ports)

    def _stay_in_group(self, link: Link) -> None:
        with self.lock:
            try:
                told = self.groups.keep(link, self.ports)
            except OSError:
                return  # it is gone
            group = self.groups.of.get(link.index, 0)
        if told:
            log('port %s was put out of device group %d, which the second barrier goes by, and is '
                'in it again.' % (link.name, group))

    def close(self, link: Link) -> None:
        """Isolates an open port where it is to be, or may be to be, isolated."""
        bridge = self.names.get(link.master, '')
        # A port is open when it comes to a bridge, and libvirt's update may open it for a moment
        # before we do; the kernel told of that before it told of our isolating it.
        expected = self.seen_isolated.pop(link.index, 0) != link.master
        with self.lock:
            nic = self.known.get(link.index)
            if nic is not None and nic.exempt or self.roles.holds(link):
                return
            listed = bridge in self.networks.names
            if not (listed and self.vm_port(link)):
                if nic is None or not nic.wanted:
                    return
                # Isolated for its bridge's sake, and now it is on another one.
                if nic.by != BY_PROPERTY and bridge != nic.bridge:
                    return
            try:
                self.ports.isolate(link.index)
            except OSError:
                return  # it is gone, or on no bridge any more
            self.closed.add(link.index)
        if self.starting or not (expected or self._is_leaving(link.index)):
            log('port %s on bridge %s was open and is isolated %s.'
                % (link.name, bridge, 'now' if self.starting else 'again'))

    def _is_leaving(self, index: int) -> bool:
        """An update under way takes its isolation away. Any other keeps it, so that a port which
        opens meanwhile opens by VDSM's rollback."""
        return self._is_held(index) and index in self.leaving

    def _is_held(self, index: int) -> bool:
        return time.monotonic() < self.held.get(index, 0.0)

    def resync(self) -> None:
        """Looks at every port, as at the start and where messages were lost."""
        links = self.ports.links()
        with self.lock:
            for index in set(self.names) - set(links):
                self._forget(index)
        for link in links.values():
            self.seen(link)
        for link in self.ports.ports():
            self.seen(link)

    def look_at_list(self) -> bool:
        return self.list.look()

    # the thread that answers hooks

    def hold(self, document: domxml.Document, nic: domxml.Nic) -> None:
        """Before libvirt puts a NIC where it is to be isolated: it comes there behind the second
        barrier, for libvirt puts the port on the bridge first and isolates it afterwards."""
        live = next((live for live in nics_in(document, self.networks, self.host)
                     if live.mac == nic.mac and live.alias == nic.alias), None)
        if (live is None or not live.target or not document.vdsm
                or hosted_engine(document.uuid, self.host)):
            return
        ports = Ports()
        try:
            for link in ports.links().values():
                if link.name != live.target:
                    continue
                with self.lock:
                    self.turn += 1
                    self.held[link.index] = time.monotonic() + _HELD
                    if any(word.names(nic.alias, nic.mac) and not word.values
                           for word in document.words):
                        self.leaving.add(link.index)
                    else:
                        self.leaving.discard(link.index)
                    if live.wanted:
                        self.known[link.index] = live
                    self.roles.shut(link.index, ports)
                    self.groups.set(link, GROUP, ports)
        except OSError:
            pass  # it is gone
        finally:
            ports.close()

    # the thread that settles what was said

    def settled(self, document: domxml.Document) -> None:
        targets = {nic.target for nic in document.nics}
        # What an update lets out is ours to open, also where an earlier watch closed it.
        let_out = {nic.target for nic in nics_in(document, self.networks, self.host)
                   if nic.told and not nic.wanted}
        with self.lock:
            self.turn += 1
            for index, name in self.names.items():
                if name in targets:
                    self.held.pop(index, None)
                if name in let_out:
                    self.closed.add(index)
        self.ask()

    # the slow thread

    def ask(self) -> None:
        now = time.monotonic()
        for later in _ASK_AGAIN:
            self.questions.put(now + later)

    def _answer(self) -> None:
        ports = Ports()
        due = []  # type: List[float]
        while True:
            now = self.pulse.asked = time.monotonic()
            wait = min(due + [now + _ASK_EVERY]) - now
            try:
                due.append(self.questions.get(timeout=max(wait, 0.0)))
                while True:
                    due.append(self.questions.get_nowait())
            except queue.Empty:
                pass
            now = time.monotonic()
            if due and min(due) > now:
                continue
            # One answer serves all questions up to now; of the later ones the
            # outermost are enough.
            later = [moment for moment in due if moment > now]
            due = sorted({min(later), max(later)}) if later else []
            try:
                self.learn(ports)
                time.sleep(_ASK_PAUSE)
            except Exception as e:
                log('libvirt could not be asked (%s: %s); ports are kept by what was known.'
                    % (type(e).__name__, e))

    def learn(self, ports: Ports) -> None:
        """Asks libvirt about all ports, closes what is open and opens what was closed in vain."""
        networks = self.networks
        turn = self.turn
        domains = self.libvirt.domains()
        self._say_silent(self.libvirt.silent)
        nics = []  # type: List[LiveNic]
        for xml in domains:
            with contextlib.suppress(domxml.Unreadable):
                document = domxml.read(xml)
                self.words.learn(document)
                nics += nics_in(document, networks, self.host)
        links = ports.links()
        found = ports.ports()
        with self.lock:
            owned = owners(nics, found, {index: nic.target for index, nic in self.known.items()})
        here = {}  # type: Here
        for link in found:
            bridge = name_of(links, link.master)
            nic = owned.get(link.index)
            link.group = links.get(link.index, link).group
            if nic is not None and not nic.foreign:
                here[link.index] = link.name, bridge, nic
        self.keeper.present(here)
        for link in found:
            self._settle(link, owned.get(link.index), name_of(links, link.master), turn, ports)
        self.words.keep(turn == self.turn)

    def _settle(self, link: Link, nic: Optional[LiveNic], bridge: str, turn: int,
                ports: Ports) -> None:
        """Brings one port to what is wanted of it. link: with its group."""
        with self.lock:
            if nic is None:
                with contextlib.suppress(OSError):
                    self.roles.shut(link.index, ports)
                    before = self.groups.of.get(link.index, 0)
                    group = self.roles.group(link, None, bridge, before not in (0, CLOSED)
                                             or bridge in self.networks.names)
                    if before or group == CLOSED and self.vm_port(link):
                        self._regroup(link, group, ports)
                    elif bridge in self.networks.names and self._strange_tap(link):
                        self.groups.let_pass(link, ports)
                return
            self._keep_element(link, nic, bridge)
            wanted = not nic.exempt and (nic.wanted or bridge in self.networks.names)
            if not wanted and turn != self.turn:
                return
            self.known[link.index] = nic
            role = self.roles.role(link, self.keeper.entry(nic, bridge)) if wanted else ''
            release = not wanted and link.isolated and (link.index in self.closed or nic.told)
            try:
                if role and not self._is_held(link.index):
                    self.roles.let(link, role, ports)
                    return
                self.roles.shut(link.index, ports)
                self._regroup(link, self.roles.group(link, nic, bridge, wanted), ports)
                if nic.exempt and bridge in self.networks.names:
                    self.groups.let_pass(link, ports)
                if release:
                    self._release(link, ports)
                elif wanted and not link.isolated:
                    ports.isolate(link.index)
                    self.closed.add(link.index)
                else:
                    return
            except OSError:
                return
        if not wanted:
            log('port %s of VM %s on bridge %s, which was isolated here, is open again%s.'
                % (link.name, nic.vm, bridge,
                   ': ALARM, the VM is not ours to isolate (%s)' % nic.exempt
                   if nic.exempt else ''))
        elif not (self._coming_up(link, nic) or self._is_held(link.index)):
            log('port %s of VM %s on bridge %s was open and is isolated now.'
                % (link.name, nic.vm, bridge))

    def _coming_up(self, link: Link, nic: LiveNic) -> bool:
        """libvirt is about to isolate the port itself: it is new, and the XML says so."""
        first = self.first_seen.get(link.index)
        return nic.element and (first is None or time.monotonic() - first < _COMES_UP)

    def _say_silent(self, silent: str) -> None:
        if bool(silent) != bool(self.silent):
            log('%s; its status files in /%s are read in its place.' % (silent, STATUS_FILES)
                if silent else 'libvirtd answers again.')
        self.silent = silent

    def _keep_element(self, link: Link, nic: LiveNic, bridge: str) -> None:
        """A native element that is gone while the NIC stays where it is was lost to VDSM's
        rollback: whether a network is isolated never changes."""
        before = self.known.get(link.index)
        if (before is not None and before.by == BY_ELEMENT and not nic.wanted and not nic.exempt
                and not nic.told and before.bridge == nic.bridge == bridge):
            nic.wanted = True
            nic.by = BY_ELEMENT

    def _regroup(self, link: Link, group: int, ports: Ports) -> None:
        """Raises OSError."""
        if group or not self._is_held(link.index):
            self.groups.set(link, group, ports)

    def _strange_tap(self, link: Link) -> bool:
        """A program other than libvirt made it, as an uplink may be, or somebody gave an uplink
        libvirt's name: we never closed it."""
        first = self.first_seen.setdefault(link.index, time.monotonic())
        if link.name.startswith('vnet') and not tap_like(link.name, self.host):
            return True
        return (link.index not in self.taps and not self.silent
                and time.monotonic() - first > _NOT_LIBVIRTS
                and os.path.exists(self.host.path('sys/class/net/%s/tun_flags' % link.name)))

    def _release(self, link: Link, ports: Ports) -> None:
        """Opens a port that was closed in vain, if it is where it was when that was decided."""
        if any(now.index == link.index and now.master == link.master for now in ports.ports()):
            ports.isolate(link.index, False)
        self.closed.discard(link.index)

    # the thread that keeps the ruleset

    def attend(self) -> None:
        """What was read back may let ports out: those that are known, at once."""
        self.barriers.due.set()
        with contextlib.closing(Ports()) as ports:
            links = ports.links()
            found = ports.ports()
            for link in found:
                nic = self.known.get(link.index)
                if nic is not None:
                    link.group = links.get(link.index, link).group
                    self._settle(link, nic, name_of(links, link.master), self.turn, ports)
        self.ask()

    def offered(self, _: str) -> str:
        """The process that asks the server has laid something down: a hint, no more."""
        self.keeper.due.set()
        return ''

    def take_list(self, networks: List[Dict[str, Any]]) -> str:
        """A ruleset's list, before the ruleset is loaded."""
        ports = Ports()
        try:
            links = ports.links()
            used = {name_of(links, link.master) for link in ports.ports()
                    if link.index in self.known or tap_like(link.name, self.host)}
        finally:
            ports.close()
        return self.list.take(networks, used)
