"""Trains a tokenizer and makes a processor with it, which converts text and images to tensors, without a download."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["END", "build_processor"]

END = "<end_of_utterance>"
"""Token that ends every turn, and so a generated answer."""

_PAD, _BEGIN, _UNKNOWN = "<pad>", "<|begin_of_text|>", "<unk>"
_MARKERS = ("<fake_token_around_image>", "<image>", "<global-img>", END)


def build_processor(texts: Iterable[str], image_size: int, tokens_per_image: int, vocabulary: int = 700) -> Any:
    """An ``Idefics3Processor`` whose byte-level BPE tokenizer was trained on ``texts``.

    ``<think>`` and ``<answer>`` are ordinary text, because decoding an answer removes special tokens.

    Args:
        image_size: width and height to which images are scaled, pixels.
        tokens_per_image: number of tokens of one image.
        vocabulary: largest size of the vocabulary; few texts may give fewer tokens.
    """
    from transformers import PreTrainedTokenizerFast
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
    from transformers.models.idefics3.processing_idefics3 import Idefics3Processor

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_trained(texts, vocabulary),
        pad_token=_PAD,
        bos_token=_BEGIN,
        eos_token=END,
        unk_token=_UNKNOWN,
        padding_side="left",
    )
    images = Idefics3ImageProcessorPil(
        do_image_splitting=False,
        size={"longest_edge": image_size},
        max_image_size={"longest_edge": image_size},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )
    return Idefics3Processor(images, tokenizer, image_seq_len=tokens_per_image, chat_template=_chat_template())


def _trained(texts: Iterable[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[_PAD, _BEGIN, _UNKNOWN, *_MARKERS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _chat_template() -> str:
    """The template of the stock Idefics3 models, from TRL's own files, so that TRL knows it."""
    from importlib.resources import files

    return (files("trl") / "chat_templates" / "idefics3.jinja").read_text(encoding="utf-8")
