"""Sources of training rows: sets made by this package, and SAT. Each is a stream of rows with the same columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from recipe.prompts import lettered
from viewpoint100k.dataset.difficulty import COLUMNS as DIFFICULTY_COLUMNS
from viewpoint100k.dataset.difficulty import difficulties, parse_range
from viewpoint100k.errors import UsageError
from viewpoint100k.geometry.seeding import generator

__all__ = ["OwnRows", "RowSource", "SatRows", "open_sources"]

_NEEDED = ("id", "images", "question", "options", "answer", "answer_text", "question_type", "group", "reasoning")


_DIFFICULTY = re.compile(r"@([0-9.]*\.\.[0-9.]*)$")


def _is_within(*columns: Sequence[Any], limits: tuple[float, float]) -> list[bool]:
    rows = [dict(zip(DIFFICULTY_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]
    return [limits[0] <= hard <= limits[1] for hard in difficulties(rows).tolist()]


class RowSource(Protocol):
    """A split of a data set: rows with the columns of `viewpoint100k.dataset.schema` and undecoded images."""

    @property
    def path(self) -> str:
        """A folder, or a name on the Hub."""

    def rows(self) -> Any:
        """A streamed ``datasets.IterableDataset``. Rows with a reason code in ``problem`` must be left out."""

    def columns(self) -> list[str]:
        """Names of the columns of `rows`."""

    def usable(self) -> list[int]:
        """Indices into `rows` of the rows without a problem."""


@dataclass(frozen=True)
class OwnRows:
    """A set made by ``viewpoint100k build``: its folder, or its name on the Hub.

    For a curriculum, ``@0..0.5`` after the name selects rows of that difficulty.
    """

    path: str
    split: str = "train"

    def rows(self) -> Any:
        from datasets import Image, List

        stream = self._stream()
        lacking = [name for name in _NEEDED if name not in stream.column_names]
        if lacking:
            raise UsageError(f"{self.path}: no column {', '.join(lacking)}: is it a set that viewpoint100k built?")
        return stream.cast_column("images", List(Image(decode=False)))

    def columns(self) -> list[str]:
        return list(_load(self._place, self.split).column_names)

    def usable(self) -> list[int]:
        return [place for place, _ in enumerate(self.only("id"))]

    @property
    def _place(self) -> str:
        return _DIFFICULTY.sub("", self.path)

    def _stream(self, **options: Any) -> Any:
        stream, found = _load(self._place, self.split, **options), _DIFFICULTY.search(self.path)
        if not found:
            return stream
        within = partial(_is_within, limits=parse_range(found[1]))
        return stream.filter(within, input_columns=list(DIFFICULTY_COLUMNS), batched=True)

    def only(self, *columns: str) -> Iterable[Mapping[str, Any]]:
        """The same rows in the same order with only these columns, without reading images."""
        if _DIFFICULTY.search(self.path):
            wanted = list(dict.fromkeys([*columns, *DIFFICULTY_COLUMNS]))
            return ({name: row[name] for name in columns} for row in self._stream(columns=wanted))
        rows: Iterable[Mapping[str, Any]] = self._stream(columns=list(columns))
        return rows


@dataclass(frozen=True)
class SatRows:
    """SAT, spatial aptitude training (arXiv 2412.07755; ``array/SAT``), on which the paper ran its GRPO.

    Its columns: ``image_bytes`` (one or two images), ``question``, ``answers`` (the choices), ``correct_answer`` (one
    of them), ``question_type``. Choices are shuffled by ``seed`` and lettered, so the right one has no fixed place.
    """

    path: str = "array/SAT"
    split: str = "train"
    seed: int = 0

    def rows(self) -> Any:
        from datasets import Image, List

        from viewpoint100k.dataset.schema import features

        stream = _load(self.path, self.split)
        lacking = [name for name in _SAT_COLUMNS if name not in stream.column_names]
        if lacking:
            raise UsageError(f"{self.path}: no column {', '.join(lacking)}: SAT has {', '.join(_SAT_COLUMNS)}")
        if isinstance(getattr(stream.features["image_bytes"], "feature", None), Image):
            stream = stream.cast_column("image_bytes", List(Image(decode=False)))
        ours = features()
        return stream.map(
            partial(_from_sat, seed=self.seed),
            with_indices=True,
            remove_columns=list(stream.column_names),
            features=type(ours)({name: ours.get(name, ours["id"]) for name in _FROM_SAT}),
        ).cast_column("images", List(Image(decode=False)))

    def columns(self) -> list[str]:
        return list(_FROM_SAT)

    def usable(self) -> list[int]:
        return [place for place, row in enumerate(self.rows()) if row["problem"] is None]


_SAT_COLUMNS = ("image_bytes", "question", "answers", "correct_answer", "question_type")
_FROM_SAT = ("id", "images", "question", "options", "answer", "answer_text", "question_type", "group", "problem")


def open_sources(specification: str, split: str, seed: int) -> dict[RowSource, float]:
    """Parses sources and weights from a text such as ``viewpoint-100k*3,sat:array/SAT*1``.

    Each part is a folder or a name on the Hub, with ``sat:`` before SAT's and ``*weight`` after it unless it is 1.
    """
    sources: dict[RowSource, float] = {}
    for part in filter(None, (part.strip() for part in specification.split(","))):
        place, _, weight = part.rpartition("*") if "*" in part else (part, "", "1")
        try:
            share = float(weight)
        except ValueError:
            share = 0.0
        if not (share > 0 and np.isfinite(share)):
            raise UsageError(f"source {part!r}: {weight!r} is not a weight: write it as viewpoint-100k*3")
        name = place.removeprefix("sat:")
        source: RowSource = SatRows(name, split, seed) if place.startswith("sat:") else OwnRows(name, split)
        if source in sources:
            raise UsageError(f"source {place!r} is named twice: give it once, with the weight it is to have")
        sources[source] = share
    if not sources:
        raise UsageError("no source of prompts: give at least one data set")
    return sources


def _load(path: str, split: str, **options: Any) -> Any:
    """A split as a stream. An existing folder is read from the disk, any other name from the Hub."""
    from datasets import load_dataset

    if path.startswith((".", "/")) and not Path(path).is_dir():
        raise UsageError(f"{path}: no such folder: give a data set's folder, or its name on the Hub")
    try:
        return load_dataset(path, split=split, streaming=True, **options)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(f"{path}: no split {split!r} could be loaded: {first}") from error


def _from_sat(row: Mapping[str, Any], index: int, seed: int) -> dict[str, Any]:
    order = generator(seed, "sat", index).permutation(len(row["answers"]))
    options = [row["answers"][place] for place in order]
    name = f"sat-{index:07d}"
    problem = _sat_problem(row)
    return {
        "id": name,
        "images": [one if isinstance(one, Mapping) else {"bytes": one, "path": None} for one in row["image_bytes"]],
        "question": lettered(row["question"], options),
        "options": options,
        "answer": "" if problem else chr(ord("A") + options.index(row["correct_answer"])),
        "answer_text": row["correct_answer"],
        "question_type": f"sat_{row['question_type']}",
        "group": name,
        "problem": problem,
    }


def _sat_problem(row: Mapping[str, Any]) -> str | None:
    if not row["image_bytes"]:
        return "no_image"
    if row["correct_answer"] not in row["answers"]:
        return "answer_not_among_options"
    if len(set(row["answers"])) != len(row["answers"]):
        return "options_repeat"
    return None
