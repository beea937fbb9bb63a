"""ms-swift: its rows of the export ``ms-swift``, two steps of SFT and two of GRPO as in docs/exports.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import swift
from comparing import given
from qwen import check_row, losses_of, spread, target_of
from swift.arguments import RLHFArguments, SftArguments
from swift.pipelines.train.rlhf import SwiftRLHF
from swift.pipelines.train.sft import SwiftSft
from swift.rewards import orms

from recipe.rewards import trainers as ours

REWARDS = ours.__file__
CPU = {"torch_dtype": "float32", "use_cpu": True, "max_steps": 2, "logging_steps": 1, "report_to": "none"}
CPU |= {"gradient_accumulation_steps": 1, "tuner_type": "full", "dataloader_num_workers": 0, "dataset_num_proc": 1}

_, truth = given()
exported = Path(sys.argv[3])
os.environ["ROOT_IMAGE_DIR"] = str(exported)
lines = {s: [json.loads(line) for line in (exported / f"{s}.jsonl").read_text().splitlines()] for s in truth}
given_to_all = {"model": os.environ["TINY_QWEN"], "model_type": "qwen2_5_vl", "template": "qwen2_5_vl"}
given_to_all |= {"dataset": str(exported / "train.jsonl")}


def sft(out: str) -> tuple[set[int], list[float]]:
    """Tokens of images in a row, and the losses."""
    arguments = given_to_all | {"val_dataset": str(exported / "test.jsonl"), "output_dir": out} | CPU
    pipeline = SwiftSft(SftArguments(**as_lists(arguments), dataset_shuffle=False))
    tokens = set()
    for split, dataset in zip(("train", "test"), pipeline._prepare_dataset(), strict=True):
        rows = truth[split]
        assert len(dataset) == len(rows) == len(lines[split])
        for place, (row, line) in enumerate(zip(rows, lines[split], strict=True)):
            found = dataset[place]
            ids, labels = found["input_ids"], found["labels"]
            tokens.add(check_row(pipeline.tokenizer, ids, labels, row, target_of(line)))
    return tokens, losses_of(trained("sft", arguments, out), 2)


def grpo(out: str) -> tuple[int, list[float]]:
    """Number of replies that were rewarded, and the rewards of the two steps."""
    names = ["viewpoint_accuracy", "viewpoint_format"]
    arguments = given_to_all | {"external_plugins": REWARDS, "reward_funcs": names, "output_dir": out} | CPU
    arguments |= {"rlhf_type": "grpo", "num_generations": 2, "per_device_train_batch_size": 2, "log_completions": True}
    arguments |= {"max_completion_length": 8}
    for name in names:
        orms.pop(name)  # The import above registered it; now --external_plugins must.
    pipeline = SwiftRLHF(RLHFArguments(**as_lists(arguments), dataset_shuffle=False))
    assert set(names) <= set(orms)
    rows, _ = pipeline._prepare_dataset()
    assert len(rows) == len(truth["train"])
    for found, row in zip(rows, truth["train"], strict=True):
        replies = [f"<think>I see.</think><answer>{option}</answer>" for option in row["options"]]
        replies += [row["answer"], "Sorry.", ""]
        columns = {name: [value] * len(replies) for name, value in found.items()}
        exact = orms[names[0]](args=None)(replies, **columns)
        assert exact == [*(float(option == row["answer_text"]) for option in row["options"]), 1.0, 0.0, 0.0]
        form = orms[names[1]](args=None)(replies, **columns)
        assert form == [1.0] * len(row["options"]) + [0.0] * 3
    state = trained("rlhf", arguments, out)
    (log,) = Path(out).rglob("completions.jsonl")
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    said = [text for step in steps for text in step["completion"]]
    rewarded = {name: [reward for step in steps for reward in step[column_of(name, step)]] for name in names}
    assert rewarded[names[1]] == ours.ViewpointFormat()(said)
    assert len(rewarded[names[0]]) == len(said)
    return len(said), [entry["reward"] for entry in state["log_history"] if "reward" in entry]


def column_of(name: str, step: dict[str, Any]) -> str:
    (column,) = (key for key in step if key.lower().replace("_", "") == name.replace("_", ""))
    return column


def trained(verb: str, arguments: dict[str, Any], out: str) -> dict[str, Any]:
    """The state of the trainer after the command line has run."""
    words = [
        word
        for name, value in arguments.items()
        for word in (f"--{name}", *map(str, value if isinstance(value, list) else [value]))
    ]
    subprocess.run([str(Path(sys.executable).with_name("swift")), verb, *words], check=True, stdout=sys.stderr)
    (state,) = Path(out).rglob("checkpoint-2/trainer_state.json")
    return dict(json.loads(state.read_text()))


def as_lists(arguments: dict[str, Any]) -> dict[str, Any]:
    lists = ("dataset", "val_dataset", "external_plugins")
    return {name: [value] if name in lists else value for name, value in arguments.items()}


with tempfile.TemporaryDirectory() as scratch:
    tokens, losses = sft(f"{scratch}/sft")
    replies, earned = grpo(f"{scratch}/grpo")
print(
    f"ms-swift {swift.__version__}: two steps of SFT, losses {losses}; {spread(tokens)} image tokens a row, as "
    f"expected; only the answer and its end have labels. Two steps of GRPO, {replies} replies rewarded, rewards as ours"
)
