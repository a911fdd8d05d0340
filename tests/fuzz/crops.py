"""The harness that crops; see `harnesses`."""

from collections.abc import Mapping
from io import BytesIO
from random import Random
from typing import Final
from zlib import crc32

from lgcodec._crop import crop
from lgcodec._ranges import AxisRange, parse_range
from lgcodec.errors import FileError, UsageError
from lgcodec.format.container import BytesSource, Container, Reader
from lgcodec.format.geometry import Geometry, Window

from .outcome import code_of, read, stored

__all__ = ["cropping", "meet"]

DAMAGED: Final = "E_CHUNK_CRC"
BOXES: Final = 4096  # partitions whose boxes are looked at one by one


def cropping(data: bytes) -> str:
    """A crop holds what touches its window, every byte of it, and a crop of it is one crop."""
    outcome, value = read(data)
    rng = Random(crc32(data))
    try:
        first = _selection(Reader(BytesSource(data)).streams[0].geometry.window, rng)
        once = _cropped(data, first)
    except FileError as error:
        assert code_of(error) == outcome, "the crop meets another error than the reader"
        return outcome
    except UsageError as error:
        assert "nothing is left" in str(error)
        return "ok"
    found, cut = read(once)
    assert found in ("ok", DAMAGED if outcome == DAMAGED else "ok"), "a bad file out of a good one"
    assert _cropped(once, {}) == once, "cropping again changes something"
    if value is not None and cut is not None:
        _check_kept(value, cut, _absolute(value, first))
        _check_composed(data, once, first, rng)
    return outcome


def _selection(window: Window, rng: Random) -> dict[int, range]:
    """Samples of some axes, counted from the window's start."""
    chosen = {}
    for axis, span in enumerate(window):
        if rng.random() < 0.7:
            start = rng.randrange(len(span))
            chosen[axis] = range(
                start, start + 1 + min(rng.choice((0, 3, 9**9)), len(span) - start - 1)
            )
    return chosen


def _cropped(data: bytes, selection: Mapping[int, range]) -> bytes:
    path, sink = stored(data), BytesIO()
    names = _main(data).axis_names
    crop(path, sink, {names[axis]: _axis_range(names[axis], s) for axis, s in selection.items()})
    return sink.getvalue()


def _main(data: bytes) -> Geometry:
    return Reader(BytesSource(data), lazy=True).streams[0].geometry


def _axis_range(name: str, span: range) -> AxisRange:
    unit = "f" if name == "t" else "px"
    return parse_range(f"{span.start}{unit}:{span.stop}{unit}")


def _absolute(value: Container, selection: Mapping[int, range]) -> Window:
    window = value.streams[0].geometry.window
    return tuple(
        span[selection[axis].start : selection[axis].stop] if axis in selection else span
        for axis, span in enumerate(window)
    )


def _check_kept(value: Container, cut: Container, window: Window) -> None:
    """The main stream of `cut` is that of `value` in `window`, by the boxes of its partitions."""
    before, after = value.streams[0], cut.streams[0]
    assert (after.geometry, after.conf) == (before.geometry.with_window(window), before.conf)
    if sum(len(group.local_chunks) for group in before.groups) > BOXES:
        return
    expected = [
        (group.ordinal, group.global_chunk, kept)
        for group in before.groups
        for kept in [
            {
                partition: chunk
                for partition, chunk in group.local_chunks.items()
                if meet(before.geometry.box(group.ordinal, partition), window)
            }
        ]
        if kept
    ]
    assert expected == [(g.ordinal, g.global_chunk, g.local_chunks) for g in after.groups]


def _check_composed(data: bytes, once: bytes, first: Mapping[int, range], rng: Random) -> None:
    """Crop after crop is one crop of where both end up."""
    second = _selection(_main(once).window, rng)
    direct = dict(first)
    for axis, span in second.items():
        start = first[axis].start if axis in first else 0
        direct[axis] = range(start + span.start, start + span.stop)
    outcomes = []
    for source, selection in ((once, second), (data, direct)):
        try:
            outcomes.append(_cropped(source, selection))
        except UsageError as error:
            assert "nothing is left" in str(error)
            outcomes.append(b"")
    assert outcomes[0] == outcomes[1], "crops do not compose"


def meet(box: Window, window: Window) -> bool:
    """Whether they share a sample."""
    pairs = zip(box, window, strict=True)
    return all(max(a.start, b.start) < min(a.stop, b.stop) for a, b in pairs)
