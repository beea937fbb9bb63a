"""The task for inspect_ai, run by inspect_ai with a mock model if it is installed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import skilled_models as skilled
from skilled_models import ORBIT

import recipe
from recipe.evaluation.conditions import plan_trials
from recipe.evaluation.figures import ALL, figures_of
from recipe.evaluation.items import item_of
from recipe.evaluation.readings import read_trials
from recipe.prompts import REASON_FIRST

TASK = Path(recipe.__file__).parent / "tasks" / "inspect_task.py"

RUN = """
import json, sys
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

spec = json.load(open(sys.argv[1]))
shown = {}

def reply(input, tools, tool_choice, config):
    *images, words = input[-1].content
    shown[words.text] = [image.image[:40] for image in images]
    output = ModelOutput.from_content("mockllm/model", spec["replies"][words.text])
    output.usage = ModelUsage()  # Else inspect_ai counts tokens with a vocabulary that it downloads.
    return output

model = get_model("mockllm/model", custom_outputs=reply)
(log,) = eval(spec["task"], model=model, task_args=spec["args"], log_dir=spec["logs"], display="none")
assert log.status == "success", log.error
scores = {s.id: {name: (one.value, one.answer) for name, one in s.scores.items()} for s in log.samples}
metrics = {one.name + "/" + name: m.value for one in log.results.scores for name, m in one.metrics.items()}
json.dump({"scores": scores, "metrics": metrics, "shown": shown}, open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def inspect_python() -> str:
    """A Python that has inspect_ai, possibly in its own environment."""
    python = os.environ.get("INSPECT_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import inspect_ai"], capture_output=True, text=True, timeout=300)
    if found.returncode != 0:
        reason = (found.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"no inspect_ai ({reason}): pip install inspect_ai elsewhere and set INSPECT_PYTHON to its python")
    return python


def inspect_eval(python: str, folder: Path, form: str, replies: dict[str, str], out: Path) -> dict[str, Any]:
    """Scores by row id and metrics of a run of the task. The model gives the prepared reply to each prompt."""
    out.mkdir()
    arguments = {"data": str(folder), "form": form}
    spec = {"task": f"{TASK}@viewpoint100k", "args": arguments, "replies": replies, "logs": str(out / "logs")}
    (out / "spec.json").write_text(json.dumps(spec))
    done = subprocess.run(
        [python, "-c", RUN, str(out / "spec.json"), str(out / "found.json")],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "PYTHONPATH": str(TASK.parents[2])},
        cwd=out,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads((out / "found.json").read_text()))


def test_inspect_runs_our_task_and_agrees_row_by_row(inspect_python: str, tmp_path: Path) -> None:
    rows = skilled.make_rows(ORBIT, 6)
    folder = skilled.write(tmp_path / "set", rows)
    rng = random.Random(0)
    forms = ["{}", "The answer is {}.", "<think>It moved.</think><answer>{}</answer>", "I think {}, or not", "Sorry."]
    replies = {row["question"]: rng.choice(forms).format(rng.choice("ABC")) for row in rows}
    found = inspect_eval(inspect_python, folder, "plain", replies, tmp_path / "out")
    plan = plan_trials([item_of(row) for row in rows], [])
    raws = {(trial.item.id, trial.condition): replies[trial.item.question] for trial in plan.trials}
    readings = read_trials(plan.trials, raws)
    assert {r.item.id for r in readings} == found["scores"].keys()
    for reading in readings:
        scores = found["scores"][reading.item.id]
        expected = "C" if reading.right else "N" if reading.given is None else "I"
        assert scores["answer"] == [expected, reading.given]
        assert scores["unread"][0] == float(reading.given is None)
        assert scores["thought_format"][0] == float(reading.formatted)
    assert {values["answer"][0] for values in found["scores"].values()} == {"C", "I", "N"}
    figures = figures_of(plan, raws)
    score, metrics = figures.scores["asked"][ALL], found["metrics"]
    assert metrics["answer/accuracy"] == pytest.approx(score.accuracy)
    assert metrics["unread/mean"] == pytest.approx(score.unread)
    assert metrics["thought_format/mean"] == pytest.approx(score.formatted)
    for kind in skilled.KINDS:
        assert metrics[f"answer/{kind}"] == pytest.approx(figures.scores["asked"][kind].accuracy)


def test_the_reasoned_form_asks_for_it_and_images_come_before_the_words(inspect_python: str, tmp_path: Path) -> None:
    from recipe.prompts import ask_to_reason

    rows = skilled.make_rows(ORBIT, 2)
    folder = skilled.write(tmp_path / "set", rows)
    replies = {ask_to_reason(row["question"]): f"<think>I see.</think><answer>{row['answer']}</answer>" for row in rows}
    found = inspect_eval(inspect_python, folder, "reason", replies, tmp_path / "out")
    assert found["metrics"]["answer/accuracy"] == found["metrics"]["thought_format/mean"] == 1.0
    for prompt, images in found["shown"].items():
        assert prompt.endswith(REASON_FIRST)
        assert [image.split(";")[0] for image in images] == ["data:image/png"] * 2
