"""Writes a quiz: one page that works from a file, without a server. The page does not contain the answers.

The page contains a sha256 of each answer, salted with the quiz's key. The key is secret and has a file of its own. With
the key, the page shows at its end how many answers were right. Without the key, a script cannot test the few possible
answers of a row against its digest.

The page does not contain row ids either: it names each row by a token, see `row_token`. Whoever has the data set can
still find a row, by computing the tokens or by comparing images.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from viewpoint100k import __version__
from viewpoint100k.dataset.choice import whole_groups
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.files import write_atomically

__all__ = ["KIND", "QuizPage", "row_token", "split_digest", "split_rows", "write_quiz"]

KIND = "viewpoint100k quiz"
"""Value of the field ``kind`` of a result file."""

_MOST_BYTES = 400_000_000
"""Largest total size of a page's images. Browsers fail on pages that are much larger."""

_SHORTEST_KEY, _FEWEST_CHARACTERS = 20, 8
"""Smallest length of a key, and smallest number of different characters in it. Random keys have 32 hex digits."""


@dataclass(frozen=True)
class QuizPage:
    """The written files."""

    page: Path
    key: Path
    rows: int
    bytes: int
    """Size of the page."""


def write_quiz(folder: Path, out: Path, *, rows: int = 100, split: str = "test", key: str | None = None) -> QuizPage:
    """Writes a quiz about ``rows`` rows of a split, in whole groups: the rows that ``recipe.evaluate --rows`` takes.

    Args:
        out: the page. The key is written beside it, to a file with the same name and the suffix ``.key.txt``.
        key: the secret salt. If None, it is random, so that two pages never contain the same digests.

    Raises ``UsageError`` if the split does not exist or the key is weak, ``DataError`` if a row cannot be shown.
    """
    key = secrets.token_hex(16) if key is None else _strong(key)
    asked = split_rows(folder, split, rows)
    data = split_digest(folder, split)
    quiz = _digest_of(asked, data)
    content = {
        "kind": KIND,
        "quiz": quiz,
        "data": data,
        "split": split,
        "rows": rows,
        "version": __version__,
        "items": [_item(row, quiz, key) for row in asked],
    }
    style, script = (_part(name) for name in ("quiz.css", "quiz.js"))
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    page = environment.from_string(_part("quiz.html.jinja")).render(
        name=folder.resolve().name,
        count=len(asked),
        content=Markup(_as_script_data(content)),
        style=Markup(style),
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    written, key_file = page.encode(), out.with_suffix(".key.txt")
    try:
        write_atomically(out, written)
        write_atomically(key_file, f"{key}\n".encode())
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}): give another --out") from error
    return QuizPage(out, key_file, len(asked), len(written))


def split_rows(folder: Path, split: str, rows: int | None) -> list[dict[str, Any]]:
    """The rows that a quiz asks, in the order of the split, with the columns that a quiz needs.

    Raises ``UsageError`` if the split does not exist, ``DataError`` if a file is damaged or an image is missing.
    """
    paths = _split_files(folder, split)
    try:
        keys = pa.concat_tables([pq.read_table(path, columns=["id", "group"]) for path in paths]).to_pylist()
        chosen = whole_groups(keys, rows)
        found = []
        for path in paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=64, columns=_COLUMNS):
                    found += [row for row in batch.to_pylist() if row["id"] in chosen]
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{folder}: a shard cannot be read ({error}): run viewpoint100k verify on it") from error
    size = 0
    for row in found:
        images = [image["bytes"] for image in row["images"]]
        if not images or not all(images):
            raise DataError(
                f"row {row['id']} has no images: a quiz needs a set with images, so run viewpoint100k rehydrate"
            )
        size += sum(map(len, images))
    if size > _MOST_BYTES:
        raise UsageError(
            f"the images of {len(found):,} rows are too large for a page ({size:,} bytes): give fewer --rows"
        )
    return found


_COLUMNS = ["id", "group", "images", "question", "options", "answer", "answer_value", "question_type"]


def _split_files(folder: Path, split: str) -> list[Path]:
    paths = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not paths:
        raise UsageError(f"{folder} has no data/{split}-*.parquet: give another folder or --split")
    return paths


def split_digest(folder: Path, split: str) -> str:
    """16 hexadecimal digits of the sha256 of a split's files. They tell whether a result is about this set."""
    digest = hashlib.sha256()
    for path in _split_files(folder, split):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def row_token(quiz: str, row_id: str) -> str:
    """The name of a row in a page and in its results: 16 hexadecimal digits of a sha256 over the quiz and the row's id.

    The salt is the quiz's own digest, which is public. `viewpoint100k.quiz.results.with_row_ids` finds the ids again,
    with the data set at hand.
    """
    return hashlib.sha256(f"{quiz}\n{row_id}".encode()).hexdigest()[:16]


def _strong(key: str) -> str:
    """``key``. Raises ``UsageError`` if it is easy to guess, or contains spaces, which the page would cut off."""
    if len(key) < _SHORTEST_KEY or len(set(key)) < _FEWEST_CHARACTERS or any(map(str.isspace, key)):
        raise UsageError(
            f"the key has {len(key)} characters, {len(set(key))} of them different: give at least {_SHORTEST_KEY} "
            f"random characters without spaces, {_FEWEST_CHARACTERS} of them different, or leave the key out"
        )
    return key


def _answer_digest(key: str, token: str, answer: str) -> str:
    """sha256 of an answer, salted with the quiz's secret key; hexadecimal."""
    return hashlib.sha256(f"{key}\n{token}\n{answer}".encode()).hexdigest()


def _digest_of(asked: Sequence[Mapping[str, Any]], data: str) -> str:
    return hashlib.sha256("\n".join([data, *(row["id"] for row in asked)]).encode()).hexdigest()[:16]


def _item(row: Mapping[str, Any], quiz: str, key: str) -> dict[str, Any]:
    """The content of the page about a row. It does not contain the answer."""
    token = row_token(quiz, row["id"])
    stem, options = row["question"], list(row["options"] or ())
    listed = "\n" + "\n".join(f"{chr(ord('A') + place)}. {text}" for place, text in enumerate(options))
    return {
        "id": token,
        "question": stem.replace(listed, "") if options and listed in stem else stem,
        "options": options,
        "images": ["data:image/jpeg;base64," + base64.b64encode(image["bytes"]).decode() for image in row["images"]],
        "digest": _answer_digest(key, token, row["answer"]) if options else "",
    }


def _as_script_data(content: Mapping[str, Any]) -> str:
    """JSON for a script element. It does not contain ``<``, so that it cannot close the element."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _part(name: str) -> str:
    return (resources.files("viewpoint100k.quiz") / name).read_text(encoding="utf-8")
