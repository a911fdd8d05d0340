"""The coder of latents against the page of the specification, and against damage."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import context_reference as reference
from coding import pyramid_reference
from coding.builders import AHEAD, drawn_networks, network, pyramids, ready, symbols, told
from lgcodec.coding import ChunkCodec, Integer, codec_of, streams
from lgcodec.coding.base import Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.neighbours import causal_offsets, fronts
from lgcodec.coding.network import HIDDEN, MAX_BIAS, MAX_WEIGHT, MOST_HIDDEN
from lgcodec.coding.pyramid import LATENTS, Pyramid
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug, TensorSpec

pytestmark = pytest.mark.usefixtures("lively")
TYPE = np.dtype("<i2")
SEEDS = st.integers(0, 2**16)
CODER = Context(Pyramid((7, 10), (1, 3), 3))
GOOD = CODER.configuration
FILM = Context(AHEAD[0]).configuration


def decode(coder: Context, chunks: list[bytes]) -> np.ndarray:
    (found,) = coder.decode((), chunks, [sum(coder.pyramid.sizes)], TYPE)
    return found


@given(pyramids(), st.integers(0, 4), SEEDS)
def test_symbols_come_back(pyramid: Pyramid, count: int, seed: int) -> None:
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, count, seed)
    chunks = coder.encode((), [values])
    found = decode(coder, chunks)
    assert (found.dtype, found.shape) == (TYPE, values.shape)
    assert (found == values).all()
    assert [decode(coder, [chunk]).tolist() for chunk in chunks] == values[:, None].tolist()
    assert [coder.encode((), [row[None]])[0] for row in values] == chunks


@pytest.mark.parametrize("pyramid", [Pyramid((9, 6), (2, 1), 3), Pyramid((4, 3, 5), (1, 1, 2), 2)])
def test_many_chunks_have_the_bytes_of_a_lone_one(pyramid: Pyramid) -> None:
    """Their signs are at other places, and their numbers differ."""
    coder = ready(Context(pyramid), 1)
    values = symbols(coder, 5, 1)
    values[0], values[1, 1:] = 0, 0
    chunks = coder.encode((), [values])
    assert [coder.encode((), [row[None]])[0] for row in values] == chunks
    assert (decode(coder, chunks) == values).all()
    for chunk, row in zip(chunks, values, strict=True):
        assert (decode(coder, [chunk]) == row).all()


@settings(max_examples=25)
@given(pyramids(), SEEDS)
def test_chunks_are_those_of_the_specification(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-47, LGI-K-48: symbols, classes and features, one at a time and in Python's integers."""
    assert_chunk(pyramid, seed)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("pyramid", AHEAD)
def test_chunks_of_tiles_split_ahead(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-47, LGI-K-48: and several chunks have the bytes of lone ones."""
    assert_chunk(pyramid, seed)
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 3, seed)
    chunks = coder.encode((), [values])
    assert [coder.encode((), [row[None]])[0] for row in values] == chunks
    assert (decode(coder, chunks) == values).all()


def assert_chunk(pyramid: Pyramid, seed: int) -> None:
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    latents, classes, inputs, *_ = told(coder, values, seed=seed)
    assert latents == values[0].tolist()
    parts = np.split(values, np.cumsum(pyramid.sizes)[:-1], axis=1)
    assert np.concatenate(coder.classes(parts), axis=1)[0].tolist() == classes
    assert np.concatenate(coder.features(parts), axis=1)[0].tolist() == inputs


def test_classes_of_the_tests_are_spread() -> None:
    """Else the tests above would show little."""
    coder = ready(CODER, 1)
    values = symbols(coder, 20, 1)
    parts = np.split(values, np.cumsum(coder.pyramid.sizes)[:-1], axis=1)
    assert len(np.unique(np.concatenate(coder.classes(parts), axis=1))) > 20


def test_a_chunk_of_several_lanes() -> None:
    """Signs too: their lanes are counted apart."""
    coder = ready(Context(Pyramid((2**18 + 6,), (1,), 2)), 0)
    values = np.resize(symbols(CODER, 3, 0), (1, sum(coder.pyramid.sizes)))
    values[:, :99] = 0
    (chunk,) = coder.encode((), [values])
    assert (decode(coder, [chunk]) == values).all()


@pytest.mark.parametrize("count", [1, 4])
def test_lanes_are_those_of_the_specification(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Of magnitudes and of signs; lanes of 15 magnitudes, since the reference is slow."""
    for module, name in ((streams, "SYMBOLS_PER_LANE"), (reference, "LANE")):
        monkeypatch.setattr(module, name, 15)
    coder = ready(CODER, 2)
    values = symbols(coder, count, 2)
    values[0, ::3] = 0
    chunks = coder.encode((), [values])
    assert (decode(coder, chunks) == values).all()
    found = reference.decoded(
        chunks[0],
        (7, 10),
        (1, 3),
        channels=3,
        entropy=[int(w) for w in network(coder, 2)],
        numbers=drawn_networks(2).tolist(),
    )
    assert found.latents == values[0].tolist()


@pytest.mark.parametrize("shape", [(5,), (4, 7), (3, 2, 5)])
def test_neighbours_are_in_earlier_fronts(shape: tuple[int, ...]) -> None:
    parts = fronts(shape)
    assert sorted(np.concatenate(parts).tolist()) == list(range(np.prod(shape)))
    rank = {int(p): i for i, part in enumerate(parts) for p in part}
    assert [np.ravel_multi_index(p, shape) for p in pyramid_reference.order(shape)] == list(rank)
    for place, own in rank.items():
        p = np.unravel_index(place, shape)
        for offset in causal_offsets(len(shape)):
            q = [a + b for a, b in zip(p, offset, strict=True)]
            if all(0 <= n < most for n, most in zip(q, shape, strict=True)):
                assert rank[int(np.ravel_multi_index(q, shape))] < own


# --- damage


def refused(coder: Context, *chunks: bytes) -> str:
    with pytest.raises(FileError) as raised:
        decode(coder, list(chunks))
    return raised.value.code


def test_truncation_and_extension() -> None:
    """LGI-K-44, LGI-K-46: a shorter chunk is refused or is that of other symbols."""
    coder = ready(CODER, 3)
    original = symbols(coder, 2, 3)
    first, second = coder.encode((), [original])
    assert refused(coder, b"", second) == "E_PAYLOAD"
    for length in range(1, len(first)):
        assert_other_symbols(coder, first[:length], original[:1])
    for more in (b"\0", b"\1", b"\0\0"):
        assert_other_symbols(coder, first + more, original[:1])
    words = first[4 - len(first) % 2 :]
    for state in (b"\xff\xff\0", b"\xff\xff\0\0", b"\0\0\1\0"):
        assert refused(coder, state + words) == "E_PAYLOAD"


@pytest.mark.parametrize("state", [b"\0\0", b"\1\0", b"\1\2\0", b"\1\2\3\0"])
def test_a_state_alone_has_as_few_bytes_as_hold_it(state: bytes) -> None:
    """LGI-K-44."""
    assert refused(ready(CODER, 3), state) == "E_PAYLOAD"


def assert_other_symbols(coder: Context, chunk: bytes, original: Symbols) -> None:
    try:
        found = decode(coder, [chunk])
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert (found != original).any()
        assert coder.encode((), [found]) == [chunk]


@given(st.data(), st.integers(1, 255))
def test_damage_is_noticed_or_gives_other_symbols(data: st.DataObject, change: int) -> None:
    """LGI-K-06 with it: what is accepted has no other bytes."""
    coder = ready(CODER, 4)
    (chunk,) = coder.encode((), [symbols(coder, 1, 4)])
    changed = bytearray(chunk)
    changed[data.draw(st.integers(0, len(chunk) - 1))] ^= change
    try:
        found = decode(coder, [bytes(changed)])
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert coder.encode((), [found]) == [bytes(changed)]


@given(st.binary(max_size=60))
def test_drawn_bytes(chunk: bytes) -> None:
    try:
        decode(ready(CODER, 5), [chunk])
    except FileError as error:
        assert error.code == "E_PAYLOAD"


BEYOND = reference.rows()[63][3] + 1  # the least magnitude that class 63 escapes
ESCAPES = reference.rows()[63][4]  # how frequent that is


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(
    "number", [BEYOND, BEYOND + 1, BEYOND + 2, 2**15 - 1, 2**15, 2**15 + BEYOND - 2, 2**16]
)
def test_an_escape_stands_for_a_large_symbol(number: int, negative: bool) -> None:
    """LGI-K-45: one symbol of class 63 as an escape, by hand; then its sign."""
    coder = Context(Pyramid((2,), (1,), 1))
    weights = -coder.usual
    weights[-1] += MAX_BIAS
    coder = coder.for_locals(coder.pyramid.tensors(), {ENTROPY: weights})
    _, *bits = f"{number - BEYOND + 1:b}"
    halves = [(2**13, 2**13 * int(bit)) for bit in [*("1" * len(bits)), "0", *bits]]
    chunk = encoded([(ESCAPES, 2**14 - ESCAPES), *halves, (2**13, 2**13 * negative)])
    if number < 2**15:
        expected = -number if negative else number
        assert decode(coder, [chunk]).tolist() == [[expected]]
        assert coder.encode((), [np.array([[expected]], "<i2")]) == [chunk]
    else:
        assert refused(coder, chunk) == "E_PAYLOAD"


def encoded(intervals: list[tuple[int, int]]) -> bytes:
    """One lane: frequency and start of every step."""
    state, words = 0, []
    for frequency, start in reversed(intervals):
        if state >= frequency << 18:
            words.insert(0, state % 2**16)
            state //= 2**16
        state = (state // frequency << 14) + start + state % frequency
    least = 3 if words else 1
    size = max(least, -(-state.bit_length() // 8))
    return state.to_bytes(size, "little") + b"".join(w.to_bytes(2, "little") for w in words)


def test_few_bytes_do_not_hold_many_symbols() -> None:
    """Before anything is allocated for them."""
    coder = ready(Context(Pyramid((2**11, 2**11), (1, 1), 1)), 0)
    with pytest.raises(FileError, match="E_PAYLOAD: a chunk of 24 lanes has 94 bytes"):
        decode(coder, [bytes(94)])


# --- networks, tensors, configurations


@pytest.mark.parametrize(
    ("at", "number", "good"),
    [
        *((0, n, abs(n) <= MAX_WEIGHT) for n in (255, -255, 256, -256, 8000)),
        *((-1, n, abs(n) <= MAX_BIAS) for n in (4095, -4095, 4096, -4096)),
    ],
)
def test_weights_within_which_sums_are_exact(at: int, number: int, good: bool) -> None:
    """LGI-K-43: those of the sum."""
    weights = np.rint(CODER.usual / 2) - CODER.usual
    weights[at] = number - CODER.usual[at]
    codec = ChunkCodec(
        Integer(), CODER, CODER.pyramid.tensors(), (TensorSpec(ENTROPY, weights.shape),)
    )
    if good:
        head, _ = codec.encode({ENTROPY: weights}, {LATENTS: symbols(CODER, 1, 0)})
        assert (codec.decode_global(head).weights[ENTROPY] == weights).all()
    else:
        with pytest.raises(FileError, match="E_PAYLOAD: the entropy network has a weight of"):
            codec.encode({ENTROPY: weights}, {LATENTS: symbols(CODER, 1, 0)})


def test_the_largest_sums_are_exact() -> None:
    """LGI-K-47: all weights and magnitudes at their limits, 64 channels, three axes."""
    pyramid = Pyramid((2, 2, 2), (1, 1, 1), 64)
    coder = Context(pyramid)
    weights = np.full(coder.network_size, MAX_WEIGHT, np.float32) - coder.usual
    values = np.full((1, sum(pyramid.sizes)), 2**15 - 1, "<i2")
    coder = coder.for_locals(pyramid.tensors(), {ENTROPY: weights})
    parts = np.split(values, np.cumsum(pyramid.sizes)[:-1], axis=1)
    most = max(float(part.sum(-1).max()) for part in coder.features(parts))
    others = 2 * 3 * reference.g(4095) + 16 * 15  # of the low part, and of the highest level
    assert (most + others) * MAX_WEIGHT + 16 * MAX_BIAS < 2**24
    assert HIDDEN * MOST_HIDDEN * MAX_WEIGHT + 16 * MAX_BIAS < 2**24


@pytest.mark.parametrize(
    "change",
    [
        *({key: None} for key in GOOD),
        *({"tile": t} for t in ((), (7, 10.0), 7, "ab", (7, 10, 1), (7, 0), (2**40, 2**40))),
        *({"levels": n} for n in ((1,), (1, 5), (0, 0), (1, True), (-1, 3))),
        *({"channels": n} for n in (0, 65, 3.0, (3,))),
        *({"more": 1}, {"hidden": 16}),
    ],
)
def test_configurations_that_are_refused(change: dict[str, Any]) -> None:
    """LGI-K-41."""
    changed = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(FileError, match=r"^E_CONF: "):
        Context.from_configuration(changed)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"ahead": None}, True),
        *(({"ahead": n}, False) for n in (0, 2, -1, True, 1.0, "1", (1,))),
        *(({"levels": n}, False) for n in ((0, 2, 1), (2, 0, 0))),
        *(({"levels": n}, True) for n in ((2, 0, 1), (2, 1, 0))),
        ({"tile": (5, 6), "levels": (2, 2)}, False),
        ({"tile": (5,), "levels": (2,)}, False),
    ],
)
def test_configurations_of_tiles_split_ahead(change: dict[str, Any], good: bool) -> None:
    """LGI-K-41."""
    changed = {key: value for key, value in {**FILM, **change}.items() if value is not None}
    if good:
        assert Context.from_configuration(changed).configuration == changed
    else:
        with pytest.raises(FileError, match=r"^E_CONF: "):
            Context.from_configuration(changed)


def test_tensors_that_are_refused() -> None:
    """LGI-K-42."""
    tensors, good = CODER.pyramid.tensors(), network(CODER, 0)
    for local, shared in (
        ((), {ENTROPY: good}),
        ((TensorSpec(LATENTS, (7,)),), {ENTROPY: good}),
        ((TensorSpec("w", tensors[0].shape),), {ENTROPY: good}),
        (tensors, {}),
        (tensors, {ENTROPY: good[:-1]}),
        (tensors, {ENTROPY: good[None]}),
    ):
        with pytest.raises(FileError, match=r"^E_PROFILE: (the local tensors|context needs)"):
            CODER.for_locals(local, shared)


@pytest.mark.parametrize("quantiser", [Plug("uniform", {"bits": 8}), Plug("float", {"bits": 32})])
def test_quantisers_that_are_refused(quantiser: Plug) -> None:
    """LGI-K-42: the network would not be of integers."""
    conf = Conf(
        Plug("latent"), quantiser, Plug("context", GOOD), CODER.pyramid.tensors(), (), (0.0, 1.0),
        (0.0,),
    )  # fmt: skip
    with pytest.raises(FileError, match="E_PROFILE: context does not code the symbols of"):
        codec_of(conf)
