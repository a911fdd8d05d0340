"""How tiles move: what is found in signals that move by so much, and what it saves in a file."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fit.builders import RATE, film, steady
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec.coding import ChunkCodec
from lgcodec.coding.integer import Integer
from lgcodec.coding.pyramid import MOTION, Pyramid
from lgcodec.fit import latents
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.latents import fit_latents
from lgcodec.fit.motion import found_motion
from lgcodec.fit.options import Preset
from lgcodec.fit.sampling import Sampler
from lgcodec.format.container import BytesSource, Reader
from lgcodec.media import read
from lgcodec.nets.latent import Latent
from lgcodec.nets.motion import displacements
from lgcodec.signal import Signal, psnr

STEP = -192.0  # six octaves below network units: even slow motion pays
CAT = Path(__file__).parents[2] / "samples" / "cat.png"


def pyramid_of(tiles: torch.Tensor, levels: int = 3) -> Pyramid:
    return Pyramid(tuple(tiles.shape[1:]), (levels, 3, 3), 1, ahead=1, motion=16)


def found(tiles: torch.Tensor, levels: int = 3) -> torch.Tensor:
    """Displacements [P, T, I, J, 3] of tiles [P, T, H, W]."""
    pyramid = pyramid_of(tiles, levels)
    family = Latent(1, pyramid.tile, pyramid.levels, pyramid.tile, ahead=1, motion=16)
    stored = torch.tensor([STEP] * (max(levels, 3) + 1) + [0.0, 0.0])
    numbers = found_motion(pyramid, tiles[:, None], family.scales({"global.steps": stored}))
    assert numbers.shape == (len(tiles), *pyramid.tensors()[1].shape)
    return displacements(numbers, pyramid)


def share_found(tiles: torch.Tensor, velocity: tuple[float, float]) -> torch.Tensor:
    """Of the blocks of predicted pictures [P] of tiles that move so, those found to a quarter."""
    pyramid = pyramid_of(tiles)
    moved = found(tiles)[:, list(pyramid.predicted)][..., :2]
    error = (moved - steady(pyramid, velocity)[:, list(pyramid.predicted)][..., :2]).abs()
    return (error.amax(-1) <= 1).float().flatten(1).mean(1)


def panned(
    grid: tuple[int, ...], velocity: tuple[float, float], count: int = 8, noise: float = 0.01
) -> torch.Tensor:
    tiles = [film(grid, velocity, seed, noise) for seed in range(count)]
    return torch.from_numpy(np.stack(tiles)).float()


@pytest.mark.parametrize("grid", [(8, 48, 64), (5, 64, 50)])
@pytest.mark.parametrize(
    "velocity", [(1.0, 0.0), (2.0, -1.0), (0.5, 0.25), (-0.25, -0.75), (-1.25, 2.75), (0.0, 3.0)]
)
def test_a_pan_is_found(grid: tuple[int, ...], velocity: tuple[float, float]) -> None:
    """In most blocks, as those at borders see little; noise is as large as 1 %."""
    assert share_found(panned(grid, velocity), velocity).mean() > 0.7


def test_each_tile_moves_its_own_way() -> None:
    velocities = [(1.0, 0.0), (-1.5, 0.5), (0.0, 2.0)]
    for velocity in velocities:
        tiles = torch.cat([panned((8, 48, 48), v, 1, noise=0) for v in velocities])
        assert (share_found(tiles, velocity) > 0.7).tolist() == [v == velocity for v in velocities]


def test_parts_of_a_tile_move_their_own_way() -> None:
    """What is on the left stands still, what is on the right goes down."""
    left, right = (panned((8, 48, 32), v, 4) for v in ((0.0, 0.0), (2.0, 0.0)))
    both = torch.cat([left, right], 3)
    moved = found(both)[:, list(pyramid_of(both).predicted)][..., :2]
    expected = steady(pyramid_of(both), (2.0, 0.0))[:, list(pyramid_of(both).predicted)][..., :2]
    assert (moved[:, :, :, 0] == 0).float().mean() > 0.9
    assert ((moved[:, :, :, 3] - expected[:, :, :, 3]).abs() <= 1).float().mean() > 0.6


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
def test_what_stands_still_does_not_move(noise: float) -> None:
    """Noise of up to four levels of grey."""
    assert not found(panned((8, 32, 40), (0.0, 0.0), noise=noise)).any()


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_nothing_moves_where_nothing_is_seen(value: float) -> None:
    assert not found(torch.full((2, 8, 32, 32), value)).any()


def test_noise_alone_does_not_move() -> None:
    """No picture has anything of another, but what a block finds by chance."""
    noise = torch.randn(4, 8, 32, 32, generator=torch.Generator().manual_seed(0))
    assert (found(0.3 * noise) != 0).float().mean() < 0.05


def test_small_pictures_are_not_searched() -> None:
    """Just as large as are, and one less."""
    assert found(panned((8, 24, 24), (1.0, 0.0))).any()
    assert not found(panned((8, 23, 32), (1.0, 0.0))).any()
    assert not found(panned((8, 32, 23), (0.0, 1.0))).any()


# --- files


def cut(velocity: tuple[int, int] = (1, 2), pictures: int = 12) -> Signal:
    """A part of a photograph, 48 x 64, that goes on by so much."""
    (cat,) = read(CAT)
    places = [(40 + velocity[0] * t, 30 + velocity[1] * t) for t in range(pictures)]
    frames = [cat.samples[y : y + 48, x : x + 64] for y, x in places]
    return Signal("video", np.stack(frames), RATE["video"])


ASKED: dict[str, Any] = {
    "family": "latent", "preset": "fast", "partition_size": (12, 24, 32), "device": "cpu",
}  # fmt: skip


def encoded(signal: Signal, listener: Any = None, **options: Any) -> tuple[bytes, EncodeReport]:
    return encode_signals([signal], EncodeOptions(**{**ASKED, **options}), listener=listener)


@cache
def moving() -> tuple[bytes, EncodeReport]:
    return encoded(cut(), psnr=36.0)


def test_a_film_in_order_takes_less() -> None:
    """Than its pictures shuffled: half as much, at the same quality."""
    (data, report), film_ = moving(), cut()
    shuffled = np.random.default_rng(0).permutation(film_.samples)
    other, worse = encoded(replace(film_, samples=shuffled), psnr=36.0)
    assert 35.9 < worse.streams[0].psnr < report.streams[0].psnr + 0.6
    assert len(data) < 0.6 * len(other)
    decoded = decode_stream(Reader(BytesSource(data)).streams[0], device="cpu")
    assert psnr(film_.samples, decoded.samples) == report.streams[0].psnr > 35.9


def of_family(signal: Signal, motion: int, **options: Any) -> tuple[int, float, bool]:
    """Bytes of all chunks, quality, and whether anything moves."""
    plan = LatentPlanner(signal, EncodeOptions(**{**ASKED, "psnr": 36.0, **options}), 0).first()
    assert isinstance(plan.family, Latent)
    family = replace(plan.family, motion=motion)
    sampler = Sampler(
        signal.samples,
        plan.geometry,
        0,
        values=(0.0, 255.0),
        ranges=family.ranges,
        tile_range=family.tile_range,
        device=torch.device("cpu"),
        seed=0,
    )
    fitted = fit_latents(family, sampler, plan.settings, peak=2.0)
    codec = ChunkCodec(Integer(), family.coder, family.local_tensors(), family.global_tensors())
    head, chunks = codec.encode(fitted.global_, fitted.local)
    moves = bool(motion and fitted.local[MOTION].any())
    return len(head) + sum(map(len, chunks)), fitted.psnr, moves


def test_motion_saves_bytes() -> None:
    """Of the same family with it and without."""
    (size, quality, moves), (plain, reached, _) = (of_family(cut(), n) for n in (16, 0))
    assert moves
    assert quality > reached - 0.2
    assert size < 0.75 * plain


@pytest.mark.parametrize(
    ("preset", "tile", "velocity"),
    [
        ("medium", (16, 16, 16), (1, 3)),  # small for what moves through it
        ("fast", (16, 32, 32), (1, 3)),
        ("fast", (16, 24, 24), (0, 4)),  # lengths that are no powers of two
        ("medium", (17, 28, 25), (1, 2)),
        ("fast", (33, 27, 40), (1, 2)),
        ("fast", (12, 48, 64), (0, -2)),
    ],
)
def test_motion_costs_nothing(
    preset: Preset, tile: tuple[int, ...], velocity: tuple[int, int]
) -> None:
    """Whatever the tiles are: at most a few bytes each more than with what stands still."""
    signal = cut(velocity, min(17, tile[0]))
    asked = {"partition_size": tile, "preset": preset}
    (size, quality, _), (plain, reached, _) = (of_family(signal, n, **asked) for n in (16, 0))
    assert quality > min(reached, 36.0) - 0.1
    assert size < 1.02 * plain


def test_a_film_that_stands_still_says_so_cheaply() -> None:
    """A handful of bytes for every tile at most."""
    (size, quality, moves), (plain, reached, _) = (of_family(cut((0, 0)), n) for n in (16, 0))
    assert not moves
    assert quality == reached
    assert plain <= size <= plain + 4 * 6


class Stopping:
    """Interrupts a fit when so much is done."""

    def __init__(self, at: float) -> None:
        self.at = at

    def chose(self, stream: int, plan: object) -> None:
        pass

    def progress(self, _: int, done: float, psnr: float, seconds_left: float) -> None:
        if done >= self.at:
            raise KeyboardInterrupt


def test_a_resumed_fit_has_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Motion is not in the checkpoint, but found again."""
    monkeypatch.setattr(latents, "TELL_EVERY", 0.0)
    options = {"psnr": 36.0, "checkpoint": tmp_path / "fit"}
    assert encoded(cut(), Stopping(0.9), **options)[1].interrupted
    assert list(tmp_path.iterdir())
    data, report = encoded(cut(), **options)
    assert not report.interrupted
    assert data == moving()[0]
    assert not list(tmp_path.iterdir())
