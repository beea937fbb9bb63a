"""Reads the rows to ask from the published columns of a finished data set."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewpoint100k.dataset.choice import whole_groups
from viewpoint100k.errors import DataError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["COLUMNS", "Item", "item_of", "read_items"]

COLUMNS = (
    *("id", "images", "question", "options", "answer", "answer_text", "answer_value", "margin", "question_type"),
    *("template", "group", "source", "asset_id", "cameras", "object_center", "object_radius"),
    "object_front",
)
"""Columns that the evaluation reads."""


@dataclass(frozen=True, eq=False)
class Item:
    """The columns of a row that the evaluation needs."""

    id: str
    images: tuple[bytes, ...]
    """Encoded files, in the order in which the question names them."""
    question: str
    options: tuple[str, ...]
    """Empty for an open question."""
    answer: str
    """The right option's letter, or the value of an open question."""
    answer_text: str
    answer_value: float | None
    margin: float | None
    question_type: str
    template: str
    group: str
    asset: str
    """``source/asset_id``: rows of one asset are not independent."""
    cameras: tuple[Mapping[str, Any], ...]
    object_center: tuple[float, ...]
    object_radius: float
    object_front: tuple[float, ...] | None

    @property
    def answer_form(self) -> str:
        """The form of its answer, such as ``words`` or ``chat``: ``letter``, or ``number`` for an open question, where
        ``template`` names none."""
        named = self.template.partition("@")[2].partition(".")[0]
        return named or ("letter" if self.options else "number")

    def pictures(self) -> list[Image]:
        """The decoded images, RGB. Raises ``DataError`` if one cannot be decoded."""
        from PIL import Image

        try:
            return [Image.open(io.BytesIO(content)).convert("RGB") for content in self.images]
        except OSError as error:
            raise DataError(
                f"row {self.id}: an image cannot be decoded ({error}): run viewpoint100k verify on the folder"
            ) from error


def item_of(row: Mapping[str, Any]) -> Item:
    """Makes an item from the columns of a row, with ``images`` as stored in parquet."""
    images = tuple(image["bytes"] for image in row["images"])
    if not images or not all(images):
        raise DataError(f"row {row['id']} has no image, or an empty one: run viewpoint100k verify on the folder")
    same = ("id", "question", "answer", "answer_text", "answer_value", "margin", "question_type", "template", "group")
    return Item(
        **{name: row[name] for name in same},
        images=images,
        options=tuple(row["options"] or ()),
        asset=f"{row['source']}/{row['asset_id']}",
        cameras=tuple(row["cameras"]),
        object_center=tuple(row["object_center"]),
        object_radius=row["object_radius"],
        object_front=None if row["object_front"] is None else tuple(row["object_front"]),
    )


def read_items(folder: Path, split: str = "test", rows: int | None = None) -> list[Item]:
    """The rows of one split of the data set in ``folder``, in their order.

    With ``rows``, at most this many in whole groups, in the order of a hash of the group, so that every model gets the
    same rows. Raises ``UsageError`` if the split or a column is missing, ``DataError`` for a damaged file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not paths:
        found = sorted({path.name.split("-")[0] for path in (folder / "data").glob("*.parquet")})
        what = f"its splits are {', '.join(found)}" if found else "it is no data set folder"
        raise UsageError(f"{folder} has no data/{split}-*.parquet ({what}): give another folder or --split")
    try:
        keys = pa.concat_tables([pq.read_table(path, columns=["id", "group"]) for path in paths]).to_pylist()
        chosen = whole_groups(keys, rows)
        items = []
        for path in paths:
            missing = [name for name in COLUMNS if name not in pq.read_schema(path).names]
            if missing:
                raise UsageError(f"{path} lacks the columns {', '.join(missing)}: build it with this version")
            for batch in pq.ParquetFile(path).iter_batches(columns=list(COLUMNS), batch_size=64):
                items += [item_of(row) for row in batch.to_pylist() if row["id"] in chosen]
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{folder}: a shard cannot be read ({error}): run viewpoint100k verify on it") from error
    return items
