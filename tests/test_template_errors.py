"""Mistakes in template files: each gives one sentence with its line and the way out."""

import json
from pathlib import Path

import jsonschema
import pydantic
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.errors import UsageError
from viewpoint100k.questions import load_template, template_names
from viewpoint100k.questions.advice import advice
from viewpoint100k.questions.document import read_document
from viewpoint100k.questions.files import parse_template, read_template
from viewpoint100k.questions.lint import Problem, examine
from viewpoint100k.questions.schema import template_schema
from viewpoint100k.questions.template import Template

BINS = """\
question_type: mine
description: Which way the camera turned.
reference: camera
answer:
  kind: bins
  quantity: yaw_deg
  answers: [left, none, right]
  boundaries: [-4, 4]
  dead_zone: 2
paraphrases:
  - name: plain
    question: The object stayed where it was. Which way did the camera turn?
    options:
      left: To the left
      none: Neither way
      right: To the right
    reply: Reply with the letter.
"""

COMBINATION = """\
question_type: mine
description: Whether the camera moved or turned.
reference: camera
answer:
  kind: combination
  parts:
    place: {quantity: translation, answers: [kept, changed], boundaries: [0.2], dead_zone: 0.1}
    direction: {quantity: rotation_deg, answers: [kept, changed], boundaries: [5], dead_zone: 2}
  answers:
    still: {place: kept, direction: kept}
    turned: {place: kept, direction: changed}
    moved: {place: changed}
cases:
  still: {sideways: none, turn: none}
  turned: {sideways: none, turn: some}
  moved: {sideways: some}
paraphrases:
  - name: plain
    question: The object stayed where it was. What did the camera do?
    options: {still: Nothing, turned: It turned, moved: It moved}
    reply: Reply with the letter.
"""

CHOICES = """\
question_type: mine
description: How far the camera went around.
reference: object
answer:
  kind: choices
  quantity: azimuth_deg
  range: [20, 100]
  options: 4
  dead_zone: 5
requires:
  azimuth_deg: [20, 100]
paraphrases:
  - name: plain
    question: The object stayed where it was. How far did the camera go around it?
    options: "{{ size }} degrees to the {{ 'right' if value > 0 else 'left' }}"
    reply: Reply with the letter.
"""

MISTAKES = [
    # (template, text, what is put in its place, words of the sentence); the error is on the line of ``<-``.
    (BINS, "dead_zone: 2", "deadzone: 2 # <-", ["unknown key answer.deadzone", "did you mean dead_zone?"]),
    (BINS, "  kind: bins\n  quantity", "  quantity", ["answer needs a kind", "combination"]),
    (BINS, "kind: bins", "kind: bin # <-", ["bin is not a kind of answer", "bins"]),
    (BINS, "dead_zone: 2", "dead_zone: 0 # <-", ["dead_zone", "greater than 0", "not 0"]),
    (BINS, "dead_zone: 2", "dead_zone: wide # <-", ["dead_zone", "number", "'wide'"]),
    (BINS, "dead_zone: 2", "dead_zone: .nan # <-", ["dead_zone", "finite"]),
    (BINS, "quantity: yaw_deg", "quantity: speed # <-", ["unknown quantity 'speed'", "yaw_deg"]),
    (BINS, "quantity: yaw_deg", "quantity: 1 + 1 # <-", ["names no quantity"]),
    (BINS, "quantity: yaw_deg", "quantity: yaw_deg ** 9 # <-", ["not allowed", "+ - * /"]),
    (BINS, "[-4, 4]", "[4, -4] # <-", ["answer.boundaries: boundaries must ascend"]),
    (BINS, "[-4, 4]", "[4] # <-", ["3 answers need 2 boundaries"]),
    (BINS, "[left, none, right]", "[left, left, right] # <-", ["stand twice"]),
    (BINS, "[left, none, right]", "[left, no, right] # <-", ["YAML reads this as False", "quotes"]),
    (BINS, "[left, none, right]", "[Left, none, right] # <-", ["lower-case letters", "'Left'"]),
    (BINS, "      none: Neither way", "      no: Neither way # <-", ["the key no as a truth value", "quotes"]),
    (BINS, "      none: Neither way\n", "", ["options must be exactly left, none, right"]),
    (BINS, "none: Neither way", "none: To the left", ["two options read the same: left and none"]),
    (BINS, "reference: camera", "reference: cameraman # <-", ["'camera', 'object', 'world' or 'images'"]),
    (BINS, "reference: camera\n", "", ["reference is missing", "frame of reference"]),
    (BINS, "question_type: mine", "question_type: My type # <-", ["question_type", "lower-case", "'My type'"]),
    (BINS, "description: Which way the camera turned.", "description: 2024-05-01 # <-", ["description", "quotes"]),
    (BINS, "    reply: Reply", "    answer: Reply # <-", ["unknown key paraphrases.0.answer", "reply"]),
    (BINS, "    reply: Reply with the letter.\n", "", ["paraphrases.0.reply is missing"]),
    (BINS, "reply: Reply with the letter.", "reply: '{{ left }}' # <-", ["unknown variable 'left'", "none for this"]),
    (BINS, "- name: plain\n", "- name: plain\n    language: zh\n", ["in English"]),
    (BINS, "- name: plain\n", "- name: plain\n    language: english please # <-\n", ["language tag such as en"]),
    (BINS, "reference: camera", "reference: camera\ntold_by: [hearsay] # <-", ["told_by", "'hearsay'"]),
    (
        BINS,
        "reference: camera",
        "reference: camera\ntold_by: [second_image] # <-",
        ["yaw_deg is a change from image 1 to image 2", "take told_by away"],
    ),
    (BINS, "reference: camera", "reference: camera\nsketch: true # <-", ["sketch", "requires.azimuth_deg"]),
    (BINS, "reference: camera", "reference: camera\nweight: -1 # <-", ["weight", "greater than 0"]),
    (BINS, "reference: camera", "reference: camera\ncolour: red # <-", ["unknown key colour", "paraphrases"]),
    (BINS, "reference: camera", "reference: camera\nreference: world # <-", ["reference is there twice", "line 3"]),
    (BINS, "answer:", "requires: {azimuth_deg: [100, 20]} # <-\nanswer:", ["requires", "0 to 180"]),
    (BINS, "answer:", "requires: {min_overlap: 2} # <-\nanswer:", ["min_overlap", "less than or equal to 1"]),
    (BINS, "[left, none, right]", "[left, none, right", ["not valid YAML"]),
    (COMBINATION, "turned: {place:", "turned: # <-\n     {places:", ["turned: places is not one of the parts"]),
    (COMBINATION, "{place: changed}", "{place: elsewhere} # <-", ["place is never elsewhere"]),
    (COMBINATION, "kept, direction: changed}", "kept} # <-", ["still and turned are both true"]),
    (COMBINATION, "turn: some}", "turn: round} # <-", ["cases: turned: turn cannot be 'round'", "some"]),
    (COMBINATION, "{sideways: none, turn: none}", "{sidewards: none} # <-", ["'sidewards' is not a part of a motion"]),
    (COMBINATION, "  moved: {sideways: some}\n", "", ["cases must say of every answer", "moved"]),
    (COMBINATION, "  moved: {sideways", "  went: {sideways: some} # <-\n  moved: {sideways", ["went is not one of"]),
    (COMBINATION, "moved: It moved}", "moved: 'It {{ direction }}'} # <-", ["cannot be written out", "direction"]),
    (CHOICES, "[20, 100]\n  options", "[20] # <-\n  options", ["range: two numbers are needed"]),
    (CHOICES, "[20, 100]\n  options", "[100, 20] # <-\n  options", ["from a size to a larger one"]),
    (CHOICES, "options: 4", "options: 5 # <-", ["must be even, not 5"]),
    (CHOICES, "options: 4", "options: 12 # <-", ["steps of 13.3333, too small"]),
    (CHOICES, "{{ size }} degrees", "{{ sise }} degrees", ["unknown variable 'sise'", "size, value"]),
    (CHOICES, "{{ size }} degrees to", "Some degrees to", ["two options read the same"]),
    (CHOICES, "{{ size }}", "{{ size", ["not a wording that can be read"]),
    (CHOICES, "{{ size }}", "{{ size + 'x' }}", ["cannot be written out"]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "old", "new", "words"), MISTAKES, ids=[new[:40] for _, _, new, _ in MISTAKES])
def test_a_mistake_is_told_in_one_sentence_with_its_line(template: str, old: str, new: str, words: list[str]) -> None:
    assert old in template
    text = template.replace(old, new, 1)
    found = examine(text)
    assert not isinstance(found, Template)
    told = [problem for problem in found if all(word in problem.sentence for word in words)]
    assert len(told) == 1, found
    assert "\n" not in told[0].sentence
    if "<-" in text:
        assert told[0].line == next(n for n, line in enumerate(text.splitlines(), start=1) if "<-" in line)
    with pytest.raises(UsageError, match=rf"^template mine.yaml, line {found[0].line}: "):
        parse_template(text, "mine.yaml")


@pytest.mark.parametrize("text", [BINS, COMBINATION, CHOICES])
def test_the_templates_above_are_right_before_a_mistake_is_made(text: str) -> None:
    assert isinstance(examine(text), Template)


def test_every_mistake_of_a_file_is_told_and_in_the_order_of_its_lines() -> None:
    text = (
        BINS.replace("camera\n", "cameraman\n", 1).replace("dead_zone: 2", "dead_zone: -1").replace("reply:", "repli:")
    )
    assert [problem.line for problem in _problems(text)] == [3, 9, 11, 17]
    text = COMBINATION.replace("turn: some}", "turn: round}").replace("still: Nothing,", "still: 'Nothing {{ x }}',")
    text = text.replace("Reply with the letter.", "'{{ y }}'").replace("sideways: some}", "sideways: far}")
    assert [problem.line for problem in _problems(text)] == [15, 16, 20, 21]
    text = text.replace("{place: changed}", "{place: high, way: long}").replace("boundaries: [5]", "boundaries: [5, 1]")
    assert [problem.line for problem in _problems(text)] == [8, 8]  # One number too many, in descending order.
    text = text.replace("[5, 1]", "[5]").replace("turned: {place: kept", "turned: {place: low")
    assert [problem.line for problem in _problems(text)] == [11, 12, 12]
    text = BINS.replace("[-4, 4]", "[4, 3, 2]").replace("[left, none, right]", "[left, left, right]")
    assert [problem.line for problem in _problems(text)] == [7, 8, 8]


def test_the_error_of_a_build_names_the_first_mistake_and_counts_the_others() -> None:
    text = (
        BINS.replace("camera\n", "cameraman\n", 1).replace("dead_zone: 2", "dead_zone: -1").replace("reply:", "repli:")
    )
    with pytest.raises(UsageError, match="and 3 more: viewpoint100k templates check"):
        parse_template(text, "mine.yaml")


def _problems(text: str) -> tuple[Problem, ...]:
    found = examine(text)
    assert not isinstance(found, Template)
    return found


ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ x.__class__ }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id') }}",
    "{{ x['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ 'a'|replace('a', 'b') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends '/etc/passwd' %}",
    "{% set x = 1 %}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% macro m() %}x{% endmacro %}{{ m() }}",
    "{% filter upper %}x{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'x' * 1000000000 }}",
    "{{ range(1000000000)|list }}",
    "{{ lipsum() }}",
    "{{ dict(a=1) }}",
    "{{ " + "(" * 3000,
    "{{ " + "-" * 3000 + "1 }}",
    "x" * 10_000,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda text: text[:40])
@pytest.mark.parametrize("place", ["To the left", "Which way did the camera turn?", "Reply with the letter."])
def test_a_wording_that_would_run_code_or_read_a_file_is_refused(attack: str, place: str) -> None:
    (problem,) = _problems(BINS.replace(place, json.dumps(attack)))
    assert problem.line in (12, 14, 17)
    assert len(problem.sentence) < 400
    assert "wording" in problem.sentence or "unknown variable" in problem.sentence or "filter" in problem.sentence


@pytest.mark.parametrize(
    "quantity",
    [
        "__import__('os').system('id')",
        "yaw_deg.__class__",
        "(lambda: 1)()",
        "[x for x in (1,)]",
        "yaw_deg if 1 else 2",
        "open('/etc/passwd')",
        "9 ** 9 ** 9 * yaw_deg",
        "yaw_deg; 1",
        "(" * 500 + "yaw_deg" + ")" * 500,
        "abs(*[yaw_deg])",
        "max(yaw_deg, key=abs)",
        "'a' * 1000000000",
        "yaw_deg := 3",
        "True + yaw_deg",
    ],
    ids=lambda text: text[:30],
)
def test_a_quantity_that_would_run_code_is_refused(quantity: str) -> None:
    (problem,) = _problems(BINS.replace("quantity: yaw_deg", f"quantity: {json.dumps(quantity)}"))
    assert problem.line == 6
    assert problem.sentence.startswith("answer.quantity: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("weight: !!python/object/apply:os.system ['id']", "the tag !!python/object/apply:os.system is not allowed"),
        ("weight: !!python/name:os.system", "the tag !!python/name:os.system is not allowed"),
        ("weight: !mine 3", "the tag !mine is not allowed"),
        ("weight: !!binary aGk=", "the tag !!binary is not allowed"),
        ("requires: &a\n  min_overlap: *a", "nested too deeply"),
        ("? [a, b]\n: 3", "a key must be a plain word"),
        ("<<: {weight: 3}", "a key must be a plain word"),
        ("weight: 2024-13-45", "cannot be read"),
        ("weight: [" * 30 + "]" * 30, "nested too deeply"),
        ("weight: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)
def test_yaml_that_is_more_than_plain_data_is_refused(text: str, words: str) -> None:
    problems = _problems(BINS + text)
    assert any(words in problem.sentence for problem in problems), problems
    assert {problem.line for problem in problems} & {1, 18, 19}


def test_aliases_that_explode_are_refused_at_once() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (problem,) = _problems(bomb)
    assert "aliases make this file unfold" in problem.sentence


def test_an_alias_may_spare_a_repetition() -> None:
    text = CHOICES.replace("range: [20, 100]", "range: &angles [20, 100]").replace("deg: [20, 100]", "deg: *angles")
    template = examine(text)
    assert isinstance(template, Template)
    assert template.requires.azimuth_deg == (20, 100)


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_either_a_template_or_told_to_be_none(text: str) -> None:
    found = examine(text)
    assert isinstance(found, Template) or all(problem.line >= 1 and problem.sentence for problem in found)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_template_with_a_part_replaced_by_anything_is_a_template_or_told_to_be_none(data: st.DataObject) -> None:
    content = yaml.safe_load(data.draw(st.sampled_from([BINS, COMBINATION, CHOICES])))
    at = content
    while isinstance(at, dict | list) and at:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
            at[key] = data.draw(st.recursive(scalars, lambda part: st.lists(part, max_size=3), max_leaves=4))
            break
        at = at[key]
    text = yaml.safe_dump(content)
    found = examine(text)
    if not isinstance(found, Template):
        assert found
        assert all(1 <= problem.line <= len(text.splitlines()) and "\n" not in problem.sentence for problem in found)


def test_lines_are_those_of_the_keys() -> None:
    document = read_document(BINS)
    assert document.line(("answer", "dead_zone")) == 9
    assert document.line(("paraphrases", 0, "options", "none")) == 15
    assert document.line(("paraphrases", 0, "options", "neither")) == 13  # The nearest enclosing key.
    assert document.line(("nothing",)) == 1


# --- What can be used, and should be thought over -------------------------------------------------------------------

SYMMETRY = "between -4 and 4 dead zones of 4 leave nothing of none"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("dead_zone: 2", "dead_zone: 4", 9, SYMMETRY),
        ("dead_zone: 2", "dead_zone: 5", 4, "none was right in none of"),
        ("[-4, 4]", "[-4, 150]", 4, "right was right in none of"),
        ("[-4, 4]", "[170, 175]", 4, "right was right in none of"),
        ("did the camera turn", "did it turn", 12, "plain does not name its frame of reference: speak of camera"),
        ("The object stayed where it was. ", "", 12, "does not say that the object did not move"),
        ("To the left", "To the left, as anyone can see at once", 14, "the option left stands out by its length"),
        ("none: Neither way", "none: It did not turn to either side at all", 15, "none stands out by its length"),
        ("quantity: yaw_deg", "quantity: yaw_deg + 1000", 4, "left was right in none of"),
        ("quantity: yaw_deg", "quantity: yaw_deg / (yaw_deg - yaw_deg)", 4, "could be asked about (quantity_undefined"),
        ("mine", "mine", 10, "one wording in en"),
    ],
)
def test_what_should_be_thought_over_is_told_with_its_line(old: str, new: str, line: int, words: str) -> None:
    text = BINS.replace(old, new)
    template = examine(text)
    assert isinstance(template, Template)
    told = [warning for warning in advice(text, template) if words in warning.sentence]
    assert [(warning.line, warning.severity) for warning in told] == [(line, "warning")]


def test_nearly_the_same_words_are_no_second_wording() -> None:
    wording = BINS.partition("paraphrases:\n")[2]
    text = BINS + wording.replace("plain", "again").replace("The object stayed", "The thing stayed")
    template = examine(text)
    assert isinstance(template, Template)
    assert any("again says nearly the same words as plain" in warning.sentence for warning in advice(text, template))


@pytest.mark.parametrize("name", template_names())
def test_of_a_shipped_template_nothing_is_to_be_thought_over(name: str) -> None:
    assert advice(read_template(name), load_template(name)) == ()


# --- The schema for editors ----------------------------------------------------------------------------------------

FOLDER = Path(__file__).parents[1] / "question_templates"


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 13), reason="pydantic before 2.13 writes schemas otherwise"
)
def test_the_schema_beside_the_templates_is_that_of_the_models() -> None:
    path = FOLDER / "template.schema.json"
    assert path.read_text(encoding="utf-8") == template_schema(), "viewpoint100k templates schema > " + str(path)


@pytest.mark.parametrize("name", template_names())
def test_a_shipped_template_is_valid_by_the_schema_and_names_it_on_its_first_line(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=template.schema.json\n")
    jsonschema.Draft202012Validator(json.loads(template_schema())).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dead_zone: 2", "deadzone: 2"),
        ("kind: bins", "kind: bin"),
        ("reference: camera", "reference: cameraman"),
        ("answer:", "cases: {left: {turn: round}}\nanswer:"),
        ("answer:", "told_by: [hearsay]\nanswer:"),
        ("    reply: Reply with the letter.\n", ""),
    ],
)
def test_the_schema_marks_mistakes_in_an_editor(old: str, new: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(template_schema()))
    assert validator.is_valid(yaml.safe_load(BINS))
    assert not validator.is_valid(yaml.safe_load(BINS.replace(old, new, 1)))


def test_the_schema_explains_the_keys() -> None:
    schema = json.loads(template_schema())
    for section in (schema, *schema["$defs"].values()):
        assert section["description"]
    assert "Nearer than this" in schema["$defs"]["Bins"]["properties"]["dead_zone"]["description"]
