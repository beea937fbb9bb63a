"""Checks rows whose answer has another form than a letter: words, yes or no, a number, a sentence, a pose, a chat.

The question is put together again from the parts that the row's ``template`` names, and the answer is worked out again
from the cameras. Nothing here knows how the builder writes or chooses: a claim, and the lists of options, are read from
the text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from viewpoint100k.check.labels.composition import named_setting, opened_sentences
from viewpoint100k.check.labels.definitions import Definition, Meaning, combined_answers, rendered
from viewpoint100k.check.labels.expressions import evaluate
from viewpoint100k.check.labels.from_template import requirements_problem
from viewpoint100k.check.labels.judging import Verdict, judge
from viewpoint100k.check.labels.measures import MEASURES, tolerance
from viewpoint100k.check.labels.shown import angles_problem, images_problem, options_problem, plan_problem
from viewpoint100k.geometry.row_cameras import StoredPair

__all__ = [
    "AnswerForm",
    "accepted_error",
    "accepted_errors_of_pose",
    "examine_form",
    "first_reply",
    "form_of_answer",
    "last_turn",
    "listed_options",
]

Columns = Mapping[str, Any]

_POSE = {
    **dict.fromkeys(("azimuth_deg", "elevation_deg", "yaw_deg", "pitch_deg", "roll_deg"), 1.0),
    "distance_ratio": 0.01,
}
_CIRCLE = 360.0
_ACCEPTED = re.compile(r"Up to (\d+(?:\.\d+)?)(?: degrees)? off|误差在(\d+(?:\.\d+)?)度?以内")
_ACCEPTED_OF_POSE = re.compile(
    r"Up to (\d+(?:\.\d+)?) degrees and (\d+(?:\.\d+)?) off|角度误差(\d+(?:\.\d+)?)、比值误差(\d+(?:\.\d+)?)以内"
)
_LEAST_PLACES = {"words": 1, "yes_no": 2, "number": 2, "sentence": 1, "pose": 1, "chat": 5}


@dataclass(frozen=True)
class AnswerForm:
    """What stands behind the ``@`` in a row's ``template``: the form, and the places of its parts in their lists."""

    name: str
    places: tuple[int, ...]


def form_of_answer(template: str) -> AnswerForm | None:
    """The form of a row's answer; None where it is a letter, or the plain number of an open question.

    Raises ``ValueError`` for a form that is not known.
    """
    _, mark, said = template.partition("+")[0].partition("@")
    if not mark:
        return None
    name, *places = said.split(".")
    if name not in _LEAST_PLACES or len(places) < _LEAST_PLACES[name] or not all(p.isdecimal() for p in places):
        raise ValueError(f"the form of answer {said!r} of {template!r} is not known")
    return AnswerForm(name, tuple(map(int, places)))


def last_turn(question: str) -> str:
    """What a chat asks at its end; the whole question where it is none."""
    for texts in (_texts("en"), _texts("zh")):
        question = question.rpartition(f"\n\n{texts['chat']['user']}")[2]
    return question


def first_reply(question: str) -> str | None:
    """The first reply within a chat; None where the question is no chat."""
    for texts in (_texts("en")["chat"], _texts("zh")["chat"]):
        _, mark, told = question.partition(f"\n\n{texts['assistant']}")
        if mark:
            return told.partition("\n\n")[0]
    return None


def listed_options(question: str) -> list[str]:
    """The options that a question lists without letters, one a line."""
    return [line.removeprefix("- ") for line in question.split("\n") if line.startswith("- ")]


def accepted_error(question: str) -> float | None:
    """By how much a number may be off, as the last turn of a question says; None where it says nothing, or where it
    asks for several numbers."""
    found = _ACCEPTED.findall(last_turn(question))
    return float("".join(found[-1])) if found else None


def accepted_errors_of_pose(question: str) -> tuple[float, float] | None:
    """By how much the degrees and the ratio of a pose may be off, as the question says; None where it does not."""
    found = _ACCEPTED_OF_POSE.search(question)
    if found is None:
        return None
    degrees, ratio = (found[1], found[2]) if found[1] else (found[3], found[4])
    return float(degrees), float(ratio)


def examine_form(
    row: Columns, pair: StoredPair, definition: Definition, paraphrase: Mapping[str, Any], form: AnswerForm
) -> Iterator[tuple[str, str | None]]:
    """Checks of a row in one of the forms, each with the problem found, or None."""
    problem = images_problem(row, definition)
    yield "image_count", problem
    if problem:
        return
    row_in_form = _Row(row, pair, definition, paraphrase, form)
    try:
        yield "requirements", requirements_problem(row, definition, pair)
        yield "layout", row_in_form.layout_problem()
        expected, answer, value, margin = row_in_form.worked_out()
    except (ArithmeticError, ValueError) as error:
        yield "label", str(error)
        return
    except (LookupError, TypeError, AttributeError, StopIteration) as error:
        yield "label", f"the form {form.name} of {row['question_type']!r} cannot be judged as it is stated: {error!r}"
        return
    if definition.content.get("sketch"):
        yield "plan", plan_problem(pair)
    told = f"the question is not what the wording {row['template']!r} says of these cameras"
    yield "wording", None if row["question"] == expected else told
    yield "label", answer
    yield "answer_value", _differs("answer_value", row["answer_value"], value, row_in_form.allowed)
    yield "margin", _differs("the margin", row["margin"], margin, 1e-3 * max(1.0, abs(margin or 0.0)))


def _differs(name: str, stored: float | None, true: float | None, allowed: float) -> str | None:
    if stored is None or true is None:
        return None if stored is true is None else f"{name} is {stored}, where {true} is true"
    difference = stored - true
    if abs(difference) > _CIRCLE / 2:
        difference = math.remainder(difference, _CIRCLE)
    return None if abs(difference) <= allowed else f"{name} is {stored:.6g}; the cameras give {true:.6g}"


@dataclass
class _Row:
    """One row, put together a second time."""

    row: Columns
    pair: StoredPair
    definition: Definition
    paraphrase: Mapping[str, Any]
    form: AnswerForm

    def worked_out(self) -> tuple[str, str | None, float | None, float | None]:
        """The question's text, what is wrong with the answer, and the true value and margin."""
        match self.form.name:
            case "words":
                return self._words()
            case "yes_no":
                verdict, claim, said = self._claim()
                text = "\n".join([self._stem(verdict), self._claim_text(claim)])
                answer = self._same(self.texts["yes_no"]["if_true" if said else "if_false"])
                return text, answer, verdict.value, verdict.margin
            case "number":
                quantity, signed = self._quantity()
                about, reply = self.form.places
                value = self._measured(quantity, signed)
                text = self._number_text(quantity, signed, about, reply, self._setting())
                return text, self._rounded(self.row["answer"], value, quantity), value, None
            case "sentence":
                verdict = self._verdict(())
                text = "\n".join([self._stem(verdict), self.texts["sentence"]["replies"][self.form.places[0]]])
                return text, self._same(self._statement(verdict)), verdict.value, verdict.margin
            case "pose":
                return self._pose()
        return self._chat()

    def layout_problem(self) -> str | None:
        """What is wrong with the options that the question lists, or with the views to choose from."""
        listed = listed_options(self.row["question"])
        if not listed:
            return None
        claims = self._meanings(listed)
        value = judge(self.definition, self.pair, claims).value
        shown = {**self.row, "options": listed}
        return options_problem(shown, self.definition, claims) or angles_problem(
            self.definition, self.pair, claims, value
        )

    @property
    def allowed(self) -> float:
        """Largest error of a stored value in single precision."""
        return tolerance(self.row["answer_value"] or 0.0, str(self.definition.answer.get("quantity", "azimuth_deg")))

    # --- the forms ---------------------------------------------------------------------------------------------------

    def _words(self) -> tuple[str, str | None, float | None, float | None]:
        listed = listed_options(self.row["question"])
        claims = self._meanings(listed)
        verdict = self._verdict(claims)
        text = "\n".join([self._stem(verdict), *self._lines(listed), self._reply("words", self.form.places[0])])
        said = dict(zip(listed, claims, strict=True)).get(self.row["answer"])
        wrong = f"the answer {self.row['answer']!r} says {said}, but the cameras give {verdict.answer}"
        return text, None if said == verdict.answer else wrong, verdict.value, verdict.margin

    def _pose(self) -> tuple[str, str | None, None, None]:
        names, scene = self._setting()
        asked = self._asked(self.texts["pose"]["asks"][self.form.places[0]], names, scene)
        text = "\n".join([asked, _called(self.texts["pose"]["reply"].strip(), names)])
        stated = json.loads(self.row["answer"])
        if list(stated) != list(_POSE):
            return text, f"the pose has the keys {', '.join(stated)}, not {', '.join(_POSE)}", None, None
        for name, step in _POSE.items():
            value = MEASURES[name](self.pair)
            off = stated[name] - value
            off = math.remainder(off, _CIRCLE) if name.endswith("_deg") else off
            if not abs(off) <= step / 2 + tolerance(value, name):
                return text, f"the pose has {name} {stated[name]}; the cameras give {value:.6g}", None, None
        return text, None, None, None

    def _chat(self) -> tuple[str, str | None, float | None, None]:
        texts = self.texts["chat"]
        _, _, *others = self.form.places
        verdict, claim, said = self._claim()
        yes_no = self.texts["yes_no"]
        turns = ["\n".join([self._stem(verdict), self._claim_text(claim)]), yes_no["if_true" if said else "if_false"]]
        if not said:
            which, words, *others = others
            listed = listed_options(self.row["question"])
            claims = self._meanings(listed)
            right = [text for text, meaning in zip(listed, claims, strict=True) if meaning == verdict.answer]
            if len(right) != 1 or None in claims or len(set(claims)) != len(claims):
                raise ValueError(f"the list {listed} of the chat does not hold one right option")
            turns += ["\n".join([texts["which"][which], *self._lines(listed), self._reply("words", words)]), right[0]]
        lead, about, asks = others
        still = verdict.answer == self._still()
        quantity = "distance_ratio" if still else self._quantity()[0]
        value = self._measured(quantity, signed=False)
        names, _ = self._setting()
        number = self._number_text(quantity, False, about, asks, (names, ""))
        turns.append(f"{texts['still' if still else 'amount'][lead]}{self._gap}{number}")
        head, *rest = turns
        for place, turn in enumerate(rest):
            head += f"\n\n{texts['user' if place % 2 else 'assistant']}{turn}"
        return head, self._rounded(self.row["answer"], value, quantity), value, None

    # --- their parts -------------------------------------------------------------------------------------------------

    @property
    def texts(self) -> Mapping[str, Any]:
        return _texts(str(self.paraphrase.get("language", "en")))

    @property
    def _gap(self) -> str:
        return "" if str(self.paraphrase.get("language", "en")).startswith("zh") else " "

    def _stem(self, verdict: Verdict) -> str:
        return rendered(self.paraphrase["question"], verdict.question)

    def _setting(self) -> tuple[Mapping[str, str], str]:
        return named_setting(self.definition.content, self.row["template"].partition("/")[2].partition("@")[0])

    def _asked(self, question: str, names: Mapping[str, str], scene: str) -> str:
        gap = self._gap if scene else ""
        return opened_sentences(_called(f"{scene}{gap}{question}", names))

    def _reply(self, form: str, place: int) -> str:
        return str(self.texts[form]["replies"][place])

    def _same(self, expected: str) -> str | None:
        answer = self.row["answer"]
        return None if answer == expected else f"the answer is {answer!r}; the cameras give {expected!r}"

    @staticmethod
    def _lines(listed: Sequence[str]) -> list[str]:
        return [f"- {text}" for text in listed]

    def _meanings(self, texts: Sequence[str]) -> list[Meaning | None]:
        return self.definition.meanings(self.paraphrase, texts, len(self.row["images"]))

    def _verdict(self, claims: Sequence[Meaning | None]) -> Verdict:
        verdict = judge(self.definition, self.pair, claims)
        if verdict.margin is not None and verdict.margin < verdict.least_margin * (1 - 1e-6) - 1e-9:
            raise ValueError(f"the margin {verdict.margin:.6g} lies in the dead zone, where nothing may be asked")
        return verdict

    def _claim_text(self, claim: str) -> str:
        ask, reply = self.form.places[:2]
        texts = self.texts["yes_no"]
        asked = _called(texts["asks"][ask].replace("{{ claim }}", claim), self._setting()[0])
        return f"{asked}{self._gap}{texts['replies'][reply]}"

    def _claim(self) -> tuple[Verdict, str, bool]:
        """The verdict, the claim that the question makes, and whether it is so."""
        question = self.row["question"]
        for text, meaning in self._possible(question):
            if f"\n{self._claim_text(text)}" in question:
                verdict = self._of_claim(meaning)
                return verdict, text, meaning == verdict.answer
        raise ValueError(f"the question makes no claim that the wording {self.row['template']!r} gives")

    def _possible(self, question: str) -> Iterator[tuple[str, Meaning]]:
        """The texts of all options, the longest first, and what they mean."""
        texts = self.paraphrase["options"]
        found: dict[str, Meaning] = {}
        for meaning, name, variables in self.definition.possible([question], len(self.row["images"])):
            found.setdefault(rendered(texts[name] if isinstance(texts, dict) else texts, variables), meaning)
        yield from sorted(found.items(), key=lambda item: -len(item[0]))

    def _of_claim(self, claimed: Meaning) -> Verdict:
        """The verdict on the cameras; of numbers to choose from, with the number that they give in the claim's place
        where the claim lies whole steps from it."""
        answer = self.definition.answer
        if self.definition.kind != "choices":
            return self._verdict(())
        value = evaluate(answer["quantity"], self.pair)
        signed = bool(answer.get("signed", True))
        value = value if signed else abs(value)
        low, high = answer["range"]
        per_sign = int(answer.get("options", 6)) // (2 if signed else 1)
        step, grain = (high - low) / per_sign, answer.get("round_to", 5)
        for nudge in (0.0, 1e-6, -1e-6):  # A value on a step's edge may fall to either side of it.
            offset = (abs(value) + nudge - low) % step
            sizes = [round((low + offset + k * step) / grain) * grain for k in range(round((high - low) / step))]
            shown = [float(sign * size) for size in sizes for sign in ((1, -1) if signed else (1,))]
            if float(claimed) in shown:
                return self._verdict(shown)
        raise ValueError(f"{claimed} is claimed, which does not lie in steps of {step:g} from {value:.4g}")

    def _statement(self, verdict: Verdict) -> str:
        texts = self.definition.content["statements"][str(self.paraphrase.get("language", "en"))]
        name = str(verdict.answer)
        if isinstance(texts, dict):
            return str(texts[name])
        return rendered(texts, combined_answers(self.definition.answer)[name])

    def _quantity(self) -> tuple[str, bool]:
        """The one quantity of the type, and whether its sign is asked for."""
        stated = str(self.definition.answer["quantity"])
        plain = stated.removeprefix("abs(").removesuffix(")")
        if plain not in self.texts["number"]["quantities"]:
            raise ValueError(f"no number can be asked of {stated}")
        return plain, plain == stated and bool(self.definition.answer.get("signed", True))

    def _measured(self, quantity: str, signed: bool) -> float:
        value = MEASURES[quantity](self.pair)
        return value if signed else abs(value)

    def _rounded(self, stated: str, value: float, quantity: str) -> str | None:
        step = float(self.texts["number"]["quantities"][quantity]["round_to"])
        number = float(stated)
        steps = number / step
        if abs(steps - round(steps)) > 1e-6 or stated != f"{number:.9g}":
            return f"the answer {stated!r} is not a multiple of {step:g}"
        if abs(number - value) <= step / 2 + tolerance(value, quantity):
            return None
        return f"the answer is {stated}; the cameras give {value:.6g}"

    def _number_text(
        self, quantity: str, signed: bool, about: int, reply: int, setting: tuple[Mapping[str, str], str]
    ) -> str:
        texts = self.texts["number"]
        said = texts["quantities"][quantity]
        names, scene = setting
        asked = self._asked(said["signed" if signed else "size"][about], names, scene)
        unit = f"{self._gap}{said['unit']}" if quantity.endswith("_deg") else ""
        last = texts["reply"].replace("{{ asks }}", texts["asks"][reply])
        return "\n".join([asked, last.replace("{{ tolerance }}", f"{said['tolerance']}{unit}")])

    def _still(self) -> str | None:
        """The answer between two others on both sides of zero."""
        answer = self.definition.answer
        names, edges = answer["answers"], answer["boundaries"]
        return str(names[1]) if len(names) == 3 and edges[0] < 0 < edges[1] else None


def _called(text: str, names: Mapping[str, str]) -> str:
    for key, name in names.items():
        text = text.replace(f"{{{{ {key} }}}}", name)
    return text


@cache
def _texts(language: str) -> Mapping[str, Any]:
    path = resources.files("question_templates") / "answer_forms" / f"{language}.yaml"
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
