"""The filter after synthesis: its tables, what it may see, and that nothing depends on company."""

from importlib.resources import files
from itertools import product
from math import log10

import numpy as np
import pytest
import torch
from PIL import Image

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.lifting import analyse, synthesise
from lgcodec.nets.post_filter import CHANNELS, corrected, has_filter
from nets import latent_reference as reference

SAMPLES = reference.PAGES.parents[1] / "samples"


def drawn(channels: int, count: int = 3, edge: int = 9) -> torch.Tensor:
    return torch.randn(count, channels, edge, edge, generator=torch.Generator().manual_seed(1))


def photograph() -> torch.Tensor:
    """Tiles [P, 3, 64, 64] of brightness and differences of colours, 8-bit steps."""
    with Image.open(SAMPLES / "cat.png") as picture:
        red, green, blue = torch.from_numpy(np.array(picture, np.float32)).movedim(-1, 0)
    light = (red + green + blue) / 3**0.5
    coded = torch.stack([light, (red - blue) / 2**0.5, (red - 2 * green + blue) / 6**0.5])
    return coded.unfold(1, 64, 64).unfold(2, 64, 64).flatten(1, 2).transpose(0, 1).contiguous()


@pytest.mark.parametrize("ahead", ["", "-ahead"])
@pytest.mark.parametrize("channels", CHANNELS)
def test_the_specification_has_the_same_numbers(channels: int, ahead: str) -> None:
    """LGI-N-15."""
    name = f"latent-filter-{channels}c{ahead}.csv"
    shipped = files("lgcodec.nets") / "tables" / name
    assert (reference.PAGES / name).read_bytes() == shipped.read_bytes()


def test_pictures_of_one_and_three_channels_have_one() -> None:
    cases = [(a, c) for a in (1, 2, 3) for c in range(1, 6)]
    assert [(a, c) for a, c in cases if has_filter(c, a, 0)] == [(2, 1), (2, 3)]


def test_so_have_tiles_that_are_split_ahead() -> None:
    assert [c for c in range(1, 6) if has_filter(c, 3, 1)] == [1, 3]


@pytest.mark.parametrize("channels", CHANNELS)
def test_places_along_axis_0_are_filtered_for_themselves(channels: int) -> None:
    """Against the specification too: of tiles split ahead, and of pictures."""
    generator = torch.Generator().manual_seed(2)
    coded = torch.randn(2, channels, 3, 4, 5, generator=generator)
    exponents, shares = range(-40, -40 + 9 * channels, 9), [3.0, -7.0, 20.0][:channels]
    steps = [0.0, 0.0, *map(float, exponents), *shares]
    widths = torch.tensor([reference.step(steps, 1, 0, c) for c in range(channels)])
    changes = corrected(coded, widths)
    assert changes.shape == coded.shape
    for place in range(3):
        alone = corrected(coded[:, :, place : place + 1].contiguous(), widths)
        torch.testing.assert_close(alone[:, :, 0], changes[:, :, place], rtol=0, atol=1e-5)
    factors = torch.tensor(shares).view(-1, 1, 1, 1) / 16
    assert_filtered(coded[0], coded[0] + factors * changes[0], steps, ahead=1)
    picture = coded[:1, :, 0].contiguous()
    found = picture + factors[..., 0] * corrected(picture, widths)
    assert_filtered(picture[0], found[0], steps, ahead=0)


@pytest.mark.parametrize("shape", [(1, 6), (5, 1), (1, 1), (2, 2)])
def test_an_axis_of_one_sample_is_not_halved(shape: tuple[int, int]) -> None:
    picture = torch.randn(1, 1, *shape, generator=torch.Generator().manual_seed(3))
    found = picture + corrected(picture, torch.ones(1))
    assert_filtered(picture[0], found[0], [0.0, 0.0, 0.0, 16.0], ahead=0)


def assert_filtered(
    coded: torch.Tensor, found: torch.Tensor, steps: list[float], ahead: int
) -> None:
    tile = tuple(coded.shape[1:])
    grids = [{p: float(v[p]) for p in product(*map(range, tile))} for v in coded]
    expected = reference.filtered(grids, tile, steps, 1, ahead)
    values = torch.tensor([[grid[p] for p in product(*map(range, tile))] for grid in expected])
    torch.testing.assert_close(found.flatten(1), values, rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("frames", [0, 4])
def test_a_tile_alone_gives_the_same_bits(channels: int, frames: int) -> None:
    """Also one of a video, of so many frames."""
    coded, steps = drawn(channels, 3 * max(frames, 1)), torch.rand(channels) + 0.1
    if frames:
        coded = coded.view(3, frames, channels, 9, 9).transpose(1, 2).contiguous()
    whole = corrected(coded, steps)
    assert whole.shape == coded.shape
    assert whole.abs().max() > 0
    for row in range(len(coded)):
        assert (corrected(coded[row : row + 1], steps)[0] == whole[row]).all()
    assert corrected(coded[:0], steps).shape == (0, *coded.shape[1:])


@pytest.mark.parametrize("shape", [(3, 3), (5, 1), (1, 7), (12, 2), (6, 6), (20, 2), (64, 64)])
def test_threads_do_not_matter(shape: tuple[int, int]) -> None:
    """conv2d of small tiles adds in another order with more of them, for some of these."""
    coded = 6 * torch.randn(8, 3, *shape, generator=torch.Generator().manual_seed(4))
    threads, found = torch.get_num_threads(), []
    try:
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            found.append(corrected(coded, torch.ones(3)))
    finally:
        torch.set_num_threads(threads)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_doubles_are_filtered_too() -> None:
    coded, steps = drawn(3), torch.full((3,), 0.5)
    exact = corrected(coded.double(), steps.double())
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), corrected(coded, steps), rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", CHANNELS)
def test_brightness_does_not_matter_and_steps_scale(channels: int) -> None:
    """The first layer sees no mean, up to how its numbers are rounded."""
    coded, steps = drawn(channels), torch.full((channels,), 0.5)
    change = corrected(coded, steps)
    torch.testing.assert_close(corrected(coded + 3, steps), change, rtol=0, atol=0.02)
    torch.testing.assert_close(corrected(8 * coded, 8 * steps), 8 * change, rtol=0, atol=1e-5)


@pytest.mark.parametrize("step", [12.0, 36.0])
@pytest.mark.parametrize("channels", CHANNELS)
def test_it_takes_back_noise_of_rounding(channels: int, step: float) -> None:
    """Tiles of a photograph, rounded with a dead zone, come a tenth of a dB nearer to it."""
    pyramid = Pyramid((64, 64), (4, 4), channels)
    tiles = photograph()[:, :channels]
    bands, low = analyse(tiles, pyramid)
    kept = [part.sign() * step * (part.abs() / step + 0.36).floor() for part in bands]
    rounded = synthesise(kept, low, pyramid)
    better = rounded + corrected(rounded, torch.full((channels,), step))
    before, after = ((part - tiles).square().mean() for part in (rounded, better))
    assert 10 * log10(before / after) > 0.1


def test_on_processors_no_flags_of_the_process_are_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles are filtered by several threads, which would restore them in any order."""

    def touched(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(torch.backends.cudnn, "flags", touched)
    assert corrected(drawn(1), torch.ones(1)).any()
