"""Builds the rows of one pair specification: the pair in each form, its questions, and the data behind the answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from viewpoint100k.assets import Asset
from viewpoint100k.building.frame_sets import FrameSet
from viewpoint100k.building.placement import Views
from viewpoint100k.dataset.jpeg import encode_jpeg
from viewpoint100k.dataset.schema import camera_struct, row_id
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.geometry import Camera, exact
from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.specs import PairSpec, QuestionSpec
from viewpoint100k.questions import Question, Refusal, Template, ask
from viewpoint100k.questions.answer_forms import LETTER, ask_in_form
from viewpoint100k.questions.reasoning import Conclusion, ReasoningScene, argument_problems, write
from viewpoint100k.runtime.stopwatch import Stopwatch
from viewpoint100k.views.floor_plan import draw_sketch, sketch_camera
from viewpoint100k.views.pairs import Pair, pair_problem

__all__ = ["Dropped", "RowBuilder", "mirrored_pair", "swapped_pair"]

Row = dict[str, Any]

_MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Dropped:
    """The reason why a frame, a pair or a question was not used."""

    stage: str
    reason: str


@dataclass(frozen=True)
class RowBuilder:
    """Makes rows for the pair specifications of one use of an asset."""

    build_plan: BuildPlan
    renderer_name: str
    timed: Stopwatch

    def fill(
        self, asset: Asset, visit: FrameSet, spec: PairSpec, views: Views | str, seed: int
    ) -> tuple[list[Row], list[Dropped], tuple[QuestionSpec, ...]]:
        """Rows for the question specs that can be answered; the reasons for what was dropped; the remaining specs."""
        if isinstance(views, str):
            return [], [Dropped("pair", views)], spec.questions
        for place in views:
            if problem := visit.problem(place):
                return [], [Dropped("frame", problem)], spec.questions
        pair = visit.pair(views, spec)
        if problem := self._pair_problem(pair, spec):
            return [], [Dropped("pair", problem)], spec.questions
        rows, dropped, left = list[Row](), list[Dropped](), list[QuestionSpec]()
        pair_rows = _PairRows(self, asset, visit, views, pair, _group(asset, pair))
        for place, question_spec in enumerate(spec.questions):
            made = pair_rows.row(question_spec, derive_seed(seed, place), rows[0]["template"] if rows else None)
            if isinstance(made, Dropped):
                dropped.append(made)
                left.append(question_spec)
            else:
                rows.append(made)
        return rows, dropped, tuple(left)

    def _pair_problem(self, pair: Pair, spec: PairSpec) -> str | None:
        pairs = self.build_plan.config.pairs
        if spec.object == "symmetric":
            pair = replace(pair, answerability=None)  # The answer is "it cannot be told".
        wanted = spec.azimuth_deg if len(pair.cameras) == 2 else None
        return pair_problem(pair, pairs, wanted)


@dataclass(frozen=True)
class _PairRows:
    """One pair of views and its question specs."""

    row_builder: RowBuilder
    asset: Asset
    visit: FrameSet
    views: Views
    pair: Pair
    group: str

    def row(self, spec: QuestionSpec, seed: int, earlier: str | None) -> Row | Dropped:
        """A row for one question spec. ``earlier`` is the ``template`` of the pair's first row; a paraphrase must use
        another wording."""
        template = self.row_builder.build_plan.templates[spec.template]
        pair, views = self.pair, self.views
        if spec.form == "swapped":
            pair, views = swapped_pair(pair), (views[1], views[0], *views[2:])
        elif spec.form == "mirrored":
            pair = mirrored_pair(pair)
        besides = earlier.partition("/")[2] if earlier and spec.form == "paraphrased" else None
        with self.row_builder.timed("questions"):
            if spec.answer_form == LETTER:
                wordings = self.row_builder.build_plan.config.wordings
                question = ask(template, pair, spec.answer_position, generator(seed), spec.language, besides, wordings)
            else:
                question = self._in_form(template, spec, seed)
        if isinstance(question, Refusal):
            return Dropped("question", question.reason)
        try:
            images = self._images(question, views, spec.form == "mirrored")
        except AssetError as error:  # The photo cannot be read.
            return Dropped("frame", error.reason)
        cameras_shown = tuple(pair.cameras[place] for place in question.views)
        shown = pair if cameras_shown == pair.cameras else replace(pair, cameras=cameras_shown)
        cameras = [camera_struct(camera) for camera in shown.cameras]
        if pair.mirrored:
            cameras[1] = camera_struct(shown.cameras[1], mirrored=True)
        if template.sketch:
            size = shown.cameras[0].width
            images.append(encode_jpeg(draw_sketch(pair, size), self.row_builder.build_plan.config.images.jpeg_quality))
            cameras.append(camera_struct(sketch_camera(pair, size)))
        row = self._columns(images, cameras, shown, question, spec, seed)
        if spec.reasoned:
            with self.row_builder.timed("reasoning"):
                row["reasoning"] = _reasoning(template, shown, question, row, seed)
        return row | {"id": row_id(row)}

    def _in_form(self, template: Template, spec: QuestionSpec, seed: int) -> Question | Refusal:
        config, form, position = self.row_builder.build_plan.config, spec.answer_form, spec.answer_position
        how = spec.language, config.camera_motion, config.wordings
        return ask_in_form(template, self.pair, form, position, generator(seed), *how)

    def _images(self, question: Question, views: Views, mirrored: bool) -> list[bytes]:
        flipped = {1} if self.pair.mirrored else set(range(len(views))) if mirrored else set()
        return [self.visit.image(views[place], place in flipped) for place in question.views]

    def _columns(
        self, images: list[bytes], cameras: list[Row], shown: Pair, question: Question, spec: QuestionSpec, seed: int
    ) -> Row:
        origin = self.asset.origin
        form = "" if spec.form in ("plain", "paraphrased") else f"+{spec.form}"
        return {
            "images": images,
            "question": question.text,
            "options": list(question.options),
            "answer": question.answer,
            "answer_text": question.answer_text,
            "answer_value": question.answer_value,
            "margin": question.margin,
            "question_type": question.question_type,
            "template": question.template + form,
            "group": self.group,
            "reasoning": None,
            "source": origin.source,
            "asset_id": origin.asset_id,
            "asset_sha256": origin.sha256,
            "category": origin.category,
            "license": origin.license,
            "creator": origin.creator,
            "uri": origin.uri,
            "cameras": cameras,
            "object_center": shown.center.tolist(),
            "object_radius": shown.radius,
            "object_front": None if shown.front is None else shown.front.tolist(),
            "relative": asdict(shown.pose) | {"overlap": shown.overlap},
            "answerability": shown.answerability,
            "renderer": self.row_builder.renderer_name,
            "seed": seed,
            "config": self.row_builder.build_plan.config_digest,
        }


def swapped_pair(pair: Pair) -> Pair:
    """The same two views in the other order."""
    return replace(pair, cameras=(pair.cameras[1], pair.cameras[0], *pair.cameras[2:]))


def mirrored_pair(pair: Pair) -> Pair:
    """The mirror image of the whole scene, in the plane x = 0 through the object: what the mirrored images show.

    Cameras stay right-handed, because both world and camera axes are mirrored. Requires centred principal points.
    """
    cameras = tuple(
        Camera(exact.matmul(exact.matmul(_MIRROR, c.camera_to_world), _MIRROR), c.intrinsics, c.width, c.height)
        for c in pair.cameras
    )
    front = None if pair.front is None else pair.front * _MIRROR.diagonal()[:3]
    return replace(pair, cameras=cameras, center=pair.center * _MIRROR.diagonal()[:3], front=front)


def _group(asset: Asset, pair: Pair) -> str:
    shown = json.dumps([asset.origin.source, asset.origin.asset_id, [camera_struct(c) for c in pair.cameras]])
    return hashlib.blake2b(shown.encode(), digest_size=8).hexdigest()


def _reasoning(template: Template, pair: Pair, question: Question, row: Mapping[str, Any], seed: int) -> str | None:
    """A chain of thought whose every claim was checked against the row. Raises ``BuildError`` if a claim is false."""
    conclusion = Conclusion(
        question.answer,
        question.answer_text,
        template.quantity,
        template.question_type,
        question.options,
        question.text,
    )
    # What is behind the object may be featureless, so the text does not mention it.
    scene = ReasoningScene(pair.cameras, pair.center, pair.radius, pair.front, background=False)
    wording = template.wording(question.template.partition("/")[2])
    assert wording is not None
    text = write(scene, conclusion, generator(seed, "reasoning"), wording.language)
    if text is not None and (wrong := argument_problems(text, row)):
        raise BuildError(f"a reasoning text of {template.question_type} says what is not so ({wrong[0]}): report it")
    return text
