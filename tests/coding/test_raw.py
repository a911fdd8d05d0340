import numpy as np
import pytest

from lgcodec.coding.raw import Raw
from lgcodec.errors import FileError

RAW = Raw()


def test_literal_bytes() -> None:
    symbols = [np.array([[1, -1], [2, -2]], "<i2"), np.array([[256], [-32_768]], "<i2")]
    chunks = [bytes.fromhex("0100 ffff 0001"), bytes.fromhex("0200 feff 0080")]
    assert RAW.encode([b"", b""], symbols) == chunks
    decoded = RAW.decode([b"", b""], chunks, [2, 1], np.dtype("<i2"))
    assert [part.tolist() for part in decoded] == [part.tolist() for part in symbols]


def test_no_chunks_and_no_tensors() -> None:
    (none,) = RAW.decode([b""], [], [3], np.dtype("<f4"))
    assert none.shape == (0, 3)
    assert RAW.encode([], []) == [b""]
    assert RAW.decode([], [b""], [], np.dtype("<i1")) == []


@pytest.mark.parametrize("length", [0, 5, 7])
def test_wrong_lengths(length: int) -> None:
    """LGI-K-22."""
    with pytest.raises(FileError, match=f"E_PAYLOAD: a raw chunk has {length} bytes"):
        RAW.decode([b""], [bytes(6), bytes(length)], [3], np.dtype("<i2"))


def test_configuration() -> None:
    """LGI-K-21."""
    with pytest.raises(FileError, match="E_CONF"):
        Raw.from_configuration({"bits": 8})
