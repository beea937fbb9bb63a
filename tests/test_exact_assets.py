"""Assets are the same to the last bit under other BLAS kernels, thread counts and instruction sets."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from capture_trees import jpeg, spotted_ring, texture, write_nerf
from conftest import REAL_ASSETS
from environments import ARITHMETIC, mostly_slow, run_in
from scipy.ndimage import map_coordinates

from viewpoint100k.assets.capture_files.sampling import sampled
from viewpoint100k.assets.procedural.waves import wave

PROCEDURAL_DIGEST = "75f69a802b8d9b205ae3ae35532b08ccc3457759603375190c99c44a49adcdec"
"""The digest of 14 built-in objects on every machine. If it changes, every data set changes: see CHANGELOG.md."""

OTHERS = list(ARITHMETIC)[1:]
SOME_OTHERS = mostly_slow(OTHERS)


@cache
def digest_under(environment: str, *specs: str) -> str:
    """The output of `exact_assets.py` for these sources."""
    return run_in(ARITHMETIC[environment], Path(__file__).parent / "exact_assets.py", *specs)


@pytest.mark.parametrize("environment", ["as it is", *SOME_OTHERS])
def test_built_in_objects_are_the_same_everywhere(environment: str) -> None:
    assert digest_under(environment, "procedural#14") == PROCEDURAL_DIGEST


@pytest.mark.parametrize("environment", SOME_OTHERS)
def test_real_meshes_are_read_the_same_everywhere(environment: str, real_meshes: Path) -> None:
    specs = (f"meshes:{real_meshes}#5", f"meshes:{real_meshes.parent / 'meshes_obj'}#1")
    assert digest_under(environment, *specs) == digest_under("as it is", *specs)


@pytest.mark.slow
@pytest.mark.parametrize("environment", OTHERS)
def test_every_real_mesh_is_read_the_same_everywhere(environment: str, real_meshes: Path) -> None:
    specs = (f"meshes:{real_meshes}", f"meshes:{real_meshes.parent / 'meshes_obj'}")
    assert digest_under(environment, *specs) == digest_under("as it is", *specs)


@pytest.mark.slow
@pytest.mark.parametrize("environment", OTHERS)
def test_many_built_in_objects_are_the_same_everywhere(environment: str) -> None:
    assert digest_under(environment, "procedural") == digest_under("as it is", "procedural")


@pytest.mark.parametrize("environment", SOME_OTHERS)
def test_real_captures_are_read_the_same_everywhere(environment: str) -> None:
    captures = REAL_ASSETS / "captures"
    if not captures.is_dir():
        pytest.skip(f"the real captures are not here: no folder {captures}")
    pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
    specs = (f"mvimgnet:{captures}", f"nerf:{captures}", f"co3d:{captures / 'statue'}")
    assert digest_under(environment, *specs) == digest_under("as it is", *specs)


@pytest.fixture(scope="module")
def bent_captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two captures with photos from distorting lenses."""
    root = tmp_path_factory.mktemp("bent")
    fisheye = {"camera_model": "OPENCV_FISHEYE", "k1": 0.03}
    for name, lens in {"radial": {"k1": -0.15, "k2": 0.04, "p1": 0.002}, "fisheye": fisheye}.items():
        (root / name / "images").mkdir(parents=True)
        for i in range(6):
            (root / name / "images" / f"{i}.jpg").write_bytes(jpeg(texture(i, 480, 360)))
        write_nerf(root / name, spotted_ring(6), [f"images/{i}.jpg" for i in range(6)], **lens)
    return root


@pytest.mark.parametrize("environment", SOME_OTHERS)
def test_photos_are_straightened_the_same_everywhere(environment: str, bent_captures: Path) -> None:
    spec = f"nerf:{bent_captures}"
    assert digest_under(environment, spec) == digest_under("as it is", spec)


@pytest.mark.parametrize("order", [0, 1])
def test_pictures_are_sampled_as_by_scipy(order: int) -> None:
    generator = np.random.default_rng(4)
    pixels = generator.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    places = generator.uniform(-8, 60, (20_000, 2))
    ours = sampled(pixels, places, order)
    theirs = [map_coordinates(pixels[..., c], places[:, ::-1].T, order=order, mode="nearest") for c in range(3)]
    assert np.abs(ours.astype(int) - np.stack(theirs, axis=-1)).max() <= order
    assert (ours == np.stack(theirs, axis=-1)).mean() > 0.9999


def test_pictures_are_sampled_at_their_own_pixels_and_half_way() -> None:
    pixels = np.array([[[10], [20]], [[30], [61]]], dtype=np.uint8)
    places = np.array([[0, 0], [1, 0], [0.5, 0], [0.5, 0.5], [-3, 9], [np.nan, 0]])
    assert sampled(pixels, places, 1)[:, 0].tolist() == [10, 20, 15, 30, 30, 10]
    assert sampled(pixels, places, 0)[:, 0].tolist() == [10, 20, 20, 61, 30, 10]
    with pytest.raises(ValueError, match="order must be 0 or 1"):
        sampled(pixels, places, 3)


def test_a_wave_is_a_sine() -> None:
    turns = np.linspace(-3, 3, 9001)
    assert np.abs(wave(turns) - np.sin(2 * np.pi * turns)).max() < 0.0008
