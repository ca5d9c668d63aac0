# SPDX-License-Identifier: Apache-2.0
"""What systemd is told, by sd_notify(3): that the service is ready, and that it goes on working."""

import os
import socket

from isolated_ports.journal import log


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
