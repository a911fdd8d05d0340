"""Sections 16 and 17 step by step: what was there decodes to the same bits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from lgcodec._decode import decode_stream
from lgcodec.format.container import BytesSource, Container, GroupData, Reader, StreamData, dumps
from lgcodec.format.geometry import Geometry, Window
from spec.conformance.make.codings import CODINGS, chunks
from spec.conformance.make.crops import cropped
from spec.conformance.make.valid import geometry_of, stream, vectors

GRIDS = {
    "audio": ((24, 4, 1),),
    "image": ((8, 2, 1), (9, 3, 1)),
    "video": ((6, 2, 2), (4, 2, 1), (6, 2, 1)),
    "volume": ((4, 2, 1), (4, 2, 1), (4, 1, 1)),
}


def made(kind: str, seed: int = 0, grid: Sequence[tuple[int, int, int]] = ()) -> StreamData:
    """A stream without holes; another seed has other weights."""
    geometry = geometry_of(kind, grid or GRIDS[kind], "uint8", 1)
    one = stream("siren", "local-global", geometry, CODINGS[0])
    groups = []
    for group in one.groups:
        shared, local = chunks(one.conf, geometry.tiles_per_group, seed + 99 * group.ordinal)
        groups.append(GroupData(group.ordinal, shared, dict(enumerate(local))))
    return replace(one, groups=tuple(groups))


def samples(one: StreamData, window: Window | None = None) -> np.ndarray:
    reader = Reader(BytesSource(dumps(Container((one,)))))
    return decode_stream(reader.streams[0], window, device="cpu").samples


def renumbered(one: StreamData, new: Geometry, moved: Mapping[int, int]) -> tuple[GroupData, ...]:
    """Groups of `one` on the grid `new`, with tiles moved by so many along each axis."""
    groups: dict[int, dict[int, bytes]] = {}
    shared = {}
    for group in one.groups:
        for partition, chunk in group.local_chunks.items():
            index = list(one.geometry.partition_index(group.ordinal, partition))
            for place, more in moved.items():
                index[place] += more
            ordinal, moved_to = new.partition_at(index)
            groups.setdefault(ordinal, {})[moved_to] = chunk
            shared[ordinal] = group.global_chunk
    return tuple(
        GroupData(ordinal, shared[ordinal], dict(sorted(groups[ordinal].items())))
        for ordinal in sorted(groups)
    )


def with_axis(geometry: Geometry, place: int, **fields: int) -> Geometry:
    axes = list(geometry.axes)
    axes[place] = replace(axes[place], **fields)
    return replace(geometry, axes=tuple(axes))


# --- extend


def extended(one: StreamData, place: int, before: int, after: int) -> StreamData:
    """Steps 1 to 3 along an axis of one group: room, and no partitions in it yet."""
    axis = one.geometry.axes[place]
    assert axis.groups == 1
    new = with_axis(
        one.geometry,
        place,
        grid_lo=axis.grid_lo - before * axis.tile_len,
        tiles=axis.tiles + before + after,
        win_lo=axis.win_lo - before * axis.tile_len,
        win_len=axis.win_len + before * axis.tile_len,
    )
    return StreamData(new, one.conf, renumbered(one, new, {place: before}))


@pytest.mark.parametrize(
    ("kind", "place"),
    [("audio", 0), ("image", 0), ("image", 1), ("video", 1), ("video", 2), ("volume", 0)],
)
@pytest.mark.parametrize(("before", "after"), [(0, 2), (1, 0), (3, 1)])
def test_extend_moves_no_sample(kind: str, place: int, before: int, after: int) -> None:
    one = made(kind)
    larger = extended(one, place, before, after)
    assert {c for g in larger.groups for c in g.local_chunks.values()} == {
        c for g in one.groups for c in g.local_chunks.values()
    }
    shown = samples(larger, one.geometry.window)
    assert shown.tobytes() == samples(one).tobytes()


def test_new_partitions_stand_beside_old_ones() -> None:
    """Step 4: local chunks of another fit with the same tables; the old samples stay."""
    one = made("image")
    larger = extended(one, 0, 1, 1)
    (group,) = larger.groups
    free = [i for i in range(larger.geometry.tiles_per_group) if i not in group.local_chunks]
    (first, *_) = group.local_chunks.values()
    full = dict(sorted({**group.local_chunks, **dict.fromkeys(free, first)}.items()))
    larger = replace(larger, groups=(replace(group, local_chunks=full),))
    assert samples(larger, one.geometry.window).tobytes() == samples(one).tobytes()
    outside = (range(-4, 0), range(9))
    assert (samples(larger, outside) != samples(one)[:4]).any()


@pytest.mark.parametrize("kind", ["audio", "image", "video"])
def test_extend_by_groups(kind: str) -> None:
    """Step 1 for several groups: new ones at the end of the first axis."""
    grid = tuple((length, tiles, 2) for length, tiles, _ in GRIDS[kind])
    one = made(kind, grid=grid)
    new = with_axis(one.geometry, 0, groups=4)
    larger = StreamData(new, one.conf, renumbered(one, new, {}))
    if kind == "video":  # t is the fastest axis of ordinals: they change
        assert [g.ordinal for g in larger.groups] != [g.ordinal for g in one.groups]
    assert samples(larger, one.geometry.window).tobytes() == samples(one).tobytes()


# --- concat


def concatenated(a: StreamData, b: StreamData) -> StreamData:
    """Steps 1 to 3."""
    place = a.geometry.axis_names.index("t")
    first, second = a.geometry.axes[place], b.geometry.axes[place]
    free = {"win_lo": 0, "win_len": 1, "groups": 1}
    assert with_axis(a.geometry, place, **free) == with_axis(b.geometry, place, **free)
    assert a.conf == b.conf
    assert first.window.stop == first.grid.stop
    assert second.window.start == second.grid.start
    groups = first.groups + second.groups
    new = with_axis(a.geometry, place, groups=groups, win_len=first.win_len + second.win_len)
    moved = {place: first.groups * first.tiles}
    parts = [*renumbered(a, new, {}), *renumbered(b, new, moved)]
    return StreamData(new, a.conf, tuple(sorted(parts, key=lambda group: group.ordinal)))


@pytest.mark.parametrize(
    ("kind", "grid"),
    [
        ("audio", ((24, 2, 3),)),
        ("audio", ((6, 3, 1),)),
        ("video", ((6, 2, 1), (4, 2, 2), (4, 1, 1))),
    ],
)
def test_concat_shows_one_after_the_other(kind: str, grid: tuple) -> None:
    a, b = made(kind, 1, grid), made(kind, 2, grid)
    both = samples(concatenated(a, b))
    assert both.tobytes() == np.concatenate([samples(a), samples(b)]).tobytes()
    thrice = samples(concatenated(concatenated(a, b), a))
    assert thrice.tobytes() == np.concatenate([samples(a), samples(b), samples(a)]).tobytes()


# --- join


def joined(a: StreamData, b: StreamData) -> StreamData:
    """Steps 1 and 2."""
    assert a.conf == b.conf
    geometry = a.geometry
    for place, (first, second) in enumerate(zip(a.geometry.axes, b.geometry.axes, strict=True)):
        lo = min(first.win_lo, second.win_lo)
        hi = max(first.window.stop, second.window.stop)
        geometry = with_axis(geometry, place, win_lo=lo, win_len=hi - lo)
    groups: dict[int, GroupData] = {}
    for group in (*a.groups, *b.groups):
        before = groups.get(group.ordinal, group)
        assert before.global_chunk == group.global_chunk
        local = {**before.local_chunks, **group.local_chunks}
        groups[group.ordinal] = replace(group, local_chunks=dict(sorted(local.items())))
    return StreamData(geometry, a.conf, tuple(groups[ordinal] for ordinal in sorted(groups)))


@pytest.mark.parametrize(
    ("name", "axis", "cut"),
    [
        ("siren-per-partition-audio", "t", 13),
        ("siren-per-partition-image", "y", 4),
        ("siren-per-partition-image", "x", 2),
        ("siren-per-partition-video", "t", 3),
        ("siren-local-global-volume", "z", 2),
    ],
)
def test_join_undoes_a_crop(name: str, axis: str, cut: int) -> None:
    whole = next(vector.container for vector in vectors() if vector.name == name)
    length = (
        whole.streams[0].geometry.axes[whole.streams[0].geometry.axis_names.index(axis)].win_len
    )
    first, second = (cropped(whole, {axis: span}) for span in ((0, cut), (cut, length)))
    assert first is not None
    assert second is not None
    assert Container((joined(first.streams[0], second.streams[0]),)) == cropped(whole, {})
