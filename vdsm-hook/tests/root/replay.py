# SPDX-License-Identifier: Apache-2.0
"""Rulesets as a server handed them out, through the service into the kernel, and what passes then.

Run by run.sh as `tests.root.replay`, with ISOLATED_PORTS_REPLAY the JSON file of what to do:

    {"bridge": "...", "gateway": {"mac", "ip"}, "ports": [{"name", "vm", "nic", "mac", "ip"}],
     "cases": [{"name", "ruleset": "as it was sent",
                "flows": [{"name", "protocol", "source_port", "port"}],
                "refused": [{"name", "family": 4 or 6, "protocol", "port"}]}]}

A line that it prints begins with `replayed: ` and is JSON: case, flow, "VM1>VM2",
"forward" and "reply": whether the frame that opens the conversation arrived, and the answer to it
(null where there was nothing to answer). Each sender speaks to every other one and the gateway.

A line that begins with `refused: ` is JSON too: case, flow, "VM1>VM2", and what the first VM is
told by the host instead ("reset", "prohibited", null for nothing); under "forged", which resets and
errors that nobody asked for arrived where one end sent them to another.
"""

import contextlib
import json
import os
import socket
import struct
import time
from typing import Any, Dict, List, Tuple

from tests.root.rules_case import RulesCase
from tests.root.watch_test import ip, within
from tests.support import domain, interface

from isolated_ports.live import STATUS_FILES
from isolated_ports.report import REPORT

# In an emulated host everything is late.
_PATIENCE = 120.0
_QUIET = 1.0
_GATEWAY = 'gateway'
_ETH_IP = 0x0800
_PROTOCOLS = {'icmp': 1, 'tcp': 6, 'udp': 17}
_SYN, _SYN_ACK = 0x02, 0x12
_RST = 0x04
_ICMPV6 = 58
# Administratively prohibited: RFC 1812, section 5.2.7.1, and RFC 4443, section 3.1.
_PROHIBITED = {4: (1, 3, 13), 6: (_ICMPV6, 1, 1)}


def _sum(content: bytes) -> int:
    """RFC 1071; connection tracking looks at it."""
    if len(content) % 2:
        content += b'\0'
    total = sum(struct.unpack('!%dH' % (len(content) // 2), content))  # type: int
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _payload(flow: Dict[str, Any], source: bytes, destination: bytes, token: int,
             answer: bool) -> bytes:
    protocol = _PROTOCOLS[flow['protocol']]
    if protocol == 1:
        head = struct.pack('!BBHHH', 0 if answer else 8, 0, 0, token, 1)
        return head[:2] + struct.pack('!H', _sum(head)) + head[4:]
    ports = (flow['source_port'], flow['port'])
    here, there = reversed(ports) if answer else ports
    if protocol == 6:
        head = struct.pack('!HHLLBBHHH', here, there, token, token + 1 if answer else 0, 5 << 4,
                           _SYN_ACK if answer else _SYN, 64000, 0, 0)
        place = 16
    else:
        head = struct.pack('!HHHH', here, there, 8, 0)
        place = 6
    pseudo = source + destination + struct.pack('!BBH', 0, protocol, len(head))
    return head[:place] + struct.pack('!H', _sum(pseudo + head)) + head[place + 2:]


def _packet(family: int, protocol: int, source: bytes, destination: bytes, payload: bytes,
            place: int) -> bytes:
    """Type and rest of a frame. place: where the payload has its checksum."""
    if family == 6:
        pseudo = source + destination + struct.pack('!LL', len(payload), protocol)
        head = struct.pack('!LHBB', 6 << 28, len(payload), protocol, 64) + source + destination
    else:
        pseudo = (source + destination + struct.pack('!HH', protocol, len(payload))
                  if protocol != 1 else b'')
        head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
        head += source + destination
        head = head[:10] + struct.pack('!H', _sum(head)) + head[12:]
    payload = payload[:place] + struct.pack('!H', _sum(pseudo + payload)) + payload[place + 2:]
    return struct.pack('!H', 0x86dd if family == 6 else _ETH_IP) + head + payload


def _opening(family: int, protocol: str, source: bytes, destination: bytes, here: int, port: int,
             flags: int = _SYN) -> bytes:
    if protocol == 'tcp':
        head = struct.pack('!HHLLBBHHH', here, port, 1, 0, 5 << 4, flags, 64000, 0, 0)
        return _packet(family, 6, source, destination, head, 16)
    return _packet(family, 17, source, destination, struct.pack('!HHHH', here, port, 8, 0), 6)


def _error(family: int, source: bytes, destination: bytes, quoted: bytes) -> bytes:
    protocol, kind, code = _PROHIBITED[family]
    return _packet(family, protocol, source, destination,
                   struct.pack('!BBHL', kind, code, 0, 0) + quoted, 2)


def _told(frame: bytes) -> Tuple[str, int]:
    """What a frame says of a conversation, and the port from which that came; '' for nothing."""
    family = {_ETH_IP: 4, 0x86dd: 6}.get(struct.unpack('!H', frame[12:14])[0], 0)
    if not family or len(frame) < 54:
        return '', 0
    head = 20 if family == 4 else 40
    protocol = frame[23] if family == 4 else frame[20]
    rest = frame[14 + head:]
    if protocol == 6 and rest[13] & _RST:
        return 'reset', struct.unpack('!H', rest[2:4])[0]
    if (protocol,) + tuple(rest[:2]) == _PROHIBITED[family] and len(rest) >= 8 + head + 2:
        return 'prohibited', struct.unpack('!H', rest[8 + head:10 + head])[0]
    return '', 0


class Replay(RulesCase):

    def setUp(self) -> None:
        with open(os.environ['ISOLATED_PORTS_REPLAY']) as stream:
            self.todo = json.load(stream)
        super().setUp()
        bridge = self.todo['bridge']
        self.add(bridge, 'type', 'bridge')
        self.ends = {_GATEWAY: dict(self.todo['gateway'], link='switch')}
        self.add('uplink0', 'type', 'veth', 'peer', 'name', 'switch')
        ip('link', 'set', 'switch', 'up')
        ip('link', 'set', 'uplink0', 'master', bridge)
        for number, port in enumerate(self.todo['ports'], 1):
            self.ends[port['name']] = dict(port, link='guest%d' % number)
            self.start_vm('vnet%d' % number, 'guest%d' % number, port)
        self.token = 0
        self.hearing = {}  # type: Dict[str, socket.socket]
        for name, end in self.ends.items():
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_IP))
            one.bind((end['link'], _ETH_IP))
            one.setblocking(False)
            self.addCleanup(one.close)
            self.hearing[name] = one

    def start_vm(self, tap: str, guest: str, port: Dict[str, str]) -> None:
        inner = domain(interface(self.todo['bridge'], mac=port['mac'], alias='ua-' + port['nic'],
                                 more='<target dev="%s"/>' % tap),
                       uuid=port['vm']).split(b'?>', 1)[1]
        path = '/%s/%s.xml' % (STATUS_FILES, tap)
        with open(path + '.new', 'wb') as stream:
            stream.write(b'<domstatus state="running">' + inner + b'</domstatus>')
        os.rename(path + '.new', path)
        self.add(tap, 'type', 'veth', 'peer', 'name', guest)
        ip('link', 'set', guest, 'up')
        ip('link', 'set', tap, 'master', self.todo['bridge'])

    def in_kernel(self, revision: str) -> bool:
        """As the service reports it: read back, with the tap of every port in it."""
        try:
            with open('/' + REPORT) as stream:
                found = json.load(stream)
        except (OSError, ValueError):
            return False
        known = [port for port in found['ports'] if port['nic'] and port['observed'] != 'closed']
        return found['loaded'] == revision and len(known) == len(self.todo['ports'])

    def said(self) -> str:
        try:
            with open('/' + REPORT) as stream:
                return stream.read()
        except OSError as e:
            return str(e)

    def frame(self, flow: Dict[str, Any], source: str, destination: str, token: int,
              answer: bool) -> bytes:
        sender, receiver = self.ends[source], self.ends[destination]
        here, there = socket.inet_aton(sender['ip']), socket.inet_aton(receiver['ip'])
        payload = _payload(flow, here, there, token, answer)
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), token, 0, 64,
                           _PROTOCOLS[flow['protocol']], 0, here, there)
        head = head[:10] + struct.pack('!H', _sum(head)) + head[12:]
        macs = bytes.fromhex((receiver['mac'] + sender['mac']).replace(':', ''))
        return macs + struct.pack('!H', _ETH_IP) + (head + payload).ljust(46, b'\0')

    def arrived(self, flow: Dict[str, Any], pairs: List[Tuple[str, str, int]], answer: bool
                ) -> List[Tuple[str, str, int]]:
        """Sends one frame a pair, and says which came to where they were sent."""
        for source, destination, token in pairs:
            self.hearing[source].send(self.frame(flow, source, destination, token, answer))
            time.sleep(0.002)
        wanted = {(destination, token): (source, destination, token)
                  for source, destination, token in pairs}
        found = []
        end = time.monotonic() + _QUIET
        while time.monotonic() < end:
            for name, hearing in self.hearing.items():
                while True:
                    try:
                        frame, address = hearing.recvfrom(2000)
                    except BlockingIOError:
                        break
                    # The sender's own end has a copy of what it sends.
                    if address[2] == socket.PACKET_OUTGOING:
                        continue
                    pair = wanted.pop((name, struct.unpack('!H', frame[18:20])[0]), None)
                    if pair is not None:
                        found.append(pair)
                        end = time.monotonic() + _QUIET
            time.sleep(0.01)
        return found

    def flow(self, flow: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
        pairs = []
        for source in self.ends:
            for destination in self.ends:
                if source != destination:
                    self.token += 1
                    pairs.append((source, destination, self.token))
        forward = self.arrived(flow, pairs, False)
        replies = self.arrived(flow, [(to, source, token) for source, to, token in forward], True)
        replied = {token for _, _, token in replies}
        return {'%s>%s' % (source, to):
                {'forward': (source, to, token) in forward,
                 'reply': token in replied if (source, to, token) in forward else None}
                for source, to, token in pairs}

    # what is refused

    def address(self, name: str, family: int) -> bytes:
        four = socket.inet_aton(self.ends[name]['ip'])
        return four if family == 4 else b'\xfd' + bytes(11) + four

    def exchanged(self, frames: List[Tuple[str, str, str, bytes]]) -> Dict[str, str]:
        """frames: by which name, from whom, where it would be heard, and what is sent. What came
        there of it, by name; told apart by their port, 20000 and their place."""
        found = {}  # type: Dict[str, str]
        hearing = {}
        try:
            for name, end in self.ends.items():
                hearing[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                hearing[name].bind((end['link'], 3))
                hearing[name].setblocking(False)
            for _, source, _, frame in frames:
                hearing[source].send(frame)
                time.sleep(0.002)
            end_at = time.monotonic() + _QUIET
            while time.monotonic() < end_at:
                for name, one in hearing.items():
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            frame, address = one.recvfrom(2000)
                            said, place = _told(frame)
                            place -= 20000
                            if (said and address[2] != socket.PACKET_OUTGOING
                                    and 0 <= place < len(frames) and frames[place][2] == name):
                                found[frames[place][0]] = said
                                end_at = time.monotonic() + _QUIET
                time.sleep(0.01)
        finally:
            for one in hearing.values():
                one.close()
        return found

    def pairs(self) -> List[Tuple[str, str]]:
        return [(source, to) for source in self.ends for to in self.ends if source != to]

    def macs(self, source: str, to: str) -> bytes:
        return bytes.fromhex((self.ends[to]['mac'] + self.ends[source]['mac']).replace(':', ''))

    def refused(self, flow: Dict[str, Any]) -> Dict[str, Any]:
        family = flow['family']
        frames = []  # type: List[Tuple[str, str, str, bytes]]
        for number, (source, to) in enumerate(self.pairs()):
            frames.append(('%s>%s' % (source, to), source, source, self.macs(source, to) + _opening(
                family, flow['protocol'], self.address(source, family), self.address(to, family),
                20000 + number, flow['port'])))
        found = self.exchanged(frames)
        return {name: found.get(name) for name, _, _, _ in frames}

    def forged(self) -> List[str]:
        """Resets and errors of which nobody asked the host."""
        frames = []  # type: List[Tuple[str, str, str, bytes]]
        for family in (4, 6):
            for source, to in self.pairs():
                here, there = self.address(source, family), self.address(to, family)
                for what in ('reset', 'prohibited'):
                    port = 20000 + len(frames)
                    if what == 'reset':
                        sent = _opening(family, 'tcp', here, there, 80, port, _RST)
                    else:
                        sent = _error(family, here, there, _opening(
                            family, 'udp', there, here, port, 80)[2:])
                    frames.append(('%s of IPv%d %s>%s' % (what, family, source, to), source, to,
                                   self.macs(source, to) + sent))
        return sorted(self.exchanged(frames))

    def test_what_passes(self) -> None:
        result = {}  # type: Dict[str, Any]
        refused = {}  # type: Dict[str, Any]
        for case in self.todo['cases']:
            revision = json.loads(case['ruleset'])['revision']
            self.offer(case['ruleset'].encode())
            self.assertTrue(within(_PATIENCE, lambda: self.in_kernel(revision)),
                            '%s: %s\n%s' % (case['name'], self.said(), self.logged()))
            if case.get('flows'):
                result[case['name']] = {flow['name']: self.flow(flow) for flow in case['flows']}
            if case.get('refused'):
                said = {flow['name']: self.refused(flow)
                        for flow in case['refused']}  # type: Dict[str, Any]
                refused[case['name']] = dict(said, forged=self.forged())
        print('\nrefused: ' + json.dumps(refused), flush=True)
        print('\nreplayed: ' + json.dumps(result), flush=True)
