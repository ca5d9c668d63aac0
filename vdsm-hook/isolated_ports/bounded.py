# SPDX-License-Identifier: Apache-2.0
"""JSON from somebody who may mean harm: measured before it is parsed.

Size, depth and number of values are told from the bytes, so that a document
that would cost more memory or stack than it may is never built. A key that
stands twice is refused, as it cannot be told which one counts; so are numbers
that nothing of ours has.
"""

import json
import re
from typing import Any, Dict, List, Set, Tuple

MAX_SIZE = 64 << 20
MAX_DEPTH = 32
# A ruleset of 100,000 elements has about a million.
MAX_VALUES = 6000000
_MAX_DIGITS = 20

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = b'[]{}'
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))


class Refused(ValueError):
    """Its text is a clause that says what is wrong."""


def parse(content: bytes, size: int = MAX_SIZE, depth: int = MAX_DEPTH,
          values: int = MAX_VALUES) -> Any:
    """Raises Refused."""
    if len(content) > size:
        raise Refused('it is larger than %d MiB' % (size >> 20))
    bare = _STRINGS.sub(b'', content)
    if b'"' in bare:
        raise Refused('it is no JSON (a string in it has no end)')
    if sum(bare.count(sign) for sign in (b',', b'[', b'{')) > values:
        raise Refused('it has more than %d values' % values)
    _check_depth(bare, depth)
    try:
        return json.loads(content.decode('utf-8'), object_pairs_hook=_once, parse_int=_integer,
                          parse_float=_no_number, parse_constant=_no_number)
    except Refused:
        raise
    except UnicodeDecodeError:
        raise Refused('it is not UTF-8')
    except (ValueError, RecursionError) as e:
        raise Refused('it is no JSON (%s)' % e if content.strip() else 'it is empty')


def _check_depth(bare: bytes, depth: int) -> None:
    deep = 0
    for sign in bare.translate(None, _OTHERS):
        if sign in b'[{':
            deep += 1
            if deep > depth:
                raise Refused('it is nested deeper than %d' % depth)
        else:
            deep -= 1


def _once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set()  # type: Set[str]
        for key, _ in pairs:
            if key in seen:
                raise Refused('key %s stands twice in one object of it' % short(key))
            seen.add(key)
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise Refused('a number in it has more than %d digits' % _MAX_DIGITS)
    return int(text)


def _no_number(text: str) -> None:
    raise Refused('%s in it is no whole number' % short(text))


def short(value: Any) -> str:
    """As it may stand in a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + '...'
