"""Latents from end to end: what is fitted, what a crop keeps, targets, and what is refused."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encodes import stream_of
from fit.builders import smooth
from torch import Tensor

from lgcodec import media
from lgcodec._crop import crop, parse_range
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec._verify import verify
from lgcodec.coding import chunks, codec_of
from lgcodec.errors import InputError, UsageError
from lgcodec.fit import choices, entropy, latents, pyramids
from lgcodec.fit.measurement import Measurement
from lgcodec.fit.sampling import Sampler, Tiles
from lgcodec.nets import latent
from lgcodec.nets.smooth import spread
from lgcodec.signal import Signal, psnr

SAMPLES = Path(__file__).parents[1] / "samples"
SHORT = {"family": "latent", "iterations": 2, "device": "cpu"}


@cache
def signals() -> dict[str, Signal]:
    (cat,) = media.read(SAMPLES / "cat.png")
    (speech,) = media.read(SAMPLES / "speech.wav")
    picture = cat.samples[64:112, 40:109]
    return {
        "image": Signal("image", picture, None),
        "grey": Signal("image", picture[..., :1].copy(), None),
        "audio": Signal("audio", speech.samples[4000:7000].copy(), speech.rate),
        "video": smooth("video", (6, 20, 23), 3, "uint8"),
        "volume": smooth("volume", (9, 8, 10), 1, "float32"),
    }


CASES: dict[str, dict[str, Any]] = {
    "image": {"partition_size": (24, 23)},
    "grey": {"partition_size": (24, 24), "groups": 2},
    "audio": {"partition_size": (500,), "groups": 2},
    "video": {"partition_size": (3, 8, 12)},
    "volume": {"partitions": (1, 2, 2)},
}
cases = pytest.mark.parametrize("name", CASES)


@cache
def encoded(name: str) -> tuple[bytes, EncodeReport]:
    return encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))


def encode(**options: Any) -> tuple[bytes, EncodeReport]:
    return encode_signals(
        [signals()["image"]], EncodeOptions(**{**SHORT, **CASES["image"], **options})
    )


def decoded(data: bytes, scale: Fraction = Fraction(1)) -> Signal:
    stream = stream_of(data)
    scales = [
        Fraction(1) if name == "t" and stream.geometry.kind == "video" else scale
        for name in stream.geometry.axis_names
    ]
    return decode_stream(stream, scale=scales, device="cpu")


# --- what comes back


@cases
def test_the_signal_that_comes_back(name: str) -> None:
    data, report = encoded(name)
    signal, found = signals()[name], decoded(data)
    assert (found.kind, found.samples.shape) == (signal.kind, signal.samples.shape)
    assert (found.samples.dtype, found.rate) == (signal.samples.dtype, signal.rate)
    assert report.streams[0].psnr == psnr(signal.samples, found.samples)
    assert report.streams[0].psnr > 30


@cases
def test_files_are_intact_to_the_last_number(name: str, tmp_path: Path) -> None:
    path = tmp_path / "whole.lgi"
    path.write_bytes(encoded(name)[0])
    report = verify(path, deep=True)
    assert (report.damage, report.streams[0].unreadable) == ((), None)
    stream = stream_of(encoded(name)[0])
    latents = sum(t.size for t in stream.conf.local)
    assert report.streams[0].numbers is not None
    assert report.streams[0].numbers[0] == latents * report.streams[0].intact


def test_a_seed_gives_the_same_file_again() -> None:
    assert encode()[0] == encoded("image")[0]


@cases
@pytest.mark.parametrize("threads", [1, 3])
def test_memory_is_bounded_by_blocks_that_change_nothing(
    name: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it whether they are done one after the other or at the same time."""
    whole = encoded(name)[0]
    number = torch.get_num_threads()
    flags = torch.backends.cudnn.enabled, torch.backends.cudnn.allow_tf32
    monkeypatch.setattr(pyramids, "AT_ONCE", 1)
    monkeypatch.setattr(chunks, "NUMBERS_AT_ONCE", 1)
    torch.set_num_threads(threads)
    try:
        found = encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))[0]
    finally:
        torch.set_num_threads(number)
    assert found == whole
    assert (torch.backends.cudnn.enabled, torch.backends.cudnn.allow_tf32) == flags


def trained(data: bytes) -> tuple[bool, int]:
    """Whether the network differs from that of the specification, and bytes of local chunks."""
    stream = stream_of(data)
    head = codec_of(stream.conf).decode_global(stream.read_global(0))
    local = stream.read_locals(0, stream.groups[0].ids).values()
    return bool(head.weights["entropy"].any()), sum(map(len, local))


def test_training_is_kept_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a small picture; if it cost nothing, more quality for each byte of local chunks."""
    (short, few), (long, _) = encoded("image"), encode(iterations=400)
    assert [trained(data)[0] for data in (short, long)] == [False, False]
    monkeypatch.setattr(choices, "_entropy", lambda _: 0.0)
    free, many = encode(iterations=400)
    differs, size = trained(free)
    assert differs
    assert 6.02 / 8 * size / 432 - many.streams[0].psnr < (
        6.02 / 8 * trained(short)[1] / 432 - few.streams[0].psnr
    )


# --- crops

CROPS: dict[str, dict[str, tuple[int, int]]] = {
    "image": {"y": (24, 48), "x": (25, 69)},
    "grey": {"y": (30, 48)},
    "audio": {"t": (1400, 2100)},
    "video": {"t": (3, 6), "x": (12, 20)},
    "volume": {"y": (4, 8), "x": (1, 4)},
}


@cases
@pytest.mark.parametrize("scale", [Fraction(1), Fraction(3, 2)])
def test_a_crop_keeps_every_bit(name: str, scale: Fraction, tmp_path: Path) -> None:
    """LGI-D-11: what is left has the same samples, at any scale."""
    data = encoded(name)[0]
    path, kept = tmp_path / "whole.lgi", tmp_path / "kept.lgi"
    path.write_bytes(data)
    spans = CROPS[name]
    ranges = {
        name: parse_range(":".join(f"{end}{'f' if name == 't' else 'px'}" for end in span))
        for name, span in spans.items()
    }
    crop(path, kept, ranges)
    names = stream_of(data).geometry.axis_names
    small, geometry = decoded(kept.read_bytes(), scale), stream_of(kept.read_bytes()).geometry
    window = [spans.get(n, (0, axis.win_len)) for n, axis in zip(names, geometry.axes, strict=True)]
    for axis, (start, stop) in zip(geometry.axes, window, strict=True):
        assert (axis.win_lo, axis.win_lo + axis.win_len) == (start, stop)
    whole = decoded(data, scale).samples
    factors = [1 if n == "t" and geometry.kind == "video" else scale for n in names]
    part = tuple(
        slice(*(int(np.ceil(float(end * factor - Fraction(1, 2)))) for end in span))
        for span, factor in zip(window, factors, strict=True)
    )
    assert len(kept.read_bytes()) < len(data)
    assert small.samples.tobytes() == whole[part].tobytes()


# --- seams


def soft() -> Signal:
    """Slow waves with a little noise, 64 x 96: where an eye sees every edge."""
    y, x = np.indices((64, 96))
    waves = [127 + 60 * np.sin(x / 40 + c) + 50 * np.cos(y / 33 - c) for c in range(3)]
    noise = np.random.default_rng(0).normal(size=(64, 96, 3)) * 3
    return Signal("image", (np.stack(waves, axis=-1) + noise).clip(0, 255).astype(np.uint8))


def seams_of(picture: Signal, edge: int) -> tuple[float, float]:
    """Of a file of 34 dB: squared error of pixels at borders, and squared steps of the error across
    borders, by those of all other places."""
    asked = EncodeOptions(**SHORT, psnr=34.0, partition_size=(edge, edge))
    found = decoded(encode_signals([picture], asked)[0]).samples
    error = found.astype(np.float64) - picture.samples
    x = np.arange(error.shape[1])
    near = ((x % edge == 0) | (x % edge == edge - 1)) & (x > 0) & (x < len(x) - 1)
    squares, steps = (error**2).mean((0, 2)), (np.diff(error, axis=1) ** 2).mean((0, 2))
    across = x[1:] % edge == 0
    return squares[near].mean() / squares[~near].mean(), steps[across].mean() / steps[
        ~across
    ].mean()


def test_what_is_smooth_has_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles that see none but their own coarse samples fail what the shared grid passes."""
    picture = soft()
    error, step = seams_of(picture, 16)

    def alone(coarse: Tensor, index: Tensor, tile: tuple[int, ...], own: tuple[int, ...]) -> Tensor:
        parts = [
            coarse[
                (slice(None), *(slice(n * i, n * (i + 1)) for n, i in zip(own, at, strict=True)))
            ]
            for at in index.tolist()
        ]
        return torch.cat([spread(part, torch.zeros_like(index[:1]), tile, own) for part in parts])

    for module in (latent, pyramids):
        monkeypatch.setattr(module, "spread", alone)
    error_alone, step_alone = seams_of(picture, 16)
    assert error < 1.1
    assert error_alone > 1.4
    assert step < 1.2
    assert step_alone > 2.5


# --- targets


@pytest.mark.parametrize(
    ("options", "size"), [({"size": 1500}, 1500), ({"bpp": 8.0}, 48 * 69), ({"size": 2500}, 2500)]
)
def test_bytes_are_met_and_not_exceeded(options: dict[str, Any], size: int) -> None:
    assert 0.95 * size <= len(encode(**options)[0]) <= size


@pytest.mark.parametrize("quality", [33.0, 42.0])
def test_a_quality_is_met(quality: float) -> None:
    data, report = encode(psnr=quality)
    assert quality - 0.1 <= report.streams[0].psnr <= quality + 0.6
    assert psnr(signals()["image"].samples, decoded(data).samples) == report.streams[0].psnr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 300}, r"^a file of 300 bytes is impossible .* the nearest has \d+ bytes"),
        *(
            ({name: value}, rf"^latents have no {name}: say bpp, size, psnr or quality$")
            for name, value in {
                "params": 6000,
                "global_ratio": 0.2,
                "local_width": 4,
                "global_width": 4,
                "layers": 3,
                "merge": "add",
                "w0": 30.0,
                "samples": 100,
                "bits": 8,
                "float_bits": 16,
                "measurement": Measurement(lambda drawn: drawn, np.zeros((1, 1, 1), np.float32)),
            }.items()
        ),
        ({"arrangement": "single"}, r"^latents have no arrangement"),
        ({"partition_size": (1, 1)}, r"^a tile of \(1, 1\) samples is not split"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        encode(**options)
    assert "\n" not in str(refused.value)


# --- Ctrl-C


class Progress:
    """Remembers what it is told, and interrupts from `at` on."""

    def __init__(self, at: float = 2.0) -> None:
        self.at = at
        self.told: list[tuple[float, float, float]] = []

    def chose(self, stream: int, plan: object) -> None:
        pass

    def progress(self, _: int, done: float, psnr: float, seconds_left: float) -> None:
        self.told.append((done, psnr, seconds_left))
        if done >= self.at:
            raise KeyboardInterrupt


def watched(listener: Progress, **options: Any) -> tuple[bytes, EncodeReport]:
    asked = EncodeOptions(**{**SHORT, **CASES["image"], "iterations": 40, **options})
    return encode_signals([signals()["image"]], asked, listener=listener)


@pytest.fixture
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latents, "TELL_EVERY", 0.0)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("options", [{}, {"size": 1500}, {"psnr": 36.0}])
def test_progress_grows_to_its_end(options: dict[str, Any]) -> None:
    listener = Progress()
    _, report = watched(listener, **options)
    shares, qualities, left = zip(*listener.told, strict=True)
    assert len(shares) > 3
    assert sorted(shares) == list(shares)
    assert (shares[-1], left[-1]) == (1.0, 0.0)
    assert qualities[-1] == pytest.approx(report.streams[0].psnr, abs=1e-4)


@pytest.mark.usefixtures("told_at_once")
def test_progress_tells_the_quality_of_a_few_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all others are measured at the end alone."""
    seen, tiles = [], Sampler.tiles

    def counted(self: Sampler, lengths: Sequence[int], rows: slice = slice(None)) -> Tiles:
        found = tiles(self, lengths, rows)
        seen.append(len(found.values))
        return found

    monkeypatch.setattr(Sampler, "tiles", counted)
    monkeypatch.setattr(pyramids, "FEW", 2)
    listener = Progress()
    report = watched(listener)[1].streams[0]
    assert seen.count(2) == len(listener.told) - 1
    assert listener.told[-1][1] == pytest.approx(report.psnr, abs=1e-4)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("at", [0.01, 0.5, 0.7])
def test_an_interrupt_gives_what_was_chosen_last(at: float) -> None:
    """A whole file, of the quality that it reports: in a search, and after a round."""
    data, report = watched(Progress(at), size=1500)
    assert report.interrupted
    found = psnr(signals()["image"].samples, decoded(data).samples)
    assert found == pytest.approx(report.streams[0].psnr, abs=0.01)


def test_an_interrupt_while_the_network_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps: the weights are those of a network all the same."""
    output, count = entropy.Entropy._output, 0

    def interrupted(*given: Any) -> Any:
        nonlocal count
        count += 1
        if count == 15:
            raise KeyboardInterrupt
        return output(*given)

    monkeypatch.setattr(entropy.Entropy, "_output", interrupted)
    data, report = encode(iterations=40)
    assert report.interrupted
    assert psnr(signals()["image"].samples, decoded(data).samples) > 30


def test_an_interrupt_before_anything_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(choices, "Pyramids", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode()


# --- checkpoints


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("options", [{}, {"size": 1500}])
@pytest.mark.parametrize("at", [0.5, 0.95])
def test_a_resumed_fit_ends_like_one_that_was_never_stopped(
    options: dict[str, Any], at: float, tmp_path: Path
) -> None:
    path = tmp_path / "fit"
    assert watched(Progress(at), checkpoint=path, **options)[1].interrupted
    assert list(tmp_path.iterdir())
    listener = Progress()
    data, report = watched(listener, checkpoint=path, **options)
    assert not report.interrupted
    assert listener.told[0][0] > 0.3
    assert data == watched(Progress(), **options)[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [{"iterations": 41}, {"seed": 1}, {"partition_size": (12, 23)}])
def test_a_checkpoint_of_another_fit_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "fit"
    watched(Progress(0.99), checkpoint=path)
    with pytest.raises(UsageError, match="checkpoint of another fit"):
        watched(Progress(), checkpoint=path, **change)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(1000)])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "fit.0.0").write_bytes(content)
    with pytest.raises(InputError, match="cannot read checkpoint"):
        watched(Progress(), checkpoint=tmp_path / "fit")
