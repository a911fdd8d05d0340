"""The CDF 9/7 wavelet by lifting, along any axis of any length, with symmetric extension.

Both directions are linear and exactly inverse up to rounding. Scaled so that the basis is nearly
orthonormal: rounding a coefficient costs about as much as rounding a sample.
"""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.motion import Moving

__all__ = [
    "SCALE",
    "STEPS",
    "analyse",
    "around_high",
    "around_low",
    "every_other",
    "inverse",
    "longer",
    "lowest",
    "moving_of",
    "of_both",
    "smaller",
    "synthesise",
]

STEPS: Final = (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)
SCALE: Final = 1.149604398860241  # of the low part; the high part takes its inverse


def analyse(
    samples: Tensor, pyramid: Pyramid, displaced: Tensor | None = None
) -> tuple[list[Tensor], Tensor]:
    """Bands [P, C, *band] and the coarse part [P, C, *coarse] of tiles [P, C, *tile].

    displaced   [P, T, I, J, 3] of the blocks of pictures of tiles that are split ahead; None: they
                stand still
    """
    if not pyramid.ahead:
        return _analyse(samples, pyramid)
    low, highs = samples, list[Tensor]()
    for split in range(pyramid.levels[0]):
        low, high = _forward(low, 2, moving_of(pyramid, displaced, split))
        highs.insert(0, high)
    bands, coarse = _analyse(low, pyramid.parts[0])
    for high, part in zip(highs, pyramid.parts[1:], strict=True):
        others, first = _analyse(high, part)
        bands += [first, *others]
    return bands, coarse


def lowest(samples: Tensor, pyramid: Pyramid, displaced: Tensor | None = None) -> Tensor:
    """The coarse part alone."""
    for split in range(pyramid.levels[0] if pyramid.ahead else 0):
        samples, _ = _forward(samples, 2, moving_of(pyramid, displaced, split))
    return _analyse(samples, pyramid.parts[0])[1]


def _analyse(samples: Tensor, pyramid: Pyramid) -> tuple[list[Tensor], Tensor]:
    """The same, level by level."""
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


def smaller(pictures: Tensor) -> Tensor:
    """What one split of both axes leaves low of pictures [N, C, h, w], of axes longer than 1."""
    for axis in (2, 3):
        if pictures.shape[axis] > 1:
            pictures, _ = _forward(pictures, axis)
    return pictures


def moving_of(pyramid: Pyramid, displaced: Tensor | None, split: int) -> Moving | None:
    """How the pictures move that stand so many splits of the tile ahead."""
    if displaced is None or not displaced.any():
        return None
    return Moving(displaced[:, :: 1 << split], pyramid.motion)


def synthesise(
    bands: Sequence[Tensor], coarse: Tensor, pyramid: Pyramid, displaced: Tensor | None = None
) -> Tensor:
    """Tiles [P, C, *tile]: the inverse of `analyse`."""
    if not pyramid.ahead:
        return _synthesise(bands, coarse, pyramid)
    own, *higher = pyramid.parts
    at = len(own.bands)
    low = _synthesise(bands[:at], coarse, own)
    for number, part in enumerate(higher, 1):
        first, others = bands[at], bands[at + 1 : at + 1 + len(part.bands)]
        high, split = _synthesise(others, first, part), pyramid.levels[0] - number
        low = inverse(low, high, 2, moving_of(pyramid, displaced, split))
        at += 1 + len(part.bands)
    return low


def longer(low: Tensor, axis: int, length: int) -> Tensor:
    """What becomes of a low part alone, `length` samples long."""
    shape = list(low.shape)
    shape[axis] = length - shape[axis]
    return inverse(low, low.new_zeros(()).expand(shape), axis)


def _synthesise(bands: Sequence[Tensor], coarse: Tensor, pyramid: Pyramid) -> Tensor:
    """The same, level by level."""
    parts = {0: coarse}
    for level in reversed(range(max(pyramid.levels))):
        own = zip(pyramid.bands, bands, strict=True)
        parts |= {band.orientation: part for band, part in own if band.level == level}
        for axis in reversed(range(len(pyramid.tile))):
            if pyramid.split(level)[axis]:
                bit = 1 << (len(pyramid.tile) - 1 - axis)
                lows = [o for o in parts if not o & bit]
                parts = {o: inverse(parts[o], parts[o | bit], axis + 2) for o in lows}
    return parts[0]


def _forward(samples: Tensor, axis: int, moving: Moving | None = None) -> tuple[Tensor, Tensor]:
    low, high = every_other(samples, axis, 0), every_other(samples, axis, 1)
    for place, step in enumerate(STEPS):
        if place % 2:
            low = low + step * around_low(high, axis, low.shape[axis], moving)
        else:
            high = high + step * around_high(low, axis, high.shape[axis], moving)
    return low * SCALE, high / SCALE


def inverse(low: Tensor, high: Tensor, axis: int, moving: Moving | None = None) -> Tensor:
    """One part from a low and a high one along `axis`, that of `moving` pictures if they do."""
    low, high = low / SCALE, high * SCALE
    for place, step in reversed(list(enumerate(STEPS))):
        if place % 2:
            low.sub_(around_low(high, axis, low.shape[axis], moving).mul_(step))
        else:
            high.sub_(around_high(low, axis, high.shape[axis], moving).mul_(step))
    return of_both(low, high, axis)


def of_both(even: Tensor, odd: Tensor, axis: int) -> Tensor:
    """Lines of which every other sample is even."""
    shape = list(even.shape)
    shape[axis] += odd.shape[axis]
    lines = even.new_empty(shape)
    every_other(lines, axis, 0).copy_(even)
    every_other(lines, axis, 1).copy_(odd)
    return lines


def every_other(lines: Tensor, axis: int, first: int) -> Tensor:
    """The even samples of lines, or with `first` 1 the odd ones."""
    return lines[(slice(None),) * axis + (slice(first, None, 2),)]


def around_high(low: Tensor, axis: int, count: int, moving: Moving | None) -> Tensor:
    """Sum of the two even samples around each of `count` odd ones, mirrored at the end."""
    if moving:
        return moving.around_high(low)
    last = low.shape[axis] - 1
    right = low.narrow(axis, 1, last)
    if last < count:
        right = torch.cat([right, low.narrow(axis, last, 1)], axis)
    return low.narrow(axis, 0, count) + right


def around_low(high: Tensor, axis: int, count: int, moving: Moving | None) -> Tensor:
    """Sum of the two odd samples around each of `count` even ones, mirrored at both ends."""
    if moving:
        return moving.around_low(high)
    last = high.shape[axis] - 1
    ends = [high.narrow(axis, 0, 1), high, high.narrow(axis, last, 1)]
    padded = torch.cat(ends[: 2 + count - last], axis)
    return padded.narrow(axis, 0, count) + padded.narrow(axis, 1, count)
