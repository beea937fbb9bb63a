"""``python -m recipe.train sft|grpo``: what ``make sft`` and ``make grpo`` run, one stage from rows to a trained model.

Each prepares the rows, then hands over to TRL's own command line, whose full command it prints first; anything after
``--`` goes to TRL as it stands. ``--config smoke`` needs neither a model nor a data set: it makes both, tiny.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recipe.adapters import has_adapters, merge_adapters
from recipe.data import GrpoData, SftData
from recipe.prepare import prepare_grpo, prepare_sft
from recipe.sources import OwnRows
from viewpoint100k.errors import MissingExtraError, UsageError, ViewpointError

__all__ = ["CONFIGS", "main", "trl_command"]

Stage = Literal["sft", "grpo"]

CONFIGS = Path(__file__).parent / "configs"

_DEFAULT_MODEL = "Qwen/Qwen2.5-VL-7B-Instruct"
_DEFAULT_DATA = "viewpoint-100k"
_SMOKE_ROWS = 64

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def sft(
    config: Annotated[str, typer.Option(help="A config of recipe/configs, such as lora_1gpu, or a YAML file.")],
    model: Annotated[str, typer.Option(help="A model's folder, or its name on the Hub.")] = "",
    data: Annotated[str, typer.Option(help="A data set's folder, or its name on the Hub; viewpoint-100k.")] = "",
    runs: Annotated[Path, typer.Option(help="Where rows and models are written.")] = Path("runs"),
    reasoning_share: Annotated[float, typer.Option(help="Part of the rows that answer in the reasoned form.")] = 0.1,
    more: Annotated[list[str] | None, typer.Argument(help="After --: options of trl sft.")] = None,
) -> None:
    """Stage 1, supervised: the hybrid cold start.

    Example: python -m recipe.train sft --config lora_1gpu --data viewpoint-100k
    """
    _config_file("sft", config)  # Before any work is done for it.
    if smoke := config == "smoke":
        model, data = _smoke_inputs(runs, model, data)
    rows = runs / f"sft-{Path(config).stem}-rows"
    if not _prepared(rows):
        # A tiny set may hold no reasoning; whether the stage runs does not depend on it.
        share = min(reasoning_share, _share_with_reasoning(data)) if smoke else reasoning_share
        count, reasoned = prepare_sft(OwnRows(data or _DEFAULT_DATA), SftData(share), rows)
        print(f"{rows}: {count:,} rows, {reasoned:,} with reasoning", flush=True)
    _run(trl_command("sft", config, model or _DEFAULT_MODEL, rows, runs / f"sft-{Path(config).stem}", more or []))


@app.command()
def grpo(
    config: Annotated[str, typer.Option(help="A config of recipe/configs, such as lora_1gpu, or a YAML file.")],
    model: Annotated[str, typer.Option(help="What stage 1 left; by default runs/sft-CONFIG where it is there.")] = "",
    data: Annotated[str, typer.Option(help="Sources with weights, such as viewpoint-100k*3,sat:array/SAT*1.")] = "",
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many in all, each source's share by its weight; all where not given.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where rows and models are written.")] = Path("runs"),
    more: Annotated[list[str] | None, typer.Argument(help="After --: options of trl grpo.")] = None,
) -> None:
    """Stage 2, by rewards: format and accuracy.

    Example: python -m recipe.train grpo --config lora_1gpu --data viewpoint-100k
    """
    _config_file("grpo", config)  # Before any work is done for it.
    model = model or _left_by_sft(runs / f"sft-{Path(config).stem}")
    if config == "smoke":
        model, data = _smoke_inputs(runs, model, data)
    prompts = runs / f"grpo-{Path(config).stem}-rows"
    if not _prepared(prompts):
        count, _ = prepare_grpo(data or _DEFAULT_DATA, "train", GrpoData(rows=rows), prompts)
        print(f"{prompts}: {count:,} prompts", flush=True)
    _run(trl_command("grpo", config, model or _DEFAULT_MODEL, prompts, runs / f"grpo-{Path(config).stem}", more or []))


def trl_command(stage: Stage, config: str, model: str, rows: Path, out: Path, more: list[str]) -> list[str]:
    """The command of TRL that runs a stage. ``config`` is the name of one of ours, or a YAML file."""
    options = {
        "config": _config_file(stage, config),
        "model_name_or_path": model,
        "dataset_name": rows,
        "output_dir": out,
    }
    pairs = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [_trl(), stage, *pairs, *more]


def _config_file(stage: Stage, config: str) -> Path:
    path = Path(config) if config.endswith((".yaml", ".yml")) else CONFIGS / f"{stage}_{config}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem.removeprefix(f"{stage}_") for one in CONFIGS.glob(f"{stage}_*.yaml")))
        raise UsageError(f"no config {config!r} for {stage}: give one of {known}, or the path of a YAML file")
    return path


def _trl() -> str:
    """TRL's command of this environment, whether or not the environment is active."""
    beside = Path(sys.executable).with_name("trl")
    found = str(beside) if beside.is_file() else shutil.which("trl")
    if found is None:
        raise MissingExtraError("trl", "train")
    return found


def main() -> None:
    """The command, with errors as one sentence and the exit codes of ``viewpoint100k``."""
    try:
        app(standalone_mode=False)
    except ViewpointError as error:
        print(f"recipe.train: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        describe = getattr(error, "format_message", None)
        if describe is None:
            raise
        print(f"recipe.train: error: {describe().rstrip('.')}: see --help", file=sys.stderr)
        sys.exit(2)


def _run(command: list[str]) -> None:
    print(shlex.join(command), flush=True)
    if code := subprocess.run(command, check=False).returncode:
        raise ViewpointError(f"trl ended with code {code}; its own message is above")


def _left_by_sft(folder: Path) -> str:
    """The model that stage 1 left in ``folder``, its adapters merged where it has some; empty where there is none."""
    if has_adapters(folder):
        merged = folder.with_name(f"{folder.name}-merged")
        if not (merged / "config.json").is_file():
            print(f"{merged}: {folder} with its adapters merged", flush=True)
            merge_adapters(folder, merged)
        return str(merged)
    return str(folder) if (folder / "config.json").is_file() else ""


def _prepared(rows: Path) -> bool:
    """Whether these rows are there already; a preparation that was broken off is an error, not a beginning."""
    if not rows.exists():
        return False
    if not (rows / "data").is_dir():
        raise UsageError(f"{rows} holds no prepared rows: remove it, and they are prepared again")
    print(f"{rows}: as prepared before; remove it to prepare anew", flush=True)
    return True


def _share_with_reasoning(data: str) -> float:
    has_reasoning = [row["reasoning"] is not None for row in OwnRows(data).only("reasoning")]
    return sum(has_reasoning) / len(has_reasoning)


def _smoke_inputs(runs: Path, model: str, data: str) -> tuple[str, str]:
    """(model, data) of a smoke run: where none is given, one of random weights, and a few procedural rows."""
    if not data:
        data = str(runs / "smoke-rows")
        build = ["build", "viewpoint-100k", "--rows", str(_SMOKE_ROWS), "--set", "images.size=96", "--out", data]
        if subprocess.run([sys.executable, "-m", "viewpoint100k", *build], check=False).returncode:
            raise ViewpointError(f"{data}: the rows of the smoke run could not be built; the message is above")
    if not model:
        from recipe.models.tiny import build_tiny

        model = str(runs / "smoke-model")
        for part in build_tiny(_texts(data)):
            part.save_pretrained(model)
    return model, data


def _texts(data: str) -> Iterator[str]:
    from recipe.prompts import ask_to_reason

    row: Any
    for row in OwnRows(data).only("question", "answer", "reasoning"):
        yield from (row["question"], ask_to_reason(row["question"]), row["answer"], row["reasoning"] or "")


if __name__ == "__main__":
    main()
