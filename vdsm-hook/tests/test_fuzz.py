# SPDX-License-Identifier: Apache-2.0
"""Random documents against an oracle that reads them as VDSM and libvirt do.

The seed is fixed so that a failure repeats; ISOLATED_PORTS_FUZZ=COUNT:SEED
runs more.
"""

import os
import random
import unittest
import xml.etree.ElementTree as ElementTree
from typing import Dict, List, Optional

from tests.support import ISO, HookCase, device, domain, interface, recording, recordings

from isolated_ports.host import REMEMBERED

VM = '{http://ovirt.org/vm/1.0}'
_COUNT, _SEED = (os.environ.get('ISOLATED_PORTS_FUZZ', '') + '::').split(':')[:2]
COUNT = int(_COUNT or 2000)
SEED = int(_SEED or 20261121)

SNIPPETS = [
    b'<port isolated="no"/>', b'<port/>', b'<port isolated="yes"/>', b'<source bridge="iso1"/>',
    b'<source bridge="plain1"/>', b'<virtualport type="openvswitch"/>', b'<!-- iso1 -->',
    b'<![CDATA[<port isolated="yes"/>]]>', b'<?pi iso1?>', b'<x:port xmlns:x="u" isolated="yes"/>',
    b'&#105;so1', b'iso1', b'plain1', b'true', b'<interface type="bridge">', b'</interface>',
    b'<ovirt-vm:port_isolation>true</ovirt-vm:port_isolation>', b'isolated="no"', b'type="network"',
    b'<devices>', b'</devices>', b'"', b"'", b'<', b'>', b'/', b'\n', b'\xff', b'<metadata>',
    b'</metadata>', b'<ovirt-vm:custom>', b'</ovirt-vm:custom>', b' xmlns="urn:other"', b'&amp;',
    b'<!DOCTYPE x>', b'56:6f:11:22:00:00', b'ua-32b3e569-2c91-482e-b8c0-fd4fe84f8655',
]


def mutate(xml: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        at, kind = rng.randrange(len(xml)), rng.randrange(8)
        end = min(len(xml), at + rng.choice((1, 2, 5, 30, 200)))
        if kind == 0:
            xml = xml[:at] + bytes([rng.randrange(256)]) + xml[at + 1:]
        elif kind == 1:
            xml = xml[:at] + xml[end:]
        elif kind == 2:
            xml = xml[:at] + rng.choice(SNIPPETS) + xml[at:]
        elif kind == 3:
            to = rng.randrange(len(xml))
            xml = xml[:to] + xml[at:end] + xml[to:]
        else:
            # Well-formed changes: a snippet between two tags, or a word for another.
            if kind < 6:
                gaps = [i for i in range(len(xml) - 1) if xml[i:i + 2] == b'><']
                at = rng.choice(gaps or [0]) + 1
                xml = xml[:at] + rng.choice(SNIPPETS[:10]) + xml[at:]
            else:
                old, new = rng.choice(((b'plain1', b'iso1'), (b'iso1', b'&#x69;so1'),
                                       (b'"', b"'"), (b' isolated=', b'\n  isolated ='),
                                       (b'<port isolated="yes"></port>', b''),
                                       (b'community:blue', b'true'), (b'true', b'<![CDATA[true]]>'),
                                       (b'ovirt-vm', b'o'), (b'mac_address', b'mac'),
                                       (b'alias="ua-', b'alias="x-'), (b'6f:11', b'6F:11')))
                count = xml.count(old)
                xml = xml.replace(old, new, rng.randrange(count + 1) if count else 0)
        if not xml:
            return b' '
    return xml


def left_open(xml: bytes) -> Optional[List[str]]:
    """NICs that are to be isolated and would come up open; None where VDSM cannot read it."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    interfaces = ([root] if root.tag == 'interface'
                  else root.findall('./devices/interface'))
    properties = {}  # type: Dict[str, bool]
    for entry in root.iterfind('./metadata/%svm/%sdevice' % (VM, VM)):
        if entry.find('%scustom/%sport_isolation' % (VM, VM)) is not None:
            for key in (entry.get('alias'), (entry.get('mac_address') or '').lower()):
                if key:
                    properties[key] = True
    others = {alias.get('name') for alias in root.iterfind('./devices/interface/alias')}
    by_mac_alone = {(entry.get('mac_address') or '').lower()
                    for entry in root.iterfind('./metadata/%svm/%sdevice' % (VM, VM))
                    if entry.find('%scustom/%sport_isolation' % (VM, VM)) is not None
                    and entry.get('alias') not in others}
    found = []
    for interface_ in interfaces:
        source, port = interface_.find('source'), interface_.find('port')
        alias, mac = interface_.find('alias'), interface_.find('mac')
        listed = source is not None and source.get('bridge') == 'iso1'
        wanted = (alias is not None and alias.get('name') in properties
                  or mac is not None and (mac.get('address') or '').lower() in by_mac_alone)
        isolated = port is not None and port.get('isolated') == 'yes'
        if (listed or wanted) and not isolated:
            found.append(ElementTree.tostring(interface_, 'unicode'))
    return found


class Fuzz(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.rng = random.Random(SEED)
        self.seeds = [recording(name) for name in recordings('start-')
                      + ['vm-two-isolated-nics']]
        self.seeds.append(domain(interface('iso1') + interface(alias='ua-2', mac='52:54:00:0:0:1'),
                                 device('true') + device(None, mac='52:54:00:0:0:1',
                                                         alias='ua-2')))
        # Each with a single sign of isolation: a search that misses it shows.
        self.seeds += 2 * [
            domain(interface('iso1'), device()), domain(interface(), device('true')),
            domain(interface(), device('true', mac='')),
            domain(interface(), device('true', alias='')),
            domain(interface(), device('true', mac='52:54:00:00:00:02'))]

    def test_no_isolated_nic_is_left_open_with_exit_code_0(self) -> None:
        accepted = readable = 0
        for index in range(COUNT):
            seed = self.rng.choice(self.seeds)
            if self.rng.random() < 0.7:
                seed = seed.replace(b'community:blue', b'true')
            xml = mutate(seed, self.rng)
            after = self.run_event('before_vm_start', xml)
            self.assertIn(self.code, (0, 2))
            if self.code == 2:
                self.assertEqual(after, xml)
                continue
            accepted += 1
            opened = left_open(after)
            if opened is not None:
                readable += 1
                self.assertEqual(opened, [], 'round %d of seed %d: %r' % (index, SEED, xml))
                once_more = self.run_event('before_vm_start', after)
                self.assertEqual((self.code, once_more), (0, after))
        # Otherwise the mutations only make rubbish, and nothing was tested.
        self.assertGreater(readable, COUNT // 5)
        self.assertGreater(accepted, 0)

    def test_documents_that_do_not_speak_of_us_never_change_and_are_never_refused(self) -> None:
        plain = [seed.replace(b'iso1', b'net9').replace(b'port_isolation', b'other_prop')
                 .replace(b'<port isolated="yes"></port>', b'') for seed in self.seeds]
        passed = 0
        for index in range(COUNT):
            xml = mutate(self.rng.choice(plain), self.rng)
            if (any(word in xml for word in (b'iso1', b'so1', b'port_isolation', b'<port',
                                             b'<!DOCTYPE', b'&#', b'\0'))
                    or not xml.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')):
                continue
            passed += 1
            after = self.run_event('before_vm_start', xml)
            self.assertEqual((self.code, after, self.said), (0, xml, ''),
                             'round %d of seed %d' % (index, SEED))
        self.assertGreater(passed, COUNT // 5)

    def test_an_update_never_fails_and_isolates_what_can_be_read(self) -> None:
        start = interface('iso1')
        for index in range(COUNT // 2):
            xml = mutate(start, self.rng)
            value = self.rng.choice((None, 'true', '', 'promiscuous', 'x' * 100))
            after = self.run_event('before_update_device', xml, value)
            self.assertEqual(self.code, 0)
            if b'<!DOCTYPE' not in xml and b'virtualport' not in xml and b'type="bridge"' in xml:
                self.assertEqual(left_open(after) or [], [],
                                 'round %d of seed %d: %r' % (index, SEED, xml))

    def test_random_lists_are_read_or_called_damaged(self) -> None:
        good = (b'{"version": 1, "networks": [{"bridge": "iso1", "network": "x", "name": "y"}], '
                b'"more": {"a": [1, 2.5e3, null]}}')
        for _ in range(COUNT // 2):
            content = mutate(good, self.rng)
            self.host.damage_list(content)
            self.assertIn(self.host.networks().state, ('ok', 'damaged'))
            self.run_event('before_vm_start', domain(interface('plain1'), device()))
            self.assertEqual(self.code, 0, content)
            self.host.remember(ISO)
            self.run_event('before_vm_start', domain(interface('iso1'), device()))
            self.assertTrue(self.code == 2 or self.host.networks().sure, content)
            os.unlink(self.host.path(REMEMBERED))


if __name__ == '__main__':
    unittest.main()
