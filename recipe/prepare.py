"""``python -m recipe.prepare``: writes the rows of a stage as parquet for TRL's command line.

Images are copied undecoded, one batch at a time, so the set may be larger than memory.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from recipe.data import PROBLEM, GrpoData, SftData, grpo_features, grpo_rows, sft_features, sft_rows
from recipe.sources import OwnRows, open_sources
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.exit import run_app
from viewpoint100k.runtime.progress import Progress

__all__ = ["is_prepared", "main", "prepare_grpo", "prepare_sft", "reasons", "write_rows"]

_BATCH = 100
_BATCHES_PER_FILE = 10
_RECORD = ".prepared.json"
"""File with the settings of the rows. Hidden, so that loaders do not read it as rows."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def prepare_sft(source: OwnRows, how: SftData, out: Path) -> tuple[int, int]:
    """Writes examples for SFT to ``out``; returns the number of rows and of those with reasoning."""
    examples, reasoned = sft_rows(source, how)
    return write_rows(examples, sft_features(), out, _record(source.path, source.split, how))[0], reasoned


def prepare_grpo(sources: str, split: str, how: GrpoData, out: Path) -> tuple[int, Counter[str]]:
    """Writes prompts for GRPO to ``out``; returns their number and the numbers of rows left out, by reason."""
    rows = grpo_rows(open_sources(sources, split, how.seed), how)
    return write_rows(rows, grpo_features(), out, _record(sources, split, how))


def is_prepared(out: Path, sources: str, split: str, how: SftData | GrpoData) -> bool:
    """True if ``out`` has the complete rows of these sources and settings.

    Raises ``UsageError`` if it has anything else, such as rows of other settings.
    """
    if not out.exists() or not any(out.iterdir()):
        return False
    wanted = _record(sources, split, how)
    try:
        found = json.loads((out / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(f"{out} holds no rows that were prepared to the end: remove it, or name another") from None
    differing = [
        f"{name} {found.get(name)!r}, now {wanted[name]!r}" for name in wanted if found.get(name) != wanted[name]
    ]
    if differing:
        raise UsageError(f"{out} holds rows prepared otherwise ({'; '.join(differing)}): remove it, or name another")
    return True


def write_rows(
    rows: Any, features: Any, out: Path, record: Mapping[str, object] | None = None
) -> tuple[int, Counter[str]]:
    """Writes a stream of rows as ``out/data/train-….parquet``, completely or not at all; returns the counts.

    ``out`` must be new or empty. File names do not contain the number of files, which is unknown before the last row.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder: name another, or remove it")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # Left by an interrupted run.
    counts = _write(rows, features, unfinished / "data")
    (unfinished / _RECORD).write_text(json.dumps(record or {}, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(out)
    return counts


def _record(sources: str, split: str, how: SftData | GrpoData) -> dict[str, object]:
    stage = "sft" if isinstance(how, SftData) else "grpo"
    return {"stage": stage, "sources": sources, "split": split, **asdict(how)}


def _write(rows: Any, features: Any, folder: Path) -> tuple[int, Counter[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Image, List

    folder.mkdir(parents=True)
    schema, done = features.arrow_schema, 0
    dropped: Counter[str] = Counter()
    writer: pq.ParquetWriter | None = None
    with Progress("preparing", "rows") as progress, _readable(folder):
        batches = rows.cast_column("images", List(Image(decode=False))).iter(batch_size=_BATCH)
        for place, batch in enumerate(batches):
            problems = batch.pop(PROBLEM, [None] * len(batch["id"]))
            dropped.update(filter(None, problems))
            table = pa.Table.from_pydict(batch, schema=schema).filter(pa.array([one is None for one in problems]))
            file, beginning = divmod(place, _BATCHES_PER_FILE)
            if not beginning:
                if writer:
                    writer.close()
                writer = pq.ParquetWriter(folder / f"train-{file:05d}.parquet", schema)
            assert writer is not None
            writer.write_table(table)
            done += table.num_rows
            progress.reach(done, done)
    if writer:
        writer.close()
    if not done:
        raise UsageError("no rows were left to prepare")
    return done, dropped


@app.command()
def sft(
    data: Annotated[str, typer.Argument(help="A data set's folder, or its name on the Hub.")],
    out: Annotated[Path, typer.Option(help="The folder to write; new or empty.")],
    reasoning_share: Annotated[float, typer.Option(help="Part of the rows that answer in the reasoned form.")] = 0.1,
    ask: Annotated[bool, typer.Option(help="Whether their prompts ask for it.")] = True,
    conclude: Annotated[bool, typer.Option(help="Whether a thought is cut to the right option's words.")] = False,
    split: Annotated[str, typer.Option(help="The split to take.")] = "train",
    seed: Annotated[int, typer.Option(help="Says which rows they are.")] = 0,
) -> None:
    """Examples for supervised training.

    Example: python -m recipe.prepare sft viewpoint-100k --out prepared/sft
    """
    rows, reasoned = prepare_sft(OwnRows(data, split), SftData(reasoning_share, ask, conclude, seed), out)
    print(f"{out}: {rows:,} rows, {reasoned:,} with reasoning")


@app.command()
def grpo(
    data: Annotated[str, typer.Argument(help="Sources with weights, such as viewpoint-100k*3,sat:array/SAT*1.")],
    out: Annotated[Path, typer.Option(help="The folder to write; new or empty.")],
    ask: Annotated[bool, typer.Option(help="Whether prompts ask for the reasoned form.")] = True,
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many in all, each source's share by its weight; all where not given.")
    ] = None,
    split: Annotated[str, typer.Option(help="The split to take.")] = "train",
    seed: Annotated[int, typer.Option(help="Of the order of the mixture, and of which rows are taken.")] = 0,
) -> None:
    """Prompts for reinforcement learning.

    Example: python -m recipe.prepare grpo viewpoint-100k --out prepared/grpo
    """
    prompts, dropped = prepare_grpo(data, split, GrpoData(ask, rows, seed), out)
    print(f"{out}: {prompts:,} prompts{reasons(dropped)}")


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.prepare", app)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())
        raise DataError(
            f"{folder.parent}: a file of its sources cannot be read, or it cannot be written ({said}): "
            "build or download the set again"
        ) from error


def reasons(dropped: Counter[str]) -> str:
    """Text about rows that were left out; empty if there are none."""
    parts = ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())
    return f"; left out: {parts}" if parts else ""


if __name__ == "__main__":
    main()
