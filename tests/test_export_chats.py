"""The exports ``llava`` and ``openai``, read back as the trainers of vision models read them."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest
import yaml
from exported_rows import DATASET, ROWS, image_bytes, make_dataset
from hand_made_dataset import Row

from recipe.prompts import REASON_FIRST
from viewpoint100k.export.exporter import export

SPLITS = tuple(ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("chats") / "mine")


def exported(folder: Path, to: str, out: Path) -> Path:
    export(folder, to, out, reasoning_share=0.5)  # All four training rows with reasoning are exported with it.
    return out


def prompt_and_target(split: str, row: Row) -> tuple[str, str]:
    if split == "test" or not row["reasoning"]:
        return row["question"], row["answer"]
    question = row["question"].removesuffix("\nReply in one word.") if row["options"] else row["question"]
    return f"{question}\n{REASON_FIRST}", row["reasoning"]


@pytest.mark.parametrize("split", SPLITS)
def test_llava_has_one_token_for_each_image_and_two_turns(folder: Path, tmp_path: Path, split: str) -> None:
    out = exported(folder, "llava", tmp_path / "out")
    # Qwen's fine-tuning code reads the lines with json.loads, and joins `image` to its data_path.
    read = [json.loads(line) for line in (out / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
    for written, row in zip(read, ROWS[split], strict=True):
        assert set(written) == {"id", "image", "conversations"}
        assert written["id"] == row["id"]
        asked, said = written["conversations"]
        assert (asked["from"], said["from"]) == ("human", "gpt")
        prompt, target = prompt_and_target(split, row)
        assert asked["value"] == "<image>\n" * len(row["images"]) + prompt
        assert said["value"] == target
        assert [(out / path).read_bytes() for path in written["image"]] == image_bytes(row)


@pytest.mark.parametrize("split", SPLITS)
def test_llava_describes_each_split_alone_as_internvl_asks(folder: Path, tmp_path: Path, split: str) -> None:
    # internvl_chat/internvl/train/internvl_chat_finetune.py trains on every entry of its meta_path.
    out = exported(folder, "llava", tmp_path / "out")
    meta = json.loads((out / f"meta_{split}.json").read_text())
    assert set(meta) == {f"{DATASET}_{split}"}
    described = meta[f"{DATASET}_{split}"]
    assert (out / described["root"] / described["annotation"]).resolve() == (out / f"{split}.jsonl").resolve()
    assert described["length"] == len(ROWS[split])
    assert described["repeat_time"] == 1
    assert described["data_augment"] is False


@pytest.mark.parametrize("split", SPLITS)
def test_llava_names_the_lines_of_each_split_as_llava_next_asks(folder: Path, tmp_path: Path, split: str) -> None:
    # llava/train/train.py takes a data_path that ends with .jsonl for one JSON document; only a .yaml names such lines.
    out = exported(folder, "llava", tmp_path / "out")
    (described,) = yaml.safe_load((out / f"{split}.yaml").read_text())["datasets"]
    assert described["sampling_strategy"] == "all"
    lines = (out / described["json_path"]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in ROWS[split]]


@pytest.mark.parametrize("split", SPLITS)
def test_openai_has_content_parts_of_one_shape_and_images_in_their_order(
    folder: Path, tmp_path: Path, split: str
) -> None:
    out = exported(folder, "openai", tmp_path / "out")
    read = datasets.load_dataset(
        "json", data_files=str(out / f"{split}.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
    )
    for written, row in zip(read, ROWS[split], strict=True):
        user, assistant = written["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        prompt, target = prompt_and_target(split, row)
        *pictures, words = user["content"]
        assert [part["type"] for part in pictures] == ["image"] * len(row["images"])
        assert [(out / part["path"]).read_bytes() for part in pictures] == image_bytes(row)
        assert (words["type"], words["text"]) == ("text", prompt)
        assert [(part["type"], part["text"]) for part in assistant["content"]] == [("text", target)]


def test_a_row_whose_text_holds_a_placeholder_is_left_out_where_placeholders_are_counted(tmp_path: Path) -> None:
    good, bad = (dict(row) for row in ROWS["train"][:2])
    bad["question"] = bad["question"].replace("Question", "<image> Question")
    folder = make_dataset(tmp_path / "mine", {"train": [good, bad]})
    done = export(folder, "llava", tmp_path / "llava")
    assert (done.rows, done.left_out) == ({"train": 1}, {"token_in_text": 1})
    assert export(folder, "openai", tmp_path / "openai").rows == {"train": 2}
