# SPDX-License-Identifier: Apache-2.0
"""The hook's side of what a NIC's last update said, see word and ask.

An update never fails and never waits for long: whatever becomes of the telling,
the NIC is isolated where the hook or the service has it isolated.
"""

from isolated_ports import ask, decide, domxml
from isolated_ports.host import Host
from isolated_ports.word import Said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

    from isolated_ports.decide import Verdict
    from isolated_ports.domxml import Document, Nic
    from isolated_ports.host import Networks

OK = 0
STOP = 2


def tell(document: 'Document', verdicts: 'List[Verdict]', networks: 'Networks',
         value: 'Optional[str]', vm_id: str, host: Host) -> 'List[Nic]':
    """Tells the service of an update before libvirt is told. The NICs that are to be isolated
    after it."""
    from isolated_ports.hook import say, takes_element
    wanted = []
    for verdict in verdicts:
        nic = verdict.nic
        ours = verdict.kind != decide.OTHERS
        was = bool(nic.mac) and host.isolated_tap(nic.mac)
        said = Said('update', vm_id, nic.alias, nic.mac, nic.bridge, value, nic.isolated)
        noted = (ours or was) and ask.write_note(host, said)
        answer = ask.tell(host, said, ask.SECONDS if ours or was else ask.SECONDS_OTHERS)
        if answer.kept and not noted:
            noted = ask.write_note(host, said)
        if (not ours and not answer.isolated and was and not networks.sure
                and (nic.isolated or takes_element(nic, host))):
            say('isolated-ports: NIC %s stays isolated, as its port is so now and the list of '
                'isolated bridges is %s.' % (nic.label, networks.state))
            ours = True
        if ours or answer.isolated:
            wanted.append(nic)
        if (ours or was) and not answer.written:
            say('isolated-ports: what this update says of NIC %s is not in the metadata of its VM '
                'yet (%s)%s.' % (nic.label, answer.why,
                                 '; the VM stays on this host until it is' if noted else
                                 ', and could not be noted'))
    return wanted


def main(updated: bool, xml: bytes, vm_id: str, host: Host) -> int:
    """The update is over (updated), or the VM is about to leave this host with its metadata."""
    notes = ask.notes(host, vm_id)
    try:
        document = domxml.read(xml)
    except domxml.Unreadable:
        document = domxml.Document()
    if updated:
        return _updated(notes, document, vm_id, host)
    return _leaving(notes, document, vm_id, host)


def _updated(notes: 'List[Tuple[str, Said]]', document: 'Document', vm_id: str,
             host: Host) -> int:
    for nic in document.nics:
        for note, said in notes:
            if (said.alias, said.mac) == (nic.alias, nic.mac):
                answer = ask.tell(host, Said('updated', vm_id, nic.alias, nic.mac, nic.bridge,
                                             said=said.said))
                if answer.written:
                    ask.drop(note)
    return OK


def _leaving(notes: 'List[Tuple[str, Said]]', document: 'Document', vm_id: str,
             host: Host) -> int:
    from isolated_ports.hook import say
    written = {word.said for word in document.words}
    left = [said for _, said in notes if said.said not in written]
    # Also where nothing is left: the service may be about to settle what is written.
    answer = ask.tell(host, Said('flush', vm_id))
    if left and not answer.written:
        say('isolated-ports: VM %s stays on this host: what the last update of its NIC %s said is '
            'not in its metadata yet (%s), and elsewhere the NIC might come up open; see to it '
            'that isolated-ports-host and libvirt answer here, and try again.'
            % (document.name or vm_id, left[0].alias or left[0].mac, answer.why))
        return STOP
    for note, _ in notes:
        ask.drop(note)
    return OK
