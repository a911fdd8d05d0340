"""The weights of partitions where chunks are damaged: exactly the culprits are left out."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest
from format.builders import axis, geometry

from lgcodec import _weights
from lgcodec._weights import LocalWeights
from lgcodec.coding import codec_of
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    Stream,
    StreamData,
    dumps,
)

COUNT = 20
CONF = Conf(
    Plug("siren"),
    Plug("uniform", {"bits": 8}),
    Plug("rans"),
    (TensorSpec("w", (30,)),),
    (TensorSpec("g", (9,)),),
    (0.0, 255.0),
    (0.0,),
)


def opened(
    payload: Collection[int] = (), checksum: Collection[int] = (), bad_global: bool = False
) -> Stream:
    """A sound of 20 partitions, some with chunks that do not decode, some with changed bytes."""
    random = np.random.default_rng(0)
    head, chunks = codec_of(CONF).encode(
        {"g": random.normal(size=9).astype(np.float32)},
        {"w": random.normal(size=(COUNT, 30)).astype(np.float32)},
    )
    data = {i: chunk[:-2] if i in payload else chunk for i, chunk in enumerate(chunks)}
    lattice = geometry("audio", (axis(400, COUNT),), channels=1)
    group = GroupData(0, head[:-2] if bad_global else head, data)
    file = bytearray(dumps(Container((StreamData(lattice, CONF, (group,)),))))
    layout = Reader(BytesSource(bytes(file))).streams[0]
    for partition in checksum:
        file[layout.groups.chunks_at(0) + layout.groups[0].ends[partition]] ^= 1
    return Reader(BytesSource(bytes(file))).streams[0]


def weights_of(stream: Stream, on_error: str = "mask") -> tuple[LocalWeights, dict[int, dict]]:
    weights = LocalWeights(stream, codec_of(stream.conf), on_error)  # type: ignore[arg-type]
    ids = range(COUNT)
    head = weights.head(0, ids)
    return weights, {} if head is None else dict(weights.of(0, head, ids))


INTACT = weights_of(opened(), "raise")[1]


@pytest.mark.parametrize("batch", [1, 3, 7, 1024])
@pytest.mark.parametrize(
    ("payload", "checksum"),
    [
        ((), ()),
        ((5,), ()),
        ((), (0,)),
        ((0, 19), (7, 8)),
        (range(COUNT), ()),
        ((), range(1, COUNT)),
    ],
)
def test_exactly_the_damaged_ones_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    payload: Collection[int],
    checksum: Collection[int],
) -> None:
    """LGI-V-03: the others have the same weights, bit for bit, and nothing is read again."""
    monkeypatch.setattr(_weights, "WEIGHTS_AT_ONCE", 30 * batch)
    stream = opened(payload, checksum)
    before = stream.source.bytes_read  # type: ignore[attr-defined]
    weights, found = weights_of(stream)
    lost = {*payload, *checksum}
    assert sorted(weights.damaged) == [(0, i) for i in sorted(lost)]
    assert list(found) == [i for i in range(COUNT) if i not in lost]
    read = stream.source.bytes_read - before  # type: ignore[attr-defined]
    assert read == stream.groups[0].length - stream.groups[0].dir_len  # every chunk once
    for partition, tensors in found.items():
        np.testing.assert_array_equal(tensors["w"], INTACT[partition]["w"])


@pytest.mark.parametrize(
    ("stream", "code"), [(opened((5,)), "E_PAYLOAD"), (opened((), (5,)), "E_CHUNK_CRC")]
)
def test_the_first_damage_is_raised(stream: Stream, code: str) -> None:
    with pytest.raises(FileError) as raised:
        weights_of(stream, "raise")
    assert raised.value.code == code


@pytest.mark.parametrize("batch", [1, 3, 7, 1024])
@pytest.mark.parametrize(
    ("stream", "first", "code"),
    [
        (opened((4, 9), (5, 6, 8)), 4, "E_PAYLOAD"),
        (opened((6, 8), (5, 9, 19)), 5, "E_CHUNK_CRC"),
        (opened((0,), (1,)), 0, "E_PAYLOAD"),
    ],
)
def test_the_first_of_several_is_raised(
    monkeypatch: pytest.MonkeyPatch, batch: int, stream: Stream, first: int, code: str
) -> None:
    """However many are read and decoded together."""
    monkeypatch.setattr(_weights, "WEIGHTS_AT_ONCE", 30 * batch)
    with pytest.raises(FileError) as raised:
        weights_of(stream, "raise")
    assert (raised.value.code, raised.value.offset) == (code, stream.chunk_at(0, first))


def test_a_damaged_global_chunk_costs_its_group() -> None:
    weights, found = weights_of(opened(bad_global=True))
    assert (len(weights.damaged), found) == (COUNT, {})
    assert str(weights.warning) == (
        "20 partitions of the audio left out: damaged; partitions 0 to 19 (t 0:20)"
    )
    with pytest.raises(FileError, match="E_PAYLOAD"):
        weights_of(opened(bad_global=True), "raise")


def test_other_errors_are_not_masked() -> None:
    stream = opened()
    unreadable = replace(stream, source=BytesSource(b""))
    with pytest.raises(FileError, match="E_TRUNC"):
        weights_of(unreadable)


def test_a_wish_that_is_not_known() -> None:
    with pytest.raises(UsageError, match="on_error is 'skip', allowed are 'raise' and 'mask'"):
        weights_of(opened(), "skip")


def test_all_in_one_array_are_those_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """In several batches; not more of them than may be held."""
    monkeypatch.setattr(_weights, "WEIGHTS_AT_ONCE", 100)
    stream = opened()
    weights = LocalWeights(stream, codec_of(stream.conf), "raise")
    head, ids = weights.intact_head(0), [2, 3, 5, 11, 19]
    found = weights.stacked(0, head, ids)
    assert found["w"].shape == (5, 30)
    for row, (_, alone) in zip(found["w"], weights.of(0, head, ids), strict=True):
        assert row.tobytes() == alone["w"].tobytes()
    assert weights.stacked(0, head, [])["w"].shape == (0, 30)
    monkeypatch.setattr(_weights, "MAX_STACKED", 149)
    with pytest.raises(UsageError, match="5 partitions hold 150 numbers, at most 149"):
        weights.stacked(0, head, ids)


def test_damage_is_raised_where_all_are_wanted() -> None:
    stream = opened(payload=[7])
    weights = LocalWeights(stream, codec_of(stream.conf), "raise")
    with pytest.raises(FileError, match="E_PAYLOAD"):
        weights.stacked(0, weights.intact_head(0), range(COUNT))
    stream = opened(bad_global=True)
    with pytest.raises(FileError, match="E_PAYLOAD"):
        LocalWeights(stream, codec_of(stream.conf), "raise").intact_head(0)
