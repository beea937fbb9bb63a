"""Frames of videos as if they were files: ``<video>/t=<seconds>.png``, each decoded when it is read.

A set that ships videos (uCO3D) needs no copy of its frames on the disk. A frame is given as a PNG file, which loses
nothing, so that everything that reads photos reads frames. The file's bytes depend on the frame's pixels alone.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np

from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.capture_files.stored_png import stored_png
from viewpoint100k.errors import AssetError, MissingExtraError

__all__ = ["VideoFolder", "frame_name"]

_FRAME = re.compile(r"(?P<video>.+)/t=(?P<seconds>\d{1,6}\.\d{6})\.png")
_KEPT_VIDEOS = 2
"""Open at a time: a capture's photos and its masks."""
_FAR_S = 4.0
"""A frame that is this much later is sought; one that is nearer is decoded up to."""
_MAX_DECODED = 2_000
"""Frames that are decoded in search of one."""


def frame_name(video: str, seconds: float) -> str:
    """The name of the frame of ``video`` that is shown at ``seconds``. Raises ``ValueError`` for no such time."""
    if not 0 <= seconds < 1e6:
        raise ValueError(f"{seconds} is no time of a frame")
    return f"{video}/t={seconds:.6f}.png"


class VideoFolder(SourceFolder):
    """A folder in which a video is also a folder of its frames. Needs PyAV for those (extra ``captures``)."""

    def __init__(self, folder: SourceFolder) -> None:
        super().__init__(folder.root)
        self._videos: OrderedDict[str, _Video] = OrderedDict()

    def exists(self, name: str) -> bool:
        """Whether there is such a file, or the video of such a frame."""
        found = _FRAME.fullmatch(name)
        return super().exists(name) or (found is not None and super().exists(found["video"]))

    def size(self, name: str) -> int:
        """Bytes of a file that exists; of a frame, of its video."""
        found = _FRAME.fullmatch(name)
        return super().size(name if found is None or super().exists(name) else found["video"])

    def read(
        self, name: str, max_bytes: int, missing: str = "file_missing", too_large: str = "file_too_large"
    ) -> bytes:
        """The whole of a file, or a frame as a PNG file. Raises ``AssetError``: of a frame ``video_unreadable``."""
        found = _FRAME.fullmatch(name)
        if found is None or super().exists(name):
            return super().read(name, max_bytes, missing, too_large)
        video, seconds = found["video"], Fraction(found["seconds"])
        if video not in self._videos:
            self._videos[video] = _Video(self.open(video, missing), video)
            while len(self._videos) > _KEPT_VIDEOS:
                self._videos.popitem(last=False)[1].close()
        self._videos.move_to_end(video)
        try:
            return self._videos[video].frame(seconds)
        except AssetError:
            self._videos.pop(video).close()
            raise

    def __getstate__(self) -> dict[str, Any]:
        """Without the open videos: another process opens its own."""
        return {**self.__dict__, "_videos": OrderedDict()}


class _Video:
    """One open video, decoded forwards from frame to frame."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        try:
            import av
        except ImportError as error:
            file.close()
            raise MissingExtraError("av", "captures") from error
        self._file, self._name = file, name
        self._frames: Iterator[Any] = iter(())
        self._last: Any = None
        """The frame that was decoded last."""
        try:
            # Local, and nothing that it may refer to: a playlist among the videos could name any address.
            self._container = av.open(file, mode="r", options={"protocol_whitelist": "file"})
            self._stream = self._container.streams.video[0]
            self._stream.thread_type = "NONE"
        except Exception as error:
            file.close()
            raise _unreadable(name, error) from error

    def frame(self, seconds: Fraction) -> bytes:
        """The frame whose time is nearest to ``seconds``, as a PNG file; turned as the video says."""
        try:
            frame = self._nearest(seconds)
            pixels = frame.to_ndarray(format="rgb24")
        except AssetError:
            raise
        except Exception as error:  # PyAV raises FFmpeg's errors, and others for what FFmpeg did not expect.
            raise _unreadable(self._name, error) from error
        quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
        return stored_png(np.rot90(pixels, quarter_turns))

    def close(self) -> None:
        self._container.close()
        self._file.close()

    def _nearest(self, seconds: Fraction) -> Any:
        wanted = seconds + self._begins
        before = self._last
        if before is None or _time(before) > wanted or wanted - _time(before) > _FAR_S:
            self._container.seek(int(wanted / self._stream.time_base), stream=self._stream, backward=True)
            self._frames, before = self._container.decode(self._stream), None
        for count, frame in enumerate(self._frames):
            if count > _MAX_DECODED:
                break
            if frame.pts is None:
                continue
            self._last = frame
            if _time(frame) >= wanted:
                return frame if before is None or _time(frame) - wanted < wanted - _time(before) else before
            before = frame
        if before is None:
            raise AssetError("video_unreadable", f"{self._name} has no frame at {float(seconds):.3f} s")
        return before

    @property
    def _begins(self) -> Fraction:
        """The time of the first frame, from which times are counted."""
        start = self._stream.start_time
        return Fraction(0) if start is None else start * self._stream.time_base


def _time(frame: Any) -> Fraction:
    return Fraction(frame.pts * frame.time_base)


def _unreadable(name: str, error: Exception) -> AssetError:
    return AssetError("video_unreadable", f"{name} cannot be decoded: {type(error).__name__}: {str(error)[:200]}")
