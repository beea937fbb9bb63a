"""``viewpoint100k export DIR --to csv``: questions and answers as a table, without images."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.protocol import Contents, Sample

_COLUMNS = ("id", "question", "answer")


class Csv:
    """One file a split."""

    trains: ClassVar[bool] = False

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._files = {split: (folder / f"{split}.csv").open("w", newline="") for split in contents.rows}
        self._writers = {split: csv.writer(file) for split, file in self._files.items()}
        for writer in self._writers.values():
            writer.writerow(_COLUMNS)

    def refusal(self, sample: Sample) -> str | None:
        return None

    def write(self, sample: Sample) -> None:
        self._writers[sample.split].writerow([sample.columns[name] for name in _COLUMNS])

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        return f"open {out / 'train.csv'} in a spreadsheet"
