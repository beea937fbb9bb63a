"""Do the images carry the answer? A small network learns from the rows, from nothing, and is tested on unseen assets.

It is asked for one bit, the side to which the camera went around the object. Where it finds it, and finds it by
comparing both images, the images carry it; where it does not, nothing is proved but that this network cannot.
`probe_types` asks for the answers to all question types that cameras decide, from both images and from each alone.
Works on a finished data set folder alone. Needs the extra ``[train]``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.intervals import estimate
from viewpoint100k.check.probing.results import ProbeReport, ProbeResult, ProbeSettings
from viewpoint100k.check.probing.scenes import Frames, held_out_among, held_out_assets, read_frames
from viewpoint100k.dataset.difficulty import score
from viewpoint100k.dataset.folder import stored_manifest_digest
from viewpoint100k.errors import MissingExtraError
from viewpoint100k.runtime.files import write_atomically

if TYPE_CHECKING:
    from viewpoint100k.check.probing.network import PairNetwork
    from viewpoint100k.check.probing.types import TypedPairs

__all__ = ["ProbeReport", "ProbeResult", "ProbeSettings", "format_probe", "probe", "probe_types"]

_ANGLES_DEG = (0, 20, 40, 60, 80, 100, 180)
"""Results are also given for pairs whose azimuth change lies between two of these."""


@dataclass(frozen=True, eq=False)
class _Exam:
    """What is to be answered."""

    frames: Frames
    pairs: NDArray[np.int64]
    """(n, 2)"""
    change: NDArray[np.float32]
    """(n,) degrees"""
    difficulty: NDArray[np.float64]
    """(n,)"""
    settings: ProbeSettings

    @property
    def truth(self) -> NDArray[np.bool_]:
        return self.change > 0

    def result(
        self, test: str, right: NDArray[np.bool_], expected: str, chosen: NDArray[np.bool_] | None = None
    ) -> ProbeResult:
        """The share of ``right`` (n,), of those ``chosen``."""
        some = np.ones(len(right), dtype=bool) if chosen is None else chosen
        truth = self.truth[some]
        constant = np.zeros(len(truth)) if expected == "flips" else truth == (truth.mean() >= 0.5)
        assets = self.frames.asset[self.pairs[some, 0]]
        found = estimate(
            right[some].astype(np.float64),
            constant.astype(np.float64),
            assets,
            self.settings.resamples,
            self.settings.seed,
        )
        return ProbeResult(test, found.score, found.interval, found.chance, found.rows, found.assets, expected)


def probe(
    folder: Path,
    settings: ProbeSettings | None = None,
    *,
    on_rows: Callable[[int, int], None] | None = None,
    on_step: Callable[[str], None] | None = None,
    store: bool = True,
) -> ProbeReport:
    """Trains on most assets of the data set in ``folder``, tests on the others, and stores ``.build/probe.json``.

    ``on_rows`` is told how many rows have been read, of how many; ``on_step`` in words what goes on after that.
    Raises ``MissingExtraError`` without torch, ``UsageError`` where the folder is not a data set, ``DataError`` where
    it cannot be read, or has too few pairs or assets.
    """
    _require_torch()
    from viewpoint100k.check.probing.training import Blank, train

    settings, say = settings or ProbeSettings(), on_step or (lambda step: None)
    frames = read_frames(Path(folder), settings, on_rows)
    tested = held_out_assets(frames, settings.held_out)
    learned = np.unique(frames.pairs[~tested])
    exam = _Exam(frames, frames.pairs[tested], frames.change[tested], score(frames.hardness[tested]), settings)
    say(f"training on {(~tested).sum():,} pairs, to be tested on {tested.sum():,} of other assets")
    began = time.monotonic()

    def trained(what: str, blank: Blank) -> tuple[PairNetwork, tuple[float, ...]]:
        return train(
            frames,
            learned,
            settings,
            blank,
            lambda epoch, loss: say(f"{what}: epoch {epoch} of {settings.epochs}, loss {loss:.3f}"),
        )

    network, losses = trained("both images", (False, False))
    results = list(_results(exam, network))
    if settings.single_image:
        for name, blank in (("first", (False, True)), ("second", (True, False))):
            other, _ = trained(f"{name} image alone", blank)
            results.append(exam.result(f"trained on the {name} image alone", _right(exam, other, blank), "chance"))
    report = ProbeReport(
        trained_rows=int((~tested).sum()),
        trained_frames=len(learned),
        trained_assets=len(np.unique(frames.asset[learned])),
        seconds=round(time.monotonic() - began, 1),
        losses=losses,
        manifest=stored_manifest_digest(Path(folder)),
        settings=settings,
        results=tuple(results),
    )
    if store:
        build = Path(folder) / ".build"
        build.mkdir(exist_ok=True)
        write_atomically(build / "probe.json", report.to_json().encode())
    return report


def probe_types(
    folder: Path,
    settings: ProbeSettings | None = None,
    *,
    on_rows: Callable[[int, int], None] | None = None,
    on_step: Callable[[str], None] | None = None,
    store: bool = True,
) -> ProbeReport:
    """Asks networks for the answer to every type that cameras decide: one sees both images, two see one alone.

    Every pair teaches every type whose answer is sure of it, asked or not. A type is tested on the held-out pairs that
    rows ask about it, because its answers are balanced there. Stores ``.build/probe_types.json``; raises what `probe`
    raises.
    """
    _require_torch()
    from viewpoint100k.check.probing.type_training import answers_by_type, train_on_types
    from viewpoint100k.check.probing.types import read_typed_pairs

    settings, say = settings or ProbeSettings(), on_step or (lambda step: None)
    pairs = read_typed_pairs(Path(folder), settings, on_rows)
    tested = held_out_among(pairs.asset, pairs.in_test_split, settings.held_out)
    learned, asked = np.flatnonzero(~tested), np.flatnonzero(tested)
    say(f"training on {len(learned):,} pairs, to be tested on {len(asked):,} of other assets")
    began = time.monotonic()
    results: list[ProbeResult] = []
    for shown, blank in (("both images", (False, False)), ("first", (False, True)), ("second", (True, False))):

        def tell(epoch: int, loss: float, shown: str = shown) -> None:
            say(f"{shown}: epoch {epoch} of {settings.epochs}, loss {loss:.3f}")

        network = train_on_types(pairs, learned, settings, blank, tell)
        said = answers_by_type(network, pairs, asked, blank)
        expected = "chance" if any(blank) else "high"
        for kind in pairs.labels:
            if (pairs.asked[kind] & (pairs.labels[kind][:, 0, 0] >= 0))[asked].any():
                results.append(_of_type(pairs, asked, kind, said[kind], shown, expected, settings))
            elif shown == "both images":
                say(f"{kind}: no row asks about a held-out pair, so it is left out; build a set with more rows")
    report = ProbeReport(
        trained_rows=len(learned),
        trained_frames=2 * len(learned),
        trained_assets=len(np.unique(pairs.asset[learned])),
        seconds=round(time.monotonic() - began, 1),
        losses=(),
        manifest=stored_manifest_digest(Path(folder)),
        settings=settings,
        results=tuple(sorted(results, key=lambda result: result.test.partition(":")[0])),
    )
    if store:
        build = Path(folder) / ".build"
        build.mkdir(exist_ok=True)
        write_atomically(build / "probe_types.json", report.to_json().encode())
    return report


def _of_type(
    pairs: TypedPairs,
    asked: NDArray[np.int64],
    kind: str,
    said: NDArray[np.int64],
    shown: str,
    expected: str,
    settings: ProbeSettings,
) -> ProbeResult:
    """How often ``said`` (n,) is right about a type, of those pairs that rows ask about it."""
    truth = pairs.labels[kind][asked, 0, 0]
    sure = pairs.asked[kind][asked] & (truth >= 0)
    commonest = np.bincount(truth[sure]).argmax()
    found = estimate(
        (said[sure] == truth[sure]).astype(np.float64),
        (truth[sure] == commonest).astype(np.float64),
        pairs.asset[asked][sure],
        settings.resamples,
        settings.seed,
    )
    test = f"{kind}: {shown}"
    return ProbeResult(test, found.score, found.interval, found.chance, found.rows, found.assets, expected)


def format_probe(report: ProbeReport) -> str:
    """The report as lines for a terminal."""
    head = ("shown", "right", "95% interval", "chance", "pairs", "assets", "a good set gives")
    table = [head, *(_cells(result) for result in report.results)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return "\n".join(
        [
            f"trained on {report.trained_rows:,} pairs of {report.trained_assets:,} assets "
            f"({report.trained_frames:,} frames, {report.settings.epochs} epochs, {report.seconds:.0f} s); "
            "tested on other assets",
            *lines,
        ]
    )


def _results(exam: _Exam, network: PairNetwork) -> Iterator[ProbeResult]:
    from viewpoint100k.check.probing.training import sides

    frames, pairs = exam.frames, exam.pairs
    said = sides(network, frames, pairs) > 0
    right = said == exam.truth
    yield exam.result("both images", right, "high")
    size = np.abs(exam.change)
    for low, high in pairwise(_ANGLES_DEG):
        chosen = (size >= low) & (size < high)
        if chosen.any():
            yield exam.result(f"  {low} to {high} degrees apart", right, "high", chosen)
    for tenth in range(10):
        chosen = np.minimum((10 * exam.difficulty).astype(int), 9) == tenth
        if chosen.any():
            yield exam.result(f"  difficulty {tenth / 10:.1f} to {(tenth + 1) / 10:.1f}", right, "high", chosen)
    swapped = sides(network, frames, pairs[:, ::-1]) > 0
    yield exam.result("images swapped: right about them", swapped != exam.truth, "high")
    yield exam.result("images swapped: the answer flips", swapped != said, "flips")
    mirrored = sides(network, frames, pairs, mirrored=True) > 0
    yield exam.result("both mirrored: the answer flips", mirrored != said, "flips")
    yield exam.result("second image blank", _right(exam, network, (False, True)), "chance")
    yield exam.result("first image blank", _right(exam, network, (True, False)), "chance")


def _right(exam: _Exam, network: PairNetwork, blank: tuple[bool, bool]) -> NDArray[np.bool_]:
    from viewpoint100k.check.probing.training import sides

    right: NDArray[np.bool_] = (sides(network, exam.frames, exam.pairs, blank) > 0) == exam.truth
    return right


def _cells(result: ProbeResult) -> tuple[str, ...]:
    low, high = result.interval
    return (
        result.test,
        f"{100 * result.score:.1f}",
        f"{100 * low:.1f} to {100 * high:.1f}",
        f"{100 * result.chance:.1f}",
        f"{result.rows:,}",
        f"{result.assets:,}",
        {"high": "well above chance", "chance": "chance", "flips": "nearly all"}[result.expected],
    )


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "train") from error
