"""``python -m recipe.evaluate``: asks a model the test split and its controls, and compares stages."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.asking import ask
from recipe.evaluation.conditions import ASKED, CONDITIONS, plan_trials
from recipe.evaluation.items import Item, read_items
from recipe.evaluation.models import Model, python_model
from recipe.evaluation.people import add_person, person_run
from recipe.evaluation.stages import Asked, read_stages, write_report
from recipe.fingerprint import digest_of_model
from recipe.prompts import ask_to_reason
from viewpoint100k.errors import MissingExtraError, UsageError
from viewpoint100k.runtime.exit import run_app
from viewpoint100k.runtime.progress import Progress

__all__ = ["main"]


class Form(StrEnum):
    """The form of the questions."""

    plain = "plain"
    reason = "reason"


_FORMS: Mapping[Form, Callable[[str], str]] = {Form.plain: str, Form.reason: ask_to_reason}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished data set folder.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="A folder or Hub name of an image-text-to-text model; the model's name at --endpoint; or "
            "python:package.module:name. Without it, stored answers are scored again."
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="Base URL of an OpenAI-compatible server; the key is in OPENAI_API_KEY."),
    ] = None,
    stage: Annotated[
        str, typer.Option(help="Name of this model in tables and folders, such as base, sft, grpo.")
    ] = "model",
    out: Annotated[Path, typer.Option(help="Folder of answers and results; stages in one folder are compared.")] = Path(
        "evaluation"
    ),
    controls: Annotated[
        str,
        typer.Option(
            help=f"Comma-separated, or all, or none. Known: {', '.join(n for n in CONDITIONS if n != ASKED)}."
        ),
    ] = "all",
    form: Annotated[
        Form, typer.Option(help="plain: the row's question. reason: asks to think in tags first.")
    ] = Form.plain,
    split: Annotated[str, typer.Option(help="Split to evaluate.")] = "test",
    rows: Annotated[int | None, typer.Option(min=1, help="Largest number of rows, in whole groups.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Prompts in a batch; at an endpoint, parallel requests.")] = 8,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Largest length of an answer, tokens.")] = 1024,
    device: Annotated[
        str | None, typer.Option(help="Device such as cuda:1 or cpu; by default a GPU if there is one.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="Type of weights: auto (as saved), bfloat16, float16, float32.")] = "auto",
    body: Annotated[
        list[str] | None,
        typer.Option(help="key=JSON of the request, such as temperature=1 or max_tokens=null; repeatable."),
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="Instead of a model: a file saved by the quiz page.")] = None,
) -> None:
    """Ask a model the questions of a data set, unchanged and under controls. Continues an interrupted run.

    Writes OUT/STAGE/{answers.jsonl,results.json,results.md}, and OUT/comparison.{md,json,png} for all stages in it.

    Example: python -m recipe.evaluate viewpoint-100k --model runs/sft --stage sft --out runs/evaluation
    """
    asked = Asked.of(folder, split, rows)
    items = _items(folder, split, rows)
    read_stages(out, items, asked)  # Refuses a folder with other rows before asking anything.
    if answers is not None:
        _enter_person(answers, items, asked, out / _folder_name(stage), model)
    elif model is not None:
        run = _run_of(model, endpoint, form, max_new_tokens, dtype, _body(body)) | asdict(asked)
        with AnswersFile(out / _folder_name(stage), run) as store:
            opened = _open(model, endpoint, max_new_tokens, batch_size, device, dtype, _body(body))
            _ask(opened, items, _conditions(controls), store, batch_size * (4 if endpoint else 1), _FORMS[form], stage)
    _report(out, items, asked)


def _items(folder: Path, split: str, rows: int | None) -> list[Item]:
    items = read_items(folder, split, rows)
    if not items:
        raise UsageError(f"{folder} has no rows in its {split} split: build more, or give another --split")
    return items


def _ask(
    model: Model,
    items: list[Item],
    conditions: list[str],
    store: AnswersFile,
    step: int,
    form: Callable[[str], str],
    stage: str,
) -> None:
    trials = plan_trials(items, conditions).trials
    if before := sum(map(store.has, trials)):
        print(f"{stage}: {before:,} of {len(trials):,} prompts were answered before", flush=True)
    with Progress(f"asking {stage}", "prompts", len(trials)) as progress:
        ask(model, trials, store, step, form, progress.advance)


def _run_of(
    model: str, endpoint: str | None, form: Form, max_new_tokens: int, dtype: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of ``run.json``: the model and the form of the questions."""
    how = {"model": model, "endpoint": endpoint, "form": form.value, "max_new_tokens": max_new_tokens}
    digest = None if endpoint else digest_of_model(model)  # The folder may contain another model now.
    return {**how, "digest": digest, "dtype": dtype, "body": body}


def _enter_person(path: Path, items: list[Item], asked: Asked, folder: Path, model: str | None) -> None:
    if model is not None:
        raise UsageError("--answers is in place of --model: leave one out")
    result, run = person_run(path, asked)
    with AnswersFile(folder, run) as store:
        if missing := add_person(result, items, store):
            print(f"{path}: {missing:,} of {len(items):,} rows are not answered; they count nowhere", file=sys.stderr)


def _report(out: Path, items: list[Item], asked: Asked) -> None:
    from recipe.evaluation.plots import plot_stages

    stages = read_stages(out, items, asked)
    if not stages:
        raise UsageError(f"{out} holds no answers yet: give a --model, or a person's --answers")
    page = write_report(out, stages, items)
    try:
        plot_stages({stage.name: stage.figures for stage in stages}, out / "comparison.png")
    except MissingExtraError as error:  # The plot is optional.
        print(f"no picture: {error}", file=sys.stderr)
    print(page)
    print(
        f"\n{out}: comparison.md, comparison.json, comparison.png; in each stage's folder results.md and answers.jsonl"
    )


def _open(
    model: str,
    endpoint: str | None,
    max_new_tokens: int,
    concurrency: int,
    device: str | None,
    dtype: str,
    body: Mapping[str, Any],
) -> Model:
    if endpoint is not None:
        from recipe.evaluation.endpoint import EndpointModel

        return EndpointModel(model, endpoint, max_new_tokens, concurrency, body=body)
    if model.startswith("python:"):
        return python_model(model.removeprefix("python:"))
    from recipe.evaluation.transformers_model import TransformersModel

    return TransformersModel(model, max_new_tokens, device, dtype)


def _conditions(controls: str) -> list[str]:
    if controls == "all":
        return list(CONDITIONS)
    return [] if controls == "none" else [name.strip() for name in controls.split(",")]


def _body(options: list[str] | None) -> dict[str, Any]:
    fields = {}
    for option in options or []:
        name, _, value = option.partition("=")
        try:
            fields[name] = json.loads(value)
        except ValueError:
            raise UsageError(f"--body {option} is not key=JSON: write temperature=1, or stop='[\"x\"]'") from None
    return fields


def _folder_name(stage: str) -> str:
    if not stage or stage in (".", "..") or any(letter in stage for letter in "/\\\0"):
        raise UsageError(f"--stage {stage!r} cannot be a folder's name: give one such as sft")
    return stage


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.evaluate", app)


if __name__ == "__main__":
    main()
