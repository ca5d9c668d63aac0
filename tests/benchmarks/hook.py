# SPDX-License-Identifier: Apache-2.0
"""Times the installed hook: started and waited for as VDSM does, runs of all kinds in turn."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PRODUCT = os.path.join(HERE, '..', '..', 'vdsm-hook')
sys.dont_write_bytecode = True
sys.path.insert(0, PRODUCT)

from tests.support import device, domain, interface, recording  # noqa: E402

LIST = '/var/lib/isolated-ports/networks.json'
NETWORKS = 100


def vm(nics, value, bridge='plain1'):
    """The engine's own domain, with this many NICs in place of its own."""
    own = [('56:6f:11:33:00:%02x' % number, 'ua-bench-%d' % number) for number in range(nics)]
    xml = recording('vm-two-isolated-nics')
    start, end = xml.index(b'<interface '), xml.rindex(b'</interface>') + len(b'</interface>')
    xml = xml[:start] + b''.join(interface(bridge, mac=mac, alias=alias)
                                 for mac, alias in own) + xml[end:]
    start, end = xml.index(b'<ovirt-vm:device'), xml.rindex(b'</ovirt-vm:device>') + 18
    return xml[:start] + ''.join(device(value, mac=mac, alias=alias)
                                 for mac, alias in own).encode() + xml[end:]


def main():
    rounds = int(sys.argv[1])
    folder = tempfile.mkdtemp(prefix='isolated-ports-bench-')
    try:
        listed = os.path.isdir(os.path.dirname(LIST))
        if listed:
            with open(LIST, 'w') as stream:
                json.dump({'version': 1, 'networks': [
                    {'bridge': 'iso%d' % number, 'name': 'iso%d' % number,
                     'network': '5a2c4b1e-0000-4000-8000-%012d' % number}
                    for number in range(NETWORKS)]}, stream)
        subprocess.run([os.path.join(PRODUCT, 'install.sh'), folder + '/root'], check=True)
        noop = folder + '/noop'
        with open(noop, 'w') as stream:
            stream.write('#!/usr/bin/python3\npass\n')
        os.chmod(noop, 0o755)
        hook = folder + '/root/usr/libexec/vdsm/hooks/before_vm_start/60_isolated_ports'
        runs = {'noop': (noop, domain(interface(), device())), 'plain': (hook, vm(4, None)),
                'plain28': (hook, vm(28, None)), 'nics28': (hook, vm(28, 'true'))}
        took = {name: [] for name in runs}
        path = folder + '/dom.xml'
        environment = {'PATH': '/usr/bin:/bin', '_hook_domxml': path}
        for turn in range(rounds + 3):
            for name, (program, xml) in runs.items():
                with open(path, 'wb') as stream:
                    stream.write(xml)
                started = time.perf_counter()
                code = subprocess.call([program], env=environment)
                if turn >= 3:
                    took[name].append(time.perf_counter() - started)
                with open(path, 'rb') as stream:
                    changed = stream.read() != xml
                if code or changed != (name == 'nics28'):
                    sys.exit('The %s run ended with exit code %d%s; nothing was measured.'
                             % (name, code, '' if changed else ' and left the XML as it was'))
    finally:
        shutil.rmtree(folder)
    ms = {name: statistics.median(times) * 1000 for name, times in took.items()}
    print(json.dumps({
        'noop_ms': round(ms['noop'], 2),
        'plain_ratio': round(ms['plain'] / ms['noop'], 2),
        'plain28_ratio': round(ms['plain28'] / ms['noop'], 2),
        'nics28_ratio': round(ms['nics28'] / ms['noop'], 2),
        'rounds': rounds, 'listed_networks': NETWORKS if listed else 0}))


if __name__ == '__main__':
    main()
