"""Where decoded partitions come together: an array of samples, and which of them are there."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import UsageError
from lgcodec.format.conf import Conf
from lgcodec.format.container import Stream
from lgcodec.signal import Signal

__all__ = ["Canvas", "check_grid", "in_range", "to_samples"]


@final
class Canvas:
    """The output: fill everywhere, painted partition by partition."""

    def __init__(
        self,
        target: Sequence[range],
        conf: Conf,
        sample_type: str,
        fill: Sequence[float] | None,
        max_samples: int,
    ) -> None:
        grid = tuple(len(part) for part in target)
        check_grid(grid, max_samples)
        self._target = target
        self._values = conf.values
        colour = np.array(conf.fill if fill is None else fill, np.float64)
        if colour.shape not in ((1,), (len(conf.fill),)) or not np.isfinite(colour).all():
            raise UsageError(f"fill is {fill}, expected {len(conf.fill)} finite numbers or one")
        self._samples = np.empty((*grid, len(conf.fill)), sample_type)
        self._samples[...] = _rounded(colour, self._samples.dtype)
        self._present = np.zeros(grid, np.bool_)

    def paint(self, part: Sequence[range], values: NDArray[np.float32]) -> None:
        """Fill in `part` of the canvas with values [*part, C]; it may be empty."""
        if not all(part):
            return
        pairs = zip(part, self._target, strict=True)
        place = tuple(slice(p.start - c.start, p.stop - c.start) for p, c in pairs)
        self._samples[place] = to_samples(values, self._values, self._samples.dtype)
        self._present[place] = True

    def signal(self, stream: Stream, rate: Fraction | None) -> Signal:
        """The finished picture, sound, video or volume."""
        present = None if self._present.all() else self._present
        return Signal(stream.geometry.kind, self._samples, rate, present)


def check_grid(grid: Sequence[int], max_samples: int, what: str = "the output") -> None:
    """Raise UsageError unless `what` may have so many samples along each axis."""
    shape = " x ".join(map(str, grid))
    if not prod(grid):
        raise UsageError(
            f"{what} has {shape} samples: at this scale there is no sample in the window"
        )
    if prod(grid) > max_samples:
        raise UsageError(
            f"{what} has {shape} samples, allowed are 1 to {max_samples} (max_samples)"
        )


def to_samples(
    outputs: NDArray[np.float32], values: tuple[float, float], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Network outputs, -1 to 1, as samples: `values` is what -1 and 1 stand for.

    Integers are clipped to `values` and rounded to the nearest, halves to even; bool is like an
    integer 0 or 1. What is not a number, in a file made to harm, becomes the lowest.
    """
    low, high = values
    with np.errstate(over="ignore", invalid="ignore"):
        samples = low + (high - low) * (outputs.astype(np.float64) + 1) / 2
    return in_range(samples, values, dtype)


def in_range(
    samples: NDArray[np.float64], values: tuple[float, float], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Samples of a partition as `dtype`, limited and rounded as in `to_samples`."""
    low, high = values
    return _rounded(samples if dtype.kind == "f" else np.fmin(np.fmax(samples, low), high), dtype)


def _rounded(samples: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The nearest values that `dtype` holds."""
    if dtype.kind == "b":
        return np.asarray(samples > 0.5)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    whole = samples if dtype.kind == "f" else np.rint(samples)
    return np.clip(whole, limits.min, limits.max).astype(dtype)
