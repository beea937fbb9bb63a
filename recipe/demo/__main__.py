"""``python -m recipe.demo``: builds rows, trains a base model, then SFT and GRPO, and evaluates each.

Writes to ``--out``: ``evaluation/comparison.md`` and ``.png`` (the base model and both stages, in both forms, with
controls), ``evaluation/wordings.md`` (the trained models in wordings that training has not shown), ``curves.png``, the
logs ``sft.csv`` and ``grpo.csv``, and the models ``base``, ``sft`` and ``grpo``.
Existing results are not made again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from recipe.data import GrpoData, SftData
from recipe.demo.commands import build, run
from recipe.demo.curves import plot_curves, write_history
from recipe.demo.wordings import HELD_OUT, write_wordings
from recipe.prepare import is_prepared, prepare_grpo, prepare_sft
from recipe.sources import OwnRows
from viewpoint100k.errors import MissingExtraError
from viewpoint100k.runtime.exit import run_app

__all__ = ["NEW_ROWS", "Settings", "main", "new_rows"]

_CONFIGS = Path(__file__).parents[1] / "configs"
_QUESTIONS = Path(__file__).parent / "questions"
NEW_ROWS = "new-rows"
_EXAM = 480
"""Number of exercises that test the language model."""
_WATCHED_ROWS = 128
_CONTROLS = "swapped,blank,shuffled"
_EVALUATED = (("base", "plain"), ("sft", "plain"), ("sft", "reason"), ("grpo", "plain"), ("grpo", "reason"))

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dataclass(frozen=True)
class Settings:
    """Settings of a run of the demonstration."""

    thousands: int
    """Number of training rows, in thousands."""
    language_steps: int
    """Training steps of the base model's language model, on text."""
    eyes_rounds: int
    """Epochs of the base model's image encoder, trained alone."""
    rounds: int
    """Epochs of SFT."""
    reasoning_share: float
    grpo_steps: int
    seed: int


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Output folder; existing results are not made again.")] = Path("runs/demo"),
    data: Annotated[Path | None, typer.Option(help="A set with train and test rows, in place of a new one.")] = None,
    thousands: Annotated[int, typer.Option(min=1, help="Training rows to build, in thousands.")] = 10,
    language_steps: Annotated[int, typer.Option(min=1, help="Steps of the base model's text half.")] = 500,
    eyes_rounds: Annotated[int, typer.Option(min=1, help="Rounds of the base model's image half.")] = 6,
    rounds: Annotated[int, typer.Option(min=1, help="How often SFT sees each row.")] = 3,
    reasoning_share: Annotated[float, typer.Option(help="Part of the SFT rows in the reasoned form.")] = 0.1,
    grpo_steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of GRPO.")] = 60,
    test_rows: Annotated[int | None, typer.Option(min=1, help="At most so many rows are evaluated.")] = None,
    seed: Annotated[int, typer.Option(help="Of weights, orders and samples.")] = 0,
) -> None:
    """Train a small model from nothing: a base model, hybrid SFT, then GRPO, each evaluated with controls.

    Example: python -m recipe.demo --out runs/demo
    """
    try:
        import matplotlib  # noqa: F401
        import trl  # noqa: F401
    except ImportError as error:  # Fails before half an hour is spent.
        raise MissingExtraError(error.name or "trl", "train") from error
    settings = Settings(thousands, language_steps, eyes_rounds, rounds, reasoning_share, grpo_steps, seed)
    out.mkdir(parents=True, exist_ok=True)
    rows = data or out / "rows"
    times: dict[str, float] = {}

    def timed(name: str, made: Path, make: Callable[[], None]) -> None:
        if made.exists():
            print(f"{name}: {made} is there already", flush=True)
            return
        print(f"{name} …", flush=True)
        start = time.monotonic()
        make()
        times[name] = round(time.monotonic() - start, 1)
        print(f"{name}: {times[name]:,.0f} s", flush=True)

    if data is None:
        timed("rows", rows / "data" / "test-00000-of-00001.parquet", lambda: _build(rows, settings))
        timed("new rows", new_rows(out, rows) / "data", lambda: _build_new(out / NEW_ROWS, settings))
        for wordings in HELD_OUT:
            folder = out / wordings
            made = folder / "data" / "test-00000-of-00001.parquet"
            timed(f"rows of {wordings}", made, lambda: _build_held_out(folder, settings, wordings))  # noqa: B023
    timed("base", out / "base" / "config.json", lambda: _base(out, rows, settings))
    timed("sft", out / "sft" / "config.json", lambda: _sft(out, rows, settings))
    timed("grpo", out / "grpo" / "config.json", lambda: _grpo(out, rows, settings))
    for stage, form in _EVALUATED:
        made = out / "evaluation" / f"{stage}-{form}" / "results.json"
        timed(f"evaluation of {stage}-{form}", made, lambda: _evaluate(out, rows, stage, form, test_rows))  # noqa: B023
    if data is None:  # A given set has one set of wordings.
        _compare_wordings(out, rows, test_rows, timed)
    sft, grpo = (json.loads((out / f"{stage}-history.json").read_text()) for stage in ("sft", "grpo"))
    plot_curves(sft, grpo, out / "curves.png")
    print(f"{sum(times.values()):,.0f} s: " + ", ".join(f"{name} {seconds:,.0f}" for name, seconds in times.items()))
    print(f"{out}: comparison.md, comparison.png and wordings.md in evaluation; curves.png, sft.csv, grpo.csv")


def new_rows(out: Path, rows: Path) -> Path:
    """Rows for GRPO that SFT has not seen, or the rows of SFT if no others were built.

    Rows that SFT has memorised are always answered right, so GRPO learns nothing from them.
    """
    return out / NEW_ROWS if rows == out / "rows" else rows


def _build(folder: Path, settings: Settings) -> None:
    # The test split has a hundredth of the training rows, which is too few for a small set. So every sixth shard of a
    # set six times as large is built, including the test shard, which is the last one.
    shards = {"rows": 6000 * settings.thousands, "shards": "0/6"}
    fields = {"reasoning_share": f"{settings.reasoning_share:g}", "seed": settings.seed, "wordings": "seen"}
    build("viewpoint-100k", _QUESTIONS, folder, shards, fields)


def _build_new(folder: Path, settings: Settings) -> None:
    # The next shard of the same set: a thousand rows with other objects.
    shards = {"rows": 6000 * settings.thousands, "shards": f"1/{6 * settings.thousands}"}
    build("viewpoint-100k", _QUESTIONS, folder, shards, {"seed": settings.seed, "wordings": "seen"})


def _build_held_out(folder: Path, settings: Settings, wordings: str) -> None:
    # The test shard of the same set alone: the same pairs and the same order of options, in other wordings.
    training = 6 * settings.thousands
    shards = {"rows": 1000 * training, "shards": f"{training}/{training + 1}"}
    build("viewpoint-100k", _QUESTIONS, folder, shards, {"seed": settings.seed, "wordings": wordings})


def _base(out: Path, rows: Path, settings: Settings) -> None:
    import numpy as np
    import torch
    from datasets import load_dataset

    from recipe.demo.eyes import lower_voice, open_eyes
    from recipe.demo.language import exercises, learn_language, mastery, vocabulary_texts
    from recipe.models.pair_model import build_small

    published = load_dataset(str(rows), split="train")
    rows_without_images = list(published.remove_columns("images"))
    asked = exercises(rows_without_images, np.random.default_rng(settings.seed))
    model, processor = build_small(vocabulary_texts(asked), seed=settings.seed)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)
    held_out, kept = asked[:_EXAM], asked[_EXAM:]
    history = learn_language(model, processor, kept, settings.language_steps, settings.seed)
    write_history(history, out / "language.csv")
    print(f"language: {mastery(model, processor, held_out):.1%} right of exercises it has not seen", flush=True)
    open_eyes(model.model.vision_model, processor, published, settings.eyes_rounds, settings.seed)
    lower_voice(model, processor, published.select(range(min(64, len(published)))))
    for part in (model, processor):
        part.save_pretrained(out / "base")


def _sft(out: Path, rows: Path, settings: Settings) -> None:
    from datasets import load_dataset

    from recipe.demo.stages import batches_of_one_form, load_small, supervise
    from recipe.demo.watch import Watch
    from recipe.evaluation.items import read_items

    prepared = out / "sft-rows"
    how = SftData(settings.reasoning_share, conclude=True, seed=settings.seed)
    if not is_prepared(prepared, str(rows), "train", how):
        prepare_sft(OwnRows(str(rows)), how, prepared)
    examples = load_dataset(str(prepared), split="train")
    reasoned = ["<think>" in turns[0]["content"] for turns in examples["completion"]]
    config = _CONFIGS / "sft_demo.yaml"
    batch = yaml.safe_load(config.read_text(encoding="utf-8"))["per_device_train_batch_size"]
    order = batches_of_one_form(reasoned, batch, settings.rounds, settings.seed)
    model, processor = load_small(out / "base")
    watch = Watch(processor, read_items(rows, "test", _WATCHED_ROWS), {"plain": 100, "reason": 300})
    history = supervise(model, processor, examples.select(order), config, out / "sft", callbacks=[watch])
    _keep(history, out, "sft")


def _grpo(out: Path, rows: Path, settings: Settings) -> None:
    from datasets import load_dataset

    from recipe.demo.stages import load_small, reinforce
    from recipe.demo.watch import Watch
    from recipe.evaluation.items import read_items

    prepared = out / "grpo-rows"
    source, how = str(new_rows(out, rows)), GrpoData(seed=settings.seed)
    if not is_prepared(prepared, source, "train", how):
        prepare_grpo(source, "train", how, prepared)
    model, processor = load_small(out / "sft")
    watch = Watch(processor, read_items(rows, "test", _WATCHED_ROWS), {"plain": 20, "reason": 20})
    history = reinforce(
        model,
        processor,
        load_dataset(str(prepared), split="train"),
        _CONFIGS / "grpo_demo.yaml",
        out / "grpo",
        ["--max_steps", str(settings.grpo_steps), "--seed", str(settings.seed)],
        [watch],
    )
    _keep(history, out, "grpo")


def _keep(history: list[dict[str, Any]], out: Path, stage: str) -> None:
    (out / f"{stage}-history.json").write_text(json.dumps(history), encoding="utf-8")
    write_history(history, out / f"{stage}.csv")


def _evaluate(
    out: Path, rows: Path, stage: str, form: str, test_rows: int | None, folder: str = "", controls: str = _CONTROLS
) -> None:
    options = {
        "--model": str(out / stage),
        "--stage": f"{stage}-{form}",
        "--form": form,
        "--out": str(out / "evaluation" / folder),
        "--controls": controls,
    }
    limits = ["--rows", str(test_rows)] if test_rows else []
    limits += ["--batch-size", "64", "--max-new-tokens", "8" if form == "plain" else "32"]
    pairs = [part for pair in options.items() for part in pair]
    run("recipe.evaluate", str(rows), *pairs, *limits)


def _compare_wordings(out: Path, rows: Path, test_rows: int | None, timed: Callable[..., None]) -> None:
    """Asks the trained models the same test rows in wordings held out of training, and prints the changes."""
    evaluations = {"seen": out / "evaluation"} | {name: out / "evaluation" / name for name in HELD_OUT}
    trained = [(stage, form) for stage, form in _EVALUATED if stage != "base"]
    for name in HELD_OUT:
        for stage, form in trained:
            made = evaluations[name] / f"{stage}-{form}" / "results.json"
            how = (out, out / name, stage, form, test_rows, name, "none")
            timed(f"evaluation of {stage}-{form}, {name}", made, lambda: _evaluate(*how))  # noqa: B023
    folders = {"seen": rows} | {name: out / name for name in HELD_OUT}
    stages = [f"{stage}-{form}" for stage, form in trained]
    print(write_wordings(out / "evaluation", folders, evaluations, stages, test_rows))


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.demo", app)


if __name__ == "__main__":
    main()
