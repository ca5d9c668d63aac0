# SPDX-License-Identifier: Apache-2.0
"""There is one watch, and it answers: its lock, and its socket /run/isolated-ports/control.

A process id says that a process is there, not that it works: a stopped or
hung watch has one too. So whoever wants to know asks it, and it answers only
while the thread that follows the kernel goes round.

A request is one line, `VERB` or `VERB ARGUMENT`; the answer is one line, `ok`
or `no`, a blank, and a text. Root and user vdsm are answered, others are not.
"""

import errno
import fcntl
import os
import pwd
import socket
import struct
import threading
import time
from typing import Callable, Dict, Optional

from isolated_ports import VERSION
from isolated_ports.host import Host
from isolated_ports.journal import log

SOCKET = 'run/isolated-ports/control'
LOCK = 'run/isolated-ports/watch'

# An answer takes a millisecond; a host full of guests may keep it waiting.
SECONDS = 3.0
# A client that says nothing keeps the next one waiting for this long.
_PATIENCE = 0.5
# One that was killed holds the lock until the kernel has ended it, or a child
# of it that was about to become nft. Whoever takes its place waits for that.
_ENDING = 3.0
_LONGEST = 4096
_VDSM = 'vdsm'
_CREDENTIALS = struct.Struct('=3i')


class Taken(Exception):
    """Another watch holds the lock."""


class Lock:
    """Held by the one watch of a host, until close() or its end; the file holds its process id."""

    def __init__(self, host: Host) -> None:
        """Raises Taken, OSError."""
        self.path = host.path(LOCK)
        os.makedirs(os.path.dirname(self.path), 0o755, exist_ok=True)
        end = time.monotonic() + _ENDING
        while True:
            self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
                                  0o644)
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # It may have been the file of one that was just ending.
                if os.stat(self.path).st_ino == os.fstat(self.handle).st_ino:
                    break
            except FileNotFoundError:
                pass
            except OSError as e:
                holder = os.read(self.handle, 32).decode('ascii', 'replace').strip()
                os.close(self.handle)
                if e.errno in (errno.EAGAIN, errno.EACCES):
                    if time.monotonic() < end:
                        time.sleep(0.05)
                        continue
                    raise Taken('isolated-ports-host watch runs already%s, so this one changes '
                                'nothing and ends; stop that one first (systemctl stop '
                                'isolated-ports-host)'
                                % (' as process ' + holder if holder else ''))
                raise
            os.close(self.handle)
        os.fchmod(self.handle, 0o644)
        os.ftruncate(self.handle, 0)
        os.write(self.handle, b'%d\n' % os.getpid())

    def close(self) -> None:
        os.unlink(self.path)
        os.close(self.handle)


class Server:
    """Answers in a thread of its own. verbs: what else than `ping` is answered, and how; each may
    raise ValueError with a sentence. beat() is called by the thread that follows the kernel."""

    def __init__(self, host: Host, verbs: 'Optional[Dict[str, Callable[[str], str]]]' = None
                 ) -> None:
        self.path = host.path(SOCKET)
        self.verbs = dict(verbs or {})
        self.verbs['ping'] = self._ping
        self.beaten = time.monotonic()
        self.allowed = {0, os.geteuid()}
        try:
            self.allowed.add(pwd.getpwnam(_VDSM).pw_uid)
        except KeyError:
            pass  # no VDSM on this host
        self.listening = None  # type: Optional[socket.socket]
        self.closed = False

    def start(self) -> None:
        """Raises OSError. Only whoever holds the lock may call it."""
        os.makedirs(os.path.dirname(self.path), 0o755, exist_ok=True)
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listening.listen(64)
        threading.Thread(target=self._serve, args=(self.listening,), name='answer',
                         daemon=True).start()

    def beat(self) -> None:
        self.beaten = time.monotonic()

    def close(self) -> None:
        if self.listening is None:
            return
        self.closed = True
        self.listening.shutdown(socket.SHUT_RDWR)  # the thread that serves wakes up and ends
        self.listening.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                client = listening.accept()[0]
            except OSError as e:
                if self.closed:
                    return
                log('a request could not be taken (%s).' % e.strerror)
                time.sleep(_PATIENCE)
                continue
            try:
                with client:
                    self._answer(client)
            except OSError:
                pass  # it did not wait for the answer, or said nothing

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE)
        uid = _CREDENTIALS.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED,
                                                    _CREDENTIALS.size))[1]
        if uid not in self.allowed:
            return
        request = _line(client)
        verb, _, argument = request.partition(' ')
        try:
            if verb not in self.verbs:
                raise ValueError('this watch (version %s) knows no request %s' % (VERSION, verb))
            answer = 'ok ' + self.verbs[verb](argument)
        except ValueError as e:
            answer = 'no %s' % e
        except Exception as e:
            # Whatever one request does, the next one is answered.
            log('a request could not be answered (%s: %s).' % (type(e).__name__, e))
            answer = 'no the watch failed at it (%s)' % type(e).__name__
        client.sendall(answer.replace('\n', ' ').encode('utf-8', 'replace') + b'\n')

    def _ping(self, _: str) -> str:
        silent = time.monotonic() - self.beaten
        if silent > SECONDS:
            raise ValueError('the watch has not looked at the kernel for %.0f s' % silent)
        return '%d %s' % (os.getpid(), VERSION)


def ask(host: Host, request: str, seconds: float = SECONDS) -> 'Optional[str]':
    """The watch's answer, `ok ...` or `no ...`; None where there is none in that time."""
    end = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(seconds)
            asking.connect(host.path(SOCKET))
            asking.sendall(request.encode('utf-8') + b'\n')
            asking.settimeout(max(0.001, end - time.monotonic()))
            return _line(asking) or None
    except OSError:
        return None


def watcher(host: Host) -> int:
    """Process id of the watch that answered just now; 0 without one."""
    words = (ask(host, 'ping') or '').split()
    return int(words[1]) if len(words) > 1 and words[0] == 'ok' and words[1].isdigit() else 0


def _line(stream: socket.socket) -> str:
    """Up to the first line break or the end; '' beyond a length nobody needs. Raises OSError."""
    data = b''
    while b'\n' not in data:
        piece = stream.recv(_LONGEST)
        data += piece
        if not piece or len(data) > _LONGEST:
            break
    return data.split(b'\n')[0].decode('utf-8', 'replace') if len(data) <= _LONGEST else ''
