# SPDX-License-Identifier: Apache-2.0
"""Is what the kernel lists what was to be loaded?

nft writes a table in its own way, so it is compared by what must be there:
chains with hook, priority and number of rules, sets with type and number of
elements, and for each port the number of elements that name it. A digest over
all the rest tells afterwards whether anybody has changed a letter of it.
"""

import hashlib
from typing import Any, Dict, List, Tuple

from isolated_ports.ruleset import text_of


class Differs(Exception):
    """Its text is a clause."""


def compare(listed: Any, expected: Dict[str, Any], ports: Dict[str, Dict[str, int]]) -> str:
    """listed: `nft -j list table`. expected: see ruleset.Table.expected. ports: by device, how
    many elements of which set name it. Returns the digest. Raises Differs."""
    chains = {}  # type: Dict[str, Any]
    rules = {}  # type: Dict[str, int]
    sets = {}  # type: Dict[str, Any]
    counters = []  # type: List[str]
    lines = []  # type: List[str]
    try:
        for entry in listed['nftables']:
            (kind, thing), = entry.items()
            if kind == 'metainfo':
                continue
            thing.pop('handle', None)
            if kind == 'chain':
                chains[thing['name']] = [thing.get('hook'), thing.get('prio')]
                if thing.get('policy', 'accept') != 'accept':
                    raise Differs('chain %s has another policy' % thing['name'])
            elif kind == 'rule':
                rules[thing['chain']] = rules.get(thing['chain'], 0) + 1
            elif kind == 'counter':
                counters.append(thing['name'])
                # What it counted is no change.
                thing = {key: value for key, value in thing.items()
                         if key not in ('packets', 'bytes')}
            elif kind in ('set', 'map'):
                elements, counts = _elements(thing.pop('elem', []), kind, ports)
                sets[thing['name']] = kind, thing, len(elements), counts
                lines += [thing['name'] + ' ' + text for text in sorted(elements)]
            elif kind == 'table' and thing.get('flags'):
                raise Differs('it is %s' % text_of(thing['flags']))
            lines.append(kind + ' ' + text_of(thing))
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise Differs('nft listed something else (%s)' % type(e).__name__)
    _check_chains(chains, rules, expected['chains'])
    if sorted(counters) != expected['counters']:
        raise Differs('it has the counters %s too many or too few'
                      % ' '.join(sorted(set(counters) ^ set(expected['counters']))[:5]))
    _check_sets(sets, expected['sets'], ports)
    return hashlib.sha256('\n'.join(lines).encode('utf-8', 'replace')).hexdigest()


def _elements(elements: List[Any], kind: str, ports: Dict[str, Dict[str, int]]
              ) -> Tuple[List[str], Dict[str, int]]:
    """Texts of those that name no port that is here, and how many name each that is."""
    texts = []
    counts = {}  # type: Dict[str, int]
    for element in elements:
        key = element[0] if kind == 'map' else element
        first = key['concat'][0] if isinstance(key, dict) and 'concat' in key else key
        if isinstance(first, str) and first in ports:
            counts[first] = counts.get(first, 0) + 1
        else:
            texts.append(text_of(element))
    return texts, counts


def _check_chains(chains: Dict[str, Any], rules: Dict[str, int],
                  expected: Dict[str, Any]) -> None:
    if set(chains) != set(expected):
        raise Differs('it has the chains %s too many or too few'
                      % ' '.join(sorted(set(chains) ^ set(expected))[:5]))
    for name, (hook, count) in expected.items():
        if chains[name] != hook:
            raise Differs('chain %s is at another hook' % name)
        if rules.get(name, 0) != count:
            raise Differs('chain %s has %d rules and not %d' % (name, rules.get(name, 0), count))


def _check_sets(sets: Dict[str, Any], expected: Dict[str, Any],
                ports: Dict[str, Dict[str, int]]) -> None:
    if set(sets) != set(expected):
        raise Differs('it has the sets %s too many or too few'
                      % ' '.join(sorted(set(sets) ^ set(expected))[:5]))
    for name, (kind, types, interval, count) in expected.items():
        found, thing, there, named = sets[name]
        if found != kind or thing['type'] != (types if len(types) > 1 else types[0]):
            raise Differs('set %s is of another type' % name)
        # nft may join neighbours where a set has ranges.
        if there != count and not (interval and min(there, count) > 0):
            raise Differs('set %s has %d elements and not %d' % (name, there, count))
        for device, wanted in ports.items():
            if named.get(device, 0) != wanted.get(name, 0):
                raise Differs('set %s names port %s %d times and not %d' % (
                    name, device, named.get(device, 0), wanted.get(name, 0)))
