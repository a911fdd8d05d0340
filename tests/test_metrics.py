"""Distances by hand, against scikit-image, and their properties."""

from math import inf, log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from lgcodec.metrics import SCALES, Distortion, ms_ssim, ssim
from lgcodec.signal import psnr

RNG = np.random.default_rng(0)


def texture(height: int, width: int, channels: int = 1) -> np.ndarray:
    y, x = np.mgrid[:height, :width] / 9
    planes = [127 + 60 * np.sin(x + c) * np.cos(y) for c in range(channels)]
    return (np.stack(planes, -1) + RNG.normal(0, 8, (height, width, channels))).astype(np.uint8)


def noisy(picture: np.ndarray, scale: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, scale, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def measured(original: np.ndarray, decoded: np.ndarray) -> Distortion:
    found = Distortion()
    found.add(original, decoded)
    return found


def test_by_hand() -> None:
    """Errors 3, -4, 0, 0: mean square 25/4."""
    found = measured(np.array([10, 20, 30, 40], np.uint8), np.array([13, 16, 30, 40], np.uint8))
    assert found.psnr == pytest.approx(10 * log10(255**2 / 6.25))
    assert found.snr == pytest.approx(10 * log10((100 + 400 + 900 + 1600) / 25))
    assert (found.largest, found.peak, found.count, found.iou) == (4, 255, 4, None)


def test_the_peak_of_a_sound_is_its_largest_magnitude() -> None:
    found = Distortion()
    for part in ([0, 0], [3, -500], [100, 1]):  # silence, that comes first, has no peak
        samples = np.array(part, np.int16)
        found.add(samples, samples + np.int16(5))
    assert found.peak == 500
    assert found.psnr == pytest.approx(20 * log10(100))
    assert measured(np.zeros(3, np.float32), np.ones(3, np.float32)).psnr == 0


def test_equal_samples() -> None:
    found = measured(np.zeros(3, np.uint8), np.zeros(3, np.uint8))
    assert (found.psnr, found.snr, found.largest, found.iou) == (inf, inf, 0, 1.0)
    assert measured(np.zeros(3, np.uint8), np.ones(3, np.uint8)).snr == -inf


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
def test_intersection_over_union(dtype: str, top: int) -> None:
    """Both have 2, either has 4; half of full scale counts as occupied."""
    original = np.array([1, 1, 1, 0, 0], dtype) * np.dtype(dtype).type(top)
    decoded = (np.array([0.9, 0.51, 0.4, 0.6, 0.1]) * top).astype(dtype)
    assert measured(original, decoded).iou == 0.5


def test_what_is_not_occupancy_has_no_iou() -> None:
    found = measured(np.array([0, 255], np.uint8), np.array([0, 255], np.uint8))
    found.add(np.array([0, 254], np.uint8), np.array([0, 255], np.uint8))
    assert found.iou is None
    assert Distortion().iou is None


@given(st.data())
def test_pieces_add_up(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(["uint8", "int16", "float32"]))
    cut, seed = data.draw(st.integers(0, 50)), data.draw(st.integers(0, 99))
    pair = np.random.default_rng(seed).normal(0, 90, (2, 50, 2)).astype(dtype)
    pieces = Distortion()
    pieces.add(*pair[:, :cut])
    pieces.add(*pair[:, cut:])
    whole = measured(*pair)
    for name in ("psnr", "snr", "largest", "count", "peak", "iou"):
        assert getattr(pieces, name) == pytest.approx(getattr(whole, name)), name
    assert whole.psnr == pytest.approx(psnr(*pair))


def test_ssim_of_flat_pictures_by_hand() -> None:
    """Without variance the luminance term is left: (2 a b + C1) / (a² + b² + C1)."""
    first, second = (np.full((20, 20, 1), value, np.uint8) for value in (100, 120))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(first, second, 255) == pytest.approx(expected)


def test_ms_ssim_of_flat_pictures_by_hand() -> None:
    """Contrast and structure are 1, luminance counts at the coarsest scale alone."""
    first, second = (np.full((176, 180, 1), value, np.uint8) for value in (100, 120))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ms_ssim(first, second, 255) == pytest.approx(expected ** SCALES[-1])


def test_ssim_is_that_of_scikit_image() -> None:
    first = texture(40, 50, 3)
    second = noisy(first, 12)
    expected = structural_similarity(
        first,
        second,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert ssim(first, second, 255) == pytest.approx(expected)


def test_weights_of_the_scales_add_up_to_one() -> None:
    """As printed in the paper, to four digits each."""
    assert sum(SCALES) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("measure", [ssim, ms_ssim])
def test_properties_of_similarity(measure) -> None:
    first = texture(176, 180, 2)
    assert measure(first, first, 255) == pytest.approx(1)
    steps = [measure(first, noisy(first, scale), 255) for scale in (2, 8, 32, 128)]
    assert steps == sorted(steps, reverse=True)
    assert 0 <= steps[-1] < steps[0] < 1
    assert measure(first, noisy(first, 8), 255) == pytest.approx(
        measure(noisy(first, 8), first, 255)
    )
    assert measure(first, 255 - first, 255) < steps[-1] + 0.2


def test_noise_hurts_fine_scales_most() -> None:
    """So MS-SSIM, which weighs the middle ones, is above SSIM."""
    first = texture(200, 200)
    assert ms_ssim(first, noisy(first, 20), 255) > ssim(first, noisy(first, 20), 255)


@pytest.mark.parametrize(
    ("measure", "least"), [(ssim, 11), (ms_ssim, 176)], ids=["ssim", "ms_ssim"]
)
def test_pictures_that_are_too_small(measure, least: int) -> None:
    assert measure(texture(least, least - 1), texture(least, least - 1), 255) is None
    assert measure(texture(least, least), texture(least, least), 255) is not None
