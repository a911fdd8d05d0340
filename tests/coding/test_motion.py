"""Motion in the chunks of tiles split ahead, against the page of the specification and damage."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import context_reference as reference
from coding.builders import AHEAD, moves, moving, network, ready, symbols, told
from lgcodec.coding import ChunkCodec, states
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.integer import Integer
from lgcodec.coding.pyramid import LATENTS, MOTION, Pyramid
from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec

pytestmark = pytest.mark.usefixtures("lively")
TYPE = np.dtype("<i2")
SEEDS = st.integers(0, 2**16)
STILL = Context(AHEAD[0])
CODER = Context(replace(AHEAD[0], motion=1))
LONG = Context(Pyramid((9, 2, 1), (1, 1, 0), 1, 1, 1))  # more motion than latents
Tensors = list[NDArray[Any]]


def drawn(coder: Context, count: int, seed: int) -> Tensors:
    """Latents and motion of `count` chunks."""
    return [symbols(coder, count, seed), moves(coder.pyramid, count, seed)]


def decode(coder: Context, chunks: Sequence[bytes]) -> Tensors:
    sizes = [tensor.size for tensor in coder.pyramid.tensors()]
    return coder.decode((), chunks, sizes, TYPE)


def assert_same(found: Tensors, expected: Tensors) -> None:
    assert [part.dtype for part in found] == [TYPE] * len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60)
@given(moving(), st.integers(0, 4), SEEDS)
def test_motion_comes_back(pyramid: Pyramid, count: int, seed: int) -> None:
    """Chunks together have the bytes of lone ones."""
    coder = ready(Context(pyramid), seed)
    values = drawn(coder, count, seed)
    chunks = coder.encode((), values)
    assert len(chunks) == count
    assert_same(decode(coder, chunks), values)
    for row, chunk in enumerate(chunks):
        own = [part[row : row + 1] for part in values]
        assert coder.encode((), own) == [chunk]
        assert_same(decode(coder, [chunk]), own)


@settings(max_examples=20)
@given(moving(), SEEDS)
def test_chunks_are_those_of_the_specification(pyramid: Pyramid, seed: int) -> None:
    """Motion first, with classes of its own; what follows is as it would be without."""
    coder = ready(Context(pyramid), seed)
    values = drawn(coder, 1, seed)
    found = told(coder, *values, seed=seed)
    assert found.motion == values[1][0].tolist()
    assert found.latents == values[0][0].tolist()
    still = ready(Context(replace(pyramid, motion=0)), seed)
    plain = told(still, values[0], seed=seed)
    assert (plain.classes, plain.inputs, plain.signs) == (found.classes, found.inputs, found.signs)


def test_numbers_of_the_tests_are_of_many_classes() -> None:
    """Else the tests above would show little."""
    sizes = np.abs(moves(LONG.pyramid, 200, 1)).tolist()
    seen = {reference.motion_class(row, at) for row in sizes for at in range(len(row))}
    assert {18, 24, 36, 63} <= seen
    assert len(seen) > 20
    assert (moves(LONG.pyramid, 200, 1) == 0).mean() > 0.1


@pytest.mark.parametrize("number", [0, 1, -1, 40, -41, 4095, 2**15 - 1, -(2**15) + 1])
def test_each_number_everywhere(number: int) -> None:
    """The largest ones escape every class."""
    coder = ready(LONG, 1)
    latents = symbols(coder, 1, 1)
    motion = np.full((1, 16), number, TYPE)
    found = told(coder, latents, motion, seed=1)
    assert (found.motion, found.latents) == ([number] * 16, latents[0].tolist())
    assert_same(decode(coder, coder.encode((), [latents, motion])), [latents, motion])


@pytest.mark.parametrize("count", [1, 3])
def test_lanes_count_motion(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """First magnitudes and first signs, though their number has no part in that of lanes."""
    for module, name in ((states, "SYMBOLS_PER_LANE"), (reference, "LANE")):
        monkeypatch.setattr(module, name, 29)
    coder = ready(CODER, 2)
    assert sum(coder.pyramid.sizes) // 29 > 2
    values = drawn(coder, count, 2)
    values[1][0, 1::3] = 0  # then chunks differ in how many signs there are
    assert_same(decode(coder, coder.encode((), values)), values)
    for row in range(count):
        found = told(coder, *(part[row : row + 1] for part in values), seed=2)
        assert found.motion == values[1][row].tolist()
        assert found.latents == values[0][row].tolist()


def test_a_chunk_of_several_lanes() -> None:
    coder = ready(Context(Pyramid((3, 180, 183), (1, 1, 1), 1, 1, 1)), 0)
    assert sum(coder.pyramid.sizes) > 2 * 2**15
    latents = np.resize(symbols(CODER, 3, 0), (2, sum(coder.pyramid.sizes)))
    values = [latents, moves(coder.pyramid, 2, 0)]
    values[1][:, 2] = 0, 5
    assert_same(decode(coder, coder.encode((), values)), values)


def test_tensors_of_a_file() -> None:
    """Under their names and in their shapes."""
    pyramid = CODER.pyramid
    entropy = TensorSpec(ENTROPY, (CODER.network_size,))
    codec = ChunkCodec(Integer(), CODER, pyramid.tensors(), (entropy,))
    latents, motion = drawn(CODER, 3, 1)
    given = {LATENTS: latents, MOTION: motion.reshape(3, pyramid.tile[0] - 1, 2)}
    head, chunks = codec.encode({ENTROPY: network(CODER, 1)}, given)
    found = codec.decode_local(codec.decode_global(head), chunks)
    for name, expected in given.items():
        np.testing.assert_array_equal(found[name], expected)


# --- damage


def assert_other_numbers(coder: Context, chunk: bytes, original: Tensors) -> None:
    """Or E_PAYLOAD; what is accepted has no other bytes."""
    try:
        found = decode(coder, [chunk])
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert any((a != b).any() for a, b in zip(found, original, strict=True))
        assert coder.encode((), found) == [chunk]


@pytest.mark.parametrize("coder", [CODER, LONG])
def test_truncation_and_extension(coder: Context) -> None:
    """LGI-K-44, LGI-K-46."""
    coder = ready(coder, 3)
    original = drawn(coder, 1, 3)
    (chunk,) = coder.encode((), original)
    with pytest.raises(FileError, match=r"^E_PAYLOAD: "):
        decode(coder, [b"", chunk])
    for length in range(1, len(chunk)):
        assert_other_numbers(coder, chunk[:length], original)
    for more in (b"\0", b"\1", b"\0\0"):
        assert_other_numbers(coder, chunk + more, original)


def test_a_chunk_of_lanes_that_ends_in_its_motion() -> None:
    """LGI-K-44: several lanes need a word whenever a state is small."""
    coder = ready(Context(Pyramid((3, 180, 183), (1, 1, 1), 1, 1, 1)), 0)
    states = b"\0\0\1\0" * 2
    with pytest.raises(FileError, match="E_PAYLOAD: a chunk ends before its last symbol"):
        decode(coder, [states])


@given(st.data(), st.integers(1, 255))
def test_damage_is_noticed_or_gives_other_numbers(data: st.DataObject, change: int) -> None:
    coder = ready(LONG, 4)
    original = drawn(coder, 1, 4)
    (chunk,) = coder.encode((), original)
    changed = bytearray(chunk)
    changed[data.draw(st.integers(0, len(chunk) - 1))] ^= change
    assert_other_numbers(coder, bytes(changed), original)


@given(st.binary(max_size=60))
def test_drawn_bytes(chunk: bytes) -> None:
    """Whatever they are, numbers are refused or stay within what a file can hold."""
    coder = ready(LONG, 5)
    try:
        found = decode(coder, [chunk])
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert coder.encode((), found) == [chunk]


# --- tensors and configurations


def test_tensors_that_are_refused() -> None:
    """LGI-K-42."""
    latents, motion = CODER.pyramid.tensors()
    good = {ENTROPY: network(CODER, 0)}
    assert motion == TensorSpec("motion", (4, 2))
    assert CODER.for_locals((latents, motion), good).pyramid.motion
    wrong = [TensorSpec("motion", s) for s in ((5, 2), (4, 1), (4, 3), (2, 4), (8,), (4, 2, 1))]
    for coder, tensors in (
        (CODER, (latents,)),
        (CODER, (motion, latents)),
        (CODER, (latents, motion, motion)),
        (CODER, (latents, TensorSpec("moves", motion.shape))),
        *((CODER, (latents, other)) for other in wrong),
        (STILL, (latents, motion)),
    ):
        with pytest.raises(FileError, match=r"^E_PROFILE: the local tensors"):
            coder.for_locals(tensors, good)


@pytest.mark.parametrize("number", [0, 2, -1, True, 1.0, "1", None, (1,)])
def test_numbers_that_are_refused(number: object) -> None:
    """LGI-K-41: the key is absent or 1."""
    good = CODER.configuration
    assert good == {**STILL.configuration, "motion": 1}
    assert Context.from_configuration(good).pyramid == CODER.pyramid
    with pytest.raises(FileError, match=r"^E_CONF: "):
        Context.from_configuration({**good, "motion": number})


@pytest.mark.parametrize(
    ("tile", "levels", "ahead", "good"),
    [
        ((2, 999, 9), (1, 1, 1), 1, True),
        ((4, 2, 600), (1, 1, 0), 1, True),
        ((1024, 4, 4), (3, 1, 1), 1, True),
        ((1025, 4, 4), (3, 1, 1), 1, False),
        ((4, 4, 4), (1, 1, 1), 0, False),
        ((4, 4), (1, 1), 0, False),
        ((4,), (1,), 0, False),
    ],
)
def test_tiles_that_move(
    tile: tuple[int, ...], levels: tuple[int, ...], ahead: int, good: bool
) -> None:
    """LGI-K-41: those split ahead."""
    still = {"tile": tile, "levels": levels, "channels": 1} | ({"ahead": 1} if ahead else {})
    assert Context.from_configuration(still).configuration == still
    asked = {**still, "motion": 1}
    if good:
        assert Context.from_configuration(asked).configuration == asked
    else:
        with pytest.raises(FileError, match=r"^E_CONF: "):
            Context.from_configuration(asked)
