"""Trains the network on scenes, with augmentations that keep the answer or change it in a known way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from viewpoint100k.check.probing.network import PairNetwork, direction_score, soft_bins
from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.scenes import Frames
from viewpoint100k.errors import DataError, UsageError

__all__ = ["Blank", "settle", "sides", "train"]

Blank = tuple[bool, bool]
"""Whether plain grey replaces the first image, and whether it replaces the second."""

_MOST_FRAMES = 9
"""Frames of one scene that are used at a time."""

_POSE_WEIGHT = 0.3
"""Weight of the single frames' azimuths in the loss. They teach the encoder which features turn with an object."""

_GREY = 0.5

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Scene:
    """Frames that are used together."""

    places: Places
    """(n,)"""
    pairs: Places
    """(m, 2): indices into ``places``, both orders of every two frames as far apart as those of a row."""


def settle(settings: ProbeSettings) -> None:
    """Sets one seed and one number of threads for the process, so that the same machine gives the same network.

    Raises ``UsageError`` if torch sees no such device.
    """
    if settings.device != "cpu":
        if not torch.cuda.is_available():
            raise UsageError(f"torch sees no GPU for the device {settings.device}: use cpu")
        # cuBLAS has deterministic results only with this workspace, and reads the variable when it starts.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)


def train(
    frames: Frames,
    places: Places,
    settings: ProbeSettings,
    blank: Blank = (False, False),
    on_epoch: Callable[[int, float], None] | None = None,
) -> tuple[PairNetwork, tuple[float, ...]]:
    """A network trained on the frames at ``places`` (n,), and the mean loss of each epoch.

    Every two frames of a scene are a pair: a scene of nine that eight rows show has 36 of them.
    """
    settle(settings)
    rng = np.random.default_rng(settings.seed)
    network = PairNetwork(settings.image_size).to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
    scenes = _scenes(frames, places, settings)
    steps = settings.epochs * -(-len(scenes) // settings.scenes_per_step)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps, pct_start=0.15)
    losses = []
    for epoch in range(settings.epochs):
        network.train()
        seen = []
        for batch in _batches(scenes, settings.scenes_per_step, rng):
            loss = _loss(network, frames, batch, settings, blank, rng)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            seen.append(loss.item())
        losses.append(float(np.mean(seen)))
        if on_epoch is not None:
            on_epoch(epoch + 1, losses[-1])
    return network.eval(), tuple(losses)


def sides(
    network: PairNetwork, frames: Frames, pairs: Places, blank: Blank = (False, False), mirrored: bool = False
) -> NDArray[np.float64]:
    """(m,): positive if the network predicts a positive azimuth change from the first frame to the second."""
    scores = []
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(pairs), 256):
            some = pairs[start : start + 256]
            used, where = np.unique(some, return_inverse=True)
            pixels = torch.from_numpy(frames.pixels[used]).to(device).float() / 255
            seen = network.encode(pixels.flip(3) if mirrored else pixels)
            plain = network.encode(torch.full_like(pixels[:1], _GREY))
            where = where.reshape(some.shape)
            first, second = (
                plain.expand(len(some), -1, -1, -1) if blank[side] else seen[where[:, side]] for side in (0, 1)
            )
            scores.append(direction_score(network.changes(first, second)).double().cpu().numpy())
    return np.concatenate(scores)


def _scenes(frames: Frames, places: Places, settings: ProbeSettings) -> list[_Scene]:
    """The frames of each scene, those of large ones (captures) in runs, and the pairs that the rows might make."""
    order = places[np.argsort(frames.scene[places], kind="stable")]
    bounds = np.flatnonzero(np.diff(frames.scene[order])) + 1
    most = float(np.abs(frames.change).max()) + 1.0
    scenes = []
    for whole in np.split(order, bounds):
        for start in range(0, len(whole), _MOST_FRAMES):
            run = whole[start : start + _MOST_FRAMES]
            azimuth = frames.azimuth[run]
            apart = np.abs((azimuth[None] - azimuth[:, None] + 180) % 360 - 180)
            pairs = np.argwhere((apart >= settings.min_azimuth_deg) & (apart <= most))
            if len(pairs):
                scenes.append(_Scene(run, pairs))
    if not scenes:
        raise DataError("no two frames of the training assets make a pair: build a data set with more rows")
    return scenes


def _batches(scenes: list[_Scene], size: int, rng: np.random.Generator) -> Iterator[list[_Scene]]:
    order = rng.permutation(len(scenes))
    for start in range(0, len(order), size):
        yield [scenes[i] for i in order[start : start + size]]


def _loss(
    network: PairNetwork,
    frames: Frames,
    batch: list[_Scene],
    settings: ProbeSettings,
    blank: Blank,
    rng: np.random.Generator,
) -> Tensor:
    places = np.concatenate([scene.places for scene in batch])
    scene = np.repeat(np.arange(len(batch)), [len(scene.places) for scene in batch])
    mirror = rng.random(len(batch)) < 0.5
    turn = np.where(mirror, -1, 1).astype(np.float32)
    pixels = _altered(frames.pixels[places], scene, mirror, rng).to(settings.device)
    features = network.encode(pixels)
    first, second = _pairs(batch, settings, rng)
    change = (frames.azimuth[places[second]] - frames.azimuth[places[first]] + 180) % 360 - 180
    plain = network.encode(torch.full_like(pixels[:2], _GREY))[:1] if any(blank) else features[:1]
    one, two = (
        plain.expand(len(which), -1, -1, -1) if hidden else features[torch.from_numpy(which)]
        for which, hidden in ((first, blank[0]), (second, blank[1]))
    )
    target = soft_bins(torch.from_numpy(change * turn[scene[first]])).to(settings.device)
    loss = nn.functional.cross_entropy(network.changes(one, two), target)
    facing = frames.facing[places] * turn[scene]
    known = np.isfinite(facing)
    if known.any() and not any(blank):
        logits = network.poses(features[torch.from_numpy(np.flatnonzero(known))])
        poses = soft_bins(torch.from_numpy(facing[known])).to(settings.device)
        loss = loss + _POSE_WEIGHT * nn.functional.cross_entropy(logits, poses)
    return loss


def _pairs(batch: list[_Scene], settings: ProbeSettings, rng: np.random.Generator) -> tuple[Places, Places]:
    """Some pairs of each scene, first and second, as indices into the batch's frames."""
    chosen, start = [], 0
    for scene in batch:
        chosen.append(start + rng.permutation(scene.pairs)[: settings.pairs_per_scene])
        start += len(scene.places)
    first, second = np.concatenate(chosen).T
    return first, second


def _altered(pixels: NDArray[np.uint8], scene: Places, mirror: Any, rng: np.random.Generator) -> Tensor:
    """Frames (n, 3, size, size) in [0, 1]: each moved and scaled a little by itself; the light and the colours of a
    scene changed, and the scene mirrored, for all of its frames alike."""
    count, _, height, width = pixels.shape
    zoom, shift = rng.uniform(0.92, 1.08, (count, 1)), rng.uniform(-0.06, 0.06, (2, count, 1))
    across, down = (
        np.clip(((np.arange(n) / n - 0.5) * zoom + 0.5 + s) * n + 0.5, 0, n - 1).astype(np.int64)
        for n, s in ((width, shift[0]), (height, shift[1]))
    )
    across = np.where(mirror[scene, None], across[:, ::-1], across)
    each = np.arange(count)[:, None, None, None]
    moved = pixels[each, np.arange(3)[None, :, None, None], down[:, None, :, None], across[:, None, None, :]]
    scenes = int(scene.max()) + 1
    gain = rng.uniform(0.7, 1.3, (scenes, 1)) * rng.uniform(0.85, 1.15, (scenes, 3))
    lift = rng.uniform(-0.1, 0.1, (scenes, 1))
    swapped = np.stack([rng.permutation(3) for _ in range(scenes)])
    swapped[rng.random(scenes) < 0.5] = np.arange(3)
    moved = np.take_along_axis(moved, swapped[scene][:, :, None, None], axis=1)
    values = moved.astype(np.float32) / np.float32(255)
    values = (values - 0.5) * gain[scene][:, :, None, None].astype(np.float32) + np.float32(0.5)
    values += lift[scene][:, :, None, None].astype(np.float32)
    return torch.from_numpy(np.clip(values, 0, 1)).contiguous(memory_format=torch.channels_last)
