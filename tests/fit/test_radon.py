"""Projections: against another implementation, by hand, and their gradients."""

import numpy as np
import pytest
import torch
from skimage.data import shepp_logan_phantom
from skimage.transform import radon as other_radon
from skimage.transform import resize

from lgcodec.fit import radon as module
from lgcodec.fit.radon import radon, sinogram

ANGLES = tuple(range(0, 180, 9))


def phantom(size: int) -> np.ndarray:
    return resize(shepp_logan_phantom(), (size, size), anti_aliasing=True)[..., None].astype("f4")


def test_projections_are_those_of_skimage() -> None:
    """Up to interpolation and to where the centre of an even number of samples lies."""
    picture = phantom(65)
    expected = other_radon(picture[..., 0], ANGLES) / 65  # [n, A], sums
    np.testing.assert_allclose(sinogram(picture, ANGLES)[..., 0].T, expected, atol=0.01)


def test_right_angles_are_means_of_rows_and_columns() -> None:
    picture = np.random.default_rng(0).random((12, 12, 2), dtype=np.float32)
    found = sinogram(picture, (0, 90, 180, 270))
    np.testing.assert_allclose(found[0], picture.mean(0), atol=1e-5)
    np.testing.assert_allclose(found[2], picture.mean(0)[::-1], atol=1e-5)
    rows = picture.mean(1)
    np.testing.assert_allclose(found[1], rows[::-1], atol=1e-5)
    np.testing.assert_allclose(found[3], rows, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 20, 1), (20, 8, 1)])
def test_pictures_that_are_not_square(shape: tuple[int, int, int]) -> None:
    """They lie in the middle of a square of zeros."""
    picture = np.random.default_rng(0).random(shape, dtype=np.float32)
    square = np.zeros((20, 20, 1), np.float32)
    rest = [(20 - n) // 2 for n in shape[:2]]
    square[rest[0] : rest[0] + shape[0], rest[1] : rest[1] + shape[1]] = picture
    np.testing.assert_allclose(sinogram(picture, ANGLES), sinogram(square, ANGLES), atol=2e-3)


def test_angles_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, whole = phantom(33), sinogram(phantom(33), ANGLES)
    monkeypatch.setattr(module, "AT_ONCE", 3 * 33 * 33)
    np.testing.assert_allclose(sinogram(picture, ANGLES), whole, atol=1e-6)


def test_gradients() -> None:
    picture = torch.rand((5, 6, 1), dtype=torch.float32, requires_grad=True)
    radon(picture, ANGLES).sum().backward()
    assert picture.grad is not None
    assert (picture.grad[2:4, 2:4] > 0).all()
