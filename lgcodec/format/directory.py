"""GRUP's directory: which partitions a group holds, how long each chunk is, and its checksum.

A group's payload is directory, global chunk, local chunks in the order of their partition ids.
Lengths only: where a chunk lies is a running sum, so chunks can neither overlap nor leave holes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain
from struct import pack, unpack_from

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import CrcWidth, reading, require
from lgcodec.format.layout import (
    CRC_FORMATS,
    DIRECTORY,
    EQUAL,
    MAX_GLOBAL,
    MAX_GROUPS,
    MAX_LEN_WIDTH,
    MAX_LOCAL,
    MAX_PARTITIONS,
    RUN,
)
from lgcodec.format.numbers import bits_size, pack_bits, unpack_bits

__all__ = ["Group", "runs_of"]


@dataclass(frozen=True)
class Group:
    """The table of contents of one group; lengths in bytes.

    ordinal         which group of the grid, kept through crops, 0 to 65 535
    global_len   0 to 2**28; global_crc its CRC-32C, 0 where there is no global chunk
    ids             partitions present, strictly increasing, 1 to 2**20 of them, below 2**20
    lengths, crcs   of the local chunk of each id; lengths 1 to 2**24
    crc_width       bytes of each of `crcs`: 1, 2 or 4, as `MAX_LOCAL` allows for the longest
    """

    ordinal: int
    global_len: int
    global_crc: int
    ids: tuple[int, ...]
    lengths: tuple[int, ...]
    crcs: tuple[int, ...]
    crc_width: CrcWidth = 4

    def __post_init__(self) -> None:
        count = len(self.ids)
        require(0 <= self.ordinal < MAX_GROUPS, f"ordinal is {self.ordinal}, at most 65535 allowed")
        require(1 <= count <= MAX_PARTITIONS, f"a group has {count} partitions, 1 to 2**20 allowed")
        require(
            count == len(self.lengths) == len(self.crcs), "ids, lengths and crcs differ in number"
        )
        require(
            all(a < b for a, b in zip(self.ids, self.ids[1:], strict=False))
            and self.ids[0] >= 0
            and self.ids[-1] < MAX_PARTITIONS,
            "partition ids do not increase strictly from 0 to at most 2**20 - 1",
        )
        require(
            0 <= self.global_len <= MAX_GLOBAL,
            f"a global chunk has {self.global_len} bytes, at most {MAX_GLOBAL} are allowed",
        )
        most = MAX_LOCAL[self.crc_width]
        require(
            min(self.lengths) >= 1 and max(self.lengths) <= most,
            f"local chunks have {min(self.lengths)} to {max(self.lengths)} bytes, "
            f"1 to {most} are allowed where crc_width is {self.crc_width}",
        )

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """The present ids as maximal runs (start, count)."""
        return runs_of(self.ids)

    @property
    def len_width(self) -> int:
        """Bits of a local length: 0 where all are equal, else as many as the longest needs."""
        longest = max(self.lengths)
        return 0 if min(self.lengths) == longest else longest.bit_length()

    @property
    def dir_len(self) -> int:
        """Bytes of the directory."""
        return _dir_len(len(self.runs), len(self.ids), self.len_width, self.crc_width)

    @property
    def length(self) -> int:
        """Bytes of the whole payload: directory, global chunk and local chunks."""
        return self.dir_len + self.ends[-1]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where the global and then each local chunk end, counted from the directory's end."""
        return tuple(accumulate(self.lengths, initial=self.global_len))

    def positions(self, ids: Iterable[int]) -> list[int]:
        """Positions of `ids` in `self.ids`, increasing; UsageError if one is absent."""
        found = []
        for partition in sorted(set(ids)):
            position = bisect_left(self.ids, partition)
            if position == len(self.ids) or self.ids[position] != partition:
                raise UsageError(f"partition {partition} of group {self.ordinal} is absent")
            found.append(position)
        return found

    def keeping(self, ids: Iterable[int]) -> "Group":
        """The same group with these partitions alone; their lengths and checksums travel along."""
        kept = self.positions(ids)
        return replace(
            self,
            ids=tuple(self.ids[i] for i in kept),
            lengths=tuple(self.lengths[i] for i in kept),
            crcs=tuple(self.crcs[i] for i in kept),
        )

    def pack(self) -> bytes:
        """The directory, `dir_len` bytes."""
        width, lengths = self.len_width, self.lengths
        counts = len(self.runs), len(self.ids)
        shared = self.global_len, self.global_crc
        head = DIRECTORY.pack(*counts, *shared, width, self.crc_width, bytes(2))
        return b"".join(
            (
                head,
                pack(f"<{2 * len(self.runs)}I", *chain.from_iterable(self.runs)),
                pack_bits(lengths, width) if width else EQUAL.pack(lengths[0]),
                pack(_crcs(self.crc_width, len(self.ids)), *self.crcs),
            )
        )

    @classmethod
    def unpack(cls, data: bytes, ordinal: int, offset: int = 0) -> "Group":
        """Read a whole directory that starts at `offset` of its file; FileError if it is bad."""
        n_runs, n_local, width, crc_width = _counts(data, offset)
        _, _, global_len, global_crc, *_ = DIRECTORY.unpack_from(data)
        runs_at = DIRECTORY.size
        lengths_at = runs_at + RUN.size * n_runs
        crcs_at = len(data) - crc_width * n_local
        runs = list(RUN.iter_unpack(data[runs_at:lengths_at]))
        _check_runs(runs, n_local, offset + runs_at)
        with reading("E_RESERVED", offset + crcs_at - 1):
            lengths = _unpack_lengths(data[lengths_at:crcs_at], width, n_local)
        with reading("E_LIMIT", offset):
            group = cls(
                ordinal=ordinal,
                global_len=global_len,
                global_crc=global_crc,
                ids=tuple(chain.from_iterable(range(start, start + n) for start, n in runs)),
                lengths=lengths,
                crcs=unpack_from(_crcs(crc_width, n_local), data, crcs_at),
                crc_width=crc_width,
            )
        if group.len_width != width:
            message = f"len_width is {width}, {group.len_width} is the smallest that fits"
            raise FileError("E_WIDTH", message, offset + 16)
        return group


def runs_of(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Strictly increasing `numbers` as maximal runs (start, count)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        start, count = runs[-1] if runs else (number, 0)
        if start + count == number:
            runs[-1:] = [(start, count + 1)]
        else:
            runs.append((number, 1))
    return runs


def _crcs(width: int, count: int) -> str:
    """The struct format of the checksums of `count` chunks."""
    return f"<{count}{CRC_FORMATS[width]}"


def _unpack_lengths(data: bytes, width: int, count: int) -> tuple[int, ...]:
    return unpack_bits(data, width, count) if width else EQUAL.unpack(data) * count


def _dir_len(n_runs: int, n_local: int, width: int, crc_width: int) -> int:
    lengths = bits_size(n_local, width) if width else EQUAL.size
    return DIRECTORY.size + RUN.size * n_runs + lengths + crc_width * n_local


def _counts(data: bytes, offset: int) -> tuple[int, int, int, CrcWidth]:
    """Check the counts against each other and against the directory's length."""
    if len(data) < DIRECTORY.size:
        message = f"a group directory has {len(data)} bytes, at least {DIRECTORY.size} are needed"
        raise FileError("E_DIR", message, offset)
    n_runs, n_local, _, _, width, crc_width, reserved = DIRECTORY.unpack_from(data)
    if any(reserved):
        message = f"reserved bytes of a group directory are {reserved.hex(' ')}, they must be 0"
        raise FileError("E_RESERVED", message, offset + 18)
    if width > MAX_LEN_WIDTH:
        message = f"len_width is {width}, allowed are 0 to {MAX_LEN_WIDTH}"
        raise FileError("E_WIDTH", message, offset + 16)
    if crc_width not in CRC_FORMATS:
        raise FileError("E_WIDTH", f"crc_width is {crc_width}, allowed are 1, 2 and 4", offset + 17)
    if not 1 <= n_runs <= n_local <= MAX_PARTITIONS:
        message = (
            f"n_runs is {n_runs} and n_local {n_local}, 1 <= n_runs <= n_local <= {MAX_PARTITIONS}"
        )
        raise FileError("E_LIMIT", f"{message} is required", offset)
    expected = _dir_len(n_runs, n_local, width, crc_width)
    if len(data) != expected:
        message = f"dir_len is {len(data)}, the counts of the directory imply {expected}"
        raise FileError("E_DIR", message, offset)
    return n_runs, n_local, width, crc_width


def _check_runs(runs: Sequence[tuple[int, int]], n_local: int, offset: int) -> None:
    end = -1  # one before the first id, so that a run may start at 0
    total = 0
    for i, (start, count) in enumerate(runs):
        if start <= end or count == 0 or start + count > MAX_PARTITIONS:
            message = f"run {i} has {count} ids from {start}, allowed is at least one id, the first"
            bounds = f"from {end + 1}, the last below {MAX_PARTITIONS}"
            raise FileError("E_RUNS", f"{message} {bounds}", offset + RUN.size * i)
        end = start + count
        total += count
    if total != n_local:
        raise FileError("E_RUNS", f"the runs hold {total} ids, n_local says {n_local}", offset)
