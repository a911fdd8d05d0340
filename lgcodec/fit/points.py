"""The measured table of operating points: which network suits a rate, and what it gives.

`python -m benchmarks.operating_points` measures the rows of a kind and writes them to
benchmarks/results/operating_points-KIND.txt; kinds without such a file have been guessed so far.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp2, log2
from typing import Final, final

import numpy as np

from lgcodec.signal import Kind

__all__ = [
    "LAYERS",
    "POINTS",
    "QUALITY",
    "SINGLE_BITS",
    "TIED_BITS",
    "Point",
    "point_at",
    "rate_for",
    "rate_of",
    "tied_bits",
]


@final
@dataclass(frozen=True)
class Point:
    """What was best at a rate.

    rate      bits per sample of the whole file
    bits      of a weight, as coded
    weights   per partition
    psnr      dB, mean of the files measured
    """

    rate: float
    bits: float
    weights: float
    psnr: float


POINTS: Final[Mapping[Kind, tuple[Point, ...]]] = {
    "audio": (
        Point(0.75, 5.0, 500, 30.8),
        Point(2.0, 6.5, 500, 38.9),
        Point(5.0, 6.5, 500, 48.1),
    ),
    "image": (  # the first two from a run that was stopped, the last without second-order steps
        Point(0.2, 4.0, 250, 23.7),
        Point(0.8, 4.0, 500, 27.7),
        Point(3.0, 5.0, 1000, 29.9),
    ),
    "video": (
        Point(0.1, 6.0, 1000, 29.1),
        Point(0.3, 6.0, 1500, 32.0),
        Point(1.0, 6.0, 1500, 36.0),
    ),
    "volume": (
        Point(0.1, 6.0, 1500, 26.0),
        Point(0.3, 6.0, 1500, 28.0),
        Point(1.0, 6.0, 1500, 31.0),
    ),
}
# Rate and bits of a weight where the partitions are given, before and beyond as there: 64x64
# pixels that are all alike. Where they are not, scales save bits, which buy weights (`unevenness`).
# Chosen by six pictures at 0.3, 0.6 and 1.2 bpp, among networks of 15 to 20 % more or fewer bits.
TIED_BITS: Final[Mapping[Kind, tuple[tuple[float, float], ...]]] = {
    "image": ((0.3, 4.5), (0.6, 4.45), (1.2, 4.7)),
}
# Bits of a weight of a single network.
SINGLE_BITS: Final[Mapping[Kind, float]] = {"image": 5.2}
# Layers where there is no global part: four fit 64x64 pixels as well as five, to 0.2 dB, in three
# quarters of the time.
LAYERS: Final[Mapping[Kind, int]] = {"image": 4}
# Bits per sample of quality 0 and of quality 100; between them the logarithm is linear.
QUALITY: Final[Mapping[Kind, tuple[float, float]]] = {
    "audio": (0.5, 8.0),
    "image": (0.1, 6.0),
    "video": (0.02, 2.0),
    "volume": (0.02, 2.0),
}


def point_at(kind: Kind, rate: float) -> Point:
    """The network for a rate: between two points of the table in proportion, beyond it the last."""
    table = POINTS[kind]
    place = bisect_left([point.rate for point in table], rate)
    if place in (0, len(table)):
        return table[min(place, len(table) - 1)]
    low, high = table[place - 1], table[place]
    part = log2(rate / low.rate) / log2(high.rate / low.rate)
    return Point(
        rate,
        low.bits + part * (high.bits - low.bits),
        low.weights * (high.weights / low.weights) ** part,
        low.psnr + part * (high.psnr - low.psnr),
    )


def tied_bits(kind: Kind, rate: float, usual: float) -> float:
    """Bits of a weight where the partitions are given; `usual` ones where nothing is known."""
    if kind not in TIED_BITS:
        return usual
    rates, bits = zip(*TIED_BITS[kind], strict=True)
    return float(np.interp(log2(rate), np.log2(rates), bits))


def rate_of(kind: Kind, psnr: float) -> float:
    """The rate at which a quality is to be expected, among those of the table."""
    table = POINTS[kind]
    rate = rate_for(kind, psnr - table[0].psnr, table[0].rate)
    return min(max(rate, table[0].rate), table[-1].rate)


def rate_for(kind: Kind, gain: float, rate: float) -> float:
    """The rate that gives `gain` dB more than `rate`, by the slope of the table there."""
    slope = _slope(POINTS[kind], rate)
    return rate * exp2(gain / slope)


def _slope(table: Sequence[Point], rate: float) -> float:
    """dB for each doubling of the rate."""
    place = min(max(bisect_left([point.rate for point in table], rate), 1), len(table) - 1)
    low, high = table[place - 1], table[place]
    return (high.psnr - low.psnr) / log2(high.rate / low.rate)
