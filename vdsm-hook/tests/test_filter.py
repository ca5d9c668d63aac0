# SPDX-License-Identifier: Apache-2.0
"""libvirt's hook and the host's capabilities."""

import json
import os
import unittest
from typing import Any, Dict, Tuple

from tests.support import HookCase, device, domain, interface

from isolated_ports import caps, control, domxml, hook, qemu_filter
from isolated_ports.host import FILTER


class Filter(HookCase):

    def run_filter(self, operation: str, xml: bytes) -> Tuple[int, bytes, str]:
        return qemu_filter.run(operation, xml, self.host)

    def test_migration_and_restore_come_up_isolated_on_a_listed_bridge(self) -> None:
        for operation in ('migrate', 'restore'):
            code, output, _ = self.run_filter(operation, domain(interface('iso1'), device()))
            self.assertEqual(code, 0)
            self.assertTrue(domxml.read(output).nics[0].isolated)

    def test_what_cannot_be_enforced_does_not_arrive(self) -> None:
        for nic, value in ((interface('iso1', more='<virtualport/>'), None),
                           (interface(), 'community:blue'), (interface(kind='direct'), 'true')):
            for operation in ('migrate', 'restore', 'prepare'):
                code, output, said = self.run_filter(operation, domain(nic, device(value)))
                self.assertEqual((code, output), (1, b''))
                self.assertIn('is refused', said)

    def test_domains_of_others_are_let_through_whatever_they_say(self) -> None:
        external = domain(interface('iso1'), vdsm=False)
        plain = domain(interface(), device())
        engine = domain(interface('iso1'), device(), uuid='11111111-0000-4000-8000-000000000000')
        self.host.set_hosted_engine('11111111-0000-4000-8000-000000000000')
        for xml in (external, plain, engine, b'', b'\n'):
            for operation in ('migrate', 'restore', 'prepare'):
                self.assertEqual(self.run_filter(operation, xml), (0, b'', ''))

    def test_a_vm_that_only_calls_itself_hosted_engine_is_not_let_through(self) -> None:
        self.host.set_hosted_engine('11111111-0000-4000-8000-000000000000')
        xml = domain(interface('iso1'), device(), name='HostedEngine')
        self.assertEqual(self.run_filter('prepare', xml)[0], 1)

    def test_the_old_agent_channel_marks_a_domain_of_vdsm_too(self) -> None:
        xml = domain(interface('iso1'), vdsm=False).replace(
            b'</devices>', b'<channel type="unix"><target type="virtio" '
            b'name="com.redhat.rhevm.vdsm"/></channel></devices>')
        self.assertEqual(self.run_filter('prepare', xml)[0], 1)

    def test_a_document_that_cannot_be_read_is_refused_where_it_may_concern_us(self) -> None:
        for operation in ('migrate', 'restore', 'prepare'):
            self.assertEqual(self.run_filter(operation, domain(interface('iso1'))[:-9])[0], 1)


UNKNOWN = 'nft=unknown;ct=unknown;ibrname=unknown;reject=unknown'


class Capabilities(HookCase):

    def run_caps(self, content: bytes) -> bytes:
        path = os.path.join(self.folder, 'caps.json')
        with open(path, 'wb') as stream:
            stream.write(content)
        with self.hearing():
            self.code = hook.main('/usr/libexec/vdsm/hooks/after_get_caps/60_isolated_ports',
                                  {'_hook_json': path}, self.host)
        with open(path, 'rb') as stream:
            return stream.read()

    def test_the_status_joins_the_hooks_that_are_there(self) -> None:
        given = {'cpuCores': '2', 'hooks': {'before_vm_start': {'50_x': {'checksum': 'ab'}}},
                 'ratio': 1.5}  # type: Dict[str, Any]
        result = json.loads(self.run_caps(json.dumps(given).encode()).decode())
        own = result['hooks'].pop('isolated_ports')
        self.assertEqual(result, given)
        self.assertEqual(own, {'status': {'checksum': 'version=1.0;list=ok;watch=no;filter=yes;'
                                                      'libvirt=9.0.0;kernel=5.14;' + UNKNOWN}})

    def test_it_says_what_is_missing(self) -> None:
        self.host.damage_list()
        self.host.install_libvirt('6004.2')
        self.assertEqual(caps.status(self.host), 'version=1.0;list=damaged;watch=no;filter=no;'
                                                 'libvirt=6.4.2;kernel=5.14;' + UNKNOWN)
        self.host.remove_list()
        self.host.install_libvirt(None)
        os.unlink(self.host.path(FILTER))
        self.assertEqual(caps.status(self.host), 'version=1.0;list=missing;watch=no;filter=no;'
                                                 'libvirt=unknown;kernel=5.14;' + UNKNOWN)

    def test_capabilities_that_are_not_as_expected_stay_as_they_are(self) -> None:
        for content in (b'', b'nonsense', b'[]', b'{"hooks": 7}', b'{"hooks": null}', b'\xff'):
            self.assertEqual(self.run_caps(content), content)
            self.assertEqual(self.code, 0)

    def test_without_a_file_it_is_silent_work(self) -> None:
        with self.hearing():
            self.assertEqual(hook.main('/x/after_get_caps/60_isolated_ports', {}, self.host), 0)

    def test_watch_means_that_it_answers_not_that_a_process_has_its_number(self) -> None:
        lock = control.Lock(self.host)
        self.addCleanup(lock.close)
        self.assertIn('watch=no', caps.status(self.host))
        server = control.Server(self.host)
        server.start()
        self.addCleanup(server.close)
        self.assertIn('watch=yes', caps.status(self.host))


if __name__ == '__main__':
    unittest.main()
