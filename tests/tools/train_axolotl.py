"""axolotl: two steps of SFT on the export ``openai``, and the batches of its own collator."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from comparing import given
from qwen import check_row, losses_of, spread, target_of

_, truth = given()
chats = Path(sys.argv[3])
os.chdir(chats)  # As docs/exports.md says: paths of images are relative to it.


def settings(out: str) -> dict[str, Any]:
    """As docs/exports.md says, and what makes a small run on a CPU."""
    stated = {
        "base_model": os.environ["TINY_QWEN"],
        "processor_type": "AutoProcessor",
        "chat_template": "qwen2_vl",
        "datasets": [{"path": "train.jsonl", "ds_type": "json", "type": "chat_template", "field_messages": "messages"}],
        "skip_prepare_dataset": True,
        "remove_unused_columns": False,
        "sample_packing": False,
        "learning_rate": 5e-6,
        "output_dir": f"{out}/model",
    }
    small = {
        "dataset_prepared_path": f"{out}/prepared",
        "sequence_len": 1024,
        "micro_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "max_steps": 2,
        "logging_steps": 1,
        "save_steps": 2,
        "optimizer": "adamw_torch",
        "lr_scheduler": "constant",
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "attn_implementation": "eager",
        "use_tensorboard": False,
        "dataloader_num_workers": 0,
    }
    return stated | small


with tempfile.TemporaryDirectory() as scratch:
    config = Path(scratch, "config.yml")
    config.write_text(yaml.safe_dump(settings(scratch)), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("axolotl")), "train", str(config), "--launcher", "python"]
    subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | {"AXOLOTL_DO_NOT_TRACK": "1"})
    (state,) = Path(scratch, "model").rglob("checkpoint-2/trainer_state.json")
    losses = losses_of(json.loads(state.read_text()))

    from axolotl.processing_strategies import Qwen2VLProcessingStrategy
    from axolotl.utils.collators.mm_chat import MultiModalChatDataCollator
    from datasets import load_dataset
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(os.environ["TINY_QWEN"])
    collator = MultiModalChatDataCollator(
        tokenizer=processor.tokenizer, processing_strategy=Qwen2VLProcessingStrategy(processor)
    )
    tokens = set()
    rows = load_dataset("json", data_files="train.jsonl", split="train", cache_dir=scratch)
    lines = [json.loads(line) for line in Path("train.jsonl").read_text().splitlines()]
    for found, line, row in zip(rows, lines, truth["train"], strict=True):
        batch = collator([found])
        ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
        tokens.add(check_row(processor.tokenizer, ids, labels, row, target_of(line)))
print(
    f"axolotl {importlib.metadata.version('axolotl')}: two steps of SFT, losses {losses}; {spread(tokens)} image "
    "tokens a row, as expected; only the answer and its end have labels"
)
