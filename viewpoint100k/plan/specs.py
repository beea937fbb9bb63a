"""Plans the content of a block: its pairs, the camera motion in each, and the questions about each.

All balancing happens here, before anything is rendered: question types by weight, directions, angles, the position of
the correct option, and, for independent camera motions, the joint distribution of their parts.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from viewpoint100k.geometry.seeding import generator
from viewpoint100k.plan.answer_forms import with_answer_forms
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import Block
from viewpoint100k.plan.shares import apportion, cycle, shuffled_rounds
from viewpoint100k.questions import Template
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.views.motions import LEVELS, SOME, Motion

__all__ = ["FORMS", "PairSpec", "QuestionSpec", "plan_pairs"]

FORMS = ("plain", "swapped", "mirrored", "paraphrased")
"""Forms of one question about one pair: unchanged, with the images in the other order, with both images mirrored left
to right, and in other words. A model that answers one correctly should answer all correctly."""

REASONED_LANGUAGES = ("en", "zh")
"""Languages in which chains of thought are written."""

Cell = tuple[int, int]

_CELLS: tuple[Cell, ...] = tuple((side, turn) for side in (-1, 0, 1) for turn in (-1, 0, 1))
_AROUND: tuple[Cell, ...] = ((1, -1), (-1, 1))
"""(sideways, turn) of a camera that goes around the object to the right, and to the left."""
_DISORDER = 2.0
"""Random noise, in questions per pair, when questions are assigned to the pairs with the fewest questions."""
_TURNED_IN_PLACE: tuple[Cell, ...] = ((0, -1), (0, 1))


@dataclass(frozen=True)
class QuestionSpec:
    """One planned row: a question about the pair of its `PairSpec`."""

    template: str
    answer_position: int
    """Index of the correct option among those shown."""
    form: str = "plain"
    """One of `FORMS`."""
    language: str = "en"
    reasoned: bool = False
    """True if the row carries a chain of thought."""
    answer_form: str = "letter"
    """One of `viewpoint100k.questions.answer_forms.ANSWER_FORMS`."""


@dataclass(frozen=True)
class PairSpec:
    """One planned pair: the camera motion in it, and the questions about it."""

    questions: tuple[QuestionSpec, ...]
    azimuth_deg: tuple[float, float] | None = None
    """Signed range of the azimuth change, low to high; None if ``motion`` states the camera motion."""
    motion: Motion | None = None
    """None if the camera walks around the object and looks at it."""
    object: str = "as_it_is"
    """What the second image shows; see `viewpoint100k.views.motions.LEVELS`."""
    staged: bool = True
    """True if the object stands on a stage. False if the stage would give the answer away."""

    def with_any_angle(self, azimuth_deg: tuple[float, float]) -> PairSpec:
        """The same spec for any angle in ``azimuth_deg``, its unsigned range, in the spec's own direction."""
        if self.azimuth_deg is None:
            return self
        return replace(self, azimuth_deg=_signed(1 if self.azimuth_deg[0] > 0 else -1, azimuth_deg))

    def with_any_motion(self, azimuth_deg: tuple[float, float], rng: np.random.Generator) -> PairSpec:
        """The same spec for a camera that goes around the object by any angle in ``azimuth_deg``.

        It keeps the spec's direction if there is one. Otherwise the direction is random."""
        if self.motion is None:
            return self.with_any_angle(azimuth_deg)
        side = self.motion.cell[0] or int(rng.choice((-1, 1)))
        return replace(self, motion=None, azimuth_deg=_signed(side, azimuth_deg))


def plan_pairs(config: BuildConfig, block: Block, templates: Mapping[str, Template]) -> list[PairSpec]:
    """The block's pair specifications in random order. They hold as many question specs as the block has rows.

    Counts that cannot be equal differ by one; which one is larger is random.
    """
    rng = generator(config.seed, "slots", block.shard.split, block.shard.index, block.index)
    names = apportion(rng, dict(config.questions), block.rows)
    dealer = _Dealer(config, templates, rng)
    specs = dealer.independent(names) if config.camera_motion == "independent" else dealer.orbits(names)
    specs = with_answer_forms([specs[i] for i in rng.permutation(len(specs))], config, block, templates)
    return _with_reasoning(specs, round(config.reasoning_share * block.rows), templates, rng)


class _Dealer:
    """Assigns questions to pairs, and motions to cameras."""

    def __init__(self, config: BuildConfig, templates: Mapping[str, Template], rng: np.random.Generator) -> None:
        self._config, self._templates, self._rng = config, templates, rng
        self._positions = {n: cycle(rng, range(n)) for n in sorted({max(1, t.options) for t in templates.values()})}
        self._cases = {name: cycle(rng, sorted(t.cases)) for name, t in sorted(templates.items()) if t.cases}
        self._levels = {part: shuffled_rounds(rng, (-1, 0, 1)) for part in ("tilt", "roll")}
        edges = np.linspace(*config.pairs.azimuth_deg, config.pairs.azimuth_bins + 1)
        self._bins = cycle(rng, [(float(low), float(high)) for low, high in itertools.pairwise(edges)])
        self._sides = cycle(rng, _AROUND)
        self._cells, self._upright = cycle(rng, _CELLS), shuffled_rounds(rng, _CELLS)
        self._aside = cycle(rng, [cell for cell in _CELLS if cell not in _AROUND])

    # --- a camera that walks around the object -----------------------------------------------------------------------

    def orbits(self, names: Sequence[str]) -> list[PairSpec]:
        """Pair specs for walks around the object. Both directions and all angles are equally frequent in every type."""
        signs = cycle(self._rng, (-1, 1))
        by_type = sorted((name, next(signs)) for name in names)
        groups = [([name], sign) for name, sign in by_type]
        if self._config.questions_per_pair > 1:
            groups = [
                (group, sign) for sign in (-1, 1) for group in self._groups([name for name, s in by_type if s == sign])
            ]
        return [self._around(group, sign) for group, sign in groups]

    def _groups(self, names: Sequence[str]) -> list[list[str]]:
        """Groups of different types, one group per pair. A type that needs its own pair forms its own group."""
        alone = [[name] for name in names if self._is_alone(name)]
        counts = Counter(name for name in names if not self._is_alone(name))
        groups = []
        while counts:
            chosen = [name for name, _ in counts.most_common(self._config.questions_per_pair)]
            counts -= Counter(chosen)
            groups.append(chosen)
        return alone + groups

    def _around(self, group: Sequence[str], sign: int) -> PairSpec:
        """A pair spec for a camera that goes around the object and looks at it."""
        parts = self._next_case(group[0])
        side = {"left": -1, "right": 1}.get(parts.get("around", SOME), sign)
        return PairSpec(
            questions=tuple(self._question(name) for name in group),
            azimuth_deg=_signed(side, self._angle(group)),
            object=parts.get("object", "as_it_is"),
            staged=not any(self._is_unstaged(name) for name in group),
        )

    # --- cameras that move part by part ------------------------------------------------------------------------------

    def independent(self, names: Sequence[str]) -> list[PairSpec]:
        """Pair specs whose joint distribution of sideways movement and turn is uniform over all nine cells, by rows."""
        solitary = sorted(name for name in names if self._is_alone(name))
        specs = [self._alone(name) for name in solitary]
        shared = Counter(name for name in names if not self._is_alone(name))
        specs += self._in_all_forms(shared)
        already = sum(len(spec.questions) for spec in specs if spec.motion is None)
        return specs + self._in_groups(shared, already)

    def _alone(self, name: str) -> PairSpec:
        """A pair spec, or one with more views, for one question."""
        template = self._templates[name]
        parts = self._next_case(name)
        if isinstance(template.answer, Candidates | Arc) or template.goes_around or "around" in parts:
            return self._around_with(parts, [name])
        (sideways, turn), (height, distance) = next(self._cells), next(self._upright)
        drawn = {"sideways": sideways, "turn": turn, "height": height, "distance": distance}
        asked = {part: self._sign(part, level) for part, level in parts.items() if part != "object"}
        motion = self._motion_of(drawn | asked, [name])
        staged = not self._is_unstaged(name)
        return PairSpec((self._question(name),), None, motion, parts.get("object", "as_it_is"), staged)

    def _around_with(self, parts: Mapping[str, str], names: Sequence[str]) -> PairSpec:
        side = {"left": -1, "right": 1}.get(parts.get("around", SOME)) or next(self._sides)[0]
        questions = tuple(self._question(name) for name in names)
        staged = not any(self._is_unstaged(name) for name in names)
        return PairSpec(questions, _signed(side, self._angle(names)), None, parts.get("object", "as_it_is"), staged)

    def _sign(self, part: str, level: str) -> int:
        return int(self._rng.choice((-1, 1))) if level == SOME else LEVELS[part].index(level) - 1

    def _in_all_forms(self, shared: Counter[str]) -> list[PairSpec]:
        """Pair specs with one question in every form; their rows are subtracted from ``shared``."""
        count = round(self._config.consistency_share * shared.total() / len(FORMS))
        specs = []
        others = shuffled_rounds(self._rng, [cell for cell in _CELLS if cell != (0, 0)])
        for _ in range(count):
            fitting = sorted(name for name, n in shared.items() if n >= len(FORMS) and self._concerns_sides(name))
            if not fitting:
                break
            name = fitting[int(self._rng.integers(len(fitting)))]
            shared[name] -= len(FORMS)
            cell = next(self._sides) if self._templates[name].goes_around else next(self._cells)
            # A forward motion with a turn is sideways along camera 2's axes, not camera 1's: not if swapped.
            is_turned = cell in _TURNED_IN_PLACE and self._sideways_for(name) == "camera"
            upright = (0, 0) if is_turned else next(others)
            motion = self._motion(cell, upright, [name])
            specs.append(PairSpec(tuple(self._question(name, form) for form in FORMS), motion=motion))
        return specs

    def _in_groups(self, shared: Counter[str], already: int) -> list[PairSpec]:
        """Pair specs with several questions each."""
        seats = self._config.questions_per_pair
        around = sorted(name for name in shared if self._templates[name].goes_around)
        everywhere = sorted(name for name in shared if self._concerns_sides(name) and name not in around)
        rest = sorted(name for name in shared if name not in everywhere and name not in around)
        needed = -(-int(sum(shared[name] for name in around)) // max(1, seats - 1))
        cells = self._flat(-(-shared.total() // seats), needed, already)
        groups: list[list[str]] = [[] for _ in cells]
        # First assign questions about the sides, each type evenly to all cells; then those that fit only some cells.
        going = [place for place, cell in enumerate(cells) if cell in _AROUND]
        left_over: list[str] = []
        for names, places in ((everywhere, list(range(len(cells)))), (around, going), (rest, list(range(len(cells))))):
            for name in names:
                order = self._through_all_cells(places, cells)
                left_over += self._deal(name, shared[name], groups, [(place, cells[place]) for place in order])
        cells += [
            next(self._sides) if name in around else next(self._cells) if name in everywhere else (0, 0)
            for name in left_over
        ]
        groups += [[name] for name in left_over]
        return [
            PairSpec(
                tuple(self._question(name) for name in group), motion=self._motion(cell, next(self._upright), group)
            )
            for cell, group in zip(cells, groups, strict=True)
            if group
        ]

    def _deal(
        self, name: str, count: int, groups: Sequence[list[str]], places: Sequence[tuple[int, Cell]]
    ) -> list[str]:
        """Adds ``count`` questions of a type to groups with room for it, in the order of ``places``, emptier groups
        first. Returns those that found no room."""
        seats = self._config.questions_per_pair
        fitting = [
            place
            for place, cell in places
            if len(groups[place]) < seats and name not in groups[place] and self._agrees(name, groups[place], cell)
        ]
        if self._concerns_sides(name):
            chosen = fitting[:count]
        else:  # Without the noise, two types would avoid each other's pairs, and so each other's motions.
            chance = dict(zip(fitting, self._rng.random(len(fitting)) * _DISORDER, strict=True))
            chosen = sorted(fitting, key=lambda place: len(groups[place]) + chance[place])[:count]
        for place in chosen:
            groups[place].append(name)
        return [name] * (count - len(chosen))

    def _agrees(self, name: str, group: Sequence[str], cell: Cell) -> bool:
        """True if a type and those of a group may share a pair: all measure sideways along the same axis, or the camera
        goes around the object, which is sideways along any axis."""
        return cell in _AROUND or len({axis for other in (name, *group) if (axis := self._sideways_for(other))}) < 2

    def _sideways_for(self, name: str) -> Literal["camera", "object"] | None:
        """Whose left and right a type asks about; None if it asks about neither, or the camera goes around anyway."""
        template = self._templates[name]
        if template.goes_around:
            return None
        return "camera" if "sideways" in template.factors else "object" if "around" in template.factors else None

    def _through_all_cells(self, places: Sequence[int], cells: Sequence[Cell]) -> list[int]:
        """``places`` in an order in which each run of nine covers all cells, as far as possible."""
        seen: Counter[Cell] = Counter()
        order = {cell: float(draw) for cell, draw in zip(_CELLS, self._rng.random(len(_CELLS)), strict=True)}
        rounds = {}
        for place in (places[i] for i in self._rng.permutation(len(places))):
            rounds[place] = (seen[cells[place]], order[cells[place]])
            seen[cells[place]] += 1
        return sorted(places, key=lambda place: rounds[place])

    def _flat(self, count: int, around: int, already: int) -> list[Cell]:
        """(sideways, turn) of ``count`` pairs, in random order, all equally frequent by rows.

        ``already`` rows of the block use a camera that goes around the object. If such a camera needs more pairs than
        its uniform share, it gets ``around`` pairs.
        """
        seats = self._config.questions_per_pair
        surplus = round((already * 7 / 9) / seats + self._rng.random() - 0.5)
        chosen = [next(self._cells) for _ in range(count)]
        going = [place for place, cell in enumerate(chosen) if cell in _AROUND]
        for place in going[: max(0, min(surplus, len(going) - around))]:
            chosen[place] = next(self._aside)
        missing = min(around, count) - len(going)
        for place in [place for place, cell in enumerate(chosen) if cell not in _AROUND][: max(0, missing)]:
            chosen[place] = next(self._sides)
        return [chosen[i] for i in self._rng.permutation(count)]

    def _angle(self, group: Sequence[str]) -> tuple[float, float]:
        """The next range of angles, scaled to the range that all types of a group accept."""
        low, high = self._config.pairs.azimuth_deg
        asked = [span for name in group if (span := self._templates[name].requires.azimuth_deg)]
        least, most = max([low, *(span[0] for span in asked)]), min([high, *(span[1] for span in asked)])
        begin, end = next(self._bins)
        if least >= most:
            return begin, end  # No angle suits all types; each rejects what it cannot use.
        scale = (most - least) / (high - low)
        return least + (begin - low) * scale, least + (end - low) * scale

    def _motion_of(self, signs: Mapping[str, int], group: Sequence[str]) -> Motion:
        """A motion with these signs; a motion around the object is specified by its angle."""
        cell = signs["sideways"], signs["turn"]
        upright = Motion(0, 0, signs["height"], signs["distance"], signs.get("tilt", 0), signs.get("roll", 0))
        if cell in _AROUND:
            return replace(upright, around_deg=_signed(cell[0], self._angle(group)))
        asked = {axis for name in group if (axis := self._sideways_for(name))}
        return replace(
            upright, sideways=cell[0], turn=cell[1], sideways_for="object" if asked == {"object"} else "camera"
        )

    def _motion(self, cell: Cell, upright: Cell, group: Sequence[str]) -> Motion:
        """A motion with (sideways, turn) from ``cell`` and (height, distance) from ``upright``."""
        factors = frozenset().union(*(self._templates[name].factors for name in group)) if group else frozenset()
        tilt, roll = (next(self._levels[part]) if part in factors else 0 for part in ("tilt", "roll"))
        parts = ("sideways", "turn", "height", "distance", "tilt", "roll")
        return self._motion_of(dict(zip(parts, (*cell, *upright, tilt, roll), strict=True)), group)

    # --- both --------------------------------------------------------------------------------------------------------

    def _question(self, name: str, form: str = "plain") -> QuestionSpec:
        position = next(self._positions[max(1, self._templates[name].options)])
        tags = sorted(self._config.languages)
        shares = np.cumsum([self._config.languages[tag] for tag in tags])
        language = tags[int(np.searchsorted(shares, self._rng.random() * shares[-1], side="right"))]
        return QuestionSpec(name, position, form, language)

    def _next_case(self, name: str) -> Mapping[str, str]:
        """The settings that produce the next answer of a type; all its answers take turns."""
        return self._templates[name].cases[next(self._cases[name])] if name in self._cases else {}

    def _is_alone(self, name: str) -> bool:
        template = self._templates[name]
        return bool(template.cases) or isinstance(template.answer, Candidates | Arc)

    def _is_unstaged(self, name: str) -> bool:
        return any("object" in parts for parts in self._templates[name].cases.values())

    def _concerns_sides(self, name: str) -> bool:
        return bool(self._templates[name].factors & {"sideways", "turn", "around"})


def _with_reasoning(
    specs: Sequence[PairSpec], count: int, templates: Mapping[str, Template], rng: np.random.Generator
) -> list[PairSpec]:
    """The same specs, with a chain of thought for ``count`` plain questions of types that allow it."""
    able = [
        (i, j)
        for i, spec in enumerate(specs)
        for j, question in enumerate(spec.questions)
        if question.form == "plain"
        and question.answer_form == "letter"
        and question.language in REASONED_LANGUAGES
        and templates[question.template].reasoning
    ]
    chosen = {able[k] for k in rng.permutation(len(able))[:count]}
    return [
        replace(
            spec,
            questions=tuple(replace(question, reasoned=(i, j) in chosen) for j, question in enumerate(spec.questions)),
        )
        for i, spec in enumerate(specs)
    ]


def _signed(sign: int, span: tuple[float, float]) -> tuple[float, float]:
    return span if sign > 0 else (-span[1], -span[0])
