"""Chunks of a group: their layout byte by byte, what they depend on, and damage."""

from struct import pack
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import reference
from lgcodec.coding import ChunkCodec, Uniform, codec_of
from lgcodec.coding.floats import Float
from lgcodec.coding.rans import Rans
from lgcodec.coding.raw import Raw
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import GroupData

LOCAL = (TensorSpec("w", (2, 3)), TensorSpec("b", (3,)))
GLOBAL = (TensorSpec("g", (4,)),)
STEPS = {"global.g": 0.5, "local.w": 0.25, "local.b": 2.0}
WEIGHTS = {
    "w": np.array([[[1, 2, 3], [4, 5, 6]], [[-1, 0, 1], [-2, 0, 2]]], np.float32) / 4,
    "b": np.array([[2, 4, 6], [-6, 0, 6]], np.float32),
}
SHARED = {"g": np.array([1, -1, 0.5, 0], np.float32)}


def codec(quantiser: Any, coder: Any, global_: tuple[TensorSpec, ...] = GLOBAL) -> ChunkCodec:
    return ChunkCodec(quantiser, coder, LOCAL, global_)


ALL = [(Uniform(8), Rans()), (Uniform(12), Rans()), (Uniform(8), Raw()), (Float(32), Raw())]


def check_weights(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], value)


# --- layout


def test_literal_chunks_of_floats() -> None:
    """Global tensors, then nothing; local tensors in the order of CONF, rows first."""
    head, locals_ = codec(Float(32), Raw()).encode(SHARED, WEIGHTS)
    assert head == pack("<4f", 1, -1, 0.5, 0)
    assert locals_[0] == pack("<9f", 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4, 6)
    assert locals_[1] == pack("<9f", -0.25, 0, 0.25, -0.5, 0, 0.5, -6, 0, 6)


def test_literal_chunks_of_integers() -> None:
    """Steps first, those of global tensors before those of local ones."""
    head, locals_ = codec(Uniform(8), Raw()).encode(SHARED, WEIGHTS, STEPS)
    assert head == pack("<3f4b", 0.5, 0.25, 2.0, 2, -2, 1, 0)
    assert locals_ == [
        pack("<9b", 1, 2, 3, 4, 5, 6, 1, 2, 3),
        pack("<9b", -1, 0, 1, -2, 0, 2, -3, 0, 3),
    ]


def test_chunks_of_rans_are_those_of_the_specification() -> None:
    """Steps, then tables in the same order, then the global symbols."""
    head, locals_ = codec(Uniform(8), Rans()).encode(SHARED, WEIGHTS, STEPS)
    assert head[:12] == pack("<3f", 0.5, 0.25, 2.0)
    tables = [head[at : at + 10] for at in (12, 22, 32)]
    assert reference.decode(tables[:1], [4], head[42:]) == [2, -2, 1, 0]
    assert reference.decode(tables[1:], [6, 3], locals_[0]) == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert reference.decode(tables[1:], [6, 3], locals_[1]) == [-1, 0, 1, -2, 0, 2, -3, 0, 3]


# --- round trips


@pytest.mark.parametrize("plugs", ALL)
def test_round_trip(plugs: tuple[Any, Any]) -> None:
    """These weights are whole numbers of steps, so nothing is lost."""
    chunks = codec(*plugs)
    head, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    part = chunks.decode_global(head)
    check_weights(part.weights, SHARED)
    check_weights(chunks.decode_local(part, locals_), WEIGHTS)


@pytest.mark.parametrize("plugs", ALL)
def test_a_local_chunk_needs_the_global_one_and_itself(plugs: tuple[Any, Any]) -> None:
    """LGI-K-03."""
    chunks = codec(*plugs)
    head, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    alone = chunks.decode_local(chunks.decode_global(head), locals_[1:])
    check_weights(alone, {name: value[1:] for name, value in WEIGHTS.items()})


@pytest.mark.parametrize(("coder", "width"), [(Rans(), 1), (Raw(), 2)])
def test_small_chunks_have_checksums_that_their_coder_needs(coder: Any, width: int) -> None:
    """Of one byte only where it notices damage too."""
    group = codec(Uniform(8), coder).group(3, b"head", {5: b"chunk"})
    assert group == GroupData(3, b"head", {5: b"chunk"}, width)


@pytest.mark.parametrize("plugs", ALL)
def test_without_a_global_network(plugs: tuple[Any, Any]) -> None:
    chunks = codec(*plugs, global_=())
    head, locals_ = chunks.encode({}, WEIGHTS, STEPS)
    part = chunks.decode_global(head)
    assert part.weights == {}
    check_weights(chunks.decode_local(part, locals_), WEIGHTS)


@pytest.mark.parametrize("plugs", ALL)
def test_no_chunk_at_all(plugs: tuple[Any, Any]) -> None:
    chunks = codec(*plugs)
    head, _ = chunks.encode(SHARED, WEIGHTS, STEPS)
    none = chunks.decode_local(chunks.decode_global(head), [])
    assert {name: value.shape for name, value in none.items()} == {"w": (0, 2, 3), "b": (0, 3)}


def test_a_tensor_without_a_learned_step_gets_one() -> None:
    weights = {"w": WEIGHTS["w"] + np.float32(0.01), "b": WEIGHTS["b"]}
    chunks = codec(Uniform(8), Rans())
    head, locals_ = chunks.encode(SHARED, weights, {"local.b": 2.0})
    part = chunks.decode_global(head)
    assert part.steps[1] == 2.0
    error = np.abs(chunks.decode_local(part, locals_)["w"] - weights["w"])
    assert error.max() <= np.abs(weights["w"]).max() / 127 / 2 * 1.01


def test_steps_are_stored_as_they_were_learned() -> None:
    """Rounded to binary32 before they are used, so that the encoder knows what a decoder sees."""
    head, _ = codec(Uniform(8), Rans()).encode(SHARED, WEIGHTS, {"local.w": 0.1})
    assert head[4:8] == pack("<f", 0.1)


# --- damage


def damage(chunks: ChunkCodec, head: bytes, locals_: list[bytes]) -> str:
    with pytest.raises(FileError) as raised:
        chunks.decode_local(chunks.decode_global(head), locals_)
    return raised.value.code


@pytest.mark.parametrize("step", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_steps(step: float) -> None:
    """LGI-K-04."""
    chunks = codec(Uniform(8), Raw())
    head, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    for at in (0, 4, 8):
        assert damage(chunks, head[:at] + pack("<f", step) + head[at + 4 :], locals_) == "E_PAYLOAD"


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("bits", [16, 32])
def test_numbers_that_are_not_finite(bits: int, number: float) -> None:
    """LGI-K-05, LGI-Q-12."""
    chunks, code = codec(Float(bits), Raw()), "e" if bits == 16 else "f"
    head, locals_ = chunks.encode(SHARED, WEIGHTS)
    bad = pack(f"<{code}", number)
    assert damage(chunks, bad + head[len(bad) :], locals_) == "E_PAYLOAD"
    assert damage(chunks, head, [locals_[0], locals_[1][: -len(bad)] + bad]) == "E_PAYLOAD"


def test_a_step_that_overflows() -> None:
    """LGI-K-05: 3 times 3e38 is not finite."""
    chunks = codec(Uniform(8), Raw())
    _, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    head = pack("<3f4b", 1, 1, 3e38, 0, 0, 0, 0)
    assert damage(chunks, head, locals_) == "E_PAYLOAD"


@pytest.mark.parametrize("plugs", ALL)
def test_truncation_and_extension(plugs: tuple[Any, Any]) -> None:
    chunks = codec(*plugs)
    head, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    for length in range(len(head)):
        assert damage(chunks, head[:length], locals_) == "E_PAYLOAD"
    for length in range(len(locals_[1])):
        assert damage(chunks, head, [locals_[0], locals_[1][:length]]) == "E_PAYLOAD"
    assert damage(chunks, head + b"\0\0\0\0", locals_) == "E_PAYLOAD"
    assert damage(chunks, head, [locals_[0] + b"\0\0\0\0", locals_[1]]) == "E_PAYLOAD"


@pytest.mark.parametrize("plugs", ALL)
@given(at=st.integers(0, 999), bit=st.integers(0, 7), in_head=st.booleans())
def test_any_damage_is_noticed_or_changes_numbers_only(
    plugs: tuple[Any, Any], at: int, bit: int, in_head: bool
) -> None:
    chunks = codec(*plugs)
    head, locals_ = chunks.encode(SHARED, WEIGHTS, STEPS)
    parts = [head, *locals_]
    flipped = bytearray(parts[0 if in_head else 1])
    flipped[at % len(flipped)] ^= 1 << bit
    parts[0 if in_head else 1] = bytes(flipped)
    try:
        found = chunks.decode_local(chunks.decode_global(parts[0]), parts[1:])
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert {n: v.shape for n, v in found.items()} == {n: v.shape for n, v in WEIGHTS.items()}
        assert all(np.isfinite(value).all() for value in found.values())


# --- plugs of a CONF


def conf(quantiser: Plug, coder: Plug) -> Conf:
    return Conf(Plug("siren"), quantiser, coder, LOCAL, GLOBAL, (0.0, 1.0), (0.0,))


def test_codec_of_a_configuration() -> None:
    found = codec_of(conf(Plug("uniform", {"bits": 10}), Plug("rans")))
    assert isinstance(found.quantiser, Uniform)
    assert (found.quantiser.bits, type(found.coder)) == (10, Rans)
    assert (found.local, found.global_) == (LOCAL, GLOBAL)


@pytest.mark.parametrize(
    ("quantiser", "coder", "message"),
    [
        (Plug("uniformly", {"bits": 8}), Plug("rans"), "E_PROFILE: quantiser is 'uniformly'"),
        (Plug("uniform", {"bits": 8}), Plug("huffman"), "E_PROFILE: coder is 'huffman'"),
        (
            Plug("float", {"bits": 32}),
            Plug("rans"),
            "E_PROFILE: rans does not code the symbols of float",
        ),
        (Plug("uniform"), Plug("rans"), "E_CONF: uniform has"),
        (Plug("uniform", {"bits": 8}), Plug("rans", {"x": 1}), "E_CONF: rans has"),
    ],
)
def test_configurations_that_are_refused(quantiser: Plug, coder: Plug, message: str) -> None:
    """LGI-K-01, LGI-K-02."""
    with pytest.raises(FileError, match=message):
        codec_of(conf(quantiser, coder))


# --- further partitions


@pytest.mark.parametrize(("quantiser", "coder"), ALL)
def test_further_chunks_are_those_of_one_encode(quantiser: Any, coder: Any) -> None:
    """LGI-X-04: steps and tables of the global chunk that is there do for others as well."""
    plug = codec(quantiser, coder)
    head, locals_ = plug.encode(SHARED, WEIGHTS, STEPS)
    assert plug.encode_local(plug.decode_global(head), WEIGHTS) == locals_


def test_weights_that_a_table_lacks_become_the_nearest() -> None:
    plug = codec(Uniform(12), Rans())
    part = plug.decode_global(plug.encode(SHARED, WEIGHTS, STEPS)[0])
    wild = {"w": WEIGHTS["w"] * 100, "b": WEIGHTS["b"] - 0.3}
    found = plug.decode_local(part, plug.encode_local(part, wild))
    check_weights(found, {"w": np.clip(WEIGHTS["w"] * 100, -0.5, 1.5), "b": WEIGHTS["b"]})
