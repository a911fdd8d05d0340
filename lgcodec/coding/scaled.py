"""rANS of symbols that are multiples of a scale, which each chunk has of its own; see scaled.md.

A partition whose numbers need not be as exact as those of others says so by a larger scale. One
table serves all scales: of a tensor's distribution a chunk uses the places that its multiples have.
Tensors that grow from number to number are coded as differences.

    chunk = K states | words (u16);  symbols: the code of the scale, then those of all tensors
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Floats, Symbols, bad_payload, check_empty
from lgcodec.coding.frequencies import TABLE, UNIT, Distribution, FrequencyTable
from lgcodec.coding.intervals import Intervals, written
from lgcodec.coding.lanes import Lanes, SlotTable
from lgcodec.coding.states import closed, few_lanes_of, first_state, opened
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
FURTHEST: Final = ((1 << (BITS - 1)) - 1) // LATER  # symbol of chunks that come later
Integers = NDArray[np.int64]


@final
class Scaled(Coder):
    """Integers with a scale for each chunk, `differences` numbers the tensors that grow."""

    name: ClassVar[str] = "scaled"
    integers_only: ClassVar[bool] = True
    later_scale: ClassVar[int] = LATER

    def __init__(self, differences: Sequence[int] = (), before: int = 0) -> None:
        self._differences = tuple(differences)
        self._before = before  # tensors that are numbered before those of a chunk

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Scaled":
        numbers: Any = configuration.get("differences")
        is_list = isinstance(numbers, list | tuple)
        counted = is_list and all(type(number) is int and number >= 0 for number in numbers)
        if set(configuration) != {"differences"} or not counted or sorted({*numbers}) != [*numbers]:
            expected = "{differences: numbers of tensors in order, each once}"
            raise FileError("E_CONF", f"scaled has {dict(configuration)!r:.200}, not {expected}")
        return cls(numbers)

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"differences": self._differences}

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
        return Scaled(self._differences, len(global_))

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
        parts = [self._stored(number, part) for number, part in enumerate(symbols)]
        whole, sizes = np.concatenate(parts, axis=1), [part.shape[1] for part in parts]
        parsed = [FrequencyTable.unpack(table) for table in tables]
        codes = _codes_of(whole)
        frequency = np.empty((len(whole), 1 + whole.shape[1]), np.int64)
        start = np.empty_like(frequency)
        for code in np.unique(codes):
            rows, scale = codes == code, SCALES[code - 1]
            model = Intervals(_distributions(parsed, scale), [1, *sizes])
            numbers = np.insert(whole[rows] // scale, 0, code, axis=1)
            frequency[rows], start[rows] = model.of(numbers)
        lanes = few_lanes_of(frequency.shape[1])
        return written(frequency, start, lanes=lanes, first=first_state(lanes), put=closed)

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
        count = few_lanes_of(1 + sum(sizes))
        parts = [opened(chunk, count) for chunk in chunks]  # before there is room for symbols
        parsed = [FrequencyTable.unpack(table) for table in tables]
        codes, whole = _read_codes(parts), np.empty((len(chunks), sum(sizes)), np.int32)
        for code in np.unique(codes):
            rows, scale = np.flatnonzero(codes == code), SCALES[code - 1]
            slots = SlotTable(_distributions(parsed, scale), [1, *sizes])
            lanes = Lanes([parts[row] for row in rows], count, first_state(count))
            whole[rows] = lanes.symbols(slots)[:, 1:] * scale
            lanes.finish()
        if (wrong := codes != _codes_of(whole)).any():
            found = SCALES[codes[wrong][0] - 1]
            raise bad_payload(f"a chunk has the scale {found}, a larger one divides its symbols")
        split = np.split(whole, np.cumsum(sizes)[:-1], axis=1)
        return [self._summed(number, part, symbol_type) for number, part in enumerate(split)]

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


def _reach(table: bytes) -> tuple[int, int]:
    """The least and the most symbol of chunks that come later, in their scale."""
    distribution = FrequencyTable.unpack(table).multiples(LATER)
    return distribution.first, distribution.first + len(distribution.counts) - 1


@cache
def _code_distribution() -> Distribution:
    """Of the codes of scales: most partitions are within three octaves of the usual one."""
    return FrequencyTable(1, len(SCALES), 1 + SCALES.index(USUAL), 65_000, 64_200).distribution()


def _distributions(tables: Sequence[FrequencyTable], scale: int) -> list[Distribution]:
    """Of all symbols of a chunk of this scale."""
    return [_code_distribution(), *(table.multiples(scale) for table in tables)]


def _codes_of(whole: NDArray[Any]) -> Integers:
    """[C] codes of the largest scales that divide all numbers [C, N] of chunks."""
    divisor = np.gcd.reduce(whole, axis=1)
    divides = divisor[:, None] % np.array(SCALES) == 0
    codes: Integers = len(SCALES) - divides[:, ::-1].argmax(axis=1)
    return codes


def _read_codes(parts: Sequence[tuple[bytes, bytes]]) -> Integers:
    """[C] codes that chunks begin with."""
    states = np.array([int.from_bytes(head[:4], "little") for head, _ in parts], np.int64)
    ends = np.cumsum(_code_distribution().counts)
    codes: Integers = 1 + np.searchsorted(ends, states % ends[-1], side="right")
    return codes
