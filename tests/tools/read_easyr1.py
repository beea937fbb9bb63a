"""EasyR1: its own dataset class on the set's own parquet files, and its own manager of rewards on our rewards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from comparing import given
from qwen import image_tokens, spread
from transformers import AutoProcessor
from verl.protocol import DataProto
from verl.utils.dataset import RLHFDataset
from verl.workers.reward.config import RewardConfig
from verl.workers.reward.function import AutoRewardManager

import recipe
from recipe.prompts import REASON_FIRST
from recipe.rewards import trainers as ours

PROMPT = Path(recipe.__file__).parent / "configs" / "easyr1" / "prompt.jinja"


def check_prompt(processor: Any, found: dict[str, Any], row: dict[str, Any]) -> int:
    """Asserts that a prompt has the row's images and question, and asks for reasoning; gives the tokens of images."""
    text = processor.tokenizer.decode(found["input_ids"][found["attention_mask"] == 1])
    counted = int((found["input_ids"] == processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")).sum())
    assert counted == image_tokens(row["images"]), counted
    assert row["question"].rsplit("\n", 1)[0] in text
    assert REASON_FIRST in text
    assert found["ground_truth"] == row["answer"]
    assert len(found["multi_modal_data"]["images"]) == len(row["images"])
    return counted


def rewarded(manager: AutoRewardManager, tokenizer: Any, replies: Sequence[str], truths: Sequence[str]) -> list[float]:
    """The reward that the manager puts at the end of each reply."""
    encoded = tokenizer([reply + "<|im_end|>" for reply in replies], return_tensors="pt", padding=True)
    batch = {"responses": encoded["input_ids"], "response_mask": encoded["attention_mask"]}
    tensor, _ = manager.compute_reward(DataProto.from_dict(batch, {"ground_truth": list(truths)}))
    ends = encoded["attention_mask"].sum(dim=1) - 1
    assert torch.equal(tensor.sum(dim=1), tensor[torch.arange(len(replies)), ends])
    return [float(reward) for reward in tensor.sum(dim=1)]


folder, truth = given()
processor = AutoProcessor.from_pretrained(os.environ["TINY_QWEN"])
processor.tokenizer.padding_side = "right"
tokens = set()
for split, rows in truth.items():
    dataset = RLHFDataset(
        f"{folder / 'data'}@{split}",
        processor.tokenizer,
        processor,
        prompt_key="question",
        answer_key="answer",
        image_key="images",
        format_prompt=str(PROMPT),
        filter_overlong_prompts_workers=1,
    )
    assert len(dataset) == len(rows), f"{len(dataset)} of {len(rows)} prompts"
    tokens |= {check_prompt(processor, dataset[place], row) for place, row in enumerate(rows)}
config = RewardConfig(reward_function=f"{ours.__file__}:easyr1_score")
config.post_init()
manager = AutoRewardManager(config, processor.tokenizer)
row = truth["train"][0]
replies = [f"<think>I see.</think><answer>{letter}</answer>" for letter in "ABC"] + [row["answer"], "Sorry.", "no"]
earned = rewarded(manager, processor.tokenizer, replies, [row["answer"]] * len(replies))
assert earned == [*(1.0 if letter == row["answer"] else 0.5 for letter in "ABC"), 0.5, 0.0, 0.0], earned
count = sum(map(len, truth.values()))
print(
    f"EasyR1: {count} of {count} prompts from the set's own files, {spread(tokens)} image tokens each, as expected; "
    "its AutoRewardManager gives our rewards"
)
