"""Chunks of magnitudes and signs against the page of the specification, and against damage."""

from math import prod
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import context_reference as reference
from lgcodec.coding import streams
from lgcodec.coding.distributions import CLASSES, SIGN_CLASSES, SIGNS, slots
from lgcodec.coding.neighbours import causal_offsets, places_of
from lgcodec.coding.network import HIDDEN, Layers
from lgcodec.coding.signs import BACK, SIGN_HIDDEN, Seen, SignLayers, sign_places
from lgcodec.coding.streams import Reader, Writer
from lgcodec.errors import FileError

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


def written(given_: Drawn) -> list[bytes]:
    writer = Writer(*given_.symbols.shape)
    for part, (counts, values, classes) in given_.parts:
        writer.put(given_.symbols[:, part], given_.classes[:, part])
        writer.put_signs(values, classes, counts)
    return writer.chunks()


def told_class() -> Layers:
    """Those whose class is the first sum of the first layer, whatever is around."""
    none = np.zeros((HIDDEN, HIDDEN), np.float32)
    second, third = none.copy(), none[0].copy()
    second[0, 0] = third[0] = 1
    causal = len(causal_offsets(1))
    across, first = none[:3], np.eye(1, HIDDEN, dtype=np.float32)
    fixed, still = none[:1, None], np.zeros((1, 3), np.intp)
    return Layers(
        none[:causal], across, first, fixed.repeat(3, 1), still,
        second, none[0], third, none[0, :1],
    )  # fmt: skip


def magnitudes(reader: Reader, classes: Numbers) -> Numbers:
    """The next ones of these classes [chunks, n], as a band of one axis and channel."""
    places = places_of(classes.shape[1:])
    features = classes[None, :, None].astype(np.float32)
    own = np.zeros((len(classes), 1, places.wide), np.float32)
    return reader.magnitudes(told_class(), places, features, own, 0)


def told_odds(inputs: int) -> SignLayers:
    """Those whose odds are the number at the same place one band before."""
    units, beside = SIGN_HIDDEN[1], 2
    first, second = np.zeros((inputs, units)), np.zeros((units, units))
    first[beside + BACK * (1 + beside), 0], second[0, 0] = 16, 4
    layers = (part.astype(np.float32) for part in (first, second, np.full(units, 64)))
    return SignLayers(*layers, np.full(2, 16))


def signs(reader: Reader, classes: Numbers, counts: Numbers) -> Numbers:
    """The next `counts` [chunks] signs of these classes, at the first places of a channel."""
    length = max(counts, default=0) + 1
    places = sign_places((length,), (length,), (True,), 1)
    kept = np.arange(length) < counts[:, None]
    sizes = np.zeros((len(counts), length), np.int64)
    near = np.zeros((len(counts), 1 + BACK, BACK + 1, places.wide), np.float32)
    ordered = np.zeros(sizes.shape)
    ordered[kept] = classes
    sizes[:, places.inner], near[:, 1, BACK, 1 + places.inner] = kept, ordered
    low = np.zeros((len(counts), 1, length + 3), np.int64)
    seen = Seen(near.reshape(len(counts), prod(near.shape[1:])), low)
    layers = told_odds(len(places.around) + len(places.window))
    values = reader.signs(layers, places, seen, sizes, 0)
    assert (abs(values) == sizes).all()
    return (values[:, places.inner] < 0)[kept].astype(np.int64)


def read(chunks: list[bytes], given_: Drawn) -> tuple[Numbers, list[list[int]]]:
    """Magnitudes and signs under the classes of what was drawn."""
    reader = Reader(chunks, given_.symbols.shape[1])
    found, told = [], []
    for part, (counts, _, classes) in given_.parts:
        found.append(magnitudes(reader, given_.classes[:, part]))
        told.append(signs(reader, classes, counts).tolist())
    reader.finish()
    return np.concatenate(found, axis=1), told


def specified(chunk: bytes, given_: Drawn) -> tuple[list[int], list[list[int]]]:
    """The same of the one chunk, in Python's integers."""
    lanes = reference.Lanes(chunk, given_.symbols.shape[1])
    found: list[int] = []
    signs = []
    for part, (_, _, classes) in given_.parts:
        found += [lanes.magnitude(k) for k in given_.classes[0, part].tolist()]
        signs.append([int(lanes.is_negative(k)) for k in classes.tolist()])
    return found, signs


def assert_comes_back(given_: Drawn) -> list[bytes]:
    chunks = written(given_)
    found, signs = read(chunks, given_)
    assert (found == given_.symbols).all()
    assert signs == [values.tolist() for _, values, _ in given_.signs]
    return chunks


@given(st.integers(0, 5), st.integers(3, 60), st.integers(0, 2**16))
def test_what_is_written_is_read(count: int, total: int, seed: int) -> None:
    assert_comes_back(drawn(count, total, seed))


@settings(max_examples=25)
@given(st.integers(3, 60), st.integers(0, 2**16))
def test_a_chunk_is_that_of_the_specification(total: int, seed: int) -> None:
    given_ = drawn(1, total, seed)
    (chunk,) = assert_comes_back(given_)
    found, signs = specified(chunk, given_)
    assert found == given_.symbols[0].tolist()
    assert signs == [values.tolist() for _, values, _ in given_.signs]


def test_several_lanes() -> None:
    """Signs too, whose lanes are counted apart from those of magnitudes."""
    assert_comes_back(drawn(2, 3 * 2**17 + 5, 1))


def test_a_chunk_is_the_same_beside_others() -> None:
    """Their signs are at other places, and their numbers differ."""
    given_ = drawn(4, 40, 3)
    chunks = written(given_)
    for row, chunk in enumerate(chunks):
        own = slice(row, row + 1)
        signs = []
        for counts, values, classes in given_.signs:
            last = int(counts[: row + 1].sum())
            part = slice(last - int(counts[row]), last)
            signs.append((counts[own], values[part], classes[part]))
        assert written(Drawn(given_.symbols[own], given_.classes[own], signs)) == [chunk]


@settings(max_examples=200)
@given(st.data(), st.integers(0, 2**16))
def test_damage_is_refused_or_read_as_the_specification_says(
    data: st.DataObject, seed: int
) -> None:
    """LGI-K-44, LGI-K-45, LGI-K-46."""
    given_ = drawn(1, 40, seed)
    (chunk,) = written(given_)
    damaged = bytearray(chunk)
    damaged[data.draw(st.integers(0, len(chunk) - 1))] ^= data.draw(st.integers(0, 255))
    for bytes_ in (bytes(damaged), bytes(damaged[: data.draw(st.integers(0, len(chunk)))])):
        try:
            found, signs = read([bytes_], given_)
        except FileError as error:
            assert error.code == "E_PAYLOAD"
            assert bytes_ != chunk
        else:
            assert (found[0].tolist(), signs) == specified(bytes_, given_)


@pytest.mark.parametrize("ones", [14, 15, 400])
def test_an_escape_beyond_what_there_is(ones: int) -> None:
    """LGI-K-45: by hand, since no writer makes one."""
    table, class_ = slots(), 20
    escape, half = table.first[class_] + table.most[class_] + 1, table.first[SIGNS]
    places = np.array([escape, *[half + 1] * ones, half, *[half + 1] * ones])
    writer = Writer(1, 1)
    writer._add(np.zeros_like(places), np.zeros_like(places), places)
    with pytest.raises(FileError, match="a magnitude is above 32767"):
        magnitudes(Reader(writer.chunks(), 1), np.array([[class_]]))


def test_a_chunk_of_lanes_that_ends_in_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-44: the last bit of how far it is has no word, and a lane rests at 2^16 before it."""
    monkeypatch.setattr(streams, "SYMBOLS_PER_LANE", 2)
    reader = Reader([bytes.fromhex("e02101006c362950")], 4)
    with pytest.raises(FileError, match="a chunk ends before its last symbol"):
        magnitudes(reader, np.full((1, 4), 20))


@pytest.mark.parametrize("seed", range(12))
def test_chunks_of_lanes_that_end_anywhere(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-44: several lanes need a word whenever a state is small, also within an escape."""
    for module, name in ((streams, "SYMBOLS_PER_LANE"), (reference, "LANE")):
        monkeypatch.setattr(module, name, 3)
    given_ = drawn(1, 12, seed)
    given_ = given_._replace(symbols=32767 - given_.symbols % 999)
    (chunk,) = written(given_)
    for length in range(16, len(chunk), 2):
        with pytest.raises(FileError, match="a chunk ends before its last symbol"):
            read([chunk[:length]], given_)
        with pytest.raises(IndexError):
            specified(chunk[:length], given_)
    assert specified(chunk, given_)[0] == given_.symbols[0].tolist()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_no_signs(count: int) -> None:
    """Of a channel of zeros."""
    none, of_none = np.zeros(0, np.int64), np.zeros(count, np.int64)
    zeros = np.zeros((count, 4), np.int64)
    writer = Writer(count, 4)
    writer.put(zeros, zeros + 9)
    writer.put_signs(none, none, of_none)
    reader = Reader(writer.chunks(), 4)
    assert (magnitudes(reader, zeros + 9) == 0).all()
    assert signs(reader, none, of_none).shape == (0,)
    reader.finish()
