"""Crops: a valid file, positions to keep of stream 0, and the bytes that must come out.

The expected file is made in memory, partition by partition, from section 10 of the specification;
nothing of `lgcodec._crop` takes part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from lgcodec.format.container import Container, StreamData
from lgcodec.format.geometry import Geometry, Window

__all__ = ["SELECTIONS", "cropped", "selections"]

Positions = Mapping[str, tuple[int, int]]  # axis -> first position, and one past the last

# Positions within the window of stream 0; axes that are not named stay whole.
SELECTIONS: Mapping[str, tuple[Positions, ...]] = {
    "siren-single-image": ({"y": (1, 3)},),
    "siren-per-partition-audio": ({"t": (0, 6)}, {"t": (5, 6)}, {"t": (9, 21)}),
    "siren-per-partition-image": ({}, {"y": (0, 4)}, {"y": (3, 5), "x": (2, 3)}),
    "siren-per-partition-video": ({"t": (0, 2)}, {"t": (2, 4), "x": (1, 5)}),
    "siren-local-global-volume": ({"z": (1, 3)}, {"z": (0, 1), "y": (1, 2), "x": (2, 3)}),
    "latent-local-global-audio": ({"t": (0, 4)}, {"t": (6, 9)}),
    "latent-local-global-image": ({"y": (0, 4)}, {"y": (3, 5), "x": (2, 3)}),
    "latent-local-global-video": ({"t": (0, 2)}, {"t": (2, 4), "x": (1, 3)}),
    "latent-local-global-shallow-volume": ({"z": (0, 1)},),
    "video-with-sound": ({"t": (0, 2)}, {"t": (1, 4)}, {"t": (5, 6)}, {"x": (0, 1)}),
    "sound-with-cover": ({"t": (0, 1)}, {"t": (700, 900)}),
    "ancillary-unknown": ({"t": (12, 24)},),
    "width-0": ({"x": (2, 4)},),
    **dict.fromkeys(
        ("width-2-of-2", "width-9-of-256", "width-17-of-65536", "crc-16-of-4095", "crc-8-of-1023"),
        ({"t": (0, 4)}, {"t": (4, 8)}),
    ),
    "width-3-of-9-chunks": ({"t": (0, 12)}, {"t": (2, 25)}, {"t": (3, 6)}),
    **dict.fromkeys(
        ("crc-16-and-32", "crc-8-16-and-32"),
        ({"t": (0, 5)}, {"t": (5, 9)}, {"t": (12, 24)}),
    ),
    "checkerboard": ({"y": (2, 5), "x": (1, 8)}, {"y": (3, 4), "x": (3, 4)}),
    "declares-4e18-samples": ({"x": (0, 5)}, {"y": (2**30, 2**31 - 1025)}),
    "farthest-lattice": ({},),
    "groups-missing": ({"t": (2, 4)}, {"t": (0, 2)}, {"t": (4, 6), "y": (2, 4)}),
    "grid-before-0": ({"y": (-3, 0), "x": (-1, 4)}, {"y": (3, 4), "x": (3, 4)}),
    "minor-255": ({"t": (0, 7)}, {"t": (7, 11)}, {"t": (6, 12)}),
}


@dataclass(frozen=True)
class Crop:
    """`result` is None where nothing is left, which a crop must refuse."""

    name: str
    keep: Positions
    result: Container | None


def selections(name: str, container: Container) -> Iterator[Crop]:
    """The crops of the valid file `name`."""
    for keep in SELECTIONS.get(name, ()):
        yield Crop(name, keep, cropped(container, keep))


def cropped(container: Container, keep: Positions) -> Container | None:
    """Section 10, in its order; None where nothing of stream 0 is left."""
    main = container.streams[0].geometry
    asked = tuple(
        range(max(lo, window.start), min(hi, window.stop))
        for name, window in zip(main.axis_names, main.window, strict=True)
        for lo, hi in [keep.get(name, (window.start, window.stop))]
    )
    left = []
    for number, stream in enumerate(container.streams):
        window = asked if number == 0 else _of_another(stream.geometry, main, asked)
        kept = _kept(stream, window)
        if number == 0 and kept is None:
            return None
        if kept is not None:
            left.append(kept)
    ancillary = {name: data for name, data in container.ancillary.items() if name[3].islower()}
    return Container(tuple(left), ancillary, container.minor)


def _of_another(geometry: Geometry, main: Geometry, asked: Window) -> Window:
    """The window of a stream beside the main one, cut along t by the clock where that is cut."""
    if "t" not in geometry.axis_names or "t" not in main.axis_names:
        return geometry.window
    ratio = Fraction(geometry.rate or 1) / Fraction(main.rate or 1)
    half = Fraction(1, 2)
    lo, hi = (floor(end * ratio + half) for end in (asked[0].start, asked[0].stop))
    time, *others = geometry.window
    start = max(lo, time.start) if asked[0].start > main.window[0].start else time.start
    stop = min(hi, time.stop) if asked[0].stop < main.window[0].stop else time.stop
    return (range(start, stop), *others)


def _kept(stream: StreamData, window: Window) -> StreamData | None:
    """What is left of a stream, if anything is."""
    if not all(window):
        return None
    groups = []
    for group in stream.groups:
        local = {
            partition: chunk
            for partition, chunk in group.local_chunks.items()
            if _touches(stream.geometry, group.ordinal, partition, window)
        }
        if local:
            groups.append(replace(group, local_chunks=local))
    if not groups:
        return None
    axes = zip(stream.geometry.axes, window, strict=True)
    moved = tuple(replace(axis, win_lo=span.start, win_len=len(span)) for axis, span in axes)
    geometry = replace(stream.geometry, axes=moved)
    return StreamData(geometry, stream.conf, tuple(groups))


def _touches(geometry: Geometry, ordinal: int, partition: int, window: Window) -> bool:
    """Whether a partition shares a sample with the window: mixed radix, last axis of ids first."""
    for place in reversed(geometry.id_order):
        axis, span = geometry.axes[place], window[place]
        ordinal, group = divmod(ordinal, axis.groups)
        partition, tile = divmod(partition, axis.tiles)
        start = axis.grid_lo + (group * axis.tiles + tile) * axis.tile_len
        if start + axis.tile_len <= span.start or span.stop <= start:
            return False
    return True
