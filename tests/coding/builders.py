"""Drawn pyramids, and coders with drawn networks."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import Pyramid

Floats = NDArray[np.float32]


@st.composite
def pyramids(draw: st.DrawFn) -> Pyramid:
    """Of 1 to 3 axes: odd lengths, axes of one sample, levels that differ."""
    axes = draw(st.integers(1, 3))
    tile = [draw(st.integers(1, (40, 11, 6)[axes - 1])) for _ in range(axes)]
    tile[draw(st.integers(0, axes - 1))] += 1
    levels = [draw(st.integers(0, (n - 1).bit_length())) for n in tile]
    if max(levels) == 0:
        levels[tile.index(max(tile))] = 1
    return Pyramid(tuple(tile), tuple(levels), draw(st.integers(1, 4)))


def network(coder: Context, seed: int) -> Floats:
    """Weights whose classes are spread over all 64."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-40, 60, coder.network_size)
    weights[-1] = rng.integers(-2000, 2000)
    return weights.astype(np.float32)


def ready(coder: Context, seed: int) -> Context:
    """A coder of local chunks."""
    return coder.for_locals(coder.pyramid.tensors(), {ENTROPY: network(coder, seed)})


def symbols(coder: Context, count: int, seed: int) -> NDArray[np.int16]:
    """[count, N]: mostly small, some that every class escapes."""
    rng = np.random.default_rng(seed)
    shape = (count, sum(coder.pyramid.sizes))
    values = np.rint(rng.laplace(0, 2, shape))
    far = rng.random(shape) < 0.05
    values[far] = rng.integers(-(2**15) + 1, 2**15, shape)[far]
    return values.astype("<i2")
