"""``python -m recipe.demo.ablation``: the effect of GRPO on the skills from SFT, for several prompts and settings.

The paper's accuracy on its own set fell from 92.2% to 81.4% in stage 2, whose prompts were of another data set (SAT).
Here the other data set has two questions that stage 1 has not taught: whether the camera rose, and whether it came
nearer. Each variant starts from the ``sft`` of ``make demo-train`` and is evaluated on the same rows of unseen objects
in both forms. Writes ``ablation.md``, ``ablation.png`` and each variant's figures as JSON to a folder in ``--out``.
Finished variants are not run again.
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
from recipe.demo.__main__ import new_rows
from recipe.demo.commands import build
from recipe.demo.curves import plot_variants
from recipe.evaluation.intervals import clustered_change
from recipe.evaluation.items import Item, read_items
from recipe.evaluation.tables import markdown, percent
from recipe.prepare import is_prepared, prepare_grpo
from recipe.rewards.answers import follows_format, is_right
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.exit import run_app
from viewpoint100k.runtime.files import write_atomically

__all__ = ["VARIANTS", "Figures", "Measured", "Variant", "main", "measured", "table"]

_CONFIG = Path(__file__).parents[1] / "configs" / "grpo_demo.yaml"
_QUESTIONS = Path(__file__).parent / "other_questions"
_PROMPTS = 1000
"""Number of prompts of each variant."""
_HARSH = {"learning_rate": "3e-4", "lr_scheduler_type": "constant_with_warmup"}
"""Three times the demonstration's learning rate, constant, which shows the effect of a variant within minutes."""
_MILD = {"learning_rate": "1e-4", "lr_scheduler_type": "linear"}
"""The demonstration's."""
_WATCHED_ROWS, _WATCHED_EVERY = 200, 25
_BEFORE = "before (SFT)"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dataclass(frozen=True)
class Variant:
    """One set of settings for stage 2."""

    name: str
    prompts: str
    """Sources of prompts for `recipe.sources.open_sources`: ``{new}`` rows of the same set, rows that SFT has
    ``{seen}``, or the ``{other}`` set."""
    options: Mapping[str, str]
    """Options that override `_HARSH` and ``grpo_demo.yaml``."""


VARIANTS = (
    Variant("other prompts, as the paper", "{other}", {}),
    Variant("own prompts", "{new}", {}),
    Variant("own prompts that SFT has seen", "{seen}", {}),
    Variant("half of the prompts own", "{new},{other}", {}),
    Variant("a tenth of the prompts own", "{new}*1,{other}*9", {}),
    Variant("other prompts, KL x10", "{other}", {"beta": "0.1"}),
    Variant("other prompts, KL x100", "{other}", {"beta": "1"}),
    Variant("other prompts, no KL", "{other}", {"beta": "0"}),
    Variant("other prompts, a third of the learning rate, falling to 0", "{other}", _MILD),
    Variant("other prompts, no format reward", "{other}", {"reward_weights": "0 1"}),
    Variant("own prompts, no KL", "{new}", {"beta": "0"}),
)


@dataclass(frozen=True)
class Measured:
    """Answers of one model to the rows of unseen objects, in one form."""

    right: list[bool]
    """True for each row answered right."""
    formatted: float
    """Share of answers in the reasoned form."""

    @property
    def accuracy(self) -> float:
        return sum(self.right) / len(self.right)


@dataclass(frozen=True)
class Figures:
    """Results of a variant."""

    plain: Measured
    reason: Measured
    rewards: list[float]
    """Mean rewards over the first and the last sixth of its steps."""
    course: list[tuple[int, float]]
    """(step, share of right answers after a thought on some of the rows)."""


@dataclass(frozen=True)
class _Settings:
    """Settings of all variants of one run."""

    out: Path
    own: Path
    """The training set of stage 1."""
    steps: int
    seed: int
    threads: int
    """Threads of each process."""

    @property
    def folder(self) -> Path:
        """Folder of the figures; other settings use another folder."""
        return self.out / f"ablation-{self.steps}-steps-seed-{self.seed}"

    def prompts(self, variant: Variant) -> Path:
        return self.out / f"grpo-rows-{_as_file_name(variant.prompts)}-seed-{self.seed}"


@app.command()
def ablate(
    out: Annotated[Path, typer.Option(help="Where `make demo-train` wrote.")] = Path("runs/demo"),
    data: Annotated[Path | None, typer.Option(help="The set that it was given; by default the one it built.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps of each variant.")] = 100,
    seed: Annotated[int, typer.Option(help="Of orders and samples.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Variants at a time; by default, one a core.")] = None,
) -> None:
    """Run stage 2 with several settings from the same model, and compare the results.

    Example: python -m recipe.demo.ablation --out runs/demo
    """
    if not (out / "sft" / "config.json").is_file():
        raise UsageError(f"{out} holds no model of stage 1: run make demo-train first")
    jobs = jobs or _at_a_time()
    settings = _Settings(out, data or out / "rows", steps, seed, max(1, (os.cpu_count() or 1) // jobs))
    settings.folder.mkdir(exist_ok=True)
    _prepare(settings)
    variants = [None, *VARIANTS]
    # Separate processes, because each has a model and a trainer; spawned, because torch does not work after a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        figures = list(pool.map(partial(_figures, settings), variants))
    found = {variant.name if variant else _BEFORE: one for variant, one in zip(variants, figures, strict=True)}
    text = table(found, [item.asset for item in read_items(settings.own, "test")])
    (settings.folder / "ablation.md").write_text(text + "\n", encoding="utf-8")
    watched = found[_BEFORE].reason.right[:_WATCHED_ROWS]  # The same rows as at every later step.
    start = [(0, sum(watched) / len(watched))]
    courses = {name: start + one.course for name, one in found.items() if name != _BEFORE}
    plot_variants(courses, settings.folder / "ablation.png")
    print(f"{text}\n{settings.folder}: ablation.md, ablation.png")


def measured(texts: Sequence[str], items: Sequence[Item]) -> Measured:
    """Scores the answers ``texts`` to ``items``."""
    right = [is_right(text, item.answer, item.options, item.question) for text, item in zip(texts, items, strict=True)]
    return Measured(right, sum(follows_format(text) for text in texts) / len(texts))


def table(found: Mapping[str, Figures], assets: Sequence[str]) -> str:
    """A Markdown table of variants. Changes are relative to the first one, row by row; ``assets`` has each row's
    asset."""
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


def _prepare(settings: _Settings) -> None:
    """Prepares the prompts of all variants."""
    other = settings.out / "other-rows"
    fields = {"questions_per_pair": 1, "consistency_share": 0}
    build("decoupled", _QUESTIONS, other, {"rows": _PROMPTS}, fields)  # Does nothing if the set is complete.
    how = GrpoData(rows=_PROMPTS, seed=settings.seed)
    for variant in VARIANTS:
        sources = variant.prompts.format(new=new_rows(settings.out, settings.own), seen=settings.own, other=other)
        if not is_prepared(settings.prompts(variant), sources, "train", how):
            prepare_grpo(sources, "train", how, settings.prompts(variant))


def _figures(settings: _Settings, variant: Variant | None) -> Figures:
    """Figures of a variant, or of the common start if None; read from the disk if they exist."""
    name = variant.name if variant else _BEFORE
    kept = settings.folder / f"{_as_file_name(name)}.json"
    if not kept.exists():
        print(f"{name} …", flush=True)
        write_atomically(kept, json.dumps(asdict(_train(settings, variant))).encode())
    held = json.loads(kept.read_text(encoding="utf-8"))
    course = [(step, share) for step, share in held["course"]]
    return Figures(Measured(**held["plain"]), Measured(**held["reason"]), held["rewards"], course)


def _train(settings: _Settings, variant: Variant | None) -> Figures:
    import torch
    from datasets import load_dataset

    from recipe.demo.stages import load_small, reinforce
    from recipe.demo.watch import Watch, answers

    torch.set_num_threads(settings.threads)
    items = read_items(settings.own, "test")
    model, processor = load_small(settings.out / "sft")
    history: list[dict[str, Any]] = []
    if variant is not None:
        prompts = load_dataset(str(settings.prompts(variant)), split="train")
        options = {"max_steps": str(settings.steps), "seed": str(settings.seed)}
        options |= _HARSH | dict(variant.options)
        more = [part for name, value in options.items() for part in (f"--{name}", *value.split())]
        watch = Watch(processor, items[:_WATCHED_ROWS], {"reason": _WATCHED_EVERY})
        with tempfile.TemporaryDirectory() as unkept:  # The model is only evaluated, not kept.
            history = reinforce(model, processor, prompts, _CONFIG, Path(unkept), more, [watch])
    logged = [entry["reward"] for entry in history if "reward" in entry]
    few = max(1, len(logged) // 6)
    return Figures(
        plain=measured(answers(model, processor, items, "plain"), items),
        reason=measured(answers(model, processor, items, "reason"), items),
        rewards=[sum(logged[:few]) / few, sum(logged[-few:]) / few] if logged else [],
        course=[(entry["step"], entry["held_out/reason"]) for entry in history if "held_out/reason" in entry],
    )


def _as_file_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _at_a_time() -> int:
    import torch

    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.demo.ablation", app)


if __name__ == "__main__":
    main()
