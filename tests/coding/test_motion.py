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
from coding.pyramid_reference import Place
from lgcodec.coding import ChunkCodec, context, streams
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.distributions import MOVES, PRECISION, SIGNS, slots
from lgcodec.coding.integer import Integer
from lgcodec.coding.motion import MOST, PARTS, bits_of_motion, read_motion, write_motion
from lgcodec.coding.pyramid import LATENTS, MOTION, Pyramid
from lgcodec.coding.streams import Reader, Writer
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec

pytestmark = pytest.mark.usefixtures("lively")
TYPE = np.dtype("<i2")
SEEDS = st.integers(0, 2**16)
STILL = Context(AHEAD[0])
CODER = Context(replace(AHEAD[0], motion=4))  # two blocks along axis 1, one along axis 2
LONG = Context(Pyramid((9, 1, 5), (4, 0, 1), 1, 1, 4))  # more motion than latents
GRID = Context(Pyramid((4, 9, 10), (2, 1, 1), 1, 1, 4))  # three pictures of 3 x 3 blocks
SMALL = Context(Pyramid((2, 5, 6), (1, 1, 1), 1, 1, 4))  # 2 x 2 blocks
LANES = Context(Pyramid((3, 360, 366), (1, 1, 1), 1, 1, 16))
Tensors = list[NDArray[Any]]
Said = list[tuple[int, int]]  # classes and symbols


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


def said(motion: NDArray[Any], forced: Place = ()) -> Said:
    """What the page writes for the numbers [R, I, J, 3] of a tile.

    forced   a block that is said to be on its own, whether or not it is
    """
    found: Said = [(MOVES, int(motion.any() or len(forced) > 0))]
    if found == [(MOVES, 0)]:
        return found
    for r, picture in enumerate(motion.tolist()):
        own: dict[Place, int] = {}
        for i, k in np.ndindex(motion.shape[1:3]):
            here = picture[i][k]
            above = picture[i - 1][k] if i else [0, 0, 0]
            left = picture[i][k - 1] if k else above
            alike = [left, above] if i and k and left != above else [left]
            a, b = own.get((i, k - 1), 1), own.get((i - 1, k), 1)
            own[i, k] = int(here not in alike or (r, i, k) == forced)
            found.append((MOVES + 1 + a + b, own[i, k]))
            if own[i, k]:
                found += said_of_its_own(here, left)
            elif len(alike) > 1:
                found.append((MOVES + 4 + 2 * a + b, int(here == above)))
    return found


def said_of_its_own(here: Sequence[int], left: Sequence[int]) -> Said:
    d = [here[j] - left[j] for j in (0, 1)]
    e = [abs(away).bit_length() for away in d]
    found = []
    for line, size, away in zip((8, 9 + e[0]), e, d, strict=True):
        found.append((MOVES + line, size))
        found += [(SIGNS, abs(away) >> bit & 1) for bit in reversed(range(size - 1))]
        found += [(SIGNS, int(away < 0))] * (away != 0)
    return [*found, (MOVES + 25 + left[2], here[2])]


def test_classes_have_the_frequencies_of_the_specification() -> None:
    """LGI-K-49."""
    table, lines = slots(), reference.rows("motion.csv")
    assert len(table.first) == MOVES + len(lines) == MOVES + 28
    for first, counts in zip(table.first[MOVES:], lines, strict=True):
        assert tuple(table.frequency[first : first + len(counts)]) == counts


def in_order(coder: Context, asked: Sequence[Said]) -> list[bytes]:
    """Chunks of nothing but symbols of motion."""
    writer = Writer(len(asked), sum(coder.pyramid.sizes))
    places = [[slots().first[class_] + symbol for class_, symbol in own] for own in asked]
    rows = np.repeat(np.arange(len(asked)), list(map(len, places)))
    writer.put_alone(rows, np.array([place for own in places for place in own]))
    return writer.chunks()


@given(moving(), st.integers(1, 4), SEEDS)
def test_symbols_and_bits_are_those_of_the_specification(
    pyramid: Pyramid, count: int, seed: int
) -> None:
    """Of several tiles, and what is told of them before they are written."""
    shape, values = pyramid.tensors()[1].shape, moves(pyramid, count, seed)
    tiles = values.reshape(count, *shape)
    coder, writer = Context(pyramid), Writer(count, sum(pyramid.sizes))
    write_motion(writer, values, shape)
    expected, chunks = [said(tile) for tile in tiles], writer.chunks()
    assert chunks == in_order(coder, expected)
    found = bits_of_motion(tiles.astype(np.int64))
    assert (found.dtype, found.shape) == (np.float64, (count,))
    for bits, symbols_, chunk in zip(found, expected, chunks, strict=True):
        of_each = [slots().frequency[slots().first[line] + symbol] for line, symbol in symbols_]
        assert bits == pytest.approx(PRECISION * len(of_each) - np.log2(of_each).sum())
        assert bits - 16 < 8 * len(chunk) < bits + 32


def test_numbers_of_the_tests_are_of_all_classes() -> None:
    """Else the tests above would show little."""
    shape, values = shape_of(GRID), moves(GRID.pyramid, 400, 1)
    seen = {symbol for row in values for symbol in said(row.reshape(shape))}
    sizes = [len(line) for line in reference.rows("motion.csv")]
    expected = {(MOVES + n, e) for n, size in enumerate(sizes) for e in range(size)}
    assert len(expected - seen) < 0.1 * len(expected)
    assert {symbol for symbol in expected - seen if not 8 <= symbol[0] - MOVES < 25} == set()
    still = (values == 0).all(axis=1).mean()
    assert 0.1 < still < 0.5


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("number", [0, 1, -1, 2, 3, -7, 8, -41, 4095, MOST, -MOST])
def test_each_number_everywhere(number: int, which: int) -> None:
    """Blocks that are all alike, and those where every second one moves the other way."""
    coder = ready(GRID, 1)
    latents = symbols(coder, 2, 1)
    motion = np.full((2, *shape_of(GRID)), number, TYPE)
    motion[..., PARTS - 1] = which
    turned = np.indices(shape_of(GRID)[:3]).sum(axis=0) % 2 > 0
    motion[1, turned, : PARTS - 1] *= -1
    values = [latents, motion.reshape(2, -1)]
    assert_same(decode(coder, coder.encode((), values)), values)
    for row in range(2):
        found = told(coder, *(part[row : row + 1] for part in values), seed=1)
        assert found.motion == values[1][row].tolist()


@pytest.mark.parametrize("coder", [LONG, GRID])
def test_one_number_beside_zeros(coder: Context) -> None:
    """At every place."""
    coder = ready(coder, 1)
    ones = np.eye(math.prod(shape_of(coder)), dtype=TYPE)
    for motion in (ones, 2 * ones):
        values = [symbols(coder, len(ones), 1), motion]
        assert_same(decode(coder, coder.encode((), values)), values)


def test_what_moves_as_one_is_cheap() -> None:
    """Blocks that are all alike take less than half a bit each, others more than ten."""
    rng = np.random.default_rng(1)
    moved = np.array([rng.integers(-40, 41, (64, 12, 12, 2)), np.zeros((64, 12, 12, 2))], np.int64)
    moved[1] += moved[0, :, :1, :1]
    each = bits_of_motion(np.pad(moved, [*[(0, 0)] * 4, (0, 1)])) / moved[0, ..., 0].size
    assert each[1] < 0.5
    assert each[0] > 10


def test_a_tile_that_stands_still_costs_one_symbol() -> None:
    """Between tiles that move."""
    values, coder = drawn(CODER, 5, 0), ready(CODER, 0)
    values[1][:] = 1
    values[1][[1, 4]] = 0
    writer = Writer(5, sum(coder.pyramid.sizes))
    write_motion(writer, values[1], shape_of(CODER))
    still = [chunk == in_order(coder, [[(MOVES, 0)]])[0] for chunk in writer.chunks()]
    assert still == [False, True, False, False, True]
    assert_same(decode(coder, coder.encode((), values)), values)
    found = told(coder, *(part[1:2] for part in values), seed=0)
    assert found.motion == [0] * values[1].shape[1]


@pytest.mark.parametrize("count", [1, 3])
def test_lanes_count_motion(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """All of it is in lane 0, and counts neither as magnitudes nor as signs."""
    for module, name in ((streams, "SYMBOLS_PER_LANE"), (reference, "LANE")):
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


@pytest.mark.parametrize("coder", [CODER, LONG, SMALL])
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


def test_motion_of_lanes_that_ends_at_any_of_its_symbols() -> None:
    """LGI-K-44: it is refused where a word is missing, however many there are."""
    total, shape, refused = 2 * 2**17, shape_of(SMALL), 0
    for number, row in enumerate(moves(SMALL.pyramid, 500, 3)):
        writer = Writer(1, total)
        write_motion(writer, row[None], shape)
        bits = np.random.default_rng(number).integers(0, 2, 32 + number % 16)
        writer.put_alone(0 * bits, slots().first[SIGNS] + bits)  # as if bands followed
        (chunk,) = writer.chunks()
        lanes = reference.Lanes(chunk, total)
        words = len(lanes.words)
        assert reference.motion_of(lanes, shape[:3]) == row.tolist()
        needed = words - len(lanes.words)
        for count in range(words + 1):
            reader = Reader([chunk[: 8 + 2 * count]], total)
            if count < needed:
                with pytest.raises(FileError, match="E_PAYLOAD: a chunk ends before its last"):
                    read_motion(reader, shape)
                refused += 1
            else:
                np.testing.assert_array_equal(read_motion(reader, shape)[0], row)
    assert refused > 1000


# --- what a chunk must not say

FAR = "a number of motion is none that there is"
KNOWN = "a block is said to move on its own, and moves as another"
UNMOVED = "a tile is said to move, and does not"


def assert_refused(coder: Context, asked: Said, message: str) -> None:
    """LGI-K-58: alone, in the first chunk and in a later one."""
    (chunk,) = in_order(coder, [asked])
    good = coder.encode((), drawn(coder, 2, 6))
    for chunks in ([chunk], [*good, chunk], [chunk, *good]):
        with pytest.raises(FileError, match=f"^E_PAYLOAD: {message}$"):
            decode(coder, chunks)


@given(st.sampled_from([SMALL, GRID, LONG, CODER]), st.data(), SEEDS)
def test_blocks_that_move_on_their_own_for_nothing(
    coder: Context, data: st.DataObject, seed: int
) -> None:
    """LGI-K-58: those that are as the one on the left, and as the one above."""
    coder = ready(coder, 6)
    motion = moves(coder.pyramid, 1, seed).reshape(shape_of(coder))
    r, i, k = place = tuple(data.draw(st.integers(0, n - 1)) for n in motion.shape[:3])
    above = motion[r, i - 1, k] if i else 0
    left = motion[r, i, k - 1] if k else above
    motion[r, i, k] = above if data.draw(st.booleans()) and i and k else left
    assert_refused(coder, said(motion, place), KNOWN)


def test_a_block_on_its_own_that_is_as_the_one_above() -> None:
    """LGI-K-58: and not as the one on its left; with another number it is good."""
    coder = ready(SMALL, 6)
    motion = np.array([[[[3, -2, 1], [5, 0, 2]], [[-4, 1, 0], [5, 0, 2]]]])
    assert_refused(coder, said(motion, (0, 1, 1)), KNOWN)
    for j, number in enumerate((4, 1, 0)):
        other = motion.copy()
        other[0, 1, 1, j] = number
        assert said(other) == said(other, (0, 1, 1))
        assert_accepted(coder, other)


def assert_accepted(coder: Context, motion: NDArray[Any]) -> None:
    values = [symbols(coder, 1, 6), motion.reshape(1, -1).astype(TYPE)]
    assert_same(decode(coder, coder.encode((), values)), values)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("j", [0, 1])
@pytest.mark.parametrize("place", [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 1, 1), (2, 2, 2)])
def test_displacements_that_leave_their_range(place: Place, j: int, sign: int) -> None:
    """LGI-K-58: along either axis, from what stands still and from what moves far."""
    coder = ready(GRID, 6)
    for number in (MOST + 1, MOST + 2, 2**15 - 1):
        motion = np.zeros(shape_of(GRID), np.int64)
        motion[*place, j] = sign * number
        assert_refused(coder, said(motion), FAR)
    motion[*place, j] = sign * MOST
    assert_accepted(coder, motion)
    r, i, k = place
    if (i, k) == (0, 0):
        return
    beside = (r, i, k - 1) if k else (r, i - 1, k)
    motion[*beside, j] = sign * MOST
    for more in (1, 2, 2**14, 2**15 - 1):
        motion[*place, j] = sign * (MOST + more)
        assert_refused(coder, said(motion), FAR)
    motion[*place, j] = -sign * (MOST + 1)  # as far as can be said
    assert_refused(coder, said(motion), FAR)
    motion[*place, j] = -sign * MOST
    assert_accepted(coder, motion)


@pytest.mark.parametrize("coder", [SMALL, GRID, LONG, CODER])
def test_a_tile_that_is_said_to_move(coder: Context) -> None:
    """LGI-K-58: and then no block does; zeros have one form."""
    coder = ready(coder, 6)
    pictures, *counts, _ = shape_of(coder)
    of_each = [1 + (k == 0) + (i == 0) for i, k in np.ndindex(*counts)]
    asked = [(MOVES, 1), *((MOVES + line, 0) for line in of_each * pictures)]
    assert_refused(coder, asked, UNMOVED)


def test_zeros_have_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-58: nor if all that follows is as it must be."""

    def write(writer: Writer, motion: NDArray[Any], shape: Place) -> None:
        assert not motion.any()
        lines = [0, *[1 + (k == 0) + (i == 0) for _, i, k in np.ndindex(shape[:3])]]
        places = slots().first[MOVES + np.array(lines)] + (np.arange(len(lines)) == 0)
        writer.put_alone(np.zeros_like(places), places)

    coder, values = ready(GRID, 7), drawn(GRID, 1, 7)
    values[1][:] = 0
    monkeypatch.setattr(context, "write_motion", write)
    with pytest.raises(FileError, match=f"^E_PAYLOAD: {UNMOVED}$"):
        decode(coder, coder.encode((), values))


# --- what is not written


@pytest.mark.parametrize("which", [-1, 3, 2**15 - 1])
def test_neighbours_that_are_not_there_are_not_written(which: int) -> None:
    coder, values = ready(CODER, 7), drawn(CODER, 2, 7)
    values[1][1, 5] = which
    with pytest.raises(UsageError, match="neighbours of a block are"):
        coder.encode((), values)


@pytest.mark.parametrize("j", [0, 1])
@pytest.mark.parametrize("number", [MOST + 1, -MOST - 1, 2**15 - 1, -(2**15)])
def test_displacements_that_are_too_far_are_not_written(number: int, j: int) -> None:
    coder, values = ready(CODER, 7), drawn(CODER, 2, 7)
    values[1][1, 3 + j] = number
    with pytest.raises(
        UsageError, match=f"a block moves by {abs(number)}, allowed is up to {MOST}"
    ):
        coder.encode((), values)


# --- damaged chunks


@given(st.sampled_from([LONG, SMALL]), st.data(), st.integers(1, 255))
def test_damage_is_noticed_or_gives_other_numbers(
    coder: Context, data: st.DataObject, change: int
) -> None:
    coder = ready(coder, 4)
    original = drawn(coder, 1, 4)
    (chunk,) = coder.encode((), original)
    changed = bytearray(chunk)
    changed[data.draw(st.integers(0, len(chunk) - 1))] ^= change
    assert_other_numbers(coder, bytes(changed), original)


@given(st.sampled_from([LONG, SMALL]), st.binary(max_size=60))
def test_drawn_bytes(coder: Context, chunk: bytes) -> None:
    """Whatever they are, numbers are refused or stay within what a file can hold."""
    coder = ready(coder, 5)
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
