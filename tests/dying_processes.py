"""Functions that the tests run in trial processes. The module imports little, because each process imports it again."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

__all__ = ["Dying", "fails"]


class Dying:
    """Loads a source's assets. The process dies at the asset ``kill`` and hangs at ``hang``."""

    def __init__(self, marks: Path, always: bool) -> None:
        self.marks, self.always = marks, always

    def __call__(self) -> object:
        return self.look

    def look(self, asset_id: str) -> str:
        with (self.marks / asset_id).open("a") as file:
            file.write("x")
        if asset_id == "kill" and (self.always or (self.marks / "kill").stat().st_size == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if asset_id == "hang":
            time.sleep(60)
        return asset_id.upper()


def fails(number: int) -> None:
    """Ends its process: by the signal ``number``, or for 0 of its own accord."""
    signal.raise_signal(number) if number else sys.exit()
