"""Encoding and decoding together: what a fitted file holds, and what a crop of it keeps."""

from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encodes import CASES, FAST, decoded, encoded, stream_of
from fit.builders import smooth
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lgcodec import media
from lgcodec._crop import AxisRange, Bound, crop
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec.coding import CODERS
from lgcodec.errors import FileError, UsageError
from lgcodec.format.container import Container, GroupData, dumps, loads
from lgcodec.media import lossless_bytes
from lgcodec.signal import Kind, Signal, iou, psnr

SAMPLES = Path(__file__).parents[1] / "samples"
cases = pytest.mark.parametrize("name", CASES)


# --- what comes back


@cases
def test_the_signal_that_comes_back(name: str) -> None:
    signal, _ = CASES[name]
    found = decoded(encoded(name)[0])
    assert (found.kind, found.grid, found.channels) == (signal.kind, signal.grid, signal.channels)
    assert (found.samples.dtype, found.rate) == (signal.samples.dtype, signal.rate)
    assert (found.present is None) == (name != "shape")


def test_a_shape_has_networks_where_there_is_something() -> None:
    """LGI-D-12: the other partitions are not stored, are background, and cost nothing."""
    signal, options = CASES["shape"]
    data, report = encoded("shape")
    (only,) = report.streams
    found = decoded(data)
    tiles = only.plan.content.tiles
    assert sum(len(group.ids) for group in stream_of(data).groups.values()) == tiles.sum() < 36
    assert only.plan.params_local > 0.9 * options["params"]
    assert found.present is not None
    assert not found.samples[~found.present].any()
    assert not signal.samples[~found.present].any()
    assert only.iou == iou(signal.samples, found.samples) > 0.8


def test_the_field_of_a_shape() -> None:
    """Not rounded; above a half where the shape is."""
    stream = stream_of(encoded("shape")[0])
    field = decode_stream(stream, sample_type="float32", device="cpu").samples
    assert field.dtype == np.float32
    assert len(np.unique(field)) > 100
    np.testing.assert_array_equal(field > 0.5, decode_stream(stream, device="cpu").samples)


def test_absent_samples_are_not_encoded() -> None:
    """Of a picture, say, that was decoded after a crop with holes."""
    picture = smooth("image", (24, 24), 1)
    present = np.ones((24, 24), np.bool_)
    present[:8], present[8:16, 8:17] = False, False
    holed = Signal("image", picture.samples, present=present)
    data, _ = encode_signals([holed], EncodeOptions(**FAST, partition_size=(8, 8), groups=3))
    (first, second) = stream_of(data).groups.values()
    assert (first.ordinal, first.ids, second.ordinal, second.ids) == (1, (0, 2), 2, (0, 1, 2))


@cases
def test_the_quality_reported_is_that_of_the_file(name: str) -> None:
    data, report = encoded(name)
    assert report.streams[0].psnr == psnr(CASES[name][0].samples, decoded(data).samples)


@cases
def test_a_fit_is_better_than_a_flat_signal(name: str) -> None:
    """After 90 steps: the right samples are in the right places."""
    samples = CASES[name][0].samples
    mean = samples.mean(tuple(range(samples.ndim - 1)), dtype=np.float64)
    mean = np.rint(mean) if samples.dtype == np.bool_ else mean
    flat = np.broadcast_to(mean, samples.shape).astype(samples.dtype)
    assert encoded(name)[1].streams[0].psnr > psnr(samples, flat) + 1.5


@cases
def test_sizes_in_the_report(name: str) -> None:
    signal, options = CASES[name]
    data, report = encoded(name)
    (only,) = report.streams
    assert report.bytes == len(data)
    assert report.bits_per_sample == 8 * len(data) / signal.size
    front = 32 + 28 * (2 + only.plan.geometry.groups)
    assert only.bytes == len(data) - front
    chunks = sum(
        len(group.global_chunk) + sum(map(len, group.local_chunks.values()))
        for group in loads(data).streams[0].groups
    )
    weights = only.plan.params_local + only.plan.params_global
    assert only.weight_bits == 8 * chunks / weights
    if "size" in options:
        assert 0.95 * options["size"] <= len(data) <= options["size"]
    else:
        assert weights <= 1.01 * options["params"]


@cases
def test_the_plan_expects_about_the_bytes_that_come(name: str) -> None:
    data, report = encoded(name)
    assert report.streams[0].plan.expected_bytes == pytest.approx(len(data), rel=0.25)


def test_a_seed_gives_the_same_bytes() -> None:
    signal, options = CASES["rgba"]
    again, _ = encode_signals([signal], EncodeOptions(**options))
    assert again == encoded("rgba")[0]
    other, _ = encode_signals([signal], EncodeOptions(**options, seed=1))
    assert other != again


@pytest.mark.parametrize(
    ("name", "quantiser", "coder"),
    [
        ("grey", ("uniform", {"bits": 11}), "rans"),
        ("floats", ("float", {"bits": 32}), "zstd"),
        ("halves", ("float", {"bits": 16}), "zstd"),
    ],
)
def test_how_weights_are_stored(name: str, quantiser: tuple[str, Any], coder: str) -> None:
    """By default in 8 bits, and three more for the tensors that need them; floats on request."""
    conf = stream_of(encoded(name)[0]).conf
    assert (conf.quantiser.name, conf.quantiser.configuration) == quantiser
    assert conf.coder.name == coder


@pytest.mark.parametrize(("name", "width"), [("rgb", 1), ("mono", 2), ("grey16", 4), ("halves", 4)])
def test_checksums_take_a_small_part_of_chunks(name: str, width: int) -> None:
    """The rule of section 7: at most a 256th where there is a choice."""
    (group,) = stream_of(encoded(name)[0]).groups.values()
    assert group.crc_width == width
    assert width == 1 or 256 * width * len(group.ids) <= sum(group.lengths)


def test_which_coders_check_themselves() -> None:
    """Those whose chunks end in a state that a decoder knows (section 7)."""
    assert {name for name, coder in CODERS.items() if coder.self_checking} == {"context", "rans"}


def test_files_are_canonical() -> None:
    for name in CASES:
        data, _ = encoded(name)
        assert dumps(loads(data)) == data


# --- crop and windows


def sliced(samples: np.ndarray, window: tuple[range, ...]) -> np.ndarray:
    return samples[tuple(slice(span.start, span.stop) for span in window)]


def outputs(window: tuple[range, ...], scale: list[Fraction]) -> tuple[range, ...]:
    """Output samples of a window: spec, section 5."""
    half = Fraction(1, 2)
    return tuple(
        range(ceil(span.start * s - half), ceil(span.stop * s - half))
        for span, s in zip(window, scale, strict=True)
    )


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, tuple[range, ...]]:
    name = draw(st.sampled_from(list(CASES)))
    spans = []
    for length in CASES[name][0].grid:
        start = draw(st.integers(0, length - 1))
        spans.append(range(start, draw(st.integers(start + 1, length))))
    return name, tuple(spans)


@given(windows(), st.sampled_from([Fraction(1), Fraction(2), Fraction(3, 2), Fraction(4, 5)]))
@settings(max_examples=60)
def test_a_window_is_a_part_of_the_whole(
    found: tuple[str, tuple[range, ...]], factor: Fraction
) -> None:
    """LGI-N-05: bit for bit, at every scale."""
    name, window = found
    scale = [factor] * len(window)
    assume(all(outputs(window, scale)))
    data, _ = encoded(name)
    whole = decoded(data, scale=scale).samples
    part = decoded(data, *window, scale=scale).samples
    np.testing.assert_array_equal(part, sliced(whole, outputs(window, scale)))


@cases
@pytest.mark.parametrize("factor", [Fraction(1), Fraction(2), Fraction(3, 2)])
def test_what_a_crop_keeps_decodes_to_the_same_bits(
    name: str, factor: Fraction, tmp_path: Path
) -> None:
    """LGI-W-02, LGI-D-11: a crop to the middle, off the borders of tiles."""
    data, _ = encoded(name)
    signal, _ = CASES[name]
    window = tuple(range(n // 4, n - n // 5) for n in signal.grid)
    selection = {
        axis: AxisRange(
            Bound(Fraction(span.start), "px" if axis in "xyz" else "f"),
            Bound(Fraction(span.stop), "px" if axis in "xyz" else "f"),
        )
        for axis, span in zip(signal.axes, window, strict=True)
    }
    source, target = tmp_path / "whole.lgi", tmp_path / "part.lgi"
    source.write_bytes(data)
    report = crop(source, target, selection)
    scale = [factor] * len(window)
    before = sliced(decoded(data, scale=scale).samples, outputs(window, scale))
    after = decoded(target.read_bytes(), scale=scale)
    assert after.present is None
    np.testing.assert_array_equal(after.samples, before)
    assert report.bytes_after <= len(data) + 4 * len(window)  # the bytes of `win_at`


@pytest.mark.parametrize("name", ["grey", "rgba", "mono", "video", "groups"])
def test_partitions_decode_alone(name: str) -> None:
    """LGI-D-11: each partition in a file without any other, the rest is fill."""
    data, _ = encoded(name)
    whole = decoded(data).samples
    (only,) = loads(data).streams
    for group in only.groups:
        for partition in group.local_chunks:
            chunk = {partition: group.local_chunks[partition]}
            alone = GroupData(group.ordinal, group.global_chunk, chunk)
            found = decoded(dumps(Container((replace(only, groups=(alone,)),))))
            box = only.geometry.box(group.ordinal, partition)
            inside = np.zeros(found.grid, bool)
            sliced(inside, box)[...] = True
            present = inside if found.present is None else found.present
            np.testing.assert_array_equal(present, inside)
            np.testing.assert_array_equal(found.samples[inside], whole[inside])
            assert (found.samples[~inside] == only.conf.fill).all()


@given(st.sampled_from(["rgb", "mono", "groups", "halves"]), st.data())
@settings(max_examples=80)
def test_any_damage_below_the_checksums(name: str, data: st.DataObject) -> None:
    """A chunk with a right checksum and wrong bytes is damage or other samples, nothing worse."""
    (only,) = loads(encoded(name)[0]).streams
    group = data.draw(st.sampled_from(only.groups))
    partition = data.draw(st.sampled_from([None, *group.local_chunks]))
    chunk = bytearray(group.global_chunk if partition is None else group.local_chunks[partition])
    if chunk:
        chunk[data.draw(st.integers(0, len(chunk) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if partition is None:
        bad = replace(group, global_chunk=bytes(chunk))
    else:
        bad = replace(group, local_chunks={**group.local_chunks, partition: bytes(chunk)})
    groups = tuple(bad if other is group else other for other in only.groups)
    file = dumps(Container((replace(only, groups=groups),)))
    try:
        assert decoded(file).grid == CASES[name][0].grid
    except FileError as error:
        assert error.code == "E_PAYLOAD"


# --- what a user expects


CROPS: dict[str, Signal] = {}


def crop_of_sample(name: str) -> Signal:
    """A small piece of a shipped file."""
    if name not in CROPS:
        signal = media.read(SAMPLES / name)[0]
        part = {
            "cat.png": np.s_[100:148, 150:198],
            "speech.wav": np.s_[9000:13000],
            "bunny.mp4": np.s_[10:16, 60:100, 100:140],
        }[name]
        CROPS[name] = Signal(signal.kind, signal.samples[part].copy(), signal.rate)
    return CROPS[name]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("cat.png", 6000),
        ("speech.wav", 2000),
        ("bunny.mp4", 6000),
    ],
)
def test_quantisation_costs_little(name: str, params: int) -> None:
    """At most 0.3 dB below float32, with the same number of weights and steps."""
    signal = crop_of_sample(name)
    options = {"params": params, "iterations": 300, "device": "cpu"}
    _, rounded = encode_signals([signal], EncodeOptions(**options))
    _, exact = encode_signals([signal], EncodeOptions(**options, float_bits=32))
    assert rounded.streams[0].psnr > exact.streams[0].psnr - 0.3


@pytest.mark.parametrize("name", ["cat.png", "bunny.mp4"])
def test_without_options_a_file_is_smaller_than_a_lossless_one(name: str) -> None:
    signal = crop_of_sample(name)
    data, _ = encode_signals([signal], EncodeOptions(iterations=30, device="cpu"))
    assert len(data) < lossless_bytes(signal)


@pytest.mark.parametrize("name", ["cat.png", "bunny.mp4"])
def test_a_plan_of_perceptrons_foretells_the_bytes(name: str) -> None:
    signal = crop_of_sample(name)
    options = EncodeOptions(iterations=30, device="cpu", family="siren")
    data, report = encode_signals([signal], options)
    assert report.streams[0].plan.expected_bytes == pytest.approx(len(data), rel=0.25)


def test_a_signal_too_small_for_a_codec() -> None:
    tiny = smooth("image", (8, 8))
    with pytest.raises(UsageError, match="say --params"):
        encode_signals([tiny], EncodeOptions(device="cpu"))


def test_nothing_to_encode() -> None:
    with pytest.raises(UsageError, match="no signal"):
        encode_signals([])


@pytest.mark.parametrize(
    ("kind", "grid", "dtype", "value", "near"),
    [
        ("image", (9, 9), "uint8", 0, 50),
        ("image", (9, 9), "uint8", 255, 50),
        ("image", (1, 1), "uint16", 12_345, 9_000),
        ("audio", (300,), "int16", 0, 0.5),
        ("audio", (300,), "float32", 0, 0.2),
        ("volume", (3, 3, 3), "float32", -2.5, 0.3),
    ],
)
def test_flat_signals(kind: Kind, grid: tuple[int, ...], dtype: str, value: int, near: int) -> None:
    """Silence, black, white, one sample: nothing divides by zero."""
    samples = np.full((*grid, 1), value, dtype)
    rate = Fraction(8000) if kind == "audio" else None
    data, _ = encode_signals([Signal(kind, samples, rate)], EncodeOptions(**FAST))
    found = decoded(data)
    assert found.grid == grid
    assert np.abs(found.samples.astype(float) - value).max() <= near


def test_the_loudest_sample_does_not_wrap_around() -> None:
    """-32 768 is the peak, so the network may say 32 768, which int16 does not have."""
    square = np.where(np.arange(400) // 50 % 2, 32_767, -32_768).astype("int16")[:, None]
    options = EncodeOptions(params=3000, iterations=150, partitions=(8,), device="cpu")
    data, _ = encode_signals([Signal("audio", square, Fraction(8000))], options)
    middle = np.arange(400) % 50
    inside = (middle > 10) & (middle < 40)
    wrong = np.abs(decoded(data).samples[inside, 0].astype(int) - square[inside, 0])
    assert wrong.max() < 32_768


def test_no_checkpoint_is_left_of_a_refused_size(tmp_path: Path) -> None:
    """The fit has run its course: the same command with another size begins anew."""
    picture = smooth("image", (24, 24), 1, "uint8")
    asked = {"family": "latent", "partition_size": (12, 12), "groups": 2, "preset": "fast"}
    asked |= {"device": "cpu", "checkpoint": tmp_path / "fit"}
    with pytest.raises(UsageError, match="is impossible"):
        encode_signals([picture], EncodeOptions(**asked, size=300))
    assert not list(tmp_path.iterdir())
