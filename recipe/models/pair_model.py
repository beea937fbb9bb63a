"""The small model of ``make demo-train``: an Idefics3 with an image encoder that compares images in pairs.

It has the interface of Idefics3, so TRL can train it and ``generate`` works; only the image encoder is replaced by a
`PairEncoder`. Importing this module registers it with ``AutoModelForImageTextToText`` and ``AutoProcessor``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    AutoProcessor,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.idefics3.modeling_idefics3 import Idefics3Model
from transformers.models.idefics3.processing_idefics3 import Idefics3Processor

from recipe.models.language import finish_generation_config, text_config
from recipe.models.pair_encoder import PairEncoder, PairEncoderShape
from recipe.models.processor import build_processor

__all__ = ["PairModel", "PairModelConfig", "SmallShape", "build_small"]


class PairModelConfig(Idefics3Config):  # type: ignore[misc]
    """An Idefics3 config with the sizes of the `PairEncoder`, which replaces the vision transformer."""

    model_type = "viewpoint_pairs"

    encoder_width: int = 64
    encoder_deep_width: int = 128
    encoder_grid: int = 4
    auto_map: dict[str, str] | None = None
    """Lets TRL find this class, because it looks up classes by name in transformers."""

    @property
    def encoder_shape(self) -> PairEncoderShape:
        return PairEncoderShape(
            width=self.encoder_width,
            deep_width=self.encoder_deep_width,
            grid=self.encoder_grid,
            out=self.text_config.hidden_size,
        )


class PairBackbone(Idefics3Model):  # type: ignore[misc]
    """Idefics3 without its head, and with another vision encoder and connector."""

    def __init__(self, config: PairModelConfig) -> None:
        super().__init__(config)
        self.vision_model = PairEncoder(config.encoder_shape)
        self.connector = nn.Identity()
        self.image_seq_len = config.encoder_grid**2

    def get_image_features(
        self, pixel_values: Tensor, pixel_attention_mask: Tensor | None = None, **_: Any
    ) -> BaseModelOutputWithPooling:
        """(rows, images, 3, h, w) -> tokens of every real image, compared with the image before it.

        Rows with fewer images are padded with zero images, which are skipped, as in Idefics3.
        """
        pixel_values = pixel_values.to(dtype=self.dtype)
        there = (pixel_values != 0).flatten(2).any(dim=2)
        # The first image of a row is compared with itself.
        first = torch.arange(there.shape[1], device=there.device).eq(0).expand_as(there)[there]
        places = torch.arange(len(first), device=there.device)
        tokens = self.vision_model(pixel_values[there], places - (~first).long())
        per_row = tokens.split(there.sum(dim=1).tolist())
        return BaseModelOutputWithPooling(
            last_hidden_state=tokens, pooler_output=[one.reshape(-1, one.shape[-1]) for one in per_row]
        )


class PairModel(Idefics3ForConditionalGeneration):  # type: ignore[misc]
    """`PairBackbone` with a head for the next token."""

    config_class = PairModelConfig

    def __init__(self, config: PairModelConfig) -> None:
        super().__init__(config)
        self.model = PairBackbone(config)
        self.post_init()


AutoConfig.register(PairModelConfig.model_type, PairModelConfig)
AutoModelForImageTextToText.register(PairModelConfig, PairModel)
AutoProcessor.register(PairModelConfig, Idefics3Processor)


@dataclass(frozen=True)
class SmallShape:
    """Sizes of the small model; the default has about 2 million parameters."""

    image_size: int = 64
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    encoder_width: int = 64
    encoder_deep_width: int = 128
    encoder_grid: int = 3
    vocabulary: int = 1000


def build_small(texts: Iterable[str], shape: SmallShape | None = None, seed: int = 0) -> tuple[Any, Any]:
    """(model, processor): a `PairModel` with random weights, and its processor.

    Args:
        texts: training texts of the tokenizer: prompts and completions as the model will see them.
    """
    shape = shape or SmallShape()
    torch.manual_seed(seed)
    processor = build_processor(texts, shape.image_size, shape.encoder_grid**2, shape.vocabulary)
    unused = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 0, "num_attention_heads": 1}
    config = PairModelConfig(
        image_token_id=processor.image_token_id,
        tie_word_embeddings=True,
        vision_config=unused | {"image_size": shape.image_size, "patch_size": 8},
        text_config=text_config(processor.tokenizer, shape.hidden, shape.layers, shape.heads, spread=0.05),
        encoder_width=shape.encoder_width,
        encoder_deep_width=shape.encoder_deep_width,
        encoder_grid=shape.encoder_grid,
        auto_map={"AutoModelForImageTextToText": f"pair_model.{PairModel.__name__}"},
    )
    model = PairModel(config)
    finish_generation_config(model, processor.tokenizer)
    return model, processor
