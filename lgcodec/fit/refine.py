"""From float weights to rounded ones of a given size: second-order steps, compensated rounding.

Weights are improved until they have settled, first at a price of bits that is the same for all
sizes, then at prices that fall towards that of the size: files of more bytes go on from where those
of fewer end. (Ten steps, at two prices, left the error ten times what it was after forty, and more
bytes behind fewer.) The price that gives the size is searched for: quickly with all tensors rounded
under one H, whose bytes are within a few per cent, in the end with the thorough rounding.
"""

from collections.abc import Callable, Iterator
from math import ceil, exp2
from typing import Final

import torch
from torch import Tensor

from lgcodec.fit.compensate import Rounded, Rounding
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.fit.settings import FitSettings
from lgcodec.nets import Family, Siren

__all__ = ["BAND", "FLOAT_SHARE", "can_refine", "refined"]

FLOAT_SHARE: Final = 0.5  # of a fit, what comes before
AIM: Final = 0.985  # of the bytes allowed
BAND: Final = (0.955, 1.0)  # of the bytes allowed, good enough
SLOPE: Final = 0.8  # of the error against the bytes, both logarithms: a first guess at the price
DAMPING: Final = 1e-2  # to begin with
FALL: Final = 16  # by which a price falls at most, from phase to phase
NEAR: Final = 2  # times the price wanted: near enough
PHASE: Final = 1 / 2  # of the steps there are, that those at one price may take
SETTLED: Final = 0.005  # of the error: less than `SINCE` steps bring ends them
SINCE: Final = 3
ATTEMPTS: Final = 6  # at the bytes, by thorough rounding
TRIALS: Final = 10  # by quick rounding
MOST: Final = 1000  # weights of a partition, whose J^T J is made
CLOSE: Final = 0.01  # of the bytes


def can_refine(family: Family, settings: FitSettings) -> bool:
    """Whether a fit is one of local sine networks of a few weights, for a size."""
    small = isinstance(family, Siren) and sum(t.size for t in family.local_tensors()) <= MOST
    wanted = settings.refine > 0 and None not in (settings.size, settings.bits)
    simple = settings.measurement is None and settings.seconds is None
    return small and wanted and simple and not family.global_tensors()


def refined(
    residuals: Residuals,
    flat: Tensor,
    steps: int,
    size: int,
    size_of: Callable[[Rounded], int],
) -> Iterator[tuple[float, Rounded | None]]:
    """Shares of the work that are done, and weights of about `size` bytes when there are some.

    flat    [P, N] float weights to begin with
    steps   of all weights, at most
    """
    flat, damping = flat.clone(), flat.new_full((len(flat),), DAMPING)
    wanted = price = SLOPE * _error(residuals, flat) / (8 * flat.numel())
    done, work = 0, steps + len(residuals.places)
    while done < steps:
        price = max(wanted, price / FALL)
        most = min(ceil(PHASE * steps), steps - done)
        for step in _settle(residuals, flat, damping, price, most):
            yield (done + step) / work, None
        done += step
        wanted = _priced(residuals, flat, price, size, size_of)
        if price / NEAR < wanted < price * NEAR:
            break
    price, done = wanted, steps
    for _ in range(ATTEMPTS):
        in_turn = Rounding(residuals, price).in_turn(flat, damping.clone())
        for layer, rounded in enumerate(in_turn):
            found = rounded
            yield (done + 2 * layer + 1) / work, None
        yield 1.0, found
        excess = size_of(found) - AIM * size
        if BAND[0] - AIM <= excess / size <= BAND[1] - AIM:
            break
        price *= exp2(16 * excess / flat.numel())


def _settle(
    residuals: Residuals, flat: Tensor, damping: Tensor, price: float, most: int
) -> Iterator[int]:
    """Improve `flat` until it has settled; after each step its number, `most` at the end."""
    errors = [_error(residuals, flat)]
    for step in range(1, most + 1):
        polish(residuals, flat, damping, 1, cost=Rounding(residuals, price).ridge)
        errors.append(_error(residuals, flat))
        yield step
        if step >= SINCE and errors[-1] > (1 - SETTLED) * errors[-1 - SINCE]:
            return


def _error(residuals: Residuals, flat: Tensor) -> float:
    return float(residuals.errors(flat, torch.arange(len(flat))).sum())


def _priced(
    residuals: Residuals,
    flat: Tensor,
    price: float,
    size: int,
    size_of: Callable[[Rounded], int],
) -> float:
    """The price at which quick rounding has the bytes aimed at: 4 times it saves a bit a weight."""
    matrix = residuals.normal(flat).matrix
    for _ in range(TRIALS):
        excess = size_of(Rounding(residuals, price).at_once(flat, matrix)) / (AIM * size) - 1
        if abs(excess) < CLOSE:
            break
        price *= exp2(min(max(16 * excess * AIM * size / flat.numel(), -4.0), 4.0))
    return price
