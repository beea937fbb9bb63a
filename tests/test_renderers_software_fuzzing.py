"""The software renderer draws or refuses every mesh: NaN, infinite, huge, tiny, empty, degenerate."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from renderer_shapes import facing_camera, mesh, picture, renderer
from sanitized import build_with_sanitizers, run_with_sanitizers

from renderers import Stage
from renderers.software.extension import why_missing
from viewpoint100k.geometry.cameras import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=str(why_missing()))

WILD = np.array([0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, -1e30, 3e38, 1e-45, np.nan, np.inf, -np.inf, 0.5, 1e4])


def numbers(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Ordinary numbers, sometimes with a few extreme ones."""
    values = rng.normal(size=shape)
    wild = rng.random(shape) < rng.choice([0.0, 0.0, 0.02, 0.3])
    with np.errstate(over="ignore"):
        return np.where(wild, rng.choice(WILD, shape), values).astype(np.float32)


def texture(rng: np.random.Generator) -> Texture | None:
    if rng.random() < 0.4:
        return None
    height, width, channels = (*rng.integers(1, 40, 2).tolist(), int(rng.integers(3, 5)))
    wraps = tuple(rng.choice(["repeat", "clamp", "mirror"], 2).tolist())
    return picture(rng.integers(0, 256, (height, width, channels)), wraps)  # type: ignore[arg-type]


def primitive(rng: np.random.Generator) -> Primitive:
    vertices, triangles = int(rng.integers(1, 40)), int(rng.integers(0, 60))
    material = Material(
        base_color=tuple(rng.uniform(0, 1, 4).tolist()),
        base_color_texture=texture(rng),
        metallic=float(rng.uniform(0, 1)),
        roughness=float(rng.uniform(0, 1)),
        metallic_roughness_texture=texture(rng),
        normal_texture=texture(rng),
        normal_scale=float(rng.choice([0, 1, 1e20])),
        occlusion_texture=texture(rng),
        emissive=tuple(rng.choice([0.0, 1.0, 1e20], 3).tolist()),
        emissive_texture=texture(rng),
        alpha_mode=rng.choice(["OPAQUE", "MASK", "BLEND"]),
        alpha_cutoff=float(rng.choice([0.0, 0.5, 2.0])),
        unlit=bool(rng.random() < 0.2),
    )
    return Primitive(
        positions=numbers(rng, (vertices, 3)),
        triangles=rng.integers(0, vertices, (triangles, 3)).astype(np.uint32),
        normals=numbers(rng, (vertices, 3)),
        uvs=numbers(rng, (vertices, 2)) * np.float32(rng.choice([1, 50, 1e9])) if rng.random() < 0.8 else None,
        colors=np.abs(numbers(rng, (vertices, 4))) if rng.random() < 0.4 else None,
        material=material,
    )


def draw(seed: int) -> None:
    """Draws the seed's mesh from a few cameras and checks the pictures."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        made = mesh(*(primitive(rng) for _ in range(int(rng.integers(0, 4)))))
        stage = Stage(int(rng.integers(5)), ground=bool(rng.random() < 0.8)) if rng.random() < 0.3 else None
        scene = renderer("software").load(made, stage)
    for _ in range(3):
        width, height = rng.integers(1, 70, 2).tolist()
        distance = float(rng.choice([1e-9, 1e-3, 0.3, 2.0, 10.0, 1e6]))
        pose = orbit(distance, *rng.uniform(-80, 80, 2).tolist())
        camera = Camera(pose, intrinsics_from_fov(float(rng.choice([1, 40, 170])), width, height), width, height)
        depth = scene.depth(camera)
        assert depth.shape == (height, width)
        assert (depth > 0).all()
        assert scene.color(camera).shape == (height, width, 3)
        (thumbnail,) = scene.thumbnails([camera])
        assert thumbnail.depth.shape == (2 * height, 2 * width)
    scene.close()


@pytest.mark.parametrize("block", range(4))
def test_odd_meshes_are_drawn(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        draw(seed)


def test_a_mesh_without_primitives_is_drawn() -> None:
    scene = renderer("software").load(Mesh(()), None)
    assert (scene.color(facing_camera(size=20)) == 128).all()
    assert not np.isfinite(scene.depth(facing_camera(size=20))).any()
    scene.close()


@pytest.mark.slow
def test_ten_million_triangles_are_drawn() -> None:
    side = 2237
    x, y = np.meshgrid(np.linspace(-1, 1, side, dtype=np.float32), np.linspace(-1, 1, side, dtype=np.float32))
    points = np.stack([x.ravel(), np.zeros(side * side, np.float32), y.ravel()], axis=1)
    first = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    triangles = np.concatenate(
        [np.stack([first, first + 1, first + side], 1), np.stack([first + 1, first + side + 1, first + side], 1)]
    ).astype(np.uint32)
    assert len(triangles) > 9_900_000
    sheet = Primitive(points, triangles, np.tile(np.float32([0, -1, 0]), (len(points), 1)))
    scene = renderer("software").load(mesh(sheet), None)
    depth = scene.depth(facing_camera(size=64))
    scene.close()
    assert np.isfinite(depth[20:44, 20:44]).all()
    assert np.abs(depth[20:44, 20:44] - 4).max() < 1e-4


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sanitizers_have_nothing_to_report(tmp_path: Path) -> None:
    script = """
import importlib.util, sys
sys.path.insert(0, sys.argv[1])
import renderers.software
spec = importlib.util.spec_from_file_location("renderers.software._native", sys.argv[2])
renderers.software._native = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(renderers.software._native)
import test_renderers_compiled as stages, test_renderers_software as tests, test_renderers_software_bands as bands
import test_renderers_software_fuzzing as fuzzing
print(len({tests.digest(build, 2) for build in renderers.software._native.builds()}))
for seed in range(1000, 1150):
    fuzzing.draw(seed)
for name in stages.CASES:
    stages.test_every_build_gives_the_bits_of_numpy(name)
for name in stages.PAINTED:
    stages.test_what_is_painted_over_an_image_has_the_bits_of_numpy(name)
    stages.test_no_copy_is_painted_over(name)
for shape in bands.MESHES:
    bands.test_bands_have_the_same_bytes_in_all_builds_and_threads(shape, "tall")
print("done")
"""
    done = run_with_sanitizers(script, build_with_sanitizers("_native", tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["1", "done"]


def test_arrays_of_another_shape_are_refused() -> None:
    flat = Primitive(np.zeros((3, 2), np.float32), np.zeros((1, 3), np.uint32), np.zeros((3, 2), np.float32))
    with pytest.raises((TypeError, ValueError)):
        renderer("software").load(mesh(flat), None)
