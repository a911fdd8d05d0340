"""What the benchmark says of code lengths, on real encodes: chunks are near the ideal of tables."""

import pytest
from encodes import encoded

from benchmarks._code_lengths import code_lengths


@pytest.mark.parametrize("name", ["scaled", "scaled sound", "rgb", "added"])
def test_chunks_are_near_the_ideal(name: str) -> None:
    """Within 2 % and 8 bytes, and below what zstandard makes of the same integers."""
    found = code_lengths(encoded(name)[0])
    assert found.ideal <= found.coded <= 1.02 * found.ideal + 8
    assert found.coded < found.zstd
