"""What one band, or one part, makes of a tile, and transposes: what it has of a tile's slopes.

All are linear. torch would find the transposes by itself, but only by doing first what they are the
transposes of, and keeping all of it.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.nets.lifting import (
    SCALE,
    STEPS,
    around_high,
    around_low,
    every_other,
    moving_of,
    of_both,
)
from lgcodec.nets.motion import Moving

__all__ = ["Motions", "band_of", "made_of", "motions_of", "part_of", "tile_of"]

Motions = Sequence[Moving | None]  # of every split ahead; None where tiles stand still
TIME: Final = 2  # axis of tensors that is the first of a tile


def made_of(pyramid: Pyramid, band: Band, values: Tensor) -> Tensor:
    """What one band [P, C, *band] makes of its part [P, C, *part]."""
    from lgcodec.fit.lifting_loops import whole_of  # noqa: PLC0415 (numba, only when encoding)

    for axis, length, high in reversed(list(_splits(pyramid, band))):
        found = values.new_empty(_shape(values, axis, length))
        whole_of(_lines(values, axis).numpy(), high, _lines(found, axis).numpy())
        values = found
    return values


def band_of(pyramid: Pyramid, band: Band, slopes: Tensor) -> Tensor:
    """The transpose: how something grows with a band, from how it does with its part."""
    from lgcodec.fit.lifting_loops import whole_to  # noqa: PLC0415 (as above)

    for axis, length, high in _splits(pyramid, band):
        found = slopes.new_empty(_shape(slopes, axis, length // 2 if high else -(-length // 2)))
        whole_to(_lines(slopes, axis).numpy(), high, _lines(found, axis).numpy())
        slopes = found
    return slopes


def _splits(pyramid: Pyramid, band: Band) -> Iterator[tuple[int, int, bool]]:
    """Axes of tensors, split on the way from a part to a band, and their lengths before.

    And whether what is high goes on.
    """
    high = pyramid.high(band.orientation)
    for level in range(max(band.depths)):
        for axis in range(pyramid.ahead, len(band.depths)):
            if level < band.depths[axis]:
                length = -(-pyramid.tile[axis] // 2**level)
                yield axis + TIME, length, high[axis] and level == band.depths[axis] - 1


def _shape(values: Tensor, axis: int, length: int) -> list[int]:
    shape = list(values.shape)
    shape[axis] = length
    return shape


def _lines(values: Tensor, axis: int) -> Tensor:
    """[A, n, B] along an axis."""
    shape = values.shape
    return values.contiguous().view(prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :]))


def motions_of(pyramid: Pyramid, displaced: Tensor | None) -> Motions:
    """How the pictures of tiles move in every split; see `nets.motion.displacements`."""
    splits = pyramid.levels[0] if pyramid.ahead else 0
    return [moving_of(pyramid, displaced, split) for split in range(splits)]


def tile_of(pyramid: Pyramid, part: int, pictures: Tensor, motions: Motions) -> Tensor:
    """The tiles [P, C, *tile] that the pictures [P, C, m, H, W] of one part make, all others 0."""
    for split in reversed(range(len(motions))[: pyramid.depth(part)]):
        length, high = -(-pyramid.tile[0] // (1 << split)), split == pyramid.levels[0] - part
        pictures = _doubled(pictures, length, high=high, moving=motions[split])
    return pictures


def part_of(pyramid: Pyramid, part: int, slopes: Tensor, motions: Motions) -> Tensor:
    """The transpose: how something grows with pictures, from how it does with their tiles."""
    for split in range(len(motions))[: pyramid.depth(part)]:
        high = split == pyramid.levels[0] - part
        slopes = _halved(slopes, high=high, moving=motions[split])
    return slopes


def _doubled(part: Tensor, length: int, *, high: bool, moving: Moving | None) -> Tensor:
    """Pictures of a line from the even or the odd ones alone: `inverse`, where others are 0."""
    other = part.new_zeros(_shape(part, TIME, length - part.shape[TIME]))
    even, odd = (other, part * SCALE) if high else (part / SCALE, other)
    for place, step in reversed(list(enumerate(STEPS))):
        if place % 2 == 0:
            odd -= step * around_high(even, TIME, odd.shape[TIME], moving)
        elif high or place == 1:  # before that odd ones are 0
            even -= step * around_low(odd, TIME, even.shape[TIME], moving)
    return of_both(even, odd, TIME)


def _halved(line: Tensor, *, high: bool, moving: Moving | None) -> Tensor:
    """The transpose of `_doubled`."""
    even, odd = every_other(line, TIME, 0).clone(), every_other(line, TIME, 1).clone()
    for place, step in enumerate(STEPS):
        if place % 2 == 0:
            even -= step * _given_to_even(odd, even.shape[TIME], moving)
        elif high or place == 1:
            odd -= step * _given_to_odd(even, odd, moving)
    return odd * SCALE if high else even / SCALE


def _given_to_even(odd: Tensor, count: int, moving: Moving | None) -> Tensor:
    """The transpose of `around_high`."""
    at = torch.arange(odd.shape[TIME])
    still = odd.new_zeros(_shape(odd, TIME, count)).index_add_(TIME, at, odd)
    still.index_add_(TIME, (at + 1).clamp(max=count - 1), odd)
    if moving is None:
        return still
    return moving.where_still(still, moving.given_back(odd, once=False))


def _given_to_odd(even: Tensor, odd: Tensor, moving: Moving | None) -> Tensor:
    """The transpose of `around_low`, for as many as `odd` has."""
    at, last = torch.arange(even.shape[TIME]), odd.shape[TIME] - 1
    still = torch.zeros_like(odd).index_add_(TIME, (at - 1).clamp(min=0), even)
    still.index_add_(TIME, at.clamp(max=last), even)
    if moving is None:
        return still
    return moving.where_still(still, moving.seen(even * moving.share(odd), once=True))
