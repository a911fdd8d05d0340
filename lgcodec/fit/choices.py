"""Symbols of latents for a step, under the network that predicts them as it is now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, final
from weakref import ref
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.motion import bits_of_motion
from lgcodec.fit.curvature import for_channels
from lgcodec.fit.descent import descend
from lgcodec.fit.entropy import Entropy, costs
from lgcodec.fit.pyramids import Pyramids, Rounded
from lgcodec.fit.rounding import cheapest, dead_zone
from lgcodec.fit.sampling import Sampler
from lgcodec.nets.blocks import side_by_side
from lgcodec.nets.latent import Latent

__all__ = ["HEAD", "Choice", "Chooser", "Motion"]

HEAD: Final = 300  # bytes of a file beside latents
EACH: Final = 2  # bytes of a partition beside them
FORESEEN: Final = 0.96  # of the bits is left, as signs are predicted
Part = Sequence[Symbols]  # of a block of partitions
Motion = NDArray[np.int16]  # the limits of `motion` are within 2^14
HALF: Final = 0.5  # a step: what is farther from 0 may be chosen not to be 0


@final
@dataclass(frozen=True)
class Choice:
    """Symbols [P, N_k] of every band for one step."""

    rounded: Rounded
    symbols: Sequence[Symbols]


Measured = tuple[Callable[[], Choice | None], bool, float]  # a choice, whether roughly, its error


@final
class Chooser:
    """Chooses symbols of all partitions of a group.

    entropy   the network that predicts symbols
    motion    as `motion` of another one of the same partitions; looked for where there is none
    """

    def __init__(self, family: Latent, sampler: Sampler, motion: Motion | None = None) -> None:
        self.family, self._partitions = family, sampler.partitions
        known = None if motion is None else torch.from_numpy(motion).long()
        self._pyramids = Pyramids(family, sampler, known)
        self.entropy = Entropy(family.coder)
        self._measured: Measured = (lambda: None), False, 0.0

    @property
    def motion(self) -> Motion | None:
        """How tiles move, as in a file [P, M, I, J, 3]; None where the family does not say."""
        found = self._pyramids.motion
        return None if found is None else found.short().numpy()

    @property
    def digest(self) -> int:
        """Tells motions apart: another machine may find another, which symbols do not fit."""
        return 0 if self.motion is None else crc32(self.motion.tobytes())

    def choose(self, step: int) -> Choice:
        """Symbols for a step, contexts from a plain rounding."""
        rounded, coder = self._pyramids.rounded(step), self._coder()

        def chosen(rows: slice) -> Part:
            return self._chosen(rounded, coder, rows)

        return self._choice(rounded, side_by_side(chosen, self._pyramids.blocks))

    def _chosen(self, rounded: Rounded, coder: Context, rows: slice) -> Part:
        """The same of the partitions `rows` alone."""
        bands = self._pyramids.bands(rounded, rows)
        found = self._pyramids.error_weights(rows)
        weights = map(for_channels, found, rounded.scales) if found else [None] * len(bands)
        classes = coder.classes([dead_zone(band) for band in bands])
        parts = zip(bands, classes, weights, strict=True)
        return [cheapest(band, own, weight) for band, own, weight in parts]

    @property
    def can_estimate(self) -> bool:
        """Whether there are so many partitions that some tell of all."""
        return bool(self._pyramids.some)

    def estimated_bytes(self, step: int, descents: int = 0) -> float:
        """About the `bytes` of the choice for a step, by some partitions.

        descents   after so many times `descended`; then they are those that the coder takes
        """
        rounded, coder = self._pyramids.rounded(step), self._coder()

        def measured(rows: slice) -> tuple[int, float]:
            part = self._descending(rounded, coder, rows, descents)
            return len(part[0]), self._coded(coder, part, rows) if descents else _bits(coder, part)

        found = zip(*side_by_side(measured, self._pyramids.some), strict=True)
        partitions, bits = map(sum, found)
        return self._bytes(rounded, bits * self._partitions / partitions)

    def estimated_error(self, step: int, descents: int = 0) -> float:
        """About the `error` of the same, by some partitions."""
        rounded, coder = self._pyramids.rounded(step), self._coder()

        def measured(rows: slice) -> tuple[float, int]:
            part = self._descending(rounded, coder, rows, descents)
            return self._pyramids.squares(rounded, part, rows)

        error, samples = map(sum, zip(*side_by_side(measured, self._pyramids.some), strict=True))
        return float(error / samples)

    def _descending(self, rounded: Rounded, coder: Context, rows: slice, times: int) -> Part:
        """Symbols of the partitions `rows` alone, chosen and so many times descended."""
        part = self._chosen(rounded, coder, rows)
        for _ in range(times):
            part = self._descended(rounded, coder, part, rows)
        return part

    def _coded(self, coder: Context, part: Part, rows: slice) -> float:
        """Bits of symbols of the partitions `rows` as coded, as many as would be FORESEEN so."""
        symbols, moved = [np.concatenate(part, axis=1)], 0.0
        if self.motion is not None:
            symbols.append(self.motion[rows].reshape(len(part[0]), -1))
            moved = float(bits_of_motion(self.motion[rows].astype(np.int64)).sum())
        coded = 8 * sum(map(len, coder.encode((), symbols)))
        return max(coded - FORESEEN * moved, 0.0) / FORESEEN

    def plainly(self, step: int) -> Choice:
        """Symbols for a step that are not chosen by their bits: quicker, and a little larger."""
        rounded = self._pyramids.rounded(step)

        def chosen(rows: slice) -> Part:
            return [dead_zone(band) for band in self._pyramids.bands(rounded, rows)]

        return self._choice(rounded, side_by_side(chosen, self._pyramids.blocks))

    def descended(self, choice: Choice) -> Choice:
        """Symbols that make good what others leave out."""
        rounded, coder = choice.rounded, self._coder()

        def better(rows: slice) -> Part:
            return self._descended(rounded, coder, [own[rows] for own in choice.symbols], rows)

        return self._choice(rounded, side_by_side(better, self._pyramids.blocks))

    def _descended(self, rounded: Rounded, coder: Context, part: Part, rows: slice) -> Part:
        """The same of symbols of the partitions `rows` alone."""
        return descend(
            self.family.pyramid,
            rounded.scales,
            *self._pyramids.residual(rounded, part, rows),
            symbols=part,
            classes=coder.classes(part),
            odds=_odds(coder, self._pyramids.bands(rounded, rows), part),
            displaced=self._pyramids.displaced(rows),
            weights=self._pyramids.error_weights(rows),
        )

    def filtered(self, choice: Choice, *, by_some: bool) -> Choice:
        """The same with the best strength of the filter.

        by_some   whether some partitions tell of all
        """
        found = self._pyramids.filtered(choice.rounded, choice.symbols, by_some=by_some)
        return replace(choice, rounded=found)

    def restored(self, step: int, symbols: Sequence[Symbols]) -> Choice:
        """The choice of these symbols."""
        return Choice(self._pyramids.rounded(step), symbols)

    def bytes(self, choice: Choice) -> float:
        """What a choice takes in a file, by ideal code lengths."""
        return self._bytes(choice.rounded, self._bits(self._coder(), choice.symbols))

    def _bytes(self, rounded: Rounded, bits: float) -> float:
        """Of a file whose symbols take so many bits."""
        if self.motion is not None:
            bits += float(bits_of_motion(self.motion.astype(np.int64)).sum())
        return HEAD + EACH * self._partitions + rounded.global_["coarse"].size + FORESEEN * bits / 8

    def error(self, choice: Choice, *, roughly: bool = False) -> float:
        """Mean squared error, in network units; of a few partitions, if roughly is enough."""
        measured, was_roughly, error = self._measured
        if measured() is not choice or was_roughly != roughly:  # it is asked for again at the end
            error = self._pyramids.error(choice.rounded, choice.symbols, roughly=roughly)
            self._measured = ref(choice), roughly, error
        return error

    def keep_what_pays(self, symbols: Sequence[Symbols]) -> None:
        """What the network has learned must save more than it costs, or it is forgotten."""
        learned, usual = self._coder(), self.family.coder
        usual = usual.for_locals(
            self.family.local_tensors(), {ENTROPY: 0 * self.entropy.integers()}
        )
        added = _entropy(self.entropy.integers())
        if self._bits(learned, symbols) + added >= self._bits(usual, symbols):
            self.entropy = Entropy(self.family.coder)

    def _bits(self, coder: Context, symbols: Sequence[Symbols]) -> float:
        """Of symbols [P, N_k] of every band."""

        def bits(rows: slice) -> float:
            return _bits(coder, [some[rows] for some in symbols])

        return sum(side_by_side(bits, self._pyramids.blocks))

    def _choice(self, rounded: Rounded, found: Iterable[Part]) -> Choice:
        """Of blocks of partitions, copied as they come: all of them twice are too much."""
        symbols, at = list[Symbols](), 0
        for part in found:
            count = self._partitions
            symbols = symbols or [np.empty((count, own.shape[1]), own.dtype) for own in part]
            for whole, own in zip(symbols, part, strict=True):
                whole[at : at + len(own)] = own
            at += len(part[0])
        return Choice(rounded, symbols)

    def _coder(self) -> Context:
        networks = {ENTROPY: self.entropy.integers()}
        return self.family.coder.for_locals(self.family.local_tensors(), networks)


def _bits(coder: Context, part: Part) -> float:
    """Of the symbols of some partitions."""
    pairs = zip(part, coder.classes(part), strict=True)
    return sum(float(costs(c, np.abs(own).astype(np.float32)).sum()) for own, c in pairs)


def _odds(
    coder: Context, bands: Sequence[Floats], symbols: Sequence[Symbols]
) -> Sequence[NDArray[np.int64]]:
    """Of the signs of all that may be chosen not to be 0."""
    asked = [(np.abs(b) > HALF) | (s != 0) for b, s in zip(bands, symbols, strict=True)]
    return coder.odds(symbols, asked)


def _entropy(numbers: Floats) -> float:
    """Bits that whole numbers take, each by how often it occurs."""
    _, counts = np.unique(numbers, return_counts=True)
    return float(-(counts * np.log2(counts / counts.sum())).sum())
