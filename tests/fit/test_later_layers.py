"""Layers that learn to make up for those before them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fit.builders import CPU, lattice, sampler, smooth
from lgcodec.fit.later_layers import LEAST, SHARE, LaterLayers
from lgcodec.fit.objective import Objective
from lgcodec.fit.settings import FitSettings
from lgcodec.fit.training import Training
from lgcodec.nets import Siren

PICTURE = smooth("image", (72, 96), 3)
GEOMETRY = lattice(PICTURE, (1, 1))
NETWORK = Siren(3, 26, 0, ((-1.0, 1.0),) * 2, tile_range=0.5, layers=4)
ENOUGH = round(LEAST / SHARE)
SETTINGS = FitSettings(ENOUGH, 2048, 6e-3, 0.0, size=900, single=True)


def objective(seed: int) -> Objective:
    return Objective(NETWORK, sampler(PICTURE, GEOMETRY, seed=seed), peak=2.0, device=CPU)


def fitted(asked: Objective, seed: int) -> dict[str, Tensor]:
    """After a tenth of the steps, which is enough to lose by noise."""
    settings = replace(SETTINGS, seed=seed)
    training = Training(asked, settings, device=CPU, size_of=lambda _: 0, start=None)
    for iteration in range(ENOUGH // 10):
        training.step(iteration, (1.0, 1 - 10 * iteration / ENOUGH))
    return NETWORK.canonicalise(training.candidate().weights)  # type: ignore[return-value]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_later_layers_make_up_for_noise_in_those_before(seed: int, first: int) -> None:
    """Which stay as they are."""
    asked = objective(seed)
    noisy = fitted(asked, seed)
    names = list(noisy)
    generator = torch.Generator().manual_seed(seed)
    changed = names[2 * first - 2]
    noisy[changed] += (
        0.05 * noisy[changed].std() * torch.randn(noisy[changed].shape, generator=generator)
    )
    found = LaterLayers(NETWORK, asked, replace(SETTINGS, seed=seed)).improved(noisy, first)
    assert asked.error(found, None) < 0.9 * asked.error(noisy, None)
    assert all(torch.equal(found[name], noisy[name]) for name in names[: 2 * first])
    assert not any(torch.equal(found[name], noisy[name]) for name in names[2 * first :])
    assert not any(value.requires_grad for value in found.values())
    for name in NETWORK.ascending[first:]:
        assert (found[f"local.{name}"].diff(dim=1) >= 0).all()


def test_behind_the_last_layer_there_is_none() -> None:
    asked = objective(0)
    drawn = fitted(asked, 0)
    found = LaterLayers(NETWORK, asked, SETTINGS).improved(drawn, NETWORK.layers)
    assert all(torch.equal(found[name], value) for name, value in drawn.items())


@pytest.mark.parametrize(
    ("change", "pays"),
    [({}, True), ({"iterations": ENOUGH - 60}, False), ({"seconds": 9.0}, False)],
)
def test_short_fits_and_those_of_some_time_are_rounded_quickly(
    change: dict[str, float], pays: bool
) -> None:
    settings = replace(SETTINGS, **change)  # type: ignore[arg-type]
    assert LaterLayers(NETWORK, objective(0), settings).pays is pays
