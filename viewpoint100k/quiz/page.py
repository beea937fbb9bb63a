"""Writes a quiz: one page that works from a file, without a server, and does not hold the answers.

Of the answers the page holds digests with a secret salt: the quiz's key, which is written to a file of its own. With
the key the page tells at its end how many answers were right. Without it the digests tell nothing: a script that does
not know the salt cannot try out the few answers that a row may have.
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

__all__ = ["KIND", "QuizPage", "split_digest", "split_rows", "write_quiz"]

KIND = "viewpoint100k quiz"
"""What a result file says that it is."""

_MOST_BYTES = 400_000_000
"""Of the images of a page: browsers fail somewhere above it."""


@dataclass(frozen=True)
class QuizPage:
    """What was written."""

    page: Path
    key: Path
    rows: int
    bytes: int
    """Of the page."""


def write_quiz(folder: Path, out: Path, *, rows: int = 100, split: str = "test", key: str | None = None) -> QuizPage:
    """Writes a quiz about ``rows`` rows of a split, in whole groups: those that ``recipe.evaluate --rows`` takes.

    Args:
        out: the page; the key goes into a file of the same name that ends in ``.key.txt``.
        key: the secret salt; drawn anew where it is not given, so that no two pages hold the same digests.

    Raises ``UsageError`` where there is no such split, ``DataError`` where a row cannot be asked.
    """
    asked = split_rows(folder, split, rows)
    key = key or secrets.token_hex(16)
    data = split_digest(folder, split)
    content = {
        "kind": KIND,
        "quiz": _digest_of(asked, data),
        "data": data,
        "split": split,
        "rows": rows,
        "version": __version__,
        "items": [_item(row, key) for row in asked],
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
    """The rows of a split that are asked, in its order, with the columns that a quiz needs.

    Raises ``UsageError`` where there is no such split, ``DataError`` for a damaged file and a missing image.
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
            raise DataError(f"row {row['id']} has no image, or an empty one: a set of poses cannot be asked")
        size += sum(map(len, images))
    if size > _MOST_BYTES:
        raise UsageError(
            f"the images of {len(found):,} rows are too much for a page ({size:,} bytes): ask fewer --rows"
        )
    return found


_COLUMNS = ["id", "group", "images", "question", "options", "answer", "answer_value", "question_type"]


def _split_files(folder: Path, split: str) -> list[Path]:
    paths = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not paths:
        raise UsageError(f"{folder} has no data/{split}-*.parquet: give another folder or --split")
    return paths


def split_digest(folder: Path, split: str) -> str:
    """16 hexadecimal digits of a split's files, by which a result is known to be about this set."""
    digest = hashlib.sha256()
    for path in _split_files(folder, split):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def answer_digest(key: str, row_id: str, answer: str) -> str:
    """sha256 of an answer with the quiz's secret key, hexadecimal."""
    return hashlib.sha256(f"{key}\n{row_id}\n{answer}".encode()).hexdigest()


def _digest_of(asked: Sequence[Mapping[str, Any]], data: str) -> str:
    return hashlib.sha256("\n".join([data, *(row["id"] for row in asked)]).encode()).hexdigest()[:16]


def _item(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What the page holds of a row: nothing that tells the answer."""
    stem, options = row["question"], list(row["options"] or ())
    listed = "\n" + "\n".join(f"{chr(ord('A') + place)}. {text}" for place, text in enumerate(options))
    return {
        "id": row["id"],
        "question": stem.replace(listed, "") if options and listed in stem else stem,
        "options": options,
        "images": ["data:image/jpeg;base64," + base64.b64encode(image["bytes"]).decode() for image in row["images"]],
        "digest": answer_digest(key, row["id"], row["answer"]) if options else "",
    }


def _as_script_data(content: Mapping[str, Any]) -> str:
    """JSON that cannot end the element that it stands in."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _part(name: str) -> str:
    return (resources.files("viewpoint100k.quiz") / name).read_text(encoding="utf-8")
