"""Calls the Hub with deadlines and retries.

Calls run in a separate process, because a call of the client can hang for ever (an upload with an invalid token hangs
in native code that no thread can stop), and a process can be killed.
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
from viewpoint100k.publish.comparison import HubState, LocalFile
from viewpoint100k.publish.hub_calls import Fault, serve

__all__ = ["Hub", "PublishError", "RetryPolicy", "TryAgainError"]

_START_S = 120.0
"""Seconds that the process may take to import the Hub's client."""


@dataclass(frozen=True)
class RetryPolicy:
    """Deadlines and retries of calls to the Hub."""

    call_s: float = 120.0
    """Seconds that one call may take."""
    slowest_bytes_per_s: float = 100_000.0
    """Smallest upload rate: an upload gets more time by its size."""
    attempts: int = 6
    """Largest number of attempts of one call."""
    first_wait_s: float = 1.0
    """Seconds before the second attempt; doubles for each further attempt, or as long as the Hub asks for."""
    longest_wait_s: float = 60.0

    def wait_s(self, attempt: int, asked_s: float = 0.0) -> float:
        """Seconds to wait after the failed ``attempt``, counted from 1."""
        return min(max(self.first_wait_s * 2.0 ** (attempt - 1), asked_s), self.longest_wait_s)


class PublishError(ViewpointError):
    """The Hub refused to publish the data set, or could not be reached."""


class TryAgainError(PublishError):
    """A commit failed, or its answer was lost. The caller must check whether it was applied before it tries again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Hub:
    """A data set repository on the Hub. The first call starts a process; close the object after use."""

    def __init__(self, repo: str, retries: RetryPolicy, say: Callable[[str], None]) -> None:
        """``say`` is called with one sentence for every failed attempt."""
        self.repo = repo
        self.retries = retries
        self._say = say
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def user(self) -> str:
        """Name of the token's user."""
        name: str = self._repeatedly("user", "asking who the token belongs to")
        return name

    def look(self) -> HubState | None:
        """The current state of the repository at one commit; None if it does not exist."""
        state: HubState | None = self._repeatedly("look", "listing the repository")
        return state

    def create(self) -> None:
        """Creates a private repository unless it exists."""
        self._repeatedly("create", "creating the repository")

    def upload(self, files: Sequence[LocalFile]) -> None:
        """Uploads contents to large file storage; a later `commit` gives them their paths."""
        size = sum(file.size for file in files)
        self._repeatedly("upload", f"uploading {files[0].path}", [_parcel(file) for file in files], size=size)

    def commit(self, files: Sequence[LocalFile], remove: Sequence[str], parent: str, message: str) -> None:
        """Makes one commit on top of ``parent``. Raises ``TryAgainError`` if the outcome is unknown."""
        size = sum(file.size for file in files)
        parcels = [_parcel(file) for file in files]
        answer = self._once("commit", (parcels, list(remove), parent, message), size)
        if isinstance(answer, Fault):
            self._raise_unless_passing("committing", answer)
            raise TryAgainError(answer)

    def tag(self, name: str, commit: str) -> None:
        self._repeatedly("tag", f"tagging {name}", name, commit)

    def make_public(self) -> None:
        self._repeatedly("make_public", "making the repository public")

    def close(self) -> None:
        """Ends the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def pause(self, doing: str, fault: Fault, attempt: int) -> None:
        """Waits before the next attempt. Raises ``PublishError`` after the last attempt."""
        if attempt >= self.retries.attempts:
            raise PublishError(
                f"{doing} of {self.repo} failed {attempt} times, at last with {fault.message}: "
                "run the same command again, and it continues where this one ended"
            )
        wait_s = self.retries.wait_s(attempt, fault.wait_s)
        self._say(f"{doing} failed ({fault.message}); trying again in {wait_s:.0f} s")
        time.sleep(wait_s)

    def _repeatedly(self, method: str, doing: str, *arguments: Any, size: int = 0) -> Any:
        """Repeats a call until it succeeds; only for calls that may run twice without harm."""
        attempt = 1
        while isinstance(answer := self._once(method, arguments, size), Fault):
            self._raise_unless_passing(doing, answer)
            self.pause(doing, answer, attempt)
            attempt += 1
        return answer

    def _once(self, method: str, arguments: tuple[Any, ...], size: int) -> Any:
        """Makes one call; returns its result or a `Fault`. Kills the process if it does not answer in time."""
        connection = self._started()
        deadline_s = self.retries.call_s + size / self.retries.slowest_bytes_per_s
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
