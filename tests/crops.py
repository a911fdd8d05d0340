"""Signals that are cropped, and selections in the words of a user."""

from fractions import Fraction

from format.builders import axis, geometry

from lgcodec._crop import AxisRange, parse_range

SOUND = geometry("audio", (axis(100, 7, win_lo=20, win_len=70),), channels=1, rate=Fraction(10))
PICTURE = geometry("image", (axis(100, 7), axis(100, 7, win_lo=20, win_len=70)), channels=1)


def selection(**texts: str) -> dict[str, AxisRange]:
    return {name: parse_range(text) for name, text in texts.items()}
