"""Publishes a finished data set folder to the Hugging Face Hub and verifies the result.

The publisher uploads contents first. One commit then gives them their paths and removes old files. The publisher
compares every digest in the repository with the local files. Only if all are equal does it commit the card, set the
tag, and make the repository public. If a run ends early, the same command continues it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from viewpoint100k import __version__
from viewpoint100k.errors import UsageError
from viewpoint100k.publish.comparison import Difference, HubState, LocalFile, compare
from viewpoint100k.publish.hub import Hub, PublishError, RetryPolicy, TryAgainError
from viewpoint100k.publish.hub_calls import Fault
from viewpoint100k.publish.preparation import CARD, Choices, Prepared, prepare
from viewpoint100k.runtime.progress import Progress

__all__ = ["Choices", "PublishError", "Published", "RetryPolicy", "publish"]

_BATCH_BYTES, _BATCH_FILES = 256 * 1024**2, 16
"""Largest size and number of files of one upload call. A failed call is repeated as a whole."""
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]{0,95}")
_TAG = re.compile(r"[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True)
class Published:
    """The result of publishing, or with ``dry_run`` what would be done."""

    repo: str
    url: str
    rows: int
    difference: Difference
    """The difference at the start."""
    head: str | None
    """The final commit; None for a dry run."""
    private: bool


def publish(
    folder: Path,
    repo: str,
    choices: Choices | None = None,
    *,
    public: bool = False,
    tag: str | None = None,
    dry_run: bool = False,
    retries: RetryPolicy | None = None,
    say: Callable[[str], None] = print,
) -> Published:
    """Makes the Hub's data set ``repo`` (``user/name``) equal to ``folder``. A new repository is private.

    Args:
        public: make the repository public after all files were compared.
        tag: name of the commit, such as ``v1.0``. A tag that names another state is refused.
        say: called with lines about the plan and about failed attempts.

    Raises ``UsageError`` and ``DataError`` before the repository is changed, and ``PublishError`` if the Hub refuses or
    does not answer; a later call continues.
    """
    if not _REPO.fullmatch(repo):
        raise UsageError(f"{repo!r} is not the name of a repository: give user/name, such as user/viewpoint-100k")
    if tag is not None and not _TAG.fullmatch(tag):
        raise UsageError(f"{tag!r} is not the name of a tag: give one such as v1.0")
    with _only_one(folder), closing(Hub(repo, retries or RetryPolicy(), say)) as hub:
        prepared = prepare(folder, repo, choices or Choices(), say)
        user = hub.user()
        before = hub.look()
        difference = compare((*prepared.data, prepared.card), before)
        _check_tag(tag, before, difference)
        for line in _announcement(user, repo, prepared, before, difference, public, tag):
            say(line)
        url = f"{os.environ.get('HF_ENDPOINT', 'https://huggingface.co')}/datasets/{repo}"
        if dry_run:
            private = not public if before is None else before.private and not public
            return Published(repo, url, prepared.rows, difference, None, private)
        after = _make_equal(hub, prepared, before or _created(hub))
        if tag is not None and tag not in after.tags:
            hub.tag(tag, after.head)
        if public and after.private:
            hub.make_public()
        return Published(repo, url, prepared.rows, difference, after.head, after.private and not public)


def _created(hub: Hub) -> HubState:
    hub.create()
    state = hub.look()
    if state is None:
        raise PublishError(f"{hub.repo} exists, and the token may not see it: use a token that may write to it")
    return state


def _make_equal(hub: Hub, prepared: Prepared, state: HubState) -> HubState:
    """Uploads everything except the card, then the card."""
    difference = compare(prepared.data, state, apart=[CARD])
    size = sum(file.size for file in difference.upload)
    with Progress("uploading", "kB", total=size // 1000) as progress:
        uploaded: set[str] = set()

        def on_upload(files: Sequence[LocalFile]) -> None:
            new = [file for file in files if file.sha256 not in uploaded]
            uploaded.update(file.sha256 for file in new)
            progress.advance(sum(file.size for file in new) // 1000)

        message = f"Data of {prepared.rows:,} rows, by viewpoint100k {__version__}"
        state = _settle(hub, prepared.data, state, message, on_upload, apart=[CARD])
    everything = (*prepared.data, prepared.card)
    return _settle(hub, everything, state, f"Card, by viewpoint100k {__version__}", lambda files: None)


def _settle(
    hub: Hub,
    files: Sequence[LocalFile],
    state: HubState,
    message: str,
    on_upload: Callable[[Sequence[LocalFile]], None],
    apart: Sequence[str] = (),
) -> HubState:
    """Uploads, commits and compares until every digest is equal; returns the state of the repository.

    A commit whose answer is lost may have been applied, so each round starts from the repository's current state.
    """
    attempt = 0
    while not (difference := compare(files, state, apart)).is_none:
        attempt += 1
        fault = Fault("passing", "what is listed there is not what was sent")
        try:
            for batch in _batches(difference.upload):
                hub.upload(batch)
                on_upload(batch)
            hub.commit(difference.upload, difference.remove, state.head, message)
        except TryAgainError as error:
            fault = error.fault
        seen = hub.look()
        if seen is None:
            raise PublishError(f"{hub.repo} is no longer there: was it deleted or renamed meanwhile?")
        state = seen
        if not compare(files, state, apart).is_none:
            hub.pause("committing", fault, attempt)
    return state


def _batches(files: Sequence[LocalFile]) -> Iterator[list[LocalFile]]:
    batch: list[LocalFile] = []
    for file in files:
        if batch and (len(batch) == _BATCH_FILES or sum(one.size for one in batch) + file.size > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch


def _check_tag(tag: str | None, state: HubState | None, difference: Difference) -> None:
    """Raises ``UsageError`` if the tag exists and names another state, because tags must not move."""
    if tag is None or state is None or tag not in state.tags:
        return
    if state.tags[tag] != state.head or not difference.is_none:
        raise UsageError(f"the tag {tag} names another state of the data set already: give a new one")


def _announcement(
    user: str,
    repo: str,
    prepared: Prepared,
    before: HubState | None,
    difference: Difference,
    public: bool,
    tag: str | None,
) -> Iterator[str]:
    """Lines that announce what will be done."""
    if before is None:
        what = "a new data set, " + ("private until all of it is there, then public" if public else "private")
    else:
        what = "a data set that is " + ("private" if before.private else "public")
        what += ", and will be public" if public and before.private else ""
    yield f"{prepared.rows:,} rows to {repo}, {what}; as {user}"
    yield from difference.lines()
    if prepared.references:
        yield f"  {prepared.references:,} rows without their photos, which may not be re-hosted"
    for failure in prepared.failures:
        yield f"  forced: {failure}; the card says so"
    if tag is not None:
        yield f"  tag     {tag}"
    if difference.is_none:
        yield "  nothing to upload: every digest is there already"


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Locks the folder against a second publisher. The operating system frees the lock when the process ends."""
    if not (folder / ".build").is_dir():
        raise UsageError(f"{folder} is not a folder that viewpoint100k build made: it has no .build")
    with (folder / ".build" / "lock-publish").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder} is being published already: wait for it, or stop it first") from None
        yield
