"""What is known of the symbols of some chunks while they are decoded, band after band."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats
from lgcodec.coding.low import ONE, joined
from lgcodec.coding.neighbours import magnitude
from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.coding.signs import signed

__all__ = ["Known"]


@final
class Known:
    """Bands of `count` partitions so far.

    magnitudes   g [P, C, *band] by level and orientation
    signed       g with signs [P, C, *band] by orientation, of the level that is being decoded
    low          [P, C, *low] what that level leaves low along all axes, a symbol of 1 being ONE
    """

    def __init__(self, pyramid: Pyramid, count: int) -> None:
        self.magnitudes: dict[tuple[int, int], Floats] = {}
        self.signed: dict[int, Floats] = {}
        self.low = np.zeros((count, pyramid.channels, *pyramid.coarse), np.int64)
        self._pyramid, self._level = pyramid, max(pyramid.levels) - 1
        self._parts: dict[int, NDArray[np.int64]] = {}

    def begin(self, band: Band) -> None:
        """Make ready for a band: where it is the first of its level, the one above is whole."""
        if band.level != self._level:
            self.low = joined({0: self.low, **self._parts}, self._pyramid.split(self._level))
            self._level, self._parts, self.signed = band.level, {}, {}

    def add(self, band: Band, values: NDArray[Any]) -> None:
        """The symbols [P, C, *band] of the band that `begin` was called for."""
        self.magnitudes[band.level, band.orientation] = magnitude(values)
        self.signed[band.orientation] = signed(values)
        self._parts[band.orientation] = values.astype(np.int64) * ONE
