"""What surfaces look like: textures the right way up, colours that come out as they went in, normals, alpha, metal."""

from dataclasses import replace

import numpy as np
import pytest
from renderer_shapes import (
    NOISE,
    ball,
    coded,
    color_of,
    depth_of,
    each_backend,
    each_backend_in_time,
    each_staged_backend,
    facing_camera,
    glowing,
    linear,
    mesh,
    picture,
    quad,
    renderer,
)

from renderers import Stage
from renderers.textures import shrink
from viewpoint100k.geometry.mesh import Material, Primitive

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 200, 30), (30, 30, 200), (180, 180, 180)


@each_backend
def test_the_first_row_of_a_texture_is_its_top(backend: str) -> None:
    texels = np.repeat(np.repeat([[RED, GREEN], [BLUE, WHITE]], 8, axis=0), 8, axis=1)
    material = glowing((255, 255, 255), emissive_texture=picture(texels, ("clamp", "clamp")))
    seen = color_of(backend, mesh(quad(material)), facing_camera())
    corners = [seen[30, 30], seen[30, 66], seen[66, 30], seen[66, 66]]
    assert np.abs(np.array(corners, dtype=int) - [RED, GREEN, BLUE, WHITE]).max() <= 2


@each_backend
def test_base_colour_textures_are_the_same_way_up_as_emissive_ones(backend: str) -> None:
    texels = np.repeat(np.repeat([[RED, GREEN], [BLUE, WHITE]], 8, axis=0), 8, axis=1)
    material = Material(base_color_texture=picture(texels, ("clamp", "clamp")))
    seen = color_of(backend, mesh(quad(material)), facing_camera()).astype(int)
    assert [int(seen[y, x].argmax()) for y, x in ((30, 30), (30, 66), (66, 30))] == [0, 1, 2]


@each_backend
@pytest.mark.parametrize(
    ("wrap", "second"), [("repeat", (RED, GREEN)), ("mirror", (GREEN, RED)), ("clamp", (GREEN, GREEN))]
)
def test_wrap_modes(backend: str, wrap: str, second: tuple[tuple[int, ...], ...]) -> None:
    texels = np.repeat(np.repeat([[RED, GREEN]], 16, axis=0), 8, axis=1)
    material = glowing((255, 255, 255), emissive_texture=picture(texels, (wrap, wrap)))
    seen = color_of(backend, mesh(quad(material, uv_scale=2.0)), facing_camera())[48].astype(int)
    # The quad is 66 pixels wide about the middle; each half of each repeat is 16.5.
    for x, expected in zip((23, 39, 57, 73), (RED, GREEN, *second), strict=True):
        assert np.abs(seen[x] - expected).max() <= 4, x


@each_backend
@pytest.mark.parametrize("code", [0, 13, 60, 128, 188, 225])
def test_a_colour_comes_out_as_it_went_in(backend: str, code: int) -> None:
    by_factor = color_of(backend, mesh(quad(glowing((code, code, code)))), facing_camera(size=32))
    texture = picture(np.full((8, 8, 3), code))
    by_texture = color_of(
        backend, mesh(quad(glowing((255, 255, 255), emissive_texture=texture))), facing_camera(size=32)
    )
    assert np.abs(by_factor[16, 16].astype(int) - code).max() <= 1
    assert np.abs(by_texture[16, 16].astype(int) - code).max() <= 1


@each_staged_backend
def test_textures_are_decoded_before_they_are_averaged(backend: str) -> None:
    texels = np.zeros((256, 256, 3))
    texels[::2] = 255
    material = glowing((255, 255, 255), emissive_texture=picture(texels))
    material = replace(material, emissive=(0.5, 0.5, 0.5))
    seen = color_of(backend, mesh(quad(material)), facing_camera(size=48))
    assert abs(int(seen[24, 24, 0]) - coded(0.25)) <= 3  # half of the light, and not half of the code
    small = shrink(np.asarray(texels, dtype=np.uint8), 128, srgb=True)
    assert small.shape == (128, 128, 4)
    assert np.abs(small[..., 0] - coded(0.5)).max() <= 1
    assert np.abs(shrink(np.asarray(texels, dtype=np.uint8), 128, srgb=False)[..., 0].astype(int) - 127.5).max() <= 1


@each_backend
def test_vertex_colours_multiply_the_base_colour(backend: str) -> None:
    camera = facing_camera(size=48)
    half = np.tile([0.5, 0.25, 1.0, 1.0], (4, 1))
    painted = color_of(backend, mesh(quad(Material(base_color=(0.8, 0.8, 0.4, 1)), colors=half)), camera)
    plain = color_of(backend, mesh(quad(Material(base_color=(0.4, 0.2, 0.4, 1)))), camera)
    assert np.abs(painted.astype(int) - plain).max() <= 1 + NOISE[backend]
    ramp = [[1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1], [1, 0, 0, 1]]
    seen = color_of(backend, mesh(quad(Material(), colors=ramp)), camera).astype(int)
    assert seen[24, 10, 0] > seen[24, 10, 1] + 60
    assert seen[24, 37, 1] > seen[24, 37, 0] + 60


TURNS = [((1, 0, 0), (0, 0, -1)), ((0, 0, 1), (1, 0, 0)), ((-1, 0, 0), (0, 0, 1)), ((0, 0, -1), (-1, 0, 0))]
MIRRORED = [((-1, 0, 0), (0, 0, -1)), ((1, 0, 0), (0, 0, 1)), ((0, 0, 1), (-1, 0, 0)), ((0, 0, -1), (1, 0, 0))]


@each_backend_in_time
@pytest.mark.parametrize(("u", "v"), TURNS + MIRRORED)
@pytest.mark.parametrize("tilt", [(0.6, 0.0), (-0.6, 0.0), (0.0, 0.6), (0.0, -0.6)])
def test_a_normal_map_tilts_the_surface_towards_red_right_and_green_up(
    backend: str, u: tuple[float, ...], v: tuple[float, ...], tilt: tuple[float, float]
) -> None:
    # +X of the texture is the way u grows and +Y the way v falls, mirrored or not: glTF 2.0, 3.9.3.
    x, y = tilt
    toward_camera = np.array([0.0, -1.0, 0.0])
    expected = x * np.array(u) - y * np.array(v) + 0.8 * toward_camera
    texel = np.round((np.array([x, y, 0.8]) / 2 + 0.5) * 255)
    mapped = Material(normal_texture=picture(np.tile(texel, (8, 8, 1))))
    shown = (
        quad(mapped, u=u, v=v, normal=toward_camera),
        quad(Material(), u=u, v=v, normal=expected),
        quad(Material(), u=u, v=v),
    )
    camera = facing_camera(size=32)
    pictures = (color_of(backend, mesh(one), camera)[12:20, 12:20].astype(float) for one in shown)
    seen, real, flat = (picture.mean(axis=(0, 1)) for picture in pictures)
    # Where light is traced, half of the sun stands below the plane of the quad, whatever its normals say.
    assert np.abs(seen - real).max() <= (20 if backend == "blender" else 3)
    if abs(expected[2]) > 0.1:  # light comes from above: a tilt up is brighter, a tilt down darker
        assert np.sign(seen[0] - flat[0]) == np.sign(expected[2])
        assert abs(seen[0] - flat[0]) > 8


@each_backend
def test_normal_scale_flattens(backend: str) -> None:
    texture = picture(np.tile(np.round((np.array([0, 0.6, 0.8]) / 2 + 0.5) * 255), (8, 8, 1)))
    camera = facing_camera(size=32)
    values = [
        int(color_of(backend, mesh(quad(Material(normal_texture=texture, normal_scale=s))), camera)[16, 16, 0])
        for s in (0.0, 0.5, 1.0)
    ]
    if backend != "blender":
        assert values == sorted(values)
    if backend in ("software", "opengl"):
        assert values[0] < values[1] < values[2]


@each_backend
def test_both_sides_of_a_surface_are_lit_as_the_side_that_is_seen(backend: str) -> None:
    camera = facing_camera(size=32)
    tilted = {"u": (1, 0, 0), "v": (0, 0.5, -1)}
    front = color_of(backend, mesh(quad(Material(), **tilted)), camera)
    one = quad(Material(), **tilted)
    behind = replace(one, normals=-one.normals, triangles=one.triangles[:, ::-1].copy())
    disagreeing = replace(one, triangles=one.triangles[:, ::-1].copy())
    for other in (behind, disagreeing):
        assert np.abs(color_of(backend, mesh(other), camera).astype(int) - front).max() <= 1 + NOISE[backend]


@each_backend
def test_mask_and_opaque_show_their_texels_in_full_or_not_at_all(backend: str) -> None:
    texels = np.full((8, 8, 4), 255)
    texels[:, :4, 3] = 60
    texture = picture(texels, ("clamp", "clamp"))
    shades = {}
    for mode in ("OPAQUE", "MASK"):
        material = Material(base_color_texture=texture, alpha_mode=mode)  # type: ignore[arg-type]
        shades[mode] = color_of(backend, mesh(quad(material)), facing_camera())
    assert np.abs(shades["MASK"][48, 34].astype(int) - 128).max() <= 1
    left, right = shades["OPAQUE"][48, [34, 60]].astype(int)
    assert np.abs(left - right).max() <= NOISE[backend]
    assert np.abs(shades["MASK"][48, 60].astype(int) - right).max() <= NOISE[backend]


@each_backend
def test_what_a_mask_cuts_out_hides_nothing_behind_it(backend: str) -> None:
    texels = np.full((8, 8, 4), 255)
    texels[..., 3] = 0
    screen = quad(Material(base_color_texture=picture(texels), alpha_mode="MASK"), center=(0, -0.5, 0))
    seen = color_of(backend, mesh(screen, quad(glowing(RED))), facing_camera())
    assert np.abs(seen[48, 48].astype(int) - RED).max() <= 1


@each_staged_backend
def test_blended_light_adds_up_from_the_far_side_whatever_the_order_in_the_file(backend: str) -> None:
    def pane(code: tuple[int, int, int], y: float) -> Primitive:
        material = replace(glowing(code), alpha_mode="BLEND", base_color=(0, 0, 0, 0.5))
        return quad(material, center=(0, y, 0))

    near, far, wall = pane(RED, -0.6), pane(GREEN, -0.3), quad(glowing(BLUE))
    expected = 0.5 * linear(RED) + 0.25 * linear(GREEN) + 0.25 * linear(BLUE)
    for order in ((wall, far, near), (near, far, wall), (far, near, wall)):
        seen = color_of(backend, mesh(*order), facing_camera())[48, 48]
        assert np.abs(seen - coded(expected)).max() <= 3


@each_backend
def test_blended_texels_of_full_alpha_are_solid(backend: str) -> None:
    front = quad(replace(glowing(RED), alpha_mode="BLEND"), center=(0, -0.5, 0))
    seen = color_of(backend, mesh(front, quad(glowing(GREEN))), facing_camera())[48, 48]
    assert np.abs(seen.astype(int) - RED).max() <= 1


@each_backend
@pytest.mark.parametrize("stage", [None, Stage(1), Stage(2, ground=False)])
def test_metal_is_not_black(backend: str, stage: Stage | None) -> None:
    gold = Material(base_color=(1.0, 0.77, 0.34, 1), metallic=1.0, roughness=0.15)
    made, camera = mesh(ball(gold)), facing_camera()
    scene = renderer(backend).load(made, stage)
    seen = linear(scene.color(camera)[np.isfinite(scene.depth(camera))])
    scene.close()
    assert seen.mean() > 0.1
    assert np.quantile(seen.mean(axis=1), 0.1) > 0.02
    assert seen[:, 0].mean() > seen[:, 2].mean()


@each_backend
def test_roughness_is_green_and_metallic_is_blue(backend: str) -> None:
    texture = picture(np.tile([255, 102, 255], (8, 8, 1)))
    by_texture = Material(base_color=(0.9, 0.5, 0.3, 1), metallic=1, roughness=1, metallic_roughness_texture=texture)
    by_factor = Material(base_color=(0.9, 0.5, 0.3, 1), metallic=1, roughness=0.4)
    tilted = {"v": (0, 0.7, -1)}
    one = color_of(backend, mesh(quad(by_texture, **tilted)), facing_camera(size=32))
    two = color_of(backend, mesh(quad(by_factor, **tilted)), facing_camera(size=32))
    assert np.abs(one.astype(int) - two).max() <= 2 + NOISE[backend]


@each_backend
def test_occlusion_is_red_and_darkens(backend: str) -> None:
    texels = np.tile([255, 255, 255], (8, 8, 1))
    texels[:, :4, 0] = 60
    seen = color_of(backend, mesh(quad(Material(occlusion_texture=picture(texels)))), facing_camera()).astype(int)
    assert seen[48, 40, 0] + 25 < seen[48, 60, 0]


@each_backend
def test_odd_meshes_are_drawn_and_never_crash(backend: str) -> None:
    texture = picture(np.full((5, 3, 3), 90))
    everything = Material(
        base_color_texture=texture,
        metallic_roughness_texture=texture,
        normal_texture=texture,
        occlusion_texture=texture,
        emissive_texture=texture,
        emissive=(0.2, 0.2, 0.2),
    )
    one = quad(everything)
    empty = replace(one, triangles=np.zeros((0, 3), dtype=np.uint32))
    odd = [
        replace(one, uvs=None),
        replace(one, normals=np.zeros((4, 3), dtype=np.float32)),
        replace(one, normals=np.full((4, 3), np.nan, dtype=np.float32)),
        replace(one, uvs=np.zeros((4, 2), dtype=np.float32)),
        replace(one, triangles=np.array([[0, 0, 1], [0, 2, 1], [0, 3, 2]], dtype=np.uint32)),
    ]
    for primitive in odd:
        for mode in ("OPAQUE", "MASK", "BLEND"):
            material = replace(primitive.material, alpha_mode=mode)  # type: ignore[arg-type]
            made = mesh(empty, replace(primitive, material=material))
            assert np.isfinite(depth_of(backend, made, facing_camera(size=16))[8, 8])
            seen = color_of(backend, made, facing_camera(size=16))[8, 8]
            assert 10 < seen.mean() < 250


@each_backend
def test_a_face_without_normals_is_lit_by_its_geometry(backend: str) -> None:
    one = quad(Material(), v=(0, 0.7, -1))
    bare = replace(one, normals=np.zeros((4, 3), dtype=np.float32))
    camera = facing_camera(size=32)
    difference = color_of(backend, mesh(bare), camera).astype(int) - color_of(backend, mesh(one), camera)
    assert np.abs(difference).max() <= 1 + NOISE[backend]


@pytest.mark.parametrize("backend", ["pyrender", "blender"])
@pytest.mark.parametrize("roughness", [0.3, 0.7])
def test_the_other_backends_agree_with_the_default_on_colour(backend: str, roughness: float) -> None:
    camera = facing_camera(size=64)
    material = Material(base_color=(0.6, 0.3, 0.15, 1), roughness=roughness)
    one = color_of("opengl", mesh(ball(material)), camera).astype(int)
    two = color_of(backend, mesh(ball(material)), camera).astype(int)
    assert np.abs(one - two).mean() < 4
    assert np.abs((one - two).mean(axis=(0, 1))).max() < 3
    assert np.quantile(np.abs(one - two), 0.99) < 30


@each_staged_backend
def test_edges_are_smooth(backend: str) -> None:
    # A bright disc over grey: along its rim there are pixels of several levels between the two.
    seen = color_of(backend, mesh(ball(glowing((225, 225, 225)), subdivisions=5)), facing_camera())[..., 0]
    between = np.unique(seen[(seen > 128) & (seen < 224)])
    assert len(between) >= 3
