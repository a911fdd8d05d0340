"""Shapes and volumes on the command line: meshes and NIfTI in, surfaces out."""

import json
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import trimesh

from lgcodec.media import read, write
from lgcodec.signal import Signal

SAMPLES = Path(__file__).parents[2] / "samples"
NETWORK = ("--params", "1500", "--partition-size", "8,8,8", "--device", "cpu")


@pytest.fixture
def ball(lgi) -> None:
    """A ball in a corner of its grid; the partitions of the other corner are empty."""
    z, y, x = np.mgrid[:24, :24, :24]
    inside = (z - 8) ** 2 + (y - 8) ** 2 + (x - 8) ** 2 < 49
    write("ball.npz", [Signal("volume", inside[..., np.newaxis])])
    assert lgi("encode", "ball.npz", "ball.lgi", *NETWORK, "--iters", "150").code == 0


def test_a_mesh_is_cut_into_as_many_voxels_as_asked_for(lgi) -> None:
    trimesh.creation.icosphere(radius=7.5).export("ball.stl")
    options = ("--voxels", "16", *NETWORK, "--iters", "1")
    assert lgi("encode", "ball.stl", "whole.lgi", *options).code == 0
    assert "volume of 16 x 16 x 16, 1 channel bool" in lgi("info", "whole.lgi").out


def test_voxels_of_a_picture_are_refused(lgi) -> None:
    done = lgi("encode", SAMPLES / "cat.png", "x.lgi", "--voxels", "16")
    assert (done.code, "voxels are for meshes (.obj, .ply, .stl)" in done.err) == (2, True)


def test_quality_is_intersection_over_union(lgi, ball) -> None:
    shown = lgi("encode", "ball.npz", "x.lgi", *NETWORK, "--iters", "20")
    assert "volume: IoU 0." in shown.out
    done = lgi("encode", "ball.npz", "x.lgi", *NETWORK, "--iters", "20", "--json")
    (stream,) = json.loads(done.out)["streams"]
    assert 0 <= stream["iou"] <= 1


def test_the_surface_is_where_the_ball_is(lgi, ball) -> None:
    """Smoother than voxels: the network's field is what is cut, here at twice the resolution."""
    assert lgi("decode", "ball.lgi", "out.ply", "--scale", "2").code == 0
    mesh = trimesh.load_mesh("out.ply")
    assert mesh.is_watertight
    np.testing.assert_allclose(mesh.center_mass, [16.5] * 3, atol=0.7)
    assert mesh.volume == pytest.approx(8 * read("ball.npz")[0].samples.sum(), rel=0.1)


def test_arrays_and_nifti_hold_exact_bits(lgi, ball) -> None:
    for name in ("out.npz", "out.nii.gz"):
        assert lgi("decode", "ball.lgi", name).code == 0
    samples = read("out.npz")[0].samples
    assert samples.dtype == np.bool_
    np.testing.assert_array_equal(
        np.asarray(nibabel.load("out.nii.gz").dataobj), samples[..., 0].transpose()
    )


def test_without_the_extra(lgi, ball, monkeypatch) -> None:
    trimesh.creation.box().export("box.stl")
    monkeypatch.setitem(sys.modules, "trimesh", None)
    hint = "it needs trimesh: pip install 'lgcodec[mesh]'"
    lgi("encode", "box.stl", "x.lgi").failed(4, "box.stl", hint)
    lgi("decode", "ball.lgi", "x.obj").failed(5, "x.obj", hint)
