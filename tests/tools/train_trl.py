"""TRL: two steps of SFT on the export ``openai``, with a tiny model; tokens of images counted, padding masked."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import trl
from comparing import given
from datasets import Image, List, load_dataset

from recipe.models.tiny import TinyShape, build_tiny


def for_trl(row: dict[str, Any], folder: Path) -> dict[str, Any]:
    """As docs/exports.md says: images in a column of their own, with their whole paths."""
    parts = [part for turn in row["messages"] for part in turn["content"]]
    images = [str(folder / path) for part in parts if (path := part.pop("path", None))]
    return {"messages": row["messages"], "images": images}


_, truth = given()
chats = Path(sys.argv[3])
with tempfile.TemporaryDirectory() as scratch:
    rows = load_dataset("json", data_files=str(chats / "train.jsonl"), split="train", cache_dir=scratch)
    rows = rows.map(lambda row: for_trl(row, chats)).cast_column("images", List(Image()))
    assert len(rows) == len(truth["train"])
    parts = [part for turns in rows["messages"] for turn in turns for part in turn["content"]]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    model, processor = build_tiny(texts)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    args = trl.SFTConfig(
        output_dir=scratch,
        max_steps=2,
        per_device_train_batch_size=4,
        max_length=None,
        learning_rate=1e-3,
        report_to="none",
        use_cpu=True,
        bf16=False,
        logging_steps=1,
    )
    trainer = trl.SFTTrainer(model=model, args=args, train_dataset=rows, processing_class=processor)
    batch = next(iter(trainer.get_train_dataloader()))
    tokens = (batch["input_ids"] == processor.image_token_id).sum(dim=1).tolist()
    assert tokens == [2 * TinyShape().tokens_per_image] * 4, tokens
    padding = batch["attention_mask"] == 0
    assert (batch["labels"][padding] == -100).all()
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 2
    assert all(map(torch.isfinite, map(torch.tensor, losses)))
    assert any(not torch.equal(before[name], weight) for name, weight in model.named_parameters())
print(f"TRL {trl.__version__}: two steps of SFT, losses {losses}; {tokens[0]} image tokens a row; padding masked")
