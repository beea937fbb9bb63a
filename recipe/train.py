"""``python -m recipe.train sft|grpo``: runs one stage from rows to a trained model, for ``make sft`` and ``make grpo``.

It prepares the rows, prints the full command of TRL, and runs it; options after ``--`` are passed to TRL. ``--config
smoke`` needs no model and no data set: it makes tiny ones.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recipe.adapters import has_adapters, is_merged, merge_adapters
from recipe.data import GrpoData, SftData
from recipe.prepare import is_prepared, prepare_grpo, prepare_sft, reasons
from recipe.sources import OwnRows
from viewpoint100k.errors import MissingExtraError, UsageError, ViewpointError
from viewpoint100k.runtime.exit import run_app

__all__ = ["CONFIGS", "main", "trl_command"]

Stage = Literal["sft", "grpo"]

CONFIGS = Path(__file__).parent / "configs"

_DEFAULT_MODEL = "Qwen/Qwen2.5-VL-7B-Instruct"
_DEFAULT_DATA = "viewpoint-100k"
_SMOKE_ROWS = 64
_LAUNCHES = {"paper": "fsdp2"}
"""Default launch config of each training config: a whole model with its optimizer does not fit on one GPU."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def sft(
    config: Annotated[str, typer.Option(help="A config of recipe/configs, such as lora_1gpu, or a YAML file.")],
    model: Annotated[str, typer.Option(help="A model's folder, or its name on the Hub.")] = "",
    data: Annotated[str, typer.Option(help="A data set's folder, or its name on the Hub; viewpoint-100k.")] = "",
    runs: Annotated[Path, typer.Option(help="Where rows and models are written.")] = Path("runs"),
    reasoning_share: Annotated[float, typer.Option(help="Part of the rows that answer in the reasoned form.")] = 0.1,
    launch: Annotated[
        str, typer.Option(help="fsdp2, zero3, or a config of accelerate; fsdp2 where CONFIG is paper.")
    ] = "",
    more: Annotated[list[str] | None, typer.Argument(help="After --: options of trl sft.")] = None,
) -> None:
    """Stage 1, supervised: the hybrid cold start.

    Example: python -m recipe.train sft --config lora_1gpu --data viewpoint-100k
    """
    _config_file("sft", config)  # Fails early.
    if smoke := config == "smoke":
        model, data = _smoke_inputs(runs, model, data)
    model = model or _DEFAULT_MODEL
    _check_processor(model)
    rows, source = runs / f"sft-{_name(config)}-rows", OwnRows(data or _DEFAULT_DATA)
    # A tiny set may have no reasoning, and the smoke run does not need it.
    how = SftData(min(reasoning_share, _share_with_reasoning(data)) if smoke else reasoning_share)
    if is_prepared(rows, source.path, source.split, how):
        print(f"{rows}: as prepared before", flush=True)
    else:
        count, reasoned = prepare_sft(source, how, rows)
        print(f"{rows}: {count:,} rows, {reasoned:,} with reasoning", flush=True)
    out = runs / f"sft-{_name(config)}"
    _run(trl_command("sft", config, model, rows, out, launch, more or []))


@app.command()
def grpo(
    config: Annotated[str, typer.Option(help="A config of recipe/configs, such as lora_1gpu, or a YAML file.")],
    model: Annotated[str, typer.Option(help="What stage 1 left; by default runs/sft-CONFIG.")] = "",
    data: Annotated[str, typer.Option(help="Sources with weights, such as viewpoint-100k*3,sat:array/SAT*1.")] = "",
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many in all, each source's share by its weight; all where not given.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where rows and models are written.")] = Path("runs"),
    launch: Annotated[
        str, typer.Option(help="fsdp2, zero3, or a config of accelerate; fsdp2 where CONFIG is paper.")
    ] = "",
    more: Annotated[list[str] | None, typer.Argument(help="After --: options of trl grpo.")] = None,
) -> None:
    """Stage 2, by rewards: format and accuracy.

    Example: python -m recipe.train grpo --config lora_1gpu --data viewpoint-100k
    """
    _config_file("grpo", config)  # Fails early.
    if config == "smoke":
        model, data = _smoke_inputs(runs, model or _left_by_sft(runs / "sft-smoke"), data)
    else:
        model = model or _left_by_sft(runs / f"sft-{_name(config)}")
    if not model:
        raise UsageError(
            f"{runs}/sft-{_name(config)} holds no model of stage 1: run make sft CONFIG={config} first, "
            f"or say which model to begin with (MODEL={_DEFAULT_MODEL} is the one that stage 1 begins with)"
        )
    _check_processor(model)
    data = data or _DEFAULT_DATA
    prompts, how = runs / f"grpo-{_name(config)}-rows", GrpoData(rows=rows)
    if is_prepared(prompts, data, "train", how):
        print(f"{prompts}: as prepared before", flush=True)
    else:
        count, dropped = prepare_grpo(data, "train", how, prompts)
        print(f"{prompts}: {count:,} prompts{reasons(dropped)}", flush=True)
    _run(trl_command("grpo", config, model, prompts, runs / f"grpo-{_name(config)}", launch, more or []))


def trl_command(
    stage: Stage, config: str, model: str, rows: Path, out: Path, launch: str, more: list[str]
) -> list[str]:
    """The command of TRL for a stage. ``config`` is the name of a config of this package, or a YAML file.

    TRL's command line calls ``accelerate launch`` itself and must not be run by it, because each process would start
    all processes again. ``launch`` names the config of accelerate; empty for the default of ``config``.
    """
    options = {
        "config": _config_file(stage, config),
        "model_name_or_path": model,
        "dataset_name": rows,
        "output_dir": out,
    }
    if launch := launch or _LAUNCHES.get(config, ""):
        options["accelerate_config"] = _launch_file(launch)
    pairs = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [_trl(), stage, *pairs, *more]


def _check_processor(model: str) -> None:
    """Raises ``UsageError`` early if the model's processor cannot be loaded."""
    if model.startswith("Qwen/") and find_spec("torchvision") is None:
        raise UsageError(f"the processor of {model} needs torchvision: pip install the build that goes with your torch")


def _name(config: str) -> str:
    """Name of a config in folder names; ``sft_mine.yaml`` and ``grpo_mine.yaml`` are stages of one recipe, ``mine``."""
    return Path(config).stem.removeprefix("sft_").removeprefix("grpo_")


def _launch_file(launch: str) -> Path:
    path = Path(launch) if launch.endswith((".yaml", ".yml")) else CONFIGS / "accelerate" / f"{launch}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in (CONFIGS / "accelerate").glob("*.yaml")))
        raise UsageError(f"no way to launch {launch!r}: give one of {known}, or the path of a config of accelerate")
    return path


def _config_file(stage: Stage, config: str) -> Path:
    path = Path(config) if config.endswith((".yaml", ".yml")) else CONFIGS / f"{stage}_{config}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem.removeprefix(f"{stage}_") for one in CONFIGS.glob(f"{stage}_*.yaml")))
        raise UsageError(f"no config {config!r} for {stage}: give one of {known}, or the path of a YAML file")
    return path


def _trl() -> str:
    """Path of TRL's command in this environment, even if the environment is not active."""
    beside = Path(sys.executable).with_name("trl")
    found = str(beside) if beside.is_file() else shutil.which("trl")
    if found is None:
        raise MissingExtraError("trl", "train")
    return found


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.train", app)


def _run(command: list[str]) -> None:
    print(shlex.join(command), flush=True)
    if code := subprocess.run(command, check=False).returncode:
        raise ViewpointError(f"trl ended with code {code}; its own message is above")


def _left_by_sft(folder: Path) -> str:
    """Path of the model of stage 1 in ``folder``, with adapters merged; empty if there is none."""
    if not has_adapters(folder):
        return str(folder) if (folder / "config.json").is_file() else ""
    merged = folder.with_name(f"{folder.name}-merged")
    if not is_merged(folder, merged):
        print(f"{merged}: {folder} with its adapters merged", flush=True)
        merge_adapters(folder, merged)
    return str(merged)


def _share_with_reasoning(data: str) -> float:
    has_reasoning = [row["reasoning"] is not None for row in OwnRows(data).only("reasoning")]
    return sum(has_reasoning) / len(has_reasoning)


def _smoke_inputs(runs: Path, model: str, data: str) -> tuple[str, str]:
    """(model, data) of a smoke run; by default a model with random weights and a few procedural rows."""
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
