"""A picture's bytes follow from its pixels alone, whatever the version of the encoder and the processor's instructions.

`make test-versions` runs this with the lowest and the newest versions of simplejpeg and Pillow.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from viewpoint100k.assets.capture_files import pictures
from viewpoint100k.assets.capture_files.stored_png import stored_png
from viewpoint100k.dataset.jpeg import encode_jpeg

SIZES = [(64, 64), (1, 1), (37, 51), (200, 120)]
"""Heights and widths: whole blocks of a JPEG, less than one, and a rest on two sides."""
JPEGS = {
    "64x64": "118eb3a0484c533c608daa06b0d2f02c1fbe26eb715d63ba1a278b3b38ce05c2",
    "1x1": "1f3cc64998cd278ef52efe599c594afbed77351069c89a58c75b41bdb4a96dcb",
    "37x51": "42191110b3f14b25b4876b1c2d29e245a74f8fcc8022bc6672e0ed33c74a4e00",
    "200x120": "656135278be0f9a95b1e973d22d7bd5e6c479de931c33aef908d3d41bce9aac5",
}
"""SHA-256 of the JPEG files of `picture` at quality 90, joined with those of photos. A change is a breaking change."""
FRAME = "d3b4f2104abf766b6226e76606101368bae63ae5ccfc93cfa665c8d5c1f58ddc"
"""SHA-256 of `picture` of 200x120 as a frame of a video is given."""


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """(h, w, 3): slopes, edges and noise, from integers alone."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    noise = (x * 7919 + y * 104729 + x * y * 31) % 251
    red, green = (3 * x + y) % 256, np.where((x // 9 + y // 5) % 2, 230, 12)
    return np.stack([red, green, np.where(x > y, noise, (red + noise) % 256)], axis=-1).astype(np.uint8)


def jpeg_digests() -> dict[str, str]:
    found = {}
    for height, width in SIZES:
        pixels = picture(height, width)
        found[f"{height}x{width}"] = hashlib.sha256(encode_jpeg(pixels, 90) + pictures.encode(pixels)).hexdigest()
    return found


def test_a_jpeg_has_the_committed_bytes() -> None:
    assert jpeg_digests() == JPEGS


def test_a_jpeg_has_the_same_bytes_without_simd() -> None:
    """libjpeg-turbo reads the variable where it chooses its instructions."""
    code = "import json, test_encoders; print(json.dumps(test_encoders.jpeg_digests()))"
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    plain = {**os.environ, "JSIMD_FORCENONE": "1", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == JPEGS


def test_a_frame_of_a_video_has_the_committed_bytes() -> None:
    assert hashlib.sha256(stored_png(picture(200, 120))).hexdigest() == FRAME


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_stored_png_is_read_back_as_it_was(height: int, width: int) -> None:
    pixels = picture(height, width)
    data = stored_png(pixels)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (width, height))
        image.load()
        assert np.array_equal(np.asarray(image), pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()  # Its checksums.


def test_a_stored_png_does_not_depend_on_the_compressor() -> None:
    """Its data is the lines themselves, in blocks of 65,535 bytes: there is nothing to choose."""
    pixels = picture(200, 120)
    data = stored_png(pixels)
    start = data.index(b"IDAT") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big")
    lines = zlib.decompress(data[start : start + length])
    assert lines == b"".join(b"\0" + row.tobytes() for row in pixels)
    assert length == 2 + 5 * 2 + len(lines) + 4
