"""What perceptrons share: tensors, the forward pass, refusals; of every family there is."""

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import Mlp, Siren
from nets.builders import (
    ADDED,
    LOCAL_GLOBAL,
    NETWORKS,
    PER_PARTITION,
    SHALLOW,
    SOUND,
    coordinates,
    drawn,
    evaluated,
    expected,
    lattice_of,
)

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


# --- forward


@pytest.mark.parametrize("family", [n for n in NETWORKS if n is not SOUND])
def test_forward_is_the_algorithm_of_the_specification(family: Mlp) -> None:
    """LGI-N-03: equation 1, the local features first in the merge."""
    weights, points = drawn(family), coordinates(family)
    found = evaluated(family, weights, *points)
    assert found.shape == (3, 50, family.channels)
    np.testing.assert_allclose(found, expected(family, weights, *points), rtol=0, atol=2e-5)


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


# --- from a file


@pytest.mark.parametrize("family", NETWORKS)
def test_a_network_is_rebuilt_from_its_tables(family: Mlp) -> None:
    tables = family.local_tensors(), family.global_tensors(), lattice_of(family)
    assert type(family).from_tables(family.configuration, *tables) == family


def refused(configuration: Any, local: Any, global_: Any) -> bool:
    with pytest.raises(FileError) as raised:
        Siren.from_tables(configuration, local, global_, lattice_of(LOCAL_GLOBAL))
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
    """LGI-N-01, LGI-N-07, and LGI-N-22, which is the same."""
    tables = LOCAL_GLOBAL.local_tensors(), LOCAL_GLOBAL.global_tensors()
    assert refused({**LOCAL_GLOBAL.configuration, **change}, *tables)


@pytest.mark.parametrize(
    ("family", "merge"),
    [(LOCAL_GLOBAL, "concat"), (LOCAL_GLOBAL, "mean"), (LOCAL_GLOBAL, 1), (PER_PARTITION, "add")],
)
def test_merges_that_are_refused(family: Mlp, merge: object) -> None:
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
    tables = largest.local_tensors(), largest.global_tensors(), lattice_of(largest)
    assert Siren.from_tables(largest.configuration, *tables) == largest
