"""Fits of tiny pictures: they improve, repeat themselves, keep the best, stop and resume."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import log10
from pathlib import Path

import numpy as np
import pytest
import torch

from fit.builders import CPU, lattice, network, sampler, smooth
from lgcodec.coding import ChunkCodec, Uniform
from lgcodec.coding.rans import Rans
from lgcodec.errors import InputError, UsageError
from lgcodec.fit.loop import fit
from lgcodec.fit.quantise import bits_of
from lgcodec.fit.schedule import ROOM
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted

PICTURE = smooth("image", (25, 18), 2)
GEOMETRY = lattice(PICTURE, (2, 2))
NETWORK = network(PICTURE)
FLOAT = FitSettings(iterations=100, samples=40, rate=8e-3, global_rate=4e-3, bits=None)
QUANTISED = replace(FLOAT, bits=6, aware_share=0.5)
settings_of_both = pytest.mark.parametrize("settings", [FLOAT, QUANTISED], ids=["float", "bits"])


def run(
    settings: FitSettings,
    report: Callable[[FitProgress], None] | None = None,
    checkpoint: Path | None = None,
    seed: int = 0,
) -> Fitted:
    points = sampler(PICTURE, GEOMETRY, seed=seed)
    settings = replace(settings, seed=seed)
    return fit(
        NETWORK, points, settings, peak=2.0, device=CPU, report=report, checkpoint=checkpoint
    )


@cache
def finished(settings: FitSettings) -> tuple[Fitted, tuple[FitProgress, ...]]:
    """A whole fit and what it reported."""
    reports: list[FitProgress] = []
    return run(settings, reports.append), tuple(reports)


def weights_of(fitted: Fitted) -> dict[str, np.ndarray]:
    scopes = {"local": fitted.local, "global": fitted.global_}
    return {f"{scope}.{n}": v for scope, part in scopes.items() for n, v in part.items()}


def same(first: Fitted, second: Fitted) -> bool:
    pairs = zip(weights_of(first).values(), weights_of(second).values(), strict=True)
    return all((a == b).all() for a, b in pairs) and first.steps == second.steps


def quality(fitted: Fitted) -> float:
    """dB of all samples of the signal, outputs clipped; the peak of -1 to 1 is 2."""
    points, everyone = sampler(PICTURE, GEOMETRY), slice(None)
    positions = points.spread(10**6)
    tile, frame, targets = points.batch(everyone, positions)
    weights = {name: torch.from_numpy(value) for name, value in weights_of(fitted).items()}
    error = NETWORK.forward(weights, tile, frame).clamp(-1, 1) - targets
    return 10 * log10(4 / float((error**2)[points.inside(everyone, positions)].mean()))


@settings_of_both
def test_a_fit_improves(settings: FitSettings) -> None:
    before = quality(run(replace(settings, iterations=1)))
    assert quality(finished(settings)[0]) > before + 6


@settings_of_both
def test_shapes(settings: FitSettings) -> None:
    fitted, _ = finished(settings)
    local = {t.name: (4, *t.shape) for t in NETWORK.local_tensors()}
    assert {name: value.shape for name, value in fitted.local.items()} == local
    global_ = {t.name: t.shape for t in NETWORK.global_tensors()}
    assert {name: value.shape for name, value in fitted.global_.items()} == global_
    assert all(value.dtype == np.float32 for value in weights_of(fitted).values())
    assert (fitted.iterations, fitted.interrupted) == (settings.iterations, False)


@settings_of_both
def test_a_seed_fits_the_same_weights(settings: FitSettings) -> None:
    assert same(run(settings), finished(settings)[0])


@settings_of_both
def test_another_seed_fits_others(settings: FitSettings) -> None:
    assert not same(run(settings, seed=1), finished(settings)[0])


@settings_of_both
def test_the_quality_is_that_of_the_weights_on_all_samples(settings: FitSettings) -> None:
    """Also after the biases were wrapped or everything was rounded."""
    fitted, _ = finished(settings)
    assert fitted.psnr == pytest.approx(quality(fitted), abs=0.02)


def test_the_best_weights_are_kept_when_a_fit_diverges() -> None:
    reports: list[FitProgress] = []
    settings = replace(FLOAT, iterations=150, rate=0.016, global_rate=0.016)
    fitted = run(settings, reports.append)
    assert fitted.psnr == max(report.psnr for report in reports)
    assert [r.psnr for r in reports].count(fitted.psnr) > 1
    assert fitted.psnr == pytest.approx(quality(fitted), abs=0.02)


def test_rounded_weights_are_what_the_codec_stores() -> None:
    """Bit for bit: a weight that the fit cut off is not stored beyond it."""
    fitted, _ = finished(QUANTISED)
    widest = Uniform(max(bits_of(NETWORK, 6).values()))
    codec = ChunkCodec(widest, Rans(), NETWORK.local_tensors(), NETWORK.global_tensors())
    head, chunks = codec.encode(fitted.global_, fitted.local, fitted.steps)
    part = codec.decode_global(head)
    for name, value in part.weights.items():
        assert value.tobytes() == fitted.global_[name].tobytes()
    for name, value in codec.decode_local(part, chunks).items():
        assert value.tobytes() == fitted.local[name].tobytes()


def test_steps_are_learned_only_where_weights_are_rounded() -> None:
    assert finished(FLOAT)[0].steps is None
    fitted = finished(QUANTISED)[0]
    assert fitted.steps is not None
    assert set(fitted.steps) == set(weights_of(fitted))
    assert min(fitted.steps.values()) > 0


@settings_of_both
def test_reports(settings: FitSettings) -> None:
    """Progress runs to 1, and the best quality so far never falls within a phase."""
    fitted, reports = finished(settings)
    done = [report.done for report in reports]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert reports[-1].iteration == settings.iterations
    assert reports[-1].psnr == fitted.psnr
    rounded_from = len(reports) if settings.bits is None else len(reports) // 2
    for phase in (reports[:rounded_from], reports[rounded_from:]):
        psnrs = [report.psnr for report in phase]
        assert psnrs == sorted(psnrs)


# --- stopping early


def stop_at(iteration: int) -> Callable[[FitProgress], None]:
    def report(progress: FitProgress) -> None:
        if progress.iteration >= iteration:
            raise KeyboardInterrupt

    return report


@settings_of_both
@pytest.mark.parametrize("iteration", [25, 75])
def test_an_interrupt_gives_the_best_so_far(settings: FitSettings, iteration: int) -> None:
    fitted = run(settings, stop_at(iteration))
    assert (fitted.interrupted, fitted.iterations) == (True, iteration)
    _, reports = finished(settings)
    known = next(r.psnr for r in reports if r.iteration == iteration)
    assert fitted.psnr == pytest.approx(quality(fitted), abs=0.02)
    assert (fitted.steps is not None) == (settings is QUANTISED)
    if settings is QUANTISED and iteration == 25:  # they are rounded now
        assert known - 1 < fitted.psnr < known
    else:
        assert fitted.psnr == known


def test_an_interrupt_before_anything_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The initial weights, which can still be written."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(NETWORK), "forward", interrupt)
    fitted = run(FLOAT)
    assert (fitted.interrupted, fitted.iterations) == (True, 0)
    assert all(np.isfinite(value).all() for value in weights_of(fitted).values())


def test_a_target_ends_the_float_phase() -> None:
    """Rounding comes right after it, for its own share of the iterations."""
    _, reports = finished(QUANTISED)
    target = reports[0].psnr
    fitted = run(replace(QUANTISED, psnr=target - ROOM))
    assert fitted.iterations == 75
    assert fitted.steps is not None
    assert run(replace(FLOAT, psnr=target)).iterations == 25


def test_a_target_out_of_reach_changes_nothing() -> None:
    assert same(run(replace(FLOAT, psnr=200.0)), finished(FLOAT)[0])


def test_a_time_limit_ends_a_fit_without_end() -> None:
    reports: list[FitProgress] = []
    fitted = run(replace(QUANTISED, iterations=10**9, seconds=0.5), reports.append)
    assert fitted.iterations < 10**9
    assert reports[-1].done == 1.0
    assert fitted.steps is not None


# --- checkpoints


@settings_of_both
@pytest.mark.parametrize("iteration", [25, 75])
def test_a_resumed_fit_ends_like_one_that_was_never_stopped(
    settings: FitSettings, iteration: int, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    assert run(settings, stop_at(iteration), path).interrupted
    reports: list[FitProgress] = []
    resumed = run(settings, reports.append, path)
    assert reports[0].iteration == iteration + 25
    assert same(resumed, finished(settings)[0])
    assert resumed.psnr == finished(settings)[0].psnr


@pytest.mark.parametrize("change", [{"rate": 1e-3}, {"bits": 7}, {"iterations": 101}])
def test_a_checkpoint_of_another_fit_is_refused(change: dict[str, float], tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    run(QUANTISED, stop_at(25), path)
    with pytest.raises(UsageError, match="checkpoint of another fit"):
        run(replace(QUANTISED, **change), None, path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(1000)])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot read checkpoint"):
        run(FLOAT, None, path)


# --- goals


def bytes_of(fitted: Fitted) -> int:
    """Of all chunks, by the real coder."""
    codec = ChunkCodec(Uniform(13), Rans(), NETWORK.local_tensors(), NETWORK.global_tensors())
    head, chunks = codec.encode(fitted.global_, fitted.local, fitted.steps)
    return len(head) + sum(map(len, chunks))


@cache
def sized(size: int) -> Fitted:
    points = sampler(PICTURE, GEOMETRY)
    settings = replace(QUANTISED, size=size)
    return fit(NETWORK, points, settings, peak=2.0, device=CPU, size_of=bytes_of)


@pytest.mark.parametrize("size", [700, 1000, 1600])
def test_a_size_is_met_and_not_exceeded(size: int) -> None:
    """With steps three times as wide as those of 6 bits, and with finer ones."""
    assert 0.95 * size <= bytes_of(sized(size)) <= size


def test_more_bytes_are_better() -> None:
    found = [sized(size).psnr for size in (700, 1000, 1600)]
    assert found == sorted(found)


def test_a_size_that_no_steps_can_reach_is_missed() -> None:
    """It is for the caller to refuse; the weights are still those that fit best in bytes."""
    assert bytes_of(sized(100)) < bytes_of(sized(700))


def test_a_size_needs_a_way_to_measure_it() -> None:
    with pytest.raises(ValueError, match="size_of"):
        run(replace(QUANTISED, size=1000))


def test_a_quality_within_reach_is_kept_in_fewer_bits() -> None:
    """The widest steps that keep it, so the quality is hardly exceeded."""
    best = finished(QUANTISED)[0]
    fitted = run(replace(QUANTISED, iterations=300, psnr=best.psnr - 1))
    assert best.psnr - 1 <= fitted.psnr <= best.psnr - 0.4
    assert bytes_of(fitted) < bytes_of(best)


def test_a_resumed_fit_with_a_goal_ends_like_one_that_was_never_stopped(tmp_path: Path) -> None:
    path, settings = tmp_path / "checkpoint", replace(QUANTISED, size=1000)
    points = sampler(PICTURE, GEOMETRY)

    def go(report: Callable[[FitProgress], None] | None) -> Fitted:
        return fit(
            NETWORK,
            points,
            settings,
            peak=2.0,
            device=CPU,
            size_of=bytes_of,
            report=report,
            checkpoint=path,
        )

    assert go(stop_at(80)).interrupted
    assert same(go(None), sized(1000))
