"""rANS of symbols that are multiples of a scale, which each chunk has of its own; see scaled.md.

A partition whose numbers need not be as exact as those of others says so by a larger scale. One
table serves all scales: of a tensor's distribution a chunk uses the places that its multiples have.
Tensors that grow from number to number are coded as differences. The others may be multiples that
depend on each other: see `trellis_loops`.

    chunk = K states | words (u16);  symbols: the code of the scale, then those of all tensors
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Floats, Symbols, bad_payload, check_empty
from lgcodec.coding.frequencies import TABLE, UNIT, Distribution, FrequencyTable
from lgcodec.coding.intervals import Intervals, written
from lgcodec.coding.lanes import Flags, Lanes, SlotTable, by_tensor
from lgcodec.coding.states import closed, few_lanes_of, first_state, opened
from lgcodec.coding.trellis import levels_of, may_depend, values_of
from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec

__all__ = ["BITS", "LATER", "SCALES", "USUAL", "Scaled"]

SCALES: Final = (  # by code from 1 on: four to an octave, once there are as many
    *(1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    *(40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448),
)
USUAL: Final = 32  # the scale that costs least
LATER: Final = 16  # that of weights which were rounded one by one: nothing makes up for them
BITS: Final = 19  # of a quantiser whose symbols are all those that a table can place
SYMBOLS_PER_LANE: Final = 1 << 15
FURTHEST: Final = ((1 << (BITS - 1)) - 1) // LATER  # symbol of chunks that come later
Integers = NDArray[np.int64]


@final
class Scaled(Coder):
    """Integers with a scale for each chunk.

    differences   numbers of the tensors that grow, those of the global chunk counted first
    dependent     whether numbers of a chunk may depend on each other; where those of one do, is
                  part of the chunk
    """

    name: ClassVar[str] = "scaled"
    integers_only: ClassVar[bool] = True
    later_scale: ClassVar[int] = LATER

    def __init__(
        self, differences: Sequence[int] = (), before: int = 0, *, dependent: bool = False
    ) -> None:
        self._differences = tuple(differences)
        self._before = before  # tensors that are numbered before those of a chunk
        self._dependent = dependent

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Scaled":
        numbers: Any = configuration.get("differences")
        is_list = isinstance(numbers, list | tuple)
        counted = is_list and all(type(number) is int and number >= 0 for number in numbers)
        one = configuration.get("dependent", 1)
        known = set(configuration) - {"dependent"} == {"differences"} and type(one) is int
        if not (known and counted and one == 1) or sorted({*numbers}) != [*numbers]:
            expected = (
                "{differences: numbers of tensors in order, each once, dependent: 1 or absent}"
            )
            raise FileError("E_CONF", f"scaled has {dict(configuration)!r:.200}, not {expected}")
        return cls(numbers, dependent="dependent" in configuration)

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"differences": self._differences, **({"dependent": 1} if self._dependent else {})}

    @property
    @override
    def table_bytes(self) -> int:
        return TABLE.size

    @override
    def for_locals(self, tensors: Sequence[TensorSpec], global_: Mapping[str, Floats]) -> "Coder":
        count = len(tensors) + len(global_)
        if self._differences and self._differences[-1] >= count:
            found = f"differences name tensor {self._differences[-1]}"
            raise FileError("E_PROFILE", f"{found}, there are {count}")
        return Scaled(self._differences, len(global_), dependent=self._dependent)

    @override
    def table(self, symbols: Symbols) -> bytes:
        return FrequencyTable.fit(symbols.astype(np.int64) // UNIT).pack()

    @override
    def tables(self, symbols: Sequence[Symbols]) -> list[bytes]:
        return [self.table(self._stored(number, part)) for number, part in enumerate(symbols)]

    @override
    def limits(self, tables: Sequence[bytes]) -> list[tuple[int, int] | None]:
        return [
            (-FURTHEST, FURTHEST) if self._grows(number) else _reach(table)
            for number, table in enumerate(tables)
        ]

    @override
    def nearest(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[Symbols]:
        found = []
        for number, (table, part) in enumerate(zip(tables, symbols, strict=True)):
            if self._grows(number):
                sums = [np.zeros_like(part[:, 0])]
                for wanted in part.T:  # each from where the one before it ended up
                    sums.append(sums[-1] + (wanted - sums[-1]).clip(*_reach(table)))
                found.append(np.stack(sums[1:], axis=1) * LATER)
            else:
                found.append(part.clip(*_reach(table)) * LATER)
        return found

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if not symbols:
            return [b""]
        frequency, start = self.intervals(tables, symbols)
        lanes = few_lanes_of(frequency.shape[1], SYMBOLS_PER_LANE)
        return written(frequency, start, lanes=lanes, first=first_state(lanes), put=closed)

    def intervals(
        self, tables: Sequence[bytes], symbols: Sequence[Symbols]
    ) -> tuple[Integers, Integers]:
        """Frequency and first slot [C, S] of all symbols of chunks, those of `coded`."""
        parsed, sizes = [FrequencyTable.unpack(table) for table in tables], _sizes(symbols)
        heads, values, sets = self.coded(symbols)
        front = heads.shape[1]
        frequency = np.empty((len(heads), front + values.shape[1]), np.int64)
        start = np.empty_like(frequency)
        coded = np.concatenate([heads, values], axis=1)
        sets = np.concatenate([0 * heads, sets], axis=1)
        for head, rows in _alike(heads):
            intervals = Intervals(*self._laid_out(parsed, sizes, head))
            frequency[rows], start[rows] = intervals.of(coded[rows], sets[rows])
        return frequency, start

    def coded(self, symbols: Sequence[Symbols]) -> tuple[Integers, Integers, Integers]:
        """What chunks begin with [C, 1 or 2], then values [C, N], and the sets of these."""
        sizes = _sizes(symbols)
        parts = [self._stored(number, part) for number, part in enumerate(symbols)]
        whole, able = np.concatenate(parts, axis=1), self._may_follow(sizes)
        heads = self._heads(whole, sizes)
        values, sets = np.empty_like(whole), np.empty_like(whole)
        for head, rows in _alike(heads):
            levels = whole[rows] // SCALES[head[0] - 1]
            values[rows], sets[rows] = values_of(levels, _follows(head, able))
        return heads, values, sets

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        if not sizes:
            check_empty(chunks)
            return []
        front = _of_heads(dependent=self._dependent)
        count = few_lanes_of(len(front) + sum(sizes), SYMBOLS_PER_LANE)
        parts = [opened(chunk, count) for chunk in chunks]  # before there is room for symbols
        parsed = [FrequencyTable.unpack(table) for table in tables]
        start = Lanes(parts, count, first_state(count))
        heads = start.symbols(SlotTable(front, by_tensor([1] * len(front))))
        able, whole = self._may_follow(sizes), np.empty((len(chunks), sum(sizes)), np.int32)
        for head, rows in _alike(heads):
            follows = _follows(head, able)
            distributions, which = self._laid_out(parsed, sizes, head)
            lanes = Lanes([parts[row] for row in rows], count, first_state(count))
            slots = SlotTable(
                distributions, which, np.append(np.zeros(len(front), np.bool_), follows)
            )
            values = lanes.symbols(slots)[:, len(front) :]
            lanes.finish()
            whole[rows] = levels_of(values, follows) * SCALES[head[0] - 1]
        self._check(heads, self._heads(whole, sizes))
        split = np.split(whole, np.cumsum(sizes)[:-1], axis=1)
        return [self._summed(number, part, symbol_type) for number, part in enumerate(split)]

    def _heads(self, whole: NDArray[Any], sizes: Sequence[int]) -> Integers:
        """[C, 1] codes of the largest scales that divide all numbers [C, N] of chunks.

        [C, 2] with whether these multiples may depend on each other, then they do.
        """
        scales = np.array(SCALES, whole.dtype)
        divides = np.gcd.reduce(whole, axis=1)[:, None] % scales == 0
        codes: Integers = len(SCALES) - divides[:, ::-1].argmax(axis=1)
        if not self._dependent:
            return codes[:, None]
        depends = may_depend(whole // scales[codes - 1, None], self._may_follow(sizes))
        return np.stack([codes, depends], axis=1)

    def _check(self, heads: NDArray[Any], expected: Integers) -> None:
        """FileError E_PAYLOAD where chunks could begin otherwise."""
        if (wrong := heads[:, 0] != expected[:, 0]).any():
            found = SCALES[heads[wrong, 0][0] - 1]
            raise bad_payload(f"a chunk has the scale {found}, a larger one divides its numbers")
        if (heads != expected).any():
            raise bad_payload("a chunk says that its numbers do not depend on each other, they may")

    def _may_follow(self, sizes: Sequence[int]) -> Flags:
        """[N] the numbers that may depend on those before."""
        return np.repeat([not self._grows(number) for number in range(len(sizes))], sizes)

    def _laid_out(
        self, tables: Sequence[FrequencyTable], sizes: Sequence[int], head: Integers
    ) -> tuple[list[Distribution], Integers]:
        """Distributions of all S symbols of a chunk, and which each has in each set [1 or 2, S]."""
        found = _of_heads(dependent=self._dependent)
        scale, sets = SCALES[head[0] - 1], 2 if head[1:].any() else 1
        which = [np.arange(len(found))[None].repeat(sets, 0)]
        for number, (table, size) in enumerate(zip(tables, sizes, strict=True)):
            first = np.full((sets, size), len(found))
            if sets > 1 and not self._grows(number):
                found += [table.levels(scale, second=second) for second in (False, True)]
                first[1] += 1
            else:
                found.append(table.multiples(scale))
            which.append(first)
        return found, np.concatenate(which, axis=1)

    def _grows(self, number: int) -> bool:
        """Whether a tensor of a chunk is coded as differences."""
        return number + self._before in self._differences

    def _stored(self, number: int, symbols: Symbols) -> Integers:
        """Symbols [C, N] as they are coded."""
        whole = symbols.astype(np.int64)
        return np.diff(whole, axis=1, prepend=0) if self._grows(number) else whole

    def _summed(
        self, number: int, stored: NDArray[np.int32], symbol_type: np.dtype[Any]
    ) -> Symbols:
        """Undo `_stored`; FileError E_PAYLOAD if a symbol does not fit its type."""
        whole = np.cumsum(stored, axis=1, dtype=np.int64) if self._grows(number) else stored
        limits = np.iinfo(symbol_type)
        least, most = int(whole.min(initial=0)), int(whole.max(initial=0))
        if least < limits.min or most > limits.max:
            allowed = f"{limits.min} to {limits.max}"
            raise bad_payload(f"symbols run from {least} to {most}, the quantiser's are {allowed}")
        return whole.astype(symbol_type)


def _sizes(symbols: Sequence[Symbols]) -> list[int]:
    """Of tensors, by their symbols [C, N_k]."""
    return [part.shape[1] for part in symbols]


def _reach(table: bytes) -> tuple[int, int]:
    """The least and the most symbol of chunks that come later, in their scale."""
    distribution = FrequencyTable.unpack(table).multiples(LATER)
    return distribution.first, distribution.first + len(distribution.counts) - 1


@cache
def _code_distribution() -> Distribution:
    """Of the codes of scales: most partitions are within three octaves of the usual one."""
    return FrequencyTable(1, len(SCALES), 1 + SCALES.index(USUAL), 65_000, 64_200).distribution()


def _of_heads(*, dependent: bool) -> list[Distribution]:
    """Of what a chunk begins with: its scale, and whether its numbers depend on each other."""
    kinds = [FrequencyTable(0, 1, 1, 256, 1).distribution()] if dependent else []
    return [_code_distribution(), *kinds]


def _alike(heads: NDArray[Any]) -> Iterator[tuple[Integers, Integers]]:
    """What chunks begin with, and the numbers of all that begin with it."""
    for head in np.unique(heads, axis=0):
        yield head, np.flatnonzero((heads == head).all(1))


def _follows(head: Integers, able: Flags) -> Flags:
    """[N] whether a number depends on those before, in a chunk that begins so."""
    return able & bool(head[1:].any())
