"""The GPU kernels, run by a stand-in on the CPU; compiled by NVRTC and run on a GPU if there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from renderers.protocol import Stage
from renderers.software import SoftwareRenderer, selection
from renderers.software import cuda as cuda_target
from renderers.software.device import DeviceProcessor
from renderers.software.extension import load
from renderers.software.processors import CpuProcessor
from renderers.software.trial import difference
from tests.stand_in_for_cuda import StandInDevice, compile_stand_in
from tests.test_dense_meshes import roof, view
from tests.test_renderers_software import CAMERAS, everything
from viewpoint100k.errors import MissingExtraError, RendererError, UsageError
from viewpoint100k.geometry.cameras import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Mesh

HAS_BINDINGS = find_spec("cuda") is not None and find_spec("cuda.bindings") is not None


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_stand_in(tmp_path_factory.mktemp("kernels"))


def renderers(library: Path, **how: Any) -> tuple[SoftwareRenderer, SoftwareRenderer, StandInDevice]:
    """A renderer on the CPU, and one on the stand-in device."""
    cpu, other = SoftwareRenderer(build="plain"), SoftwareRenderer(build="plain")
    device = StandInDevice(library, **how)
    other.processor = DeviceProcessor(other.native, device)
    return cpu, other, device


def pictures(renderer: SoftwareRenderer, mesh: Mesh, cameras: Sequence[Camera]) -> list[NDArray[Any]]:
    """Everything that a scene draws from each camera."""
    scene = renderer.load(mesh, Stage(7))
    found: list[NDArray[Any]] = []
    for camera in cameras:
        found += [scene.color(camera), scene.unstaged().color(camera), scene.depth(camera)]
        for thumbnail in scene.thumbnails([camera.resized(45, 31)]):
            found += [thumbnail.color, thumbnail.depth]
    scene.close()
    return found


@pytest.mark.parametrize("backwards", [False, True])
def test_the_trial_finds_no_difference_whatever_the_order_of_threads(library: Path, backwards: bool) -> None:
    native = load()
    device = StandInDevice(library, backwards=backwards)
    assert difference(native, CpuProcessor(native, "plain", 1), DeviceProcessor(native, device)) is None
    assert set(device.launched) == set(cuda_target.KERNELS)


def test_every_kind_of_surface_has_the_cpus_bytes(library: Path) -> None:
    """Also a camera inside the object, an image of one pixel, and a size that is not a multiple of a block."""
    cpu, other, _ = renderers(library)
    for one, two in zip(pictures(cpu, everything(), CAMERAS), pictures(other, everything(), CAMERAS), strict=True):
        assert one.tobytes() == two.tobytes()


def test_a_dense_mesh_has_the_cpus_bytes(library: Path) -> None:
    cpu, other, _ = renderers(library)
    mesh, cameras = roof(240, 0.5), [view(97, 40, 15)]
    for one, two in zip(pictures(cpu, mesh, cameras), pictures(other, mesh, cameras), strict=True):
        assert one.tobytes() == two.tobytes()


@pytest.mark.slow
def test_real_meshes_have_the_cpus_bytes(library: Path, real_meshes: Path) -> None:
    from viewpoint100k.assets import open_source

    cpu, other, _ = renderers(library)
    cameras = [Camera(orbit(2.6, 40, 20), intrinsics_from_fov(45, 160, 120), 160, 120)]
    source = open_source(f"meshes:{real_meshes}")
    for asset_id in source.ids()[::4]:
        mesh = source.load(asset_id).mesh  # type: ignore[union-attr]
        for one, two in zip(pictures(cpu, mesh, cameras), pictures(other, mesh, cameras), strict=True):
            assert one.tobytes() == two.tobytes(), asset_id


def test_pictures_that_do_not_fit_together_are_drawn_in_parts(library: Path) -> None:
    """A picture of 64 x 48 needs about 300 kB in all."""
    cameras = [Camera(orbit(3.0, 30.0 * i, 15), intrinsics_from_fov(50, 64, 48), 64, 48) for i in range(7)]
    cpu, together, device = renderers(library)
    _, apart, small = renderers(library, work_bytes=1)
    scenes = [renderer.load(everything(), Stage(1)) for renderer in (cpu, together, apart)]
    expected, one, seven = (scene.colors(cameras) for scene in scenes)
    assert device.launched.count("finish") == 1
    assert small.launched.count("finish") == 7
    for a, b, c in zip(expected, one, seven, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()
    for a, b, c in zip(*(scene.depths(cameras) for scene in scenes), strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()
    assert scenes[1].colors([]) == []


def test_what_lies_on_the_device_is_freed_with_its_object(library: Path) -> None:
    _, other, device = renderers(library)
    for _ in range(3):
        pictures(other, everything(), CAMERAS[:1])
    other.close()
    other.__dict__.pop("neutral")
    assert len(device.blocks) == 1  # memory for drawing


class WrongDevice(StandInDevice):
    """Flips the last bit of all copied results."""

    def download(self, address: int, values: NDArray[Any]) -> None:
        super().download(address, values)
        values.view(np.uint8)[...] ^= 1


def test_a_device_with_other_bytes_is_passed_over_with_a_sentence(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VIEWPOINT100K_LANES", raising=False)
    monkeypatch.setattr(selection, "has_cuda", lambda: True)
    monkeypatch.setattr(selection, "_bindings_are_there", lambda: True)
    monkeypatch.setattr(cuda_target, "CudaDevice", lambda index: WrongDevice(library))
    assert isinstance(SoftwareRenderer().processor, CpuProcessor)
    said = capsys.readouterr().err
    assert re.search(
        r"the CPU draws instead of the GPU: stand-in does not draw the CPU's bytes: \d+ of \d+ values", said
    )
    with pytest.raises(RendererError, match="does not draw the CPU's bytes"):
        SoftwareRenderer(build="cuda")
    with pytest.raises(RendererError, match="does not draw the CPU's bytes"):
        SoftwareRenderer(require_gpu=True)


def test_a_device_with_the_same_bytes_draws(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def device(index: int) -> StandInDevice:
        asked.append(index)
        return StandInDevice(library)

    monkeypatch.delenv("VIEWPOINT100K_LANES", raising=False)
    monkeypatch.setattr(selection, "has_cuda", lambda: True)
    monkeypatch.setattr(selection, "_bindings_are_there", lambda: True)
    monkeypatch.setattr(cuda_target, "CudaDevice", device)
    drawn = SoftwareRenderer(device_index=3)
    assert drawn.processor.name == "stand-in"
    assert asked == [3]
    assert drawn.describe() == SoftwareRenderer(build="plain").describe()


def test_a_gpu_that_is_asked_for_and_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_bindings_are_there", lambda: False)
    for how in ({"build": "cuda"}, {"require_gpu": True}):
        with pytest.raises(MissingExtraError, match=r"cuda-bindings is not installed: run {2}pip install .*\[cuda\]"):
            SoftwareRenderer(**how)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"no build 'mmx' on this processor: choose .*, cuda"):
        SoftwareRenderer(build="mmx")


@pytest.mark.slow
@pytest.mark.skipif(not HAS_BINDINGS, reason="the extra cuda is not installed")
def test_the_kernels_compile_to_exactly_rounded_operations_alone() -> None:
    code = cuda_target.compile_kernels("compute_90", ptx=True).decode()
    for kernel in cuda_target.KERNELS:
        assert f".entry {kernel}(" in code
    operations = set(re.findall(r"^\s+((?:add|sub|mul|div|rcp|sqrt|fma|mad|neg|abs|min|max)[.\w]*\.f32)\s", code, re.M))
    assert {"add.rn.f32", "mul.rn.f32", "div.rn.f32", "sqrt.rn.f32"} <= operations
    exact = re.compile(r"(add|sub|mul|div|rcp|sqrt)\.rn\.f32|(neg|abs|min|max)\.f32")
    assert [one for one in sorted(operations) if not exact.fullmatch(one)] == []
    assert not re.search(r"\.f64|\.approx|\.ftz|\bfma\.|\b(sin|cos|ex2|lg2|rsqrt)\.", code)
    assert cuda_target.compile_kernels("sm_90")[:4] == b"\x7fELF"


@pytest.mark.skipif(not HAS_BINDINGS or not cuda_target.device_count(), reason="there is no GPU that CUDA sees")
def test_a_gpu_draws_the_cpus_bytes() -> None:
    on_gpu, on_cpu = SoftwareRenderer(build="cuda"), SoftwareRenderer(build="plain")
    for one, two in zip(pictures(on_cpu, everything(), CAMERAS), pictures(on_gpu, everything(), CAMERAS), strict=True):
        assert one.tobytes() == two.tobytes()
