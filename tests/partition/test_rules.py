import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.errors import UsageError
from lgcodec.partition import RULES, Tiling

counts, size = RULES["counts"], RULES["size"]


@pytest.mark.parametrize(
    ("grid", "wanted", "expected"),
    [
        ((512, 512), (16, 16), ((32, 16), (32, 16))),
        ((280, 512, 512), (5, 8, 8), ((56, 5), (64, 8), (64, 8))),
        ((308_207,), (32,), ((9632, 32),)),  # 15 samples more than 32 tiles of 9 631
        ((341, 512), (11, 16), ((31, 11), (32, 16))),
        ((10,), (4,), ((3, 4),)),
        ((10,), (6,), ((2, 5),)),  # six tiles of ceil(10 / 6) would leave one empty
        ((7,), (7,), ((1, 7),)),
        ((1,), (1,), ((1, 1),)),
    ],
)
def test_counts(
    grid: tuple[int, ...], wanted: tuple[int, ...], expected: tuple[tuple[int, int], ...]
) -> None:
    assert counts(grid, wanted) == tuple(Tiling(*pair) for pair in expected)


@pytest.mark.parametrize(
    ("grid", "wanted", "expected"),
    [
        ((512, 512), (32, 32), ((32, 16), (32, 16))),
        ((100, 120), (32, 32), ((32, 4), (32, 4))),
        ((5, 1000), (32, 32), ((5, 1), (32, 32))),  # an axis shorter than a tile is one tile
    ],
)
def test_size(
    grid: tuple[int, ...], wanted: tuple[int, ...], expected: tuple[tuple[int, int], ...]
) -> None:
    assert size(grid, wanted) == tuple(Tiling(*pair) for pair in expected)


@given(st.integers(1, 5000), st.data())
def test_counts_gives_what_was_asked_for_or_less(length: int, data: st.DataObject) -> None:
    """And exactly that wherever tiles of ceil(N / C) samples allow it."""
    wanted = data.draw(st.integers(1, length))
    (tiling,) = counts((length,), (wanted,))
    tile_len = -(-length // wanted)
    assert tiling.tile_len == tile_len
    assert tiling.tiles <= wanted
    assert (tiling.tiles == wanted) == ((wanted - 1) * tile_len < length)


@pytest.mark.parametrize("wanted", [(0,), (-1,), (8,)])
def test_impossible_counts(wanted: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="partitions on an axis of 7 samples, allowed are 1 to 7"):
        counts((7,), wanted)


@pytest.mark.parametrize("wanted", [(0,), (-5,)])
def test_impossible_sizes(wanted: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="every axis needs at least 1 sample"):
        size((7,), wanted)


@pytest.mark.parametrize("rule", ["counts", "size"])
def test_as_many_numbers_as_axes(rule: str) -> None:
    for wanted in ((), (2,), (2, 2, 2)):
        with pytest.raises(UsageError, match="2 axes need a number each"):
            RULES[rule]((10, 10), wanted)
