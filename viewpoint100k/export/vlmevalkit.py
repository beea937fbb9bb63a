"""VLMEvalKit: one TSV for each split, which it reads as a custom multiple-choice data set.

https://github.com/open-compass/VLMEvalKit/blob/main/docs/en/Development.md. Columns ``index``, ``image`` (base64, or a
JSON list of it), ``image_path`` (the names under which VLMEvalKit unpacks them), ``question``, one column for each
option letter, ``answer``, ``category``. Its results keep ``id`` and ``group``, which joint scores need. VLMEvalKit adds
the options and the request for a letter to the prompt, so ``question`` is only the question. Every row holds its
images. The format allows a row to refer to another with the same images, but VLMEvalKit does not unpack such files
above 1 GB.
"""

from __future__ import annotations

import base64
import csv
import json
import string
from io import TextIOWrapper
from pathlib import Path
from typing import Any, ClassVar

from viewpoint100k.export.files import image_name
from viewpoint100k.export.prompts import take_apart
from viewpoint100k.export.protocol import Contents, Sample

__all__ = ["VlmEvalKit"]

_NOT_TEXT = frozenset(
    [
        *("#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a", "NULL", "null", "None"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"),
    ]
)
"""Texts that ``pandas.read_csv``, which VLMEvalKit uses, reads as missing values (its documentation, ``na_values``)."""


class VlmEvalKit:
    """``<data set>_<split>.tsv``."""

    trains: ClassVar[bool] = False

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder, self._dataset = folder, contents.dataset
        self._letters = string.ascii_uppercase[: max(contents.most_options, 2)]
        self._files: dict[str, TextIOWrapper] = {}
        self._split = ""

    def refusal(self, sample: Sample) -> str | None:
        options = sample.columns["options"]
        if not options:
            return "open_question"
        if not all(map(_stays_text, options)):
            return "option_not_text"
        parts = take_apart(sample.columns["question"], options)
        return None if parts and parts.stem else "options_not_found"

    def write(self, sample: Sample) -> None:
        if sample.split != self._split:
            self._split = sample.split
            self._begin()
        columns, options = sample.columns, sample.columns["options"]
        parts = take_apart(columns["question"], options)
        assert parts, "a row whose options are not found is refused"
        images = [base64.b64encode(content).decode() for content in sample.images]
        names = [image_name(content) for content in sample.images]
        cells = [sample.index, _one_or_list(images), _one_or_list(names)]
        cells += [parts.stem, *options, *("" for _ in self._letters[len(options) :])]
        cells += [columns[name] for name in ("answer", "question_type", "id", "group")]
        self._line(cells)

    def _begin(self) -> None:
        path = self._folder / f"{self._dataset}_{self._split}.tsv"
        self._files[self._split] = path.open("w", encoding="utf-8", newline="")
        head = ["index", "image", "image_path", "question", *self._letters, "answer", "category", "id", "group"]
        self._line(head)

    def _line(self, cells: list[Any]) -> None:
        csv.writer(self._files[self._split], delimiter="\t", lineterminator="\n").writerow(cells)

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        split = "test" if "test" in contents.rows else next(iter(contents.rows))
        return f"LMUData={out} python run.py --data {contents.dataset}_{split} --model …"


def _one_or_list(values: list[str]) -> str:
    return values[0] if len(values) == 1 else json.dumps(values)


def _stays_text(option: str) -> bool:
    """True if pandas reads ``option`` back as the same text."""
    if not option.strip() or option in _NOT_TEXT or option.casefold() in ("true", "false"):
        return False
    try:
        float(option)
    except ValueError:
        return True
    return False
