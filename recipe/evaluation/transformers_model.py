"""Any ``AutoModelForImageTextToText``: a local folder, an adapter's folder, or a name on the Hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recipe.evaluation.models import Prompt
from recipe.prompts import conversation
from viewpoint100k.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["TransformersModel"]


_DTYPES = ("auto", "bfloat16", "float16", "float32")


class TransformersModel:
    """Answers with greedy decoding in batches, whatever the model's generation settings.

    Raises ``UsageError`` if there is no such model, or it has no processor for images.
    """

    def __init__(self, path: str, max_new_tokens: int, device: str | None = None, dtype: str = "auto") -> None:
        try:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor

            # Registers the model of `make demo-train`.
            import recipe.models.pair_model  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(error.name or "transformers", "train") from error
        if dtype not in _DTYPES:
            raise UsageError(f"--dtype {dtype} is not one of {', '.join(_DTYPES)}")
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            torch.empty(0, device=self._device)
        except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without CUDA.
            first = str(error).strip().splitlines()[0]
            raise UsageError(f"--device {self._device} cannot be used ({first}): give cpu, or leave it out") from error
        self._max_new_tokens = max_new_tokens
        try:
            self._processor: Any = AutoProcessor.from_pretrained(path)
            model: Any = AutoModelForImageTextToText.from_pretrained(path, dtype=dtype)
        except (OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise UsageError(
                f"--model {path} cannot be loaded ({first}): give a folder or a name on the Hub"
            ) from error
        if not hasattr(self._processor, "tokenizer"):
            raise UsageError(
                f"--model {path} has a tokenizer and no processor for images: save its processor beside it"
            )
        # Answers are appended on the right, so shorter prompts are padded on the left.
        self._processor.tokenizer.padding_side = "left"
        self._model = model.to(self._device).eval()

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        """One greedy completion for each prompt, without special tokens."""
        import torch

        inputs = self._processor.apply_chat_template(
            [_conversation(prompt.images, prompt.question) for prompt in batch],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self._device, dtype=self._model.dtype)
        with torch.inference_mode():
            tokens = self._model.generate(
                **inputs,
                max_new_tokens=self._max_new_tokens,
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                repetition_penalty=1.0,  # The default of some models penalises tags and letters of the prompt.
            )
        new = tokens[:, inputs["input_ids"].shape[1] :]
        decoded: list[str] = self._processor.batch_decode(new, skip_special_tokens=True)
        return decoded


def _conversation(images: Sequence[Image], question: str) -> list[dict[str, Any]]:
    """The turns, with the images before the text of the first, as in training."""
    blocks: list[dict[str, Any]] = [{"type": "image", "image": image} for image in images]
    turns = [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in conversation(question)]
    turns[0]["content"] = [*blocks, *turns[0]["content"]]
    return turns
