from dataclasses import replace
from math import prod

import pytest
from hypothesis import given

from coding import pyramid_reference
from coding.builders import AHEAD, moving, pyramids
from lgcodec.coding.pyramid import Pyramid, as_lengths
from lgcodec.errors import UsageError
from lgcodec.format.conf import TensorSpec


@given(pyramids())
def test_bands_are_those_of_the_specification(pyramid: Pyramid) -> None:
    expected = pyramid_reference.bands(pyramid.tile, pyramid.levels, pyramid.ahead)
    assert [(b.level, b.orientation, b.shape, b.part) for b in pyramid.bands] == expected


@pytest.mark.parametrize("pyramid", AHEAD)
def test_bands_of_parts_are_those_of_the_specification(pyramid: Pyramid) -> None:
    expected = pyramid_reference.bands(pyramid.tile, pyramid.levels, ahead=1)
    assert [(b.level, b.orientation, b.shape, b.part) for b in pyramid.bands] == expected
    assert [b.depths[0] for b in pyramid.bands] == [
        pyramid_reference.depth(pyramid.levels, band.part) for band in expected
    ]
    parts = pyramid_reference.parts(pyramid.tile, pyramid.levels, ahead=1)
    assert [(part.tile, part.levels) for part in pyramid.parts] == parts
    assert pyramid.coarse == pyramid_reference.coarse(pyramid.tile, pyramid.levels)


def test_a_tile_split_ahead() -> None:
    """The parts, worked out by hand."""
    bands = Pyramid((5, 4, 2), (2, 1, 1), 1, 1).bands
    assert [(b.part, b.level, b.orientation, b.shape) for b in bands] == [
        *((0, 0, o, (2, 2, 1)) for o in (1, 2, 3)),
        (1, 1, 4, (1, 2, 1)),
        *((1, 0, o, (1, 2, 1)) for o in (5, 6, 7)),
        (2, 1, 4, (2, 2, 1)),
        *((2, 0, o, (2, 2, 1)) for o in (5, 6, 7)),
    ]


@given(pyramids())
def test_bands_and_the_coarse_part_are_as_many_as_samples(pyramid: Pyramid) -> None:
    numbers = sum(pyramid.sizes) + pyramid.channels * prod(pyramid.coarse)
    assert numbers == pyramid.channels * prod(pyramid.tile)
    assert min(pyramid.sizes) > 0
    assert [t.size for t in pyramid.tensors()] == [sum(pyramid.sizes)]


@given(moving())
def test_pictures_of_parts(pyramid: Pyramid) -> None:
    """Those that every second picture of what is low, split after split, leaves to be high."""
    left, expected = list(range(pyramid.tile[0])), list[list[int]]()
    for _ in range(pyramid.levels[0]):
        expected.insert(0, left[1::2])
        left = left[0::2]
    pictures = range(pyramid.tile[0])
    found = [list(pictures[pyramid.pictures(part)]) for part in range(len(pyramid.parts))]
    assert found == [left, *expected]
    assert [len(own) for own in found] == [part.tile[0] for part in pyramid.parts]


@given(moving())
def test_tensors_of_what_moves(pyramid: Pyramid) -> None:
    """Three numbers for every block of all pictures but those of the low part."""
    low, *_ = pyramid.parts
    pictures = pyramid.tile[0] - low.tile[0]
    blocks = [len(range(0, n, pyramid.motion)) for n in pyramid.tile[1:]]
    assert pyramid.tensors() == (
        TensorSpec("latents", (sum(pyramid.sizes),)),
        TensorSpec("motion", (pictures, *blocks, 3)),
    )
    still = replace(pyramid, motion=0)
    assert still.tensors() == pyramid.tensors()[:1]
    assert (still.bands, still.parts) == (pyramid.bands, pyramid.parts)


@given(moving())
def test_predicted_pictures(pyramid: Pyramid) -> None:
    """All but those of the low part, each once: coarse to fine, then by time."""
    parts = range(1, len(pyramid.parts))
    of_parts = [list(range(pyramid.tile[0])[pyramid.pictures(part)]) for part in parts]
    assert pyramid.predicted == tuple(at for own in of_parts for at in own)
    low = range(pyramid.tile[0])[pyramid.pictures(0)]
    assert sorted([*pyramid.predicted, *low]) == list(range(pyramid.tile[0]))


def test_a_tile_that_moves() -> None:
    """Its pictures and blocks, worked out by hand."""
    pyramid = Pyramid((7, 9, 4), (2, 1, 1), 1, 1, 4)
    assert (pyramid.predicted, pyramid.blocks) == ((2, 6, 1, 3, 5), (3, 1))


@pytest.mark.parametrize(
    ("tile", "ahead", "motion", "message"),
    [
        *(
            ((4, 4, 4), 1, edge, f"motion is {edge}, allowed are 0 and, where .* 4 to 1024")
            for edge in (1, 2, 3, 5, -1, -4, 1026)
        ),
        ((4, 4, 4), 0, 4, "motion is 4, allowed are 0 and, where an axis is split ahead"),
        ((4, 4), 0, 4, "motion is 4, allowed are 0 and, where an axis is split ahead"),
        ((2, 516, 512), 1, 4, "16512 blocks of a tile move, allowed are up to 16384"),
    ],
)
def test_what_does_not_move(tile: tuple[int, ...], ahead: int, motion: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Pyramid(tile, (1,) * len(tile), 1, ahead, motion)


@pytest.mark.parametrize(
    ("tile", "levels", "channels", "message"),
    [
        ((), (), 1, "expected one each"),
        ((2,) * 4, (1,) * 4, 1, "expected one each"),
        ((8, 8), (1,), 1, "expected one each"),
        ((8,), (1,), 0, "channels is 0"),
        ((8,), (1,), 65, "channels is 65"),
        ((2**12, 2**12), (1, 1), 2, "allowed are 1 to 4194304 values"),
        ((2**62, 2**62), (1, 1), 1, "allowed are 1 to 4194304 values"),
        ((0,), (1,), 1, "allowed are 1 to 4194304 values"),
        ((-2, -2), (1, 1), 1, "1 levels on an axis of -2 samples"),
        ((-2, -2), (0, 0), 1, "0 levels on an axis of -2 samples"),
        ((4,), (3,), 1, "3 levels on an axis of 4 samples"),
        ((1, 4), (1, 2), 1, "1 levels on an axis of 1 samples"),
        ((8,), (-1,), 1, "-1 levels"),
        ((2**20,), (17,), 1, "17 levels"),
        ((8,), (2**40,), 1, "1099511627776 levels"),
        ((3, 5), (0, 0), 1, "not split along any axis"),
    ],
)
def test_what_cannot_be(
    tile: tuple[int, ...], levels: tuple[int, ...], channels: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Pyramid(tile, levels, channels)


@pytest.mark.parametrize(
    ("tile", "levels", "ahead"),
    [
        ((8,), (1,), 1),
        ((8, 8), (1, 1), 1),
        ((4, 4, 4), (0, 1, 1), 1),
        ((4, 4, 4), (1, 0, 0), 1),
        ((4, 4, 4), (1, 1, 1), 2),
        ((4, 4, 4), (1, 1, 1), -1),
    ],
)
def test_what_is_not_split_ahead(
    tile: tuple[int, ...], levels: tuple[int, ...], ahead: int
) -> None:
    with pytest.raises(UsageError):
        Pyramid(tile, levels, 1, ahead)


@pytest.mark.parametrize("item", [3, "12", [1.0], [True], None, [[1]], {1: 2}])
def test_what_is_not_a_sequence_of_lengths(item: object) -> None:
    with pytest.raises(TypeError, match="not a sequence of whole numbers"):
        as_lengths(item)
