"""The drawing of partition grids."""

from itertools import product

import pytest

from lgcodec_cli._grid import COLUMNS, ROWS, draw


def drawn(names, tiles, present) -> list[str]:
    return list(draw(names, tiles, present))


def every(*lengths):
    return product(*map(range, lengths))


def test_a_picture_is_one_panel() -> None:
    assert drawn("yx", (2, 3), [(0, 0), (0, 1), (1, 2)]) == ["##.", "..#", "# present  . absent"]


def test_a_video_has_a_panel_per_time_tile() -> None:
    assert drawn("tyx", (2, 2, 3), every(1, 2, 2)) == [
        "t 0  t 1",
        "##.  ...",
        "##.  ...",
        "# present  . absent",
    ]


def test_a_sound_is_a_row() -> None:
    assert drawn("t", (5,), [(1,), (2,)]) == [".##..", "# present  . absent"]


def test_blocks_of_a_large_picture() -> None:
    *grid, legend = drawn("yx", (48, 128), [(i, j) for i, j in every(3, 3)])
    assert grid[:2] == ["#+" + "." * 62, "++" + "." * 62]
    assert "a character stands for 2 x 2 partitions" in legend


def test_blocks_that_do_not_divide() -> None:
    *grid, legend = drawn("yx", (1, 65), every(1, 65))
    assert grid == ["#" * 33]
    assert "1 x 2" in legend


@pytest.mark.parametrize(
    "tiles",
    [(1,), (2**31 - 1,), (1000, 1), (24, 64), (25, 65), (5, 8, 8), (3, 24, 64), (280, 9, 9)],
)
def test_it_fits(tiles) -> None:
    names = "tyx"[3 - len(tiles) :] if len(tiles) > 1 else "t"
    *grid, legend = drawn(names, tiles, [(0,) * len(tiles)])
    assert len(grid) <= ROWS + 1
    assert max(map(len, grid)) <= COLUMNS
    assert legend.isascii()
    assert grid[0 if len(tiles) < 3 else 1][0] in "#+"
