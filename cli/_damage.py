"""What commands say about damage."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from lgcodec._damage import Damage
from lgcodec._places import group_text, partitions_text
from lgcodec.format.geometry import Geometry

__all__ = ["damage_lines"]

MOST_LINES: Final = 20


def damage_lines(damage: Sequence[Damage], geometries: Sequence[Geometry]) -> Iterator[str]:
    """One line for each part that is lost; damaged partitions of a group share one.

    geometries   of the streams, by index
    """
    lines = list(_lines(damage, geometries))
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES:,} lines more, which --json has"


def _lines(damage: Sequence[Damage], geometries: Sequence[Geometry]) -> Iterator[str]:
    partitions: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for item in damage:
        if item.stream is None or item.group is None or item.partition is None:
            yield f"{_place(item, geometries)}{item.message}"
        else:
            partitions[item.stream, item.group, item.code].append(item.partition)
    for (stream, group, code), ids in partitions.items():
        geometry = geometries[stream]
        yield f"{geometry.kind}, {partitions_text(geometry, group, ids)}: {code}"


def _place(item: Damage, geometries: Sequence[Geometry]) -> str:
    if item.chunk is not None:
        return f"chunk {item.chunk}: "
    if item.stream is None:
        return ""
    geometry = geometries[item.stream]
    if item.group is None:
        return f"{geometry.kind}: "
    return f"{geometry.kind}, {group_text(geometry, item.group)} is lost: "
