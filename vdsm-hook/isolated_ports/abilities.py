# SPDX-License-Identifier: Apache-2.0
"""What nftables can do in this host's kernel, tried out in the kernel itself.

That the program is there says nothing: a kernel may lack the bridge family's
expressions, each a module of its own. `nft --check` sends its transaction to
the kernel, which takes every object as if to keep it, with the modules that
needs, and is then told to forget all of it: nothing is ever in force.

Only root may ask; the answers are kept for the hooks, which run as user vdsm,
and hold until the next boot. docs/host-report.md has the names.
"""

import json
import os
import subprocess
import time
from typing import Dict, Iterable, List, Tuple

from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.listing import write_whole
from isolated_ports.stored import read

KEPT = 'var/lib/isolated-ports/abilities.json'
YES, NO, UNKNOWN = 'yes', 'no', 'unknown'

_NFT = 'usr/sbin/nft'
_BOOT = 'proc/sys/kernel/random/boot_id'
_SECONDS = 10
_TRY_AGAIN = 300.0
_TABLE = 'bridge isolated_ports_probe'
_HOOKS = ('prerouting', 'input', 'forward', 'output', 'postrouting')


def _transaction(hooks: Iterable[str], more: Iterable[str]) -> str:
    lines = ['add table ' + _TABLE]
    lines += ['add chain %s %s { type filter hook %s priority 0; policy accept; }'
              % (_TABLE, hook, hook) for hook in hooks]
    return '\n'.join(lines + ['add %s' % line.replace('TABLE', _TABLE) for line in more]) + '\n'


# Each with what rulesets use of it.
_TRIALS = (
    ('nft', _transaction(_HOOKS, (
        'set TABLE ranges { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }',
        'set TABLE bound { type ifname . ether_addr; elements = { "vnet0" . 56:6f:1a:2b:3c:4d }; }',
        'map TABLE ports { type ifname : verdict; elements = { "vnet0" : drop }; }',
        'rule TABLE prerouting ether type arp accept',
        'rule TABLE prerouting ether type ip ip saddr @ranges drop',
        'rule TABLE prerouting iifname . ether saddr @bound accept',
        'rule TABLE forward oifname vmap @ports'))),
    ('ct', _transaction(('prerouting',), ('rule TABLE prerouting ct state established,related '
                                          'accept',))),
    ('ibrname', _transaction(('forward',), ('rule TABLE forward meta ibrname "iso1" accept',))),
    ('reject', _transaction(('prerouting',), ('rule TABLE prerouting ether type ip reject',))),
)  # type: Tuple[Tuple[str, str], ...]
NAMES = tuple(name for name, _ in _TRIALS)


def reported(host: Host) -> Dict[str, str]:
    """By name, what was found since this host was booted; 'unknown' what was not looked for."""
    kept = _kept(host)
    boot = _boot(host)
    found = kept.get('abilities') if boot and kept.get('boot') == boot else None
    if not isinstance(found, dict):
        found = {}
    return {name: found[name] if found.get(name) in (YES, NO) else UNKNOWN for name in NAMES}


def renew(host: Host) -> Dict[str, str]:
    """Looks for what is not known yet or was missing, and keeps what it finds. Raises OSError where
    that cannot be written."""
    kernel = [_boot(host), os.uname().release, _identity(host.path(_NFT))]
    kept = _kept(host)
    known = kept.get('abilities') if kept.get('kernel') == kernel else {}
    if not isinstance(known, dict) or any(known.get(name) != YES for name in NAMES):
        known = probe(host)
        write_whole(host.path(KEPT), json.dumps(
            {'boot': kernel[0], 'kernel': kernel, 'abilities': known}, sort_keys=True).encode())
    return reported(host)


def keep_trying(host: Host) -> None:
    """Returns once all is known."""
    while True:
        try:
            found = renew(host)
            if UNKNOWN not in found.values():
                return
            log('what nftables can do here is not known yet (%s).'
                % ' '.join('%s: %s' % ability for ability in sorted(found.items())))
        except OSError as e:
            log('what nftables can do here could not be kept in /%s (%s).' % (KEPT, e.strerror))
        time.sleep(_TRY_AGAIN)


def probe(host: Host) -> Dict[str, str]:
    """Asks the kernel. An nft that does not answer is waited for once."""
    found = dict.fromkeys(NAMES, UNKNOWN)
    try:
        for name, transaction in _TRIALS:
            done = subprocess.run([host.path(_NFT), '-c', '-f', '-'], input=transaction.encode(),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=_SECONDS)
            found[name] = _answer(done.returncode, done.stdout.decode('utf-8', 'replace'))
    except FileNotFoundError:
        return dict.fromkeys(NAMES, NO)
    except (OSError, subprocess.TimeoutExpired):
        pass
    return found


def _answer(code: int, said: str) -> str:
    if code == 0:
        return YES
    # Anything else than the kernel's or the parser's refusal is no answer.
    refused = 'Could not process rule' in said or 'syntax error' in said
    return NO if refused and 'Operation not permitted' not in said else UNKNOWN


def _kept(host: Host) -> Dict[str, object]:
    file = read(host.path(KEPT), host.owner)
    if file.content is None or file.why:
        return {}
    try:
        kept = json.loads(file.content.decode('utf-8'))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _boot(host: Host) -> str:
    try:
        with open(host.path(_BOOT)) as stream:
            return stream.read().strip()
    except OSError:
        return ''


def _identity(path: str) -> List[int]:
    """Changes when the program is another one."""
    try:
        found = os.stat(path)
        return [found.st_ino, found.st_size, int(found.st_mtime)]
    except OSError:
        return []
