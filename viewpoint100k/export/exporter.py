"""Writes a finished data set as the files of another tool: LLaMA-Factory, ms-swift, verl, VLMEvalKit and others.

It needs only the folder, and reads a hundred rows at a time. The output folder gets its name when the export is
complete. The same rows give the same bytes.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from viewpoint100k import __version__
from viewpoint100k.dataset.folder import stored_manifest_digest
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.export.jsonl import Jsonl
from viewpoint100k.export.llamafactory import LlamaFactory
from viewpoint100k.export.llava import Llava
from viewpoint100k.export.ms_swift import MsSwift
from viewpoint100k.export.openai import OpenAi
from viewpoint100k.export.protocol import REASONS, Contents, Format
from viewpoint100k.export.reading import Selection, read_samples, select, split_files
from viewpoint100k.export.verl import Verl
from viewpoint100k.export.vlmevalkit import VlmEvalKit
from viewpoint100k.export.webdataset import WebDataset
from viewpoint100k.runtime.plugins import load_plugin, plugin_names

__all__ = ["FORMATS", "PAPER_SHARE", "Export", "export"]

FORMATS: Mapping[str, type[Format]] = {
    "llamafactory": LlamaFactory,
    "ms-swift": MsSwift,
    "llava": Llava,
    "openai": OpenAi,
    "verl": Verl,
    "vlmevalkit": VlmEvalKit,
    "webdataset": WebDataset,
    "jsonl": Jsonl,
}
"""Formats by the name for ``--to``."""

PAPER_SHARE = 0.1
"""The share of reasoning in the paper's hybrid cold start."""

_CARRIED = ("LICENSE", "ATTRIBUTION.csv")
"""Files that must stay with the images."""


@dataclass(frozen=True)
class Export:
    """Result of an export."""

    rows: Mapping[str, int]
    """By split."""
    reasoned: int | None
    """Number of training rows with their reasoning as the target; None for a format without targets."""
    reasoned_possible: int
    """Number of training rows that have reasoning."""
    left_out: Mapping[str, int]
    """Number of rows that the format cannot hold, by reason code."""
    bytes: int
    first_step: str
    """How to start the tool with the files."""


@dataclass(frozen=True)
class _Written:
    """See `Export`."""

    rows: dict[str, int]
    reasoned: int | None
    left_out: dict[str, int]


def export(
    folder: Path,
    to: str,
    out: Path,
    *,
    split: str | None = None,
    reasoning_share: float | None = None,
    rows: int | None = None,
    difficulty: tuple[float, float] | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Export:
    """Writes the data set in ``folder`` to the new folder ``out`` in the format of the tool ``to``.

    ``rows`` limits the rows of each split. ``difficulty`` is the range of difficulties to export, see
    `viewpoint100k.dataset.difficulty`. ``reasoning_share`` is the share of training rows whose target includes the
    reasoning; `PAPER_SHARE` by default. Raises ``UsageError`` for invalid arguments, ``DataError`` if the data set
    cannot be read or ``out`` cannot be written.
    """
    form = _form(to)
    share = _share(form, to, reasoning_share)
    if rows is not None and rows < 1:
        raise UsageError(f"--rows must be at least 1, not {rows}")
    folder, out = Path(folder), Path(out)
    files = split_files(folder, split)
    _check_place(folder, out)
    selection = select(files, share, rows, difficulty)
    contents = Contents(_dataset_name(folder), selection.rows, selection.most_options)
    try:
        with _appearing(out) as draft:
            written = _write(form, draft, contents, selection, on_progress)
            _finish(draft, folder, to, contents, written)
            size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error}") from error
    possible, first_step = selection.reasoned_possible, form.first_step(out, contents)
    return Export(written.rows, written.reasoned, possible, written.left_out, size, first_step)


def _form(to: str) -> type[Format]:
    plugged: type[Format] | None = FORMATS.get(to) or load_plugin("exports", to)
    if plugged is None:
        raise UsageError(f"no format {to!r}: give --to {', '.join([*FORMATS, *plugin_names('exports')])}")
    return plugged


def _share(form: type[Format], to: str, wanted: float | None) -> float:
    if wanted is not None and not form.trains:
        raise UsageError(f"--to {to} holds no text for the model to learn: leave --reasoning-share out")
    if wanted is not None and not 0 <= wanted <= 1:
        raise UsageError(f"--reasoning-share must be from 0 to 1, not {wanted:g}")
    return PAPER_SHARE if wanted is None else wanted


def _check_place(folder: Path, out: Path) -> None:
    """Checks that ``out`` is empty or new, and outside the data set, because ``publish`` uploads that folder."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"--out {out} is inside the data set: give a folder outside {folder}")
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: give a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"--out {out} is not empty: give a new folder, or delete that one first")


def _dataset_name(folder: Path) -> str:
    """The name in the card, or the folder's name, in characters that every tool accepts."""
    from huggingface_hub import DatasetCard

    name = None
    card = folder / "README.md"
    if card.is_file():
        try:
            name = DatasetCard.load(card).data.to_dict().get("pretty_name")
        except ValueError as error:
            raise DataError(f"{card} is not a card: {error}") from error
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(name or folder.resolve().name))


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A temporary folder beside ``out`` that is renamed to ``out`` at the end, or removed after an error.

    The files of a killed export are deleted. Raises ``UsageError`` if another process writes to the same folder.
    """
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    draft = out.absolute().with_name(f".{out.absolute().name}.export-draft")
    draft.mkdir(exist_ok=True)
    handle = os.open(draft, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another export is writing {out}: wait for it, or stop it first") from None
        try:
            _empty(draft)
            yield draft
            os.sync()
            draft.rename(out)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _empty(draft: Path) -> None:
    for entry in draft.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _write(
    form: type[Format],
    draft: Path,
    contents: Contents,
    selection: Selection,
    on_progress: Callable[[int, int], None],
) -> _Written:
    """Writes all rows. Raises ``DataError`` if no row could be written."""
    rows: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    reasoned = 0
    total = sum(selection.rows.values())
    with closing(form(draft, contents)) as writer:
        for done, sample in enumerate(read_samples(selection), 1):
            reason = writer.refusal(sample) if sample.images else "images_missing"
            if reason is None:
                writer.write(sample)
                rows[sample.split] += 1
                reasoned += sample.reasoned
            else:
                left_out[reason] += 1
            on_progress(done, total)
    if not rows:
        why = "; ".join(f"{count} {reason} ({REASONS[reason]})" for reason, count in sorted(left_out.items()))
        raise DataError(f"no row can be exported: {why or 'the data set has none'}")
    return _Written(dict(rows), reasoned if form.trains else None, dict(sorted(left_out.items())))


def _finish(draft: Path, folder: Path, to: str, contents: Contents, written: _Written) -> None:
    """Writes ``export.json``, which states the origin of the files, and copies the files that must stay with images."""
    record = {
        "viewpoint100k": __version__,
        "format": to,
        "dataset": contents.dataset,
        "manifest": stored_manifest_digest(folder),
        "rows": written.rows,
        "rows_with_reasoning": written.reasoned,
        "left_out": written.left_out,
    }
    (draft / "export.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for name in _CARRIED:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, draft / name)
