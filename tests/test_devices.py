"""Workers are distributed over the visible GPUs. The lists of EGL and CUDA are stand-ins."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from renderers import devices
from renderers.devices import CudaDevice, DrawingDevice, EglDevice, choose, deal, drawing_devices, egl_devices
from viewpoint100k.building import blocks
from viewpoint100k.building.engines import local, ray
from viewpoint100k.building.engines.worker import WorkerJob
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.errors import UsageError

GIB = 2**30
UUIDS = [f"{i:032x}" for i in range(1, 9)]


def egl_of(order: list[int], told: bool = True) -> list[EglDevice]:
    """EGL's list on a node of GPUs in its own order, Mesa's software renderer last."""
    gpus = [
        EglDevice(place, "nvidia", UUIDS[gpu] if told else "", f"0000:{gpu:02x}:00.0")
        for place, gpu in enumerate(order)
    ]
    return [*gpus, EglDevice(len(gpus), "software")]


def cuda_of(visible: list[int], gib: int = 80) -> list[CudaDevice]:
    """The list of CUDA if CUDA_VISIBLE_DEVICES is ``visible``. CUDA numbers the devices from 0."""
    return [
        CudaDevice(i, "NVIDIA H100", UUIDS[gpu], f"0000:{gpu:02x}:00.0", gib * GIB) for i, gpu in enumerate(visible)
    ]


@pytest.mark.parametrize("told", [True, False])
def test_egl_devices_are_those_of_the_same_gpu(told: bool) -> None:
    """Devices are matched by UUID, or by bus address if EGL states no UUID."""
    found = drawing_devices(egl_of([3, 0, 2, 1], told), cuda_of([0, 1, 2, 3]))
    assert [(device.number, device.device_index) for device in found] == [(0, 1), (1, 3), (2, 2), (3, 0)]


def test_a_gpu_that_cuda_hides_is_not_drawn_on() -> None:
    found = drawing_devices(egl_of([3, 0, 2, 1]), cuda_of([2]))
    assert [(device.number, device.device_index) for device in found] == [(0, 2)]


def test_where_every_gpu_is_hidden_the_cpu_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty CUDA_VISIBLE_DEVICES, as Ray sets for a task without a GPU. OpenGL would take EGL's first device."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (device,) = drawing_devices(egl_of([3, 0, 2, 1]), cuda_of([]))
    assert (device.device_index, device.name) == (4, "Mesa software")
    assert deal(3, [device]) == (device,) * 3
    with pytest.raises(UsageError, match=r"CUDA_VISIBLE_DEVICES= hides every GPU.*renderer=software"):
        drawing_devices(egl_of([3, 0])[:-1], cuda_of([]))


def test_without_cuda_opengl_chooses_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert drawing_devices(egl_of([0, 1]), cuda_of([])) == ()


def test_a_gpu_that_egl_cannot_open_is_not_drawn_on() -> None:
    assert drawing_devices([EglDevice(0, "software")], cuda_of([0, 1])) == ()
    assert [d.device_index for d in drawing_devices(egl_of([1]), cuda_of([0, 1]))] == [0]


def test_other_makers_gpus_are_taken_in_order_of_egl() -> None:
    egl = [EglDevice(0, "other", name="/dev/dri/card0"), EglDevice(1, "software"), EglDevice(2, "other")]
    assert [(d.number, d.device_index, d.room) for d in drawing_devices(egl, [])] == [(0, 0, None), (2, 2, None)]


def gpu(number: int, gib: float = 80) -> DrawingDevice:
    return DrawingDevice(7 - number, number, "GPU", int(gib * GIB))


def test_no_gpu_idles_on_a_node_of_eight() -> None:
    gpus = [gpu(i) for i in range(8)]
    assert Counter(deal(16, gpus)) == dict.fromkeys(gpus, 2)
    assert deal(3, gpus) == tuple(gpus[:3])


def test_a_larger_gpu_gets_more_workers() -> None:
    large, small = gpu(0, 80), gpu(1, 20)
    assert Counter(deal(10, [large, small])) == {large: 8, small: 2}


def test_no_more_workers_than_memory_holds() -> None:
    assert Counter(deal(16, [gpu(0, 2.5), gpu(1, 0.4)])) == {gpu(0, 2.5): 2, gpu(1, 0.4): 1}


def test_without_a_gpu_all_workers_are_started() -> None:
    assert deal(3, []) == (None, None, None)


def test_gpus_are_chosen_by_number() -> None:
    gpus = [gpu(i) for i in range(4)]
    assert choose(gpus, "2, 0") == (gpus[2], gpus[0])
    with pytest.raises(UsageError, match=r"--gpus 0,5: there is no GPU '5' to draw on; there is 0, 1, 2, 3"):
        choose(gpus, "0,5")
    with pytest.raises(UsageError, match="named twice"):
        choose(gpus, "1,1")
    with pytest.raises(UsageError, match="there is none"):
        choose([], "0")


def test_the_software_renderer_draws_on_the_gpus_that_cuda_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without EGL: CUDA's numbers are the renderer's."""
    monkeypatch.setattr(devices, "cuda_devices", lambda: tuple(cuda_of([3, 1])))
    monkeypatch.setattr(devices, "has_cuda", lambda: True)
    assert devices.draws_on_devices("software")
    found = devices.devices_of("software")
    assert [(one.number, one.device_index, one.memory_bytes) for one in found] == [(0, 0, 80 * GIB), (1, 1, 80 * GIB)]
    monkeypatch.setattr(devices, "has_cuda", lambda: False)
    assert not devices.draws_on_devices("software")
    assert devices.devices_of("software") == ()


class FakeProcess:
    def start(self) -> None: ...

    def kill(self) -> None: ...

    def join(self) -> None: ...


def test_a_worker_that_is_replaced_draws_where_the_other_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[WorkerJob] = []

    class Context:
        def Pipe(self) -> tuple[FakePipe, FakePipe]:
            return FakePipe(), FakePipe()

        def Process(self, target: object, args: tuple[WorkerJob, object], daemon: bool) -> FakeProcess:
            jobs.append(args[0])
            return FakeProcess()

    class FakePipe:
        def close(self) -> None: ...

    monkeypatch.setattr(local, "get_context", lambda method: Context())
    gpus = [gpu(0), gpu(1)]
    engine = local.LocalEngine(None, DatasetFolder(tmp_path), 4, print, print, devices=gpus)  # type: ignore[arg-type]
    engine._workers += [engine._start() for _ in range(1)]
    for _ in range(3):
        engine._workers.append(engine._start())
    assert sorted(job.device_index or 0 for job in jobs) == [6, 6, 7, 7]
    gone = engine._workers.pop(1)
    assert engine._start().device == gone.device


def test_a_task_of_ray_draws_on_the_gpu_that_ray_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int | None] = []

    class Plan:
        digest = "0" * 16

        class config:
            renderer = "opengl"

            @staticmethod
            def open_source() -> None: ...

    monkeypatch.setattr(blocks, "BlockBuilder", lambda plan, source, device_index: seen.append(device_index))
    monkeypatch.setattr(ray, "_builders", {})
    monkeypatch.setattr(ray, "devices_of", lambda renderer: drawing_devices(egl_of([3, 0, 2, 1]), cuda_of([3])))
    ray._builder(Plan())  # type: ignore[arg-type]
    monkeypatch.setattr(ray, "_builders", {})
    monkeypatch.setattr(ray, "devices_of", lambda renderer: ())
    ray._builder(Plan())  # type: ignore[arg-type]
    assert seen == [0, None]


def test_this_machine_lists_its_devices() -> None:
    try:
        devices = egl_devices()
    except OSError as error:
        pytest.skip(f"no EGL here: {error}")
    assert [device.index for device in devices] == list(range(len(devices)))
    assert all(str(device) for device in devices)
