"""Each format is read back as its tool's documents say. If the tool's own reader is a small package, that reads it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tarfile
from pathlib import Path

import datasets
import pandas
import pyarrow.parquet as pq
import pytest
import webdataset
from exported_rows import ROWS, a_row, image_bytes, make_dataset
from hand_made_dataset import Row

from recipe.prompts import REASON_FIRST
from recipe.prompts import ask_to_reason as recipe_asks_to_reason
from viewpoint100k.export.exporter import export
from viewpoint100k.export.prompts import ask_to_reason

SPLITS = tuple(ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("formats") / "mine")


def exported(folder: Path, to: str, out: Path) -> Path:
    """The whole export. All four training rows with reasoning have it."""
    share = None if to in ("verl", "vlmevalkit") else 0.5
    export(folder, to, out, reasoning_share=share)
    return out


def expected_target(split: str, row: Row) -> str:
    return row["reasoning"] if split == "train" and row["reasoning"] else row["answer"]


def read_jsonl(path: Path, cache: Path) -> list[dict]:
    """Reads as LLaMA-Factory and ms-swift do: with the JSON builder of `datasets`."""
    return datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(cache)).to_list()


def reasoned_prompt(row: Row) -> str:
    """The question with the recipe's instruction. With options, its last line, which asks for one word, is removed."""
    question = row["question"].removesuffix("\nReply in one word.") if row["options"] else row["question"]
    return f"{question}\n{REASON_FIRST}"


def expected_prompt(split: str, row: Row) -> str:
    return reasoned_prompt(row) if split == "train" and row["reasoning"] else row["question"]


def assert_asks_with_one_token_an_image(content: str, row: Row, prompt: str) -> None:
    assert re.findall(r"<image>|<video>|<audio>", content) == ["<image>"] * len(row["images"])
    assert content.replace("<image>", "") == prompt


@pytest.mark.parametrize("row", [row for rows in ROWS.values() for row in rows], ids=lambda row: row["id"])
def test_the_wish_for_reasoning_reads_as_in_the_recipe(row: Row) -> None:
    assert ask_to_reason(row["question"], row["options"]) == recipe_asks_to_reason(row["question"])


# --- LLaMA-Factory: data/README.md, section "Sharegpt Format", "OpenAI Format" and "Multimodal Image Dataset" ---------

LLAMAFACTORY_DESCRIPTION = {
    "file_name": "{split}.jsonl",
    "formatting": "sharegpt",
    "columns": {"messages": "messages", "images": "images"},
    "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
}


def test_llamafactory_finds_both_splits_in_dataset_info(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, "llamafactory", tmp_path / "out")
    described = json.loads((out / "dataset_info.json").read_text())
    assert set(described) == {"mine_train", "mine_test"}
    for split in SPLITS:
        expected = LLAMAFACTORY_DESCRIPTION | {"file_name": f"{split}.jsonl"}
        assert described[f"mine_{split}"] == expected
        assert (out / expected["file_name"]).is_file()


@pytest.mark.parametrize("to", ["llamafactory", "ms-swift"])
@pytest.mark.parametrize("split", SPLITS)
def test_messages_and_images_are_as_the_trainers_want_them(folder: Path, tmp_path: Path, to: str, split: str) -> None:
    out = exported(folder, to, tmp_path / "out")
    read = read_jsonl(out / f"{split}.jsonl", tmp_path / "cache")
    fields = {"messages", "images"} | ({"solution"} if to == "ms-swift" else set())
    for written, row in zip(read, ROWS[split], strict=True):
        assert set(written) == fields
        user, assistant = written["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert_asks_with_one_token_an_image(user["content"], row, expected_prompt(split, row))
        assert assistant["content"] == expected_target(split, row)
        assert [(out / path).read_bytes() for path in written["images"]] == image_bytes(row)
        assert written.get("solution", row["answer"]) == row["answer"]


# --- verl: docs/preparation/prepare_data.rst, and examples/data_preprocess/geo3k.py for images ------------------------

VERL_COLUMNS = {
    "data_source": "string",
    "prompt": "list<element: struct<role: string, content: string>>",
    "images": "list<element: struct<bytes: binary>>",
    "ability": "string",
    "reward_model": "struct<style: string, ground_truth: string>",
}


@pytest.mark.parametrize("split", SPLITS)
def test_verl_has_its_columns_and_a_reward_that_follows_a_rule(folder: Path, tmp_path: Path, split: str) -> None:
    out = exported(folder, "verl", tmp_path / "out")
    schema = pq.read_schema(out / f"{split}.parquet")
    assert {name: str(schema.field(name).type) for name in VERL_COLUMNS} == VERL_COLUMNS
    assert set(schema.names) == {*VERL_COLUMNS, "extra_info"}
    assert not schema.metadata, "metadata of one version of datasets would keep others from reading the file"
    read = datasets.load_dataset(
        "parquet", data_files=str(out / f"{split}.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    for index, (written, row) in enumerate(zip(read, ROWS[split], strict=True)):
        (message,) = written["prompt"]
        assert message["role"] == "user"
        assert_asks_with_one_token_an_image(message["content"], row, reasoned_prompt(row))
        assert [image["bytes"] for image in written["images"]] == image_bytes(row)
        assert written["reward_model"] == {"style": "rule", "ground_truth": row["answer"]}
        assert (written["data_source"], written["ability"]) == ("mine", "spatial_reasoning")
        names = ("id", "group", "question_type", "question", "answer")
        assert written["extra_info"] == {"split": split, "index": index} | {name: row[name] for name in names}


def test_verl_row_groups_hold_a_hundred_rows_and_a_page_index(tmp_path: Path) -> None:
    rows = [a_row(number, [number % 7, 8], ["Yes", "No"], "A", reasoned=False) for number in range(230)]
    out = exported(make_dataset(tmp_path / "mine", {"train": rows}), "verl", tmp_path / "out")
    metadata = pq.read_metadata(out / "train.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [100, 100, 30]
    group = metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert columns["images.list.element.bytes"].compression == "UNCOMPRESSED"
    assert columns["prompt.list.element.content"].compression == "ZSTD"
    assert all(column.has_offset_index for column in columns.values())


# --- VLMEvalKit: docs/en/Development.md, and how its ImageMCQDataset takes a line -------------------------------------

VLMEVALKIT_COLUMNS = ["index", "image", "image_path", "question", *"ABCDEF", "answer", "category", "id", "group"]


def as_vlmevalkit_reads(path: Path) -> list[dict]:
    """The table read by pandas. ``[…]`` is a list of images. A text of up to 64 characters would name another row."""
    table = pandas.read_csv(path, sep="\t")
    assert list(table.columns) == VLMEVALKIT_COLUMNS
    assert table["index"].is_unique
    assert table["index"].map(lambda value: isinstance(value, int)).all()
    assert (table["image"].str.len() > 64).all()
    lines = []
    for _, line in table.iterrows():
        images = json.loads(line["image"]) if line["image"].startswith("[") else [line["image"]]
        names = json.loads(line["image_path"]) if len(images) > 1 else [line["image_path"]]
        options = {letter: line[letter] for letter in "ABCDEF" if not pandas.isna(line[letter])}
        decoded = [base64.b64decode(one, validate=True) for one in images]
        lines.append(dict(line) | {"image": decoded, "image_path": names, "options": options})
    return lines


@pytest.mark.parametrize("split", SPLITS)
def test_vlmevalkit_reads_stem_options_and_images_of_every_row_with_options(
    folder: Path, tmp_path: Path, split: str
) -> None:
    out = exported(folder, "vlmevalkit", tmp_path / "out")
    read = as_vlmevalkit_reads(out / f"mine_{split}.tsv")
    with_options = [(index, row) for index, row in enumerate(ROWS[split]) if row["options"]]
    for line, (index, row) in zip(read, with_options, strict=True):
        assert line["index"] == index
        assert line["image"] == image_bytes(row)
        assert line["image_path"] == [f"{hashlib.sha256(one).hexdigest()}.jpg" for one in image_bytes(row)]
        assert list(line["options"].values()) == row["options"]
        assert line["options"][line["answer"]] == row["answer_text"]
        assert line["question"] == row["question"].split("\nA. ")[0]
        assert (line["category"], line["id"], line["group"]) == (row["question_type"], row["id"], row["group"])


@pytest.mark.parametrize("text", ["None", "NA", "12", "1e3", "nan", "-0.5", " ", "True"])
def test_vlmevalkit_leaves_out_options_that_pandas_would_not_read_as_text(tmp_path: Path, text: str) -> None:
    rows = [a_row(0, [1], ["Yes", "No"], "A", reasoned=False), a_row(1, [1], ["Left", text], "A", reasoned=False)]
    done = export(make_dataset(tmp_path / "mine", {"train": rows}), "vlmevalkit", tmp_path / "out")
    assert (done.rows, done.left_out) == ({"train": 1}, {"option_not_text": 1})


@pytest.mark.parametrize("question", ["Left or right?", "Which?\nA. Yes\nB. No, or so\nSay it.", "A. Yes\nB. No"])
def test_vlmevalkit_leaves_out_a_question_without_its_options_or_without_a_stem(tmp_path: Path, question: str) -> None:
    rows = [a_row(number, [1], ["Yes", "No"], "A", reasoned=False) for number in range(2)]
    rows[1]["question"] = question
    done = export(make_dataset(tmp_path / "mine", {"train": rows}), "vlmevalkit", tmp_path / "out")
    assert (done.rows, done.left_out) == ({"train": 1}, {"options_not_found": 1})


# --- WebDataset -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", SPLITS)
def test_webdataset_reads_every_row_with_its_images(folder: Path, tmp_path: Path, split: str) -> None:
    out = exported(folder, "webdataset", tmp_path / "out")
    samples = list(webdataset.WebDataset(str(out / f"{split}-000000.tar"), shardshuffle=False))
    for index, (sample, row) in enumerate(zip(samples, ROWS[split], strict=True)):
        assert sample["__key__"] == f"{split}-{index:08d}"
        pictures = [sample[f"{place}.jpg"] for place in range(len(row["images"]))]
        assert pictures == image_bytes(row)
        assert {name for name in sample if not name.startswith("__")} == {
            "json",
            *(f"{place}.jpg" for place in range(len(pictures))),
        }
        about = json.loads(sample["json"])
        assert (about["question"], about["options"]) == (row["question"], row["options"])
        assert (about["prompt"], about["target"]) == (expected_prompt(split, row), expected_target(split, row))


def test_webdataset_decodes_images_by_their_names(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, "webdataset", tmp_path / "out")
    first = next(iter(webdataset.WebDataset(str(out / "train-000000.tar"), shardshuffle=False).decode("pil")))
    assert (first["0.jpg"].size, first["1.jpg"].size) == ((64, 48), (64, 48))
    assert first["json"]["id"] == ROWS["train"][0]["id"]


def test_webdataset_pairs_load_with_datasets_too(tmp_path: Path) -> None:
    rows = [a_row(number, [number, number + 1], ["Yes", "No"], "A", reasoned=False) for number in range(6)]
    out = exported(make_dataset(tmp_path / "mine", {"train": rows}), "webdataset", tmp_path / "out")
    read = datasets.load_dataset(
        "webdataset", data_files=str(out / "train-*.tar"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert [row["json"]["id"] for row in read] == [row["id"] for row in rows]
    assert read[0]["1.jpg"].size == (64, 48)


def test_webdataset_starts_a_shard_every_thousand_rows(tmp_path: Path) -> None:
    rows = [a_row(number, [number % 5], ["Yes", "No"], "A", reasoned=False) for number in range(1_001)]
    out = tmp_path / "out"
    done = export(make_dataset(tmp_path / "mine", {"train": rows}), "webdataset", out)
    assert [path.name for path in sorted(out.glob("*.tar"))] == ["train-000000.tar", "train-000001.tar"]
    assert "train-{000000..000001}.tar" in done.first_step
    samples = list(webdataset.WebDataset(str(out / "train-{000000..000001}.tar"), shardshuffle=False))
    assert [json.loads(sample["json"])["id"] for sample in samples] == [row["id"] for row in rows]


def test_webdataset_headers_say_nothing_of_when_and_by_whom(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, "webdataset", tmp_path / "out")
    with tarfile.open(out / "train-000000.tar") as tar:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in tar} == {(0, 0, 0, "", "", 0o644)}
