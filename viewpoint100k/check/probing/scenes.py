"""The frames of a data set, reduced and in memory, grouped by the scene that they show."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.dataset.difficulty import COLUMNS as DIFFICULTY_COLUMNS
from viewpoint100k.dataset.difficulty import features, traits_of
from viewpoint100k.errors import DataError, UsageError

__all__ = ["PAIR_COLUMNS", "Frames", "held_out_among", "held_out_assets", "read_frames", "reduced", "rows_of_pairs"]

PAIR_COLUMNS = [
    *("images", "source", "asset_id", "group", "object_front"),
    *DIFFICULTY_COLUMNS,
]


@dataclass(frozen=True, eq=False)
class Frames:
    """Each distinct image once, and the pairs that the rows form from them."""

    pixels: NDArray[np.uint8]
    """(n, 3, size, size) sRGB."""
    azimuth: NDArray[np.float32]
    """(n,) degrees: azimuth of the camera about the object, in the scene's own world."""
    facing: NDArray[np.float32]
    """(n,) degrees: the azimuth relative to the object's front; nan if unknown."""
    scene: NDArray[np.int64]
    """(n,): scene number. Rows connect the frames of a scene, so they show one object in one place under one light."""
    asset: NDArray[np.str_]
    """(n,)"""
    pairs: NDArray[np.int64]
    """(m, 2): first and second frame of each distinct pair of the rows."""
    change: NDArray[np.float32]
    """(m,) degrees: the azimuth change that the row states."""
    in_test_split: NDArray[np.bool_]
    """(m,): True if the pair is in the data set's own test split."""
    hardness: NDArray[np.float64]
    """(m, 5): features of each pair's difficulty, see `viewpoint100k.dataset.difficulty.FEATURES`."""


@dataclass
class _Frame:
    pixels: NDArray[np.uint8]
    azimuth: float
    facing: float
    asset: str


def read_frames(folder: Path, settings: ProbeSettings, on_rows: Callable[[int, int], None] | None = None) -> Frames:
    """Reads the rows of ``folder`` once, and reduces each image to the size at which it is looked at.

    Raises ``UsageError`` where the folder is not a data set, ``DataError`` where it cannot be read or shows no pairs.
    """
    frames: dict[tuple[object, ...], tuple[int, _Frame]] = {}
    pairs: dict[str, tuple[int, int, float, bool]] = {}
    told: list[dict[str, Any]] = []
    for in_test, row in rows_of_pairs(folder, settings, on_rows, PAIR_COLUMNS, settings.question_types):
        change = row["relative"]["azimuth_deg"]
        if row["group"] in pairs or change is None or abs(change) < settings.min_azimuth_deg:
            continue
        asset = f"{row['source']}/{row['asset_id']}"
        places = []
        for image, camera in zip(row["images"], row["cameras"], strict=True):
            key = asset, *camera["camera_to_world"], hashlib.blake2b(image["bytes"], digest_size=16).digest()
            if key not in frames:
                frames[key] = len(frames), _frame(row, asset, image["bytes"], camera, settings.image_size)
            places.append(frames[key][0])
        pairs[row["group"]] = places[0], places[1], change, in_test
        told.append({name: row[name] for name in DIFFICULTY_COLUMNS})
    if not pairs:
        kinds = ", ".join(settings.question_types)
        raise DataError(f"{folder} has no pairs of images with an azimuth change in rows of the types {kinds}")
    return _collected([frame for _, frame in frames.values()], list(pairs.values()), told)


def held_out_assets(frames: Frames, part: float) -> NDArray[np.bool_]:
    """(m,): the pairs to test on. No asset has pairs on both sides."""
    return held_out_among(frames.asset[frames.pairs[:, 0]], frames.in_test_split, part)


def held_out_among(assets: NDArray[np.str_], in_test_split: NDArray[np.bool_], part: float) -> NDArray[np.bool_]:
    """(m,): the pairs to test on, of pairs that show ``assets`` (m,). No asset has pairs on both sides.

    The assets of the test split, and then others in the order of their hashes until they have ``part`` of the pairs.
    """
    names, index, counts = np.unique(assets, return_inverse=True, return_counts=True)
    tested = np.isin(names, assets[in_test_split])
    total = int(counts[tested].sum())
    for place in sorted(range(len(names)), key=lambda i: hashlib.sha256(str(names[i]).encode()).digest()):
        if total >= part * len(assets):
            break
        if not tested[place]:
            tested[place] = True
            total += int(counts[place])
    if tested.all():
        raise DataError("all pairs show assets that are to be tested on: build a data set with more assets")
    held_out: NDArray[np.bool_] = tested[index]
    return held_out


def rows_of_pairs(
    folder: Path,
    settings: ProbeSettings,
    on_rows: Callable[[int, int], None] | None,
    columns: Sequence[str],
    kinds: Collection[str] | None,
) -> Iterator[tuple[bool, dict[str, Any]]]:
    """(whether it is of the test split, row) of the rows that show two images, in the order of the shards' names.

    Args:
        kinds: question types that are read; all where it is None.

    Raises ``UsageError`` where the folder is not a data set, ``DataError`` where it cannot be read.
    """
    paths = sorted((folder / "data").glob("*.parquet"))
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    try:
        files = [(path, pq.ParquetFile(path)) for path in paths]
        if missing := {name for _, file in files for name in columns if name not in file.schema_arrow.names}:
            raise DataError(f"{paths[0].parent} lacks the columns {', '.join(sorted(missing))}: it is not a data set")
        total, done = min(sum(file.metadata.num_rows for _, file in files), settings.max_rows), 0
        for path, file in files:
            for batch in file.iter_batches(batch_size=100, columns=list(columns)) if done < total else ():
                for row in batch.slice(0, total - done).to_pylist():
                    if (kinds is None or row["question_type"] in kinds) and _shows_a_pair(row):
                        yield path.name.startswith("test"), row
                done = min(done + len(batch), total)
                if on_rows is not None:
                    on_rows(done, total)
                if done == total:
                    break
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{paths[0].parent} cannot be read ({error}): run viewpoint100k verify on the folder"
        ) from error


def _shows_a_pair(row: dict[str, Any]) -> bool:
    return len(row["images"]) == len(row["cameras"]) == 2


def _frame(row: dict[str, Any], asset: str, image: bytes, camera: dict[str, Any], size: int) -> _Frame:
    x, y = (camera["camera_to_world"][4 * axis + 3] - row["object_center"][axis] for axis in (0, 1))
    azimuth, facing = math.degrees(math.atan2(y, x)), math.nan
    if front := row["object_front"]:
        facing = azimuth - math.degrees(math.atan2(front[1], front[0]))
    return _Frame(reduced(image, asset, size), azimuth, facing, asset)


def reduced(image: bytes, asset: str, size: int) -> NDArray[np.uint8]:
    """(3, size, size): an encoded image, smaller. Raises ``DataError`` where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.draft("RGB", (2 * size, 2 * size))
            small = opened.convert("RGB").resize((size, size), Image.Resampling.BOX)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"an image of {asset} cannot be read ({error}): run viewpoint100k verify on the folder"
        ) from error
    return np.asarray(small, dtype=np.uint8).transpose(2, 0, 1)


def _collected(frames: list[_Frame], pairs: list[tuple[int, int, float, bool]], told: list[dict[str, Any]]) -> Frames:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = np.array([pair[:2] for pair in pairs], dtype=np.int64)
    graph = coo_array((np.ones(len(joined), dtype=bool), joined.T), shape=(len(frames), len(frames)))
    _, scene = connected_components(graph, directed=False)
    return Frames(
        pixels=np.stack([frame.pixels for frame in frames]),
        azimuth=np.array([frame.azimuth for frame in frames], dtype=np.float32),
        facing=np.array([frame.facing for frame in frames], dtype=np.float32),
        scene=scene.astype(np.int64),
        asset=np.array([frame.asset for frame in frames], dtype=np.str_),
        pairs=joined,
        change=np.array([pair[2] for pair in pairs], dtype=np.float32),
        in_test_split=np.array([pair[3] for pair in pairs], dtype=bool),
        hardness=features(traits_of(told)),
    )
