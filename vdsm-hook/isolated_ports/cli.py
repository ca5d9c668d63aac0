# SPDX-License-Identifier: Apache-2.0
"""The command line of isolated-ports-host."""

import argparse
import contextlib
import json
import os
import signal
import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

from isolated_ports import VERSION, compare, control, fetch, listing, report
from isolated_ports.host import NETWORKS, REMEDY, Host
from isolated_ports.journal import log
from isolated_ports.live import Libvirt
from isolated_ports.netlink import Ports
from isolated_ports.watch import Watcher

OK, DIFFERENT, FAILED = 0, 1, 2


def main(arguments: Optional[List[str]] = None) -> int:
    """Exit code: 0 as wanted, 1 on a difference, 2 where nothing could be done."""
    options = _parser().parse_args(arguments)
    host = Host()
    try:
        code = options.run(options, host)  # type: int
    except (OSError, ValueError) as e:
        log('%s.' % str(e).rstrip('.'))
        return FAILED
    _flush()
    return code


def _say(text: str) -> None:
    """A line on standard output. A reader that has gone, as `head` does, is no failure."""
    try:
        print(text)
    except BrokenPipeError:
        _forget_reader()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_reader()


def _forget_reader() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='isolated-ports-host',
        description='Keeps the bridge ports of isolated vNICs isolated on this host.')
    parser.add_argument('--version', action='version', version=VERSION)
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True

    status = commands.add_parser('status', help='every managed port as it is in the kernel; exit '
                                                '1 where one is not as it should be, or the '
                                                'watch or the list is not')
    status.add_argument('--json', action='store_true', help='one JSON object')
    status.set_defaults(run=_status)

    repair = commands.add_parser('repair', help='isolate every port that should be')
    repair.add_argument('--release', action='store_true',
                        help='also open ports that are isolated for no reason known')
    repair.set_defaults(run=_repair)

    watch = commands.add_parser('watch', help='follow the kernel and libvirt, and repair at once')
    watch.set_defaults(run=_watch)

    asking = commands.add_parser('fetch', help='ask the server for rulesets, and tell it what is '
                                               'in force here; as user vdsm')
    asking.set_defaults(run=lambda options, host: fetch.run(host))

    networks = commands.add_parser('networks', help='the list of isolated bridges')
    actions = networks.add_subparsers(dest='action', metavar='ACTION')
    actions.required = True
    set_ = actions.add_parser('set', help='put a new list in force')
    set_.add_argument('--json', metavar='FILE', required=True,
                      help='{"version": 1, "networks": [{"bridge", "network", "name"}]}; - is '
                           'standard input')
    set_.set_defaults(run=_networks_set)
    show = actions.add_parser('show', help='the list in force; exit 1 where it is damaged or lost')
    show.add_argument('--json', action='store_true', help='one JSON object')
    show.set_defaults(run=_networks_show)
    return parser


def _status(options: Any, host: Host) -> int:
    networks = host.networks()
    with _ports() as ports:
        libvirt = Libvirt(host)
        rows = compare.compare(host, networks, ports, libvirt, _roles(host))
    document = compare.status_document(host, networks, rows, libvirt.silent)
    document['ruleset'] = fetch.ruleset_document(host)
    if options.json:
        _say(json.dumps(document, sort_keys=True))
    else:
        _print_status(document)
    return OK if document['watch'] and not document['differences'] and not networks.broken \
        and not document['ruleset']['error'] else DIFFERENT


def _roles(host: Host) -> Dict[str, Tuple[str, str]]:
    """Only a watch that answers holds ports to their roles."""
    return report.ports_in(report.read(host)) if control.watcher(host) else {}


def _print_status(document: Any) -> None:
    _say('isolated-ports %s, libvirt %s, kernel %s, watch %s' % (
        document['version'], document['libvirt'] or 'not found', document['kernel'],
        'runs (process %d)' % document['watch'] if document['watch'] else 'DOES NOT ANSWER'))
    _say('nftables on bridges: %s' % ' '.join(
        '%s=%s' % ability for ability in document['abilities'].items()))
    if document['libvirtd']:
        _say('%s; its status files were read in its place' % document['libvirtd'])
    if not document['watch']:
        _say('without it a port that opens stays open, and the scheduler keeps VMs with isolated '
             'vNICs off this host; run: systemctl restart isolated-ports-host')
    known = document['list']
    _say('list of isolated bridges: %s%s%s' % (
        known['state'], ', ' + known['why'] if known['why'] else '',
        ', ' + ' '.join(sorted(known['bridges'])) if known['bridges'] else ''))
    if known['state'] in ('lost', 'damaged'):
        _say('what is on %s stays isolated, and no VM starts there; %s' % (
            ' '.join(sorted(known['remembered'])) or 'the bridges that were on it', REMEDY))
    for line in fetch.sentences(document['ruleset']):
        _say(line)
    for port in document['ports']:
        _say('%s %-12s %-12s %-17s wanted %-8s observed %-8s %s%s' % (
            '!' if port['difference'] else ' ', port['port'] or '-', port['bridge'] or '-',
            port['mac'], port['wanted'], port['observed'], port['vm'] or '-',
            ' (%s)' % port['note'] if port['note'] else ''))
    _say('%d ports, %d not as wanted' % (len(document['ports']), document['differences']))


def _repair(options: Any, host: Host) -> int:
    networks = host.networks()
    libvirt = Libvirt(host)
    with _ports() as ports:
        rows = compare.compare(host, networks, ports, libvirt, _roles(host))
        for line in compare.repair(rows, ports, options.release):
            _say(line)
        rows = compare.compare(host, networks, ports, libvirt, _roles(host))
    left = [row for row in rows if row.difference]
    for row in left:
        _say('NIC %s of VM %s on bridge %s stays as it is: wanted %s, observed %s%s' % (
            row.mac, row.nic.vm if row.nic else '(unknown)', row.bridge, row.wanted, row.observed,
            '; ' + row.note if row.note else ''))
    return DIFFERENT if left else OK


def _watch(options: Any, host: Host) -> int:
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        lock = control.Lock(host)
    except control.Taken as e:
        raise ValueError(str(e))
    watcher = Watcher(host, Ports(listen=True))
    try:
        watcher.run()
    finally:
        watcher.server.close()
        lock.close()
    return OK


def _stop(*_: Any) -> None:
    raise SystemExit(OK)


def _networks_set(options: Any, host: Host) -> int:
    networks = listing.write_list(listing.read_list_argument(options.json), host)
    log('the list of isolated bridges in force: %s.'
        % (' '.join(sorted(networks.names)) or '(none)'))
    # A running watch takes it over as well; this is for when it does not run.
    with _ports() as ports:
        rows = compare.compare(host, networks, ports, Libvirt(host), _roles(host))
        for line in compare.repair(rows, ports, release=False):
            log(line + '.')
    return OK


def _networks_show(options: Any, host: Host) -> int:
    networks = host.networks()
    if options.json:
        _say(json.dumps(compare.list_document(networks), sort_keys=True))
    else:
        _say('/%s: %s%s' % (NETWORKS, networks.state,
                            ', ' + networks.why if networks.why else ''))
        if networks.broken:
            _say('remembered of it:')
        for bridge, name in sorted(networks.names.items()):
            _say('%s %s' % (bridge, name))
    return DIFFERENT if networks.broken else OK


@contextlib.contextmanager
def _ports() -> Iterator[Ports]:
    ports = Ports()
    try:
        yield ports
    finally:
        ports.close()


if __name__ == '__main__':
    sys.exit(main())
