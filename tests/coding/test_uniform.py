from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgcodec.coding.uniform import Uniform
from lgcodec.errors import FileError, UsageError

weights = arrays(np.float32, st.integers(0, 20), elements=st.floats(-1e6, 1e6, width=32))
steps = st.floats(2.0**-30, 2.0**20, width=32)
widths = st.integers(2, 19)


@given(weights, steps, widths)
def test_symbols_are_in_their_range(values: np.ndarray, step: float, bits: int) -> None:
    """LGI-Q-02."""
    symbols = Uniform(bits).quantise(values, step)
    assert symbols.dtype == ("<i1" if bits <= 8 else "<i2" if bits <= 16 else "<i4")
    assert np.abs(symbols.astype(int)).max(initial=0) <= 2 ** (bits - 1) - 1


@given(weights, steps, widths)
def test_the_error_is_half_a_step_inside_the_range(
    values: np.ndarray, step: float, bits: int
) -> None:
    quantiser = Uniform(bits)
    decoded = quantiser.dequantise(quantiser.quantise(values, step), step).astype(np.float64)
    inside = np.abs(values) <= (2 ** (bits - 1) - 1) * step
    error = np.abs(decoded - values)[inside]
    assert (error <= step / 2 + 1e-6 * np.abs(values[inside])).all()


@given(weights, steps, widths)
def test_what_was_dequantised_quantises_to_the_same(
    values: np.ndarray, step: float, bits: int
) -> None:
    quantiser = Uniform(bits)
    symbols = quantiser.quantise(values, step)
    assert (quantiser.quantise(quantiser.dequantise(symbols, step), step) == symbols).all()


def test_literal_symbols() -> None:
    """LGI-Q-03: halves to even, cut off at 7, one product in binary32."""
    quantiser, step = Uniform(4), np.float32(0.1)
    values = np.array([0.25, 0.75, -0.25, 1.25, 3.4, 9.0, -9.0], np.float32)
    assert quantiser.quantise(values, 0.5).tolist() == [0, 2, 0, 2, 7, 7, -7]
    expected = [float(np.float32(3) * step), float(np.float32(-7) * step)]
    assert quantiser.dequantise(np.array([3, -7], "i1"), float(step)).tolist() == expected


@pytest.mark.parametrize("symbol", [-128, 8, -8])
def test_symbols_out_of_range_are_damage(symbol: int) -> None:
    """LGI-Q-02."""
    with pytest.raises(FileError, match="E_PAYLOAD"):
        Uniform(4).dequantise(np.array([0, symbol], "i1"), 1.0)


@given(weights, widths)
def test_its_own_step_is_as_good_as_covering_everything(values: np.ndarray, bits: int) -> None:
    quantiser = Uniform(bits)
    step = quantiser.step(values)
    assert np.isfinite(step)
    assert step > 0
    covering = float(np.abs(values).max(initial=0)) / (2 ** (bits - 1) - 1)
    if covering > 1e-30:
        assert error_of(quantiser, values, step) <= error_of(quantiser, values, covering)


def error_of(quantiser: Uniform, values: np.ndarray, step: float) -> float:
    error = quantiser.dequantise(quantiser.quantise(values, step), step) - values
    return float(np.vdot(error, error))


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [1e-44, -1e-40]])
def test_weights_next_to_nothing(values: list[float]) -> None:
    quantiser, weights = Uniform(8), np.array(values, np.float32)
    symbols = quantiser.quantise(weights, quantiser.step(weights))
    assert not symbols.any()


@pytest.mark.parametrize(
    "configuration", [{}, {"bits": 1}, {"bits": 20}, {"bits": 8.0}, {"bits": True}, {"b": 8}]
)
def test_impossible_configurations(configuration: dict[str, Any]) -> None:
    """LGI-Q-01, LGI-K-02."""
    with pytest.raises(FileError, match="E_CONF"):
        Uniform.from_configuration(configuration)


def test_bits_out_of_range() -> None:
    for bits in (1, 20):
        with pytest.raises(UsageError, match=f"bits is {bits}, allowed are 2 to 19"):
            Uniform(bits)
