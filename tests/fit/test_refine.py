"""Fits that second-order steps end: of the size wanted, better, repeatable, safe to interrupt."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from fit.builders import CPU, lattice, sampler, smooth
from lgcodec.coding import ChunkCodec, Uniform
from lgcodec.coding.scaled import BITS, Scaled
from lgcodec.fit.loop import fit
from lgcodec.fit.refine import can_refine
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.nets import Siren

PICTURE = smooth("image", (48, 48), 3)
GEOMETRY = lattice(PICTURE, (3, 3))
NETWORK = Siren(3, 6, 0, ((-1.0, 1.0),) * 2, tile_range=0.5, layers=3)
CODER = Scaled([1, 3])  # biases of the hidden layers
CODEC = ChunkCodec(Uniform(BITS), CODER, NETWORK.local_tensors(), ())
SIZE = 600
SETTINGS = FitSettings(iterations=60, samples=64, rate=8e-3, global_rate=4e-3, size=SIZE, refine=24)


def size_of(fitted: Fitted) -> int:
    head, chunks = CODEC.encode(fitted.global_, fitted.local, fitted.steps)
    return len(head) + sum(map(len, chunks))


def run(
    settings: FitSettings = SETTINGS,
    report: Callable[[FitProgress], None] | None = None,
    checkpoint: Path | None = None,
) -> Fitted:
    return fit(
        NETWORK,
        sampler(PICTURE, GEOMETRY, seed=settings.seed),
        settings,
        peak=2.0,
        device=CPU,
        report=report,
        checkpoint=checkpoint,
        size_of=size_of,
    )


@cache
def finished(seed: int = 0) -> tuple[Fitted, tuple[FitProgress, ...]]:
    reports: list[FitProgress] = []
    return run(replace(SETTINGS, seed=seed), reports.append), tuple(reports)


def same(first: Fitted, second: Fitted) -> bool:
    pairs = ((first.local[name], value) for name, value in second.local.items())
    return all(np.array_equal(a, b) for a, b in pairs) and first.steps == second.steps


def test_sizes_are_met_and_more_bytes_are_better() -> None:
    sizes = (450, 600, 900)
    fits = [run(replace(SETTINGS, size=size, refine=60)) for size in sizes]
    for size, fitted in zip(sizes, fits, strict=True):
        assert 0.95 * size <= size_of(fitted) <= size
    assert fits[0].psnr < fits[1].psnr < fits[2].psnr


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_better_than_rounding_in_the_loop(seed: int) -> None:
    plain = run(replace(SETTINGS, seed=seed, refine=0))
    assert finished(seed)[0].psnr > plain.psnr + 0.5


def test_weights_are_what_the_codec_stores() -> None:
    fitted, _ = finished()
    head, chunks = CODEC.encode(fitted.global_, fitted.local, fitted.steps)
    decoded = CODEC.decode_local(CODEC.decode_global(head), chunks)
    for name, value in decoded.items():
        assert value.tobytes() == fitted.local[name].tobytes()


def test_a_seed_fits_the_same_weights() -> None:
    assert same(run(), finished()[0])


def test_reports_go_forward_to_the_end() -> None:
    done = [report.done for report in finished()[1]]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert len([part for part in done if 0.5 < part < 1]) > 10


@pytest.mark.parametrize("share", [0.2, 0.45, 0.7])
def test_after_an_interrupt_it_ends_like_a_fit_without_one(tmp_path: Path, share: float) -> None:
    def interrupt(progress: FitProgress) -> None:
        if progress.done > share:
            raise KeyboardInterrupt

    stopped = run(report=interrupt, checkpoint=tmp_path / "state")
    assert stopped.interrupted
    assert 0.9 * SIZE <= size_of(stopped) <= SIZE
    assert stopped.psnr > 10
    assert same(run(checkpoint=tmp_path / "state"), finished()[0])


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
