"""The contact sheet: the images that it shows, and the text that it marks as right."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import numpy as np
import pytest
from conftest import run_here
from hand_made_dataset import GOOD, write
from PIL import Image

from viewpoint100k.report.contact_sheet import contact_sheet

ROWS = GOOD["train-00000-of-00002"]


def flat(color: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(out, "PNG")
    return out.getvalue()


def test_images_stand_side_by_side_in_the_order_of_the_row() -> None:
    row = copy.deepcopy(ROWS[0])
    for image, color in zip(row["images"], ((200, 30, 30), (30, 30, 200)), strict=True):
        image["bytes"] = flat(color)
    pixels = np.asarray(contact_sheet([row]))
    reds, blues = ((pixels == color).all(axis=2) for color in ((200, 30, 30), (30, 30, 200)))
    assert reds.sum() == blues.sum() > 40 * 40
    assert np.nonzero(reds)[1].max() < np.nonzero(blues)[1].min()
    assert np.nonzero(reds)[0].min() == np.nonzero(blues)[0].min()


def test_the_right_answer_alone_is_marked() -> None:
    # The options' lines in their order: only that of the right one has its colour.
    marked = {}
    for row in ROWS[:3]:
        pixels = np.asarray(contact_sheet([row]))[240:].astype(int)
        marked[row["id"]] = int(((pixels[..., 2] - pixels[..., 0]) > 100).sum())
    assert all(count > 30 for count in marked.values())
    open_row = ROWS[0] | {"options": [], "answer": "42", "question": "How far?"}
    pixels = np.asarray(contact_sheet([open_row]))[240:].astype(int)
    assert ((pixels[..., 2] - pixels[..., 0]) > 100).any()


def test_the_command_writes_it_and_refuses_another_format(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    run = run_here("report", folder, "--sheet", tmp_path / "sheet.png")
    assert run.returncode == 0, run.stderr
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] > 450
    assert not (folder / "report.html").exists()
    refused = run_here("report", folder, "--sheet", tmp_path / "sheet.gif")
    assert refused.returncode == 2
    assert "must end in .png or .jpg" in refused.stderr


def test_photos_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    for rows in shards.values():
        for row in rows:
            for image in row["images"]:
                image["bytes"] = None
    run = run_here("report", write(tmp_path / "set", shards), "--sheet", tmp_path / "sheet.png")
    assert run.returncode == 1
    assert "no rows to show" in run.stderr


@pytest.mark.parametrize("count", [1, 3, 4])
def test_rows_stand_three_in_a_line(count: int) -> None:
    size = contact_sheet((ROWS * 2)[:count]).size
    assert size[0] == 18 + min(count, 3) * (446 + 18)
    assert (size[1] > 500) == (count > 3)
