#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What rules cost a frame: a bridge that has them against one that has none, turn by turn.

dataplane.py FOLDER COUNT... measures FOLDER/stateless-COUNT.json and what loading them takes;
dataplane.py --stateful FOLDER COUNT... measures stateful-COUNT.json alone, on a kernel that tracks
the connections of bridges. The last line is one JSON object. Everything happens in network
namespaces of its own, which end with it.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List

ROUNDS = 9
RTT_SECONDS = 1
TCP_SECONDS = 2
PORT = 11111
PATIENCE = 600
NFT = '/usr/sbin/nft'
TABLE = ('bridge', 'isolated_ports')


def run(*words: str, **more: Any) -> str:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=PATIENCE, **more)
    if done.returncode:
        raise SystemExit('%s ended with %d: %s' % (' '.join(words), done.returncode,
                                                   done.stdout.strip()[-400:]))
    return done.stdout


def within(namespace: str, *words: str) -> List[str]:
    return ['ip', 'netns', 'exec', namespace] + list(words)


class Host:
    """A bridge and two guests behind it, each in a namespace of its own."""

    def __init__(self, name: str) -> None:
        self.name = '%s-%d' % (name, os.getpid())
        self.guests = [self.name + '-a', self.name + '-b']
        self.servers = []  # type: List[subprocess.Popen[str]]

    def make(self) -> None:
        for namespace in [self.name] + self.guests:
            run('ip', 'netns', 'add', namespace)
        run(*within(self.name, 'ip', 'link', 'add', 'br0', 'type', 'bridge'))
        run(*within(self.name, 'ip', 'link', 'set', 'br0', 'up'))
        for number, guest in enumerate(self.guests):
            port = 'vnet%d' % number
            run(*within(self.name, 'ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name',
                        'eth0', 'netns', guest))
            run(*within(self.name, 'ip', 'link', 'set', port, 'master', 'br0'))
            run(*within(self.name, 'ip', 'link', 'set', port, 'up'))
            run(*within(guest, 'ip', 'link', 'set', 'eth0', 'address',
                        '52:54:00:00:00:0%d' % (number + 2)))
            run(*within(guest, 'ip', 'address', 'add', '10.0.0.%d/8' % (number + 2),
                        'dev', 'eth0'))
            run(*within(guest, 'ip', 'link', 'set', 'eth0', 'up'))
        for words in (['sockperf', 'server', '-i', '10.0.0.3', '-p', str(PORT)],
                      ['iperf3', '-s', '-B', '10.0.0.3']):
            self.servers.append(subprocess.Popen(
                within(self.guests[1], *words), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, universal_newlines=True))
        end = time.monotonic() + PATIENCE
        while subprocess.run(within(self.guests[0], 'iperf3', '-c', '10.0.0.3', '-t', '1'),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if time.monotonic() > end:
                raise SystemExit('iperf3 does not answer over a bridge without rules')
            time.sleep(0.2)

    def load(self, path: str) -> None:
        run(*within(self.name, NFT, '-j', '-f', path))

    def clear(self) -> None:
        run(*within(self.name, NFT, 'flush', 'ruleset'))

    def end(self) -> None:
        for server in self.servers:
            server.kill()
            server.wait()
        for namespace in self.guests + [self.name]:
            subprocess.run(['ip', 'netns', 'del', namespace], stderr=subprocess.DEVNULL)

    def round_trip(self) -> float:
        """Microseconds, the median of as many as fit into the time."""
        said = run(*within(self.guests[0], 'sockperf', 'ping-pong', '-i', '10.0.0.3', '-p',
                           str(PORT), '-t', str(RTT_SECONDS), '--full-rtt'))
        found = re.search(r'percentile 50.000 = +([0-9.]+)', said)
        if not found:
            raise SystemExit('sockperf does not say how long it took: ' + said[-400:])
        return float(found.group(1))

    def tcp(self) -> float:
        """Bits a second."""
        said = json.loads(run(*within(self.guests[0], 'iperf3', '-c', '10.0.0.3', '-J', '-t',
                                      str(TCP_SECONDS))))
        return float(said['end']['sum_received']['bits_per_second'])


def ratio(bare: Host, ruled: Host, measure: Callable[[Host], float]) -> float:
    """The median of what each pair of runs came to, the order turned each time."""
    found = []
    for number in range(ROUNDS):
        pair = [bare, ruled] if number % 2 else [ruled, bare]
        values = {host.name: measure(host) for host in pair}
        found.append(values[ruled.name] / values[bare.name])
    return round(statistics.median(found), 3)


def seconds(host: Host, path: str) -> float:
    start = time.monotonic()
    host.load(path)
    return time.monotonic() - start


def anew(path: str) -> str:
    """The same ruleset, in place of the one that is there."""
    with open(path) as stream:
        commands = json.load(stream)['nftables']
    table = {'table': dict(zip(('family', 'name'), TABLE))}
    whole = [{'add': table}, {'delete': table}] + commands
    with open(path + '.anew', 'w') as stream:
        json.dump({'nftables': whole}, stream)
    return path + '.anew'


def stateless(bare: Host, ruled: Host, folder: str, counts: List[int]) -> Dict[str, Any]:
    figures = {'rules': counts, 'rtt_ratio': [], 'tcp_ratio': []}  # type: Dict[str, Any]
    for count in counts:
        path = os.path.join(folder, 'stateless-%d.json' % count)
        ruled.load(path)
        figures['rtt_ratio'].append(ratio(bare, ruled, Host.round_trip))
        figures['tcp_ratio'].append(ratio(bare, ruled, Host.tcp))
        again = anew(path)
        taken = [seconds(ruled, again) for _ in range(5)]
        if count == 10000:
            figures['reload_10k_s'] = round(statistics.median(taken), 3)
        if count == 100000:
            figures['one_rule_100k_loaded_ms'] = round(1000 * seconds(
                ruled, os.path.join(folder, 'one-more-%d.json' % count)), 1)
        ruled.clear()
        sys.stderr.write('%d rules: %s\n' % (count, figures))
    return figures


def stateful(bare: Host, ruled: Host, folder: str, counts: List[int]) -> Dict[str, Any]:
    figures = {'stateful_rules': counts, 'stateful_rtt_ratio': []}  # type: Dict[str, Any]
    for count in counts:
        ruled.load(os.path.join(folder, 'stateful-%d.json' % count))
        figures['stateful_rtt_ratio'].append(ratio(bare, ruled, Host.round_trip))
        ruled.clear()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--stateful', action='store_true')
    parser.add_argument('folder')
    parser.add_argument('counts', type=int, nargs='+')
    given = parser.parse_args()
    bare, ruled = Host('bare'), Host('ruled')
    try:
        bare.make()
        ruled.make()
        measure = stateful if given.stateful else stateless
        print(json.dumps(measure(bare, ruled, given.folder, given.counts)))
    finally:
        ruled.end()
        bare.end()


if __name__ == '__main__':
    main()
