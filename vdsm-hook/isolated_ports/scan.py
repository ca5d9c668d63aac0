# SPDX-License-Identifier: Apache-2.0
"""Decides from raw bytes whether an XML document can concern us at all.

False is a promise: neither our property, nor a `<port>` element, nor a bridge
of the list can be in the document, so it passes unread. The promise holds
because a name can hide from a search of the bytes only behind an encoding
that is not a superset of ASCII, a character reference or an entity, and a
document with any of those is not called plain. True only costs a parse.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Set

PROPERTY = b'port_isolation'

_CHUNK = 1 << 20
# IFNAMSIZ is 16 with its NUL; `vdsm-` is what VDSM puts before a network's
# name for libvirt. An overlap of this size keeps a name in one piece.
_OVERLAP = 256
# A domain with 28 NICs has some 2,000 quotes. Beyond this bound looking at
# each word would hold up the VM's start: no document of oVirt's comes near.
_MAX_QUOTES = 2000000


def may_concern(xml: bytes, list_bytes: 'Optional[bytes]') -> bool:
    """xml: the document as it lies on disk; list_bytes: networks.json, None without one."""
    if not is_plain(xml) or PROPERTY in xml or b'<port' in xml:
        return True
    names = listed_strings(list_bytes)
    if names is None:
        return True
    if not names:
        return False
    if xml.count(b'"') + xml.count(b"'") > _MAX_QUOTES:
        return True
    start = 0
    while start < len(xml):
        part = xml[start:start + _CHUNK + _OVERLAP]
        # An attribute's value always stands alone between two quotes.
        if not names.isdisjoint(part.replace(b"'", b'"').split(b'"')):
            return True
        start += _CHUNK
    return False


def is_plain(xml: bytes) -> bool:
    """True when every name in the document is spelled in its ASCII bytes."""
    if b'\0' in xml or b'&#' in xml or b'<!DOCTYPE' in xml or b'<!ENTITY' in xml:
        return False
    head = xml[3:] if xml.startswith(b'\xef\xbb\xbf') else xml
    if not head.startswith(b'<?xml'):
        return head[:1] == b'<' or not head.strip()
    end = head.find(b'?>')
    if end < 0:
        return False
    declaration = head[:end].lower()
    return b'encoding' not in declaration or b'"utf-8"' in declaration or b"'utf-8'" in declaration


def listed_strings(list_bytes: 'Optional[bytes]') -> 'Optional[Set[bytes]]':
    """All string values of the list, with and without libvirt's network prefix.

    A superset of the bridges, found without a JSON parser (its import costs
    as much as all the rest). None where strings could be spelled in another
    way than in their bytes.
    """
    if not list_bytes:
        return set()
    if b'\\' in list_bytes or b'&' in list_bytes or b"'" in list_bytes or b'<' in list_bytes:
        return None
    pieces = list_bytes.split(b'"')
    names = set()
    for index in range(1, len(pieces), 2):
        after = pieces[index + 1] if index + 1 < len(pieces) else b''
        if pieces[index] and not after.lstrip().startswith(b':'):
            names.add(pieces[index])
            names.add(b'vdsm-' + pieces[index])
    return names
