"""A tokenizer trained on the spot, and the processor around it: text and images to tensors, without a download."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["END", "build_processor"]

END = "<end_of_utterance>"
"""Closes every turn, and so ends a generated answer."""

_PAD, _BEGIN, _UNKNOWN = "<pad>", "<|begin_of_text|>", "<unk>"
_MARKERS = ("<fake_token_around_image>", "<image>", "<global-img>", END)


def build_processor(texts: Iterable[str], image_size: int, tokens_per_image: int, vocabulary: int = 700) -> Any:
    """An ``Idefics3Processor`` whose byte-level BPE tokenizer was trained on ``texts``.

    ``<think>`` and ``<answer>`` stay ordinary text: special tokens would vanish when an answer is decoded.

    Args:
        image_size: pixels along each side, to which images are scaled.
        tokens_per_image: places that one image takes in the sequence.
        vocabulary: size at which the tokenizer stops merging; few texts may give fewer tokens.
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
