"""The quiz: the page does not contain its answers, results give the rate of right answers, and people are compared."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import hand_made_dataset as hand
import pytest
from headless_browser import CHROMIUM, Page

from recipe.evaluation.items import read_items
from recipe.evaluation.people import add_person, person_run
from recipe.evaluation.stages import Asked, read_stages
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.quiz.agreement import agreement, cohen_kappa, fleiss_kappa, format_agreement
from viewpoint100k.quiz.page import split_digest, write_quiz
from viewpoint100k.quiz.results import read_result, with_row_ids

LETTERS = "ABCDEFG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand.write(tmp_path_factory.mktemp("quizzed") / "set", hand.GOOD)


def content_of(page: Path) -> dict[str, Any]:
    """The data of the page, as a script can read it from the source."""
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def truth() -> dict[str, str]:
    return {row["id"]: row["answer"] for row in hand.all_rows(hand.GOOD).values()}


def asked_in(page: Path) -> dict[str, str]:
    """Tokens of the page's rows, by row id, in the page's order. docs/view.md states the formula."""
    content = content_of(page)
    tokens = {row_id: hashlib.sha256(f"{content['quiz']}\n{row_id}".encode()).hexdigest()[:16] for row_id in truth()}
    ids = {token: row_id for row_id, token in tokens.items()}
    return {ids[item["id"]]: item["id"] for item in content["items"]}


def saved(path: Path, page: Path, person: str, answers: dict[str, str | None]) -> Path:
    """A result file as the page saves it."""
    told = content_of(page)
    head = {name: told[name] for name in ("kind", "quiz", "data", "split", "rows", "version")}
    tokens = asked_in(page)
    given = [{"id": tokens[row_id], "answer": answer, "seconds": 2.0} for row_id, answer in answers.items()]
    path.write_text(json.dumps(head | {"person": person, "began": "", "ended": "", "answers": given}))
    return path


def another(letter: str) -> str:
    return LETTERS[(LETTERS.index(letter) + 1) % 3]


# --- what the page holds ----------------------------------------------------------------------------------------------


def test_the_page_holds_the_images_and_questions_and_nothing_else_of_a_row(folder: Path, tmp_path: Path) -> None:
    written = write_quiz(folder, tmp_path / "quiz.html", split="train")
    items = content_of(written.page)["items"]
    rows = {row["id"]: row for row in hand.all_rows(hand.GOOD).values()}
    assert len(items) == written.rows == 12
    for item, row_id in zip(items, asked_in(written.page), strict=True):
        assert set(item) == {"id", "question", "options", "images", "digest"}
        row = rows[row_id]
        stored = [base64.b64decode(image.partition(",")[2]) for image in item["images"]]
        assert stored == [image["bytes"] for image in row["images"]]
        assert item["options"] == row["options"]
        assert "A. " not in item["question"]


def test_a_script_that_reads_the_source_cannot_try_out_the_answers(folder: Path, tmp_path: Path) -> None:
    written = write_quiz(folder, tmp_path / "quiz.html", split="train")
    text, key = written.page.read_text(), written.key.read_text().strip()
    assert key not in text
    assert len(bytes.fromhex(key)) == 16
    content = content_of(written.page)
    # Every string of the page that may be a salt, in every possible place.
    salts = {"", content["quiz"], content["data"], content["kind"], content["version"], "train", "12"}
    salts |= {part["digest"] for part in content["items"]} | set(re.findall(r"sha256-([^']+)", text))
    for item in content["items"]:
        for salt, letter in itertools.product(salts | {item["id"]}, "ABC"):
            for parts in itertools.permutations((salt, item["id"], letter)):
                for between in ("", "\n", " "):
                    assert hashlib.sha256(between.join(parts).encode()).hexdigest() != item["digest"]
    # With the key, they are the digests of the right answers.
    found = {
        row_id: letter
        for (row_id, token), item in zip(asked_in(written.page).items(), content["items"], strict=True)
        for letter in "ABC"
        if hashlib.sha256(f"{key}\n{token}\n{letter}".encode()).hexdigest() == item["digest"]
    }
    assert found == {row_id: letter for row_id, letter in truth().items() if row_id in found}
    assert len(found) == 12


def test_two_pages_of_one_set_share_no_digest(folder: Path, tmp_path: Path) -> None:
    one, two = (content_of(write_quiz(folder, tmp_path / f"{n}.html", split="train").page)["items"] for n in (1, 2))
    assert not {item["digest"] for item in one} & {item["digest"] for item in two}


def test_the_page_does_not_contain_row_ids(folder: Path, tmp_path: Path) -> None:
    text = write_quiz(folder, tmp_path / "quiz.html", split="train").page.read_text()
    assert not [row_id for row_id in truth() if row_id in text]


@pytest.mark.parametrize("key", ["", "secret", "0123456789abcdef", "a" * 40, "abcabcabcabcabcabcabcabc", "ab cd" * 8])
def test_a_weak_key_is_refused_before_anything_is_written(folder: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="give at least 20 random characters without spaces"):
        write_quiz(folder, tmp_path / "quiz.html", key=key)
    assert list(tmp_path.iterdir()) == []


def test_a_strong_key_is_used_as_it_is(folder: Path, tmp_path: Path) -> None:
    written = write_quiz(folder, tmp_path / "quiz.html", key="5f0c2a9be47d1386aa90")
    assert written.key.read_text() == "5f0c2a9be47d1386aa90\n"


def test_text_that_would_like_to_be_code_stays_text(tmp_path: Path) -> None:
    shards = {name: [dict(row) for row in rows] for name, rows in hand.GOOD.items()}
    shards["test-00000-of-00001"][0]["question"] = "</script><script>document.title='owned'</script>"
    page = write_quiz(hand.write(tmp_path / "set", shards), tmp_path / "quiz.html").page
    assert "<script>document.title" not in page.read_text()
    assert any("owned" in item["question"] for item in content_of(page)["items"])


def test_the_rows_are_those_that_a_model_is_asked(folder: Path, tmp_path: Path) -> None:
    for rows in (1, 4, 5, 100):
        asked = set(asked_in(write_quiz(folder, tmp_path / "q.html", split="train", rows=rows).page))
        assert asked == {item.id for item in read_items(folder, "train", rows)}
    assert split_digest(folder, "train") == Asked.of(folder, "train", None).data


# --- people beside models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0, 3, 12])
def test_the_table_gives_the_rate_back_at_which_a_quiz_was_answered(folder: Path, tmp_path: Path, wrong: int) -> None:
    from recipe.evaluation.answers_file import AnswersFile

    page = write_quiz(folder, tmp_path / "quiz.html", split="train").page
    asked = list(asked_in(page))
    answers = {row_id: another(truth()[row_id]) if n < wrong else truth()[row_id] for n, row_id in enumerate(asked)}
    result, run = person_run(saved(tmp_path / "ann.json", page, "Ann", answers), Asked.of(folder, "train", 100))
    items, out = read_items(folder, "train", 100), tmp_path / "evaluation"
    with AnswersFile(out / "ann", run) as store:
        assert add_person(result, items, store) == 0
    (stage,) = read_stages(out, items, Asked.of(folder, "train", 100))
    score = stage.figures.scores["asked"]["all"]
    assert score.accuracy == pytest.approx(1 - wrong / 12)
    assert score.interval[0] <= score.accuracy <= score.interval[1]
    assert stage.figures.unanswered == 0
    assert stage.figures.joint is not None


def test_cannot_tell_is_not_right_and_a_row_not_reached_counts_nowhere(folder: Path, tmp_path: Path) -> None:
    from recipe.evaluation.answers_file import AnswersFile

    page = write_quiz(folder, tmp_path / "quiz.html", split="train").page
    asked = list(asked_in(page))
    answers: dict[str, str | None] = {row_id: truth()[row_id] for row_id in asked[:8]}
    answers[asked[0]] = answers[asked[1]] = None
    result, run = person_run(saved(tmp_path / "ann.json", page, "Ann", answers), Asked.of(folder, "train", 100))
    items = read_items(folder, "train", 100)
    with AnswersFile(tmp_path / "out" / "ann", run) as store:
        assert add_person(result, items, store) == 4
    (stage,) = read_stages(tmp_path / "out", items, Asked.of(folder, "train", 100))
    score = stage.figures.scores["asked"]["all"]
    assert (score.rows, score.accuracy, score.unread) == (8, pytest.approx(6 / 8), pytest.approx(2 / 8))
    assert stage.figures.unanswered == 4


def test_results_that_name_rows_by_their_ids_are_still_read(folder: Path, tmp_path: Path) -> None:
    page = write_quiz(folder, tmp_path / "quiz.html", split="train").page
    path = saved(tmp_path / "ann.json", page, "Ann", {})
    result = json.loads(path.read_text())
    path.write_text(json.dumps(result | {"answers": [{"id": "a-row", "answer": "B", "seconds": 1.5}]}))
    old = with_row_ids(read_result(path), ["a-row", "another"])
    assert (old.answers, old.seconds) == ({"a-row": "B"}, {"a-row": 1.5})


def test_answers_about_other_rows_are_refused(folder: Path, tmp_path: Path) -> None:
    page = write_quiz(folder, tmp_path / "quiz.html", split="train", rows=4).page
    path = saved(tmp_path / "ann.json", page, "Ann", {})
    with pytest.raises(UsageError, match="--rows 4"):
        person_run(path, Asked.of(folder, "train", 100))
    for broken in ("{}", "not JSON", '{"kind": "else"}'):
        path.write_text(broken)
        with pytest.raises(DataError, match="not the result of a quiz"):
            read_result(path)


# --- agreement --------------------------------------------------------------------------------------------------------


def test_fleiss_kappa_of_the_textbook() -> None:
    # Fleiss (1971) is for such tables; this one, of 10 subjects and 14 raters, is the worked example of the English
    # Wikipedia article on it, whose result is 0.210.
    table = [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
    given = [[LETTERS[place] for place, count in enumerate(line) for _ in range(count)] for line in table]
    assert fleiss_kappa(given) == pytest.approx(0.210, abs=0.0005)


def test_kappas_at_their_ends() -> None:
    assert fleiss_kappa([["A", "A", "A"], ["B", "B", "B"]]) == pytest.approx(1)
    assert fleiss_kappa([["A", "A"], ["A", "A"]]) is None
    assert fleiss_kappa([]) is None
    # By hand: two of four the same, and 2/4 * 2/4 twice by chance.
    assert cohen_kappa("AABB", "ABAB") == pytest.approx(0)
    assert cohen_kappa("AABB", "AABB") == pytest.approx(1)
    assert cohen_kappa("AA", "AA") is None


def test_cohens_kappa_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    one, two = "ABCABCAABBCCABCA", "ABCABBAACBCCABAA"
    assert cohen_kappa(one, two) == pytest.approx(metrics.cohen_kappa_score(list(one), list(two)))


def test_three_people_are_compared(folder: Path, tmp_path: Path) -> None:
    page = write_quiz(folder, tmp_path / "quiz.html", split="train").page
    asked = list(asked_in(page))
    right: dict[str, str | None] = {row_id: truth()[row_id] for row_id in asked}
    files = [
        saved(tmp_path / "ann.json", page, "Ann", right),
        saved(tmp_path / "bo.json", page, "Bo", right | {asked[0]: another(truth()[asked[0]])}),
        saved(tmp_path / "cy.json", page, "Cy", right | {asked[0]: another(truth()[asked[0]]), asked[1]: None}),
    ]
    found = agreement(folder, files)
    assert [(person.name, person.right, person.cannot_tell) for person in found.people] == [
        *(("Ann", 12, 0), ("Bo", 11, 0), ("Cy", 10, 1)),
    ]
    assert found.rows == 12
    assert found.unanimous == pytest.approx(10 / 12)
    assert found.majority_right == pytest.approx(11 / 12)
    assert found.fleiss["all types"][0] == 12
    assert found.cohen["Ann", "Cy"] is not None
    assert "Bo: 11 of 12 right (91.7%), 0 cannot tell, median 2.0 s a row" in format_agreement(found)
    with pytest.raises(UsageError, match="the same person's name"):
        agreement(folder, [files[0], files[0]])
    other = write_quiz(folder, tmp_path / "other.html", split="train", rows=4).page
    with pytest.raises(UsageError, match="come from different quizzes"):
        agreement(folder, [files[0], saved(tmp_path / "di.json", other, "Di", {})])


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_quiz_is_taken_by_keys_on_a_phone_and_resumed(folder: Path, tmp_path: Path) -> None:
    written = write_quiz(folder, tmp_path / "quiz.html", split="train")
    with Page(written.page, tmp_path / "profile", width=390, height=844) as page:
        page.run("document.querySelector('input[name=person]').value = 'Ann'; document.getElementById('start').click()")
        page.wait_for("!document.getElementById('ask').hidden")
        assert page.run("document.documentElement.scrollWidth") <= 390
        ids = {token: row_id for row_id, token in asked_in(written.page).items()}
        tokens = page.run("state.order")
        assert sorted(tokens) == sorted(ids)
        order = [ids[token] for token in tokens]
        letters = "[...document.querySelectorAll('#options kbd')].map((key) => key.offsetWidth && key.textContent)"
        assert page.run(letters) == ["A", "B", "C"]  # Visible on a phone, because the question asks for a letter.
        page.press("0")
        page.press("ArrowLeft")
        assert page.run("document.getElementById('count').textContent") == "1 of 12"
        for row_id in order[:5]:
            page.press(truth()[row_id].lower())
        page.reload()
        page.wait_for("!document.getElementById('ask').hidden")
        assert page.run("document.getElementById('count').textContent") == "6 of 12"
        page.run("document.getElementById('stop').click()")
        assert len(json.loads(page.run("document.getElementById('text').value"))["answers"]) == 5
        page.run("document.getElementById('on').click()")
        for row_id in order[5:10]:
            page.press(str(LETTERS.index(truth()[row_id]) + 1))
        page.press("0")
        page.press(another(truth()[order[11]]).lower())
        page.wait_for("!document.getElementById('end').hidden")
        told = json.loads(page.run("document.getElementById('text').value"))
        page.run(f"document.querySelector('input[name=key]').value = {json.dumps(written.key.read_text().strip())}")
        page.run("document.querySelector('#unlock button').click()")
        page.wait_for("document.getElementById('score').textContent")
        assert page.run("document.getElementById('score').textContent") == "10 of 12 right."
        assert page.console == []
    (tmp_path / "ann.json").write_text(json.dumps(told))
    result = with_row_ids(read_result(tmp_path / "ann.json"), order)
    assert (result.person, result.rows, len(result.answers)) == ("Ann", 100, 12)
    assert sum(result.answers[row_id] == truth()[row_id] for row_id in order) == 10
    assert result.answers[order[10]] is None
    assert all(0 <= seconds < 60 for seconds in result.seconds.values())
