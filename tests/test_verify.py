"""Decoding chunks while verifying: what checksums cannot find, and what hostile chunks cost."""

import json
import tracemalloc
from dataclasses import replace
from math import prod
from pathlib import Path
from struct import pack

import pytest
from format.builders import axis, geometry

from lgcodec._verify import verify
from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import Container, GroupData, StreamData, dumps, loads
from lgcodec_cli.main import run
from spec.conformance.make.__main__ import FOLDER

MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
DECODED = [FOLDER / entry["file"] for entry in MANIFEST["valid"] if entry["decode"]]
PAYLOADS = [entry for entry in MANIFEST["invalid"] if entry["code"] == "E_PAYLOAD"]
CONF = Conf(
    Plug("siren"),
    Plug("uniform", {"bits": 8}),
    Plug("rans"),
    (TensorSpec("w", (2**24,)),),
    (),
    (0.0, 255.0),
    (0.0,),
)
STEP_AND_TABLE = pack("<f", 1.0) + FrequencyTable(0, 0, 0, 1, 1).pack()  # no bits for a number


def written(folder: Path, conf: Conf, shared: bytes, chunks: dict[int, bytes]) -> Path:
    lattice = geometry("audio", (axis(40, 4),), channels=1)
    path = folder / "a.lgi"
    stream = StreamData(lattice, conf, (GroupData(0, shared, chunks),))
    path.write_bytes(dumps(Container((stream,))))
    return path


@pytest.mark.parametrize("path", DECODED, ids=lambda path: path.stem)
def test_numbers_are_those_that_info_tells(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All statistics of `lgi info`, counted again from what was decoded and read."""
    report = verify(path, deep=True)
    assert report.damage == ()
    assert run(["info", "--json", str(path)]) == 0
    info = json.loads(capsys.readouterr().out)
    container = loads(path.read_bytes())
    for check, said, stream in zip(report.streams, info["streams"], container.streams, strict=True):
        parameters = said["parameters"]
        assert check.numbers == (parameters["local"], parameters["global"])
        lengths = [len(c) for group in stream.groups for c in group.local_chunks.values()]
        stored = said["bytes"]
        assert stored["local"] == sum(lengths)
        assert (stored["local_least"], stored["local_most"]) == (min(lengths), max(lengths))
        assert stored["global"] == sum(len(group.global_chunk) for group in stream.groups)
        assert [one["bytes"] for one in said["present"]] == lengths
        assert check.intact == len(lengths)
    parts = [info["front_bytes"], *info["ancillary"].values()]
    for said in info["streams"]:
        names = ("geometry", "configuration", "directories", "global", "local")
        parts += [said["bytes"][name] for name in names]
    assert sum(parts) == info["bytes"] == len(path.read_bytes())
    samples = prod(len(range(*one["window"])) for one in info["streams"][0]["axes"])
    assert info["bits_per_sample"] == 8 * info["bytes"] / samples


@pytest.mark.parametrize("entry", PAYLOADS, ids=lambda entry: Path(entry["file"]).stem)
def test_deep_finds_what_checksums_do_not(entry: dict) -> None:
    assert verify(FOLDER / entry["file"]).damage == ()
    (found,) = verify(FOLDER / entry["file"], deep=True).damage
    assert found.code == "E_PAYLOAD"
    assert found.offset in range(*entry["where"])
    (stream,) = loads((FOLDER / entry["file"]).read_bytes()).streams
    lost = len(stream.groups[0].local_chunks) if found.partition is None else 1
    (check,) = verify(FOLDER / entry["file"], deep=True).streams
    whole = sum(len(group.local_chunks) for group in stream.groups)
    assert check.intact == whole - lost


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--deep", str(DECODED[0])]) == 0
    assert "local numbers and" in capsys.readouterr().out
    assert run(["verify", "--deep", str(FOLDER / "invalid" / "payload-rans-word-more.lgi")]) == 3
    assert "audio, group 0, partition 1: E_PAYLOAD" in capsys.readouterr().out


def test_many_numbers_in_few_bytes(tmp_path: Path) -> None:
    """2**24 numbers of no bits need 65 536 bytes of states: fewer are refused for nothing."""
    path = written(tmp_path, CONF, STEP_AND_TABLE, {0: bytes(1000), 1: bytes(4)})
    tracemalloc.start()
    report = verify(path, deep=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.code for one in report.damage] == ["E_PAYLOAD"] * 2
    assert peak < 2**22


@pytest.mark.parametrize("where", ["local", "global_"])
def test_more_numbers_than_are_decoded(tmp_path: Path, where: str) -> None:
    """No defect of the file: it is said, and the rest is verified."""
    many = {where: tuple(TensorSpec(f"w{i}", (2**24, 16)) for i in range(200))}
    path = written(tmp_path, replace(CONF, **many), STEP_AND_TABLE, {0: bytes(1000)})
    report = verify(path, deep=True)
    assert report.damage == ()
    assert "at most 16,777,216 are decoded" in str(report.streams[0].unreadable)
    assert report.streams[0].numbers is None


def test_offsets_lead_to_the_chunk(tmp_path: Path) -> None:
    conf = replace(CONF, local=(TensorSpec("w", (3,)),))
    good = pack("<I", 2**16)
    path = written(tmp_path, conf, STEP_AND_TABLE, {0: good, 1: good, 2: pack("<I", 77), 3: good})
    (found,) = verify(path, deep=True).damage
    assert (found.group, found.partition) == (0, 2)
    assert path.read_bytes()[found.offset :][:4] == pack("<I", 77)


def test_a_damaged_front_is_told_as_it_is(tmp_path: Path) -> None:
    """The length in a header that is none is not believed; a wrong length comes before the rest."""
    path = tmp_path / "a.lgi"
    for data, code in (
        (b"PK\3\4" + bytes(60), "E_MAGIC"),
        ((FOLDER / "valid" / "golden.lgi").read_bytes()[:100], "E_TRUNC"),
    ):
        path.write_bytes(data)
        with pytest.raises(FileError) as raised:
            verify(path)
        assert raised.value.code == code
