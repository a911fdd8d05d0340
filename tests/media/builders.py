"""Signals and broken files that the media tests share."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from lgcodec.signal import Kind, Signal

SAMPLES = Path(__file__).parents[2] / "samples"


def image(
    height: int = 40, width: int = 56, channels: int = 3, dtype: str = "uint8", seed: int = 0
) -> Signal:
    """Coloured noise on smooth ramps, every value from 0 to full scale in reach."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    ramps = np.stack([y / height, x / width, (x + y) / (height + width), 1 - x / width], -1)
    noisy = 0.9 * ramps[..., :channels] + 0.1 * rng.random((height, width, channels))
    return Signal("image", np.rint(noisy * np.iinfo(dtype).max).astype(dtype))


def audio(
    seconds: float = 0.5, rate: int = 16_000, channels: int = 1, dtype: str = "int16"
) -> Signal:
    """One sine per channel with a fade-in, so that a shift in time cannot go unnoticed."""
    t = np.arange(round(seconds * rate)) / rate
    tones = [np.sin(2 * np.pi * 220 * (1 + c) * t) * t / seconds / 2 for c in range(channels)]
    samples = np.stack(tones, -1)
    if dtype == "int16":
        samples = np.rint(samples * 32_767)
    return Signal("audio", samples.astype(dtype), Fraction(rate))


def video(
    frames: int = 6,
    height: int = 64,  # x264 is not deterministic on pictures much smaller than this
    width: int = 80,
    channels: int = 3,
    *,
    dtype: str = "uint8",
    rate: Fraction = Fraction(25),
) -> Signal:
    """A smooth picture that moves one pixel per frame and brightens, so frames tell themselves."""
    y, x = np.mgrid[:height, :width]
    peak = np.iinfo(dtype).max
    pictures = [
        np.stack(
            [
                0.4 + 0.2 * np.sin((x - t) / 6 + c) + 0.1 * np.cos(y / 5) + 0.2 * t / frames
                for c in range(channels)
            ],
            -1,
        )
        for t in range(frames)
    ]
    return Signal("video", np.rint(np.stack(pictures) * peak).astype(dtype), rate)


def volume(side: int = 12, dtype: str = "uint8") -> Signal:
    """A ball."""
    z, y, x = np.mgrid[:side, : side + 1, : side + 2] - side / 2
    inside = z**2 + y**2 + x**2 < side**2 / 8
    return Signal("volume", (inside[..., np.newaxis] * 200).astype(dtype))


def example(kind: Kind) -> Signal:
    """A small signal of `kind`."""
    return {"image": image, "audio": audio, "video": video, "volume": volume}[kind]()


def assert_equal(found: Signal, expected: Signal) -> None:
    """Two signals agree in every field, bit for bit."""
    assert (found.kind, found.rate) == (expected.kind, expected.rate)
    assert found.samples.dtype == expected.samples.dtype
    np.testing.assert_array_equal(found.samples, expected.samples)
    assert (found.present is None) == (expected.present is None)
    if expected.present is not None:
        np.testing.assert_array_equal(found.present, expected.present)
