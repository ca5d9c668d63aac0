# SPDX-License-Identifier: Apache-2.0
"""Keeps both tables below the kernel's flag, the one by group and the one by bridge, and the one
for the host's own conversations."""

import threading
from typing import Callable, Iterable

from isolated_ports.floor import Floor
from isolated_ports.floor_bridge import BridgeFloor
from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.learning import Learning
from isolated_ports.own_frames import OwnFrames

# Whatever somebody does to them is noticed within ten seconds.
_LOOK = 4.0


class Barriers:
    """bridges: those of the list. closed: others with rules. tracked: those of either kind while
    the ruleset tracks connections. looked: the tables were looked at once. due: set it when the
    list changes. In a thread of its own, as nft may hang."""

    def __init__(self, host: Host, bridges: Callable[[], Iterable[str]],
                 closed: Callable[[], Iterable[str]] = tuple,
                 tracked: Callable[[], Iterable[str]] = tuple) -> None:
        self.bridges = bridges
        self.closed = closed
        self.tracked = tracked
        self.learning = Learning(host)
        self.looked = False
        self.due = threading.Event()
        self.by_group = Floor(host)
        self.by_bridge = BridgeFloor(host)
        self.failed = ''
        self.failed_by_bridge = ''
        self.own = OwnFrames(host)
        self.failed_own = ''

    def run(self) -> None:
        """Never returns."""
        while True:
            self.keep()
            self.looked = True
            self.due.wait(_LOOK)
            self.due.clear()

    def keep(self) -> None:
        self.learning.keep(set(self.bridges()) | set(self.closed()))
        self._keep_own()
        failed = self.by_group.ensure()
        if failed and failed != self.failed:
            log('the second barrier could not be kept (%s); the kernel flag alone isolates.'
                % failed)
        self.failed = failed
        if failed:
            return  # for the same reason
        failed = self.by_bridge.ensure(self.bridges())
        if failed and failed != self.failed_by_bridge:
            log('the floor by bridge cannot be had on this kernel (%s); each port is put behind '
                'the second barrier by itself, before libvirt moves it.' % failed)
        self.failed_by_bridge = failed

    def _keep_own(self) -> None:
        failed = self.own.ensure(self.tracked())
        if failed and failed != self.failed_own:
            log("what this host itself says to VMs cannot be told from the uplink's (%s); its "
                'answers do not reach VMs whose rules track connections.' % failed)
        self.failed_own = failed
