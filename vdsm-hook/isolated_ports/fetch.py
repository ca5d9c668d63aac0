# SPDX-License-Identifier: Apache-2.0
"""The process that speaks with the server: `isolated-ports-host fetch`, as user vdsm.

It belongs to nobody's trust: it has VDSM's key and no power over the kernel.
What it fetches it lays down in a folder of its own, unread, and the service
takes it from there and checks it. What it reports the service wrote.
"""

import json
import os
import random
import stat
import threading
import time
from typing import Any, Dict, Iterator, Optional

from isolated_ports import offer, report, server
from isolated_ports.bounded import MAX_SIZE
from isolated_ports.control import ask
from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.patience import Failures

_LONGEST = 60.0
_FIRST = 1.0
_LOOK = 0.5
_PAUSE = 0.5
# Of the file that `status` reads, which user vdsm may write.
_MAX_STATE = 1 << 16


class Fetcher:
    """Two threads: one waits for rulesets, the other sends reports."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.lock = threading.Lock()
        self.state = {'server': '', 'revision': '', 'asked_at': 0, 'reported_at': 0, 'error': ''
                      }  # type: Dict[str, Any]
        self.said = ''
        # What was laid down last; '' so that the server sends whatever it has.
        self.revision = ''
        self.laid_down_at = 0.0
        # When the report was written that was sent last; 0 after a failure, as the server may have
        # lost it.
        self.sent = 0

    def run(self) -> int:
        """Never returns."""
        threading.Thread(target=self._repeat, args=(self._report,), name='report',
                         daemon=True).start()
        self._repeat(self._fetch)
        return 0

    def _repeat(self, once: Any) -> None:
        failures = Failures(_FIRST, _LONGEST)
        asking = None  # type: Optional[server.Server]
        while True:
            pause = 0.0
            try:
                known = server.settings(self.host)
                if known is None:
                    self._tell(error='no server is configured (/%s)' % server.CONFIGURATION)
                    time.sleep(10)
                    continue
                if asking is None or vars(asking.known) != vars(known):
                    asking = server.Server(known)
                    self.sent = 0
                began = time.monotonic()
                once(asking, known)
                failures.none()
                # A server that does not wait, or has news without end, keeps no host busy.
                time.sleep(max(0.0, _PAUSE - (time.monotonic() - began)))
                continue
            except server.Failed as e:
                self._tell(error=str(e))
                pause = e.pause
            except OSError as e:
                self._tell(error='what the server sends could not be laid down (%s)' % e.strerror)
            failures.one()
            self.sent = 0
            # Hosts that were cut off together do not all come back in the same second.
            time.sleep(min(_LONGEST, max(pause, failures.pause)) * random.uniform(0.5, 1.0))

    def _fetch(self, asking: server.Server, known: server.Settings) -> None:
        """Raises server.Failed, OSError."""
        in_force = report.read(self.host) or {}
        loaded = in_force.get('loaded') or ''
        # What could not be loaded may be another time, as where a disk was full.
        if (in_force.get('error') and loaded != self.revision
                and time.monotonic() - self.laid_down_at > _LONGEST):
            self.revision = ''
        # A difference only from what is in force, and not after one that was refused.
        base = loaded if loaded == self.revision and not in_force.get('error') else ''
        revision, content = asking.ruleset(self.revision, base)
        if content is not None:
            self._lay_down(content)
            self.revision = revision
        self._tell(server='%s:%d' % (known.host, known.port), revision=self.revision,
                   asked_at=int(time.time()), error='')
        if content is not None and base and self._refused(revision):
            self.revision = ''

    def _refused(self, revision: str) -> bool:
        """Whether the service did not take it, as far as that shows within some seconds."""
        end = time.monotonic() + 20.0
        while time.monotonic() < end:
            found = report.read(self.host) or {}
            if found.get('fetched') == revision:
                return found.get('loaded') != revision
            time.sleep(_LOOK)
        return True

    def _lay_down(self, content: bytes) -> None:
        _write(self.host.path(offer.RULESET), content)
        self.laid_down_at = time.monotonic()
        ask(self.host, offer.VERB)

    def _report(self, asking: server.Server, known: server.Settings) -> None:
        """What the service has written since: it does so each minute. Raises server.Failed,
        OSError."""
        try:
            with open(self.host.path(report.REPORT), 'rb') as stream:
                written = os.fstat(stream.fileno()).st_mtime_ns
                content = stream.read(MAX_SIZE) if written != self.sent else b''
        except FileNotFoundError:
            return
        # Without a ruleset this host does not know what the engine calls it.
        if content and b'"host": ""' not in content:
            asking.report(content)
            self.sent = written
            self._tell(reported_at=int(time.time()))

    def _tell(self, **what: Any) -> None:
        with self.lock:
            self.state.update(what)
            error = self.state['error']
            if error != self.said and error:
                log('%s.' % error)
            self.said = error
            try:
                _write(self.host.path(offer.STATE), json.dumps(self.state).encode())
            except OSError:
                pass  # it only says what the journal has as well


def _write(path: str, content: bytes) -> None:
    """Whole or not at all. Raises OSError."""
    temporary = path + '.new'
    try:
        with open(temporary, 'wb') as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)
        os.rename(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def run(host: Host) -> int:
    return Fetcher(host).run()


# -- for `status` -------------------------------------------------------------

def ruleset_document(host: Host) -> Dict[str, Any]:
    """What is fetched and in force. error: of the service, or else of the process that asks; ''
    where no server was ever configured."""
    found = report.read(host) or {}
    asked = _state(host)
    configured = os.path.exists(host.path(server.CONFIGURATION))
    error = found.get('error') or ''
    if configured and not error:
        error = asked.get('error') or ('' if asked else 'isolated-ports-host fetch does not run')
    loaded_at = found.get('loaded_at')
    return {'configured': configured, 'server': asked.get('server', ''),
            'asked_at': asked.get('asked_at') or None,
            'reported_at': asked.get('reported_at') or None,
            'fetched': found.get('fetched'), 'loaded': found.get('loaded'),
            'loaded_at': loaded_at,
            'age': int(time.time()) - loaded_at if isinstance(loaded_at, int) else None,
            'elements': found.get('elements', 0), 'error': error}


def sentences(found: Dict[str, Any]) -> Iterator[str]:
    if not found['configured'] and not found['loaded']:
        yield 'rulesets: no server is configured (/%s)' % server.CONFIGURATION
    else:
        yield 'ruleset: %s in force%s, %s fetched, server %s%s' % (
            found['loaded'] or 'NONE',
            ' for %d s' % found['age'] if found['age'] is not None else '',
            found['fetched'] or 'none', found['server'] or 'not reached',
            ', asked %d s ago' % (time.time() - found['asked_at']) if found['asked_at'] else '')
    if found['error']:
        yield 'ruleset: %s' % found['error']


def _state(host: Host) -> Dict[str, Any]:
    """User vdsm may write what it wants there: only words of the kinds we know are taken."""
    try:
        handle = os.open(host.path(offer.STATE), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                         | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return {}
            found = json.loads(os.read(handle, _MAX_STATE).decode('utf-8'))
        finally:
            os.close(handle)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    taken = {}  # type: Dict[str, Any]
    for key in ('server', 'revision', 'error'):
        if isinstance(found.get(key), str):
            taken[key] = ''.join(c if c.isprintable() else '?' for c in found[key])[:500]
    for key in ('asked_at', 'reported_at'):
        if type(found.get(key)) is int and 0 < found[key] < 1 << 40:
            taken[key] = found[key]
    return taken
