"""The size law on the shipped files, for any set of partitions: benchmarks/size.py says it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.common import SAMPLES
from benchmarks.size import FILES, Sizes
from lgcodec._crop import crop
from lgcodec.format.container import FileSource, Reader
from lgcodec.format.directory import runs_of

WITHIN = 0.02
EVEN = ("bunny-siren.lgi-0",)  # weights: a chunk is like another
STREAMS = (
    "cat.lgi-0",
    "speech.lgi-0",
    "bunny.lgi-0",
    "bunny.lgi-1",
    "bunny-siren.lgi-0",
    "bunny-siren.lgi-1",
)


@pytest.fixture(scope="module")
def sizes() -> Iterator[dict[str, Sizes]]:
    with ExitStack() as stack:
        readers = {n: stack.enter_context(Reader(FileSource(SAMPLES / n))) for n in FILES}
        yield {
            f"{name}-{stream.index}": Sizes(reader, stream)
            for name, reader in readers.items()
            for stream in reader.streams
        }


def test_every_stream_is_measured(sizes) -> None:
    assert set(sizes) == set(STREAMS)


@pytest.mark.parametrize("name", ["cat.lgi", "speech.lgi"])
def test_all_partitions_are_the_whole_file(sizes, name) -> None:
    """And what every crop keeps is the file without chunks and their entries."""
    found = sizes[f"{name}-0"]
    assert found.all == (SAMPLES / name).stat().st_size
    (group,) = found.stream.groups.values()
    entry = group.crc_width + group.len_width / 8
    rest = found.all - sum(group.lengths) - len(group.ids) * entry
    assert found.g == pytest.approx(rest / found.all)


@pytest.mark.parametrize("stream", STREAMS)
@given(data=st.data())
def test_any_set_of_partitions(sizes, stream, data) -> None:
    found = sizes[stream]
    kept = data.draw(st.sets(st.sampled_from(list(found.costs)), min_size=1))
    size = found.kept(kept)
    assert abs(size - found.by_bytes(kept)) < WITHIN * found.all
    if stream in EVEN:  # latents take bytes where there is something to see
        assert abs(size - found.by_count(kept)) < WITHIN * found.all
        assert abs(size / found.by_bytes(kept) - 1) < WITHIN
    runs = len(runs_of([i for _, i in sorted(kept)]))  # these files have one group
    (group,) = found.stream.groups.values()
    lengths = {group.lengths[at] for at in group.positions(i for _, i in kept)}
    if len(lengths) > 1:  # else one length stands for all
        width = max(lengths).bit_length()  # what is left may need less
        narrower = (group.len_width - width) / 8 * len(kept)
        exact = found.by_bytes(kept) + 8 * (runs - 1) - narrower
        assert abs(size - exact) < 1  # the last byte of lengths is filled


@pytest.mark.parametrize("stream", EVEN)
def test_the_worst_sets(sizes, stream) -> None:
    """All chunks above the mean, and all below it."""
    found = sizes[stream]
    above = found.worst_set()
    for kept in (above, list(set(found.costs) - set(above))):
        assert abs(found.kept(kept) - found.by_count(kept)) < WITHIN * found.all


def test_a_crop_is_such_a_set(sizes, tmp_path) -> None:
    from lgcodec._ranges import parse_range

    selection = {"y": parse_range("1:3"), "x": parse_range("0:2")}
    report = crop(SAMPLES / "cat.lgi", tmp_path / "a.lgi", selection)
    with Reader.open(tmp_path / "a.lgi") as reader:
        kept = list(reader.streams[0].present)
    assert report.bytes_after == sizes["cat.lgi-0"].kept(kept)
