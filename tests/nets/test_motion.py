"""Blocks of pictures that are displaced: by matrices written out, whatever a file asks for."""

from math import floor, prod

import numpy as np
import pytest
import torch
from coding.builders import moving
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.motion import Moving, displacements, motion_of
from nets import latent_reference as reference

SEEDS = st.integers(0, 2**16)
LENGTHS = st.integers(1, 13)
SIZES = st.tuples(LENGTHS, LENGTHS)
EDGES = st.sampled_from((4, 6, 8, 1024))
MOST = 2**14 - 1  # quarters of a sample that a file can ask for
Matrix = NDArray[np.float64]


def numbers(pyramid: Pyramid, seed: int) -> torch.Tensor:
    """Of three tiles, as a file has them."""
    generator = torch.Generator().manual_seed(seed)
    shape = 3, *pyramid.tensors()[1].shape
    found = torch.randint(-MOST, MOST + 1, shape, generator=generator)
    found[..., 2] %= 3
    return found


def drawn(seed: int, length: int, size: tuple[int, int], edge: int, most: int) -> torch.Tensor:
    """Blocks [2, length, I, J, 3] of the pictures of a line."""
    generator = torch.Generator().manual_seed(seed)
    shape = 2, length, *(-(-n // edge) for n in size)
    away = torch.randint(-most, most + 1, (*shape, 2), generator=generator)
    return torch.cat([away, torch.randint(0, 3, (*shape, 1), generator=generator)], -1)


def alike(away: torch.Tensor, size: tuple[int, int], edge: int) -> torch.Tensor:
    """Blocks that all say the same, of each picture [P, m, 3]."""
    blocks = [-(-n // edge) for n in size]
    return away[:, :, None, None].expand(-1, -1, *blocks, -1)


def pictures_of(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mirrored(at: int, length: int) -> int:
    """Once at each end; what is farther is as far as that leads."""
    there = [*range(length - 1, 0, -1), *range(length), *range(length - 2, -1, -1)]
    return there[min(max(at, 1 - length), 2 * length - 2) + length - 1]


def further(length: int, away: int) -> Matrix:
    """What makes samples of those so many quarters of a sample further along an axis."""
    whole, t = floor(away / 4), away / 4 - floor(away / 4)
    weights = (
        -t / 2 + t**2 - t**3 / 2,
        1 - 5 * t**2 / 2 + 3 * t**3 / 2,
        t / 2 + 2 * t**2 - 3 * t**3 / 2,
        t**3 / 2 - t**2 / 2,
    )
    found = np.zeros((length, length))
    for at in range(length):
        for step, weight in zip((-1, 0, 1, 2), weights, strict=True):
            found[at, mirrored(at + whole + step, length)] += weight
    return found


def within(length: int, away: int) -> NDArray[np.bool_]:
    """Which samples of an axis lie in it, half a sample around included, that much further."""
    places = 4 * np.arange(length) + away  # quarters
    return (places >= -2) & (places <= 4 * length - 2)


def shares(length: int, edge: int) -> Matrix:
    """What each block has of each sample along an axis, [N, length]."""
    middles = np.arange(-(-length // edge)) * edge + (edge - 1) / 2
    unit = np.eye(len(middles))
    return np.array([np.interp(np.arange(length), middles, own) for own in unit])


def sight(moved: torch.Tensor, size: tuple[int, int], edge: int, *, once: bool) -> Matrix:
    """What makes odd pictures [K H W] of even ones [m H W]; blocks [length, I, J, 3] of a line."""
    length, samples = len(moved), size[0] * size[1]
    found = np.zeros((length // 2, samples, (length + 1) // 2, samples))
    rows, columns = (shares(n, edge) for n in size)
    for t in range(1, length, 2):
        for i, row in enumerate(rows):
            for k, column in enumerate(columns):
                down, right, which = moved[t, i, k].tolist()
                which = 1 if t + 1 == length else which
                sees = {
                    side: np.kron(within(size[0], sign * down), within(size[1], sign * right))
                    for side, sign in ((1, 1), (2, -1))
                }
                for side, other, sign in ((1, t - 1, 1), (2, t + 1, -1)):
                    if which in (0, side):
                        seen = np.kron(
                            row[:, None] * further(size[0], sign * down),
                            column[:, None] * further(size[1], sign * right),
                        )
                        often = np.full(samples, 1 if once or not which else 2)
                        if which == 0:
                            often[sees[side] & ~sees[3 - side]] = 1 if once else 2
                            often[sees[3 - side] & ~sees[side]] = 0
                        found[t // 2, :, other // 2] += often[:, None] * seen
    return found.reshape(length // 2 * samples, -1)


def looked(pictures: torch.Tensor, moved: torch.Tensor, edge: int) -> tuple[Matrix, Matrix]:
    """What should be around odd pictures and around even ones, of a line [P, C, length, H, W]."""
    odd, even = [], []
    size = pictures.shape[3], pictures.shape[4]
    for own, blocks in zip(pictures.numpy(), moved, strict=True):
        channels, low, high = own.shape[0], own[:, 0::2], own[:, 1::2]
        seen = low.reshape(channels, -1) @ sight(blocks, size, edge, once=False).T
        u = sight(blocks, size, edge, once=True)
        back = high.reshape(channels, -1) @ u
        odd.append(seen.reshape(high.shape))
        even.append((back * 2 / np.maximum(u.sum(0), 1)).reshape(low.shape))
    return np.array(odd), np.array(even)


# --- displacements


@given(moving(), SEEDS)
def test_numbers_of_a_file_and_displacements(pyramid: Pyramid, seed: int) -> None:
    """Both ways, and as the specification says."""
    given_ = numbers(pyramid, seed)
    found = displacements(given_.float(), pyramid)
    assert found.dtype == torch.int64
    assert torch.equal(motion_of(found, pyramid), given_)
    for tile, own in zip(found, given_, strict=True):
        expected = reference.displacements(
            own.flatten().tolist(), pyramid.tile, pyramid.levels, pyramid.motion
        )
        assert list(expected) == list(pyramid.predicted)
        for t, picture in enumerate(tile.tolist()):
            for i, row in enumerate(picture):
                for k, (*v, which) in enumerate(row):
                    block = expected[t][i, k] if t in expected else reference.Block((0, 0), 0)
                    assert (tuple(v), which) == block


@given(moving(), SEEDS)
def test_displacements_of_pictures_that_are_predicted(pyramid: Pyramid, seed: int) -> None:
    wanted = torch.zeros(3, pyramid.tile[0], *pyramid.blocks, 3, dtype=torch.int64)
    wanted[:, list(pyramid.predicted)] = numbers(pyramid, seed)
    assert torch.equal(displacements(motion_of(wanted, pyramid).float(), pyramid), wanted)


FILM = Pyramid((5, 8, 12), (3, 2, 2), 1, 1, 4)  # 2 x 3 blocks


@given(moving(), st.data())
def test_whatever_numbers_are_asked_for(pyramid: Pyramid, data: st.DataObject) -> None:
    """LGI-N-13: those of any coder, also beyond what `context` writes, as the page says."""
    shape = pyramid.tensors()[1].shape
    far = st.sampled_from([MOST, MOST + 1, 2**15, 2**31, 1e30, torch.inf])
    drawn_ = st.one_of(st.integers(-5, 5), far, far.map(lambda n: -n)).map(float)
    asked = data.draw(st.lists(drawn_, min_size=prod(shape), max_size=prod(shape)))
    found = displacements(torch.tensor(asked).reshape(1, *shape), pyramid)
    expected = reference.displacements(asked, pyramid.tile, pyramid.levels, pyramid.motion)
    for t, blocks in expected.items():
        for (i, k), block in blocks.items():
            assert found[0, t, i, k].tolist() == [*block.v, block.which]


def test_numbers_are_rounded_and_limited() -> None:
    """Halves to even; infinities are the farthest displacements."""
    asked = torch.zeros(1, 4, 2, 3, 3)
    asked[0, 0, 0] = torch.tensor([[0.5, 1.5, 0.5], [-2.5, 1e9, 1.5], [-torch.inf, torch.inf, 3]])
    asked[0, 1, 0] = torch.tensor([[0, 0, -0.6], [0, 0, torch.inf], [0, 0, -torch.inf]])
    asked[0, 1, 1, :, 0] = torch.tensor([MOST - 0.5, MOST + 1, -MOST - 1])
    found = displacements(asked, FILM)[:, list(FILM.predicted)]
    assert found[0, 0, 0].tolist() == [[0, 2, 0], [-2, MOST, 2], [-MOST, MOST, 2]]
    assert found[0, 1, 0].tolist() == [[0, 0, 0], [0, 0, 2], [0, 0, 0]]
    assert found[0, 1, 1].tolist() == [[MOST - 1, 0, 0], [MOST, 0, 0], [-MOST, 0, 0]]
    assert not found[0, 0, 1].any()
    assert not found[0, 2:].any()


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_farthest_displacements(sign: int) -> None:
    """A picture is then a corner."""
    asked = torch.full((1, *FILM.tensors()[1].shape), 1e30 * sign)
    farthest = displacements(asked, FILM)[0, 1, 0, 0]
    assert farthest.tolist() == [sign * MOST, sign * MOST, 2 if sign > 0 else 0]
    pictures = pictures_of(1, 1, 3, 2, 5, 4)
    for which in range(3):
        blocks = torch.cat([farthest[:2], torch.tensor([which])])
        moved = Moving(alike(blocks.expand(1, 3, 3), (5, 4), 4), 4)
        corners = pictures[..., 0, 0], pictures[..., -1, -1]
        before, after = (c[:, :, n] for n, c in enumerate(corners[::sign]))
        expected = (before + after, 2 * before, 2 * after)[which]
        own = moved.around_high(pictures)[:, :, 0]
        torch.testing.assert_close(own, expected[..., None, None].expand(-1, -1, 5, 4))


# --- pictures


@given(SEEDS, SIZES, EDGES, st.integers(-16, 16), st.integers(-16, 16))
def test_whole_samples(seed: int, size: tuple[int, int], edge: int, down: int, right: int) -> None:
    """Samples elsewhere, bit for bit; mirrored at borders."""
    height, width = size
    pictures = pictures_of(seed, 1, 2, 2, height, width)
    for which, sign in ((1, 1), (2, -1)):
        blocks = torch.tensor([4 * down, 4 * right, which]).expand(1, 3, 3)
        moved = Moving(alike(blocks, (height, width), edge), edge)
        rows = [mirrored(at + sign * down, height) for at in range(height)]
        columns = [mirrored(at + sign * right, width) for at in range(width)]
        expected = 2 * pictures[:, :, which - 1][:, :, rows][:, :, :, columns]
        found = moved.seen(pictures, once=False)[:, :, 0]
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
        np.testing.assert_array_equal(
            moved.seen(pictures, once=True)[:, :, 0].numpy(), expected.numpy() / 2
        )


@given(SEEDS, SIZES, EDGES, st.integers(-99, 99), st.integers(-99, 99))
def test_parts_of_samples(
    seed: int, size: tuple[int, int], edge: int, down: int, right: int
) -> None:
    """Catmull-Rom splines along both axes."""
    height, width = size
    pictures = pictures_of(seed, 1, 2, 2, height, width)
    for which, sign in ((1, 1), (2, -1)):
        blocks = torch.tensor([down, right, which]).expand(1, 3, 3)
        moved = Moving(alike(blocks, (height, width), edge), edge)
        expected = (
            further(height, sign * down)
            @ pictures[0, :, which - 1].numpy()
            @ further(width, sign * right).T
        )
        found = moved.seen(pictures, once=True)[0, :, 0]
        np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-12)


def test_ramps_are_exact_inside() -> None:
    """By how much, and which way: further in the picture before, as far back in the one after."""
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    ramp = 10 * y + x
    for which, away in ((0, 0.0), (1, 7.5 - 1.25), (2, -7.5 + 1.25)):
        blocks = torch.tensor([3, -5, which]).expand(1, 3, 3)
        moved = Moving(alike(blocks, (9, 12), 4), 4)
        found = moved.around_high(torch.stack([ramp, ramp])[None, None])[0, 0, 0]
        torch.testing.assert_close(found[2:7, 4:8], (2 * (ramp + away))[2:7, 4:8])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("away", "alone"), [(0, 0), (2, 0), (3, 1), (6, 1), (7, 2), (14, 3), (22, 1), (26, 0)]
)
def test_one_that_sees_alone_counts_twice(away: int, alone: int, sign: int, axis: int) -> None:
    """So many of six samples at either end; what is half a sample outside still sees."""
    size = (6, 5) if axis == 0 else (5, 6)
    block = torch.zeros(1, 3, 3, dtype=torch.int64)
    block[..., axis] = sign * away
    moved = Moving(alike(block, size, 4), 4)
    pictures = torch.ones(1, 1, 2, *size)
    pictures[:, :, 1] = 10  # the one after, which the end sees where the one before is beyond it
    line = torch.full((6,), 11.0)
    line[:alone], line[6 - alone :] = (2, 20)[::sign]
    expected = (line[:, None] if axis == 0 else line).expand(size)
    torch.testing.assert_close(moved.around_high(pictures)[0, 0, 0], expected)
    u = moved.given_back(torch.ones(1, 1, 1, *size), once=True)
    torch.testing.assert_close(u.sum(), torch.tensor(2.0 * 5 * (6 - alone)))


def test_a_block_alone_is_seen_most_in_its_middle() -> None:
    """By bilinear weights: half at its edges, nothing beyond the middles of those around it."""
    moved = torch.zeros(1, 2, 3, 3, 3, dtype=torch.int64)
    moved[0, 1, 1, 1] = torch.tensor([400, 400, 0])
    picture = torch.zeros(1, 1, 1, 12, 12)
    picture[..., 0, 0] = 1  # what is seen by the block
    found = Moving(moved, 4).around_high(picture)[0, 0, 0] / 2
    found[0, 0] = 0
    line = torch.tensor([0, 0, 1, 3, 5, 7, 7, 5, 3, 1, 0, 0]) / 8
    torch.testing.assert_close(found, line[:, None] * line, rtol=0, atol=0)


@given(SEEDS, st.integers(2, 5), st.integers(1, 9), st.integers(1, 9), st.sampled_from((4, 6)))
def test_blocks_share_samples(seed: int, length: int, height: int, width: int, edge: int) -> None:
    """Both ways, of every kind, near borders and far beyond, and where only kinds differ."""
    size, most = (height, width), (0, 9, 99)[seed % 3]
    pictures, moved = pictures_of(seed, 2, 2, length, *size), drawn(seed, length, size, edge, most)
    line, (odd, even) = Moving(moved, edge), looked(pictures, moved, edge)
    found = line.around_high(pictures[:, :, 0::2]), line.around_low(pictures[:, :, 1::2])
    np.testing.assert_allclose(found[0].numpy(), odd, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found[1].numpy(), even, rtol=0, atol=1e-11)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("length", [2, 3, 6, 7])
def test_neighbours_of_a_line(length: int, which: int) -> None:
    """The last odd picture may have none after it; even ones are given what sees them."""
    size, edge = (6, 5), 4
    pictures, moved = pictures_of(length, 2, 2, length, *size), drawn(9, length, size, edge, 9)
    moved[..., 2] = which
    line, (odd, even) = Moving(moved, edge), looked(pictures, moved, edge)
    found = line.around_high(pictures[:, :, 0::2]), line.around_low(pictures[:, :, 1::2])
    assert found[0].shape == odd.shape
    np.testing.assert_allclose(found[0].numpy(), odd, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[1].numpy(), even, rtol=0, atol=1e-12)
    if which == 2 and length % 2:  # nobody sees the first one
        assert not found[1][:, :, 0].any()
    if length % 2 == 0:
        other = moved.clone()
        other[:, -1, :, :, 2] = 1
        assert torch.equal(Moving(other, edge).around_high(pictures[:, :, 0::2]), found[0])


# --- back


@pytest.mark.parametrize("once", [True, False])
@given(SEEDS, st.integers(2, 7), SIZES, st.tuples(EDGES, st.sampled_from((3, 40, 2**40))))
def test_what_goes_back_is_the_transpose(
    once: bool, seed: int, length: int, size: tuple[int, int], blocks: tuple[int, int]
) -> None:
    edge, most = blocks
    moved = Moving(drawn(seed, length, size, edge, most), edge)
    low = pictures_of(seed + 1, 2, 3, (length + 1) // 2, *size)
    high = pictures_of(seed + 2, 2, 3, length // 2, *size)
    seen, back = moved.seen(low, once=once), moved.given_back(high, once=once)
    torch.testing.assert_close(
        (seen * high).sum((2, 3, 4)), (back * low).sum((2, 3, 4)), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("length", [2, 5])
def test_slopes(length: int) -> None:
    """Those of both sums, of a tile that moves and one that does not."""
    size, edge = (5, 6), 4
    places = drawn(length, length, size, edge, 9)
    places[1] = 0
    moved = Moving(places, edge)
    low = pictures_of(1, 2, 2, (length + 1) // 2, *size).requires_grad_()
    high = pictures_of(2, 2, 2, length // 2, *size).requires_grad_()
    assert torch.autograd.gradcheck(moved.around_high, low)
    assert torch.autograd.gradcheck(moved.around_low, high)


# --- what stands still


@given(SEEDS, st.integers(2, 7), LENGTHS, LENGTHS, EDGES)
def test_standing_still_is_plain_sums(
    seed: int, length: int, height: int, width: int, edge: int
) -> None:
    """To the bit, also beside a tile that moves; what has blocks that move elsewhere nearly."""
    pictures = pictures_of(seed, 2, 2, length, height, width).float()
    low, high = pictures[:, :, 0::2], pictures[:, :, 1::2]
    after = [*range(1, low.shape[2]), low.shape[2] - 1]
    around_high = (low + low[:, :, after])[:, :, : high.shape[2]]
    before = [max(at - 1, 0) for at in range(low.shape[2])]
    here = [min(at, high.shape[2] - 1) for at in range(low.shape[2])]
    around_low = high[:, :, before] + high[:, :, here]
    moved = drawn(seed, length, (height, width), edge, 20)
    for places in (torch.cat([moved[:1], 0 * moved[1:]]), 0 * moved):
        line = Moving(places, edge)
        assert torch.equal(line.around_high(low)[1], around_high[1])
        assert torch.equal(line.around_low(high)[1], around_low[1])
    line = Moving(0 * moved, edge)
    torch.testing.assert_close(line.seen(low, once=False), around_high, rtol=0, atol=1e-5)
    ones = torch.ones_like(high)
    share = 2 / line.given_back(ones, once=True)
    back = line.given_back(high, once=True) * share
    torch.testing.assert_close(back, around_low, rtol=0, atol=1e-5)


def test_infinite_samples_that_stand_still_stay_what_they_are() -> None:
    """Beside a tile that moves: 0 times what is infinite is no number."""
    pictures = pictures_of(1, 2, 1, 2, 6, 7).float()
    pictures[0, 0, 1, 2, 3] = torch.inf
    places = drawn(1, 3, (6, 7), 4, 9)
    places[0] = 0
    line = Moving(places, 4)
    assert torch.equal(line.around_high(pictures)[0, :, 0], pictures[0, :, 0] + pictures[0, :, 1])
    pictures = pictures[:, :, 1:]
    assert torch.equal(line.around_low(pictures)[0], 2 * pictures[0].expand(-1, 2, -1, -1))
    assert not torch.equal(line.around_low(pictures)[1], 2 * pictures[1].expand(-1, 2, -1, -1))


# --- alone and beside others


@pytest.mark.parametrize("shape", [(5, 3), (9, 9), (11, 11), (16, 24), (64, 64)])
def test_what_is_beside_changes_no_bit(shape: tuple[int, int]) -> None:
    """LGI-N-05: of binary32, where sums depend on their order."""
    edge = 8
    pictures = pictures_of(1, 6, 3, 4, *shape).float()
    places = torch.cat([drawn(seed, 8, shape, edge, 40) for seed in range(3)])
    places[1], places[2, ..., 0], places[3, ..., :2] = 0, 0, 0
    places[4] = places[4, :, :1, :1]  # all blocks alike
    moved = Moving(places, edge)
    whole = moved.around_low(pictures), moved.around_high(pictures)
    for row in range(len(places)):
        alone, own = Moving(places[row : row + 1], edge), pictures[row : row + 1]
        assert torch.equal(alone.around_low(own)[0], whole[0][row])
        assert torch.equal(alone.around_high(own)[0], whole[1][row])
        for channel in range(3):
            one = own[:, channel : channel + 1]
            assert torch.equal(alone.around_low(one)[0, 0], whole[0][row, channel])
            assert torch.equal(alone.around_high(one)[0, 0], whole[1][row, channel])
