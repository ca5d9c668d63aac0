# SPDX-License-Identifier: Apache-2.0
"""What a NIC's last update said: told by the hook, kept by the service, read first by all."""

import os
import threading
import time
from typing import Any, List, Optional, Tuple
from unittest import mock

from tests.support import (ALIAS, ISOLATED, MAC, VM_ID, HookCase, device, domain, interface)
from tests.test_service import Domains, Kernel

from isolated_ports import ask, compare, decide, domxml, qemu_filter, word, words
from isolated_ports.control import Server
from isolated_ports.host import NOTES
from isolated_ports.live import STATUS_FILES, LiveNic, nics_in
from isolated_ports.pen import Pen

STATUS = STATUS_FILES + '/vm1.xml'
TARGET = '<target dev="vnet7"/>'


def with_words(xml: bytes, inner: str) -> bytes:
    """As libvirt writes the element that it was given."""
    if not inner:
        return xml
    named = inner.replace('<nic', '<isolated-ports:nic').replace(
        '</nic', '</isolated-ports:nic').replace(
        '<isolated-ports:nics>', '<isolated-ports:nics xmlns:isolated-ports="%s">' % word.URI)
    return xml.replace(b'</metadata>', named.encode() + b'</metadata>')


def spoken(values: str = '', bridge: str = 'plain1', before: str = '', settled: bool = True,
           mac: str = MAC, said: str = 's1') -> str:
    return word.xml([word.Word(ALIAS, mac, bridge, values.split(), before.split(), said,
                               settled)])


class FakePen(Pen):
    """Writes into the status file, as libvirt does; silent: libvirtd does not answer."""

    def __init__(self, case: 'ServiceCase') -> None:
        self.case = case
        self.silent = False
        self.writes = 0

    def write(self, vm_id: str, written: List[word.Word]) -> str:
        if self.silent:
            return 'libvirtd has not answered for 2 s'
        self.writes += 1
        self.case.inner = word.xml(written)
        self.case.save()
        return ''


class ServiceCase(HookCase):
    """A running VM with one NIC, and a service that answers the hooks on its socket."""

    def setUp(self) -> None:
        super().setUp()
        self.inner = ''
        self.bridge = 'plain1'
        self.port = ''
        self.metadata = device()
        self.save()
        self.held = []  # type: List[str]
        self.settled = 0
        self.pen = FakePen(self)
        self.words = self.new_words()
        self.server = None  # type: Optional[Server]

    def new_words(self) -> words.Words:
        return words.Words(self.host, lambda bridge: bridge in self.host.networks().names,
                           lambda _, nic: self.held.append(nic.target), self.count_settled,
                           self.pen)

    def count_settled(self, _: domxml.Document) -> None:
        self.settled += 1

    def serve(self) -> None:
        self.server = Server(self.host, {ask.VERB: lambda said: self.words.answer(said)})
        self.server.start()
        self.addCleanup(self.server.close)

    def live(self) -> bytes:
        return with_words(domain(interface(self.bridge, self.port, more=TARGET), self.metadata),
                          self.inner)

    def save(self) -> None:
        self.host.write(STATUS, b'<domstatus>' + self.live().split(b'?>', 1)[1] + b'</domstatus>')

    def update(self, bridge: str, value: Optional[str] = None, port: str = '') -> bytes:
        """VDSM's part up to libvirt: the XML that libvirt gets."""
        xml = self.run_event('before_update_device', interface(bridge, port), value)
        self.assertEqual(self.code, 0)
        self.bridge, self.port = bridge, ISOLATED if ISOLATED.encode() in xml else ''
        self.save()
        return xml

    def updated(self, value: Optional[str] = None) -> None:
        self.run_event('after_update_device', interface(self.bridge, self.port), value)
        self.assertEqual(self.code, 0)

    def vdsm_writes(self, value: Optional[str] = None) -> None:
        """Its metadata: value is what the update before said."""
        self.metadata = device(value)
        self.save()
        self.words.settle(VM_ID)

    def wanted(self) -> bool:
        """By what stands in the domain, as a watch that has just started reads it."""
        return self.nic().wanted

    def nic(self) -> LiveNic:
        document = domxml.read(self.live())
        found, = nics_in(document, self.host.networks(), self.host)
        return found

    def notes(self) -> List[str]:
        try:
            return os.listdir(self.host.path(NOTES))
        except FileNotFoundError:
            return []


class Updates(ServiceCase):

    def setUp(self) -> None:
        super().setUp()
        self.serve()

    def test_moved_to_an_isolated_profile(self) -> None:
        self.assertIn(ISOLATED.encode(), self.update('plain1', 'true'))
        self.assertEqual(self.held, ['vnet7'])
        self.updated('true')
        self.vdsm_writes(None)
        self.assertEqual(self.notes(), [])
        # VDSM's rollback of a later update takes the element away.
        self.port = ''
        self.assertTrue(self.wanted())
        code, xml, _ = qemu_filter.run('migrate', self.live(), self.host)
        self.assertEqual(code, 0)
        self.assertIn(ISOLATED.encode(), xml)
        self.assertEqual(qemu_filter.run('prepare', self.live(), self.host)[0], 1)

    def test_taken_out_of_isolation(self) -> None:
        self.metadata = device('true')
        self.port = ISOLATED
        self.save()
        self.assertNotIn(ISOLATED.encode(), self.update('plain1'))
        self.assertTrue(self.wanted(), 'the update can still fail')
        self.updated()
        self.assertTrue(self.wanted(), 'port mirroring can still fail')
        self.vdsm_writes('true')
        self.assertFalse(self.wanted())
        self.assertEqual(self.settled, 1)
        for operation in ('migrate', 'restore', 'prepare'):
            self.assertEqual(qemu_filter.run(operation, self.live(), self.host), (0, b'', ''))

    def test_a_hook_goes_on_only_when_vdsms_next_writing_will_be_heard(self) -> None:
        """By a watch that has just started; VDSM writes as soon as its hook has returned."""
        following = self.words.following
        following.clear()
        threading.Timer(0.3, following.set).start()
        with mock.patch.object(words, '_ON_ITS_WAY', 60):
            self.words.answer(word.Said('updated', VM_ID, ALIAS, MAC, 'plain1', said='1').line())
        self.assertTrue(following.is_set())
        following.clear()
        with mock.patch.object(words, '_ON_ITS_WAY', 0.05):
            # A libvirtd that hangs holds nobody up.
            self.words.answer(word.Said('updated', VM_ID, ALIAS, MAC, 'plain1', said='2').line())
        self.assertFalse(following.is_set())

    def test_metadata_that_vdsm_writes_before_the_update_is_done_settle_nothing(self) -> None:
        self.metadata = device('true')
        self.update('plain1')
        self.vdsm_writes('true')
        self.assertTrue(self.wanted())

    def test_an_update_that_fails_settles_nothing_and_the_next_one_does(self) -> None:
        self.metadata = device('true')
        self.update('plain1')
        self.update('plain1')
        self.assertTrue(self.wanted())
        self.updated()
        self.vdsm_writes('true')
        self.assertFalse(self.wanted())

    def test_a_corrected_role_refuses_nothing(self) -> None:
        for value, before in (('community:x', None), ('true', 'community:x')):
            self.update('plain1', value)
            self.updated(value)
            self.vdsm_writes(before)
        self.assertEqual(self.run_event('before_vm_migrate_destination', self.live()), self.live())
        self.assertEqual((self.code, self.said), (0, ''))
        self.assertEqual(qemu_filter.run('migrate', self.live(), self.host)[0], 0)
        self.assertTrue(self.wanted())

    def test_a_role_that_is_not_enforced_refuses_before_the_metadata_say_it(self) -> None:
        self.update('plain1', 'community:x')
        self.updated('community:x')
        self.vdsm_writes(None)
        self.run_event('before_vm_migrate_destination', self.live())
        self.assertEqual(self.code, 2)

    def test_a_plain_nic_leaves_no_trace(self) -> None:
        for bridge in ('plain1', 'plain2', 'plain1'):
            self.assertNotIn(b'<port', self.update(bridge))
            self.assertEqual(self.said, '')
            self.updated()
            self.vdsm_writes()
        self.assertEqual((self.pen.writes, self.held, self.notes()), (0, [], []))

    def test_a_listed_bridge_needs_no_word_but_the_barrier(self) -> None:
        self.assertIn(ISOLATED.encode(), self.update('iso1'))
        self.assertEqual((self.pen.writes, self.held), (0, ['vnet7']))

    def test_the_engines_own_element_counts(self) -> None:
        self.update('plain1', port=ISOLATED)
        self.updated()
        self.port = ''
        self.assertTrue(self.wanted())
        self.save()
        self.update('plain1')
        self.updated()
        self.vdsm_writes()
        self.assertFalse(self.wanted())

    def test_a_word_goes_when_the_metadata_say_nothing_either(self) -> None:
        self.metadata = device('true')
        self.save()
        self.update('plain1')
        self.updated()
        self.vdsm_writes('true')
        self.assertIn('settled="yes"', self.inner)
        self.update('plain1')
        self.updated()
        self.vdsm_writes(None)
        # Until a watch has seen it settled and opened the port, it tells the next one to do so.
        self.assertIn('settled="yes"', self.inner)
        self.words.learn(domxml.read(self.live()))
        self.words.keep(False)
        self.assertTrue(self.nic().told)
        self.words.learn(domxml.read(self.live()))
        self.words.keep()
        self.assertEqual(self.inner, '')

    def test_a_word_stays_where_what_was_learnt_is_from_before_it_was_settled(self) -> None:
        self.metadata = device('true')
        self.save()
        self.update('plain1')
        self.updated()
        self.words.learn(domxml.read(self.live()))
        self.vdsm_writes(None)
        self.words.keep()
        self.assertTrue(self.nic().told)
        self.assertFalse(self.wanted())

    def test_a_vm_level_property_stands_for_the_strictest(self) -> None:
        self.metadata = device('true') + (
            '<ovirt-vm:custom><ovirt-vm:port_isolation>promiscuous</ovirt-vm:port_isolation>'
            '</ovirt-vm:custom>')
        self.save()
        self.update('plain1', 'promiscuous')
        self.assertIn('values="isolated"', self.inner)

    def test_the_service_isolates_where_the_hook_does_not_know_the_list(self) -> None:
        self.host.list_networks([])
        with mock.patch.object(self.words, 'listed', lambda bridge: bridge == 'iso1'):
            self.assertIn(ISOLATED.encode(), self.update('iso1'))


class Unwritten(ServiceCase):
    """The service does not run, or libvirtd does not answer it."""

    def leave(self, event: str) -> int:
        xml = self.live()
        self.assertEqual(self.run_event(event, xml), xml)
        return self.code

    def test_without_the_service_the_nic_is_isolated_and_stays_here(self) -> None:
        self.assertIn(ISOLATED.encode(), self.update('plain1', 'true'))
        self.assertIn('isolated-ports-host did not answer', self.said)
        for event in ('before_vm_migrate_source', 'before_vm_hibernate'):
            self.assertEqual(self.leave(event), 2)
            self.assertIn('VM vm1 stays on this host', self.said)
        # The service comes back.
        self.serve()
        self.words.learn(domxml.read(self.live()))
        self.words.keep()
        self.port = ''
        self.assertTrue(self.wanted())
        self.assertEqual(self.leave('before_vm_migrate_source'), 0)
        self.assertEqual(self.notes(), [])

    def test_leaving_is_what_makes_a_service_that_is_back_write(self) -> None:
        self.update('plain1', 'true')
        self.serve()
        self.assertEqual(self.leave('before_vm_migrate_source'), 0)
        self.assertIn('values="true"', self.inner)

    def test_a_vm_that_leaves_at_once_waits_until_its_update_is_settled(self) -> None:
        self.serve()
        self.metadata = device('true')
        self.save()
        self.update('plain1')
        self.updated()
        threading.Timer(0.2, self.vdsm_writes, ['true']).start()
        self.assertEqual(self.leave('before_vm_migrate_source'), 0)
        self.assertFalse(self.wanted())

    def test_a_libvirtd_that_hangs_holds_the_vm_and_not_the_barrier(self) -> None:
        self.serve()
        self.pen.silent = True
        self.assertIn(ISOLATED.encode(), self.update('plain1', 'true'))
        self.assertEqual(self.held, ['vnet7'])
        self.updated('true')
        self.assertEqual(self.leave('before_vm_hibernate'), 2)
        self.assertIn('has not answered', self.said)
        self.pen.silent = False
        self.assertEqual(self.leave('before_vm_hibernate'), 0)

    def test_a_service_that_hangs_is_not_waited_for_long(self) -> None:
        self.serve()

        def answer(_: str) -> str:
            time.sleep(10)
            return ''

        with mock.patch.object(self.words, 'answer', answer):
            began = time.monotonic()
            self.assertIn(ISOLATED.encode(), self.update('plain1', 'true'))
            self.assertLess(time.monotonic() - began, ask.SECONDS + 5)

    def test_status_and_repair_read_what_is_noted_while_the_service_does_not_run(self) -> None:
        self.update('plain1', 'true')
        # A later update fails: VDSM's rollback opens the port.
        self.port = ''
        kernel = Kernel()
        kernel.add(10, 'vnet7', 2)
        libvirt = Domains()
        libvirt.xml = [self.live()]
        row, = compare.compare(self.host, self.host.networks(), kernel, libvirt)  # type: ignore
        self.assertEqual((row.wanted, row.observed), ('isolated', 'open'))

    def test_a_request_that_fails_is_not_the_last_one(self) -> None:
        self.serve()
        with mock.patch.object(self.words, 'answer', {}.__getitem__):
            self.update('plain1', 'true')
            self.assertIn('the watch failed at it (KeyError)', self.said)
        self.update('plain1', 'true')
        self.assertEqual(self.said, '')

    def test_what_was_said_in_an_earlier_life_of_the_vm_holds_nobody(self) -> None:
        self.update('plain1', 'true')
        self.assertEqual(len(self.notes()), 1)
        self.run_event('before_vm_start', domain(interface('plain1'), device()))
        self.assertEqual((self.code, self.notes()), (0, []))

    def test_other_vms_leave_freely(self) -> None:
        self.update('plain1', 'true')
        other = '22222222-0000-4000-8000-000000000000'
        self.run_event('before_vm_migrate_source', domain(interface(), device(), uuid=other),
                       vm_id=other)
        self.assertEqual((self.code, self.said), (0, ''))

    def test_a_note_that_cannot_be_written_stops_no_update(self) -> None:
        self.host.write(NOTES, b'a file in the place of the folder')
        self.assertIn(ISOLATED.encode(), self.update('plain1', 'true'))
        self.assertIn('could not be noted', self.said)

    def test_what_is_no_note_is_nothing(self) -> None:
        for content in (b'', b'rubbish', b'x00 xzz', b'x' * 10000, b'\xff\xfe'):
            self.host.write('%s/%s.nic' % (NOTES, VM_ID), content)
            self.assertEqual(ask.notes(self.host, VM_ID), [])
        os.unlink(self.host.path('%s/%s.nic' % (NOTES, VM_ID)))
        os.symlink('/etc/passwd', self.host.path('%s/%s.nic' % (NOTES, VM_ID)))
        self.assertEqual(ask.notes(self.host, VM_ID), [])


class Read(ServiceCase):

    # name; the words; value in VDSM's metadata; bridge; values that count
    TABLE = [
        ('none', '', 'true', 'plain1', ['true']),
        ('settled, nothing', spoken(), 'true', 'plain1', []),
        ('settled, isolated', spoken('true'), None, 'plain1', ['true']),
        ('settled, elsewhere', spoken(bridge='plain2'), 'true', 'plain1', ['true']),
        ('unsettled, nothing', spoken(before='true', settled=False), None, 'plain1', ['true']),
        ('unsettled, corrected', spoken('true', before='community:x', settled=False),
         'community:x', 'plain1', ['true', 'community:x', 'community:x']),
        ('another NIC', spoken(mac='56:6f:11:22:00:99'), 'true', 'plain1', ['true']),
        ('two of one NIC', spoken() + spoken(said='s2'), 'true', 'plain1', ['true']),
    ]  # type: List[Tuple[str, str, Optional[str], str, List[str]]]

    def values(self, xml: bytes) -> List[str]:
        document = domxml.read(xml)
        return decide.in_force(document.nics[0], document).values

    def test_which_values_count(self) -> None:
        for name, inner, value, bridge, expected in self.TABLE:
            with self.subTest(name):
                xml = with_words(domain(interface(bridge), device(value)), inner)
                self.assertEqual(self.values(xml), expected)

    def test_a_word_counts_only_where_libvirt_keeps_metadata(self) -> None:
        inner = with_words(b'</metadata>', spoken())[:-len(b'</metadata>')].decode()
        for place in (b'</devices>', b'</interface>', b'</ovirt-vm:vm>', b'</domain>'):
            xml = domain(interface(), device('true')).replace(place, inner.encode() + place)
            self.assertIn(b'settled', xml)
            self.assertEqual(self.values(xml), ['true'], place)
        foreign = with_words(domain(interface(), device('true')), spoken()).replace(
            word.URI.encode(), b'http://example.org/port_isolation')
        self.assertEqual(self.values(foreign), ['true'])

    def test_what_is_said_survives_its_line(self) -> None:
        said = word.Said('update', VM_ID, 'ua-\u00e4 "<', MAC, 'b&r', 'community:\n x', True)
        again = word.parse(said.line())
        for name in word.Said.__slots__:
            self.assertEqual(getattr(again, name), getattr(said, name), name)
        self.assertEqual(again.values, ['invalid', 'isolated'])
        for line in ('', 'x', 'rubbish', said.line() + ' x00', 'x' * 5000):
            self.assertRaises(ValueError, word.parse, line)

    def test_names_are_escaped_in_the_element(self) -> None:
        made = word.Word('ua-<"&', MAC, '>', [], [], 's', True)
        xml = with_words(domain(interface(), device()), word.xml([made]))
        read, = domxml.read(xml).words
        self.assertEqual((read.alias, read.bridge), ('ua-<"&', '>'))


class Binding:
    """libvirt's Python binding, as far as it writes metadata."""

    VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE = 2, 5
    VIR_DOMAIN_METADATA_ELEMENT, VIR_DOMAIN_AFFECT_LIVE = 2, 1

    class libvirtError(Exception):
        pass

    def __init__(self) -> None:
        self.written = []  # type: List[Any]
        self.credentials = []  # type: List[List[Any]]
        self.fails = ''
        self.hangs = threading.Event()
        self.hangs.set()

    def openAuth(self, _: str, auth: List[Any], __: int) -> 'Binding':
        self.credentials = [[2, 'user', '', None, None], [5, 'password', '', None, None]]
        self.hangs.wait()
        if auth[1](self.credentials, auth[2]):
            raise self.libvirtError('authentication failed')
        return self

    def isAlive(self) -> bool:
        return True

    def lookupByUUIDString(self, _: str) -> 'Binding':
        if self.fails:
            raise self.libvirtError(self.fails)
        return self

    def setMetadata(self, *what: Any) -> None:
        self.written.append(what)


class Writing(HookCase):

    def setUp(self) -> None:
        super().setUp()
        self.binding = Binding()
        with mock.patch.dict('sys.modules', {'libvirt': self.binding}):
            self.pen = Pen(self.host)
        self.host.write('etc/pki/vdsm/keys/libvirt_password', b'secret\n')
        self.words = domxml.read(with_words(domain(interface(), device()), spoken('true'))).words

    def test_as_vdsm_with_its_password_into_our_own_namespace(self) -> None:
        self.assertEqual(self.pen.write(VM_ID, self.words), '')
        self.assertEqual([credential[4] for credential in self.binding.credentials],
                         ['vdsm@ovirt', 'secret'])
        kind, text, key, uri, live = self.binding.written[0]
        self.assertEqual((kind, key, uri, live), (2, 'isolated-ports', word.URI, 1))
        self.assertTrue(text.startswith('<nics><nic '))

    def test_no_words_take_the_element_out(self) -> None:
        self.pen.write(VM_ID, [])
        self.assertIsNone(self.binding.written[0][1])

    def test_what_libvirt_refuses_is_a_reason_and_no_end(self) -> None:
        self.binding.fails = 'cannot acquire state change lock'
        self.assertIn('state change lock', self.pen.write(VM_ID, self.words))
        self.binding.fails = ''
        self.assertEqual(self.pen.write(VM_ID, self.words), '')

    def test_without_vdsms_password_too(self) -> None:
        os.unlink(self.host.path('etc/pki/vdsm/keys/libvirt_password'))
        self.assertIn('authentication failed', self.pen.write(VM_ID, self.words))

    def test_a_libvirtd_that_hangs_is_left_behind(self) -> None:
        self.binding.hangs.clear()
        self.addCleanup(self.binding.hangs.set)
        with mock.patch('isolated_ports.pen.SECONDS', 0.2):
            for _ in range(3):
                self.assertIn('libvirtd has not answered', self.pen.write(VM_ID, self.words))
        self.assertEqual(sum(thread.name == 'ask-libvirtd' for thread in threading.enumerate()), 1)
