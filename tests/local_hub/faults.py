"""Faults of the local Hub, on demand."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Fault", "Moment"]


@dataclass
class Fault:
    """A fault for the next ``times`` requests of a route, after ``skip`` requests without a fault."""

    route: str
    """See `local_hub.routes.ROUTES`."""
    kind: Literal["status", "reset", "lose_answer", "hang", "expire"] = "status"
    """``status``: refused. ``reset``: the connection breaks in the middle of the request's body. ``lose_answer``: what
    was asked is done, and the connection breaks. ``hang``: no answer, ever. ``expire``: tokens are no longer valid."""
    times: int = 1
    skip: int = 0
    status: int = 503
    after: int = 1000
    """Bytes of the body that the server reads before a reset."""
    met: int = 0
    """How often the fault has occurred."""

    def strikes(self, route: str) -> bool:
        """True if the fault applies to a request of this route. Counts the request."""
        if route != self.route or self.met == self.times:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.met += 1
        return True


@dataclass
class Moment:
    """A request that waits, so that a test can act meanwhile."""

    route: str
    when: Literal["before", "after"]
    """Before or after what was asked is done."""
    skip: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def wait_for_test(self, route: str, when: str) -> None:
        if route != self.route or when != self.when or self.reached.is_set():
            return
        if self.skip:
            self.skip -= 1
            return
        self.reached.set()
        self.go_on.wait(60)
