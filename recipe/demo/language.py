"""Stage 0 of ``make demo-train``, first half: pretrains the language model on text.

A real vision-language model already knows that a letter stands for its option, that someone who walks to the right
around an object turns left, and how reasoning is written. Without this, the right letter is a parity of three things
(movement, question, order of options). Any two of them say nothing about it, so there is no gradient to learn from.
Therefore the language model first answers the questions of the training rows from a sentence that states the camera
motion, in place of the images. Short exercises teach single steps. It sees no image and no row of the test split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipe.models.processor import END
from recipe.prompts import ask_to_reason, concluded
from viewpoint100k.runtime.progress import Progress

__all__ = ["Exercise", "exercises", "learn_language", "mastery", "side_word", "vocabulary_texts", "without_options"]

_TELLINGS = ("The camera went {side}.", "It moved to the {side}.", "Camera: {side}.", "To the {side}: there it went.")
_BATCH = 96
_RATE, _WARM_UP = 1.5e-3, 40
_OPTION = re.compile(r"^[A-Z]\. .*$", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """A text to answer, and its answer."""

    prompt: str
    answer: str


def exercises(rows: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> list[Exercise]:
    """Four exercises for each of ``rows``, shuffled.

    They ask for the letter of an option, named in its own words or by its side; for the side, given a sentence about
    the movement; for the letter, given the same sentence; and for the letter after a thought.
    """
    made = []
    for row in rows:
        side = "right" if row["relative"]["translation_x"] > 0 else "left"
        told = str(rng.choice(_TELLINGS)).format(side=side)
        place = int(rng.integers(len(row["options"])))
        named = row["options"][place] if rng.integers(2) else side_word(row["options"][place])
        listed = "\n".join(_OPTION.findall(row["question"]))
        made += [
            Exercise(f"{named}\n{listed}", chr(ord("A") + place)),
            Exercise(f"{told}\n{without_options(row['question'])}", side_word(row["answer_text"])),
            Exercise(f"{told}\n{row['question']}", row["answer"]),
            Exercise(f"{told}\n{ask_to_reason(row['question'])}", concluded(row["answer_text"], row["answer"])),
        ]
    return [made[place] for place in rng.permutation(len(made))]


def side_word(text: str) -> str:
    """``Left``, ``Right`` or ``Neither``: what the text of an option means, whatever its wording."""
    return next((side for side in ("Left", "Right") if side.lower() in text.lower()), "Neither")


def vocabulary_texts(asked: Sequence[Exercise]) -> list[str]:
    """Texts for the tokenizer, so that a letter with the blank before it, as at the start of answers, is one token."""
    return [f"{one.prompt} {one.answer}" for one in asked]


def without_options(question: str) -> str:
    """The text before the first option."""
    found = _OPTION.search(question)
    return question[: found.start()].rstrip() if found else question


def learn_language(
    model: Any, processor: Any, asked: Sequence[Exercise], steps: int, seed: int
) -> list[dict[str, float]]:
    """Trains ``model`` without images on the exercises ``asked``; returns its loss by step."""
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share_of_rate(step, steps))
    batches = _batches(asked, np.random.default_rng(seed))
    history = []
    model.train()
    with Progress("language", "steps", steps) as progress:
        for step in range(steps):
            loss = model(**_tensors(processor, next(batches), model.device)).loss
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            history.append({"step": step, "loss": round(loss.item(), 5)})
            progress.advance(1)
    return history


def mastery(model: Any, processor: Any, asked: Sequence[Exercise]) -> float:
    """Share of ``asked`` with every answer token the most likely one (teacher forcing). Sets evaluation mode."""
    right = 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(asked), _BATCH):
            inputs = _tensors(processor, asked[start : start + _BATCH], model.device)
            labels = inputs.pop("labels")[:, 1:]
            guesses = model(**inputs).logits[:, :-1].argmax(dim=-1)
            right += int(((guesses == labels) | (labels < 0)).all(dim=1).sum())
    return right / len(asked)


def _share_of_rate(step: int, steps: int) -> float:
    """Learning rate schedule: rises over the first steps and falls over the last two fifths."""
    return min(1.0, (step + 1) / _WARM_UP, (steps - step) / (0.4 * steps))


def _batches(asked: Sequence[Exercise], rng: np.random.Generator) -> Iterator[list[Exercise]]:
    """Endless batches of exercises of similar length, to limit padding; each exercise occurs once in an epoch."""
    while True:
        order = rng.permutation(len(asked))
        thinks = ["<think>" in asked[place].answer for place in order]
        by_kind = order[np.argsort(thinks, kind="stable")]
        batches = [by_kind[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        for number in rng.permutation(len(batches)):
            yield [asked[place] for place in batches[number]]


def _tensors(processor: Any, asked: Sequence[Exercise], device: Any) -> dict[str, Tensor]:
    """(n, length) ``input_ids``, ``attention_mask``, and ``labels`` of the answers only."""
    tokenizer = processor.tokenizer
    prompts = [tokenizer(_turn(processor, one.prompt))["input_ids"] for one in asked]
    answers = [tokenizer(f" {one.answer}{END}\n")["input_ids"] for one in asked]
    whole = [torch.tensor(prompt + answer) for prompt, answer in zip(prompts, answers, strict=True)]
    labels = [torch.tensor([-100] * len(prompt) + answer) for prompt, answer in zip(prompts, answers, strict=True)]
    pad = nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad(whole, batch_first=True, padding_value=tokenizer.pad_token_id).to(device),
        "attention_mask": pad([torch.ones_like(one) for one in whole], batch_first=True).to(device),
        "labels": pad(labels, batch_first=True, padding_value=-100).to(device),
    }


def _turn(processor: Any, text: str) -> str:
    turn = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    return str(processor.apply_chat_template(turn, add_generation_prompt=True))
