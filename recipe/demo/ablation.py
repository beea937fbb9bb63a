"""``python -m recipe.demo.ablation``: what GRPO does to what SFT taught, by its prompts and by how it is held back.

The paper's accuracy on its own set fell from 92.2% to 81.4% in stage 2, whose prompts were of another data set (SAT).
Here the other data set asks two things that stage 1 has not taught: whether the camera rose, and whether it came
nearer. Each variant begins at the ``sft`` of ``make demo-train`` and is asked the same rows of unseen objects in both
forms. Writes ``ablation.md`` and its figures as JSON into ``--out``; a variant that is there is not run again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from recipe.data import GrpoData
from recipe.demo.commands import build
from recipe.evaluation.intervals import clustered_wilson
from recipe.evaluation.items import Item, read_items
from recipe.evaluation.tables import markdown, percent, with_interval
from recipe.prepare import prepare_grpo
from recipe.rewards.answers import follows_format, is_right
from viewpoint100k.errors import UsageError, ViewpointError

__all__ = ["VARIANTS", "Measured", "Variant", "main", "measured", "table"]

_CONFIG = Path(__file__).parents[1] / "configs" / "grpo_demo.yaml"
_QUESTIONS = Path(__file__).parent / "other_questions"
_OTHER_ROWS = 1000
_RATE = "1e-4"
"""Twice the demonstration's, so that few steps show what a variant does."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dataclass(frozen=True)
class Variant:
    """One way to run stage 2."""

    name: str
    prompts: str
    """``{own}`` rows, ``{other}`` rows, or both, as `recipe.sources.open_sources` takes them."""
    options: Mapping[str, str]
    """Over those of ``grpo_demo.yaml``."""


VARIANTS = (
    Variant("own prompts", "{own}", {}),
    Variant("other prompts, as the paper", "{other}", {}),
    Variant("half own, half other", "{own},{other}", {}),
    Variant("other prompts, KL x10", "{other}", {"beta": "0.1"}),
    Variant("other prompts, a fifth of the learning rate", "{other}", {"learning_rate": "2e-5"}),
    Variant("other prompts, no KL", "{other}", {"beta": "0"}),
    Variant("own prompts, no KL", "{own}", {"beta": "0"}),
    Variant("other prompts, no format reward", "{other}", {"reward_weights": "0 1"}),
)


@dataclass(frozen=True)
class Measured:
    """How one model answers the rows of unseen objects, in one form."""

    accuracy: float
    interval: tuple[float, float]
    formatted: float


@app.command()
def ablate(
    out: Annotated[Path, typer.Option(help="Where `make demo-train` wrote.")] = Path("runs/demo"),
    data: Annotated[Path | None, typer.Option(help="The set that it was given; by default the one it built.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of each variant.")] = 40,
    seed: Annotated[int, typer.Option(help="Of orders and samples.")] = 0,
) -> None:
    """Run stage 2 in several ways from the same start, and set them side by side.

    Example: python -m recipe.demo.ablation --out runs/demo
    """
    if not (out / "sft" / "config.json").is_file():
        raise UsageError(f"{out} holds no model of stage 1: run make demo-train first")
    own = data or out / "rows"
    items = read_items(own, "test")
    kept = out / f"ablation-{steps}-steps-seed-{seed}.json"  # Figures of other settings are not mixed in.
    results: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for variant in (None, *VARIANTS):
        name = variant.name if variant else "before (SFT)"
        if name not in results:
            print(f"{name} …", flush=True)
            results[name] = _run(out, own, variant, items, steps, seed)
            kept.write_text(json.dumps(results, indent=2), encoding="utf-8")
    (out / "ablation.md").write_text(table(results) + "\n", encoding="utf-8")
    print(table(results))


def measured(texts: Sequence[str], items: Sequence[Item]) -> Measured:
    """Of the answers ``texts`` to ``items``."""
    right = [float(is_right(text, item.answer, item.options)) for text, item in zip(texts, items, strict=True)]
    return Measured(
        accuracy=sum(right) / len(right),
        interval=clustered_wilson(right, [item.asset for item in items]),
        formatted=sum(follows_format(text) for text in texts) / len(texts),
    )


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Variants as lines of Markdown."""
    head = ["stage 2", "letter alone: right (95%)", "after a thought: right (95%)", "format", "reward, first and last"]
    lines = []
    for name, result in results.items():
        plain, reason = result["plain"], result["reason"]
        rewards = [f"{reward:.2f}" for reward in result["rewards"]]
        lines.append(
            [
                name,
                with_interval(plain["accuracy"], plain["interval"]),
                with_interval(reason["accuracy"], reason["interval"]),
                percent(reason["formatted"]),
                ", ".join(rewards) or "–",
            ]
        )
    return markdown(head, lines)


def _run(out: Path, own: Path, variant: Variant | None, items: Sequence[Item], steps: int, seed: int) -> dict[str, Any]:
    from datasets import load_dataset

    from recipe.demo.stages import load_small, reinforce
    from recipe.demo.watch import answers

    model, processor = load_small(out / "sft")
    rewards: list[float] = []
    if variant is not None:
        prompts = load_dataset(str(_prompts(out, own, variant.prompts, seed)), split="train")
        options = {"max_steps": str(steps), "seed": str(seed), "learning_rate": _RATE, **variant.options}
        more = [part for name, value in options.items() for part in (f"--{name}", *value.split())]
        # The model is measured, and need not be kept.
        history = reinforce(model, processor, prompts, _CONFIG, out / "ablation", more)
        logged = [entry["reward"] for entry in history if "reward" in entry]
        few = max(1, len(logged) // 6)
        rewards = [sum(logged[:few]) / few, sum(logged[-few:]) / few]
    forms = {form: asdict(measured(answers(model, processor, items, form), items)) for form in ("plain", "reason")}
    return {**forms, "rewards": rewards}


def _prompts(out: Path, own: Path, sources: str, seed: int) -> Path:
    other = out / "other-rows"
    prepared = out / f"grpo-rows-{sources.format(own='own', other='other').replace(',', '-')}"
    if not prepared.exists():
        if "{other}" in sources:
            fields = {"questions_per_pair": 1, "consistency_share": 0, "seed": seed}
            build("decoupled", _QUESTIONS, other, {"rows": _OTHER_ROWS}, fields)
        prepare_grpo(sources.format(own=own, other=other), "train", GrpoData(seed=seed), prepared)
    return prepared


def main() -> None:
    """Entry point. Errors end in one sentence."""
    try:
        app()
    except ViewpointError as error:
        print(f"recipe.demo.ablation: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
