"""Properties of the format and its tools, numbered, each with the tests that hold them up.

The numbers are those of the project's study of container formats. Most properties are tested
beside the module that they are about; what is tested here concerns several modules.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from crops import selection
from encodes import encoded
from format.builders import axis, geometry, stream, video_with_sound
from format.test_container import containers
from fuzz.mutators import mutated
from fuzz.outcome import folder, stored
from hypothesis import given, settings
from hypothesis import strategies as st
from test_crop import model, selections
from test_remote import everything

import lgcodec
from lgcodec import _rewrite
from lgcodec._crop import AxisRange, Selection, crop, resolve
from lgcodec._repair import repair
from lgcodec.errors import FileError, LgiError, UsageError
from lgcodec.format.container import (
    BytesSource,
    Container,
    FileSource,
    GroupData,
    Reader,
    StreamData,
    dumps,
    loads,
)
from lgcodec.format.layout import ERROR_CODES
from lgcodec.remote import Timeouts, Traffic, ranges
from lgcodec.remote import source as remote_source

TESTS = Path(__file__).parent

PROPERTIES = {
    "P1 what was written is read": ["format/test_container.py::test_round_trip"],
    "P2 what is accepted is canonical": [
        "format/test_container.py::test_what_is_accepted_is_canonical",
        "fuzz/test_fuzz.py::test_mutations",
    ],
    "P3 every flipped bit is noticed": [
        "format/test_container.py::test_every_flipped_bit_is_noticed",
        "format/test_checks.py::test_the_shortest_checksum_finds_a_burst",
        "test_properties.py::test_any_flipped_bit",
    ],
    "P4 every prefix and every extension is refused": [
        "format/test_container.py::test_every_truncation_is_noticed",
        "format/test_container.py::test_extensions_are_noticed",
        "test_properties.py::test_any_prefix_and_any_extension",
    ],
    "P5 crops are idempotent": ["test_crop.py::test_laws"],
    "P6 crop after crop is the crop to both": ["test_crop.py::test_laws"],
    "P7 kept chunks keep every byte, their ids, ordinals and frame": [
        "test_crop.py::test_laws",
        "test_crop.py::test_ordinals_ids_and_absent_groups",
    ],
    "P8 a crop on disk is that in memory, whatever the buffer": [
        "test_properties.py::test_a_crop_with_any_buffer",
        "test_crop_files.py::test_to_a_pipe",
    ],
    "P9 a crop reads and writes tables and kept chunks, in constant memory": [
        "test_properties.py::test_a_crop_reads_and_writes_no_more_than_it_keeps",
        "test_crop_files.py::test_memory_does_not_grow_with_the_file",
    ],
    "P10 damage in a local chunk costs that partition": [
        "test_repair.py::test_each_damage_costs_its_own_part",
        "test_decode.py::test_a_damaged_chunk_costs_its_partition",
    ],
    "P11 what is recovered is true": [
        "test_repair.py::test_every_truncation",
        "test_properties.py::test_what_is_recovered_from_a_prefix_is_true",
    ],
    "P12 crops decode to the same bits, windows to parts of the whole": [
        "test_encode.py::test_what_a_crop_keeps_decodes_to_the_same_bits",
        "test_encode.py::test_a_window_is_a_part_of_the_whole",
        "test_latents.py::test_a_crop_keeps_every_bit",
        "nets/test_motion.py::test_what_is_beside_changes_no_bit",
    ],
    "P13 extending then cropping, splitting then joining change nothing": [
        "test_properties.py::test_extended_then_cropped",
        "test_properties.py::test_split_then_joined",
    ],
    "P14 a remote file is the local one, in few requests": [
        "test_properties.py::test_any_sizes_of_requests",
        "test_remote.py::test_round_trips_of_a_region",
    ],
    "P15 accepted CBOR is encoded to the same bytes": [
        "format/test_cbor.py::test_any_bytes_are_refused_or_canonical",
        "format/test_cbor.py::test_any_damage_is_refused_or_canonical",
    ],
    "P16 rANS inverts both ways, in lock-step and symbol by symbol": [
        "coding/test_rans.py::test_round_trip",
        "coding/test_rans.py::test_flipped_bits",
        "coding/test_rans.py::test_lock_step_is_the_algorithm_of_the_specification",
    ],
    "P17 whatever the bytes, an error is one of ours with a documented code": [
        "test_properties.py::test_any_bytes_through_the_public_names",
        "fuzz/test_fuzz.py::test_mutations",
        "coding/test_motion.py::test_drawn_bytes",
    ],
    "P18 unknown ancillary chunks survive if the fourth letter says so": [
        "test_properties.py::test_ancillary_chunks_survive_by_their_fourth_letter",
    ],
    "P19 boxes tile the grid, ids are a bijection": [
        "format/test_geometry.py::test_boxes_tile_the_grid",
        "format/test_geometry.py::test_ids_and_indices_are_a_bijection",
    ],
    "P20 any history of edits is what a model says": ["test_history.py::test_any_history"],
}


def test_no_property_is_missing() -> None:
    assert [name.split()[0] for name in PROPERTIES] == [f"P{i}" for i in range(1, 21)]
    for name, tests in PROPERTIES.items():
        assert tests, name
        for test in tests:
            path, _, function = test.partition("::")
            text = (TESTS / path).read_text()
            assert re.search(rf"^def {function}\(", text, re.M), test


# --- P3, P4


@given(containers(), st.data())
@settings(max_examples=30)
def test_any_flipped_bit(container: Container, data: st.DataObject) -> None:
    file = bytearray(dumps(container))
    at = data.draw(st.integers(0, 8 * len(file) - 1))
    file[at // 8] ^= 1 << at % 8
    with pytest.raises(FileError):
        loads(bytes(file))


@given(containers(), st.data())
@settings(max_examples=30)
def test_any_prefix_and_any_extension(container: Container, data: st.DataObject) -> None:
    file = dumps(container)
    with pytest.raises(FileError, match="E_TRUNC"):
        loads(file[: data.draw(st.integers(0, len(file) - 1))])
    with pytest.raises(FileError, match="E_TRAILING"):
        loads(file + data.draw(st.binary(min_size=1, max_size=9)))


# --- P8, P9

BOTH = video_with_sound()
DATA = dumps(BOTH)


def cropped(data: bytes, wanted: Selection) -> bytes:
    made = BytesIO()
    crop(stored(data), made, wanted)
    return made.getvalue()


@given(selections(), st.integers(1, 300))
def test_a_crop_with_any_buffer(wanted: dict[str, AxisRange], block: int) -> None:
    target = folder() / "cropped.lgi"
    window = resolve(BOTH.streams[0].geometry, wanted)
    with patch.object(_rewrite, "BLOCK", block):
        crop(stored(DATA), target, wanted)
        assert cropped(DATA, wanted) == target.read_bytes()
    kept = loads(target.read_bytes())
    assert kept.streams[0] == model(BOTH.streams[0], window, frozenset())
    assert dumps(kept) == target.read_bytes()


@given(selections())
def test_a_crop_reads_and_writes_no_more_than_it_keeps(wanted: dict[str, AxisRange]) -> None:
    read = []
    read_at = FileSource.read_at

    def counting(self: FileSource, offset: int, length: int) -> bytes:
        read.append(length)
        return read_at(self, offset, length)

    with patch.object(FileSource, "read_at", counting):
        made = cropped(DATA, wanted)
    ancillary = len(b"kept")
    kept = sum(map(_chunk_bytes, loads(made).streams)) + ancillary
    tables = len(DATA) - sum(map(_chunk_bytes, BOTH.streams)) - len(b"keptdropped")
    confs = sum(one.conf_entry.length for one in Reader(BytesSource(made)).streams)
    assert sum(read) <= tables + kept + confs  # a CONF is read to be checked, then copied
    runs = sum(len(group.runs) for one in _streams(made) for group in one.groups.values())
    assert len(made) <= tables + kept + 8 * runs  # the holes that it makes


def _chunk_bytes(one: StreamData) -> int:
    chunks = (chunk for group in one.groups for chunk in group.local_chunks.values())
    return sum(map(len, chunks)) + sum(len(group.global_chunk) for group in one.groups)


def _streams(data: bytes) -> Sequence[lgcodec.format.stream.Stream]:
    return Reader(BytesSource(data)).streams


# --- P11, P13


def _chunks(container: Container) -> set[tuple[int, int, int, bytes]]:
    return {
        (index, group.ordinal, i, chunk)
        for index, one in enumerate(container.streams)
        for group in one.groups
        for i, chunk in group.local_chunks.items()
    }


@given(containers(), st.data())
@settings(max_examples=30)
def test_what_is_recovered_from_a_prefix_is_true(container: Container, data: st.DataObject) -> None:
    container = replace(container, streams=container.streams[:1])
    file = dumps(container)
    target = folder() / "repaired.lgi"
    cut = data.draw(st.integers(len(file) // 2, len(file) - 1))
    try:
        repair(stored(file[:cut]), target)
    except FileError as error:
        assert error.code == "E_TRUNC"
        return
    found = loads(target.read_bytes())
    assert _chunks(found) <= _chunks(container)
    assert found.streams[0].geometry == container.streams[0].geometry


@given(st.integers(1, 3), st.integers(0, 3), st.integers(1, 4))
def test_extended_then_cropped(tiles: int, before: int, after: int) -> None:
    """Tiles that are put around a signal, its lattice kept, and go again."""
    small = geometry("audio", (axis(16 * tiles, tiles),), channels=1)
    inner = stream(small)
    grid = axis(
        16 * tiles,
        before + tiles + after,
        tile_len=16,
        grid_lo=-16 * before,
        win_lo=-16 * before,
        win_len=16 * (before + tiles + after),
    )
    moved = {i + before: chunk for i, chunk in inner.groups[0].local_chunks.items()}
    around = dict.fromkeys(range(before + tiles + after), b"new") | moved
    wide = StreamData(
        replace(small, axes=(grid,)),
        inner.conf,
        (GroupData(0, inner.groups[0].global_chunk, around),),
    )
    made = cropped(dumps(Container((wide,))), selection(t=f"{before}:{before + tiles}"))
    (back,) = loads(made).streams
    assert back.geometry.window == small.window
    assert back.groups == (GroupData(0, inner.groups[0].global_chunk, moved),)
    assert back.geometry.box(0, before) == small.box(0, 0)
    assert back.geometry.axes[0].frame_len == small.axes[0].frame_len


@given(st.integers(2, 5), st.integers(1, 3), st.data())
@settings(max_examples=40)
def test_split_then_joined(groups: int, tiles: int, data: st.DataObject) -> None:
    """Each group in a file of its own, and all of them in one again."""
    partition = st.tuples(st.integers(0, groups - 1), st.integers(0, tiles - 1))
    absent = frozenset(data.draw(st.sets(partition, max_size=4))) - {(0, 0)}
    lattice = geometry("audio", (axis(8 * groups * tiles, tiles, groups),), channels=1)
    whole = Container((stream(lattice, absent),))
    parts = []
    for group in whole.streams[0].groups:
        first = group.ordinal * tiles * 8
        made = cropped(dumps(whole), selection(t=f"{first}f:{first + 8 * tiles}f"))
        parts.append(loads(made).streams[0])
    assert all(len(part.groups) == 1 for part in parts)
    joined = StreamData(
        parts[0].geometry.with_window(lattice.window),
        parts[0].conf,
        tuple(part.groups[0] for part in parts),
    )
    assert dumps(Container((joined,))) == dumps(whole)


# --- P14


def _server_of(data: bytes, asked: list[range]) -> Callable[..., object]:
    """What stands for `HttpFile`: the bytes of `data`, and a list of what was asked for."""

    class Served:
        def __init__(self, url: str, timeouts: Timeouts, traffic: Traffic) -> None:
            self.size = 0

        def fetch(self, wanted: Iterable[range]) -> list[bytes]:
            self.size = len(data)
            asked.extend(wanted)
            return [data[one.start : one.stop] for one in wanted]

        def close(self) -> None:
            pass

    return Served


@given(*[st.integers(32, 4000)] * 3, st.integers(0, 600))
@settings(max_examples=50)
def test_any_sizes_of_requests(front: int, batch: int, block: int, gap: int) -> None:
    """The same content; nothing is asked for past the end, nor more at once than is allowed."""
    asked: list[range] = []
    sizes = {"FRONT": front, "BATCH": batch, "HttpFile": _server_of(DATA, asked)}
    limits = {"MAX_GAP": gap, "MAX_BLOCK": block}
    with (
        patch.multiple(remote_source, **sizes),
        patch.multiple(ranges, **limits),
    ):
        remote = Reader(remote_source.RemoteSource("http://a/", Timeouts()), lazy=True)
        assert everything(remote) == everything(Reader(BytesSource(DATA)))
    assert asked[0] == range(front)
    assert all(0 <= one.start < one.stop <= len(DATA) for one in asked[1:])
    assert all(len(one) <= max(block, front) for one in asked[1:])


# --- P17, P18


@given(st.sampled_from(["grey", "mono", "groups", "halves"]), st.integers(0, 2**32))
@settings(max_examples=60)
def test_any_bytes_through_the_public_names(name: str, seed: int) -> None:
    """Opened, verified, decoded with its networks, cropped and repaired."""
    rng = Random(seed)
    path = stored(mutated("payload", encoded(name)[0], rng))
    target = folder() / "out.lgi"
    for use in (
        lambda: lgcodec.open(path).decode(device="cpu", max_samples=2**16),
        lambda: lgcodec.verify(path),
        lambda: lgcodec.crop(path, target, {"t" if name == "mono" else "x": AxisRange()}),
        lambda: lgcodec.repair(path, target),
    ):
        try:
            use()
        except FileError as error:
            assert error.code in ERROR_CODES
        except UsageError as error:
            assert re.search("max_samples|does not fit|no axis", str(error))
        except LgiError as error:
            pytest.fail(f"neither the file nor the request is at fault: {error!r}")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-zA-Z][A-Z][a-zA-Z]", fullmatch=True),
        st.binary(min_size=1, max_size=5),
        max_size=5,
    )
)
@settings(max_examples=50)
def test_ancillary_chunks_survive_by_their_fourth_letter(ancillary: dict[str, bytes]) -> None:
    """In a crop, and in the repair of a damaged file; the repair of a whole one keeps all."""
    whole = dumps(replace(BOTH, ancillary=ancillary))
    kept = {name: data for name, data in ancillary.items() if name[3].islower()}
    assert loads(cropped(whole, selection(t="0:2"))).ancillary == kept
    chunk = BOTH.streams[1].groups[1].local_chunks[4]
    at = len(whole) - sum(map(len, ancillary.values())) - len(chunk)
    assert whole[at : at + len(chunk)] == chunk
    damaged = whole[:at] + bytes([chunk[0] ^ 1]) + whole[at + 1 :]
    target = folder() / "repaired.lgi"
    for data, expected in ((whole, ancillary), (damaged, kept)):
        repair(stored(data), target)
        assert loads(target.read_bytes()).ancillary == expected
