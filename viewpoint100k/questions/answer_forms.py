"""A template applied to a pair, with the answer in another form than a letter.

The options' own words, yes or no about a claim, a number with its tolerance, a short sentence, JSON with the relative
pose, or a chat of two or three turns. The texts are data: ``question_templates/answer_forms``. A row in such a form has
no lettered options: its ``answer`` is what the reply should be, word for word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from viewpoint100k.questions.answers import (
    Arc,
    Bins,
    Candidates,
    Choice,
    Choices,
    Combination,
    Decision,
    Open,
    number_choice,
    rounded,
)
from viewpoint100k.questions.ask import Question, Refusal, arranged, candidate_views, decided
from viewpoint100k.questions.composition import Setting, set_out, with_names
from viewpoint100k.questions.held_out import WordingSet
from viewpoint100k.questions.paraphrase import Paraphrase
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.template import Template
from viewpoint100k.questions.wording import compile_wording
from viewpoint100k.views.pairs import Pair

__all__ = ["ANSWER_FORMS", "FORM_MARK", "LETTER", "POSE_STEPS", "ask_in_form", "form_texts", "forms_of"]

LETTER = "letter"
ANSWER_FORMS = (LETTER, "words", "yes_no", "number", "sentence", "pose", "chat")
"""By the names that a config gives them weights."""

FORM_MARK = "@"
"""In the column ``template``: ``ego_translation/scene.3.0.0.1.0.7@words.2``."""

POSE_STEPS: Mapping[str, float] = {
    **dict.fromkeys(("azimuth_deg", "elevation_deg", "yaw_deg", "pitch_deg", "roll_deg"), 1.0),
    "distance_ratio": 0.01,
}
"""The fields of a relative pose in JSON, in their order, and to what they are rounded."""

_TURNS_WITH_THE_ORBIT = frozenset({"sideways", "turn", "around"})
"""Parts of a motion that are never none where a camera goes around the object."""
_MOST_DRAWS = 12


def forms_of(template: Template, camera_motion: str = "independent") -> tuple[str, ...]:
    """The `ANSWER_FORMS` that a type can be asked in. An open question is asked as it is, as its form ``letter``.

    ``camera_motion`` as in the config: on an orbit some claims would never be true, and so tell that they are false.
    """
    answer = template.answer
    if isinstance(answer, Open):
        return (LETTER, *_pose_form(template))
    if isinstance(answer, Candidates | Arc):
        return LETTER, "words"
    claimable = isinstance(answer, Choices) or len(_claimable(template, camera_motion)) > 1
    sized = _numbered(template) is not None and not template.sketch
    chats = sized and isinstance(answer, Bins) and answer.quantity != "distance_ratio" and claimable
    fits = {
        "words": True,
        "yes_no": claimable,
        "number": sized,
        "sentence": "en" in template.statements,
        "pose": bool(_pose_form(template)),
        "chat": chats,
    }
    return (LETTER, *(form for form in ANSWER_FORMS if fits.get(form)))


def ask_in_form(
    template: Template,
    pair: Pair,
    form: str,
    answer_position: int,
    rng: np.random.Generator,
    language: str = "en",
    camera_motion: str = "independent",
    wordings: WordingSet = "all",
) -> Question | Refusal:
    """Asks ``template`` of ``pair`` with the answer in one of `forms_of` but a letter.

    Args:
        answer_position: of words the place of the right option; of yes or no, and of a chat, whether the claim is
            true (even) or false (odd).
        wordings: the set to which the wording belongs; the template must have some of it in the language.
    """
    decision = decided(template, pair)
    if isinstance(decision, Refusal):
        return decision
    draws = rng.random(_MOST_DRAWS + len(decision.wrong)).tolist()
    speaks = language in template.languages and (form != "sentence" or language in template.statements)
    known = template.languages[language if speaks and form_texts(language) else "en"]
    paraphrase = known.drawn(draws.pop(), wordings=wordings)
    asking = _Asking(template, pair, decision, paraphrase, known.setting(paraphrase.name), draws, camera_motion)
    return asking.question(form, answer_position)


@cache
def form_texts(language: str) -> Mapping[str, Any]:
    """The package's texts for the forms in a language; empty where it has none."""
    path = resources.files("question_templates") / "answer_forms" / f"{language}.yaml"
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


@dataclass
class _Asking:
    """One question on its way to a form. Each draw is used once, from the end of ``draws``."""

    template: Template
    pair: Pair
    decision: Decision
    paraphrase: Paraphrase
    setting: Setting
    draws: list[float]
    camera_motion: str

    def question(self, form: str, position: int) -> Question:
        views = tuple(range(len(self.pair.cameras)))
        places: list[int] = []
        value, margin = self.decision.value, self.decision.margin
        match form:
            case "words":
                text, answer, views = self._words(position, places)
            case "yes_no":
                text, answer = self._claim(position, places, self._stem())
            case "number":
                quantity, signed = self._quantity()
                text, answer = self._number(quantity, signed, value, places, self.setting)
                margin = None
            case "sentence":
                text, answer = self._sentence(places)
            case "pose":
                text, answer = self._pose(places)
                value = margin = None
            case "chat":
                text, answer, value = self._chat(position, places)
                margin = None
            case _:
                raise AssertionError(f"there is no form {form!r}")
        name = ".".join([form, *map(str, places)])
        return Question(
            text=text,
            options=(),
            answer=answer,
            answer_text=answer,
            answer_value=value,
            margin=margin,
            question_type=self.template.question_type,
            template=f"{self.template.question_type}/{self.paraphrase.name}{FORM_MARK}{name}",
            answer_name=self.decision.right.name,
            views=views,
        )

    # --- the forms ---------------------------------------------------------------------------------------------------

    def _words(self, position: int, places: list[int]) -> tuple[str, str, tuple[int, ...]]:
        views = tuple(range(len(self.pair.cameras)))
        if isinstance(self.template.answer, Candidates):
            shown, views = candidate_views(self.decision, position, self.draws)
        else:
            shown = arranged(self.decision, self.template.options, position, self.draws)
        listed = [self._option(choice) for choice in shown]
        text = "\n".join([self._stem(), *map(_listed, listed), self._pick(self.texts["words"]["replies"], places)])
        return text, listed[position], views

    def _claim(self, position: int, places: list[int], stem: str) -> tuple[str, str]:
        """A claim, and whether it is so."""
        texts = self.texts["yes_no"]
        true = position % 2 == 0
        asked = self._pick(texts["asks"], places).replace("{{ claim }}", self._option(self._claimed(true)))
        reply = self._pick(texts["replies"], places)
        return "\n".join([stem, f"{self._named(asked)}{self._gap}{reply}"]), texts["if_true" if true else "if_false"]

    def _number(
        self, quantity: str, signed: bool, value: float | None, places: list[int], setting: Setting
    ) -> tuple[str, str]:
        texts = self.texts["number"]
        about = texts["quantities"][quantity]
        asked = set_out(self.language, setting, self._pick(about["signed" if signed else "size"], places))
        assert value is not None
        answer = number_choice(rounded(value, about["round_to"])).variables["value"]
        in_degrees = QUANTITIES[quantity].unit == "degrees"
        tolerance = f"{about['tolerance']} {about['unit']}" if in_degrees else str(about["tolerance"])
        tolerance = tolerance.replace(" ", self._gap)
        reply = texts["reply"].replace("{{ asks }}", self._pick(texts["asks"], places))
        return "\n".join([asked, reply.replace("{{ tolerance }}", tolerance)]), str(answer)

    def _sentence(self, places: list[int]) -> tuple[str, str]:
        statements = self.template.statements[self.language]
        right = self.decision.right
        statement = statements[right.name] if isinstance(statements, dict) else statements
        text = "\n".join([self._stem(), self._pick(self.texts["sentence"]["replies"], places)])
        return text, compile_wording(statement)(right.variables)

    def _pose(self, places: list[int]) -> tuple[str, str]:
        texts = self.texts["pose"]
        asked = set_out(self.language, self.setting, self._pick(texts["asks"], places))
        pose = {name: rounded(getattr(self.pair.pose, name), step) for name, step in POSE_STEPS.items()}
        answer = json.dumps({name: number_choice(value).variables["value"] for name, value in pose.items()})
        return "\n".join([asked, self._named(texts["reply"])]), answer

    def _chat(self, position: int, places: list[int]) -> tuple[str, str, float]:
        """A claim; what is right, where the claim is not; and by how much. The last turn is the question."""
        texts = self.texts["chat"]
        asked, said = self._claim(position, places, self._stem())
        turns = [asked, said]
        if position % 2:
            shown = arranged(
                self.decision, self.template.options, int(self._draw() * self.template.options), self.draws
            )
            listed = [self._option(choice) for choice in shown]
            lead = self._pick(texts["which"], places)
            turns += ["\n".join([lead, *map(_listed, listed), self._pick(self.texts["words"]["replies"], places)])]
            turns += [self._option(self.decision.right)]
        quantity, _ = self._quantity()
        moved = self.decision.right.name not in _still(self.template)
        value = abs(self.decision.value or 0.0) if moved else self.pair.pose.distance_ratio
        lead = self._pick(texts["amount" if moved else "still"], places)
        named = Setting(names=self.setting.names)
        text, answer = self._number(quantity if moved else "distance_ratio", False, value, places, named)
        turns.append(f"{lead}{self._gap}{text}")
        head, *rest = turns
        marks = (texts["assistant"], texts["user"])
        return "\n\n".join([head, *(f"{marks[place % 2]}{turn}" for place, turn in enumerate(rest))]), answer, value

    # --- their parts -------------------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        return self.paraphrase.language

    @property
    def texts(self) -> Mapping[str, Any]:
        return form_texts(self.language)

    @property
    def _gap(self) -> str:
        """What stands between sentences."""
        return "" if self.language.partition("-")[0] == "zh" else " "

    def _stem(self) -> str:
        return compile_wording(self.paraphrase.question)(self.decision.variables)

    def _option(self, choice: Choice) -> str:
        return self.template.option_text(self.paraphrase, choice.name)(choice.variables)

    def _named(self, text: str) -> str:
        return with_names(text, self.setting.names)

    def _quantity(self) -> tuple[str, bool]:
        found = _numbered(self.template)
        assert found is not None, "the form is not one of this type's"
        return found

    def _claimed(self, true: bool) -> Choice:
        if true:
            return self.decision.right
        allowed = _claimable(self.template, self.camera_motion)
        wrong = [choice for choice in self.decision.wrong if not allowed or choice.name in allowed]
        return wrong[int(self._draw() * len(wrong))]

    def _draw(self) -> float:
        return self.draws.pop()

    def _pick(self, texts: Sequence[str], places: list[int]) -> str:
        """One of ``texts``, whose place is noted."""
        places.append(int(self._draw() * len(texts)))
        return texts[places[-1]]


def _pose_form(template: Template) -> tuple[str, ...]:
    """The form ``pose``, where a row shows two images of one object as it is."""
    shown_otherwise = any("object" in parts for parts in template.cases.values())
    return () if shown_otherwise or template.sketch else ("pose",)


def _numbered(template: Template) -> tuple[str, bool] | None:
    """The quantity that a number can be asked of, and whether with its sign; None where there is none."""
    answer = template.answer
    if not isinstance(answer, Bins | Choices) or len(answer.names) != 1:
        return None
    name = answer.names[0]
    if name not in form_texts("en")["number"]["quantities"] or answer.quantity not in (name, f"abs({name})"):
        return None
    return name, answer.quantity == name and (isinstance(answer, Bins) or answer.signed)


def _claimable(template: Template, camera_motion: str) -> frozenset[str]:
    """The answers that a false claim may name: those that can be right. Empty where that is not known."""
    answer = template.answer
    if isinstance(answer, Combination):
        turning = template.factors & _TURNS_WITH_THE_ORBIT
        return frozenset() if camera_motion == "orbit" and turning else frozenset(answer.option_names)
    if not isinstance(answer, Bins):
        return frozenset()
    never = _still(template) if camera_motion == "orbit" and template.factors & _TURNS_WITH_THE_ORBIT else frozenset()
    return frozenset(answer.option_names) - never


def _still(template: Template) -> frozenset[str]:
    """The answer that says that there is no such motion: the bin around zero, of answers to both sides of it."""
    answer = template.answer
    if (
        not isinstance(answer, Bins)
        or len(answer.answers) != 3
        or answer.boundaries[0] >= 0
        or answer.boundaries[1] <= 0
    ):
        return frozenset()
    return frozenset({answer.answers[1]})


def _listed(option: str) -> str:
    return f"- {option}"
