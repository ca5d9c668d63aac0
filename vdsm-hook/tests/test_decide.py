# SPDX-License-Identifier: Apache-2.0
"""The decision table of docs/design/vdsm-hook.md, row by row."""

import json
import unittest
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

from tests.support import (ALIAS, ISOLATED, MAC, VM_ID, HookCase, device, domain,
                           interface)

from isolated_ports import abilities, domxml
from isolated_ports.word import role

OTHER_MAC = '56:6f:11:22:00:99'
OTHER_ALIAS = 'ua-99999999-3937-4939-92cc-07024f79789b'

UNCHANGED, INJECTED, REFUSED = 'unchanged', 'injected', 'refused'

# name; NIC; value of the property in its metadata (None: none); outcome at a start
TABLE = [
    ('plain bridge, no property', {}, None, UNCHANGED),
    ('plain bridge, explicit no', {'port': '<port isolated="no"/>'}, None, UNCHANGED),
    ('listed bridge, no property', {'bridge': 'iso1'}, None, INJECTED),
    ('listed bridge, native element', {'bridge': 'iso1', 'port': ISOLATED}, None, UNCHANGED),
    ('listed bridge, explicit no', {'bridge': 'iso1', 'port': '<port isolated="no"/>'}, None,
     INJECTED),
    ('plain bridge, native element', {'port': ISOLATED}, None, UNCHANGED),
    ('plain bridge, element without a word', {'port': '<port/>'}, None, INJECTED),
    ('two elements, no first', {'port': '<port isolated="no"/>' + ISOLATED}, None, INJECTED),
    ('two elements, yes first', {'port': ISOLATED + '<port isolated="no"/>'}, None, UNCHANGED),
    ('element of a namespace', {'bridge': 'iso1', 'port': '<x:port xmlns:x="u" isolated="yes"/>'},
     None, INJECTED),
    ('property true', {}, 'true', INJECTED),
    ('property isolated', {}, 'isolated', INJECTED),
    ('property true with the element', {'port': ISOLATED}, 'true', UNCHANGED),
    ('property promiscuous', {}, 'promiscuous', REFUSED),
    ('property promiscuous, listed', {'bridge': 'iso1'}, 'promiscuous', REFUSED),
    ('property community', {}, 'community:blue', REFUSED),
    ('property false', {}, 'false', REFUSED),
    ('property empty', {}, '', REFUSED),
    ('property True', {}, 'True', REFUSED),
    ('property with a line break', {}, 'true\n', REFUSED),
    ('property with a space', {}, ' true', REFUSED),
    ('property community without a name', {}, 'community:', REFUSED),
    ('property holding an element', {}, '<b/>true', REFUSED),
    ('type network, other network', {'kind': 'network', 'source': '<source network="default"/>'},
     None, UNCHANGED),
    ('type network onto a listed bridge',
     {'kind': 'network', 'source': '<source network="vdsm-iso1"/>'}, None, REFUSED),
    ('type network by the network\'s name',
     {'kind': 'network', 'source': '<source network="vdsm-tenants"/>'}, None, REFUSED),
    ('type network with property', {'kind': 'network', 'source': '<source network="default"/>'},
     'true', REFUSED),
    ('type network with element',
     {'kind': 'network', 'source': '<source network="default"/>', 'port': ISOLATED}, None, REFUSED),
    ('macvtap on a listed bridge', {'kind': 'direct', 'source': '<source dev="iso1"/>'}, None,
     REFUSED),
    ('macvtap elsewhere', {'kind': 'direct', 'source': '<source dev="eth9"/>'}, None, UNCHANGED),
    ('passthrough with property', {'kind': 'hostdev', 'source': '<source/>'}, 'true', REFUSED),
    ('passthrough without', {'kind': 'hostdev', 'source': '<source/>'}, None, UNCHANGED),
    ('Open vSwitch, listed',
     {'bridge': 'iso1', 'more': '<virtualport type="openvswitch"/>'}, None, REFUSED),
    ('Open vSwitch, element', {'port': ISOLATED, 'more': '<virtualport type="openvswitch"/>'}, None,
     REFUSED),
    ('Open vSwitch elsewhere', {'more': '<virtualport type="openvswitch"/>'}, None, UNCHANGED),
    ('no network, property', {'bridge': ';vdsmdummy;'}, 'true', REFUSED),
    ('no network', {'bridge': ';vdsmdummy;'}, None, UNCHANGED),
    ('no source, property', {'source': ''}, 'true', REFUSED),
    ('two sources, one listed',
     {'source': '<source bridge="plain1"/><source bridge="iso1"/>'}, None, INJECTED),
]  # type: List[Tuple[str, Dict[str, Any], Optional[str], str]]


class TableAtStart(HookCase):

    def check(self, name: str, xml: bytes, outcome: str, after: bytes) -> None:
        self.assertEqual(self.code, 2 if outcome == REFUSED else 0, (name, self.said))
        if outcome == INJECTED:
            self.assertNotEqual(after, xml, name)
            self.assertTrue(all(nic.isolated for nic in domxml.read(after).nics), name)
        else:
            self.assertEqual(after, xml, name)
        if outcome == REFUSED:
            self.assertRegex(self.said, r'^isolated-ports: NIC %s \(%s\) of VM .* is refused: .*; '
                                        r'.*\.$' % (ALIAS, MAC), name)

    def test_every_row_at_vm_start(self) -> None:
        for name, nic, value, outcome in TABLE:
            xml = domain(interface(**nic), device(value))
            self.check(name, xml, outcome, self.run_event('before_vm_start', xml))

    def test_every_row_at_hot_plug_with_the_property_in_the_environment(self) -> None:
        for name, nic, value, outcome in TABLE:
            xml = interface(**nic)
            for event in ('before_nic_hotplug', 'before_device_create'):
                self.check(name, xml, outcome, self.run_event(event, xml, value))

    def test_every_row_at_a_nic_update_which_never_fails(self) -> None:
        for name, nic, value, outcome in TABLE:
            xml = interface(**nic)
            after = self.run_event('before_update_device', xml, value)
            self.assertEqual(self.code, 0, name)
            linux_bridge = nic.get('kind', 'bridge') == 'bridge' and 'more' not in nic
            if outcome != UNCHANGED and linux_bridge:
                self.assertTrue(domxml.read(after).nics[0].isolated, name)
            else:
                self.assertEqual(after, xml, name)

    def test_every_row_where_vdsm_ignores_the_output(self) -> None:
        for name, nic, value, outcome in TABLE:
            xml = domain(interface(**nic), device(value))
            for event in ('before_vm_migrate_destination', 'before_vm_dehibernate'):
                after = self.run_event(event, xml)
                self.check(name, xml, REFUSED if outcome == REFUSED else UNCHANGED, after)

    def test_every_row_twice_gives_the_same(self) -> None:
        for name, nic, value, outcome in TABLE:
            if outcome == INJECTED:
                xml = domain(interface(**nic), device(value))
                once = self.run_event('before_vm_start', xml)
                self.assertEqual(self.run_event('before_vm_start', once), once, name)

    def test_every_row_without_a_list_goes_by_property_and_element(self) -> None:
        for name, nic, value, outcome in TABLE:
            xml = domain(interface(**nic), device(value))
            before = self.run_event('before_vm_start', xml)
            listed = b'iso1' in xml or b'vdsm-tenants' in xml
            for damage in (b'', b'nonsense', b'{"version": 2, "networks": []}', None):
                if damage is None:
                    self.host.remove_list()
                else:
                    self.host.damage_list(damage)
                after = self.run_event('before_vm_start', xml)
                if not listed:
                    self.assertEqual(after, before, name)
                    self.assertEqual(self.code, 2 if outcome == REFUSED else 0, name)
                elif value is None and 'yes' not in str(nic.get('port')):
                    self.assertEqual((self.code, after), (0, xml), name)
            self.host.list_networks([{'bridge': 'iso1', 'network': 'n', 'name': 'tenants'}])


class WhoseMetadata(HookCase):

    def start(self, nics: bytes, devices: str) -> List[bool]:
        """Which NICs come up isolated; [] where the start is refused."""
        after = self.run_event('before_vm_start', domain(nics, devices))
        return [] if self.code else [nic.isolated for nic in domxml.read(after).nics]

    def test_by_alias_first(self) -> None:
        self.assertEqual(self.start(interface(), device('true', mac=OTHER_MAC)), [True])

    def test_then_by_mac_in_any_case_of_letters(self) -> None:
        self.assertEqual(self.start(interface(), device('true', mac=MAC.upper(), alias='')), [True])

    def test_a_failover_pair_shares_one_mac_and_is_told_apart_by_alias(self) -> None:
        nics = interface() + interface(alias=OTHER_ALIAS)
        devices = device('true') + device(None, alias=OTHER_ALIAS)
        self.assertEqual(self.start(nics, devices), [True, False])

    def test_one_mac_without_aliases_isolates_both(self) -> None:
        nics = interface() + interface(alias=OTHER_ALIAS)
        self.assertEqual(self.start(nics, device('true', alias='')), [True, True])

    def test_alias_and_mac_that_disagree_give_the_stricter(self) -> None:
        devices = device('promiscuous', mac=OTHER_MAC) + device('true', alias='')
        self.assertEqual(self.start(interface(), devices), [True])
        self.assertIn('disagree', self.said)

    def test_alias_without_and_mac_with_the_property_isolates(self) -> None:
        devices = device(None, mac=OTHER_MAC) + device('true', alias='')
        self.assertEqual(self.start(interface(), devices), [True])

    def test_two_values_in_one_device_are_contradictory(self) -> None:
        both = device('true').replace('</ovirt-vm:custom>', '<ovirt-vm:port_isolation>promiscuous'
                                      '</ovirt-vm:port_isolation></ovirt-vm:custom>')
        self.assertEqual(self.start(interface(), both), [])
        self.assertIn('several values', self.said)

    def test_a_property_of_a_nic_that_is_not_there_is_not_lost_on_one_without(self) -> None:
        lost = device('true', mac=OTHER_MAC, alias=OTHER_ALIAS)
        self.assertEqual(self.start(interface(), lost), [])
        self.assertIn('metadata', self.said)
        self.assertEqual(self.start(interface(), lost + device(None)), [False])

    def test_a_vm_level_property_in_the_metadata_says_nothing_of_a_nic(self) -> None:
        xml = domain(interface(), device(None)).replace(
            b'<ovirt-vm:custom></ovirt-vm:custom>', b'<ovirt-vm:custom><ovirt-vm:port_isolation>'
            b'promiscuous</ovirt-vm:port_isolation></ovirt-vm:custom>', 1)
        self.assertEqual(self.run_event('before_vm_start', xml), xml)
        self.assertEqual(self.code, 0)

    def test_the_environment_of_a_start_says_nothing_of_a_nic(self) -> None:
        for value in ('true', 'promiscuous', ''):
            xml = domain(interface(), device(None))
            self.assertEqual(self.run_event('before_vm_start', xml, value), xml)
            self.assertEqual(self.code, 0)

    def test_the_environment_of_a_start_cannot_loosen_the_metadata(self) -> None:
        after = self.run_event('before_vm_start', domain(interface(), device('true')),
                               'promiscuous')
        self.assertTrue(domxml.read(after).nics[0].isolated)

    def test_the_environment_cannot_loosen_a_listed_bridge_at_hot_plug(self) -> None:
        for value in ('promiscuous', 'false', '', 'community:x'):
            self.run_event('before_nic_hotplug', interface('iso1'), value)
            self.assertEqual(self.code, 2, value)

    def test_value_in_cdata_and_with_a_comment_is_read_as_vdsm_reads_it(self) -> None:
        for value in ('<![CDATA[true]]>', 'tr<!-- x -->ue', '&#116;rue'):
            self.assertEqual(self.start(interface(), device(value)), [True], value)


class RolesStartIsolated(HookCase):

    def able(self, found: str) -> None:
        self.host.write('proc/sys/kernel/random/boot_id', b'b1')
        self.host.write(abilities.KEPT, json.dumps(
            {'boot': 'b1', 'abilities': {'nft': found}}).encode())

    def test_where_nftables_can_hold_them(self) -> None:
        self.able('yes')
        for value in ('promiscuous', 'community:blue'):
            for bridge in ('iso1', 'plain1'):
                xml = interface(bridge)
                for event in ('before_vm_start', 'before_nic_hotplug', 'before_device_create',
                              'before_update_device'):
                    given = domain(xml, device(value)) if event == 'before_vm_start' else xml
                    after = self.run_event(event, given, value)
                    self.assertEqual(self.code, 0, event)
                    self.assertNotIn('refused', self.said)
                    self.assertTrue(domxml.read(after).nics[0].isolated, event)

    def test_and_are_refused_elsewhere(self) -> None:
        for found, word in (('no', 'has none'), ('unknown', 'not known yet')):
            self.able(found)
            self.run_event('before_vm_start', domain(interface('iso1'), device('promiscuous')))
            self.assertEqual(self.code, 2)
            self.assertIn(word, self.said)

    def test_what_no_host_can_isolate_is_refused_there_too(self) -> None:
        self.able('yes')
        self.run_event('before_nic_hotplug', interface(kind='direct'), 'promiscuous')
        self.assertEqual(self.code, 2)


class FitHost(HookCase):

    def test_libvirt_too_old_is_refused_for_isolated_nics_alone(self) -> None:
        for version, fit in (('6000.0', False), ('6001.0', True), ('8000.0', True),
                             ('5006.3', False), (None, False)):
            self.host.install_libvirt(version)
            for nic in (interface('iso1'), interface('iso1', ISOLATED)):
                self.run_event('before_vm_start', domain(nic, device()))
                self.assertEqual(self.code, 0 if fit else 2, version)
                if not fit:
                    self.assertIn('libvirt', self.said)
            self.run_event('before_vm_start', domain(interface(), device()))
            self.assertEqual(self.code, 0, version)

    def test_kernel_too_old_is_refused_for_isolated_nics_alone(self) -> None:
        for version, fit in (((4, 17), False), ((4, 18), True), ((6, 1), True), ((0, 0), False)):
            self.host.kernel_version = version
            self.run_event('before_nic_hotplug', interface('iso1'))
            self.assertEqual(self.code, 0 if fit else 2, version)
            self.run_event('before_nic_hotplug', interface())
            self.assertEqual(self.code, 0, version)

    def test_a_switch_that_is_no_linux_bridge_is_refused(self) -> None:
        self.host.add_device('iso1', bridge=False)
        self.run_event('before_nic_hotplug', interface('iso1'))
        self.assertEqual(self.code, 2)
        self.assertIn('no Linux bridge', self.said)

    def test_a_linux_bridge_is_fine(self) -> None:
        self.host.add_device('iso1', bridge=True)
        self.run_event('before_nic_hotplug', interface('iso1'))
        self.assertEqual(self.code, 0)

    def test_a_migration_without_the_filter_is_refused_where_the_xml_does_not_isolate(self) -> None:
        import os
        from isolated_ports.host import FILTER
        bare, native = (domain(interface('iso1', port), device()) for port in ('', ISOLATED))
        for version, filtered in (('9000.0', False), ('6004.0', True)):
            self.host.install_filter()
            self.host.install_libvirt(version)
            if not filtered:
                os.unlink(self.host.path(FILTER))
            self.run_event('before_vm_migrate_destination', bare)
            self.assertEqual(self.code, 2, version)
            self.assertIn('filter', self.said)
            self.run_event('before_vm_migrate_destination', native)
            self.assertEqual(self.code, 0, version)

    def test_the_hosted_engine_vm_is_known_by_this_hosts_configuration_not_by_name(self) -> None:
        xml = domain(interface('iso1'), device('promiscuous'), name='HostedEngine')
        self.run_event('before_vm_start', xml)
        self.assertEqual(self.code, 2)
        self.host.set_hosted_engine(VM_ID.upper())
        self.assertEqual(self.run_event('before_vm_start', xml), xml)
        self.assertEqual(self.code, 0)
        self.assertEqual(self.run_event('before_nic_hotplug', interface('iso1')), interface('iso1'))


class UpdateSays(HookCase):

    def test_that_it_isolates_only_where_it_did(self) -> None:
        spoken = set()
        for name, nic, value, outcome in TABLE:
            xml = interface(**nic)
            after = self.run_event('before_update_device', xml, value)
            claims = 'the update only isolates it' in self.said
            self.assertEqual(claims, outcome == REFUSED and after != xml, (name, self.said))
            if outcome == REFUSED and after == xml and ISOLATED not in nic.get('port', ''):
                self.assertIn('the update leaves it as it is', self.said, name)
            spoken.add(claims)
        self.assertEqual(spoken, {True, False})

    def test_nothing_of_an_isolation_that_cannot_be_written(self) -> None:
        xml = b'<interface type="bridge"><source bridge="iso1"/></interface>'
        with mock.patch.object(domxml, 'isolate', side_effect=domxml.Unreadable('it is so')):
            self.assertEqual(self.run_event('before_update_device', xml, 'promiscuous'), xml)
        self.assertNotIn('isolates it', self.said)
        self.host.damage_list()
        self.host.add_tap('vnet3', 'fe' + MAC[2:], '1')
        ovs = interface(more='<virtualport type="openvswitch"/>')
        self.assertEqual(self.run_event('before_update_device', ovs), ovs)
        self.assertNotIn('stays isolated', self.said)


class UpdateInDoubt(HookCase):

    def test_a_damaged_list_keeps_a_port_isolated_that_is_so_now(self) -> None:
        self.host.add_tap('vnet3', 'fe' + MAC[2:], '1')
        self.host.damage_list()
        after = self.run_event('before_update_device', interface())
        self.assertTrue(domxml.read(after).nics[0].isolated)

    def test_a_damaged_list_leaves_a_port_open_that_is_so_now(self) -> None:
        self.host.add_tap('vnet3', 'fe' + MAC[2:], '0')
        self.host.add_tap('vnet4', 'fe:00:00:00:00:01', '1')
        self.host.damage_list()
        self.assertEqual(self.run_event('before_update_device', interface()), interface())

    def test_a_good_list_lets_a_nic_leave_the_isolated_network(self) -> None:
        self.host.add_tap('vnet3', 'fe' + MAC[2:], '1')
        self.assertEqual(self.run_event('before_update_device', interface()), interface())

    def test_a_mac_that_starts_with_fe_has_a_tap_that_starts_with_fa(self) -> None:
        self.host.add_tap('vnet3', 'fa' + MAC[2:], '1')
        self.host.remove_list()
        after = self.run_event('before_update_device', interface(mac='fe' + MAC[2:]))
        self.assertTrue(domxml.read(after).nics[0].isolated)


class Roles(unittest.TestCase):

    def test_values_as_the_engines_pattern_has_them(self) -> None:
        import re
        pattern = re.compile(r'^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})\Z')
        words = ['', 'true', 'isolated', 'promiscuous', 'false', 'TRUE', 'community', 'community:',
                 'community:a', 'community:' + 32 * 'x', 'community:' + 33 * 'x', 'community:a b',
                 'community:a,b', 'community:\u00e4', 'community:a\n', 'true\n', 'true;isolated',
                 'community:A-_9', 'isolated ', 'community:\u0661']
        for word in words:
            self.assertEqual(role(word) != 'invalid', bool(pattern.match(word)), repr(word))


class Sentence(HookCase):

    def test_names_what_an_administrator_needs_on_one_line(self) -> None:
        self.run_event('before_vm_start', domain(interface('iso1'), device('community:blue')))
        self.assertEqual(
            self.said,
            'isolated-ports: NIC %s (%s) of VM vm1 on network tenants (bridge iso1) is refused: '
            'its role community needs nftables on bridges, and whether this host has that is not '
            'known yet; choose another host, or set '
            'port_isolation to isolated in its vNIC profile.' % (ALIAS, MAC))

    def test_hostile_names_cannot_break_the_line(self) -> None:
        self.run_event('before_vm_start', domain(interface('iso1'), device('x&#10;y' * 500),
                                                 name='a&#10;b&#13;\u202e'))
        self.assertEqual(self.code, 2)
        self.assertNotIn('\n', self.said)
        self.assertLessEqual(len(self.said), 1100)


if __name__ == '__main__':
    unittest.main()
