"""The Hub, asked with patience: every call has a deadline, and is made again where that may help.

Calls run in a process of their own. A client's call can hang for ever (an upload whose token keeps failing does, in
native code that no thread can stop), and a process can be ended from outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from viewpoint100k.errors import ViewpointError
from viewpoint100k.publish.comparison import FarState, LocalFile
from viewpoint100k.publish.hub_calls import Fault, serve

__all__ = ["Hub", "Patience", "PublishError", "TryAgainError"]

_START_S = 120.0
"""For the process to import the Hub's client."""


@dataclass(frozen=True)
class Patience:
    """How long the Hub is waited for."""

    call_s: float = 120.0
    """Seconds that one call may take."""
    slowest_bytes_per_s: float = 100_000.0
    """An upload gets this much more time, by its size."""
    attempts: int = 6
    """Times that a call is made before it is given up."""
    first_wait_s: float = 1.0
    """Before the second attempt; twice as long before each one after that, or as long as the Hub asks for."""
    longest_wait_s: float = 60.0

    def wait_s(self, attempt: int, asked_s: float = 0.0) -> float:
        """Seconds to wait after the failed ``attempt``, counted from 1."""
        return min(max(self.first_wait_s * 2.0 ** (attempt - 1), asked_s), self.longest_wait_s)


class PublishError(ViewpointError):
    """The Hub, or the way to it, does not let a data set be published."""


class TryAgainError(PublishError):
    """A commit that failed, or whose answer was lost: whether it was applied must be looked up before another try."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Hub:
    """A data set repository, behind a process that is started at the first call. Close it after use."""

    def __init__(self, repo: str, patience: Patience, say: Callable[[str], None]) -> None:
        """``say`` is told, in one sentence, of every attempt that failed."""
        self.repo = repo
        self.patience = patience
        self._say = say
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def user(self) -> str:
        """Who the token belongs to."""
        name: str = self._patiently("user", "asking who the token belongs to")
        return name

    def look(self) -> FarState | None:
        """The repository as it is now, all of one commit; None where there is none."""
        state: FarState | None = self._patiently("look", "listing the repository")
        return state

    def create(self) -> None:
        """Makes the repository, private, unless it exists."""
        self._patiently("create", "creating the repository")

    def upload(self, files: Sequence[LocalFile]) -> None:
        """Brings contents into large storage; a later `commit` gives them their names."""
        size = sum(file.size for file in files)
        self._patiently("upload", f"uploading {files[0].path}", [_parcel(file) for file in files], size=size)

    def commit(self, files: Sequence[LocalFile], remove: Sequence[str], parent: str, message: str) -> None:
        """One commit on top of ``parent``. Raises ``TryAgainError`` where it may, or may not, have been applied."""
        size = sum(file.size for file in files)
        parcels = [_parcel(file) for file in files]
        answer = self._once("commit", (parcels, list(remove), parent, message), size)
        if isinstance(answer, Fault):
            self._raise_unless_passing("committing", answer)
            raise TryAgainError(answer)

    def tag(self, name: str, commit: str) -> None:
        self._patiently("tag", f"tagging {name}", name, commit)

    def make_public(self) -> None:
        self._patiently("make_public", "making the repository public")

    def close(self) -> None:
        """Ends the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def pause(self, doing: str, fault: Fault, attempt: int) -> None:
        """Waits before the next attempt. Raises ``PublishError`` where there have been enough."""
        if attempt >= self.patience.attempts:
            raise PublishError(
                f"{doing} of {self.repo} failed {attempt} times, at last with {fault.message}: "
                "run the same command again, and it continues where this one ended"
            )
        wait_s = self.patience.wait_s(attempt, fault.wait_s)
        self._say(f"{doing} failed ({fault.message}); again in {wait_s:.0f} s")
        time.sleep(wait_s)

    def _patiently(self, method: str, doing: str, *arguments: Any, size: int = 0) -> Any:
        """Makes a call that may be made twice without harm until it is answered."""
        attempt = 1
        while isinstance(answer := self._once(method, arguments, size), Fault):
            self._raise_unless_passing(doing, answer)
            self.pause(doing, answer, attempt)
            attempt += 1
        return answer

    def _once(self, method: str, arguments: tuple[Any, ...], size: int) -> Any:
        """One call: its result or a `Fault`. A process that does not answer in time is ended."""
        connection = self._started()
        deadline_s = self.patience.call_s + size / self.patience.slowest_bytes_per_s
        try:
            connection.send((method, arguments))
            if connection.poll(deadline_s):
                return connection.recv()
            self.close()
            return Fault("passing", f"no answer within {deadline_s:.0f} s")
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.close()
            return Fault("passing", "the process that talks to the Hub died")
        except BaseException:
            self.close()
            raise

    def _started(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._connection is None:
            self.close()
            context = get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, self.repo), daemon=True)
            self._process.start()
            theirs.close()
            self._connection.send(("ready", ()))
            if not self._connection.poll(_START_S):
                self.close()
                raise PublishError(f"the process that talks to the Hub did not start within {_START_S:.0f} s")
            if isinstance(fault := self._connection.recv(), Fault):
                raise PublishError(f"the Hub's client cannot be used ({fault.message})")
        return self._connection

    def _raise_unless_passing(self, doing: str, fault: Fault) -> None:
        match fault.kind:
            case "passing":
                return
            case "token":
                way_out = "run  hf auth login,  or set HF_TOKEN, and then the same command again"
                raise PublishError(f"the Hub does not accept the token ({fault.message}): {way_out}")
            case "refused":
                way_out = f"use a token that may write to it; is {self.repo} yours?"
                raise PublishError(f"{doing} of {self.repo} was refused ({fault.message}): {way_out}")
        raise PublishError(f"{doing} of {self.repo} failed ({fault.message})")


def _parcel(file: LocalFile) -> tuple[str, str, Any]:
    return file.path, file.sha256, file.content
