"""Trains one network on the answers to all question types at once. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from viewpoint100k.check.probing.flow_network import FlowNetwork
from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.training import Blank, settle
from viewpoint100k.check.probing.types import UNKNOWN, TypedPairs

__all__ = ["answers_by_type", "train_on_types"]

_PAIRS_PER_STEP = 64
_GREY = 0.5
_MOTION_WEIGHT = 4.0
"""Weight of the motion in numbers beside one type's answers: numbers teach more than answers."""
_RAREST = 0.1
"""An answer with less than this share of the weight of all is not given more."""


def train_on_types(
    pairs: TypedPairs,
    learned: NDArray[np.int64],
    settings: ProbeSettings,
    blank: Blank = (False, False),
    on_epoch: Callable[[int, float], None] | None = None,
) -> FlowNetwork:
    """A network trained on the answers to all types, with the pairs at ``learned`` (n,).

    Each pair is used unchanged, with the images swapped, or mirrored, with the matching answers. Light and colours of
    both images change together. Position and size stay unchanged, because they are evidence. The answers of a type
    weigh as much as one another, because rows ask about each alike often, while other pairs have "none" most of the
    time. The network also learns the motion in numbers.
    """
    settle(settings)
    rng = np.random.default_rng(settings.seed)
    columns = _columns(pairs)
    weights = [_weights(pairs, kind, learned).to(settings.device) for kind in pairs.labels]
    motions = _standardized(pairs.motions, learned)
    network = FlowNetwork(settings.image_size, columns[-1][1] + motions.shape[-1])
    network.to(settings.device)
    steps = settings.epochs * -(-len(learned) // _PAIRS_PER_STEP)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps, pct_start=0.15)
    for epoch in range(settings.epochs):
        network.train()
        losses = []
        for places in np.array_split(rng.permutation(learned), -(-len(learned) // _PAIRS_PER_STEP)):
            swapped, mirrored = rng.integers(0, 2, (2, len(places)))
            images = _altered(_chosen(pairs.pixels[places], swapped, mirrored), rng).to(settings.device)
            said = _said(network, images, blank)
            loss = _MOTION_WEIGHT * nn.functional.smooth_l1_loss(
                said[:, columns[-1][1] :], torch.from_numpy(motions[places, swapped, mirrored]).to(settings.device)
            )
            for (low, high), labels, weight in zip(columns, pairs.labels.values(), weights, strict=True):
                answers = torch.from_numpy(labels[places, swapped, mirrored]).to(settings.device)
                if (answers != UNKNOWN).any():
                    loss = loss + nn.functional.cross_entropy(
                        said[:, low:high], answers, weight, ignore_index=UNKNOWN, label_smoothing=0.05
                    )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        if on_epoch is not None:
            on_epoch(epoch + 1, float(np.mean(losses)) / len(columns))
    network.eval()
    return network


def answers_by_type(
    network: FlowNetwork, pairs: TypedPairs, places: NDArray[np.int64], blank: Blank = (False, False)
) -> Mapping[str, NDArray[np.int64]]:
    """(n,) by type: the network's answers for the pairs at ``places``."""
    said = []
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(places), 256):
            some = pairs.pixels[places[start : start + 256]]
            said.append(_said(network, torch.from_numpy(some).to(device).float() / 255, blank).cpu().numpy())
    logits = np.concatenate(said)
    return {
        kind: logits[:, low:high].argmax(axis=1)
        for kind, (low, high) in zip(pairs.labels, _columns(pairs), strict=True)
    }


def _columns(pairs: TypedPairs) -> list[tuple[int, int]]:
    """The range of the network's outputs for each type: (begin, end). Those of the motion follow."""
    ends = np.cumsum([len(pairs.names[kind]) for kind in pairs.labels]).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _weights(pairs: TypedPairs, kind: str, learned: NDArray[np.int64]) -> Tensor:
    """(k,) of a type's answers: so that all weigh as much in the training pairs, with a mean of 1 over these."""
    labels = pairs.labels[kind][learned]
    counts = np.bincount(labels[labels != UNKNOWN], minlength=len(pairs.names[kind]))
    shares = counts / max(counts.sum(), 1)
    weights = np.where(counts > 0, 1 / np.maximum(shares, _RAREST / len(shares)), 0.0)
    return torch.from_numpy(weights / max((weights * shares).sum(), 1e-9)).float()


def _standardized(motions: NDArray[np.float32], learned: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each number in standard deviations of the training pairs."""
    some = motions[learned].reshape(-1, motions.shape[-1])
    standardized: NDArray[np.float32] = (motions - some.mean(axis=0)) / np.maximum(some.std(axis=0), 1e-6)
    return standardized


def _said(network: FlowNetwork, images: Tensor, blank: Blank) -> Tensor:
    first, second = (
        network.encode(torch.full_like(images[:, place], _GREY) if hidden else images[:, place])
        for place, hidden in enumerate(blank)
    )
    return network.changes(first, second)


def _chosen(pixels: NDArray[np.uint8], swapped: NDArray[np.int64], mirrored: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(n, 2, 3, s, s) with some pairs swapped, and some mirrored."""
    turned = np.where(swapped[:, None, None, None, None] == 1, pixels[:, ::-1], pixels)
    return np.where(mirrored[:, None, None, None, None] == 1, turned[..., ::-1], turned)


def _altered(pixels: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """In [0, 1]; each pair gets its own light and order of colours."""
    count = len(pixels)
    values = pixels.astype(np.float32) / 255
    gain = rng.uniform(0.7, 1.3, (count, 1, 1, 1, 1)) * rng.uniform(0.85, 1.15, (count, 1, 3, 1, 1))
    lift = rng.uniform(-0.1, 0.1, (count, 1, 1, 1, 1))
    orders = np.stack([rng.permutation(3) for _ in range(count)])
    values = np.take_along_axis(values, orders[:, None, :, None, None], axis=2)
    changed = np.clip((values - 0.5) * gain + 0.5 + lift, 0, 1).astype(np.float32)
    return torch.from_numpy(changed)
