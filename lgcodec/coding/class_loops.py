"""Classes of many magnitudes whose features are all known, for encoders. Imported when needed.

Symbols lie side by side, as many as vectors are long and some more; what is 0 for all of them is
left out, and so are symbols for which everything is 0. All is a whole number below 2**24 by a power
of 2, held by float32: sums are exact in any order, and a class is the one that a decoder finds
symbol after symbol (`context_loops`).

Letters in shapes: F features, P chunks, C channels, N symbols, B symbols at once, H units.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import vectorised
from lgcodec.coding.distributions import CLASSES
from lgcodec.coding.network import HIDDEN, MOST_HIDDEN, Layers

__all__ = ["classes_of"]

AT_ONCE: Final = 128
ZERO: Final = np.float32(0)
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@vectorised
def classes_of(layers: Layers, features: Floats, kinds: NDArray[np.intp]) -> NDArray[np.intp]:
    """Classes [P, C, N] from all features [F, P, C, N] but those of places, whose kinds [N] tell.

    Where all these features are 0, as they often are, the kind is enough.
    """
    inputs, rows, channels, count = features.shape
    found = np.empty((rows, channels, count), np.intp)
    known = np.empty((inputs, AT_ONCE), np.float32)
    hidden, then = np.empty((HIDDEN, AT_ONCE), np.float32), np.empty((HIDDEN, AT_ONCE), np.float32)
    busy = np.empty(count, np.int64)
    for row in range(rows):
        for channel in range(channels):
            total = _busy(features, row, channel, busy)
            for n in range(count):
                found[row, channel, n] = layers.still[channel, kinds[n]]
            for start in range(0, total, AT_ONCE):
                size = min(AT_ONCE, total - start)
                here = busy[start : start + size]
                for place in range(inputs):
                    for n in range(size):
                        known[place, n] = features[place, row, channel, here[n]]
                for n in range(size):
                    hidden[:, n] = layers.fixed[channel, kinds[here[n]]]
                    then[:, n] = layers.second_bias
                _layer(layers.others, known, hidden, size)
                _layer(layers.second, hidden, then, size)
                _last(layers.third, layers.third_bias[0], then, found[row, channel], here)
    return found


@vectorised
def _busy(features: Floats, row: int, channel: int, busy: Integers) -> int:
    """Places of a channel where not all features are 0, put into `busy` [N], and how many."""
    total, count = np.zeros(len(busy), np.float32), 0
    for place in range(len(features)):
        for n in range(len(total)):
            total[n] += features[place, row, channel, n]  # which is 0 or more
    for n in range(len(total)):
        if total[n] > 0:
            busy[count] = n
            count += 1
    return count


@vectorised
def _layer(weights: Floats, inputs: Floats, units: Floats, size: int) -> None:
    """Inputs [F, B] by weights [F, H], added to biases in `units` [H, B]: floor, from 0 to most."""
    used, count = _used(inputs, size)
    for unit in range(0, weights.shape[1], 2):
        total, other = units[unit], units[unit + 1]
        i = 0
        while i + 4 <= count:  # for each time that sums are loaded and stored
            p, q, r, t = used[i], used[i + 1], used[i + 2], used[i + 3]
            a, b, c, d = inputs[p], inputs[q], inputs[r], inputs[t]
            wa, wb, wc, wd = weights[p, unit], weights[q, unit], weights[r, unit], weights[t, unit]
            va, vb = weights[p, unit + 1], weights[q, unit + 1]
            vc, vd = weights[r, unit + 1], weights[t, unit + 1]
            for n in range(size):
                total[n] += wa * a[n] + wb * b[n] + wc * c[n] + wd * d[n]
                other[n] += va * a[n] + vb * b[n] + vc * c[n] + vd * d[n]
            i += 4
        while i < count:
            p = used[i]
            a, wa, va = inputs[p], weights[p, unit], weights[p, unit + 1]
            for n in range(size):
                total[n] += wa * a[n]
                other[n] += va * a[n]
            i += 1
        for n in range(size):
            total[n] = min(max(np.floor(total[n]), ZERO), np.float32(MOST_HIDDEN))
            other[n] = min(max(np.floor(other[n]), ZERO), np.float32(MOST_HIDDEN))


@vectorised
def _used(inputs: Floats, size: int) -> tuple[Integers, int]:
    """Which rows [F] of inputs [F, B] are not 0 everywhere, and how many."""
    used, count = np.empty(len(inputs), np.int64), 0
    for i in range(len(inputs)):
        row, total = inputs[i], ZERO
        for n in range(size):
            total += abs(row[n])
        if total:
            used[count] = i
            count += 1
    return used, count


@vectorised
def _last(
    weights: Floats, bias: np.float32, units: Floats, found: NDArray[np.intp], places: Integers
) -> None:
    """Classes of units [H, B], put into found [N] at their places [B]."""
    size = len(places)
    total = np.full(size, bias, np.float32)
    for unit in range(len(weights)):
        row, w = units[unit], weights[unit]
        for n in range(size):
            total[n] += w * row[n]
    for n in range(size):
        found[places[n]] = int(min(max(np.floor(total[n]), ZERO), np.float32(CLASSES - 1)))
