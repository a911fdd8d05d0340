"""What the figures of the rate benchmark rest on: BD-rates, sizes of tiles, and points kept."""

import io
from fractions import Fraction
from math import e
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks import _curves, rate
from benchmarks._bd import bd_rate
from benchmarks._curves import Curve, Point, average, is_cached, measure
from benchmarks._films import FILMS
from benchmarks._inputs import MEDIA
from benchmarks._pictures import PICTURES
from benchmarks._rows import ours
from benchmarks._sounds import SOUNDS
from benchmarks.common import SAMPLES
from benchmarks.rate import _per_cent
from lgcodec import EncodeOptions, Signal, psnr, read
from lgcodec.fit.options import Preset

PICTURE = Signal("image", read(SAMPLES / "cat.png")[0].samples[:72, :136].copy())

# --- BD-rate


def test_twice_the_bytes_at_equal_quality() -> None:
    assert bd_rate([(1, 30), (3, 34), (4, 37)], [(2, 30), (6, 34), (8, 37)]) == pytest.approx(100)


def test_two_points_are_a_straight_line_of_log_rate() -> None:
    """log2 of the rates is q and 2 q for q from 0 to 2: the mean difference is 1."""
    assert bd_rate([(1, 0), (4, 2)], [(1, 0), (16, 2)]) == pytest.approx(100)


def test_only_the_quality_that_both_reach_counts() -> None:
    """log2 of the rates is q and 0; both are there for q from 1 to 2: the mean is -1.5."""
    found = bd_rate([(1, 0), (4, 2)], [(1, 1), (1, 3)])
    assert found == pytest.approx(100 * (2**-1.5 - 1))


def test_a_curve_by_hand() -> None:
    """Through (0, 0), (1, 1) and (2, 0) PCHIP has the slopes 2, 0 and -2.

    A cubic from 0 to 1 over a unit with slopes 2 and 0 has the integral 1/2 + 2/12; twice that
    over two units is a mean of 2/3.
    """
    found = bd_rate([(1, 0), (1, 2)], [(1, 0), (e, 1), (1, 2)])
    assert found == pytest.approx(100 * (e ** (2 / 3) - 1))


@pytest.mark.parametrize(
    "test", [[], [(1, 30)], [(1, 10), (2, 20)], [(1, 40), (2, 50)]], ids=lambda test: str(len(test))
)
def test_no_common_range(test: list[tuple[float, float]]) -> None:
    assert bd_rate([(1, 30), (2, 40)], test) is None
    assert bd_rate(test, [(1, 30), (2, 40)]) is None


curves = st.lists(
    st.tuples(st.floats(0.01, 100), st.integers(20, 50)),
    min_size=2,
    max_size=8,
    unique_by=lambda point: point[1],
)


@given(anchor=curves, test=curves, scale=st.floats(0.1, 10))
def test_properties_of_a_bd_rate(anchor, test, scale) -> None:
    """Order and unit of the points do not count; exchanging the curves inverts the ratio."""
    found = bd_rate(anchor, test)
    if found is None:
        return
    ratio = 1 + found / 100
    assert bd_rate(anchor, test[::-1]) == pytest.approx(found, abs=1e-6)
    assert 1 / (1 + bd_rate(test, anchor) / 100) == pytest.approx(ratio)
    scaled = bd_rate(anchor, [(scale * rate, quality) for rate, quality in test])
    assert 1 + scaled / 100 == pytest.approx(scale * ratio)


def test_what_fewer_bytes_do_better_does_not_count() -> None:
    """A fit that failed at a higher rate would pull the curve to and fro."""
    anchor, test = [(1.0, 30.0), (4.0, 34.0)], [(2.0, 30.0), (3.0, 29.0), (5.0, 30.0), (8.0, 34.0)]
    assert _per_cent(anchor, test) == _per_cent(anchor, [test[0], test[-1]]) == "+100.0 %"
    assert _per_cent(anchor, [(2.0, 30.0), (3.0, 29.0)]) == ""


def test_equal_qualities_are_refused() -> None:
    with pytest.raises(ValueError, match="increasing"):
        bd_rate([(1, 30), (2, 30), (3, 40)], [(1, 30), (2, 40)])


# --- rivals


@pytest.mark.parametrize(
    ("signal", "curve"),
    [
        *((PICTURE, curve) for curve in PICTURES),
        *((Signal("video", np.stack([PICTURE.samples] * 3), Fraction(25)), c) for c in FILMS),
        *((read(SAMPLES / "speech.wav")[0], curve) for curve in SOUNDS),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_rival_takes_more_bytes_for_more_quality(signal: Signal, curve: Curve) -> None:
    found = []
    for setting in (curve.settings[0], curve.settings[-1]):
        size, decoded = curve.code(signal, setting)
        assert (decoded.shape, decoded.dtype) == (signal.samples.shape, signal.samples.dtype)
        found.append((size, psnr(signal.samples, decoded)))
    if len(curve.settings) == 1:
        assert found[0][1] == float("inf")
        return
    assert found[0] < found[1]
    assert found[0][1] < found[1][1]
    assert found[1][1] > 35  # also proof that no codec delays or shifts what it gives back


def encoded(name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PICTURE.samples).save(buffer, name, **options)
    return buffer.getvalue()


def named(name: str) -> Curve:
    return next(curve for curve in PICTURES if curve.name == name)


@pytest.mark.parametrize(
    ("tiles", "whole", "each"), [("JPEG tiles 64", "JPEG 4:4:4", 8), ("AVIF grid 64", "AVIF", 45)]
)
def test_a_single_tile_is_the_whole_file_and_its_entry(tiles: str, whole: str, each: int) -> None:
    small = Signal("image", PICTURE.samples[:64, :64])
    for setting in named(tiles).settings[::4]:
        size, decoded = named(whole).code(small, setting)
        in_tiles, same = named(tiles).code(small, setting)
        assert in_tiles == size + each
        assert (decoded == same).all()


def test_jpeg_tiles_are_the_blocks_of_the_whole_file() -> None:
    """With 4:4:4 and borders on the grid of 8 pixels, tiles decode to the very same samples."""
    setting = {"quality": 60}
    _, whole = named("JPEG 4:4:4").code(PICTURE, setting)
    _, tiles = named("JPEG tiles 64").code(PICTURE, setting)
    assert (whole == tiles).all()


# --- points


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(_curves, "CACHE", tmp_path / "rate")


def counting(version: str, calls: list) -> Curve:
    def code(signal, setting):
        calls.append(setting)
        return 1000, signal.samples // 2 * 2

    return Curve("counting", "rivals", ({"a": 1},), code, version)


def test_a_point_is_measured_once(kept) -> None:
    calls: list = []
    curve = counting("1", calls)
    assert not is_cached(curve, PICTURE, {"a": 1})
    first = measure(curve, PICTURE, {"a": 1})
    assert is_cached(curve, PICTURE, {"a": 1})
    assert measure(curve, Signal("image", PICTURE.samples.copy()), {"a": 1}) == first
    assert len(calls) == 1
    assert first.rate == 8000 / (72 * 136)
    assert first.psnr == pytest.approx(psnr(PICTURE.samples, PICTURE.samples // 2 * 2))


def test_anything_else_is_measured_anew(kept) -> None:
    calls: list = []
    measure(counting("1", calls), PICTURE, {"a": 1})
    measure(counting("2", calls), PICTURE, {"a": 1})
    measure(counting("1", calls), PICTURE, {"a": 2})
    measure(counting("1", calls), Signal("image", PICTURE.samples[::-1]), {"a": 1})
    assert len(calls) == 4


def test_rate_and_quality_of_sounds_and_videos(kept) -> None:
    sound = Signal("audio", np.array([[300], [-400]], np.int16), Fraction(8000))
    curve = Curve("one off", "rivals", (), lambda s, _: (10, s.samples + np.int16(1)), "1")
    point = measure(curve, sound, {})
    assert point.rate == 10 * 8 / (2 / 8000) / 1000
    assert point.psnr == pytest.approx(10 * np.log10(400**2))
    assert point.snr == pytest.approx(10 * np.log10((300**2 + 400**2) / 2))
    frames = np.full((2, 4, 4, 1), 100, np.uint8)
    shift = np.array([1, 10], np.uint8)[:, None, None, None]
    video = Signal("video", frames, Fraction(25))
    curve = Curve("dark", "rivals", (), lambda s, _: (10, s.samples - shift), "1")
    mean = 20 * np.log10(255) - (0 + 20) / 2
    assert measure(curve, video, {}).psnr == pytest.approx(mean)
    assert measure(counting("1", []), Signal("video", frames, Fraction(25)), {}).psnr is None


def test_what_is_known_is_shown(kept, monkeypatch, capsys) -> None:
    """A run over a shipped sample measures the rows that were asked for, once."""
    command = ["rate", "--no-write", "--media", "sounds", "--only", "FLAC", "--only", "Vorbis"]
    monkeypatch.setattr("sys.argv", command)
    rate.main()
    first = capsys.readouterr().out
    assert "1 of 7: file 1, Vorbis" in first
    assert "7 of 7: file 1, FLAC" in first
    assert "/lossless" in first
    assert "Opus  " not in first
    monkeypatch.setattr("sys.argv", [*command, "--only", "Opus", "--points", "2"])
    rate.main()
    second = capsys.readouterr().out
    assert "2 of 8: file 1, Opus" in second
    assert "3 of 8" not in second
    assert second.splitlines()[2].startswith("Opus  +0.0 %")
    assert "/lossless" in second


def test_averages() -> None:
    points = [Point(10, 1.0, 30.0, 5.0, 0.0), Point(20, 3.0, 32.0, None, 1.0)]
    assert average(points) == Point(15, 2.0, 31.0, None, 0.5)


def test_our_rows_are_options_that_the_encoder_knows() -> None:
    for medium in MEDIA.values():
        names = {curve.name for curve in medium.rivals}
        assert medium.anchor in names
        for preset in get_args(Preset):
            rows = ours(medium.kind, preset, seed=3)
            for row in rows:
                assert row.whole is None or row.whole in {other.name for other in rows}
                for setting in row.settings:
                    assert EncodeOptions(**setting).seed == 3
