"""`lgi extend`: what it is given, what it says, and what it refuses."""

import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lgcodec.fit import latents
from lgcodec.fit.choices import Chooser, Motion
from lgcodec.fit.sampling import Sampler
from lgcodec.format.container import FileSource, Reader
from lgcodec.media import write
from lgcodec.nets import Latent
from lgcodec.signal import Signal

FIT = ("--iters", "30", "--device", "cpu")
SMALL = ("--params", "400", "--partition-size", "16,16", *FIT)


@pytest.fixture
def pictures(lgi) -> None:
    y, x = np.mgrid[:48, :64]
    samples = np.stack([4 * y, 3 * x, y * x % 256], axis=-1).astype(np.uint8)
    write("large.png", [Signal("image", samples)])
    write("small.png", [Signal("image", samples[:32, 16:64])])
    assert lgi("encode", "small.png", "small.lgi", *SMALL).code == 0


def test_a_picture(lgi, pictures) -> None:
    shown = lgi("extend", "small.lgi", "large.png", "large.lgi", "--at", "16,0", *FIT)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0].startswith("large.lgi: ")
    assert "added 6 partitions, refitted 0, kept 6 as they were" in lines[1]
    assert lines[2:] == ["  window y 0:48, x -16:48", "  before y 0:32, x 0:48"]
    assert lgi("decode", "large.lgi", "x.png").code == 0
    assert "image of 64 x 48" in lgi("info", "large.lgi").out
    assert lgi("verify", "large.lgi").code == 0


def test_as_json(lgi, pictures) -> None:
    shown = lgi("extend", "small.lgi", "large.png", "x.lgi", "--at", "16,0", "--json", *FIT)
    data = json.loads(shown.out)
    (stream,) = data["streams"]
    assert data["bytes_after"] == Path("x.lgi").stat().st_size
    assert data["bytes_before"] == Path("small.lgi").stat().st_size
    assert (stream["added"], stream["kept"], stream["iterations"]) == (6, 6, 30)
    assert stream["window_after"] == {"y": [0, 48], "x": [-16, 48]}
    assert stream["psnr_old"] > 5


def test_freeze_global_keeps_the_bytes_of_old_chunks(lgi, pictures) -> None:
    network = ("--params", "900", "--partition-size", "16,16", "--arrangement", "local-global")
    assert lgi("encode", "small.png", "lg.lgi", *network, *FIT).code == 0
    options = ("--at", "16,0", "--quiet", *FIT)
    assert lgi("extend", "lg.lgi", "large.png", "kept.lgi", "--freeze-global", *options).out == ""
    assert lgi("extend", "lg.lgi", "large.png", "tuned.lgi", *options).code == 0
    heads = []
    for name in ("lg.lgi", "kept.lgi", "tuned.lgi"):
        with Reader(FileSource(Path(name))) as reader:
            heads.append(reader.streams[0].read_global(0))
    assert heads[0] == heads[1] != heads[2]


def test_offsets_have_x_first_and_time_last(lgi) -> None:
    random = np.random.default_rng(0)
    film = Signal("volume", random.integers(0, 9, (6, 8, 10, 1)).astype(np.uint8))
    write("large.npz", [film])
    write("small.npz", [Signal("volume", film.samples[1:5, 2:6, 4:8])])
    network = ("--params", "300", "--partition-size", "4,4,4", *FIT)
    assert lgi("encode", "small.npz", "small.lgi", *network).code == 0
    shown = lgi("extend", "small.lgi", "large.npz", "x.lgi", "--at", "4,2,1", *FIT)
    assert "  window z -1:5, y -2:6, x -4:6" in shown.out


def test_time_of_a_video_may_be_left_out(lgi) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1)).astype(np.uint8)
    write("large.npz", [Signal("video", frames, Fraction(4))])
    write("small.npz", [Signal("video", frames[:2, 8:], Fraction(4))])
    network = ("--params", "300", "--partition-size", "2,8,8", *FIT)
    assert lgi("encode", "small.npz", "small.lgi", *network).code == 0
    shown = lgi("extend", "small.lgi", "large.npz", "x.lgi", "--at", "0,8", *FIT)
    assert "  window t 0:4, y -8:8, x 0:16" in shown.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("large.png", "x.lgi", "--at", "17,0"), ("along x", "at 17")),
        (("large.png", "x.lgi", "--at", "1"), ("--at has 1 numbers", "x,y")),
        (("large.png", "x.lgi", "--at", "1,2,3"), ("--at has 3 numbers",)),
        (("large.png", "x.lgi", "--at", "-1,0"), ("expected whole numbers",)),
        (("large.png", "x.png"), ("must end in .lgi",)),
        (("small.lgi", "x.lgi"), ("small.lgi is a .lgi file",)),
    ],
)
def test_refusals(lgi, pictures, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    lgi("extend", "small.lgi", *arguments).failed(2, *words)
    assert not Path("x.lgi").exists()


def test_files_that_are_not_there(lgi, pictures) -> None:
    lgi("extend", "no.lgi", "large.png", "x.lgi").failed(4, "no.lgi")
    lgi("extend", "small.lgi", "no.png", "x.lgi").failed(4, "no.png")


def stop_in_group(monkeypatch: pytest.MonkeyPatch, stopped: int) -> None:
    """Ctrl-C when the fit of a group of latents begins."""

    def begun(family: Latent, sampler: Sampler, *rest: Motion | None) -> Chooser:
        if sampler.ordinal == stopped:
            raise KeyboardInterrupt
        return Chooser(family, sampler, *rest)

    monkeypatch.setattr(latents, "Chooser", begun)


def test_ctrl_c_keeps_groups_that_are_done(lgi, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what is absent; without any that is new nothing is written."""
    y, x = np.mgrid[:64, :48]
    picture = Signal("image", (y * x % 256).astype(np.uint8)[..., np.newaxis])
    write("large.png", [picture])
    write("small.png", [Signal("image", picture.samples[:32])])
    groups = ("--family", "latent", "--groups", 2, "--partition-size", "16,24")
    assert lgi("encode", "small.png", "small.lgi", *groups, "--psnr", 40).code == 0
    stop_in_group(monkeypatch, 2)
    message = "lgi: interrupted, nothing is written\n"
    lgi("extend", "small.lgi", "large.png", "x.lgi").failed(130, message)
    assert not Path("x.lgi").exists()
    stop_in_group(monkeypatch, 3)
    shown = lgi("extend", "small.lgi", "large.png", "x.lgi", "--json")
    message = "interrupted: x.lgi holds the best so far, 3 of 4 groups of the image"
    assert (shown.code, shown.err) == (130, f"lgi: {message}; the others are absent\n")
    (stream,) = json.loads(shown.out)["streams"]
    assert (stream["groups"], stream["groups_planned"], stream["psnr_old"]) == (3, 4, None)
    assert lgi("verify", "x.lgi").code == 0
    shown = lgi("extend", "small.lgi", "large.png", "x.lgi")
    assert re.match(r"image: [\d.]+ dB; added 2 partitions", shown.out.splitlines()[1])
