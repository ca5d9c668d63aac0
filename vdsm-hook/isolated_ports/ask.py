# SPDX-License-Identifier: Apache-2.0
"""How a hook tells the service what an update said: over its socket, and on a note.

The note, a file below /run/vdsm, is there before the service is asked. It goes
when the service has written what it says and the update is over. While it is
there and what it says is not in the domain's metadata, the VM does not leave
this host, and a service that starts reads it. /run/vdsm is VDSM's own, so the
hook can write there and root reads.
"""

import os

from isolated_ports.host import NOTES, Host
from isolated_ports.word import MAX_SAID, Said, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Tuple

SOCKET = 'run/isolated-ports/control'
VERB = 'said'

# The service answers within milliseconds; a host full of guests, or a
# libvirtd that is busy, may keep it waiting. VDSM waits with us.
SECONDS = 3.0
# For a NIC that shows no sign of us, whose VM must not wait for our faults.
SECONDS_OTHERS = 0.5

_UNSAFE_LETTERS = frozenset('/\0')


class Answer:
    """what: `written`, in the domain's metadata, or need not be; `isolated`, the service says
    that the NIC is to be; `kept`, the service wants to hear when the update is over. why: what it
    said where it is not written."""

    __slots__ = ('written', 'isolated', 'kept', 'why')

    def __init__(self, what: str, why: str) -> None:
        found = what.split('-')
        self.written = 'written' in found
        self.isolated = 'isolated' in found
        self.kept = 'kept' in found
        self.why = why


def tell(host: Host, said: Said, seconds: float = SECONDS) -> Answer:
    """Never raises; returns within a little more than these seconds."""
    line = _request(host, '%s %s\n' % (VERB, said.line()), seconds)
    words = line.split(' ', 2)
    if words[0] != 'ok' or len(words) < 2:
        return Answer('', ' '.join(words[1:]) if words[0] == 'no'
                      else 'isolated-ports-host did not answer')
    return Answer(words[1], words[2] if len(words) > 2 else '')


def _request(host: Host, text: str, seconds: float) -> str:
    # The socket module costs as much as the interpreter's start; this is what it wraps.
    import time

    import _socket
    end = time.monotonic() + seconds
    data = b''
    try:
        asking = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            asking.settimeout(seconds)
            asking.connect(host.path(SOCKET))
            asking.send(text.encode('ascii'))
            while not data.endswith(b'\n') and len(data) < MAX_SAID:
                asking.settimeout(max(0.001, end - time.monotonic()))
                piece = asking.recv(MAX_SAID)
                if not piece:
                    break
                data += piece
        finally:
            asking.close()
    except OSError:
        return ''
    return data.decode('utf-8', 'replace').strip()


# -- notes --------------------------------------------------------------------

def write_note(host: Host, said: Said) -> bool:
    """Whether it could be written, whole."""
    folder = host.path(NOTES)
    temporary = os.path.join(folder, '.%d' % os.getpid())
    try:
        os.makedirs(folder, 0o755, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                         | os.O_NOFOLLOW, 0o644)
        try:
            os.write(handle, said.line().encode('ascii'))
        finally:
            os.close(handle)
        os.rename(temporary, os.path.join(folder, _name(said)))
    except OSError:
        return False
    return True


def notes(host: Host, vm_id: str = '') -> 'List[Tuple[str, Said]]':
    """The notes there are, of one VM or of all, with their paths. What is no note is left out."""
    folder = host.path(NOTES)
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return list(_read_notes(folder, [name for name in names
                                     if name[:1] != '.' and name.startswith(vm_id.lower())]))


def _read_notes(folder: str, names: 'List[str]') -> 'Iterator[Tuple[str, Said]]':
    for name in names:
        path = os.path.join(folder, name)
        said = _read_note(path)
        if said is not None and _name(said) == name:
            yield path, said


def _read_note(path: str) -> 'Optional[Said]':
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            return parse(os.read(handle, MAX_SAID + 1).decode('ascii'))
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return None


def drop_notes(host: Host, vm_id: str) -> None:
    """What was said in an earlier life of this VM on this host is of no account any more."""
    for path, _ in notes(host, vm_id):
        drop(path)


def drop(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _name(said: Said) -> str:
    nic = said.alias or said.mac
    return '%s.%s' % (said.vm_id.lower(), ''.join('_' if c in _UNSAFE_LETTERS else c
                                                  for c in nic)[:128])
