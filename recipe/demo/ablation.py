"""``python -m recipe.demo.ablation``: what GRPO does to what SFT taught, by its prompts and by how it is held back.

The paper's accuracy on its own set fell from 92.2% to 81.4% in stage 2, whose prompts were of another data set (SAT).
Here the other data set asks two things that stage 1 has not taught: whether the camera rose, and whether it came
nearer. Each variant begins at the ``sft`` of ``make demo-train`` and is asked the same rows of unseen objects in both
forms. Writes ``ablation.md``, ``ablation.png`` and each variant's figures as JSON into a folder of ``--out``; a variant
that is there is not run again.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer

from recipe.data import GrpoData
from recipe.demo.commands import build
from recipe.demo.curves import plot_variants
from recipe.evaluation.intervals import clustered_change
from recipe.evaluation.items import Item, read_items
from recipe.evaluation.tables import markdown, percent
from recipe.prepare import prepare_grpo
from recipe.rewards.answers import follows_format, is_right
from viewpoint100k.entry import run_app
from viewpoint100k.errors import UsageError

__all__ = ["VARIANTS", "Figures", "Measured", "Variant", "main", "measured", "table"]

_CONFIG = Path(__file__).parents[1] / "configs" / "grpo_demo.yaml"
_QUESTIONS = Path(__file__).parent / "other_questions"
_PROMPTS = 1000
"""Of each variant, however they are mixed."""
_RATE, _OWN_RATE = "3e-4", "5e-5"
"""The second is the demonstration's; the first, six times as high, shows within minutes what a variant comes to."""
_WATCHED_ROWS, _WATCHED_EVERY = 200, 25
_BEFORE = "before (SFT)"

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
    Variant("other prompts, as the paper", "{other}", {}),
    Variant("own prompts", "{own}", {}),
    Variant("half of the prompts own", "{own},{other}", {}),
    Variant("a tenth of the prompts own", "{own}*1,{other}*9", {}),
    Variant("other prompts, KL x10", "{other}", {"beta": "0.1"}),
    Variant("other prompts, KL x100", "{other}", {"beta": "1"}),
    Variant("other prompts, no KL", "{other}", {"beta": "0"}),
    Variant("other prompts, a sixth of the learning rate", "{other}", {"learning_rate": _OWN_RATE}),
    Variant("other prompts, no format reward", "{other}", {"reward_weights": "0 1"}),
    Variant("own prompts, no KL", "{own}", {"beta": "0"}),
)


@dataclass(frozen=True)
class Measured:
    """How one model answers the rows of unseen objects, in one form."""

    right: list[bool]
    """Of each row."""
    formatted: float
    """Share of answers in the reasoned form."""

    @property
    def accuracy(self) -> float:
        return sum(self.right) / len(self.right)


@dataclass(frozen=True)
class Figures:
    """What came of a variant."""

    plain: Measured
    reason: Measured
    rewards: list[float]
    """Means over the first sixth of its steps, and over the last."""
    course: list[tuple[int, float]]
    """Steps, and the share of right answers there after a thought, of some of the rows."""


@app.command()
def ablate(
    out: Annotated[Path, typer.Option(help="Where `make demo-train` wrote.")] = Path("runs/demo"),
    data: Annotated[Path | None, typer.Option(help="The set that it was given; by default the one it built.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of each variant.")] = 100,
    seed: Annotated[int, typer.Option(help="Of orders and samples.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Variants at a time; by default, one a core.")] = None,
) -> None:
    """Run stage 2 in several ways from the same start, and set them side by side.

    Example: python -m recipe.demo.ablation --out runs/demo
    """
    if not (out / "sft" / "config.json").is_file():
        raise UsageError(f"{out} holds no model of stage 1: run make demo-train first")
    own = data or out / "rows"
    for variant in VARIANTS:
        _prompts(out, own, variant, seed)
    folder = out / f"ablation-{steps}-steps-seed-{seed}"
    folder.mkdir(exist_ok=True)
    jobs = jobs or _at_a_time()
    run = partial(_run, out, own, folder, steps, seed, max(1, (os.cpu_count() or 1) // jobs))
    # Processes, since each holds a model and a trainer; spawned, since torch does not outlive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        found = dict(zip([_BEFORE, *(one.name for one in VARIANTS)], pool.map(run, [None, *VARIANTS]), strict=True))
    text = table(found, [item.asset for item in read_items(own, "test")])
    (folder / "ablation.md").write_text(text + "\n", encoding="utf-8")
    start = [(0, found[_BEFORE].reason.accuracy)]
    plot_variants({name: start + one.course for name, one in found.items() if name != _BEFORE}, folder / "ablation.png")
    print(f"{text}\n{folder}: ablation.md, ablation.png")


def measured(texts: Sequence[str], items: Sequence[Item]) -> Measured:
    """Of the answers ``texts`` to ``items``."""
    right = [is_right(text, item.answer, item.options, item.question) for text, item in zip(texts, items, strict=True)]
    return Measured(right, sum(follows_format(text) for text in texts) / len(texts))


def table(found: Mapping[str, Figures], assets: Sequence[str]) -> str:
    """Variants as lines of Markdown; changes are since the first of them, row by row, each row of one of ``assets``."""
    head = ["stage 2", "letter alone", "change (95%)", "after a thought", "change (95%)", "format", "reward"]
    before = next(iter(found.values()))
    lines = []
    for name, one in found.items():
        cells = [name]
        for form in ("plain", "reason"):
            now, then = getattr(one, form), getattr(before, form)
            change, (low, high) = clustered_change(then.right, now.right, assets)
            cells += [percent(now.accuracy)]
            cells += ["–" if one is before else f"{100 * change:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"]
        rewards = " to ".join(f"{reward:.2f}" for reward in one.rewards)
        lines.append([*cells, percent(one.reason.formatted), rewards or "–"])
    return markdown(head, lines)


def _run(out: Path, own: Path, folder: Path, steps: int, seed: int, threads: int, variant: Variant | None) -> Figures:
    name = variant.name if variant else _BEFORE
    kept = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.json"
    if not kept.exists():
        print(f"{name} …", flush=True)
        made = json.dumps(asdict(_train(out, own, variant, steps, seed, threads)))
        partly = kept.with_suffix(".part")
        partly.write_text(made, encoding="utf-8")
        partly.replace(kept)
    held = json.loads(kept.read_text(encoding="utf-8"))
    course = [(step, share) for step, share in held["course"]]
    return Figures(Measured(**held["plain"]), Measured(**held["reason"]), held["rewards"], course)


def _train(out: Path, own: Path, variant: Variant | None, steps: int, seed: int, threads: int) -> Figures:
    import torch
    from datasets import load_dataset

    from recipe.demo.stages import load_small, reinforce
    from recipe.demo.watch import Watch, answers

    torch.set_num_threads(threads)
    items = read_items(own, "test")
    model, processor = load_small(out / "sft")
    history: list[dict[str, Any]] = []
    if variant is not None:
        prompts = load_dataset(str(_prompts(out, own, variant, seed)), split="train")
        options = {"max_steps": str(steps), "seed": str(seed), "learning_rate": _RATE, **variant.options}
        more = [part for name, value in options.items() for part in (f"--{name}", *value.split())]
        watch = Watch(processor, items[:_WATCHED_ROWS], {"reason": _WATCHED_EVERY})
        with tempfile.TemporaryDirectory() as unkept:  # The model is measured, and need not be kept.
            history = reinforce(model, processor, prompts, _CONFIG, Path(unkept), more, [watch])
    logged = [entry["reward"] for entry in history if "reward" in entry]
    few = max(1, len(logged) // 6)
    return Figures(
        plain=measured(answers(model, processor, items, "plain"), items),
        reason=measured(answers(model, processor, items, "reason"), items),
        rewards=[sum(logged[:few]) / few, sum(logged[-few:]) / few] if logged else [],
        course=[(entry["step"], entry["held_out/reason"]) for entry in history if "held_out/reason" in entry],
    )


def _prompts(out: Path, own: Path, variant: Variant, seed: int) -> Path:
    """The prepared prompts of a variant, which others may share."""
    other = out / "other-rows"
    shares = re.sub(r"[^a-z0-9]+", "-", variant.prompts).strip("-")
    prepared = out / f"grpo-rows-{shares}-seed-{seed}"
    if not prepared.exists():
        if "{other}" in variant.prompts and not other.exists():
            fields = {"questions_per_pair": 1, "consistency_share": 0}
            build("decoupled", _QUESTIONS, other, {"rows": _PROMPTS}, fields)
        sources = variant.prompts.format(own=own, other=other)
        prepare_grpo(sources, "train", GrpoData(rows=_PROMPTS, seed=seed), prepared)
    return prepared


def _at_a_time() -> int:
    import torch

    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def main() -> None:
    """Entry point. Errors end in one sentence."""
    run_app("recipe.demo.ablation", app)


if __name__ == "__main__":
    main()
