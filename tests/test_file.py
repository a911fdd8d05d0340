"""`lgcodec.open` and what can be done with a file, on networks that are hardly fitted."""

from pathlib import Path

import numpy as np
import pytest
from encodes import Stopper
from range_server import serving

import lgcodec as lg

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.lgi"
    grid = np.indices((10, 24, 32)).sum(0) * 3 % 256
    from fractions import Fraction

    signal = lg.Signal("video", grid[..., None].astype(np.uint8), Fraction(25))
    lg.encode(signal, path, partitions=(5, 4, 4), local_width=4, iterations=2)
    return path


def test_public_names_are_these() -> None:
    assert sorted(lg.__all__) == lg.__all__
    assert set(lg.__all__) <= set(dir(lg))
    for name in lg.__all__:
        assert getattr(lg, name).__name__ in (name, f"{name}_file")
    with pytest.raises(AttributeError, match="no attribute"):
        lg.nothing  # noqa: B018


def test_slices_count_partitions_along_the_axes(clip: Path) -> None:
    f = lg.open(clip)
    assert f.kind == "video"
    assert f.shape == (10, 24, 32)
    assert f[0:2, :, 1].shape == (4, 24, 8)
    assert f[-1].shape == (2, 24, 32)
    assert f.crop(t="1f:5f", xy="0:2,25%:").shape == (4, 18, 16)
    assert f.crop(x=slice(1, 3)).shape == (10, 24, 16)


def test_a_part_decodes_and_saves_to_the_same_samples(clip: Path, tmp_path: Path) -> None:
    f = lg.open(clip)
    whole, part = f.decode().samples, f[0:2, 1:3, 2:]
    assert np.array_equal(part.decode().samples, whole[0:4, 6:18, 16:])
    report = part.save(tmp_path / "part.lgi")
    assert report.partitions_after == 2 * 2 * 2
    assert np.array_equal(lg.open(tmp_path / "part.lgi").decode().samples, whole[0:4, 6:18, 16:])
    assert part.decode(scale=2).grid == (4, 24, 32)
    assert part.decode(scale=(2, 1, 1)).rate == 50


@pytest.mark.parametrize("scale", ["2", (2, 1), [None, 1, 1]])
def test_scales_that_are_none(clip: Path, scale: object) -> None:
    with pytest.raises(lg.UsageError, match="expected a number or one for each of t, y, x"):
        lg.open(clip).decode(scale=scale)


@pytest.mark.parametrize("index", [0.5, ..., None])
def test_indices_that_are_none(clip: Path, index: object) -> None:
    with pytest.raises(lg.UsageError, match="expected a slice, a whole number or a text"):
        lg.open(clip)[index]


def test_x_is_said_once(clip: Path) -> None:
    with pytest.raises(lg.UsageError, match="xy says what x and y say"):
        lg.open(clip).crop(xy="0:1,0:1", y=1)


@pytest.mark.parametrize("reduce", [1.0, "1", -1, 5])
def test_a_file_cannot_be_reduced_by_anything(clip: Path, reduce: object) -> None:
    with pytest.raises(lg.UsageError, match=f"reduce is {reduce!r}, allowed are 0 to 0 for this"):
        lg.open(clip).decode(reduce=reduce)


def test_a_file_far_away_is_opened_once() -> None:
    """And once more by what reads chunks."""
    sample = (ROOT / "samples" / "cat.lgi").read_bytes()
    with serving(sample) as server:
        f = lg.open(server.url)
        part = f[0:2, 1:3]
        assert (f.kind, f.shape, part.shape) == ("image", (256, 384), (128, 128))
        assert len(server.ranges) == 1
        assert part.decode().samples.shape == (128, 128, 3)
        assert len(server.ranges) == 2


def test_a_number_of_numpy_is_an_index(clip: Path) -> None:
    assert lg.open(clip)[np.int64(-1)].shape == (2, 24, 32)


def test_selections_that_cannot_be_are_refused_at_once(clip: Path) -> None:
    f = lg.open(clip)
    for wrong in (lambda: f[5:], lambda: f[0, 0, 0, 0], lambda: f[::2], lambda: f[0:1][0:1]):
        with pytest.raises(lg.UsageError):
            wrong()
    with pytest.raises(lg.UsageError, match="no axis z"):
        f.crop(z="0:1")
    with pytest.raises(lg.UsageError, match="stream 3"):
        f.decode(stream=3)
    for fill in ((1, 2), (float("nan"),)):
        with pytest.raises(lg.UsageError, match="fill is"):
            f.decode(fill=fill)


def test_module_computes_what_decode_gives(clip: Path) -> None:
    import torch

    f = lg.open(clip)
    network = f.module()
    centres = [(2 * (torch.arange(n) + 0.5) / n - 1) for n in (2, 6, 8)]
    tile = torch.stack(torch.meshgrid(*centres, indexing="ij"), dim=-1).reshape(1, -1, 3)
    tile = tile * network.family.tile_range
    values = network(tile.expand(80, -1, -1), tile.expand(80, -1, -1))
    assert network.partitions == tuple(range(80))
    samples = ((values[0].detach() + 1) * 127.5).reshape(2, 6, 8)
    decoded = f[0, 0, 0].decode().samples[..., 0]
    assert np.abs(samples.clamp(0, 255).round().numpy() - decoded).max() <= 1


def test_paper_video_crop_keeps_a_tenth_of_the_partitions(tmp_path: Path) -> None:
    """32 of 320 partitions, at most 15 % of the bytes (paper, section 4.3: 5x8x8, 55/180)."""
    from fractions import Fraction

    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (10, 16, 16, 3), dtype=np.uint8)
    path = tmp_path / "paper.lgi"
    signal = lg.Signal("video", frames, Fraction(20))
    lg.encode(signal, path, partitions=(5, 8, 8), local_width=55, global_width=180, iterations=1)
    report = lg.open(path)[0:2, 0:4, 0:4].save(tmp_path / "part.lgi")
    assert (report.partitions_before, report.partitions_after) == (320, 32)
    assert report.bytes_after <= 0.15 * report.bytes_before


def test_encode_takes_paths_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(lg.InputError, match="absent"):
        lg.encode(tmp_path / "absent.png", tmp_path / "out.lgi")
    assert list(tmp_path.iterdir()) == []
    report = lg.encode(
        ROOT / "samples/cat.png", tmp_path / "cat.lgi", iterations=1, partitions=(2, 2)
    )
    assert report.bytes == (tmp_path / "cat.lgi").stat().st_size


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((16, 16, 3), np.uint8), r"type ndarray, .*Signal\("),
        ([[1, 2], [3, 4]], "type list, "),
        (None, "type NoneType, "),
    ],
    ids=["array", "list", "none"],
)
def test_what_is_not_a_source(tmp_path: Path, source: object, message: str) -> None:
    with pytest.raises(lg.UsageError, match=message):
        lg.encode(source, tmp_path / "a.lgi")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options", [{"size": "10kB"}, {"psnr": "40"}, {"quality": "9"}, {"seed": "1"}, {"bits": "8"}]
)
def test_numbers_that_are_texts(tmp_path: Path, options: dict[str, str]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(lg.UsageError, match=f"{name} is '{value}', expected a number"):
        lg.encode(ROOT / "samples/cat.png", tmp_path / "a.lgi", **options)


def test_a_killed_fit_resumes_where_it_stopped(tmp_path: Path) -> None:
    """Interrupted and resumed gives the same bytes as in one go."""
    signal = lg.Signal("image", (np.indices((32, 32)).sum(0) * 4).astype(np.uint8)[..., None])
    options = {"partitions": (2, 2), "local_width": 6, "iterations": 100}

    lg.encode(signal, tmp_path / "once.lgi", **options)
    for at in (0.5, 0.9):  # before and within the phase with quantisation
        stop, checkpoint = Stopper(at), tmp_path / f"{at}.fit"
        first = lg.encode(
            signal, tmp_path / "cut.lgi", listener=stop, checkpoint=checkpoint, **options
        )
        assert first.interrupted
        second = lg.encode(signal, tmp_path / "cut.lgi", checkpoint=checkpoint, **options)
        assert not second.interrupted
        assert (tmp_path / "cut.lgi").read_bytes() == (tmp_path / "once.lgi").read_bytes()
        assert not list(tmp_path.glob("*.fit.*"))


def test_a_checkpoint_of_another_fit_is_refused(tmp_path: Path) -> None:
    signal = lg.Signal("image", np.zeros((16, 16, 1), np.uint8))

    options = {"partitions": (2, 2), "local_width": 4, "checkpoint": tmp_path / "x.fit"}
    lg.encode(signal, tmp_path / "a.lgi", listener=Stopper(), iterations=50, **options)
    with pytest.raises(lg.UsageError, match="another fit"):
        lg.encode(signal, tmp_path / "b.lgi", iterations=60, **options)
    assert not (tmp_path / "b.lgi").exists()


def test_ctrl_c_while_quality_is_measured_keeps_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lgcodec import _stream_report

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    signal = lg.Signal("image", (np.indices((16, 16)).sum(0) * 8).astype(np.uint8)[..., None])
    options = {"partitions": (2, 2), "local_width": 4, "iterations": 20}
    lg.encode(signal, tmp_path / "whole.lgi", **options)
    with monkeypatch.context() as patch:
        patch.setattr(_stream_report, "decode_stream", stop)
        report = lg.encode(signal, tmp_path / "cut.lgi", **options)
    assert report.interrupted
    assert (tmp_path / "cut.lgi").read_bytes() == (tmp_path / "whole.lgi").read_bytes()
