"""Whether a processor draws the bytes that the CPU draws: three pictures of a scene with every kind of surface."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from renderers.gpu_mesh import mean_luminance
from renderers.projection import UnitFrame
from renderers.protocol import Stage
from renderers.software.objects import DrawableObject
from renderers.software.processors import Processor
from renderers.software.surroundings import Patterns, neutral_surroundings, staged_surroundings
from renderers.stage import make_surroundings, neutral
from viewpoint100k.geometry.cameras import Camera, intrinsics_from_fov, look_at
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

__all__ = ["difference", "trial_cameras", "trial_mesh"]

_SIZE = 64
_EYES = ((2.6, 1.1, 0.9), (-1.0, -2.2, 1.8), (0.75, 0.1, 0.3))
"""Of the cameras; the last stands among the parts, some of which reach behind it."""


def difference(native: ModuleType, cpu: Processor, other: Processor) -> str | None:
    """What of the trial differs, in a few words; None where all bytes are the same."""
    mesh = trial_mesh()
    drawn = [_pictures(native, mesh, processor) for processor in (cpu, other)]
    for name, expected, found in zip(_NAMES, *drawn, strict=True):
        for i, (one, two) in enumerate(zip(expected, found, strict=True)):
            if one.tobytes() != two.tobytes():
                return f"{int((one != two).sum())} of {one.size} values of {name} {i}"
    return None


_NAMES = ("picture", "depth", "small picture", "small depth")


def _pictures(native: ModuleType, mesh: Mesh, processor: Processor) -> tuple[list[NDArray[np.generic]], ...]:
    frame = UnitFrame.of(mesh)
    drawable = DrawableObject(native, mesh, frame, max_texture_size=64)
    look = make_surroundings(Stage(seed=3), mean_luminance(mesh))
    around = staged_surroundings(native, look, frame, drawable.native, Patterns(native), processor)
    cameras = trial_cameras()
    small = processor.colors_and_depths(drawable.native, neutral_surroundings(native, neutral()), cameras)
    return (
        list(processor.colors(drawable.native, around, cameras)),
        list(processor.depths(drawable.native, cameras)),
        [color for color, _ in small],
        [depth for _, depth in small],
    )


def trial_cameras() -> list[Camera]:
    """Three cameras around the trial's mesh."""
    intrinsics = intrinsics_from_fov(50.0, _SIZE, _SIZE)
    return [Camera(look_at(eye, (0.0, 0.0, 0.0)), intrinsics, _SIZE, _SIZE) for eye in _EYES]


def trial_mesh() -> Mesh:
    """Sheets with every kind of material: textures of colour, normals and roughness; cut out, blended, glowing, unlit,
    and coloured at the vertices."""
    scrambled = np.arange(16 * 24 * 4, dtype=np.uint32) * np.uint32(2654435761)
    numbers = (scrambled >> np.uint32(13)).astype(np.uint8).reshape(16, 24, 4)
    color = Texture(numbers, ("repeat", "mirror"))
    data = Texture(np.ascontiguousarray(numbers[::-1, :, :3]), ("clamp", "repeat"))
    materials = (
        Material(base_color_texture=color, roughness=0.4, normal_texture=data, metallic_roughness_texture=data),
        Material(base_color=(0.8, 0.5, 0.3, 1.0), metallic=0.9, roughness=0.25, occlusion_texture=data),
        Material(base_color_texture=color, alpha_mode="MASK", alpha_cutoff=0.4),
        Material(base_color_texture=color, base_color=(1.0, 1.0, 1.0, 0.7), alpha_mode="BLEND"),
        Material(base_color_texture=color, unlit=True, emissive=(0.2, 0.1, 0.0), emissive_texture=color),
    )
    return Mesh(tuple(_sheet(number, material) for number, material in enumerate(materials)))


def _sheet(number: int, material: Material) -> Primitive:
    """A bent sheet of 2 x 6 x 6 triangles, each number another way about the middle."""
    steps = 7
    v, u = (axis.ravel().astype(np.float32) / np.float32(steps - 1) for axis in np.mgrid[:steps, :steps])
    x, y = 2 * u - 1, 2 * v - 1
    z = (x * y - x) * np.float32(0.25) + np.float32(0.2 * number - 0.4)
    axes = [(x, y, z), (y, z, x), (z, x, y), (x, -y, z), (-y, z, x)][number]
    positions = np.stack(axes, axis=1).astype(np.float32)
    corner = (np.arange(steps - 1)[:, None] * steps + np.arange(steps - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + steps], axis=1)
    upper = np.stack([corner + 1, corner + steps + 1, corner + steps], axis=1)
    normal = np.zeros((len(positions), 3), np.float32)
    normal[:, number % 3] = 1.0
    colors = np.stack([u, v, 1 - u, np.ones_like(u)], axis=1) if number == 1 else None
    return Primitive(
        positions=positions,
        triangles=np.concatenate([lower, upper]).astype(np.uint32),
        normals=normal,
        uvs=np.stack([3 * u - 1, 2 * v], axis=1).astype(np.float32),
        colors=colors,
        material=material,
    )
