# SPDX-License-Identifier: Apache-2.0
"""What this host is and knows, read from its files; nothing comes from the environment.

VDSM puts VM-level custom properties into a hook's environment, so a path or a
switch taken from there would be a lever in the hands of who may edit a VM.
"""

import os

from isolated_ports.stored import MAX_LIST, File, Stored, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

NETWORKS = 'var/lib/isolated-ports/networks.json'
# The last good one, apart from it.
REMEMBERED = 'var/lib/isolated-ports-remembered/networks.json'
FILTER = 'etc/libvirt/hooks/qemu.d/60_isolated_ports'
HOSTED_ENGINE = 'etc/ovirt-hosted-engine/hosted-engine.conf'
# What hooks could not say to the service yet, see ask. VDSM's own folder.
NOTES = 'run/vdsm/isolated-ports'
DUMMY_BRIDGE = ';vdsmdummy;'

MIN_KERNEL = (4, 18)
MIN_LIBVIRT = (6, 1, 0)
MIN_LIBVIRT_FILTER = (6, 5, 0)

_TRIPLETS = {'ppc64le': 'powerpc64le'}
# What puts an unusable list right.
REMEDY = ("put the list on this host right with 'isolated-ports-host networks set --json FILE', or "
          'choose another host')


class Networks:
    """The list of isolated bridges, as a name for each bridge.

    state: 'ok'; 'missing' on a host that never had one; 'lost' and 'damaged' where there is one no
    more, or none that can be used (why: a clause). Then names are the bridges that were listed as
    far as that is known, or may have been meant to be: what is on them stays isolated.
    """

    __slots__ = ('state', 'names', 'why')

    def __init__(self, state: str, names: 'Dict[str, str]', why: str = '') -> None:
        self.state = state
        self.names = names
        self.why = why

    @property
    def sure(self) -> bool:
        """What is not on the list is on no isolated bridge, and the list can be gone by."""
        return self.state == 'ok'

    @property
    def broken(self) -> bool:
        """This host cannot keep what it once was told to."""
        return self.state in ('lost', 'damaged')


class Host:
    """root: '/' but in tests, as is the owner of the list."""

    owner = 0

    def __init__(self, root: str = '/') -> None:
        self.root = root

    def path(self, relative: str) -> str:
        return os.path.join(self.root, relative)

    def stored(self) -> Stored:
        """The list as it is, and what is remembered of it."""
        return Stored(read(self.path(NETWORKS), self.owner),
                      read(self.path(REMEMBERED), self.owner))

    def networks(self, stored: 'Optional[Stored]' = None) -> Networks:
        """The list to go by."""
        stored = stored or self.stored()
        now, last = stored.now, stored.last
        if not now.there and not last.there:
            return Networks('missing', {})
        if not now.there:
            return Networks('lost', self._last(last),
                            'this host has had one, and it is not there any more')
        networks = Networks('damaged', {}, now.why) if now.why else parse_networks(now.content)
        if networks.broken:
            networks.names = self._bridges_in(now.content)
            networks.names.update(self._last(last))
        return networks

    def _last(self, last: File) -> 'Dict[str, str]':
        """Of the last good list: its bridges, or where that is damaged as well what may be one. Of
        one that is refused too: it only tells where not to start anything."""
        networks = parse_networks(last.content)
        if networks.sure:
            return networks.names
        return self._bridges_in(last.content)

    def _bridges_in(self, content: 'Optional[bytes]') -> 'Dict[str, str]':
        """Every bridge of this host whose name is a word of a list that cannot be read as one."""
        if content is None:
            return {}
        words = {piece.decode('utf-8', 'replace') for piece in content.split(b'"')}
        return {word: word for word in words if is_device_name(word)
                and os.path.isdir(self.path('sys/class/net/' + word + '/bridge'))}

    def kernel(self) -> 'Tuple[int, int]':
        """Major and minor; (0, 0) where they cannot be told."""
        numbers = os.uname().release.split('.')
        try:
            return int(numbers[0]), int(_digits(numbers[1]))
        except (IndexError, ValueError):
            return 0, 0

    def libvirt(self) -> 'Optional[Tuple[int, int, int]]':
        """Version of the installed libvirt; None where it cannot be told.

        Read from the library's file name, libvirt.so.0.<1000 * major +
        minor>.<micro>: no process, no connection, no binding needed.
        """
        machine = os.uname().machine
        triplet = _TRIPLETS.get(machine, machine) + '-linux-gnu'
        for folder in ('usr/lib64', 'usr/lib/' + triplet, 'usr/lib'):
            try:
                target = os.readlink(self.path(folder + '/libvirt.so.0'))
                number, micro = os.path.basename(target).split('.so.0.')[1].split('.')[:2]
                return int(number) // 1000, int(number) % 1000, int(micro)
            except (OSError, IndexError, ValueError):
                continue
        return None

    def filter_present(self) -> bool:
        """libvirt's filter is installed. /etc/libvirt may be closed to user vdsm: then it is,
        since one package installs both."""
        try:
            return bool(os.stat(self.path(FILTER)).st_mode & 0o100)
        except PermissionError:
            return True
        except OSError:
            return False

    def foreign_switch(self, bridge: str) -> bool:
        """The device exists and is no Linux bridge (an Open vSwitch one, say)."""
        if not is_device_name(bridge):
            return False
        device = self.path('sys/class/net/' + bridge)
        return os.path.isdir(device) and not os.path.isdir(device + '/bridge')

    def hosted_engine(self) -> str:
        """Id of the hosted-engine VM by this host's own configuration, '' without one.

        Not by the VM's name, which is free for everybody to take.
        """
        try:
            with open(self.path(HOSTED_ENGINE), 'rb') as stream:
                for line in stream.read(1 << 20).decode('utf-8', 'replace').splitlines():
                    key, equals, value = line.partition('=')
                    if equals and key.strip() == 'vmid':
                        return value.strip().lower()
        except OSError:
            pass
        return ''

    def has_notes(self, vm_id: str) -> bool:
        """Something that was said of this VM may not be written yet. There hardly ever is."""
        try:
            names = os.listdir(self.path(NOTES))
        except OSError:
            return False
        return bool(vm_id) and any(name.startswith(vm_id.lower()) for name in names)

    def isolated_tap(self, mac: str) -> bool:
        """Some tap that may be this NIC's has the flag set now.

        A hint only: libvirt gives a tap the NIC's MAC with fe as its first
        byte (fa where the NIC's is fe), so NICs that differ there alone
        look the same.
        """
        tail = mac.lower()[2:]
        net = self.path('sys/class/net')
        try:
            devices = os.listdir(net)
        except OSError:
            return False
        for device in devices:
            port = net + '/' + device
            if (_read(port + '/brport/isolated') == '1'
                    and _read(port + '/address') in ('fe' + tail, 'fa' + tail)):
                return True
        return False


def is_device_name(name: str) -> bool:
    """As the kernel's dev_valid_name() has it."""
    return (0 < len(name.encode('utf-8', 'replace')) < 16 and name not in ('.', '..')
            and not any(c in '/:' or c.isspace() for c in name))


def parse_networks(content: 'Optional[bytes]') -> Networks:
    """Reads the list's content; a mistake in any entry damages the whole."""
    if content is None:
        return Networks('missing', {})
    if len(content) > MAX_LIST:
        return Networks('damaged', {}, 'it is larger than %d MiB' % (MAX_LIST >> 20))
    import json
    try:
        document = json.loads(content.decode('utf-8'), object_pairs_hook=_once)
    except Twice as e:
        return Networks('damaged', {}, 'key %r stands twice in one object of it, and which one '
                                       'counts cannot be told' % e.args[0])
    except (ValueError, RecursionError) as e:
        return Networks('damaged', {}, 'it is empty' if not content.strip()
                        else 'it is no JSON (%s)' % e)
    if not isinstance(document, dict):
        return Networks('damaged', {}, 'it is no JSON object')
    version, entries = document.get('version'), document.get('networks')
    if isinstance(version, bool) or version != 1:
        return Networks('damaged', {}, 'its version is %r, not 1' % (version,))
    if not isinstance(entries, list):
        return Networks('damaged', {}, '"networks" is no array')
    names = {}
    for entry in entries:
        if not isinstance(entry, dict):
            return Networks('damaged', {}, 'an entry of "networks" is no object')
        bridge, name = entry.get('bridge'), entry.get('name', '')
        if not isinstance(bridge, str) or not is_device_name(bridge):
            return Networks('damaged', {}, 'bridge %r is no device name' % (bridge,))
        if not isinstance(name, str) or not isinstance(entry.get('network', ''), str):
            return Networks('damaged', {}, 'the entry of bridge %s has no text in "name" or '
                                           '"network"' % bridge)
        names[bridge] = name or bridge
    return Networks('ok', names)


class Twice(Exception):
    """A key that stands twice in one object."""


def _once(pairs: 'List[Tuple[str, Any]]') -> 'Dict[str, Any]':
    seen = set()  # type: Set[str]
    for key, _ in pairs:
        if key in seen:
            raise Twice(key)
        seen.add(key)
    return dict(pairs)


def _digits(text: str) -> str:
    end = 0
    while end < len(text) and text[end].isdigit():
        end += 1
    return text[:end]


def _read(path: str) -> str:
    try:
        with open(path, 'rb') as stream:
            return stream.read(64).decode('ascii', 'replace').strip()
    except OSError:
        return ''
