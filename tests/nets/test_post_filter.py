"""The filter after synthesis: its tables, what it may see, and that nothing depends on company."""

from importlib.resources import files

import pytest
import torch

from lgcodec.nets.post_filter import CHANNELS, corrected, has_filter
from nets import latent_reference as reference


def drawn(channels: int, count: int = 3, edge: int = 9) -> torch.Tensor:
    return torch.randn(count, channels, edge, edge, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("channels", CHANNELS)
def test_the_specification_has_the_same_numbers(channels: int) -> None:
    """LGI-N-15."""
    name = f"latent-filter-{channels}c.csv"
    shipped = files("lgcodec.nets") / "tables" / name
    assert (reference.PAGES / name).read_bytes() == shipped.read_bytes()


def test_pictures_of_one_and_three_channels_have_one() -> None:
    assert [(a, c) for a in (1, 2, 3) for c in range(1, 6) if has_filter(c, a)] == [(2, 1), (2, 3)]


@pytest.mark.parametrize("channels", CHANNELS)
def test_a_tile_alone_gives_the_same_bits(channels: int) -> None:
    coded, steps = drawn(channels), torch.rand(channels) + 0.1
    whole = corrected(coded, steps)
    assert whole.shape == coded.shape
    assert whole.abs().max() > 0
    for row in range(len(coded)):
        assert (corrected(coded[row : row + 1], steps)[0] == whole[row]).all()
    assert corrected(coded[:0], steps).shape == (0, channels, 9, 9)


@pytest.mark.parametrize("channels", CHANNELS)
def test_brightness_does_not_matter_and_steps_scale(channels: int) -> None:
    """The first layer sees no mean, up to how its numbers are rounded."""
    coded, steps = drawn(channels), torch.full((channels,), 0.5)
    change = corrected(coded, steps)
    torch.testing.assert_close(corrected(coded + 3, steps), change, rtol=0, atol=0.02)
    torch.testing.assert_close(corrected(8 * coded, 8 * steps), 8 * change, rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", CHANNELS)
def test_it_takes_back_noise_of_rounding(channels: int) -> None:
    """A smooth picture whose samples are rounded comes nearer to itself."""
    places = torch.linspace(0, 3, 32)
    smooth = torch.stack([torch.sin(places[:, None] + k + 2 * places) for k in range(channels)])
    noise = torch.randn(channels, 32, 32, generator=torch.Generator().manual_seed(2))
    rounded = (10 * smooth + 0.4 * noise)[None]
    better = rounded + corrected(rounded, torch.ones(channels))
    before, after = ((part - 10 * smooth).square().mean() for part in (rounded, better))
    assert after < 0.9 * before
