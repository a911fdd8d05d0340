"""Meshes become occupancy, and volumes surfaces, at the right place and the right way round."""

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.signal import Signal, iou
from media.builders import volume

SUFFIXES = (".obj", ".ply", ".stl")
suffixes = pytest.mark.parametrize("suffix", SUFFIXES)


def box(path: Path, *extents: float) -> Path:
    trimesh.creation.box(extents).export(path)
    return path


@suffixes
def test_a_box_becomes_a_solid_block(tmp_path: Path, suffix: str) -> None:
    """Its axes in the order z, y, x, the longest with the voxels asked for."""
    (found,) = media.read(box(tmp_path / f"x{suffix}", 8, 4, 2), voxels=17)
    assert (found.kind, found.samples.dtype) == ("volume", np.bool_)
    assert found.grid == (5, 9, 17)
    assert found.samples.all()


def test_the_surface_of_a_block_lies_between_samples(tmp_path: Path) -> None:
    samples = np.zeros((9, 8, 7, 1), np.bool_)
    samples[1:3, 2:6, 3:7] = True
    media.write(tmp_path / "x.ply", [Signal("volume", samples)])
    mesh = trimesh.load_mesh(tmp_path / "x.ply")
    np.testing.assert_allclose(mesh.bounds, [[2.5, 1.5, 0.5], [6.5, 5.5, 2.5]])


@suffixes
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "float32"])
def test_surfaces_are_closed_and_face_outward(tmp_path: Path, suffix: str, dtype: str) -> None:
    """Also where the shape touches the border of the grid; volumes inside out are negative."""
    ball = volume(16).samples[3:] > 0
    media.write(tmp_path / f"x{suffix}", [Signal("volume", ball.astype(dtype))])
    mesh = trimesh.load_mesh(tmp_path / f"x{suffix}")
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(ball.sum(), rel=0.05)


def test_a_ball_comes_back(tmp_path: Path) -> None:
    z, y, x = np.mgrid[:40, :40, :40] - 19.5
    ball = (z**2 + y**2 + x**2 < 17**2)[..., np.newaxis]
    media.write(tmp_path / "x.stl", [Signal("volume", ball)])
    (found,) = media.read(tmp_path / "x.stl", voxels=34)
    assert found.grid == (34, 34, 34)
    assert iou(ball[3:37, 3:37, 3:37], found.samples) > 0.95


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((3, 4, 5, 2), np.uint8), "a surface is that of one channel, these are 2"),
        (np.zeros((3, 4, 5, 1), np.bool_), "there is no surface, all samples are 0"),
    ],
)
def test_what_has_no_surface(tmp_path: Path, samples: np.ndarray, message: str) -> None:
    with pytest.raises(OutputError, match=f"cannot write .*x.obj: {message}"):
        media.write(tmp_path / "x.obj", [Signal("volume", samples)])
    assert not list(tmp_path.iterdir())


BAD = {
    "garbage": "what is this",
    "no faces": "v 0 0 0\nv 1 0 0\nv 0 1 0\n",
    "one place": "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n",
    "not finite": "v 0 0 0\nv inf 0 0\nv 0 1 0\nf 1 2 3\n",
    "out of range": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n",
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_hold_no_surface(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.obj").write_text(BAD[name])
    with pytest.raises(InputError, match=r"^cannot read .*x\.obj: ") as caught:
        media.read(tmp_path / "x.obj")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".ply", ".stl"])
def test_damage_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = box(tmp_path / f"x{suffix}", 1, 1, 1)
    whole = path.read_bytes()
    for content in (b"x", whole[:60], whole[:-10]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"^cannot read ") as caught:
            media.read(path)
        assert "\n" not in str(caught.value)


def test_many_large_triangles_are_refused(tmp_path: Path) -> None:
    """Each would be cut into pieces of a voxel: a small file could take all memory."""
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    (tmp_path / "x.obj").write_text(corners + "f 1 2 3\n" * 100)
    with pytest.raises(InputError, match=r"100 triangles make about 2\*\*\d+ .* fewer voxels"):
        media.read(tmp_path / "x.obj", voxels=2048)


@pytest.mark.parametrize("voxels", [1, 2049])
def test_voxels_have_limits(tmp_path: Path, voxels: int) -> None:
    with pytest.raises(InputError, match=f"{voxels} voxels, allowed are 2 to 2048"):
        media.read(box(tmp_path / "x.obj", 1, 1, 1), voxels=voxels)


@pytest.mark.parametrize("module", ["trimesh", "skimage.measure"])
def test_without_the_extra(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = box(tmp_path / "x.obj", 1, 1, 1)
    monkeypatch.setitem(sys.modules, module, None)
    hint = rf"it needs {module.partition('.')[0]}: pip install 'lgcodec\[mesh\]'$"
    with pytest.raises(OutputError, match=f"^cannot write .*: {hint}"):
        media.write(tmp_path / "y.obj", [volume()])
    if module == "trimesh":
        with pytest.raises(InputError, match=f"^cannot read .*: {hint}"):
            media.read(path)
