"""Smooth borders: which samples change, that pictures gain, and what is refused."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encodes import encoded, stream_of
from fit.builders import smooth as waves
from format.builders import axis
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import lgcodec
from lgcodec import _borders
from lgcodec._borders import REACH, smooth
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._smooth import decode_smooth
from lgcodec.errors import UsageError
from lgcodec.format.geometry import Geometry
from lgcodec.format.stream import Stream
from lgcodec.signal import Signal

SAMPLES = Path(__file__).parents[1] / "samples"
ASKED: dict[str, Any] = {"family": "latent", "preset": "fast", "device": "cpu"}


@cache
def photograph() -> Signal:
    return Signal("image", lgcodec.read(SAMPLES / "cat.png")[0].samples[:128, :128])


@cache
def file(groups: int = 1) -> bytes:
    """The photograph in partitions of 32 x 32, at few bits."""
    asked = EncodeOptions(**ASKED, bpp=1.0, partition_size=(32, 32), groups=groups)
    return encode_signals([photograph()], asked)[0]


@cache
def film() -> bytes:
    asked = EncodeOptions(**ASKED, psnr=34.0, partition_size=(4, 16, 16))
    return encode_signals([waves("video", (6, 32, 40), 3)], asked)[0]


def near(length: int, first: int, tile: int, shown: range) -> NDArray[np.bool_]:
    """Which samples of a line lie within REACH of a border inside what is shown."""
    borders = [b for b in range(first, length, tile) if shown.start < b < shown.stop]
    return np.array([any(b - REACH <= i < b + REACH for b in borders) for i in shown])


# --- which samples


@st.composite
def lattices(draw: st.DrawFn) -> tuple[Geometry, tuple[range, ...]]:
    """A picture of groups of tiles, and a window of it."""
    axes, window = [], []
    for _ in range(2):
        tile, tiles, groups = (draw(st.integers(*ends)) for ends in ((8, 40), (1, 4), (1, 3)))
        length = tile * tiles * groups - draw(st.integers(0, tile - 1))
        axes.append(axis(length, tiles, groups, tile_len=tile, frame_len=tile * tiles))
        start = draw(st.integers(0, length - 1))
        window.append(range(start, draw(st.integers(start + 1, length))))
    return Geometry("image", 1, "uint8", None, tuple(axes)), tuple(window)


@given(lattices())
def test_every_border_of_the_window_is_met_once(
    case: tuple[Geometry, tuple[range, ...]],
) -> None:
    """Corrections of 1 everywhere add up to the number of borders that a sample is near."""
    geometry, window = case
    samples = np.zeros((*map(len, window), 1))
    grains = dict.fromkeys(geometry.touching(window), np.eye(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_borders, "corrections", ones)
        smooth(
            samples,
            np.ones(samples.shape[:2], bool),
            geometry=geometry,
            target=window,
            grains=grains,
        )
    lines = [
        near(line.win_len, 0, line.tile_len, shown) * (line.tile_len >= 2 * REACH)
        for line, shown in zip(geometry.axes, window, strict=True)
    ]
    np.testing.assert_array_equal(samples[..., 0], lines[0][:, None] + 1.0 * lines[1])


def ones(strips: NDArray[np.float64], _grain: Any) -> NDArray[np.float64]:
    return np.ones((*strips.shape[:-1], 2 * REACH))


def test_nothing_changes_beside_absent_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_borders, "corrections", ones)
    geometry = Geometry("image", 1, "uint8", None, (axis(20, 1), axis(60, 3)))
    present = np.ones((20, 60), bool)
    present[:, 40:] = False
    samples, window = np.zeros((20, 60, 1)), (range(20), range(60))
    smooth(samples, present, geometry=geometry, target=window, grains={0: np.eye(1)})
    changed = np.flatnonzero(samples.any((0, 2)))
    np.testing.assert_array_equal(changed, np.arange(20 - REACH, 20 + REACH))


@pytest.mark.parametrize("groups", [1, 2])
def test_only_borders_change_in_a_file(groups: int) -> None:
    """Also between groups."""
    stream = stream_of(file(groups))
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    line = near(128, 0, 32, range(128))
    changed = (exact != found).any(-1)
    assert found.dtype == exact.dtype
    assert not changed[~(line[:, None] | line)].any()
    assert changed[58:70].any(0).mean() > 0.9
    assert changed[:, 58:70].any(1).mean() > 0.9


def test_frames_of_a_film_are_smoothed_in_space_alone() -> None:
    stream = stream_of(film())
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    changed = (exact != found).any((0, -1))
    assert not changed[~(near(32, 0, 16, range(32))[:, None] | near(40, 0, 16, range(40)))].any()
    assert (exact != found).any((1, 2, 3)).all()


def test_at_another_scale_samples_change_as_those_around_them() -> None:
    """Twice as large: along an axis, a sample lies a quarter from one place and 3 from the next."""
    stream, window = stream_of(file()), (range(16, 80), range(32, 100))
    scales = [Fraction(2), Fraction(2)]
    exact, found = (
        decode(stream, window, scale=scales, sample_type="float32").samples.astype(float)
        for decode in (decode_stream, decode_smooth)
    )
    before, after = (
        decode(stream, window, sample_type="float32").samples.astype(float)
        for decode in (decode_stream, decode_smooth)
    )
    change = np.pad(after - before, ((1, 1), (1, 1), (0, 0)), mode="edge")
    change = doubled(doubled(change, 0), 1)
    np.testing.assert_allclose(found - exact, change, atol=1e-3)
    assert np.abs(change).max() > 1


def doubled(values: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """Linear between places along an axis whose ends are there twice."""
    low, high = (
        values.take(range(values.shape[at] - 1), at),
        values.take(range(1, values.shape[at]), at),
    )
    pairs = np.stack([0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high], at + 1)
    merged = pairs.reshape(*low.shape[:at], -1, *low.shape[at + 1 :])
    return merged.take(range(1, merged.shape[at] - 1), at)


# --- what it is good for


def test_edges_go_and_quality_rises() -> None:
    original = photograph().samples
    stream = stream_of(file())
    exact, found = decode_stream(stream).samples, decode_smooth(stream).samples
    assert lgcodec.psnr(original, found) > lgcodec.psnr(original, exact) + 0.05
    edges = [border(part) / border(original) for part in (exact, found)]
    assert edges[1] < 0.8 * edges[0]


def border(samples: NDArray[np.uint8]) -> float:
    """Mean square of what neighbours across a border differ by."""
    steps = np.diff(samples.astype(float), axis=1)[:, 31::32]
    return float((steps**2).mean())


def test_a_file_is_decoded_smooth_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.lgi"
    path.write_bytes(file())
    part = lgcodec.open(path)[0:2, 1:3]
    found = part.decode(smooth=True, device="cpu")
    assert (found.samples != part.decode(device="cpu").samples).any()
    assert found.samples.shape == (64, 64, 3)


# --- what is refused


def refusal(stream: Stream, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        decode_smooth(stream, **options)
    return str(caught.value)


def test_what_cannot_be_smooth() -> None:
    assert "pictures and videos, this is kind audio" in refusal(stream_of(encoded("mono")[0]))
    assert "latents, this is a network of siren" in refusal(stream_of(encoded("rgb")[0]))
