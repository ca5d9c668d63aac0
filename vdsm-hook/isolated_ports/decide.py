# SPDX-License-Identifier: Apache-2.0
"""The rules: what is to become of one NIC. docs/design/vdsm-hook.md has them as a table."""

from isolated_ports.domxml import Device, Document, Nic
from isolated_ports.host import (DUMMY_BRIDGE, MIN_KERNEL, MIN_LIBVIRT, NETWORKS, REMEDY, Host,
                                 Networks)
from isolated_ports.word import role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Set

# Verdicts
OTHERS = 'others'      # has nothing to do with us: not touched, never refused
ISOLATED = 'isolated'  # to be isolated and is so in the document
INJECT = 'inject'      # to be isolated and is not yet
REFUSE = 'refuse'      # to be isolated or of a role, and that cannot be had


class Verdict:
    """reason and advice: clauses of the sentence for a refusal; remark: worth a line in the log."""

    __slots__ = ('nic', 'kind', 'network', 'reason', 'advice', 'remark')

    def __init__(self, nic: Nic, kind: str, network: str, reason: str = '', advice: str = '',
                 remark: str = '') -> None:
        self.nic = nic
        self.kind = kind
        self.network = network
        self.reason = reason
        self.advice = advice
        self.remark = remark


def devices_of(nic: Nic, document: Document) -> 'List[Device]':
    """The metadata of a NIC: by alias, and by MAC where that is no other NIC's by alias.

    A failover pair shares one MAC and is told apart by alias. VDSM drops the
    alias when it rewrites the metadata of a NIC that is in no pair.
    """
    others = {other.alias for other in document.nics if other.alias and other is not nic}
    return [device for device in document.devices
            if (device.alias and device.alias == nic.alias)
            or (device.mac and device.mac == nic.mac and device.alias not in others)]


class InForce:
    """The property values that count for a NIC. newest: those of its last update, None where
    nothing but VDSM's metadata tell; older: of before, which count as well where it is not
    certain that the update came about."""

    __slots__ = ('newest', 'older')

    def __init__(self, newest: 'Optional[List[str]]', older: 'List[str]') -> None:
        self.newest = newest
        self.older = older

    @property
    def values(self) -> 'List[str]':
        return (self.newest or []) + self.older


def in_force(nic: Nic, document: Document) -> InForce:
    """By our word of the NIC's last update, where there is one; else by VDSM's metadata.

    A word holds alone where it is settled and the NIC is where that update
    left it. Elsewhere an update failed, or came about without us.
    """
    metadata = [value for device in devices_of(nic, document) for value in device.values]
    words = [word for word in document.words if word.names(nic.alias, nic.mac)]
    if not words:
        return InForce(None, metadata)
    if len(words) == 1 and words[0].settled and words[0].bridge == nic.bridge:
        return InForce(words[0].values, [])
    newest = [value for word in words for value in word.values]
    return InForce(newest, [value for word in words for value in word.before] + metadata)


def listed_network(nic: Nic, networks: Networks) -> str:
    """Name of the isolated network this NIC would join, '' where that is none."""
    for source in nic.sources:
        for value in (source.get('bridge'), source.get('dev')):
            if value in networks.names:
                return networks.names[value]
        network = source.get('network', '')
        # VDSM defines one libvirt network per bridge, `vdsm-` before its name.
        for bridge, name in networks.names.items():
            if network in ('vdsm-' + bridge, 'vdsm-' + name):
                return name
    return ''


def judge(nic: Nic, document: Document, networks: Networks, host: Host,
          environment: 'Optional[str]' = None, complete: bool = False) -> Verdict:
    """environment: our property as VDSM put it there for a single NIC. It can only tighten, as
    a VM-level property of the same name may stand in its place. complete: the document is a
    VM start's, in which the engine describes every NIC."""
    network = listed_network(nic, networks)
    mine = devices_of(nic, document)
    said = in_force(nic, document)
    values = said.values
    if environment is not None:
        values.append(environment)
    native = [port for port in nic.ports if port.isolated != 'no']
    shown = network or nic.bridge or (nic.sources[0].get('network', '') if nic.sources else '')

    def refuse(reason: str, advice: str) -> Verdict:
        return Verdict(nic, REFUSE, shown, reason, advice)

    if complete and not mine and _lost_property(document):
        return refuse('the metadata holds port_isolation for a NIC that is not in the XML, and '
                      'nothing for this one', 'start the VM again from the engine')
    if not (network or values or native):
        return Verdict(nic, OTHERS, shown)

    if network and networks.broken and not (values or nic.isolated):
        return refuse('the list of isolated bridges of this host (/%s) is %s (%s), and its bridge '
                      'was on it' % (NETWORKS, networks.state, networks.why), REMEDY)

    roles = {role(value) for value in values}
    if said.newest is not None and said.older and not {role(value) for value in said.newest} - {
            'isolated'}:
        # Of what may be past nothing remains but that the port is closed.
        roles = {'isolated'}
    if 'invalid' in roles:
        bad = [value for value in values if role(value) == 'invalid'][0]
        return refuse('its port_isolation property %r is none of true, isolated, promiscuous and '
                      'community:NAME' % bad, 'correct the property in its vNIC profile')
    if said.newest is None and any(len(set(device.values)) > 1 for device in mine):
        return refuse('its port_isolation property has several values (%s)'
                      % ', '.join(sorted(set(values))), 'start the VM again from the engine')
    remark = ''
    if 'isolated' in roles and len(roles) > 1:
        remark = ('its port_isolation properties disagree (%s); the strictest, isolated, is '
                  'taken' % ', '.join(sorted(set(values))))
    problem = _obstacle(nic, host)
    if not problem and roles and 'isolated' not in roles:
        problem = _role_obstacle(sorted(roles)[0], host)
    if problem:
        return refuse(*problem)
    return Verdict(nic, ISOLATED if nic.isolated else INJECT, shown, remark=remark)


def _lost_property(document: Document) -> bool:
    """The metadata has our property for a device that is none of the document's NICs."""
    known = set()  # type: Set[int]
    for nic in document.nics:
        known.update(id(device) for device in devices_of(nic, document))
    return any(device.values and id(device) not in known for device in document.devices)


def _obstacle(nic: Nic, host: Host) -> 'Optional[List[str]]':
    """Why libvirt or the kernel would not isolate this NIC: reason and advice; else None."""
    if nic.namespace:
        return ['its interface element is in an XML namespace, where libvirt does not look',
                'start the VM again from the engine']
    if nic.kind == 'hostdev':
        return ['a passthrough NIC is on no bridge and cannot be isolated',
                'use a vNIC profile without passthrough']
    if nic.kind != 'bridge':
        return ['an interface of type %s cannot be isolated, only one of type bridge'
                % (nic.kind or '(none)'), 'attach the NIC to a Linux bridge network']
    if nic.virtualport:
        return ['it is on an Open vSwitch port (virtualport), which libvirt cannot isolate',
                'use a cluster with switch type Linux Bridge']
    if not nic.bridge:
        return ['it names no bridge', 'choose a network in its vNIC profile']
    if nic.bridge == DUMMY_BRIDGE:
        return ['it has no network, so nothing could isolate it',
                'choose a network in its vNIC profile']
    if host.foreign_switch(nic.bridge):
        return ['device %s is no Linux bridge' % nic.bridge,
                'use a cluster with switch type Linux Bridge']
    return host_obstacle(host)


def _role_obstacle(wanted: str, host: Host) -> 'Optional[List[str]]':
    """Why this host cannot hold a port to a role. Where it can, the port starts isolated, and the
    service lets it out as far as the ruleset says."""
    from isolated_ports import abilities
    found = abilities.reported(host)['nft']
    if found == abilities.YES:
        return None
    return ['its role %s needs nftables on bridges, and %s' % (
        wanted, 'this host has none' if found == abilities.NO else
        'whether this host has that is not known yet'),
            'choose another host, or set port_isolation to isolated in its vNIC profile']


def host_obstacle(host: Host) -> 'Optional[List[str]]':
    """Why this host can isolate no NIC at all: reason and advice; else None."""
    if host.kernel() < MIN_KERNEL:
        return ['the kernel of this host (%d.%d) knows no isolated bridge ports, which came with '
                '%d.%d' % (host.kernel() + MIN_KERNEL), 'update the host or choose another one']
    libvirt = host.libvirt()
    if libvirt is None:
        return ['the version of libvirt on this host cannot be told',
                'reinstall libvirt-libs or choose another host']
    if libvirt < MIN_LIBVIRT:
        return ['libvirt %d.%d.%d on this host drops the isolation silently; %d.%d.%d or newer is '
                'needed' % (libvirt + MIN_LIBVIRT), 'update the host or choose another one']
    return None


def sentence(verdict: Verdict, vm: str) -> str:
    """What an administrator reads in the engine's event: one line."""
    nic = verdict.nic
    text = 'isolated-ports: NIC %s%s of VM %s on network %s%s is refused: %s; %s.' % (
        nic.label, ' (%s)' % nic.mac if nic.alias and nic.mac else '', vm or '(unknown)',
        verdict.network or '(none)',
        ' (bridge %s)' % nic.bridge if nic.bridge and nic.bridge != verdict.network else '',
        verdict.reason, verdict.advice)
    return one_line(text)


def one_line(text: str) -> str:
    """Without line breaks and control characters, which names of a hostile document may hold."""
    return ''.join(c if c.isprintable() else '?' for c in text)[:1000]
