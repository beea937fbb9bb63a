"""Raw answers on disk, one JSON line each. They are written as they arrive, so a killed run can be continued."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from recipe.evaluation.conditions import Trial
from viewpoint100k.errors import DataError, UsageError

__all__ = ["AnswersFile", "read_answers"]

Key = tuple[str, str]


def read_answers(path: Path) -> dict[Key, str]:
    """Raw answers by (row id, condition). Ignores an incomplete last line of a killed run."""
    if not path.is_file():
        return {}
    found: dict[Key, str] = {}
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry = json.loads(line)
            found[entry["id"], entry["condition"]] = entry["raw"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}, line {number}, is not an answer: delete the line, or the file") from error
    return found


class AnswersFile:
    """The answers of one model on one data set, open for writing; one process at a time.

    ``run`` describes the model and the rows. A file of another run is refused, so that answers are not mixed.
    """

    def __init__(self, folder: Path, run: Mapping[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "answers.jsonl"
        self._file = self.path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise UsageError(f"another evaluation is writing to {folder}: wait for it, or give another --out") from None
        try:
            self._cut_off_half_a_line()
            self.answers = read_answers(self.path)
            _claim(folder / "run.json", run, begun=bool(self.answers))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

    def has(self, trial: Trial) -> bool:
        return (trial.item.id, trial.condition) in self.answers

    def add(self, trial: Trial, raw: str) -> None:
        """Writes one answer to the operating system, so that killing this process loses none."""
        self.answers[trial.item.id, trial.condition] = raw
        entry = {"id": trial.item.id, "condition": trial.condition, "raw": raw}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def _cut_off_half_a_line(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)


def _claim(path: Path, run: Mapping[str, object], begun: bool) -> None:
    """Writes ``run.json``, or checks that existing answers belong to the same run."""
    if not path.exists() or not begun:
        order = len(set(path.parent.parent.glob("*/run.json")) - {path})
        path.write_text(json.dumps({**run, "order": order}, indent=2) + "\n", encoding="utf-8")
        return
    try:
        theirs = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: delete {path.parent}, or give another --stage") from error
    differing = [f"{name} {theirs.get(name)!r}, now {run[name]!r}" for name in run if theirs.get(name) != run[name]]
    if differing:
        raise UsageError(
            f"{path.parent} holds the answers of another run ({'; '.join(differing)}): "
            "give another --stage or --out, or delete that folder"
        )
