# SPDX-License-Identifier: Apache-2.0
"""What a host lets the server put into its kernel: `table bridge isolated_ports`, and in it the
kinds of objects, statements and expressions that the compiler writes (core's class Nft).

Everything is allowed by name; what has no name here is refused, so that a
ruleset can neither reach another table nor read a file, ask the DNS for a name
or send frames elsewhere. libnftables' JSON is described in libnftables-json(5).
"""

import re
import socket
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Set, Tuple

from isolated_ports.bounded import Refused, short

FAMILY, TABLE = 'bridge', 'isolated_ports'
# Chains that only the host makes: they say which revision is in the kernel.
MARKER = 'isolated_ports_revision_'

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_.-]{0,127}\Z')
_DEVICE = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,14}\Z')
_PLACEHOLDER = re.compile(r'nic[0-9a-f]{12}\Z')
_MAC = re.compile(r'[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z')
_HEX = re.compile(r'0x[0-9a-f]{1,32}\Z')
_COMMENT = re.compile(r'[ !#-\[\]-~]{0,127}\Z')
_FIELD = re.compile(r'[a-z][a-z0-9]*( [a-z]+)?\Z')

_HOOKS = ('prerouting', 'forward', 'input', 'output')
_PROTOCOLS = ('ether', 'vlan', 'arp', 'ip', 'ip6', 'icmp', 'icmpv6', 'tcp', 'udp', 'sctp', 'th')
_NAME_KEYS = ('iifname', 'oifname', 'ibrname', 'obrname')
_META_KEYS = _NAME_KEYS + ('protocol', 'l4proto')
_CT_KEYS = ('state', 'direction')
_STATES = ('established', 'related', 'invalid', 'new', 'untracked')
_WORDS = {'protocol': ('ip', 'ip6', 'arp', 'vlan'), 'state': _STATES,
          'direction': ('reply', 'original')}  # type: Dict[str, Tuple[str, ...]]
_VALUES = {('ether', 'type'): 'protocol', ('ether', 'saddr'): 'ether_addr',
           ('ether', 'daddr'): 'ether_addr', ('arp', 'saddr ether'): 'ether_addr',
           ('arp', 'daddr ether'): 'ether_addr', ('arp', 'saddr ip'): 'ipv4_addr',
           ('arp', 'daddr ip'): 'ipv4_addr', ('ip', 'saddr'): 'ipv4_addr',
           ('ip', 'daddr'): 'ipv4_addr', ('ip6', 'saddr'): 'ipv6_addr',
           ('ip6', 'daddr'): 'ipv6_addr'}
_OPERATORS = ('==', '!=', '<', '>', '<=', '>=', 'in')
_REJECTS = {
    'tcp reset': frozenset(),
    'icmp': frozenset(('admin-prohibited', 'port-unreachable', 'host-unreachable',
                       'net-unreachable', 'host-prohibited', 'net-prohibited')),
    'icmpv6': frozenset(('admin-prohibited', 'port-unreachable', 'no-route', 'addr-unreachable'))
}  # type: Dict[str, FrozenSet[str]]
_MAX_KEY_PARTS = 8
_MAX_STATEMENTS = 64

Command = Tuple[str, str, Dict[str, Any]]


def is_placeholder(text: Any) -> bool:
    return isinstance(text, str) and bool(_PLACEHOLDER.match(text))


def is_device(text: Any) -> bool:
    """May stand for a device in nft's JSON and means that device alone: no pattern, no set."""
    return isinstance(text, str) and bool(_DEVICE.match(text))


def command(found: Any, difference: bool) -> Command:
    """One command as verb, kind and object. Raises Refused. What it says of elements is checked
    where the type of their set is known, by `element`."""
    verb, body = _single(found, 'a command')
    kind, thing = _single(body, 'what is to be ' + verb)
    allowed = ('table', 'chain', 'set', 'map', 'counter', 'element',
               'rule')  # type: Tuple[str, ...]
    if verb == 'delete' and difference:
        allowed = ('chain', 'set', 'map', 'counter', 'element')
    elif verb == 'flush' and difference:
        allowed = ('chain',)
    elif verb != 'add':
        raise Refused('it has the command %s' % short(verb))
    if kind not in allowed:
        raise Refused('it would %s %s' % (verb, short(kind)))
    if not isinstance(thing, dict):
        raise Refused('a %s in it is no object' % kind)
    if thing.get('family') != FAMILY:
        raise Refused('a %s in it is of family %s' % (kind, short(thing.get('family'))))
    if thing.get('name' if kind == 'table' else 'table') != TABLE:
        raise Refused('a %s in it is of table %s' % (
            kind, short(thing.get('name' if kind == 'table' else 'table'))))
    if kind != 'table':
        _named(thing.get('chain' if kind == 'rule' else 'name'), 'the name of a ' + kind)
    _CHECKS[kind](thing, verb)
    return verb, kind, thing


def _table(thing: Dict[str, Any], verb: str) -> None:
    _keys(thing, 'table', ('family', 'name'))


def _chain(thing: Dict[str, Any], verb: str) -> None:
    if verb != 'add' or 'hook' not in thing:
        _keys(thing, 'chain', ('family', 'table', 'name'))
        return
    _keys(thing, 'chain', ('family', 'table', 'name', 'type', 'hook', 'prio', 'policy'))
    where = 'chain %s of it' % thing['name']
    _one_of(thing['hook'], _HOOKS, where + ' has the hook')
    _one_of(thing.get('type'), ('filter',), where + ' has the type')
    _one_of(thing.get('policy'), ('accept',), where + ' has the policy')
    _number(thing.get('prio'), -1000, 1000, where + ' has the priority')


def _set(thing: Dict[str, Any], verb: str) -> None:
    if verb == 'delete':
        _keys(thing, 'set', ('family', 'table', 'name'))
        return
    _keys(thing, 'set', ('family', 'table', 'name', 'type', 'flags', 'elem'))
    types(thing)
    if thing.get('flags', ['interval']) != ['interval']:
        raise Refused('set %s of it has the flags %s' % (thing['name'], short(thing['flags'])))
    _list(thing.get('elem', []), 'the elements of %s' % thing['name'])


def _map(thing: Dict[str, Any], verb: str) -> None:
    if verb != 'delete':
        _one_of(thing.get('map'), ('verdict',), 'map %s of it leads to' % thing['name'])
    _set({key: value for key, value in thing.items() if key != 'map'}, verb)


def types(thing: Dict[str, Any]) -> List[str]:
    """Of the parts of a set's keys. Raises Refused."""
    found = thing.get('type')
    parts = found if isinstance(found, list) else [found]
    if not 0 < len(parts) <= _MAX_KEY_PARTS:
        raise Refused('set %s of it has %d key parts' % (thing['name'], len(parts)))
    for part in parts:
        _one_of(part, tuple(_KEY_TYPES), 'set %s of it has the type' % thing['name'])
    return parts


def _named_counter(thing: Dict[str, Any], verb: str) -> None:
    _keys(thing, 'counter', ('family', 'table', 'name'))


def _element(thing: Dict[str, Any], verb: str) -> None:
    _keys(thing, 'element', ('family', 'table', 'name', 'elem'))
    _list(thing.get('elem'), 'the elements of %s' % thing['name'])


def _rule(thing: Dict[str, Any], verb: str) -> None:
    _keys(thing, 'rule', ('family', 'table', 'chain', 'expr', 'comment'))
    comment = thing.get('comment', '')
    if not isinstance(comment, str) or not _COMMENT.match(comment):
        raise Refused('a rule of chain %s has the comment %s' % (thing['chain'], short(comment)))
    statements = _list(thing.get('expr'), 'a rule of chain ' + thing['chain'])
    if not 0 < len(statements) <= _MAX_STATEMENTS:
        raise Refused('a rule of chain %s has %d statements' % (thing['chain'], len(statements)))
    for found in statements:
        name, body = _single(found, 'a statement')
        if name not in _STATEMENTS:
            raise Refused('it has the statement %s' % short(name))
        _STATEMENTS[name](body, name)


def bound(thing: Dict[str, Any], bridges: Set[str]) -> None:
    """A rule of a base chain sees the frames of every bridge of the host: before it does anything
    it has to ask for ports of a set or map, or for one of these bridges. Raises Refused."""
    for found in thing['expr']:
        (name, body), = found.items()
        if name == 'vmap' and _device_key(body['key']):
            return
        if name != 'match':
            break
        right = body['right']
        if body['op'] == '==' and _device_key(body['left']) and isinstance(right, str) and (
                right.startswith('@') or body['left'] == {'meta': {'key': 'ibrname'}}
                and right in bridges):
            return
    raise Refused('a rule of chain %s is not for ports of a set or a bridge of this host alone, '
                  'but may meet the frames of every bridge' % thing['chain'])


def _device_key(found: Any) -> bool:
    if isinstance(found.get('concat'), list):
        found = found['concat'][0]
    return 'meta' in found and found['meta']['key'] in _NAME_KEYS


_CHECKS = {
    'table': _table, 'chain': _chain, 'set': _set, 'map': _map, 'counter': _named_counter,
    'element': _element, 'rule': _rule}  # type: Dict[str, Callable[[Dict[str, Any], str], None]]


# -- statements and expressions -----------------------------------------------

def _match(body: Any, name: str) -> None:
    _keys(body, name, ('op', 'left', 'right'))
    _one_of(body.get('op'), _OPERATORS, 'a match in it has the operator')
    kind = _expression(body.get('left'))
    right = body.get('right')
    if isinstance(right, str) and right.startswith('@'):
        _named(right[1:], 'a set that a rule asks')
    elif kind == 'concat':
        raise Refused('it compares a concat with %s' % short(right))
    elif isinstance(right, dict) and 'set' in right:
        _keys(right, 'set', ('set',))
        for member in _list(right['set'], 'a set within a rule'):
            _value(member, kind)
    elif isinstance(right, list) and kind == 'state':
        for member in right:
            _one_of(member, _STATES, 'a state in it is')
    else:
        _value(right, kind)


def _vmap(body: Any, name: str) -> None:
    _keys(body, name, ('key', 'data'))
    _expression(body.get('key'))
    data = body.get('data')
    if not isinstance(data, str) or not data.startswith('@'):
        raise Refused('a vmap in it asks no named map')
    _named(data[1:], 'a map that a rule asks')


def _target(body: Any, name: str) -> None:
    _keys(body, name, ('target',))
    _named(body.get('target'), 'what a rule jumps to')


def _bare(body: Any, name: str) -> None:
    if body is not None:
        raise Refused('%s in it has %s' % (name, short(body)))


def _reject(body: Any, name: str) -> None:
    _keys(body, name, ('type', 'expr'))
    _one_of(body.get('type'), tuple(_REJECTS), 'a reject in it has the type')
    if 'expr' in body:
        _one_of(body['expr'], _REJECTS[body['type']], 'a reject in it says')


def _mangle(body: Any, name: str) -> None:
    _keys(body, name, ('key', 'value'))
    if body.get('key') != {'ct': {'key': 'zone'}}:
        raise Refused('it would change %s' % short(body.get('key')))
    _number(body.get('value'), 0, 65535, 'a zone in it is')


def _counter(body: Any, name: str) -> None:
    # One without a name would make the listing of its rule another each time.
    _named(body, 'a counter')


def _limit(body: Any, name: str) -> None:
    _keys(body, name, ('rate', 'per', 'burst', 'inv'))
    _number(body.get('rate'), 0, 1 << 32, 'a limit in it is')
    _one_of(body.get('per'), ('second', 'minute', 'hour', 'day'), 'a limit in it is per')
    _number(body.get('burst', 0), 0, 1 << 31, 'a burst in it is')
    if not isinstance(body.get('inv', False), bool):
        raise Refused('a limit in it is %s' % short(body['inv']))


def _log(body: Any, name: str) -> None:
    _keys(body, name, ('group', 'prefix', 'snaplen'))
    _number(body.get('group'), 0, 65535, 'a log in it goes to group')
    _number(body.get('snaplen', 0), 0, 65535, 'a log in it has the length')
    prefix = body.get('prefix', '')
    if not isinstance(prefix, str) or not _COMMENT.match(prefix):
        raise Refused('a log in it has the prefix %s' % short(prefix))


_STATEMENTS = {'match': _match, 'vmap': _vmap, 'jump': _target, 'goto': _target, 'return': _bare,
               'accept': _bare, 'drop': _bare, 'reject': _reject, 'mangle': _mangle,
               'counter': _counter, 'limit': _limit, 'log': _log
               }  # type: Dict[str, Callable[[Any, str], None]]


def _expression(found: Any, parts: bool = True) -> str:
    """Returns of what kind the values are that it may be compared with: a kind of set key, a key
    of _WORDS, `number` or `concat`."""
    kind, body = _single(found, 'an expression')
    if kind == 'concat' and parts:
        members = _list(body, 'a concat')
        if not 0 < len(members) <= _MAX_KEY_PARTS:
            raise Refused('a concat in it has %d parts' % len(members))
        for member in members:
            _expression(member, False)
        return kind
    if kind == '&':
        if not isinstance(body, list) or len(body) != 2:
            raise Refused('a mask in it is %s' % short(body))
        inner = body[0] if isinstance(body[0], dict) and '&' not in body[0] else None
        values = _expression(inner, False)
        _value(body[1], values)
        return values
    if kind == 'meta':
        _keys(body, kind, ('key',))
        _one_of(body.get('key'), _META_KEYS, 'it looks at meta')
        return {'protocol': 'protocol', 'l4proto': 'number'}.get(body['key'], 'ifname')
    if kind == 'ct':
        _keys(body, kind, ('key',))
        _one_of(body.get('key'), tuple(_CT_KEYS), 'it looks at ct')
        return str(body['key'])
    if kind == 'exthdr':
        _keys(body, kind, ('name', 'field'))
        _one_of(body.get('name'), ('frag',), 'it looks at extension header')
        _one_of(body.get('field'), ('frag-off', 'more-fragments', 'nexthdr'),
                'it looks at fragments by')
        return 'number'
    if kind != 'payload':
        raise Refused('it has the expression %s' % short(kind))
    if isinstance(body, dict) and 'base' in body:
        _keys(body, kind, ('base', 'offset', 'len'))
        _one_of(body['base'], ('th',), 'it looks at')
        _number(body.get('offset'), 0, 2048, 'an offset in it is')
        _number(body.get('len'), 1, 128, 'a length in it is')
        return 'number'
    _keys(body, kind, ('protocol', 'field'))
    _one_of(body.get('protocol'), _PROTOCOLS, 'it looks at protocol')
    if not isinstance(body.get('field'), str) or not _FIELD.match(body['field']):
        raise Refused('it looks at field %s' % short(body.get('field')))
    return _VALUES.get((body['protocol'], body['field']), 'number')


def _value(found: Any, kind: str) -> None:
    """A number, an address, a block, a range, a device or a word of ours. Never a name that nft
    would have to look up, as it asks the DNS for an address that is none."""
    if kind == 'ifname':
        bare = found[:-1] if isinstance(found, str) and found.endswith('*') else found
        if not is_device(bare) or is_placeholder(bare):
            raise Refused('a rule in it names the device %s' % short(found))
        return
    if not (isinstance(found, str) and found in _WORDS.get(kind, ()) or _key_part(found, kind)
            or kind in ('number', 'protocol') and isinstance(found, str) and _HEX.match(found)):
        raise Refused('it compares %s with %s' % (kind, short(found)))


# -- elements -----------------------------------------------------------------

def element(found: Any, name: str, kinds: List[str], mapped: bool) -> Optional[str]:
    """Checks an element of set `name`, and returns the placeholder it begins with, None without
    one. Raises Refused."""
    key = found
    if mapped:
        if not isinstance(found, list) or len(found) != 2:
            raise Refused('an element of map %s has no verdict' % name)
        key, verdict = found
        kind, body = _single(verdict, 'a verdict')
        if kind not in ('jump', 'goto', 'accept', 'drop', 'return'):
            raise Refused('map %s has the verdict %s' % (name, short(kind)))
        _STATEMENTS[kind](body, kind)
    parts = [key]
    if isinstance(key, dict) and 'concat' in key:
        _keys(key, 'concat', ('concat',))
        parts = _list(key['concat'], 'an element of %s' % name)
    if len(parts) != len(kinds):
        raise Refused('an element of %s has %d parts and its type %d'
                      % (name, len(parts), len(kinds)))
    for number, (part, kind) in enumerate(zip(parts, kinds)):
        if not _key_part(part, kind) or (number and is_placeholder(part)):
            raise Refused('an element of %s has %s for %s' % (name, short(part), kind))
    return parts[0] if is_placeholder(parts[0]) else None


def _is_ipv4(text: str) -> bool:
    return _is_address(text, socket.AF_INET)


def _is_ipv6(text: str) -> bool:
    return _is_address(text, socket.AF_INET6)


def _is_address(text: str, family: int) -> bool:
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


_KEY_TYPES = {'ifname': _DEVICE.match, 'ether_addr': _MAC.match, 'ipv4_addr': _is_ipv4,
              'ipv6_addr': _is_ipv6, 'inet_service': None}  # type: Dict[str, Any]
_LENGTHS = {'ipv4_addr': 32, 'ipv6_addr': 128}


def _key_part(part: Any, kind: str) -> bool:
    """A value of this kind, a block or a range of such."""
    if isinstance(part, dict) and len(part) == 1:
        block, ends = part.get('prefix'), part.get('range')
        if isinstance(block, dict) and set(block) == {'addr', 'len'}:
            return (kind in _LENGTHS and _plain(block['addr'], kind) and type(block['len']) is int
                    and 0 <= block['len'] <= _LENGTHS[kind])
        return (kind != 'ifname' and isinstance(ends, list) and len(ends) == 2
                and all(_plain(end, kind) for end in ends))
    return _plain(part, kind)


def _plain(part: Any, kind: str) -> bool:
    form = _KEY_TYPES.get(kind)
    if form is not None:
        return isinstance(part, str) and bool(form(part))
    if kind == 'protocol' or kind == 'number' and isinstance(part, str):
        return isinstance(part, str) and bool(_HEX.match(part))
    return (kind in ('number', 'inet_service') and type(part) is int
            and 0 <= part < (1 << (16 if kind == 'inet_service' else 64)))


# -- small ones ---------------------------------------------------------------

def _single(found: Any, what: str) -> Tuple[str, Any]:
    if not isinstance(found, dict) or len(found) != 1:
        raise Refused('%s in it is %s' % (what, short(found)))
    (name, body), = found.items()
    return name, body


def _keys(found: Any, what: str, allowed: Tuple[str, ...]) -> None:
    if not isinstance(found, dict):
        raise Refused('%s in it is %s' % (what, short(found)))
    for key in found:
        if key not in allowed:
            raise Refused('a %s in it has the key %s' % (what, short(key)))


def _list(found: Any, what: str) -> List[Any]:
    if not isinstance(found, list):
        raise Refused('%s in it is no array' % what)
    return found


def _named(found: Any, what: str) -> None:
    if not isinstance(found, str) or not _NAME.match(found) or found.startswith(MARKER):
        raise Refused('%s is %s' % (what, short(found)))


def _one_of(found: Any, allowed: Iterable[str], what: str) -> None:
    if not isinstance(found, str) or found not in allowed:
        raise Refused('%s %s' % (what, short(found)))


def _number(found: Any, least: int, most: int, what: str) -> None:
    if type(found) is not int or not least <= found <= most:
        raise Refused('%s %s' % (what, short(found)))
