"""Fits that second-order steps end: of the size wanted, better, repeatable, safe to interrupt."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fit.builders import lattice, smooth
from fit.targeted import Case, same
from lgcodec.fit.refine import can_refine
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.nets import Siren

PICTURE = smooth("image", (48, 48), 3)
GEOMETRY = lattice(PICTURE, (3, 3))
NETWORK = Siren(3, 6, 0, ((-1.0, 1.0),) * 2, tile_range=0.5, layers=3)
CASE = Case(NETWORK, PICTURE, GEOMETRY)
SIZE = 600
SETTINGS = FitSettings(iterations=60, samples=64, rate=8e-3, global_rate=4e-3, size=SIZE, refine=24)


@cache
def finished(seed: int = 0) -> tuple[Fitted, tuple[FitProgress, ...]]:
    reports: list[FitProgress] = []
    return CASE.run(replace(SETTINGS, seed=seed), reports.append), tuple(reports)


def test_sizes_are_met_and_more_bytes_are_better() -> None:
    sizes = (450, 600, 900)
    fits = [CASE.run(replace(SETTINGS, size=size, refine=60)) for size in sizes]
    for size, fitted in zip(sizes, fits, strict=True):
        assert 0.95 * size <= CASE.size_of(fitted) <= size
    assert fits[0].psnr < fits[1].psnr < fits[2].psnr


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_better_than_rounding_in_the_loop(seed: int) -> None:
    plain = CASE.run(replace(SETTINGS, seed=seed, refine=0))
    assert finished(seed)[0].psnr > plain.psnr + 0.5


def test_weights_are_what_the_codec_stores() -> None:
    assert CASE.is_as_stored(finished()[0])


def test_a_seed_fits_the_same_weights() -> None:
    assert same(CASE.run(SETTINGS), finished()[0])


def test_reports_go_forward_to_the_end() -> None:
    done = [report.done for report in finished()[1]]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert len([part for part in done if 0.5 < part < 1]) > 10


@pytest.mark.parametrize("share", [0.2, 0.45, 0.7, 0.99])
def test_after_an_interrupt_it_ends_like_a_fit_without_one(tmp_path: Path, share: float) -> None:
    stopped = CASE.stopped(SETTINGS, tmp_path / "state", share)
    assert stopped.interrupted
    assert 0.9 * SIZE <= CASE.size_of(stopped) <= SIZE
    assert stopped.psnr > 10
    assert same(CASE.run(SETTINGS, checkpoint=tmp_path / "state"), finished()[0])


@pytest.mark.parametrize(
    ("family", "change"),
    [
        (replace(NETWORK, global_width=4), {}),
        (replace(NETWORK, local_width=40), {}),
        (NETWORK, {"size": None}),
        (NETWORK, {"refine": 0}),
        (NETWORK, {"bits": None}),
        (NETWORK, {"seconds": 9.0}),
    ],
)
def test_what_is_not_refined(family: Siren, change: dict[str, float | None]) -> None:
    assert can_refine(NETWORK, SETTINGS, 4, 4096)
    assert not can_refine(family, replace(SETTINGS, **change), 4, 4096)  # type: ignore[arg-type]


def test_as_many_partitions_are_refined_as_memory_holds() -> None:
    """J^T J of 2**28 numbers is 2 GiB in double precision, beside 1 GiB in float32."""
    weights = sum(tensor.size for tensor in NETWORK.local_tensors())
    most = 2**28 // weights**2
    assert can_refine(NETWORK, SETTINGS, most, 4096)
    assert not can_refine(NETWORK, SETTINGS, most + 1, 4096)


def test_networks_have_no_more_weights_than_values() -> None:
    weights = sum(tensor.size for tensor in NETWORK.local_tensors())
    least = -(-weights // NETWORK.channels)
    assert can_refine(NETWORK, SETTINGS, 4, least)
    assert not can_refine(NETWORK, SETTINGS, 4, least - 1)
