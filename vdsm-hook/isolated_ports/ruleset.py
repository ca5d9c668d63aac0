# SPDX-License-Identifier: Apache-2.0
"""A ruleset as the server hands it out, checked whole: docs/host-protocol.md has its form.

It is data, never commands: everything the kernel is to get is built anew from
what was read. Elements that begin with a placeholder wait apart from the rest
until a port with that MAC is there.
"""

import json
import re
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from isolated_ports import nftcheck
from isolated_ports.bounded import Refused, parse, short
from isolated_ports.host import is_device_name, parse_networks
from isolated_ports.nftcheck import FAMILY, MARKER, TABLE

MAX_NICS = 100000
MAX_COUNTERS = 4096
_AT_ONCE = 500
_KEYS = ('version', 'host', 'revision', 'networks', 'closed_bridges', 'nics', 'nftables')
_NIC_KEYS = ('device', 'mac', 'nic', 'vm', 'bridge', 'role')
_REVISION = re.compile(r'[0-9a-f]{16}\Z')
_ID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z')
_MAC = re.compile(r'[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z')
_ROLE = re.compile(r'(isolated|promiscuous|open|community:[A-Za-z0-9_-]{1,32})\Z')

# A step of a transaction: what is to be sent, for the port of this placeholder alone or always.
Step = Tuple[Optional[str], str]


def text_of(thing: Any) -> str:
    """One thing in one way only, so that texts can be compared."""
    return json.dumps(thing, sort_keys=True, separators=(',', ':'))


class NftSet:
    """elements: by the text of the key, the placeholder it begins with and the whole's text."""

    __slots__ = ('name', 'kind', 'head', 'types', 'elements')

    def __init__(self, kind: str, thing: Dict[str, Any]) -> None:
        self.name = thing['name']  # type: str
        self.kind = kind
        self.head = {key: value for key, value in thing.items() if key != 'elem'}
        self.types = nftcheck.types(thing)
        self.elements = {}  # type: Dict[str, Tuple[Optional[str], str]]

    def read(self, elements: List[Any]) -> Iterator[Tuple[str, Optional[str], str]]:
        """Key, placeholder and whole of each. Raises Refused."""
        mapped = self.kind == 'map'
        for found in elements:
            placeholder = nftcheck.element(found, self.name, self.types, mapped)
            yield text_of(found[0] if mapped else found), placeholder, text_of(found)

    def held(self, placeholder: Optional[str]) -> List[str]:
        return [text for found, text in self.elements.values() if found == placeholder]


class Table:
    """The table as a ruleset makes it. chains: base chain's hook or None; rules: by chain."""

    def __init__(self) -> None:
        self.chains = {}  # type: Dict[str, Dict[str, Any]]
        self.rules = {}  # type: Dict[str, List[str]]
        self.sets = {}  # type: Dict[str, NftSet]
        self.counters = {}  # type: Dict[str, Dict[str, Any]]

    def apply(self, found: Any, difference: bool) -> List[Step]:
        """Takes one command over. The same for the kernel. Raises Refused."""
        verb, kind, thing = nftcheck.command(found, difference)
        if kind == 'table':
            raise Refused('it adds the table again')
        if kind in ('chain', 'rule'):
            self._chain(verb, kind, thing)
            return [(None, text_of({verb: {kind: thing}}))]
        if kind == 'counter':
            self._counter(verb, thing)
            return [(None, text_of({verb: {kind: thing}}))]
        if kind == 'element' or verb == 'add':
            return self._elements(verb, kind, thing)
        if self._set(thing).kind != kind:
            raise Refused('%s %s is a %s' % (kind, thing['name'], self._set(thing).kind))
        del self.sets[thing['name']]
        return [(None, text_of({verb: {kind: thing}}))]

    def _chain(self, verb: str, kind: str, thing: Dict[str, Any]) -> None:
        name = thing['chain' if kind == 'rule' else 'name']
        there = name in self.chains
        if kind == 'chain' and verb == 'add':
            if there:
                raise Refused('it makes chain %s twice' % name)
            self.chains[name] = thing
            self.rules[name] = []
            return
        if not there:
            raise Refused('it has no chain %s, and would %s %s there' % (
                name, verb, 'a rule' if kind == 'rule' else 'it'))
        if kind == 'rule':
            self.rules[name].append(text_of(thing))
        elif verb == 'flush':
            self.rules[name] = []
        else:
            if self.rules[name]:
                raise Refused('it would delete chain %s with its rules' % name)
            del self.chains[name]
            del self.rules[name]

    def _counter(self, verb: str, thing: Dict[str, Any]) -> None:
        if (verb == 'add') == (thing['name'] in self.counters):
            raise Refused('it makes counter %s twice' % thing['name'] if verb == 'add' else
                          'it has no counter %s, and would delete it' % thing['name'])
        if verb != 'add':
            del self.counters[thing['name']]
        elif len(self.counters) < MAX_COUNTERS:
            self.counters[thing['name']] = thing
        else:
            raise Refused('it has more than %d counters' % MAX_COUNTERS)

    def _set(self, thing: Dict[str, Any]) -> NftSet:
        found = self.sets.get(thing['name'])
        if found is None:
            raise Refused('it has no set %s' % thing['name'])
        return found

    def _elements(self, verb: str, kind: str, thing: Dict[str, Any]) -> List[Step]:
        steps = []  # type: List[Step]
        if kind != 'element':
            if thing['name'] in self.sets:
                raise Refused('it makes set %s twice' % thing['name'])
            self.sets[thing['name']] = NftSet(kind, thing)
            steps.append((None, text_of({'add': {kind: self.sets[thing['name']].head}})))
        into = self._set(thing)
        parts = {}  # type: Dict[Optional[str], List[str]]
        for key, placeholder, text in into.read(thing.get('elem', [])):
            before = into.elements.get(key)
            if verb == 'add':
                if before is not None:
                    raise Refused('an element of %s stands twice: %s' % (into.name, short(key)))
                into.elements[key] = placeholder, text
            elif before is None:
                raise Refused('it would delete what is not in %s: %s' % (into.name, short(key)))
            else:
                del into.elements[key]
            parts.setdefault(placeholder, []).append(text)
        return steps + [(placeholder, command) for placeholder, texts in parts.items()
                        for command in element_commands(verb, into.name, texts)]

    def keep_to(self, bridges: Set[str]) -> None:
        """Whatever it does is for ports of VMs and these bridges. Raises Refused."""
        for name, rules in self.rules.items():
            for rule in rules if 'hook' in self.chains[name] else ():
                nftcheck.bound(json.loads(rule), bridges)
        for found in self.sets.values():
            if found.types[0] != 'ifname':
                continue
            for key in (key for key, (port, _) in found.elements.items() if port is None):
                device = json.loads(key)
                device = device['concat'][0] if isinstance(device, dict) else device
                if device not in bridges:
                    raise Refused('set %s names the device %s, which is no bridge of the ruleset '
                                  'and stands for no vNIC' % (found.name, short(device)))

    def commands(self) -> Iterator[str]:
        """All of it from nothing, placeholders included."""
        yield text_of({'add': {'table': {'family': FAMILY, 'name': TABLE}}})
        yield from self._frame()
        for found in self.sets.values():
            yield from element_commands('add', found.name,
                                        [text for _, text in found.elements.values()])
        yield from self._rules()

    def steps(self) -> Iterator[str]:
        """What makes the table in the kernel, where it is replaced: without what waits for
        ports."""
        yield from self._frame()
        for found in self.sets.values():
            yield from element_commands('add', found.name, found.held(None))
        yield from self._rules()

    def _frame(self) -> Iterator[str]:
        for chain in self.chains.values():
            yield text_of({'add': {'chain': chain}})
        for counter in self.counters.values():
            yield text_of({'add': {'counter': counter}})
        for found in self.sets.values():
            yield text_of({'add': {found.kind: found.head}})

    def _rules(self) -> Iterator[str]:
        for rules in self.rules.values():
            for rule in rules:
                yield '{"add":{"rule":%s}}' % rule

    def waiting(self) -> Iterator[Tuple[str, str, str, int, str]]:
        """Placeholder, kind and name of a set, and number and texts of the elements that wait for
        its port."""
        for found in self.sets.values():
            parts = {}  # type: Dict[str, List[str]]
            for placeholder, text in found.elements.values():
                if placeholder is not None:
                    parts.setdefault(placeholder, []).append(text)
            for placeholder, texts in parts.items():
                yield placeholder, found.kind, found.name, len(texts), ','.join(texts)

    def expected(self, revision: str) -> Dict[str, Any]:
        """What the kernel has to list, without what waits for ports; see readback."""
        chains = {name: [[chain.get('hook'), chain.get('prio')], len(self.rules[name])]
                  for name, chain in self.chains.items()}
        chains[MARKER + revision] = [[None, None], 0]
        return {'chains': chains, 'counters': sorted(self.counters),
                'sets': {found.name: [found.kind, found.types, 'flags' in found.head,
                                      len(found.held(None))] for found in self.sets.values()}}

    @property
    def tracks(self) -> bool:
        """It keeps connections in zones."""
        return any('{"mangle":' in rule for rules in self.rules.values() for rule in rules)

    @property
    def size(self) -> int:
        return sum(len(found.elements) for found in self.sets.values())


def element_commands(verb: str, name: str, texts: List[str]) -> Iterator[str]:
    """In pieces: whoever passes them on must not be kept from all else by one of several MB."""
    for start in range(0, len(texts), _AT_ONCE):
        yield element_command(verb, name, texts[start:start + _AT_ONCE])


def element_command(verb: str, name: str, texts: List[str]) -> str:
    return '{"%s":{"element":{"family":"%s","table":"%s","name":"%s","elem":[%s]}}}' % (
        verb, FAMILY, TABLE, name, ','.join(texts))


def marker(verb: str, revision: str) -> str:
    """The chain without rules that says which revision the table is."""
    return text_of({verb: {'chain': {'family': FAMILY, 'table': TABLE,
                                     'name': MARKER + revision}}})


_TABLE_TEXT = '{"table":{"family":"%s","name":"%s"}}' % (FAMILY, TABLE)
# Replaces whatever is there, without a moment between.
FRESH = ['{"%s":%s}' % (verb, _TABLE_TEXT) for verb in ('add', 'delete', 'add')]
GONE = FRESH[:2]


class Ruleset:
    """steps: the transaction that puts it in force, where base is '' from nothing."""

    def __init__(self) -> None:
        self.host = ''
        self.revision = ''
        self.base = ''
        self.networks = []  # type: List[Dict[str, Any]]
        self.closed_bridges = []  # type: List[str]
        self.nics = []  # type: List[Dict[str, str]]
        self.table = None  # type: Optional[Table]
        self.steps = []  # type: List[Step]

    @property
    def bridges(self) -> Set[str]:
        return ({network['bridge'] for network in self.networks} | set(self.closed_bridges)
                | {nic['bridge'] for nic in self.nics})

    def document(self) -> Iterator[str]:
        """The whole of it in pieces, as a server might have sent it."""
        head = text_of({'version': 1, 'host': self.host, 'revision': self.revision,
                        'networks': self.networks, 'closed_bridges': self.closed_bridges,
                        'nics': self.nics})
        yield head[:-1] + ',"nftables":['
        for number, text in enumerate(self.table.commands() if self.table else ()):
            yield (',\n' if number else '\n') + text
        yield ']}\n'


def identify(document: Any) -> Tuple[str, str]:
    """Host and revision as far as they can be told, also of what is refused."""
    if not isinstance(document, dict):
        return '', ''
    host, revision = document.get('host'), document.get('revision')
    return (host if isinstance(host, str) and _ID.match(host) else '',
            revision if isinstance(revision, str) and _REVISION.match(revision) else '')


def base_of(document: Any) -> str:
    """Of a difference the revision it starts from. Raises Refused."""
    found = document.get('base', '') if isinstance(document, dict) else ''
    if found != '' and not (isinstance(found, str) and _REVISION.match(found)):
        raise Refused('its base %s is no revision' % short(found))
    return found  # type: ignore


def read(document: Any, before: Optional[Ruleset] = None) -> Ruleset:
    """before: the ruleset whose revision a difference starts from; it is used up. Raises
    Refused."""
    if not isinstance(document, dict):
        raise Refused('it is no JSON object')
    for key in document:
        if key not in _KEYS + ('base',):
            raise Refused('it has the key %s, which this version does not know' % short(key))
    if type(document.get('version')) is not int or document['version'] != 1:
        raise Refused('its version is %s, and this host knows 1' % short(document.get('version')))
    found = Ruleset()
    found.host, found.revision = identify(document)
    if not found.host or not found.revision:
        raise Refused('its host %s or revision %s is none' % (
            short(document.get('host')), short(document.get('revision'))))
    found.base = base_of(document)
    found.networks = _networks(document.get('networks'))
    found.closed_bridges = _bridges(document.get('closed_bridges'))
    found.nics = [_nic(nic) for nic in _array(document, 'nics')]
    if len(found.nics) > MAX_NICS:
        raise Refused('it names more than %d vNICs' % MAX_NICS)
    commands = _array(document, 'nftables')
    if found.base:
        if before is None or before.revision != found.base or found.base == found.revision:
            raise Refused('it is the difference from revision %s, which this host does not have'
                          % found.base)
        if before.table is not None:
            found.table = before.table
            for command in commands:
                found.steps += found.table.apply(command, True)
            found.table.keep_to(found.bridges)
            return found
        # What is added to nothing is the whole.
        found.base = ''
    if commands:
        if 'base' in document and commands[0] != _TABLE_ADDED:
            commands = [_TABLE_ADDED] + commands
        found.table = _table(commands)
        found.table.keep_to(found.bridges)
        found.steps = [(None, text) for text in found.table.steps()]
    return found


_TABLE_ADDED = {'add': {'table': {'family': FAMILY, 'name': TABLE}}}


def _table(commands: List[Any]) -> Table:
    if nftcheck.command(commands[0], False)[1] != 'table':
        raise Refused('it does not begin with the table')
    table = Table()
    # A rule may ask a set, and an element jump to a chain, that comes later: what the kernel
    # gets is in an order of ours.
    for command in commands[1:]:
        table.apply(command, False)
    return table


def _array(document: Dict[str, Any], key: str) -> List[Any]:
    found = document.get(key)
    if not isinstance(found, list):
        raise Refused('its %s is no array' % key)
    return found


def _networks(found: Any) -> List[Dict[str, Any]]:
    """As `networks set` takes them."""
    networks = parse_networks(json.dumps({'version': 1, 'networks': found}).encode())
    if not networks.sure:
        raise Refused('its list of isolated networks is none: %s' % networks.why)
    return [{key: entry[key] for key in ('bridge', 'network', 'name') if key in entry}
            for entry in found]


def _bridges(found: Any) -> List[str]:
    if not isinstance(found, list):
        raise Refused('its closed_bridges is no array')
    for bridge in found:
        if not isinstance(bridge, str) or not is_device_name(bridge):
            raise Refused('bridge %s is no device name' % short(bridge))
    return found


def _nic(found: Any) -> Dict[str, str]:
    if not isinstance(found, dict) or set(found) != set(_NIC_KEYS):
        raise Refused('one of its vNICs has not the keys %s, but is %s' % (
            ', '.join(_NIC_KEYS), short(found)))
    for key, form in (('mac', _MAC), ('nic', _ID), ('vm', _ID), ('role', _ROLE)):
        if not isinstance(found[key], str) or not form.match(found[key]):
            raise Refused('one of its vNICs has the %s %s' % (key, short(found[key])))
    if found['device'] != 'nic' + found['mac'].replace(':', ''):
        raise Refused('the vNIC with MAC %s has the device %s' % (
            found['mac'], short(found['device'])))
    if not isinstance(found['bridge'], str) or not is_device_name(found['bridge']):
        raise Refused('the vNIC with MAC %s has the bridge %s' % (
            found['mac'], short(found['bridge'])))
    return found


def load(content: bytes, before: Optional[Ruleset] = None) -> Ruleset:
    """Raises Refused."""
    return read(parse(content), before)
