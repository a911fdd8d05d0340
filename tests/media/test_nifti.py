"""NIfTI files: the order of axes, the types, and what is refused."""

import gzip
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.signal import Signal
from media.builders import assert_equal, volume

SUFFIXES = (".nii", ".nii.gz")
suffixes = pytest.mark.parametrize("suffix", SUFFIXES)


def saved(path: Path, array: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(array, np.diag([2.0, 3.0, 4.0, 1.0])), path)
    return path


@suffixes
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_volumes_come_back(tmp_path: Path, suffix: str, dtype: str, channels: int) -> None:
    samples = np.random.default_rng(0).integers(0, 100, (4, 5, 6, channels)).astype(dtype)
    signal = Signal("volume", samples)
    media.write(tmp_path / f"x{suffix}", [signal])
    assert_equal(media.read(tmp_path / f"x{suffix}")[0], signal)


@suffixes
def test_x_is_the_first_axis_of_the_file(tmp_path: Path, suffix: str) -> None:
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    (found,) = media.read(saved(tmp_path / f"x{suffix}", array))
    assert found.grid == (4, 3, 2)
    np.testing.assert_array_equal(found.samples[..., 0], array.transpose())


def test_shapes_become_zeros_and_ones(tmp_path: Path) -> None:
    shape = Signal("volume", volume().samples > 0)
    media.write(tmp_path / "x.nii", [shape])
    (found,) = media.read(tmp_path / "x.nii")
    np.testing.assert_array_equal(found.samples, shape.samples.astype(np.uint8), strict=True)


@pytest.mark.parametrize(
    ("stored", "found"),
    [("int8", "int16"), ("int32", "float32"), ("uint32", "float32"), ("float64", "float32")],
)
def test_other_types(tmp_path: Path, stored: str, found: str) -> None:
    array = np.arange(-4 if stored[0] != "u" else 0, 23, dtype=stored)[:8].reshape(2, 2, 2)
    (signal,) = media.read(saved(tmp_path / "x.nii", array))
    assert signal.samples.dtype == found
    np.testing.assert_array_equal(signal.samples[..., 0], array.transpose())


def test_scaled_numbers_are_what_the_header_makes_of_them(tmp_path: Path) -> None:
    array = np.arange(8, dtype=np.int16).reshape(2, 2, 2)
    image = nibabel.Nifti1Image(array, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    image.to_filename(tmp_path / "x.nii")
    (signal,) = media.read(tmp_path / "x.nii")
    expected = nibabel.load(tmp_path / "x.nii").get_fdata(dtype=np.float32)
    assert signal.samples.dtype == np.float32
    np.testing.assert_array_equal(signal.samples[..., 0], expected.transpose())


@suffixes
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 65), (2, 3, 4, 1, 2)])
def test_what_is_no_volume(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"x\.nii.*: shape .* expected x, y, z"):
        media.read(saved(tmp_path / f"x{suffix}", np.zeros(shape, np.uint8)))


@suffixes
def test_a_header_is_not_believed(tmp_path: Path, suffix: str) -> None:
    """A few hundred bytes that declare gigabytes allocate nothing."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.float32)
    header.set_data_shape((1000, 1000, 1000))
    header.set_data_offset(352)
    content = header.binaryblock + bytes(4)
    path = tmp_path / f"x{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == ".nii.gz" else content)
    with pytest.raises(InputError, match="more than the file can hold"):
        media.read(path)


@suffixes
def test_damage_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    media.write(path, [volume()])
    whole = path.read_bytes()
    for content in (b"x", whole[:100], whole[: len(whole) // 2], bytes(400)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"^cannot read .*x\.nii") as caught:
            media.read(path)
        assert "\n" not in str(caught.value)


@suffixes
def test_without_nibabel(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"x{suffix}"
    media.write(path, [volume()])
    monkeypatch.setitem(sys.modules, "nibabel", None)
    hint = r"it needs nibabel: pip install 'lgcodec\[volume\]'$"
    with pytest.raises(InputError, match=rf"^cannot read .*{suffix}: {hint}"):
        media.read(path)
    with pytest.raises(OutputError, match=rf"^cannot write .*{suffix}: {hint}"):
        media.write(path, [volume()])
