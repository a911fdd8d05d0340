"""The filter after synthesis: its tables, what it may see, and that nothing depends on company."""

from importlib.resources import files
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
