from struct import unpack
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgcodec.coding.floats import Float
from lgcodec.errors import FileError

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(arrays(np.float32, st.integers(0, 20), elements=finite))
def test_32_bits_are_exact(weights: np.ndarray) -> None:
    """LGI-Q-13: signs of zero and subnormal numbers too."""
    symbols = Float(32).quantise(weights, 1.0)
    assert Float(32).dequantise(symbols, 1.0).tobytes() == weights.tobytes()


def test_every_finite_half_is_exact() -> None:
    """LGI-Q-12, LGI-Q-13: all 63 488 of them."""
    bits = np.arange(2**16, dtype="<u2")
    halves = bits[bits & 0x7C00 != 0x7C00].view("<f2")
    weights = Float(16).dequantise(halves, 1.0)
    assert Float(16).quantise(weights, 1.0).tobytes() == halves.tobytes()
    assert weights.tolist() == list(unpack(f"<{len(halves)}e", halves.tobytes()))


def test_16_bits_round_and_stay_finite() -> None:
    weights = np.array([1 + 2**-11, 1 + 3 * 2**-11, 1e6, -1e6, 65_519], np.float32)
    assert Float(16).quantise(weights, 1.0).tolist() == [1, 1 + 2**-9, 65_504, -65_504, 65_504]


@pytest.mark.parametrize("configuration", [{}, {"bits": 8}, {"bits": 16.0}, {"bits": 16, "x": 1}])
def test_impossible_configurations(configuration: dict[str, Any]) -> None:
    """LGI-Q-11, LGI-K-02."""
    with pytest.raises(FileError, match="E_CONF"):
        Float.from_configuration(configuration)
