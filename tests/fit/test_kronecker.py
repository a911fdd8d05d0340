"""Fits of single networks of many weights: of the size wanted, stored as rounded, and resumed."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from fit.builders import CPU, lattice, sampler, smooth
from fit.targeted import Case, same
from lgcodec.fit import later_layers
from lgcodec.fit.columns import Columns, Whole
from lgcodec.fit.kronecker import Product, damped
from lgcodec.fit.objective import Objective
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.fit.training import Training
from lgcodec.nets import Siren

PICTURE = smooth("image", (72, 96), 3)
GEOMETRY = lattice(PICTURE, (1, 1))
NETWORK = Siren(3, 26, 0, ((-1.0, 1.0),) * 2, tile_range=0.5, layers=3)
CASE = Case(NETWORK, PICTURE, GEOMETRY)
SIZE = 900
SETTINGS = FitSettings(100, 2048, 6e-3, 0.0, size=SIZE, single=True)


@cache
def finished(seed: int = 0) -> tuple[Fitted, tuple[FitProgress, ...]]:
    reports: list[FitProgress] = []
    return CASE.run(replace(SETTINGS, seed=seed), reports.append), tuple(reports)


def symmetric(seed: int, size: int) -> torch.Tensor:
    drawn = torch.randn(2, size, 2 * size, generator=torch.Generator().manual_seed(seed))
    return (drawn @ drawn.transpose(1, 2)).double()


@pytest.mark.parametrize("grows", [False, True])
def test_a_product_is_that_of_its_factors(grows: bool) -> None:
    """Weights are rounded under it as under the whole matrix, which has a row for each weight."""
    inputs, outputs = symmetric(1, 7), symmetric(2, 5)
    pairs = zip(inputs, outputs, strict=True)
    whole = torch.stack([torch.kron(rows.contiguous(), columns) for rows, columns in pairs])
    product, expected = Product(inputs, outputs), Whole(whole, torch.zeros(2, 35))
    torch.testing.assert_close(product.pivots(), expected.pivots(), rtol=1e-4, atol=0)
    rounded = []
    for factor in (product, expected):
        weights = torch.randn(2, 35, generator=torch.Generator().manual_seed(3))
        columns = Columns(weights, factor, np.array([0, 3]))
        scales = torch.tensor([12.0, 20.0]).double()
        for place in (slice(0, 30), slice(30, 35)):
            columns.tensor(place, 0.5, scales, grows=grows and place.start > 0)
        rounded.append(columns.moved(35))
    torch.testing.assert_close(*rounded, rtol=1e-4, atol=1e-6)


def test_a_layer_is_rounded_as_a_whole() -> None:
    product = Product(symmetric(1, 7), symmetric(2, 5))
    with pytest.raises(ValueError, match="34 weights"):
        product.follow(torch.zeros(2, 35), 34)


@pytest.mark.parametrize("size", [700, 900, 1300])
def test_sizes_are_met(size: int) -> None:
    assert 0.95 * size <= CASE.size_of(CASE.run(replace(SETTINGS, size=size))) <= size


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_better_than_rounding_in_the_loop(seed: int) -> None:
    plain = CASE.run(replace(SETTINGS, seed=seed, single=False))
    assert finished(seed)[0].psnr > plain.psnr + 0.5


def test_what_has_diverged_goes_back_to_the_best() -> None:
    """At half the rate; what is somewhat worse does not."""
    objective = Objective(NETWORK, sampler(PICTURE, GEOMETRY), peak=2.0, device=CPU)
    training = Training(objective, SETTINGS, device=CPU, size_of=CASE.size_of, start=None)
    for iteration in range(20):
        training.step(iteration, (1.0, 1.0))
    error = training.error()
    best = training.candidate(objective.psnr(error))
    rate = float(training.state()["moments"]["rate"])
    training.step(20, (1.0, 1.0))
    moved = training.candidate().weights
    training.fall_back(best, error * 1.3)
    assert all(torch.equal(training.weights[name], value) for name, value in moved.items())
    training.fall_back(best, error * 1.8)
    assert all(torch.equal(training.weights[name], value) for name, value in best.weights.items())
    assert float(training.state()["moments"]["rate"]) == rate / 2


@pytest.mark.parametrize("silent", [(0, 3), (2, 2), (1, 2, 3, 4)])
def test_neurons_that_do_nothing_are_rounded_all_the_same(silent: tuple[int, ...]) -> None:
    """Their pivots are no zeros to divide by."""
    outputs = symmetric(2, 5)
    outputs[:, silent, :] = outputs[:, :, silent] = 0
    product = Product(damped(symmetric(1, 7)), damped(outputs))
    assert product.pivots().isfinite().all()
    assert (product.pivots() > 0).all()
    columns = Columns(torch.ones(2, 35), product, np.zeros(2, np.int64))
    columns.tensor(slice(0, 35), 0.5, torch.full((2,), 16.0).double(), grows=False)
    assert columns.moved(35).isfinite().all()


def test_later_layers_that_are_trained_change_no_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The size, what is stored, reports, and how it ends after an interrupt among them."""
    plain = finished()[0]
    monkeypatch.setattr(later_layers, "SHARE", 0.6)  # 60 steps, which are enough
    reports: list[FitProgress] = []
    found = CASE.run(SETTINGS, reports.append)
    assert not same(found, plain)
    assert 0.95 * SIZE <= CASE.size_of(found) <= SIZE
    assert CASE.is_as_stored(found)
    done = [report.done for report in reports]
    assert (done == sorted(done), done[-1]) == (True, 1.0)
    stopped = CASE.stopped(SETTINGS, tmp_path / "state", 0.9)
    assert stopped.interrupted
    assert same(CASE.run(SETTINGS, checkpoint=tmp_path / "state"), found)


def test_weights_are_what_the_codec_stores() -> None:
    assert CASE.is_as_stored(finished()[0])


def test_reports_go_forward_to_the_end() -> None:
    done = [report.done for report in finished()[1]]
    assert done == sorted(done)
    assert done[-1] == 1.0


@pytest.mark.parametrize("share", [0.2, 0.45, 0.955])
def test_after_an_interrupt_it_ends_like_a_fit_without_one(tmp_path: Path, share: float) -> None:
    stopped = CASE.stopped(SETTINGS, tmp_path / "state", share)
    assert stopped.interrupted
    assert 0.9 * SIZE <= CASE.size_of(stopped) <= SIZE
    assert same(CASE.run(SETTINGS, checkpoint=tmp_path / "state"), finished()[0])
