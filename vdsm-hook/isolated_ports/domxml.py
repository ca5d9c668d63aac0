# SPDX-License-Identifier: Apache-2.0
"""Reads the NICs of a domain or NIC document and edits single bytes of it.

The document is not rebuilt from a tree: prefixes, comments, white space and
everything we do not know stay as they were, byte by byte. What is read are
local names, whatever their namespace, so that a namespace cannot hide a NIC
from us that libvirt or VDSM would see.
"""

from isolated_ports import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Set, Tuple

METADATA_URI = 'http://ovirt.org/vm/1.0'
VDSM_CHANNEL = 'com.redhat.rhevm.vdsm'

# Domain XML of a VM with 28 NICs has some 40 KB and 1,000 elements, a payload
# adds text. The bounds keep hostile documents from holding up a VM start:
# this much is read within half a second.
MAX_SIZE = 8 << 20
MAX_ELEMENTS = 200000


# In which ASCII is spelled in its own bytes.
_LIKE_ASCII = ('us-ascii', 'ascii', 'iso-8859-', 'latin1', 'windows-125')


class Unreadable(Exception):
    """The document cannot be read as one that VDSM or libvirt would send."""


class Port:
    """A `<port>` child of an interface. offset: of its '<'. isolated: the attribute or None."""

    __slots__ = ('offset', 'isolated')

    def __init__(self, offset: int, isolated: 'Optional[str]') -> None:
        self.offset = offset
        self.isolated = isolated


class Nic:
    """One `<interface>`. end: offset of its end tag, that of its start where it has none."""

    __slots__ = ('kind', 'alias', 'mac', 'target', 'sources', 'virtualport', 'ports',
                 'namespace', 'start', 'end')

    def __init__(self, kind: str, namespace: bool, start: int) -> None:
        self.kind = kind
        self.namespace = namespace
        self.start = start
        self.end = start
        self.alias = ''
        self.mac = ''
        self.target = ''
        self.sources = []  # type: List[Dict[str, str]]
        self.virtualport = False
        self.ports = []  # type: List[Port]

    @property
    def bridge(self) -> str:
        """The bridge libvirt would take, '' without one."""
        for source in self.sources:
            if source.get('bridge'):
                return source['bridge']
        return ''

    @property
    def isolated(self) -> bool:
        """What libvirt makes of it: of two `<port>` it takes the first."""
        return bool(self.ports) and self.ports[0].isolated == 'yes'

    @property
    def label(self) -> str:
        return self.alias or self.mac or 'without alias and MAC'


class Device:
    """An `ovirt-vm:device` of the metadata. values: of our property, in document order."""

    __slots__ = ('alias', 'mac', 'values')

    def __init__(self, alias: str, mac: str) -> None:
        self.alias = alias
        self.mac = mac
        self.values = []  # type: List[str]


class Document:
    """root: local name of the outermost element. vdsm: VDSM made this domain (its metadata or
    its old agent channel is there, as vdsm/virt/recovery.py tells). vm_property: it has our
    property for the whole VM. words: our own, of its NICs' last updates; written: those that
    stand in it, as they do."""

    __slots__ = ('root', 'name', 'uuid', 'vdsm', 'vm_property', 'nics', 'devices', 'words',
                 'written')

    def __init__(self) -> None:
        self.root = ''
        self.name = ''
        self.uuid = ''
        self.vdsm = False
        self.vm_property = False
        self.nics = []  # type: List[Nic]
        self.devices = []  # type: List[Device]
        self.words = []  # type: List[word.Word]
        self.written = []  # type: List[str]


def _attributes(pairs: 'List[str]') -> 'Dict[str, str]':
    """By local name: libvirt asks libxml2's xmlGetProp, which takes the first attribute of that
    name, of whatever namespace."""
    attributes = {}  # type: Dict[str, str]
    for at in range(0, len(pairs), 2):
        attributes.setdefault(pairs[at].rpartition(' ')[2], pairs[at + 1])
    return attributes


class _Reader:
    """Collects a Document from expat's events."""

    def __init__(self, offset: 'object') -> None:
        self.document = Document()
        self.offset = offset
        self.path = []  # type: List[str]
        self.nic = None  # type: Optional[Nic]
        self.nic_depth = 0
        self.vm_depth = 0
        self.words_depth = 0
        self.device = None  # type: Optional[Device]
        self.device_depth = 0
        self.text = None  # type: Optional[List[str]]
        self.text_depth = 0
        self.broken = False
        self.elements = 0

    def start(self, full: str, pairs: 'List[str]') -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise Unreadable('the document has more than %d elements' % MAX_ELEMENTS)
        attributes = _attributes(pairs)
        uri, _, name = full.rpartition(' ')
        path = self.path
        path.append(name)
        depth = len(path)
        if self.text is not None:
            self.broken = True
        if depth == 1:
            self.document.root = name
        if self.nic is not None:
            if depth == self.nic_depth + 1:
                self.nic_child(self.nic, name, bool(uri), attributes)
        elif self.device is not None:
            if name == 'port_isolation':
                self.text, self.text_depth = [], depth
        elif self.vm_depth:
            if name == 'device' and depth == self.vm_depth + 1:
                self.device = Device(attributes.get('alias', ''),
                                     attributes.get('mac_address', '').lower())
                self.device_depth = depth
                self.document.devices.append(self.device)
            elif name == 'port_isolation':
                self.document.vm_property = True
        elif self.words_depth:
            if uri == word.URI and name == word.NIC and depth == self.words_depth + 1:
                self.document.words.append(word.of_attributes(attributes))
        elif name == 'interface':
            if depth == 1 or path[-2] == 'devices':
                self.nic = Nic(attributes.get('type', ''), bool(uri), self.here())
                self.nic_depth = depth
                self.document.nics.append(self.nic)
        elif uri == METADATA_URI and name == 'vm':
            self.vm_depth = depth
            self.document.vdsm = True
        elif uri == word.URI and name == word.ROOT and path[-3:-1] == ['domain', 'metadata']:
            # Where libvirt keeps metadata and nowhere else: a word may open a port.
            self.words_depth = depth
        elif name in ('name', 'uuid'):
            if depth > 1 and path[-2] == 'domain':
                self.text, self.text_depth = [], depth
        elif name == 'target' and attributes.get('name') == VDSM_CHANNEL:
            self.document.vdsm = True

    def nic_child(self, nic: Nic, name: str, foreign: bool, attributes: 'Dict[str, str]') -> None:
        if name == 'source':
            nic.sources.append(attributes)
        elif name == 'port':
            # libvirt asks for ./port, which no element of a namespace answers.
            if not foreign:
                nic.ports.append(Port(self.here(), attributes.get('isolated')))
        elif name == 'virtualport':
            nic.virtualport = True
        elif name == 'mac':
            nic.mac = nic.mac or attributes.get('address', '').lower()
        elif name == 'alias':
            nic.alias = nic.alias or attributes.get('name', '')
        elif name == 'target':
            nic.target = nic.target or attributes.get('dev', '')

    def end(self, full: str) -> None:
        depth = len(self.path)
        name = self.path.pop()
        if self.text is not None and depth == self.text_depth:
            value = ''.join(self.text)
            if name == 'port_isolation' and self.device is not None:
                # An element within the value: no value we know is spelled so.
                self.device.values.append('<' + value if self.broken else value)
            elif name == 'name':
                self.document.name = self.document.name or value
            elif name == 'uuid':
                self.document.uuid = self.document.uuid or value.strip().lower()
            self.text = None
            self.broken = False
        if self.nic is not None and depth == self.nic_depth:
            self.nic.end = self.here()
            self.nic = None
        elif self.device is not None and depth == self.device_depth:
            self.device = None
        elif depth == self.vm_depth:
            self.vm_depth = 0
        elif depth == self.words_depth:
            self.words_depth = 0

    def characters(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def here(self) -> int:
        return self.offset.CurrentByteIndex  # type: ignore


def read(xml: bytes) -> Document:
    """Raises Unreadable."""
    if len(xml) > MAX_SIZE:
        raise Unreadable('the document is larger than %d MiB' % (MAX_SIZE >> 20))
    import pyexpat
    parser = pyexpat.ParserCreate(None, ' ')
    reader = _Reader(parser)
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.XmlDeclHandler = lambda _, encoding, __: _as_utf8(encoding, xml)
    try:
        parser.Parse(xml, True)
    except pyexpat.ExpatError as e:
        raise Unreadable('the document is not well-formed XML (%s)' % e)
    except (ValueError, LookupError) as e:
        raise Unreadable('the document has an encoding that cannot be read (%s)' % e)
    return reader.document


def _as_utf8(encoding: 'Optional[str]', xml: bytes) -> None:
    """libvirt takes every document as UTF-8, whatever that declares; expat goes by the declaration.
    So nothing may be in it that the two would read in different ways."""
    name = (encoding or 'utf-8').lower()
    if name in ('utf-8', 'utf8'):
        return
    try:
        xml.decode('ascii')
        if name.startswith(_LIKE_ASCII):
            return
    except UnicodeDecodeError:
        pass
    raise Unreadable('the document declares encoding %s, and libvirt takes it as UTF-8' % encoding)


def _no_doctype(*_: object) -> None:
    # Neither the engine nor libvirt writes one; it could define entities
    # that grow without bound or that name a bridge.
    raise Unreadable('the document has a DOCTYPE')


def isolate(xml: bytes, document: Document, nics: 'List[Nic]') -> bytes:
    """The XML of this document with `<port isolated="yes"/>` in force for these of its NICs.

    Raises Unreadable where the outcome, read again, is not that.
    """
    edits = []  # type: List[Tuple[int, int, bytes]]
    for nic in nics:
        for port in nic.ports:
            if port.isolated != 'yes':
                edits += _set_isolated(xml, port.offset)
        if not nic.ports:
            if nic.end == nic.start:
                raise Unreadable('the interface is empty')
            edits.append((nic.end, nic.end, b'<port isolated="yes"/>'))
    if not edits:
        return xml
    edits.sort()
    parts = []  # type: List[bytes]
    last = 0
    for start, end, new in edits:
        parts += (xml[last:start], new)
        last = end
    edited = b''.join(parts + [xml[last:]])
    _check(document, read(edited), {nic.start for nic in nics})
    return edited


def _check(before: Document, after: Document, wanted: 'Set[int]') -> None:
    """Every NIC reads as before, but those wanted as isolated."""
    if len(before.nics) != len(after.nics):
        raise Unreadable('the document could not be edited safely')
    for old, new in zip(before.nics, after.nics):
        if (new.isolated != (old.isolated or old.start in wanted)
                or (old.kind, old.alias, old.mac, old.sources)
                != (new.kind, new.alias, new.mac, new.sources)):
            raise Unreadable('the document could not be edited safely')


def _set_isolated(xml: bytes, offset: int) -> 'List[Tuple[int, int, bytes]]':
    """The edits that make the start tag at offset say isolated="yes", first and only: the same
    name with a prefix counts for libvirt as well where it comes first."""
    name_end = offset + len(b'<port')
    if xml[offset:name_end] != b'<port':
        raise Unreadable('the document is not encoded as UTF-8')
    edits = []  # type: List[Tuple[int, int, bytes]]
    plain = False
    at = name_end
    while True:
        while xml[at:at + 1] in (b' ', b'\t', b'\r', b'\n'):
            at += 1
        if xml[at:at + 1] in (b'>', b'/', b''):
            return edits if plain else [(name_end, name_end, b' isolated="yes"')]
        equals = xml.index(b'=', at)
        prefix, _, name = xml[at:equals].strip().rpartition(b':')
        at = equals + 1
        while xml[at:at + 1] in (b' ', b'\t', b'\r', b'\n'):
            at += 1
        close = xml.index(xml[at:at + 1], at + 1)
        if name == b'isolated' and prefix != b'xmlns':
            edits.append((at + 1, close, b'yes'))
            plain = plain or not prefix
        at = close + 1
