"""Does a file shrink in proportion to what is kept? The size law on the shipped .lgi files.

    bytes = F + the sum over kept partitions of (chunk + its entry in the directory)

F is what every crop keeps: header, root table, geometry, configuration, the head of the directory
and the global chunk. With g = F / all bytes, two laws follow: by bytes, g + (1 - g) x share of the
local bytes, and by count, g + (1 - g) x share of the partitions. The first is exact but for 8 bytes
for every further run of neighbouring partitions, and for lengths, which take fewer bits where the
longest chunk is gone; so it is within 2 % of the whole file for any set. The second holds as far as
chunks are of one length: to 2 % of the whole file for networks of one size, not for latents, which
take bytes where there is something to see.

Each stream is measured alone. Sets are all single partitions, all windows, and random ones.
"""

import io
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, final

import numpy as np

from benchmarks.common import SAMPLES, Table, parser
from lgcodec._rewrite import Keep, rewrite
from lgcodec.format.container import FileSource, Reader
from lgcodec.format.stream import Stream

__all__ = ["Sizes"]

FILES: Final = ("cat.lgi", "speech.lgi", "bunny.lgi", "bunny-siren.lgi")
RANDOM_SETS: Final = 300
Partition = tuple[int, int]  # group ordinal, id


@final
@dataclass(frozen=True)
class Sizes:
    """What crops of one stream weigh, its file having no other."""

    reader: Reader
    stream: Stream

    @cached_property
    def costs(self) -> Mapping[Partition, float]:
        """Bytes of every partition: its chunk and its entry in the directory."""
        return {
            (ordinal, i): length + group.crc_width + group.len_width / 8
            for ordinal, group in self.stream.groups.items()
            for i, length in zip(group.ids, group.lengths, strict=True)
        }

    @cached_property
    def all(self) -> int:
        """Bytes with all partitions."""
        return self.kept(self.costs)

    @cached_property
    def g(self) -> float:
        """Share of the bytes that every crop keeps."""
        return 1 - sum(self.costs.values()) / self.all

    def kept(self, partitions: Iterable[Partition]) -> int:
        """Bytes of a real file with these partitions alone."""
        kept: dict[int, list[int]] = {}
        for ordinal, partition in sorted(partitions):
            kept.setdefault(ordinal, []).append(partition)
        return rewrite(self.reader, [Keep(self.stream, kept)], [], io.BytesIO())

    def by_bytes(self, partitions: Sequence[Partition]) -> float:
        """What the law of bytes gives."""
        part = sum(self.costs[partition] for partition in partitions)
        return self.all * self.g + part

    def by_count(self, partitions: Sequence[Partition]) -> float:
        """What the law of counts gives."""
        return self.all * (self.g + (1 - self.g) * len(partitions) / len(self.costs))

    def worst_set(self) -> list[Partition]:
        """All partitions above the mean: no set is further from the law of counts upward."""
        mean = sum(self.costs.values()) / len(self.costs)
        return [partition for partition, cost in self.costs.items() if cost > mean]


def main() -> None:
    """Measure and write results/size.txt."""
    asked = parser(__doc__).parse_args()
    table = Table(
        "Bytes after a crop against the size law: largest difference, per cent",
        (
            "file",
            "stream",
            "partitions",
            "g",
            "chunk lengths",
            "by count, of the file",
            "single",
            "windows of 1/16",
            "of 1/4",
            "of 1/2",
            "by bytes, of the file",
            "by bytes",
        ),
    )
    for name in FILES:
        with Reader(FileSource(SAMPLES / name)) as reader:
            for stream in reader.streams:
                _row(table, name, Sizes(reader, stream), 30 if asked.quick else RANDOM_SETS)
    for line in NOTES:
        table.note(line)
    if not asked.no_write:
        table.write("size")


NOTES: Final = (
    "g: share of the bytes that every crop keeps; chunk lengths: standard deviation over mean",
    "by count, of the file: the set of all partitions above the mean, which is the worst one;",
    "  difference from g + (1 - g) x share of the partitions in per cent of the whole file",
    "single, windows: in per cent of what the law of counts gives; windows that keep at least",
    "  this share of the partitions",
    "by bytes: difference from g + (1 - g) x share of the local bytes, over all these sets and",
    "  random ones; in per cent of the whole file, and of what the law gives",
)


def _row(table: Table, name: str, sizes: Sizes, count: int) -> None:
    windows = list(_windows(sizes))
    parts = len(sizes.costs)
    single: list[list[Partition]] = [[partition] for partition in sizes.costs]
    drawn = [*single, *windows, *_random_sets(sizes, count)]
    worst = sizes.worst_set()
    lengths = np.array(list(sizes.costs.values()), np.float64)
    shares = [[w for w in windows if len(w) * part >= parts] for part in (16, 4, 2)]
    table.add(
        name,
        sizes.stream.geometry.kind,
        parts,
        f"{100 * sizes.g:.2f} %",
        f"{100 * lengths.std() / lengths.mean():.2f} %",
        100 * (sizes.kept(worst) - sizes.by_count(worst)) / sizes.all,
        *(_largest(sizes.kept(s) / sizes.by_count(s) for s in sets) for sets in (single, *shares)),
        _largest(1 + (sizes.kept(s) - sizes.by_bytes(s)) / sizes.all for s in drawn),
        _largest(sizes.kept(s) / sizes.by_bytes(s) for s in drawn),
    )


def _largest(ratios: Iterable[float]) -> float:
    """The largest distance from 1, in per cent."""
    return 100 * max(abs(ratio - 1) for ratio in ratios)


def _windows(sizes: Sizes) -> Iterator[list[Partition]]:
    """Partitions of random boxes of tiles, single ones and all among them."""
    axes = sizes.stream.geometry.axes
    spans = [
        [range(a, b) for a in range(n) for b in range(a + 1, n + 1)]
        for n in (axis.tiles * axis.groups for axis in axes)
    ]
    boxes = list(product(*spans))
    random.Random(0).shuffle(boxes)
    for box in boxes[:RANDOM_SETS]:
        found = sizes.stream.among(box)
        yield [(ordinal, i) for ordinal, ids in found.items() for i in ids]


def _random_sets(sizes: Sizes, count: int) -> Iterator[list[Partition]]:
    draw, partitions = random.Random(1), list(sizes.costs)
    for _ in range(count):
        yield draw.sample(partitions, draw.randint(1, len(partitions)))


if __name__ == "__main__":
    main()
