"""``python -m recipe.demo``: rows, eyes, words, hybrid SFT, GRPO, each measured; what is there is not made again.

Writes into ``--out``: ``words.json`` (how often the direction is named as asked, with images swapped, and blank),
``evaluation/comparison.md`` and ``.png`` (both later stages, both forms, with controls), ``curves.png``, all that was
logged as ``words.csv``, ``sft.csv`` and ``grpo.csv``, and the models ``words``, ``sft`` and ``grpo``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from recipe.data import GrpoData, SftData
from recipe.demo.curves import plot_curves, write_history
from recipe.prepare import prepare_grpo, prepare_sft
from recipe.prompts import ask_to_reason
from recipe.sources import OwnRows
from viewpoint100k.errors import MissingExtraError, ViewpointError

__all__ = ["Settings", "main"]

_CONFIGS = Path(__file__).parents[1] / "configs"
_QUESTIONS = Path(__file__).parent / "questions"
_EYES_ROUNDS = 6
_TOKENIZER_ROWS = 4000
_WATCHED_ROWS = 128

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dataclass(frozen=True)
class Settings:
    """What a run of the demonstration follows from."""

    thousands: int
    """Training rows, in thousands."""
    rounds: int
    """How often SFT sees each of them."""
    reasoning_share: float
    grpo_steps: int
    seed: int


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Everything is written here; what is there is not made again.")] = Path(
        "runs/demo"
    ),
    data: Annotated[Path | None, typer.Option(help="A set with train and test rows, in place of a new one.")] = None,
    thousands: Annotated[int, typer.Option(min=1, help="Training rows to build, in thousands.")] = 6,
    rounds: Annotated[int, typer.Option(min=1, help="How often SFT sees each row.")] = 5,
    reasoning_share: Annotated[float, typer.Option(help="Part of the SFT rows in the reasoned form.")] = 0.3,
    grpo_steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of GRPO; two to a rollout.")] = 60,
    test_rows: Annotated[int | None, typer.Option(min=1, help="At most so many rows are evaluated.")] = None,
    seed: Annotated[int, typer.Option(help="Of weights, orders and samples.")] = 0,
) -> None:
    """Train a small model from nothing: hybrid SFT, then GRPO, each followed by evaluation with controls.

    Example: python -m recipe.demo --out runs/demo
    """
    settings = Settings(thousands, rounds, reasoning_share, grpo_steps, seed)
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

    if data is None:
        timed("rows", rows / "data" / "test-00000-of-00001.parquet", lambda: _build(rows, settings))
    timed("words", out / "words.json", lambda: _words(out, rows, settings))
    timed("sft", out / "sft" / "config.json", lambda: _sft(out, rows, settings))
    timed("grpo", out / "grpo" / "config.json", lambda: _grpo(out, rows, settings))
    for stage in ("sft", "grpo"):
        for form in ("plain", "reason"):
            name = f"{stage}-{form}"
            made = out / "evaluation" / name / "results.json"
            timed(f"evaluation of {name}", made, lambda: _evaluate(out, rows, stage, form, test_rows))  # noqa: B023
    sft, grpo = (json.loads((out / f"{stage}-history.json").read_text()) for stage in ("sft", "grpo"))
    plot_curves(sft, grpo, out / "curves.png")
    print("\n".join(f"{name}: {seconds:,.0f} s" for name, seconds in times.items()))
    print(f"{out}: evaluation/comparison.md, evaluation/comparison.png, curves.png, sft.csv, grpo.csv")


def _build(folder: Path, settings: Settings) -> None:
    # The test split has a hundredth of the training rows, on assets of its own: too few of so small a set. So every
    # sixth shard of a set six times as large is built, in which the test shard, the last of all, is one.
    whole = 6 * settings.thousands
    options = {"--rows": f"{whole}000", "--shards": "0/6", "--out": str(folder)}
    fields = [
        "images.size=96",
        f"reasoning_share={min(1.0, 1.5 * settings.reasoning_share):g}",
        f"seed={settings.seed}",
    ]
    command = [part for pair in options.items() for part in pair]
    command += [part for field in fields for part in ("--set", field)]
    _run("viewpoint100k", "build", "viewpoint-100k", *command)


def _words(out: Path, rows: Path, settings: Settings) -> None:
    from datasets import load_dataset

    from recipe.demo.first_words import first_words, one_type_first
    from recipe.demo.stages import supervise
    from recipe.demo.watch import direction
    from recipe.evaluation.items import read_items
    from recipe.models.pair_model import build_small

    published = load_dataset(str(rows), split="train")
    model, processor = build_small(_texts(rows), seed=settings.seed)
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)
    _open_eyes(model.model.vision_model, processor, published, out / "eyes.pt", settings.seed)
    order = one_type_first(published["question_type"], settings.seed)
    history = supervise(
        model, processor, first_words(published).select(order), _CONFIGS / "sft_demo.yaml", out / "words"
    )
    _keep(history, out, "words")
    shares = direction(model, processor, read_items(rows, "test"))
    (out / "words.json").write_text(json.dumps(shares, indent=2), encoding="utf-8")
    print(", ".join(f"{name} {share:.1%}" for name, share in shares.items()), flush=True)


def _sft(out: Path, rows: Path, settings: Settings) -> None:
    from datasets import load_dataset

    from recipe.demo.stages import batches_of_one_form, supervise
    from recipe.demo.watch import Watch
    from recipe.evaluation.items import read_items

    prepared = out / "sft-rows"
    if not prepared.exists():
        prepare_sft(OwnRows(str(rows)), SftData(settings.reasoning_share, seed=settings.seed), prepared)
    examples = load_dataset(str(prepared), split="train")
    reasoned = ["<think>" in turns[0]["content"] for turns in examples["completion"]]
    config = _CONFIGS / "sft_demo.yaml"
    batch = yaml.safe_load(config.read_text(encoding="utf-8"))["per_device_train_batch_size"]
    order = batches_of_one_form(reasoned, batch, settings.rounds, settings.seed)
    model, processor = _load(out / "words")
    watch = Watch(processor, read_items(rows, "test", _WATCHED_ROWS), {"plain": 100, "reason": 500})
    history = supervise(model, processor, examples.select(order), config, out / "sft", callbacks=[watch])
    _keep(history, out, "sft")


def _load(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoProcessor

    from recipe.models.pair_model import PairModel

    return PairModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)


def _open_eyes(encoder: Any, processor: Any, rows: Any, kept: Path, seed: int) -> None:
    import torch

    from recipe.demo.eyes import open_eyes

    if not kept.exists():
        open_eyes(encoder, processor, rows, _EYES_ROUNDS, seed)
        torch.save(encoder.state_dict(), kept)
    encoder.load_state_dict(torch.load(kept, weights_only=True))


def _grpo(out: Path, rows: Path, settings: Settings) -> None:
    from datasets import load_dataset

    from recipe.demo.stages import reinforce
    from recipe.demo.watch import Watch
    from recipe.evaluation.items import read_items

    prepared = out / "grpo-rows"
    if not prepared.exists():
        prepare_grpo(str(rows), "train", GrpoData(seed=settings.seed), prepared)
    model, processor = _load(out / "sft")
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


def _evaluate(out: Path, rows: Path, stage: str, form: str, test_rows: int | None) -> None:
    options = {
        "--model": str(out / stage),
        "--stage": f"{stage}-{form}",
        "--form": form,
        "--out": str(out / "evaluation"),
    }
    limits = ["--rows", str(test_rows)] if test_rows else []
    limits += ["--batch-size", "64", "--max-new-tokens", "8" if form == "plain" else "256"]
    pairs = [part for pair in options.items() for part in pair]
    _run("recipe.evaluate", str(rows), *pairs, "--controls", "swapped,blank,shuffled", *limits)


def _texts(rows: Path) -> list[str]:
    source = OwnRows(str(rows)).only("question", "reasoning")
    found = []
    for place, row in enumerate(source):
        if place < _TOKENIZER_ROWS:
            found += [row["question"], ask_to_reason(row["question"]), row["reasoning"] or ""]
    return found


def _run(module: str, *arguments: str) -> None:
    if code := subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode:
        raise ViewpointError(f"{module} ended with code {code}; its own message is above")


def main() -> None:
    """Entry point. Errors end in one sentence."""
    try:
        import matplotlib  # noqa: F401
        import trl  # noqa: F401
    except ImportError as error:
        print(f"recipe.demo: error: {MissingExtraError(error.name or 'trl', 'train')}", file=sys.stderr)
        sys.exit(2)
    try:
        app()
    except ViewpointError as error:
        print(f"recipe.demo: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
