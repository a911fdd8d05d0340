"""Chunks in lock-step and one by one: the same bytes, the same symbols, the same refusals."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.coding.distributions import CLASSES, SIGN_CLASSES
from lgcodec.coding.lockstep import FEW, LaneReader, LaneWriter, reader_of, writer_of
from lgcodec.coding.serial import SerialReader, SerialWriter
from lgcodec.errors import FileError

READERS = (LaneReader, SerialReader)
Numbers = NDArray[np.int64]


class Drawn(NamedTuple):
    """Magnitudes [count, total], some of them escapes, their classes, signs after each part.

    signs   counts [count], then values and classes [their sum], chunk after chunk
    """

    symbols: Numbers
    classes: Numbers
    signs: list[tuple[Numbers, Numbers, Numbers]]

    @property
    def parts(self) -> list[tuple[slice, tuple[Numbers, Numbers, Numbers]]]:
        middle = self.symbols.shape[1] // 3
        return list(zip((slice(0, middle), slice(middle, None)), self.signs, strict=True))


def drawn(count: int, total: int, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    classes = random.integers(0, CLASSES, (count, total))
    symbols = np.abs(np.rint(random.laplace(size=classes.shape) * 2.0 ** ((classes - 30) / 5)))
    far = random.random(classes.shape) < 0.05
    symbols[far] = random.integers(0, 32768, int(far.sum()))
    signs = []
    for length in (total // 3, total - total // 3):
        counts = random.integers(0, length + 1, count)
        kinds = random.integers(0, SIGN_CLASSES, counts.sum())
        signs.append((counts, random.integers(0, 2, len(kinds)), kinds))
    return Drawn(symbols.clip(0, 32767).astype(np.int64), classes, signs)


def written(kind: type[LaneWriter] | type[SerialWriter], given_: Drawn) -> list[bytes]:
    writer = kind(*given_.symbols.shape)
    for part, (counts, values, classes) in given_.parts:
        writer.put(given_.symbols[:, part], given_.classes[:, part])
        writer.put_signs(values, classes, counts)
    return writer.chunks()


def read(reader: LaneReader | SerialReader, given_: Drawn) -> tuple[Numbers, list[list[int]]]:
    """Magnitudes and signs under the classes of what was drawn."""
    found, signs = [], []
    for part, (counts, _, classes) in given_.parts:
        found.append(reader.get(given_.classes[:, part]))
        signs.append(reader.signs(classes, counts).tolist())
    reader.finish()
    return np.concatenate(found, axis=1), signs


def assert_comes_back(given_: Drawn) -> None:
    chunks = written(LaneWriter, given_)
    assert written(SerialWriter, given_) == chunks
    for kind in READERS:
        found, signs = read(kind(chunks, given_.symbols.shape[1]), given_)
        assert (found == given_.symbols).all()
        assert signs == [values.tolist() for _, values, _ in given_.signs]


@given(st.integers(0, 5), st.integers(1, 60), st.integers(0, 2**16))
def test_both_ways_write_and_read_the_same(count: int, total: int, seed: int) -> None:
    assert_comes_back(drawn(count, total, seed))


def test_several_lanes() -> None:
    """Signs too, whose lanes are counted apart from those of magnitudes."""
    given_ = drawn(2, 3 * 2**15 + 5, 1)
    (_, values, classes), last = given_.signs
    few = np.array([2**9 + 1, 2**8])
    signs = (few, values[: few.sum()], classes[: few.sum()])
    assert_comes_back(given_._replace(signs=[signs, last]))


def outcome(
    kind: type[LaneReader] | type[SerialReader], chunk: bytes, given_: Drawn
) -> str | tuple[list[int], list[list[int]]]:
    """Symbols of a chunk, or why it is refused."""
    try:
        found, signs = read(kind([chunk], given_.symbols.shape[1]), given_)
    except FileError as error:
        return str(error)
    return found[0].tolist(), signs


@settings(max_examples=200)
@given(st.data(), st.integers(0, 2**16))
def test_both_ways_refuse_the_same(data: st.DataObject, seed: int) -> None:
    """LGI-K-44, LGI-K-45, LGI-K-46."""
    given_ = drawn(1, 40, seed)
    (chunk,) = written(SerialWriter, given_)
    damaged = bytearray(chunk)
    damaged[data.draw(st.integers(0, len(chunk) - 1))] ^= data.draw(st.integers(0, 255))
    part = bytes(damaged[: data.draw(st.integers(0, len(chunk)))])
    for bytes_ in (bytes(damaged), part):
        assert outcome(LaneReader, bytes_, given_) == outcome(SerialReader, bytes_, given_)


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
def test_either_is_taken(count: int) -> None:
    given_ = drawn(count, 9, 0)
    writer = writer_of(*given_.symbols.shape)
    writer.put(given_.symbols, given_.classes)
    reader = reader_of(writer.chunks(), given_.symbols.shape[1])
    assert isinstance(writer, LaneWriter) == isinstance(reader, LaneReader) == (count > FEW)
    assert (reader.get(given_.classes) == given_.symbols).all()


@pytest.mark.parametrize("count", [0, 1, FEW + 1])
def test_no_signs(count: int) -> None:
    """Of a channel of zeros."""
    none, of_none = np.zeros(0, np.int64), np.zeros(count, np.int64)
    zeros = np.zeros((count, 4), np.int64)
    writer = writer_of(count, 4)
    writer.put(zeros, zeros + 9)
    writer.put_signs(none, none, of_none)
    reader = reader_of(writer.chunks(), 4)
    assert (reader.get(zeros + 9) == 0).all()
    assert reader.signs(none, of_none).shape == (0,)
    reader.finish()
