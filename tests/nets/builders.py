"""Small networks with initial weights."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from format.builders import geometry
from numpy.typing import NDArray

from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.nets import Family, Incode, ReluPe, Siren, TensorWeights
from nets.reference import value

Rows = NDArray[Any]
Tensors = dict[str, NDArray[np.float32]]
LOCAL_GLOBAL = Siren(3, 7, 12, ((-1.0, 1.0), (-1.0, 1.0)))
PER_PARTITION = replace(LOCAL_GLOBAL, global_width=0)
AS_IN_THE_PAPER = replace(LOCAL_GLOBAL, tile_range=0.0)
SOUND = Siren(1, 9, 5, ((-100.0, 100.0),), tile_range=3.0)
SHALLOW = Siren(2, 4, 3, ((-1.0, 1.0),) * 3, layers=2, w0=10.0)
ADDED = replace(LOCAL_GLOBAL, merge="add", layers=4)
MODULATED = Incode(3, 7, 12, ((-1.0, 1.0), (-1.0, 1.0)))
MODULATED_ALONE = replace(MODULATED, global_width=0, layers=3)
MODULATED_ADDED = replace(MODULATED, merge="add", channels=1)
RECTIFIED = ReluPe(3, 7, 12, ((-1.0, 1.0), (-1.0, 1.0)), octaves=(4, 7))
RECTIFIED_ALONE = ReluPe(1, 9, 0, ((-1.0, 1.0),), tile_range=0.0, octaves=(5, 5))
SIRENS = (LOCAL_GLOBAL, PER_PARTITION, AS_IN_THE_PAPER, SOUND, SHALLOW, ADDED)
INCODES = (MODULATED, MODULATED_ALONE, MODULATED_ADDED)
RECTIFIERS = (RECTIFIED, RECTIFIED_ALONE)
NETWORKS = (*SIRENS, *INCODES, *RECTIFIERS)


def drawn(family: Family, partitions: int = 3, seed: int = 0) -> TensorWeights:
    """Initial weights, "local.<name>" of all partitions; modulators away from zero."""
    generator = torch.Generator().manual_seed(seed)
    weights = dict(family.initialise(partitions, generator))
    if isinstance(family, Incode):
        weights["global.modulators"] = torch.rand((family.paths, 4), generator=generator) - 0.5
    return weights


def lattice_of(family: Family) -> Geometry:
    """A geometry that suits a family, with the tiles and the frame of latents."""
    ones = (1,) * len(family.ranges)
    pairs = zip(getattr(family, "tile", ones), getattr(family, "frame", ones), strict=True)
    axes = tuple(AxisGeometry(frame, 0, 1, 0, tile, -(-frame // tile)) for tile, frame in pairs)
    kind = {1: "audio", 2: "image", 3: "volume"}[len(axes)]
    return geometry(kind, axes, channels=family.channels)


def local_of(weights: TensorWeights, partition: int) -> Tensors:
    """Local tensors of one partition by name."""
    return {n[6:]: v[partition].numpy() for n, v in weights.items() if n.startswith("local.")}


def global_of(weights: TensorWeights) -> Tensors:
    """Global tensors by name."""
    return {n[7:]: v.numpy() for n, v in weights.items() if n.startswith("global.")}


def coordinates(family: Family, partitions: int = 3, samples: int = 50) -> tuple[Tensors, Tensors]:
    """Tile and frame coordinates [P, S, D] drawn from the whole of their ranges."""
    rng = np.random.default_rng(1)
    low, high = np.array(family.ranges).T
    shape = (partitions, samples, len(family.ranges))
    tile = rng.uniform(-family.tile_range, family.tile_range, shape).astype(np.float32)
    return tile, rng.uniform(low, high, shape).astype(np.float32)


def evaluated(
    family: Family, weights: TensorWeights, tile: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """Values [P, S, C] by the family's own code."""
    return family.forward(weights, torch.from_numpy(tile), torch.from_numpy(frame)).numpy()


def expected(
    family: Family, weights: TensorWeights, tile: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """Values [P, S, C] by the specification."""
    rows = [
        value(
            family.name,
            family.configuration,
            local_of(weights, p),
            global_of(weights),
            u=tile[p],
            x=frame[p],
        )
        for p in range(len(tile))
    ]
    return np.stack(rows)
