"""The gradient of the error of small sine networks, many at once, in machine code.

A network of a partition has layers a few neurons wide. There matrix libraries spend their time on
calls and on activations that leave the cache: for widths of 9 to 32 these loops need a seventh to a
third of it. Samples lie side by side, as many as vectors are long and some more, and everything
that belongs to them stays in the cache.

The order of sums and the last bits of sines differ from a decoder's. Of that a fit depends on
nothing: quality is measured by what decodes.

Letters in shapes: P partitions, S samples, D axes, C channels, N weights, L layers, W widest layer,
B samples at once; I inputs and O outputs of a layer.
"""

from math import pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import vectorised

__all__ = ["slopes"]

SAMPLES: Final = 128  # at once
LANES: Final = 16  # samples are padded to a multiple of it
Floats = NDArray[np.float32]

ZERO, HALF, ONE, TWO = (np.float32(value) for value in (0.0, 0.5, 1.0, 2.0))
TURNS: Final = np.float32(1 / pi)
PI_HIGH: Final = np.float32(3.140625)  # so few bits that a multiple of it is exact
PI_LOW: Final = np.float32(pi - 3.140625)
# Of sin(x) / x and cos(x) in powers of x^2, within a quarter turn of 0: least squares, errors below
# what float32 can tell.
S0, S1, S2, S3, S4, S5 = (
    np.float32(value)
    for value in (1.0, -1.66666666e-1, 8.33333098e-3, -1.98408616e-4, 2.75252877e-6, -2.38894991e-8)
)
C0, C1, C2, C3, C4, C5 = (
    np.float32(value)
    for value in (1.0, -4.99999994e-1, 4.16666362e-2, -1.38883609e-3, 2.47601363e-5, -2.60510768e-7)
)


@vectorised
def slopes(
    weights: Floats,
    coordinates: Floats,
    targets: Floats,
    widths: NDArray[np.int64],
    frequency: np.float32,
) -> Floats:
    """How half the sum of squared errors grows with the weights, [P, N].

    weights       [P, N] tensor after tensor in stored order
    coordinates   [P, S, D]; targets: [P, S, C]
    widths        [L + 1] from D to C
    frequency     of all sines
    """
    found = np.zeros_like(weights)
    count, layers, widest = coordinates.shape[1], len(widths) - 1, widths.max()
    length = min(SAMPLES, (count + LANES - 1) // LANES * LANES)
    values = np.empty((layers + 1, widest, length), np.float32)
    cosines, back = np.empty_like(values), np.empty_like(values)
    for p in range(len(weights)):
        for start in range(0, count, length):
            stop = min(start + length, count)
            _transpose(coordinates[p, start:stop], values[0])
            _evaluate(weights[p], widths, frequency, values, cosines)
            _transpose(targets[p, start:stop], back[layers])
            _subtract(values[layers, : widths[layers]], back[layers], stop - start)
            _propagate(weights[p], widths, frequency, values, cosines, back, found[p])
    return found


@vectorised
def _evaluate(
    weights: Floats,
    widths: NDArray[np.int64],
    frequency: np.float32,
    values: Floats,
    cosines: Floats,
) -> None:
    """Values [L + 1, W, B] of all layers from those of the first, and cosines beside sines."""
    last, place = len(widths) - 2, 0
    for layer in range(last + 1):
        size, out = widths[layer], widths[layer + 1]
        end = place + (size + 1) * out
        own = weights[place:end].reshape(size + 1, out)
        _sums(own, values[layer], values[layer + 1], ONE if layer == last else frequency)
        if layer < last:
            _sines(values[layer + 1, :out], cosines[layer + 1])
        place = end


@vectorised
def _propagate(
    weights: Floats,
    widths: NDArray[np.int64],
    frequency: np.float32,
    values: Floats,
    cosines: Floats,
    back: Floats,
    slope: Floats,
) -> None:
    """Add to the slopes [N] what the errors in the last of `back` [L + 1, W, B] say."""
    place = len(weights)
    for layer in range(len(widths) - 2, -1, -1):
        size, out = widths[layer], widths[layer + 1]
        start = place - (size + 1) * out
        _add_slopes(values[layer], back[layer + 1], slope[start:place].reshape(size + 1, out))
        if layer > 0:
            own = weights[start:place].reshape(size + 1, out)
            _return(own, back[layer + 1], back[layer])
            _scale(back[layer, :size], cosines[layer], frequency)
        place = start


@vectorised
def _transpose(rows: Floats, columns: Floats) -> None:
    """[B, C] into [C, B], zeros behind."""
    count, length = len(rows), columns.shape[1]
    for c in range(rows.shape[1]):
        for s in range(count):
            columns[c, s] = rows[s, c]
        for s in range(count, length):
            columns[c, s] = ZERO


@vectorised
def _subtract(values: Floats, targets: Floats, count: int) -> None:
    """Errors in the place of targets [C, B], zeros behind the first `count`."""
    for c in range(len(values)):
        value, target = values[c], targets[c]
        for s in range(count):
            target[s] = value[s] - target[s]
        for s in range(count, len(target)):
            target[s] = ZERO


@vectorised
def _sums(weights: Floats, inputs: Floats, sums: Floats, factor: np.float32) -> None:
    """[O, B] of inputs [I, B] by weights [I + 1, O], the last row added, times a factor."""
    size, length = len(weights) - 1, inputs.shape[1]
    for o in range(weights.shape[1]):
        total, bias = sums[o], weights[size, o] * factor
        for s in range(length):
            total[s] = bias
        i = 0
        while i + 4 <= size:
            a, b, c, d = inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]
            wa, wb = weights[i, o] * factor, weights[i + 1, o] * factor
            wc, wd = weights[i + 2, o] * factor, weights[i + 3, o] * factor
            for s in range(length):
                total[s] += wa * a[s] + wb * b[s] + wc * c[s] + wd * d[s]
            i += 4
        while i < size:
            a, wa = inputs[i], weights[i, o] * factor
            for s in range(length):
                total[s] += wa * a[s]
            i += 1


@vectorised
def _sines(sums: Floats, cosines: Floats) -> None:
    """Sines in the place of sums [O, B], and cosines."""
    for o in range(len(sums)):
        row, other = sums[o], cosines[o]
        for s in range(len(row)):
            turns = np.rint(row[s] * TURNS)
            sign = ONE - TWO * (turns - TWO * np.floor(turns * HALF))
            x = row[s] - turns * PI_HIGH - turns * PI_LOW
            q = x * x
            row[s] = sign * x * (S0 + q * (S1 + q * (S2 + q * (S3 + q * (S4 + q * S5)))))
            other[s] = sign * (C0 + q * (C1 + q * (C2 + q * (C3 + q * (C4 + q * C5)))))


@vectorised
def _scale(back: Floats, cosines: Floats, frequency: np.float32) -> None:
    for o in range(len(back)):
        row, other = back[o], cosines[o]
        for s in range(len(row)):
            row[s] *= other[s] * frequency


@vectorised
def _add_slopes(inputs: Floats, back: Floats, slope: Floats) -> None:
    """Add the products of inputs [I, B] with what comes back [O, B], summed over samples."""
    size, length = len(slope) - 1, inputs.shape[1]
    for o in range(slope.shape[1]):
        row, total = back[o], ZERO
        for s in range(length):
            total += row[s]
        slope[size, o] += total
        i = 0
        while i + 4 <= size:
            a, b, c, d = inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]
            sa, sb, sc, sd = ZERO, ZERO, ZERO, ZERO
            for s in range(length):
                sa += a[s] * row[s]
                sb += b[s] * row[s]
                sc += c[s] * row[s]
                sd += d[s] * row[s]
            slope[i, o] += sa
            slope[i + 1, o] += sb
            slope[i + 2, o] += sc
            slope[i + 3, o] += sd
            i += 4
        while i < size:
            a, sa = inputs[i], ZERO
            for s in range(length):
                sa += a[s] * row[s]
            slope[i, o] += sa
            i += 1


@vectorised
def _return(weights: Floats, back: Floats, returned: Floats) -> None:
    """What comes back from the inputs [I, B] of a layer, from what comes back from outputs."""
    size, out = len(weights) - 1, weights.shape[1]
    for i in range(size):
        total = returned[i]
        for s in range(len(total)):
            total[s] = ZERO
        o = 0
        while o + 4 <= out:
            a, b, c, d = back[o], back[o + 1], back[o + 2], back[o + 3]
            wa, wb, wc, wd = weights[i, o], weights[i, o + 1], weights[i, o + 2], weights[i, o + 3]
            for s in range(len(total)):
                total[s] += wa * a[s] + wb * b[s] + wc * c[s] + wd * d[s]
            o += 4
        while o < out:
            a, wa = back[o], weights[i, o]
            for s in range(len(total)):
                total[s] += wa * a[s]
            o += 1
