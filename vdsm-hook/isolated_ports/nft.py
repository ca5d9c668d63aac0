# SPDX-License-Identifier: Apache-2.0
"""Runs nft, which may hang, fail or be killed, and the checker beside it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from isolated_ports import checker
from isolated_ports.host import Host
from isolated_ports.nftcheck import FAMILY, TABLE

_NFT = 'usr/sbin/nft'
# A table of 100,000 elements takes two.
SECONDS = 60.0
# What the kernel may take to end a process that was killed.
_DYING = 5.0
# Seconds for which a process that has ended is still known for ours: the kernel's word of what it
# did comes at once, and its id may be another's later.
_REMEMBERED = 10.0
_SAID = 4096
_LISTED = 64 << 20
# 4,096 counters are less.
_COUNTED = 2 << 20
_SOURCE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class Failed(Exception):
    """Its text is a clause."""


class Nft:
    """Tells its own processes' changes from those of others."""

    def __init__(self, host: Host) -> None:
        self.program = host.path(_NFT)
        # When a process of ours ended, by its id; infinity while it runs.
        self.ended = {}  # type: Dict[int, float]

    def is_mine(self, pid: int) -> bool:
        return time.monotonic() - self.ended.get(pid, -_REMEMBERED) < _REMEMBERED

    def check(self, commands: Iterable[str]) -> None:
        """As if to load them. Raises Failed."""
        self._run(['-j', '-c', '-f', '-'], _json(commands))

    def load(self, commands: Iterable[str]) -> None:
        """In one transaction. Raises Failed; then nothing of it is in force, unless nft was killed
        or late after the kernel had taken it."""
        self._run(['-j', '-f', '-'], _json(commands))

    def count(self, kinds: Dict[str, str], ports: Iterable[str]) -> Dict[str, Dict[str, int]]:
        """How many elements of these sets name each of these ports. kinds: set or map, by name.
        One by one, as nft 1.0.6 cannot list several. Raises Failed."""
        found = {port: {} for port in ports}  # type: Dict[str, Dict[str, int]]
        for name, kind in kinds.items():
            text = self._run(['-n', 'list', kind, FAMILY, TABLE, name], [])
            for word in text.split():
                counts = found.get(word.strip('",')) if word[:1] == '"' else None
                if counts is not None:
                    counts[name] = counts.get(name, 0) + 1
        return found

    def counters(self) -> List[Tuple[str, int, int]]:
        """Name, packets and bytes of each of the table. Raises Failed."""
        text = self._run(['-j', 'list', 'counters', 'table', FAMILY, TABLE], [], _COUNTED)
        try:
            found = [entry['counter'] for entry in json.loads(text)['nftables']
                     if 'counter' in entry]
            return sorted((str(one['name']), int(one['packets']), int(one['bytes']))
                          for one in found)
        except (ValueError, KeyError, TypeError) as e:
            raise Failed('nft did not list the counters as JSON (%s)' % type(e).__name__)

    def readback(self, expected: str, ports: Dict[str, Dict[str, int]]) -> str:
        """The digest of the table, where it is as expected. Raises Failed."""
        with tempfile.NamedTemporaryFile('w', prefix='ports-', dir=os.path.dirname(expected)
                                         ) as named, self._errors() as errors:
            json.dump(ports, named)
            named.flush()
            listing = self._start(['-j', '-n', 'list', 'table', FAMILY, TABLE], errors,
                                  stdin=subprocess.DEVNULL)
            try:
                assert listing.stdout is not None
                said = check('readback', expected, named.name, source=listing.stdout)
            finally:
                _end(listing)
        if said['why']:
            raise Failed(said['why'])
        return said['digest']

    def _run(self, arguments: List[str], script: Iterable[bytes], most: int = _LISTED) -> str:
        with self._errors() as said, tempfile.TemporaryFile() as output:
            process = self._start(arguments, said, stdin=subprocess.PIPE, stdout=output)
            # One that hangs does not read, so that writing to it would never end.
            timer = threading.Timer(SECONDS, process.kill)
            timer.start()
            try:
                self.ended[process.pid] = float('inf')
                assert process.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    for piece in script:
                        process.stdin.write(piece)
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
                process.wait(SECONDS + _DYING)
            except subprocess.TimeoutExpired:
                raise Failed('nft cannot be ended')
            finally:
                timer.cancel()
                _end(process)
                now = time.monotonic()
                self.ended = {pid: ended for pid, ended in self.ended.items()
                              if now - ended < _REMEMBERED}
                self.ended[process.pid] = now
            said.seek(0)
            text = said.read(_SAID).decode('utf-8', 'replace').strip()
            if process.returncode < 0:
                raise Failed('nft was killed or had not ended after %.0f s' % SECONDS)
            if process.returncode:
                raise Failed('nft refuses it: %s' % _first(text))
            output.seek(0)
            return output.read(most).decode('utf-8', 'replace')

    @contextlib.contextmanager
    def _errors(self) -> Iterator[Any]:
        try:
            with tempfile.TemporaryFile() as errors:
                yield errors
        except OSError as e:
            raise Failed('nft could not be run (%s)' % e.strerror)

    def _start(self, arguments: List[str], errors: Any, stdin: Any,
               stdout: Any = subprocess.PIPE) -> 'subprocess.Popen[bytes]':
        return subprocess.Popen([self.program] + arguments, stdin=stdin, stdout=stdout,
                                stderr=errors)


def _json(commands: Iterable[str]) -> Iterator[bytes]:
    yield b'{"nftables":['
    for number, text in enumerate(commands):
        yield (',\n' if number else '\n').encode() + text.encode('utf-8')
    yield b'\n]}\n'


def check(*arguments: str, source: Any = subprocess.DEVNULL) -> Dict[str, str]:
    """What the checker says; source: its standard input."""
    code = 'import sys; sys.path.insert(0, %r); from isolated_ports import checker; ' \
           'sys.exit(checker.main(sys.argv[1:]))' % _SOURCE
    said = {'host': '', 'revision': '', 'digest': '', 'why': ''}
    try:
        done = subprocess.run([sys.executable or '/usr/bin/python3', '-I', '-S', '-c', code]
                              + list(arguments), stdin=source, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=checker.SECONDS + 30)
        found = json.loads(done.stdout.decode('utf-8'))  # type: Optional[Dict[str, str]]
        if isinstance(found, dict):
            said.update(found)
    except subprocess.TimeoutExpired:
        said['why'] = 'it takes longer than %d s to read' % checker.SECONDS
    except ValueError:
        said['why'] = 'the process that reads it ended early (%d)' % done.returncode
    except OSError as e:
        said['why'] = 'the process that reads it could not be started (%s)' % e.strerror
    return said


def _end(process: 'subprocess.Popen[bytes]') -> None:
    if process.poll() is None:
        process.kill()
    for stream in (process.stdout, process.stdin):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_DYING)


def _first(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    line = lines[0] if lines else 'without a word'
    return ''.join(c if c.isprintable() else '?' for c in line)[:300]
