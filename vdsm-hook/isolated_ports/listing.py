# SPDX-License-Identifier: Apache-2.0
"""Keeps the list of isolated bridges: reads a new one, puts it in force whole or not at all."""

import os
import sys

from isolated_ports.host import NETWORKS, Host, Networks, parse_networks


def write_list(content: bytes, host: Host) -> Networks:
    """Puts a new list in force, whole or not at all. Raises ValueError, OSError."""
    networks = parse_networks(content)
    if networks.state != 'ok':
        raise ValueError('the list of isolated networks is refused: %s' % networks.why)
    path = host.path(NETWORKS)
    folder = os.path.dirname(path)
    os.makedirs(folder, 0o755, exist_ok=True)
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
    return networks


def read_list_argument(source: str) -> bytes:
    """'-' or a file. Raises OSError."""
    if source == '-':
        return sys.stdin.buffer.read()
    with open(source, 'rb') as stream:
        return stream.read()
