"""Where partitions are, for people: "partition 17 (y 1, x 5)".

Tiles are counted along each axis as ranges of the command line count them, from the first one that
touches the window of the file: `--xy 5:6,1:2` is this partition.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lgcodec.format.directory import runs_of
from lgcodec.format.geometry import Geometry

__all__ = ["group_text", "groups_text", "partitions_text"]

MOST: Final = 8  # that are listed one by one


def group_text(geometry: Geometry, ordinal: int) -> str:
    """For example "group 1 (t 2:4)", or "group 0" where there is no other one."""
    name = f"group {ordinal}"
    if geometry.groups == 1 or ordinal >= geometry.groups:  # not on the grid, which is its damage
        return name
    return f"{name} ({_place(geometry, ordinal, 0, geometry.tiles_per_group)})"


def partitions_text(geometry: Geometry, ordinal: int, ids: Sequence[int]) -> str:
    """Increasing `ids` of a group, which is named if there are others.

    For example "group 2, partitions 3 (t 1, y 0, x 3), 5 to 8 (t 1, y 1, x 1:5)".
    """
    group = f"group {ordinal}, " if geometry.groups > 1 else ""
    noun = "partition" if len(ids) == 1 else "partitions"
    parts = list(_boxes(geometry, ids))
    shown = [
        f"{first} ({place})" if count == 1 else f"{first} to {first + count - 1} ({place})"
        for first, count in parts[:MOST]
        for place in [_place(geometry, ordinal, first, count)]
    ]
    left = sum(count for _, count in parts[MOST:])
    return f"{group}{noun} {', '.join(shown)}{f' and {left:,} more' if left else ''}"


def groups_text(geometry: Geometry, partitions: Sequence[tuple[int, int]]) -> str:
    """Increasing pairs of a group's ordinal and an id, group by group as `partitions_text`."""
    ids: dict[int, list[int]] = {}
    for ordinal, i in partitions:
        ids.setdefault(ordinal, []).append(i)
    shown = [partitions_text(geometry, *item) for item in list(ids.items())[:MOST]]
    if left := len(ids) - len(shown):
        shown.append(f"and {left:,} {'group' if left == 1 else 'groups'} more")
    return "; ".join(shown)


def _boxes(geometry: Geometry, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs (first id, count) of `ids`, cut so that each is a range of tiles along every axis."""
    for start, length in runs_of(ids):
        first = start
        while first < start + length:
            count = _longest(geometry, first, start + length - first)
            yield first, count
            first += count


def _longest(geometry: Geometry, first: int, most: int) -> int:
    """How many ids from `first` on, at most `most`, are a range of tiles along every axis."""
    step = 1
    for place in reversed(geometry.id_order):
        tiles = geometry.axes[place].tiles
        if first % (step * tiles) or step * tiles > most:  # not all of this axis
            return step * min(most // step, tiles - first // step % tiles)
        step *= tiles
    return step


def _place(geometry: Geometry, ordinal: int, first: int, count: int) -> str:
    """For example "t 1, y 1, x 1:5", of a box of partitions."""
    ends = [geometry.partition_index(ordinal, i) for i in (first, first + count - 1)]
    spans = [
        range(max(start, shown.start) - shown.start, min(last + 1, shown.stop) - shown.start)
        for start, last, shown in zip(*ends, geometry.tiles_touching(geometry.window), strict=True)
    ]
    return _spans_text(geometry, spans) if all(spans) else "outside the window"


def _spans_text(geometry: Geometry, spans: Sequence[range]) -> str:
    numbers = (f"{s.start}" if len(s) == 1 else f"{s.start}:{s.stop}" for s in spans)
    return ", ".join(map(" ".join, zip(geometry.axis_names, numbers, strict=True)))
