"""Tries a source's assets in ranking order until enough usable assets are found."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from viewpoint100k.assets import Source
from viewpoint100k.assets.asset import Downloadable
from viewpoint100k.assets.descriptors import Descriptor
from viewpoint100k.assets.findings import Finding, FindingStore, examine
from viewpoint100k.assets.trial import Failure, TrialProcesses
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.runtime.cores import usable_cores
from viewpoint100k.runtime.progress import Progress

__all__ = ["Survey", "Walk"]

_MOST_AHEAD = 64
"""If many assets are unusable, up to this many times the missing number is tried at once."""
_AT_ONCE = 2000
"""Most assets that are tried together, to bound memory."""
_BETWEEN_WRITES_S = 0.1
"""Findings are written to the disk after this time, so that a killed survey does not repeat them."""


@dataclass
class Walk:
    """The state of a survey of one ranking."""

    order: Iterator[str]
    usable: list[str] = field(default_factory=list)
    """Usable assets, in ranking order."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Unusable assets, with the reason code of each."""
    exhausted: bool = False
    """True if no untried assets are left."""
    ahead: list[tuple[str, Finding]] = field(default_factory=list)
    """Assets that were tried ahead of need. They count once they are needed."""

    def next_ids(self, count: int) -> tuple[str, ...]:
        """The next ``count`` ids, without those known to be unusable. The walk does not advance."""
        following = list(itertools.islice(self.order, count))
        self.order = itertools.chain(following, self.order)
        return (*(asset_id for asset_id, finding in self.ahead if not finding.reason), *following)[:count]

    @property
    def tried(self) -> int:
        """How many assets the ranking needed, without those tried ahead."""
        return len(self.usable) + len(self.dropped)


class Survey:
    """Tries the assets of one config's source. Use it as a context manager, because it keeps worker processes.

    The findings do not depend on the number of processes, nor on earlier stored findings.
    """

    def __init__(
        self, config: BuildConfig, source: Source, progress: Progress, store: FindingStore | None = None
    ) -> None:
        self._config, self._source, self._progress = config, source, progress
        timeout_s = config.limits.asset_timeout_s
        self._store = store or FindingStore(source, f"timeout {timeout_s}")
        cores = usable_cores()
        self._processes: TrialProcesses[Finding] = TrialProcesses(partial(_examiner, config), timeout_s, cores)
        self.descriptors: dict[str, Descriptor] = {}
        """Descriptions of the usable meshes."""
        self.fingerprints: dict[str, bytes] = {}
        """Fingerprints of the photos of each usable capture."""
        self.sha256: dict[str, str] = {}
        """Digest of the files of each usable asset."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._processes.__exit__(kind, error, tb)
        self._store.close()

    def go_on(self, walk: Walk, wanted: int) -> None:
        """Tries the next assets of a walk until it has ``wanted`` usable ones, or no more are left.

        Only these are counted. Assets tried beyond them wait for the next call.
        """
        while len(walk.usable) < wanted and not (walk.exhausted and not walk.ahead):
            if not walk.ahead:
                walk.ahead = self._try_next(walk, wanted - len(walk.usable))
            taken = 0
            for asset_id, finding in walk.ahead:
                if len(walk.usable) == wanted:
                    break
                taken += 1
                self._take(walk, asset_id, finding)
            del walk.ahead[:taken]

    def go_to_the_end(self, walk: Walk) -> dict[str, str]:
        """Tries all remaining assets of a walk without taking any; returns the unusable ones with their reasons."""
        dropped = {asset_id: f.reason for asset_id, f in walk.ahead if f.reason}
        while not walk.exhausted:
            dropped |= {asset_id: f.reason for asset_id, f in self._try_next(walk, _AT_ONCE) if f.reason}
        return dropped

    def _take(self, walk: Walk, asset_id: str, finding: Finding) -> None:
        if finding.reason:
            walk.dropped[asset_id] = finding.reason
            return
        walk.usable.append(asset_id)
        self.sha256[asset_id] = finding.sha256
        if finding.descriptor is not None:
            self.descriptors[asset_id] = finding.descriptor
        if finding.fingerprints:
            self.fingerprints[asset_id] = finding.fingerprints

    def _try_next(self, walk: Walk, wanted: int) -> list[tuple[str, Finding]]:
        per_usable = min(_MOST_AHEAD, (walk.tried + 1) / (len(walk.usable) + 1))
        count = min(_AT_ONCE, max(1, round(wanted * per_usable)))
        batch = [asset_id for _, asset_id in zip(range(count), walk.order, strict=False)]
        walk.exhausted = len(batch) < count
        findings = self._findings(batch)
        return [(asset_id, findings[asset_id]) for asset_id in batch]

    def _findings(self, batch: Sequence[str]) -> dict[str, Finding]:
        if isinstance(self._source, Downloadable) and batch:
            self._source.download(batch)
        keys = {asset_id: self._store.key(asset_id) for asset_id in batch}
        found = self._store.known(keys)
        self._progress.advance(len(found))
        missing = {asset_id: key for asset_id, key in keys.items() if asset_id not in found}
        if missing:
            found |= self._try_each(missing)
        return found

    def _try_each(self, keys: Mapping[str, bytes | None]) -> dict[str, Finding]:
        """Tries assets and stores the findings.

        The order is random, and each asset is looked up again just before its trial, so that parallel jobs share the
        work.
        """
        found: dict[str, Finding] = {}
        unwritten: list[tuple[bytes | None, Finding]] = []
        waiting = random.sample(list(keys), len(keys))
        written = time.monotonic()

        def next_asset() -> str | None:
            while waiting:
                asset_id = waiting.pop()
                known = self._store.known({asset_id: keys[asset_id]})
                if not known:
                    return asset_id
                found.update(known)
                self._progress.advance(1)
            return None

        try:
            for result in self._processes.examine(len(keys), next_asset):
                if result is not None:
                    asset_id, finding = result
                    if isinstance(finding, Failure):
                        finding = Finding(finding.reason, finding.message)
                    found[asset_id] = finding
                    if self._store.key(asset_id) == keys[asset_id]:  # The file did not change meanwhile.
                        unwritten.append((keys[asset_id], finding))
                    self._progress.advance(1)
                if time.monotonic() - written >= _BETWEEN_WRITES_S:
                    self._store.keep(unwritten)
                    unwritten, written = [], time.monotonic()
        finally:
            self._store.keep(unwritten)
        return found


def _examiner(config: BuildConfig) -> partial[Finding]:
    return partial(examine, config.open_source())
