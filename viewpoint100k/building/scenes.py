"""The scenes for one use of a mesh, each loaded at its first use: on its stage, plain, and as a solid of revolution."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from renderers import LoadedScene, Renderer, Stage
from viewpoint100k.building.placement import Looks, Shot
from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.geometry.solid_of_revolution import turned_solid
from viewpoint100k.views.answerability import Counterfactuals

__all__ = ["Scenes"]

_BACKGROUND = 128
"""Value of every channel around an object that is drawn without a stage."""

_PALETTE_SIZE = 96
"""Pixels of the view that gives a solid of revolution its colours."""


class Scenes:
    """The scenes that are rendered for one use of a mesh."""

    def __init__(self, renderer: Renderer, mesh: Mesh, stage: Stage) -> None:
        self._renderer, self._mesh = renderer, mesh
        self._staged = renderer.load(mesh, stage)
        self._turned: LoadedScene | None = None
        self._counterfactuals: dict[Looks, Counterfactuals] = {}

    def of(self, shot: Shot) -> LoadedScene:
        """The scene that a shot shows."""
        match shot.looks:
            case "staged":
                return self._staged
            case "plain":
                return self._plain
            case "turned":
                if self._turned is None:
                    solid = turned_solid(self._mesh.points, self._palette())
                    self._turned = self._renderer.load(solid, None)
                return self._turned

    def counterfactuals(self, shot: Shot) -> Counterfactuals:
        """Compares views of the shot's object from other cameras."""
        looks: Looks = "turned" if shot.looks == "turned" else "plain"
        if looks not in self._counterfactuals:
            axis = np.zeros(3) if looks == "turned" else self._mesh.centroid
            self._counterfactuals[looks] = Counterfactuals(self.of(Shot(shot.camera, looks)), axis)
        return self._counterfactuals[looks]

    @cached_property
    def _plain(self) -> LoadedScene:
        return self._staged.unstaged()

    def _palette(self) -> NDArray[np.float64]:
        """(k, 3): linear colours of the object from top to foot, each the median of a row of one level view."""
        intrinsics = intrinsics_from_fov(30.0, _PALETTE_SIZE, _PALETTE_SIZE)
        camera = Camera(orbit(4.2, 0.0, 0.0), intrinsics, _PALETTE_SIZE, _PALETTE_SIZE)
        pixels = self._plain.color(camera)
        shown = (pixels != _BACKGROUND).any(axis=-1)
        rows = [np.median(line[mask], axis=0) for line, mask in zip(pixels, shown, strict=True) if mask.any()]
        encoded = np.array(rows or [[_BACKGROUND] * 3]) / 255
        return np.where(encoded <= 0.04045, encoded / 12.92, exact.power((encoded + 0.055) / 1.055, 2.4))

    def close(self) -> None:
        """Releases the loaded scenes."""
        if self._turned is not None:
            self._turned.close()
        self._staged.close()
