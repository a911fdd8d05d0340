"""Pictures that are displaced: by indices and splines written out, whatever a file asks for."""

from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.nets.displaced import shifted
from lgcodec.nets.motion import Moving, displacements, motion_of
from nets import latent_reference as reference

SEEDS = st.integers(0, 2**16)
MOST = 2**15 - 1  # of a number in a file
Picture = NDArray[np.float64]


def numbers(seed: int, pictures: int, most: int = MOST) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-most, most + 1, (3, pictures - 1, 2), generator=generator)


def pictures_of(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mirrored(at: int, length: int) -> int:
    """Once at each end; what is farther is as far as that leads."""
    there = [*range(length - 1, 0, -1), *range(length), *range(length - 2, -1, -1)]
    return there[min(max(at, 1 - length), 2 * length - 2) + length - 1]


def moved(picture: Picture, down: int, right: int) -> Picture:
    """The picture [H, W] seen so many eighths of a sample further, sample by sample."""
    for away in (down, right):  # the second time along the columns
        whole, t = floor(away / 8), away / 8 - floor(away / 8)
        weights = (
            -t / 2 + t**2 - t**3 / 2,
            1 - 5 * t**2 / 2 + 3 * t**3 / 2,
            t / 2 + 2 * t**2 - 3 * t**3 / 2,
            t**3 / 2 - t**2 / 2,
        )
        rows = [
            sum(
                w * picture[mirrored(at + whole + step, len(picture))]
                for step, w in zip((-1, 0, 1, 2), weights, strict=True)
            )
            for at in range(len(picture))
        ]
        picture = np.array(rows).T
    return picture


# --- displacements


@given(SEEDS, st.integers(2, 40))
def test_numbers_of_a_file_and_displacements(seed: int, pictures: int) -> None:
    """Both ways, and as the specification says."""
    given_ = numbers(seed, pictures)
    found = displacements(given_.float())
    assert found.dtype == torch.int64
    assert torch.equal(motion_of(found), given_)
    for row, own in zip(found.tolist(), given_.tolist(), strict=True):
        assert [tuple(d) for d in row] == reference.displacements([n for m in own for n in m])


@given(SEEDS, st.integers(2, 40))
def test_displacements_that_begin_with_nothing(seed: int, pictures: int) -> None:
    wanted = torch.cat([torch.zeros(3, 1, 2).long(), numbers(seed, pictures, 8000)], 1)
    assert torch.equal(displacements(motion_of(wanted).float()), wanted)


def test_a_pan_has_one_number() -> None:
    """By 3 and -5 eighths from each picture to the next."""
    steady = torch.arange(6)[:, None] * torch.tensor([3, -5])
    assert motion_of(steady[None]).tolist() == [[[3, -5], *[[0, 0]] * 4]]


def test_numbers_are_rounded_and_limited() -> None:
    """Halves to even; infinities are the largest numbers."""
    asked = torch.tensor([[[0.5, 1.5], [-2.5, 1e9], [-torch.inf, torch.inf]]])
    assert motion_of(displacements(asked)).tolist() == [[[0, 2], [-2, MOST], [-MOST, MOST]]]


@pytest.mark.parametrize("sign", [-1, 1])
def test_huge_numbers_of_a_long_tile(sign: int) -> None:
    """The farthest that a file can ask for, exactly; a picture is then a corner."""
    count = 2**18
    found = displacements(torch.full((1, count - 1, 2), 1e30 * sign))
    assert found[0, -1].tolist() == [sign * MOST * (count * (count - 1) // 2)] * 2
    pictures = pictures_of(1, 2, 3, 5, 4)
    seen = shifted(pictures, torch.stack([found[0, -1], -found[0, -1]]))
    for picture, own, corner in zip(pictures, seen, (sign, -sign), strict=True):
        border = picture[:, 0, 0] if corner > 0 else picture[:, -1, -1]
        assert torch.equal(own, border[:, None, None].expand(-1, 5, 4))


# --- pictures


@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(-12, 12), min_size=4))
def test_whole_samples(seed: int, height: int, width: int, steps: list[int]) -> None:
    """Samples elsewhere, bit for bit; mirrored at borders."""
    away = torch.tensor(steps[: len(steps) // 2 * 2]).view(-1, 2)
    pictures = pictures_of(seed, len(away), 2, height, width)
    found = shifted(pictures, 8 * away).numpy()
    for picture, own, (down, right) in zip(pictures.numpy(), found, away.tolist(), strict=True):
        rows = [mirrored(at + down, height) for at in range(height)]
        columns = [mirrored(at + right, width) for at in range(width)]
        np.testing.assert_array_equal(own, picture[:, rows][:, :, columns])


@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(-99, 99), min_size=4))
def test_parts_of_samples(seed: int, height: int, width: int, steps: list[int]) -> None:
    """Catmull-Rom splines along both axes."""
    away = torch.tensor(steps[: len(steps) // 2 * 2]).view(-1, 2)
    pictures = pictures_of(seed, len(away), 2, height, width)
    found = shifted(pictures, away).numpy()
    for picture, own, (down, right) in zip(pictures.numpy(), found, away.tolist(), strict=True):
        expected = np.stack([moved(channel, down, right) for channel in picture])
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-12)


def test_ramps_are_exact_inside() -> None:
    """By how much, and which way: a picture is seen where it goes on."""
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    found = shifted((10 * y + x)[None, None], torch.tensor([[3, -10]]))[0, 0]
    torch.testing.assert_close(found[2:7, 4:10], (10 * y + x + 3.75 - 1.25)[2:7, 4:10])


@pytest.mark.parametrize("length", [2, 3, 6, 7])
def test_neighbours_of_a_line(length: int) -> None:
    """Each seen from where a picture is; those beyond the ends are the ones before them."""
    pictures = pictures_of(length, 1, 2, length, 6, 5)
    places = pictures_of(9, 1, length, 2).mul(9).round().long()
    moving = Moving(places)

    def seen(other: int, own: int) -> Picture:
        away = (places[0, other] - places[0, own]).tolist()
        return np.stack([moved(channel, *away) for channel in pictures[0, :, other].numpy()])

    def inside(other: int, own: int) -> NDArray[np.bool_]:
        """Where a picture has what is asked of it, half a sample around it included."""
        rows, columns = (
            abs(
                np.arange(n)
                + (places[0, other, axis] - places[0, own, axis]).item() / 8
                - (n - 1) / 2
            )
            <= n / 2
            for axis, n in enumerate(pictures.shape[3:])
        )
        return rows[:, None] & columns

    for first, found in (
        (0, moving.around_low(pictures[:, :, 1::2])),
        (1, moving.around_high(pictures[:, :, 0::2])),
    ):
        for at, own in enumerate(range(first, length, 2)):
            before = own - 1 if own else 1
            after = own + 1 if own + 1 < length else length - 2
            expected = seen(before, own) + seen(after, own)
            there = [inside(before, own), inside(after, own)]
            for other, alone in ((before, there[0] & ~there[1]), (after, there[1] & ~there[0])):
                expected = np.where(alone, 2 * seen(other, own), expected)
            np.testing.assert_allclose(found[0, :, at], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (9, 9), (11, 11), (16, 24), (64, 64)])
def test_what_is_beside_changes_no_bit(shape: tuple[int, int]) -> None:
    """LGI-N-05: of binary32, where sums depend on their order."""
    pictures = pictures_of(1, 5, 3, 4, *shape).float()
    places = pictures_of(2, 5, 8, 2).mul(20).round().long()
    places[1], places[2, :, 0], places[3, :, 1] = 0, 0, 0
    moving = Moving(places)
    whole = moving.around_low(pictures), moving.around_high(pictures)
    for row in range(5):
        alone, own = Moving(places[row : row + 1]), pictures[row : row + 1]
        assert torch.equal(alone.around_low(own)[0], whole[0][row])
        assert torch.equal(alone.around_high(own)[0], whole[1][row])


@pytest.mark.parametrize("away", [(3, 0), (0, -5), (16, 7)])
def test_infinite_samples_that_stand_still_stay_what_they_are(away: tuple[int, int]) -> None:
    """Beside pictures that move: 0 times what is infinite is no number."""
    pictures = pictures_of(1, 2, 1, 6, 7).float()
    pictures[0, 0, 2, 3] = torch.inf
    found = shifted(pictures, torch.tensor([[0, 0], away]))
    assert torch.equal(found[0], pictures[0])
    assert not torch.equal(found[1], pictures[1])
