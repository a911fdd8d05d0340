"""Latents from end to end: what is fitted, what a crop keeps, targets, and what is refused."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encodes import stream_of
from latent_encodes import CASES, SAMPLES, SHORT, decoded, encode, encoded, signals
from torch import Tensor

from lgcodec import media
from lgcodec._crop import crop, parse_range
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._verify import verify
from lgcodec.coding import chunks, codec_of
from lgcodec.coding.context import Context
from lgcodec.coding.pyramid import Band
from lgcodec.errors import UsageError
from lgcodec.fit import choices, pyramids, smooth_grid
from lgcodec.fit.measurement import Measurement
from lgcodec.format.container import dumps, loads
from lgcodec.format.stream import Stream
from lgcodec.nets import Latent, latent
from lgcodec.nets.smooth import MARGIN, spread
from lgcodec.signal import Signal, psnr

cases = pytest.mark.parametrize("name", CASES)


# --- what comes back


@cases
def test_the_signal_that_comes_back(name: str) -> None:
    data, report = encoded(name)
    signal, found = signals()[name], decoded(data)
    assert (found.kind, found.samples.shape) == (signal.kind, signal.samples.shape)
    assert (found.samples.dtype, found.rate) == (signal.samples.dtype, signal.rate)
    assert report.streams[0].psnr == psnr(signal.samples, found.samples)
    assert report.streams[0].psnr > 30


@cases
def test_files_are_intact_to_the_last_number(name: str, tmp_path: Path) -> None:
    path = tmp_path / "whole.lgi"
    path.write_bytes(encoded(name)[0])
    report = verify(path, deep=True)
    assert (report.damage, report.streams[0].unreadable) == ((), None)
    stream = stream_of(encoded(name)[0])
    latents = sum(t.size for t in stream.conf.local)
    assert report.streams[0].numbers is not None
    assert report.streams[0].numbers[0] == latents * report.streams[0].intact


def test_what_is_called_film_moves() -> None:
    """Else the tests of all kinds say nothing of motion."""
    for name, moves in (("film", True), ("video", False)):
        stream = stream_of(encoded(name)[0])
        codec, group = codec_of(stream.conf), stream.groups[0]
        head = codec.decode_global(stream.read_global(0))
        chunks = list(stream.read_locals(0, group.ids).values())
        motion = codec.decode_local(head, chunks)["motion"]
        assert motion.any(axis=(1, 2, 3, 4)).sum() >= len(chunks) / 2 * moves
        assert motion.any() == moves


def test_a_seed_gives_the_same_file_again() -> None:
    assert encode()[0] == encoded("image")[0]


@cases
@pytest.mark.parametrize("threads", [1, 3])
def test_memory_is_bounded_by_blocks_that_change_nothing(
    name: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it whether they are done one after the other or at the same time."""
    whole = encoded(name)[0]
    number = torch.get_num_threads()
    monkeypatch.setattr(pyramids, "AT_ONCE", 1)
    monkeypatch.setattr(chunks, "NUMBERS_AT_ONCE", 1)
    torch.set_num_threads(threads)
    try:
        found = encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))[0]
    finally:
        torch.set_num_threads(number)
    assert found == whole


def trained(data: bytes) -> tuple[bool, int]:
    """Whether the network differs from that of the specification, and bytes of local chunks."""
    stream = stream_of(data)
    head = codec_of(stream.conf).decode_global(stream.read_global(0))
    local = stream.read_locals(0, stream.groups[0].ids).values()
    return bool(head.weights["entropy"].any()), sum(map(len, local))


def test_training_is_kept_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a small picture; if it cost nothing, more quality for each byte of local chunks."""
    (short, few), (long, _) = encoded("image"), encode(iterations=400)
    assert [trained(data)[0] for data in (short, long)] == [False, False]
    monkeypatch.setattr(choices, "_entropy", lambda _: 0.0)
    free, many = encode(iterations=400)
    differs, size = trained(free)
    assert differs
    assert 6.02 / 8 * size / 432 - many.streams[0].psnr < (
        6.02 / 8 * trained(short)[1] / 432 - few.streams[0].psnr
    )


# --- crops

CROPS: dict[str, dict[str, tuple[int, int]]] = {
    "image": {"y": (24, 48), "x": (25, 69)},
    "grey": {"y": (30, 48)},
    "audio": {"t": (1400, 2100)},
    "video": {"t": (3, 6), "x": (12, 20)},
    "film": {"t": (0, 4), "y": (24, 36), "x": (25, 45)},
    "volume": {"y": (4, 8), "x": (1, 4)},
}


@cases
@pytest.mark.parametrize("scale", [Fraction(1), Fraction(3, 2)])
def test_a_crop_keeps_every_bit(name: str, scale: Fraction, tmp_path: Path) -> None:
    """LGI-D-11: what is left has the same samples, at any scale."""
    data = encoded(name)[0]
    path, kept = tmp_path / "whole.lgi", tmp_path / "kept.lgi"
    path.write_bytes(data)
    spans = CROPS[name]
    ranges = {
        name: parse_range(":".join(f"{end}{'f' if name == 't' else 'px'}" for end in span))
        for name, span in spans.items()
    }
    crop(path, kept, ranges)
    names = stream_of(data).geometry.axis_names
    small, geometry = decoded(kept.read_bytes(), scale), stream_of(kept.read_bytes()).geometry
    window = [spans.get(n, (0, axis.win_len)) for n, axis in zip(names, geometry.axes, strict=True)]
    for axis, (start, stop) in zip(geometry.axes, window, strict=True):
        assert (axis.win_lo, axis.win_lo + axis.win_len) == (start, stop)
    whole = decoded(data, scale).samples
    factors = [1 if n == "t" and geometry.kind == "video" else scale for n in names]
    part = tuple(
        slice(*(int(np.ceil(float(end * factor - Fraction(1, 2)))) for end in span))
        for span, factor in zip(window, factors, strict=True)
    )
    assert len(kept.read_bytes()) < len(data)
    assert small.samples.tobytes() == whole[part].tobytes()


# --- seams


def soft() -> Signal:
    """Slow waves with a little noise, 64 x 96: where an eye sees every edge."""
    y, x = np.indices((64, 96))
    waves = [127 + 60 * np.sin(x / 40 + c) + 50 * np.cos(y / 33 - c) for c in range(3)]
    noise = np.random.default_rng(0).normal(size=(64, 96, 3)) * 3
    return Signal("image", (np.stack(waves, axis=-1) + noise).clip(0, 255).astype(np.uint8))


def seams_of(picture: Signal, edge: int) -> tuple[float, float]:
    """Of a file of 34 dB: squared error of pixels at borders, and squared steps of the error across
    borders, by those of all other places."""
    asked = EncodeOptions(**SHORT, psnr=34.0, partition_size=(edge, edge))
    found = decoded(encode_signals([picture], asked)[0]).samples
    error = found.astype(np.float64) - picture.samples
    x = np.arange(error.shape[1])
    near = ((x % edge == 0) | (x % edge == edge - 1)) & (x > 0) & (x < len(x) - 1)
    squares, steps = (error**2).mean((0, 2)), (np.diff(error, axis=1) ** 2).mean((0, 2))
    across = x[1:] % edge == 0
    return squares[near].mean() / squares[~near].mean(), steps[across].mean() / steps[
        ~across
    ].mean()


def test_what_is_smooth_has_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles that see none but their own coarse samples fail what the shared grid passes."""
    picture = soft()
    error, step = seams_of(picture, 16)

    def alone(
        coarse: Tensor, index: Tensor, tile: tuple[int, ...], own: tuple[int, ...], stride: int = 1
    ) -> Tensor:
        parts = [
            coarse[
                (slice(None), *(slice(n * i, n * (i + 1)) for n, i in zip(own, at, strict=True)))
            ]
            for at in index.tolist()
        ]
        zero = torch.zeros_like(index[:1])
        return torch.cat([spread(part, zero, tile, own, stride) for part in parts])

    low_of_splines = smooth_grid._low_of_splines

    def low_alone(family: Latent, axis: int) -> Tensor:
        window = low_of_splines(family, axis)
        window[:, MARGIN] += window[:, :MARGIN].sum(1)
        window[:, -MARGIN - 1] += window[:, -MARGIN:].sum(1)
        window[:, :MARGIN] = window[:, -MARGIN:] = 0
        return window

    for module in (latent, pyramids):
        monkeypatch.setattr(module, "spread", alone)
    monkeypatch.setattr(smooth_grid, "_low_of_splines", low_alone)
    error_alone, step_alone = seams_of(picture, 16)
    assert error < 1.1
    assert error_alone > 1.4
    assert step < 1.2
    assert step_alone > 2.5


# --- targets


@pytest.mark.parametrize(
    ("options", "size"), [({"size": 1500}, 1500), ({"bpp": 8.0}, 48 * 69), ({"size": 2500}, 2500)]
)
def test_bytes_are_met_and_not_exceeded(options: dict[str, Any], size: int) -> None:
    assert 0.95 * size <= len(encode(**options)[0]) <= size


@pytest.mark.parametrize("quality", [33.0, 42.0])
def test_a_quality_is_met(quality: float) -> None:
    data, report = encode(psnr=quality)
    assert quality - 0.1 <= report.streams[0].psnr <= quality + 0.6
    assert psnr(signals()["image"].samples, decoded(data).samples) == report.streams[0].psnr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 300}, r"^a file of 300 bytes is impossible .* the nearest has \d+ bytes"),
        *(
            ({name: value}, rf"^latents have no {name}: say bpp, size, psnr or quality$")
            for name, value in {
                "params": 6000,
                "global_ratio": 0.2,
                "local_width": 4,
                "global_width": 4,
                "layers": 3,
                "merge": "add",
                "w0": 30.0,
                "samples": 100,
                "bits": 8,
                "float_bits": 16,
                "measurement": Measurement(lambda drawn: drawn, np.zeros((1, 1, 1), np.float32)),
            }.items()
        ),
        ({"arrangement": "single"}, r"^latents have no arrangement"),
        ({"partition_size": (1, 1)}, r"^a tile of \(1, 1\) samples is not split"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        encode(**options)
    assert "\n" not in str(refused.value)


# --- overviews


def blocks(samples: np.ndarray, size: int) -> np.ndarray:
    """Means of size x size pixels."""
    height, width, channels = samples.shape
    whole = samples.astype(np.float64).reshape(height // size, size, width // size, size, channels)
    return whole.mean(axis=(1, 3))


@pytest.fixture
def cat() -> Stream:
    return stream_of((SAMPLES / "cat.lgi").read_bytes())


@pytest.mark.parametrize("reduce", [1, 2, 3])
def test_a_reduced_picture_has_the_means_of_blocks(cat: Stream, reduce: int) -> None:
    """Points would be 6 dB further off or more."""
    whole = decode_stream(cat, device="cpu").samples
    found = decode_stream(cat, reduce=reduce, device="cpu")
    assert found.grid == (256 >> reduce, 384 >> reduce)
    points = decode_stream(cat, scale=[Fraction(1, 1 << reduce)] * 2, device="cpu").samples
    expected = blocks(whole, 1 << reduce)
    near, far = (np.square(part - expected).mean() for part in (found.samples, points))
    assert 10 * np.log10(255**2 / near) > 36
    assert 4 * near < far


def test_coarse_levels_are_all_that_is_decoded(
    cat: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = []
    read = Context._read

    def watched(self: Context, reader: Any, band: Band, known: Any) -> Any:
        levels.append(band.level)
        return read(self, reader, band, known)

    monkeypatch.setattr(Context, "_read", watched)
    decode_stream(cat, reduce=3, device="cpu")
    assert sorted(set(levels)) == [2, 3, 4, 5]


def test_a_crop_is_reduced_as_the_whole_is(cat: Stream, tmp_path: Path) -> None:
    whole = decode_stream(cat, reduce=2, device="cpu").samples
    crop(
        SAMPLES / "cat.lgi",
        tmp_path / "part.lgi",
        {"y": parse_range("1:3"), "x": parse_range("2:")},
    )
    part = stream_of((tmp_path / "part.lgi").read_bytes())
    found = decode_stream(part, reduce=2, device="cpu").samples
    np.testing.assert_array_equal(found, whole[16:48, 32:])
    window = range(64, 192), range(128, 384)
    np.testing.assert_array_equal(decode_stream(cat, window, reduce=2, device="cpu").samples, found)


def test_what_is_reduced_can_be_scaled(cat: Stream) -> None:
    """Between its samples values are interpolated; on them they are its own."""
    small = decode_stream(cat, reduce=2, device="cpu", sample_type="float32").samples
    third = [Fraction(1, 12)] * 2
    found = decode_stream(cat, reduce=2, scale=third, device="cpu", sample_type="float32").samples
    np.testing.assert_allclose(found, small[1:62:3, 1::3], atol=1e-3)
    by_itself = decode_stream(cat, reduce=None, scale=third, device="cpu", sample_type="float32")
    eighth = decode_stream(cat, reduce=3, scale=third, device="cpu", sample_type="float32")
    np.testing.assert_array_equal(by_itself.samples, eighth.samples)
    scaled = decode_stream(cat, reduce=None, scale=[Fraction(2, 3)] * 2, device="cpu").samples
    points = decode_stream(cat, scale=[Fraction(2, 3)] * 2, device="cpu").samples
    np.testing.assert_array_equal(scaled, points)


@pytest.mark.parametrize(("name", "most"), [("image", 4), ("audio", 8), ("volume", 2), ("film", 0)])
def test_how_far_a_file_can_be_reduced(name: str, most: int) -> None:
    """Until a level leaves one sample of a tile; tiles need not be multiples of anything."""
    stream = stream_of(encoded(name)[0])
    whole = decode_stream(stream, device="cpu", sample_type="float32").samples
    if most:
        found = decode_stream(stream, reduce=most, device="cpu", sample_type="float32").samples
        ends = whole.min(), whole.max()
        assert np.isfinite(found).all()
        assert (np.abs(found.mean() - whole.mean()) < 0.1 * (ends[1] - ends[0])).all()
    why = "" if most else ": only latents of pictures, sounds and volumes can be reduced"
    with pytest.raises(UsageError, match=f"allowed are 0 to {most} for this file{why}$"):
        decode_stream(stream, reduce=most + 1, device="cpu")


def test_a_window_without_a_sample_of_an_overview(cat: Stream) -> None:
    with pytest.raises(UsageError, match="at this scale there is no sample in the window"):
        decode_stream(cat, (range(3), range(3)), reduce=3, device="cpu")


def test_partitions_of_any_length(tmp_path: Path) -> None:
    """Blocks then lie across borders: coarse levels are interpolated, and end in line."""
    (signal,) = media.read(SAMPLES / "cat.png")
    asked = EncodeOptions(
        family="latent", partition_size=(37, 50), psnr=40.0, preset="fast", device="cpu"
    )
    stream = stream_of(encode_signals([signal], asked)[0])
    expected = blocks(decode_stream(stream, device="cpu").samples, 4)
    found = decode_stream(stream, reduce=2, device="cpu").samples
    points = decode_stream(stream, scale=[Fraction(1, 4)] * 2, device="cpu").samples
    near, far = (np.square(part - expected).mean() for part in (found, points))
    assert 10 * np.log10(255**2 / near) > 32
    assert 1.5 * near < far


@pytest.mark.parametrize(("moved", "aligned"), [(8, True), (2, False)])
def test_a_grid_that_begins_anywhere(cat: Stream, moved: int, aligned: bool) -> None:
    """Output samples stay where they are on the lattice, between those of tiles if need be."""
    data = loads((SAMPLES / "cat.lgi").read_bytes())
    (one,) = data.streams
    axes = tuple(
        replace(axis, grid_lo=moved, win_lo=axis.win_lo + moved) for axis in one.geometry.axes
    )
    shifted = replace(one, geometry=replace(one.geometry, axes=axes))
    stream = stream_of(dumps(replace(data, streams=(shifted,))))
    before = decode_stream(cat, reduce=2, device="cpu", sample_type="float32").samples
    found = decode_stream(stream, reduce=2, device="cpu", sample_type="float32").samples
    if aligned:
        np.testing.assert_array_equal(found, before)
        return
    between = (before[:-1] + before[1:]) / 2
    between = (between[:, :-1] + between[:, 1:]) / 2
    inside = np.abs(found[1:, 1:][: len(between), : between.shape[1]] - between).mean()
    beside = np.abs(found[: len(before), : before.shape[1]] - before).mean()
    assert inside < beside / 2
