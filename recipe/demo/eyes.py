"""Stage 0 of ``make demo-train``, second half: pretrains the image encoder on the direction of the camera motion.

A real vision-language model starts with a pretrained image encoder. Here nothing is downloaded, and an encoder behind a
language model did not learn in four epochs. So the encoder is first trained alone, on the same training rows, to
predict the sign of one published column; its head is then discarded. The language model has never seen the encoder's
tokens and learns to read them in stage 1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recipe.models.pair_encoder import PairEncoder

__all__ = ["lower_voice", "open_eyes"]

_BATCH = 64


def open_eyes(encoder: PairEncoder, processor: Any, rows: Any, rounds: int, seed: int) -> list[float]:
    """Trains ``encoder`` on the pairs of ``rows``; returns its training accuracy in each epoch.

    Args:
        rows: a ``datasets.Dataset`` with ``images`` and ``relative``; the first two images of each row are used.
        rounds: number of epochs; each pair is mirrored at random in each.
    """
    pairs, rightward = _load(processor, rows)
    torch.manual_seed(seed)
    device = next(encoder.parameters()).device
    head = nn.Linear(encoder.shape.out, 1).to(device)
    weights = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, weight_decay=0.05)
    steps = rounds * (len(pairs) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=max(steps, 2), pct_start=0.1)
    shares = []
    for _ in range(rounds):
        right = seen = 0
        for batch in torch.randperm(len(pairs)).split(_BATCH):
            if len(batch) < _BATCH:
                continue
            mirrored = torch.rand(len(batch)) < 0.5
            images = _floats(pairs[batch].to(device))
            images[mirrored] = images[mirrored].flip(-1)
            truth = (rightward[batch] ^ mirrored).to(device)
            guess = _guess(encoder, head, images)
            optimizer.zero_grad()
            functional.binary_cross_entropy_with_logits(guess, truth.float()).backward()
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            right += int(((guess > 0) == truth).sum())
            seen += len(batch)
        shares.append(right / max(seen, 1))
        print(f"eyes: {shares[-1]:.1%} right", flush=True)
    return shares


def lower_voice(model: Any, processor: Any, rows: Any) -> None:
    """Scales the encoder's tokens to the mean norm of word embeddings, measured on the pairs of ``rows``.

    The pretrained tokens have ten times that norm, so residual layers would change them very little.
    """
    encoder, words = model.model.vision_model, model.get_input_embeddings().weight
    with torch.no_grad():
        tokens = _tokens(encoder, _floats(_load(processor, rows)[0].to(words.device)))
        factor = words.norm(dim=-1).mean() / tokens.norm(dim=-1).mean()
        for weight in encoder.project.parameters():
            weight.mul_(factor)


def _guess(encoder: PairEncoder, head: nn.Linear, images: Tensor) -> Tensor:
    """(n, 2, 3, h, w) -> (n,) logits of a movement to the right."""
    logits: Tensor = head(_tokens(encoder, images).mean(dim=1))[:, 0]
    return logits


def _tokens(encoder: PairEncoder, images: Tensor) -> Tensor:
    """(n, 2, 3, h, w) -> (n, tokens, out) tokens of the second image of each pair."""
    flat = images.flatten(0, 1)
    first = torch.arange(0, len(flat), 2, device=flat.device).repeat_interleave(2)
    tokens: Tensor = encoder(flat, first)[1::2]
    return tokens


def _load(processor: Any, rows: Any) -> tuple[Tensor, Tensor]:
    """(n, 2, 3, h, w) uint8 images, scaled by the processor, and (n,) True if the camera moved to its right."""
    scaled = []
    for start in range(0, len(rows), _BATCH):
        images = [list(pair[:2]) for pair in rows[start : start + _BATCH]["images"]]
        values = processor.image_processor(images, return_tensors="pt")["pixel_values"]
        scaled.append(((values + 1) * 127.5).round().to(torch.uint8))
    rightward = torch.tensor([relative["translation_x"] > 0 for relative in rows["relative"]])
    return torch.cat(scaled), rightward


def _floats(images: Tensor) -> Tensor:
    return images.float() / 127.5 - 1
