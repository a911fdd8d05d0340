"""Drawn pyramids, and coders with drawn networks."""

from functools import cache
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import context_reference as reference
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import Pyramid
from lgcodec.coding.tables import networks

Floats = NDArray[np.float32]
AHEAD = (
    Pyramid((5, 6, 3), (2, 2, 1), 3, 1),
    Pyramid((4, 5, 6), (2, 1, 2), 1, 1),
    Pyramid((3, 4, 4), (1, 2, 2), 3, 1),
    Pyramid((4, 6, 3), (2, 3, 1), 2, 1),
    Pyramid((6, 3, 5), (3, 1, 3), 1, 1),  # a place of part 2 has none of part 1 below it
    Pyramid((9, 3, 1), (4, 1, 0), 4, 1),
    Pyramid((13, 2, 3), (2, 1, 1), 2, 1),  # several places in every part
    Pyramid((7, 3, 4), (1, 1, 2), 1, 1),
    Pyramid((2, 1, 4), (1, 0, 1), 3, 1),
)
LARGEST = 12  # weight of `network`, so that few units saturate
FARTHEST = 2**14 - 1  # displacement
ALIKE = (  # which numbers of a block are those of another
    *[(True, True, True)] * 3,
    *[(True, True, False), (True, False, True), (False, True, True)],
    *[(False, False, True), (False, False, False)],
)


@st.composite
def pyramids(draw: st.DrawFn) -> Pyramid:
    """Of 1 to 3 axes: odd lengths, axes of one sample, levels that differ; some split ahead."""
    axes = draw(st.integers(1, 3))
    tile = [draw(st.integers(1, (40, 11, 6)[axes - 1])) for _ in range(axes)]
    tile[draw(st.integers(0, axes - 1))] += 1
    levels = [draw(st.integers(0, (n - 1).bit_length())) for n in tile]
    if max(levels) == 0:
        levels[tile.index(max(tile))] = 1
    can_be_ahead = axes == 3 and levels[0] > 0 and max(levels[1:]) > 0
    ahead = draw(st.integers(0, 1)) if can_be_ahead else 0
    return Pyramid(tuple(tile), tuple(levels), draw(st.integers(1, 4)), ahead)


@st.composite
def moving(draw: st.DrawFn) -> Pyramid:
    """Tiles of few samples that are split ahead, of one to three blocks along axes that move."""
    tile = [draw(st.integers(2, 7)), draw(st.integers(1, 9)), draw(st.integers(1, 9))]
    tile[draw(st.integers(1, 2))] += 1
    levels = [draw(st.integers(0, (n - 1).bit_length())) for n in tile]
    levels[0] = max(levels[0], 1)
    if max(levels[1:]) == 0:
        levels[1 + (tile[2] > tile[1])] = 1
    channels = draw(st.integers(1, min(max(400 // prod(tile), 1), 3)))
    edge = draw(st.sampled_from((4, 6, 8, 1024)))
    return Pyramid(tuple(tile), tuple(levels), channels, 1, edge)


@cache
def drawn_networks(axes: int, ahead: int = 0) -> NDArray[np.int64]:
    """Numbers in the place of those of the specification for so many axes, and lively."""
    rng = np.random.default_rng(axes)
    numbers = rng.integers(-30, 31, len(networks(axes, ahead)))
    coder = Context(Pyramid((2,) * axes, (1,) * axes, 1, ahead))
    numbers[coder.network_size - 1] = 300
    return numbers


def network(coder: Context, seed: int) -> Floats:
    """Differences that lead to weights whose classes are spread over all 64."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-LARGEST, LARGEST + 1, coder.network_size)
    weights[-17:] *= 2  # the last layer
    weights[-1] = rng.integers(0, 1000)
    return weights.astype(np.float32) - coder.usual


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


def moves(pyramid: Pyramid, count: int, seed: int) -> NDArray[np.int16]:
    """Motion [count, n]: of every chunk another scale, some stand still; some numbers are far.

    Of each block some, all or no numbers are those of the block on its left or above.
    """
    rng = np.random.default_rng(seed)
    shape = (count, *pyramid.tensors()[1].shape)
    scales = 2.0 ** rng.integers(-1, 13, (count, *[1] * 4))
    values = np.rint(rng.laplace(0, scales, shape))
    far = rng.random(shape) < 0.1
    values[far] = rng.integers(-FARTHEST, FARTHEST + 1, shape)[far]
    values = values.clip(-FARTHEST, FARTHEST)
    values[..., 2] = rng.integers(0, 3, shape[:-1])
    alike = np.array(ALIKE)[rng.integers(0, len(ALIKE), shape[:-1])]
    upwards = rng.random((*shape[:-1], 1)) < 0.4
    for i, k in np.ndindex(shape[2:4]):
        above = values[:, :, i - 1, k] if i else np.zeros_like(values[:, :, i, k])
        left = values[:, :, i, k - 1] if k else above
        other = np.where(upwards[:, :, i, k], above, left)
        values[:, :, i, k] = np.where(alike[:, :, i, k], other, values[:, :, i, k])
    values[rng.random(count) < 0.2] = 0
    return values.reshape(count, prod(shape[1:])).astype("<i2")


def told(coder: Context, *values: NDArray[Any], seed: int) -> reference.Decoded:
    """What the page of the specification reads from the chunk of symbols [1, N], and motion."""
    pyramid = coder.pyramid
    return reference.decoded(
        coder.encode((), list(values))[0],
        pyramid.tile,
        pyramid.levels,
        channels=pyramid.channels,
        entropy=[int(w) for w in network(coder, seed)],
        numbers=drawn_networks(len(pyramid.tile), pyramid.ahead).tolist(),
        ahead=pyramid.ahead,
        motion=pyramid.motion,
    )
