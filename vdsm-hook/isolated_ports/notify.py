# SPDX-License-Identifier: Apache-2.0
"""What systemd is told, by sd_notify(3): that the service is ready, and that it goes on working."""

import os
import socket
import time

from isolated_ports.journal import log

# VMs wait for the second barrier so long, and no longer: nft may hang.
_FLOOR_AT_START = 5.0
# All that the asking thread does has an end; after this time something is
# wrong with it, and systemd starts the service anew.
_ASKING_HANGS = 60.0


def notify(state: str) -> None:
    """state: as READY=1 or WATCHDOG=1. Does nothing where systemd did not start us."""
    address = os.environ.get('NOTIFY_SOCKET', '')
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        # A systemd that does not read must not hold up the watch.
        telling.setblocking(False)
        try:
            telling.connect('\0' + address[1:] if address.startswith('@') else address)
            telling.send(state.encode())
        except OSError as e:
            log('systemd could not be told %s (%s).' % (state, e.strerror))


def watchdog_seconds() -> float:
    """How often systemd wants to hear of us, 0 where it does not care (sd_watchdog_enabled(3))."""
    if os.environ.get('WATCHDOG_PID', '') not in ('', str(os.getpid())):
        return 0.0
    text = os.environ.get('WATCHDOG_USEC', '')
    return int(text) / 1e6 if text.isdigit() else 0.0


class Pulse:
    """Tells systemd that the watch is ready, and that it goes on, while both threads do."""

    def __init__(self) -> None:
        self.started = self.asked = self.told = time.monotonic()
        self.ready = False
        self.floored = False
        self.every = watchdog_seconds() / 3

    def beat(self) -> None:
        now = time.monotonic()
        if not self.ready and (self.floored or now - self.started > _FLOOR_AT_START):
            self.ready = True
            notify('READY=1')
        if self.every and now - self.told >= self.every and now - self.asked < _ASKING_HANGS:
            self.told = now
            notify('WATCHDOG=1')
