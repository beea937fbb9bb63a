"""``viewpoint100k templates``: list, check, preview, schema."""

import json
import re
from pathlib import Path

import pytest
from headless_browser import CHROMIUM, Page
from typer.testing import CliRunner

from viewpoint100k.building.blocks import BlockRecord
from viewpoint100k.cli.app import app
from viewpoint100k.errors import BuildError, UsageError
from viewpoint100k.questions import load_template, template_names
from viewpoint100k.questions.files import read_template
from viewpoint100k.questions.lint import Problem
from viewpoint100k.report.drawing import DrawnCamera, TopView
from viewpoint100k.view.template_preview import REASONS, ShownQuestion, draw_questions, preview_page

OPTIONS = "    options: {down: It went down, none: It stood still, up: It went up}\n    reply: Give only the letter.\n"
QUESTIONS = (
    "An object that does not move is photographed twice, by a camera on a lift. What did it do above the ground?",
    "The object stayed still. How did the camera's own height above the floor change from picture 1 to picture 2?",
    "Was the camera of photo 2 held higher above the ground than that of photo 1? Nobody moved the object.",
    "Both views are of a still object on a level floor. Measured from it, which way did the photographer go?",
)
WORDINGS = "".join(f'  - name: n{n}\n    question: "{text}"\n{OPTIONS}' for n, text in enumerate(QUESTIONS))
GOOD = read_template("ego_height").replace("question_type: ego_height", "question_type: mine")
GOOD = GOOD.partition("wordings:\n")[0] + "paraphrases:\n" + WORDINGS


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["templates", *arguments])
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_every_type_is_listed_with_its_options_and_languages() -> None:
    code, said = run("list")
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert tuple(lines) == template_names()
    assert lines["ego_rotation"].startswith("3 options")
    assert "en, zh" in lines["ego_rotation"]
    assert lines["turn_angle_open"].startswith("open")
    assert lines["direction_and_angle"].startswith("6 options")
    assert all(load_template(name).description in line for name, line in lines.items())


def test_a_good_file_is_found_good(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    code, said = run("check", str(path))
    usable, left = said.splitlines()
    assert (code, usable) == (0, f"{path}: mine can be used, in 4 wordings")
    assert left.startswith(f"{path}: its answer depends on both images; ")
    assert "takes rows" in left


def test_a_type_about_one_image_says_which_may_tell_its_answer() -> None:
    code, said = run("check", "facing_side")
    assert code == 0
    assert "facing_side: its answer may be told by the second image alone" in said


def test_each_problem_of_each_file_is_told_with_file_and_line(tmp_path: Path) -> None:
    good, bad, odd = (tmp_path / name for name in ("good.yaml", "bad.yaml", "odd.yaml"))
    good.write_text(GOOD)
    bad.write_text(GOOD.replace("dead_zone: 0.08", "dead_zone: 0").replace("reference: world", "reference: moon"))
    odd.write_text(GOOD.replace("dead_zone: 0.08", "dead_zone: 0.2"))
    code, said = run("check", str(bad), str(good), str(odd))
    assert code == 1
    lines = [line for line in said.splitlines() if "takes rows" not in line]
    line_of = {line.split(":")[0].strip(): n for n, line in enumerate(GOOD.splitlines(), 1)}
    assert lines[0].startswith(f"{bad}:{line_of['reference']}: error: reference: must be 'camera', 'object'")
    assert lines[1].startswith(f"{bad}:{line_of['dead_zone']}: error: answer.dead_zone: must be greater than 0")
    assert lines[2] == f"{good}: mine can be used, in 4 wordings"
    assert lines[3] == f"{odd}: mine can be used, in 4 wordings, with 2 warnings"
    assert lines[4].startswith(f"{odd}:{line_of['answer']}: warning: none was right in none of")
    assert lines[5].startswith(f"{odd}:{line_of['dead_zone']}: warning: between -0.1 and 0.1")
    assert len(lines) == 6


def test_a_file_that_is_only_warned_about_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("dead_zone: 0.08", "dead_zone: 0.2"))
    assert run("check", str(path))[0] == 0


def test_the_packages_own_types_are_checked_by_name() -> None:
    code, said = run("check", "ego_height", "turn_angle")
    assert code == 0
    assert "ego_height can be used" in said


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no question type"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
        (lambda path: path.write_bytes(b"#" * 2**21), "2,097,152 bytes"),
        (lambda path: path.mkdir(), "no question type"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, make, words: str) -> None:
    path = tmp_path / "mine.yaml"
    make(path)
    with pytest.raises(UsageError, match=words):
        run("check", str(path))


def test_the_schema_is_printed() -> None:
    code, said = run("schema")
    assert code == 0
    assert json.loads(said)["properties"]["question_type"]["type"] == "string"


# --- The page -------------------------------------------------------------------------------------------------------

VIEW = TopView((DrawnCamera((0, 80), (0, 50), ((-9, 50), (9, 50)), (0, 92)),) * 2, 20.0, None)
ROW = {"answer": "B", "answer_value": 0.53, "margin": None, "template": "mine/photographer", "asset_id": "<b>vase</b>"}


def page(question: str = "Which?", warnings: tuple[Problem, ...] = (), record: BlockRecord | None = None) -> str:
    options = (("A", "At a <i>lower</i> height", False), ("B", "At the same height", True))
    shown = ShownQuestion(ROW, ("data:image/jpeg;base64,AAAA",) * 2, question, options, VIEW)
    return preview_page(load_template("ego_height"), [shown], record or BlockRecord(), warnings)


def test_what_strangers_wrote_is_escaped_in_the_page() -> None:
    html = page("<script>alert(1)</script>", (Problem(3, "<img src=x>", "warning"),))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;i&gt;lower" in html
    assert "&lt;b&gt;vase" in html
    assert "<img src=x>" not in html


def test_the_page_says_what_was_refused_and_why() -> None:
    record = BlockRecord()
    record.drops["frame", "object_too_small"] = 7
    record.dropped_assets["ball-1"] = "texture_missing"
    html = page(record=record)
    row = re.search(r"<tr><td>frame</td>.*?</tr>", html)
    assert row is not None
    assert ">7<" in row[0]
    assert REASONS["object_too_small"] in row[0]
    assert "texture_missing" in html
    assert "Nothing was refused" not in html
    assert "Nothing was refused" in page()


def test_the_page_loads_nothing() -> None:
    html = page()
    assert "default-src 'none'" in html
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", html) == []


def test_a_page_for_no_folder_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        run("preview", "ego_height", "--out", str(tmp_path / "none" / "page.html"))


@pytest.mark.slow
def test_ten_questions_are_shown_with_their_images_and_fit_desk_and_phone(tmp_path: Path) -> None:
    path, out = tmp_path / "mine.yaml", tmp_path / "page.html"
    path.write_text(GOOD)
    code, said = run("preview", str(path), "--out", str(out))
    assert code == 0
    assert f"{out}: 10 questions of mine" in said
    html = out.read_text()
    assert html.count('<article class="asked"') == 10
    assert html.count('<img src="data:image/jpeg;base64,') == 20
    assert html.count("&#10003; correct") == 10
    if CHROMIUM is None:
        pytest.skip("no browser is installed")
    for width in (1280, 390):
        with Page(out, tmp_path / f"profile{width}", width, 900) as shown:
            assert shown.console == []
            assert shown.run("document.documentElement.scrollWidth") <= width
            assert shown.run("[...document.images].every(image => image.naturalWidth === 320)")
            assert shown.run("document.querySelectorAll('.correct').length") == 10


@pytest.mark.slow
def test_a_type_that_is_asked_of_nothing_ends_soon_and_says_where_to_look(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("quantity: height", "quantity: height / (height - height)"))
    with pytest.raises(BuildError, match=r"60 objects gave 0 of 10 questions.*templates check"):
        draw_questions(str(path))
