# SPDX-License-Identifier: Apache-2.0
"""VDSM's hook events. The event is the name of the directory the program is run from.

VDSM's contract: the XML lies in the file named by _hook_domxml, which VDSM
opens again by name afterwards; exit 0 goes on, 2 stops with stderr as the
message (1 would let later scripts run, and VDSM reports only the last one's
stderr).
"""

import os

from isolated_ports import scan
from isolated_ports.host import MIN_LIBVIRT_FILTER, Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Mapping, Optional

    from isolated_ports.decide import Verdict
    from isolated_ports.domxml import Document, Nic
    from isolated_ports.stored import Stored

PROPERTY = 'port_isolation'

# Events of a single NIC: our property is in the environment, the metadata is not at hand.
DEVICE_EVENTS = ('before_device_create', 'before_nic_hotplug', 'before_update_device')
# Events whose XML VDSM takes back.
FILTER_EVENTS = ('before_vm_start', 'before_device_create', 'before_nic_hotplug')
# Events that can only refuse; the isolation is libvirt's filter's work. Not
# before_device_migrate_destination: its properties are VDSM's metadata's, one
# update old, and our word is not in its XML.
CHECK_EVENTS = ('before_vm_migrate_destination', 'before_vm_dehibernate')
# The VM begins to live on this host.
ARRIVAL_EVENTS = ('before_vm_start', 'before_vm_migrate_destination')
# Here a failure would open the NIC: VDSM rolls back with XML without <port>.
UPDATE_EVENT = 'before_update_device'
# Libvirt has done what the update said.
UPDATED_EVENT = 'after_update_device'
# The VM leaves with what is in its metadata.
LEAVE_EVENTS = ('before_vm_migrate_source', 'before_vm_hibernate')
# Here we report, see caps.
CAPS_EVENT = 'after_get_caps'
EVENTS = (FILTER_EVENTS + CHECK_EVENTS + LEAVE_EVENTS
          + (UPDATE_EVENT, UPDATED_EVENT, CAPS_EVENT))

OK = 0
STOP = 2


def main(program: str, environment: 'Mapping[str, str]', host: 'Optional[Host]' = None) -> int:
    """program: path the hook was run by. Returns the exit code."""
    event = os.path.basename(os.path.dirname(program))
    if event == UPDATE_EVENT:
        try:
            return _run(event, environment, host or Host())
        except Exception as e:
            say('isolated-ports: the update goes on without a change to its XML, as this hook '
                'failed (%s: %s); isolated-ports-host restores the isolation of the port.'
                % (type(e).__name__, e))
            return OK
    if event == CAPS_EVENT:
        from isolated_ports import caps
        return caps.main(environment, host or Host())
    return _run(event, environment, host or Host())


def _run(event: str, environment: 'Mapping[str, str]', host: Host) -> int:
    if event not in EVENTS:
        say('isolated-ports: this hook knows no event %s, so it does nothing; it belongs in the '
            'directories %s.' % (event, ', '.join(EVENTS)))
        return OK
    path = environment.get('_hook_domxml', '')
    if not path:
        # Only VDSM runs us, and it always sets it.
        say('isolated-ports: _hook_domxml is not set, so there is no VM to look at; this program '
            'is run by VDSM.')
        return OK
    vm_id = environment.get('vmId', '')
    if event == UPDATED_EVENT or event in LEAVE_EVENTS:
        return _last_update(event, path, vm_id, host)
    if event in ARRIVAL_EVENTS and host.has_notes(vm_id):
        from isolated_ports import ask
        ask.drop_notes(host, vm_id)
    value = environment.get(PROPERTY) if event in DEVICE_EVENTS else None
    try:
        with open(path, 'rb') as stream:
            xml = stream.read()
    except OSError as e:
        return _unreadable(event, vm_id, '%s cannot be read (%s)' % (path, e.strerror))
    stored = host.stored()
    # Whether a NIC that leaves its isolation was ever isolated does not show in an update's XML.
    if (value is None and event != UPDATE_EVENT
            and not scan.may_concern(xml, stored.contents())):
        return OK
    return _judge(event, path, xml, stored, value, vm_id, host)


def _last_update(event: str, path: str, vm_id: str, host: Host) -> int:
    noted = host.has_notes(vm_id)
    try:
        with open(path, 'rb') as stream:
            xml = stream.read()
    except OSError:
        xml = b''
    if not noted and (event == UPDATED_EVENT or b'settled="no"' not in xml
                      and b"settled='no'" not in xml):
        return OK
    from isolated_ports import last_update
    return last_update.main(event == UPDATED_EVENT, xml, vm_id, host)


def _judge(event: str, path: str, xml: bytes, stored: 'Stored', value: 'Optional[str]',
           vm_id: str, host: Host) -> int:
    from isolated_ports import decide, domxml
    if not xml.strip():
        return OK
    try:
        document = domxml.read(xml)
    except domxml.Unreadable as e:
        if event == UPDATE_EVENT and value is None and not scan.may_concern(xml, stored.contents()):
            return OK
        return _unreadable(event, vm_id, str(e))
    if hosted_engine(vm_id or document.uuid, host):
        return OK
    networks = host.networks(stored)
    verdicts = [decide.judge(nic, document, networks, host, value, event == 'before_vm_start')
                for nic in document.nics]
    vm = document.name or vm_id
    if event == UPDATE_EVENT:
        from isolated_ports import last_update
        wanted = last_update.tell(document, verdicts, networks, value, vm_id, host)
        return _update(path, xml, document, verdicts, wanted, host)
    refused = [verdict for verdict in verdicts if verdict.kind == decide.REFUSE]
    if not refused and event in CHECK_EVENTS:
        refused = unfiltered(verdicts, host)
    if refused:
        more = ' (%d more of its NICs are refused as well.)' % (len(refused) - 1)
        say(decide.sentence(refused[0], vm) + (more if len(refused) > 1 else ''))
        return STOP
    for verdict in verdicts:
        if verdict.remark:
            say('isolated-ports: NIC %s of VM %s: %s.' % (verdict.nic.label, vm, verdict.remark))
    if event in CHECK_EVENTS:
        return OK
    try:
        edited = domxml.isolate(xml, document, [verdict.nic for verdict in verdicts
                                                if verdict.kind == decide.INJECT])
        if edited is not xml:
            replace(path, edited)
    except (domxml.Unreadable, ValueError) as e:
        return _unreadable(event, vm_id, str(e))
    except OSError as e:
        say('isolated-ports: VM %s is refused: the isolation of its NICs could not be written to '
            '%s (%s); free space on this host or choose another one.' % (vm, path, e.strerror))
        return STOP
    return OK


def hosted_engine(vm_id: str, host: Host) -> bool:
    """The VM that runs the engine is not ours to close, whatever its NICs say."""
    return bool(vm_id) and vm_id.lower() == host.hosted_engine()


def unfiltered(verdicts: 'List[Verdict]', host: Host) -> 'List[Verdict]':
    """Those that come without the element, on a host where nothing would add it."""
    from isolated_ports import decide
    bare = [verdict for verdict in verdicts if verdict.kind == decide.INJECT]
    if bare and (not host.filter_present() or (host.libvirt() or (0,)) < MIN_LIBVIRT_FILTER):
        for verdict in bare:
            verdict.reason = ('the XML it comes with does not isolate it, and this host has not '
                              "libvirt's filter for that (libvirt %d.%d.%d or newer with "
                              '/etc/libvirt/hooks/qemu.d/60_isolated_ports)' % MIN_LIBVIRT_FILTER)
            verdict.advice = 'choose another host, or update this one'
        return bare
    return []


def _update(path: str, xml: bytes, document: 'Document', verdicts: 'List[Verdict]',
            isolated: 'List[Nic]', host: Host) -> int:
    """Puts the element back, in doubt too, wherever libvirt would take it; says what it did, when
    it is done."""
    from isolated_ports import decide, domxml
    wanted = [nic for nic in isolated if not nic.isolated and takes_element(nic, host)]
    edited = domxml.isolate(xml, document, wanted)
    if edited is not xml:
        try:
            replace(path, edited)
        except OSError:
            overwrite(path, edited)
    for verdict in verdicts:
        if verdict.kind == decide.REFUSE and verdict.nic in isolated and not verdict.nic.isolated:
            outcome = ('the update only isolates it' if verdict.nic in wanted else
                       'the update leaves it as it is, as nothing could isolate it')
            say(decide.sentence(verdict, document.name).replace(
                ' is refused: ', ' would be refused at a start, %s: ' % outcome))
    return OK


def takes_element(nic: 'Nic', host: Host) -> bool:
    """Elsewhere libvirt refuses the element, and VDSM's rollback opens the NIC."""
    return nic.kind == 'bridge' and not nic.virtualport and not host.foreign_switch(nic.bridge)


def _unreadable(event: str, vm_id: str, why: str) -> int:
    if event == UPDATE_EVENT:
        say('isolated-ports: the NIC update goes on as it is, since %s; isolated-ports-host '
            'restores the isolation of the port where it is lost.' % why)
        return OK
    say('isolated-ports: VM %s is refused: whether it has isolated NICs cannot be told, as %s; '
        'start it again from the engine.' % (vm_id or '(unknown)', why))
    return STOP


def replace(path: str, content: bytes) -> None:
    """Whole or not at all: VDSM opens the file again by its name. Raises OSError."""
    temporary = '%s.isolated-ports.%d' % (path, os.getpid())
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write(handle, content)
            os.fchmod(handle, os.stat(path).st_mode & 0o777)
        finally:
            os.close(handle)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def overwrite(path: str, content: bytes) -> None:
    """In place, with the room for it reserved first: works on a full disk as long as the file's
    last block has room, and changes nothing otherwise. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        try:
            os.posix_fallocate(handle, 0, max(len(content), size))
        except OSError:
            os.ftruncate(handle, size)
            raise
        _write(handle, content)
        os.ftruncate(handle, len(content))
    finally:
        os.close(handle)


def _write(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view):]


def say(text: str) -> None:
    """One line on stderr, where VDSM looks for the reason."""
    from isolated_ports.decide import one_line
    os.write(2, (one_line(text) + '\n').encode('utf-8', 'backslashreplace'))
