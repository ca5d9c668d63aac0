# SPDX-License-Identifier: Apache-2.0
"""The service's side of what NICs' last updates said: takes it from the hooks, has it written
into the domains' metadata, and settles it when VDSM has written its own.

The order of one update:

    hook before_update_device    said -> behind the barrier, written, unsettled
    libvirt                      changes the device
    hook after_update_device     updated -> VDSM's next writing of metadata settles it
    VDSM                         mirroring, metadata

An update that fails anywhere in between leaves the word unsettled, and what was
in force before it counts as well.
"""

import os
import queue
import threading
import time
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from isolated_ports import ask, decide, domxml
from isolated_ports.domxml import METADATA_URI, Document, Nic
from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.live import STATUS_FILES
from isolated_ports.pen import Pen
from isolated_ports.word import INVALID, Said, Word, parse, role

# Seconds in which libvirt's event of VDSM's metadata arrives, on a busy host too.
_ON_ITS_WAY = 1.0

# A NIC by alias and MAC.
_Key = Tuple[str, str]


class Words:
    """listed: whether a bridge is on the list. hold: called with a domain and one of its NICs,
    before the hook goes on, where that NIC is, was or may be to be isolated. settled: called with
    a domain when what was said of its NICs was settled. Thread-safe."""

    def __init__(self, host: Host, listed: Callable[[str], bool],
                 hold: Callable[[Document, Nic], None], settled: Callable[[Document], None],
                 pen: Optional[Pen] = None) -> None:
        self.host = host
        self.listed = listed
        self.hold = hold
        self.settled = settled
        self.pen = pen or Pen(host)
        self.lock = threading.RLock()
        # Newer than what the watch has read in the metadata, by VM.
        self.newer = {}  # type: Dict[str, Dict[_Key, Word]]
        # Sayings that libvirt has carried out, and of which VM.
        self.carried_out = {}  # type: Dict[str, str]
        self.seen = {}  # type: Dict[str, Document]
        self.failed = ''
        self.changes = queue.Queue()  # type: queue.Queue[str]
        # Set while libvirt tells of metadata; without anybody who does, nothing is waited for.
        self.following = threading.Event()
        self.following.set()

    def start(self) -> None:
        threading.Thread(target=self._settle_all, name='settle-words', daemon=True).start()

    # what hooks say

    def answer(self, argument: str) -> str:
        """The verb `said`, see ask.Answer. Raises ValueError."""
        said = parse(argument)
        if said.event == 'flush':
            self._await_settled(said.vm_id)
            return _answer(self._write_left(said.vm_id))
        if said.event == 'updated':
            # VDSM writes its metadata once the hook has returned. A watch that has just started
            # would miss that, and the word would stay unsettled.
            self.following.wait(_ON_ITS_WAY)
        with self.lock:
            if said.event == 'updated':
                return self._updated(said)
            return self._update(said)

    def _await_settled(self, vm_id: str) -> None:
        """VDSM lets a VM leave after its update, so libvirt's event is on its way."""
        end = time.monotonic() + _ON_ITS_WAY
        while vm_id in list(self.carried_out.values()) and time.monotonic() < end:
            time.sleep(0.02)

    def _update(self, said: Said) -> str:
        isolated = bool(said.values) or self.listed(said.bridge)
        document = self._document(said.vm_id)
        nic = _find(document, said.alias, said.mac) if document else None
        if document is None or nic is None:
            return _answer('libvirt has no such NIC in a running VM', isolated)
        word = _word_of(said, nic, document, self.listed(nic.bridge))
        if word is not None:
            self.newer.setdefault(said.vm_id, {})[(said.alias, said.mac)] = word
            self._lay_over(document)
        if isolated or word is not None and (word.values or word.before):
            self.hold(document, nic)
        return _answer(self._write(document) if word is not None else '', isolated,
                       word is not None)

    def _updated(self, said: Said) -> str:
        document = self._document(said.vm_id)
        written = document is not None and any('said="%s"' % said.said in element
                                               for element in document.written)
        self.carried_out[said.said] = said.vm_id
        return _answer('' if written else 'it is not written yet')

    def _write_left(self, vm_id: str) -> str:
        """What is said of a VM and not yet in its metadata. '', or why it could not be written."""
        with self.lock:
            document = self._document(vm_id)
            if document is None:
                return ''
            self._read_notes(document)
            self._lay_over(document)
            return self._write(document)

    # what the watch learns

    def learn(self, document: Document) -> None:
        """A running domain as libvirt has it; what is newer is laid over its own words."""
        with self.lock:
            newer = self.newer.get(document.uuid, {})
            for key, word in list(newer.items()):
                if _has(document, word):
                    del newer[key]
            self._read_notes(document)
            self._lay_over(document)
            self.seen[document.uuid] = document

    def _lay_over(self, document: Document) -> None:
        newer = self.newer.get(document.uuid, {})
        document.words = [word for word in document.words
                          if not any(word.names(*key) for key in newer)] + list(newer.values())

    def keep(self, settled: bool = True) -> None:
        """After all running domains were learnt and their ports attended to: writes what is not
        written, takes out what is of no use any more, and forgets domains that are gone. settled:
        whether no update came between. A word that lets a port out is of use until the port is
        open: a watch that starts meanwhile would not know that it is ours to open."""
        with self.lock:
            seen, self.seen = self.seen, {}
            self.newer = {vm_id: words for vm_id, words in self.newer.items()
                          if words and vm_id in seen}
            self.carried_out = {said: vm_id for said, vm_id in self.carried_out.items()
                                if vm_id in seen}
            for vm_id, old in seen.items():
                idle = {word.said for word in old.words
                        if settled and not _is_useful(word, old)}
                if vm_id in self.newer or idle:
                    document = self._document(vm_id)
                    if document is not None:
                        document.words = [word for word in document.words
                                          if word.said not in idle or _is_useful(word, document)]
                        self._say(self._write(document), document)

    def _say(self, why: str, document: Document) -> None:
        if why and why != self.failed:
            log('what the last update of a NIC of VM %s said cannot be written into its metadata '
                '(%s); the VM cannot migrate and be saved until it is.' % (document.name, why))
        self.failed = why

    def _read_notes(self, document: Document) -> None:
        """What hooks could not tell us, because we did not run or were late."""
        newer = self.newer.setdefault(document.uuid, {})
        for word in noted(document, self.host, self.listed, newer.values()):
            newer[(word.alias, word.mac)] = word

    # settling

    def metadata_changed(self, vm_id: str, uri: str) -> None:
        """Libvirt tells that somebody wrote metadata; called in its thread of events."""
        if uri == METADATA_URI:
            self.changes.put(vm_id.lower())

    def _settle_all(self) -> None:
        while True:
            self.settle(self.changes.get())

    def settle(self, vm_id: str) -> None:
        """VDSM has written its metadata: updates that libvirt has carried out are over."""
        with self.lock:
            if not self.carried_out:
                return
            document = self._document(vm_id)
            over = [word for word in document.words if word.said in self.carried_out] \
                if document else []
            if document is None or not over:
                return
            for word in over:
                del self.carried_out[word.said]
                word.settled = True
                word.before = []
                self.newer.setdefault(vm_id, {})[(word.alias, word.mac)] = word
            self._say(self._write(document), document)
        self.settled(document)

    # libvirt

    def _write(self, document: Document) -> str:
        """'', or why not. Writes nothing where the metadata have it all."""
        if [word.element() for word in document.words] == document.written:
            return ''
        return self.pen.write(document.uuid, document.words)

    def _document(self, vm_id: str) -> Optional[Document]:
        """The running domain as libvirt's status files have it, with what is newer: they answer
        also while libvirtd does not."""
        wanted = b'<uuid>%s</uuid>' % vm_id.encode('utf-8', 'replace')
        for content in self._status_files():
            if wanted in content:
                try:
                    document = domxml.read(content)
                except domxml.Unreadable:
                    continue
                if document.uuid == vm_id:
                    document.written = [word.element() for word in document.words]
                    self._lay_over(document)
                    return document
        return None

    def _status_files(self) -> Iterator[bytes]:
        folder = self.host.path(STATUS_FILES)
        try:
            names = os.listdir(folder)
        except OSError:
            return
        for name in names:
            if name.endswith('.xml'):
                try:
                    with open(os.path.join(folder, name), 'rb') as stream:
                        yield stream.read(domxml.MAX_SIZE + 1)
                except OSError:
                    continue


def noted(document: Document, host: Host, listed: Callable[[str], bool],
          known: Iterable[Word] = ()) -> List[Word]:
    """What hooks have noted of a running domain's NICs and neither its metadata nor what is known
    has."""
    there = {word.said for word in document.words} | {word.said for word in known}
    found = []
    for _, said in ask.notes(host, document.uuid):
        nic = _find(document, said.alias, said.mac)
        word = _word_of(said, nic, document, listed(nic.bridge)) if nic else None
        if word is not None and word.said not in there:
            found.append(word)
    return found


def with_notes(document: Document, host: Host, listed: Callable[[str], bool]) -> Document:
    """For whoever looks without a service: notes go before the words in the metadata."""
    newer = noted(document, host, listed)
    document.words = [word for word in document.words
                      if not any(word.names(new.alias, new.mac) for new in newer)] + newer
    return document


def _answer(why: str, isolated: bool = False, kept: bool = False) -> str:
    return '%s%s%s %s' % ('later' if why else 'written', '-isolated' if isolated else '',
                          '-kept' if kept else '', why)


def _has(document: Document, word: Word) -> bool:
    return any((other.said, other.settled) == (word.said, word.settled)
               for other in document.words)


def _find(document: Document, alias: str, mac: str) -> Optional[Nic]:
    for nic in document.nics:
        if nic.mac == mac and (not alias or nic.alias == alias):
            return nic
    return None


def _word_of(said: Said, nic: Nic, document: Document, listed: bool) -> Optional[Word]:
    """What is to be kept of an update; None where VDSM's metadata, which have nothing of us, say
    as much. A VM-level property stands in the place of the NIC's, which is then unknown: the
    strictest is taken for it. listed: the NIC's bridge is, and isolates whoever is on it."""
    values = said.values
    if values and document.vm_property:
        values = ['isolated']
    in_force = decide.in_force(nic, document)
    before = list(dict.fromkeys(in_force.values))
    if nic.isolated and not listed and 'isolated' not in before:
        before.append('isolated')
    before = [value if role(value) != INVALID else INVALID for value in before]
    if not (values or before or in_force.newest is not None):
        return None
    return Word(said.alias, said.mac, said.bridge, values,
                [value for value in before if value not in values], said.said, False)


def _is_useful(word: Word, document: Document) -> bool:
    """Not of a NIC that is gone, and not where VDSM's metadata say nothing either."""
    nic = _find(document, word.alias, word.mac)
    if nic is None:
        return False
    metadata = [value for device in decide.devices_of(nic, document) for value in device.values]
    return bool(word.values or word.before or metadata or not word.settled)
