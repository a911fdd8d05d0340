"""`lgi info`: the sheet for people and the JSON for machines."""

import json
from dataclasses import replace
from pathlib import Path

import cli_files
import pytest

from lgcodec._crop import crop, parse_range
from lgcodec.format.conf import Plug
from lgcodec_cli._text import paint


@pytest.fixture
def film(tmp_path) -> Path:
    note = {"mETa": b"12345"}
    return cli_files.save(tmp_path / "a.lgi", cli_files.clip(), cli_files.sound(), ancillary=note)


def test_json_holds_every_byte(lgi, film) -> None:
    found = json.loads(lgi("info", film, "--json").out)
    parts = ("geometry", "configuration", "directories", "global", "local")
    streams = sum(stream["bytes"][part] for stream in found["streams"] for part in parts)
    assert found["bytes"] == film.stat().st_size
    assert found["bytes"] == found["front_bytes"] + streams + found["ancillary"]["mETa"]


def test_json_describes_streams(lgi, film) -> None:
    found = json.loads(lgi("info", film, "--json").out)
    video, sound = found["streams"]
    assert (video["kind"], video["channels"], video["rate"]) == ("video", 3, "6")
    time = video["axes"][0]
    assert (time["name"], time["window"], time["frame"]) == ("t", [0, 12], 12)
    assert (time["tile"], time["tiles"], time["window_tiles"]) == (4, 3, [0, 3])
    assert video["family"]["name"] == "siren"
    assert video["family"]["configuration"]["w0"] == 30.0
    assert video["local_tensors"][0] == {"name": "0.w", "shape": [3, 3]}
    assert video["parameters"]["per_partition"] == 3 * 3 + 3 + 3 * 3 + 3 + 3 * 3 + 3
    assert video["parameters"]["local"] == 36 * 18
    assert (video["partitions"], video["groups"]) == (18, 1)
    assert video["present"][1] == {"group": 0, "partition": 1, "index": [1, 0, 0], "bytes": 72}
    assert video["bytes"]["local_least"] == video["bytes"]["local_most"] == 72
    assert found["bits_per_sample"] == 8 * film.stat().st_size / (12 * 16 * 24)
    assert found["kilobits_per_second"] == 8 * film.stat().st_size / 2000
    assert (sound["groups"], len(sound["present"])) == (2, 4)


def test_the_sheet(lgi, film) -> None:
    shown = lgi("info", film)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.isascii()
    assert "\x1b" not in shown.out
    for line in (
        "video of 12 frames, 24 x 16, 2 s at 6 fps, 3 channels uint8",
        "sound of 2 s at 8000 Hz, 1 channel int16",
        "18 of 18: t 3, y 2, x 3; each t 4, y 8, x 8 samples",
        "t 0  t 1  t 2",
        "###  ###  ###",
        "local   3 -> 3 -> 3 -> 3: 36 parameters x 18 = 648",
        "global  3 -> 2 -> 2, 5 -> 3: 32 parameters x 1 = 32, 4.7 %",
        "quantiser float bits=16, coder raw",
        "header and tables",
        "mETa",
    ):
        assert line in shown.out


def test_after_a_crop(lgi, film) -> None:
    crop(film, film, {"t": parse_range("1:"), "x": parse_range("8px:20px")})
    shown = lgi("info", film).out
    assert "8 of 18: t 3, y 2, x 3" in shown
    assert "t 4:12 of 12, y 0:16 of 16, x 8:20 of 24" in shown
    assert "the window touches t 1:3, y 0:2, x 1:3" in shown
    assert "...  .##  .##" in shown


def test_without_a_global_network(lgi, tmp_path) -> None:
    picture = cli_files.picture(global_width=0)
    shown = lgi("info", cli_files.save(tmp_path / "a.lgi", picture)).out
    assert "local   2 -> 3 -> 3 -> 3" in shown
    assert "in all  198 parameters" in shown
    assert "global  2" not in shown


def test_quiet(lgi, film) -> None:
    assert lgi("info", film, "--quiet").out == ""


def test_colour_on_a_terminal_only(monkeypatch) -> None:
    assert paint("text", bold=True) == "text"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in paint("text", bold=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("text", bold=True) == "text"


def test_without_torch(lgi_process, film) -> None:
    assert lgi_process("info", film).code == 0


@pytest.mark.parametrize("text", ["\x1b[2Jfine", "\x1b]0;mine\x07", "two\nlines", "ends\r"])
def test_text_of_a_file_says_nothing_to_a_terminal(lgi, tmp_path, text) -> None:
    """Keys and values: nothing checks them before they are shown."""
    stream = cli_files.sound()
    conf = replace(stream.conf, coder=Plug("raw", {f"k{text}": f"v{text}"}))
    file = cli_files.save(tmp_path / "a.lgi", replace(stream, conf=conf))
    shown = lgi("info", file)
    assert shown.code == 0
    assert not any(sign in shown.out for sign in "\x1b\x07\r")
    (line,) = (line for line in shown.out.splitlines() if "coder" in line)
    assert all(ascii(part + text) in line for part in "kv")
