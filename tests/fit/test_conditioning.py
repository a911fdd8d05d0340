"""Weights that a network emits, as the loop sees them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fit.builders import CPU, lattice, sampler, smooth
from lgcodec.fit.conditioning import Conditioning
from lgcodec.fit.loop import fit
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.nets import Conditioner, Incode


class Doubling(Conditioner):
    """Emits twice its only parameter; the penalty is its square."""

    def __init__(self) -> None:
        super().__init__()
        self.part = torch.nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self) -> Any:
        return {"global.m": 2 * self.part}, (self.part**2).sum()


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def test_emitted_weights_follow_the_parameters() -> None:
    conditioner = Doubling()
    weights = {"global.m": leaf(0, 0), "local.w": leaf(7)}
    conditioning = Conditioning(conditioner, weights)
    assert weights["global.m"].tolist() == [2, 4]
    with torch.no_grad():
        conditioner.part += 1
    conditioning.emit()
    assert weights["global.m"].tolist() == [4, 6]
    assert weights["local.w"].tolist() == [7]
    assert weights["global.m"].is_leaf


def test_gradients_reach_the_parameters() -> None:
    """Those of the error, doubled on their way, and those of the penalty."""
    conditioner = Doubling()
    weights = {"global.m": leaf(0, 0)}
    conditioning = Conditioning(conditioner, weights)
    weights["global.m"].grad = torch.tensor([10.0, 20.0])
    conditioning.take()
    assert conditioner.part.grad is not None
    assert conditioner.part.grad.tolist() == [2 * 10 + 2 * 1, 2 * 20 + 2 * 2]
    assert conditioning.parameters() == [conditioner.part]


def test_a_state_comes_back() -> None:
    conditioner = Doubling()
    weights = {"global.m": leaf(0, 0)}
    state = {
        name: value.clone() for name, value in Conditioning(conditioner, weights).state().items()
    }
    with torch.no_grad():
        conditioner.part.zero_()
    conditioning = Conditioning(conditioner, weights)
    conditioning.restore(state)
    assert weights["global.m"].tolist() == [2, 4]


def test_what_is_baked_stays() -> None:
    """Also where a checkpoint without a conditioner is restored."""
    for bake in (Conditioning.bake, lambda conditioning: conditioning.restore({})):
        weights = {"global.m": leaf(0, 0)}
        conditioning = Conditioning(Doubling(), weights)
        bake(conditioning)
        with torch.no_grad():
            weights["global.m"][:] = 9
        weights["global.m"].grad = torch.ones(2)
        conditioning.take()
        conditioning.emit()
        assert weights["global.m"].tolist() == [9, 9]
        assert conditioning.state() == {}


def test_without_a_conditioner() -> None:
    weights = {"global.m": leaf(3)}
    conditioning = Conditioning(None, weights)
    conditioning.emit()
    conditioning.take()
    assert (conditioning.parameters(), weights["global.m"].tolist()) == ([], [3])


# --- in a fit

PICTURE = smooth("image", (25, 18), 2)
MODULATED = Incode(2, 8, 6, ((-1.0, 1.0),) * 2, tile_range=0.5)
FLOAT = FitSettings(iterations=100, samples=40, rate=8e-3, global_rate=4e-3, bits=None)


def run(settings: FitSettings, report: Any = None, checkpoint: Path | None = None) -> Fitted:
    points = sampler(PICTURE, lattice(PICTURE, (2, 2)))
    return fit(
        MODULATED, points, settings, peak=2.0, device=CPU, report=report, checkpoint=checkpoint
    )


@pytest.mark.parametrize("bits", [None, 6])
@pytest.mark.parametrize("iteration", [25, 75])
def test_a_resumed_fit_ends_like_one_that_was_never_stopped(
    bits: int | None, iteration: int, tmp_path: Path
) -> None:
    """Before and after the conditioner is baked away, which it is where weights are rounded."""

    def stop(progress: FitProgress) -> None:
        if progress.iteration == iteration:
            raise KeyboardInterrupt

    settings = replace(FLOAT, bits=bits, aware_share=0.5)
    path = tmp_path / "checkpoint"
    assert run(settings, stop, path).interrupted
    resumed, unbroken = run(settings, None, path), run(settings)
    for scope in ("local", "global_"):
        found, expected = getattr(resumed, scope), getattr(unbroken, scope)
        assert all((found[name] == expected[name]).all() for name in expected)
    modulators = unbroken.global_["modulators"]
    assert np.abs(modulators).max() > 0.005
    assert modulators.min() > -0.5
