"""lgcodec._canvas: what networks give, as samples."""

import numpy as np
import pytest

from lgcodec._canvas import to_samples


@pytest.mark.parametrize(
    ("outputs", "values", "dtype", "expected"),
    [
        ([-1, 0, 1], (0.0, 255.0), "uint8", [0, 128, 255]),
        ([-0.75, -0.25, 0.25], (0.0, 4.0), "uint8", [0, 2, 2]),  # 0.5, 1.5 and 2.5 to even
        ([-9, 9], (0.0, 255.0), "uint8", [0, 255]),
        ([-9, 9], (10.0, 20.0), "uint8", [10, 20]),
        ([-9, 9], (-32_768.0, 32_768.0), "int16", [-32_768, 32_767]),
        ([-9, 9], (-1e9, 1e9), "uint16", [0, 65_535]),
        ([-9, 9], (300.0, 400.0), "uint8", [255, 255]),
        ([float("nan")], (7.0, 255.0), "uint8", [7]),
        ([float("inf"), -float("inf")], (0.0, 255.0), "uint8", [255, 0]),
        ([-1, 0.5, 1.5], (-2.0, 2.0), "float32", [-2, 1, 3]),  # floats are not cut off
        ([float("inf")], (0.0, 1.0), "float32", [float(np.finfo("f4").max)]),
    ],
)
def test_samples_from_values(
    outputs: list[float], values: tuple[float, float], dtype: str, expected: list[float]
) -> None:
    """LGI-N-04."""
    found = to_samples(np.array(outputs, np.float32), values, np.dtype(dtype))
    assert found.dtype == dtype
    assert found.tolist() == expected
