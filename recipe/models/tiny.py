"""The tiny model of tests and smoke runs: standard classes with random weights, created in a second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from recipe.models.language import finish_generation_config, text_config
from recipe.models.processor import build_processor

__all__ = ["TinyShape", "build_tiny"]


@dataclass(frozen=True)
class TinyShape:
    """Sizes of the tiny model; the default has about 0.4 million parameters."""

    image_size: int = 96
    patch_size: int = 16
    hidden: int = 96
    layers: int = 2
    heads: int = 4
    vocabulary: int = 700

    @property
    def tokens_per_image(self) -> int:
        return (self.image_size // self.patch_size // 2) ** 2


def build_tiny(texts: Iterable[str], shape: TinyShape | None = None, seed: int = 0) -> tuple[Any, Any]:
    """(model, processor): a stock ``Idefics3ForConditionalGeneration`` with random weights, and its processor.

    Args:
        texts: training texts of the tokenizer: prompts and completions as the model will see them.
    """
    import torch
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    shape = shape or TinyShape()
    torch.manual_seed(seed)
    processor = build_processor(texts, shape.image_size, shape.tokens_per_image, shape.vocabulary)
    # With the usual 0.02, such a small network is nearly linear and learns poorly.
    spread = 0.1
    config = Idefics3Config(
        image_token_id=processor.image_token_id,
        scale_factor=2,
        tie_word_embeddings=True,
        vision_config={
            "hidden_size": shape.hidden,
            "intermediate_size": 2 * shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "image_size": shape.image_size,
            "patch_size": shape.patch_size,
            "initializer_range": spread,
        },
        text_config=text_config(processor.tokenizer, shape.hidden, shape.layers, shape.heads, spread),
    )
    model = Idefics3ForConditionalGeneration(config)
    finish_generation_config(model, processor.tokenizer)
    return model, processor
