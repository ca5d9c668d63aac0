# SPDX-License-Identifier: Apache-2.0
"""Compares what is wanted with the kernel's ports, and repairs.

What names a port is libvirt's live XML; until that has been read a device
counts as a VM's only by its name, vnet*, and never if it has hardware behind it.
"""

import contextlib
import os
from typing import Any, Dict, List, Optional, Set, Tuple

from isolated_ports import VERSION, abilities, control, domxml
from isolated_ports.floor import CLOSED, COMMUNITY, PROMISCUOUS
from isolated_ports.host import Host, Networks
from isolated_ports.live import Libvirt, LiveNic, nics_in
from isolated_ports.netlink import Link, Ports
from isolated_ports.words import with_notes

_UPLINKS = ('DEVTYPE=vlan', 'DEVTYPE=bond', 'DEVTYPE=bridge', 'DEVTYPE=team')


def tap_like(name: str, host: Host) -> bool:
    """May be a VM's port before libvirt says so: libvirt's name, and nothing of an uplink."""
    if not name.startswith('vnet') or not name[4:].isdigit():
        return False
    device = host.path('sys/class/net/' + name)
    if os.path.exists(device + '/device'):
        return False
    try:
        with open(device + '/uevent') as stream:
            return not any(line in _UPLINKS for line in stream.read().splitlines())
    except OSError:
        return True


class Row:
    """One managed port. observed: 'isolated', 'open', or 'absent' for a NIC that has no port."""

    __slots__ = ('port', 'index', 'bridge', 'nic', 'mac', 'network', 'wanted', 'observed', 'note')

    def __init__(self, port: str, index: int, bridge: str, nic: Optional[LiveNic]) -> None:
        self.port = port
        self.index = index
        self.bridge = bridge
        self.nic = nic
        self.mac = nic.mac if nic else ''
        self.network = nic.network if nic else ''
        self.wanted = 'open'
        self.observed = 'absent'
        self.note = ''

    @property
    def difference(self) -> bool:
        return self.wanted != self.observed

    def as_json(self) -> Dict[str, Any]:
        nic = self.nic
        return {'port': self.port, 'bridge': self.bridge, 'network': self.network,
                'mac': self.mac, 'alias': nic.alias if nic else '', 'vm': nic.vm if nic else '',
                'vm_id': nic.vm_id if nic else '', 'wanted': self.wanted,
                'observed': self.observed, 'difference': self.difference, 'note': self.note}


def name_of(links: Dict[int, Link], index: int) -> str:
    """Name of a link, '' where there is none (any more)."""
    return links[index].name if index in links else ''


def owners(nics: List[LiveNic], ports: List[Link],
           before: Optional[Dict[int, str]] = None) -> Dict[int, LiveNic]:
    """The NIC of each port, by the port's index.

    By the name in libvirt's XML; a port that was renamed, by what it was before (target names by
    index), or by the MAC that libvirt gave it where only one port has it: the NIC's with fe as its
    first byte, or fa where the NIC's is fe.
    """
    by_target = {nic.target: nic for nic in nics if nic.target}
    found = {link.index: by_target[link.name] for link in ports if link.name in by_target}
    there = {nic.target for nic in found.values()}
    for nic in by_target.values():
        if nic.target in there:
            continue
        alike = [link for link in ports if link.index not in found
                 and (before or {}).get(link.index) == nic.target]
        alike = alike or [link for link in ports if link.index not in found and nic.mac
                          and link.mac in ('fe' + nic.mac[2:], 'fa' + nic.mac[2:])]
        if len(alike) == 1:
            found[alike[0].index] = nic
    return found


def compare(host: Host, networks: Networks, ports: Ports, libvirt: Libvirt,
            roles: Optional[Dict[str, Tuple[str, str]]] = None) -> List[Row]:
    """Every port that is ours to keep: on a listed bridge, wanted isolated, or isolated now. roles:
    what a watch that answers says that a device is wanted and is, see report."""
    nics = []  # type: List[LiveNic]
    for xml in libvirt.domains():
        with contextlib.suppress(domxml.Unreadable):
            document = with_notes(domxml.read(xml), host, lambda name: name in networks.names)
            nics += nics_in(document, networks, host)
    links = ports.links()
    found = ports.ports()
    owned = owners(nics, found)
    rows = []
    seen = set()  # type: Set[str]
    for link in found:
        bridge = name_of(links, link.master)
        nic = owned.get(link.index)
        if nic is None and not tap_like(link.name, host):
            continue
        row = Row(link.name, link.index, bridge, nic)
        row.observed = 'isolated' if link.isolated else 'open'
        listed = bridge in networks.names
        if nic is None:
            row.mac = link.mac
            row.note = 'no running VM of libvirt names this port'
            row.wanted = 'isolated' if listed else row.observed
        elif nic.exempt:
            row.note = 'ALARM: the VM is not ours to isolate (%s)' % nic.exempt
        elif nic.wanted or listed:
            row.wanted = 'isolated'
            row.note = nic.problem
            if nic.bridge and nic.bridge != bridge:
                row.note = 'libvirt has it on bridge %s' % nic.bridge
            if link.name != nic.target:
                row.note = 'it was renamed, libvirt knows it as %s' % nic.target
        row.network = networks.names.get(bridge, row.network)
        told = _by_role(row, links[link.index].group if link.index in links else 0, roles or {})
        if told or listed or row.wanted == 'isolated' or row.observed == 'isolated':
            rows.append(row)
            seen.add(nic.target if nic else link.name)
    for nic in nics:
        if nic.wanted and nic.target not in seen:
            row = Row(nic.target, 0, nic.bridge, nic)
            row.wanted = 'isolated'
            row.note = nic.problem or 'the NIC has no port on a Linux bridge'
            rows.append(row)
    return sorted(rows, key=lambda row: (row.bridge, row.port))


def _by_role(row: Row, group: int, roles: Dict[str, Tuple[str, str]]) -> bool:
    """A port that the ruleset says something else of than that it is isolated."""
    wanted, observed = roles.get(row.port, ('', ''))
    if not wanted:
        return False
    if row.wanted == 'isolated' and wanted != 'isolated':
        if row.observed == 'open' and group in (COMMUNITY, PROMISCUOUS):
            row.wanted, row.observed = wanted, observed
        else:
            row.note = 'by its role it will be %s, once the ruleset is in force' % wanted
    elif group == CLOSED:
        row.wanted, row.observed = wanted, 'closed'
    return row.wanted != 'open'


def repair(rows: List[Row], ports: Ports, release: bool) -> List[str]:
    """Brings the kernel's flags to what is wanted; what was done, in sentences. Opens a port only
    with release."""
    done = []
    for row in rows:
        if (not row.difference or not row.index or row.wanted not in ('isolated', 'open')
                or (row.wanted == 'open' and not release)):
            continue
        try:
            ports.isolate(row.index, row.wanted == 'isolated')
            done.append('port %s on bridge %s is %s now' % (row.port, row.bridge, row.wanted))
        except OSError as e:
            done.append('port %s on bridge %s could not be made %s: %s'
                        % (row.port, row.bridge, row.wanted, e.strerror))
    return done


def list_document(networks: Networks) -> Dict[str, Any]:
    """bridges: name of the network by bridge, of a list in force; remembered: the same of one that
    is lost or damaged."""
    return {'state': networks.state, 'why': networks.why,
            'bridges': networks.names if networks.sure else {},
            'remembered': networks.names if networks.broken else {}}


def status_document(host: Host, networks: Networks, rows: List[Row],
                    silent: str = '') -> Dict[str, Any]:
    """silent: why libvirtd could not be asked, '' where it answered."""
    libvirt = host.libvirt()
    return {
        'version': VERSION,
        'list': list_document(networks),
        'watch': control.watcher(host),
        'libvirt': '%d.%d.%d' % libvirt if libvirt else '',
        'libvirtd': silent,
        'kernel': '%d.%d' % host.kernel(),
        'filter': host.filter_present(),
        'abilities': abilities.reported(host),
        'ports': [row.as_json() for row in rows],
        'differences': sum(row.difference for row in rows),
    }
