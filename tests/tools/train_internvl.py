"""InternVL on the export ``llava``: its dataset class, and two steps of its `main` on a tiny InternVL with a Qwen2.

It is written for GPUs. Three stand-ins: `flash_attn`, which its files import; the plain attention of transformers
instead; and a process group of torch for CPUs instead of NCCL.
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
from qwen import losses_of, spread
from stand_ins import stand_in_for_flash_attention
from transformers import AutoTokenizer

stand_in_for_flash_attention()
from internvl.model.internvl_chat import modeling_intern_vit, modeling_internvl_chat  # noqa: E402
from internvl.train import internvl_chat_finetune as internvl  # noqa: E402
from internvl.train.constants import IMG_CONTEXT_TOKEN, IMG_END_TOKEN, IMG_START_TOKEN  # noqa: E402

_, truth = given()
exported = Path(sys.argv[3]).resolve()
trained: list[Any] = []
SIDE, PATCH = 56, 14
TOKENS = (SIDE // PATCH // 2) ** 2
"""Of one tile of an image."""
TILES = {"dynamic_image_size": True, "use_thumbnail": True, "max_dynamic_patch": 12}
"""As in InternVL's own scripts."""


class Trainer(internvl.Trainer):
    """The trainer of InternVL's `main`, which can be looked at afterwards."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        trained.append(self)


class Model(internvl.InternVLChatModel):
    """InternVL's model, which has the plain attention."""

    @classmethod
    def from_pretrained(cls, *others: Any, config: Any, **named: Any) -> Any:
        config.llm_config._attn_implementation = "eager"
        return super().from_pretrained(*others, config=config, **named)


def make_model(folder: Path) -> None:
    """Writes a tiny InternVL with the real vocabulary of Qwen."""
    AutoTokenizer.from_pretrained(as_on_the_hub(folder.with_name("hub")), use_fast=False).save_pretrained(folder)
    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    language = tiny | {"architectures": ["Qwen2ForCausalLM"], "num_key_value_heads": 2, "vocab_size": 152064}
    vision = tiny | {"image_size": SIDE, "patch_size": PATCH, "use_flash_attn": False}
    config = internvl.InternVLChatConfig(vision, language, force_image_size=SIDE, template="internvl2_5")
    torch.manual_seed(0)
    internvl.InternVLChatModel(config).save_pretrained(folder)


def dataset_of(split: str, tokenizer: Any) -> Any:
    """InternVL's dataset of a split, from the file that describes the split."""
    ((name, meta),) = json.loads(Path(f"meta_{split}.json").read_text()).items()
    sizes = {"num_image_token": TOKENS, "image_size": SIDE, "is_train": meta["data_augment"]} | TILES
    return internvl.LazySupervisedDataset("internvl2_5", meta, tokenizer, None, name, group_by_length=True, **sizes)


def check_row(dataset: Any, found: dict[str, Any], row: dict[str, Any], line: dict[str, Any]) -> int:
    """Asserts that one row of InternVL's dataset is ours; gives the number of its image tokens."""
    most = TILES["max_dynamic_patch"] // len(row["images"])
    tiles = [
        tile
        for picture in pictures(exported, row)
        for tile in internvl.dynamic_preprocess(picture, max_num=most, image_size=SIDE, use_thumbnail=True)
    ]
    assert torch.equal(found["pixel_values"], torch.stack([dataset.get_transform()(tile) for tile in tiles]))
    tokenizer = dataset.tokenizer
    ids, labels = found["input_ids"].tolist(), found["labels"].tolist()
    counted = ids.count(tokenizer.convert_tokens_to_ids(IMG_CONTEXT_TOKEN))
    assert counted == TOKENS * len(tiles)
    for frame in (IMG_START_TOKEN, IMG_END_TOKEN):
        assert ids.count(tokenizer.convert_tokens_to_ids(frame)) == len(row["images"])
    said = line["conversations"][-1]["value"]
    assert said in (row["answer"], row["reasoning"])
    learnt = [(label, each) for label, each in zip(labels, ids, strict=True) if label != internvl.IGNORE_INDEX]
    assert all(label == each for label, each in learnt)
    assert tokenizer.decode([label for label, _ in learnt]) == f"{said}<|im_end|>"
    question = row["question"].rsplit("\n", 1)[0] if said == row["reasoning"] else row["question"]
    assert question in tokenizer.decode(ids)
    return counted


with tempfile.TemporaryDirectory() as scratch:
    make_model(Path(scratch, "internvl"))
    os.chdir(exported)  # As docs/exports.md says.
    options: dict[str, Any] = {"meta_path": "meta_train.json", "conv_style": "internvl2_5"} | TILES
    options |= {"model_name_or_path": f"{scratch}/internvl", "force_image_size": SIDE, "down_sample_ratio": 0.5}
    options |= {"output_dir": f"{scratch}/out", "do_train": True, "max_steps": 2, "per_device_train_batch_size": 2}
    options |= {"bf16": True, "use_cpu": True, "grad_checkpoint": False, "group_by_length": True}
    options |= {"learning_rate": 1e-3, "logging_steps": 1, "report_to": "none", "save_strategy": "no"}
    sys.argv = ["main", *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    os.environ |= {"LAUNCHER": "pytorch", "ACCELERATE_USE_CPU": "1"}
    modeling_intern_vit.has_flash_attn = modeling_internvl_chat.has_flash_attn = False
    internvl.init_dist = lambda launcher, backend: torch.distributed.init_process_group("gloo")
    internvl.Trainer, internvl.InternVLChatModel = Trainer, Model
    internvl.main()
    (trainer,) = trained
    losses = losses_of({"log_history": trainer.state.log_history})
    assert len(trainer.train_dataset) == len(truth["train"])
    tokens = set()
    for split, rows in truth.items():
        dataset, lines = dataset_of(split, trainer.tokenizer), lines_of(exported, split)
        assert len(dataset) == len(rows) == len(lines)
        for place, (row, line) in enumerate(zip(rows, lines, strict=True)):
            tokens.add(check_row(dataset, dataset[place], row, line))
count = sum(map(len, truth.values()))
print(
    f"InternVL with transformers {transformers.__version__}: {count} of {count} rows, images as ours, {spread(tokens)} "
    f"image tokens a row, as expected; only the answer and its end have labels; two steps of SFT, losses {losses}"
)
