"""Noise, small pictures and projections of a real picture: what comes back is nearer to it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lgcodec import decode_stream, read, tasks
from lgcodec.errors import UsageError
from lgcodec.fit.radon import sinogram
from lgcodec.format.container import BytesSource, Reader

CAT = Path(__file__).parents[1] / "samples/cat.png"
EYES = read(CAT)[0].samples[64:128, 128:192]
CLEAN = EYES.astype(np.float32) / 255
ANGLES = tuple(range(0, 180, 6))
arrangements = pytest.mark.parametrize(
    "network",
    [
        {"partitions": (1, 2), "local_width": 16, "global_width": 16},
        {"arrangement": "single", "partitions": None, "local_width": 24, "global_width": None},
    ],
    ids=["local-global", "single"],
)


def decibels(found: Any, expected: Any, peak: float = 1.0) -> float:
    error = found.astype(np.float64) - expected
    return float(10 * np.log10(peak**2 / (error**2).mean()))


def test_noise_of_a_sensor() -> None:
    """Mean and variance of 40 x photons and of a readout of deviation 2, in units of 40."""
    grey = np.full((300, 300, 1), 0.25, np.float32)
    seen = tasks.noisy(grey, seed=3)
    assert seen.dtype == np.float32
    assert seen.mean() == pytest.approx(0.25, abs=0.003)
    assert seen.var() == pytest.approx((0.25 * 40 + 2**2) / 40**2, rel=0.03)
    assert (seen == tasks.noisy(grey, seed=3)).all()
    assert (seen != tasks.noisy(grey, seed=4)).any()
    assert tasks.noisy(grey, readout=0.0).min() >= 0


@arrangements
def test_denoising(network: dict[str, Any]) -> None:
    measured = tasks.noisy(CLEAN)
    options = replace(tasks.DENOISING, **network, iterations=150, device="cpu")
    data, found = tasks.denoise(measured, options)
    assert found.samples.shape == CLEAN.shape
    assert decibels(found.samples, CLEAN) > decibels(measured, CLEAN) + 5
    with Reader(BytesSource(data)) as reader:
        assert (decode_stream(reader.streams[0]).samples == found.samples).all()


def test_means_of_squares() -> None:
    picture = np.arange(9 * 6, dtype=np.uint8).reshape(9, 6, 1)
    assert tasks.reduced(picture, 4)[..., 0].tolist() == [[10], [34]]
    assert tasks.reduced(picture / 4, 2).shape == (4, 3, 1)


@arrangements
def test_super_resolution(network: dict[str, Any]) -> None:
    """Better than repeating samples, of which there are 16 x 16."""
    small = tasks.reduced(EYES)
    options = replace(tasks.SUPER_RESOLUTION, **network, w0=10.0, iterations=200, device="cpu")
    _, found = tasks.enlarge(small, options=options)
    repeated = small.repeat(4, 0).repeat(4, 1)
    assert found.samples.shape == EYES.shape
    assert decibels(found.samples, EYES, 255) > decibels(repeated, EYES, 255)


@arrangements
def test_reconstruction(network: dict[str, Any]) -> None:
    """From projections alone, to less than half of what a flat picture misses."""
    picture = CLEAN[..., :1]
    options = replace(tasks.RECONSTRUCTION, **network, iterations=150, device="cpu")
    _, found = tasks.reconstruct(sinogram(picture, ANGLES), ANGLES, (64, 64), options)
    flat = np.full_like(picture, picture.mean())
    assert decibels(found.samples / 65535, picture) > decibels(flat, picture) + 6


def test_a_sinogram_of_another_shape() -> None:
    with pytest.raises(UsageError, match=r"\(30, 64, 1\), expected \(30, 70, 1\)"):
        tasks.reconstruct(np.zeros((30, 64, 1), np.float32), ANGLES, (70, 64))


def test_a_measurement_needs_the_whole_signal() -> None:
    options = replace(tasks.RECONSTRUCTION, partitions=(2, 2), groups=2, iterations=1)
    with pytest.raises(UsageError, match="does not cover the signal"):
        tasks.reconstruct(np.zeros((30, 64, 1), np.float32), ANGLES, (64, 64), options)
