"""Training works: rows are memorised from their images, rewards rise, and stages run from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

pytest.importorskip("trl", reason="the [train] extra is not installed")
torch = pytest.importorskip("torch", reason="the [train] extra is not installed")

from datasets import Dataset, concatenate_datasets  # noqa: E402

from recipe.adapters import has_adapters, is_merged, merge_adapters  # noqa: E402
from recipe.data import grpo_features, sft_features  # noqa: E402
from recipe.demo.ablation import VARIANTS, Figures, measured, table  # noqa: E402
from recipe.demo.curves import plot_curves, plot_variants, write_history  # noqa: E402
from recipe.demo.language import (  # noqa: E402
    Exercise,
    exercises,
    learn_language,
    mastery,
    side_word,
    vocabulary_texts,
    without_options,
)
from recipe.demo.stages import batches_of_one_form, reinforce, supervise  # noqa: E402
from recipe.demo.watch import Watch, answers  # noqa: E402
from recipe.evaluation.items import Item, item_of  # noqa: E402
from recipe.models.tiny import build_tiny  # noqa: E402
from recipe.prompts import message  # noqa: E402
from recipe.rewards.answers import is_right  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "recipe" / "configs"
REASONING = "<think>I compare the two views.</think><answer>{answer}</answer>"


def twins(folder: Path, count: int) -> list[dict[str, Any]]:
    """Rows in pairs: one as it was built, and one with its images the other way round, which has the other answer.

    Both ask the same, so that only the images can tell which it is.
    """
    rows: list[dict[str, Any]] = []
    for row in pq.read_table(folder / "data" / "train-00000-of-00003.parquet").to_pylist():
        none = next(place for place, text in enumerate(row["options"]) if "n" in text.lower() and is_none(text))
        (other,) = {0, 1, 2} - {none, "ABC".index(row["answer"])}
        turned = {"images": row["images"][::-1], "answer": "ABC"[other], "answer_text": row["options"][other]}
        rows += [row, row | turned | {"id": f"{row['id']}-turned"}]
    return rows[:count]


def is_none(text: str) -> bool:
    return not {"left", "right"} & {word.strip(".,").removesuffix("ward") for word in text.lower().split()}


def examples(rows: list[dict[str, Any]], reasoned: bool = False) -> Any:
    """Rows for SFT in the plain form or in the reasoned form. The prompts do not ask for reasoning."""
    return Dataset.from_list(
        [
            {
                "id": row["id"],
                "images": row["images"],
                "prompt": message("user", row["question"]),
                "completion": message("assistant", REASONING.format(**row) if reasoned else row["answer"]),
            }
            for row in rows
        ],
        features=sft_features(),
    )


def prompts(rows: list[dict[str, Any]]) -> Any:
    columns = [{name: row.get(name) for name in grpo_features()} for row in rows]
    asked = [one | {"prompt": message("user", row["question"])} for one, row in zip(columns, rows, strict=True)]
    return Dataset.from_list(asked, features=grpo_features())


def share_right(model: Any, processor: Any, items: list[Item]) -> float:
    texts = answers(model, processor, items, "plain")
    return sum(is_right(text, item.answer, item.options) for text, item in zip(texts, items, strict=True)) / len(items)


class Blank(Item):
    """A row whose images are grey."""

    def pictures(self) -> list[Image.Image]:
        return [Image.new("RGB", picture.size, (127, 127, 127)) for picture in super().pictures()]


@pytest.mark.slow
def test_rows_are_learnt_by_heart_from_their_images_alone(small_dataset: Path, tmp_path: Path) -> None:
    rows = twins(small_dataset, 32)
    model, processor = build_tiny([row["question"] for row in rows])
    more = ["--max_steps", "300", "--learning_rate", "2e-3", "--per_device_train_batch_size", "16"]
    supervise(model, processor, examples(rows), CONFIGS / "sft_smoke.yaml", tmp_path, more)
    items = [item_of(row) for row in rows]
    assert share_right(model, processor, items) == 1.0
    blank = [Blank(**vars(item)) for item in items]
    # Twins have the same text, so a model without images can be right about only one of them.
    assert share_right(model, processor, blank) <= 0.5


@pytest.mark.slow
def test_rewards_rise_from_a_hybrid_start(small_dataset: Path, tmp_path: Path) -> None:
    rows = twins(small_dataset, 32)
    model, processor = build_tiny([row["question"] for row in rows] + [REASONING])
    more = ["--max_steps", "100", "--learning_rate", "2e-3", "--per_device_train_batch_size", "16"]
    # Every row is in both forms. The model writes either one at random, and rewards can change that.
    both = concatenate_datasets([examples(rows), examples(rows, reasoned=True)])
    supervise(model, processor, both, CONFIGS / "sft_smoke.yaml", tmp_path / "sft", more)
    start = type(model).from_pretrained(tmp_path / "sft")
    # One update per rollout. After a second update, the rollout would come from another policy.
    more = ["--max_steps", "24", "--generation_batch_size", "32", "--per_device_train_batch_size", "32"]
    more += ["--num_generations", "8", "--max_completion_length", "32", "--learning_rate", "3e-4"]
    watch = Watch(processor, [item_of(row) for row in rows], {"plain": 12})
    history = reinforce(start, processor, prompts(rows), CONFIGS / "grpo_smoke.yaml", tmp_path / "grpo", more, [watch])
    rewards = [entry["reward"] for entry in history if "reward" in entry]
    formats = [entry["rewards/format_reward/mean"] for entry in history if "reward" in entry]
    assert len(rewards) == 24
    assert sum(rewards[-6:]) > sum(rewards[:6]) + 0.6
    assert sum(formats[-6:]) > sum(formats[:6])
    assert sum("held_out/plain" in entry for entry in history) == 2
    write_history(history, tmp_path / "grpo.csv")
    plot_curves([], history, tmp_path / "curves.png")
    assert len((tmp_path / "grpo.csv").read_text().splitlines()) >= 25
    assert Image.open(tmp_path / "curves.png").size[0] > 500


def test_rounds_have_every_row_once_and_batches_one_form() -> None:
    is_long = [place % 3 == 0 for place in range(100)]
    order = batches_of_one_form(is_long, 8, rounds := 3)
    for number in range(rounds):
        part = order[100 * number : 100 * (number + 1)]
        assert sorted(part) == list(range(100))
        batches = [part[start : start + 8] for start in range(0, 96, 8)]
        assert sum(len({is_long[place] for place in batch}) > 1 for batch in batches) <= 2
    assert order[:100] != order[100:200]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_both_smoke_stages_run_from_the_command_line(tmp_path: Path) -> None:
    for stage in ("sft", "grpo"):
        command = [sys.executable, "-m", "recipe.train", stage, "--config", "smoke", "--runs", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr[-2000:]
        assert (tmp_path / f"{stage}-smoke" / "model.safetensors").is_file()
    assert "runs/" not in (tmp_path / "sft-smoke" / "config.json").read_text()
    assert f"--model_name_or_path {tmp_path / 'sft-smoke'}" in done.stdout


def test_an_unknown_config_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recipe.train", "sft", "--config", "huge", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "no config 'huge' for sft: give one of demo, lora_1gpu, paper, smoke" in done.stderr
    assert "Traceback" not in done.stderr


def test_stage_two_does_not_begin_without_stage_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recipe.train", "grpo", "--config", "lora_1gpu", "--runs", str(tmp_path)]
    done = subprocess.run([*command, "--data", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert f"{tmp_path}/sft-lora_1gpu holds no model of stage 1: run make sft CONFIG=lora_1gpu first" in done.stderr
    assert "Traceback" not in done.stderr


def test_adapters_are_merged_into_the_model_they_were_trained_on(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    model, processor = build_tiny(["Which way?"])
    for part in (model, processor):
        part.save_pretrained(tmp_path / "base")
    before = AutoModelForImageTextToText.from_pretrained(tmp_path / "base")
    adapted = get_peft_model(before, LoraConfig(target_modules=r".*text_model.*\.q_proj", init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapters")
    processor.save_pretrained(tmp_path / "adapters")
    assert has_adapters(tmp_path / "adapters")
    merge_adapters(tmp_path / "adapters", tmp_path / "merged")
    assert not has_adapters(tmp_path / "merged")
    merged = AutoModelForImageTextToText.from_pretrained(tmp_path / "merged")
    tokens = torch.arange(20)[None]
    wanted = adapted(input_ids=tokens).logits
    torch.testing.assert_close(merged(input_ids=tokens).logits, wanted, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(model(input_ids=tokens).logits, wanted, atol=1e-2)
    # Other adapters in the same folder, or an interrupted merge, must not be used.
    assert is_merged(tmp_path / "adapters", tmp_path / "merged")
    (tmp_path / "merged" / "merged_from.txt").rename(tmp_path / "aside")
    assert not is_merged(tmp_path / "adapters", tmp_path / "merged")
    (tmp_path / "aside").rename(tmp_path / "merged" / "merged_from.txt")
    adapted.base_model.set_adapter("default")
    with torch.no_grad():
        next(weight for name, weight in adapted.named_parameters() if "lora_A" in name).add_(1)
    adapted.save_pretrained(tmp_path / "adapters")
    assert not is_merged(tmp_path / "adapters", tmp_path / "merged")


def test_a_question_without_its_options_keeps_its_words() -> None:
    assert without_options("Which way?\nA. Left\nB. Right\nAnswer with one letter.") == "Which way?"
    assert without_options("By how many degrees?") == "By how many degrees?"


@pytest.mark.parametrize(
    ("option", "side"), [("Leftwards", "Left"), ("It went to the right", "Right"), ("To neither side", "Neither")]
)
def test_an_option_means_a_side_whatever_its_wording(option: str, side: str) -> None:
    assert side_word(option) == side


def test_exercises_tell_the_movement_and_ask_what_the_row_asks(small_dataset: Path) -> None:
    rows = pq.read_table(small_dataset / "data" / "train-00000-of-00003.parquet").drop(["images"]).to_pylist()
    for place, row in enumerate(rows):
        made = exercises([row], np.random.default_rng(place))
        side = "right" if row["relative"]["translation_x"] > 0 else "left"
        named, *told = sorted(made, key=lambda one: one.prompt.splitlines()[0].endswith("."))
        option = row["options"]["ABC".index(named.answer)]
        assert named.prompt.splitlines()[0] in (option, "Neither" if is_none(option) else side_word(option))
        thought = f"<think>{row['answer_text']}</think><answer>{row['answer']}</answer>"
        assert {one.answer for one in told} == {side_word(row["answer_text"]), row["answer"], thought}
        assert all(side in one.prompt.splitlines()[0] for one in told)


@pytest.mark.slow
def test_letters_are_learnt_from_text_and_do_not_follow_without_the_telling() -> None:
    from itertools import permutations

    made, untold = [], []
    for order in permutations(("Left", "Right", "Neither")):
        listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABC", order, strict=True))
        for side in ("Left", "Right"):
            letter = "ABC"[order.index(side)]
            made += [
                Exercise(f"The camera went {side.lower()}.\nWhich way?\n{listed}", letter),
                Exercise(f"{side}\n{listed}", letter),
                Exercise(f"To the {side.lower()}. Think.\n{listed}", f"<think>{side}</think><answer>{letter}</answer>"),
            ]
            untold.append(Exercise(f"The camera went.\nWhich way?\n{listed}", letter))
    model, processor = build_tiny(vocabulary_texts(made) * 20)
    history = learn_language(model, processor, made * 20, 200, seed=0)
    assert history[-1]["loss"] < 0.05 < history[0]["loss"]
    assert mastery(model, processor, made) == 1.0
    assert mastery(model, processor, untold) <= 0.5, "each of these stands there with either answer"


def test_variants_of_stage_two_stand_side_by_side() -> None:
    item = item_of(
        {
            **dict.fromkeys(("id", "question", "question_type", "template", "group", "source", "asset_id"), "x"),
            "images": [{"bytes": b"x"}],
            "options": ["Left", "Right"],
            "answer": "B",
            "answer_text": "Right",
            "answer_value": 1.0,
            "margin": 1.0,
            "cameras": [],
            "object_center": [0, 0, 0],
            "object_radius": 1.0,
            "object_front": None,
        }
    )
    before = measured(["<think>So.</think><answer>B</answer>", "B", "A", "Right"], [item] * 4)
    assert (before.accuracy, before.formatted) == (0.75, 0.25)
    after = measured(["A", "B", "A", "C"], [item] * 4)
    found = {"before": Figures(before, before, [], []), "own": Figures(before, after, [0.5, 0.875], [])}
    first, second = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table(found, ["a", "b", "c", "d"]).splitlines()[2:]
    )
    assert first == ["before", "75.0%", "–", "75.0%", "–", "25.0%", "–"]
    # Two of four rows fell. By hand: standard deviation of 0, 0, -1, -1 over 2, 0.2887, times t(3) = 3.182.
    assert second == [
        "own",
        "75.0%",
        "+0.0 (-49.0 to +49.0)",
        "25.0%",
        "-50.0 (-100.0 to +41.9)",
        "0.0%",
        "0.50 to 0.88",
    ]


def test_variants_are_drawn_over_their_steps(tmp_path: Path) -> None:
    plot_variants({"own": [(0, 0.9), (25, 0.92)], "other": [(0, 0.9), (25, 0.6)]}, tmp_path / "both.png")
    plot_variants({"own": [(0, 0.9), (25, 0.92)]}, tmp_path / "one.png")
    both, one = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"), dtype=int) for name in ("both", "one"))
    orange = (255, 127, 14)  # The second line's.
    assert (np.abs(both - orange).sum(axis=2) < 30).sum() > 200
    assert (np.abs(one - orange).sum(axis=2) < 30).sum() == 0


def test_every_variant_is_a_setting_that_trl_knows(tmp_path: Path) -> None:
    from trl import GRPOConfig

    for variant in VARIANTS:
        assert all(hasattr(GRPOConfig, name) for name in variant.options), variant
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
