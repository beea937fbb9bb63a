"""Composed wordings: parts become questions, all combinations follow the rules, and their number."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import viewpoint100k as vp
from viewpoint100k.check.labels.definitions import packaged_definitions
from viewpoint100k.errors import UsageError
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.questions import Paraphrase, Refusal, Template, ask, load_template, template_names
from viewpoint100k.questions.advice import advice
from viewpoint100k.questions.composition import WordingFamily, WordingPool
from viewpoint100k.questions.held_out import WordingSet
from viewpoint100k.questions.lint import examine
from viewpoint100k.questions.style import style_problems
from viewpoint100k.questions.trials import trial_pairs

PAPER = ("ego_translation", "ego_rotation", "object_translation")

FAMILY = WordingFamily(
    name="walk",
    scenes=("", "{{ first }} and {{ second }} show a still object."),
    images=({"first": "image 1", "second": "image 2"}, {"first": "the before photo", "second": "the after photo"}),
    perspectives=("For the photographer, {{ question }}", "{{ question }} Answer as the photographer."),
    questions=("which way did the camera go?", "for {{ second }}, left or right?", "it went ..."),
    options=({"left": "To the left", "right": "To the right"}, {"left": "Left", "right": "Right"}),
    replies=("One letter.", "Give the letter.", "A letter, please."),
)


# --- From parts to a question ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("walk.0.0.0.0.0.0", "For the photographer, which way did the camera go?"),
        ("walk.0.0.1.0.0.0", "Which way did the camera go? Answer as the photographer."),
        ("walk.1.0.0.2.0.0", "Image 1 and image 2 show a still object. For the photographer, it went ..."),
        (
            "walk.1.1.1.1.1.2",
            "The before photo and the after photo show a still object. For the after photo, left or right? "
            "Answer as the photographer.",
        ),
        ("walk.0.0.0.2.0.0", "For the photographer, it went ..."),
    ],
)  # fmt: skip
def test_parts_are_put_together_as_written_by_hand(name: str, question: str) -> None:
    wording = FAMILY.named(name)
    assert wording is not None
    assert wording.question == question
    assert wording.name == name


def test_the_last_two_numbers_are_options_and_reply() -> None:
    wording = FAMILY.named("walk.0.0.0.0.1.2")
    assert wording is not None
    assert wording.options == {"left": "Left", "right": "Right"}
    assert wording.reply == "A letter, please."


def test_every_combination_is_there_once_and_is_found_again_by_its_name() -> None:
    wordings = [FAMILY.at(place) for place in range(len(FAMILY))]
    assert len(wordings) == 2 * 2 * 2 * 3 * 2 * 3
    assert len({wording.name for wording in wordings}) == len(wordings)
    assert all(FAMILY.named(wording.name) == wording for wording in wordings)
    assert len(list(FAMILY.stems())) == FAMILY.stem_count == 24


@pytest.mark.parametrize(
    "name", ["walk", "walk.0.0.0.0.0", "walk.0.0.0.0.0.3", "walk.0.0.0.0.0.-1", "walk.0.0.0.0.0.00", "go.0.0.0.0.0.0"]
)
def test_a_name_of_another_form_names_nothing(name: str) -> None:
    assert FAMILY.named(name) is None


def test_large_families_are_drawn_alike_often_and_small_ones_by_their_size() -> None:
    draws = (np.arange(40_000) + 0.5) / 40_000
    pool = load_template("ego_rotation").languages["en"]
    assert set(Counter(pool.drawn(float(draw)).name.partition(".")[0] for draw in draws).values()) == {8000}
    mixed = load_template("ego_height")
    sizes = {family.name: family.stem_count for family in mixed.wordings if family.language == "en"}
    drawn = Counter(mixed.languages["en"].drawn(float(draw)).name.partition(".")[0] for draw in draws)
    assert min(sizes.values()) < 200 < max(sizes.values())
    shares = {name: min(size, 200) for name, size in sizes.items()}
    for name, share in shares.items():
        assert drawn[name] == pytest.approx(40_000 * share / sum(shares.values()), abs=2)
    assert len({FAMILY.at(int(draw * len(FAMILY))).name for draw in draws[::100]}) == len(FAMILY)


@given(draw=st.floats(0, 1, exclude_max=True), besides=st.floats(0, 1, exclude_max=True))
@settings(max_examples=200, deadline=None)
def test_in_other_words_is_in_those_of_another_family(draw: float, besides: float) -> None:
    pool = load_template("ego_height").languages["en"]
    first = pool.drawn(besides)
    assert pool.drawn(draw, first.name).name.partition(".")[0] != first.name.partition(".")[0]
    (only,) = (family for family in load_template("ego_height").wordings if family.language == "zh")
    assert load_template("ego_height").languages["zh"].drawn(draw, only.at(0).name).language == "zh"


# --- Wordings held out of training -----------------------------------------------------------------------------------


def hashed(text: str) -> bool:
    """Whether a text is among the fifth that is held out: by the first eight hexadecimal digits of its sha256."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) < 2**32 / 5


def test_each_wording_belongs_to_the_set_that_its_texts_say() -> None:
    template = load_template("ego_translation")
    pool = template.languages["en"]
    found: Counter[str] = Counter()
    for family in (family for family in template.wordings if family.language == "en"):
        for stem in itertools.islice(family.stems(), 400):
            asked = family.questions[int(stem.name.split(".")[4])]
            wanted = "new_questions" if hashed(asked) else "new_combinations" if hashed(stem.question) else "seen"
            assert pool.set_of(stem) == wanted
            found[wanted] += 1
    assert set(found) == {"seen", "new_combinations", "new_questions"}


@pytest.mark.parametrize("name", template_names())
def test_every_type_has_english_wordings_of_each_set_and_draws_no_other(name: str) -> None:
    pool = load_template(name).languages["en"]
    for wordings in ("seen", "new_combinations", "new_questions"):
        assert pool.has(wordings)
        assert {pool.set_of(pool.drawn(draw, wordings=wordings)) for draw in np.linspace(0, 0.99, 20)} == {wordings}


def test_a_wording_that_is_written_out_is_a_sentence_of_its_own() -> None:
    texts = [f"Which way did the camera go, {place}?" for place in range(50)]
    pool = WordingPool(
        [Paraphrase(name=f"p{i}", question=text, reply="One letter.") for i, text in enumerate(texts)], []
    )
    assert [pool.set_of(one) for one in pool] == ["new_questions" if hashed(text) else "seen" for text in texts]
    assert not pool.has("new_combinations")


def test_drawing_from_all_wordings_is_as_before() -> None:
    pool = load_template("ego_translation").languages["en"]
    assert all(pool.drawn(draw, wordings="all") == pool.drawn(draw) for draw in np.linspace(0, 0.99, 50))


def test_a_set_of_wordings_changes_the_digest_and_all_of_them_do_not() -> None:
    digests = [
        load_config("viewpoint-100k", [f"wordings={name}"]).digest() for name in ("all", "seen", "new_questions")
    ]
    assert len(set(digests)) == 3
    assert digests[0] == load_config("viewpoint-100k").digest()


def test_a_type_without_wordings_of_the_set_is_refused(tmp_path: Path) -> None:
    text = """
question_type: moved_sideways
description: Sideways movement.
reference: camera
answer: {kind: bins, quantity: translation_x, answers: [left, right], boundaries: [0], dead_zone: 0.1}
paraphrases:
  - {name: one, question: "Which way?", options: {left: Left, right: Right}, reply: One letter.}
"""
    (tmp_path / "moved.yaml").write_text(text)
    config = load_config("viewpoint-100k", [f"questions={{{tmp_path}/moved.yaml: 1}}", "wordings=new_combinations"])
    with pytest.raises(UsageError, match="none of its wordings in en belongs to the set new_combinations"):
        make_build_plan(config)


@pytest.mark.parametrize("name", PAPER)
@pytest.mark.parametrize("wordings", ["new_combinations", "new_questions"])
def test_a_question_in_held_out_wordings_has_the_same_answer(name: str, wordings: WordingSet) -> None:
    template = load_template(name)
    pool = template.languages["en"]
    for place, pair in enumerate(trial_pairs(template, 12, np.random.default_rng(0))):
        seen, other = (
            ask(template, pair, place % 3, np.random.default_rng(place), wordings=chosen)
            for chosen in ("seen", wordings)
        )
        if isinstance(seen, Refusal) or isinstance(other, Refusal):
            assert seen == other
            continue
        assert (seen.answer, seen.answer_name, seen.margin) == (other.answer, other.answer_name, other.margin)
        drawn = [pool.named(question.template.partition("/")[2]) for question in (seen, other)]
        assert [pool.set_of(wording) for wording in drawn if wording] == ["seen", wordings]


@pytest.mark.slow
def test_rows_in_held_out_wordings_are_the_same_rows() -> None:
    settings = {"rows": 8, "images": {"size": 64}, "reasoning_share": 0}
    seen, other = (
        list(itertools.islice(vp.generate(vp.load_config("viewpoint-100k", wordings=name, **settings)), 8))
        for name in ("seen", "new_questions")
    )
    worded = {"id", "question", "options", "answer_text", "template", "config", "images"}
    for here, there in zip(seen, other, strict=True):
        assert all(here[key] == there[key] for key in here.keys() - worded)
        assert [image["bytes"] for image in here["images"]] == [image["bytes"] for image in there["images"]]
        pool = load_template(here["question_type"]).languages["en"]
        names = [row["template"].partition("/")[2] for row in (here, there)]
        assert [pool.set_of(wording) for name in names if (wording := pool.named(name))] == ["seen", "new_questions"]


@pytest.mark.parametrize("name", template_names())
def test_the_second_path_composes_the_same_from_the_file(name: str) -> None:
    template, definition = load_template(name), packaged_definitions()[name]
    rng = np.random.default_rng(0)
    for pool in template.languages.values():
        for draw in rng.random(150):
            wording = pool.drawn(float(draw))
            again = definition.paraphrase(f"{name}/{wording.name}+mirrored")
            assert again is not None
            assert (again["question"], again["options"], again["reply"]) == (
                wording.question,
                wording.options,
                wording.reply,
            )
            assert template.wording(wording.name) == wording
    assert definition.paraphrase(f"{name}/{template.wordings[0].name}.999.0.0.0.0.0") is None


# --- How many there are ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", template_names())
def test_a_type_has_as_many_wordings_as_a_large_set_needs(name: str) -> None:
    template = load_template(name)
    for language, wanted in (("en", 300 if name in PAPER else 60), ("zh", 60 if name in PAPER else 20)):
        families = [family for family in template.wordings if family.language == language]
        assert len({stem.question for family in families for stem in family.stems()}) >= wanted


@pytest.mark.parametrize("name", template_names())
def test_no_wording_of_a_question_is_frequent(name: str) -> None:
    pool = load_template(name).languages["en"]
    draws = np.random.default_rng(5).random(4000)
    stems = Counter(pool.drawn(float(draw)).question for draw in draws)
    assert max(stems.values()) < 0.02 * len(draws)


@pytest.mark.parametrize("name", template_names())
def test_no_wording_is_frequent_among_10000_rows_of_decoupled(name: str) -> None:
    shares = load_config("decoupled").questions
    rows = round(10_000 * shares[name] / int(sum(shares.values())))
    pool = load_template(name).languages["en"]
    stems = Counter(pool.drawn(float(draw)).question for draw in np.random.default_rng(8).random(rows))
    assert max(stems.values()) < 0.02 * rows


def test_there_are_short_and_long_ones() -> None:
    words = [len(stem.question.split()) for f in load_template("ego_translation").wordings for stem in f.stems()]
    assert min(words) <= 15
    assert max(words) >= 45


def reading_ease(text: str) -> float:
    """Reading ease by R. Flesch, "A new readability yardstick", 1948; syllables are counted by groups of vowels."""
    sentences = len(re.findall(r"[.?!]+(?= |$)", text))
    words = re.findall(r"[a-z]+", text.lower().replace("'", ""))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeioul])e$", "", word)))) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def test_the_yardstick_is_that_of_flesch() -> None:
    assert reading_ease("The cat sat on the mat.") == pytest.approx(116.145)
    assert reading_ease("Orientation necessitates considerable deliberation.") < 0


@pytest.mark.parametrize("name", template_names())
def test_the_questions_of_a_type_are_easy_to_read(name: str) -> None:
    pool = load_template(name).languages["en"]
    draws = np.random.default_rng(6).random(200)
    text = " ".join(pool.drawn(float(draw)).question.replace("...", ".") for draw in draws)
    assert reading_ease(re.sub(r"\{\{.*?\}\}", "left", text)) >= 60


# --- What all of them hold -------------------------------------------------------------------------------------------

SIDES = """\
question_type: mine
description: Which way the camera moved.
reference: camera
answer: {kind: bins, quantity: translation_x, answers: [left, none, right], boundaries: [-0.1, 0.1], dead_zone: 0.08}
wordings:
  - name: scene
    scenes: [Here are two views of a still object., Nobody moved the object.]
    perspectives: ["As the photographer sees it, {{ question }}", "Seen from behind the camera, {{ question }}"]
    questions: ["which way did the camera move?", "did the camera go left or right, or neither?"]
    options:
      - {left: To the left, none: Neither way, right: To the right}
      - {left: Left, none: Neither, right: Right}
    replies: [Answer with one letter.]
"""


def warnings(text: str) -> list[str]:
    template = examine(text)
    assert isinstance(template, Template), template
    return [f"{warning.line}: {warning.sentence}" for warning in advice(text, template)]


def test_parts_that_fit_everywhere_are_found_good() -> None:
    assert warnings(SIDES) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "Nobody moved the object.",
            "See the object.",
            6,
            "scene.1.0.0.0.0.0 does not say that the object did not move",
        ),
        ("As the photographer sees it, ", "", 6, "without saying whose they are (so do 3 more of 8)"),
        ("or right, or neither", "or not", 6, "names only one of left and right"),
        ("right: Right}", "right: Right as anyone can see}", 12, "right stands out by its length"),
        (
            "{left: Left, none: Neither, right: Right}",
            "{left: To the right, none: Neither, right: Right}",
            12,
            "'To the",
        ),
        ("which way did the camera move?", "which way did the camera move", 6, "is not whole sentences"),
        ("Nobody moved the object.", "Nobody moved the the object.", 6, "a word stands twice"),
        ("Nobody moved the object.", f"Nobody moved the object{' at all' * 20}.", 6, "more than 36 words"),
        ("which way did", "which way had the camera been moved and did", 6, "“was” instead of “had been”"),
    ],
)
def test_one_part_that_does_not_fit_is_told(old: str, new: str, line: int, words: str) -> None:
    assert SIDES.count(old) == 1
    told = [warning for warning in warnings(SIDES.replace(old, new)) if words in warning]
    assert len(told) == 1, warnings(SIDES.replace(old, new))
    assert told[0].startswith(f"{line}: ")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{left: 'Yes, left', none: 'No, neither', right: 'Yes, right'}", "'Yes, left' does not answer “which way"),
        ("{left: Left, none: Both of them, right: Right}", "'Both of them' does not answer “which way"),
        (
            "{left: You went left, none: You stayed, right: You went right}",
            "'You went left' does not answer “which way",
        ),
        (
            "{left: From the left, none: From neither, right: From the right}",
            "'From the left' does not answer “which way",
        ),
        ("{left: Whilst left, none: Neither way, right: Whilst right}", "use the plain word"),
    ],
)
def test_options_that_do_not_answer_the_question_are_told(options: str, sentence: str) -> None:
    told = warnings(SIDES.replace("{left: Left, none: Neither, right: Right}", options))
    assert any(sentence in warning for warning in told), told


def test_a_question_that_does_not_name_its_frame_is_told() -> None:
    told = warnings(SIDES.replace("reference: camera", "reference: world"))
    assert any("does not name its frame of reference: speak of height" in warning for warning in told)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("scenes: [Here are two views of a still object., Nobody moved the object.]", "scenes: tow", "no list 'tow'"),
        ("replies: [Answer with one letter.]", "replies: []", "wordings.0.replies"),
        ("which way did the camera move?", "which way to {{ fourth }}?", "unknown variable 'fourth'"),
        ("behind the camera, {{ question }}", "behind the camera", "once by {{ question }}"),
        ("none: Neither, ", "", "options must be exactly left, none, right"),
        ("none: Neither,", "none: Left,", "two options read the same"),
        ("name: scene", "name: scene\n    colour: red", "unknown key wordings.0.colour"),
        ("question_type: mine", "question_type: mine\nparaphrases: [{name: scene, question: a, reply: b}]", "is taken"),
    ],
)
def test_a_mistake_in_a_part_is_told_with_the_way_out(old: str, new: str, words: str) -> None:
    found = examine(SIDES.replace(old, new))
    assert not isinstance(found, Template)
    assert any(words in problem.sentence for problem in found), found


def test_more_combinations_than_can_be_gone_through_are_refused() -> None:
    content = yaml.safe_load(SIDES)
    content["wordings"][0]["scenes"] = [f"The object stayed still, and this is scene {n}." for n in range(150)]
    content["wordings"][0]["questions"] = [f"which way did it go, number {n}?" for n in range(200)]
    found = examine(yaml.safe_dump(content))
    assert not isinstance(found, Template)
    assert "60,000 wordings of the question are too many" in found[0].sentence


@pytest.mark.parametrize(
    "text",
    [
        "Were a flat lid lying on the object, then you would see of its upper side in image 2 more.",
        "Look at it. Had the camera turned, which way?",
        "To neither side of me.",
        "How had the camera been rotated when the second image was taken, compared with the first?",
        "Which is the right answer?",
        "Which way , then?",
        "Leave aside where the camera stood.",
        "The object looks alike from all sides.",
        "In which sense did the camera roll?",
        "Where does the camera stand, as the object has it?",
        "How far does one walk along it?",
    ],
)
def test_what_nobody_says_is_found(text: str) -> None:
    assert list(style_problems(text))


@pytest.mark.parametrize(
    "text", ["Imagine a flat lid on top of the object.", "The camera moved ...", "It had turned left.", "Was it there?"]
)
def test_what_people_say_is_let_through(text: str) -> None:
    assert list(style_problems(text)) == []
