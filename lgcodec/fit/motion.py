"""How blocks of tiles move: found in the signal, and kept where it pays.

Every block of a picture is searched for in the pictures before and after it that the pyramid joins
it with (block matching), and may move as its neighbours do for next to no bits. At last a tile is
coded both ways, still and moving.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lgcodec.coding.base import Floats
from lgcodec.coding.distributions import (
    ABOVE,
    DOWN,
    LENGTHS,
    OWN,
    PRECISION,
    RIGHT,
    WHICH,
    slots,
)
from lgcodec.coding.motion import bits_of_motion
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.rounding import LAMBDA, dead_zone
from lgcodec.nets.lifting import analyse, synthesise
from lgcodec.nets.motion import motion_of
from lgcodec.nets.motion_loops import UNIT
from lgcodec.nets.smooth import catmull_rom

if TYPE_CHECKING:  # numba, only where pictures move
    from lgcodec.fit.motion_loops import Prices

__all__ = ["found_motion"]

LEAST: Final = 24  # smaller pictures are not searched
REACH: Final = 24  # samples from one picture to the next, or from what closer ones say
PRICE: Final = 2.0  # bits of differences that a bit of motion has to save
SOFT: Final = 1.0  # steps: see `motion_loops.py`
STANDS: Final = 0.75  # a block moves if that costs less than this much of standing still
A_SYMBOL: Final = 3.5  # bits of a latent, roughly, and twice the octaves of its magnitude


def found_motion(
    pyramid: Pyramid, tiles: Tensor, scales: Sequence[Tensor], smooth: Tensor | None = None
) -> Tensor:
    """The numbers [P, M, I, J, 3] of tiles [P, 1, *tile]; all 0 where standing still is cheaper.

    scales   of every band [1, *band]: what a symbol of 1 stands for when both are compared
    smooth   [P, 1, *tile] what the coarse grid says, which does not move
    """
    still = torch.zeros(len(tiles), tiles.shape[2], *pyramid.blocks, 3, dtype=torch.int64)
    if min(tiles.shape[3:]) < LEAST:
        return motion_of(still, pyramid)
    moved = _searched(pyramid, tiles[:, 0], float(scales[-1].mean()))
    rest = tiles if smooth is None else tiles - smooth
    pays = _price(pyramid, rest, scales, moved) < _price(pyramid, rest, scales, still)
    return motion_of(torch.where(pays.view(-1, 1, 1, 1, 1), moved, still), pyramid)


def _searched(pyramid: Pyramid, pictures: Tensor, step: float) -> Tensor:
    """Displacements of pictures [P, T, H, W], for a step of the finest band."""
    from lgcodec.fit import motion_loops  # noqa: PLC0415 (numba, only where pictures move)

    found = np.zeros((*pictures.shape[:2], *pyramid.blocks, 3), np.int64)
    taps = catmull_rom(torch.arange(UNIT) / UNIT).float().numpy()
    terms = motion_loops.Terms(pyramid.motion, SOFT * step, STANDS, REACH, taps)
    whole = pictures.contiguous().numpy()
    halves = avg_pool2d(pictures, motion_loops.HALF, ceil_mode=True).contiguous().numpy()
    motion_loops.search(whole, halves, pyramid.levels[0], terms, _prices(), found)
    return torch.from_numpy(found)


def _prices() -> "Prices":
    """What the symbols of motion take, by their frequencies."""
    from lgcodec.fit.motion_loops import Prices  # noqa: PLC0415 (as above)

    table = slots()
    bits = PRICE * (PRECISION - np.log2(table.frequency))

    def of(class_: int, classes: int, symbols: int) -> Floats:
        first = table.first[class_ : class_ + classes, None]
        found: Floats = bits[first + np.arange(symbols)]
        return found

    further = PRICE * np.arange(LENGTHS)
    return Prices(
        own=of(OWN, 3, 2),
        above=of(ABOVE, 4, 2).reshape(2, 2, 2),
        down=of(DOWN, 1, LENGTHS)[0] + further,
        right=of(RIGHT, LENGTHS, LENGTHS) + further,
        which=of(WHICH, 3, 3),
    )


def _price(pyramid: Pyramid, tiles: Tensor, scales: Sequence[Tensor], moved: Tensor) -> Tensor:
    """What tiles [P, 1, *tile] cost, squared errors and bits, if they move so."""
    bands, coarse = analyse(tiles, pyramid, moved)
    symbols = [
        torch.from_numpy(dead_zone((band / scale).numpy())).float()
        for band, scale in zip(bands, scales, strict=True)
    ]
    decoded = [part * scale for part, scale in zip(symbols, scales, strict=True)]
    error = (synthesise(decoded, coarse, pyramid, moved) - tiles).square().flatten(1).sum(1)
    bits = torch.from_numpy(bits_of_motion(motion_of(moved, pyramid).numpy()))
    for part in symbols:
        sizes = part.flatten(1).abs()
        bits += ((sizes > 0) * (A_SYMBOL + 2 * sizes.clamp(min=1).log2())).sum(1)
    return error / scales[-1].square().mean() + LAMBDA * bits
