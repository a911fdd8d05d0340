"""Weights against bytes: what a network may take, and what its file is expected to."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from lgcodec.fit.options import EncodeOptions
from lgcodec.partition import Content
from lgcodec.signal import Kind, Signal

__all__ = [
    "BITS",
    "OVERHEAD",
    "default_params",
    "expected_bytes",
    "weight_bits",
    "weights_per_tile",
]

BITS: Final = 8  # nominal, of a weight
BITS_SAVED: Final = 0.9  # by entropy coding, below the nominal bits; measured 0.9 to 1.3
OVERHEAD: Final = (500, 6)  # bytes of a stream, and of each partition
# Bytes that weights may take when the caller leaves it open: a part of a lossless file, and no
# more than so many bits per sample.
LOSSLESS_SHARE: Final = 1 / 4
# Occupancy of a shape: its lossless file is small already, and its surface needs small partitions.
SHAPE_SHARE: Final = 1 / 2
SHAPE_WEIGHTS_PER_TILE: Final = 750
MOST_BITS: Final[Mapping[Kind, float]] = {"audio": 4.0, "image": 4.0, "video": 1.0, "volume": 1.0}
# Weights per partition that automatic partitioning aims at.
WEIGHTS_PER_TILE: Final[Mapping[Kind, int]] = {
    "audio": 1000,
    "image": 1200,
    "video": 1500,
    "volume": 1500,
}


def weight_bits(options: EncodeOptions) -> float:
    """Bits that a weight is expected to take in the file."""
    return options.float_bits or (options.bits or BITS) - BITS_SAVED


def expected_bytes(params: int, content: Content, bits: float) -> int:
    """Bytes of a stream of so many weights, `bits` each."""
    fixed, each = OVERHEAD
    return fixed + each * content.partitions + round(params * bits / 8)


def default_params(signal: Signal, options: EncodeOptions, lossless_bytes: int) -> int:
    """Weights in all where the caller leaves it open."""
    most = MOST_BITS[signal.kind] * signal.size / 8
    share = SHAPE_SHARE if _is_shape(signal) else LOSSLESS_SHARE
    budget = min(lossless_bytes * share, most) - OVERHEAD[0]
    return max(100, int(budget * 8 / weight_bits(options)))


def weights_per_tile(signal: Signal) -> int:
    """Weights that automatic partitioning aims at."""
    return SHAPE_WEIGHTS_PER_TILE if _is_shape(signal) else WEIGHTS_PER_TILE[signal.kind]


def _is_shape(signal: Signal) -> bool:
    return signal.samples.dtype == np.bool_
