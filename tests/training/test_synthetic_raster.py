import numpy as np
import pytest

pytest.importorskip("moderngl")
pytest.importorskip("numba")

from tracker.rotations import matrix_from_euler
from training.synthetic import eyeball
from training.synthetic.raster import Rasteriser, vertex_normals
from training.synthetic.staging import Camera, Light, Lighting, Material, Mesh, Part
from training.synthetic.studio import lid_gap, visible_outline


@pytest.fixture(scope="module")
def rasteriser():
    try:
        return Rasteriser(64)
    except RuntimeError as error:
        pytest.skip(str(error))


SQUARE = Mesh(np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32))
BACKGROUND = np.full((64, 64, 3), 40, np.uint8)
CAMERA = Camera(np.eye(3), np.array([0, 0, 50.0]), 50.0, 64)  # one pixel a cm at the origin


def square(side, x=0.0, y=0.0, z=0.0):
    return np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32) * side / 2 + np.float32([x, y, z])


def ambient(level):
    return Lighting((level,) * 3, (level,) * 3)


def test_a_textured_square_is_where_the_camera_says(rasteriser):
    texture = np.zeros((8, 8, 3), np.uint8)
    texture[:4, :4] = (255, 0, 0)  # RGB, top left
    part = Part(SQUARE, square(20, x=5, y=3), Material(texture))
    picture = rasteriser.draw([part], CAMERA, ambient(1.0), BACKGROUND)
    drawn = np.argwhere((picture.bgr != 40).any(axis=2))
    assert drawn.min(axis=0) == pytest.approx([19, 27], abs=1)  # y up is towards the top
    assert drawn.max(axis=0) == pytest.approx([38, 46], abs=1)
    assert tuple(picture.bgr[22, 30]) == (0, 0, 255)
    assert tuple(picture.bgr[35, 43]) == (0, 0, 0)


def test_the_nearer_part_hides_the_other(rasteriser):
    parts = [Part(SQUARE, square(20), Material(tint=(1, 0, 0))), Part(SQUARE, square(6, z=4), Material(tint=(0, 1, 0)))]
    picture = rasteriser.draw(parts, CAMERA, ambient(1.0), BACKGROUND)
    assert tuple(picture.bgr[32, 32]) == (0, 255, 0)
    assert tuple(picture.bgr[40, 40]) == (0, 0, 255)
    points = CAMERA.project(np.array([[0.0, 0, 4], [0, 0, 0], [8, 8, 0], [100, 0, 0]]))
    assert list(picture.visible(points)) == [True, False, True, False]


def test_blended_parts_hide_no_points(rasteriser):
    parts = [Part(SQUARE, square(20), Material()), Part(SQUARE, square(20, z=5), Material(blend=True, alpha=0.5))]
    picture = rasteriser.draw(parts, CAMERA, ambient(0.25), BACKGROUND)
    assert picture.visible(CAMERA.project(np.zeros((1, 3))))[0]


@pytest.mark.parametrize(("direction", "brighter"), [((1.0, 0.0, 0.3), "right"), ((0.0, 1.0, 0.3), "top")])
def test_light_comes_from_where_it_is(rasteriser, direction, brighter):
    mesh, ball = eyeball.build()
    part = Part(mesh, (ball * 15).astype(np.float32), Material(wrap=0.0, two_sided=False))
    light = Light(tuple(np.array(direction) / np.linalg.norm(direction)), (1.0, 1.0, 1.0))
    bgr = rasteriser.draw([part], CAMERA, Lighting((0.05,) * 3, (0.05,) * 3, (light,)), BACKGROUND).bgr.astype(int)
    left, right, top, bottom = bgr[32, 22, 0], bgr[32, 42, 0], bgr[22, 32, 0], bgr[42, 32, 0]
    assert (right > left + 30) if brighter == "right" else (top > bottom + 30)


def test_a_shadow_falls_away_from_the_light(rasteriser):
    parts = [Part(SQUARE, square(40), Material()), Part(SQUARE, square(8, z=6), Material(tint=(1, 0, 0)))]
    towards = np.array([-1.0, 0, 1]) / np.sqrt(2)  # from the left: the shadow lies 6 cm to the right
    light = Light(tuple(towards), (0.5, 0.5, 0.5))
    bgr = rasteriser.draw(parts, CAMERA, Lighting((0.1,) * 3, (0.1,) * 3, (light,), 1.0), BACKGROUND).bgr.astype(int)
    assert bgr[32, 40, 0] < bgr[32, 22, 0] - 40


def test_one_mesh_may_occur_twice_in_a_picture(rasteriser):
    parts = [Part(SQUARE, square(6, x=x), Material()) for x in (-10.0, 10.0)]
    depth = rasteriser.draw(parts, CAMERA, ambient(1.0), BACKGROUND).depth
    assert np.isfinite(depth[48, [33, 63]]).all() and np.isinf(depth[48, 48])


def test_a_camera_of_another_size_is_refused(rasteriser):
    with pytest.raises(ValueError, match="128 px"):
        rasteriser.draw([], Camera(np.eye(3), np.zeros(3), 50.0, 128), ambient(1.0), BACKGROUND)


def test_normals_of_a_ball_point_outwards():
    mesh, ball = eyeball.build()
    normals = vertex_normals(ball.astype(np.float32), mesh.triangles)
    radial = ball / np.linalg.norm(ball, axis=1, keepdims=True)
    assert np.einsum("vk,vk->v", normals, radial)[:200].min() > 0.95


def test_the_lid_gap_is_relative_to_the_eyes_width():
    extra = np.zeros((87, 3))
    for first, height in ((40, 0.5), (56, 0.0)):
        x = np.concatenate([np.linspace(0, 2, 9), np.linspace(1.75, 0.25, 7)])
        extra[first : first + 16, 0] = x
        extra[first + 1 : first + 8, 1] = height
    assert lid_gap(extra) == pytest.approx([0.25, 0])


@pytest.mark.parametrize("roll", [0.0, 30.0])
def test_the_far_side_of_the_outline_is_where_the_cheek_ends(roll):
    """On a ball that is turned by 60 degrees the far edge is 30 degrees from its front, and 10 cm from its axis."""
    angles = np.radians(np.linspace(20, 100, 81))
    lines = np.zeros((17, 81, 3))
    for line, side in zip(lines, [-1] * 8 + [1] * 9, strict=True):
        line[:, 0], line[:, 2] = side * 10 * np.sin(angles), 10 * np.cos(angles)
    camera = Camera(matrix_from_euler(0.0, 60.0, roll), np.array([0, 0, 2000.0]), 5000.0, 256)  # 2.5 px a cm
    outline = visible_outline(lines, camera)[:, :2] - 128
    across = np.array([np.cos(np.radians(roll)), np.sin(np.radians(roll))])
    assert outline[:8] @ across == pytest.approx(-25, abs=0.2)
    # the near side shows its own jaw, 100 degrees from the front
    assert outline[8:] @ across == pytest.approx(25 * np.sin(np.radians(40)), abs=0.2)
