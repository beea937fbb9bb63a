"""verl: its own dataset class on the export ``verl``, and its own loader of rewards on ours.

PyPI's torchvision does not fit a CPU build of torch (its operators fail to register). qwen_vl_utils imports it for
video; where it cannot be imported, a module without contents stands in for it, since nothing here is a video.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import transformers  # noqa: F401  # Before the stand-in, so that it knows that there is no torchvision.
from comparing import given

try:
    import torchvision  # noqa: F401
except (ImportError, RuntimeError):
    for name in ("torchvision", "torchvision.io", "torchvision.transforms", "torchvision.transforms.functional"):
        stand_in = ModuleType(name)
        stand_in.__path__ = []
        stand_in.__spec__ = ModuleSpec(name, loader=None)
        stand_in.__getattr__ = lambda attribute: MagicMock()  # type: ignore[method-assign]
        sys.modules[name] = stand_in

from omegaconf import OmegaConf
from verl.utils.dataset.rl_dataset import RLHFDataset
from verl.utils.import_utils import load_extern_object

from recipe.models.processor import build_processor

_, truth = given()
exported = Path(sys.argv[3])
processor = build_processor([row["question"] for row in truth["train"]], image_size=96, tokens_per_image=9)
with tempfile.TemporaryDirectory() as cache:
    config = OmegaConf.create({"cache_dir": cache, "max_prompt_length": 2048, "filter_overlong_prompts_workers": 1})
    prompts = RLHFDataset(str(exported / "train.parquet"), processor.tokenizer, config, processor)
    # A prompt that cannot be made is counted as too long, and left out.
    assert len(prompts) == len(truth["train"]), f"{len(prompts)} of {len(truth['train'])} prompts"
    score = load_extern_object("pkg://recipe.rewards.trainers", "compute_score")
    for place, row in enumerate(truth["train"]):
        found = prompts[place]
        (message,) = found["raw_prompt"]
        pictures = [part for part in message["content"] if part["type"] == "image"]
        assert len(pictures) == len(row["images"])
        truth_of = found["reward_model"]["ground_truth"]
        assert truth_of == row["answer"]
        text = f"<think>I see.</think><answer>{row['answer_text']}</answer>"
        earned = score(found["data_source"], text, truth_of, extra_info=found["extra_info"])
        assert earned == {"score": 1.0, "format": 1.0, "accuracy": 1.0}
version = importlib.metadata.version("verl")
print(f"verl {version}: {len(prompts)} of {len(truth['train'])} prompts, an image part for each image; rewards as ours")
