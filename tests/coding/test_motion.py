"""Motion in the chunks of tiles split ahead, against the page of the specification and damage."""

import math
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
from coding.pyramid_reference import Place, raster
from lgcodec.coding import ChunkCodec, context, states
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.distributions import BYTES, SIGNS, slots
from lgcodec.coding.integer import Integer
from lgcodec.coding.motion import classes_of_motion, lengths, write_motion
from lgcodec.coding.pyramid import LATENTS, MOTION, Pyramid
from lgcodec.coding.streams import Writer
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec

pytestmark = pytest.mark.usefixtures("lively")
TYPE = np.dtype("<i2")
SEEDS = st.integers(0, 2**16)
STILL = Context(AHEAD[0])
CODER = Context(replace(AHEAD[0], motion=4))  # two blocks along axis 1, one along axis 2
LONG = Context(Pyramid((9, 1, 5), (4, 0, 1), 1, 1, 4))  # more motion than latents
LANES = Context(Pyramid((3, 180, 183), (1, 1, 1), 1, 1, 16))
MOVES = 30  # class of whether anything moves
Tensors = list[NDArray[Any]]


def drawn(coder: Context, count: int, seed: int) -> Tensors:
    """Latents and motion of `count` chunks."""
    return [symbols(coder, count, seed), moves(coder.pyramid, count, seed)]


def decode(coder: Context, chunks: Sequence[bytes]) -> Tensors:
    sizes = [tensor.size for tensor in coder.pyramid.tensors()]
    return coder.decode((), chunks, sizes, TYPE)


def shape_of(coder: Context) -> Place:
    """Of the motion of a tile."""
    return coder.pyramid.tensors()[1].shape


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


def expected_classes(values: NDArray[Any], shape: Place) -> list[int]:
    """Of the numbers [n] of one tile."""
    found, e = list[int](), dict[Place, int]()
    for at, value in zip(raster(shape), values.tolist(), strict=True):
        e[at] = value if at[3] == 2 else abs(value).bit_length()
        found.append(reference.motion_class(e, at))
    return found


@given(moving(), SEEDS)
def test_classes_are_those_of_the_specification(pyramid: Pyramid, seed: int) -> None:
    shape, values = pyramid.tensors()[1].shape, moves(pyramid, 3, seed)
    found = classes_of_motion(lengths(values, shape), shape)
    assert found.tolist() == [expected_classes(row, shape) for row in values]


def test_numbers_of_the_tests_are_of_many_classes() -> None:
    """Else the tests above would show little."""
    shape, values = shape_of(LONG), moves(LONG.pyramid, 200, 1)
    classes = np.array([expected_classes(row, shape) for row in values])
    seen = [set(classes[:, j::3].ravel().tolist()) for j in range(3)]
    assert [min(of_part) for of_part in seen] == [24, 18, 24]
    assert all(len(own) > least for own, least in zip(seen, (15, 20, 4), strict=True))
    assert (values == 0).mean() > 0.1
    still = (values == 0).all(axis=1).mean()
    assert 0.1 < still < 0.5


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("number", [0, 1, -1, 2, 3, -7, 8, -41, 4095, 2**15 - 1, -(2**15) + 1])
def test_each_number_everywhere(number: int, which: int) -> None:
    """Escapes in classes of what is still; none in those that have seen large ones."""
    coder = ready(LONG, 1)
    latents = symbols(coder, 1, 1)
    motion = np.full(shape_of(LONG), number, TYPE)
    motion[..., 2] = which
    motion = motion.reshape(1, -1)
    found = told(coder, latents, motion, seed=1)
    assert (found.motion, found.latents) == (motion[0].tolist(), latents[0].tolist())
    assert_same(decode(coder, coder.encode((), [latents, motion])), [latents, motion])


def test_one_number_beside_zeros() -> None:
    """At every place."""
    coder = ready(LONG, 1)
    ones = np.eye(math.prod(shape_of(LONG)), dtype=TYPE)
    for motion in (ones, 2 * ones):
        values = [symbols(coder, len(ones), 1), motion]
        assert_same(decode(coder, coder.encode((), values)), values)


def chunk_of(coder: Context, *asked: tuple[int, int]) -> bytes:
    """A chunk of nothing but symbols of motion, each of a class."""
    places = np.array([slots().first[class_] + symbol for class_, symbol in asked])
    writer = Writer(1, sum(coder.pyramid.sizes))
    writer.put_alone(np.zeros_like(places), places)
    return writer.chunks()[0]


def test_a_tile_that_stands_still_costs_one_symbol() -> None:
    """Between tiles that move."""
    values, coder = drawn(CODER, 5, 0), ready(CODER, 0)
    values[1][:] = 1
    values[1][[1, 4]] = 0
    writer = Writer(5, sum(coder.pyramid.sizes))
    write_motion(writer, values[1], shape_of(CODER))
    still = [chunk == chunk_of(coder, (MOVES, 0)) for chunk in writer.chunks()]
    assert still == [False, True, False, False, True]
    assert_same(decode(coder, coder.encode((), values)), values)
    found = told(coder, *(part[1:2] for part in values), seed=0)
    assert found.motion == [0] * values[1].shape[1]


@pytest.mark.parametrize("count", [1, 3])
def test_lanes_count_motion(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """All of it is in lane 0, and counts neither as magnitudes nor as signs."""
    for module, name in ((states, "SYMBOLS_PER_LANE"), (reference, "LANE")):
        monkeypatch.setattr(module, name, 29)
    coder, still = ready(CODER, 2), ready(STILL, 2)
    lanes = sum(coder.pyramid.sizes) // 29
    assert lanes > 2
    values = drawn(coder, count, 2)
    values[1][0, 1::3] = 0  # then chunks differ in how many symbols there are
    values[1][:, 0] = np.arange(1, count + 1)
    chunks = coder.encode((), values)
    assert_same(decode(coder, chunks), values)
    for chunk, plain in zip(chunks, still.encode((), values[:1]), strict=True):
        assert chunk[4 : 4 * lanes] == plain[4 : 4 * lanes]  # the other lanes are as without it
        assert chunk[:4] != plain[:4]
        assert len(chunk) > len(plain)
    for row in range(count):
        found = told(coder, *(part[row : row + 1] for part in values), seed=2)
        assert found.motion == values[1][row].tolist()
        assert found.latents == values[0][row].tolist()


def test_a_chunk_of_several_lanes() -> None:
    coder = ready(LANES, 0)
    assert sum(coder.pyramid.sizes) > 2 * 2**15
    latents = np.resize(symbols(CODER, 3, 0), (3, sum(coder.pyramid.sizes)))
    values = [latents, moves(coder.pyramid, 3, 0)]
    values[1][1:, 3] = 5, -6
    values[1][0] = 0
    assert_same(decode(coder, coder.encode((), values)), values)


def test_tensors_of_a_file() -> None:
    """Under their names and in their shapes."""
    pyramid = CODER.pyramid
    entropy = TensorSpec(ENTROPY, (CODER.network_size,))
    codec = ChunkCodec(Integer(), CODER, pyramid.tensors(), (entropy,))
    latents, motion = drawn(CODER, 3, 1)
    given = {LATENTS: latents, MOTION: motion.reshape(3, *shape_of(CODER))}
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


@pytest.mark.parametrize("moves", [0, 1])
def test_a_chunk_of_lanes_that_ends_in_its_motion(moves: int) -> None:
    """LGI-K-44: several lanes need a word whenever a state is small."""
    coder, start = ready(LANES, 0), slots().start[slots().first[MOVES] + moves]
    states = (2**16 + int(start)).to_bytes(4, "little") + b"\0\0\1\0"
    with pytest.raises(FileError, match="E_PAYLOAD: a chunk ends before its last symbol"):
        decode(coder, [states])
    states = (2**32 - 2**14 + int(start)).to_bytes(4, "little") + b"\0\0\1\0"
    with pytest.raises(FileError, match="E_PAYLOAD: a chunk ends before its last symbol"):
        decode(coder, [states])


def escape(class_: int, number: int) -> list[tuple[int, int]]:
    most = int(slots().most[class_])
    return [(class_, most + 1), (BYTES, number >> 8), (BYTES, number & 255)]


FAR, NEEDLESS = "a number of motion is none that there is", "an escape stands for a symbol"
FAR_SIDE = [*escape(24, 15), *[(SIGNS, 1)] * 15]  # a displacement before that of class 42


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([(MOVES, 2)], FAR),
        ([(MOVES, 5)], FAR),
        (escape(MOVES, 6), FAR),
        (escape(MOVES, 2**15 - 1), FAR),
        (escape(MOVES, 1), NEEDLESS),
        (escape(MOVES, 2**15), NEEDLESS),
        ([(MOVES, 1), *escape(24, 16)], FAR),
        ([(MOVES, 1), *escape(24, 256)], FAR),
        ([(MOVES, 1), *escape(24, 2)], NEEDLESS),
        ([(MOVES, 1), (24, 0), *escape(18, 16)], FAR),
        ([(MOVES, 1), *FAR_SIDE, (42, 16)], FAR),
        ([(MOVES, 1), (24, 0), (18, 0), *escape(24, 3)], FAR),
        ([(MOVES, 1), (24, 0), (18, 0), *escape(24, 2**15 - 1)], FAR),
        ([(MOVES, 1), (24, 0), (18, 0), (24, 2), (24, 0), (18, 0), (28, 3)], FAR),
    ],
)
def test_symbols_that_are_refused(asked: list[tuple[int, int]], message: str) -> None:
    """LGI-K-45, LGI-K-58: in the first chunk and in a later one."""
    coder = ready(LONG, 6)
    chunk = chunk_of(coder, *asked)
    good = coder.encode((), drawn(LONG, 2, 6))
    for chunks in ([chunk], [*good, chunk], [chunk, *good]):
        with pytest.raises(FileError, match=f"^E_PAYLOAD: {message}"):
            decode(coder, chunks)


@pytest.mark.parametrize("which", [-1, 3])
def test_neighbours_that_are_not_there_are_not_written(which: int) -> None:
    coder, values = ready(CODER, 7), drawn(CODER, 1, 7)
    values[1][0, 2] = which
    with pytest.raises(UsageError, match="neighbours of a block are"):
        coder.encode((), values)


def test_zeros_have_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-58: a chunk that says that something moves, and then that nothing does."""

    def write(writer: Writer, motion: NDArray[Any], shape: Place) -> None:
        assert not motion.any()
        classes = np.array([MOVES, *np.tile([24, 18, 24], motion[0].size // 3)])
        places = slots().first[classes] + (np.arange(len(classes)) == 0)
        writer.put_alone(np.zeros_like(places), places)

    coder, values = ready(CODER, 7), drawn(CODER, 1, 7)
    values[1][:] = 0
    monkeypatch.setattr(context, "write_motion", write)
    with pytest.raises(FileError, match=r"^E_PAYLOAD: "):
        decode(coder, coder.encode((), values))


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
    assert motion == TensorSpec("motion", (3, 2, 1, 3))
    assert CODER.for_locals((latents, motion), good).pyramid.motion == 4
    shapes: list[Place] = [(4, 2, 1, 3), (3, 1, 1, 3), (3, 2, 2, 3), (3, 1, 2, 3), (3, 2, 1, 2)]
    shapes += [(3, 2, 3), (18,), (6, 3), (3, 2, 3, 1), (4, 2)]
    wrong = [TensorSpec("motion", shape) for shape in shapes]
    for coder, tensors in (
        (CODER, (latents,)),
        (CODER, (motion, latents)),
        (CODER, (latents, motion, motion)),
        (CODER, (latents, TensorSpec("moves", motion.shape))),
        *((CODER, (latents, other)) for other in wrong),
        (STILL, (latents, motion)),
        (Context(replace(AHEAD[0], motion=6)), (latents, motion)),
    ):
        with pytest.raises(FileError, match=r"^E_PROFILE: the local tensors"):
            coder.for_locals(tensors, good)


@pytest.mark.parametrize("number", [4, 6, 16, 1022, 1024])
def test_edges_of_blocks(number: int) -> None:
    asked = {**STILL.configuration, "motion": number}
    coder = Context.from_configuration(asked)
    assert (coder.pyramid.motion, coder.configuration) == (number, asked)


@pytest.mark.parametrize(
    "number", [0, 1, 2, 3, 5, 17, -1, -4, 1025, 1026, 2**40, True, 4.0, "4", None, (4,)]
)
def test_numbers_that_are_refused(number: object) -> None:
    """LGI-K-41: the key is absent or even, from 4 to 1024."""
    good = CODER.configuration
    assert good == {**STILL.configuration, "motion": 4}
    assert Context.from_configuration(good).pyramid == CODER.pyramid
    with pytest.raises(FileError, match=r"^E_CONF: "):
        Context.from_configuration({**good, "motion": number})


@pytest.mark.parametrize(
    ("tile", "levels", "motion", "good"),
    [
        ((2, 999, 9), (1, 1, 1), 4, True),
        ((4, 2, 600), (1, 1, 0), 1024, True),
        ((2, 512, 512), (1, 1, 1), 4, True),  # 2**14 blocks
        ((2, 512, 513), (1, 1, 1), 4, False),
        ((2, 513, 512), (1, 1, 1), 4, False),
        ((2, 513, 512), (1, 1, 1), 6, True),
        ((3, 512, 512), (1, 1, 1), 4, True),  # the low part does not move
        ((3, 512, 512), (2, 1, 1), 4, False),
        ((4, 512, 512), (1, 1, 1), 4, False),
        ((2**15 + 1, 4, 4), (1, 1, 1), 4, True),
        ((2**15 + 2, 4, 4), (1, 1, 1), 1024, False),
    ],
)
def test_tiles_that_move(
    tile: tuple[int, ...], levels: tuple[int, ...], motion: int, good: bool
) -> None:
    """LGI-K-41: of at most 2^14 blocks."""
    still = {"tile": tile, "levels": levels, "channels": 1, "ahead": 1}
    assert Context.from_configuration(still).configuration == still
    asked = {**still, "motion": motion}
    if good:
        coder = Context.from_configuration(asked)
        assert coder.configuration == asked
        assert math.prod(shape_of(coder)) <= 3 * 2**14
    else:
        with pytest.raises(FileError, match=r"^E_CONF: .* blocks of a tile move"):
            Context.from_configuration(asked)


@pytest.mark.parametrize("motion", [1, 4, 1024])
@pytest.mark.parametrize("tile", [(4, 4, 4), (4, 4), (4,)])
def test_tiles_that_are_not_split_ahead(tile: tuple[int, ...], motion: int) -> None:
    """LGI-K-41: they do not move."""
    still = {"tile": tile, "levels": (1,) * len(tile), "channels": 1}
    assert Context.from_configuration(still).configuration == still
    with pytest.raises(FileError, match=r"^E_CONF: .* motion is "):
        Context.from_configuration({**still, "motion": motion})
