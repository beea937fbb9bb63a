"""Evaluates a model during training on a few rows of unseen objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from transformers import TrainerCallback

from recipe.evaluation.items import Item
from recipe.prompts import ask_to_reason
from recipe.rewards.answers import is_right

__all__ = ["Watch", "answers"]

_FORMS: dict[str, tuple[Callable[[str], str], int]] = {
    "plain": (str, 8),
    "reason": (ask_to_reason, 32),
}
"""The prompt of each form and the largest length of its answer."""

_BATCH = 64


class Watch(TrainerCallback):  # type: ignore[misc]
    """Asks ``items`` every ``every[form]`` steps and logs the share of right answers as ``held_out/FORM``."""

    def __init__(self, processor: Any, items: Sequence[Item], every: dict[str, int]) -> None:
        self._processor, self._items, self._every = processor, items, every

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        for form, steps in self._every.items():
            if state.global_step % steps == 0:
                share = self._share_right(model, form)
                state.log_history.append({"step": state.global_step, f"held_out/{form}": share})
                print(f"step {state.global_step}: {share:.1%} right on unseen objects, {form} form", flush=True)

    def _share_right(self, model: Any, form: str) -> float:
        texts = answers(model, self._processor, self._items, form)
        right = [
            is_right(text, item.answer, item.options, item.question)
            for text, item in zip(texts, self._items, strict=True)
        ]
        return sum(right) / len(right)


def answers(model: Any, processor: Any, items: Sequence[Item], form: str) -> list[str]:
    """Greedy answers of a model in training; training mode is restored afterwards."""
    import torch

    asked, longest = _FORMS[form]
    texts: list[str] = []
    was_training = model.training
    model.eval()
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        turns = [
            [{"role": "user", "content": [*[{"type": "image"}] * len(item.images), {"type": "text", "text": question}]}]
            for item in batch
            for question in [asked(item.question)]
        ]
        inputs = processor(
            images=[item.pictures() for item in batch],
            text=[processor.apply_chat_template(turn, add_generation_prompt=True) for turn in turns],
            padding=True,
            padding_side="left",
            return_tensors="pt",
        ).to(model.device)
        with torch.inference_mode():
            tokens = model.generate(**inputs, max_new_tokens=longest, do_sample=False)
        texts += processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    model.train(was_training)
    return texts
