"""verl: its own dataset class on the export ``verl``, and its own loader of rewards on ours."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from comparing import given
from omegaconf import OmegaConf
from qwen import image_tokens, spread
from qwen_vl_utils import process_vision_info
from transformers import AutoProcessor
from verl.utils.dataset.rl_dataset import RLHFDataset
from verl.utils.import_utils import load_extern_object

_, truth = given()
exported = Path(sys.argv[3])
processor = AutoProcessor.from_pretrained(os.environ["TINY_QWEN"])
pad = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")


def counted(messages: list[dict[str, Any]]) -> int:
    """Number of image tokens of a prompt as verl's rollout makes it, with `qwen_vl_utils`."""
    text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    images, _ = process_vision_info(messages)
    inputs = processor(text=[text], images=images, return_tensors="pt")
    return int((inputs["input_ids"] == pad).sum())


tokens = set()
score = load_extern_object("pkg://recipe.rewards.trainers", "compute_score")
with tempfile.TemporaryDirectory() as cache:
    config = OmegaConf.create({"cache_dir": cache, "max_prompt_length": 2048, "filter_overlong_prompts_workers": 1})
    for split, rows in truth.items():
        prompts = RLHFDataset(str(exported / f"{split}.parquet"), processor.tokenizer, config, processor)
        # A prompt that cannot be made is counted as too long, and left out.
        assert len(prompts) == len(rows), f"{len(prompts)} of {len(rows)} prompts"
        for place, row in enumerate(rows):
            found = prompts[place]
            (message,) = found["raw_prompt"]
            assert sum(part["type"] == "image" for part in message["content"]) == len(row["images"])
            number = counted(found["raw_prompt"])
            assert number == image_tokens(row["images"]), number
            tokens.add(number)
            truth_of = found["reward_model"]["ground_truth"]
            assert truth_of == row["answer"]
            for option in row["options"]:
                text = f"<think>I see.</think><answer>{option}</answer>"
                right = float(option == row["answer_text"])
                earned = score(found["data_source"], text, truth_of, extra_info=found["extra_info"])
                assert earned == {"score": 0.5 + 0.5 * right, "format": 1.0, "accuracy": right}
version, count = importlib.metadata.version("verl"), sum(map(len, truth.values()))
print(
    f"verl {version}: {count} of {count} prompts, {spread(tokens)} image tokens each, as expected; its own loader "
    "finds our rewards, and their scores are right"
)
