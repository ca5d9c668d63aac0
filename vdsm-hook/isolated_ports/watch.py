# SPDX-License-Identifier: Apache-2.0
"""The watch: follows the kernel and libvirt, and repairs at once.

A port on a listed bridge is isolated first and asked about later.
"""

import os
import queue
import socket
import sys
import threading
import time
from typing import Callable, Dict, List, Optional, Set, Tuple

from isolated_ports import VERSION
from isolated_ports.compare import name_of, tap_like
from isolated_ports.floor import GROUP, Floor
from isolated_ports.host import NETWORKS, Host, Networks, parse_networks
from isolated_ports.journal import log
from isolated_ports.listing import write_list
from isolated_ports.live import BY_ELEMENT, BY_PROPERTY, Libvirt, LiveNic, nics_of
from isolated_ports.netlink import Link, Lost, Ports

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


class Known:
    """What libvirt's XML last said of a port."""

    __slots__ = ('index', 'nic')

    def __init__(self, index: int, nic: LiveNic) -> None:
        self.index = index
        self.nic = nic


class Watcher:
    """Two threads: one follows the kernel and sets flags at once, by what is known; the other
    asks libvirt, which may take its time, and corrects what is known."""

    def __init__(self, host: Host, ports: Ports,
                 libvirt: Callable[[Host, Callable[[], None]], Libvirt] = Libvirt) -> None:
        self.host = host
        self.ports = ports
        self.networks = Networks('missing', {})
        self.signature = None  # type: Optional[Tuple[int, ...]]
        self.content = None  # type: Optional[bytes]
        self.names = {}  # type: Dict[int, str]
        self.known = {}  # type: Dict[str, Known]
        # Ports that we closed ourselves: only these do we open again.
        self.closed = set()  # type: Set[int]
        self.lock = threading.Lock()
        self.floor = Floor(host)
        self.floor_failed = ''
        # Devices that are in our group already.
        self.grouped = set()  # type: Set[int]
        self.questions = queue.Queue()  # type: queue.Queue[float]
        self.libvirt = libvirt(host, self.ask)

    def run(self) -> None:
        """Never returns."""
        sys.setswitchinterval(_SWITCH)
        self.keep_floor()
        self.look_at_list()
        self.resync()
        notify_ready()
        log('version %s watches %d isolated bridges.' % (VERSION, len(self.networks.names)))
        threading.Thread(target=self._answer, name='ask-libvirt', daemon=True).start()
        self.ask()
        assert self.ports.events is not None
        self.ports.events.settimeout(_LOOK_AT_LIST)
        while True:
            try:
                links = self.ports.receive()
            except socket.timeout:
                links = []
            except Lost:
                log('the kernel had more news than could be read in time; all ports are looked '
                    'at again.')
                self.look_at_list()
                self.resync()
                continue
            for link in links:
                self.seen(link)
            if self.look_at_list():
                self.resync()
                self.ask()

    # the fast thread

    def seen(self, link: Link) -> None:
        """One message of the kernel."""
        if link.gone:
            if not link.bridge_family:
                self.names.pop(link.index, None)
                with self.lock:
                    self.known.pop(link.name, None)
                    self.closed.discard(link.index)
                    self.grouped.discard(link.index)
            return
        if link.name:
            self.names[link.index] = link.name
        if link.isolated is None:
            return
        if link.isolated is False:
            self.close(link)
        if self.vm_port(link.name):
            self.join_group(link)
            self.ask()

    def vm_port(self, name: str) -> bool:
        return name in self.known or tap_like(name, self.host)

    def join_group(self, link: Link) -> None:
        """Puts a port of a listed bridge behind the second barrier, before libvirt is asked."""
        with self.lock:
            known = self.known.get(link.name)
            exempt = known is not None and known.index == link.index and known.nic.exempt
            if (link.index in self.grouped or exempt
                    or self.names.get(link.master, '') not in self.networks.names):
                return
            try:
                self.ports.set_group(link.index, GROUP)
                self.grouped.add(link.index)
            except OSError:
                pass  # it is gone

    def close(self, link: Link) -> None:
        """Isolates an open port where it is to be, or may be to be, isolated."""
        bridge = self.names.get(link.master, '')
        with self.lock:
            known = self.known.get(link.name)
            sure = known is not None and known.index == link.index
            nic = known.nic if known is not None and sure else None
            if nic is not None and nic.exempt:
                return
            listed = bridge in self.networks.names
            if not (listed and self.vm_port(link.name)):
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
        log('port %s on bridge %s was open and is isolated again.' % (link.name, bridge))

    def resync(self) -> None:
        """Looks at every port, as at the start and where messages were lost."""
        self.names.update((index, link.name) for index, link in self.ports.links().items())
        for link in self.ports.ports():
            self.seen(link)

    def look_at_list(self) -> bool:
        """Takes a changed list over; a damaged one is written anew from what is known."""
        signature = ()  # type: Tuple[int, ...]
        try:
            found = os.stat(self.host.path(NETWORKS))
            signature = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_ctime_ns)
        except OSError:
            pass
        if signature == self.signature:
            return False
        self.signature = signature
        content = self.host.networks_bytes()
        networks = parse_networks(content)
        if networks.state == 'ok':
            self.networks = networks
            self.content = content
            return True
        log('the list of isolated bridges (/%s) is %s%s.'
            % (NETWORKS, networks.state, ': ' + networks.why if networks.why else ''))
        if self.networks.state == 'ok' and self.content:
            try:
                write_list(self.content, self.host)
                log('the list was written anew as it was.')
            except OSError as e:
                log('the list could not be written anew (%s); ports are kept by the last good '
                    'one.' % e.strerror)
        return False

    # the slow thread

    def ask(self) -> None:
        now = time.monotonic()
        for later in _ASK_AGAIN:
            self.questions.put(now + later)

    def _answer(self) -> None:
        ports = Ports()
        due = []  # type: List[float]
        look = 0.0
        while True:
            now = time.monotonic()
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
                if now >= look:
                    look = now + _ASK_EVERY
                    self.keep_floor()
                self.learn(ports)
                time.sleep(_ASK_PAUSE)
            except Exception as e:
                log('libvirt could not be asked (%s: %s); ports are kept by what was known.'
                    % (type(e).__name__, e))

    def keep_floor(self) -> None:
        failed = self.floor.ensure()
        if failed and failed != self.floor_failed:
            log('the second barrier could not be kept (%s); the kernel flag alone isolates.'
                % failed)
        self.floor_failed = failed

    def learn(self, ports: Ports) -> None:
        """Asks libvirt about all ports, closes what is open and opens what was closed in vain."""
        networks = self.networks
        nics = {nic.target: nic for xml in self.libvirt.domains()
                for nic in nics_of(xml, networks, self.host) if nic.target}
        links = ports.links()
        for link in ports.ports():
            nic = nics.get(link.name)
            if nic is None:
                continue
            bridge = name_of(links, link.master)
            with self.lock:
                self._keep_element(link, nic, bridge)
                self.known[link.name] = Known(link.index, nic)
                wanted = not nic.exempt and (nic.wanted or bridge in networks.names)
                release = not wanted and link.isolated and link.index in self.closed
                try:
                    self._regroup(links.get(link.index, link), wanted, ports)
                    if release:
                        self._release(link, ports)
                    elif wanted and not link.isolated:
                        ports.isolate(link.index)
                        self.closed.add(link.index)
                    else:
                        continue
                except OSError:
                    continue
            if wanted:
                log('port %s of VM %s on bridge %s was open and is isolated now.'
                    % (link.name, nic.vm, bridge))
            else:
                log('port %s of VM %s on bridge %s, which was isolated here, is open again%s.'
                    % (link.name, nic.vm, bridge,
                       ': ALARM, the VM is not ours to isolate (%s)' % nic.exempt
                       if nic.exempt else ''))

    def _keep_element(self, link: Link, nic: LiveNic, bridge: str) -> None:
        """A native element that is gone while the NIC stays where it is was lost to VDSM's
        rollback: whether a network is isolated never changes."""
        before = self.known.get(link.name)
        if (before is not None and before.index == link.index and before.nic.by == BY_ELEMENT
                and not nic.wanted and not nic.exempt
                and before.nic.bridge == nic.bridge == bridge):
            nic.wanted = True
            nic.by = BY_ELEMENT

    def _regroup(self, link: Link, wanted: bool, ports: Ports) -> None:
        """Puts a device into our group or takes it out; one of another's group stays there."""
        if wanted and link.group == 0:
            ports.set_group(link.index, GROUP)
            self.grouped.add(link.index)
        elif not wanted and (link.group == GROUP or link.index in self.grouped):
            ports.set_group(link.index, 0)
            self.grouped.discard(link.index)

    def _release(self, link: Link, ports: Ports) -> None:
        """Opens a port that was closed in vain, if it is where it was when that was decided."""
        if any(now.index == link.index and now.master == link.master for now in ports.ports()):
            ports.isolate(link.index, False)
        self.closed.discard(link.index)


def notify_ready() -> None:
    """sd_notify(3)."""
    address = os.environ.get('NOTIFY_SOCKET', '')
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        try:
            notify.connect('\0' + address[1:] if address.startswith('@') else address)
            notify.send(b'READY=1')
        except OSError as e:
            log('systemd could not be told that the service is ready (%s).' % e.strerror)
