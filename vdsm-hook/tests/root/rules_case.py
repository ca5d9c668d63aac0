# SPDX-License-Identifier: Apache-2.0
"""What the tests of rulesets in a kernel share: guests at ports, and rulesets that are offered."""

import contextlib
import json
import os
import socket
import subprocess
import time
from typing import Any, Dict, List, Optional

from tests import rulesets
from tests.root import watch_test
from tests.root.watch_test import ip, within
from tests.support import domain, interface

from isolated_ports import control, keeper, offer
from isolated_ports.floor import CLOSED, COMMUNITY, GROUP, PROMISCUOUS
from isolated_ports.host import Host
from isolated_ports.live import STATUS_FILES

TYPE = 0x88b5
TABLE = ('bridge', 'isolated_ports')
SLACK = 15
GROUPS = {GROUP: 'isolated', COMMUNITY: 'community', PROMISCUOUS: 'promiscuous', CLOSED: 'closed',
          0: 'open'}


def nft(*arguments: str) -> str:
    return subprocess.run(['/usr/sbin/nft'] + list(arguments), check=True,
                          stdout=subprocess.PIPE).stdout.decode()


class RulesCase(watch_test.WatchCase):
    """A watch, and VMs 1 to 5 of tests.rulesets as they are asked for."""

    def setUp(self) -> None:
        os.makedirs('/' + offer.FOLDER, exist_ok=True)
        self.addCleanup(self.clean)
        super().setUp()
        self.add('acl1', 'type', 'bridge')

    def clean(self) -> None:
        subprocess.run(['nft', 'flush', 'ruleset'])
        for path in ('/' + offer.RULESET, '/' + keeper.KEPT):
            if os.path.exists(path):
                os.unlink(path)

    def vm(self, number: int, bridge: str = 'iso1', alias: Optional[str] = None) -> str:
        """The port of a VM that starts: name, as libvirt has it."""
        name = 'vnet%d' % number
        if alias is None:
            alias = 'ua-' + rulesets.NIC % number
        inner = domain(interface(bridge, mac=rulesets.mac(number), alias=alias,
                                 more='<target dev="%s"/>' % name),
                       uuid=rulesets.VM % number).split(b'?>', 1)[1]
        path = '/%s/%s.xml' % (STATUS_FILES, name)
        with open(path + '.new', 'wb') as stream:
            stream.write(b'<domstatus state="running">' + inner + b'</domstatus>')
        os.rename(path + '.new', path)
        self.add(name, 'type', 'veth', 'peer', 'name', 'guest%d' % number)
        # The port may have another name by then.
        self.links[-1] = 'guest%d' % number
        ip('link', 'set', 'guest%d' % number, 'up')
        ip('link', 'set', name, 'master', bridge)
        return name

    def offer(self, found: Any) -> None:
        content = found if isinstance(found, bytes) else rulesets.encode(found)
        with open('/' + offer.RULESET + '.new', 'wb') as stream:
            stream.write(content)
        os.rename('/' + offer.RULESET + '.new', '/' + offer.RULESET)
        control.ask(Host(), offer.VERB)

    def state(self, number: int) -> str:
        """By flag and group: both must be out of the way for a port to be let out."""
        with open('/sys/class/net/vnet%d/netdev_group' % number) as stream:
            group = GROUPS.get(int(stream.read()), 'another')
        flag = watch_test.isolated('vnet%d' % number)
        return group if group in ('isolated', 'closed') else 'flag' if flag else group

    def comes_to(self, states: Dict[int, str], seconds: float = SLACK) -> None:
        self.assertTrue(within(seconds, lambda: {number: self.state(number) for number in states}
                               == states), '%s\n%s' % ({number: self.state(number)
                                                        for number in states}, self.logged()))

    def passes(self, sender: int, receiver: int, source: Optional[str] = None) -> bool:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sending, \
                socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE)) as hearing:
            sending.bind(('guest%d' % sender, TYPE))
            hearing.bind(('guest%d' % receiver, TYPE))
            hearing.settimeout(0.15)
            octets = bytes.fromhex((source or rulesets.mac(sender)).replace(':', ''))
            sending.send(b'\xff' * 6 + octets + b'\x88\xb5' + b'x' * 46)
            try:
                hearing.recv(2000)
                return True
            except socket.timeout:
                return False

    def reach(self, numbers: List[int]) -> List[str]:
        """Who hears whom: each sends once to all."""
        found = []
        hearing = {}
        for number in numbers:
            hearing[number] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
            hearing[number].bind(('guest%d' % number, TYPE))
            hearing[number].setblocking(False)
        try:
            for number in numbers:
                octets = bytes.fromhex(rulesets.mac(number).replace(':', ''))
                hearing[number].send(b'\xff' * 6 + octets + b'\x88\xb5' + b'x' * 46)
                time.sleep(0.1)
                for other in numbers:
                    with contextlib.suppress(BlockingIOError):
                        while other != number:
                            if hearing[other].recv(2000)[6:12] == octets:
                                found.append('%d-%d' % (number, other))
        finally:
            for one in hearing.values():
                one.close()
        return sorted(set(found))

    def in_force(self, revision: str = '3f2a9c0d1e4b5a69') -> bool:
        return 'ruleset %s is in force' % revision in self.logged()

    def kept(self) -> str:
        with open('/' + keeper.KEPT) as stream:
            return str(json.load(stream)['revision'])
