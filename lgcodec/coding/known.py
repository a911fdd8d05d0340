"""What is known of the symbols of some chunks while they are decoded, band after band."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats
from lgcodec.coding.low import ONE, joined
from lgcodec.coding.neighbours import Magnitudes, magnitude
from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.coding.signs import signed

__all__ = ["Known"]


@final
class Known:
    """Bands of `count` partitions so far.

    magnitudes   g [P, C, *band] by part, level and orientation
    signed       g with signs [P, C, *band] by orientation, of the level that is being decoded
    low          [P, C, *low] what that level leaves low along all axes, a symbol of 1 being ONE
    """

    def __init__(self, pyramid: Pyramid, count: int) -> None:
        self.magnitudes: Magnitudes = {}
        self.signed: dict[int, Floats] = {}
        self._pyramid, self._count = pyramid, count
        self._part, self._level = 0, pyramid.bands[0].level
        self._bands: dict[int, NDArray[np.int64]] = {}  # by what they are high along in their part
        self.low = self._nothing()

    def begin(self, band: Band) -> None:
        """Make ready for a band: where it is the first of its level, the one above is whole."""
        if (band.part, band.level) == (self._part, self._level):
            return
        if band.part == self._part:
            self.low = joined({0: self.low, **self._bands}, self._pyramid.split(self._level))
        else:
            self._part = band.part
            self.low = self._nothing()
        self._level, self._bands, self.signed = band.level, {}, {}

    def _nothing(self) -> NDArray[np.int64]:
        """What is low in a part of which no band is known."""
        coarse = self._pyramid.parts[self._part].coarse
        return np.zeros((self._count, self._pyramid.channels, *coarse), np.int64)

    def add(self, band: Band, values: NDArray[Any]) -> None:
        """The symbols [P, C, *band] of the band that `begin` was called for."""
        self.magnitudes[band.part, band.level, band.orientation] = magnitude(values)
        self.signed[band.orientation] = signed(values)
        inside = band.orientation & ~self._pyramid.bit_ahead
        self._bands[inside] = values.astype(np.int64) * ONE
