# SPDX-License-Identifier: Apache-2.0
"""The NICs of running domains, from libvirt's live XML.

Through libvirt's Python binding where it is there and the daemon answers in
time; else from libvirt's own status files, which outlive its restarts.
"""

import importlib
import os
import threading
from typing import Any, Callable, List, Optional

from isolated_ports import decide, domxml
from isolated_ports.hook import hosted_engine
from isolated_ports.host import Host, Networks
from isolated_ports.patience import Late, Patience

# What libvirtd has for an answer. It gives one within milliseconds, and one
# that is just starting within some seconds.
SECONDS = 5.0

STATUS_FILES = 'run/libvirt/qemu'

# Why a NIC is wanted isolated, as far as that matters when it changes.
BY_PROPERTY, BY_LIST, BY_ELEMENT = 'property', 'list', 'element'


class LiveNic:
    """wanted: True isolated, False open. by: why it is wanted isolated. exempt: the VM is not
    ours to close ('hosted engine', 'external') though its network is isolated; '' otherwise.
    foreign: the same, whatever its network is. element: libvirt isolates the port itself."""

    __slots__ = ('target', 'bridge', 'network', 'mac', 'alias', 'vm', 'vm_id', 'wanted', 'by',
                 'exempt', 'foreign', 'problem', 'element', 'told')

    def __init__(self, nic: domxml.Nic, document: domxml.Document, network: str) -> None:
        self.target = nic.target
        self.bridge = nic.bridge
        self.network = network
        self.mac = nic.mac
        self.alias = nic.alias
        self.vm = document.name
        self.vm_id = document.uuid
        self.wanted = False
        self.by = ''
        self.exempt = ''
        self.foreign = ''
        self.problem = ''
        self.element = nic.isolated
        self.told = False


def nics_in(document: domxml.Document, networks: Networks, host: Host) -> List[LiveNic]:
    """NICs of one domain."""
    exempt = ('hosted engine' if hosted_engine(document.uuid, host)
              else '' if document.vdsm else 'external')
    found = []
    for nic in document.nics:
        verdict = decide.judge(nic, document, networks, host)
        live = LiveNic(nic, document, verdict.network)
        said = decide.in_force(nic, document)
        live.told = said.newest is not None
        listed = bool(decide.listed_network(nic, networks))
        live.foreign = exempt
        if exempt:
            live.exempt = exempt if listed or verdict.kind != decide.OTHERS else ''
        elif verdict.kind != decide.OTHERS:
            # What a start would refuse is, once it runs, at least isolated.
            live.wanted = True
            live.by = (BY_PROPERTY if said.values else BY_LIST if listed else BY_ELEMENT)
            live.problem = verdict.reason
        found.append(live)
    return found


class Libvirt:
    """changed: called, in a thread of ours, whenever a domain may have changed. silent: why the
    last answer came from the status files though the binding is there; '' if it did not."""

    def __init__(self, host: Host, changed: Optional[Callable[[], None]] = None) -> None:
        self.host = host
        self.changed = changed
        self.binding = None  # type: Any
        self.connection = None  # type: Any
        # Called with VM and namespace where somebody wrote a domain's metadata.
        self.metadata = None  # type: Optional[Callable[[str, str], None]]
        self.silent = ''
        self.daemon = Patience('libvirtd')
        # Set while libvirt's events reach us, or where none ever will.
        self.following = threading.Event()
        try:
            self.binding = importlib.import_module('libvirt')
        except ImportError:
            self.following.set()
            return
        # Its errors come as exceptions; it would print them as well.
        self.binding.registerErrorHandler(lambda *_: None, None)
        if changed is not None:
            self.binding.virEventRegisterDefaultImpl()
            threading.Thread(target=self._events, name='libvirt-events', daemon=True).start()

    def domains(self) -> List[bytes]:
        """Live XML of every running domain. Returns within SECONDS, whatever libvirtd does."""
        self.silent = ''
        if self.binding is not None:
            try:
                found = self.daemon.call(self._from_daemon, SECONDS)  # type: List[bytes]
                return found
            except Late as e:
                self.silent = str(e)
            except self.binding.libvirtError as e:
                self.silent = 'libvirtd cannot be asked (%s)' % str(e).strip()
        return self._from_files()

    def _from_daemon(self) -> List[bytes]:
        """Raises libvirtError. May never return."""
        connection = self._connected()
        try:
            return [xml for xml in map(self._xml, connection.listAllDomains(
                self.binding.VIR_CONNECT_LIST_DOMAINS_ACTIVE)) if xml]
        except self.binding.libvirtError:
            self.connection = None
            raise

    def _xml(self, domain: Any) -> bytes:
        try:
            text = domain.XMLDesc()  # type: str
            return text.encode('utf-8')
        except self.binding.libvirtError:
            return b''  # it is just going away

    def _connected(self) -> Any:
        """A connection that lives. Raises libvirtError. May never return."""
        if self.connection is None or not self.connection.isAlive():
            self.following.clear()
            self.connection = None
            connection = self.binding.openReadOnly('qemu:///system')
            if self.changed is not None:
                connection.setKeepAlive(5, 3)
                self._subscribe(connection)
                self.following.set()
            self.connection = connection
        return self.connection

    def _subscribe(self, connection: Any) -> None:
        for name in ('LIFECYCLE', 'DEVICE_ADDED', 'DEVICE_REMOVED', 'METADATA_CHANGE'):
            event = getattr(self.binding, 'VIR_DOMAIN_EVENT_ID_' + name, None)
            if event is not None:
                connection.domainEventRegisterAny(
                    None, event, self._metadata if name == 'METADATA_CHANGE' else self._changed,
                    None)

    def _changed(self, *_: Any) -> None:
        if self.changed is not None:
            self.changed()

    def _metadata(self, _: Any, domain: Any, __: int, uri: Optional[str], ___: Any) -> None:
        if self.metadata is not None:
            self.metadata(domain.UUIDString(), uri or '')
        self._changed()

    def _events(self) -> None:
        while True:
            self.binding.virEventRunDefaultImpl()

    def _from_files(self) -> List[bytes]:
        folder = self.host.path(STATUS_FILES)
        found = []
        try:
            names = os.listdir(folder)
        except OSError:
            return []
        for name in names:
            if name.endswith('.xml'):
                try:
                    with open(os.path.join(folder, name), 'rb') as stream:
                        found.append(stream.read(domxml.MAX_SIZE + 1))
                except OSError:
                    continue
        return found
