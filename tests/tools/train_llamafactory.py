"""LLaMA-Factory: its rows of the export ``llamafactory``, and two steps of SFT by the command of docs/exports.md."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from comparing import given
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer
from qwen import check_row, losses_of, spread, target_of

_, truth = given()
exported = Path(sys.argv[3])
with tempfile.TemporaryDirectory() as scratch:
    arguments = {
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "template": "qwen2_vl",
        "model_name_or_path": os.environ["TINY_QWEN"],
        "dataset_dir": str(exported),
        "dataset": "viewpoint-100k_train",
        "eval_dataset": "viewpoint-100k_test",
        "learning_rate": 5e-6,
        "output_dir": f"{scratch}/out",
        # Not in docs/exports.md: a small run on a CPU.
        "max_steps": 2,
        "logging_steps": 1,
        "per_device_train_batch_size": 2,
        "cutoff_len": 1024,
        "use_cpu": True,
        "preprocessing_num_workers": 1,
        "report_to": "none",
    }
    model, data, training, _, _ = get_train_args(dict(arguments))
    reader = load_tokenizer(model)
    template = get_template_and_fix_tokenizer(reader["tokenizer"], data)
    dataset = get_dataset(template, model, data, training, stage="sft", **reader)
    tokens = set()
    for split, name in (("train", "train_dataset"), ("test", "eval_dataset")):
        lines = [json.loads(line) for line in (exported / f"{split}.jsonl").read_text().splitlines()]
        rows = dataset[name]
        assert len(rows) == len(truth[split]) == len(lines)
        for row, line, found in zip(truth[split], lines, rows, strict=True):
            target = target_of(line)
            tokens.add(check_row(reader["tokenizer"], found["input_ids"], found["labels"], row, target))
    command = ["llamafactory-cli", "train", *(word for key, value in arguments.items() for word in (f"--{key}", value))]
    cli = Path(sys.executable).parent / command[0]
    subprocess.run([str(cli), *map(str, command[1:])], check=True, stdout=sys.stderr)
    losses = losses_of(json.loads(Path(scratch, "out", "trainer_state.json").read_text()))
print(
    f"LLaMA-Factory {importlib.metadata.version('llamafactory')}: two steps of SFT, losses {losses}; "
    f"{spread(tokens)} image tokens a row, as expected; only the answer and its end have labels"
)
