"""Extending: what is kept, what is added, and that a mirror image is a good beginning."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encodes import stream_of
from fit.builders import smooth

import lgcodec as lg
from lgcodec import Signal, _extend, _grow
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec.coding import ChunkCodec
from lgcodec.errors import OutputError, UsageError
from lgcodec.fit import latents as latents_fit
from lgcodec.fit import options as options_module
from lgcodec.format.container import Container, Stream, dumps, loads
from lgcodec.signal import psnr

FIT = {"iterations": 60, "device": "cpu"}
NETWORK = {"params": 3000, "partition_size": (8, 8), **FIT}
ARRANGEMENTS = ("local-global", "per-partition")
arrangements = pytest.mark.parametrize("arrangement", ARRANGEMENTS)
WHOLE = smooth("image", (40, 48), 3)


def part(signal: Signal, *spans: slice) -> Signal:
    return Signal(signal.kind, signal.samples[spans], signal.rate)


@cache
def encoded(y: int, x: int, height: int = 24, width: int = 32, **options: Any) -> bytes:
    """A part of WHOLE."""
    inside = part(WHOLE, slice(y, y + height), slice(x, x + width))
    return encode_signals([inside], EncodeOptions(**NETWORK | options))[0]


def extended(
    folder: Path, data: bytes, larger: Signal = WHOLE, **options: Any
) -> tuple[Stream, lg.ExtendReport]:
    (folder / "old.lgi").write_bytes(data)
    report = lg.extend(folder / "old.lgi", larger, folder / "new.lgi", **FIT | options)
    new = (folder / "new.lgi").read_bytes()
    assert dumps(loads(new)) == new
    assert report.bytes_after == len(new)
    return stream_of(new), report


def chunks(stream: Stream) -> dict[tuple[int, ...], bytes]:
    """Local chunks by the first sample of their tiles."""
    found = {}
    for ordinal, group in stream.groups.items():
        for i, data in stream.read_locals(ordinal, group.ids).items():
            box = stream.geometry.box(ordinal, i)
            found[tuple(axis.start for axis in box)] = data
    return found


# --- with a frozen global network


@arrangements
@pytest.mark.parametrize("at", [(0, 0), (16, 16), (8, 16)])
def test_frozen_bytes_stay(tmp_path: Path, arrangement: str, at: tuple[int, int]) -> None:
    """LGI-X-01: global chunk, CONF and all old chunks, wherever the new partitions are."""
    data = encoded(*at, arrangement=arrangement)
    new, report = extended(tmp_path, data, at=dict(zip("yx", at, strict=True)), freeze_global=True)
    old = stream_of(data)
    before, after = chunks(old), chunks(new)
    assert (len(before), len(after)) == (12, 30)
    assert before.items() <= after.items()
    assert new.read_global(0) == old.read_global(0)
    assert new.conf == old.conf
    (stream,) = report.streams
    assert (stream.kept, stream.refitted, stream.added) == (12, 0, 18)


@arrangements
def test_old_samples_keep_their_bits(tmp_path: Path, arrangement: str) -> None:
    """LGI-X-02: also where tiles were added before them, as coordinates do not change."""
    data = encoded(8, 16, arrangement=arrangement)
    new, _ = extended(tmp_path, data, at={"y": 8, "x": 16}, freeze_global=True)
    assert [axis.window for axis in new.geometry.axes] == [range(-8, 32), range(-16, 32)]
    assert [axis.frame_len for axis in new.geometry.axes] == [24, 32]
    old_samples = decode_stream(stream_of(data)).samples
    samples = decode_stream(new).samples
    assert samples.shape == WHOLE.samples.shape
    np.testing.assert_array_equal(samples[8:32, 16:48], old_samples)


def test_a_file_without_global_network_is_always_frozen(tmp_path: Path) -> None:
    data = encoded(0, 0, arrangement="per-partition")
    frozen, _ = extended(tmp_path, data, freeze_global=True)
    free, _ = extended(tmp_path, data)
    assert chunks(frozen) == chunks(free)


@arrangements
def test_a_partition_that_gets_more_samples_is_fitted_again(
    tmp_path: Path, arrangement: str
) -> None:
    """The last tile of an axis knows nothing of what lies past the old end."""
    data = encoded(0, 0, 20, 32, arrangement=arrangement)
    larger, options = part(WHOLE, slice(24), slice(32)), {"freeze_global": True, "iterations": 300}
    new, report = extended(tmp_path, data, larger, **options)
    (stream,) = report.streams
    assert (stream.kept, stream.refitted, stream.added) == (8, 4, 0)
    before, after = chunks(stream_of(data)), chunks(new)
    assert {place for place in before if before[place] == after[place]} == {
        place for place in before if place[0] < 16
    }
    old = decode_stream(stream_of(data), tuple(map(range, (24, 32)))).samples[20:]
    assert psnr(WHOLE.samples[20:24, :32], decode_stream(new).samples[20:]) > 2 + psnr(
        WHOLE.samples[20:24, :32], old
    )


# --- with everything fitted


def test_fine_tuning_fits_everything(tmp_path: Path) -> None:
    data = encoded(0, 0, arrangement="local-global")
    new, report = extended(tmp_path, data)
    (stream,) = report.streams
    assert (stream.kept, stream.refitted, stream.added) == (0, 12, 18)
    assert new.read_global(0) != stream_of(data).read_global(0)
    assert new.conf == stream_of(data).conf
    assert stream.psnr == pytest.approx(psnr(WHOLE.samples, decode_stream(new).samples))
    before = psnr(WHOLE.samples[:24, :32], decode_stream(stream_of(data)).samples)
    assert stream.psnr_old > before + 0.5


@pytest.mark.parametrize("coordinates", ["tile", "frame"])
@arrangements
def test_mirror_images_are_better_than_nothing(
    tmp_path: Path, arrangement: str, coordinates: str
) -> None:
    """After one step a signal that goes on as its mirror image is there already."""
    base = smooth("image", (24, 32), 1)
    both = np.concatenate([base.samples, base.samples[:, ::-1]], axis=1)
    options = {**NETWORK, "iterations": 300, "arrangement": arrangement, "coordinates": coordinates}
    data, before = encode_signals([base], EncodeOptions(**options))
    options = {"iterations": 1, "freeze_global": True}
    _, report = extended(tmp_path, data, Signal("image", both), **options)
    (stream,) = report.streams
    assert (stream.kept, stream.added) == (12, 12)
    lost = before.streams[0].psnr - stream.psnr
    # Steps of the quantiser, learned for the old weights, do not suit the new ones as well.
    assert lost < (10 if arrangement == "per-partition" else 40), stream


# --- every kind


@pytest.mark.parametrize("float_bits", [None, 16])
@arrangements
def test_sound_goes_on(tmp_path: Path, arrangement: str, float_bits: int | None) -> None:
    whole = smooth("audio", (1200,), 1, "int16")
    options = {"params": 1500, "partition_size": (100,), "arrangement": arrangement, **FIT}
    options |= {"iterations": 200, "float_bits": float_bits, "bits": None if float_bits else 6}
    old = Signal("audio", whole.samples[:800], whole.rate)
    data, before = encode_signals([old], EncodeOptions(**options))
    for freeze in (False, True):
        new, report = extended(tmp_path, data, whole, freeze_global=freeze, iterations=200)
        assert new.geometry.window == (range(1200),)
        assert new.geometry.tiles_per_group == len(chunks(new)) == 12
        (stream,) = report.streams
        alone = freeze and arrangement == "local-global"  # what is new gets no help from the global
        assert stream.psnr > before.streams[0].psnr - (15 if alone else 3)


def test_a_file_with_scales_goes_on(tmp_path: Path) -> None:
    """Partitions that come later by the old tables, in about the bytes of the others."""
    noise = np.random.default_rng(0).normal(0, 6, (48, 64, 3))
    samples = smooth("image", (48, 64), 3).samples + np.rint(noise)
    whole = Signal("image", samples.clip(0, 255).astype(np.uint8))
    options = {"family": "siren", "partition_size": (16, 16), "size": 2300, **FIT}
    data, before = encode_signals([part(whole, slice(None), slice(48))], EncodeOptions(**options))
    assert stream_of(data).conf.coder.name == "scaled"
    new, report = extended(tmp_path, data, whole, iterations=200)
    old, found = chunks(stream_of(data)), chunks(new)
    assert old.items() <= found.items()
    added = [len(chunk) for place, chunk in found.items() if place not in old]
    assert len(added) == 3
    assert np.mean(added) < 1.5 * np.mean([len(chunk) for chunk in old.values()])
    assert report.streams[0].psnr > before.streams[0].psnr - 3


def test_groups_of_chunks_with_scales_are_added(tmp_path: Path) -> None:
    """A new group is rounded without scales, in no more bytes than a few times those of the old."""
    rng, whole = np.random.default_rng(0), smooth("audio", (3000,), 1, "int16")
    noise = np.rint(rng.normal(0, 300, whole.samples.shape)).astype(np.int16)
    whole = Signal("audio", whole.samples + noise, whole.rate)
    options = {"family": "siren", "partition_size": (500,), "groups": 2, "size": 1500, **FIT}
    old = Signal("audio", whole.samples[:2000], whole.rate)
    data, before = encode_signals([old], EncodeOptions(**options))
    assert stream_of(data).conf.coder.name == "scaled"
    new, report = extended(tmp_path, data, whole, freeze_global=True)
    assert len(new.groups) == 3
    last, first = (sum(new.groups[ordinal].lengths) for ordinal in (2, 0))
    assert last < 4 * first
    assert report.streams[0].psnr > before.streams[0].psnr - 5


def test_groups_are_added_at_the_end(tmp_path: Path) -> None:
    """The last group gets the tiles that it lacks, then a new one begins."""
    whole = smooth("audio", (1200,), 1, "int16")
    options = {"params": 1500, "partition_size": (100,), "groups": 2, "bits": 5, **FIT}
    old = Signal("audio", whole.samples[:700], whole.rate)
    data, _ = encode_signals([old], EncodeOptions(**options, arrangement="local-global"))
    new, report = extended(tmp_path, data, whole, freeze_global=True)
    assert {ordinal: len(group.ids) for ordinal, group in new.groups.items()} == {0: 4, 1: 4, 2: 4}
    before = stream_of(data)
    assert [new.read_global(i) for i in (0, 1)] == [before.read_global(i) for i in (0, 1)]
    assert chunks(before).items() <= chunks(new).items()
    assert report.streams[0].added == 5
    with pytest.raises(UsageError, match="2 groups can be extended at its end alone"):
        extended(tmp_path, data, whole, at={"t": 300})


def test_groups_grow_across_their_axis(tmp_path: Path) -> None:
    """New partitions are coded with the global chunk of their own group, whoever they mirror."""
    inside = part(WHOLE, slice(24), slice(16))
    options = {**NETWORK, "groups": 3, "arrangement": "local-global", "float_bits": 16}
    data, _ = encode_signals([inside], EncodeOptions(**options))
    larger = part(WHOLE, slice(24), slice(32))
    new, report = extended(tmp_path, data, larger, freeze_global=True, iterations=1)
    before = stream_of(data)
    assert report.streams[0].added == 6
    assert [new.read_global(i) for i in range(3)] == [before.read_global(i) for i in range(3)]
    mirrored = decode_stream(new).samples[:, 16:]
    old = decode_stream(before).samples
    assert psnr(old[:, ::-1], mirrored) > psnr(old, mirrored)


def test_a_shape_grows_where_there_is_something(tmp_path: Path) -> None:
    samples = np.zeros((16, 16, 32, 1), np.bool_)
    samples[2:14, 2:14, 2:18] = True
    whole = Signal("volume", samples)
    old = Signal("volume", samples[:, :, :16])
    options = {"params": 2000, "partition_size": (8, 8, 8), "iterations": 200, "device": "cpu"}
    data, _ = encode_signals([old], EncodeOptions(**options))
    new, report = extended(tmp_path, data, whole, iterations=200)
    assert report.streams[0].added == 4  # the shape ends in the third column of tiles
    assert report.streams[0].iou is not None
    assert report.streams[0].iou > 0.8
    decoded = decode_stream(new)
    assert decoded.present is not None
    assert not decoded.present[:, :, 24:].any()
    assert not decoded.samples[:, :, 24:].any()


def test_the_sound_of_a_video_grows_with_it(tmp_path: Path) -> None:
    film = smooth("video", (6, 16, 16), 1)
    sound = smooth("audio", (600 * 8,), 1, "int16")
    sound = Signal("audio", sound.samples, Fraction(600 * 8 * 25, 6))
    old = [
        Signal("video", film.samples[2:], film.rate),
        Signal("audio", sound.samples[1600:], sound.rate),
    ]
    options = EncodeOptions(params=1500, partition_size=(2, 8, 8), family="siren", **FIT)
    data, _ = encode_signals(old, options)
    (tmp_path / "old.lgi").write_bytes(data)
    at = {"t": 2}
    done = lg.extend(tmp_path / "old.lgi", [film, sound], tmp_path / "new.lgi", at=at, **FIT)
    assert [s.window_after[0] for s in done.streams] == [range(-2, 4), range(-1600, 3200)]
    alone = lg.extend(tmp_path / "old.lgi", film, tmp_path / "new.lgi", at=at, **FIT)
    assert [s.kind for s in alone.streams] == ["video"]
    new = (tmp_path / "new.lgi").read_bytes()
    assert chunks(stream_of(new, 1)) == chunks(stream_of(data, 1))


def test_a_crop_can_be_extended(tmp_path: Path) -> None:
    """Dropped partitions are new again, those at its edge are fitted to what is seen of them."""
    (tmp_path / "whole.lgi").write_bytes(encoded(0, 0, 40, 48))
    lg.open(tmp_path / "whole.lgi").crop(y="4px:20px", x="0px:16px").save(tmp_path / "part.lgi")
    data = (tmp_path / "part.lgi").read_bytes()
    new, report = extended(tmp_path, data, at={"y": 4})
    (stream,) = report.streams
    assert (stream.kept, stream.refitted, stream.added) == (2, 4, 24)
    assert new.geometry.window == (range(40), range(48))
    assert new.geometry.axes == stream_of(encoded(0, 0, 40, 48)).geometry.axes


# --- everything around it


def test_ancillary_chunks_are_copied_as_by_a_crop(tmp_path: Path) -> None:
    container = loads(encoded(0, 0))
    marked = dumps(Container(container.streams, {"abCd": b"kept", "abCD": b"dropped"}, 7))
    extended(tmp_path, marked)
    found = loads((tmp_path / "new.lgi").read_bytes())
    assert (found.ancillary, found.minor) == ({"abCd": b"kept"}, 7)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[float] = []
    extended(tmp_path, encoded(0, 0), progress=lambda done, psnr, left: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("larger", "at", "message"),
    [
        (smooth("audio", (99,)), {}, "the larger signal is audio of 1 x uint8, rate 8000"),
        (smooth("image", (40, 48), 1), {}, "is image of 1 x uint8, rate None, the file holds"),
        (smooth("image", (40, 48), 3, "uint16"), {}, "of 3 x uint16"),
        (smooth("image", (40, 31), 3), {}, "along x the file shows 32 samples, at 0 they do not"),
        (WHOLE, {"y": 17}, "along y .* at 17 .* within the 40"),
        (WHOLE, {"x": -1}, "along x .* at -1"),
        (WHOLE, {"t": 1}, "t is no axis of the image: y, x"),
    ],
)
def test_what_does_not_contain_the_old(
    tmp_path: Path, larger: Signal, at: dict[str, int], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        extended(tmp_path, encoded(0, 0), larger, at=at)
    assert not (tmp_path / "new.lgi").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "old.lgi").write_bytes(encoded(0, 0))
    with pytest.raises(OutputError):
        lg.extend(tmp_path / "old.lgi", WHOLE, tmp_path / "no" / "new.lgi", **FIT)


def test_ctrl_c_keeps_what_is_encoded(tmp_path: Path) -> None:
    """Also of groups that were not begun."""
    whole = smooth("audio", (1200,), 1, "int16")
    options = {"params": 1500, "partition_size": (100,), "groups": 2, "float_bits": 32, **FIT}
    old = Signal("audio", whole.samples[:700], whole.rate)
    data, _ = encode_signals([old], EncodeOptions(**options, arrangement="local-global"))

    def interrupt(done: float, psnr: float, left: float) -> None:
        raise KeyboardInterrupt

    new, report = extended(tmp_path, data, whole, progress=interrupt)
    assert report.interrupted
    assert set(chunks(stream_of(data))) <= set(chunks(new))
    assert new.read_global(1) == stream_of(data).read_global(1)


# --- latents, which grow by groups

LATENTS = {"family": "latent", "iterations": 2, "partition_size": (8, 16), "groups": 2}


@cache
def latents(height: int, **options: Any) -> bytes:
    """The top of WHOLE, without targets: a group after the other, of two rows of tiles each."""
    asked = EncodeOptions(**{**LATENTS, "params": None, **options})
    return encode_signals([part(WHOLE, slice(height), slice(None))], asked)[0]


@pytest.mark.parametrize("freeze", [False, True])
def test_latents_grow_by_groups_of_their_own(tmp_path: Path, freeze: bool) -> None:
    """LGI-X-01, LGI-X-02: nothing that was there is fitted again."""
    data = latents(32)
    new, report = extended(tmp_path, data, iterations=2, freeze_global=freeze)
    old, (stream,) = stream_of(data), report.streams
    assert (stream.kept, stream.refitted, stream.added) == (12, 0, 3)
    assert chunks(old).items() <= chunks(new).items()
    assert [new.read_global(n) for n in (0, 1)] == [old.read_global(n) for n in (0, 1)]
    assert (new.conf, len(new.groups)) == (old.conf, 3)
    samples = decode_stream(new).samples
    np.testing.assert_array_equal(samples[:32], decode_stream(old).samples)
    assert psnr(WHOLE.samples[32:], samples[32:]) > stream.psnr_old - 2


def test_a_group_of_latents_that_gains_samples_is_fitted_again(tmp_path: Path) -> None:
    data = latents(30)
    new, report = extended(tmp_path, data, iterations=2)
    (stream,) = report.streams
    assert (stream.kept, stream.refitted, stream.added) == (6, 6, 3)
    assert new.read_global(0) == stream_of(data).read_global(0)
    assert psnr(WHOLE.samples, decode_stream(new).samples) > stream.psnr_old - 2


@pytest.mark.parametrize(
    ("height", "options", "message"),
    [
        (30, {"freeze_global": True}, "^the last group of latents gains samples, for which"),
        (32, {"groups": 1}, "^latents grow by whole groups, .* along y there is one"),
    ],
)
def test_how_latents_cannot_grow(
    height: int, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    groups = {name: value for name, value in options.items() if name == "groups"}
    with pytest.raises(UsageError, match=message):
        extended(tmp_path, latents(height, **groups), freeze_global="freeze_global" in options)
    assert [path.name for path in tmp_path.iterdir()] == ["old.lgi"]


# --- Ctrl-C

TALL = smooth("image", (64, 48), 3)  # four groups of latents, the film below has as many parts


@cache
def half() -> bytes:
    """Latents of the first two groups of TALL."""
    asked = EncodeOptions(**{**NETWORK, **LATENTS, "params": None})
    return encode_signals([part(TALL, slice(32), slice(None))], asked)[0]


def ctrl_c(
    usual: Callable[..., Any], at: Callable[..., bool], times: int = 1
) -> Callable[..., Any]:
    """`usual`, which is interrupted the first few times that it is called with what `at` wants."""
    left = times

    def call(*given: Any, **named: Any) -> Any:
        nonlocal left
        if left and at(*given, **named):
            left -= 1
            raise KeyboardInterrupt
        return usual(*given, **named)

    return call


@pytest.mark.parametrize("ordinal", [2, 3])
def test_new_groups_of_latents_outlast_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ordinal: int
) -> None:
    """Those that are done; without any there is nothing to write."""
    whole, _ = extended(tmp_path, half(), TALL, iterations=2)
    (tmp_path / "new.lgi").unlink()
    stop = ctrl_c(latents_fit.Chooser, lambda _, sampler, *rest: sampler.ordinal == ordinal)
    monkeypatch.setattr(latents_fit, "Chooser", stop)
    if ordinal == 2:
        with pytest.raises(KeyboardInterrupt):
            extended(tmp_path, half(), TALL, iterations=2)
        assert [path.name for path in tmp_path.iterdir()] == ["old.lgi"]
        return
    new, report = extended(tmp_path, half(), TALL, iterations=2)
    (stream,) = report.streams
    assert (report.interrupted, stream.groups) == (True, (3, 4))
    assert (stream.kept, stream.refitted, stream.added) == (12, 0, 6)
    assert list(new.groups) == [0, 1, 2]
    assert chunks(new) == {at: data for at, data in chunks(whole).items() if at[0] < 48}
    decoded = decode_stream(new)
    assert decoded.present is not None
    assert decoded.present[:48].all() and not decoded.present[48:].any()
    shown = psnr(TALL.samples[32:48], decoded.samples[32:48])
    assert (stream.psnr, stream.psnr_old) == (pytest.approx(shown, abs=0.3), None)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_a_group_is_coded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Loses nothing, as the fit is done; a second one abandons."""
    larger = part(TALL, slice(48), slice(None))
    whole, _ = extended(tmp_path, half(), larger, iterations=2)
    stop = ctrl_c(ChunkCodec.encode, lambda *_: True, times)
    monkeypatch.setattr(ChunkCodec, "encode", stop)
    if times == 2:
        with pytest.raises(KeyboardInterrupt):
            extended(tmp_path, half(), larger, iterations=2)
        return
    new, report = extended(tmp_path, half(), larger, iterations=2)
    assert (report.interrupted, report.streams[0].groups) == (True, (3, 3))
    assert chunks(new) == chunks(whole)


def test_old_groups_that_were_not_begun_stay_at_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = part(WHOLE, slice(24), slice(16))
    options = {**NETWORK, "groups": 3, "arrangement": "local-global", "float_bits": 16}
    data, _ = encode_signals([inside], EncodeOptions(**options))
    stop = ctrl_c(_grow.Sampler, lambda *given, **_: given[2] == 1)
    monkeypatch.setattr(_grow, "Sampler", stop)
    new, report = extended(tmp_path, data, part(WHOLE, slice(24), slice(32)), iterations=1)
    (stream,) = report.streams
    assert (report.interrupted, stream.groups) == (True, (3, 3))
    assert (stream.kept, stream.refitted, stream.added) == (4, 2, 2)
    old = {at: chunk for at, chunk in chunks(stream_of(data)).items() if at[0] >= 8}
    assert old == {at: chunk for at, chunk in chunks(new).items() if at[0] >= 8}


def test_ctrl_c_while_quality_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = ctrl_c(decode_stream, lambda *_, **__: True)
    monkeypatch.setattr(_extend, "decode_stream", stop)
    new, report = extended(tmp_path, half(), TALL, iterations=2)
    (stream,) = report.streams
    assert (report.interrupted, stream.groups) == (True, (4, 4))
    worst = min(
        psnr(TALL.samples[y : y + 16], decode_stream(new).samples[y : y + 16]) for y in (32, 48)
    )
    assert stream.psnr == pytest.approx(worst, abs=0.01)


@pytest.mark.parametrize("times", [1, 2])
def test_after_ctrl_c_the_sound_is_fitted_quickly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Though it was asked for a fit of hours; a second one abandons."""
    monkeypatch.setattr(options_module, "QUICKLY", 0.3)
    film = smooth("video", (6, 16, 16), 1)
    sound = Signal("audio", smooth("audio", (4800,), 1, "int16").samples, Fraction(20_000))
    old = [
        Signal("video", film.samples[:4], film.rate),
        Signal("audio", sound.samples[:3200], sound.rate),
    ]
    options = EncodeOptions(params=1500, partition_size=(2, 8, 8), family="siren", **FIT)
    (tmp_path / "old.lgi").write_bytes(encode_signals(old, options)[0])
    stop = ctrl_c(lambda *_: None, lambda *_: True, times)
    asked = {"progress": stop, "device": "cpu", "iterations": 10**7}
    if times == 2:
        with pytest.raises(KeyboardInterrupt):
            lg.extend(tmp_path / "old.lgi", [film, sound], tmp_path / "new.lgi", **asked)
        assert [path.name for path in tmp_path.iterdir()] == ["old.lgi"]
        return
    report = lg.extend(tmp_path / "old.lgi", [film, sound], tmp_path / "new.lgi", **asked)
    assert report.interrupted
    found = decode_stream(stream_of((tmp_path / "new.lgi").read_bytes(), 1))
    assert found.present is None
    assert found.grid == (4800,)
    assert [stream.psnr_old for stream in report.streams] == [None, None]
