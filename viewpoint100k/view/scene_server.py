"""Draws the scene of a row with viser (https://viser.studio). viser has a server of its own; its page is the 3D view.

All open pages show the same scene. Needs the extra ``[view]``.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.view.frames_of_reference import Arrow
from viewpoint100k.view.objects import ShownObject
from viewpoint100k.view.scene import FRUSTUM_SCALE, VIEW_FOV_DEG, Frustum, RowScene, viewpoint_behind

if TYPE_CHECKING:
    import viser

__all__ = ["KEYS", "SceneServer", "frustum_picture", "quaternion"]

Floats = NDArray[np.float64]

_PICTURE_PIXELS = 384
"""Longer side of the image on a frustum."""
_BACKDROP = (243, 243, 240)

KEYS = {"J": "next", "K": "previous", "1": "camera 1", "2": "camera 2", "0": "from behind camera 1"}
"""Keys of the 3D view and their actions. The page around it has the same keys."""


class SceneServer:
    """Owns the viser server. Close it after use."""

    def __init__(self, host: str, port: int, on_key: Callable[[str], None]) -> None:
        """``on_key`` receives the action of a key that was pressed in the 3D view, see `KEYS`."""
        import viser

        with contextlib.redirect_stdout(io.StringIO()):  # viser prints its address in spite of ``verbose``.
            self.server: viser.ViserServer = viser.ViserServer(host, port, label="viewpoint100k", verbose=False)
        self._scene: RowScene | None = None
        self._where = ""
        self.handles: dict[str, Any] = {}
        """viser's handles of the drawn things, by name, such as ``/camera_1``."""
        server = self.server
        server.gui.configure_theme(show_logo=False, show_share_button=False)
        server.gui.main_panel.minimize()
        server.scene.set_up_direction("+z")
        server.scene.world_axes.visible = False
        server.scene.set_background_image(np.full((2, 2, 3), _BACKDROP, dtype=np.uint8))
        server.initial_camera.up = (0.0, 0.0, 1.0)
        for key, does in KEYS.items():
            command = server.gui.add_command(does, hotkey=key)
            command.on_trigger(lambda _, does=does: on_key(does))
        server.on_client_connect(self._greet)

    @property
    def port(self) -> int:
        """The port of the 3D view."""
        return int(self.server.get_port())

    def close(self) -> None:
        """Stops the server."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.server.stop()

    def show(self, scene: RowScene, images: Sequence[bytes | None], shown: ShownObject) -> None:
        """Draws a row in place of the previous one, seen from behind camera 1."""
        names: dict[str, Any] = {}
        with self.server.atomic():
            for frustum in scene.frusta:
                encoded = images[frustum.number - 1] if frustum.number else None
                names |= self._draw_frustum(frustum, scene, encoded)
            for arrow in scene.arrows:
                names |= self._draw_arrow(arrow, scene.reach)
            names |= self._draw_object(scene, shown)
            for name in set(self.handles) - set(names):
                self.handles[name].remove()
            self.handles, self._scene, self._where = names, scene, ""
        position, target = viewpoint_behind(scene)
        self.server.initial_camera.position, self.server.initial_camera.look_at = position, target
        self.look_from("from behind camera 1")

    def look_from(self, where: str) -> None:
        """Moves the viewpoint of every open page: to ``camera 1`` and so on, or ``from behind camera 1``.

        The view through a camera shows only its image. A second call for the same camera hides the image, so that the
        object is visible in its place. A third call shows the image again.
        """
        own = "/" + where.replace(" ", "_")
        through = own in self.handles
        taken_away = through and where == self._where and self.handles[own].visible
        for name, handle in self.handles.items():
            handle.visible = name in ("/object", "/ground") or not through or (name == own and not taken_away)
        self._where = where
        for client in self.server.get_clients().values():
            self._look_from(client, where)

    def _look_from(self, client: viser.ClientHandle, where: str) -> None:
        scene = self._scene
        if scene is None:
            return
        frustum = next((f for f in scene.frusta if f.name == where.replace(" ", "_")), None)
        with client.atomic():
            if frustum is None:
                client.camera.fov = math.radians(VIEW_FOV_DEG)
                client.camera.up_direction = (0.0, 0.0, 1.0)
                client.camera.position, client.camera.look_at = viewpoint_behind(scene)
                return
            # The field of view is wide enough for the whole image.
            view = client.camera.aspect
            half = frustum.window[3] * max(1.0, frustum.aspect / view)
            client.camera.fov = 2 * math.atan(half)
            client.camera.up_direction = -frustum.rotation[:, 1]
            client.camera.position = frustum.position
            distance = float(np.sqrt(((scene.center - frustum.position) ** 2).sum()))
            client.camera.look_at = frustum.position + distance * frustum.rotation[:, 2]

    def _greet(self, client: viser.ClientHandle) -> None:
        self._look_from(client, "from behind camera 1")

    def _draw_frustum(self, frustum: Frustum, row_scene: RowScene, encoded: bytes | None) -> dict[str, Any]:
        scene, name = self.server.scene, f"/{frustum.name}"
        handle = scene.add_camera_frustum(
            name,
            fov=frustum.fov_y_rad,
            aspect=frustum.aspect,
            scale=FRUSTUM_SCALE * row_scene.reach * (0.7 if frustum.image is None else 1.0),
            color=frustum.color,
            thickness=0.003 * row_scene.reach,
            image=frustum_picture(frustum, encoded),
            wxyz=quaternion(frustum.rotation),
            position=frustum.position,
            cast_shadow=False,
            receive_shadow=False,
        )
        text = f"camera {frustum.number}" if frustum.number else "mirrored alternative"
        label = scene.add_label(f"{name}_label", text, position=frustum.position, anchor="bottom-center")
        return {name: handle, f"{name}_label": label}

    def _draw_arrow(self, arrow: Arrow, reach: float) -> dict[str, Any]:
        scene, name = self.server.scene, f"/{arrow.name}"
        thick = (0.008 if arrow.name == "motion" else 0.005) * reach
        handle = scene.add_arrows(
            name,
            np.array([[arrow.start, arrow.end]]),
            arrow.color,
            shaft_radius=thick,
            head_radius=3 * thick,
            head_length=6 * thick,
        )
        if arrow.name == "motion":  # The legend explains it. A label in the middle would hide the cameras.
            return {name: handle}
        label = scene.add_label(f"{name}_label", arrow.label, position=arrow.end, anchor="bottom-center")
        return {name: handle, f"{name}_label": label}

    def _draw_object(self, row_scene: RowScene, shown: ShownObject) -> dict[str, Any]:
        scene, center, radius = self.server.scene, row_scene.center, row_scene.radius
        grid = scene.add_grid(
            "/ground",
            width=12 * radius,
            height=12 * radius,
            plane="xy",
            cell_size=radius,
            position=center - [0.0, 0.0, radius],
            cell_color=(205, 205, 200),
            section_color=(190, 190, 185),
        )
        half = math.sqrt(0.5)
        if shown.glb is not None:
            handle: Any = scene.add_glb("/object", shown.glb, wxyz=(half, half, 0.0, 0.0), position=(0.0, 0.0, 0.0))
        elif shown.points is not None:
            assert shown.colors is not None
            handle = scene.add_point_cloud("/object", shown.points, shown.colors, point_size=0.012 * radius)
        else:
            handle = scene.add_icosphere(
                "/object", radius=radius, color=(170, 170, 165), opacity=0.35, position=center, cast_shadow=False
            )
        return {"/object": handle, "/ground": grid}


def frustum_picture(frustum: Frustum, encoded: bytes | None) -> NDArray[np.uint8] | None:
    """(h, w, 3): a picture of the frustum's window, with the image at its place, unflipped.

    None if the image is missing or unreadable.
    """
    from PIL import Image

    if frustum.image is None or not encoded:
        return None
    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            opened.draft("RGB", (_PICTURE_PIXELS, _PICTURE_PIXELS))
            image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    if frustum.flipped:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left, top, right, bottom = frustum.window
    scale = _PICTURE_PIXELS / max(right - left, bottom - top)
    canvas = Image.new("RGB", (max(1, round(scale * (right - left))), max(1, round(scale * (bottom - top)))), _BACKDROP)
    x0, y0, x1, y1 = frustum.image
    size = max(1, round(scale * (x1 - x0))), max(1, round(scale * (y1 - y0)))
    canvas.paste(image.resize(size), (round(scale * (x0 - left)), round(scale * (y0 - top))))
    return np.asarray(canvas)


def quaternion(rotation: Floats) -> tuple[float, float, float, float]:
    """(w, x, y, z) of a proper (3, 3) rotation, by its largest component (Shepperd 1978)."""
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    squares = (1 + a + e + i, 1 + a - e - i, 1 - a + e - i, 1 - a - e + i)
    largest = max(range(4), key=squares.__getitem__)
    root = 2 * math.sqrt(squares[largest])
    w, x, y, z = (
        ((root / 4), (h - f) / root, (c - g) / root, (d - b) / root),
        ((h - f) / root, root / 4, (b + d) / root, (c + g) / root),
        ((c - g) / root, (b + d) / root, root / 4, (f + h) / root),
        ((d - b) / root, (c + g) / root, (f + h) / root, root / 4),
    )[largest]
    return w, x, y, z
