"""Files for a target: its bytes or its quality, and what is said where it is out of reach."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from encodes import stream_of
from fit.builders import smooth

from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec.errors import UsageError
from lgcodec.fit.points import POINTS, Point
from lgcodec.format.container import loads
from lgcodec.signal import Signal, psnr

SHORT = {"iterations": 60, "device": "cpu"}


def hissing() -> Signal:
    """A sound that no number of bytes says everything about."""
    sound = smooth("audio", (6000,), 1, "int16")
    noise = np.random.default_rng(0).normal(0, 300, sound.samples.shape)
    samples = np.clip(sound.samples + noise, -32767, 32767).astype(np.int16)
    return replace(sound, samples=samples)


SIGNALS = {
    "audio": hissing(),
    "image": smooth("image", (96, 112), 3, "uint8"),
    "video": smooth("video", (10, 40, 48), 3, "uint8"),
    "volume": smooth("volume", (24, 24, 24), 1, "int16"),
}


@pytest.fixture(autouse=True)
def lossless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smooth signals are small in a lossless file, which would be the limit."""
    monkeypatch.setattr("lgcodec._job.lossless_bytes", lambda signal: 50_000)
    monkeypatch.setattr("lgcodec._encode.lossless_bytes", lambda signal: 50_000)


def encode(*kinds: str, **options: Any) -> tuple[bytes, EncodeReport]:
    signals = [SIGNALS[kind] for kind in kinds]
    return encode_signals(signals, EncodeOptions(**{**SHORT, **options}))


@pytest.mark.parametrize("kind", SIGNALS)
@pytest.mark.parametrize("size", [1800, 6000])
def test_bytes_are_met_and_not_exceeded(kind: str, size: int) -> None:
    data, report = encode(kind, size=size)
    assert 0.95 * size <= len(data) <= size
    assert report.streams[0].plan.for_target
    decoded = decode_stream(stream_of(data), device="cpu")
    assert psnr(SIGNALS[kind].samples, decoded.samples) == report.streams[0].psnr


@pytest.mark.parametrize(
    ("kind", "options", "size"),
    [
        ("image", {"bpp": 2.0}, 96 * 112 / 4),
        ("audio", {"kbps": 32.0}, 32_000 / 8 * 6000 / 8000),
        ("video", {"kbps": 80.0}, 80_000 / 8 * 10 / 25),
        ("image", {"quality": 70}, 96 * 112 / 8 * 0.1 * 60**0.7),
    ],
)
def test_rates_are_met(kind: str, options: dict[str, Any], size: float) -> None:
    assert 0.95 * size <= len(encode(kind, **options)[0]) <= size


@pytest.mark.parametrize("options", [{"partitions": (2, 3)}, {"arrangement": "single"}])
def test_bytes_are_met_by_networks_with_less_choice(options: dict[str, Any]) -> None:
    data, report = encode("image", size=3000, **options)
    assert 2850 <= len(data) <= 3000
    assert report.streams[0].plan.tiles == options.get("partitions", (1, 1))


def test_groups_share_the_bytes() -> None:
    data, _ = encode("video", size=7000, groups=2, partitions=(4, 1, 2))
    assert 6650 <= len(data) <= 7000
    first, second = (
        sum(map(len, group.local_chunks.values())) for group in loads(data).streams[0].groups
    )
    assert first == pytest.approx(second, rel=0.3)


def test_the_sound_of_a_video_counts() -> None:
    data, report = encode("video", "audio", size=9000)
    assert 8550 <= len(data) <= 9000
    assert report.streams[1].bytes < 9000 / 6


def check_quality(monkeypatch: pytest.MonkeyPatch, promised: float) -> tuple[bytes, EncodeReport]:
    """31 dB where the table promises so much for 2 bpp."""
    points = (Point(0.5, 6.0, 800, promised - 6), Point(2.0, 6.0, 800, promised))
    monkeypatch.setitem(POINTS, "image", points)
    data, report = encode("image", psnr=31.0, iterations=150, family="siren")
    assert 30.9 <= report.streams[0].psnr <= 32.55
    decoded = decode_stream(stream_of(data), device="cpu")
    assert psnr(SIGNALS["image"].samples, decoded.samples) == report.streams[0].psnr
    return data, report


def test_a_quality_is_met_with_a_larger_network_if_need_be(monkeypatch: pytest.MonkeyPatch) -> None:
    data, report = check_quality(monkeypatch, promised=42.0)
    assert report.streams[0].iterations > 150
    assert len(data) > 0.3 * 96 * 112 / 8


def test_a_network_too_large_for_a_quality_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a fit that is good enough ends early."""
    _, report = check_quality(monkeypatch, promised=26.0)
    assert report.streams[0].weight_bits > 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 300}, r"300 bytes is impossible for this image; the nearest has \d+ bytes"),
        ({"bpp": 50.0}, r"the nearest has 50000 bytes, 37\.2 bpp"),
        ({"quality": 0}, r"quality \d"),
        (
            {"psnr": 95.0, "iterations": 20, "family": "siren"},
            r"95\.0 dB is out of reach .* nearest possible is \d",
        ),
    ],
)
def test_what_is_impossible_is_refused_with_the_nearest(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        encode("image", **options)


def test_the_nearest_is_possible() -> None:
    with pytest.raises(UsageError) as refused:
        encode("image", size=300)
    nearest = int(str(refused.value).split("nearest has ")[1].split(" bytes")[0])
    data, _ = encode("image", size=nearest)
    assert 0.95 * nearest <= len(data) <= nearest
