"""Arrays: exact round trips, the guesses for files without a description, hostile files."""

import io
import tracemalloc
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lgcodec import media
from lgcodec.errors import InputError, UsageError
from lgcodec.media.base import MAX_VALUES
from lgcodec.signal import AXES, SAMPLE_TYPES, Kind, Signal
from media.builders import assert_equal, audio, image, video, volume


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """Any signal at all, small."""
    kind = draw(st.sampled_from(sorted(AXES)))
    grid = tuple(draw(st.integers(1, 5)) for _ in AXES[kind])
    dtype = np.dtype(draw(st.sampled_from(SAMPLE_TYPES)))
    values = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else None
    elements = hnp.from_dtype(dtype, **(values or {}))
    samples = draw(hnp.arrays(dtype, (*grid, draw(st.integers(1, 5))), elements=elements))
    rate = draw(st.fractions(min_value=Fraction(1, 1000))) if "t" in AXES[kind] else None
    present = draw(st.none() | hnp.arrays(np.bool_, grid))
    return Signal(kind, samples, rate, present)


def save(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


# --- round trips


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(signal=signals())
def test_npz_holds_any_signal(tmp_path: Path, signal: Signal) -> None:
    media.write(tmp_path / "x.npz", [signal])
    assert_equal(media.read(tmp_path / "x.npz")[0], signal)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(signal=signals())
def test_npy_holds_any_samples(tmp_path: Path, signal: Signal) -> None:
    media.write(tmp_path / "x.npy", [signal])
    single = signal.channels == 1
    assert np.load(tmp_path / "x.npy").ndim == len(signal.grid) + (not single)
    (found,) = media.read(tmp_path / "x.npy", kind=signal.kind, rate=signal.rate)
    assert_equal(found, Signal(signal.kind, signal.samples, signal.rate))


def test_npz_is_plain_numpy(tmp_path: Path) -> None:
    clip = video(rate=Fraction(30_000, 1001))
    media.write(tmp_path / "x.npz", [clip])
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        assert sorted(file) == ["kind", "rate", "samples"]
        assert (str(file["kind"]), str(file["rate"])) == ("video", "30000/1001")
        np.testing.assert_array_equal(file["samples"], clip.samples)


@pytest.mark.parametrize("name", ["x.NPY", "x.Npz"])
def test_the_name_stays_as_given(tmp_path: Path, name: str) -> None:
    media.write(tmp_path / name, [image()])
    assert [file.name for file in tmp_path.iterdir()] == [name]
    np.testing.assert_array_equal(media.read(tmp_path / name)[0].samples, image().samples)


# --- guesses


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "grid"),
    [
        ((9,), "int16", "audio", (9,)),
        ((5, 6), "uint8", "image", (5, 6)),
        ((5, 6, 3), "uint8", "image", (5, 6)),
        ((5, 6, 4), "float32", "image", (5, 6)),
        ((5, 6, 7), "uint8", "volume", (5, 6, 7)),
        ((5, 6, 7, 3), "uint8", "video", (5, 6, 7)),
        ((5, 6, 7, 1), "float32", "volume", (5, 6, 7)),
    ],
)
def test_the_kind_is_guessed(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, kind: Kind, grid: tuple[int, ...]
) -> None:
    rate = Fraction(8000) if kind == "audio" else None
    (found,) = media.read(save(tmp_path / "x.npy", np.zeros(shape, dtype)), rate=rate)
    assert (found.kind, found.grid) == (kind, grid)
    assert found.rate == {"audio": 8000, "video": 25}.get(kind)


@pytest.mark.parametrize(
    ("shape", "kind", "grid"),
    [
        ((9, 2), "audio", (9,)),
        ((5, 6, 7), "image", (5, 6)),
        ((5, 6, 3), "volume", (5, 6, 3)),
        ((5, 6, 7), "video", (5, 6, 7)),
        ((5, 6, 7, 9), "volume", (5, 6, 7)),
    ],
)
def test_the_option_beats_the_guess(
    tmp_path: Path, shape: tuple[int, ...], kind: Kind, grid: tuple[int, ...]
) -> None:
    rate = Fraction(50) if kind in ("audio", "video") else None
    path = save(tmp_path / "x.npy", np.zeros(shape, np.uint8))
    (found,) = media.read(path, kind=kind, rate=rate)
    assert (found.kind, found.grid, found.rate) == (kind, grid, rate)


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        ((9,), None, r"sound without its rate.*`rate`"),
        ((), None, "none that can be guessed"),
        ((2, 2, 2, 9), None, "none that can be guessed"),
        ((2, 2, 2, 2, 2), None, "none that can be guessed"),
        ((9,), "image", r"expected \(y, x\[, channels\]\)"),
        ((2, 2, 2, 2), "image", r"expected \(y, x\[, channels\]\)"),
        ((0, 5), None, "at least one sample"),
        ((5, 5, 65), "image", "64 channels"),
    ],
)
def test_shapes_that_are_no_signal(
    tmp_path: Path, shape: tuple[int, ...], kind: Kind | None, message: str
) -> None:
    with pytest.raises(InputError, match=rf"^cannot read .*x\.npy: .*{message}"):
        media.read(save(tmp_path / "x.npy", np.zeros(shape, np.uint8)), kind=kind)


def test_a_kind_that_npz_contradicts_is_the_callers_word(tmp_path: Path) -> None:
    media.write(tmp_path / "x.npz", [volume()])
    (found,) = media.read(tmp_path / "x.npz", kind="video", rate=Fraction(10))
    assert (found.kind, found.rate) == ("video", 10)


# --- types


def test_bool_stays_and_spans_the_full_scale_of_pictures(tmp_path: Path) -> None:
    (found,) = media.read(save(tmp_path / "x.npy", np.eye(4, dtype=np.bool_)))
    np.testing.assert_array_equal(found.samples[..., 0], np.eye(4, dtype=np.bool_), strict=True)
    media.write(tmp_path / "x.png", [found])
    (picture,) = media.read(tmp_path / "x.png")
    np.testing.assert_array_equal(picture.samples[..., 0], np.eye(4, dtype=np.uint8) * 255)


@pytest.mark.parametrize("shape", [(3, 5, 7), (8, 1, 1)])
def test_packed_bits_are_an_occupancy_grid(tmp_path: Path, shape: tuple[int, ...]) -> None:
    grid = np.random.default_rng(0).random(shape) < 0.3
    np.savez(tmp_path / "x.npz", packed=np.packbits(grid), shape=np.array(shape))
    (found,) = media.read(tmp_path / "x.npz", kind="volume")
    np.testing.assert_array_equal(found.samples[..., 0], grid, strict=True)


@pytest.mark.parametrize(
    ("packed", "shape"),
    [
        (np.zeros(3, np.uint8), (2, 2, 2)),
        (np.zeros(3, np.uint8), (2**62, 2**62, 2**62)),
        (np.zeros(3, np.uint8), (0, 2, 2)),
        (np.zeros(1, np.uint8), (-2, -2, 2)),
        (np.zeros(1, np.uint8), (1, 1, 1, 1, 8)),
        (np.zeros(1, np.int8), (2, 2, 2)),
        (np.zeros(1, np.uint8), (2.0, 2.0, 2.0)),
        (np.zeros((1, 1), np.uint8), (2, 2, 2)),
    ],
)
def test_packed_bits_that_do_not_fit(
    tmp_path: Path, packed: np.ndarray, shape: tuple[int, ...]
) -> None:
    np.savez(tmp_path / "x.npz", packed=packed, shape=np.array(shape))
    with pytest.raises(InputError, match=r"x\.npz: packed is u?int8 .*, shape says"):
        media.read(tmp_path / "x.npz")


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4", ">f8"])
def test_floats_become_float32(tmp_path: Path, dtype: str) -> None:
    array = np.linspace(-2, 2, 12).reshape(3, 4).astype(dtype)
    (found,) = media.read(save(tmp_path / "x.npy", array))
    assert found.samples.dtype == np.float32
    np.testing.assert_array_equal(found.samples[..., 0], array.astype(np.float32))


def test_byte_and_memory_order_do_not_matter(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12).reshape(3, 4).astype(">u2"))
    (found,) = media.read(save(tmp_path / "x.npy", array))
    assert found.samples.dtype == np.dtype("=u2")
    assert found.samples.flags.c_contiguous
    np.testing.assert_array_equal(found.samples[..., 0], array)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint32", "int64", "complex64", "U3", "i2,f4"])
def test_other_types_are_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(InputError, match=r"x\.npy: samples are .*, allowed are uint8, uint16"):
        media.read(save(tmp_path / "x.npy", np.zeros((3, 4), dtype)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_must_be_finite(tmp_path: Path, value: float) -> None:
    array = np.zeros((3, 4))
    array[1, 2] = value
    with pytest.raises(InputError, match=r"x\.npy: samples are NaN or infinite"):
        media.read(save(tmp_path / "x.npy", array))


# --- foreign and hostile files


def test_foreign_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", anything=image().samples)
    np.testing.assert_array_equal(media.read(tmp_path / "one.npz")[0].samples, image().samples)
    np.savez(tmp_path / "named.npz", samples=image().samples, other=np.zeros(3))
    assert media.read(tmp_path / "named.npz")[0].grid == (40, 56)
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    with pytest.raises(InputError, match=r"two\.npz: it holds 2 arrays, expected one"):
        media.read(tmp_path / "two.npz")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("kind", np.array("movie"), "kind 'movie', allowed are audio, image"),
        ("rate", np.array("fast"), "fast"),
        ("rate", np.array("1/0"), r"1[/,] ?0"),
        ("rate", np.array("-5/1"), "rate is -5"),
        ("present", np.ones((3, 3), np.bool_), "present is bool"),
        ("present", np.ones((8000,), np.uint8), "present is uint8"),
    ],
)
def test_a_description_that_is_wrong(
    tmp_path: Path, key: str, value: np.ndarray, message: str
) -> None:
    described = {"samples": audio().samples, "kind": np.array("audio"), "rate": np.array("8000/1")}
    np.savez(tmp_path / "x.npz", **{**described, key: value})
    with pytest.raises(InputError, match=rf"^cannot read .*x\.npz: .*{message}"):
        media.read(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_pickles_are_refused(tmp_path: Path, name: str) -> None:
    objects = np.array([[print, 1]], dtype=object)
    if name == "x.npy":
        np.save(tmp_path / name, objects, allow_pickle=True)
    else:
        np.savez(tmp_path / name, samples=objects)
    with pytest.raises(InputError, match="Python objects"):
        media.read(tmp_path / name)


@pytest.mark.parametrize("shape", [(2**33, 2**10), (2**28, 2**4), (3, 5), (-4, -4), (3, -4)])
def test_a_header_that_does_not_fit_the_file(tmp_path: Path, shape: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    data = buffer.getvalue() + b"\0" * 12
    (tmp_path / "x.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples.npy", data)
    for name in ("x.npy", "x.npz"):
        tracemalloc.start()
        with pytest.raises(InputError, match=rf"{name}: (the header says uint8|shape)"):
            media.read(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


def test_an_array_too_large_is_refused_although_its_size_is_right(tmp_path: Path) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (2**33 + 4, 1)}
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 2**33 + 4)  # a hole: it takes no space
    with pytest.raises(InputError, match=rf"x\.npy: shape .*, allowed are {MAX_VALUES} values"):
        media.read(tmp_path / "x.npy")


def test_a_zip_entry_that_lies_about_its_size(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (2**15, 2**15)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples.npy", buffer.getvalue())
        claimed = len(buffer.getvalue()) + 2**30
        archive.getinfo("samples.npy").file_size = claimed
    with pytest.raises(InputError, match=r"x\.npz: samples declares \d+ bytes"):
        media.read(tmp_path / "x.npz")


@pytest.mark.parametrize("version", [b"\x03\x00", b"\x09\x00"])
def test_unknown_array_formats(tmp_path: Path, version: bytes) -> None:
    path = save(tmp_path / "x.npy", np.zeros((3, 4), np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[:6] + version + data[8:])
    with pytest.raises(InputError, match=r"x\.npy: "):
        media.read(path)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_file_cut_anywhere(tmp_path: Path, name: str) -> None:
    media.write(tmp_path / name, [video()])
    whole = (tmp_path / name).read_bytes()
    for length in range(1, len(whole), len(whole) // 37):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(InputError, match=rf"^cannot read .*{name}: "):
            media.read(tmp_path / name)


def test_a_rate_for_an_image_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rate 25"):
        media.read(save(tmp_path / "x.npy", np.zeros((3, 4), np.uint8)), rate=Fraction(25))
