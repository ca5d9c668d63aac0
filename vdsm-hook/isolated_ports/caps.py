# SPDX-License-Identifier: Apache-2.0
"""after_get_caps: tells the engine what this host has, in the list of its hooks.

VDSM reports hooks as {event: {script: {checksum: TEXT}}}, and the engine
serves TEXT as it is under /hosts/{id}/hooks: the one field of a host that we
can write and REST can read. Braces in it would break the engine's whole list.
"""

from isolated_ports import VERSION, abilities, control
from isolated_ports.host import MIN_LIBVIRT_FILTER, Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

EVENT = 'isolated_ports'
SCRIPT = 'status'
_LETTERS = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.=;_-')


def main(environment: 'Mapping[str, str]', host: Host) -> int:
    """Never breaks the capabilities: whatever happens, exit 0 with a document VDSM can read."""
    from isolated_ports.hook import replace, say
    try:
        import json
        path = environment['_hook_json']
        with open(path, 'rb') as stream:
            capabilities = json.loads(stream.read().decode('utf-8'))
        hooks = capabilities.setdefault('hooks', {})
        hooks[EVENT] = {SCRIPT: {'checksum': status(host)}}
        replace(path, json.dumps(capabilities).encode('utf-8'))
    except Exception as e:
        say('isolated-ports: the capabilities go out without our status, as it could not be '
            'added (%s: %s).' % (type(e).__name__, e))
    return 0


def status(host: Host) -> str:
    """As `version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=6.1;nft=yes`, with all the
    keys of docs/host-report.md."""
    libvirt = host.libvirt()
    filtered = host.filter_present() and libvirt is not None and libvirt >= MIN_LIBVIRT_FILTER
    text = ';'.join((
        'version=' + VERSION,
        'list=' + host.networks().state,
        'watch=' + ('yes' if control.watcher(host) else 'no'),
        'filter=' + ('yes' if filtered else 'no'),
        'libvirt=' + ('.'.join(str(number) for number in libvirt) if libvirt else 'unknown'),
        'kernel=%d.%d' % host.kernel()) + tuple(
            '%s=%s' % ability for ability in abilities.reported(host).items()))
    return ''.join(c for c in text if c in _LETTERS)
