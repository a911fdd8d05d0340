"""The reader that was written from the specification alone says what lgcodec says."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from subprocess import CalledProcessError

import pytest

import lgcodec
from lgcodec._ranges import AxisRange, parse_range
from lgcodec.errors import UsageError
from lgcodec.format.container import StreamData, loads

from .borders import borders
from .editable import File
from .mutator import Mutator
from .reader import SPECIFICATION, SecondReader, verdict
from .seeds import seeds

AXES = {"audio": "t", "image": "yx", "video": "tyx", "volume": "zyx"}
DECODING = {"E_PROFILE", "E_PAYLOAD"}  # step 17, which neither of the two does


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> SecondReader:
    if reason := SecondReader.missing():
        pytest.skip(reason)
    return SecondReader(tmp_path_factory.mktemp("second"))


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> SecondReader:
    if reason := SecondReader.missing():
        pytest.skip(reason)
    try:
        built = SecondReader(tmp_path_factory.mktemp("sanitized"), sanitize=True)
        built.verdicts([b""])
    except CalledProcessError:
        pytest.skip("the C compiler has no address and undefined behaviour sanitizers")
    return built


def test_golden_file(reader: SecondReader, tmp_path: Path) -> None:
    """The appendix of the specification, byte by byte."""
    appendix = SPECIFICATION.read_text().split("## Appendix")[1]
    rows = re.findall(r"^[0-9a-f]{3}  ((?:[0-9a-f]{2} )*[0-9a-f]{2})", appendix, re.MULTILINE)
    golden = bytes.fromhex(" ".join(rows))
    assert (len(golden), verdict(golden), reader.verdicts([golden])) == (204, "ok", ["ok"])
    (tmp_path / "golden").write_bytes(golden)
    assert reader.run("list", tmp_path / "golden") == (
        0,
        "stream 0 audio channels 1 uint8 rate 8/1\n"
        "  axis t frame 7 window 0:7 grid 0 tile 4 tiles 2 groups 1\n"
        "  group 0 global 2\n"
        "    partition 0 1\n"
        "    partition 1 2\n",
    )


def test_limits(reader: SecondReader) -> None:
    """At each limit and just beyond it both say what the specification says."""
    cases = list(borders(seeds()[0]))
    found = reader.verdicts([data for *_, data in cases])
    assert len(cases) == len(found)
    for (name, expected, data), second in zip(cases, found, strict=True):
        assert (name, verdict(data), second) == (name, expected, expected)


def test_mutated_files(reader: SecondReader) -> None:
    mutator = Mutator(seeds(), seed=20_241)
    files = [mutator.file() for _ in range(5000)]
    ours = [verdict(data) for data in files]
    theirs = reader.verdicts(files)
    assert not [
        (first, second, data.hex())
        for first, second, data in zip(ours, theirs, files, strict=True)
        if first != second
    ]
    documented = set(re.findall(r"`(E_[A-Z_]+)`", SPECIFICATION.read_text()))
    assert set(Counter(ours)) == documented - DECODING | {"ok"}


def test_sanitized(sanitized: SecondReader) -> None:
    """No byte out of bounds, nothing undefined, nothing leaked."""
    mutator = Mutator(seeds(), seed=7)
    files = [mutator.file() for _ in range(2000)]
    assert len(sanitized.verdicts(files)) == len(files)


@pytest.mark.parametrize("index", range(len(seeds())))
def test_list(reader: SecondReader, tmp_path: Path, index: int) -> None:
    data = seeds()[index]
    (tmp_path / "file").write_bytes(data)
    container = loads(data)
    expected = [line for i, stream in enumerate(container.streams) for line in _listed(i, stream)]
    expected += [f"ancillary {kind} {len(body)}" for kind, body in container.ancillary.items()]
    status, found = reader.run("list", tmp_path / "file")
    assert (status, found.splitlines()) == (0, expected)


def _listed(number: int, stream: StreamData) -> Iterator[str]:
    geometry = stream.geometry
    rate = geometry.rate
    yield (
        f"stream {number} {geometry.kind} channels {geometry.channels} {geometry.sample_type}"
        f" rate {rate.numerator if rate else 0}/{rate.denominator if rate else 0}"
    )
    for name, axis in zip(AXES[geometry.kind], geometry.axes, strict=True):
        window = f"{axis.win_lo}:{axis.win_lo + axis.win_len}"
        yield (
            f"  axis {name} frame {axis.frame_len} window {window}"
            f" grid {axis.grid_lo} tile {axis.tile_len} tiles {axis.tiles} groups {axis.groups}"
        )
    for group in stream.groups:
        yield f"  group {group.ordinal} global {len(group.global_chunk)}"
        for partition, chunk in group.local_chunks.items():
            yield f"    partition {partition} {len(chunk)}"


@pytest.mark.parametrize("index", range(len(seeds())))
def test_crops(reader: SecondReader, tmp_path: Path, index: int) -> None:
    """The same bytes, or both refuse."""
    source, ours, theirs = (tmp_path / name for name in ("source", "ours", "theirs"))
    data = seeds()[index]
    source.write_bytes(data)
    rng = Random(index)
    for _ in range(12):
        selection, arguments = _window(loads(data).streams[0], rng)
        status, _ = reader.run("crop", source, theirs, *arguments)
        try:
            lgcodec.crop(source, ours, selection)
        except UsageError:
            assert status == 2
            continue
        assert status == 0
        assert theirs.read_bytes() == ours.read_bytes()
        assert reader.run("verify", theirs) == (0, "ok\n")


def _window(stream: StreamData, rng: Random) -> tuple[dict[str, AxisRange], list[str]]:
    """Some samples of the window: for lgcodec from its start, for the other reader as positions."""
    selection, arguments = {}, []
    for name, axis in zip(AXES[stream.geometry.kind], stream.geometry.axes, strict=True):
        if rng.random() < 0.3:
            continue
        lo = rng.randrange(axis.win_len)
        hi = min(axis.win_len, lo + 1 + rng.choice((rng.randrange(9), rng.randrange(axis.win_len))))
        unit = "f" if name == "t" else "px"
        selection[name] = parse_range(f"{lo}{unit}:{hi}{unit}")
        arguments.append(f"{name}={axis.win_lo + lo}:{axis.win_lo + hi}")
    return selection, arguments


def test_bad_file(reader: SecondReader, tmp_path: Path) -> None:
    """Exit status 3; the code, where, and what."""
    bad, out = tmp_path / "bad", tmp_path / "out"
    file = File.of(seeds()[0])
    file.major = 2
    bad.write_bytes(file.pack())
    commands: list[list[str | Path]] = [["verify", bad], ["list", bad], ["crop", bad, out]]
    for command in commands:
        assert reader.run(*command) == (3, "E_VERSION 8 major is 2, not 1\n")
    assert not out.exists()


def test_damaged_chunks(reader: SecondReader, tmp_path: Path) -> None:
    """A crop reads no chunk that it does not copy: what is damaged and dropped costs nothing."""
    bad, out = tmp_path / "bad", tmp_path / "out"
    file = File.of(seeds()[0])
    group = file.payloads[2].body
    assert not isinstance(group, bytes)
    group.crcs[0] = 0
    bad.write_bytes(file.pack())
    assert reader.run("verify", bad)[1].startswith("E_CHUNK_CRC ")
    assert reader.run("crop", bad, out, "t=4:6") == (0, "")
    assert reader.run("verify", out) == (0, "ok\n")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["z=0:1"], ["t"], ["t="], ["t=1"], ["t=1:"], ["t=1:2:3"], ["t=1:2x"], ["0:1"], [""]),
        *(["t=0:99999999999999999999"], ["t=3:3"], ["t=5:2"], ["t=100:200"]),
    ],
)
def test_refused_crops(reader: SecondReader, tmp_path: Path, arguments: list[str]) -> None:
    """Exit status 2, and nothing is written."""
    source, out = tmp_path / "source", tmp_path / "out"
    source.write_bytes(seeds()[0])
    assert reader.run("crop", source, out, *arguments) == (2, "")
    assert sorted(tmp_path.iterdir()) == [source]
