"""Local-Global SIREN: the paper's parameter counts, initialisation, the forward pass, refusals."""

from dataclasses import replace
from math import pi, prod, sqrt
from typing import Any

import numpy as np
import pytest
import torch

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import Siren
from nets.builders import (
    ADDED,
    LOCAL_GLOBAL,
    NETWORKS,
    PER_PARTITION,
    SHALLOW,
    SOUND,
    coordinates,
    drawn,
    global_of,
    local_of,
)
from nets.reference import value

# --- parameter counts


def paper(axes: int, channels: int, local: int, global_: int = 0) -> Siren:
    """The network of the paper's tables: five layers."""
    return Siren(channels, local, global_, ((-1.0, 1.0),) * axes)


@pytest.mark.parametrize(
    ("network", "partitions", "local", "global_"),
    [
        (paper(2, 1, 14, 84), 16 * 16, 175_872, 21_672 + 1_386),  # Cameraman
        (paper(1, 1, 42, 72), 32, 177_440, 15_912 + 4_830),  # audio
    ],
)
def test_exact_counts(network: Siren, partitions: int, local: int, global_: int) -> None:
    assert network.parameters(partitions) == (local, global_)


@pytest.mark.parametrize(
    ("network", "partitions", "total"),
    [
        (paper(2, 1, 14, 84), 16 * 16, 198_930),
        (paper(2, 3, 14, 68), 16 * 16, 198_994),
        (paper(1, 1, 42, 72), 32, 198_182),
        (paper(3, 3, 55, 180), 5 * 8 * 8, 3_192_400),
        (paper(3, 1, 17, 76), 179, 199_174),  # occupied cells of 8 x 8 x 8
    ],
)
def test_exact_totals(network: Siren, partitions: int, total: int) -> None:
    assert sum(network.parameters(partitions)) == total


# Table 6: total, and for Local-Global SIREN local and global. Rows of automatic partitioning give
# means over a data set and are left out.
TABLE_6 = [
    ("Cameraman SIREN", paper(2, 1, 256), 1, "198.4k"),
    ("Cameraman SPP", paper(2, 1, 15), 256, "200k"),
    ("Cameraman LGS", paper(2, 1, 14, 84), 256, "198.9k 175.9k 23k"),
    ("DIV2K SIREN", paper(2, 3, 256), 1, "198.9k"),
    ("DIV2K SPP", paper(2, 3, 15), 256, "208.1k"),
    ("DIV2K LGS", paper(2, 3, 14, 68), 256, "199k 183.6k 15.4k"),
    ("Audio SIREN", paper(1, 1, 256), 1, "198.1k"),
    ("Audio SPP", paper(1, 1, 45), 32, "203k"),
    ("Audio LGS", paper(1, 1, 42, 72), 32, "198.2k 177k 20.7k"),
    ("Video SIREN", paper(3, 3, 1030), 1, "3.19M"),
    ("Video SPP", paper(3, 3, 56), 320, "3.19M"),
    ("Video LGS", paper(3, 3, 55, 180), 320, "3.19M 3.08M 111k"),
    ("Half image SIREN", paper(2, 1, 191), 1, "111k"),
    ("Half image LGS", paper(2, 1, 14, 84), 128, "111k 88k 23k"),
    ("Partitioning 2x2", paper(2, 1, 112, 86), 4, "198.7k 153.6k 45k"),
    ("Partitioning 4x4", paper(2, 1, 59, 72), 16, "197.5k 173.7k 23.8k"),
    ("Partitioning 8x8", paper(2, 1, 29, 82), 64, "198.4k 174.5k 23.9k"),
    ("Partitioning 32x32", paper(2, 1, 7, 52), 1024, "210.6k 201.8k 8.8k"),
    ("Partitioning 5x4x4", paper(3, 3, 111, 180), 80, "3.18M 3.05M 131k"),
    ("Partitioning 5x16x16", paper(3, 3, 27, 180), 1280, "3.25M 3.15M 104k"),
    ("Weights 13/120", paper(2, 1, 13, 120), 256, "199k 153.3k 45.7k"),
    ("Weights 12/146", paper(2, 1, 12, 146), 256, "199k 132.4k 66.7k"),
    ("Weights 53/318", paper(3, 3, 53, 318), 320, "3.19M 2.87M 325.3k"),
    ("3D SIREN", paper(3, 1, 256), 1, "198.7k"),
    ("3D SPP", paper(3, 1, 18), 179, "199.9k"),
    ("3D LGS", paper(3, 1, 17, 76), 179, "199.2k 179.7k 19.5k"),
]


@pytest.mark.parametrize(("network", "partitions", "printed"), [row[1:] for row in TABLE_6])
def test_counts_of_table_6(network: Siren, partitions: int, printed: str) -> None:
    """To the last digit printed; the paper rounds now up, now down (153 668 is 153.6k there)."""
    local, global_ = network.parameters(partitions)
    for count, text in zip((local + global_, local, global_), printed.split(), strict=False):
        unit = {"k": 1e3, "M": 1e6}[text[-1]]
        last_digit = unit / 10 ** len(text[:-1].partition(".")[2])
        assert abs(count - float(text[:-1]) * unit) < last_digit


@pytest.mark.parametrize("family", NETWORKS)
def test_counts_are_those_of_the_weights(family: Siren) -> None:
    sizes = {name: tensor.numel() for name, tensor in drawn(family, 5).items()}
    local = sum(size for name, size in sizes.items() if name.startswith("local."))
    assert family.parameters(5) == (local, sum(sizes.values()) - local)


def test_multiplications() -> None:
    """Figures of the study of the reference code, for one sample."""
    assert paper(2, 1, 14, 84).multiplications() == 27_454
    assert paper(1, 1, 42, 72).multiplications() == 40_152
    assert paper(3, 3, 55, 180).multiplications() == 158_845
    added = replace(paper(2, 1, 14, 84), merge="add")
    assert added.multiplications() == 27_454 - 4 * 14 * 14
    assert paper(2, 1, 256).multiplications() == 2 * 256 + 3 * 256**2 + 256


# --- tensors


def test_tensors_of_the_specification() -> None:
    """LGI-N-02."""
    assert LOCAL_GLOBAL.local_tensors() == tuple(
        TensorSpec(name, shape)
        for layer, inputs, outputs in [(0, 2, 7), (1, 7, 7), (2, 7, 7), (3, 7, 7), (4, 7, 3)]
        for name, shape in [(f"{layer}.w", (inputs, outputs)), (f"{layer}.b", (outputs,))]
    )
    assert LOCAL_GLOBAL.global_tensors() == (
        *(TensorSpec("0.w", (2, 12)), TensorSpec("0.b", (12,))),
        *(TensorSpec("1.w", (12, 12)), TensorSpec("1.b", (12,))),
        *(TensorSpec("2.w", (12, 12)), TensorSpec("2.b", (12,))),
        *(TensorSpec("3.w", (12, 12)), TensorSpec("3.b", (12,))),
        *(TensorSpec("merge.w", (19, 7)), TensorSpec("merge.b", (7,))),
    )
    assert PER_PARTITION.global_tensors() == ()


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
    weights = drawn(paper(2, 1, 14, 84), 256)
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


# --- forward


def evaluated(family: Siren, weights: Any, tile: np.ndarray, frame: np.ndarray) -> np.ndarray:
    return family.forward(weights, torch.from_numpy(tile), torch.from_numpy(frame)).numpy()


def expected(family: Siren, weights: Any, tile: np.ndarray, frame: np.ndarray) -> np.ndarray:
    rows = [
        value(
            local_of(weights, p),
            global_of(weights),
            tile[p].astype(np.float64),
            frame[p].astype(np.float64),
            w0=family.w0,
            tile_range=family.tile_range,
            merge=family.merge,
        )
        for p in range(len(tile))
    ]
    return np.stack(rows)


@pytest.mark.parametrize("family", [n for n in NETWORKS if n is not SOUND])
def test_forward_is_the_algorithm_of_the_specification(family: Siren) -> None:
    """LGI-N-03: equation 1, the local features first in the merge."""
    weights, points = drawn(family), coordinates(family)
    found = evaluated(family, weights, *points)
    assert found.shape == (3, 50, family.channels)
    np.testing.assert_allclose(found, expected(family, weights, *points), rtol=0, atol=1e-5)


def test_forward_is_within_the_tolerance_of_the_specification() -> None:
    """LGI-N-06, for phases of thousands."""
    weights, points = drawn(SOUND), coordinates(SOUND, samples=500)
    found = evaluated(SOUND, weights, *points)
    np.testing.assert_allclose(found, expected(SOUND, weights, *points), rtol=0, atol=2.0**-10)


def test_the_merge_takes_both_paths() -> None:
    """Each of the four coordinates and each global tensor changes the values."""
    weights, (tile, frame) = drawn(LOCAL_GLOBAL), coordinates(LOCAL_GLOBAL)
    before = evaluated(LOCAL_GLOBAL, weights, tile, frame)
    for axis in (0, 1):
        step = np.zeros(2, np.float32)
        step[axis] = 0.01
        assert np.abs(evaluated(LOCAL_GLOBAL, weights, tile + step, frame) - before).max() > 1e-3
        assert np.abs(evaluated(LOCAL_GLOBAL, weights, tile, frame + step) - before).max() > 1e-3
    for name in weights:
        changed = {**weights, name: weights[name] + 0.01}
        assert np.abs(evaluated(LOCAL_GLOBAL, changed, tile, frame) - before).max() > 1e-4


def test_the_baselines_are_the_same_code_without_the_global_path() -> None:
    """Without global tensors: one network per partition, and of one partition the plain SIREN."""
    weights, (tile, frame) = drawn(LOCAL_GLOBAL), coordinates(LOCAL_GLOBAL)
    local = {name: tensor for name, tensor in weights.items() if name.startswith("local.")}
    alone = evaluated(PER_PARTITION, local, tile, frame)
    np.testing.assert_allclose(
        alone, expected(PER_PARTITION, local, tile, frame), rtol=0, atol=1e-5
    )
    single = {name: tensor[:1] for name, tensor in local.items()}
    np.testing.assert_array_equal(evaluated(PER_PARTITION, single, tile[:1], frame[:1]), alone[:1])


def test_frame_coordinates_for_the_local_path_too() -> None:
    """`tile_range` 0: tile coordinates are not looked at."""
    family = replace(LOCAL_GLOBAL, tile_range=0.0)
    weights, (tile, frame) = drawn(family), coordinates(LOCAL_GLOBAL)
    np.testing.assert_array_equal(
        evaluated(family, weights, tile, frame), evaluated(LOCAL_GLOBAL, weights, frame, frame)
    )


# --- canonical weights


@pytest.mark.parametrize("family", NETWORKS)
def test_canonical_weights_give_the_same_values(family: Siren) -> None:
    points = coordinates(replace(family, ranges=((-1.0, 1.0),) * len(family.ranges)))
    weights = drawn(family)
    before = evaluated(family, weights, *points)
    after = evaluated(family, family.canonicalise(weights), *points)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", [n for n in NETWORKS if n.global_width])
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
    """Within a quarter of a period; weights may change their signs."""
    weights = drawn(PER_PARTITION)
    canonical = PER_PARTITION.canonicalise(weights)
    assert set(canonical) == set(weights)
    for name, tensor in canonical.items():
        if name.endswith(".w"):
            assert (tensor.abs() == weights[name].abs()).all()
        elif name == "local.4.b":
            assert (tensor == weights[name]).all()
        else:
            assert tensor.min() >= 0
            assert tensor.max() <= pi / 2 / PER_PARTITION.w0 * 1.001


# --- from a file


@pytest.mark.parametrize("family", NETWORKS)
def test_a_network_is_rebuilt_from_its_tables(family: Siren) -> None:
    tables = family.local_tensors(), family.global_tensors()
    assert Siren.from_tables(family.configuration, *tables) == family


def refused(configuration: Any, local: Any, global_: Any) -> bool:
    with pytest.raises(FileError) as raised:
        Siren.from_tables(configuration, local, global_)
    return raised.value.code == "E_PROFILE"


@pytest.mark.parametrize(
    "change",
    [
        *({"w0": 30}, {"w0": True}, {"w0": "30"}, {"w0": 0.0}, {"w0": -1.0}, {"w0": 1e30}),
        *({"tile_range": -0.5}, {"tile_range": 1}, {"tile_range": 1e30}, {"extra": 1.0}),
        *({"ranges": ()}, {"ranges": 1.0}, {"ranges": ((-1.0, 1.0),)}),
        {"ranges": ((-1.0, 1.0), (1.0, 1.0))},
        {"ranges": ((-1.0, 1.0), (1.0, -1.0))},
        {"ranges": ((-1.0, 1.0), (-1, 1))},
        {"ranges": ((-1.0, 1.0), (-1.0,))},
        {"ranges": ((-1.0, 1.0), (-1e30, 1.0))},
    ],
)
def test_configurations_that_are_refused(change: dict[str, Any]) -> None:
    """LGI-N-01, LGI-N-07."""
    tables = LOCAL_GLOBAL.local_tensors(), LOCAL_GLOBAL.global_tensors()
    assert refused({**LOCAL_GLOBAL.configuration, **change}, *tables)


@pytest.mark.parametrize(
    ("family", "merge"),
    [(LOCAL_GLOBAL, "concat"), (LOCAL_GLOBAL, "mean"), (LOCAL_GLOBAL, 1), (PER_PARTITION, "add")],
)
def test_merges_that_are_refused(family: Siren, merge: object) -> None:
    """LGI-N-07: the default is never written, nor is a merge of nothing."""
    tables = family.local_tensors(), family.global_tensors()
    assert refused({**family.configuration, "merge": merge}, *tables)


def test_files_without_a_merge_mean_concatenation() -> None:
    """What was written before there was a choice."""
    assert set(LOCAL_GLOBAL.configuration) == {"ranges", "tile_range", "w0"}
    assert ADDED.configuration["merge"] == "add"
    assert ADDED.global_tensors()[-2:] == (
        TensorSpec("merge.w", (12, 7)),
        TensorSpec("merge.b", (7,)),
    )


@pytest.mark.parametrize("key", ["w0", "tile_range", "ranges"])
def test_every_key_is_needed(key: str) -> None:
    """LGI-N-01, LGI-N-07."""
    rest = {name: item for name, item in LOCAL_GLOBAL.configuration.items() if name != key}
    assert refused(rest, LOCAL_GLOBAL.local_tensors(), LOCAL_GLOBAL.global_tensors())


LOCAL, GLOBAL = LOCAL_GLOBAL.local_tensors(), LOCAL_GLOBAL.global_tensors()


@pytest.mark.parametrize(
    ("local", "global_"),
    [
        ((), GLOBAL),
        (LOCAL[:-1], GLOBAL),
        (LOCAL[:-2], GLOBAL),
        ((*LOCAL[:2], *LOCAL[4:]), GLOBAL),
        (LOCAL[::-1], GLOBAL),
        (LOCAL, GLOBAL[:-1]),
        (LOCAL, GLOBAL[-2:]),
        (LOCAL, GLOBAL[:2] + GLOBAL[4:]),
        (LOCAL, replace(LOCAL_GLOBAL, local_width=8).global_tensors()),
        (LOCAL, replace(LOCAL_GLOBAL, layers=4).global_tensors()),
        (SHALLOW.local_tensors(), SHALLOW.global_tensors()),
        ((TensorSpec("0.w", (2, 7)), *LOCAL[2:]), GLOBAL),
        ((TensorSpec("0.w", ()), *LOCAL[1:]), GLOBAL),
        ((TensorSpec("a.w", (2, 7)), *LOCAL[1:]), GLOBAL),
    ],
)
def test_tables_that_are_refused(local: Any, global_: Any) -> None:
    """LGI-N-02."""
    assert refused(LOCAL_GLOBAL.configuration, local, global_)


@pytest.mark.parametrize(
    "change",
    [
        *({"layers": 1}, {"layers": 65}, {"local_width": 0}, {"global_width": -1}),
        *({"merge": "mean"}, {"w0": 0.0}),
    ],
)
def test_impossible_networks(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(LOCAL_GLOBAL, **change)


def test_sizes_at_their_limits() -> None:
    """Allowed, and nothing is allocated."""
    largest = Siren(64, 4096, 4096, ((-1.0, 1.0),) * 3, layers=64)
    assert prod(largest.local_tensors()[2].shape) == 2**24
    tables = largest.local_tensors(), largest.global_tensors()
    assert Siren.from_tables(largest.configuration, *tables) == largest


# --- moved coordinates


@pytest.mark.parametrize("network", NETWORKS, ids=str)
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
