"""`lgi encode`: what reaches the encoder, what is said, and what Ctrl-C leaves behind."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cli_files
import numpy as np
import pytest

import lgcodec
from lgcodec import _encode
from lgcodec.fit import latents
from lgcodec.format.container import Reader
from lgcodec.media import write
from lgcodec.signal import Signal
from lgcodec_cli._progress import Bar
from lgcodec_cli._watcher import Watcher

SMALL = ("--params", "400", "--partitions", "2,2", "--iters", "30", "--device", "cpu")

SAMPLES = Path(__file__).parents[2] / "samples"
CAT = SAMPLES / "cat.png"


@pytest.fixture
def picture() -> Path:
    y, x = np.mgrid[:32, :48]
    samples = np.stack([4 * y, 4 * x, y * x % 256], axis=-1).astype(np.uint8)
    write("a.png", [Signal("image", samples)])
    return Path("a.png")


@pytest.fixture
def film() -> Path:
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (4, 16, 16, 3)).astype(np.uint8)
    sound = random.integers(-9999, 9999, (8000, 1)).astype(np.int16)
    write("a.mp4", [Signal("video", frames, Fraction(4)), Signal("audio", sound, Fraction(8000))])
    return Path("a.mp4")


@pytest.fixture
def asked(monkeypatch) -> list:
    """What the encoder is called with; it raises instead of fitting."""
    calls: list = []

    def encode_signals(signals, options, *, listener):
        calls.extend([signals, options])
        raise KeyboardInterrupt

    monkeypatch.setattr(_encode, "encode_signals", encode_signals)
    return calls


@pytest.mark.parametrize("options", [("--psnr", 20), ("--psnr", 20, "--family", "latent")])
def test_no_size_is_told_for_a_quality(lgi, picture, options) -> None:
    shown = lgi("encode", picture, "a.lgi", *options, "--preset", "fast")
    assert shown.code == 0
    assert "about" not in shown.out
    assert re.search(r"^  lossless [\d,]+ bytes$", shown.out, re.MULTILINE)


def test_no_size_is_told_of_latents_without_a_target(lgi) -> None:
    """Which meet a usual quality."""
    shown = lgi("encode", CAT, "a.lgi", "--preset", "fast")
    assert shown.code == 0
    assert "about" not in shown.out


def test_a_picture(lgi, picture) -> None:
    shown = lgi("encode", picture, "a.lgi", *SMALL)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0] == "image of 48 x 32"
    assert "partitions y 2, x 2; each y 16, x 24 samples" in lines[1]
    assert "parameters" in lines[2]
    assert "8 bits each" in lines[2]
    assert lines[3].startswith("  about ")
    size = Path("a.lgi").stat().st_size
    assert re.fullmatch(r"  decoding takes \d+ multiplications per sample", lines[4])
    assert lines[5].startswith(f"a.lgi: {size:,} bytes, {8 * size / 32 / 48:.3f} bpp, ")
    assert lines[6].startswith("image: ")
    assert " dB, " in lines[6]
    assert sorted(path.name for path in Path().iterdir()) == ["a.lgi", "a.png"]
    assert lgi("decode", "a.lgi", "b.png").code == 0


def test_json(lgi, picture) -> None:
    shown = lgi("encode", picture, "a.lgi", *SMALL, "--float16", "--json")
    report = json.loads(shown.out)
    assert shown.err == ""
    assert report["bytes"] == Path("a.lgi").stat().st_size
    assert (report["bits"], report["interrupted"]) == (16, False)
    (stream,) = report["streams"]
    assert (stream["kind"], stream["grid"], stream["partitions"]) == ("image", [32, 48], [2, 2])
    assert stream["local_parameters"] + stream["global_parameters"] <= 404
    assert stream["psnr"] > 5
    assert stream["iterations"] == 30


def test_a_video_with_sound_becomes_two_streams(lgi, film) -> None:
    options = ("--params", "400", "--partitions", "1,2,2", "--float32", "--iters", "10")
    shown = lgi("encode", film, "a.lgi", *options)
    assert shown.code == 0, shown.err
    assert "kbit/s" in shown.out
    with Reader.open("a.lgi") as reader:
        assert [stream.geometry.kind for stream in reader.streams] == ["video", "audio"]


def test_quiet(lgi, picture) -> None:
    assert lgi("encode", picture, "a.lgi", *SMALL, "-q").out == ""


def test_options_reach_the_encoder(lgi, film, asked) -> None:
    options = (
        "--preset fast --partitions 5,8,8 --arrangement per-partition "
        "--local-width 3 --global-width 0 --layers 4 --w0 20 --coordinates frame --groups 2 "
        "--iters 7 --samples 64 --time 1.5 --psnr 30 --bits 6 --seed 5 --device cpu"
    )
    lgi("encode", film, "a.lgi", *options.split(), "--audio", "drop", "--rate", "8")
    signals, found = asked
    assert [(s.kind, s.rate) for s in signals] == [("video", 8)]
    assert found == _encode.EncodeOptions(
        preset="fast",
        partitions=(5, 8, 8),
        arrangement="per-partition",
        local_width=3,
        global_width=0,
        layers=4,
        w0=20.0,
        coordinates="frame",
        groups=2,
        iterations=7,
        samples=64,
        seconds=1.5,
        psnr=30.0,
        bits=6,
        seed=5,
        device="cpu",
    )


def test_a_budget_reaches_the_encoder(lgi, picture, asked) -> None:
    lgi("encode", picture, "a.lgi", "--params", "900", "--global-ratio", "0.1")
    assert asked[1] == _encode.EncodeOptions(params=900, global_ratio=0.1)


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ("--size 20000", {"size": 20_000}),
        ("--size 100kB", {"size": 100_000}),
        ("--size 1.5MB", {"size": 1_500_000}),
        ("--size 64KiB", {"size": 65_536}),
        ("--size 2mib", {"size": 2**21}),
        ("--bpp 0.25", {"bpp": 0.25}),
        ("--kbps 96", {"kbps": 96.0}),
        ("--quality 0", {"quality": 0.0}),
    ],
)
def test_targets_reach_the_encoder(lgi, picture, asked, options, fields) -> None:
    lgi("encode", picture, "a.lgi", *options.split())
    assert asked[1] == _encode.EncodeOptions(**fields)


@pytest.mark.parametrize("size", ["", "kB", "1TB", "-1kB", "1.2.3MB", "0", "0.9", "1e9", "1."])
def test_sizes_that_are_none(lgi, picture, size) -> None:
    shown = lgi("encode", picture, "a.lgi", "--size", size)
    assert (shown.code, shown.out) == (2, "")
    assert "--size" in shown.err


@pytest.fixture
def noise() -> Path:
    """Large in a lossless file."""
    samples = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    write("noise.png", [Signal("image", samples)])
    return Path("noise.png")


def test_a_target_is_met_and_the_choice_printed(lgi, noise) -> None:
    # sizes of white noise lie 10 % apart: next to 2100 bytes there is one of latents
    options = ("--size", "2100", "--iters", "40")
    latents = lgi("encode", noise, "a.lgi", *options)
    assert latents.code == 0, latents.err
    assert 1995 <= Path("a.lgi").stat().st_size <= 2100
    assert "levels 6" in latents.out
    shown = lgi("encode", noise, "a.lgi", *options, "--family", "siren")
    assert shown.code == 0, shown.err
    assert 1995 <= Path("a.lgi").stat().st_size <= 2100
    assert "partitions y" in shown.out
    assert "local width" in shown.out
    assert re.search(r"about \d\.\d bits each", shown.out)
    assert re.search(r"\d\.\d\d bits per weight", shown.out)


@pytest.mark.parametrize(
    ("rate", "printed"), [("0.001", "about "), ("99", "")], ids=["after the fit", "at once"]
)
def test_an_impossible_target_is_a_line_and_no_file(lgi, noise, rate: str, printed: str) -> None:
    """After a fit the choice has been printed, as always; at once nothing has."""
    shown = lgi("encode", noise, "a.lgi", "--bpp", rate)
    assert shown.code == 2
    assert bool(shown.out) == bool(printed)
    assert printed in shown.out
    assert re.fullmatch(r"lgi: .* nearest has .*\n", shown.err)
    assert [path.name for path in Path().iterdir()] == [Path(noise).name]


@pytest.mark.parametrize(
    "options",
    [
        ("--params", "900", "--local-width", "4"),
        ("--global-ratio", "0.1", "--arrangement", "per-partition"),
        ("--global-width", "4"),
        ("--arrangement", "single", "--partitions", "2,2"),
        ("--arrangement", "local-global", "--local-width", "4"),
    ],
)
def test_options_that_contradict_each_other(lgi, picture, options: tuple[str, ...]) -> None:
    refused = lgi("encode", picture, "a.lgi", *options)
    assert refused.code == 2
    assert refused.err.count("\n") == 1


def test_defaults_are_those_of_the_library(lgi, film, asked) -> None:
    lgi("encode", film, "a.lgi")
    signals, found = asked
    assert [signal.kind for signal in signals] == ["video", "audio"]
    assert found == _encode.EncodeOptions()


@pytest.mark.parametrize(("flag", "bits"), [("--float16", 16), ("--float32", 32)])
def test_floats(lgi, picture, asked, flag, bits) -> None:
    lgi("encode", picture, "a.lgi", flag, "--partition-size", "8,8")
    assert (asked[1].float_bits, asked[1].partition_size) == (bits, (8, 8))


def test_the_kind_of_an_array(lgi, asked) -> None:
    np.save("a.npy", np.zeros((4, 4, 4), np.uint8))
    lgi("encode", "a.npy", "a.lgi", "--kind", "image")
    assert (asked[0][0].kind, asked[0][0].channels) == ("image", 4)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.png", "a.lgi"], 4, "missing.png: No such file"),
        (["empty.png", "a.lgi"], 4, "the file is empty"),
        (["text.png", "a.lgi"], 4, "the content is not PNG"),
        (["a.txt", "a.lgi"], 4, "unsupported suffix '.txt'"),
        (["b.LGI", "a.lgi"], 2, "is encoded already"),
        (["a.png", "b.png"], 2, "its name must end in .lgi"),
        (["a.png", "nowhere/a.lgi"], 5, "the folder nowhere does not exist"),
        (["a.png", "folder.lgi"], 5, "it is a folder"),
        (["a.png", "a.lgi", "--partitions", "2,x"], 2, "whole numbers with commas"),
        (["a.png", "a.lgi", "--partitions", "2"], 2, "2"),
        (["a.png", "a.lgi", "--partitions", "0,1"], 2, "0"),
        (["a.png", "a.lgi", "--partitions", "99,1"], 2, "99"),
        (["a.png", "a.lgi", "--partitions", "1,1", "--partition-size", "1,1"], 2, "exclude"),
        (["http://host/a.png", "a.lgi"], 2, "is a URL"),
        (["ftp://host/a.png", "a.lgi"], 2, "is a URL"),
        (["a.png", "a.lgi", "--bits", "9"], 2, "--bits"),
        (["a.png", "a.lgi", "--bits", "8", "--float16"], 2, "--bits and --float"),
        (["a.png", "a.lgi", "--time", "-1"], 2, "Invalid value for '--time'"),
        (["a.png", "a.lgi", "--time", "nan"], 2, "Invalid value for '--time'"),
        (["a.png", "a.lgi", "--kind", "video"], 2, "holds kind image, not video"),
        (["a.png", "a.lgi", "--rate", "8"], 2, "rate 8"),
    ],
)
def test_mistakes_write_nothing(lgi, picture, arguments, code, words) -> None:
    Path("empty.png").touch()
    Path("text.png").write_text("text")
    Path("folder.lgi").mkdir()
    before = sorted(Path().iterdir())
    lgi("encode", *arguments).failed(code, words)
    assert sorted(Path().iterdir()) == before


def test_mistakes_need_no_torch(lgi_process) -> None:
    lgi_process("encode", "missing.png", "a.lgi").failed(4, "missing.png")


def test_a_fit_of_latents_needs_no_sympy(picture) -> None:
    """Which some functions of torch import, for a quarter of a second."""
    code = (
        "import sys, torch; before = 'sympy' in sys.modules\n"
        "from lgcodec_cli.main import run; code = run(sys.argv[1:])\n"
        "sys.exit(code or (not before and 'sympy' in sys.modules))"
    )
    asked = ("encode", picture, "a.lgi", "--family", "latent", "--psnr", "30", "--quiet")
    assert subprocess.run([sys.executable, "-c", code, *asked], check=False).returncode == 0


def test_a_damaged_film_is_refused_in_one_line(lgi_process) -> None:
    """Without what FFmpeg has to say about it."""
    data = bytearray((SAMPLES / "bunny.mp4").read_bytes())
    middle = data.index(b"mdat") + 100_000
    data[middle : middle + 1000] = bytes(1000)
    Path("x.mp4").write_bytes(data)
    lgi_process("encode", "x.mp4", "a.lgi").failed(4, "cannot read x.mp4: ", " is damaged, at ")


def test_a_bar_is_there_before_there_is_anything_to_tell(lgi, picture, monkeypatch) -> None:
    shown = []

    def chosen(*_: object, **__: object) -> None:
        assert shown == [0.0]
        raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "show", lambda _, done, note="": shown.append(done))
    monkeypatch.setattr(latents, "Chooser", chosen)
    assert lgi("encode", picture, "a.lgi", "--family", "latent", "--psnr", "30").code == 130
    assert shown == [0.0]


def test_an_old_file_survives_a_failure(lgi, picture, asked) -> None:
    Path("a.lgi").write_bytes(b"old")
    lgi("encode", picture, "a.lgi").failed(130, "lgi: interrupted, nothing is written\n")
    assert asked
    assert Path("a.lgi").read_bytes() == b"old"
    assert sorted(path.name for path in Path().iterdir()) == ["a.lgi", "a.png"]


def test_ctrl_c_writes_the_best_so_far(spawn, picture) -> None:
    bar, terminal = pty.openpty()
    options = ("--params", "400", "--partitions", "2,2", "--time", "100", "--device", "cpu")
    settings = {"torch": True, "stderr": terminal, "environment": {"TERM": "xterm"}}
    process = spawn("encode", picture, "a.lgi", *options, **settings)
    os.close(terminal)
    drawn = _read(bar, until=b" dB at ")
    process.send_signal(signal.SIGINT)
    drawn += _read(bar, until=b"best so far\r\n")
    process.send_signal(signal.SIGINT)  # too late to change anything
    drawn += _read(bar)
    out, _ = process.communicate(timeout=60)
    os.close(bar)
    assert process.returncode == 130
    assert b"fitting image" in drawn
    assert drawn.endswith(b"lgi: interrupted: a.lgi holds the best so far\r\n")
    assert "a.lgi: " in out
    with Reader.open("a.lgi") as reader:
        assert len(list(reader.streams[0].present)) == 4
    assert sorted(path.name for path in Path().iterdir()) == ["a.lgi", "a.png"]


def test_a_limit_of_time_that_was_passed_is_told(lgi, picture) -> None:
    """The first choice of latents is made whatever the time."""
    options = ("--family", "latent", "--psnr", 30, "--preset", "fast", "--device", "cpu")
    *_, late = lgi("encode", picture, "a.lgi", *options, "--time", "0.001").out.splitlines()
    assert re.fullmatch(r"image: [\d.]+ s more than --time: .*", late)
    assert "--time" not in lgi("encode", picture, "a.lgi", *options, "--time", "9999").out
    assert "--time" not in lgi("encode", picture, "a.lgi", *options).out


def test_ctrl_c_says_what_is_absent(lgi, film, monkeypatch) -> None:
    """Of groups; the sound is there, in the rest of a fit."""
    left = [KeyboardInterrupt()]

    def progress(*_: object) -> None:
        if left:
            raise left.pop()

    monkeypatch.setattr(Watcher, "progress", progress)
    options = ("--params", 400, "--groups", 2, "--partitions", "4,1,1", "--iters", 30)
    shown = lgi("encode", film, "a.lgi", *options, "--device", "cpu", "--json")
    assert shown.code == 130
    message = "interrupted: a.lgi holds the best so far, 1 of 2 groups of the video"
    assert shown.err == f"lgi: {message}; the others are absent\n"
    video, sound = json.loads(shown.out)["streams"]
    assert (video["kind"], video["groups"], video["groups_planned"]) == ("video", 1, 2)
    assert (sound["kind"], sound["groups"], sound["groups_planned"]) == ("audio", 1, 1)
    with Reader.open("a.lgi") as reader:
        assert len(reader.streams) == 2


def _read(terminal: int, until: bytes | None = None) -> bytes:
    """What appears on a terminal, to the end or up to some words."""
    seen = b""
    while until is None or until not in seen:
        try:
            some = os.read(terminal, 4096)
        except OSError:  # how Linux ends a terminal
            some = b""
        if not some:
            return seen
        seen += some
    return seen


def test_decode_draws_a_bar(spawn) -> None:
    cli_files.save(Path("a.lgi"), cli_files.picture())
    bar, terminal = pty.openpty()
    settings = {"torch": True, "stderr": terminal, "environment": {"TERM": "xterm"}}
    process = spawn("decode", "a.lgi", "b.png", **settings)
    os.close(terminal)
    drawn = _read(bar)
    process.communicate(timeout=60)
    os.close(bar)
    assert process.returncode == 0
    assert b"decoding image" in drawn
    assert Path("b.png").exists()


@pytest.mark.parametrize(("groups", "more"), [(1, ""), (2, " and 1 more")])
def test_a_fit_that_goes_on_says_so(lgi, picture, monkeypatch, groups: int, more: str) -> None:
    class Stop:
        def chose(self, stream, plan) -> None: ...

        def progress(self, stream, done, psnr, seconds_left) -> None:
            if done > 0.9:  # when there is a checkpoint
                raise KeyboardInterrupt

    monkeypatch.setattr(latents, "TELL_EVERY", 0)
    options = {"family": "latent", "psnr": 30.0, "device": "cpu", "checkpoint": Path("state")}
    options |= {"groups": groups}
    stopped = lgcodec.encode(picture, "a.lgi", listener=Stop(), partition_size=(8, 8), **options)
    assert stopped.interrupted
    asked = [f"--{name}={value}" for name, value in options.items()] + ["--partition-size=8,8"]
    assert f"  resumes from state.0.0{more}\n" in lgi("encode", picture, "a.lgi", *asked).out
    assert "resumes" not in lgi("encode", picture, "a.lgi", *asked).out
    assert sorted(path.name for path in Path().iterdir()) == ["a.lgi", "a.png"]


def test_a_checkpoint_that_cannot_be_written(lgi, picture) -> None:
    """Is refused before anything is fitted, and one of something else says what can be done."""
    asked = ("encode", picture, "a.lgi", "--psnr", "30", "--checkpoint")
    lgi(*asked, "nowhere/ck").failed(5, "nowhere/ck: the folder nowhere does not exist")
    Path("ck.0.0").write_bytes(b"no checkpoint")
    shown = lgi(*asked, "ck")
    assert shown.code == 4
    assert "cannot read checkpoint ck.0.0" in shown.err
    assert "remove it or name another to begin anew" in shown.err
