"""The accuracy of a model with one image of a pair, compared with both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skilled_models as skilled
from PIL import Image
from skilled_models import DECOUPLED, Knows, Motion

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.asking import ask
from recipe.evaluation.conditions import plan_trials
from recipe.evaluation.figures import ALL, Figures, figures_of
from recipe.evaluation.findings import findings
from recipe.evaluation.items import Item, item_of
from recipe.evaluation.models import Model, Prompt
from recipe.evaluation.tables import comparison_table, condition_table, type_table

GREY = [(64 * 48, (128, 128, 128))]


def items_of(pairs: int) -> list[Item]:
    return [item_of(row) for row in skilled.make_rows(DECOUPLED, pairs)]


def evaluated(model: Model, items: list[Item], folder: Path) -> Figures:
    plan = plan_trials(items, ["first_grey", "second_grey"])
    with AnswersFile(folder, {"model": type(model).__name__}) as store:
        ask(model, plan.trials, store, batch_size=16)
        return figures_of(plan, store.answers)


def last_image_alone() -> Knows:
    """Reads the motion from the places of the lines in the last image. It ignores the first image."""

    def sees(prompt: Prompt) -> Motion | None:
        pixels = np.asarray(prompt.images[-1].convert("L"), dtype=float) > 200
        if not pixels.any():
            return None
        columns = [int(pixels[half].sum(axis=0).argmax()) for half in (slice(0, 24), slice(24, 48))]
        return Motion(*(1 if column == skilled.RIGHT else -1 for column in columns))

    return Knows(sees)


def cells(table: str, line: str) -> dict[str, str]:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    return dict(zip(rows[0], next(row for row in rows if row[0] == line), strict=True))


def test_one_image_is_grey_and_the_other_as_it_was() -> None:
    (item,) = items_of(1)[:1]
    first, second = item.pictures()
    shown = {t.condition: t.prompt().images for t in plan_trials([item], ["first_grey", "second_grey"]).trials}
    assert shown["first_grey"][0].getcolors() == shown["second_grey"][1].getcolors() == GREY
    assert shown["first_grey"][1].tobytes() == second.tobytes()
    assert shown["second_grey"][0].tobytes() == first.tobytes()


def test_five_images_have_no_first_and_second() -> None:
    pictures = [Image.new("RGB", (8, 8))] * 5
    (item,) = items_of(1)[:1]
    five = Item(**{**vars(item), "images": item.images * 2 + item.images[:1]})
    assert len(five.images) == len(pictures)
    plan = plan_trials([five], ["first_grey", "second_grey"])
    assert plan.left_out == {
        ("first_grey", "ego_translation", "not_two_images"): 1,
        ("second_grey", "ego_translation", "not_two_images"): 1,
    }


def test_who_compares_the_images_has_nothing_from_one(tmp_path: Path) -> None:
    figures = evaluated(Knows(), items_of(24), tmp_path)
    assert figures.scores["asked"][ALL].accuracy == 1.0
    assert figures.scores["first_grey"][ALL].accuracy == figures.scores["second_grey"][ALL].accuracy == 0.0
    assert not any("alone" in sentence for sentence in findings(figures))


def test_who_looks_at_the_second_image_only_is_found_out_in_every_table(tmp_path: Path) -> None:
    figures = evaluated(last_image_alone(), items_of(24), tmp_path)
    assert figures.scores["asked"][ALL].accuracy == 1.0
    assert figures.scores["first_grey"][ALL].accuracy == 1.0
    assert figures.scores["second_grey"][ALL].accuracy == 0.0
    by_type = cells(type_table(figures), "ego_rotation")
    assert (by_type["second image alone"], by_type["first image alone"]) == ("100.0%", "0.0%")
    assert cells(condition_table(figures), "first_grey")["right here (95%)"].startswith("100.0 ")
    compared = comparison_table({"model": figures}, {})
    assert cells(compared, "accuracy, ego_rotation, second image alone")["model"].startswith("100.0 ")
    assert cells(compared, "accuracy, ego_rotation, first image alone")["model"].startswith("0.0 ")
    said = [sentence for sentence in findings(figures) if "second image alone" in sentence]
    assert {sentence.split(":")[0] for sentence in said} == set(skilled.KINDS)
    assert not any("first image alone" in sentence for sentence in findings(figures))


def test_what_cannot_be_read_is_a_figure_of_its_own(tmp_path: Path) -> None:
    class SilentOnEveryFourth:
        """Knows all answers, but refuses every fourth question."""

        def __init__(self) -> None:
            self._inner = Knows()
            self._asked = 0

        def answers(self, batch: list[Prompt]) -> list[str]:
            said = []
            for letter in self._inner.answers(batch):
                said.append("I'm sorry, but I can't tell." if self._asked % 4 == 3 else letter)
                self._asked += 1
            return said

    items = items_of(24)
    plan = plan_trials(items, [])
    raws = SilentOnEveryFourth().answers([trial.prompt() for trial in plan.trials])
    figures = figures_of(plan, {(t.item.id, t.condition): raw for t, raw in zip(plan.trials, raws, strict=True)})
    line = cells(type_table(figures), "all")
    assert line["accuracy (95%)"].startswith("75.0 ")
    assert (line["unread"], line["right of those read"]) == ("25.0%", "100.0%")
    assert cells(comparison_table({"m": figures}, {}), "answers that cannot be read")["m"] == "25.0%"
