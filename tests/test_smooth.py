"""Smooth borders: which samples change, that pictures gain, and what is refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encodes import encoded, stream_of
from fit.builders import smooth as waves
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lgcodec
from lgcodec import _borders, _smooth
from lgcodec._borders import smooth
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._smooth import decode_smooth
from lgcodec.errors import DamageWarning, FileError, UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.container import BytesSource, Container, Reader, dumps, loads
from lgcodec.format.geometry import Geometry, Window
from lgcodec.format.stream import Stream
from lgcodec.signal import Signal

SAMPLES = Path(__file__).parents[1] / "samples"
ASKED: dict[str, Any] = {"family": "latent", "preset": "fast", "device": "cpu"}


@cache
def photograph() -> Signal:
    return Signal("image", lgcodec.read(SAMPLES / "cat.png")[0].samples[:128, :128])


@cache
def file(groups: int = 1) -> bytes:
    """The photograph in partitions of 32 x 32, at few bits."""
    asked = EncodeOptions(**ASKED, bpp=1.0, partition_size=(32, 32), groups=groups)
    return encode_signals([photograph()], asked)[0]


@cache
def film() -> bytes:
    asked = EncodeOptions(**ASKED, psnr=34.0, partition_size=(4, 24, 32))
    return encode_signals([waves("video", (6, 48, 60), 3)], asked)[0]


def near(length: int, tile: int) -> NDArray[np.bool_]:
    """Which samples of a line lie within 6 of a border between tiles."""
    return np.array(
        [any(b - 6 <= i < b + 6 for b in range(tile, length, tile)) for i in range(length)]
    )


# --- which samples


@st.composite
def lattices(draw: st.DrawFn) -> tuple[Geometry, Window, dict[int, list[int]]]:
    """A picture of groups of tiles, a window of it, and the partitions in it that are there."""
    axes, window = [], []
    for _ in range(2):
        tile, tiles, groups = (draw(st.integers(*ends)) for ends in ((16, 40), (1, 4), (1, 3)))
        length, low = tile * tiles * groups, draw(st.integers(-50, 50))
        axes.append(AxisGeometry(tile * tiles, low, length, low, tile, tiles, groups))
        start = draw(st.integers(0, length - 1))
        stop = draw(st.integers(start + 1, length))
        window.append(range(low + start, low + stop))
    geometry = Geometry("image", 1, "uint8", None, tuple(axes))
    touched = geometry.touching(tuple(window))
    there = {o: draw(st.lists(st.sampled_from(ids), unique=True)) for o, ids in touched.items()}
    return geometry, tuple(window), there


@given(lattices())
def test_every_border_between_present_partitions_is_met_once(
    case: tuple[Geometry, Window, dict[int, list[int]]],
) -> None:
    """Corrections of 1 everywhere add up to the number of borders that a sample is near."""
    geometry, window, there = case
    owner = np.full([line.win_len for line in geometry.axes], -1)
    for number, (ordinal, i) in enumerate((o, i) for o, ids in there.items() for i in ids):
        pairs = zip(geometry.box(ordinal, i), geometry.axes, strict=True)
        owner[tuple(slice(s.start - a.grid_lo, s.stop - a.grid_lo) for s, a in pairs)] = number
    pairs = zip(window, geometry.axes, strict=True)
    owner = owner[tuple(slice(s.start - a.grid_lo, s.stop - a.grid_lo) for s, a in pairs)]
    expected = np.zeros(owner.shape, int)
    for axis, line in enumerate(geometry.axes):
        if line.tile_len >= 24:
            expected += borders(owner.swapaxes(0, axis)).swapaxes(0, axis)
    samples = np.zeros((*owner.shape, 1), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_borders, "corrections", ones)
        smooth(
            Signal("image", samples, present=owner >= 0),
            geometry,
            window,
            parts=there,
            grains=dict.fromkeys(there, np.eye(1)),
            values=(0, 255),
        )
    np.testing.assert_array_equal(samples[..., 0], expected)


def borders(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many borders along axis 0 lie near each place, between two owners."""
    near = np.zeros(owner.shape, np.int64)
    for at in range(1, len(owner)):
        both = (owner[at - 1] >= 0) & (owner[at] >= 0) & (owner[at - 1] != owner[at])
        near[max(0, at - 6) : at + 6] += both
    return near


def ones(strips: NDArray[np.float64], *_: Any) -> NDArray[np.float64]:
    return np.ones((*strips.shape[:-1], 12))


@pytest.mark.parametrize("fill", [[0], [30_000]])
def test_absent_partitions_neither_change_nor_matter(fill: list[int]) -> None:
    """What is absent has its fill, and what is present has what it has with any other fill."""
    stream = stream_of(with_a_hole())
    found, exact = decode_smooth(stream, fill=fill), decode_stream(stream, fill=fill)
    other = decode_smooth(stream, fill=[7])
    present = found.present
    assert present is not None
    np.testing.assert_array_equal(found.samples[~present], exact.samples[~present])
    np.testing.assert_array_equal(found.samples[present], other.samples[present])
    assert (found.samples[present] != exact.samples[present]).any()


@cache
def with_a_hole() -> bytes:
    """A grey picture of 16 bits, of which one partition is absent."""
    small = photograph().samples[..., :1].astype(np.int16) * 30 - 3000
    asked = EncodeOptions(**ASKED, psnr=34.0, partition_size=(32, 32))
    container = loads(encode_signals([Signal("image", small)], asked)[0])
    (stream,), (group,) = container.streams, container.streams[0].groups
    chunks = {i: chunk for i, chunk in group.local_chunks.items() if i != 5}
    kept = replace(stream, groups=(replace(group, local_chunks=chunks),))
    return dumps(replace(container, streams=(kept,)))


@pytest.mark.parametrize("groups", [1, 2])
def test_only_borders_change_in_a_file(groups: int) -> None:
    """Also between groups."""
    stream = stream_of(file(groups))
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    line = near(128, 32)
    changed = (exact != found).any(-1)
    assert found.dtype == exact.dtype
    assert not changed[~(line[:, None] | line)].any()
    assert changed[58:70].any(0).mean() > 0.9
    assert changed[:, 58:70].any(1).mean() > 0.9


def test_frames_of_a_film_are_smoothed_in_space_alone() -> None:
    stream = stream_of(film())
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    changed = (exact != found).any((0, -1))
    assert not changed[~(near(48, 24)[:, None] | near(60, 32))].any()
    assert (exact != found).any((1, 2, 3)).all()


# --- windows


def selected(whole: Window, draw: st.DrawFn) -> Window:
    """Any part of a window; edges are often near borders, since tiles are small."""
    starts = [draw(st.integers(side.start, side.stop - 1)) for side in whole]
    pairs = zip(starts, whole, strict=True)
    return tuple(range(start, draw(st.integers(start + 1, side.stop))) for start, side in pairs)


@cache
def cropped() -> bytes:
    """The photograph without 40 columns, 8 of them in partitions that are kept, and a row."""
    (before,) = loads(file()).streams
    geometry = before.geometry.with_window((range(1, 128), range(40, 128)))
    (group,) = before.groups
    kept = {i: group.local_chunks[i] for i in geometry.touching(geometry.window)[0]}
    groups = (replace(group, local_chunks=kept),)
    return dumps(Container((replace(before, geometry=geometry, groups=groups),)))


@cache
def smoothed(data: bytes, sample_type: str) -> Signal:
    """All that a viewer shows."""
    return decode_smooth(stream_of(data), sample_type=sample_type)


@pytest.mark.parametrize("make", [file, lambda: file(2), with_a_hole, cropped, film])
@settings(max_examples=20)
@given(st.data())
def test_a_window_is_that_part_of_the_smoothed_whole(
    make: Callable[[], bytes], data: st.DataObject
) -> None:
    """To the last bit, wherever it begins and ends."""
    stream = stream_of(make())
    shown = stream.geometry.window
    window = selected(shown, data.draw)
    found = decode_smooth(stream, window, sample_type="float32")
    whole, part = smoothed(make(), "float32"), places(shown, window)
    np.testing.assert_array_equal(found.samples, whole.samples[part])
    present = np.ones(found.grid, bool) if found.present is None else found.present
    expected = np.ones(whole.grid, bool) if whole.present is None else whole.present
    np.testing.assert_array_equal(present, expected[part])
    assert found.present is None or not found.present.all()


def places(shown: Window, window: Window) -> tuple[slice, ...]:
    pairs = zip(shown, window, strict=True)
    return tuple(slice(w.start - s.start, w.stop - s.start) for s, w in pairs)


@pytest.mark.parametrize(
    ("window", "ids"),
    [
        ((range(45, 52), range(45, 52)), [5]),  # in the middle of a partition
        ((range(32, 64), range(48, 49)), [1, 5, 9]),  # a column of it: what lies above and below
        ((range(48, 49), range(39, 57)), [5]),  # out of reach of the borders on either side
        ((range(48, 49), range(37, 57)), [4, 5]),
        ((range(32, 64), range(32, 64)), [0, 1, 2, 4, 5, 6, 8, 9, 10]),  # all of it
        ((range(36, 128), range(48, 112)), [i for i in range(16) if i % 4]),
    ],
)
def test_only_partitions_in_reach_are_read(window: Window, ids: Sequence[int]) -> None:
    """Of 4 x 4, all others damaged."""
    data = bytearray(file())
    (layout,) = Reader(BytesSource(file())).streams
    for i in set(range(16)) - set(ids):
        data[layout.chunk_at(0, i)] ^= 1
    told: list[tuple[int, int]] = []
    stream = stream_of(bytes(data))
    found = decode_smooth(stream, window, progress=lambda *call: told.append(call))
    whole = smoothed(file(), "uint8").samples[places(stream.geometry.window, window)]
    np.testing.assert_array_equal(found.samples, whole)
    assert told[-1] == (len(ids), len(ids))


def test_a_damaged_neighbour_costs_its_borders_alone() -> None:
    """What remains is as in the smoothed whole without it, and the loss is told."""
    data = bytearray(file())
    (layout,) = Reader(BytesSource(file())).streams
    data[layout.chunk_at(0, 4)] ^= 1
    stream, window = stream_of(bytes(data)), (range(20, 64), range(32, 64))
    with pytest.raises(FileError, match="partition 4 of group 0"):
        decode_smooth(stream, window)
    with pytest.warns(DamageWarning) as caught:
        found = decode_smooth(stream, window, on_error="mask")
    (warning,) = caught
    assert isinstance(warning.message, DamageWarning)
    assert warning.message.partitions == ((0, 4),)
    assert found.present is None
    with pytest.warns(DamageWarning):
        whole = decode_smooth(stream, on_error="mask")
    np.testing.assert_array_equal(found.samples, whole.samples[20:64, 32:64])
    exact = decode_stream(stream, window).samples
    np.testing.assert_array_equal(found.samples[22:38, :16], exact[22:38, :16])  # beside it
    assert (found.samples[:, -6:] != exact[:, -6:]).any()


def test_limits_are_those_of_the_result() -> None:
    stream, window = stream_of(file()), (range(32, 64), range(32, 64))
    assert decode_smooth(stream, window, max_samples=1024).samples.shape == (32, 32, 3)
    assert "the output has 32 x 32 samples, allowed are 1 to 1023" in refusal(
        stream, window=window, max_samples=1023
    )
    assert "there is no sample in the window" in refusal(stream, window=(range(0), range(9)))


def test_a_sliver_of_a_huge_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a strip sees around it is not allocated before it is judged."""
    monkeypatch.setattr(_smooth, "USUAL", 2000)
    told = "this window with what smooth sees around it has 128 x 44 samples, allowed are 1 to"
    assert told in refusal(stream_of(file()), window=(range(128), range(32, 33)), max_samples=128)


# --- what it is good for


def test_edges_go_and_quality_rises() -> None:
    original = photograph().samples
    stream = stream_of(file())
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    assert lgcodec.psnr(original, found) > lgcodec.psnr(original, exact) + 0.05
    edges = [border(part) / border(original) for part in (exact, found)]
    assert edges[1] < 0.8 * edges[0]


def border(samples: NDArray[np.uint8]) -> float:
    """Mean square of what neighbours across a border differ by."""
    steps = np.diff(samples.astype(float), axis=1)[:, 31::32]
    return float((steps**2).mean())


def test_a_file_is_decoded_smooth_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.lgi"
    path.write_bytes(file())
    part = lgcodec.open(path)[0:2, 1:3]
    found = part.decode(smooth=True, device="cpu")
    assert (found.samples != part.decode(device="cpu").samples).any()
    assert found.samples.shape == (64, 64, 3)


# --- what is refused


def refusal(stream: Stream, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        decode_smooth(stream, **options)
    return str(caught.value)


def test_what_cannot_be_smooth() -> None:
    assert "scale 1" in refusal(stream_of(file()), scale=[Fraction(1), Fraction(2)])
    assert "pictures and videos, this is kind audio" in refusal(stream_of(encoded("mono")[0]))
    assert "latents, this is a network of siren" in refusal(stream_of(encoded("rgb")[0]))


@pytest.mark.parametrize("values", [(0.0, 5e-324), (0.0, 1e-310), (-1e308, 1.7e308), (0.0, 1e300)])
def test_limits_that_no_number_can_be_divided_by(values: tuple[float, float]) -> None:
    """Of a file made to harm: nothing is smooth, or something, and nothing is said."""
    container = loads(file())
    conf = replace(container.streams[0].conf, values=values)
    harmful = replace(container, streams=(replace(container.streams[0], conf=conf),))
    assert decode_smooth(stream_of(dumps(harmful))).samples.shape == (128, 128, 3)


def test_damage_is_reported_once() -> None:
    data = bytearray(file())
    data[-3] ^= 1
    with pytest.warns(DamageWarning) as caught:
        found = decode_smooth(stream_of(bytes(data)), on_error="mask")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert found.present is not None
