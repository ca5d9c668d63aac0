# SPDX-License-Identifier: Apache-2.0
"""The list of isolated bridges as it lies on this host, and what the host remembers of it.

Whoever can write the list decides which VMs are isolated, and the hooks read
it as user vdsm: a file that others can write, that vdsm cannot read, or that is
no plain file is refused before its content is looked at.

A list that is gone or refused must not open what it closed. So the last good
one is kept a second time, in a folder of its own, and where there is no list
to go by its bridges are still known.
"""

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

MAX_LIST = 8 << 20

_KIND, _FOLDER, _PLAIN, _FIFO = 0o170000, 0o040000, 0o100000, 0o010000


class File:
    """content: None where it could not be read. why: a clause, why it is refused; '' otherwise.
    there: something has that name."""

    __slots__ = ('content', 'why', 'there')

    def __init__(self, content: 'Optional[bytes]', why: str = '', there: bool = True) -> None:
        self.content = content
        self.why = why
        self.there = there


class Stored:
    """now: the list. last: the last good one, read only where something may depend on it."""

    __slots__ = ('now', 'last')

    def __init__(self, now: File, last: File) -> None:
        self.now = now
        self.last = last

    def contents(self) -> 'List[bytes]':
        """Whatever may name a bridge of the list, refused or not."""
        found = []  # type: List[bytes]
        for file in (self.now, self.last):
            if file.content is not None and file.content not in found:
                found.append(file.content)
        return found


def read(path: str, owner: int) -> File:
    """owner: user id that the file has to belong to."""
    try:
        # Neither follows a link nor waits for the other end of a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.ENOTDIR):
            return File(None, '', False)
        if e.errno == errno.ELOOP:
            return File(None, 'it is a symbolic link, which may point anywhere')
        return File(None, 'it cannot be read (%s)' % e.strerror)
    try:
        status = os.fstat(handle)
        if status.st_mode & _KIND != _PLAIN:
            return File(None, 'it is %s and no plain file' % _kind(status.st_mode))
        pieces = []  # type: List[bytes]
        size = 0
        while size <= MAX_LIST:
            piece = os.read(handle, 1 << 20)
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
    except OSError as e:
        return File(None, 'it cannot be read (%s)' % e.strerror)
    finally:
        os.close(handle)
    content = b''.join(pieces)
    return File(content, _refusal(path, status, owner, content))


def _refusal(path: str, status: os.stat_result, owner: int, content: bytes) -> str:
    mode = status.st_mode & 0o7777
    if status.st_uid != owner:
        return 'it belongs to user %d and not to root, so that user decides what is in it' \
            % status.st_uid
    if mode & 0o002:
        return 'everybody can write it (mode %04o)' % mode
    if mode & 0o020 and status.st_gid != 0:
        return 'group %d can write it (mode %04o)' % (status.st_gid, mode)
    if not mode & 0o004:
        return 'user vdsm, as which the hooks run, cannot read it (mode %04o)' % mode
    try:
        mode = os.stat(os.path.dirname(path)).st_mode & 0o7777
    except OSError:
        return 'its directory has just gone'
    if mode & 0o002 and not mode & 0o1000:
        return 'everybody can replace it, as its directory has mode %04o' % mode
    if not mode & 0o001:
        return 'user vdsm, as which the hooks run, cannot enter its directory (mode %04o)' % mode
    if len(content) > MAX_LIST:
        return 'it is larger than %d MiB' % (MAX_LIST >> 20)
    return ''


def _kind(mode: int) -> str:
    return {_FOLDER: 'a directory', _FIFO: 'a pipe (FIFO)'}.get(mode & _KIND, 'a special file')
