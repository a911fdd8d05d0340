"""Warnings of the library become lines on stderr."""

import warnings

import numpy as np
import pytest
from PIL import Image

from lgcodec.errors import InputWarning
from lgcodec_cli._warnings import told


def test_other_warnings_are_passed_on() -> None:
    with (
        pytest.warns(RuntimeWarning, match="something else"),
        told(InputWarning, quiet=False) as noted,
    ):
        warnings.warn("something else", RuntimeWarning, stacklevel=1)
    assert noted == []


@pytest.fixture
def flicker(tmp_path) -> str:
    """Three pictures in one file."""
    pictures = [Image.fromarray(np.full((16, 16), shade, np.uint8)) for shade in (10, 90, 200)]
    pictures[0].save(tmp_path / "flicker.webp", save_all=True, append_images=pictures[1:])
    return "flicker.webp"


def test_only_the_first_of_several_pictures(lgi, flicker) -> None:
    shown = lgi("encode", flicker, "a.lgi", "--params", 30, "--preset", "fast", "--json")
    assert shown.code == 0
    assert shown.err.startswith("lgi: warning: flicker.webp holds 3 pictures, the first is taken;")
    assert shown.err.count("\n") == 1


def test_only_the_first_quietly(lgi, flicker) -> None:
    shown = lgi("compare", flicker, flicker, "--quiet")
    assert (shown.code, shown.err) == (0, "")
    assert lgi("compare", flicker, flicker, "--json").err.count("warning") == 2
