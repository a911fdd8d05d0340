"""Which partitions hold anything: the others are not stored, and decode to the fill value.

The paper gives empty cells of a shape no local sub-network (appendix E). Here a partition is empty
if none of its samples is present or, in a volume, if all of its samples equal the background.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.partition.base import Tiling
from lgcodec.signal import Signal

__all__ = ["Content", "find_content"]

LEAST_EMPTY: Final = 2  # one uniform partition alone makes no background


@final
@dataclass(frozen=True)
class Content:
    """What of a signal is worth a network.

    background   per channel, the value of the samples in empty partitions
    tiles        [tiles along each axis] bool, False where a partition is empty; at least one is not
    """

    background: tuple[float, ...]
    tiles: NDArray[np.bool_]

    @classmethod
    def everything(cls, tilings: Sequence[Tiling], channels: int) -> "Content":
        """All partitions, whatever they hold."""
        return cls((0.0,) * channels, np.ones([tiling.tiles for tiling in tilings], np.bool_))

    @property
    def partitions(self) -> int:
        """Partitions that are not empty."""
        return int(self.tiles.sum())


def find_content(signal: Signal, tilings: Sequence[Tiling]) -> Content:
    """Content of `signal` cut into `tilings`, one per axis.

    The background of a volume is the most frequent value of its uniform partitions; without such,
    and of every other signal, it is 0.
    """
    samples = signal.samples
    low, high = (_by_tile(samples, tilings, extreme) for extreme in (np.minimum, np.maximum))
    background = np.zeros(signal.channels, samples.dtype)
    filled = np.ones(low.shape[:-1], np.bool_)
    if signal.kind == "volume":
        uniform = low[(low == high).all(-1)]
        values, counts = np.unique(uniform, axis=0, return_counts=True)
        if len(uniform) >= LEAST_EMPTY:
            background = values[counts.argmax()]
            filled = ((low != background) | (high != background)).any(-1)
    if signal.present is not None:
        filled &= _by_tile(signal.present[..., None], tilings, np.logical_or)[..., 0]
    if not filled.any():
        filled.flat[0] = True
    return Content(tuple(map(float, background)), filled)


def _by_tile(samples: NDArray[Any], tilings: Sequence[Tiling], ufunc: np.ufunc) -> NDArray[Any]:
    """[*tiles, C] `ufunc` over the samples [*grid, C] of every tile."""
    for axis in reversed(range(len(tilings))):  # the fastest first: its runs lie in a row
        starts = np.arange(tilings[axis].tiles) * tilings[axis].tile_len
        samples = ufunc.reduceat(samples, starts, axis=axis)
    return samples
