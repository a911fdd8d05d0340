"""What every family must do. A new row of the table needs an example here, and is tested."""

from collections.abc import Mapping

import pytest
import torch
from nets.builders import lattice_of

from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug
from lgcodec.nets import FAMILIES, Family, Incode, Latent, ReluPe, Siren

FAMILY_EXAMPLES: dict[str, list[Family]] = {
    "siren": [
        Siren(3, 5, 4, ((-1.0, 1.0), (-1.0, 1.0))),
        Siren(1, 6, 0, ((-100.0, 100.0),), tile_range=3.0),
        Siren(2, 3, 2, ((-1.0, 1.0),) * 3, tile_range=0.0, layers=2, w0=10.0),
        Siren(1, 4, 3, ((-1.0, 1.0), (-1.0, 1.0)), layers=4, merge="add"),
    ],
    "latent": [
        Latent(3, (8, 6), (3, 2), (16, 11)),
        Latent(1, (9,), (2,), (30,)),
        Latent(2, (4, 5, 1), (1, 2, 0), (4, 15, 3)),
    ],
    "incode": [
        Incode(3, 5, 4, ((-1.0, 1.0), (-1.0, 1.0))),
        Incode(1, 6, 0, ((-100.0, 100.0),), tile_range=3.0),
        Incode(2, 4, 3, ((-1.0, 1.0),) * 3, layers=4, merge="add"),
    ],
    "relu-pe": [
        ReluPe(3, 5, 4, ((-1.0, 1.0), (-1.0, 1.0)), octaves=(3, 5)),
        ReluPe(1, 6, 0, ((-1.0, 1.0),), octaves=(8, 8)),
        ReluPe(2, 7, 5, ((-1.0, 1.0),) * 3, tile_range=0.0, layers=4, merge="add"),
    ],
}


def test_every_row_has_an_example() -> None:
    assert set(FAMILY_EXAMPLES) == set(FAMILIES)


def test_rows_stand_under_their_names() -> None:
    assert all(plug.name == name for name, plug in FAMILIES.items())


families = pytest.mark.parametrize(
    "family",
    [family for examples in FAMILY_EXAMPLES.values() for family in examples],
    ids=lambda family: f"{family.name}-{len(family.ranges)}-{family.channels}",
)


def drawn(family: Family, partitions: int, seed: int = 0) -> Mapping[str, torch.Tensor]:
    """Initial weights, or integers where the family begins with zeros."""
    generator = torch.Generator().manual_seed(seed)
    weights = family.initialise(partitions, generator)
    if isinstance(family, Latent):
        return {n: torch.randint(-9, 9, v.shape, generator=generator) / 1.0
                for n, v in weights.items()} | {
                    "global.steps": weights["global.steps"] - 80}  # fmt: skip
    return weights


def points(family: Family, partitions: int, samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Tile and frame coordinates within the ranges of the family."""
    shape = (partitions, samples, len(family.ranges))
    generator = torch.Generator().manual_seed(9)
    tile, frame = (torch.rand(shape, generator=generator) for _ in range(2))
    low, high = torch.tensor(family.ranges).T
    return (2 * tile - 1) * family.tile_range, low + (high - low) * frame


@families
def test_a_family_is_rebuilt_from_a_configuration(family: Family) -> None:
    conf = Conf(
        Plug(family.name, family.configuration),
        Plug("float", {"bits": 32}),
        Plug("raw"),
        family.local_tensors(),
        family.global_tensors(),
        (0.0, 1.0),
        (0.0,) * family.channels,
    )
    stored = Conf.unpack(conf.pack())
    assert stored == conf
    tables = stored.local, stored.global_
    plug, lattice = FAMILIES[family.name], lattice_of(family)
    again = plug.from_tables(stored.family.configuration, *tables, lattice)
    assert again.configuration == family.configuration
    assert (again.local_tensors(), again.global_tensors()) == tables
    assert (again.channels, again.ranges) == (family.channels, family.ranges)
    assert again.tile_range == family.tile_range


@families
def test_a_family_refuses_the_tables_of_another(family: Family) -> None:
    local, global_ = family.local_tensors(), family.global_tensors()
    plug, lattice = FAMILIES[family.name], lattice_of(family)
    for tables in (((), global_), (local[:-1], global_), (local[1:], global_), (local, local)):
        with pytest.raises(FileError, match="E_PROFILE"):
            plug.from_tables(family.configuration, *tables, lattice)
    with pytest.raises(FileError, match="E_PROFILE"):
        plug.from_tables({}, local, global_, lattice)


@families
def test_initial_weights_have_the_shapes_of_the_tables(family: Family) -> None:
    weights = drawn(family, 3)
    expected = {f"local.{t.name}": (3, *t.shape) for t in family.local_tensors()}
    expected |= {f"global.{t.name}": t.shape for t in family.global_tensors()}
    assert {name: tuple(value.shape) for name, value in weights.items()} == expected
    assert all(value.dtype == torch.float32 for value in weights.values())
    local = sum(v.numel() for n, v in weights.items() if n.startswith("local."))
    total = sum(value.numel() for value in weights.values())
    assert family.parameters(3) == (local, total - local)
    again, other = drawn(family, 3), drawn(family, 3, seed=1)
    initial = family.initialise(3, torch.Generator())
    assert {n: v.shape for n, v in initial.items()} == {n: v.shape for n, v in weights.items()}
    assert all((weights[name] == again[name]).all() for name in weights)
    assert any((weights[name] != other[name]).any() for name in weights)


@families
def test_values_of_a_family(family: Family) -> None:
    values = family.forward(drawn(family, 3), *points(family, 3, 20))
    assert values.shape == (3, 20, family.channels)
    assert values.dtype == torch.float32
    assert values.isfinite().all()


@families
def test_partitions_do_not_see_each_other(family: Family) -> None:
    """LGI-D-11: a partition alone, and others with other weights, up to the order of sums."""
    weights, (tile, frame) = drawn(family, 3), points(family, 3, 20)
    together = family.forward(weights, tile, frame)
    one = {n: v[1:2] if n.startswith("local.") else v for n, v in weights.items()}
    alone = family.forward(one, tile[1:2], frame[1:2])
    torch.testing.assert_close(alone[0], together[1], rtol=0, atol=1e-5)


@families
def test_numbers_that_are_to_ascend_do(family: Family) -> None:
    """In canonical weights, which coders of differences count on."""
    canonical = family.canonicalise(drawn(family, 3))
    assert set(family.ascending) <= {tensor.name for tensor in family.local_tensors()}
    for name in family.ascending:
        assert bool((canonical[f"local.{name}"].diff(dim=1) >= 0).all())


@families
def test_canonical_weights_mean_the_same(family: Family) -> None:
    weights, (tile, frame) = drawn(family, 3), points(family, 3, 20)
    canonical = family.canonicalise(weights)
    assert {n: v.shape for n, v in canonical.items()} == {n: v.shape for n, v in weights.items()}
    low_phases = frame.clamp(-1, 1)
    torch.testing.assert_close(
        family.forward(canonical, tile, low_phases),
        family.forward(weights, tile, low_phases),
        rtol=0,
        atol=1e-4,
    )
    assert sum(float(v.abs().sum()) for v in canonical.values()) <= sum(
        float(v.abs().sum()) for v in weights.values()
    )


@pytest.mark.parametrize("family", FAMILY_EXAMPLES["siren"])  # latents are integers
def test_gradients_reach_every_weight(family: Family) -> None:
    weights = {name: value.requires_grad_() for name, value in drawn(family, 2).items()}
    values = family.forward(weights, *points(family, 2, 20))
    for name, slope in zip(
        weights, torch.autograd.grad((values**2).sum(), list(weights.values())), strict=True
    ):
        assert slope.isfinite().all(), name
        assert slope.abs().max() > 0, name


@families
def test_figures_of_a_family(family: Family) -> None:
    assert family.multiplications() > 0
    for name in drawn(family, 1):
        assert 0 <= family.extra_bits(name) <= 11  # of the 13 that `uniform` has, above 2
