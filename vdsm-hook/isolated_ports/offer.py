# SPDX-License-Identifier: Apache-2.0
"""What the unprivileged process that asks the server has laid down for the service.

Its folder belongs to user vdsm, so nothing in it is to be trusted: a file is
opened without following links or waiting for a pipe's other end, and what is
read of it is checked as if the network had sent it.
"""

import os
import stat
from typing import Optional, Tuple

from isolated_ports.host import Host

FOLDER = 'run/isolated-ports-fetch'
RULESET = FOLDER + '/ruleset.json'
# What it has to say for `status`.
STATE = FOLDER + '/state.json'
# On the service's socket: there is something new. It looks each second in any case.
VERB = 'offered'


class Offer:
    """The last file that was taken is not taken again."""

    def __init__(self, host: Host) -> None:
        self.path = host.path(RULESET)
        self.seen = ()  # type: Tuple[int, ...]

    def next(self) -> Optional[int]:
        """An open file, where there is a new one; the caller closes it."""
        try:
            if _identity(os.lstat(self.path)) == self.seen:
                return None
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or _identity(found) == self.seen:
            os.close(handle)
            return None
        self.seen = _identity(found)
        return handle


def _identity(found: os.stat_result) -> Tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
