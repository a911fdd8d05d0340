"""Local-Global SIREN: initialisation and canonical weights."""

from dataclasses import replace
from math import pi, sqrt

import numpy as np
import pytest
import torch

from lgcodec.nets import Request, Siren
from nets.builders import LOCAL_GLOBAL, PER_PARTITION, SIRENS, coordinates, drawn, evaluated

# --- initialisation

MERGE = 14 + 84
BOUNDS = {
    "local.0.w": 1 / 2,
    "local.0.b": 1 / sqrt(2),
    **{f"local.{i}.w": sqrt(6 / 14) / 30 for i in (1, 2, 3, 4)},
    **{f"local.{i}.b": 1 / sqrt(14) for i in (1, 2, 3, 4)},
    "global.0.w": 1 / 2,
    "global.0.b": 1 / sqrt(2),
    **{f"global.{i}.w": sqrt(6 / 84) / 30 for i in (1, 2, 3)},
    **{f"global.{i}.b": 1 / sqrt(84) for i in (1, 2, 3)},
    "global.merge.w": sqrt(6 / MERGE) / 30,
    "global.merge.b": 1 / sqrt(MERGE),
}


def test_initial_weights_are_uniform_within_the_bounds_of_the_reference() -> None:
    weights = drawn(Siren(1, 14, 84, ((-1.0, 1.0),) * 2), 256)
    assert set(weights) == set(BOUNDS)
    for name, bound in BOUNDS.items():
        drawn_values = weights[name]
        assert drawn_values.dtype == torch.float32
        assert drawn_values.abs().max() <= bound
        if drawn_values.numel() > 5000:
            assert drawn_values.abs().max() > 0.99 * bound
            assert drawn_values.std() == pytest.approx(bound / sqrt(3), rel=0.03)
            assert drawn_values.mean().abs() < 0.03 * bound


def test_initial_weights_depend_on_the_seed_alone() -> None:
    first, again, other = (drawn(LOCAL_GLOBAL, seed=seed) for seed in (0, 0, 1))
    assert all((first[name] == again[name]).all() for name in first)
    assert not any((first[name] == other[name]).all() for name in first)


def test_partitions_begin_differently() -> None:
    for name, tensor in drawn(LOCAL_GLOBAL).items():
        if name.startswith("local."):
            assert not (tensor[0] == tensor[1]).all()


# --- canonical weights


@pytest.mark.parametrize("family", SIRENS)
def test_canonical_weights_give_the_same_values(family: Siren) -> None:
    points = coordinates(replace(family, ranges=((-1.0, 1.0),) * len(family.ranges)))
    weights = drawn(family)
    before = evaluated(family, weights, *points)
    after = evaluated(family, family.canonicalise(weights), *points)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", [n for n in SIRENS if n.global_width])
def test_canonical_biases_with_a_merge(family: Siren) -> None:
    """Wrapped into one period of the sine; nothing else changes."""
    weights = drawn(family)
    canonical = family.canonicalise(weights)
    linear = f"local.{family.layers - 1}.b"
    for name, tensor in canonical.items():
        if name.endswith(".w") or name == linear:
            assert (tensor == weights[name]).all()
        else:
            assert tensor.abs().max() <= pi / family.w0 * 1.001


def test_canonical_biases_without_a_merge() -> None:
    """Within a quarter of a period, in order; weights may change their signs and places."""
    weights = drawn(PER_PARTITION)
    canonical = PER_PARTITION.canonicalise(weights)
    assert set(canonical) == set(weights)
    for name, tensor in canonical.items():
        if name.endswith(".w"):
            values = [part.abs().flatten(1).sort().values for part in (tensor, weights[name])]
            assert (values[0] == values[1]).all()
        elif name == "local.4.b":
            assert (tensor == weights[name]).all()
        else:
            assert tensor.min() >= 0
            assert tensor.max() <= pi / 2 / PER_PARTITION.w0 * 1.001


# --- moved coordinates


@pytest.mark.parametrize("network", SIRENS, ids=str)
def test_a_mirrored_network_sees_mirrored_coordinates(network: Siren) -> None:
    """LGI-X-03: tile and frame coordinates; the global path is not touched."""
    weights, points = drawn(network), coordinates(network)
    tile, frame = (torch.from_numpy(part) for part in points)
    axes = len(network.ranges)
    sign = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0], [1.0, 1.0, -1.0]])[:, :axes]
    shift = torch.linspace(-0.3, 0.5, 3 * axes).reshape(3, axes)
    if not network.tile_range:  # else the global path would see what is moved too
        network = replace(network, global_width=0)
        weights = drawn(network)
    moved = {**weights, **network.moved(weights, sign, shift)}
    there = [sign[:, None] * part + shift[:, None] for part in (tile, frame)]
    expected = network.forward(weights, there[0], frame if network.tile_range else there[1])
    torch.testing.assert_close(network.forward(moved, tile, frame), expected, atol=2e-4, rtol=0)
    assert not torch.allclose(network.forward(weights, tile, frame), expected, atol=2e-3)


@pytest.mark.parametrize(("partitions", "edge", "expected"), [(4, 768, 0.6), (1, 32, 0.6)])
def test_tiles_of_pictures_have_the_same_range(partitions: int, edge: int, expected: float) -> None:
    request = Request("image", 3, (edge, edge), (edge, edge), partitions, 5000, None)
    assert Siren.for_request(request).tile_range == expected


def test_a_single_network_of_a_large_picture_spans_more() -> None:
    """So that the first sines are about as long, in pixels, as the square root of its edge."""
    ranges = [
        Siren.for_request(Request("image", 3, grid, grid, 1, 5000, None)).tile_range
        for grid in ((64, 64), (256, 100), (100, 1024))
    ]
    assert ranges == pytest.approx([0.6, 1.2, 2.4])
