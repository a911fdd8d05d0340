"""lgcodec._group: partitions on several threads give what they give one after the other."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lgcodec import _group
from lgcodec._decode import decode_stream
from lgcodec.errors import DamageWarning, FileError
from lgcodec.format.container import BytesSource, Reader, Stream, dumps, loads
from lgcodec.signal import Signal

CAT = (Path(__file__).parents[1] / "samples" / "cat.lgi").read_bytes()
DAMAGED = (3, 11, 23)


def cat(damaged: tuple[int, ...] = ()) -> Stream:
    """A picture of 24 partitions, some of whose chunks have a wrong byte."""
    data = bytearray(CAT)
    layout = Reader(BytesSource(CAT)).streams[0]
    for partition in damaged:
        data[layout.chunk_at(0, partition)] ^= 1
    return Reader(BytesSource(bytes(data))).streams[0]


def cut_and_damaged(cut: int, damaged: tuple[int, ...]) -> Stream:
    """The same picture, one chunk shorter by two bytes under a right checksum, others changed."""
    container = loads(CAT)
    (stream,), (group,) = container.streams, container.streams[0].groups
    chunks = {**group.local_chunks, cut: group.local_chunks[cut][:-2]}
    shorter = replace(stream, groups=(replace(group, local_chunks=chunks),))
    data = bytearray(dumps(replace(container, streams=(shorter,))))
    layout = Reader(BytesSource(bytes(data))).streams[0]
    for partition in damaged:
        data[layout.chunk_at(0, partition)] ^= 1
    return Reader(BytesSource(bytes(data))).streams[0]


def decoded(monkeypatch: pytest.MonkeyPatch, values: int, stream: Stream, **options: Any) -> Signal:
    """In batches of about so many values at least."""
    monkeypatch.setattr(_group, "LEAST", values)
    return decode_stream(stream, device="cpu", **options)


def test_samples_are_those_of_one_batch(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    whole = decoded(monkeypatch, 2**30, cat(), scale=[Fraction(1, 2)] * 2)
    told: list[tuple[int, int]] = []
    parts = decoded(
        monkeypatch,
        1,
        cat(),
        scale=[Fraction(1, 2)] * 2,
        progress=lambda *call: told.append(call),
    )
    np.testing.assert_array_equal(parts.samples, whole.samples)
    assert told == [(n, 24) for n in range(1, 25)]
    assert torch.get_num_threads() == threads


@pytest.mark.usefixtures("threads")
def test_damage_is_told_in_the_order_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(DamageWarning) as caught:
        found = decoded(monkeypatch, 1, cat(DAMAGED), on_error="mask")
    (warning,) = caught
    assert isinstance(warning.message, DamageWarning)
    assert warning.message.partitions == tuple((0, i) for i in DAMAGED)
    assert found.present is not None
    assert (~found.present).sum() == len(DAMAGED) * 64 * 64
    with pytest.raises(FileError, match="partition 3 of group 0"):
        decoded(monkeypatch, 1, cat(DAMAGED))


@pytest.mark.parametrize("threads", [1, 4], indirect=True)
@pytest.mark.parametrize(
    ("cut", "damaged", "code", "first"),
    [(2, (4, 7, 20), "E_PAYLOAD", 2), (9, (10,), "E_PAYLOAD", 9), (8, (7, 9), "E_CHUNK_CRC", 7)],
)
@pytest.mark.usefixtures("threads")
def test_the_first_error_in_the_file_is_told(
    monkeypatch: pytest.MonkeyPatch, cut: int, damaged: tuple[int, ...], code: str, first: int
) -> None:
    stream = cut_and_damaged(cut, damaged)
    with pytest.raises(FileError) as raised:
        decoded(monkeypatch, 1, stream)
    assert (raised.value.code, raised.value.offset) == (code, stream.chunk_at(0, first))


def test_there_are_as_many_batches_as_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """Fewer where there is little to do, more where memory asks for it, and each in its place."""
    seen: list[list[list[int]]] = []

    def one_by_one(work: Any, blocks: Any, most: int) -> Iterator[Any]:
        assert most == threads
        seen.append([list(block) for block in blocks])
        return map(work, blocks)

    monkeypatch.setattr(_group, "side_by_side", one_by_one)
    tile = 64 * 64 * 3
    decoded(monkeypatch, 1, cat())
    decoded(monkeypatch, 24 * tile + 1, cat())
    monkeypatch.setattr(_group, "MOST", 5 * tile)
    decoded(monkeypatch, 1, cat())
    assert [len(batches) for batches in seen] == [threads, 1, 5]
    assert all([i for batch in batches for i in batch] == list(range(24)) for batches in seen)
    assert max(map(len, seen[2])) == 5


def test_networks_of_coordinates_keep_torchs_own_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their evaluation is large products, and batches of threads were slower."""
    monkeypatch.setattr(_group, "side_by_side", None)  # not called
    data = (Path(__file__).parents[1] / "samples" / "bunny-siren.lgi").read_bytes()
    stream = Reader(BytesSource(data)).streams[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = decode_stream(stream, (range(1), range(8), range(8)), device="cpu")
    assert found.samples.shape == (1, 8, 8, 3)
