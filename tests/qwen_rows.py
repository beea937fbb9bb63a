"""Prints what TRL makes of prepared rows with a config of the recipe, as JSON: one entry a row, in their order.

python tests/qwen_rows.py MODEL ROWS CONFIG OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from datasets import load_dataset
from trl import ModelConfig, SFTTrainer, get_peft_config
from trl.scripts.sft import make_parser

IGNORED = -100


def main() -> None:
    model, rows, config, out = sys.argv[1:]
    options = ["--config", config, "--model_name_or_path", model, "--dataset_name", rows, "--output_dir", out]
    parts = make_parser().parse_args_and_config([*options, "--use_cpu", "true"])
    (settings,) = [part for part in parts if isinstance(part, ModelConfig)]
    (arguments,) = [part for part in parts if hasattr(part, "completion_only_loss")]
    dataset = load_dataset("parquet", data_dir=str(Path(rows) / "data"), split="train", cache_dir=f"{out}/cache")
    trainer = SFTTrainer(model, arguments, train_dataset=dataset, peft_config=get_peft_config(settings))
    batch = trainer.data_collator([trainer.train_dataset[place] for place in range(len(dataset))])
    print(json.dumps([_row(trainer, batch, dataset[place], place) for place in range(len(dataset))]))


def _row(trainer: SFTTrainer, batch: Any, row: dict[str, Any], place: int) -> dict[str, Any]:
    tokenizer = trainer.processing_class.tokenizer
    ids, labels, seen = (batch[name][place] for name in ("input_ids", "labels", "attention_mask"))
    learnt = labels != IGNORED
    return {
        "image_tokens": int((ids == 151655).sum()),
        "learnt": tokenizer.decode(ids[learnt]),
        "labels_are_the_tokens": bool((labels[learnt] == ids[learnt]).all()),
        "learnt_is_padding": bool((seen[learnt] == 0).any()),
        "text": tokenizer.decode(ids[seen == 1]),
        "images": [image.size for image in row["images"]],
        "question": row["prompt"][0]["content"],
        "completion": row["completion"][0]["content"],
    }


if __name__ == "__main__":
    main()
