"""The language of ranges: what a user says, and the window that it means."""

from dataclasses import replace
from fractions import Fraction

import pytest
from crops import PICTURE, SOUND
from format.builders import geometry
from hypothesis import given
from hypothesis import strategies as st

from lgcodec._crop import AxisRange, Bound, parse_range, parse_xy, resolve
from lgcodec.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:2", AxisRange(Bound(Fraction(0)), Bound(Fraction(2)))),
        ("1:", AxisRange(Bound(Fraction(1)), None)),
        (":-1", AxisRange(None, Bound(Fraction(-1)))),
        (":", AxisRange()),
        ("3", AxisRange(Bound(Fraction(3)), None, single=True)),
        ("+3", AxisRange(Bound(Fraction(3)), None, single=True)),
        ("-1", AxisRange(Bound(Fraction(-1)), None, single=True)),
        ("2s", AxisRange(Bound(Fraction(2), "s"), None, single=True)),
        ("0.5s:1.25s", AxisRange(Bound(Fraction(1, 2), "s"), Bound(Fraction(5, 4), "s"))),
        ("48f:-1f", AxisRange(Bound(Fraction(48), "f"), Bound(Fraction(-1), "f"))),
        ("256px:", AxisRange(Bound(Fraction(256), "px"), None)),
        ("25%:75%", AxisRange(Bound(Fraction(25), "%"), Bound(Fraction(75), "%"))),
        ("1:2s", AxisRange(Bound(Fraction(1)), Bound(Fraction(2), "s"))),
        ("12.5%:", AxisRange(Bound(Fraction(25, 2), "%"), None)),
    ],
)
def test_parse_range(text: str, expected: AxisRange) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "1:2:3", "::", "1.5", "1.5f", "1.5px:", "2 s", "2h", "s", "%", "--1"),
        *("1e3s", ".5s", "5.s", "0x10", "١", "1_0", "1:2\n", "9" * 5000, "nan", "infs", "½", "1,2"),
    ],
)
def test_malformed_ranges(text: str) -> None:
    with pytest.raises(UsageError, match=r"^range "):
        parse_range(text)


def test_parse_xy() -> None:
    assert parse_xy("0:4,1:") == (parse_range("0:4"), parse_range("1:"))
    for text in ("0:4", "0:4,1:2,3", ""):
        with pytest.raises(UsageError, match="expected two as in 0:4,0:4"):
            parse_xy(text)


def test_ranges_read_as_they_were_written() -> None:
    for text in ("0:2", "1:", ":-1", ":", "3", "0.5s:1.25s", "25%:75%", "-1f"):
        assert str(parse_range(text)) == text


# 100 samples at 10 per second in 7 tiles of 15, of which the window shows 20 to 90: tiles 1 to 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":", range(20, 90)),
        ("0:", range(20, 90)),
        ("0:1", range(20, 30)),
        ("0", range(20, 30)),
        ("1", range(30, 45)),
        ("1:3", range(30, 60)),
        ("-1", range(75, 90)),
        ("-2:", range(60, 90)),
        (":-1", range(20, 75)),
        ("-99:99", range(20, 90)),
        ("0s:", range(20, 90)),
        ("1s:2s", range(30, 40)),
        ("1.04s:1.05s", range(30, 31)),  # halves upward
        ("0.96s:2.04s", range(30, 40)),
        ("-1s:", range(80, 90)),
        ("99s", None),
        ("6.99s", range(89, 90)),  # the sample that it lies in
        ("0.19s", range(21, 22)),
        ("7s", None),
        ("-7s", range(20, 21)),
        ("-7.1s", None),
        ("5f:-5f", range(25, 85)),
        ("5f", range(25, 26)),
        ("-1f", range(89, 90)),
        ("70f", None),
        ("0%:50%", range(20, 55)),
        ("99.9%", range(89, 90)),
        ("100%", None),
        ("1:4s", range(30, 60)),
        ("0.5s:2", range(25, 45)),
        ("5", None),
        ("-6", None),
        ("2:2", None),
        ("3:1", None),
        ("9:12", None),
        ("-99:-98", None),
        ("99f:", None),
        ("5px:", None),
    ],
)
def test_resolve_along_time(text: str, expected: range | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="it has 5 partitions, 70f, 7s"):
            resolve(SOUND, {"t": parse_range(text)})
    else:
        assert resolve(SOUND, {"t": parse_range(text)}) == (expected,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:1", range(20, 30)),
        ("10px:20px", range(30, 40)),
        ("-10px:", range(80, 90)),
        ("10%:", range(27, 90)),
        ("1s:", None),
        ("1f:", None),
    ],
)
def test_resolve_along_space(text: str, expected: range | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="does not fit axis x, it has 5 partitions, 70px"):
            resolve(PICTURE, {"x": parse_range(text)})
    else:
        assert resolve(PICTURE, {"x": parse_range(text)}) == (range(100), expected)


def test_an_axis_that_the_signal_lacks() -> None:
    with pytest.raises(UsageError, match="the image has no axis t, it has y, x"):
        resolve(PICTURE, {"t": parse_range("0:1")})


def test_seconds_of_an_odd_rate_are_exact() -> None:
    ntsc = replace(geometry("video"), rate=Fraction(30_000, 1001))
    assert resolve(ntsc, {"t": parse_range("1.001s:")})[0] == range(30, 280)


bounds = st.none() | st.builds(Bound, st.fractions(-8, 8, max_denominator=1), st.just(""))


@given(bounds, bounds)
def test_partitions_count_like_a_slice(start: Bound | None, stop: Bound | None) -> None:
    """A range of partitions is the same slice of the list of tiles."""
    tiles = list(SOUND.axes[0].touching(SOUND.axes[0].window))
    kept = tiles[slice(*(None if bound is None else int(bound.value) for bound in (start, stop)))]
    if not kept:
        with pytest.raises(UsageError, match="is empty"):
            resolve(SOUND, {"t": AxisRange(start, stop)})
        return
    (window,) = resolve(SOUND, {"t": AxisRange(start, stop)})
    assert list(SOUND.axes[0].touching(window)) == kept
    assert window.start == max(20, SOUND.axes[0].tile(kept[0]).start)
    assert window.stop == min(90, SOUND.axes[0].tile(kept[-1]).stop)
