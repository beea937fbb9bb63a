"""The state of a viewer: the shown row, the filter, and the text that the page shows about the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.labels.forms import form_of
from viewpoint100k.errors import UsageError
from viewpoint100k.view.frames_of_reference import TypeTraits, type_traits
from viewpoint100k.view.objects import ObjectSupply
from viewpoint100k.view.row_table import Filter, RowTable, facets, matching
from viewpoint100k.view.scene import row_scene
from viewpoint100k.view.scene_server import SceneServer

__all__ = ["Rows", "Viewer"]

_OWN_FRAMES = {
    "camera": "left, right and up are camera 1's",
    "object": "left and right are those of an observer at the object who faces camera 1",
    "world": "up and down are the world's",
    "images": "left and right are the image's",
}


class Rows(Protocol):
    """A supply of rows: `StoredRows` or `GeneratedRows`."""

    @property
    def name(self) -> str: ...

    @property
    def table(self) -> RowTable: ...

    def find(self, row_id: str) -> int | None: ...

    def row(self, place: int) -> dict[str, Any]: ...

    def ask_for_more(self, place: int) -> None: ...

    def wait_for_more(self, rows: int) -> bool: ...


@dataclass(frozen=True)
class _Shown:
    """The shown row and the filter."""

    place: int
    wanted: Filter
    count: int
    """Number of rows shown so far. It tells a page that another page has moved to another row."""
    described: Mapping[str, Any]
    """The text and numbers that pages show about the row."""


class Viewer:
    """Shows one row at a time, the same on all open pages."""

    def __init__(
        self, rows: Rows, supply: ObjectSupply, scene_server: SceneServer, templates: Mapping[str, Any] | None = None
    ) -> None:
        """``templates``: the templates with which the set was built, by question type; see
        `viewpoint100k.view.build_record.recorded_templates`."""
        self.rows, self.scene_server = rows, scene_server
        self._supply, self._templates = supply, templates or {}
        self._changed = Condition()
        self._shown = _Shown(-1, Filter(), 0, {})
        self._matching: tuple[Filter, int, NDArray[np.int64]] = (Filter(), 0, np.arange(0))

    def show(self, row_id: str, wanted: Filter) -> dict[str, Any]:
        """Shows the row with this id, or the first row of the filter if the id is empty. Returns its description.

        Raises ``UsageError`` if the row does not exist.
        """
        if not row_id:
            return self.step(0, wanted)
        place = self.rows.find(row_id)
        if place is None:
            raise UsageError(f"no row has the id {row_id}")
        return self._go(place, wanted)

    def step(self, step: int, wanted: Filter | None = None) -> dict[str, Any]:
        """Shows the next row of the filter (``step`` 1), the previous one (-1), or the first one from here on (0).

        ``wanted`` is the filter; None keeps the last one. Raises ``UsageError`` if no row passes the filter.
        """
        wanted = self._shown.wanted if wanted is None else wanted
        places = self._places(wanted)
        is_at_the_end = len(places) == 0 or self._shown.place >= places[-1]
        if step > 0 and is_at_the_end and self.rows.wait_for_more(len(self.rows.table)):
            places = self._places(wanted)  # Rows of a config are generated while one looks.
        if len(places) == 0:
            raise UsageError("no row passes the filters: remove one")
        here = self._shown.place
        if step > 0:
            at = int(np.searchsorted(places, here, side="right"))
        elif step < 0:
            at = int(np.searchsorted(places, here, side="left")) - 1
        else:
            at = int(np.searchsorted(places, max(here, 0), side="left"))
        return self._go(int(places[min(max(at, 0), len(places) - 1)]), wanted)

    def wait_for_another(self, count: int, timeout_s: float) -> Mapping[str, Any]:
        """Waits until the shown row is not the ``count``-th any more, or time is up. Returns the row's description."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown.count != count, timeout_s)
            return self._shown.described

    def image(self, row_id: str, number: int) -> bytes | None:
        """The encoded image with this number, from 1. None if it does not exist."""
        place = self.rows.find(row_id)
        images = [] if place is None else self.rows.row(place)["images"]
        return images[number - 1] if 1 <= number <= len(images) else None

    def facets(self) -> dict[str, Any]:
        """The values and ranges by which one can filter."""
        return facets(self.rows.table)

    def traits(self, row: Mapping[str, Any]) -> TypeTraits:
        """The traits of the row's question type."""
        return type_traits(row["question_type"], self._templates)

    def _places(self, wanted: Filter) -> NDArray[np.int64]:
        table = self.rows.table
        if self._matching[:2] != (wanted, len(table)):
            self._matching = wanted, len(table), matching(table, wanted)
        return self._matching[2]

    def _go(self, place: int, wanted: Filter) -> dict[str, Any]:
        row = self.rows.row(place)
        traits = self.traits(row)
        with self._changed:
            try:
                scene = row_scene(row, traits)
                shown = self._supply.of(row, traits, scene.mirrored_world)
                self.scene_server.show(scene, row["images"], shown)
                note = shown.note
            except ValueError as error:
                note = f"The cameras of this row cannot be drawn: {error}."
            count = self._shown.count + 1
            described = self._described(place, row, wanted, traits) | {"note": note, "shown": count}
            self._shown = _Shown(place, wanted, count, described)
            self._changed.notify_all()
        self.rows.ask_for_more(place)
        return described

    def _described(self, place: int, row: Mapping[str, Any], wanted: Filter, traits: TypeTraits) -> dict[str, Any]:
        places, table = self._places(wanted), self.rows.table
        stem = _stem(row["question"], row["options"])
        own = ("id", "split", "question_type", "template", "category", "source", "asset_id", "license", "creator")
        facts = ("answer", "answer_text", "answer_value", "margin", "answerability", "reasoning", "relative", "group")
        frame = "left and right are the object's own, relative to its front" if traits.needs_front else ""
        return {name: row[name] for name in (*own, *facts)} | {
            "place": place,
            "rank": int(np.searchsorted(places, place)),
            "matching": len(places),
            "rows": len(table),
            "question": stem,
            "options": list(row["options"]),
            "images": [bool(image) for image in row["images"]],
            "mirrored": [bool(camera["mirrored"]) for camera in row["cameras"]],
            "form": form_of(row["template"]) or "",
            "difficulty": float(table.numbers["difficulty"][place]),
            "frame": frame or _OWN_FRAMES.get(traits.reference, ""),
        }


def _stem(question: str, options: list[str]) -> str:
    """The question without its options, which the page lists separately. Options inside a sentence stay."""
    listed = "\n".join(f"{chr(ord('A') + place)}. {text}" for place, text in enumerate(options))
    return question.replace(f"\n{listed}", "") if options and listed in question else question
