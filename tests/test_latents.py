"""Latents from end to end: what is fitted, what a crop keeps, targets, and what is refused."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encodes import stream_of
from fit.builders import smooth

from lgcodec import media
from lgcodec._crop import crop, parse_range
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec._verify import verify
from lgcodec.coding import chunks
from lgcodec.errors import UsageError
from lgcodec.fit import latents, pyramids
from lgcodec.fit.measurement import Measurement
from lgcodec.signal import Signal, psnr

SAMPLES = Path(__file__).parents[1] / "samples"
SHORT = {"family": "latent", "iterations": 2, "device": "cpu"}


@cache
def signals() -> dict[str, Signal]:
    (cat,) = media.read(SAMPLES / "cat.png")
    (speech,) = media.read(SAMPLES / "speech.wav")
    picture = cat.samples[64:112, 40:109]
    return {
        "image": Signal("image", picture, None),
        "grey": Signal("image", picture[..., :1].copy(), None),
        "audio": Signal("audio", speech.samples[4000:7000].copy(), speech.rate),
        "video": smooth("video", (6, 20, 23), 3, "uint8"),
        "volume": smooth("volume", (9, 8, 10), 1, "float32"),
    }


CASES: dict[str, dict[str, Any]] = {
    "image": {"partition_size": (24, 23)},
    "grey": {"partition_size": (24, 24), "groups": 2},
    "audio": {"partition_size": (500,), "groups": 2},
    "video": {"partition_size": (3, 8, 12)},
    "volume": {"partitions": (1, 2, 2)},
}
cases = pytest.mark.parametrize("name", CASES)


@cache
def encoded(name: str) -> tuple[bytes, EncodeReport]:
    return encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))


def encode(**options: Any) -> tuple[bytes, EncodeReport]:
    return encode_signals(
        [signals()["image"]], EncodeOptions(**{**SHORT, **CASES["image"], **options})
    )


def decoded(data: bytes, scale: Fraction = Fraction(1)) -> Signal:
    stream = stream_of(data)
    scales = [
        Fraction(1) if name == "t" and stream.geometry.kind == "video" else scale
        for name in stream.geometry.axis_names
    ]
    return decode_stream(stream, scale=scales, device="cpu")


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


def test_a_seed_gives_the_same_file_again() -> None:
    assert encode()[0] == encoded("image")[0]


@cases
def test_memory_is_bounded_by_blocks_that_change_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encoded(name)[0]
    monkeypatch.setattr(pyramids, "AT_ONCE", 1)
    monkeypatch.setattr(chunks, "NUMBERS_AT_ONCE", 1)
    assert encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))[0] == whole


def test_training_fits_the_network_to_the_picture() -> None:
    """Other weights of the network, and more quality for each byte."""
    (short, few), (long, many) = encoded("image"), encode(iterations=120)
    assert stream_of(short).read_global(0) != stream_of(long).read_global(0)
    assert 6.02 / 8 * len(long) / 432 - many.streams[0].psnr < (
        6.02 / 8 * len(short) / 432 - few.streams[0].psnr
    )


# --- crops

CROPS: dict[str, dict[str, tuple[int, int]]] = {
    "image": {"y": (24, 48), "x": (25, 69)},
    "grey": {"y": (30, 48)},
    "audio": {"t": (1400, 2100)},
    "video": {"t": (3, 6), "x": (12, 20)},
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


# --- Ctrl-C


def test_an_interrupt_gives_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first choice of symbols: a whole file, of the quality that it reports."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(latents.Entropy, "train", interrupted)
    data, report = encode(iterations=40)
    assert report.interrupted
    assert psnr(signals()["image"].samples, decoded(data).samples) > 30


def test_an_interrupt_before_anything_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(latents, "Pyramids", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode()
