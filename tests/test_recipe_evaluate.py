"""``python -m recipe.evaluate``: kills, refusals, stages side by side, and the file of raw answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import skilled_models as skilled
from PIL import Image
from skilled_models import ORBIT

from recipe.evaluate import main
from recipe.evaluation.answers_file import AnswersFile, read_answers
from recipe.evaluation.conditions import plan_trials
from recipe.evaluation.items import item_of
from recipe.fingerprint import digest_of_model
from viewpoint100k.errors import DataError, UsageError

Run = Callable[..., tuple[int, str, str]]

SLOW_MODEL = """
import time
import skilled_models

class Slow(skilled_models.Knows):
    def answers(self, batch):
        time.sleep(0.05)
        with open("asked.log", "a") as log:
            log.write(f"{len(batch)}\\n")
        return super().answers(batch)
"""


def command(*arguments: str | Path, cwd: Path) -> list[str]:
    (cwd / "slow_model.py").write_text(SLOW_MODEL)
    return [sys.executable, "-m", "recipe.evaluate", *map(str, arguments)]


def environment(cwd: Path) -> dict[str, str]:
    tests = Path(__file__).parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tests.parent, tests, cwd)))}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: (exit code, output, error output)."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["recipe.evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.mark.slow
def test_a_killed_evaluation_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 30))
    arguments = (
        folder,
        "--model",
        "python:slow_model:Slow",
        "--stage",
        "sft",
        "--batch-size",
        "4",
        "--controls",
        "swapped",
    )
    process = subprocess.Popen(command(*arguments, cwd=tmp_path), cwd=tmp_path, env=environment(tmp_path))
    answers = tmp_path / "evaluation" / "sft" / "answers.jsonl"
    try:
        while not answers.exists() or answers.read_bytes().count(b"\n") < 20:
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = read_answers(answers)
    assert 20 <= len(before) < 180
    with answers.open("ab") as file:
        file.write(b'{"id": "ego_transl')  # The file after a kill in the middle of a line.
    done = subprocess.run(
        command(*arguments, cwd=tmp_path),
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    after = read_answers(answers)
    assert len(after) == 180
    assert before.items() <= after.items()
    asked = sum(int(line) for line in (tmp_path / "asked.log").read_text().split())
    assert asked - 180 <= 4  # At most the unfinished batch is asked again.
    results = json.loads((tmp_path / "evaluation" / "sft" / "results.json").read_text())
    assert results["scores"]["asked"]["all"]["accuracy"] == results["scores"]["swapped"]["all"]["accuracy"] == 1.0
    assert results["unanswered"] == 0


def test_stages_stand_side_by_side_in_the_order_in_which_they_were_asked(tmp_path: Path, run: Run) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 12))
    for stage, model in (("zero", "Guesses"), ("after", "Knows")):
        code, said, wrong = run(folder, "--model", f"python:skilled_models:{model}", "--stage", stage)
        assert code == 0, wrong
    out = tmp_path / "evaluation"
    page = (out / "comparison.md").read_text()
    assert page.strip() in said
    assert page.splitlines()[2].split() == ["|", "figure", "|", "zero", "|", "after", "|"]
    assert "From zero to after answer accuracy rose" in page
    assert "accuracy, images blank" in page
    if find_spec("matplotlib"):
        assert Image.open(out / "comparison.png").size[0] > 500
    else:  # Without the extra [train], the figures are written, and a message says that the picture is not.
        assert not (out / "comparison.png").exists()
        assert "no picture: matplotlib is not installed" in wrong
    # Figures are computed from the raw answers, without a model.
    before = (out / "comparison.json").read_text()
    (out / "comparison.json").unlink()
    assert run(folder)[0] == 0
    assert (out / "comparison.json").read_text() == before


def test_a_stage_is_compared_with_the_last_that_was_asked_in_its_form(tmp_path: Path, run: Run) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 12))
    for stage, model, form in (
        ("zero", "Guesses", "plain"),
        ("thinks", "Guesses", "reason"),
        ("after", "Knows", "plain"),
        ("thinks-after", "Knows", "reason"),
    ):
        arguments = (folder, "--model", f"python:skilled_models:{model}", "--stage", stage, "--form", form)
        code, _, wrong = run(*arguments, "--controls", "none")
        assert code == 0, wrong
    page = (tmp_path / "evaluation" / "comparison.md").read_text()
    told = [line.partition(" answer accuracy")[0] for line in page.splitlines() if line.startswith("- From")]
    assert told == ["- From zero to after", "- From thinks to thinks-after"]


def test_answers_of_different_runs_are_not_mixed(tmp_path: Path, run: Run) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 4))
    knows, guesses = "python:skilled_models:Knows", "python:skilled_models:Guesses"
    assert run(folder, "--model", knows, "--controls", "none")[0] == 0
    refused = [
        ((folder, "--model", guesses), "holds the answers of another run (model"),
        ((folder, "--model", knows, "--form", "reason"), "form 'plain', now 'reason'"),
        ((folder, "--model", guesses, "--stage", "b", "--rows", "3"), "was asked other rows (rows differ)"),
        ((folder, "--model", "python:skilled_models:SilentListener", "--stage", "c"), "cannot be imported"),
        ((folder, "--model", "python:json:loads", "--stage", "c"), "cannot be called without arguments"),
        ((folder, "--model", knows, "--controls", "upside_down"), "unknown controls upside_down"),
        ((folder, "--model", knows, "--stage", "../b"), "cannot be a folder's name"),
        ((folder, "--out", "nothing"), "holds no answers yet"),
        ((tmp_path / "nowhere", "--model", knows), "no data set folder"),
    ]
    for arguments, sentence in refused:
        code, _, said = run(*arguments)
        assert code == 2
        assert sentence in said
        assert len(said.strip().splitlines()) == 1, "one sentence, and no traceback"


def test_another_model_of_the_same_name_is_not_given_the_first_ones_figures(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 4))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "changing_model.py").write_text("from skilled_models import Always\n\nModel = Always\n")
    asked = (folder, "--model", "python:changing_model:Model", "--controls", "none")
    assert run(*asked)[0] == 0
    code, said, _ = run(*asked)
    assert code == 0
    assert "model: 12 of 12 prompts were answered before" in said
    (tmp_path / "changing_model.py").write_text("from skilled_models import Knows\n\nModel = Knows\n")
    code, _, wrong = run(*asked)
    assert code == 2
    assert "holds the answers of another run (digest" in wrong


def test_a_models_digest_is_of_what_it_holds(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(bytes(100))
        (tmp_path / name / "config.json").write_text("{}")
    assert digest_of_model(str(tmp_path / "one")) == digest_of_model(str(tmp_path / "two"))
    (tmp_path / "two" / "model.safetensors").write_bytes(bytes(99) + b"1")  # The length is unchanged.
    assert digest_of_model(str(tmp_path / "one")) != digest_of_model(str(tmp_path / "two"))
    assert digest_of_model("Qwen/Qwen2.5-VL-7B-Instruct") is None
    assert digest_of_model("python:no_such_module:Model") is None


@pytest.mark.skipif(not find_spec("trl"), reason="the [train] extra is not installed")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--dtype", "bf16"), "--dtype bf16 is not one of auto, bfloat16"),
        (("--device", "cuda:77"), "--device cuda:77 cannot be used"),
        ((), "cannot be loaded"),
    ],
)
def test_what_a_model_cannot_be_opened_with_is_one_sentence(
    tmp_path: Path, run: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 2))
    code, _, wrong = run(folder, "--model", str(tmp_path), *arguments)
    assert code == 2
    assert sentence in wrong.strip().splitlines()[-1]
    assert "Traceback" not in wrong


def test_a_model_that_cannot_be_opened_leaves_nothing_in_the_way(tmp_path: Path, run: Run) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 2))
    assert run(folder, "--model", "python:skilled_models:SilentListener")[0] == 2
    code, said, wrong = run(folder, "--model", "python:skilled_models:Knows", "--controls", "none")
    assert code == 0, wrong
    assert "100.0" in said


def test_two_evaluations_do_not_write_into_one_folder(tmp_path: Path) -> None:
    with AnswersFile(tmp_path / "a", {"model": "x"}), pytest.raises(UsageError, match="another evaluation is writing"):
        AnswersFile(tmp_path / "a", {"model": "x"})


def test_a_line_that_is_no_answer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"id": "a", "condition": "asked", "raw": "B"}\nnonsense\n')
    with pytest.raises(DataError, match=r"answers\.jsonl, line 2"):
        read_answers(path)


def test_odd_texts_survive_the_answers_file(tmp_path: Path) -> None:
    (trial,) = plan_trials([item_of(row) for row in skilled.make_rows(ORBIT, 1, ("ego_rotation",))], []).trials
    odd = "line\nline\u2028line \ud800 \x00 ﷺ"
    with AnswersFile(tmp_path, {}) as store:
        store.add(trial, odd)
    assert list(read_answers(tmp_path / "answers.jsonl").values()) == [odd]
