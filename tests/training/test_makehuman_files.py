import numpy as np
import pytest

from training.synthetic.makehuman_files import parse_obj, parse_proxy, parse_target

OBJ = """\
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
g body
f 1/1 2/2 3/3 4/1
g joint
f 1 2 3
"""


def test_an_obj_is_read_in_centimetres_with_its_groups():
    mesh = parse_obj(OBJ)
    assert mesh.vertices[2].tolist() == [10, 10, 0]
    assert mesh.groups == ["body", "joint"]
    assert mesh.faces[0] == [(0, 0), (1, 1), (2, 2), (3, 0)]


def test_polygons_become_fans_of_triangles():
    vertices, uv = parse_obj(OBJ).triangles([0])
    assert vertices.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert uv.tolist() == [[0, 1, 2], [0, 2, 0]]


def test_a_target_moves_only_the_vertices_it_names():
    moved = parse_target(["# a comment of four", "1 .1 0 -.2", "", "3 0 1 0"], 4)
    assert moved.tolist() == [[0, 0, 0], pytest.approx([1, 0, -2]), [0, 0, 0], [0, 10, 0]]


MHCLO = """\
# fitted by hand
x_scale 0 1 1.0
y_scale 0 3 1.0
z_scale 0 1 1.0
verts 0
material cloth.mhmat
2
0 1 2 0.5 0.5 0 0.1 0 0
weights none
"""
TWO_POINTS = "v 0 0 0\nv 0 0 0\nvt 0 0\nf 1/1 2/1 1/1\n"


def test_a_proxy_hangs_on_vertices_by_weights_and_its_offsets_grow_with_the_head():
    square = parse_obj(OBJ).vertices
    proxy = parse_proxy(MHCLO, TWO_POINTS)
    assert proxy.fit(square).tolist() == [[10, 10, 0], pytest.approx([6, 0, 0])]
    assert proxy.fit(square * 2).tolist() == [[20, 20, 0], pytest.approx([12, 0, 0])]


def test_a_proxy_follows_a_displacement_without_its_offsets():
    proxy = parse_proxy(MHCLO, TWO_POINTS)
    moved = np.zeros((4, 3), np.float32)
    moved[1] = [0, 2, 0]
    assert proxy.follow(moved).tolist() == [[0, 0, 0], [0, 1, 0]]


def test_a_proxy_that_does_not_fit_its_mesh_is_refused():
    with pytest.raises(ValueError, match="2 fitted vertices for a mesh of 4"):
        parse_proxy(MHCLO, OBJ)
