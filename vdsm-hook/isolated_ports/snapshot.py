# SPDX-License-Identifier: Apache-2.0
"""A checked ruleset as the watch goes by it: who each port is, and which elements wait for it."""

import json
import os
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Tuple

from isolated_ports import checker
from isolated_ports.live import LiveNic
from isolated_ports.ruleset import element_command

ALIAS = 'ua-'
COMMUNITY, PROMISCUOUS_ROLE = 'community:', 'promiscuous'


class Entry:
    """A vNIC of a ruleset. device: its placeholder. sole: no other vNIC has its MAC, so that the
    elements that wait for it are its own."""

    __slots__ = ('device', 'mac', 'nic', 'vm', 'bridge', 'role', 'sole')

    def __init__(self, fields: List[str]) -> None:
        self.device, self.mac, self.nic, self.vm, self.bridge, self.role = fields
        self.sole = True

    @property
    def opens(self) -> bool:
        """Its role lets it leave the kernel's flag and the floor."""
        return self.role == PROMISCUOUS_ROLE or self.role.startswith(COMMUNITY)


class Snapshot:
    """waiting: by placeholder, set, number and texts of elements. kinds: set or map, by name."""

    def __init__(self, folder: str) -> None:
        """folder: where the checker wrote. Raises OSError, ValueError."""
        self.folder = folder
        with open(self.path(checker.SUMMARY)) as stream:
            summary = json.load(stream)
        self.host = summary['host']  # type: str
        self.revision = summary['revision']  # type: str
        self.base = summary['base']  # type: str
        self.networks = summary['networks']  # type: List[Dict[str, Any]]
        self.closed_bridges = frozenset(summary['closed_bridges'])
        self.has_table = summary['table']  # type: bool
        self.tracks = summary['tracks']  # type: bool
        # All of them, and those that wait for no port.
        self.elements = summary['elements']  # type: int
        self.fixed = self.elements
        self.counters = summary['counters']  # type: int
        self.by_nic = {}  # type: Dict[str, Entry]
        self.by_mac = {}  # type: Dict[str, Entry]
        self.waiting = {}  # type: Dict[str, List[Tuple[str, int, str]]]
        for fields in self._lines(checker.NICS):
            self._add(Entry(fields))
        self.kinds = {}  # type: Dict[str, str]
        for device, kind, name, count, texts in self._lines(checker.WAITING):
            self.kinds[name] = kind
            self.fixed -= int(count)
            self.waiting.setdefault(device, []).append((name, int(count), texts))

    @property
    def bridges(self) -> FrozenSet[str]:
        """Of the list, and others with rules."""
        return self.closed_bridges | {network['bridge'] for network in self.networks}

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _lines(self, name: str) -> Iterator[List[str]]:
        with open(self.path(name), encoding='utf-8') as stream:
            for line in stream:
                yield line.rstrip('\n').split('\t')

    def _add(self, entry: Entry) -> None:
        for known, key in ((self.by_nic, entry.nic), (self.by_mac, entry.mac)):
            other = known.get(key)
            if other is not None:
                other.sole = entry.sole = False
            known[key] = entry

    def entry(self, nic: LiveNic) -> Optional[Entry]:
        """By the alias that the engine gives, which has the vNIC's id; by MAC where it gave
        none."""
        if nic.alias.startswith(ALIAS):
            found = self.by_nic.get(nic.alias[len(ALIAS):].lower())
        else:
            found = self.by_mac.get(nic.mac)
        return found if found is not None and found.vm == nic.vm_id else None

    def names(self, entry: Entry) -> bool:
        """The table has elements for it."""
        return entry.sole and entry.device in self.waiting

    def elements_for(self, verb: str, device: str, port: str) -> Iterator[str]:
        """Commands that put the port's elements in, or take them out."""
        for name, _, texts in self.waiting.get(device, ()):
            yield element_command(verb, name, [in_place(texts, device, port)])

    def counts(self, device: str) -> Dict[str, int]:
        return {name: count for name, count, _ in self.waiting.get(device, ())}

    def steps(self, ports: Dict[str, str]) -> Iterator[str]:
        """The checker's transaction, for the ports that are here: device by placeholder."""
        for placeholder, text in self._lines(checker.STEPS):
            if not placeholder:
                yield text
            elif placeholder in ports:
                yield in_place(text, placeholder, ports[placeholder])


def in_place(text: str, placeholder: str, port: str) -> str:
    """The checker lets a placeholder stand as a whole text only, and only where a port begins a
    key; port: checked by nftcheck.is_device."""
    return text.replace('"%s"' % placeholder, '"%s"' % port)
