import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgcodec.coding.integer import LARGEST, Integer
from lgcodec.errors import FileError


@given(arrays(np.int16, st.integers(0, 20), elements=st.integers(-LARGEST, LARGEST)))
def test_integers_come_back(values: np.ndarray) -> None:
    symbols = Integer().quantise(values.astype(np.float32), 1.0)
    assert symbols.dtype == "<i2"
    assert (symbols == values).all()
    assert (Integer().dequantise(symbols, 1.0) == values).all()


def test_symbols_stay_what_they_are() -> None:
    """Without a copy: a video has hundreds of millions."""
    symbols = np.array([[0, -LARGEST], [LARGEST, 5]], "<i2")
    assert Integer().quantise(symbols, 1.0) is symbols


def test_other_numbers_are_rounded_and_cut_off() -> None:
    """Halves to even."""
    values = np.array([0.5, 1.5, -2.5, 40_000, -40_000], np.float32)
    assert Integer().quantise(values, 1.0).tolist() == [0, 2, -2, LARGEST, -LARGEST]


def test_the_symbol_without_a_counterpart() -> None:
    """LGI-Q-22."""
    with pytest.raises(FileError, match="E_PAYLOAD: a symbol is -32768"):
        Integer().dequantise(np.array([3, -(2**15)], "<i2"), 1.0)


def test_it_has_no_configuration() -> None:
    """LGI-Q-21."""
    with pytest.raises(FileError, match=r"^E_CONF: integer has "):
        Integer.from_configuration({"bits": 8})
