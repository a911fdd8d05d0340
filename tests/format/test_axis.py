import pytest

from lgcodec.errors import UsageError
from lgcodec.format.axis import AxisGeometry


def test_ranges() -> None:
    line = AxisGeometry(
        frame_len=10, win_lo=-1, win_len=4, grid_lo=-2, tile_len=3, tiles=2, groups=2
    )
    assert line.window == range(-1, 3)
    assert line.grid == range(-2, 10)
    assert [line.tile(i) for i in range(4)] == [
        range(-2, 1),
        range(1, 4),
        range(4, 7),
        range(7, 10),
    ]


@pytest.mark.parametrize(
    ("window", "tiles"),
    [
        (range(1), range(1)),
        (range(1, 2), range(1, 2)),
        (range(2), range(2)),
        (range(-9, 99), range(4)),
        (range(20, 22), range(4, 4)),
        (range(5, 5), range(0)),
    ],
)
def test_touching(window: range, tiles: range) -> None:
    line = AxisGeometry(10, 0, 1, -2, 3, 2, 2)
    assert line.touching(window) == tiles


def test_touching_before_the_grid() -> None:
    assert not AxisGeometry(10, 0, 1, -2, 3, 2, 2).touching(range(-9, -5))


def test_numbers() -> None:
    """The window counts from the grid, so that where it begins is never negative."""
    line = AxisGeometry(10, -1, 4, -2, 3, 2, 2)
    assert line.numbers == (10, 1, 4, 3, 3, 2, 2)
    assert AxisGeometry.of(line.numbers) == line
    with pytest.raises(UsageError, match="tiles cover"):
        AxisGeometry.of((10, 9, 4, 3, 3, 2, 2))


@pytest.mark.parametrize(
    ("groups", "frame_len", "window", "encoded"),
    [
        (1, 11, range(11), range(11)),
        (1, 11, range(2, 5), range(11)),
        (1, 11, range(12), range(12)),  # it was extended a little
        (1, 7, range(10), range(10)),  # by a tile
        (1, 7, range(7), range(12)),  # and cut again
        (2, 12, range(23), range(23)),
        (2, 12, range(12), range(24)),
        (2, 12, range(1, 23), range(24)),  # so its end may have been cut as well
    ],
)
def test_what_was_encoded(groups: int, frame_len: int, window: range, encoded: range) -> None:
    found = AxisGeometry(frame_len, window.start, len(window), 0, 4, 3, groups)
    assert found.encoded == encoded


# --- extension


def line(grid_lo: int = 0, tiles: int = 3, groups: int = 1) -> AxisGeometry:
    """Tiles of 4 samples; the last one reaches past the window by one."""
    length = 4 * tiles * groups - 1
    return AxisGeometry(length, grid_lo, length, grid_lo, 4, tiles, groups)


@pytest.mark.parametrize(
    ("window", "grid", "tiles"),
    [
        (range(11), range(12), 3),
        (range(12), range(12), 3),
        (range(13), range(16), 4),
        (range(-1, 11), range(-4, 12), 4),
        (range(-4, 11), range(-4, 12), 4),
        (range(-5, 17), range(-8, 20), 7),
    ],
)
def test_tiles_are_added_on_both_sides(window: range, grid: range, tiles: int) -> None:
    """LGI-X-05: whole tiles of the same length, as few as cover the window; the frame stays."""
    found = line().extended(window)
    assert (found.window, found.grid, found.tiles) == (window, grid, tiles)
    assert (found.frame_len, found.tile_len, found.groups) == (11, 4, 1)
    assert {found.tile(i) for i in range(found.tiles)} >= {line().tile(i) for i in range(3)}


@pytest.mark.parametrize(("end", "groups"), [(23, 2), (24, 2), (25, 3), (37, 4)])
def test_groups_are_added_whole(end: int, groups: int) -> None:
    found = line(groups=2).extended(range(end))
    assert (found.tiles, found.groups, found.grid) == (3, groups, range(12 * groups))


def test_tiles_outside_the_window_stay() -> None:
    wide = AxisGeometry(100, 44, 8, 0, 4, 25)
    assert wide.extended(range(40, 60)) == AxisGeometry(100, 40, 20, 0, 4, 25)


@pytest.mark.parametrize(
    ("axis_", "window", "message"),
    [
        (line(), range(1, 20), "the window 1:20 does not hold 0:11"),
        (line(), range(10), "the window 0:10 does not hold 0:11"),
        (line(groups=2), range(-1, 23), "2 groups can be extended at its end alone"),
        (line(), range(2**31), "allowed are 1 to"),
    ],
)
def test_extensions_that_cannot_be(axis_: AxisGeometry, window: range, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        axis_.extended(window)
