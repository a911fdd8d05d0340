"""Bjontegaard's rate difference: how many more bytes one codec needs than another, on average.

G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33 (2001), with
monotone piecewise cubics (PCHIP) in place of one polynomial, as is usual today.
"""

from collections.abc import Sequence
from math import exp

import numpy as np
from scipy.interpolate import PchipInterpolator

__all__ = ["bd_rate"]

RatePoint = tuple[float, float]  # rate in any unit above 0, dB


def bd_rate(anchor: Sequence[RatePoint], test: Sequence[RatePoint]) -> float | None:
    """Per cent of rate that `test` needs beyond `anchor` at equal quality; negative is better.

    The logarithm of the rate is a PCHIP of the quality, and the mean difference is taken over the
    range of quality that both curves cover. None where they share no range, or where one has fewer
    than two points. ValueError for two points of equal quality.
    """
    if min(len(anchor), len(test)) < 2:
        return None
    low = max(min(quality for _, quality in curve) for curve in (anchor, test))
    high = min(max(quality for _, quality in curve) for curve in (anchor, test))
    if low >= high:
        return None
    difference = _mean_log_rate(test, low, high) - _mean_log_rate(anchor, low, high)
    return 100 * (exp(difference) - 1)


def _mean_log_rate(curve: Sequence[RatePoint], low: float, high: float) -> float:
    rates, qualities = np.array(sorted(curve, key=lambda point: point[1])).T
    return float(PchipInterpolator(qualities, np.log(rates)).integrate(low, high)) / (high - low)
