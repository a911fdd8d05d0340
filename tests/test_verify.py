"""Decoding chunks while verifying: what checksums cannot find, and what hostile chunks cost."""

import json
import tracemalloc
from math import prod
from pathlib import Path
from struct import pack

import pytest
from format.builders import axis, geometry

from lgcodec._verify import verify
from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import Container, GroupData, StreamData, dumps, loads
from lgcodec.nets import Siren
from lgcodec_cli.main import run
from spec.conformance.make.__main__ import FOLDER

MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
DECODED = [FOLDER / entry["file"] for entry in MANIFEST["valid"] if entry["decode"]]
PAYLOADS = [entry for entry in MANIFEST["invalid"] if entry["code"] == "E_PAYLOAD"]
PROFILES = [
    entry
    for entry in MANIFEST["invalid"]
    if entry["decoding"] and entry["code"] in ("E_PROFILE", "E_CONF")
]


def conf(local_width: int, global_width: int = 0) -> Conf:
    """A network of so many neurons; its numbers are all 0 with the global chunk of `shared`."""
    widths = {"local_width": local_width, "global_width": global_width}
    network = Siren(1, **widths, ranges=((-1.0, 1.0),), layers=3)
    return Conf(
        Plug(network.name, network.configuration),
        Plug("uniform", {"bits": 8}),
        Plug("rans"),
        network.local_tensors(),
        network.global_tensors(),
        (0.0, 255.0),
        (0.0,),
    )


def shared(conf: Conf) -> bytes:
    """Steps, and tables by which a number takes no bits."""
    count = len(conf.local)
    return pack("<f", 1.0) * count + FrequencyTable(0, 0, 0, 1, 1).pack() * count


def written(folder: Path, conf: Conf, head: bytes, chunks: dict[int, bytes]) -> Path:
    lattice = geometry("audio", (axis(40, 4),), channels=1)
    path = folder / "a.lgi"
    stream = StreamData(lattice, conf, (GroupData(0, head, chunks),))
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


@pytest.mark.parametrize("entry", PROFILES, ids=lambda entry: Path(entry["file"]).stem)
def test_deep_compares_conf_with_what_its_plugs_need(entry: dict) -> None:
    """Step 17, before any chunk. What nobody knows may be right."""
    report = verify(FOLDER / entry["file"], deep=True)
    (check,) = report.streams
    assert str(check.unreadable).startswith(entry["code"])
    assert check.numbers is None
    if "from-the-future" in str(check.unreadable):
        assert report.damage == ()
    else:
        (found,) = report.damage
        assert (found.code, found.group) == (entry["code"], None)
        assert found.offset in range(*entry["where"])


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--deep", str(DECODED[0])]) == 0
    assert "local numbers and" in capsys.readouterr().out
    assert run(["verify", "--deep", str(FOLDER / "invalid" / "payload-rans-word-more.lgi")]) == 3
    assert "audio, partition 1 (t 1): E_PAYLOAD" in capsys.readouterr().out


def test_many_numbers_in_few_bytes(tmp_path: Path) -> None:
    """Nearly 2**24 numbers of no bits need 65 536 bytes of states: with fewer they cost nothing."""
    large = conf(4090)
    path = written(tmp_path, large, shared(large), {0: bytes(1000), 1: bytes(4)})
    tracemalloc.start()
    report = verify(path, deep=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.code for one in report.damage] == ["E_PAYLOAD"] * 2
    assert peak < 2**22


@pytest.mark.parametrize("widths", [(4096, 0), (3, 4096)])
def test_more_numbers_than_are_decoded(tmp_path: Path, widths: tuple[int, int]) -> None:
    """No defect of the file: it is said, and the rest is verified."""
    path = written(tmp_path, conf(*widths), bytes(100), {0: bytes(1000)})
    report = verify(path, deep=True)
    assert report.damage == ()
    assert "at most 16,777,216 are decoded" in str(report.streams[0].unreadable)
    assert report.streams[0].numbers is None


def test_offsets_lead_to_the_chunk(tmp_path: Path) -> None:
    good, small = pack("<I", 2**16), conf(3)
    chunks = {0: good, 1: good, 2: pack("<I", 77), 3: good}
    path = written(tmp_path, small, shared(small), chunks)
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
