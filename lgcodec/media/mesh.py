"""Surfaces of shapes: .obj, .ply and .stl meshes, through trimesh (extra `mesh`).

A mesh is read as the occupancy of a grid of cubes, and written by marching cubes.
"""

from collections.abc import Sequence
from math import ceil, log2
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import InputError, OutputError
from lgcodec.media.base import ReadOptions, SingleFile, extra
from lgcodec.signal import Signal

__all__ = ["MeshFile"]

MAX_VOXELS: Final = 2048  # along the longest axis
MAX_PIECES: Final = 2**25  # triangles that are no larger than a voxel


@final
class MeshFile(SingleFile):
    """One shape per file; bool samples [z, y, x, 1], True inside and where the surface passes.

    `ReadOptions.voxels` counts cubes along the longest axis, the centres of the outermost lie on
    the surface; holes that these close are filled.
    What is written is where a volume of one channel crosses the middle of its range, in voxels from
    the centre of the first one, closed at the borders of the grid. Colours are ignored.
    """

    kinds = ("volume",)
    readable = (".obj", ".ply", ".stl")
    writable = (".obj", ".ply", ".stl")
    holds_bool = True
    wants_field = True

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        trimesh = extra("trimesh", "mesh", InputError)
        if not 2 <= options.voxels <= MAX_VOXELS:
            raise InputError(f"{options.voxels} voxels, allowed are 2 to {MAX_VOXELS}")
        with path.open("rb") as file:
            mesh = trimesh.load_mesh(file, file_type=path.suffix.lower()[1:], skip_materials=True)
        pitch = _pitch(mesh, options.voxels)
        mesh.apply_translation(-mesh.bounds[0])
        grid = mesh.voxelized(pitch).fill()
        return (Signal("volume", np.ascontiguousarray(grid.matrix.transpose(2, 1, 0)[..., None])),)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        trimesh = extra("trimesh", "mesh", OutputError)
        vertices, faces = _surface(signals[0].samples)
        mesh = trimesh.Trimesh(vertices, faces, process=False)
        mesh.export(path, file_type=path.suffix.lower()[1:])


def _pitch(mesh: Any, voxels: int) -> float:
    """Edge of a voxel; InputError for what is no surface, or takes too many small triangles."""
    corners = np.asarray(mesh.triangles, np.float64)
    if len(corners) == 0 or not np.isfinite(corners).all():
        raise InputError("it holds no triangles, or coordinates that are not finite")
    pitch = float(np.ptp(corners.reshape(-1, 3), axis=0).max()) / (voxels - 1)
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    if not pitch > 0:
        raise InputError("all its corners are in one place")
    pieces = float((4.0 ** np.ceil(np.log2(np.maximum(edges / pitch, 1)))).sum())
    if pieces > MAX_PIECES:
        raise InputError(
            f"{len(corners)} triangles make about 2**{ceil(log2(pieces))} of the size of a voxel, "
            f"allowed are {MAX_PIECES}; ask for fewer voxels"
        )
    return pitch


def _surface(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Corners [n, (x, y, z)] and triangles [m, 3] where a volume crosses its middle value."""
    measure = extra("skimage.measure", "mesh", OutputError)
    if samples.shape[-1] != 1:
        raise OutputError(f"a surface is that of one channel, these are {samples.shape[-1]}")
    field = samples[..., 0].astype(np.float32)
    low, high = float(field.min()), float(field.max())
    if not low < high:
        raise OutputError(f"there is no surface, all samples are {low:g}")
    closed = np.pad(field, 1, constant_values=low)
    vertices, faces, _, _ = measure.marching_cubes(closed, (low + high) / 2)
    return vertices[:, ::-1] - 1, faces  # a reflection: it turns the triangles outward
