# SPDX-License-Identifier: Apache-2.0
"""The floor by bridge against a kernel that can tell bridges in nftables (Debian's 6.1; the
machine that the tests run on may not): with packets, and with the service dead.

Run by run.sh like the other root tests; tests/host-lab runs it in a guest with such a kernel.
"""

import fcntl
import os
import socket
import struct
import subprocess
import threading
import time
import unittest
from typing import Dict, List, Set

from isolated_ports.floor_bridge import PASSING, TABLE, BridgeFloor
from isolated_ports.host import Host

MOVES = int(os.environ.get('ISOLATED_PORTS_MOVES', '20'))
TYPE = b'\x88\xb5'  # for experiments
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454ca, 2, 0x1000


def ip(*lines: str) -> None:
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines).encode(), check=True)


class Tap:
    """A VM's port: sends broadcasts all the time, and counts those of others by their sender."""

    def __init__(self, name: str, last: int) -> None:
        self.name = name
        self.mac = bytes((0x56, 0x6f, 0x11, 0x77, 0, last))
        self.handle = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(self.handle, _TUNSETIFF,
                    struct.pack('16sH', name.encode(), _IFF_TAP | _IFF_NO_PI))
        self.seen = {}  # type: Dict[bytes, int]
        self.sent = 0
        self.going = True
        self.threads = [threading.Thread(target=target, daemon=True)
                        for target in (self._send, self._receive)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def _send(self) -> None:
        frame = b'\xff' * 6 + self.mac + TYPE + bytes(46)
        while self.going:
            try:
                os.write(self.handle, frame)
                self.sent += 1
            except OSError:
                pass  # it is down
            time.sleep(0.0002)

    def _receive(self) -> None:
        while self.going:
            try:
                frame = os.read(self.handle, 2048)
            except OSError:
                time.sleep(0.01)
                continue
            if frame[12:14] == TYPE:
                self.seen[frame[6:12]] = self.seen.get(frame[6:12], 0) + 1

    def of(self, other: 'Tap') -> int:
        return self.seen.get(other.mac, 0)


class Bridges(unittest.TestCase):

    def setUp(self) -> None:
        self.taps = []  # type: List[Tap]
        self.floor = BridgeFloor(Host())
        ip('link add iso1 type bridge stp_state 0 forward_delay 0', 'link set iso1 up',
           'link add plain1 type bridge stp_state 0 forward_delay 0', 'link set plain1 up',
           'link add uplink type veth peer name gateway', 'link set uplink master iso1 up',
           'link set gateway up')

    def tearDown(self) -> None:
        for tap in self.taps:
            tap.going = False
            subprocess.run(['ip', 'link', 'del', tap.name], stderr=subprocess.DEVNULL)
            os.close(tap.handle)
        ip('link del iso1', 'link del plain1', 'link del uplink')
        subprocess.run(['nft', 'delete', 'table'] + TABLE.split(), stderr=subprocess.DEVNULL)

    def tap(self, name: str, bridge: str, isolated: bool = False) -> Tap:
        made = Tap(name, len(self.taps) + 1)
        self.taps.append(made)
        ip('link set %s master %s up' % (name, bridge),
           'link set %s type bridge_slave isolated %s' % (name, 'on' if isolated else 'off'))
        made.start()
        return made

    def frames(self, one: Tap, other: Tap) -> int:
        return one.of(other) + other.of(one)

    def moves(self, mover: Tap, count: int) -> None:
        """As libvirt does it: first the bridge, then the flag."""
        for _ in range(count):
            ip('link set %s nomaster' % mover.name, 'link set %s master iso1' % mover.name)
            ip('link set %s type bridge_slave isolated on' % mover.name)
            ip('link set %s nomaster' % mover.name, 'link set %s master plain1' % mover.name)

    def test_no_frame_passes_in_live_moves_and_without_the_floor_some_do(self) -> None:
        self.assertEqual(self.floor.ensure(['iso1']), '')
        neighbour, mover = self.tap('vnet0', 'iso1', True), self.tap('vnet1', 'plain1')
        self.moves(mover, MOVES)
        self.assertEqual(self.frames(neighbour, mover), 0)
        subprocess.run(['nft', 'delete', 'table'] + TABLE.split(), check=True)
        self.moves(mover, 5)
        time.sleep(0.2)
        self.assertGreater(self.frames(neighbour, mover), 0)

    def test_open_ports_of_a_listed_bridge_meet_their_uplink_and_nobody_else(self) -> None:
        self.assertEqual(self.floor.ensure(['iso1']), '')
        one, other = self.tap('vnet0', 'iso1'), self.tap('odd0', 'iso1')
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5)) as gateway:
            gateway.bind(('gateway', 0x88b5))
            gateway.settimeout(90)
            senders = set()  # type: Set[bytes]
            while len(senders) < 2:
                senders.add(gateway.recv(2048)[6:12])
            gateway.send(b'\xff' * 6 + b'\x56\x6f\x11\x77\x00\xfe' + TYPE + bytes(46))
            end = time.monotonic() + 90
            while not all(b'\x56\x6f\x11\x77\x00\xfe' in tap.seen for tap in (one, other)):
                self.assertLess(time.monotonic(), end, 'the gateway reaches nobody')
                time.sleep(0.05)
        self.assertEqual(self.frames(one, other), 0)

    def test_what_is_to_pass_passes_and_other_bridges_are_as_they_were(self) -> None:
        self.assertEqual(self.floor.ensure(['iso1']), '')
        one, passing = self.tap('vnet0', 'iso1'), self.tap('vnet1', 'iso1')
        plain, other = self.tap('vnet2', 'plain1'), self.tap('vnet3', 'plain1')
        ip('link set vnet1 group %d' % PASSING)
        end = time.monotonic() + 90
        while not (one.of(passing) and passing.of(one) and plain.of(other) and other.of(plain)):
            self.assertLess(time.monotonic(), end, 'it does not pass')
            time.sleep(0.05)

    def test_a_new_list_is_in_force_at_once_and_a_dormant_table_is_mended(self) -> None:
        self.floor.ensure([])
        self.assertEqual(self.floor.ensure(['iso1']), '')
        self.assertTrue(self.floor.in_force)
        subprocess.run(['nft', 'add', 'table'] + TABLE.split() + ['{ flags dormant; }'])
        self.assertEqual(self.floor.ensure(['iso1']), '')
        self.assertTrue(self.floor.in_force)
