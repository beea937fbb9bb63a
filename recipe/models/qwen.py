"""Qwen2.5-VL and Qwen3-VL with random weights, in any size, with the processors of the published models.

    python -m recipe.models.qwen FOLDER [--family qwen3-vl] [--size small]

The folder has what a model's folder on the Hub has. Nothing is downloaded: the vocabulary comes from the PyPI package
dashscope, the chat template from TRL. Needs the extra ``train``; who loads the processor also needs torchvision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recipe.models.qwen_tokenizer import END, IMAGE, PAD, VIDEO, VISION_START, build_tokenizer, find_vocabulary
from recipe.models.qwen_tokenizer import read_ranks as read_vocabulary
from viewpoint100k.errors import MissingExtraError
from viewpoint100k.runtime.exit import run_app

__all__ = ["SMALL", "TINY", "Family", "QwenShape", "main", "write_qwen"]

Family = Literal["qwen2.5-vl", "qwen3-vl"]


@dataclass(frozen=True)
class QwenShape:
    """Sizes of a model. The vocabulary always has the published size, 151,936."""

    hidden: int
    layers: int
    heads: int
    """Attention heads of the language model; half as many have keys and values of their own."""
    vision_hidden: int
    vision_layers: int
    vision_heads: int


TINY = QwenShape(hidden=64, layers=2, heads=4, vision_hidden=32, vision_layers=2, vision_heads=2)
"""For tests: 10 million parameters, nearly all in the embeddings."""

SMALL = QwenShape(hidden=1024, layers=16, heads=16, vision_hidden=512, vision_layers=8, vision_heads=8)
"""For a GPU: 0.4 billion parameters."""

_VOCABULARY_SIZE = 151_936

_CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
_HALVES = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
_IMAGES: Mapping[Family, dict[str, Any]] = {
    "qwen2.5-vl": {"min_pixels": 56 * 56, "max_pixels": 28 * 28 * 16_384, "patch_size": 14, **_CLIP},
    "qwen3-vl": {"size": {"shortest_edge": 2**16, "longest_edge": 2**24}, "patch_size": 16, **_HALVES},
}
"""Of preprocessor_config.json of the published models."""

_CLASSES: Mapping[Family, tuple[str, str]] = {
    "qwen2.5-vl": ("Qwen2_5_VLProcessor", "Qwen2VLVideoProcessor"),
    "qwen3-vl": ("Qwen3VLProcessor", "Qwen3VLVideoProcessor"),
}
"""Names of the processor's class and of its part for videos."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def write_qwen(folder: Path, family: Family = "qwen2.5-vl", shape: QwenShape = TINY, seed: int = 0) -> int:
    """Writes the model and its processor to ``folder``, in bfloat16; returns the number of parameters.

    Raises ``UsageError`` without Qwen's vocabulary, ``MissingExtraError`` without the extra ``train``.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(error.name or "transformers", "train") from error
    tokenizer = build_tokenizer(read_vocabulary(find_vocabulary()), thinks=family == "qwen3-vl")
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_processor(folder, family)
    torch.manual_seed(seed)
    of = tokenizer.token_to_id
    ids = {"image_token_id": of(IMAGE), "video_token_id": of(VIDEO), "vision_start_token_id": of(VISION_START)}
    if family == "qwen3-vl":
        config = transformers.Qwen3VLConfig(**_qwen3(shape), **ids, tie_word_embeddings=True)
        model = transformers.Qwen3VLForConditionalGeneration(config)
    else:
        config = transformers.Qwen2_5_VLConfig(**_qwen2_5(shape), **ids, tie_word_embeddings=True)
        model = transformers.Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = [of(END), of(PAD)]
    model.generation_config.pad_token_id = of(PAD)
    model.to(torch.bfloat16).save_pretrained(folder)
    return int(model.num_parameters())


def _write_processor(folder: Path, family: Family) -> None:
    template = files("trl") / "chat_templates" / f"{family.replace('-', '_').replace('.', '_')}.jinja"
    (folder / "chat_template.jinja").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    processor, videos = _CLASSES[family]
    shared = {**_IMAGES[family], "temporal_patch_size": 2, "merge_size": 2, "processor_class": processor}
    images = {**shared, "image_processor_type": "Qwen2VLImageProcessor"}
    _write_json(folder / "preprocessor_config.json", images)
    _write_json(folder / "video_preprocessor_config.json", {**shared, "video_processor_type": videos})
    tokens = {"eos_token": END, "pad_token": PAD, "model_max_length": 131_072}
    classes = {"tokenizer_class": "Qwen2Tokenizer", "processor_class": processor}
    _write_json(folder / "tokenizer_config.json", {**classes, **tokens, "clean_up_tokenization_spaces": False})


def _qwen2_5(shape: QwenShape) -> dict[str, Any]:
    half = shape.hidden // shape.heads // 2
    side = 3 * half // 8
    text = _text(shape, [half - 2 * side, side, side], 1e6, {})
    return {"text_config": text, "vision_config": _vision(shape) | {"fullatt_block_indexes": [shape.vision_layers - 1]}}


def _qwen3(shape: QwenShape) -> dict[str, Any]:
    half = shape.hidden // shape.heads // 2
    side = 5 * half // 16
    text = _text(shape, [half - 2 * side, side, side], 5e6, {"mrope_interleaved": True})
    text["head_dim"] = shape.hidden // shape.heads
    return {"text_config": text, "vision_config": _vision(shape) | {"deepstack_visual_indexes": [0]}}


def _text(shape: QwenShape, sections: list[int], theta: float, more: dict[str, Any]) -> dict[str, Any]:
    """``sections``: how many frequencies of the rotary embedding belong to time, height and width."""
    return {
        "vocab_size": _VOCABULARY_SIZE,
        "hidden_size": shape.hidden,
        "intermediate_size": 3 * shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads // 2,
        "max_position_embeddings": 32_768,
        "rope_parameters": {"rope_type": "default", "rope_theta": theta, "mrope_section": sections, **more},
        "tie_word_embeddings": True,
    }


def _vision(shape: QwenShape) -> dict[str, Any]:
    return {
        "depth": shape.vision_layers,
        "hidden_size": shape.vision_hidden,
        "intermediate_size": 3 * shape.vision_hidden,
        "num_heads": shape.vision_heads,
        "out_hidden_size": shape.hidden,
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@app.command()
def write(
    folder: Annotated[Path, typer.Argument(help="Where the model is written.")],
    family: Annotated[Family, typer.Option(help="The published model whose class and processor it has.")] = (
        "qwen2.5-vl"
    ),
    size: Annotated[Literal["tiny", "small"], typer.Option(help="10 million parameters, or 0.4 billion.")] = "tiny",
    seed: Annotated[int, typer.Option(help="Of the weights.")] = 0,
) -> None:
    """A model with random weights.

    Example: python -m recipe.models.qwen tiny-qwen --family qwen3-vl
    """
    parameters = write_qwen(folder, family, {"tiny": TINY, "small": SMALL}[size], seed)
    print(f"{folder}: {family}, {parameters:,} random parameters")


def main() -> None:
    """Entry point. Prints errors as one sentence."""
    run_app("recipe.models.qwen", app)


if __name__ == "__main__":
    main()
