# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells of changes to nftables (nfnetlink, linux/netfilter/nf_tables.h).

Each transaction ends with the message of a new generation, which names the
process that made it. So a change to our table that is not ours is known in the
moment in which it is in force.
"""

import errno
import socket
import struct
from typing import Iterator

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 10
_NEWGEN = (_SUBSYSTEM << 8) | 15
_GROUP = 7
_SO_RCVBUFFORCE = 33
_BUFFER = 64 << 20
_HEADER = struct.Struct('=IHHII')
_ATTRIBUTE = struct.Struct('=HH')
_GEN_PROC_PID = 2
_NFGEN = 4


class Lost(Exception):
    """The kernel dropped messages: anything may have happened."""


class Change:
    """A transaction. ours: it touched the table. pid: of the process that made it; port: of its
    socket, which is the same number but in a container."""

    __slots__ = ('ours', 'pid', 'port')

    def __init__(self, ours: bool, pid: int, port: int) -> None:
        self.ours = ours
        self.pid = pid
        self.port = port


class Changes:
    """Follows all of this host's nftables; table: whose changes are told apart."""

    def __init__(self, table: str) -> None:
        """Raises OSError, where the kernel has no nftables."""
        name = table.encode('ascii') + b'\0'
        # Every object carries its table's name as attribute 1.
        self.needle = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(name), 1) + name
        self.touched = False
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        try:
            # A transaction of ours may have 100,000 messages. Needs CAP_NET_ADMIN.
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except OSError:
            pass
        self.socket.bind((0, 1 << (_GROUP - 1)))

    def fileno(self) -> int:
        return self.socket.fileno()

    def close(self) -> None:
        self.socket.close()

    def receive(self) -> Iterator[Change]:
        """Waits for the next messages. Raises Lost."""
        try:
            data = self.socket.recv(1 << 18)
        except OSError as e:
            if e.errno == errno.ENOBUFS:
                self.touched = False
                raise Lost() from e
            raise
        at = 0
        while at + _HEADER.size <= len(data):
            length, kind, _, _, port = _HEADER.unpack_from(data, at)
            if length < _HEADER.size:
                return
            if kind == _NEWGEN:
                touched, self.touched = self.touched, False
                yield Change(touched, _pid(data[at + _HEADER.size + _NFGEN:at + length]), port)
            elif not self.touched and self.needle in data[at:at + length]:
                self.touched = True
            at += (length + 3) & ~3


def _pid(attributes: bytes) -> int:
    at = 0
    while at + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, at)
        if length < _ATTRIBUTE.size:
            break
        if kind & 0x3fff == _GEN_PROC_PID and length >= 8:
            return int(struct.unpack_from('!I', attributes, at + _ATTRIBUTE.size)[0])
        at += (length + 3) & ~3
    return 0
