"""Partitions that hold nothing are found, and no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.partition import RULES, find_content
from lgcodec.signal import Signal


def volume(grid: tuple[int, ...], value: int = 0, channels: int = 1) -> Signal:
    return Signal("volume", np.full((*grid, channels), value, np.uint8))


@given(data=st.data())
def test_a_partition_is_empty_if_it_holds_nothing_but_the_background(data: st.DataObject) -> None:
    """Whatever the tiles are, those at the border included: a few marks fill the tiles they hit."""
    edges = [data.draw(st.integers(2, 4)) for _ in "zyx"]
    grid = tuple(edge * 3 + data.draw(st.integers(2, edge)) for edge in edges)
    background = data.draw(st.integers(0, 200))
    signal = volume(grid, background)
    marks = data.draw(st.lists(st.tuples(*(st.integers(0, n - 1) for n in grid)), min_size=1))
    for mark in marks[:20]:
        signal.samples[mark] = background + 1
    full = {tuple(np.floor_divide(mark, edges)) for mark in marks[:20]}
    found = find_content(signal, RULES["size"](grid, edges))
    assert found.tiles.shape == (4, 4, 4)
    assert found.background == (background,)
    assert set(map(tuple, np.argwhere(found.tiles))) == full
    assert found.partitions == len(full)


def test_the_background_is_what_most_uniform_partitions_hold() -> None:
    signal = volume((4, 4, 8), channels=2)
    signal.samples[:, :, 2:] = (7, 9)  # three of four tiles along x
    found = find_content(signal, RULES["size"](signal.grid, [4, 4, 2]))
    assert found.background == (7, 9)
    assert found.tiles.tolist() == [[[True, False, False, False]]]


@pytest.mark.parametrize("value", [0, 5])
def test_a_uniform_volume_keeps_one_partition(value: int) -> None:
    signal = volume((4, 4, 4), value)
    found = find_content(signal, RULES["size"](signal.grid, [2, 2, 2]))
    assert (found.partitions, found.background) == (1, (value,))


def test_one_uniform_partition_alone_is_no_background() -> None:
    signal = volume((4, 4, 4))
    signal.samples[:, :, 2:] = np.arange(2)[:, None]
    found = find_content(signal, RULES["size"](signal.grid, [4, 4, 2]))
    assert found.tiles.all()


def test_flat_parts_of_a_picture_are_not_empty() -> None:
    """Absent samples of a picture are transparent, black ones are not."""
    signal = Signal("image", np.zeros((8, 8, 3), np.uint8))
    assert find_content(signal, RULES["size"](signal.grid, [4, 4])).tiles.all()


def test_absent_samples_make_a_partition_empty() -> None:
    present = np.zeros((8, 8), np.bool_)
    present[0, 0] = present[7, 3] = True
    signal = Signal("image", np.ones((8, 8, 3), np.uint8), present=present)
    found = find_content(signal, RULES["size"](signal.grid, [4, 4]))
    assert found.tiles.tolist() == [[True, False], [True, False]]
