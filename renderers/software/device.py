"""The passes on a device with a memory of its own: what is copied there, which kernels run, what is copied back.

The kernels are ``native/kernels.cu``. `renderers.software.cuda` is a `Device`: a GPU.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.cameras import Camera

__all__ = ["Device", "DeviceProcessor"]

_THREADS = 128
"""Of a block."""
_BLOCKS_FOR_LARGE = 2048
"""Blocks that share the triangles which are too large for one thread."""
_COLOR, _DEPTH = 0, 1
"""How cut-out and blended parts are cut: ``Cut`` of native/scene.h."""

_Number = TypeVar("_Number", np.uint8, np.float32)


class Device(Protocol):
    """Memory and kernels of a device. Addresses are the device's."""

    name: str
    work_bytes: int
    """Memory that pictures may take that are drawn together."""

    def allocate(self, size: int) -> int:
        """The address of ``size`` new bytes. Raises ``RendererError`` where there is no room."""
        ...

    def free(self, address: int) -> None: ...

    def upload(self, address: int, values: NDArray[Any]) -> None: ...

    def download(self, address: int, values: NDArray[Any]) -> None:
        """Fills ``values``, after all kernels that were launched have run."""
        ...

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, arguments: tuple[int, int, int, int]) -> None:
        """Runs a kernel of kernels.cu. ``arguments``: addresses of views and queue, samples a pixel, cut."""
        ...


@dataclass(frozen=True)
class _Work:
    """Pictures that are drawn together, and where they lie on the device."""

    drawable: Any
    count: int
    width: int
    height: int
    samples: int
    views: int
    queue: int
    rgb: int
    distances: int
    """Addresses."""

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def kept_samples(self) -> int:
        return (self.width + 15) // 16 * 16 * self.height * self.samples

    @property
    def measured(self) -> tuple[int, int]:
        """Height and width of the distances."""
        side = 1 if self.samples == 1 else 2
        return side * self.height, side * self.width


class DeviceProcessor:
    """A `Processor` that draws many pictures at a time. Threads that use it take turns."""

    def __init__(self, native: ModuleType, device: Device) -> None:
        self.name = device.name
        self._native, self._device = native, device
        self._addresses: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._lock = threading.RLock()
        self._memory, self._memory_size = 0, 0
        """In which pictures are drawn; grows with what is asked for."""

    def colors(self, drawable: Any, around: Any, cameras: Sequence[Camera]) -> list[NDArray[np.uint8]]:
        return [color for color, _ in self._pictures(drawable, around, cameras, distances=False)]

    def colors_and_depths(
        self, drawable: Any, around: Any, cameras: Sequence[Camera]
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        return self._pictures(drawable, around, cameras, distances=True)

    def depths(self, drawable: Any, cameras: Sequence[Camera]) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32]] = []
        with self._lock:
            for part in self._parts(drawable, cameras, samples=1, color=False, distances=True, staged=False):
                work = self._begin_pictures(drawable, None, part, samples=1, color=False, distances=True)
                self._place(work, _DEPTH)
                self._run("measure", work, work.pixels, _DEPTH)
                found += self._distances(work)
        return found

    def heights(self, drawable: Any, matrix: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        with self._lock:
            task = self._native.Task(1, size, size, 1, color=False, distances=True, staged=False)
            layout = self._native.layout(drawable, task)
            memory = self._room(layout["total"])
            self._device.upload(memory, self._native.map_head(drawable, task, matrix, self._address(drawable), memory))
            work = _work(drawable, 1, size, size, 1, memory, layout)
            self._place(work, _DEPTH)
            self._run("measure", work, work.pixels, _DEPTH)
            return self._distances(work)[0]

    def _pictures(
        self, drawable: Any, around: Any, cameras: Sequence[Camera], distances: bool
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """Colours, and depths or arrays without elements."""
        found: list[tuple[NDArray[np.uint8], NDArray[np.float32]]] = []
        with self._lock:
            for part in self._parts(
                drawable, cameras, samples=4, color=True, distances=distances, staged=around.staged
            ):
                work = self._begin_pictures(drawable, around, part, samples=4, color=True, distances=distances)
                self._draw(work, around.staged, distances)
                colors = self._read(work.rgb, (work.count, work.height, work.width, 3), np.uint8)
                depths = self._distances(work) if distances else [np.empty((0, 0), np.float32)] * work.count
                found += list(zip(colors, depths, strict=True))
        return found

    def _draw(self, work: _Work, staged: bool, distances: bool) -> None:
        blends = work.drawable.blends
        if distances and blends:
            self._place(work, _DEPTH)
            self._run("measure", work, 4 * work.pixels, _DEPTH)
        self._place(work, _COLOR)
        if distances and not blends:
            self._run("measure", work, 4 * work.pixels, _COLOR)
        if blends:
            self._run("veil", work, work.pixels, _COLOR)
        if staged:
            self._run("background", work, (work.width // 8 + 2) * (work.height // 8 + 2), _COLOR)
            self._run("background_rows", work, work.height, _COLOR)
        self._run("finish", work, work.pixels, _COLOR)

    def _place(self, work: _Work, cut: int) -> None:
        """Passes 1 and 2."""
        triangles = work.drawable.triangle_count
        self._run("clear", work, work.kept_samples, cut)
        self._run("project", work, work.drawable.vertex_count, cut)
        self._run("raster_small", work, triangles, cut)
        blocks = min(_BLOCKS_FOR_LARGE, max(triangles * work.count, 1))
        self._device.launch("raster_large", (blocks, 1), _THREADS, (work.views, work.queue, work.samples, cut))
        self._run("settle", work, work.kept_samples, cut)

    def _run(self, kernel: str, work: _Work, items: int, cut: int) -> None:
        """One thread an item and picture."""
        if items:
            blocks = (items + _THREADS - 1) // _THREADS, work.count
            self._device.launch(kernel, blocks, _THREADS, (work.views, work.queue, work.samples, cut))

    def _begin_pictures(
        self, drawable: Any, around: Any, cameras: Sequence[Camera], samples: int, color: bool, distances: bool
    ) -> _Work:
        h, w = cameras[0].height, cameras[0].width
        staged = around is not None and around.staged
        task = self._native.Task(len(cameras), w, h, samples, color=color, distances=distances, staged=staged)
        layout = self._native.layout(drawable, task)
        memory = self._room(layout["total"])
        light = 0 if around is None else self._address(around)
        head = self._native.head(
            drawable,
            task,
            np.ascontiguousarray([camera.camera_to_world for camera in cameras]),
            np.ascontiguousarray([camera.intrinsics for camera in cameras]),
            mesh=self._address(drawable),
            light=light,
            stage=light + self._native.STAGE_AT,
            memory=memory,
        )
        self._device.upload(memory, head)
        return _work(drawable, len(cameras), w, h, samples, memory, layout)

    def _parts(
        self, drawable: Any, cameras: Sequence[Camera], samples: int, **wanted: bool
    ) -> Iterator[Sequence[Camera]]:
        """The cameras, as many at a time as there is memory for."""
        if not cameras:
            return
        task = self._native.Task(1, cameras[0].width, cameras[0].height, samples, **wanted)
        most = max(1, self._device.work_bytes // self._native.layout(drawable, task)["total"])
        for first in range(0, len(cameras), most):
            yield cameras[first : first + most]

    def _distances(self, work: _Work) -> list[NDArray[np.float32]]:
        return list(self._read(work.distances, (work.count, *work.measured), np.float32))

    def _read(self, address: int, shape: tuple[int, ...], kind: type[_Number]) -> NDArray[_Number]:
        values = np.empty(shape, kind)
        self._device.download(address, values)
        return values

    def _room(self, size: int) -> int:
        """The address of so much memory. What was in it is lost."""
        if size > self._memory_size:
            if self._memory_size:
                self._device.free(self._memory)
                self._memory_size = 0
            self._memory = self._device.allocate(size)
            self._memory_size = size
        return self._memory

    def _address(self, thing: Any) -> int:
        """Where the device has an object or its surroundings: copied once, freed with it."""
        if thing not in self._addresses:
            flat = self._native.flat_object if hasattr(thing, "triangle_count") else self._native.flat_surroundings
            values, pointers = flat(thing)
            address = self._device.allocate(values.nbytes)
            values.view(np.uint64)[pointers // 8] += np.uint64(address)
            self._device.upload(address, values)
            self._addresses[thing] = address
            weakref.finalize(thing, self._device.free, address).atexit = False
        return self._addresses[thing]


def _work(
    drawable: Any, count: int, width: int, height: int, samples: int, memory: int, layout: dict[str, int]
) -> _Work:
    views, queue, rgb, distances = (memory + layout[part] for part in ("views", "queue", "rgb", "distances"))
    return _Work(drawable, count, width, height, samples, views, queue, rgb, distances)
