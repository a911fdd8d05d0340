"""A signal is samples on a regular grid plus named axes; nothing here knows files or networks.

Image, sound, video and volume differ only in their axes, so every later layer handles one kind of
value. A window is one half-open sample range per axis, in the lattice of the original signal.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import inf, log10, prod
from typing import Any, Final, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import UsageError

__all__ = [
    "AXES",
    "Kind",
    "Signal",
    "Window",
    "decibels",
    "iou",
    "peak_of",
    "psnr",
    "squared_error",
]

Kind = Literal["audio", "image", "video", "volume"]
Samples = NDArray[Any]
Window = tuple[range, ...]

AXES: Final[dict[Kind, tuple[str, ...]]] = {
    "audio": ("t",),
    "image": ("y", "x"),
    "video": ("t", "y", "x"),
    "volume": ("z", "y", "x"),
}
SAMPLE_TYPES: Final = ("uint8", "uint16", "int16", "float32", "bool")
MAX_CHANNELS: Final = 64  # spec/lgi-1.md, GEOM


@final
@dataclass(frozen=True)
class Signal:
    """Samples on a grid.

    kind      which axes the grid has, see `AXES`
    samples   [*grid, channels], uint8, uint16, int16, float32, or bool for the occupancy of a
              shape; channels 1..64
    rate      samples (audio) or frames (video) per second; None where there is no time axis
    present   [*grid] bool, False where a partition is absent and `samples` holds the fill value;
              None means every sample is present
    """

    kind: Kind
    samples: Samples
    rate: Fraction | None = None
    present: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise UsageError(f"signal kind is {self.kind!r}, allowed are {', '.join(AXES)}")
        if self.samples.ndim != len(AXES[self.kind]) + 1:
            raise UsageError(
                f"samples of kind {self.kind} have shape {self.samples.shape}, "
                f"expected [{', '.join(AXES[self.kind])}, channels]"
            )
        if self.samples.dtype.name not in SAMPLE_TYPES:
            raise UsageError(
                f"samples are {self.samples.dtype.name}, allowed are {', '.join(SAMPLE_TYPES)}"
            )
        if not 1 <= self.channels <= MAX_CHANNELS or min(self.grid) < 1:
            raise UsageError(
                f"samples have shape {self.samples.shape}: every axis needs at least one sample, "
                f"and 1 to {MAX_CHANNELS} channels are allowed"
            )
        if ("t" in self.axes) != (self.rate is not None):
            raise UsageError(f"a signal of kind {self.kind} has rate {self.rate}")

    @property
    def axes(self) -> tuple[str, ...]:
        """Axis names, slowest first, in the order of `samples`."""
        return AXES[self.kind]

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples along each axis."""
        return self.samples.shape[:-1]

    @property
    def channels(self) -> int:
        """Values per sample."""
        return int(self.samples.shape[-1])

    @property
    def size(self) -> int:
        """Number of samples, channels not counted: the denominator of bits per sample."""
        return prod(self.grid)


def peak_of(samples: Samples) -> float:
    """Peak value that PSNR refers to: full scale for integers, the largest magnitude for floats.

    8-bit gives 255, 16-bit unsigned 65535, bool 1. Sound (int16, float32) uses max |x| of the
    original, the convention of the Local-Global INR paper's audio tables (peak 1 after
    normalisation).
    """
    if samples.dtype.kind == "u":
        return float(np.iinfo(samples.dtype).max)
    return float(np.abs(samples.astype(np.float64, copy=False)).max()) or 1.0


def psnr(original: Samples, decoded: Samples) -> float:
    """Peak signal-to-noise ratio in dB of `decoded` against `original`, infinite when equal.

    Both have the same shape and dtype; the peak is `peak_of(original)`. Works in slabs of the
    first axis, so that a long video does not need a second copy in float64.
    """
    return decibels(squared_error(original, decoded), original)


def decibels(error: float, original: Samples) -> float:
    """PSNR in dB of the sum of all squared errors of `original`."""
    return 10 * log10(peak_of(original) ** 2 * original.size / error) if error else inf


def squared_error(original: Samples, decoded: Samples) -> float:
    """Sum of the squared differences of samples of one shape and dtype."""
    if original.shape != decoded.shape:
        raise UsageError(f"PSNR of shapes {original.shape} and {decoded.shape}: they must be equal")
    slab = max(1, 2**22 // max(1, prod(original.shape[1:])))
    total = 0.0
    for start in range(0, original.shape[0], slab):
        difference = np.subtract(
            original[start : start + slab], decoded[start : start + slab], dtype=np.float64
        )
        total += float(np.vdot(difference, difference))
    return total


def iou(original: Samples, decoded: Samples) -> float:
    """Intersection over union of two occupancies, bool of one shape; 1 when equal, at least 0.

    The paper's measure of shapes (appendix E); a network's outputs become bool at 0.5.
    """
    if original.shape != decoded.shape or {original.dtype, decoded.dtype} != {np.dtype(np.bool_)}:
        raise UsageError(
            f"IoU of {original.dtype} {original.shape} and {decoded.dtype} {decoded.shape}: "
            "expected bool of one shape"
        )
    union = int(np.logical_or(original, decoded).sum())
    return int(np.logical_and(original, decoded).sum()) / union if union else 1.0
