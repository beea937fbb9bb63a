"""VLMEvalKit: it reads the TSV of the export ``vlmevalkit`` as a multiple-choice set, asks, and scores the answers."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from shutil import copyfile
from typing import Any

from comparing import given
from PIL import Image, ImageStat

_, truth = given()
exported = Path(sys.argv[3])
NAME = "viewpoint-100k_test"


def check_prompt(parts: list[dict[str, str]], row: dict[str, Any]) -> None:
    """Asserts that VLMEvalKit shows the row's images, its question and its options, in order."""
    images = [Image.open(part["value"]).convert("RGB") for part in parts if part["type"] == "image"]
    for image, seen in zip(images, row["images"], strict=True):
        assert list(image.size) == seen["size"]
        assert abs(sum(ImageStat.Stat(image).mean) / 3 - seen["mean"]) < 1  # It writes them anew as JPEG.
    text = "\n".join(part["value"] for part in parts if part["type"] == "text")
    stem, *_ = row["question"].partition("\nA. ")
    places = [text.index(stem), *(text.index(f"{chr(65 + n)}. {option}") for n, option in enumerate(row["options"]))]
    assert places == sorted(places)


with tempfile.TemporaryDirectory() as scratch:
    os.environ["LMUData"] = scratch  # noqa: SIM112  # VLMEvalKit's own name.
    copyfile(exported / f"{NAME}.tsv", Path(scratch, f"{NAME}.tsv"))
    from vlmeval.dataset import build_dataset

    dataset = build_dataset(NAME)
    rows = truth["test"]
    assert type(dataset).__name__ == "CustomMCQDataset"
    assert len(dataset) == len(rows)
    for place, row in enumerate(rows):
        check_prompt(dataset.build_prompt(place), row)
    # Answers of three kinds: the letter, the letter in a sentence, and another letter.
    answers = dataset.data.copy()
    says = ["{}", "The answer is {}."]
    right = [place % 3 != 2 for place in range(len(rows))]
    answers["prediction"] = [
        says[place % 2].format(row["answer"] if right[place] else "ABC"["ABC".index(row["answer"]) - 1])
        for place, row in enumerate(rows)
    ]
    file = f"{scratch}/model_{NAME}.xlsx"
    answers.drop(columns=["image"]).to_excel(file, index=False)
    report = dataset.evaluate(file, model="exact_matching", nproc=1)
    (overall,) = report["Overall"]
    assert abs(overall - sum(right) / len(rows)) < 1e-6, overall
    for kind in {row["question_type"] for row in rows}:
        asked = [ok for ok, row in zip(right, rows, strict=True) if row["question_type"] == kind]
        assert abs(report[kind][0] - sum(asked) / len(asked)) < 1e-6
    assert {"id", "group"} <= set(dataset.data.columns)
print(
    f"VLMEvalKit: {len(rows)} of {len(rows)} prompts with images and options in order; {overall:.0%} of the answers "
    "right, by type too, as they were made"
)
