# SPDX-License-Identifier: Apache-2.0
"""Bridge ports as the kernel has them, by rtnetlink (rtnetlink(7), linux/if_link.h).

Not by sysfs: the notification itself carries bridge and flag, so nothing has
to be read before the flag is written, and the service can run with /sys
mounted read-only.
"""

import errno
import os
import socket
import struct
from typing import Dict, Iterator, List, Optional, Tuple

_RTM_NEWLINK, _RTM_DELLINK, _RTM_GETLINK, _RTM_SETLINK = 16, 17, 18, 19
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_DUMP = 1, 4, 0x300
_RTMGRP_LINK = 1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MASTER, _IFLA_PROTINFO, _IFLA_GROUP = 1, 3, 10, 12, 27
_IFLA_BRPORT_ISOLATED = 33
_IFLA_LINKINFO, _IFLA_INFO_KIND, _IFLA_INFO_DATA = 18, 1, 2
_IFLA_BR_MULTI_BOOLOPT, _BR_BOOLOPT_NO_LL_LEARN = 46, 0
_NLA_F_NESTED, _NLA_TYPE_MASK = 0x8000, 0x3fff
_AF_BRIDGE = 7
_SO_RCVBUFFORCE = 33

_HEADER = struct.Struct('=IHHII')
_IFINFO = struct.Struct('=BxHiII')
_ATTRIBUTE = struct.Struct('=HH')


class Link:
    """One link message. isolated: the port's flag, None where the message is not about a bridge
    port; master: index of its bridge, 0 without one; group: device group, not told of ports."""

    __slots__ = ('gone', 'bridge_family', 'index', 'name', 'master', 'mac', 'isolated', 'group')

    def __init__(self, gone: bool, bridge_family: bool, index: int) -> None:
        self.gone = gone
        self.bridge_family = bridge_family
        self.index = index
        self.name = ''
        self.master = 0
        self.mac = ''
        self.isolated = None  # type: Optional[bool]
        self.group = 0


class Lost(Exception):
    """The kernel dropped messages: what is known has to be read anew."""


class Ports:
    """Asks for and sets bridge ports' flags; also follows all links with listen=True."""

    def __init__(self, listen: bool = False) -> None:
        self.request = _socket(0)
        self.events = _socket(_RTMGRP_LINK) if listen else None
        self.sequence = 0

    def close(self) -> None:
        self.request.close()
        if self.events:
            self.events.close()

    def receive(self) -> List[Link]:
        """Waits for the next notifications. Raises Lost."""
        assert self.events is not None
        try:
            return [link for kind, body in _messages(self.events.recv(1 << 18))
                    for link in _link(kind, body)]
        except OSError as e:
            if e.errno == errno.ENOBUFS:
                raise Lost() from e
            raise

    def links(self) -> Dict[int, Link]:
        """Every link by its index."""
        return {link.index: link for link in self._dump(socket.AF_UNSPEC)}

    def ports(self) -> List[Link]:
        """Every bridge port."""
        return [link for link in self._dump(_AF_BRIDGE) if link.isolated is not None]

    def isolate(self, index: int, on: bool = True) -> None:
        """Sets the flag of the bridge port. Raises OSError, as where it is none (any more)."""
        flag = struct.pack('=HHBxxx', 5, _IFLA_BRPORT_ISOLATED, on)
        nest = _ATTRIBUTE.pack(4 + len(flag), _IFLA_PROTINFO | _NLA_F_NESTED) + flag
        self._send(_RTM_SETLINK, _NLM_F_REQUEST | _NLM_F_ACK,
                   _IFINFO.pack(_AF_BRIDGE, 0, index, 0, 0) + nest)
        for _ in self._answers():
            pass

    def set_group(self, index: int, group: int) -> None:
        """Puts a device into a group. Raises OSError."""
        self._send(_RTM_SETLINK, _NLM_F_REQUEST | _NLM_F_ACK,
                   _IFINFO.pack(socket.AF_UNSPEC, 0, index, 0, 0)
                   + _ATTRIBUTE.pack(8, _IFLA_GROUP) + struct.pack('=I', group))
        for _ in self._answers():
            pass

    def learn_no_linklocal(self, index: int) -> None:
        """Keeps a bridge from learning of frames for its own protocols. Raises OSError."""
        bit = 1 << _BR_BOOLOPT_NO_LL_LEARN
        option = _nested(_IFLA_BR_MULTI_BOOLOPT, struct.pack('=II', bit, bit))
        kind = _ATTRIBUTE.pack(4 + 7, _IFLA_INFO_KIND) + b'bridge\0\0'
        self._send(_RTM_NEWLINK, _NLM_F_REQUEST | _NLM_F_ACK,
                   _IFINFO.pack(socket.AF_UNSPEC, 0, index, 0, 0)
                   + _nested(_IFLA_LINKINFO, kind + _nested(_IFLA_INFO_DATA, option)))
        for _ in self._answers():
            pass

    def _dump(self, family: int) -> List[Link]:
        self._send(_RTM_GETLINK, _NLM_F_REQUEST | _NLM_F_DUMP, _IFINFO.pack(family, 0, 0, 0, 0))
        return [link for kind, body in self._answers() for link in _link(kind, body)]

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        self.sequence += 1
        self.request.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, self.sequence, 0)
                          + body)

    def _answers(self) -> Iterator[Tuple[int, bytes]]:
        """Messages of the answer. Raises OSError where the kernel refuses."""
        while True:
            data = self.request.recv(1 << 18)
            if _HEADER.unpack_from(data)[3] != self.sequence:
                continue  # of a request that was given up
            for kind, body in _messages(data):
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR:
                    code = -struct.unpack_from('=i', body)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return
                yield kind, body


def _nested(number: int, body: bytes) -> bytes:
    """An attribute of some words, or of others."""
    return _ATTRIBUTE.pack(4 + len(body), number) + body


def _socket(groups: int) -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        # Many VMs at once must not overrun us; needs CAP_NET_ADMIN.
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)
    except OSError:
        pass
    made.bind((0, groups))
    return made


def _messages(data: bytes) -> Iterator[Tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind = _HEADER.unpack_from(data, at)[:2]
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size:at + length]
        at += (length + 3) & ~3


def _link(kind: int, body: bytes) -> Iterator[Link]:
    if kind not in (_RTM_NEWLINK, _RTM_DELLINK) or len(body) < _IFINFO.size:
        return
    family, _, index = _IFINFO.unpack_from(body)[:3]
    link = Link(kind == _RTM_DELLINK, family == _AF_BRIDGE, index)
    for number, value in _attributes(body, _IFINFO.size):
        if number == _IFLA_IFNAME:
            link.name = value.rstrip(b'\0').decode('utf-8', 'replace')
        elif number == _IFLA_ADDRESS:
            link.mac = ':'.join('%02x' % byte for byte in value)
        elif number == _IFLA_MASTER:
            link.master = struct.unpack_from('=I', value)[0]
        elif number == _IFLA_GROUP:
            link.group = struct.unpack_from('=I', value)[0]
        elif number == _IFLA_PROTINFO and family == _AF_BRIDGE:
            for inner, flag in _attributes(value, 0):
                if inner == _IFLA_BRPORT_ISOLATED:
                    link.isolated = flag != b'\0'
    yield link


def _attributes(data: bytes, at: int) -> Iterator[Tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= len(data):
        length, number = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            return
        yield number & _NLA_TYPE_MASK, data[at + _ATTRIBUTE.size:at + length]
        at += (length + 3) & ~3
