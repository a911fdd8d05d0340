"""Chunks in lock-step and one by one: the same bytes, the same symbols, the same refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.coding.laplace import CLASSES
from lgcodec.coding.lockstep import FEW, LaneReader, LaneWriter, reader_of, writer_of
from lgcodec.coding.serial import SerialReader, SerialWriter
from lgcodec.errors import FileError

READERS = (LaneReader, SerialReader)


def drawn(count: int, total: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Symbols [count, total] with some escapes, and their classes."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, CLASSES, (count, total))
    symbols = np.rint(random.laplace(size=classes.shape) * 2.0 ** ((classes - 30) / 5))
    far = random.random(classes.shape) < 0.05
    symbols[far] = random.integers(-32767, 32768, int(far.sum()))
    return symbols.clip(-32767, 32767).astype(np.int64), classes


def written(
    kind: type[LaneWriter] | type[SerialWriter],
    symbols: NDArray[np.int64],
    classes: NDArray[np.int64],
) -> list[bytes]:
    """Chunks, of symbols given in two parts."""
    writer = kind(*symbols.shape)
    middle = symbols.shape[1] // 3
    writer.put(symbols[:, :middle], classes[:, :middle])
    writer.put(symbols[:, middle:], classes[:, middle:])
    return writer.chunks()


@given(st.integers(0, 5), st.integers(1, 60), st.integers(0, 2**16))
def test_both_ways_write_and_read_the_same(count: int, total: int, seed: int) -> None:
    symbols, classes = drawn(count, total, seed)
    chunks = written(LaneWriter, symbols, classes)
    assert written(SerialWriter, symbols, classes) == chunks
    for kind in READERS:
        reader = kind(chunks, total)
        assert (reader.get(classes) == symbols).all()
        reader.finish()


def test_several_lanes() -> None:
    symbols, classes = drawn(2, 3 * 2**15 + 5, 1)
    chunks = written(SerialWriter, symbols, classes)
    assert chunks == written(LaneWriter, symbols, classes)
    for kind in READERS:
        assert (kind(chunks, symbols.shape[1]).get(classes) == symbols).all()


def outcome(
    kind: type[LaneReader] | type[SerialReader], chunk: bytes, classes: NDArray[np.int64]
) -> str | list[int]:
    """Symbols of a chunk, or why it is refused."""
    try:
        reader = kind([chunk], classes.shape[1])
        symbols = reader.get(classes)[0].tolist()
        reader.finish()
    except FileError as error:
        return str(error)
    return symbols


@settings(max_examples=200)
@given(st.data(), st.integers(0, 2**16))
def test_both_ways_refuse_the_same(data: st.DataObject, seed: int) -> None:
    """LGI-K-44, LGI-K-45, LGI-K-46."""
    symbols, classes = drawn(1, 40, seed)
    (chunk,) = written(SerialWriter, symbols, classes)
    damaged = bytearray(chunk)
    damaged[data.draw(st.integers(0, len(chunk) - 1))] ^= data.draw(st.integers(0, 255))
    part = bytes(damaged[: data.draw(st.integers(0, len(chunk)))])
    for bytes_ in (bytes(damaged), part):
        assert outcome(LaneReader, bytes_, classes) == outcome(SerialReader, bytes_, classes)


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
def test_either_is_taken(count: int) -> None:
    symbols, classes = drawn(count, 9, 0)
    writer = writer_of(*symbols.shape)
    writer.put(symbols, classes)
    reader = reader_of(writer.chunks(), symbols.shape[1])
    assert isinstance(writer, LaneWriter) == isinstance(reader, LaneReader) == (count > FEW)
    assert (reader.get(classes) == symbols).all()
