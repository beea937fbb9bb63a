"""Rows of a built set become examples and prompts: each row once, exact counts, the right words."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from recipe.data import GrpoData, SftData, grpo_rows, sft_features, sft_rows
from recipe.prepare import is_prepared, prepare_grpo, prepare_sft, write_rows
from recipe.prompts import REASON_FIRST, ask_to_reason
from recipe.rewards.answers import follows_format
from recipe.sources import OwnRows, SatRows, open_sources
from viewpoint100k.errors import UsageError

REASONING = "<think>The camera moved to the left.</think><answer>{answer}</answer>"


@pytest.fixture(scope="module")
def reasoned_set(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set. Every second row has a reasoning text."""
    out = tmp_path_factory.mktemp("reasoned")
    (out / "data").mkdir()
    for path in sorted((small_dataset / "data").glob("*.parquet")):
        table = pq.read_table(path)
        rows = table.to_pylist()
        for place, row in enumerate(rows):
            row["reasoning"] = REASONING.format(**row) if place % 2 else None
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), out / "data" / path.name)
    return out


def read(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "data").to_pylist()
    return rows


def originals(folder: Path) -> dict[str, dict[str, Any]]:
    files = sorted((folder / "data").glob("train-*.parquet"))
    return {row["id"]: row for path in files for row in pq.read_table(path).to_pylist()}


def test_every_row_is_trained_on_once(reasoned_set: Path, tmp_path: Path) -> None:
    assert prepare_sft(OwnRows(str(reasoned_set)), SftData(0.3), tmp_path / "rows") == (70, 21)
    assert Counter(row["id"] for row in read(tmp_path / "rows")) == Counter(originals(reasoned_set).keys())


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 7), (0.3, 21), (0.49, 34)])
def test_the_share_of_reasoning_is_exact(reasoned_set: Path, share: float, count: int) -> None:
    rows, reasoned = sft_rows(OwnRows(str(reasoned_set)), SftData(share))
    assert reasoned == count
    assert sum("<think>" in row["completion"][0]["content"] for row in rows) == count


def test_plain_rows_answer_with_the_letter_and_the_others_with_their_reasoning(reasoned_set: Path) -> None:
    sources = originals(reasoned_set)
    rows, _ = sft_rows(OwnRows(str(reasoned_set)), SftData(0.3))
    for row in rows:
        source = sources[row["id"]]
        (prompt,), (completion,) = row["prompt"], row["completion"]
        assert (prompt["role"], completion["role"]) == ("user", "assistant")
        if "<think>" in completion["content"]:
            assert completion["content"] == source["reasoning"]
            assert prompt["content"].endswith(REASON_FIRST)
        else:
            assert completion["content"] == source["answer"]
            assert prompt["content"] == source["question"]


def test_images_are_copied_byte_for_byte(reasoned_set: Path, tmp_path: Path) -> None:
    prepare_sft(OwnRows(str(reasoned_set)), SftData(0.1), tmp_path / "rows")
    sources = originals(reasoned_set)
    for row in read(tmp_path / "rows"):
        assert [one["bytes"] for one in row["images"]] == [one["bytes"] for one in sources[row["id"]]["images"]]


def test_another_seed_chooses_other_rows_and_the_same_seed_the_same(reasoned_set: Path) -> None:
    def chosen(seed: int) -> set[str]:
        rows, _ = sft_rows(OwnRows(str(reasoned_set)), SftData(0.2, seed=seed))
        return {row["id"] for row in rows if "<think>" in row["completion"][0]["content"]}

    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)


def test_a_set_without_enough_reasoning_says_so(small_dataset: Path, reasoned_set: Path) -> None:
    with pytest.raises(UsageError, match=r"35 of 70 rows have a reasoning text, and a share of 0\.6 needs 42"):
        sft_rows(OwnRows(str(reasoned_set)), SftData(0.6))


def test_prompts_may_leave_the_form_open(reasoned_set: Path) -> None:
    rows, _ = sft_rows(OwnRows(str(reasoned_set)), SftData(0.3, ask=False))
    assert all(REASON_FIRST not in row["prompt"][0]["content"] for row in rows)


def test_the_request_for_the_letter_alone_is_replaced() -> None:
    question = "Which way?\nA. Left\nB. Right\nAnswer with one letter."
    assert ask_to_reason(question) == f"Which way?\nA. Left\nB. Right\n{REASON_FIRST}"


def test_a_thought_may_be_cut_to_the_words_of_its_option(reasoned_set: Path) -> None:
    rows = originals(reasoned_set)
    examples, reasoned = sft_rows(OwnRows(str(reasoned_set)), SftData(0.5, conclude=True))
    cut = [one for one in examples if "<think>" in one["completion"][0]["content"]]
    assert len(cut) == reasoned > 0
    for one in cut:
        row = rows[one["id"]]
        wanted = f"<think>{row['answer_text']}</think><answer>{row['answer']}</answer>"
        assert one["completion"][0]["content"] == wanted
        assert follows_format(wanted)


def test_an_open_question_keeps_its_unit() -> None:
    question = "By how many degrees?\nAnswer with a whole number of degrees."
    assert ask_to_reason(question) == f"{question}\n{REASON_FIRST}"


needs_datasets_5 = pytest.mark.skipif(
    int(version("datasets").split(".")[0]) < 5, reason="prompts of GRPO need datasets 5, as the extra train does"
)


def test_an_older_datasets_is_refused_for_prompts(reasoned_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.__version__", "4.8.5")
    with pytest.raises(UsageError, match=r"datasets 5 or newer is not installed: run  pip install .*\[train\]"):
        grpo_rows(open_sources(str(reasoned_set), "train", 0), GrpoData())


@needs_datasets_5
def test_a_prompt_carries_what_rewards_need(reasoned_set: Path, tmp_path: Path) -> None:
    assert prepare_grpo(str(reasoned_set), "train", GrpoData(), tmp_path / "rows") == (70, {})
    sources = originals(reasoned_set)
    for row in read(tmp_path / "rows"):
        source = sources[row["id"]]
        for name in (
            "answer",
            "answer_text",
            "options",
            "question_type",
            "group",
            "cameras",
            "object_center",
            "margin",
        ):
            assert row[name] == source[name]
        assert row["prompt"] == [{"role": "user", "content": ask_to_reason(source["question"])}]


@needs_datasets_5
def test_open_questions_and_rows_of_several_images_pass_through(reasoned_set: Path, tmp_path: Path) -> None:
    table = pq.read_table(reasoned_set / "data" / "train-00000-of-00003.parquet")
    rows = table.to_pylist()
    rows[0] |= {"options": [], "answer": "-34.5", "question": "By how many degrees?\nState degrees."}
    rows[1] |= {"images": rows[1]["images"] * 2, "cameras": rows[1]["cameras"] * 2}
    rows[2] |= {"images": rows[2]["images"][:1], "cameras": rows[2]["cameras"][:1]}
    (tmp_path / "set" / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), tmp_path / "set" / "data" / "train-0.parquet")
    prepare_grpo(str(tmp_path / "set"), "train", GrpoData(), tmp_path / "rows")
    made = {row["id"]: row for row in read(tmp_path / "rows")}
    assert made[rows[0]["id"]]["answer"] == "-34.5"
    assert made[rows[0]["id"]]["options"] == []
    assert [len(made[row["id"]]["images"]) for row in rows[:3]] == [2, 4, 1]


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def sat_rows() -> list[dict[str, Any]]:
    """Rows in SAT's published form. The last two are unusable."""
    rows = [
        {
            "image_bytes": [picture(place), picture(place + 100)][: 1 + place % 2],
            "question": f"Question {place}?",
            "answers": ["moved left", "moved right", "did not move"][: 2 + place % 2],
            "question_type": "obj_movement",
            "correct_answer": ["moved left", "moved right"][place % 2],
        }
        for place in range(40)
    ]
    return [*rows, rows[0] | {"correct_answer": "neither"}, rows[1] | {"image_bytes": []}]


@pytest.fixture(scope="module", params=["bytes", "images"])
def sat_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAT's form, with images as plain bytes or as an image column. Both forms exist."""
    from datasets import Dataset, Features, Image, List, Value

    out = tmp_path_factory.mktemp("sat")
    text = Value("string")
    image = Image() if request.param == "images" else Value("binary")
    features = Features(
        {
            "image_bytes": List(image),
            "question": text,
            "answers": List(text),
            "question_type": text,
            "correct_answer": text,
        }
    )
    rows = sat_rows()
    if request.param == "images":
        rows = [row | {"image_bytes": [{"bytes": one, "path": None} for one in row["image_bytes"]]} for row in rows]
    Dataset.from_list(rows, features=features).to_parquet(str(out / "train-00000.parquet"))
    return out


def test_sat_rows_become_lettered_prompts(sat_set: Path) -> None:
    rows = list(SatRows(str(sat_set)).rows())
    assert [row["problem"] for row in rows] == [None] * 40 + ["answer_not_among_options", "no_image"]
    for row, source in zip(rows[:40], sat_rows(), strict=False):
        assert row["options"]["ABC".index(row["answer"])] == source["correct_answer"] == row["answer_text"]
        assert sorted(row["options"]) == sorted(source["answers"])
        assert row["question"].splitlines()[1:] == [f"{'ABC'[i]}. {one}" for i, one in enumerate(row["options"])]
        assert [one["bytes"] for one in row["images"]] == source["image_bytes"]


def test_the_right_choice_of_sat_does_not_keep_its_place(sat_set: Path) -> None:
    places = Counter(row["answer"] for row in SatRows(str(sat_set)).rows())
    assert min(places["A"], places["B"]) >= 8


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """After mixing streams, `datasets` waits five seconds for threads that may still be reading."""
    monkeypatch.setattr("datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN", 0, raising=False)  # not before 4.1


@needs_datasets_5
@pytest.mark.usefixtures("no_waiting")
def test_a_mixture_loses_and_doubles_nothing(reasoned_set: Path, sat_set: Path, tmp_path: Path) -> None:
    prompts, dropped = prepare_grpo(f"{reasoned_set}*3,sat:{sat_set}*1", "train", GrpoData(), tmp_path / "rows")
    assert prompts == 110
    assert dropped == {"answer_not_among_options": 1, "no_image": 1}
    rows = read(tmp_path / "rows")
    counts = Counter(row["id"] for row in rows)
    assert set(counts.values()) == {1}
    assert {name for name in counts if not name.startswith("sat-")} == originals(reasoned_set).keys()


@needs_datasets_5
@pytest.mark.usefixtures("no_waiting")
def test_a_mixture_begins_in_proportion_to_its_weights(reasoned_set: Path, sat_set: Path) -> None:
    sources = open_sources(f"{reasoned_set}*3,sat:{sat_set}*1", "train", 0)
    first = [row["id"].startswith("sat-") for _, row in zip(range(40), grpo_rows(sources, GrpoData()), strict=False)]
    # Binomial, 40 draws at a quarter: 10, and outside 2 to 19 once in a thousand.
    assert 2 <= sum(first) <= 19


@needs_datasets_5
@pytest.mark.usefixtures("no_waiting")
def test_a_mixture_of_so_many_rows_is_in_proportion_to_its_weights(
    reasoned_set: Path, sat_set: Path, tmp_path: Path
) -> None:
    how = GrpoData(rows=30)
    prompts, dropped = prepare_grpo(f"{reasoned_set}*3,sat:{sat_set}*1", "train", how, tmp_path / "rows")
    ids = [row["id"] for row in read(tmp_path / "rows")]
    assert len(set(ids)) == prompts
    ours = [name for name in ids if not name.startswith("sat-")]
    assert (len(ours), len(ids) - len(ours)) in ((22, 8), (23, 7)), "of 22.5 and 7.5"
    assert dropped == {"answer_not_among_options": 1, "no_image": 1}
    assert ours != list(originals(reasoned_set))[: len(ours)], "drawn from all of the set, not from its beginning"
    again = grpo_rows(open_sources(f"{reasoned_set}*3,sat:{sat_set}*1", "train", 0), how)
    assert [row["id"] for row in again if row["problem"] is None] == ids


@needs_datasets_5
@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("rows", "message"), [(60, "40 rows that can be used.*its share of the mixture is 45"), (1, "cannot be shared")]
)
def test_a_mixture_that_the_sources_cannot_fill_is_one_sentence(
    reasoned_set: Path, sat_set: Path, rows: int, message: str
) -> None:
    sources = open_sources(f"{reasoned_set}*1,sat:{sat_set}*3", "train", 0)
    with pytest.raises(UsageError, match=message):
        grpo_rows(sources, GrpoData(rows=rows))


@pytest.mark.parametrize(
    ("specification", "message"),
    [("a*b", "'b' is not a weight"), ("a*0", "'0' is not a weight"), ("a,a*2", "named twice"), ("", "no source")],
)
def test_a_wrong_mixture_is_one_sentence(specification: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_sources(specification, "train", 0)


def test_a_folder_that_is_no_set_of_ours_is_told_apart(sat_set: Path) -> None:
    with pytest.raises(UsageError, match="no column id, images"):
        sft_rows(OwnRows(str(sat_set)), SftData(0))


def test_the_command_ends_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recipe.prepare", "sft", str(tmp_path / "none"), "--out", str(tmp_path / "rows")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("recipe.prepare: error: ")
    assert "Traceback" not in done.stderr


def test_a_folder_with_rows_is_not_written_over(reasoned_set: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        prepare_sft(OwnRows(str(reasoned_set)), SftData(0), tmp_path)


def test_a_preparation_that_was_stopped_is_not_taken_for_a_whole_one(reasoned_set: Path, tmp_path: Path) -> None:
    source, how, out = OwnRows(str(reasoned_set)), SftData(0), tmp_path / "rows"
    examples, _ = sft_rows(source, how)

    def stopped() -> Iterator[dict[str, Any]]:
        yield from islice(examples, 5)
        raise KeyboardInterrupt

    class Stopped:
        def cast_column(self, *_: Any) -> Stopped:
            return self

        def iter(self, batch_size: int) -> Iterator[dict[str, list[Any]]]:
            for row in stopped():
                yield {name: [value] for name, value in row.items()}

    with pytest.raises(KeyboardInterrupt):
        write_rows(Stopped(), sft_features(), out)
    assert not out.exists()
    assert not is_prepared(out, source.path, "train", how)
    rows, _ = prepare_sft(source, how, out)
    assert rows == len(originals(reasoned_set)) == len(read(out))
    assert is_prepared(out, source.path, "train", how)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["rows"]


def test_rows_of_other_settings_are_not_taken_for_those_asked_for(reasoned_set: Path, tmp_path: Path) -> None:
    source = OwnRows(str(reasoned_set))
    prepare_sft(source, SftData(0), tmp_path / "rows")
    with pytest.raises(UsageError, match=r"prepared otherwise \(seed 0, now 1\): remove it"):
        is_prepared(tmp_path / "rows", source.path, "train", SftData(0, seed=1))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept.txt").write_text("mine")
    with pytest.raises(UsageError, match="prepared to the end"):
        is_prepared(tmp_path / "other", source.path, "train", SftData(0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["--bogus"], "No such option"),
        (["{set}", "--out", "{out}", "--reasoning-share", "abc"], "reasoning-share"),
        (["{set}", "--out", "{file}"], "not an empty folder"),
        (["{broken}", "--out", "{out}", "--reasoning-share", "0"], "cannot be read"),
    ],
)
def test_whatever_is_wrong_is_one_sentence(
    reasoned_set: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("mine")
    copied = copytree(reasoned_set, tmp_path / "broken")
    for path in (copied / "data").glob("train-*.parquet"):
        content = path.read_bytes()
        # The footer stays, so that the file opens and fails later.
        path.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    places = {"set": reasoned_set, "out": tmp_path / "rows", "file": tmp_path / "file", "broken": copied}
    command = [sys.executable, "-m", "recipe.prepare", "sft", *(one.format_map(places) for one in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("recipe.prepare: error: ")
    assert message in last
    assert not (tmp_path / "rows").exists()
