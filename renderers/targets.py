"""Framebuffers by image size, with a cache that drops the least recently used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import moderngl

__all__ = ["ColorTarget", "DepthTarget", "TargetCache"]

_SRGB8_ALPHA8 = 0x8C43
_KEPT = 6


class _Target(Protocol):
    def release(self) -> None: ...


T = TypeVar("T", bound=_Target)


@dataclass(frozen=True, eq=False)
class ColorTarget:
    """Framebuffers for the object's samples and for the final image."""

    samples: moderngl.Texture
    """(supersampling * w, supersampling * h) sRGB with alpha, read with filtering."""
    samples_depth: moderngl.Renderbuffer
    object_framebuffer: moderngl.Framebuffer
    picture: moderngl.Renderbuffer
    picture_framebuffer: moderngl.Framebuffer

    @classmethod
    def create(cls, context: moderngl.Context, size: tuple[int, int], supersampling: int) -> ColorTarget:
        """Raises ``moderngl.Error`` for a size that the device does not have."""
        import moderngl

        large = (size[0] * supersampling, size[1] * supersampling)
        samples = context.texture(large, 4, internal_format=_SRGB8_ALPHA8)
        samples.filter = (moderngl.LINEAR, moderngl.LINEAR)
        samples.repeat_x = samples.repeat_y = False
        depth = context.depth_renderbuffer(large)
        picture = context.renderbuffer(size, 4)
        return cls(samples, depth, context.framebuffer([samples], depth), picture, context.framebuffer([picture]))

    def release(self) -> None:
        for part in (self.object_framebuffer, self.picture_framebuffer, self.samples, self.samples_depth, self.picture):
            part.release()


@dataclass(frozen=True, eq=False)
class DepthTarget:
    """A depth buffer alone, one sample a pixel."""

    depth: moderngl.Texture
    framebuffer: moderngl.Framebuffer

    @classmethod
    def create(cls, context: moderngl.Context, size: tuple[int, int]) -> DepthTarget:
        """Raises ``moderngl.Error`` for a size that the device does not have."""
        depth = context.depth_texture(size)
        return cls(depth, context.framebuffer([], depth))

    def release(self) -> None:
        self.framebuffer.release()
        self.depth.release()


class TargetCache(Generic[T]):
    """The targets of the sizes that were asked for last."""

    def __init__(self, create: Callable[[tuple[int, int]], T]) -> None:
        self._create = create
        self._kept: OrderedDict[tuple[int, int], T] = OrderedDict()

    def get(self, size: tuple[int, int]) -> T:
        if size not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.popitem(last=False)[1].release()
            self._kept[size] = self._create(size)
        self._kept.move_to_end(size)
        return self._kept[size]

    def release(self) -> None:
        for target in self._kept.values():
            target.release()
        self._kept.clear()
