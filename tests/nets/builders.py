"""Small networks with initial weights."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.nets import Siren, TensorWeights

Tensors = dict[str, NDArray[np.float32]]
LOCAL_GLOBAL = Siren(3, 7, 12, ((-1.0, 1.0), (-1.0, 1.0)))
PER_PARTITION = replace(LOCAL_GLOBAL, global_width=0)
AS_IN_THE_PAPER = replace(LOCAL_GLOBAL, tile_range=0.0)
SOUND = Siren(1, 9, 5, ((-100.0, 100.0),), tile_range=3.0)
SHALLOW = Siren(2, 4, 3, ((-1.0, 1.0),) * 3, layers=2, w0=10.0)
ADDED = replace(LOCAL_GLOBAL, merge="add", layers=4)
NETWORKS = (LOCAL_GLOBAL, PER_PARTITION, AS_IN_THE_PAPER, SOUND, SHALLOW, ADDED)


def drawn(family: Siren, partitions: int = 3, seed: int = 0) -> TensorWeights:
    """Initial weights; "local.<name>" of all partitions."""
    return family.initialise(partitions, torch.Generator().manual_seed(seed))


def local_of(weights: TensorWeights, partition: int) -> Tensors:
    """Local tensors of one partition by name."""
    return {n[6:]: v[partition].numpy() for n, v in weights.items() if n.startswith("local.")}


def global_of(weights: TensorWeights) -> Tensors:
    """Global tensors by name."""
    return {n[7:]: v.numpy() for n, v in weights.items() if n.startswith("global.")}


def coordinates(family: Siren, partitions: int = 3, samples: int = 50) -> tuple[Tensors, Tensors]:
    """Tile and frame coordinates [P, S, D] drawn from the whole of their ranges."""
    rng = np.random.default_rng(1)
    low, high = np.array(family.ranges).T
    shape = (partitions, samples, len(family.ranges))
    tile = rng.uniform(-family.tile_range, family.tile_range, shape).astype(np.float32)
    return tile, rng.uniform(low, high, shape).astype(np.float32)
