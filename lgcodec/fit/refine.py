"""From float weights to rounded ones of a given size: second-order steps, compensated rounding.

Weights are improved until they have settled, first at a price of bits that is the same for all
sizes, then at prices that fall towards that of the size: files of more bytes go on from where those
of fewer end. (Ten steps, at two prices, left the error ten times what it was after forty, and more
bytes behind fewer.) The price that gives the size is searched for: quickly with all tensors rounded
under one H, whose bytes are within a few per cent, in the end with the thorough rounding.
"""

from collections.abc import Generator, Iterator
from math import ceil, exp2, isqrt
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding.scaled import Scaled
from lgcodec.fit.candidate import AIM, BAND, Candidate
from lgcodec.fit.compensate import Rounded, Rounding
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.fit.objective import Objective
from lgcodec.fit.settings import FitSettings, SizeOf
from lgcodec.nets import Family, Siren

__all__ = ["FLOAT_SHARE", "Refinement", "can_refine", "most_weights"]

FLOAT_SHARE: Final = 0.5  # of a fit, what comes before
SLOPE: Final = 0.8  # of the error against the bytes, both logarithms: a first guess at the price
DAMPING: Final = 1e-2  # to begin with
FALL: Final = 16  # by which a price falls at most, from phase to phase
NEAR: Final = 2  # times the price wanted: near enough
PHASE: Final = 1 / 2  # of the steps there are, that those at one price may take
SINCE: Final = 3  # steps, whose gain tells whether weights have settled
ATTEMPTS: Final = 6  # at the bytes, by thorough rounding
TRIALS: Final = 10  # by quick rounding
MOST: Final = 1500  # weights of a partition, whose J^T J is made
MOST_NUMBERS: Final = 2**28  # of J^T J of all partitions, held at once, 12 bytes each
CLOSE: Final = 0.01  # of the bytes


def can_refine(family: Family, settings: FitSettings, partitions: int, samples: int) -> bool:
    """Whether a fit is one of local sine networks of a few weights, for a size.

    samples   of a partition, whose values are to be at least as many as its weights: else J^T J
              has no inverse
    """
    weights = sum(tensor.size for tensor in family.local_tensors())
    few = weights <= min(most_weights(partitions), samples * family.channels)
    small = isinstance(family, Siren) and few
    wanted = settings.refine > 0 and None not in (settings.size, settings.bits)
    simple = settings.measurement is None and settings.seconds is None
    return small and wanted and simple and not family.global_tensors()


def most_weights(partitions: int) -> int:
    """Of each partition, whose second-order steps are affordable."""
    return min(MOST, isqrt(MOST_NUMBERS // partitions))


@final
class Refinement:
    """The last phase of a fit that `can_refine`.

    settings   with a size, and the second-order steps there are
    size_of    bytes that rounded weights take in the file
    """

    def __init__(
        self, family: Siren, objective: Objective, settings: FitSettings, size_of: SizeOf
    ) -> None:
        sampler = objective.sampler
        self._family, self._objective = family, objective
        self._residuals = Residuals(family, sampler, sampler.tile_samples)
        self._steps, self._settled_by = settings.refine, settings.settled
        self._size, self._size_of = settings.size or 0, size_of
        self._work = self._steps + len(self._residuals.places)

    def improved(self, best: Candidate) -> Iterator[tuple[float, Candidate]]:
        """Shares of the work that are done, and the best so far, which is float to begin with."""
        start = self._residuals.flat(self._family.canonicalise(best.weights))
        for done, rounded in self._rounded(start):
            if rounded is not None:
                found = self._judged(rounded)
                best = found if found.score >= best.score else best
            yield done, best

    def at_once(self, best: Candidate) -> Candidate:
        """The best float weights, rounded to about the size without being improved."""
        flat = self._residuals.flat(self._family.canonicalise(best.weights))
        return self._judged(self._priced(flat, self._first_price(flat))[1])

    def _judged(self, rounded: Rounded) -> Candidate:
        """First the size, then the quality."""
        found = self._candidate(rounded)
        psnr = self._objective.psnr(self._objective.error(found.weights, None))
        return found.judged(psnr, self._bytes(rounded), self._size)

    def _candidate(self, rounded: Rounded) -> Candidate:
        tensors = self._residuals.tensors(rounded.flat)
        return Candidate(tensors, steps=rounded.steps, coder=Scaled.name)

    def _bytes(self, rounded: Rounded) -> int:
        return self._size_of(self._candidate(rounded).fitted())

    def _rounded(self, flat: Tensor) -> Iterator[tuple[float, Rounded | None]]:
        """Shares of the work that are done, and weights of about the size when there are some.

        flat   [P, N] float weights to begin with
        """
        flat, damping = flat.clone(), flat.new_full((len(flat),), DAMPING)
        price = yield from self._settled(flat, damping)
        for _ in range(ATTEMPTS):
            in_turn = Rounding(self._residuals, price).in_turn(flat, damping.clone())
            for layer, rounded in enumerate(in_turn):
                found = rounded
                yield (self._steps + 2 * layer + 1) / self._work, None
            yield 1.0, found
            excess = self._bytes(found) - AIM * self._size
            if BAND[0] - AIM <= excess / self._size <= BAND[1] - AIM:
                break
            price *= exp2(16 * excess / flat.numel())

    def _settled(self, flat: Tensor, damping: Tensor) -> Generator[tuple[float, None], None, float]:
        """Improve `flat`, at prices that fall to that of the size, which is returned."""
        wanted = price = self._first_price(flat)
        done = 0
        while done < self._steps:
            price = max(wanted, price / FALL)
            most = min(ceil(PHASE * self._steps), self._steps - done)
            for step in self._settled_at(price, flat, damping, most):
                yield (done + step) / self._work, None
            done += step
            flat.copy_(self._canonical(flat))
            wanted, _ = self._priced(flat, price)
            if price / NEAR < wanted < price * NEAR:
                break
        return wanted

    def _settled_at(self, price: float, flat: Tensor, damping: Tensor, most: int) -> Iterator[int]:
        """Improve `flat` until it has settled; after each step its number, `most` at the end."""
        errors = [self._error(flat)]
        for step in range(1, most + 1):
            ridge = Rounding(self._residuals, price).ridge
            polish(self._residuals, flat, damping, 1, cost=ridge)
            errors.append(self._error(flat))
            yield step
            if step >= SINCE and errors[-1] > (1 - self._settled_by) * errors[-1 - SINCE]:
                return

    def _canonical(self, flat: Tensor) -> Tensor:
        return self._residuals.flat(self._family.canonicalise(self._residuals.tensors(flat)))

    def _first_price(self, flat: Tensor) -> float:
        return SLOPE * self._error(flat) / (8 * flat.numel())

    def _error(self, flat: Tensor) -> float:
        return float(self._residuals.errors(flat, torch.arange(len(flat))).sum())

    def _priced(self, flat: Tensor, price: float) -> tuple[float, Rounded]:
        """The price at which quick rounding has the bytes aimed at, and what that gives.

        Four times the price saves a bit a weight.
        """
        matrix = self._residuals.normal(flat).matrix
        for _ in range(TRIALS):
            rounded = Rounding(self._residuals, price).at_once(flat, matrix)
            excess = self._bytes(rounded) / (AIM * self._size) - 1
            if abs(excess) < CLOSE:
                break
            price *= exp2(min(max(16 * excess * AIM * self._size / flat.numel(), -4.0), 4.0))
        return price, rounded
