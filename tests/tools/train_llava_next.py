"""LLaVA-NeXT on the export ``llava``: its dataset class, and two steps of its `train` of a tiny Qwen2 with a tiny CLIP.

Two stand-ins: the loop of its trainer, a copy of the loop of transformers, uses names that its file does not import, so
the loop of transformers runs instead; and `torch.cuda.synchronize`, which it calls before it saves, does nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import transformers
from comparing import given, lines_of, pictures
from llava.constants import IGNORE_INDEX, IMAGE_TOKEN_INDEX
from llava.train import train as llava
from older_qwen import as_on_the_hub
from qwen import losses_of
from transformers import (
    AutoTokenizer,
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

_, truth = given()
exported = Path(sys.argv[3]).resolve()
trained: list[Any] = []
TURN = ["<|im_start|>", "<|im_end|>"]


class Trainer(llava.LLaVATrainer):
    """LLaVA-NeXT's trainer with the loop of transformers, which can be looked at afterwards."""

    _inner_training_loop = transformers.Trainer._inner_training_loop

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__(*others, **named)
        trained.append(self)


def make_models(scratch: Path) -> None:
    """Writes a tiny Qwen2 with Qwen2's special tokens, ``qwen2``, and a tiny CLIP for images of 96 pixels, ``clip``."""
    tokenizer = AutoTokenizer.from_pretrained(as_on_the_hub(scratch / "hub"), additional_special_tokens=TURN)
    tokenizer.save_pretrained(scratch / "qwen2")
    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    Qwen2ForCausalLM(Qwen2Config(**tiny, num_key_value_heads=2, vocab_size=152064)).save_pretrained(scratch / "qwen2")
    CLIPVisionModel(CLIPVisionConfig(**tiny, image_size=96, patch_size=32)).save_pretrained(scratch / "clip")
    CLIPImageProcessor(size={"shortest_edge": 96}, crop_size=96).save_pretrained(scratch / "clip")


def check_row(dataset: Any, found: dict[str, Any], row: dict[str, Any], line: dict[str, Any]) -> None:
    """Asserts that one row of the tool's dataset is ours."""
    assert found["id"] == row["id"]
    seen = [dataset.data_args.image_processor.preprocess(one, return_tensors="pt") for one in pictures(exported, row)]
    for (pixels, size, kind), ours, image in zip(found["image"], seen, row["images"], strict=True):
        assert torch.equal(pixels, ours["pixel_values"][0])
        assert (list(size), kind) == (image["size"], "image")
    ids, labels = found["input_ids"].tolist(), found["labels"].tolist()
    assert ids.count(IMAGE_TOKEN_INDEX) == len(row["images"])
    tokenizer = dataset.tokenizer
    text = tokenizer.decode([each for each in ids if each != IMAGE_TOKEN_INDEX])
    said = line["conversations"][-1]["value"]
    assert said in (row["answer"], row["reasoning"])
    question = row["question"].rsplit("\n", 1)[0] if said == row["reasoning"] else row["question"]
    assert question in text
    assert "<image>" not in text
    # LLaVA-NeXT also learns the frame of every turn: its first and last token, and line breaks.
    frame = [*tokenizer.convert_tokens_to_ids(TURN), *tokenizer("\n").input_ids]
    learnt = [(label, each) for label, each in zip(labels, ids, strict=True) if label not in (IGNORE_INDEX, *frame)]
    assert all(label == each for label, each in learnt)
    reply = tokenizer(f"assistant\n{said}").input_ids
    assert [label for label, _ in learnt] == [each for each in reply if each not in frame]


with tempfile.TemporaryDirectory() as scratch:
    make_models(Path(scratch))
    # As docs/exports.md says, in the folder of the export. LLaVA-NeXT takes a model for what any part of its path says,
    # so the path is a relative one.
    shutil.copytree(exported, f"{scratch}/llava")
    os.chdir(f"{scratch}/llava")
    options: dict[str, Any] = {"data_path": "train.yaml", "image_folder": "."}
    options |= {"model_name_or_path": "../qwen2", "version": "qwen_1_5", "vision_tower": "../clip"}
    options |= {"mm_tunable_parts": "mm_mlp_adapter,mm_language_model", "mm_projector_type": "mlp2x_gelu"}
    options |= {"mm_vision_select_layer": -2, "mm_use_im_patch_token": False, "image_aspect_ratio": "pad"}
    options |= {"bf16": True, "use_cpu": True, "attn_implementation": "eager", "gradient_checkpointing": False}
    options |= {"output_dir": "../out", "max_steps": 2, "per_device_train_batch_size": 2, "learning_rate": 1e-3}
    options |= {"logging_steps": 1, "report_to": "none", "save_strategy": "no"}
    sys.argv = ["train.py", *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
    llava.LLaVATrainer = Trainer
    torch.cuda.synchronize = lambda: None
    llava.train()
    (trainer,) = trained
    losses = losses_of({"log_history": trainer.state.log_history})
    reader = trainer.train_dataset
    for split, rows in truth.items():
        dataset = llava.LazySupervisedDataset(f"{split}.yaml", reader.tokenizer, reader.data_args)
        lines = lines_of(exported, split)
        assert len(dataset) == len(rows) == len(lines)
        for place, (row, line) in enumerate(zip(rows, lines, strict=True)):
            check_row(dataset, dataset[place], row, line)
count = sum(map(len, truth.values()))
print(
    f"LLaVA-NeXT with transformers {transformers.__version__}: {count} of {count} rows, images as ours, a token for "
    f"each image; only the answer has labels, and the frame of each turn; two steps of SFT, losses {losses}"
)
