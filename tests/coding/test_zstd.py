"""Zstandard frames: their content byte by byte, and what a hostile one may not do."""

import tracemalloc
from collections.abc import Callable
from struct import pack

import numpy as np
import pytest
import zstandard

from lgcodec.coding.raw import Raw
from lgcodec.coding.zstd import Zstd
from lgcodec.errors import FileError

ZSTD = Zstd()
FLOAT = np.dtype("<f4")
CONTENT = np.arange(1, 25, dtype=np.uint8).tobytes()  # six floats


def frame(content: bytes, **flags: bool) -> bytes:
    return zstandard.ZstdCompressor(**flags).compress(content)


def refuse(chunk: bytes, message: str, size: int = 6) -> None:
    with pytest.raises(FileError, match=f"E_PAYLOAD: .*{message}"):
        ZSTD.decode([b""], [chunk], [size], FLOAT)


def test_bytes_are_shuffled_across_tensors() -> None:
    symbols = [np.array([[0x0201, 0x0403]], "<i2"), np.array([[0x0605]], "<i2")]
    (chunk,) = ZSTD.encode([b"", b""], symbols)
    assert zstandard.ZstdDecompressor().decompress(chunk) == bytes([1, 3, 5, 2, 4, 6])


def test_a_frame_of_another_compressor() -> None:
    (found,) = ZSTD.decode([b""], [frame(CONTENT)], [6], FLOAT)
    columns = np.frombuffer(CONTENT, np.uint8).reshape(4, 6).T
    assert found.tobytes() == columns.tobytes()


def test_floats_take_less_than_raw() -> None:
    weights = np.random.default_rng(0).normal(0, 0.1, (3, 1200)).astype(FLOAT)
    sizes = [len(chunk) for chunk in ZSTD.encode([b""], [weights])]
    raw = [len(chunk) for chunk in Raw().encode([b""], [weights])]
    assert max(sizes) < 0.95 * min(raw)


def test_a_large_chunk_is_a_single_segment_too() -> None:
    """Beyond the window of the compressor's own choice, 8 MiB at this level."""
    symbols = np.zeros((1, 2**22 + 1), FLOAT)
    (chunk,) = ZSTD.encode([b""], [symbols])
    (found,) = ZSTD.decode([b""], [chunk], [symbols.size], FLOAT)
    assert found.shape == symbols.shape
    assert not found.any()


def test_no_tensors() -> None:
    """LGI-K-34."""
    assert ZSTD.encode([], []) == [b""]
    assert ZSTD.decode([], [b"", b""], [], FLOAT) == []
    with pytest.raises(FileError, match="E_PAYLOAD"):
        ZSTD.decode([], [frame(b"")], [], FLOAT)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda chunk: b"",
    "magic alone": lambda chunk: chunk[:4],
    "cut": lambda chunk: chunk[:-1],
    "no body": lambda chunk: chunk[:6],
    "one byte more": lambda chunk: chunk + b"\0",
    "two frames": lambda chunk: chunk + chunk,
    "an empty frame after": lambda chunk: chunk + frame(b""),
    "a skippable frame before": lambda chunk: pack("<II", 0x184D2A50, 0) + chunk,
    "a skippable frame after": lambda chunk: chunk + pack("<II", 0x184D2A50, 0),
    "other bytes": lambda chunk: bytes(20),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_exactly_one_frame(damage: Callable[[bytes], bytes]) -> None:
    """LGI-K-32."""
    refuse(damage(frame(CONTENT)), "Zstandard frame")


@pytest.mark.parametrize("length", [0, 23, 25, 10**6])
def test_contents_of_other_lengths(length: int) -> None:
    """LGI-K-33: refused by the header, before anything is allocated."""
    refuse(frame(bytes(length)), "frame holds|damaged")


@pytest.mark.parametrize("claimed", [2**33, 2**63, 2**64 - 3])
def test_a_header_that_claims_the_impossible(claimed: int) -> None:
    header = b"\x28\xb5\x2f\xfd" + bytes([0b1110_0000]) + pack("<Q", claimed)
    refuse(header + b"\x01\x00\x00", "frame holds")


def test_nothing_is_allocated_for_a_content_that_cannot_be_there() -> None:
    """LGI-K-33: neither for what tensors claim, nor for what a header of 12 bytes confirms."""
    claim = 2**30
    header = b"\x28\xb5\x2f\xfd" + bytes([0b1010_0000]) + pack("<I", claim) + b"\x01\x00\x00"
    for chunk in (frame(CONTENT), header):
        tracemalloc.start()
        with pytest.raises(FileError, match=r"E_PAYLOAD: a Zstandard frame of .* is too short"):
            ZSTD.decode([b""], [chunk], [claim // 4], FLOAT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**20


def test_a_frame_of_the_best_ratio() -> None:
    """One byte repeated in blocks of 2**17 bytes: 2**15 bytes for each of its own, nearly."""
    content = bytes(2**20)
    chunk = b"\x28\xb5\x2f\xfd" + bytes([0b1010_0000]) + pack("<I", len(content))
    for last in (*(0,) * 7, 1):
        chunk += (2**17 << 3 | 0b010 | last).to_bytes(3, "little") + b"\x00"
    (found,) = ZSTD.decode([b""], [chunk], [2**18], FLOAT)
    assert found.tobytes() == content


def test_a_body_longer_than_its_header_says() -> None:
    """One block of 24 bytes repeated, then another, under a header of 24 bytes."""
    block, last = (
        ((24 << 3) | 0b010).to_bytes(3, "little"),
        ((24 << 3) | 0b011).to_bytes(3, "little"),
    )
    header = b"\x28\xb5\x2f\xfd" + bytes([0b0010_0000, 24])
    (found,) = ZSTD.decode([b""], [header + last + b"\x07"], [6], FLOAT)
    assert found.tobytes() == b"\x07" * 24
    refuse(header + block + b"\x07" + last + b"\x07", "damaged")


def test_a_dictionary_is_refused() -> None:
    last = ((24 << 3) | 0b011).to_bytes(3, "little") + b"\x07"
    refuse(b"\x28\xb5\x2f\xfd" + bytes([0b0010_0001, 9, 24]) + last, "dictionaries")


@pytest.mark.parametrize(
    "flags", [{"write_checksum": True}, {"write_content_size": False}], ids=["checksum", "no size"]
)
def test_flags_that_are_not_allowed(flags: dict[str, bool]) -> None:
    """LGI-K-33."""
    refuse(frame(CONTENT, **flags), "Zstandard frame")


def test_configuration() -> None:
    """LGI-K-31."""
    with pytest.raises(FileError, match="E_CONF"):
        Zstd.from_configuration({"level": 19})
