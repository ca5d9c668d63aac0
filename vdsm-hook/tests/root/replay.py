# SPDX-License-Identifier: Apache-2.0
"""Rulesets as a server handed them out, through the service into the kernel, and what passes then.

Run by run.sh as `tests.root.replay`, with ISOLATED_PORTS_REPLAY the JSON file of what to do:

    {"bridge": "...", "gateway": {"mac", "ip"}, "ports": [{"name", "vm", "nic", "mac", "ip"}],
     "cases": [{"name", "ruleset": "as it was sent",
                "flows": [{"name", "protocol", "source_port", "port"}],
                "refused": [{"name", "family": 4 or 6, "protocol", "port"}],
                "host": {"address": of the host itself on the bridge, "192.0.2.254/24",
                         "opens": [names of VMs to which it may open a connection]}}]}

A line that it prints begins with `replayed: ` and is JSON: case, flow, "VM1>VM2",
"forward" and "reply": whether the frame that opens the conversation arrived, and the answer to it
(null where there was nothing to answer). Each sender speaks to every other one and the gateway.

A line that begins with `refused: ` is JSON too: case, flow, "VM1>VM2", and what the first VM is
told by the host instead ("reset", "prohibited", null for nothing); under "forged", which resets and
errors that nobody asked for arrived where one end sent them to another.

A line that begins with `host: ` is JSON: case, VM, and what went between it and the host itself:
"arp", "icmp", "udp", "tcp" where the host answers the VM (the latter as far as a line of data),
"opened" where the host opened a connection to the VM, "asked" whether the VM saw it try.
"""

import contextlib
import json
import os
import socket
import struct
import time
from typing import Any, Callable, Dict, List, Tuple

from tests.root.rules_case import RulesCase, nft
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
_ACK, _PUSH = 0x10, 0x08
_HOSTS_PORT, _VMS_PORT = 8022, 8080
_ETH_ARP = 0x0806
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


def _is_segment(frame: bytes, ports: Tuple[int, int], flags: int) -> bool:
    return (frame[12:14] == b'\x08\0' and frame[23] == 6 and frame[47] == flags
            and struct.unpack('!HH', frame[34:38]) == ports)


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
        self.patience = _PATIENCE
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

    def refused(self, flows: List[Dict[str, Any]]) -> Dict[str, Any]:
        """What is refused, and resets and errors of which nobody asked the host, at once."""
        frames = []  # type: List[Tuple[str, str, str, bytes]]
        for flow in flows:
            family = flow['family']
            for source, to in self.pairs():
                frames.append((
                    '%s %s>%s' % (flow['name'], source, to), source, source,
                    self.macs(source, to) + _opening(
                        family, flow['protocol'], self.address(source, family),
                        self.address(to, family), 20000 + len(frames), flow['port'])))
        asked = len(frames)
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
        found = self.exchanged(frames)
        said = {flow['name']: {} for flow in flows}  # type: Dict[str, Any]
        for name, _, _, _ in frames[:asked]:
            flow_name, _, pair = name.partition(' ')
            said[flow_name][pair] = found.get(name)
        return dict(said, forged=sorted(name for name, _, _, _ in frames[asked:]
                                        if name in found))

    # the host itself

    def hear(self, name: str) -> socket.socket:
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        one.bind((self.ends[name]['link'], 3))
        one.setblocking(False)
        self.addCleanup(one.close)
        return one

    def heard(self, hearing: socket.socket, wanted: Callable[[bytes], bool],
              comes: bool = True) -> bytes:
        """The first of the host's frames that is wanted, b'' for none. comes: it is to come."""
        end = time.monotonic() + (self.patience if comes else _QUIET)
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame, address = hearing.recvfrom(2000)
                    if (address[2] != socket.PACKET_OUTGOING and frame[6:12] == self.own_mac
                            and wanted(frame)):
                        return frame
            time.sleep(0.005)
        if comes:
            self.patience = _QUIET  # one that fails is enough
        return b''

    def to_host(self, name: str, kind: int, payload: bytes) -> bytes:
        mac = bytes.fromhex(self.ends[name]['mac'].replace(':', ''))
        to = b'\xff' * 6 if kind == _ETH_ARP else self.own_mac
        return (to + mac + struct.pack('!H', kind) + payload).ljust(60, b'\0')

    def resolved(self, name: str, own: bytes, hearing: socket.socket) -> bool:
        mac = bytes.fromhex(self.ends[name]['mac'].replace(':', ''))
        hearing.send(self.to_host(name, _ETH_ARP, struct.pack(
            '!HHBBH6s4s6s4s', 1, _ETH_IP, 6, 4, 1, mac, self.address(name, 4), bytes(6), own)))
        return bool(self.heard(hearing, lambda frame: frame[12:14] == b'\x08\x06'
                               and frame[20:22] == b'\0\2'))

    def segment(self, name: str, own: bytes, ports: Tuple[int, int], flags: int,
                numbers: Tuple[int, int], data: bytes = b'') -> bytes:
        head = struct.pack('!HHLLBBHHH', ports[0], ports[1], numbers[0], numbers[1], 5 << 4,
                           flags, 64000, 0, 0)
        return self.to_host(name, _ETH_IP, _packet(4, 6, self.address(name, 4), own, head + data,
                                                   16)[2:])

    def connected(self, name: str, own: bytes, here: int, hearing: socket.socket,
                  server: socket.socket) -> bool:
        """A connection of the VM's, up to a line that the host's program reads."""
        ports = here, _HOSTS_PORT
        hearing.send(self.segment(name, own, ports, _SYN, (1, 0)))
        answer = self.heard(hearing, lambda frame: _is_segment(frame, ports[::-1], _SYN_ACK))
        if not answer:
            return False
        theirs = struct.unpack('!L', answer[38:42])[0] + 1
        hearing.send(self.segment(name, own, ports, _ACK, (2, theirs)))
        hearing.send(self.segment(name, own, ports, _ACK | _PUSH, (2, theirs), b'hello'))
        server.settimeout(self.patience)
        try:
            one = server.accept()[0]
        except socket.timeout:
            return False
        with one:
            one.settimeout(self.patience)
            try:
                return one.recv(100) == b'hello'
            except socket.timeout:
                return False

    def answered(self, name: str, own: bytes, here: int, hearing: socket.socket,
                 protocol: str) -> bool:
        """An echo of ICMP, or of UDP by a program of the host's."""
        vm = self.address(name, 4)
        if protocol == 'udp':
            packet = _opening(4, protocol, vm, own, here, _HOSTS_PORT)
        else:
            packet = _packet(4, 1, vm, own, struct.pack('!BBHHH', 8, 0, 0, here, 1), 2)
        hearing.send(self.to_host(name, _ETH_IP, packet[2:]))
        if protocol == 'udp':
            self.echo.settimeout(self.patience)
            try:
                self.echo.sendto(b'', self.echo.recvfrom(100)[1])
            except socket.timeout:
                return False
        # The type of an echo's answer is 0.
        begin = struct.pack('!H', _HOSTS_PORT if protocol == 'udp' else 0)
        return bool(self.heard(hearing, lambda frame: frame[23] == _PROTOCOLS[protocol]
                               and frame[30:34] == vm and frame[34:36] == begin))

    def opened(self, name: str, own: bytes, hearing: socket.socket, opens: bool
               ) -> Tuple[bool, bool]:
        """A connection of the host's: whether the VM saw it, and whether it came about."""
        with socket.socket() as client:
            client.setblocking(False)
            client.connect_ex((self.ends[name]['ip'], _VMS_PORT))
            ports = client.getsockname()[1], _VMS_PORT
            asked = self.heard(hearing, lambda frame: _is_segment(frame, ports, _SYN), opens)
            if not asked:
                return False, False
            theirs = struct.unpack('!L', asked[38:42])[0] + 1
            hearing.send(self.segment(name, own, ports[::-1], _SYN_ACK, (1, theirs)))
            return True, bool(self.heard(hearing, lambda frame: _is_segment(frame, ports, _ACK)))

    def with_host(self, address: str, opens: List[str], tracks: bool) -> Dict[str, Any]:
        """What passes between VMs and the host, which has an address on the bridge."""
        bridge = self.todo['bridge']
        # Ports of VMs are devices of this kernel too, and are not to answer in the host's place.
        with open('/proc/sys/net/ipv4/conf/all/arp_ignore', 'w') as stream:
            stream.write('1')
        ip('address', 'replace', address, 'dev', bridge)
        own = socket.inet_aton(address.split('/')[0])
        with open('/sys/class/net/%s/address' % bridge) as stream:
            mac = stream.read().strip()
        self.own_mac = bytes.fromhex(mac.replace(':', ''))
        if tracks:
            self.assertTrue(within(_PATIENCE, lambda: mac in nft('list', 'ruleset')),
                            self.logged())
        with socket.socket() as server, socket.socket(type=socket.SOCK_DGRAM) as self.echo:
            # One case leaves connections that still wait.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((socket.inet_ntoa(own), _HOSTS_PORT))
            server.listen(10)
            self.echo.bind((socket.inet_ntoa(own), _HOSTS_PORT))
            return {port['name']: self.one_with_host(port['name'], own, server,
                                                     port['name'] in opens)
                    for port in self.todo['ports'][:2]}

    def one_with_host(self, name: str, own: bytes, server: socket.socket, opens: bool
                      ) -> Dict[str, bool]:
        hearing = self.hear(name)
        found = {'arp': self.resolved(name, own, hearing)}
        for protocol in ('icmp', 'udp'):
            self.token += 1
            found[protocol] = self.answered(name, own, 30000 + self.token, hearing, protocol)
        self.token += 1
        found['tcp'] = self.connected(name, own, 30000 + self.token, hearing, server)
        found['asked'], found['opened'] = self.opened(name, own, hearing, opens)
        return found

    def test_what_passes(self) -> None:
        result = {}  # type: Dict[str, Any]
        spoken = {}  # type: Dict[str, Any]
        refused = {}  # type: Dict[str, Any]
        for case in self.todo['cases']:
            revision = json.loads(case['ruleset'])['revision']
            self.offer(case['ruleset'].encode())
            self.assertTrue(within(_PATIENCE, lambda: self.in_kernel(revision)),
                            '%s: %s\n%s' % (case['name'], self.said(), self.logged()))
            if case.get('flows'):
                result[case['name']] = {flow['name']: self.flow(flow) for flow in case['flows']}
            if case.get('refused'):
                refused[case['name']] = self.refused(case['refused'])
            if case.get('host'):
                spoken[case['name']] = self.with_host(
                    case['host']['address'], case['host']['opens'],
                    '"mangle"' in case['ruleset'])
        print('\nrefused: ' + json.dumps(refused), flush=True)
        print('\nhost: ' + json.dumps(spoken), flush=True)
        print('\nreplayed: ' + json.dumps(result), flush=True)
