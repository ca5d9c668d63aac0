# SPDX-License-Identifier: Apache-2.0
"""Keeps the list of isolated bridges: reads a new one, puts it in force whole or not at all."""

import contextlib
import os
import shutil
import sys

from isolated_ports.host import NETWORKS, REMEMBERED, Host, Networks, parse_networks
from isolated_ports.stored import read


def write_list(content: bytes, host: Host) -> Networks:
    """Puts a new list in force, whole or not at all. Raises ValueError, OSError."""
    networks = parse_networks(content)
    if not networks.sure:
        raise ValueError('the list of isolated networks is refused: %s' % networks.why)
    # First what is remembered: what it names too much only costs a look.
    remember(content, host)
    write_whole(host.path(NETWORKS), content)
    return networks


def remember(content: bytes, host: Host) -> None:
    """Keeps a good list apart from the list, for when that is gone or damaged. Raises OSError."""
    path = host.path(REMEMBERED)
    file = read(path, host.owner)
    if file.content != content or file.why:
        write_whole(path, content)


def write_whole(path: str, content: bytes) -> None:
    """A file for everybody to read, whole or not at all. Raises OSError."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    if os.stat(folder).st_mode & 0o1777 != 0o755:
        os.chmod(folder, 0o755)
    temporary = '%s.%d' % (path, os.getpid())
    try:
        with open(temporary, 'wb') as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)  # the hooks read it as user vdsm
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_whole(source: str, target: str) -> None:
    """Whole or not at all, for root alone. Raises OSError."""
    temporary = '%s.%d' % (target, os.getpid())
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                         | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, 'wb') as stream, open(source, 'rb') as content:
            shutil.copyfileobj(content, stream, 1 << 20)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    folder = os.open(os.path.dirname(target), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_list_argument(source: str) -> bytes:
    """'-' or a file. Raises OSError."""
    if source == '-':
        return sys.stdin.buffer.read()
    with open(source, 'rb') as stream:
        return stream.read()
