# SPDX-License-Identifier: Apache-2.0
"""Calls that may never return, with an end to the waiting.

A libvirtd that is stopped or hangs still accepts connections, so a client
waits for good, inside libvirt's C library, where no signal of ours reaches
it. Such a call runs in a thread of its own, and its caller goes on without it.
"""

import threading
import time
from typing import Any, Callable, List


class Late(Exception):
    """The call has not returned yet; what it does when it returns is lost."""


class Patience:
    """One such call at a time: a daemon that hangs ties up one thread, however often it is asked.

    what: whom the calls go to, for messages.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.turn = threading.Lock()
        # When the call under way began; 0 without one.
        self.began = 0.0

    def call(self, function: Callable[[], Any], seconds: float) -> Any:
        """What function returns or raises. Raises Late after so many seconds, and at once where
        an earlier call has been under way for longer than that."""
        end = time.monotonic() + seconds
        began = self.began
        if began and end - began > 2 * seconds:
            raise self._late(time.monotonic() - began)
        if not self.turn.acquire(timeout=seconds):
            raise self._late(seconds)
        self.began = time.monotonic()
        done = threading.Event()
        outcome = []  # type: List[Any]
        failure = []  # type: List[BaseException]

        def run() -> None:
            try:
                outcome.append(function())
            except BaseException as e:
                failure.append(e)
            finally:
                self.began = 0.0
                self.turn.release()
                done.set()

        threading.Thread(target=run, name='ask-' + self.what, daemon=True).start()
        if not done.wait(max(0.0, end - time.monotonic())):
            raise self._late(seconds)
        if failure:
            raise failure[0]
        return outcome[0]

    def _late(self, seconds: float) -> Late:
        return Late('%s has not answered for %.0f s' % (self.what, max(1.0, seconds)))


class Failures:
    """How long to wait before what failed is tried again: each time twice as long."""

    def __init__(self, first: float = 0.5, longest: float = 60.0) -> None:
        self.first = first
        self.longest = longest
        self.none()

    def none(self) -> None:
        """It went well."""
        self.pause = 0.0
        self.until = 0.0

    def one(self) -> None:
        self.pause = min(self.longest, max(self.first, 2 * self.pause))
        self.until = time.monotonic() + self.pause

    def again(self) -> bool:
        return time.monotonic() >= self.until
