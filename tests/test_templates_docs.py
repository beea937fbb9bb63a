"""docs/templates.md: its tutorial runs unchanged, and its tables agree with the code."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from viewpoint100k.cli.app import app
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.questions import Question, ask, load_template
from viewpoint100k.questions.composition import WordingFamily
from viewpoint100k.questions.expression import FUNCTIONS
from viewpoint100k.questions.lint import examine
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.template import Paraphrase, Requirements, Template
from viewpoint100k.questions.wording import FILTERS
from viewpoint100k.views.motions import LEVELS, SOME
from viewpoint100k.views.pairs import Pair

PAGE = (Path(__file__).parents[1] / "docs" / "templates.md").read_text(encoding="utf-8")


@pytest.fixture
def tutorial(tmp_path: Path) -> Path:
    """The file of the tutorial."""
    found = re.search(r"<!-- tutorial -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    path = tmp_path / "steeper_view.yaml"
    path.write_text(found[1], encoding="utf-8")
    return path


def check(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    checked = CliRunner().invoke(app, ["templates", "check", path.name])
    assert checked.exit_code == 0, checked.output
    return checked.output


def test_the_tutorials_file_is_found_good_as_the_page_says(tutorial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = check(tutorial, monkeypatch)
    assert f"$ viewpoint100k templates check steeper_view.yaml\n{said}```" in PAGE


def test_the_mistake_that_the_tutorial_shows_is_named_as_the_page_says(
    tutorial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tutorial.write_text(tutorial.read_text(encoding="utf-8").replace("dead_zone: 1", "dead_zone: 3"), encoding="utf-8")
    said = check(tutorial, monkeypatch)
    assert next(line for line in said.splitlines() if "dead zones" in line) + "\n```" in PAGE


@pytest.mark.parametrize(("elevation", "answer"), [(5, "flatter"), (20, "same"), (35, "steeper")])
def test_the_tutorials_questions_are_answered_rightly(tutorial: Path, elevation: float, answer: str) -> None:
    template, intrinsics = load_template(str(tutorial)), intrinsics_from_fov(45, 64, 64)
    cameras = tuple(Camera(orbit(3, 30 + e, e), intrinsics, 64, 64) for e in (20, elevation))
    pair = Pair(cameras, np.zeros(3), 1.0, None, 0.5)
    for seed in range(8):
        question = ask(template, pair, seed % 3, np.random.default_rng(seed))
        assert isinstance(question, Question)
        assert question.answer_name == answer
        assert question.answer_value == pytest.approx(elevation - 20)


@pytest.mark.slow
def test_the_tutorials_type_is_built(tutorial: Path) -> None:
    command = re.search(r"\$ viewpoint100k (build decoupled .*)", PAGE)
    assert command is not None
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command[1])]
    words = [sys.executable, "-m", "viewpoint100k", *words, "--set", "images.size=64", "--workers", "1"]
    built = subprocess.run(words, cwd=tutorial.parent, capture_output=True, text=True, timeout=240, check=False)
    assert built.returncode == 0, built.stderr
    rows = pq.read_table(tutorial.parent / "steeper" / "data" / "train-00000-of-00001.parquet").to_pylist()
    assert len(rows) == 20
    assert {row["question_type"] for row in rows} == {"steeper_view"}
    values = np.array([row["answer_value"] for row in rows])
    np.testing.assert_allclose(values, [row["relative"]["elevation_deg"] for row in rows], atol=1e-4)
    right = [sum(values < -4), sum(abs(values) < 4), sum(values > 4)]
    assert max(right) - min(right) <= 1


def table(*rows: tuple[str, ...]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


QUANTITY_TABLE = table(
    ("quantity", "unit", "frame", "meaning"),
    ("---", "---", "---", "---"),
    *((f"`{name}`", known.unit, known.frame, known.meaning) for name, known in QUANTITIES.items()),
)
MOTION_TABLE = table(
    ("part", "to one side, none, to the other"),
    ("---", "---"),
    *(
        (f"`{part}`", ", ".join(f"`{level}`" for level in (*levels, *(() if part == "object" else (SOME,)))))
        for part, levels in LEVELS.items()
    ),
)
FILTER_LINE = f"And these filters, without arguments: {', '.join(f'`{name}`' for name in FILTERS)}.\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("quantities", QUANTITY_TABLE), ("motions", MOTION_TABLE), ("filters", FILTER_LINE)],
)
def test_a_table_lists_what_the_code_knows(name: str, content: str) -> None:
    assert f"<!-- {name} -->\n{content}<!-- end -->" in PAGE, f"docs/templates.md: put this in:\n{content}"


def test_every_key_is_explained() -> None:
    chapter = PAGE.partition("\n## Kinds of answers\n")[2].partition("\n## ")[0]
    kinds = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*)\|$", chapter, re.MULTILINE)
    explained = {kind: set(re.findall(r"`(\w+)`", keys)) for kind, keys in kinds}
    for section in (Template, Requirements, Paraphrase):
        for key in section.model_fields:
            assert f"| `{key}` |" in PAGE, (section.__name__, key)
    for key in WordingFamily.model_fields:
        assert f"`{key}`" in PAGE.partition("\n## Composed wordings\n")[2], key
    answers = Template.model_json_schema()["$defs"]
    for answer in answers.values():
        kind = answer["properties"].get("kind", {}).get("const")
        if kind is not None:
            assert set(answer["properties"]) - {"kind"} <= explained[kind], kind
    assert all(f"`{name}`" in PAGE for name in FUNCTIONS)


def test_what_the_page_says_a_wording_may_print_can_be_printed(tutorial: Path) -> None:
    found = re.search(r"`(To the \{\{.*?degrees)`", PAGE)
    assert found is not None
    text = (Path(__file__).parents[1] / "question_templates" / "direction_and_angle.yaml").read_text(encoding="utf-8")
    assert found[1] in text
    assert isinstance(examine(text), Template)
