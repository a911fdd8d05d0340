"""What a selection means in an open file: a window in every stream, and the partitions in it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from lgcodec._ranges import AxisRange, nearest, resolve
from lgcodec.format.geometry import AxisGeometry, Geometry, Window
from lgcodec.format.stream import Stream

__all__ = ["Selection", "held_by", "kept_partitions", "windows"]

Selection = Mapping[str, AxisRange]


def windows(streams: Sequence[Stream], selection: Selection) -> list[Window | None]:
    """The samples of each stream's window that `selection` means; None if there are none.

    Ranges refer to the window of the first stream. One along t reaches the others by the clock, and
    where it begins or ends with that window, it does so with theirs: a sound is often longer.
    """
    main = streams[0].geometry
    return [_selected(stream, main, selection) for stream in streams]


def kept_partitions(
    stream: Stream, window: Window | None, region: Window | None
) -> dict[int, list[int]]:
    """Present partitions that touch `window` and do not lie inside `region`, by group ordinal."""
    if window is None:
        return {}
    kept = stream.touching(window)
    if region is None:
        return kept
    pairs = zip(stream.geometry.axes, window, region, strict=True)
    dropped = stream.among([_tiles_inside(axis, *spans) for axis, *spans in pairs])
    left = {o: sorted(set(ids) - set(dropped.get(o, ()))) for o, ids in kept.items()}
    return {ordinal: ids for ordinal, ids in left.items() if ids}


def held_by(geometry: Geometry, window: Window) -> Window:
    """What the tiles that touch `window` cover of what was encoded, see `AxisGeometry.encoded`."""
    spans = []
    for axis, tiles in zip(geometry.axes, geometry.tiles_touching(window), strict=True):
        start, stop = axis.tile(tiles.start).start, axis.tile(tiles.stop).start
        spans.append(range(max(start, axis.encoded.start), min(stop, axis.encoded.stop)))
    return tuple(spans)


def _selected(stream: Stream, main: Geometry, selection: Selection) -> Window | None:
    """The samples of `stream` that a selection on the main stream means; None if there are none."""
    selected = resolve(main, selection)
    window = stream.geometry.window
    names = stream.geometry.axis_names
    if stream.index == 0:
        return selected
    if "t" not in selection or "t" not in names:
        return window
    time = names.index("t")
    along = main.axis_names.index("t")
    ratio = Fraction(stream.geometry.rate or 1) / Fraction(main.rate or 1)
    shown = _same_time(selected[along], main.axes[along].window, window[time], ratio)
    return (*window[:time], shown, *window[time + 1 :]) if shown else None


def _same_time(span: range, main: range, other: range, ratio: Fraction) -> range:
    """The samples of the window `other` at the time of `span`, a part of the window `main`.

    ratio   samples of the one stream per sample of the main one
    """
    start, stop = other.start, other.stop
    if span.start > main.start:
        start = max(start, nearest(span.start * ratio))
    if span.stop < main.stop:
        stop = min(stop, nearest(span.stop * ratio))
    return range(start, stop)


def _tiles_inside(axis: AxisGeometry, window: range, region: range) -> range:
    """Tiles of which `region` has every sample that `window` shows."""
    tiles = axis.touching(region)
    first, last = axis.tile(tiles.start), axis.tile(tiles.stop - 1)
    is_cut_first = max(first.start, window.start) < region.start
    is_cut_last = min(last.stop, window.stop) > region.stop
    return tiles[is_cut_first : len(tiles) - is_cut_last]
