"""Corrections of the strips around borders: what they may see, and that they help."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lgcodec.nets.seams import ALONG, HALF, REACH, corrections

Strips = NDArray[np.float64]
STEP = np.eye(1)


def noise(*shape: int) -> Strips:
    return np.random.default_rng(1).normal(size=shape)


def edge(height: float) -> Strips:
    """[40, 1, 2 HALF]: two even sides, one so many steps above the other."""
    line = np.repeat([0.0, height], HALF)
    return np.broadcast_to(line, (40, 1, 2 * HALF))


def corrected(strips: Strips) -> Strips:
    middle = strips[..., HALF - REACH : HALF + REACH]
    return np.asarray(middle + corrections(strips, STEP))


def test_brightness_does_not_matter() -> None:
    strips = noise(20, 3, 2 * HALF)
    change = corrections(strips, np.eye(3))
    assert change.shape == (20, 3, 2 * REACH)
    assert np.abs(change).max() > 0.1
    np.testing.assert_allclose(corrections(strips + 10_000, np.eye(3)), change, atol=1e-4)


def test_steps_scale_and_channels_turn() -> None:
    """What is coded is a turn of the channels, each in its own steps."""
    strips = noise(20, 2, 2 * HALF)
    turned = np.array([[0.6, -0.8], [0.8, 0.6]])
    wide = turned * [0.5, 4.0]
    change = corrections(strips, np.eye(2))
    found = corrections(wide @ strips, wide)
    np.testing.assert_allclose(found, wide @ change, atol=1e-4)


def test_frames_are_each_for_themselves() -> None:
    strips = noise(4, 20, 3, 2 * HALF)
    whole = corrections(strips, np.eye(3))
    for frame in range(4):
        np.testing.assert_allclose(whole[frame], corrections(strips[frame], np.eye(3)), atol=1e-5)


def test_nothing_far_along_the_border_changes_a_bit() -> None:
    """Of strips that are measured from the same levels."""
    strips, levels = noise(40, 3, 2 * HALF), np.full(3, 0.25)
    other = strips.copy()
    other[20] += noise(3, 2 * HALF)
    found = corrections(strips, np.eye(3), levels) != corrections(other, np.eye(3), levels)
    assert list(np.flatnonzero(found.any((1, 2)))) == list(range(20 - ALONG, 20 + ALONG + 1))


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_edge_of_a_step_goes_and_one_of_many_stays(sign: int) -> None:
    faint, strong = (corrected(edge(sign * height)) for height in (1.0, 30.0))
    steps = [np.diff(part[10:-10, 0]) for part in (faint, strong)]
    assert np.abs(steps[0]).max() < 0.75
    assert np.abs(steps[1][:, REACH - 1]).min() > 24


@pytest.mark.parametrize("height", [1e3, 1e6, 1e30, np.inf, np.nan])
def test_nothing_changes_by_more_than_a_step(height: float) -> None:
    assert np.abs(corrections(edge(height), STEP)).max() <= 1


def test_blocks_of_a_long_border() -> None:
    strips = noise(5000, 1, 2 * HALF)
    whole, part = corrections(strips, STEP), corrections(strips[:200], STEP)
    np.testing.assert_allclose(whole[:190], part[:190], atol=1e-4)
    assert whole.shape == (5000, 1, 2 * REACH)


def test_what_has_no_edge_is_left_alone() -> None:
    """A slope goes on as it was."""
    slope = np.broadcast_to(np.linspace(0, 2, 2 * HALF), (40, 1, 2 * HALF))
    assert np.abs(corrections(slope, STEP)).max() < 0.08
