"""VLM-R1: two steps of GRPO by `recipe.vlm_r1` on the export ``llava`` without reasoning; our rewards and its own."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import open_r1
import torch
import transformers
from comparing import given, pictures
from older_qwen import as_on_the_hub
from PIL import Image
from qwen import image_tokens, spread

import recipe.rewards.trainers as ours
from recipe import vlm_r1 as launcher

sys.path.append(str(Path(open_r1.__file__).parent))  # The folder of its grpo_jsonl.py.
vlm_r1 = launcher.load()

_, truth = given()
exported = Path(sys.argv[3])
trained: list[Any] = []
rewarded: list[float] = []


class Trainer(vlm_r1.VLMGRPOTrainer):
    """VLM-R1's trainer, which can be looked at afterwards."""

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__(*others, **named)
        trained.append(self)


def noted_accuracy(**columns: Any) -> list[float]:
    rewarded.extend(earned := ours.vlm_r1_accuracy(**columns))
    return earned


def check_row(trainer: Any, found: dict[str, Any], row: dict[str, Any]) -> int:
    """Asserts that a row of the trainer is ours; gives the number of its image tokens."""
    assert found["id"] == row["id"]
    assert found["solution"] == f"<answer> {row['answer']} </answer>"
    assert found["problem"].strip() == row["question"]
    images = [Image.open(path).convert("RGB") for path in found["image_path"]]
    assert all(image.tobytes() == ours.tobytes() for image, ours in zip(images, pictures(exported, row), strict=True))
    processor = trainer.processing_class
    (text,) = trainer.vlm_module.prepare_prompt(processor, [found])
    assert row["question"] in text
    assert "<think> </think>" in text  # Its own request for reasoning.
    inputs, _ = trainer.vlm_module.prepare_model_inputs(processor, [text], images)
    counted = int((inputs["input_ids"] == processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")).sum())
    assert counted == image_tokens(row["images"])
    return counted


def check_rewards(found: dict[str, Any], row: dict[str, Any]) -> None:
    """Asserts that our rewards are the paper's, and that VLM-R1's own judge letters as ours do."""
    letters = "ABCDEFGH"[: len(row["options"])]
    replies = [f"<think>I see.</think><answer>{letter}</answer>" for letter in letters] + ["Sorry.", ""]
    chats = [[{"role": "assistant", "content": reply}] for reply in replies]
    columns = {name: [value] * len(replies) for name, value in found.items()} | {
        "accu_reward_method": ["mcq"] * len(replies)
    }
    exact = [float(letter == row["answer"]) for letter in letters] + [0.0, 0.0]
    form = [1.0] * len(letters) + [0.0, 0.0]
    assert ours.vlm_r1_accuracy(chats, **columns) == vlm_r1.accuracy_reward(chats, **columns) == exact
    assert ours.vlm_r1_format(chats, **columns) == vlm_r1.format_reward(chats, **columns) == form


vlm_r1.VLMGRPOTrainer = Trainer
launcher.prepare(vlm_r1)
vlm_r1.reward_funcs_registry["viewpoint_accuracy"] = noted_accuracy
with tempfile.TemporaryDirectory() as scratch:
    os.environ["HF_DATASETS_CACHE"] = scratch
    options = {"model_name_or_path": as_on_the_hub(Path(scratch, "Qwen2.5-VL-tiny")), "dataset_name": "not_used"}
    options |= {"data_file_paths": exported / "train.jsonl", "image_folders": f"{exported}/", "reward_method": "mcq"}
    options |= {"output_dir": f"{scratch}/out", "attn_implementation": "sdpa", "use_cpu": True, "max_steps": 2}
    options |= {"num_generations": 2, "per_device_train_batch_size": 2, "max_completion_length": 8, "logging_steps": 1}
    options |= {"report_to": "none", "save_strategy": "no", "learning_rate": 1e-3, "min_pixels": 56 * 56}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    sys.argv = ["grpo_jsonl.py", *words, "--reward_funcs", "viewpoint_accuracy", "viewpoint_format"]
    launcher.run(vlm_r1)
    (trainer,) = trained
    rows = truth["train"]
    assert len(trainer.train_dataset) == len(rows)
    tokens = set()
    for found, row in zip(trainer.train_dataset, rows, strict=True):
        tokens.add(check_row(trainer, found, row))
        check_rewards(found, row)
    steps = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert len(steps) == 2
    assert all(math.isfinite(step["loss"]) for step in steps)
print(
    f"VLM-R1 with transformers {transformers.__version__}, torch {torch.__version__}: {len(rows)} of {len(rows)} "
    f"training rows, images as ours, {spread(tokens)} image tokens a row, as expected; two steps of GRPO, "
    f"{len(rewarded)} replies rewarded by ours; its own rewards judge letters as ours"
)
