"""Decoding: which sample comes from which partition at which coordinate, and what is refused.

Most tests use a family whose values are the coordinates it is fed and the number of its partition,
so that the expected samples follow from the formulas of spec/lgi-1.md alone.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest
from echoes import RANGES, TILE_RANGE, Echo, file_of, lattice, stream_of
from format.builders import axis
from hypothesis import given, settings
from hypothesis import strategies as st

from lgcodec import _decode, _weights
from lgcodec._decode import decode_stream
from lgcodec.errors import FileError, UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.conf import Plug, TensorSpec
from lgcodec.format.container import (
    BytesSource,
    Reader,
)
from lgcodec.format.geometry import Geometry, Window
from lgcodec.nets import FAMILIES


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "echo", Echo)  # type: ignore[arg-type]


# --- coordinates, from the formulas of the specification


def outputs(span: range, scale: Fraction) -> range:
    """Output samples of positions a <= c < b: ceil(a s - 1/2) up to ceil(b s - 1/2)."""
    half = Fraction(1, 2)
    return range(ceil(span.start * scale - half), ceil(span.stop * scale - half))


def rows(line: AxisGeometry, window: range, scale: Fraction, reach: tuple[float, float]) -> Any:
    """Tile number, tile and frame coordinate of every output sample of an axis."""
    starts = [line.grid_lo + i * line.tile_len for i in range(line.tiles * line.groups)]
    found = []
    for j in outputs(window, scale):
        (tile,) = [
            i for i, a in enumerate(starts) if j in outputs(range(a, a + line.tile_len), scale)
        ]
        centre = (j + 0.5) / float(scale)  # c + 0.5
        origin = tile // line.tiles * line.tiles * line.tile_len
        low, high = reach
        x = low + (high - low) * ((centre - origin) / line.frame_len)
        u = TILE_RANGE * (2 * ((centre - starts[tile]) / line.tile_len) - 1)
        found.append((tile, np.float32(u), np.float32(x)))
    return found


def expected(lattice: Geometry, window: Window, scale: Sequence[Fraction]) -> np.ndarray:
    """What an echo of this geometry decodes to."""
    table = [
        rows(line, span, factor, reach)
        for line, span, factor, reach in zip(lattice.axes, window, scale, RANGES, strict=False)
    ]
    samples = np.empty((*map(len, table), 1 + 2 * len(table)), np.float32)
    for place in product(*(range(len(part)) for part in table)):
        tiles, inside, frame = zip(
            *(part[i] for part, i in zip(table, place, strict=True)), strict=True
        )
        samples[place] = (number_of(lattice, tiles), *inside, *frame)
    return samples


def number_of(lattice: Geometry, tiles: Sequence[int]) -> int:
    """Mixed radix over the axes, slowest first; a video counts y, x, t."""
    order = [1, 2, 0] if lattice.kind == "video" else range(len(tiles))
    ordinal = partition = 0
    for place in order:
        line = lattice.axes[place]
        ordinal = ordinal * line.groups + tiles[place] // line.tiles
        partition = partition * line.tiles + tiles[place] % line.tiles
    return 100 * ordinal + partition


def check(lattice: Geometry, window: Window, scale: Sequence[Fraction]) -> None:
    decoded = decode_stream(stream_of(file_of(lattice)), window, scale=scale, device="cpu")
    wanted = expected(lattice, window, scale)
    assert decoded.samples.shape == wanted.shape
    assert decoded.present is None
    np.testing.assert_allclose(decoded.samples, wanted, rtol=0, atol=1e-12)


WHOLE = (Fraction(1),) * 3


@pytest.mark.parametrize(
    "found",
    [
        lattice("audio", [axis(20, 3)]),
        lattice("audio", [axis(20, 3, 2)]),
        lattice("image", [axis(13, 4), axis(10, 3)]),
        lattice("image", [axis(12, 2, 3), axis(10, 2, 2)]),
        lattice("video", [axis(5, 2), axis(6, 2), axis(8, 3)]),
        lattice("video", [axis(6, 2, 2), axis(6, 2), axis(4, 2, 2)]),
        lattice("volume", [axis(4, 2), axis(6, 2), axis(8, 3)]),
        lattice("audio", [AxisGeometry(20, -3, 30, -10, 7, 6, 1)]),
        lattice("audio", [AxisGeometry(12, 9, 17, 4, 4, 3, 2)]),
    ],
)
def test_every_sample_at_its_coordinates(found: Geometry) -> None:
    """LGI-G-10: partitions, tiles and frames of all kinds of grids, from their whole window."""
    check(found, found.window, WHOLE[: len(found.axes)])


@st.composite
def axes(draw: st.DrawFn) -> AxisGeometry:
    tile_len, tiles, groups = (draw(st.integers(1, most)) for most in (9, 4, 3))
    frame = draw(st.integers(1, 40))
    grid_lo = draw(st.integers(-20, 20))
    return AxisGeometry(frame, grid_lo, tile_len * tiles * groups, grid_lo, tile_len, tiles, groups)


scales = st.sampled_from([Fraction(n, d) for n in (1, 2, 3) for d in (1, 2, 3, 5)])


@given(
    st.lists(axes(), min_size=2, max_size=2), st.lists(scales, min_size=2, max_size=2), st.data()
)
@settings(max_examples=60)
def test_any_window_at_any_scale(
    found: list[AxisGeometry], scale: list[Fraction], data: st.DataObject
) -> None:
    """LGI-G-10, LGI-D-11: a window has the samples that the whole has there."""
    window = []
    for line, factor in zip(found, scale, strict=True):
        start = data.draw(st.integers(line.grid.start, line.grid.stop - 1))
        span = range(start, data.draw(st.integers(start + 1, line.grid.stop)))
        window.append(span if outputs(span, factor) else line.grid)
    if all(outputs(span, factor) for span, factor in zip(window, scale, strict=True)):
        check(lattice("image", found), tuple(window), scale)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 200), st.integers(1, 200))
def test_a_size_is_met_exactly(height: int, width: int, rows: int, columns: int) -> None:
    """The scale that turns H x W into another size, also from a window inside the grid."""
    tall = AxisGeometry(height + 5, 3, height, 0, height + 5, 1, 1)
    wide = AxisGeometry(width + 9, 2, width, 0, width + 9, 1, 1)
    scale = [Fraction(rows, height), Fraction(columns, width)]
    data = file_of(lattice("image", [tall, wide]))
    assert decode_stream(stream_of(data), scale=scale, device="cpu").grid == (rows, columns)


def test_the_rate_follows_the_scale_of_time() -> None:
    """Twice as many frames in the same time, whatever happens to the picture."""
    clip = stream_of(file_of(lattice("video", [axis(4, 2), axis(4, 2), axis(4, 2)])))
    scale = [Fraction(2), Fraction(1, 2), Fraction(3)]
    decoded = decode_stream(clip, scale=scale, device="cpu")
    assert (decoded.grid, decoded.rate) == ((8, 2, 12), Fraction(50))
    assert decode_stream(clip, device="cpu").rate == 25


# --- what is read


GRID = lattice("image", [axis(12, 3), axis(20, 5)])


@pytest.mark.parametrize(
    ("window", "ids"),
    [
        ((range(12), range(20)), range(15)),
        ((range(4), range(4)), [0]),
        ((range(3, 5), range(8, 12)), [2, 7]),
        ((range(11, 12), range(20)), range(10, 15)),
    ],
)
def test_only_the_chunks_of_the_window_are_read(window: Window, ids: Sequence[int]) -> None:
    reader = Reader(BytesSource(file_of(GRID)))
    before = reader.bytes_read
    decode_stream(reader.streams[0], window, device="cpu")
    assert reader.bytes_read - before == 4 + 4 * len(ids)  # the global chunk, and theirs


def test_groups_outside_the_window_are_not_read() -> None:
    reader = Reader(BytesSource(file_of(lattice("audio", [axis(40, 2, 5)]))))
    before = reader.bytes_read
    decode_stream(reader.streams[0], (range(8, 16),), device="cpu")
    assert reader.bytes_read - before == 4 + 2 * 4


def test_many_chunks_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = decode_stream(stream_of(file_of(GRID)), device="cpu").samples
    monkeypatch.setattr(_weights, "WEIGHTS_AT_ONCE", 4)
    batches = decode_stream(stream_of(file_of(GRID)), device="cpu").samples
    np.testing.assert_array_equal(whole, batches)


def test_progress_counts_partitions() -> None:
    calls: list[tuple[int, int]] = []
    window = (range(4), range(20))
    decode_stream(
        stream_of(file_of(GRID)), window, device="cpu", progress=lambda *call: calls.append(call)
    )
    assert calls == [(n, 5) for n in range(1, 6)]


# --- absent partitions


ABSENT = frozenset({(0, 0), (0, 7), (0, 8)})


def test_absent_partitions_are_filled_and_marked() -> None:
    """LGI-D-12: partition 0 is the upper left tile, 7 and 8 stand in the second row of tiles."""
    decoded = decode_stream(stream_of(file_of(GRID, ABSENT)), device="cpu")
    absent = np.zeros((12, 20), bool)
    absent[:4, :4] = absent[4:8, 8:16] = True
    assert decoded.present is not None
    np.testing.assert_array_equal(decoded.present, ~absent)
    assert (decoded.samples[absent] == -7).all()
    whole = decode_stream(stream_of(file_of(GRID)), device="cpu").samples
    np.testing.assert_array_equal(decoded.samples[~absent], whole[~absent])


def test_another_fill() -> None:
    data = file_of(GRID, ABSENT)
    decoded = decode_stream(stream_of(data), device="cpu", fill=(1, 2, 3, 4, 5))
    assert decoded.samples[0, 0].tolist() == [1, 2, 3, 4, 5]


def test_a_window_without_any_partition() -> None:
    decoded = decode_stream(stream_of(file_of(GRID, ABSENT)), (range(3), range(2)), device="cpu")
    assert decoded.present is not None
    assert not decoded.present.any()
    assert (decoded.samples == -7).all()


def test_a_window_of_present_partitions_has_no_mask() -> None:
    window = (range(8, 12), range(20))
    assert decode_stream(stream_of(file_of(GRID, ABSENT)), window, device="cpu").present is None


@pytest.mark.parametrize(
    ("sample_type", "fill", "expected"),
    [
        ("uint8", 127.6, 128),
        ("uint8", 300.0, 255),
        ("uint8", -1.0, 0),
        ("uint16", 1e9, 65_535),
        ("int16", 32_768.0, 32_767),
        ("float32", 0.25, 0.25),
    ],
)
def test_fill_is_a_sample(sample_type: str, fill: float, expected: float) -> None:
    """LGI-D-12: the nearest value that a sample can have."""
    grid = lattice("audio", [axis(8, 2)], sample_type=sample_type)
    data = file_of(grid, frozenset({(0, 1)}), fill=(fill, 0.0, 0.0))
    decoded = decode_stream(stream_of(data), device="cpu")
    assert decoded.samples[5, 0] == expected
    assert decoded.samples.dtype == sample_type


# --- what is refused


def test_more_samples_than_allowed() -> None:
    clip = stream_of(file_of(GRID))
    with pytest.raises(UsageError, match=r"12 x 20 samples, allowed are 1 to 239 \(max_samples\)"):
        decode_stream(clip, device="cpu", max_samples=239)
    assert decode_stream(clip, device="cpu", max_samples=240).size == 240


@pytest.mark.parametrize(("each", "most"), [(1, 2**32), (2, 2**32), (2, 157)])
def test_large_files_may_have_many_samples(
    each: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = stream_of(file_of(GRID))
    allowed = min(each * sum(group.length for group in clip.groups.values()), most)
    monkeypatch.setattr(_decode, "USUAL", 0)
    monkeypatch.setattr(_decode, "OF_A_BYTE", each)
    monkeypatch.setattr(_decode, "MOST", most)
    if allowed >= 240:
        assert decode_stream(clip, device="cpu").size == 240
    else:
        with pytest.raises(UsageError, match=rf"allowed are 1 to {allowed} \(max_samples\)"):
            decode_stream(clip, device="cpu")


HUGE = AxisGeometry(2**31 - 1, 0, 2**31 - 1, 0, 2**31 - 1, 1, 1)
KEYHOLE = AxisGeometry(2**31 - 1, 0, 2, 0, 2**31 - 1, 1, 1)


def test_nothing_is_allocated_before_it_is_allowed() -> None:
    """A few hundred bytes that declare 10**28 samples, and a scale that makes as many."""
    vast = stream_of(file_of(lattice("volume", [HUGE, HUGE, HUGE])))
    with pytest.raises(UsageError, match="max_samples"):
        decode_stream(vast, device="cpu")
    with pytest.raises(UsageError, match="max_samples"):
        decode_stream(stream_of(file_of(GRID)), scale=[Fraction(2**20)] * 2, device="cpu")


def test_a_huge_tile_costs_what_the_window_shows_of_it() -> None:
    for axes in ([KEYHOLE], [KEYHOLE, KEYHOLE]):
        found = lattice("audio" if len(axes) == 1 else "image", axes)
        check(found, found.window, WHOLE[: len(axes)])
    with pytest.raises(UsageError, match="is too large"):
        decode_stream(stream_of(file_of(lattice("volume", [KEYHOLE] * 3))), device="cpu")


@pytest.mark.parametrize("scale", [Fraction(0), Fraction(-1), Fraction(2**20 + 1)])
def test_impossible_scales(scale: Fraction) -> None:
    with pytest.raises(UsageError, match="allowed are numbers above 0 up to"):
        decode_stream(stream_of(file_of(GRID)), scale=[Fraction(1), scale], device="cpu")


def test_a_window_without_samples() -> None:
    clip = stream_of(file_of(GRID))
    with pytest.raises(UsageError, match="the output has 0 x 20 samples"):
        decode_stream(clip, (range(5, 5), range(20)), device="cpu")
    with pytest.raises(UsageError, match="the output has 0 x 2 samples"):
        tiny = [Fraction(1, 1000), Fraction(1, 10)]
        decode_stream(clip, scale=tiny, device="cpu")


def test_unknown_devices() -> None:
    with pytest.raises(UsageError, match="device abacus is not on this machine"):
        decode_stream(stream_of(file_of(GRID)), device="abacus")


@pytest.mark.parametrize("place", range(15))
def test_a_damaged_chunk_costs_its_partition(place: int) -> None:
    """LGI-D-11, LGI-D-10: windows beside it decode to the same bits as before."""
    data = file_of(GRID)
    whole = decode_stream(stream_of(data), device="cpu").samples
    damaged = bytearray(data)
    damaged[len(data) - 4 * 15 + 4 * place] ^= 1
    clip = stream_of(bytes(damaged))
    row, column = divmod(place, 5)
    for y, x in product(range(3), range(5)):
        window = (range(4 * y, 4 * y + 4), range(4 * x, 4 * x + 4))
        if (y, x) == (row, column):
            with pytest.raises(FileError, match=f"E_CHUNK_CRC: partition {place} of group 0"):
                decode_stream(clip, window, device="cpu")
        else:
            found = decode_stream(clip, window, device="cpu").samples
            np.testing.assert_array_equal(found, whole[4 * y : 4 * y + 4, 4 * x : 4 * x + 4])


def test_a_damaged_global_chunk_costs_its_group() -> None:
    found = lattice("audio", [axis(16, 2, 2)])
    data = bytearray(file_of(found))
    data[-12] ^= 1  # the second group: 4 bytes of its own, 8 of its partitions
    clip = stream_of(bytes(data))
    assert decode_stream(clip, (range(8),), device="cpu").samples[7, 0] == 1
    with pytest.raises(FileError, match="E_CHUNK_CRC: global chunk of group 1"):
        decode_stream(clip, device="cpu")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"family": Plug("nobody")}, "E_PROFILE: family is 'nobody'"),
        ({"quantiser": Plug("nobody")}, "E_PROFILE: quantiser is 'nobody'"),
        ({"coder": Plug("nobody")}, "E_PROFILE: coder is 'nobody'"),
        ({"family": Plug("echo", {"axes": 1})}, "E_PROFILE: the network has 1 axes"),
        ({"quantiser": Plug("float", {"bits": 8})}, "E_CONF"),
        ({"coder": Plug("rans")}, "E_PROFILE: rans does not code the symbols of float"),
        ({"local": (TensorSpec("number", (2,)),)}, "E_PAYLOAD"),
    ],
)
def test_files_that_are_not_understood(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FileError, match=message):
        decode_stream(stream_of(file_of(GRID, **fields)), device="cpu")
