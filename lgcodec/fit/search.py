"""The fewest bytes that give a quality, found by fits of so many bytes each.

A network whose steps are widened until the quality is only just there takes two to six times the
bytes of a network that was made for them. So sizes are searched for: along the slope of the table
at first, by regula falsi in the logarithm of bytes once the quality lies between two fits.
"""

from math import exp, inf, log
from typing import Final, final

from lgcodec.fit.points import rate_for
from lgcodec.signal import Kind

__all__ = ["Search"]

ABOVE: Final = 0.1  # dB to aim at above the quality wanted
GOOD: Final = 0.3  # dB above it that end the search
ATTEMPTS: Final = 6  # that end it where one was enough
STEP: Final = 6.0  # times the bytes that an attempt may have more or fewer than the last
CLOSE: Final = 1.1  # sizes of this ratio are not told apart
INSIDE: Final = 0.15  # of the way between two sizes: no attempt is closer to either


@final
class Search:
    """What to try next for `wanted` dB.

    samples       of the signal
    least, most   bytes between which sizes lie
    best          dB, the most that any size gave
    """

    def __init__(self, kind: Kind, wanted: float, samples: int, least: int, most: int) -> None:
        self._kind, self._wanted, self._samples = kind, wanted, samples
        self._least, self._most = least, most
        self._attempts, self.best = 0, -inf
        self._low: tuple[float, float] = (0.0, -inf)  # bytes and dB: the most that were too few
        self._high: tuple[float, float] = (inf, inf)  # the fewest that were enough

    def is_enough(self, psnr: float) -> bool:
        """Whether a quality is as good as wanted."""
        return psnr >= self._wanted

    @property
    def has_found(self) -> bool:
        """Whether any size was enough."""
        return self._high[0] < inf

    def next(self, size: int, psnr: float) -> int | None:
        """The bytes to try after `size` gave `psnr`; None if the search is over.

        Without one that was enough it ends at `most` bytes.
        """
        self._attempts += 1
        self.best = max(self.best, psnr)
        if self.is_enough(psnr):
            self._high = min(self._high, (float(size), psnr))
        elif size < self._high[0]:
            self._low = max(self._low, (float(size), psnr))
        if self._is_over():
            return None
        return int(min(max(self._guess(), self._least), self._most))

    def _is_over(self) -> bool:
        (low, _), (high, best) = self._low, self._high
        if not self.has_found:
            return low >= self._most
        if best <= self._wanted + GOOD or high <= self._least or self._attempts >= ATTEMPTS:
            return True
        return low > 0 and high < CLOSE * low

    def _guess(self) -> float:
        if not self.has_found:
            return self._along(self._low, CLOSE, STEP)
        if not self._low[0]:
            return self._along(self._high, 1 / STEP, 1 / CLOSE)
        (low, worse), (high, better) = self._low, self._high
        part = (self._wanted + ABOVE - worse) / (better - worse)
        part = min(max(part, INSIDE), 1 - INSIDE)
        return exp((1 - part) * log(low) + part * log(high))

    def _along(self, point: tuple[float, float], fewest: float, most: float) -> float:
        """By the slope of the table."""
        size, psnr = point
        rate = 8 * size / self._samples
        ratio = rate_for(self._kind, self._wanted + ABOVE - psnr, rate) / rate
        return size * min(max(ratio, fewest), most)
