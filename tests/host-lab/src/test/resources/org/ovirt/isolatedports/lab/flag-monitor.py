# SPDX-License-Identifier: Apache-2.0
"""How long VM ports of one bridge forward without being isolated, as the kernel tells it.

flag-monitor.py BRIDGE RESULT: follows the bridge's ports (vnet*) over rtnetlink, on its own code and
not the product's; at SIGTERM it writes {"max_ms", "intervals", "lost"} to RESULT.
"""

import errno
import json
import os
import signal
import socket
import struct
import sys
import time

FORWARDING = 3


def attributes(data, at, end):
    while at + 4 <= end:
        length, kind = struct.unpack_from('=HH', data, at)
        if length < 4:
            return
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (length + 3) & ~3


def main():
    bridge, result = sys.argv[1:]
    with open('/sys/class/net/%s/ifindex' % bridge) as stream:
        master = int(stream.read())
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    link.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    link.bind((0, 1))
    open_since, took, lost = {}, [], 0

    def stop(*_):
        took.extend(time.monotonic() - since for since in open_since.values())
        with open(result + '.new', 'w') as stream:
            json.dump({'max_ms': round(max(took, default=0) * 1000, 2), 'intervals': len(took),
                       'lost': lost}, stream)
        os.rename(result + '.new', result)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    with open(result + '.pid', 'w') as stream:
        stream.write(str(os.getpid()))
    while True:
        try:
            data = link.recv(1 << 18)
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
            lost += 1
            continue
        now, at = time.monotonic(), 0
        while at + 16 <= len(data):
            length, kind = struct.unpack_from('=IH', data, at)
            if length < 16:
                break
            if kind in (16, 17) and data[at + 16] == 7:  # RTM_NEWLINK, RTM_DELLINK; AF_BRIDGE
                index = struct.unpack_from('=i', data, at + 20)[0]
                name, on, state, isolated = b'', 0, 0, 1
                for number, value in attributes(data, at + 32, at + length):
                    if number == 3:
                        name = value.rstrip(b'\0')
                    elif number == 10:
                        on = struct.unpack('=I', value)[0]
                    elif number == 12:
                        inner = dict(attributes(value, 0, len(value)))
                        state = inner.get(1, b'\0')[0]
                        isolated = inner.get(33, b'\1')[0]
                if (kind == 16 and on == master and name.startswith(b'vnet')
                        and state == FORWARDING and not isolated):
                    open_since.setdefault(index, now)
                elif index in open_since:
                    took.append(now - open_since.pop(index))
            at += (length + 3) & ~3


main()
