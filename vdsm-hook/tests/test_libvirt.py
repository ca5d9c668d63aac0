# SPDX-License-Identifier: Apache-2.0
"""What libvirt itself reads in a document is never more than what we read in it.

Documents are made of everything XML allows and some of what it does not; the
judge is libvirt's own parser, by its test driver, which needs neither a daemon
nor root. ISOLATED_PORTS_FUZZ=COUNT:SEED runs more.
"""

import json
import random
import unittest
import xml.etree.ElementTree as ElementTree
from typing import List, Optional, Tuple

import libvirt  # type: ignore

from tests.support import HookCase
from tests.test_fuzz import COUNT, SEED

from isolated_ports import scan

# What a bridge may be called as far as the kernel is concerned.
NAMES = ['iso1', 'a>b', 'a&b', 'a<b', "a'b", 'a"b', 'x&gt;y', '\u00fcl1', '-', '&#105;', 'a;b',
         'iso11']
# Those that XML and JSON spell in one way only.
PLAIN = ['iso1', '\u00fcl1', '-', 'a;b', 'iso11']
BRIDGES = NAMES + ['plain1', 'iso', 'ISO1', ' iso1', 'iso1 ', '']
PREFIXES = ['', '', '', '', '', '', 'q:', 'z:', 'isolated:', 'bridge:']
NAMESPACES = ' xmlns:q="urn:q" xmlns:isolated="urn:i" xmlns:bridge="urn:b"'


class Maker:
    """Spells a domain with up to three NICs in as many ways as there are."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def value(self, text: str, quote: str) -> str:
        spelled = []
        for c in text:
            kind = self.rng.randrange(120)
            if kind == 0:
                spelled.append('&#%d;' % ord(c))
            elif kind == 1:
                spelled.append('&#x%s%X;' % ('0' * self.rng.randrange(4), ord(c)))
            elif kind == 2:
                spelled.append('&entity;')
            elif c in '&<' or c == quote or c == '>' and self.rng.random() < 0.5:
                spelled.append({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;',
                                "'": '&apos;'}[c])
            else:
                spelled.append(c)
        return ''.join(spelled)

    def attribute(self, name: str, text: str, plain: bool = False) -> str:
        quote = self.rng.choice('"\'')
        return '%s%s%s%s=%s%s%s%s' % (
            self.blank(True), '' if plain else self.rng.choice(PREFIXES), name, self.blank(),
            self.blank(), quote, self.value(text, quote), quote)

    def blank(self, needed: bool = False) -> str:
        return self.rng.choice((' ', ' ', '\n', '\t ') if needed else ('', '', '', '', ' ', '\n'))

    def element(self, name: str, attributes: List[str], inner: str = '') -> str:
        prefix = self.rng.choice([''] * 20 + PREFIXES)
        own = self.rng.choice(['', '', '', '', '', '', '', '', ' xmlns="urn:q"'])
        self.rng.shuffle(attributes)
        start = '<%s%s%s%s' % (prefix, name, own, ''.join(attributes))
        if not inner and self.rng.random() < 0.5:
            return start + self.blank() + '/>'
        return '%s%s>%s</%s%s%s>' % (start, self.blank(), inner, prefix, name, self.blank())

    def source(self) -> str:
        names = ['bridge'] * self.rng.choice((1, 1, 1, 1, 2))
        names += ['dev'] * self.rng.choice((0, 0, 1))
        return self.element('source', [self.attribute(name, self.rng.choice(BRIDGES))
                                       for name in names])

    def port(self) -> str:
        return self.element('port', [
            self.attribute(self.rng.choice(('isolated', 'isolated', 'isolate')),
                           self.rng.choice(('yes', 'yes', 'no', 'no', 'YES', '')))
            for _ in range(self.rng.choice((0, 1, 1, 2)))])

    def noise(self) -> str:
        return self.rng.choice((
            '', '', '', '', '\n', '<!-- <source bridge="plain1"/> -->', '<?pi bridge="iso1"?>',
            '<![CDATA[<source bridge="iso1"/>]]>', 'text', '<link state="up"/>',
            '<q:source bridge="plain1"/>', '<other><source bridge="iso1"/></other>',
            '<virtualport type="openvswitch"/>' if self.rng.random() < 0.1 else ''))

    def nic(self, number: int) -> str:
        children = [self.source() for _ in range(self.rng.choice((1, 1, 1, 1, 2)))]
        children += [self.port() for _ in range(self.rng.choice((0, 0, 0, 1, 2)))]
        children += [self.noise() for _ in range(2)]
        children.append('<mac address="52:54:00:00:00:%02x"/>' % number)
        self.rng.shuffle(children)
        return self.element('interface', [self.attribute('type', 'bridge', True)],
                            ''.join(children))

    def domain(self) -> str:
        nics = ''.join(self.nic(number) + self.noise() for number in range(self.rng.choice(
            (1, 1, 2, 3))))
        return '%s%s<domain type="test"%s><name>a</name>%s<memory>1000</memory><os><type>hvm' \
            '</type></os><metadata><ovirt-vm:vm xmlns:ovirt-vm="http://ovirt.org/vm/1.0"/>' \
            '</metadata><devices>%s</devices></domain>' % (
                self.declaration(),
                self.rng.choice([''] * 20 + ['<!DOCTYPE domain [<!ENTITY entity "i">]>', '\n',
                                             '<!DOCTYPE domain>']), NAMESPACES, self.noise(), nics)

    def declaration(self) -> str:
        if self.rng.random() < 0.6:
            return ''
        return '<?xml%s%s%s?>' % (
            self.rng.choice((' version="1.0"', " version='1.0'", ' version = "1.1"',
                             ' version="utf-8"')),
            self.rng.choice(('', ' encoding="UTF-8"', " encoding='utf-8'", ' encoding = "utf8"',
                             ' encoding="ISO-8859-1"', ' encoding="UTF-7"', ' encoding="UTF-16"',
                             ' encoding="us-ascii"', ' encoding="IBM037"')),
            self.rng.choice(('', '', ' standalone="yes"', ' standalone="utf-8"')))


class AsLibvirtReads(HookCase):

    def setUp(self) -> None:
        super().setUp()
        libvirt.registerErrorHandler(lambda *_: None, None)
        self.connection = libvirt.open('test:///default')
        self.addCleanup(self.connection.close)
        self.rng = random.Random(SEED)

    def libvirt_reads(self, xml: str) -> Optional[List[Tuple[str, bool]]]:
        """Bridge and isolation of each NIC; None where libvirt refuses the document."""
        try:
            domain = self.connection.defineXML(xml)
        except (libvirt.libvirtError, UnicodeEncodeError, ValueError):
            return None
        root = ElementTree.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        domain.undefine()
        found = []
        for nic in root.findall('./devices/interface'):
            source, port = nic.find('source'), nic.find('port')
            found.append((source.get('bridge', '') if source is not None else '',
                          port is not None and port.get('isolated') == 'yes'))
        return found

    def test_no_document_hides_a_listed_bridge_or_a_port_from_us(self) -> None:
        read = isolated = refused = passed_unread = 0
        for index in range(COUNT):
            listed = self.rng.sample(self.rng.choice((NAMES, PLAIN)), self.rng.choice((1, 1, 2)))
            content = json.dumps({'version': 1, 'networks': [{'bridge': name} for name in listed]},
                                 ensure_ascii=self.rng.random() < 0.5).encode()
            self.host.damage_list(content)
            self.assertTrue(self.host.networks().sure)
            text = Maker(self.rng).domain()
            before = self.libvirt_reads(text)
            if before is None:
                continue
            read += 1
            where = 'round %d of seed %d, list %s: %s' % (index, SEED, listed, text)
            xml = text.encode()
            concerns = any(bridge in listed or flag for bridge, flag in before)
            unread = not scan.may_concern(xml, [content])
            self.assertFalse(concerns and unread, where)
            passed_unread += unread
            after = self.run_event('before_vm_start', xml)
            if self.code == 2:
                self.assertEqual(after, xml)
                refused += 1
                continue
            self.assertEqual(self.code, 0, where)
            result = self.libvirt_reads(after.decode())
            assert result is not None, '%s: %r' % (where, after)
            self.assertEqual([nic[0] for nic in result], [nic[0] for nic in before], where)
            for (bridge, flag), (_, was) in zip(result, before):
                self.assertTrue(flag or bridge not in listed, '%s: %r' % (where, after))
                self.assertTrue(flag or not was, where)
                isolated += flag
        # Otherwise nothing was tested.
        self.assertGreater(read, COUNT // 6)
        self.assertGreater(isolated, COUNT // 50)
        self.assertGreater(passed_unread, COUNT // 50)
        self.assertGreater(refused, 0)

    def test_each_way_seen_in_the_field_or_thought_of(self) -> None:
        body = ('<domain type="test" xmlns:x="urn:x"><name>a</name><memory>1000</memory><os><type>'
                'hvm</type></os><metadata><v:vm xmlns:v="http://ovirt.org/vm/1.0"/></metadata>'
                '<devices><interface type="bridge">%s</interface></devices></domain>')
        for bridge, nic in (
                ('iso1', '<source x:bridge="iso1"/>'),
                ('iso1', '<source x:bridge="iso1" bridge="plain1"/>'),
                ('a>b', '<source bridge="a&gt;b"/>'),
                ('a>b', '<source bridge="a>b"/>'),
                ('a&b', "<source bridge='a&amp;b'/>"),
                ("a'b", '<source bridge="a&apos;b"/>'),
                ('iso1', '<source bridge="&#105;so1"/>'),
                ('\u00fcl1', '<source bridge="\u00fcl1"/>'),
                ('iso1', '<source\nbridge\t=\n"iso1"/>'),
                ('iso1', '<source bridge="iso1"/><port x:isolated="no" isolated="yes"/>'),
                ('iso1', '<source bridge="iso1"/><x:port isolated="yes"/>'),
                ('iso1', '<source bridge="iso1"/><port/><port isolated="yes"/>')):
            self.host.list_networks([{'bridge': bridge}])
            xml = body % nic
            self.assertEqual(self.libvirt_reads(xml), [(bridge, False)], nic)
            after = self.run_event('before_vm_start', xml.encode())
            self.assertEqual(self.code, 0, self.said)
            self.assertEqual(self.libvirt_reads(after.decode()), [(bridge, True)], after)
            for encoding in ('ISO-8859-1', 'windows-1252', 'UTF-7', 'IBM037'):
                declared = '<?xml version="1.0" encoding="%s"?>%s' % (encoding, xml)
                after = self.run_event('before_vm_start', declared.encode())
                self.assertTrue(self.code == 2 or self.libvirt_reads(after.decode())
                                == [(bridge, True)], after)


class LongNames(HookCase):

    def test_a_name_that_lies_across_two_parts_of_the_search_is_found(self) -> None:
        name = 'n' * 500
        entry = {'bridge': 'iso1', 'name': name}
        content = json.dumps({'version': 1, 'networks': [entry]}).encode()
        for offset in (-len(name) - 20, -300, -1, 0, 1):
            head = b'<domain><!--' + b' ' * ((1 << 20) + offset - 12) + b'-->'
            xml = head + b'<source network="vdsm-' + name.encode() + b'"/></domain>'
            self.assertTrue(scan.may_concern(xml, [content]), offset)


if __name__ == '__main__':
    unittest.main()
