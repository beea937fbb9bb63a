"""Wordings composed of interchangeable parts: a scene, names for the images, whose perspective, the question, the
options and the reply.

A family of wordings lists each part a few times, and every combination is a wording. The name of a wording,
``family.3.0.5.2.1.4``, gives the place of each part in its list, so that it stays the same as long as parts are only
added at the end of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Any, overload

import yaml
from pydantic import Field, model_validator

from viewpoint100k.questions.answers import Name, Section
from viewpoint100k.questions.held_out import WordingSet, wording_set
from viewpoint100k.questions.paraphrase import Paraphrase

__all__ = [
    "PARTS",
    "SHARED_PARTS",
    "Setting",
    "WordingFamily",
    "WordingPool",
    "set_out",
    "shared_parts",
    "with_names",
]

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1, max_length=200)]

PARTS = ("scenes", "images", "perspectives", "questions", "options", "replies")
"""The lists of a family, in the order in which a wording's name gives their places."""

SHARED_PARTS = ("scenes", "images", "perspectives", "replies")
"""Lists that a family may take by name from ``question_templates/parts``."""

_MOST_STEMS = 50_000
"""Of one family: all of them are gone through by ``templates check``."""

_FULL_SHARE = 200
"""A family with so many wordings of the question is drawn as often as any larger one."""

_DRAWS = 10_000
"""Tries to draw a wording of a set."""

_STEP = 0.6180339887498949
"""From one try to the next; its multiples spread evenly over all wordings."""

_SLOT = re.compile(r"\{\{ *(\w+) *\}\}")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.?!] ))[a-z]")


@dataclass(frozen=True)
class Setting:
    """What a wording says beside its question: for another question about the same images."""

    scene: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the images."""


class WordingFamily(Section):
    """Wordings that are composed of the same lists of parts; every combination must read well."""

    name: Name
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    """A BCP 47 tag."""
    scenes: Annotated[tuple[str, ...], Field(min_length=1, max_length=200)] = ("",)
    """What is shown, in whole sentences; an empty text leaves it out. A name takes a list of the package."""
    images: Annotated[tuple[dict[Name, Text], ...], Field(min_length=1, max_length=200)] = (
        {"first": "image 1", "second": "image 2", "third": "image 3", "plural": "images"},
    )
    """Names for the images, put where a part says ``{{ first }}``, ``{{ plural }}`` and the like. A name takes a list
    of the package."""
    perspectives: Texts = ("{{ question }}",)
    """Whose left and right, near and far are meant; each says by ``{{ question }}`` where the question goes."""
    questions: Texts
    """What is asked, from its first word, which is written small."""
    options: Annotated[tuple[dict[Name, Text] | Text, ...], Field(min_length=1, max_length=200)] | None = None
    """Sets of option texts, each as in a paraphrase; open questions have none."""
    replies: Texts
    """What form the reply should have. A name takes a list of the package."""

    @model_validator(mode="before")
    @classmethod
    def _takes_shared_lists(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {**values, **_expanded(values)}

    @model_validator(mode="after")
    def _can_be_gone_through(self) -> WordingFamily:
        if self.stem_count > _MOST_STEMS:
            raise ValueError(
                f"{self.stem_count:,} wordings of the question are too many to check: {_MOST_STEMS:,} may be"
            )
        return self

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many of each of the `PARTS` there are; one for what is left out."""
        return tuple(len(getattr(self, part) or (None,)) for part in PARTS)

    @property
    def common_names(self) -> Mapping[str, str]:
        """The first names for the images, those that all sets of names have."""
        first, *others = self.images
        return {key: name for key, name in first.items() if all(key in other for other in others)}

    @property
    def stem_count(self) -> int:
        """Wordings of the question alone, without options and reply."""
        scenes, images, perspectives, questions, *_ = self.sizes
        return scenes * images * perspectives * questions

    def __len__(self) -> int:
        options, replies = self.sizes[-2:]
        return self.stem_count * options * replies

    def at(self, place: int) -> Paraphrase:
        """The wording at ``place``, from 0 to one less than there are."""
        places = []
        for size in reversed(self.sizes):
            place, rest = divmod(place, size)
            places.append(rest)
        return self._composed(tuple(reversed(places)))

    def named(self, name: str) -> Paraphrase | None:
        """The wording of that name; None where the family has none."""
        places = self._places(name)
        return None if places is None else self._composed(places)

    def setting(self, name: str) -> Setting | None:
        """The scene and the images' names of the wording ``name``; None where the family has none."""
        places = self._places(name)
        return None if places is None else Setting(self.scenes[places[0]], self.images[places[1]])

    def question_of(self, name: str) -> str | None:
        """The part of the wording ``name`` that asks, as in the template; None where the family has none."""
        places = self._places(name)
        return None if places is None else self.questions[places[PARTS.index("questions")]]

    def _places(self, name: str) -> tuple[int, ...] | None:
        """The places of the parts that make the wording ``name``."""
        family, *digits = name.split(".")
        if (
            family != self.name
            or len(digits) != len(PARTS)
            or not all(re.fullmatch("0|[1-9][0-9]*", d) for d in digits)
        ):
            return None
        places = tuple(int(digit) for digit in digits)
        return places if all(p < size for p, size in zip(places, self.sizes, strict=True)) else None

    def stems(self) -> Iterator[Paraphrase]:
        """Every wording of the question once, with the first options and reply."""
        options, replies = self.sizes[-2:]
        for place in range(0, len(self), options * replies):
            yield self.at(place)

    def _composed(self, places: tuple[int, ...]) -> Paraphrase:
        scene, images, perspective, question, options, reply = places
        names = self.images[images]
        asked = self.perspectives[perspective].replace("{{ question }}", self.questions[question])
        text = set_out(self.language, Setting(self.scenes[scene], names), asked)
        return Paraphrase.model_construct(
            name=".".join([self.name, *map(str, places)]),
            language=self.language,
            question=text,
            options=None if self.options is None else with_names(self.options[options], names),
            reply=self.replies[reply],
        )


class WordingPool(Sequence[Paraphrase]):
    """All wordings of a template in one language: paraphrases as they are, and families, composed when asked for."""

    def __init__(self, paraphrases: Sequence[Paraphrase], families: Sequence[WordingFamily]) -> None:
        self._groups: list[tuple[str, Sequence[Paraphrase] | WordingFamily]] = [(f.name, f) for f in families]
        if paraphrases:
            self._groups.insert(0, ("", paraphrases))

    def __len__(self) -> int:
        return sum(len(group) for _, group in self._groups)

    @overload
    def __getitem__(self, place: int) -> Paraphrase: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Paraphrase]: ...
    def __getitem__(self, place: int | slice) -> Paraphrase | Sequence[Paraphrase]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place += len(self) if place < 0 else 0
        for _, group in self._groups:
            if 0 <= place < len(group):
                return _of(group, place)
            place -= len(group)
        raise IndexError("no wording at this place")

    @property
    def stem_count(self) -> int:
        """Wordings of the question alone, without options and reply."""
        return int(sum(_stems(group) for _, group in self._groups))

    def drawn(self, draw: float, besides: str | None = None, wordings: WordingSet = "all") -> Paraphrase:
        """The wording for a ``draw`` in [0, 1). Families are as likely as any other, but for small ones, whose wordings
        would come too often; within one all wordings are alike likely.

        Args:
            besides: the name of a wording that is not to be used: it and its whole family are left out where there is
                another.
            wordings: the set to which the wording is to belong; ``has`` tells whether the pool has any of it.
        """
        known = self._without(besides) if besides else self._groups
        if wordings == "all":
            return _drawn(known, draw)
        for turn in range(_DRAWS):
            found = _drawn(known, (draw + turn * _STEP) % 1)
            if self.set_of(found) == wordings:
                return found
        assert besides, f"no wording of the set {wordings}"
        return self.drawn(draw, None, wordings)

    def has(self, wordings: WordingSet) -> bool:
        """Whether there are wordings of a set."""
        stems = (stem for _, group in self._groups for stem in _each_stem(group))
        return any(wordings in ("all", self.set_of(stem)) for stem in stems)

    def set_of(self, paraphrase: Paraphrase) -> WordingSet:
        """Whether the wording is for training, or how it is held out."""
        families = (group for _, group in self._groups if isinstance(group, WordingFamily))
        asked = next((asked for family in families if (asked := family.question_of(paraphrase.name))), None)
        return wording_set(asked or paraphrase.question, paraphrase.question)

    def named(self, name: str) -> Paraphrase | None:
        """The wording of that name; None where there is none."""
        for _, group in self._groups:
            if isinstance(group, WordingFamily):
                found = group.named(name)
            else:
                found = next((paraphrase for paraphrase in group if paraphrase.name == name), None)
            if found is not None:
                return found
        return None

    def setting(self, name: str) -> Setting:
        """The setting of the wording ``name``. One that is written out has no parts: its images are the first two."""
        families = (group for _, group in self._groups if isinstance(group, WordingFamily))
        found = next((known for family in families if (known := family.setting(name)) is not None), None)
        return Setting(names=WordingFamily.model_fields["images"].default[0]) if found is None else found

    def _without(self, besides: str) -> list[tuple[str, Sequence[Paraphrase] | WordingFamily]]:
        left: list[tuple[str, Sequence[Paraphrase] | WordingFamily]] = []
        for name, group in self._groups:
            if isinstance(group, WordingFamily):
                left += [(name, group)] if besides.partition(".")[0] != name else []
            elif others := [paraphrase for paraphrase in group if paraphrase.name != besides]:
                left.append((name, others))
        return left or self._groups


@cache
def shared_parts(language: str) -> Mapping[str, Mapping[str, Any]]:
    """The lists of parts that the package has for a language, by the part's key and the list's name."""
    path = resources.files("question_templates") / "parts" / f"{language}.yaml"
    if not path.is_file():
        return {}
    parts: Mapping[str, Mapping[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return parts


def set_out(language: str, setting: Setting, asked: str) -> str:
    """A question after its scene, images named and each sentence with a capital."""
    return _sentences_capitalised(with_names(_joined(language, setting.scene, asked), setting.names))


def _joined(language: str, *texts: str) -> str:
    """Sentences one after the other, as the language sets them apart."""
    return ("" if language.partition("-")[0] == "zh" else " ").join(text for text in texts if text)


def _expanded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The lists that ``values`` takes by name. Raises ``ValueError`` for a name that there is not."""
    lists, language = {}, str(values.get("language", "en"))
    for part in SHARED_PARTS:
        name = values.get(part)
        if isinstance(name, str):
            known = shared_parts(language).get(part, {})
            if name not in known:
                raise ValueError(f"{part}: the package has no list {name!r} in {language}; it has {', '.join(known)}")
            lists[part] = known[name]
    return lists


@overload
def with_names(text: str, names: Mapping[str, str]) -> str: ...
@overload
def with_names(text: dict[str, str], names: Mapping[str, str]) -> dict[str, str]: ...
def with_names(text: str | dict[str, str], names: Mapping[str, str]) -> str | dict[str, str]:
    """A text, or each of several, with the images' names put in."""
    if isinstance(text, dict):
        return {key: with_names(one, names) for key, one in text.items()}
    return _SLOT.sub(lambda slot: names.get(slot[1], slot[0]), text) if "{" in text else text


def _sentences_capitalised(text: str) -> str:
    return _SENTENCE_START.sub(lambda letter: letter[0].upper(), text)


def _drawn(groups: Sequence[tuple[str, Sequence[Paraphrase] | WordingFamily]], draw: float) -> Paraphrase:
    shares = [min(_stems(group), _FULL_SHARE) for _, group in groups]
    left = draw * int(sum(shares))
    for (_, group), share in zip(groups, shares, strict=True):
        if left < share:
            return _of(group, int(left / share * len(group)))
        left -= share
    return _of(groups[-1][1], len(groups[-1][1]) - 1)


def _each_stem(group: Sequence[Paraphrase] | WordingFamily) -> Iterator[Paraphrase]:
    return group.stems() if isinstance(group, WordingFamily) else iter(group)


def _stems(group: Sequence[Paraphrase] | WordingFamily) -> int:
    return group.stem_count if isinstance(group, WordingFamily) else len(group)


def _of(group: Sequence[Paraphrase] | WordingFamily, place: int) -> Paraphrase:
    return group.at(place) if isinstance(group, WordingFamily) else group[place]
