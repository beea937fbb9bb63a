"""Qwen's own fine-tuning code on the export ``llava``: its dataset class, and two steps of its `train`.

One stand-in: `flash_attn`, which its trainer imports and which wants a GPU. `train` gets torch's attention instead.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import transformers
from comparing import given, lines_of, pictures
from older_qwen import as_on_the_hub
from qwen import check_row, losses_of, spread
from stand_ins import stand_in_for_flash_attention
from transformers import AutoProcessor

stand_in_for_flash_attention()
import qwenvl.data as registry  # noqa: E402
from qwenvl.data.data_processor import LazySupervisedDataset  # noqa: E402

sys.path.append(str(Path(registry.__file__).parents[1] / "train"))  # Where its train_qwen.py finds its trainer.py.
from qwenvl.train import train_qwen  # noqa: E402
from qwenvl.train.argument import DataArguments  # noqa: E402

_, truth = given()
exported = Path(sys.argv[3])
PIXELS = 56 * 56
"""The fewest of an image: `qwen.image_tokens` holds from there on; the tool's default enlarges images of 96 pixels."""


def check_dataset(model: Path, split: str) -> set[int]:
    """Asserts that the tool's dataset has every row of the split as ours; gives the numbers of image tokens."""
    processor = AutoProcessor.from_pretrained(model)
    arguments = DataArguments(dataset_use=f"viewpoint_{split}", min_pixels=PIXELS)
    arguments.model_type = "qwen2.5vl"
    dataset = LazySupervisedDataset(processor, arguments)
    rows, lines = truth[split], lines_of(exported, split)
    assert len(dataset) == len(rows) == len(lines)
    tokens = set()
    for place, (row, line) in enumerate(zip(rows, lines, strict=True)):
        found: dict[str, Any] = dataset[place]
        seen = processor.image_processor(images=pictures(exported, row), return_tensors="pt")
        assert torch.equal(found["pixel_values"], seen["pixel_values"])
        said = line["conversations"][-1]["value"]
        assert said in (row["answer"], row["reasoning"])
        ids, labels = found["input_ids"][0].tolist(), found["labels"][0].tolist()
        tokens.add(check_row(processor.tokenizer, ids, labels, row, said))
    return tokens


with tempfile.TemporaryDirectory() as scratch:
    model = as_on_the_hub(Path(scratch, "qwen2.5-vl-tiny"))
    for split in truth:
        # As docs/exports.md says.
        registry.data_dict[f"viewpoint_{split}"] = {
            "annotation_path": str(exported / f"{split}.jsonl"),
            "data_path": str(exported),
        }
    tokens = set().union(*(check_dataset(model, split) for split in truth))
    options = {"model_name_or_path": model, "dataset_use": "viewpoint_train", "output_dir": f"{scratch}/out"}
    options |= {"tune_mm_llm": True, "tune_mm_mlp": True, "min_pixels": PIXELS, "model_max_length": 4096}
    options |= {"max_steps": 2, "per_device_train_batch_size": 2, "learning_rate": 1e-3, "logging_steps": 1}
    options |= {"use_cpu": True, "report_to": "none", "save_strategy": "no"}
    sys.argv = ["train_qwen.py", *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    train_qwen.train(attn_implementation="sdpa")
    losses = losses_of(json.loads(Path(scratch, "out", "trainer_state.json").read_text()))
count = sum(map(len, truth.values()))
print(
    f"Qwen's code with transformers {transformers.__version__}: {count} of {count} rows, images as ours, "
    f"{spread(tokens)} image tokens a row, as expected; only the answer and its end have labels; "
    f"two steps of SFT, losses {losses}"
)
