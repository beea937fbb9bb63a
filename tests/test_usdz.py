"""USDZ packages written by hand: axes, textures, and references to files outside."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from format_reading import RED, only, read, reason
from gltf_writing import picture

USDA = """#usda 1.0
(
    defaultPrim = "stage"
    upAxis = "%s"
)
def Xform "stage"
{
    double3 xformOp:translate = (0, 0, 4)
    uniform token[] xformOpOrder = ["xformOp:translate"]
    def Mesh "quad" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {
        int[] faceVertexCounts = [4]
        int[] faceVertexIndices = [0, 1, 2, 3]
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 2, 0), (0, 2, 0)]
        texCoord2f[] primvars:st = [(0, 0), (1, 0), (1, 1), (0, 1)] (
            interpolation = "faceVarying"
        )
        uniform token subdivisionScheme = "none"
        rel material:binding = </stage/m>
    }
    def Mesh "hidden"
    {
        int[] faceVertexCounts = [3]
        int[] faceVertexIndices = [0, 1, 2]
        point3f[] points = [(0, 0, 0), (9, 0, 0), (0, 9, 0)]
        token visibility = "invisible"
    }
    def Material "m"
    {
        token outputs:surface.connect = </stage/m/s.outputs:surface>
        def Shader "s"
        {
            uniform token info:id = "UsdPreviewSurface"
            color3f inputs:diffuseColor.connect = </stage/m/t.outputs:rgb>
            float inputs:roughness = 0.25
            token outputs:surface
        }
        def Shader "t"
        {
            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @%s@
            float3 outputs:rgb
        }
    }
%s
}
"""


def usdz(up: str = "Z", texture: str = "t.png", more: str = "", **members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        package.writestr("a.usda", USDA % (up, texture, more))
        package.writestr("t.png", picture(np.full((2, 2, 3), RED)))
        for name, data in members.items():
            package.writestr(name, data)
    return stream.getvalue()


@pytest.fixture
def usd() -> None:
    pytest.importorskip("pxr")


@pytest.mark.usefixtures("usd")
@pytest.mark.parametrize(("up", "expected"), [("Z", [1, 2, 0]), ("Y", [1, 0, 2])])
def test_usdz_is_read_in_the_axes_that_it_states(tmp_path: Path, up: str, expected: list[float]) -> None:
    file = read(tmp_path, "a.usdz", usdz(up))
    assert np.ptp(file.mesh.points, axis=0) / file.normalization[0, 0] == pytest.approx(expected, abs=1e-5)
    assert file.mesh.triangle_count == 2
    material = only(file).material
    assert material.roughness == 0.25
    assert material.base_color_texture is not None
    assert material.base_color_texture.pixels[0, 0].tolist() == list(RED)


@pytest.mark.usefixtures("usd")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\5\6" + bytes(18), "unreadable"),
        (usdz()[:400], "unreadable"),
        (usdz(texture="gone.png"), "texture_missing"),
        (usdz(texture="/etc/passwd"), "texture_missing"),
        (usdz(more='def "x" (references = @/etc/passwd@) {}'), "reference_outside"),
        (usdz(more='def "x" (references = @../other.usda@) {}'), "reference_outside"),
        (usdz(more='def "x" (payload = @http://127.0.0.1:9/x.usd@) {}'), "reference_outside"),
        (usdz().replace(b"[4]", b"[9]"), "unreadable"),
    ],
)
def test_a_broken_usdz_is_refused_for_its_reason(tmp_path: Path, content: bytes, expected: str) -> None:
    assert reason(tmp_path, "a.usdz", content) == expected
