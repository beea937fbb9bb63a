"""The demonstration's wordings, and the comparison of wordings that training has seen with those held out of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recipe.demo.wordings import HELD_OUT, compared, table, write_wordings
from viewpoint100k.errors import DataError
from viewpoint100k.questions import load_template
from viewpoint100k.questions.advice import advice
from viewpoint100k.questions.files import read_template

QUESTIONS = sorted((Path(__file__).parents[1] / "recipe" / "demo" / "questions").glob("*.yaml"))


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_has_many_short_wordings_and_some_of_each_set(path: Path) -> None:
    template = load_template(str(path))
    pool = template.languages["en"]
    sets = {stem.question: pool.set_of(stem) for family in template.wordings for stem in family.stems()}
    assert len(sets) >= 60
    assert max(len(question.split()) for question in sets) <= 30
    counts = Counter(sets.values())
    assert all(counts[name] >= 30 for name in ("seen", *HELD_OUT))
    assert not advice(read_template(str(path)), template)


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_each_word_of_a_held_out_wording_occurs_in_training(path: Path) -> None:
    template = load_template(str(path))
    pool = template.languages["en"]
    words: dict[str, set[str]] = {}
    for family in template.wordings:
        for stem in family.stems():
            words.setdefault(pool.set_of(stem), set()).update(stem.question.lower().split())
    assert words["new_combinations"] | words["new_questions"] <= words["seen"]


def test_changes_are_counted_row_by_row() -> None:
    seen = [True, True, True, False, True, True]
    held_out = [True, False, True, False, True, False]
    one = compared(seen, held_out, ["a", "b", "c", "d", "e", "f"])
    # Changes of 0, -1, 0, 0, 0, -1: a mean of -1/3, a standard error of sqrt((4/3) / 5 / 6) = 0.2108, and Student's t
    # of 5 degrees of freedom, 2.5706.
    assert one.rows == 6
    assert one.accuracy == 0.5
    assert one.change == pytest.approx(-1 / 3)
    assert one.change_interval == pytest.approx((-0.8753, 0.2086), abs=1e-3)


def test_the_table_names_each_set() -> None:
    seen, same = [True, False, True, True], compared([True, False], [True, False], ["a", "b"])
    found = {"sft-plain": {"seen": same, "new_questions": compared(seen, [True, False, False, True], list("abcd"))}}
    head, _, line = table(found).splitlines()
    assert "new_questions (95%)" in head
    assert "-25.0 (" in line


def other_wordings(folder: Path, out: Path, answer: str | None = None) -> Path:
    """A copy of a data set's test split with other ids and questions."""
    (path,) = (folder / "data").glob("test-*.parquet")
    rows = pq.read_table(path)
    table = rows.to_pylist()
    for row in table:
        row["id"], row["question"] = f"{row['id']}-other", f"Well, {row['question']}"
        row["answer"] = answer or row["answer"]
    (out / "data").mkdir(parents=True)
    pq.write_table(type(rows).from_pylist(table, schema=rows.schema), out / "data" / path.name)
    return out


def answered(folder: Path, out: Path, right: int) -> None:
    """Answers to the test rows, of which the first ``right`` are right."""
    (path,) = (folder / "data").glob("test-*.parquet")
    out.mkdir(parents=True)
    lines = [
        {"id": row["id"], "condition": "asked", "raw": row["answer"] if place < right else "I do not know."}
        for place, row in enumerate(pq.read_table(path, columns=["id", "answer"]).to_pylist())
    ]
    (out / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_answers_in_both_wordings_are_compared(small_dataset: Path, tmp_path: Path) -> None:
    folders = {"seen": small_dataset, "new_questions": other_wordings(small_dataset, tmp_path / "other")}
    evaluations = {name: tmp_path / f"evaluation-{name}" for name in folders}
    answered(small_dataset, evaluations["seen"] / "sft", right=8)
    answered(folders["new_questions"], evaluations["new_questions"] / "sft", right=6)
    page = write_wordings(tmp_path, folders, evaluations, ["sft"], None)
    found = json.loads((tmp_path / "wordings.json").read_text())["sft"]
    rows = found["seen"]["rows"]
    assert found["seen"]["accuracy"] == pytest.approx(8 / rows)
    assert found["new_questions"]["change"] == pytest.approx(-2 / rows)
    assert (tmp_path / "wordings.md").read_text().strip() == page


def test_rows_about_other_pairs_are_refused(small_dataset: Path, tmp_path: Path) -> None:
    folders = {"seen": small_dataset, "new_questions": other_wordings(small_dataset, tmp_path / "other", answer="D")}
    with pytest.raises(DataError, match="new_questions are about other pairs"):
        write_wordings(tmp_path, folders, dict.fromkeys(folders, tmp_path), ["sft"], None)


def test_missing_answers_are_told(small_dataset: Path, tmp_path: Path) -> None:
    answered(small_dataset, tmp_path / "sft", right=8)
    folders = {"seen": small_dataset, "new_questions": other_wordings(small_dataset, tmp_path / "other")}
    with pytest.raises(DataError, match="lacks the answers"):
        write_wordings(tmp_path, folders, dict.fromkeys(folders, tmp_path), ["sft"], None)
