"""The CDF 9/7 wavelet by lifting, along any axis of any length, with symmetric extension.

Both directions are linear and exactly inverse up to rounding. Scaled so that the basis is nearly
orthonormal: rounding a coefficient costs about as much as rounding a sample.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid

__all__ = ["analyse", "inverse", "synthesise"]

STEPS: Final = (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)
SCALE: Final = 1.149604398860241  # of the low part; the high part takes its inverse


def analyse(samples: Tensor, pyramid: Pyramid) -> tuple[list[Tensor], Tensor]:
    """Bands [P, C, *band] and the coarse part [P, C, *coarse] of tiles [P, C, *tile]."""
    bands: dict[tuple[int, int], Tensor] = {}
    low = samples
    for level in range(max(pyramid.levels)):
        parts = {0: low}
        for axis, split in enumerate(pyramid.split(level)):
            if split:
                bit = 1 << (len(pyramid.tile) - 1 - axis)
                halves = {o: _forward(part, axis + 2) for o, part in parts.items()}
                parts = {o: half[0] for o, half in halves.items()}
                parts |= {o | bit: half[1] for o, half in halves.items()}
        low = parts.pop(0)
        bands |= {(level, o): part for o, part in parts.items()}
    return [bands[band.level, band.orientation] for band in pyramid.bands], low


def synthesise(bands: Sequence[Tensor], coarse: Tensor, pyramid: Pyramid) -> Tensor:
    """Tiles [P, C, *tile]: the inverse of `analyse`."""
    axes = len(pyramid.tile)
    known = {(b.level, b.orientation): part for b, part in zip(pyramid.bands, bands, strict=True)}
    for level in reversed(range(max(pyramid.levels))):
        splits = pyramid.split(level)
        parts = {0: coarse}
        for high in product(*[(False, True) if split else (False,) for split in splits]):
            orientation = sum(up << (axes - 1 - axis) for axis, up in enumerate(high))
            if orientation:
                parts[orientation] = known[level, orientation]
        for axis in reversed(range(axes)):
            if splits[axis]:
                bit = 1 << (axes - 1 - axis)
                lows = [o for o in parts if not o & bit]
                parts = {o: inverse(parts[o], parts[o | bit], axis + 2) for o in lows}
        coarse = parts[0]
    return coarse


def _forward(samples: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    lines = samples.movedim(axis, -1)
    low, high = lines[..., 0::2], lines[..., 1::2]
    for place, step in enumerate(STEPS):
        if place % 2:
            low = low + step * _around_low(high, low.shape[-1])
        else:
            high = high + step * _around_high(low, high.shape[-1])
    return (low * SCALE).movedim(-1, axis), (high / SCALE).movedim(-1, axis)


def inverse(low: Tensor, high: Tensor, axis: int) -> Tensor:
    """One part from a low and a high one along `axis`."""
    low, high = low.movedim(axis, -1) / SCALE, high.movedim(axis, -1) * SCALE
    for place, step in reversed(list(enumerate(STEPS))):
        if place % 2:
            low = low - step * _around_low(high, low.shape[-1])
        else:
            high = high - step * _around_high(low, high.shape[-1])
    lines = low.new_empty((*low.shape[:-1], low.shape[-1] + high.shape[-1]))
    lines[..., 0::2], lines[..., 1::2] = low, high
    return lines.movedim(-1, axis)


def _around_high(low: Tensor, count: int) -> Tensor:
    """Sum of the two even samples around each of `count` odd ones, mirrored at the end."""
    right = torch.cat([low[..., 1:], low[..., -1:]], dim=-1)
    return low[..., :count] + right[..., :count]


def _around_low(high: Tensor, count: int) -> Tensor:
    """Sum of the two odd samples around each of `count` even ones, mirrored at both ends."""
    padded = torch.cat([high[..., :1], high, high[..., -1:]], dim=-1)
    return padded[..., :count] + padded[..., 1 : count + 1]
