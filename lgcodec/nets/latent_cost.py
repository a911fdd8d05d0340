"""What decoding a sample of latents costs."""

from math import ceil, prod
from typing import Final

from lgcodec.coding.context import Context
from lgcodec.coding.network import HIDDEN
from lgcodec.coding.pyramid import Pyramid
from lgcodec.coding.signs import SIGN_HIDDEN, sign_inputs
from lgcodec.nets import post_filter

__all__ = ["multiplications"]

SIGNED: Final = 1 / 16  # of symbols, those that have a sign at about half a bit per pixel


def multiplications(pyramid: Pyramid, *, is_filtered: bool) -> int:
    """Networks and a step for every symbol, wavelet, spline, filter, and rotation.

    One symbol in sixteen has a sign, all others are 0. Along an axis that a level splits, four
    lifting steps of half the samples and a scale of each; along every axis, four samples of
    the spline. Where pictures move, both neighbours of a step are interpolated from four
    samples along two axes and weighed, at most for four blocks that differ.
    """
    tile, channels = prod(pyramid.tile), pyramid.channels
    network = Context(pyramid).inputs * HIDDEN + HIDDEN * HIDDEN + HIDDEN
    units = SIGN_HIDDEN[len(pyramid.tile)]
    signs = sum(
        size * (sign_inputs(pyramid.between(band.orientation)) + units + 1) * units
        for band, size in zip(pyramid.bands, pyramid.sizes, strict=True)
    )
    each = (sum(pyramid.sizes) * (network + 1) + SIGNED * signs) / tile
    each += channels * (_lifted(pyramid) / tile + 4 * len(pyramid.tile))
    each += post_filter.multiplications(channels) if is_filtered else 0
    return ceil(each) + (channels**2 if channels > 1 else 0)


def _lifted(pyramid: Pyramid) -> float:
    """Of the wavelet, of one channel of a tile."""
    ahead = [-(-pyramid.tile[0] // (1 << n)) for n in range(pyramid.ahead * pyramid.levels[0])]
    moved = 160 * bool(pyramid.motion)
    return (3 + moved) * sum(ahead) * prod(pyramid.tile[1:]) + sum(
        3 * sum(part.split(level)) * prod(part.low(level))
        for part in pyramid.parts
        for level in range(max(part.levels))
    )
