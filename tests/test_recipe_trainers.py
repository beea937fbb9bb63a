"""The rewards with other trainers' signatures, loaded and called as those trainers do."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import skilled_models as skilled
from jinja2 import Template
from skilled_models import ORBIT

from recipe.prompts import ask_to_reason
from recipe.rewards import accuracy_reward, format_reward
from recipe.rewards import trainers as rewards

FILE = Path(rewards.__file__)
PROMPT = FILE.parents[1] / "configs" / "easyr1" / "prompt.jinja"

QUESTION = "Which way did the camera move?\nA. To the left\nB. Neither way\nC. To the right\nReply with one letter."
OPTIONS = ["To the left", "Neither way", "To the right"]
THOUGHT = "<think>The handle went left.</think><answer>{}</answer>"
REPLIES = [THOUGHT.format("C"), THOUGHT.format("To the right"), THOUGHT.format("A"), "C", "To the right.", "", "Sorry."]


def papers_reward(replies: Sequence[str], options: list[str] | None = OPTIONS) -> list[float]:
    count = len(replies)
    exact = accuracy_reward(replies, answer=["C"] * count, options=[options] * count)
    return [0.5 * form + 0.5 * right for form, right in zip(format_reward(replies), exact, strict=True)]


def loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file of rewards under another module name, as trainers load a file by its path."""
    spec = importlib.util.spec_from_file_location(name, FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_the_papers_reward_is_two_halves() -> None:
    assert papers_reward(REPLIES) == [1.0, 1.0, 0.5, 0.5, 0.5, 0.0, 0.0]


def test_verl_calls_with_the_question_of_its_export(monkeypatch: pytest.MonkeyPatch) -> None:
    # verl/experimental/reward_loop/reward_manager/naive.py, verl 0.9.1.
    compute_score = loaded("custom_module_1", monkeypatch).compute_score
    router = {"reward_router_address": None, "reward_model_tokenizer": None}
    results = [
        compute_score(
            data_source="x", solution_str=reply, ground_truth="C", extra_info={"question": QUESTION}, **router
        )
        for reply in REPLIES
    ]
    assert [result["score"] for result in results] == papers_reward(REPLIES)
    assert [result["format"] for result in results] == format_reward(REPLIES)
    alone = compute_score("x", REPLIES[3], "C", None, format_weight=0.2)
    assert alone == {"score": pytest.approx(0.8), "format": 0.0, "accuracy": 1.0}


def test_an_open_question_is_read_in_its_own_unit() -> None:
    asked = {"question": "How many times as far away is the camera?"}
    assert rewards.compute_score("x", "2.1", "2", asked)["accuracy"] == 1.0
    assert rewards.compute_score("x", "9", "2", asked)["accuracy"] == 0.0
    assert rewards.compute_score("x", "9", "2", {"question": "By how many degrees?"})["accuracy"] == 1.0


def test_easyr1_calls_with_a_batch_of_replies_and_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    # verl/workers/reward/function.py of EasyR1: the name, the type, and the fields of each input.
    module = loaded("custom_reward_fn", monkeypatch)
    assert module.REWARD_TYPE == "batch"
    batch = [{"response": reply, "response_length": len(reply), "ground_truth": "C"} for reply in REPLIES]
    scores = module.easyr1_score(batch)
    assert [score["overall"] for score in scores] == papers_reward(REPLIES, options=None)
    assert set(scores[0]) == {"overall", "format", "accuracy"}


def test_easyr1s_prompt_is_the_recipes(tmp_path: Path) -> None:
    template = Template(PROMPT.read_text(encoding="utf-8").strip())  # As verl/utils/dataset.py of EasyR1 renders it.
    for row in skilled.make_rows(ORBIT, 8):
        rendered = template.render(content=row["question"])
        assert rendered == "<image><image>" + ask_to_reason(row["question"])
    open_question = "By how many degrees did it turn?\nGive a number."
    assert template.render(content=open_question) == "<image><image>" + ask_to_reason(open_question)


def test_ms_swift_finds_both_rewards_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # A package of the shape of ms-swift 4.6.0, whose plugins put classes into swift.rewards.orms.
    swift, known = ModuleType("swift"), ModuleType("swift.rewards")
    swift.__path__ = []
    known.orms = {}
    known.__spec__ = importlib.util.spec_from_loader("swift.rewards", loader=None)
    monkeypatch.setitem(sys.modules, "swift", swift)
    monkeypatch.setitem(sys.modules, "swift.rewards", known)
    loaded("_swift_external_1", monkeypatch)
    chat = [{"role": "user", "content": f"<image><image>{QUESTION}"}, {"role": "assistant", "content": "A"}]
    columns: dict[str, Any] = {
        "solution": ["C"] * len(REPLIES),
        "messages": [chat] * len(REPLIES),
        "trainer_state": None,
    }
    exact = known.orms["viewpoint_accuracy"](args=None)(REPLIES, **columns)
    form = known.orms["viewpoint_format"](args=None)(REPLIES, **columns)
    assert form == format_reward(REPLIES)
    assert [0.5 * a + 0.5 * b for a, b in zip(form, exact, strict=True)] == papers_reward(REPLIES)


def test_openrlhf_calls_with_whole_conversations() -> None:
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    prompt = (
        f"<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
    )
    expanded = prompt.replace("<|image_pad|>", "<|image_pad|>" * 16)
    queries = [f"{expanded}{reply}<|im_end|>" for reply in REPLIES]
    result = rewards.reward_func(queries, [prompt] * len(REPLIES), ["C"] * len(REPLIES))
    assert result["rewards"].tolist() == papers_reward(REPLIES)
    assert torch.equal(result["rewards"], result["scores"])
    assert result["extra_logs"]["format"].tolist() == format_reward(REPLIES)


def test_vlm_r1_calls_with_chats_and_the_solution_in_tags() -> None:
    # In src/open_r1: completions are chats (grpo_trainer.py), the question is `problem` (grpo_jsonl.py).
    chats = [[{"role": "assistant", "content": reply}] for reply in REPLIES]
    count = len(REPLIES)
    columns: dict[str, Any] = {
        "prompts": [[]] * count,
        "image_path": [[]] * count,
        "problem": [f"\n\n{QUESTION}"] * count,
    }
    exact = rewards.vlm_r1_accuracy(completions=chats, solution=["<answer> C </answer>"] * count, **columns)
    form = rewards.vlm_r1_format(completions=chats, solution=["<answer> C </answer>"] * count, **columns)
    assert [0.5 * a + 0.5 * b for a, b in zip(form, exact, strict=True)] == papers_reward(REPLIES)


def test_vlm_r1s_solution_of_a_row_with_reasoning_is_refused() -> None:
    # Of the target <think>…</think><answer>C</answer> VLM-R1 makes this.
    with pytest.raises(ValueError, match="--reasoning-share 0"):
        rewards.vlm_r1_accuracy([[]], ["<answer> <think>It went right.</think>C </answer>"], [QUESTION])


def test_options_are_those_that_the_question_lists() -> None:
    assert rewards.options_of(QUESTION) == OPTIONS
    assert rewards.options_of("By how many degrees?") == []
    assert rewards.options_of("B. is not the first\nA. one\nB. two") == ["one", "two"]
