"""Single requests to the Hub, without retries. They run in a separate process.

`viewpoint100k.publish.hub` starts that process and kills it when a call takes too long.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

from viewpoint100k.publish.comparison import HubFile, HubState

__all__ = ["Fault", "HubCalls", "serve"]

_MAIN = "main"
_PASSING = (408, 409, 412, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
"""HTTP statuses after which a request is repeated; after 409 and 412 the repository is read again first."""
_SECRETS = (
    (re.compile(r"hf_\w+"), "hf_…"),
    (re.compile(r"(?<=://)[^/@\s]+@"), ""),
    (re.compile(r"\?\S+"), ""),  # The query of an upload address contains a signature.
)


@dataclass(frozen=True)
class Fault:
    """Why a call failed, without secrets."""

    kind: Literal["passing", "refused", "token", "wrong"]
    """``passing``: try again. ``refused``: no permission. ``token``: missing or not valid."""
    message: str
    wait_s: float = 0.0
    """Seconds that the Hub asks to wait."""


class HubCalls:
    """One data set repository on the Hub."""

    def __init__(self, repo: str) -> None:
        from huggingface_hub import HfApi
        from huggingface_hub.utils import logging as hub_logging
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        hub_logging.set_verbosity(logging.CRITICAL)  # This project reports retries itself.
        self._api = HfApi(library_name="viewpoint100k")
        self._at: dict[str, Any] = {"repo_id": repo, "repo_type": "dataset"}
        self._operations: dict[tuple[str, str], Any] = {}
        """Additions by path and digest, so that each file is hashed and uploaded once."""

    def ready(self) -> bool:
        """True if the client works; makes no request."""
        return True

    def user(self) -> str:
        """Name of the token's user."""
        return str(self._api.whoami()["name"])

    def look(self) -> HubState | None:
        """The current state of the repository; None if the token cannot see one."""
        from huggingface_hub.errors import RepositoryNotFoundError
        from huggingface_hub.hf_api import RepoFile

        try:
            info = self._api.repo_info(**self._at, revision=_MAIN)
        except RepositoryNotFoundError as error:
            if error.response is not None and error.response.status_code == 401:
                raise  # The Hub gives the same answer to an invalid token.
            return None
        tree = self._api.list_repo_tree(**self._at, revision=info.sha, recursive=True)
        files = [
            HubFile(one.path, one.size, one.blob_id, one.lfs.sha256 if one.lfs else None)
            for one in tree
            if isinstance(one, RepoFile)
        ]
        refs = self._api.list_repo_refs(**self._at)
        tags = {tag.name: tag.target_commit for tag in refs.tags}
        return HubState(str(info.sha), bool(info.private), {file.path: file for file in files}, tags)

    def create(self) -> None:
        """Creates a private repository; does not change an existing one."""
        self._api.create_repo(**self._at, private=True, exist_ok=True)

    def upload(self, files: Sequence[tuple[str, str, Path | bytes]]) -> None:
        """Uploads contents (path, sha256, content) to large file storage, except those that it already has."""
        self._api.preupload_lfs_files(
            **self._at, additions=list(self._additions(files)), revision=_MAIN, free_memory=False
        )

    def commit(
        self, files: Sequence[tuple[str, str, Path | bytes]], remove: Sequence[str], parent: str, message: str
    ) -> None:
        """Makes one commit on top of ``parent``. The Hub refuses it if ``parent`` is no longer the head."""
        from huggingface_hub import CommitOperationDelete

        self._api.create_commit(
            **self._at,
            operations=[*self._additions(files), *(CommitOperationDelete(path) for path in remove)],
            commit_message=message,
            revision=_MAIN,
            parent_commit=parent,
        )
        self._operations.clear()

    def tag(self, name: str, commit: str) -> None:
        """Tags a commit; does not change an existing tag."""
        self._api.create_tag(**self._at, tag=name, revision=commit, exist_ok=True)

    def make_public(self) -> None:
        self._api.update_repo_settings(**self._at, private=False)

    def _additions(self, files: Sequence[tuple[str, str, Path | bytes]]) -> Iterator[Any]:
        from huggingface_hub import CommitOperationAdd

        for path, sha256, content in files:
            if (path, sha256) not in self._operations:
                self._operations[path, sha256] = CommitOperationAdd(path, content)
            yield self._operations[path, sha256]


def serve(connection: Connection, repo: str) -> None:
    """Answers each (method, arguments) with the result or a `Fault` until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent handles Ctrl-C and then ends this process.
    threading.Thread(target=_die_with_parent, daemon=True).start()
    calls: HubCalls | None = None
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            calls = calls or HubCalls(repo)
            answer = getattr(calls, method)(*arguments)
        except Exception as error:
            answer = fault_of(error)
        try:
            connection.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            return


def _die_with_parent() -> None:
    """Makes the kernel end this process when its parent dies."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def fault_of(error: BaseException) -> Fault:
    """The `Fault` that an error of the Hub's client means."""
    from huggingface_hub.errors import LocalTokenNotFoundError

    chain = list(_causes(error))
    responses: list[Any] = [getattr(one, "response", None) for one in chain]
    response = next((one for one in responses if one is not None), None)
    if any(isinstance(one, LocalTokenNotFoundError) for one in chain):
        return Fault("token", "there is no token")
    if response is None:
        return Fault(*_without_answer(chain))
    status, said = response.status_code, response.headers.get("X-Error-Message") or _first_line(error)
    message = _clean(f"{status}: {said}")
    if status == 401:
        return Fault("token", message)
    if status in _PASSING:
        stated = response.headers.get("Retry-After", "")
        return Fault("passing", message, float(stated) if stated.isdigit() else 0.0)
    return Fault("refused" if status in (402, 403) else "wrong", message)


def _without_answer(chain: Sequence[BaseException]) -> tuple[Literal["passing", "wrong"], str]:
    """The kind and message of an error without a response, usually a broken connection."""
    root = chain[-1]
    if any(isinstance(one, AssertionError | TypeError | AttributeError | ImportError) for one in chain):
        last = traceback.extract_tb(root.__traceback__)[-1]
        return "wrong", _clean(f"{type(root).__name__}: {_first_line(root)} ({Path(last.filename).name}:{last.lineno})")
    return "passing", _clean(f"{type(root).__name__}: {_first_line(root)}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _clean(text: str) -> str:
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text[:300]
