# SPDX-License-Identifier: Apache-2.0
"""The word: what the last update of a NIC said, kept by us in the domain's metadata.

VDSM writes its own metadata before it takes an update's properties over, so
what they say of a running VM's NIC is one update old, and travels so with
migration and into saved states. The hook of the update has the new profile's
properties. What they say goes into an element of our own namespace, which
libvirt carries wherever the domain goes, and is read before VDSM's.

An update can fail after its hook has run. So a word is settled only once VDSM
has written its metadata afterwards; until then what was in force before counts
as well, the stricter of both.

    <metadata>
      <isolated-ports:nics xmlns:isolated-ports="...">
        <isolated-ports:nic alias="ua-..." mac="56:6f:..." bridge="iso1" values="isolated"
                            before="" said="..." settled="yes"/>
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Mapping, Optional

# Holds the name of our property: every search of bytes for that finds the word as well.
URI = 'http://ovirt.org/isolated-ports/port_isolation/1.0'
KEY = 'isolated-ports'
ROOT = 'nics'
NIC = 'nic'

_COMMUNITY = 'community:'
_COMMUNITY_LETTERS = frozenset(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
INVALID = 'invalid'

# A VM has at most some thirty NICs; anything longer is not ours.
MAX_SAID = 4096


def role(value: str) -> str:
    """Of a property value: 'isolated', 'community', 'promiscuous', or 'invalid'.

    The engine holds values to ^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$.
    """
    if value in ('true', 'isolated'):
        return 'isolated'
    if value == 'promiscuous':
        return 'promiscuous'
    name = value[len(_COMMUNITY):]
    if value.startswith(_COMMUNITY) and 0 < len(name) <= 32 and _COMMUNITY_LETTERS.issuperset(name):
        return 'community'
    return INVALID


class Word:
    """values: what the update said, [] for nothing; before: what was in force until then, as far
    as it says more; said: which saying it was, as the hook named it."""

    __slots__ = ('alias', 'mac', 'bridge', 'values', 'before', 'said', 'settled')

    def __init__(self, alias: str, mac: str, bridge: str, values: 'List[str]',
                 before: 'List[str]', said: str, settled: bool) -> None:
        self.alias = alias
        self.mac = mac
        self.bridge = bridge
        self.values = values
        self.before = before
        self.said = said
        self.settled = settled

    def names(self, alias: str, mac: str) -> bool:
        """Whether it is about the NIC with this alias and MAC."""
        return self.mac == mac and (not self.alias or not alias or self.alias == alias)

    def element(self) -> str:
        """As libvirt takes it: without a namespace, which libvirt adds itself."""
        attributes = (('alias', self.alias), ('mac', self.mac), ('bridge', self.bridge),
                      ('values', ' '.join(self.values)), ('before', ' '.join(self.before)),
                      ('said', self.said), ('settled', 'yes' if self.settled else 'no'))
        return '<%s %s/>' % (NIC, ' '.join('%s="%s"' % (name, _escape(value))
                                           for name, value in attributes))


def of_attributes(attributes: 'Mapping[str, str]') -> Word:
    """A word as it stands in a document. Only what is plainly settled is."""
    return Word(attributes.get('alias', ''), attributes.get('mac', '').lower(),
                attributes.get('bridge', ''), attributes.get('values', '').split(),
                attributes.get('before', '').split(), attributes.get('said', ''),
                attributes.get('settled') == 'yes')


def xml(words: 'List[Word]') -> str:
    """The element of all words of a domain, '' for none."""
    if not words:
        return ''
    return '<%s>%s</%s>' % (ROOT, ''.join(word.element() for word in words), ROOT)


class Said:
    """What a hook has to tell the service of one NIC: event 'update' before libvirt is told,
    'updated' after it did as it was told, 'flush' for all that is not written of this VM (other
    fields empty). value: of our property in the environment, None without one. element: the
    engine itself sent the element that isolates."""

    __slots__ = ('event', 'vm_id', 'alias', 'mac', 'bridge', 'value', 'element', 'said')

    def __init__(self, event: str, vm_id: str, alias: str = '', mac: str = '', bridge: str = '',
                 value: 'Optional[str]' = None, element: bool = False, said: str = '') -> None:
        self.event = event
        self.vm_id = vm_id
        self.alias = alias
        self.mac = mac
        self.bridge = bridge
        self.value = value
        self.element = element
        self.said = said or name_saying()

    @property
    def values(self) -> 'List[str]':
        """What is said, in words that can stand in a list."""
        found = []  # type: List[str]
        if self.value is not None:
            found.append(self.value if role(self.value) != INVALID else INVALID)
        if self.element and 'isolated' not in [role(value) for value in found]:
            found.append('isolated')
        return found

    def line(self) -> str:
        """One word of ASCII for each field, hexadecimal: names may hold anything."""
        fields = (self.event, self.vm_id, self.alias, self.mac, self.bridge,
                  '' if self.value is None else '=' + self.value,
                  'yes' if self.element else 'no', self.said)
        return ' '.join('x' + field.encode('utf-8', 'surrogateescape').hex() for field in fields)


def parse(line: str) -> Said:
    """Raises ValueError."""
    if len(line) > MAX_SAID:
        raise ValueError('what is said is too long')
    fields = []
    for word in line.split():
        if word[:1] != 'x':
            raise ValueError('what is said cannot be read')
        fields.append(bytes.fromhex(word[1:]).decode('utf-8', 'replace'))
    if len(fields) != 8 or fields[0] not in ('update', 'updated', 'flush') or not fields[1]:
        raise ValueError('what is said cannot be read')
    return Said(fields[0], fields[1].lower(), fields[2], fields[3].lower(), fields[4],
                fields[5][1:] if fields[5] else None, fields[6] == 'yes', fields[7])


def name_saying() -> str:
    """Tells this saying from every other one."""
    return os.urandom(8).hex()


def _escape(text: str) -> str:
    for raw, escaped in (('&', '&amp;'), ('<', '&lt;'), ('>', '&gt;'), ('"', '&quot;')):
        text = text.replace(raw, escaped)
    return ''.join(c if c.isprintable() else '?' for c in text)
