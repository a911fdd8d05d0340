"""P20: crops, drops, damage, repairs, joins and additions in any order, against a plain model.

The model is a `Container`, a value; every step is also done to bytes by the tools, and must give
exactly the bytes of the model.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from math import floor

from format.builders import axis, geometry, stream
from fuzz.outcome import folder, stored
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    multiple,
    rule,
    run_state_machine_as_test,
)
from test_crop import model

from lgcodec._crop import crop, parse_range
from lgcodec._repair import repair
from lgcodec._verify import verify
from lgcodec.errors import FileError, UsageError
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    Stream,
    StreamData,
    dumps,
    loads,
)

# Chunks tell group and id, so that parts of two files never contradict each other.
VIDEO = stream(geometry("video", (axis(12, 2, 2), axis(6, 2), axis(9, 3)), rate=Fraction(4)))
SOUND = stream(geometry("audio", (axis(60, 5, 2),), channels=1, rate=Fraction(20)))
WHOLE = Container((VIDEO, SOUND), {"mETa": b"kept", "tHMB": b"dropped"}, minor=9)
Ranges = Mapping[str, range]  # in samples of the lattice, by axis


class History(RuleBasedStateMachine):
    """Files, each made from others."""

    files = Bundle("files")

    @rule(target=files, absent=st.sets(st.tuples(st.integers(0, 1), st.integers(0, 11))))
    def encode(self, absent: set[tuple[int, int]]) -> Container:
        """A new file, some partitions of the video never encoded."""
        video = without(VIDEO, absent - {(0, 0)})
        assert video is not None
        return same(dumps(replace(WHOLE, streams=(video, SOUND))), WHOLE.ancillary)

    @rule(target=files, file=files, data=st.data())
    def crop(self, file: Container, data: st.DataObject) -> object:
        """To some samples of some axes."""
        wanted = ranges_of(file, data)
        return edited(file, wanted, {}, cut(file, wanted))

    @rule(target=files, file=files, data=st.data())
    def drop(self, file: Container, data: st.DataObject) -> object:
        """The tiles that lie whole inside a region of one axis that is not t."""
        main = file.streams[0].geometry
        region = {name: span for name, span in ranges_of(file, data).items() if name != "t"}
        box = tuple(
            region.get(name, shown)
            for name, shown in zip(main.axis_names, main.window, strict=True)
        )
        kept = cut(file, {})
        if kept is not None and region:
            gone = {
                (group.ordinal, i)
                for group in file.streams[0].groups
                for i in group.local_chunks
                if all(
                    inside.start <= max(tile.start, shown.start)
                    and min(tile.stop, shown.stop) <= inside.stop
                    for tile, inside, shown in zip(
                        main.box(group.ordinal, i), box, main.window, strict=True
                    )
                )
            }
            left = model(file.streams[0], main.window, frozenset(gone))
            kept = replace(kept, streams=(left, *kept.streams[1:])) if left else None
        return edited(file, {}, region, kept)

    @rule(target=files, first=files, second=files)
    def join(self, first: Container, second: Container) -> object:
        """What either of two crops of the same file holds, under the window of the first.

        Where one of two streams is lost, it need not be the same in both.
        """
        alike = len(first.streams) == len(second.streams) and all(
            one.geometry.kind == other.geometry.kind
            and one.geometry.with_window(other.geometry.window) == other.geometry
            for one, other in zip(first.streams, second.streams, strict=True)
        )
        if not alike:
            return multiple()
        streams = map(joined, first.streams, second.streams)
        return same(dumps(replace(first, streams=tuple(streams))), first.ancillary)

    @rule(target=files, file=files, data=st.data())
    def damage(self, file: Container, data: st.DataObject) -> object:
        """A byte of a chunk is flipped, and the file repaired: that chunk costs what it must."""
        index = data.draw(st.integers(0, len(file.streams) - 1))
        group = data.draw(st.sampled_from(file.streams[index].groups))
        partition = data.draw(st.sampled_from([None, *group.local_chunks]))
        whole = dumps(file)
        found = Reader(BytesSource(whole)).streams[index]
        at = found.groups.chunks_at(group.ordinal)
        if partition is not None:
            table = found.group(group.ordinal)
            at += table.ends[table.positions([partition])[0]]
        gone = {(group.ordinal, i) for i in group.local_chunks if partition in (None, i)}
        left = without(file.streams[index], gone)
        streams = [*file.streams[:index], left, *file.streams[index + 1 :]]
        return repaired(whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :], file, streams)

    @rule(target=files, file=files, share=st.floats(0, 1))
    def truncate(self, file: Container, share: float) -> object:
        """The end is lost, and the file repaired: what lies before it is kept."""
        whole = dumps(file)
        length = floor(share * (len(whole) - 1))
        streams = [
            before_the_end(one, found, length)
            for one, found in zip(file.streams, Reader(BytesSource(whole)).streams, strict=True)
        ]
        return repaired(whole[:length], file, streams)


def same(data: bytes, ancillary: Mapping[str, bytes]) -> Container:
    """The value of a file that must be whole."""
    assert verify(stored(data)).damage == ()
    value = loads(data)
    assert dumps(value) == data
    assert value.ancillary == ancillary
    return value


def edited(file: Container, wanted: Ranges, dropped: Ranges, expected: Container | None) -> object:
    """What cropping the bytes of `file` gives, which is `expected`."""
    main, made = file.streams[0].geometry, BytesIO()
    texts = [
        {
            name: parse_range(f"{span.start - lo}{unit}:{span.stop - lo}{unit}")
            for name, span in ranges.items()
            for lo in [main.axes[main.axis_names.index(name)].win_lo]
            for unit in ["f" if name == "t" else "px"]
        }
        for ranges in (wanted, dropped)
    ]
    try:
        crop(stored(dumps(file)), made, texts[0], drop=texts[1])
    except UsageError as error:
        assert expected is None, error
        return multiple()
    assert expected is not None
    assert made.getvalue() == dumps(expected)
    return same(made.getvalue(), expected.ancillary)


def cut(file: Container, wanted: Ranges) -> Container | None:
    """What a crop leaves, None if nothing; along t the other streams follow by the clock, and have
    their own ends where the first one keeps its."""
    main, streams = file.streams[0].geometry, []
    for index, one in enumerate(file.streams):
        window = dict(zip(one.geometry.axis_names, one.geometry.window, strict=True))
        if index == 0:
            window |= wanted
        elif "t" in wanted and "t" in window:
            assert one.geometry.rate and main.rate
            ratio = one.geometry.rate / main.rate
            span, shown = wanted["t"], window["t"]
            start, stop = (floor(end * ratio + Fraction(1, 2)) for end in (span.start, span.stop))
            whole = main.axes[main.axis_names.index("t")].window
            window["t"] = range(
                max(start, shown.start) if span.start > whole.start else shown.start,
                min(stop, shown.stop) if span.stop < whole.stop else shown.stop,
            )
        kept = model(one, tuple(window.values()), frozenset()) if all(window.values()) else None
        if kept is None and index == 0:
            return None
        streams += [kept] if kept else []
    ancillary = {name: data for name, data in file.ancillary.items() if name[3].islower()}
    return replace(file, streams=tuple(streams), ancillary=ancillary)


def repaired(data: bytes, file: Container, streams: list[StreamData | None]) -> object:
    """What the repair of damaged bytes gives, which are those of the streams that are left."""
    left = tuple(one for one in streams if one)
    target = folder() / "repaired.lgi"
    try:
        repair(stored(data), target)
    except FileError:
        assert not left
        return multiple()
    found = loads(target.read_bytes())
    assert found.streams == left
    assert set(found.ancillary) <= {"mETa"}
    return same(target.read_bytes(), found.ancillary)


def before_the_end(one: StreamData, found: Stream, length: int) -> StreamData | None:
    """The groups of `one` whose shared bytes, and the partitions whose chunks end by `length`."""
    gone = {
        (ordinal, i)
        for ordinal, table in found.groups.items()
        for i, end in zip(table.ids, table.ends[1:], strict=True)
        if found.groups.chunks_at(ordinal) + end > length
    }
    return without(one, gone)


def without(one: StreamData, gone: set[tuple[int, int]]) -> StreamData | None:
    """What is left of a stream, also outside its window."""
    groups = [
        replace(group, local_chunks={i: group.local_chunks[i] for i in kept})
        for group in one.groups
        for kept in [[i for i in group.local_chunks if (group.ordinal, i) not in gone]]
        if kept
    ]
    return replace(one, groups=tuple(groups)) if groups else None


def joined(one: StreamData, other: StreamData) -> StreamData:
    """All the partitions of both."""
    groups = {group.ordinal: group for group in other.groups}
    for group in one.groups:
        beside = groups[group.ordinal].local_chunks if group.ordinal in groups else {}
        chunks = dict(sorted({**beside, **group.local_chunks}.items()))
        groups[group.ordinal] = GroupData(group.ordinal, group.global_chunk, chunks)
    return replace(one, groups=tuple(groups[ordinal] for ordinal in sorted(groups)))


def ranges_of(file: Container, data: st.DataObject) -> dict[str, range]:
    """Some samples of the window of the main stream, along some axes."""
    wanted = {}
    main = file.streams[0].geometry
    for name, shown in zip(main.axis_names, main.window, strict=True):
        if data.draw(st.booleans()):
            start = data.draw(st.integers(shown.start, shown.stop - 1))
            wanted[name] = range(start, data.draw(st.integers(start + 1, shown.stop)))
    return wanted


def test_any_history() -> None:
    run_state_machine_as_test(
        History, settings=settings(max_examples=25, stateful_step_count=12, deadline=None)
    )
