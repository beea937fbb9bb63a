"""The audits: a shortcut that is planted is named, and a clean set passes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import hand_made_dataset as hand
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import run_here
from PIL import Image

pytest.importorskip("sklearn", reason="the extra [audit] is not installed")

from viewpoint100k.check.audit import AuditReport, AuditSettings, audit, markdown_table, read_audit
from viewpoint100k.check.audits.framing import describe_framing
from viewpoint100k.check.audits.image_features import SIZE, object_disc
from viewpoint100k.check.audits.intervals import estimate
from viewpoint100k.check.audits.judging import mean_of_types
from viewpoint100k.check.audits.problems import meanings
from viewpoint100k.check.labels.definitions import packaged_definitions, rendered
from viewpoint100k.dataset.mutual_information import mutual_information_bits
from viewpoint100k.dataset.schema import arrow_schema, record_batch
from viewpoint100k.errors import DataError, MissingExtraError, UsageError
from viewpoint100k.geometry import orbit

Row = dict[str, Any]
Plant = Callable[[Row, np.random.Generator], None]

QUICK = AuditSettings(trees=20, resamples=300)
NO_FRAMING = replace(QUICK, look_at_framing=False)
"""For tests of other audits. The audits of framing take a third of the time, and the clean sets cover them."""
ASSETS, ROWS_PER_ASSET = 60, 8
WORDINGS = {
    "hold": ("Only the camera changed place. How did it shift?", "Leftward", "No shift", "Rightward"),
    "step": ("Seen by the one who holds the camera, the second place lies", "further left", "neither", "further right"),
}


def frame(rng: np.random.Generator, hue: np.ndarray) -> np.ndarray:
    """A blob in the middle of a plain background with some grain; (64, 64, 3) in [0, 1]."""
    y, x = np.mgrid[0:64, 0:64]
    middle = 32 + rng.normal(0, 2, 2)
    blob = (x - middle[0]) ** 2 / rng.uniform(60, 200) + (y - middle[1]) ** 2 / rng.uniform(60, 200) < 1
    pixels = np.where(blob[..., None], 1 - hue, hue) + rng.normal(0, 0.04, (64, 64, 3))
    return pixels * rng.uniform(0.8, 1.0)


def encoded(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def write_options(row: Row, order: list[int]) -> None:
    """Writes question, options and answer, with the options in the given order."""
    stem, *texts = WORDINGS[row["template"].split("/")[1]]
    options = [texts[i] for i in order]
    place = options.index(texts[1 + row["side"]])
    listed = "\n".join(f"{'ABC'[i]}. {option}" for i, option in enumerate(options))
    row |= {"question": f"{stem}\n{listed}", "options": options, "answer": "ABC"[place], "answer_text": options[place]}


def make_row(rng: np.random.Generator, asset: int, number: int, hue: np.ndarray, kind: str, with_none: bool) -> Row:
    side = int(rng.integers(-1, 2)) if with_none else int(rng.choice([-1, 1]))
    start, turn = rng.uniform(0, 360), rng.uniform(20, 100) * (side or rng.choice([-1, 1]))
    poses = [hand.pose_on_orbit(azimuth, rng.uniform(5, 40), 2.0) for azimuth in (start, start + turn)]
    row = hand.make_row("ego_translation", asset, number, *poses, dead_zone=0.05)
    camera = {"intrinsics": [60.0, 0, 32, 0, 60.0, 32, 0, 0, 1], "width": 64, "height": 64, "mirrored": False}
    row |= {
        "id": f"row-{number}",
        "question_type": kind,
        "template": f"{kind}/{rng.choice(list(WORDINGS))}",
        "category": str(rng.choice(["vase", "mug", "chair"])),
        "cameras": [{"camera_to_world": pose.ravel().tolist(), **camera} for pose in poses],
        # "object_translation" describes the same movement from the opposite side.
        "side": -side if kind == "object_translation" else side,
        "moved": side,
        "frames": [frame(rng, hue), frame(rng, hue)],
    }
    write_options(row, rng.permutation(3).tolist())
    return row


def write_dataset(
    folder: Path, seed: int = 0, plant: Plant | None = None, assets: int = ASSETS, with_none: bool = False
) -> Path:
    """A data set of random pairs. ``plant`` changes each row."""
    rng = np.random.default_rng(seed)
    kinds = ["ego_translation"] if with_none else ["ego_translation", "object_translation"]
    rows = []
    for asset in range(assets):
        hue = rng.uniform(0.2, 0.8, 3)
        for _ in range(ROWS_PER_ASSET):
            row = make_row(rng, asset, len(rows), hue, str(rng.choice(kinds)), with_none)
            if plant:
                plant(row, rng)
            row["images"] = [encoded(pixels) for pixels in row.pop("frames")]
            rows.append(row)
    (folder / "data").mkdir(parents=True)
    wanted = arrow_schema().names
    batch = record_batch({name: row[name] for name in wanted} for row in rows)
    path = folder / "data" / "train-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_batches([batch]), path, row_group_size=100)
    return folder


# --- planted shortcuts ------------------------------------------------------------------------------------------------


def letter_bias(row: Row, rng: np.random.Generator) -> None:
    if rng.random() < 0.6:
        right = 1 + row["side"]
        write_options(row, [right, *(int(i) for i in rng.permutation([i for i in range(3) if i != right]))])


def wording_bias(row: Row, rng: np.random.Generator) -> None:
    wording = ("hold" if row["side"] > 0 else "step") if rng.random() < 0.7 else str(rng.choice(list(WORDINGS)))
    row["template"] = f"{row['question_type']}/{wording}"
    write_options(row, rng.permutation(3).tolist())


def long_answer(row: Row, rng: np.random.Generator) -> None:
    if rng.random() < 0.6:
        longer = row["answer_text"] + " of that place"
        row["options"] = [longer if option == row["answer_text"] else option for option in row["options"]]
        row["answer_text"] = longer


def light_tells(row: Row, rng: np.random.Generator) -> None:
    row["frames"][0] = row["frames"][0] * (1.0 if row["moved"] > 0 else 0.75)


def second_background_tells(row: Row, rng: np.random.Generator) -> None:
    corner = slice(0, 10) if row["moved"] > 0 else slice(-10, None)
    row["frames"][1][:6, corner] += 0.3


def category_tells(row: Row, rng: np.random.Generator) -> None:
    if rng.random() < 0.7:
        row["category"] = "vase" if row["moved"] > 0 else "mug"


def place_tells(row: Row, rng: np.random.Generator) -> None:
    row["frames"][0] = np.roll(row["frames"][0], 6 * row["moved"], axis=1)


def right_more_often(row: Row, rng: np.random.Generator) -> None:
    if row["side"] < 0 and rng.random() < 0.5:
        row["side"] = 1
        write_options(row, rng.permutation(3).tolist())


IN_THE_TEXT = [
    # plant, what must be named, what may be named as well
    (letter_bias, {"letter_A", "balance_of_letters"}, {"first_option", "question_text", "last_option"}),
    (wording_bias, {"question_text", "template_and_category"}, set()),
    (long_answer, {"longest_option"}, {"shortest_option", "question_text"}),
    (category_tells, {"template_and_category"}, set()),
    (right_more_often, {"balance_of_answers"}, {"balance_of_letters"}),
]
IN_THE_IMAGES = [
    (light_tells, {"first_image", "first_background"}, {"object_place_in_first"}),
    (second_background_tells, {"second_image", "second_background"}, {"object_place_in_second"}),
    (place_tells, {"first_image", "object_place_in_first"}, {"first_background"}),
]


@pytest.mark.parametrize(("plant", "must", "may"), IN_THE_TEXT)
def test_a_shortcut_planted_in_the_text_is_named(tmp_path: Path, plant: Plant, must: set[str], may: set[str]) -> None:
    report = audit(write_dataset(tmp_path, plant=plant), settings=replace(NO_FRAMING, look_at_images=False))
    failed = {result.audit for result in report.failed}
    assert must <= failed <= must | may, failed
    assert not report.ok


@pytest.mark.parametrize(("plant", "must", "may"), IN_THE_IMAGES)
def test_a_shortcut_planted_in_the_images_is_named(tmp_path: Path, plant: Plant, must: set[str], may: set[str]) -> None:
    failed = {result.audit for result in audit(write_dataset(tmp_path, plant=plant), settings=NO_FRAMING).failed}
    assert must <= failed <= must | may, failed


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_a_clean_set_passes(tmp_path: Path, seed: int) -> None:
    report = audit(write_dataset(tmp_path, seed=seed, assets=40), settings=QUICK)
    assert report.ok, report.failed
    verdicts = {result.audit: result.verdict for result in report.results}
    assert verdicts["first_image"] == verdicts["question_text"] == verdicts["letter_A"] == "pass"
    assert verdicts["shift_between_images"] == "reported"


def test_a_clean_set_passes_in_which_none_is_as_often_right(tmp_path: Path) -> None:
    report = audit(write_dataset(tmp_path, seed=4, assets=40, with_none=True), settings=QUICK)
    assert report.ok, report.failed
    chance = {(r.audit, r.problem): r.chance for r in report.results}
    assert chance["first_image", "ego_translation"] == pytest.approx(1 / 3, abs=0.06)
    assert chance["letter_A", "letter"] == pytest.approx(1 / 3)


def lean_tells(row: Row, rng: np.random.Generator) -> None:
    """The second camera leans to the side of its movement. The pictures do not show it."""
    pose = np.array(row["cameras"][1]["camera_to_world"]).reshape(4, 4)
    angle = np.radians(15 * row["moved"] + rng.normal(0, 3))
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    row["cameras"][1]["camera_to_world"] = (pose @ turn).ravel().tolist()


FRAMING = replace(QUICK, look_at_images=False)


def test_a_framing_that_tells_is_named_from_the_cameras_alone(tmp_path: Path) -> None:
    report = audit(write_dataset(tmp_path, plant=lean_tells), settings=FRAMING)
    failed = {(result.audit, result.problem) for result in report.failed}
    assert ("second_framing", "direction") in failed
    assert not any(name == "first_framing" for name, _ in failed)


def test_no_type_about_a_change_is_let_off_whatever_its_template_says(tmp_path: Path) -> None:
    """A set states its own question types. A type that exempts itself is judged anyway."""
    folder = write_dataset(tmp_path, plant=lean_tells, with_none=True)
    content = dict(packaged_definitions()["ego_translation"].content) | {"told_by": ["second_image", "framing"]}
    (folder / ".build").mkdir(exist_ok=True)
    (folder / ".build" / "build.json").write_text(json.dumps({"question_types": {"ego_translation": content}}))
    report = audit(folder, settings=FRAMING)
    verdicts = {(result.audit, result.problem): result for result in report.results}
    assert verdicts["second_framing", "ego_translation"].verdict == "fail"
    assert verdicts["second_framing", "ego_translation"].threshold == 0.1
    assert verdicts["second_framing", "mean of types"].threshold == 0.05
    assert verdicts["first_framing", "mean of types"].verdict == "pass"


def test_audits_that_are_switched_off_are_named_in_the_report_and_the_card(tmp_path: Path) -> None:
    report = audit(write_dataset(tmp_path), settings=replace(FRAMING, look_at_framing=False))
    assert not any("framing" in result.audit for result in report.results)
    for off in ("the audits first_framing, second_framing and both_framings", "all audits that look at images"):
        assert f"switched off: {off}" in report.notes
        assert f"switched off: {off}" in markdown_table(report)


def test_the_mean_of_types_counts_each_type_alike() -> None:
    assets = np.array([f"asset {i}" for i in range(40)])
    few = (np.ones(200), np.full(200, 0.5), np.repeat(assets, 5))
    many = (np.zeros(2000), np.full(2000, 0.5), np.repeat(assets, 50))
    (mean,) = mean_of_types("first_image", [few, many], AuditSettings())
    assert (mean.estimate.score, mean.estimate.chance) == pytest.approx((0.5, 0.5))
    assert list(mean_of_types("first_image", [], AuditSettings())) == []


def test_framing_is_where_and_how_large_and_how_aslant_the_object_is_seen() -> None:
    pose = orbit(4.0, 0.0, 30.0)  # Looks at the origin, level.
    camera = {"camera_to_world": pose.ravel().tolist(), "intrinsics": [60.0, 0, 32, 0, 60.0, 32, 0, 0, 1]}
    camera |= {"width": 64, "height": 64, "mirrored": False}
    x, y, size, focal, lean, tilt, elevation = describe_framing(camera, (0.0, 0.0, 0.0), 2.0)
    assert (x, y, lean) == pytest.approx((0, 0, 0), abs=1e-9)
    assert (np.exp(size), np.exp(focal)) == pytest.approx((60 / 64 * 2 / 4, 60 / 64))
    assert (tilt, elevation) == pytest.approx((-30, 30))
    # A quarter of the object's radius to the camera's right: to the right in the frame, and mirrored to the left.
    aside = tuple(0.5 * pose[:3, 0])
    shown = describe_framing(camera, aside, 2.0)
    assert shown[0] == pytest.approx(0.5 / 4 * 60 / 64)
    assert describe_framing(camera | {"mirrored": True}, aside, 2.0)[0] == pytest.approx(-shown[0])
    behind = tuple(-2 * pose[:3, 2] + pose[:3, 3])
    with pytest.raises(ValueError, match="behind the camera"):
        describe_framing(camera, behind, 2.0)


def test_too_few_rows_or_assets_give_no_verdict(tmp_path: Path) -> None:
    few = audit(write_dataset(tmp_path / "few", assets=6, plant=light_tells), settings=QUICK)
    assert {result.verdict for result in few.results} == {"not enough rows", "reported"}
    assert few.ok


# --- what the verdicts rest on ----------------------------------------------------------------------------------------


def test_rows_of_one_asset_count_as_one_where_they_agree() -> None:
    rng = np.random.default_rng(0)
    coins = (rng.random(400) < 0.5).astype(float)
    half = np.full(400, 0.5)
    names = np.arange(400).astype(str)
    alone = estimate(coins, half, names, 2000, seed=1)
    assert alone.error == pytest.approx(np.sqrt(0.25 / 400), rel=0.1)
    # Four copies of each coin under one name give no more information than one.
    fourfold = estimate(np.repeat(coins, 4), np.repeat(half, 4), np.repeat(names, 4), 2000, seed=1)
    assert fourfold.error == pytest.approx(alone.error, rel=0.1)
    assert fourfold.assets == 400
    low, high = alone.interval
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(0.25 / 400), rel=0.1)


def test_what_score_and_chance_share_cancels() -> None:
    same = np.array([0.0, 1.0] * 50)
    assert estimate(same, same, np.arange(100).astype(str), 200, seed=0).error == pytest.approx(0)


def test_mutual_information_of_one_bit_and_of_none() -> None:
    bits, most = mutual_information_bits({("left", "right"): 5000, ("right", "left"): 5000})
    assert (bits, most) == (pytest.approx(1, abs=1e-3), pytest.approx(1, abs=1e-3))
    independent = {(a, b): 2500 for a in ("left", "right") for b in ("left", "right")}
    assert mutual_information_bits(independent)[0] == pytest.approx(0, abs=1e-3)
    # By hand: H(1/4, 3/4) is 0.8113 bits, the other answer is its function.
    assert mutual_information_bits({("a", "x"): 25_000, ("b", "y"): 75_000})[0] == pytest.approx(0.8113, abs=1e-3)


def test_the_painted_disc_covers_the_sphere_and_no_more() -> None:
    pose = hand.pose_on_orbit(30, 20, 2.0, pan_deg=10)
    camera = {"camera_to_world": pose.ravel().tolist(), "intrinsics": [60, 0, 32, 0, 60, 32, 0, 0, 1]}
    size = {"width": 64, "height": 64}
    disc = object_disc(camera | size | {"mirrored": False}, hand.CENTER.tolist(), 0.5)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20_000, 3))
    points = hand.CENTER + 0.5 * points / np.linalg.norm(points, axis=1, keepdims=True)
    local = (points - pose[:3, 3]) @ pose[:3, :3]
    pixels = np.floor(local[:, :2] / local[:, 2:] * 60 + 32).astype(int)
    drawn = np.zeros((SIZE, SIZE), dtype=bool)
    inside = ((pixels >= 0) & (pixels < 64)).all(axis=1)
    drawn[pixels[inside, 1], pixels[inside, 0]] = True
    assert drawn.sum() > 500
    assert (disc & ~drawn).sum() == 0  # Every pixel whose centre is in the disc contains points of the sphere.
    assert (drawn & ~disc).sum() < 0.15 * drawn.sum()  # Only pixels on the rim contain points outside the disc.
    # For an image that is stored flipped left to right, the disc is flipped too.
    flipped = object_disc(camera | size | {"mirrored": True}, hand.CENTER.tolist(), 0.5)
    assert (flipped == disc[:, ::-1]).all()
    assert (flipped != disc).any()


@pytest.mark.parametrize(
    ("kind", "wording", "options", "words"),
    [
        ("ego_translation", "hold", ["Rightward", "Leftward", "No sideways shift"], ["right", "left", "none"]),
        ("ego_translation", "no_such", ["To the right", "Leftward", "Neither way"], ["right", "left", "none"]),
        ("ego_rotation", "heading", ["It did not swing", "Left", "Right"], ["none", "left", "right"]),
        ("someone_elses_type", "any", ["Left", "Right"], None),
    ],
)
def test_all_wordings_have_one_meaning(kind: str, wording: str, options: list[str], words: list[str] | None) -> None:
    row = {"question_type": kind, "template": f"{kind}/{wording}", "options": options, "cameras": [{}, {}]}
    assert meanings(row, packaged_definitions().get(kind)) == words


def test_numbers_are_told_apart_by_their_side_and_rank() -> None:
    definition = packaged_definitions()["direction_and_angle"]
    wording = definition.paraphrase("direction_and_angle/scene.0.0.0.0.0.0")
    assert wording is not None
    shown = [
        rendered(wording["options"], {"value": value, "size": abs(value)}) for value in (30, -30, 55, -55, 80, -80)
    ]
    row = {"template": f"direction_and_angle/{wording['name']}", "options": shown, "cameras": [{}, {}]}
    told = meanings(row | {"question_type": "direction_and_angle"}, definition)
    assert told == ["+1 of 3", "-1 of 3", "+2 of 3", "-2 of 3", "+3 of 3", "-3 of 3"]


def test_three_types_of_one_orbit_share_one_bit(tmp_path: Path) -> None:
    report = audit(write_dataset(tmp_path), settings=replace(NO_FRAMING, look_at_images=False))
    (shared,) = report.dependences
    assert (shared.first, shared.second) == ("ego_translation", "object_translation")
    assert shared.bits == pytest.approx(1, abs=0.02)
    assert any("one bit" in note for note in report.notes)
    assert any('"none" is offered and never right' in note for note in report.notes)


# --- the report and the command ---------------------------------------------------------------------------------------


def test_the_report_is_the_same_each_time_and_is_stored(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, assets=26)
    first = audit(folder, settings=QUICK)
    assert read_audit(folder) == first
    stored = (folder / ".build" / "audit.json").read_text()
    assert audit(folder, settings=QUICK).to_json() == first.to_json() == stored
    assert AuditReport.from_json(stored) == first
    assert json.loads(stored)["ok"] is True


def test_a_sample_is_drawn_of_a_large_set_and_stated(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, assets=40)
    report = audit(folder, settings=replace(NO_FRAMING, max_rows=100, max_text_rows=250, max_row_groups=2))
    assert (report.rows, report.sampled_rows) == (320, 100)
    assert any("of 320 rows, images in 100" in note for note in report.notes)
    assert {r.rows for r in report.results if r.audit == "question_text"} < set(range(250, 321))


def test_damaged_images_are_counted_and_the_audit_goes_on(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, assets=26)
    path = next(folder.glob("data/*.parquet"))
    rows = pq.read_table(path).to_pylist()
    rows[3]["images"][1]["bytes"] = b"\xff\xd8 no image"
    rows[4]["images"][0]["bytes"] = None
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema()), path)
    report = audit(folder, settings=NO_FRAMING)
    assert report.sampled_rows == 26 * ROWS_PER_ASSET - 2
    assert any("2 sampled rows could not be read" in note for note in report.notes)


def test_without_scikit_learn_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[audit\]"):
        audit(tmp_path)


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data/\*\.parquet"):
        audit(tmp_path)
    write_dataset(tmp_path, assets=0)
    with pytest.raises(DataError, match="no rows"):
        audit(tmp_path)


@pytest.mark.parametrize("settings", [QUICK, pytest.param(AuditSettings(), marks=pytest.mark.slow)])
def test_the_command_fails_where_an_audit_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: AuditSettings
) -> None:
    monkeypatch.setattr("viewpoint100k.check.audit.audit", partial(audit, settings=settings))
    clean = run_here("audit", write_dataset(tmp_path / "clean", seed=1, assets=26), "--json")
    assert clean.returncode == 0, clean.stderr
    assert json.loads(clean.stdout)["ok"] is True
    leaking = run_here("audit", write_dataset(tmp_path / "leaking", assets=30, plant=letter_bias))
    assert leaking.returncode == 1
    assert "letter_A" in leaking.stdout
    assert leaking.stderr.strip().splitlines()[-1].startswith("viewpoint100k: error: ")
