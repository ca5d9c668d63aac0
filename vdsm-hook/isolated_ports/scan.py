# SPDX-License-Identifier: Apache-2.0
"""Decides from raw bytes whether an XML document can concern us at all.

False is a promise: neither our property, nor a `<port>` element, nor a bridge
of the list is in what libvirt or VDSM would read in the document, so it passes
unread. The promise holds because a name can be spelled in another way than in
its own bytes only by an encoding that is no superset of ASCII, by a reference
(`&#105;`, `&gt;`) or by an entity; a document or a name for which that comes
into question is not called plain. True only costs a parse.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Set

PROPERTY = b'port_isolation'

_CHUNK = 1 << 20
# A domain with 28 NICs has some 2,000 quotes. Beyond this bound looking at
# each word would hold up the VM's start: no document of oVirt's comes near.
_MAX_QUOTES = 2000000
# What JSON or XML may spell in another way than in its own bytes.
_SPELLED = (b'\\', b'&', b'<', b'>', b"'")
_BLANKS = b' \t\r\n'


def may_concern(xml: bytes, lists: 'List[bytes]') -> bool:
    """xml: the document as it lies on disk; lists: whatever may name a bridge of the list, see
    stored.Stored.contents()."""
    if not is_plain(xml) or PROPERTY in xml or b'<port' in xml:
        return True
    names = set()  # type: Set[bytes]
    for content in lists:
        listed = listed_strings(content)
        if listed is None:
            return True
        names |= listed
    if not names:
        return False
    if xml.count(b'"') + xml.count(b"'") > _MAX_QUOTES:
        return True
    # Keeps a name in one piece with its quotes.
    overlap = max(map(len, names)) + 2
    start = 0
    while start < len(xml):
        part = xml[start:start + _CHUNK + overlap]
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
    return end >= 0 and _is_utf8(head[5:end].lower())


def _is_utf8(declaration: bytes) -> bool:
    """It names no encoding, or this one: exactly so, as a word in another place is none."""
    before, encoding, after = declaration.partition(b'encoding')
    if not encoding:
        return True
    after = after.strip(_BLANKS)
    if not after.startswith(b'='):
        return False
    after = after[1:].strip(_BLANKS)
    return (after[:7] in (b'"utf-8"', b"'utf-8'") and b'encoding' not in after
            and before.count(b'"') in (0, 2) and before.count(b"'") in (0, 2))


def listed_strings(content: bytes) -> 'Optional[Set[bytes]]':
    """All strings that may be a bridge of the list, with and without libvirt's network prefix.

    A superset, found without a JSON parser (its import costs as much as all
    the rest): of a damaged list too, in which it cannot be told which quote
    begins a string. None where a string could be spelled in another way than
    in its bytes.
    """
    if any(letter in content for letter in _SPELLED):
        return None
    pieces = content.split(b'"')
    names = set()
    for index, piece in enumerate(pieces):
        after = pieces[index + 1] if index + 1 < len(pieces) else b''
        if piece and not (index % 2 and after.lstrip(_BLANKS).startswith(b':')):
            names.add(piece)
            names.add(b'vdsm-' + piece)
    return names
