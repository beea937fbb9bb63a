"""The task for lmms-eval: checked against its documented schema, and run by lmms-eval if it is installed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from types import ModuleType
from typing import Any

import pytest
import skilled_models as skilled
import yaml
from openai_server import openai_server
from skilled_models import ORBIT, Knows

import recipe
from recipe.evaluation.conditions import plan_trials
from recipe.evaluation.items import item_of, read_items
from recipe.evaluation.readings import read_trials
from recipe.prompts import REASON_FIRST

TASKS = Path(recipe.__file__).parent / "tasks" / "lmms"


class Loader(yaml.SafeLoader):
    """Loads a task as lmms-eval does: ``!function file.name`` is a name in a module beside the YAML file."""


def _function(loader: yaml.Loader, node: yaml.ScalarNode) -> Any:
    module, _, name = str(loader.construct_scalar(node)).partition(".")
    return getattr(_module(module), name)


Loader.add_constructor("!function", _function)  # type: ignore[no-untyped-call]


def _module(name: str) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, TASKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def task(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((TASKS / f"{name}.yaml").read_text(), Loader)
    common: dict[str, Any] = yaml.load((TASKS / content.pop("include")).read_text(), Loader)
    return {**common, **content}


@pytest.mark.parametrize("name", ["viewpoint100k", "viewpoint100k_reason"])
def test_the_task_has_every_field_that_lmms_eval_asks_for(name: str) -> None:
    fields = task(name)
    assert fields["task"] == name
    assert fields["output_type"] == "generate_until"
    assert fields["dataset_path"] == "parquet"
    for called in ("doc_to_visual", "doc_to_text", "process_results"):
        assert callable(fields[called])
    for metric in fields["metric_list"]:
        assert callable(metric["aggregation"])
        assert metric["higher_is_better"] is True


def test_the_task_reads_the_folder_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    rows = skilled.make_rows(ORBIT, 2)
    monkeypatch.setenv("VIEWPOINT100K", str(skilled.write(tmp_path / "set", rows)))
    fields = task("viewpoint100k")
    loaded = datasets.load_dataset(
        fields["dataset_path"], cache_dir=str(tmp_path / "cache"), **fields["dataset_kwargs"]
    )
    (row, *_) = loaded[fields["test_split"]]
    assert [image.size for image in fields["doc_to_visual"](row)] == [(64, 48)] * 2
    assert fields["doc_to_text"](row, {"form": "plain"}) == rows[0]["question"]
    assert fields["doc_to_text"](row, {"form": "reason"}).endswith(REASON_FIRST)
    assert row[fields["doc_to_target"]] == rows[0]["answer"]


def test_the_task_scores_as_the_evaluation_does() -> None:
    rows = skilled.make_rows(ORBIT, 6)
    rng = random.Random(0)
    forms = ["{}", "({})", "<think>It moved.</think><answer>{}</answer>", "I think {}, or not", "{}. To the moon", ""]
    raws = {row["id"]: rng.choice(forms).format(rng.choice("ABC")) for row in rows}
    fields = task("viewpoint100k")
    scores = {row["id"]: fields["process_results"](row, [raws[row["id"]]]) for row in rows}
    plan = plan_trials([item_of(row) for row in rows], [])
    readings = read_trials(plan.trials, {(name, "asked"): raw for name, raw in raws.items()})
    assert {r.item.id: (r.right, r.formatted) for r in readings} == {
        name: (score["accuracy"]["earned"], score["format"]["earned"]) for name, score in scores.items()
    }
    assert 0 < sum(r.right for r in readings) < len(readings)
    aggregate = fields["metric_list"][0]["aggregation"]
    assert aggregate([score["accuracy"] for score in scores.values()]) == pytest.approx(
        sum(r.right for r in readings) / len(readings)
    )


# --- lmms-eval itself ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lmms_python() -> str:
    """A Python that has lmms-eval, usually in its own environment because of its many dependencies."""
    python = os.environ.get("LMMS_EVAL_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import lmms_eval.evaluator"], capture_output=True, text=True, timeout=300)
    if found.returncode != 0:
        reason = (found.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"no lmms-eval ({reason}): pip install lmms-eval elsewhere and set LMMS_EVAL_PYTHON to its python")
    return python


def lmms_eval(python: str, url: str, folder: Path, out: Path) -> dict[str, list[dict[str, Any]]]:
    """Samples by task of a run of both tasks with an endpoint, without a network."""
    arguments = f"model_version=tiny,base_url={url},api_key=none,timeout=120,num_concurrent=2"
    command = [
        *(python, "-m", "lmms_eval", "--model", "openai", "--model_args", arguments, "--include_path", str(TASKS)),
        *("--tasks", "viewpoint100k,viewpoint100k_reason", "--batch_size", "1", "--gen_kwargs", "max_new_tokens=16"),
        *("--log_samples", "--output_path", str(out)),
    ]
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    places = {"PYTHONPATH": str(TASKS.parents[2]), "VIEWPOINT100K": str(folder), "HF_HOME": str(out / "cache")}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=850,
        env={**os.environ, **offline, **places, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    samples = {}
    for name in ("viewpoint100k", "viewpoint100k_reason"):
        (path,) = out.rglob(f"*_samples_{name}.jsonl")
        samples[name] = [json.loads(line) for line in path.read_text().splitlines()]
    return samples


def test_answers_are_greedy_whatever_the_model_ships_with(
    tiny_model: Path, small_dataset: Path, tmp_path: Path
) -> None:
    from recipe.evaluation.transformers_model import TransformersModel

    copy = copytree(tiny_model, tmp_path / "copy")
    prompts = [trial.prompt() for trial in plan_trials(read_items(small_dataset)[:4], []).trials]
    plain = TransformersModel(str(tiny_model), max_new_tokens=8, device="cpu").answers(prompts)
    settings = json.loads((copy / "generation_config.json").read_text())
    shipped = {"repetition_penalty": 5.0, "do_sample": True, "temperature": 3.0, "top_p": 0.5}
    (copy / "generation_config.json").write_text(json.dumps(settings | shipped))
    assert TransformersModel(str(copy), max_new_tokens=8, device="cpu").answers(prompts) == plain


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lmms_eval_runs_our_task_and_agrees_row_by_row(
    lmms_python: str, tmp_path: Path, small_dataset: Path, tiny_model: Path
) -> None:
    from recipe.evaluation.transformers_model import TransformersModel
    from recipe.prompts import ask_to_reason

    model = TransformersModel(str(tiny_model), max_new_tokens=16, device="cpu")
    with openai_server(model) as served:
        samples = lmms_eval(lmms_python, served.url, small_dataset, tmp_path / "out")
    items = read_items(small_dataset)
    trials = plan_trials(items, []).trials
    for name, form in (("viewpoint100k", str), ("viewpoint100k_reason", ask_to_reason)):
        raws = {}
        for trial in trials:
            prompt = trial.prompt()
            (raws[trial.item.id, "asked"],) = model.answers([type(prompt)(prompt.images, form(prompt.question))])
        ours = {r.item.id: (r.raw.strip(), r.right, r.formatted) for r in read_trials(trials, raws)}
        theirs = {
            one["accuracy"]["id"]: (one["filtered_resps"], one["accuracy"]["earned"], one["format"]["earned"])
            for one in samples[name]
        }
        assert theirs == ours
    # The model has memorised some rows, so that right and wrong answers are compared.
    earned = [one["accuracy"]["earned"] for one in samples["viewpoint100k"] + samples["viewpoint100k_reason"]]
    assert any(earned)
    assert not all(earned)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lmms_eval_gives_full_marks_to_who_knows_all(lmms_python: str, tmp_path: Path) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 4))
    with openai_server(Knows()) as served:
        samples = lmms_eval(lmms_python, served.url, folder, tmp_path / "out")
    assert [one["accuracy"]["earned"] for one in samples["viewpoint100k"]] == [True] * 12


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, small_dataset: Path) -> Path:
    """A tiny model that was trained on half of the test rows for a few steps, on the CPU."""
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    from recipe.models.tiny import build_tiny

    items = read_items(small_dataset)
    model, processor = build_tiny([item.question for item in items] + list("ABC"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rng = random.Random(0)
    model.train()
    for _ in range(15):
        turns = []
        for item in rng.sample(items[: len(items) // 2 + 1], 4):
            images = [{"type": "image", "image": image} for image in item.pictures()]
            asked = {"role": "user", "content": [*images, {"type": "text", "text": item.question}]}
            turns.append([asked, {"role": "assistant", "content": [{"type": "text", "text": item.answer}]}])
        inputs = processor.apply_chat_template(
            turns, tokenize=True, return_dict=True, return_tensors="pt", processor_kwargs={"padding": True}
        )
        labels = inputs["input_ids"].clone()
        labels[:, :-4] = -100
        model(**inputs, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    out = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return out
