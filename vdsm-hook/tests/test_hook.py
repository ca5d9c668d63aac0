# SPDX-License-Identifier: Apache-2.0
"""Events on what a real engine sends, and on what nobody should send."""

import errno
import os
import re
import time
import unittest
from typing import Any
from unittest import mock

from tests.support import (ISOLATED, MAC, HookCase, device, domain, interface, recording,
                           recordings)

from isolated_ports import domxml, hook

ALL_EVENTS = tuple(event for event in hook.EVENTS if event != hook.CAPS_EVENT)


def nic_of(name: str) -> bytes:
    """The part of a recorded NIC document that VDSM passes to a hook."""
    found = re.search(b'<interface.*</interface>', recording(name))
    assert found
    return found.group()


class Recordings(HookCase):

    def test_native_isolation_passes_byte_by_byte(self) -> None:
        xml = recording('vm-two-isolated-nics')
        self.assertEqual(self.run_event('before_vm_start', xml), xml)
        self.assertEqual(self.code, 0)

    def test_only_the_elements_are_added_where_the_engine_leaves_them_out(self) -> None:
        native = recording('vm-two-isolated-nics')
        bare = native.replace(b'<port isolated="yes"></port>', b'')
        after = self.run_event('before_vm_start', bare)
        self.assertEqual(after.replace(b'<port isolated="yes"/>', b''), bare)
        self.assertEqual([nic.isolated for nic in domxml.read(after).nics], [True, True])

    def test_community_on_some_nics_refuses_the_start(self) -> None:
        for name in recordings('start-'):
            xml = recording(name)
            self.assertEqual(self.run_event('before_vm_start', xml), xml)
            self.assertEqual(self.code, 2)
            self.assertIn('community', self.said)

    def test_profiles_with_true_isolate_the_others_stay_open(self) -> None:
        xml = recording('start-2').replace(b'community:blue', b'isolated')
        after = domxml.read(self.run_event('before_vm_start', xml))
        self.assertEqual([nic.isolated for nic in after.nics],
                         [True, True, True, True, False, True, True, True, True])

    def test_hot_plug(self) -> None:
        for name, value, code, isolated in (
                ('hotplug-1', 'community:blue', 2, False), ('hotplug-3', None, 0, True),
                ('hotplug-4', 'true', 0, True), ('hotplug-4', None, 0, False)):
            after = self.run_event('before_nic_hotplug', nic_of(name), value)
            self.assertEqual(self.code, code, name)
            self.assertEqual(domxml.read(after).nics[0].isolated, isolated, name)

    def test_hot_plug_documents_with_their_metadata_are_understood_too(self) -> None:
        after = self.run_event('before_nic_hotplug', recording('hotplug-4'))
        self.assertTrue(domxml.read(after).nics[0].isolated)

    def test_updates_never_fail_and_isolate_what_has_a_property_or_the_list(self) -> None:
        for name, value, isolated in (
                ('update-1', 'community:blue', True), ('update-5', 'isolated', True),
                ('update-3', None, True), ('update-7', None, False)):
            for xml in (nic_of(name), nic_of(name).replace(b'<port isolated="yes"></port>', b'')):
                after = self.run_event('before_update_device', xml, value)
                self.assertEqual(self.code, 0)
                self.assertEqual(domxml.read(after).nics[0].isolated, isolated, name)

    def test_unplug_documents_pass(self) -> None:
        for name in recordings('unplug-'):
            self.assertEqual(self.run_event('before_nic_hotplug', recording(name)),
                             recording(name))

    def test_pretty_xml_of_libvirt_with_single_quotes_and_comments(self) -> None:
        xml = (b"<!--\nWARNING: <interface type='bridge'> is generated\n-->\n<domain type='kvm'>\n"
               b"  <name>vm1</name>\n  <devices>\n    <interface type='bridge'>\n"
               b"      <!-- <port isolated='yes'/> -->\n      <source bridge='iso1'/>\n"
               b"    </interface>\n  </devices>\n</domain>\n")
        after = self.run_event('before_vm_start', xml)
        self.assertEqual(after, xml.replace(b'    </interface>',
                                            b'    <port isolated="yes"/></interface>'))

    def test_an_existing_element_is_edited_and_keeps_the_rest_of_it(self) -> None:
        for before, wanted in (
                ('<port isolated="no"/>', '<port isolated="yes"/>'),
                ('<port\n a="x>y" isolated = \'no\' b=""></port>',
                 '<port\n a="x>y" isolated = \'yes\' b=""></port>'),
                ('<port a="isolated"/>', '<port isolated="yes" a="isolated"/>'),
                ('<port xmlns:q="u" q:isolated="no">t</port>',
                 '<port isolated="yes" xmlns:q="u" q:isolated="no">t</port>'),
                ('<port xmlns:q="u" q:isolated="no" isolated="yes"/>',
                 '<port xmlns:q="u" q:isolated="yes" isolated="yes"/>'),
                ('<port xmlns:isolated="no" isolated="no"/>',
                 '<port xmlns:isolated="no" isolated="yes"/>'),
                ('<port isolated="no"/><port isolated="no"/>',
                 '<port isolated="yes"/><port isolated="yes"/>'),
                ('<port isolated=""/>', '<port isolated="yes"/>')):
            after = self.run_event('before_nic_hotplug', interface('iso1', before))
            self.assertEqual(after, interface('iso1', wanted))


class NotOurs(HookCase):

    def test_unrelated_documents_pass_byte_by_byte_at_every_event(self) -> None:
        documents = [
            domain(interface(), device()), interface(), b'', b'<domain/>', b'<interface/>',
            b'<disk type="file"/>', b'\xef\xbb\xbf<domain/>', domain(b'', vdsm=False),
            domain(interface('iso11') + interface('xiso1') + interface('ISO1')),
            domain(interface(more='<!-- iso1 -->')), b'<broken',
            b'<a>' * 100000,
        ]
        for event in ALL_EVENTS:
            for xml in documents:
                self.assertEqual(self.run_event(event, xml), xml)
                self.assertEqual((self.code, self.said), (0, ''), (event, xml[:40]))

    def test_an_unfit_host_with_a_damaged_list_refuses_nobody_else(self) -> None:
        self.host.install_libvirt(None)
        self.host.kernel_version = (3, 10)
        for damage in (b'\0\xff', b'[]', b'{"version": true, "networks": []}', b'9' * 10000000):
            self.host.damage_list(damage)
            xml = domain(interface('iso1'), device())
            for event in ALL_EVENTS:
                self.assertEqual(self.run_event(event, xml), xml)
                self.assertEqual(self.code, 0)

    def test_another_event_directory_does_nothing(self) -> None:
        xml = domain(interface('iso1'))
        self.assertEqual(self.run_event('before_vm_cont', xml), xml)
        self.assertEqual(self.code, 0)


class Hostile(HookCase):
    """The bound of 2 s is held in processor time: other load of the machine is no fault."""

    def test_nothing_of_the_environment_moves_a_path(self) -> None:
        xml = domain(interface('iso1'))
        after = self.run_event('before_vm_start', xml, HOME='/nowhere', PYTHONPATH='/nowhere',
                               ISOLATED_PORTS_ROOT='/nowhere', TMPDIR='/nowhere')
        self.assertTrue(domxml.read(after).nics[0].isolated)

    def test_documents_that_hide_the_bridge_are_still_seen(self) -> None:
        hidden = [
            domain(interface('&#105;so1')),
            domain(interface('i&#x73;o1')),
            domain(interface(source='<source\n\tbridge\r=\n"iso1"/>')),
            domain(interface(source="<source bridge='iso1'/>")),
            domain(interface(source='<source bridge="iso1"/>')).replace(
                b'<?xml version="1.0" encoding="UTF-8"?>', b'\xef\xbb\xbf'),
        ]
        for xml in hidden:
            after = self.run_event('before_vm_start', xml)
            self.assertTrue(domxml.read(after).nics[0].isolated, xml[:80])

    def test_documents_that_cannot_be_read_safely_are_refused_where_they_may_concern_us(
            self) -> None:
        xml = domain(interface('iso1'))
        body = xml.split(b'?>', 1)[1]
        laughs = b''.join(b'<!ENTITY l%d "%s">' % (i, b'&l%d;' % (i - 1) * 10)
                          for i in range(1, 30))
        hostile = {
            'entity': b'<!DOCTYPE d [<!ENTITY b "iso1">]>' + body.replace(b'"iso1"', b'"&b;"'),
            'external entity': b'<!DOCTYPE d [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + body,
            'parameter entity': b'<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd">' + body,
            'billion laughs': b'<!DOCTYPE d [<!ENTITY l0 "iso1">' + laughs + b']>' + body.replace(
                b'vm1', b'&l29;'),
            'UTF-16': xml.decode().replace('UTF-8', 'UTF-16').encode('utf-16'),
            'broken UTF-8': xml.replace(b'vm1', b'\xff\xfe\xc0\xaf'),
            'cut short': xml[:-20],
            'no XML at all': b'iso1',
            'unbound prefix': xml.replace(b'xmlns:ovirt-vm', b'xmlns:other'),
            'not ours to read': xml.replace(b'UTF-8', b'utf-7'),
            'unknown encoding': xml.replace(b'UTF-8', b'x-unknown'),
            'two attributes': xml.replace(b'type="bridge"', b'type="bridge" type="network"'),
            'default namespace': domain(interface('iso1')).replace(b'<domain ',
                                                                   b'<domain xmlns="urn:x" '),
            'large': xml.replace(b'vm1', b'x' * (9 << 20)),
            'many elements': xml.replace(b'<memory>524288</memory>', b'<a/>' * (1 << 20)),
        }
        for name, document in hostile.items():
            started = time.process_time()
            after = self.run_event('before_vm_start', document)
            self.assertLess(time.process_time() - started, 2, name)
            self.assertEqual(self.code, 2, name)
            self.assertEqual(after, document, name)
            self.assertIn('is refused', self.said, name)
            self.run_event('before_update_device', document)
            self.assertEqual(self.code, 0, name)

    def test_fifty_megabytes_are_scanned_in_time(self) -> None:
        size = 50 << 20
        for filler, code in ((b'x' * size, 0), (b'<a/>' * (size // 4), 0),
                             (b'<!-- -->' * (size // 8), 0), (b'<a b="c"/>' + b'x' * size, 0),
                             (b'"\'' * (size // 2), 2), (b'"ab"cd' * (size // 6), 2)):
            xml = b'<domain>' + filler + b'</domain>'
            started = time.process_time()
            self.assertEqual(self.run_event('before_vm_start', xml), xml)
            self.assertLess(time.process_time() - started, 2, filler[:8])
            self.assertEqual(self.code, code)
            started = time.process_time()
            self.run_event('before_vm_start', xml + b'<source bridge="iso1"/>')
            self.assertLess(time.process_time() - started, 2, filler[:8])
            self.assertEqual(self.code, 2)


class WritingBack(HookCase):

    def failing(self, name: str, code: int = errno.ENOSPC) -> 'mock._patch[mock.MagicMock]':
        real = getattr(os, name)

        def fail(*arguments: Any) -> Any:
            if name == 'open' and not arguments[1] & (os.O_WRONLY | os.O_RDWR):
                return real(*arguments)  # a full disk can be read
            raise OSError(code, os.strerror(code))
        return mock.patch.object(os, name, side_effect=fail)

    def test_a_full_disk_refuses_a_start_and_leaves_the_file_whole(self) -> None:
        xml = domain(interface('iso1'))
        for call in ('write', 'rename', 'open'):
            with self.failing(call):
                after = self.run_event('before_vm_start', xml)
            self.assertEqual((self.code, after), (2, xml), call)
            self.assertIn('No space left', self.said)

    def test_a_write_that_stops_midway_leaves_the_file_whole(self) -> None:
        xml = domain(interface('iso1'))
        real = os.write
        with mock.patch.object(os, 'write', side_effect=lambda fd, data: real(fd, data[:100])
                               if len(data) > 500 else self.fail_no_space()):
            after = self.run_event('before_vm_start', xml)
        self.assertEqual((self.code, after), (2, xml))

    def fail_no_space(self) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def test_an_update_on_a_full_disk_is_written_in_place(self) -> None:
        with self.failing('rename'):
            after = self.run_event('before_update_device', interface('iso1'))
        self.assertEqual(self.code, 0)
        self.assertTrue(domxml.read(after).nics[0].isolated)

    def test_an_update_without_any_room_goes_on_unchanged(self) -> None:
        with self.failing('rename'), self.failing('posix_fallocate'):
            after = self.run_event('before_update_device', interface('iso1'))
        self.assertEqual((self.code, after), (0, interface('iso1')))
        self.assertIn('isolated-ports-host', self.said)

    def test_in_place_also_where_the_file_gets_shorter(self) -> None:
        path = os.path.join(self.folder, 'x')
        with open(path, 'wb') as stream:
            stream.write(b'0123456789')
        hook.overwrite(path, b'abc')
        with open(path, 'rb') as stream:
            self.assertEqual(stream.read(), b'abc')

    def test_the_mode_stays(self) -> None:
        path = os.path.join(self.folder, 'dom.xml')
        with open(path, 'wb') as stream:
            stream.write(b'x')
        os.chmod(path, 0o640)
        hook.replace(path, b'y')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)

    def test_an_update_survives_any_fault_of_ours(self) -> None:
        for fault in (MemoryError(), RuntimeError('x'), ValueError('y'), OSError(5, 'z')):
            with mock.patch.object(domxml, 'read', side_effect=fault):
                self.run_event('before_update_device', interface('iso1'), 'true')
            self.assertEqual(self.code, 0)
        os.unlink(os.path.join(self.folder, 'dom.xml'))
        with self.hearing():
            code = hook.main('/x/before_update_device/60_isolated_ports',
                             {'_hook_domxml': '/nonexistent', 'port_isolation': 'true'}, self.host)
        self.assertEqual(code, 0)


class Domxml(unittest.TestCase):

    def test_what_is_read_of_a_document(self) -> None:
        document = domxml.read(domain(interface('iso1', ISOLATED, more='<target dev="vnet7"/>'),
                                      device('true')))
        nic = document.nics[0]
        self.assertEqual((document.root, document.name, document.vdsm), ('domain', 'vm1', True))
        self.assertEqual((nic.bridge, nic.mac, nic.target, nic.isolated),
                         ('iso1', MAC, 'vnet7', True))
        self.assertEqual(document.devices[0].values, ['true'])

    def test_metadata_as_libvirt_gives_it_back_after_setmetadata(self) -> None:
        xml = (b'<domain><metadata xmlns:o="http://ovirt.org/vm/1.0"><o:vm><o:device '
               b'mac_address="56:6F:11:22:00:07"><o:custom><o:port_isolation>true'
               b'</o:port_isolation></o:custom></o:device></o:vm></metadata></domain>')
        read = domxml.read(xml)
        self.assertEqual((read.devices[0].mac, read.devices[0].values), (MAC, ['true']))

    def test_metadata_of_another_application_is_not_ours(self) -> None:
        xml = (b'<domain><metadata><n:vm xmlns:n="http://example.org/"><n:device mac_address="x">'
               b'<n:port_isolation>true</n:port_isolation></n:device></n:vm></metadata></domain>')
        self.assertEqual(domxml.read(xml).devices, [])


if __name__ == '__main__':
    unittest.main()
