"""A page that previews one question type: ten questions with their images, as a build makes them, and the refusals.

The page is self-contained and has no scripts.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from viewpoint100k import __version__
from viewpoint100k.building.blocks import BlockBuilder, BlockRecord
from viewpoint100k.errors import BuildError
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.questions.lint import Problem
from viewpoint100k.questions.template import Template
from viewpoint100k.report.drawing import TopView, points, top_view
from viewpoint100k.runtime.progress import Progress

__all__ = ["REASONS", "ShownQuestion", "draw_questions", "preview_page"]

_QUESTIONS = 10
_PER_OBJECT = 2
_MOST_VISITS = 60
"""Largest number of assets to try. A usable type needs a few assets for ten questions."""

_IMAGE_PIXELS = 320

REASONS: Mapping[str, str] = {
    "object_not_whole": "the object is cut off by the edge of an image",
    "object_too_small": "the object fills too little of an image",
    "no_such_motion": "no camera was found that makes this motion and shows the whole object",
    "no_pair_at_this_angle": "no two photographs are this angle apart",
    "azimuth_out_of_range": "the camera went around the object by more or less than the config allows",
    "too_little_overlap": "too little of the surface is visible in both images",
    "symmetric": "a different answer would have produced the same images",
    "too_close_to_boundary": "the quantity is in a dead zone, or outside all answers",
    "quantity_undefined": "the quantity is a division by zero",
    "front_unknown": "the object's front is unknown",
    "answerability_unknown": "the answerability is unknown",
    "angle_bin_given_up": "another angle was used after many failed attempts",
    "question_type_given_up": "another type was used, because the object's front is unknown",
}
"""Reasons to refuse a pair in words, by reason code."""


@dataclass(frozen=True)
class ShownQuestion:
    """A row for the page."""

    row: Mapping[str, Any]
    images: tuple[str, ...]
    """Data URIs."""
    question: str
    """The question without its options and its last line."""
    options: tuple[tuple[str, str, bool], ...]
    """Letter, text, and True for the right option."""
    view: TopView


class _Patience:
    """Counts the questions of a block, and stops it after too many assets."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress = name, progress
        self._visits = self._rows = 0

    def asset_started(self, asset_id: str) -> None:
        self._visits += 1
        if self._visits > _MOST_VISITS:
            raise BuildError(
                f"template {self._name}: {_MOST_VISITS} objects gave {self._rows} of {_QUESTIONS} questions; "
                f"run  viewpoint100k templates check {self._name}  to find the cause"
            )

    def asset_finished(self, rows: int) -> None:
        self._rows += rows
        self._progress.advance(rows)


def draw_questions(name: str, source: str = "procedural", seed: int = 0) -> tuple[list[ShownQuestion], BlockRecord]:
    """Makes ten questions of the template ``name``, from the package or a path. Also returns the refusals.

    The camera moves as in the config ``decoupled``. Raises ``UsageError`` if the template is invalid, ``BuildError``
    if too few pairs give a question.
    """
    config = BuildConfig(
        name="preview",
        rows=_QUESTIONS,
        source=source,
        seed=seed,
        questions={name: 1.0},
        pairs_per_asset=_PER_OBJECT,
        camera_motion="independent",
        reasoning_share=0.0,
    )
    config = config.model_copy(update={"images": config.images.model_copy(update={"size": _IMAGE_PIXELS})})
    build_plan = make_build_plan(config)
    (template,) = build_plan.templates.values()
    builder = BlockBuilder(build_plan, config.open_source())
    try:
        with Progress("preview", "questions", _QUESTIONS) as progress:
            block = build_plan.layout.shards[0].blocks[0]
            batch, record = builder.build_block(block, dict, _Patience(name, progress))
    finally:
        builder.close()
    return [_shown(row, template) for row in batch.to_pylist()], record


def preview_page(
    template: Template, questions: Sequence[ShownQuestion], record: BlockRecord, warnings: Sequence[Problem]
) -> str:
    """The page, as HTML."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    page = (resources.files("viewpoint100k.view") / "template_preview.html.jinja").read_text(encoding="utf-8")
    style = (resources.files("viewpoint100k.report") / "report.css").read_text(encoding="utf-8")
    return environment.from_string(page).render(
        template=template,
        languages={tag: pool.stem_count for tag, pool in template.languages.items()},
        questions=questions,
        refusals=[(stage, reason, n, REASONS.get(reason, "")) for (stage, reason), n in record.drops.most_common()],
        assets=[(asset_id, reason) for asset_id, reason in sorted(record.dropped_assets.items())],
        warnings=warnings,
        points=points,
        style=Markup(style),
        version=__version__,
    )


def _shown(row: dict[str, Any], template: Template) -> ShownQuestion:
    images = tuple(_data_uri(image["bytes"] if isinstance(image, dict) else image) for image in row["images"])
    # If the type has a floor plan, the last camera is that of the plan.
    cameras = row["cameras"][:-1] if template.sketch else row["cameras"]
    lines = row["question"].split("\n")
    return ShownQuestion(
        row=row,
        images=images,
        question="\n".join(lines[: len(lines) - len(row["options"]) - 1]),
        options=tuple(
            (letter, text, letter == row["answer"])
            for letter, text in zip(string.ascii_uppercase, row["options"], strict=False)
        ),
        view=top_view({**row, "cameras": cameras}),
    )


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
