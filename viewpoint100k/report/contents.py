"""Counts and distributions of a data set, from one pass over its rows without the images."""

from __future__ import annotations

import json
import math
import string
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.check.labels.forms import form_of
from viewpoint100k.dataset.difficulty import difficulties
from viewpoint100k.dataset.motion_table import JointTable
from viewpoint100k.errors import DataError, UsageError

__all__ = [
    *("Bar", "Contents", "Drop", "Histogram", "histogram", "light_rows", "measured", "read_drops", "row_count"),
    "shard_paths",
]

_COLUMNS = [
    *("id", "question", "options", "answer", "answer_text", "answer_value", "margin", "question_type", "template"),
    *("reasoning", "source", "asset_id", "category", "license", "creator", "cameras", "object_center", "object_radius"),
    *("object_front", "relative", "answerability", "group"),
]
_STRAIGHT_DOWN = -0.999
"""Upward component of an optical axis below which the camera is that of a floor plan, which is not a view."""

Place = tuple[int, int, int]
"""Index of the file, of the row group, and of the row in the group."""


@dataclass(frozen=True)
class Bar:
    """One bin of a histogram: its range and its count."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Histogram:
    title: str
    unit: str
    bars: tuple[Bar, ...]
    rows: int
    missing: int
    """Number of rows without the value."""
    median: float
    name: str = ""
    """Name of the values in what `measured` returns."""

    @property
    def highest(self) -> int:
        return max(bar.count for bar in self.bars)


@dataclass(frozen=True)
class Drop:
    """Number of items that one stage of the build dropped for one reason."""

    stage: str
    reason: str
    count: int


@dataclass
class Contents:
    """Counts of the rows added so far."""

    rows: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Rows by each value of ``question_type``, ``category``, ``source``, ``license``, and by ``form``."""
    images: Counter[int] = field(default_factory=Counter)
    """Number of rows, by their number of images."""
    groups: Counter[str] = field(default_factory=Counter)
    """Number of rows, by pair."""
    letters: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Letters of the right options, by question type, without open questions."""
    most_options: Counter[str] = field(default_factory=Counter)
    """Largest number of options of a row, by question type."""
    reasoned: int = 0
    """Number of rows with reasoning."""
    joint: JointTable = field(default_factory=JointTable)
    """Joint counts of the parts of the camera motion."""
    assets: set[tuple[str, str]] = field(default_factory=set)
    values: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("f")))
    """Values for the histograms, by the names that `measured` gives."""
    missing: Counter[str] = field(default_factory=Counter)
    """How many values were null or not finite, by the same names."""

    def add(self, row: Mapping[str, Any], split: str) -> None:
        """Counts a row."""
        kind = row["question_type"]
        self.rows += 1
        self.splits[split] += 1
        for name in ("question_type", "category", "source", "license"):
            self.counts[name][row[name]] += 1
        self.counts["form"][form_of(row["template"]) or "as it is"] += 1
        self.images[len(row["cameras"])] += 1
        self.groups[row["group"]] += 1
        self.reasoned += bool(row["reasoning"])
        if row["options"]:
            self.letters[kind][row["answer"]] += 1
            self.most_options[kind] = max(self.most_options[kind], len(row["options"]))
        self.assets.add((row["source"], row["asset_id"]))
        self.joint.add(row)
        for name, values in measured(row).items():
            known = [value for value in values if value is not None and math.isfinite(value)]
            self.missing[name] += len(values) - len(known)
            self.values[name].extend(known)

    def histograms(self) -> list[Histogram]:
        """The histograms that have at least one value."""
        wanted = [
            ("azimuth", "Azimuth change, image 1 to image 2", "°", 10.0),
            ("elevation", "Elevation of the cameras above the object", "°", 5.0),
            ("overlap", "Overlap: share of the visible surface that both images show", "", 0.05),
            ("answerability", "Answerability: difference from the image of another answer", "", None),
            ("difficulty", "Difficulty, from 0 (easiest) to 1 (hardest)", "", 0.1),
        ]
        wanted += [
            (f"answer {kind}", f"Answers to {kind}, an open question", "", None)
            for kind in sorted(self.counts["question_type"])
        ]
        return self._drawn(wanted)

    def margins(self) -> list[Histogram]:
        """Histograms of the margins, one for each question type."""
        kinds = sorted(self.counts["question_type"])
        return self._drawn([(f"margin {kind}", f"Margin of {kind}", "", None) for kind in kinds])

    def _drawn(self, wanted: Iterable[tuple[str, str, str, float | None]]) -> list[Histogram]:
        return [
            replace(histogram(self.values[name], title, unit, step, self.missing[name]), name=name)
            for name, title, unit, step in wanted
            if self.values.get(name)
        ]

    def questions_per_pair(self) -> Counter[int]:
        """Number of pairs, by their number of questions."""
        return Counter(self.groups.values())

    def letter_shares(self) -> list[tuple[str, int, list[float | None]]]:
        """(question type, rows, percentage of each letter) for types with options; None beyond its last option."""
        most = max(self.most_options.values(), default=0)
        table = []
        for kind in sorted(self.letters):
            rows, options = self.letters[kind].total(), self.most_options[kind]
            shares = [100 * self.letters[kind][letter] / rows for letter in string.ascii_uppercase[:options]]
            table.append((kind, rows, [*shares, *[None] * (most - options)]))
        return table


def measured(row: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """The values of a row for the histograms, by name; quantities of cameras have one value for each camera."""
    kind, relative = row["question_type"], row["relative"]
    elevations: list[float | None] = []
    for camera in row["cameras"]:
        pose = camera["camera_to_world"]
        if pose[10] >= _STRAIGHT_DOWN:
            x, y, z = (pose[i] - c for i, c in zip((3, 7, 11), row["object_center"], strict=True))
            elevations.append(math.degrees(math.atan2(z, math.hypot(x, y))))
    found: dict[str, list[float | None]] = {
        "azimuth": [relative["azimuth_deg"]],
        "elevation": elevations,
        "overlap": [relative["overlap"]],
        "answerability": [row["answerability"]],
        "difficulty": [row.get("difficulty")],
        f"margin {kind}": [row["margin"]],
    }
    return found if row["options"] else found | {f"answer {kind}": [row["answer_value"]]}


def histogram(values: Sequence[float], title: str, unit: str, step: float | None, missing: int = 0) -> Histogram:
    """Equal bins over the range of the values: aligned bins of width ``step``, or twenty bins if it is None."""
    numbers = np.asarray(values, dtype=np.float64)
    low, high = float(numbers.min()), float(numbers.max())
    if step:
        first, last = math.floor(low / step + 1e-6), max(math.ceil(high / step - 1e-6), math.floor(low / step) + 1)
        edges = np.arange(first, last + 1) * step
    else:
        edges = np.linspace(low, high if high > low else low + 1, 21)
    counts, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), edges)
    bars = tuple(Bar(float(a), float(b), int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True))
    return Histogram(title, unit, bars, len(numbers), missing, float(np.median(numbers)))


def shard_paths(folder: Path) -> tuple[Path, ...]:
    """The parquet files of the data set, in order. Raises ``UsageError`` if there are none."""
    paths = tuple(sorted((folder / "data").glob("*.parquet")))
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    return paths


def row_count(path: Path) -> int:
    """Number of rows in the footer of a parquet file. Raises ``DataError`` if it cannot be read."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def light_rows(paths: Iterable[Path]) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    """Yields (place, split, row) for every row, without its images and with its ``difficulty``.

    Raises ``DataError`` if a file cannot be read.
    """
    for file_index, path in enumerate(paths):
        try:
            with pq.ParquetFile(path) as file:
                missing = sorted(set(_COLUMNS) - set(file.schema_arrow.names))
                if missing:
                    raise DataError(f"{path} lacks the columns {', '.join(missing)}: see viewpoint100k verify")
                for group in range(file.num_row_groups):
                    rows = file.read_row_group(group, columns=_COLUMNS).to_pylist()
                    for place, (row, hard) in enumerate(zip(rows, difficulties(rows).tolist(), strict=True)):
                        yield (file_index, group, place), path.name.split("-")[0], row | {"difficulty": hard}
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error


def read_drops(folder: Path) -> list[Drop] | None:
    """What the build dropped, from its records; None if they do not exist, as in a downloaded data set."""
    records = sorted((folder / ".build" / "shards").glob("*.json"))
    if not records:
        return None
    drops: Counter[tuple[str, str]] = Counter()
    assets: dict[str, str] = {}
    noted: set[tuple[str, str]] = set()
    for path in records:
        try:
            for block in json.loads(path.read_text(encoding="utf-8"))["blocks"]:
                for stage, reason, count in block["drops"]:
                    drops[str(stage), str(reason)] += int(count)
                assets |= block["dropped_assets"]
                for reason, count in block.get("unmeasured", {}).items():
                    drops["pair, kept without answerability", str(reason)] += int(count)
                noted |= {(asset_id, word) for asset_id, words in block.get("notes", {}).items() for word in words}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is not a record of a shard: {error!r}") from error
    drops.update(("asset", reason) for reason in assets.values())
    drops.update(("asset, kept with a note", word) for _, word in noted)
    return [Drop(stage, reason, count) for (stage, reason), count in sorted(drops.items())]
