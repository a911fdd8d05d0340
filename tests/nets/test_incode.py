"""INCODE: modulators in the file, a harmonizer while fitting and nowhere else."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
import torch

from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import Incode, Siren
from lgcodec.nets.harmonizer import random_features
from nets.builders import (
    INCODES,
    LOCAL_GLOBAL,
    MODULATED,
    MODULATED_ALONE,
    coordinates,
    drawn,
    evaluated,
    lattice_of,
)

ROWS = {"global": 1, "local": 0, "merge": 2}


def test_modulators_are_the_last_global_tensor() -> None:
    """LGI-N-21."""
    assert MODULATED.global_tensors()[:-1] == LOCAL_GLOBAL.global_tensors()
    assert MODULATED.global_tensors()[-1] == TensorSpec("modulators", (3, 4))
    assert MODULATED_ALONE.global_tensors() == (TensorSpec("modulators", (1, 4)),)
    assert MODULATED.local_tensors() == LOCAL_GLOBAL.local_tensors()


@pytest.mark.parametrize("family", INCODES)
def test_modulators_of_another_shape_are_refused(family: Incode) -> None:
    """LGI-N-21."""
    *others, modulators = family.global_tensors()
    wrong = TensorSpec("modulators", (4 - modulators.shape[0], 4))
    local, lattice = family.local_tensors(), lattice_of(family)
    for tensors in (others, (*others, wrong), (modulators, *others, modulators)):
        with pytest.raises(FileError, match="E_PROFILE"):
            Incode.from_tables(family.configuration, local, tensors, lattice)


def test_modulators_of_zero_are_a_siren() -> None:
    weights = drawn(LOCAL_GLOBAL)
    zero = {**weights, "global.modulators": torch.zeros(3, 4)}
    points = coordinates(LOCAL_GLOBAL)
    np.testing.assert_allclose(
        evaluated(MODULATED, zero, *points), evaluated(LOCAL_GLOBAL, weights, *points), atol=1e-5
    )
    initial = MODULATED.initialise(3, torch.Generator().manual_seed(0))
    assert all((initial[name] == zero[name]).all() for name in zero)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(4))
def test_every_modulator_matters(row: int, column: int) -> None:
    """LGI-N-20."""
    weights, points = drawn(MODULATED), coordinates(MODULATED)
    changed = weights["global.modulators"].clone()
    changed[row, column] += 0.1
    after = evaluated(MODULATED, {**weights, "global.modulators": changed}, *points)
    assert np.abs(after - evaluated(MODULATED, weights, *points)).max() > 1e-3


@pytest.mark.parametrize("family", INCODES)
def test_canonical_weights(family: Incode) -> None:
    """The same values, with biases within half a period of their path's sine."""
    weights, points = drawn(family), coordinates(family)
    canonical = family.canonicalise(weights)
    before, after = (evaluated(family, each, *points) for each in (weights, canonical))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4)
    frequency = family.w0 * weights["global.modulators"][:, 1].exp()
    for name, tensor in canonical.items():
        if not name.endswith(".b") or name == f"local.{family.layers - 1}.b":
            assert (tensor == weights[name]).all()
        else:
            path = "merge" if "merge" in name else name.split(".")[0]
            assert tensor.abs().max() <= pi / frequency[ROWS[path]] * 1.001


# --- while fitting


@pytest.mark.parametrize("family", INCODES)
def test_a_harmonizer_begins_at_the_initial_modulators(family: Incode) -> None:
    emitted, penalty = family.conditioner(torch.rand(family.channels, 20, 30))()
    initial = family.initialise(1, torch.Generator())["global.modulators"]
    torch.testing.assert_close(emitted["global.modulators"], initial, rtol=0, atol=0.01)
    assert set(emitted) == {"global.modulators"}
    assert 0 <= penalty.item() < 0.01


def test_a_negative_modulator_is_penalised() -> None:
    harmonizer = MODULATED.conditioner(torch.rand(3, 20, 30))
    with torch.no_grad():
        list(harmonizer.parameters())[-1].copy_(torch.tensor([1.0, -1, 1, 1] * 3))
    assert harmonizer()[1].item() == pytest.approx(3 * 0.0196, rel=0.1)


@pytest.mark.parametrize("grid", [(400,), (20, 31), (7, 9, 12), (1,), (1, 1, 1)])
def test_features_of_every_kind_of_signal(grid: tuple[int, ...]) -> None:
    """They tell signals apart, and are the same every time."""
    signal = torch.rand((2, *grid), generator=torch.Generator().manual_seed(0))
    features = random_features(signal)
    assert features.shape == (64,)
    assert features.isfinite().all()
    assert (features == random_features(signal)).all()
    assert not torch.allclose(features, random_features(1 - signal), rtol=0.01)


def test_nothing_but_the_modulators_of_a_harmonizer_is_stored() -> None:
    stored = sum(replace(MODULATED, global_width=0).parameters(1))
    assert stored == sum(Siren(3, 7, 0, MODULATED.ranges).parameters(1)) + 4
