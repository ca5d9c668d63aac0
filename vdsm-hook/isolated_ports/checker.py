# SPDX-License-Identifier: Apache-2.0
"""Looks at what is large and strange in a process of its own.

The watch answers the kernel within a millisecond, and Python runs one thread
at a time: a ruleset of 60 MB parsed in it would keep ports open meanwhile. So
documents are read here, with bounds on memory and processor time that the
kernel keeps, and the watch gets the outcome line by line.

    check SOURCE BASE FOLDER     a ruleset, into FOLDER
    readback EXPECTED PORTS      `nft -j list table` on standard input

The outcome is one line of JSON on standard output; its `why` is empty where all is well.
"""

import json
import os
import resource
import sys
from typing import Any, Dict, List, Optional

from isolated_ports import bounded, readback, ruleset
from isolated_ports.bounded import Refused

MEMORY = 2 << 30
SECONDS = 120
# Of what nft lists; it has more blanks than what was sent.
_MAX_LISTED = 4 * bounded.MAX_SIZE
RULESET = 'ruleset.json'
# What the watch reads, each line by line: vNICs, elements that wait for a port, the transaction.
NICS, WAITING, STEPS = 'nics', 'waiting', 'steps'
EXPECTED, SUMMARY = 'expected.json', 'summary.json'
NAMES = (RULESET, NICS, WAITING, STEPS, EXPECTED, SUMMARY)


def main(arguments: List[str]) -> int:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    said = {'host': '', 'revision': '', 'digest': '', 'why': ''}
    try:
        if arguments[0] == 'check':
            check(said, *arguments[1:])
        else:
            said['digest'] = _readback(*arguments[1:])
    except (Refused, readback.Differs) as e:
        said['why'] = str(e)
    except MemoryError:
        said['why'] = 'it takes more memory than %d MiB' % (MEMORY >> 20)
    except OSError as e:
        said['why'] = 'it could not be kept (%s)' % e.strerror
    said['why'] = said['why'][:1000]
    os.write(1, json.dumps(said).encode('ascii') + b'\n')
    return 0


def check(said: Dict[str, str], source: str, base: str, folder: str) -> None:
    """source, base: path, or '-' for standard input, which serves for source. Says host and
    revision as soon as they are known. Raises Refused, OSError."""
    document = bounded.parse(_content(source))
    said['host'], said['revision'] = ruleset.identify(document)
    before = None  # type: Optional[ruleset.Ruleset]
    if ruleset.base_of(document) and base:
        before = ruleset.load(_content(base))
    found = ruleset.read(document, before)
    del document
    _write(folder, found)


def _content(source: str) -> bytes:
    if source == '-':
        return _read(sys.stdin.buffer)
    with open(source, 'rb') as stream:
        return _read(stream)


def _read(stream: Any) -> bytes:
    return stream.read(bounded.MAX_SIZE + 1)  # type: ignore


def _write(folder: str, found: ruleset.Ruleset) -> None:
    os.makedirs(folder, 0o700, exist_ok=True)
    table = found.table
    _lines(folder, RULESET, found.document(), '')
    _lines(folder, NICS, ('\t'.join((nic['device'], nic['mac'], nic['nic'], nic['vm'],
                                     nic['bridge'], nic['role'])) for nic in found.nics))
    _lines(folder, WAITING, ('%s\t%s\t%s\t%d\t%s' % entry
                             for entry in (table.waiting() if table else ())))
    _lines(folder, STEPS, ('%s\t%s' % (placeholder or '', text)
                           for placeholder, text in found.steps))
    _lines(folder, EXPECTED, [json.dumps(table.expected(found.revision) if table else None)])
    _lines(folder, SUMMARY, [json.dumps({
        'host': found.host, 'revision': found.revision, 'base': found.base,
        'networks': found.networks, 'closed_bridges': found.closed_bridges,
        'table': table is not None, 'tracks': table is not None and table.tracks,
        'elements': table.size if table else 0,
        'counters': len(table.counters) if table else 0})])


def _lines(folder: str, name: str, lines: Any, end: str = '\n') -> None:
    with open(os.path.join(folder, name), 'w', encoding='utf-8') as stream:
        for line in lines:
            stream.write(line + end)


def _readback(expected: str, ports: str) -> str:
    with open(expected) as stream:
        wanted = json.load(stream)
    with open(ports) as stream:
        named = json.load(stream)
    content = sys.stdin.buffer.read(_MAX_LISTED + 1)
    if wanted is None:
        if content.strip():
            raise readback.Differs('it is there and should not be')
        return 'none'
    if not content.strip():
        raise readback.Differs('it is not there')
    if len(content) > _MAX_LISTED:
        raise readback.Differs('it is larger than what was loaded')
    try:
        return readback.compare(json.loads(content.decode('utf-8')), wanted, named)
    except (ValueError, RecursionError) as e:
        raise readback.Differs('nft did not list it as JSON (%s)' % e)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
