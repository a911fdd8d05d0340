"""The harnesses without atheris: on what it left in the corpus, and on mutations of good inputs."""

import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from lgcodec.errors import FileError
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import ERROR_CODES

from . import parts, whole
from .harnesses import HARNESSES
from .limits import memory
from .mutators import mutated
from .seeds import corpus, folder_of, seeds

ALLOCATED = 2**29  # bytes that a harness may ask for
DECODING = {"E_PROFILE", "E_PAYLOAD"}
RUNS = {"container": 3000, "conf": 2000, "geometry": 2000, "directory": 2000}
FEWER = 1000

harnesses = pytest.mark.parametrize("name", HARNESSES)


@pytest.fixture(autouse=True)
def roof() -> Iterator[None]:
    with memory(ALLOCATED):
        yield


@harnesses
def test_good_inputs(name: str) -> None:
    """None of them is refused, so that mutations start behind every check."""
    assert {HARNESSES[name](data) for data in seeds(name)} == {"ok"}


@harnesses
def test_the_corpus(name: str) -> None:
    """LGI-F-03 and more: whatever fuzzing found worth keeping is no finding."""
    outcomes = {HARNESSES[name](data) for data in corpus(name).values()}
    assert "ok" in outcomes
    assert len(outcomes) > 1


@cache
def outcomes_of(name: str) -> Counter[str]:
    rng = Random(name)
    pool = [*seeds(name), *corpus(name).values()]
    count = RUNS.get(name, FEWER)
    return Counter(HARNESSES[name](mutated(name, rng.choice(pool), rng)) for _ in range(count))


@harnesses
def test_mutations(name: str) -> None:
    assert outcomes_of(name)["ok"] > 0


def test_mutations_reach_every_error() -> None:
    """Past the checksums: every documented code, and a reader those that are not of decoding."""
    assert set(outcomes_of("container")) == {"ok", *ERROR_CODES} - DECODING
    reached = set().union(*map(outcomes_of, HARNESSES))
    assert reached == {"ok", *ERROR_CODES}


def test_mutations_are_the_same_for_a_seed() -> None:
    first, second = (
        [mutated(name, data, Random(5)) for name in HARNESSES for data in seeds(name)]
        for _ in range(2)
    )
    assert first == second


# --- that a finding would be noticed


def _raising(error: BaseException) -> Callable[..., Any]:
    def broken(*_: Any, **__: Any) -> Any:
        raise error

    return broken


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError(), OverflowError(), struct.error(), MemoryError(), RecursionError()),
        *(AssertionError(), KeyError(), FileError("E_NEW", "a code that nobody documented")),
        *(FileError("E_GEOM", "two\nlines"), FileError("E_GEOM", "x" * 1000)),
    ],
    ids=repr,
)
def test_what_is_no_documented_error_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(Geometry, "unpack", _raising(error))
    expected = AssertionError if isinstance(error, FileError) else type(error)
    for name in ("container", "geometry", "crop"):
        with pytest.raises(expected):
            HARNESSES[name](seeds(name)[0])


def test_what_is_not_canonical_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "dumps", lambda _: b"")
    with pytest.raises(AssertionError, match="not canonical"):
        HARNESSES["container"](seeds("container")[0])
    monkeypatch.setattr(Geometry, "pack", lambda _: b"")
    with pytest.raises(AssertionError, match="not canonical"):
        HARNESSES["geometry"](seeds("geometry")[0])


def test_a_verifier_that_is_lenient_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    good = seeds("verify")[0]
    bad = good[:-1] + bytes([good[-1] ^ 1])
    assert HARNESSES["verify"](bad) == "E_CHUNK_CRC"
    (whole.folder() / "good.lgi").write_bytes(good)
    monkeypatch.setattr(whole, "stored", lambda _: whole.folder() / "good.lgi")
    with pytest.raises(AssertionError, match="disagree"):
        HARNESSES["verify"](bad)


def test_partitions_that_depend_on_each_other_are_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codec = type(parts.codec_for(0, 0, 0))
    decode = codec.decode_local

    def together(self: Any, head: Any, chunks: Any) -> Any:
        found = decode(self, head, chunks)
        return {name: values + len(chunks) for name, values in found.items()}

    monkeypatch.setattr(codec, "decode_local", together)
    with pytest.raises(AssertionError):
        HARNESSES["payload"](seeds("payload")[0])


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of addresses here")
def test_a_large_allocation_is_a_finding() -> None:
    with pytest.raises(MemoryError):
        bytearray(2 * ALLOCATED)


# --- the corpus


def test_the_corpus_is_small_and_named_by_its_content() -> None:
    paths = {path for name in HARNESSES for path in folder_of(name).glob("*")}
    assert sum(path.stat().st_size for path in paths) < 300_000
    for path in paths:
        assert path.name == sha256(path.read_bytes()).hexdigest()[:12]
