"""What commands say about damage."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from lgcodec._damage import Damage
from lgcodec.format.directory import runs_of
from lgcodec.format.layout import Kind

__all__ = ["damage_lines"]

MOST_LINES: Final = 20


def damage_lines(damage: Sequence[Damage], kinds: Sequence[Kind]) -> Iterator[str]:
    """One line for each part that is lost; damaged partitions of a group share one."""
    lines = list(_lines(damage, kinds))
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES:,} lines more, which --json has"


def _lines(damage: Sequence[Damage], kinds: Sequence[Kind]) -> Iterator[str]:
    partitions: dict[tuple[int | None, int | None, str], list[int]] = defaultdict(list)
    for item in damage:
        if item.partition is None:
            yield f"{_place(item, kinds)}{item.message}"
        else:
            partitions[item.stream, item.group, item.code].append(item.partition)
    for (stream, group, code), ids in partitions.items():
        spans = (f"{i}" if n == 1 else f"{i} to {i + n - 1}" for i, n in runs_of(ids))
        noun = "partition" if len(ids) == 1 else "partitions"
        yield f"{kinds[stream or 0]}, group {group}, {noun} {', '.join(spans)}: {code}"


def _place(item: Damage, kinds: Sequence[Kind]) -> str:
    if item.chunk is not None:
        return f"chunk {item.chunk}: "
    if item.stream is None:
        return ""
    where = kinds[item.stream]
    return f"{where}: " if item.group is None else f"{where}, group {item.group} is lost: "
