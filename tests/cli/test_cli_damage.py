"""`lgi verify`, `lgi repair` and `lgi decode --on-error`: what people and machines are told."""

import json
from pathlib import Path

import cli_files
import numpy as np
import pytest

from lgcodec.format.container import Reader


@pytest.fixture
def film(tmp_path) -> Path:
    note = {"mETa": b"12345", "tHMB": b"small"}
    return cli_files.save(tmp_path / "a.lgi", cli_files.clip(), cli_files.sound(), ancillary=note)


def damage(path: Path, stream: int, group: int, *partitions: int) -> None:
    """Change a byte of these local chunks; without any, of the global chunk."""
    with Reader.open(path) as reader:
        groups = reader.streams[stream].groups
        base = groups.chunks_at(group)
        places = [base + groups[group].ends[i] for i in partitions] or [base]
    data = bytearray(path.read_bytes())
    for at in places:
        data[at] ^= 1
    path.write_bytes(data)


def test_an_intact_file(lgi, film) -> None:
    shown = lgi("verify", film)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines() == [
        f"{film}: intact, {film.stat().st_size:,} bytes",
        "video: 18 intact partitions in 1 of 1 group",
        "audio: 4 intact partitions in 2 of 2 groups",
    ]


def test_damage_is_listed(lgi, film) -> None:
    damage(film, 0, 0, 2, 3, 4, 9)
    damage(film, 1, 1)
    shown = lgi("verify", film)
    assert (shown.code, shown.err) == (3, "")
    head, video, audio, group, partitions = shown.out.splitlines()
    assert head.startswith(f"{film}: damaged")
    assert video == "video: 14 intact partitions in 1 of 1 group"
    assert audio == "audio: 2 intact partitions in 1 of 2 groups"
    assert group.startswith(
        "audio, group 1 (t 2:4) is lost: E_CHUNK_CRC: global chunk of group 1 of"
    )
    places = "2 (t 2, y 0, x 0), 3 to 4 (t 0:2, y 0, x 1), 9 (t 0, y 1, x 0)"
    assert partitions == f"video, partitions {places}: E_CHUNK_CRC"


def test_damage_for_machines(lgi, film) -> None:
    damage(film, 0, 0, 7)
    shown = lgi("verify", film, "--json")
    found = json.loads(shown.out)
    assert (shown.code, found["intact"]) == (3, False)
    (item,) = found["damage"]
    assert (item["code"], item["stream"], item["group"], item["partition"]) == (
        *("E_CHUNK_CRC", 0, 0),
        7,
    )
    assert item["offset"] < film.stat().st_size
    assert found["streams"][0]["intact"] == 17
    assert lgi("verify", film, "--quiet").out == ""


def test_a_long_list_is_cut(lgi, tmp_path) -> None:
    sound = cli_files.stream(
        *("audio", [cli_files.axis(300, 1, groups=60)]),
        channels=1,
        rate=6,
    )
    path = cli_files.save(tmp_path / "a.lgi", sound)
    for group in range(0, 60, 2):
        damage(path, 0, group)
    lines = lgi("verify", path).out.splitlines()
    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "and 10 lines more, which --json has"


def test_what_cannot_be_decoded_here(lgi, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture(family="other"))
    shown = lgi("verify", path)
    assert shown.code == 0
    assert "cannot be decoded here: E_PROFILE: family is 'other'" in shown.out


@pytest.mark.parametrize("command", ["verify", "repair"])
def test_a_damaged_front(lgi, film, command) -> None:
    film.write_bytes(b"x" + film.read_bytes()[1:])
    output = ["-o", "b.lgi"] if command == "repair" else []
    lgi(command, film, *output).failed(3, "E_MAGIC")


def test_repair(lgi, film) -> None:
    damage(film, 0, 0, 2)
    damage(film, 1, 1)
    shown = lgi("repair", film, "-o", "b.lgi")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0].startswith("b.lgi: ")
    assert lines[1:3] == [
        "video: kept 17 partitions in 1 of 1 group",
        "audio: kept 2 partitions in 1 of 2 groups",
    ]
    assert lines[3].startswith("audio, group 1 (t 2:4) is lost: E_CHUNK_CRC")
    assert lines[4:] == [
        "video, partition 2 (t 2, y 0, x 0): E_CHUNK_CRC",
        "chunk tHMB dropped: it may depend on what was lost",
    ]
    assert lgi("verify", "b.lgi").code == 0


def test_repair_of_a_broken_download(lgi, film) -> None:
    film.write_bytes(film.read_bytes()[:-100])
    found = json.loads(lgi("repair", film, "-o", "b.lgi", "--json").out)
    assert found["lost"][0]["code"] == "E_TRUNC"
    assert found["bytes_after"] == Path("b.lgi").stat().st_size < found["bytes_before"]
    assert found["dropped"] == []
    assert lgi("verify", "b.lgi").code == 0
    assert "nothing was damaged" in lgi("repair", "b.lgi", "-o", "c.lgi").out


def test_repair_never_replaces(lgi, film) -> None:
    lgi("repair", film).failed(2, "Missing option '-o'")
    lgi("repair", film, "-o", film).failed(2, "never replaces what it reads")
    lgi("repair", film, "-o", "b.png").failed(2, "must end in .lgi")


@pytest.mark.parametrize("command", [["verify"], ["repair", "-o", "b.lgi"]])
def test_without_torch(lgi_process, film, command) -> None:
    assert lgi_process(command[0], film, *command[1:]).code == 0


# --- decoding


def test_masking_costs_exactly_the_damaged_partitions(lgi, film) -> None:
    """LGI-V-03."""
    lgi("decode", film, "whole.npz")
    damage(film, 0, 0, 2, 3)
    lgi("decode", film, "a.npz").failed(3, "E_CHUNK_CRC", "partition 2 of group 0 of the video has")
    assert not Path("a.npz").exists()
    shown = lgi("decode", film, "a.npz", "--on-error", "mask", "--fill", "7", "--json")
    assert shown.code == 0
    places = "partitions 2 (t 2, y 0, x 0), 3 (t 0, y 0, x 1)"
    assert shown.err == f"lgi: warning: 2 partitions of the video left out: damaged; {places}\n"
    assert json.loads(shown.out)["damaged"] == [{"kind": "video", "partitions": [[0, 2], [0, 3]]}]
    whole, masked = (np.load(name)["samples"] for name in ("whole.npz", "a.npz"))
    lost = np.zeros(whole.shape[:-1], bool)
    lost[8:12, 0:8, 0:8] = True  # tile 2 of t, then tile 0 of t in the next column
    lost[0:4, 0:8, 8:16] = True
    np.testing.assert_array_equal(masked[~lost], whole[~lost])
    assert (masked[lost] == 7).all()


def test_masking_quietly(lgi, film) -> None:
    damage(film, 0, 0, 2)
    shown = lgi("decode", film, "a.npz", "--on-error", "mask", "--quiet")
    assert (shown.code, shown.out, shown.err) == (0, "", "")
