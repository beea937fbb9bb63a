"""``viewpoint100k build``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.cores import workers_for

if TYPE_CHECKING:
    from viewpoint100k.building.run import Part
    from viewpoint100k.plan.build_plan import BuildPlan
    from viewpoint100k.plan.config import BuildConfig
    from viewpoint100k.runtime.storage import Location

__all__ = ["build"]


def build(
    config: Annotated[str, typer.Argument(help="A named config, such as viewpoint-100k, or a YAML file.")],
    out: Annotated[
        str, typer.Option(help="The data set's folder or URL (s3://, gs://, hf://): new, or one that this began.")
    ],
    rows: Annotated[
        int | None, typer.Option(help="Training rows; the test split has a hundredth, at least 10.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Such as procedural or meshes:DIR; see docs/sources.md.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over the config; dots for sections; repeatable.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; one for each core by default, fewer for a few rows.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local: processes of this machine; ray: a Ray cluster.")] = "local",
    gpus: Annotated[
        str | None, typer.Option(help="GPUs to draw on, such as 0,2; all that this process may see by default.")
    ] = None,
    shards: Annotated[str, typer.Option(help="I/N: only every N-th shard, from I on; one job of an array.")] = "0/1",
) -> None:
    """Make a data set, or continue one that was stopped.

    Example: viewpoint100k build viewpoint-100k --rows 1000 --out viewpoint-100k
    """
    from viewpoint100k.building.run import build_dataset
    from viewpoint100k.plan.config import load_config
    from viewpoint100k.runtime.storage import located

    stated = {name: value for name, value in (("rows", rows), ("source", source)) if value is not None}
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    settings = load_config(config, set_ or [], stated)
    where = located(out)
    build_plan = _plan(settings)
    count = workers or workers_for(build_plan.layout.rows)
    summary = build_dataset(build_plan, where, count, _part(shards), engine, gpus)
    if "test" not in {shard.split for shard in build_plan.layout.shards}:
        print("no test split: the source has too few assets that can be used to hold any out", file=sys.stderr)
    splits = ", ".join(f"{count:,} {split}" for split, count in summary.rows.items())
    reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(summary.assets_dropped.values()).most_common())
    print(f"rows: {splits}")
    dropped = f"{len(summary.assets_dropped):,} dropped" + f" ({reasons})" * bool(reasons)
    tried = f"; {build_plan.tried}" if build_plan.tried.of else ""
    print(f"assets: {summary.assets_used:,} used, {dropped}{tried}")
    if summary.unmeasured:
        unknown = ", ".join(f"{n:,} {reason}" for reason, n in summary.unmeasured.items())
        print(f"pairs of photos without answerability: {unknown}")
    if summary.notes:
        noted = ", ".join(f"{n:,} {word}" for word, n in summary.notes.items())
        print(f"assumed or left out, by the number of assets: {noted}")
    if summary.digests is not None:
        print(f"digest of labels, cameras and text: {summary.digests.numbers}")
        print(f"digest of all, images included:     {summary.digests.content}")
        print(f"{where}: {_how_to_load(where)}")
    else:
        print(f"{where}: not complete yet; the card is written when the last shard is")


def _plan(config: BuildConfig) -> BuildPlan:
    """The plan. The source, which may hold a list of a million files, is not kept."""
    from viewpoint100k.assets import looks_like_known_set
    from viewpoint100k.plan.planning import make_build_plan

    source = config.open_source()
    if (hint := looks_like_known_set(source)) is not None:
        print(hint, file=sys.stderr)
    return make_build_plan(config, source)


def _how_to_load(where: Location) -> str:
    if isinstance(where, Path):
        return f"load it from {where.resolve().parent} with datasets.load_dataset({where.name!r})"
    return f"load it with datasets.load_dataset('parquet', data_files={{'train': '{where}/data/train-*.parquet'}})"


def _part(text: str) -> Part:
    from viewpoint100k.building.run import Part

    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit()):
        raise UsageError(f"--shards {text} must be I/N, such as 0/4")
    return Part(int(index), int(count))
