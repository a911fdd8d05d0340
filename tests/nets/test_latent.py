"""Latents: values against the specification, tables and limits, and what a file must agree on."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from format.builders import axis, geometry
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.nets import Evaluator, Latent, Partition, Request, family_of, latent
from lgcodec.nets.coarse import differentiated, integrated
from nets import latent_reference as reference

AHEAD = (
    Latent(1, (5, 6, 3), (2, 2, 1), (11, 6, 5), ahead=1),
    Latent(3, (4, 5, 6), (2, 1, 2), (4, 9, 11), ahead=1),
    Latent(3, (3, 4, 4), (1, 2, 2), (7, 4, 4), ahead=1),
    Latent(2, (4, 6, 3), (2, 3, 1), (7, 7, 3), ahead=1),  # no filter
    Latent(1, (7, 3, 2), (3, 1, 1), (7, 5, 2), ahead=1),  # M < L: no bands of level 2
)
MOVING = (
    *(replace(family, motion=4) for family in AHEAD),
    Latent(1, (9, 5, 4), (3, 1, 2), (18, 5, 9), ahead=1, motion=4),
    Latent(1, (2, 9, 9), (1, 2, 2), (4, 27, 18), ahead=1, motion=6),
    Latent(2, (6, 9, 13), (2, 2, 3), (6, 9, 26), ahead=1, motion=4),  # 3 x 4 blocks
    Latent(2, (5, 17, 8), (3, 2, 1), (10, 17, 8), ahead=1, motion=8),
)
FAMILIES = (
    Latent(1, (13,), (3,), (40,)),
    Latent(3, (6, 5), (1, 2), (11, 13)),
    Latent(2, (3, 4, 1), (1, 2, 0), (3, 9, 2)),
)
PICTURE = geometry("image", (axis(64, 4), axis(48, 3)))
MATCHING = Latent(3, (16, 16), (4, 2), (64, 48))


def weights_of(family: Latent, partitions: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: torch.randint(-6, 7, value.shape, generator=generator).float()
        for name, value in family.initialise(partitions, generator).items()
    }
    own = max(family.levels) + 1 + family.channels
    weights["global.steps"][:own] -= 70
    weights["global.steps"][own:] += 20  # of the filter
    if "global.angles" in weights:
        weights["global.angles"] *= 300
    if family.motion:
        weights["local.motion"][..., 2].remainder_(4).sub_(1)  # -1 stands for 0
    return weights


def exact(family: Latent, weights: dict[str, torch.Tensor], index: tuple[int, ...]) -> np.ndarray:
    """[C, *tile] of the specification for the first partition."""
    coarse = [
        {p: float(grid[p]) for p in product(*map(range, grid.shape))}
        for grid in weights["global.coarse"]
    ]
    channels = reference.lattice(
        weights["local.latents"][0].tolist(),
        weights["global.steps"].tolist(),
        coarse,
        index=index,
        tile=family.tile,
        levels=family.levels,
        ahead=family.ahead,
        motion=weights["local.motion"][0].flatten().tolist() if family.motion else (),
        edge=family.motion,
    )
    values = np.array([[c[p] for p in product(*map(range, family.tile))] for c in channels])
    angles = weights["global.angles"].tolist() if family.channels > 1 else []
    values = np.array([reference.rotated(coded, angles) for coded in values.T]).T
    return values.reshape(-1, *family.tile)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_lattice_is_that_of_the_specification(family: Latent) -> None:
    """LGI-N-13: everywhere in the frame, and one tile before and after it."""
    weights = weights_of(family, 1)
    for index in product(*((-1, 0, tiles - 1, tiles) for tiles in family.tiles)):
        assert_lattice(family, weights, index)


@pytest.mark.parametrize("family", AHEAD)
def test_lattices_of_tiles_split_ahead(family: Latent) -> None:
    """LGI-N-13: the reference is slow, so at two places."""
    weights = weights_of(family, 1)
    for index in ((0, 0, 0), (-1, *family.tiles[1:])):
        assert_lattice(family, weights, index)


@pytest.mark.parametrize("family", MOVING)
def test_lattices_of_tiles_that_move(family: Latent) -> None:
    """LGI-N-13: within 2^-8; blocks of all three kinds; they are others without motion."""
    weights, index = weights_of(family, 1), (0, 0, 0)
    which = weights["local.motion"][..., 2].flatten().tolist()
    assert len(which) < 10 or {-1, 0, 1, 2} == set(which)
    assert_lattice(family, weights, index, 2**-8)
    still = replace(family, motion=0).lattice(weights, torch.tensor([index]))
    assert (still - family.lattice(weights, torch.tensor([index]))).abs().max() > 0.1


def assert_lattice(
    family: Latent, weights: dict[str, torch.Tensor], index: tuple[int, ...], within: float = 2**-10
) -> None:
    found = family.lattice(weights, torch.tensor([index]))[0]
    assert found.dtype == torch.float32
    expected = exact(family, weights, index)
    assert np.abs(expected).max() > 0.3
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=within)


@pytest.mark.parametrize("family", [*FAMILIES, *AHEAD, *MOVING])
def test_values_at_scale_1_are_the_lattice(family: Latent) -> None:
    """LGI-N-14, and the tile is known by its coordinates."""
    weights = weights_of(family, 1)
    places = np.array(list(product(*map(range, family.tile)))) + 0.5
    for index in product(*map(range, family.tiles)):
        frame = 2 * (places + np.multiply(index, family.tile)) / np.array(family.frame) - 1
        tile = 2 * places / np.array(family.tile) - 1
        rows = [torch.from_numpy(part.astype(np.float32))[None] for part in (tile, frame)]
        values = family.forward(weights, *rows)[0].T.reshape(-1, *family.tile)
        assert (values == family.lattice(weights, torch.tensor([index]))[0]).all()


@given(
    st.integers(1, 3).flatmap(lambda n: st.lists(st.integers(1, 5), min_size=n, max_size=n)),
    st.integers(0, 2**16),
)
def test_grids_and_their_differences(shape: list[int], seed: int) -> None:
    values = torch.randint(-(2**15), 2**15, (2, *shape), generator=torch.manual_seed(seed)).float()
    before = values.clone()
    assert (integrated(differentiated(values)) == values).all()
    assert (differentiated(integrated(values)) == values).all()
    assert (values == before).all()
    grid = {p: float(values[0][p]) for p in product(*map(range, shape))}
    found = integrated(values.double())[0]
    assert {p: float(found[p]) for p in grid} == reference.running(grid)


def test_the_differences_of_doubles_are_not_changed() -> None:
    values = torch.ones(1, 3, 3, dtype=torch.float64)
    assert integrated(values)[0, 2, 2] == 5
    assert (values == 1).all()


def test_steps_are_limited() -> None:
    """Whatever integers a file holds, all steps are finite and above 0."""
    family = FAMILIES[0]
    for number in (-32_767, 32_767):
        weights = {"global.steps": torch.full((5,), float(number))}
        assert family.steps(weights).unique().tolist() == [2.0 ** (24 if number > 0 else -24)]


def test_values_of_the_largest_integers_are_finite() -> None:
    family = FAMILIES[1]
    weights = {n: torch.full_like(v, 32_767.0) for n, v in weights_of(family, 1).items()}
    assert family.lattice(weights, torch.tensor([[0, 0]])).isfinite().all()


def test_a_partition_is_prepared_once_and_windows_are_parts_of_it() -> None:
    """Blocks of a partition, and any window into it, give the same bits."""
    family = Latent(1, (64, 60), (3, 2), (128, 60))
    weights = weights_of(family, 1)
    shared = {n[7:]: v.numpy() for n, v in weights.items() if n.startswith("global.")}
    evaluator = Evaluator(family, shared, torch.device("cpu"))

    def coordinates(positions: Any) -> tuple[np.ndarray, np.ndarray]:
        c = np.stack([p + 0.5 for p in positions], -1)
        tile = 2 * c / np.array(family.tile) - 1
        frame = 2 * (c + np.array((64, 0))) / np.array(family.frame) - 1
        return tile.astype(np.float32), frame.astype(np.float32)

    def values(*wanted: range, is_lattice: bool) -> np.ndarray:
        local = {"latents": weights["local.latents"][0].numpy()}
        tile = (range(64), range(60))
        asked = Partition(local, tile, wanted, coordinates, is_lattice)
        ((_, values),) = evaluator.values([asked])
        return values

    whole = values(range(64), range(60), is_lattice=False)
    for is_lattice in (False, True):
        part = values(range(50, 61), range(3, 9), is_lattice=is_lattice)
        assert (whole[50:61, 3:9] == part).all()
    expected = family.lattice(weights, torch.tensor([[1, 0]]))[0, 0]
    assert (whole[..., 0] == expected.numpy()).all()


def asked_for(family: Latent, weights: dict[str, torch.Tensor]) -> list[Partition]:
    """A part of every tile, at the samples that were encoded, but of every third nothing."""
    tile = [range(n) for n in family.tile]
    part = [range(n // 3, n) for n in family.tile]

    def coordinates(index: tuple[int, ...], positions: Any) -> tuple[np.ndarray, np.ndarray]:
        c = np.stack([p + 0.5 for p in positions], -1)
        u = 2 * c / np.array(family.tile) - 1
        x = 2 * (c + np.multiply(index, family.tile)) / np.array(family.frame) - 1
        return u.astype(np.float32), x.astype(np.float32)

    local = {n[6:]: v.numpy() for n, v in weights.items() if n.startswith("local.")}
    places = product(*map(range, family.tiles))
    return [
        Partition(
            {name: tensor[row] for name, tensor in local.items()},
            tile,
            part if row % 3 else [range(0)] * len(tile),
            partial(coordinates, index),
            is_lattice=row % 2 == 0,
        )
        for row, index in enumerate(places)
    ]


@pytest.mark.parametrize(
    "family", [*FAMILIES, *AHEAD[1:3], *MOVING, Latent(3, (16, 9), (4, 2), (64, 40))]
)
def test_partitions_prepared_together_have_the_bits_they_have_alone(
    family: Latent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LGI-N-05: whatever else is decoded; those of which nothing is asked for stand between."""
    weights = weights_of(family, prod(family.tiles))
    shared = {n[7:]: v.numpy() for n, v in weights.items() if n.startswith("global.")}
    asked = asked_for(family, weights)
    found = []
    for at_once in (1, 3 * family.channels * prod(n + 4 for n in family.tile), 2**18):
        monkeypatch.setattr(latent, "AT_ONCE", at_once)
        pairs = list(Evaluator(family, shared, torch.device("cpu")).values(asked))
        assert [one for one, _ in pairs] == asked
        for one, values in pairs:
            assert values.shape == (*map(len, one.wanted), family.channels)
        found.append(np.concatenate([values.ravel() for _, values in pairs]))
    assert np.abs(found[0]).max() > 0.3
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


@pytest.mark.parametrize(
    ("tile", "together"),
    [((64, 64), 18), ((2, 1), 2912), ((2**20,), 1), ((16, 16, 16), 10), ((1, 1, 2), 582)],
)
def test_few_values_are_prepared_at_once(tile: tuple[int, ...], together: int) -> None:
    """So many tiles with their margins as hold 2**18 values, or one; no more are read ahead."""
    ones = [min(1, n - 1) for n in tile]
    family = Latent(3, tile, tuple(ones), tile)
    assert family.together == together
    read = []

    def partitions() -> Iterator[Partition]:
        for row in range(10_000):
            read.append(row)
            yield Partition({}, [range(n) for n in tile], [range(0)] * len(tile), NotImplemented)

    shared = {t.name: np.zeros(t.shape, np.float32) for t in family.global_tensors()}
    next(Evaluator(family, shared, torch.device("cpu")).values(partitions()))
    assert len(read) == together


# --- what a file says


def conf_of(family: Latent, **changes: Any) -> Conf:
    conf = Conf(
        Plug("latent", family.configuration),
        Plug("integer"),
        Plug("context", family.coder.configuration),
        family.local_tensors(),
        family.global_tensors(),
        (0.0, 255.0),
        (0.0,) * family.channels,
    )
    return replace(conf, **changes)


def test_the_family_of_a_configuration() -> None:
    conf = conf_of(MATCHING)
    assert family_of(Conf.unpack(conf.pack()), PICTURE) == MATCHING
    assert family_of(replace(conf, coder=Plug("rans")), PICTURE) == MATCHING


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tile": (16, 8)}, "local tensor 0 of latent is"),
        ({"frame": (64, 49)}, "global tensor 2 of latent is"),
        ({"channels": 2}, "local tensor 0 of latent is"),
        ({"tile": (16,), "levels": (4,), "frame": (64,)}, "the tables are not of latents"),
    ],
)
def test_latents_of_another_stream(change: dict[str, Any], message: str) -> None:
    """LGI-N-12."""
    with pytest.raises(FileError, match=f"E_PROFILE: {message}"):
        family_of(conf_of(replace(MATCHING, **change)), PICTURE)


@pytest.mark.parametrize("change", [{"levels": (2, 4)}, {"channels": 2}, {"tile": (8, 32)}])
def test_a_coder_of_other_latents(change: dict[str, Any]) -> None:
    """LGI-N-12."""
    coder = Plug("context", {**MATCHING.coder.configuration, **change})
    with pytest.raises(FileError, match="E_PROFILE: context has"):
        family_of(conf_of(MATCHING, coder=coder), PICTURE)


FILM = geometry("video", (axis(24, 3), axis(64, 4), axis(48, 3)))
MATCHING_FILM = Latent(3, (8, 16, 16), (3, 4, 2), (24, 64, 48), ahead=1)


def test_the_family_of_a_tile_split_ahead() -> None:
    """LGI-N-12: the coder says so too."""
    conf = conf_of(MATCHING_FILM)
    assert conf.family.configuration == {"levels": (3, 4, 2), "ahead": 1}
    assert conf.coder.configuration["ahead"] == 1
    assert family_of(Conf.unpack(conf.pack()), FILM) == MATCHING_FILM
    assert family_of(replace(conf, coder=Plug("rans")), FILM) == MATCHING_FILM
    whole = replace(MATCHING_FILM, ahead=0)
    with pytest.raises(FileError, match="E_PROFILE: "):
        family_of(replace(conf, coder=Plug("context", whole.coder.configuration)), FILM)
    with pytest.raises(FileError, match="E_PROFILE: "):
        family_of(replace(conf, family=Plug("latent", whole.configuration)), FILM)


@pytest.mark.parametrize("change", [{"ahead": n} for n in (0, 2, -1, True, 1.0, "1")])
def test_configurations_split_ahead_that_are_refused(change: dict[str, Any]) -> None:
    """LGI-N-11."""
    family = MATCHING_FILM
    changed = {**family.configuration, **change}
    tables = family.local_tensors(), family.global_tensors()
    assert Latent.from_tables(family.configuration, *tables, FILM) == family
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables(changed, *tables, FILM)


def test_a_picture_is_not_split_ahead() -> None:
    """LGI-N-11."""
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables({**GOOD, "ahead": 1}, *TABLES, PICTURE)


GOOD = MATCHING.configuration
TABLES = MATCHING.local_tensors(), MATCHING.global_tensors()


@pytest.mark.parametrize(
    "change",
    [
        *({key: None} for key in GOOD),
        *({"levels": n} for n in ((), (4,), (4, 2, 1), (4, 2.0), (-4, 2), "ab", 4)),
        *({"levels": n} for n in ((6, 2), (0, 0), (17, 2), (True, 2), (3, 2), (2**40, 2))),
        *({"more": 1}, {"tile": MATCHING.tile}, {"frame": MATCHING.frame}, {"hidden": 4}),
    ],
)
def test_configurations_that_are_refused(change: dict[str, Any]) -> None:
    """LGI-N-11: also those whose tensors would have other shapes."""
    changed = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables(changed, *TABLES, PICTURE)


def test_tables_that_are_refused() -> None:
    """LGI-N-11."""
    local, global_ = TABLES
    two = replace(MATCHING, channels=2)
    for tables in (
        (local, ()),
        (local, global_[:2]),
        (local, global_[:3]),
        (local, global_[::-1]),
        (local, (*global_, TensorSpec("z", (1,)))),
        (local, (*global_[:2], TensorSpec("coarse", ()))),
        (local, (*global_[:2], TensorSpec("coarse", (2, *global_[2].shape[1:])))),
        ((TensorSpec("latent", local[0].shape),), global_),
        ((TensorSpec("latents", (3,)),), global_),
        (two.local_tensors(), global_),
        *((local, (TensorSpec("entropy", (n,)), *global_[1:])) for n in (1, 300, 2**24)),
    ):
        with pytest.raises(FileError, match=r"^E_PROFILE: "):
            Latent.from_tables(GOOD, *tables, PICTURE)


@pytest.mark.parametrize(
    "change",
    [{"frame": (64,)}, {"frame": (64, 0)}, {"levels": (0, 0)}, {"tile": (1, 1)}],
)
def test_families_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(MATCHING, **change)


@pytest.mark.parametrize(
    ("tile", "levels"),
    [((64, 64), (6, 6)), ((100, 7), (6, 2)), ((4096,), (10,)), ((1, 8, 3), (0, 3, 1))],
)
def test_levels_of_a_request(tile: tuple[int, ...], levels: tuple[int, ...]) -> None:
    kind = ("audio", "image", "volume")[len(tile) - 1]
    family = Latent.for_request(
        Request(kind, 3, tuple(2 * n for n in tile), tile, 4, params=0, global_ratio=None)
    )
    assert (family.tile, family.levels) == (tile, levels)
