"""Numbers of the specification: the same beside its page, and within what the arithmetic allows."""

from importlib.resources import files
from math import prod

import numpy as np
import pytest

from coding import context_reference as reference
from coding.builders import symbols
from lgcodec.coding import tables
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.network import MAX_BIAS, MAX_WEIGHT, EntropyNetwork
from lgcodec.coding.pyramid import Pyramid

axes_ = pytest.mark.parametrize(("axes", "ahead"), [(1, 0), (2, 0), (3, 0), (3, 1)])
names_ = pytest.mark.parametrize(
    "name", ["magnitudes", "motion", "context-1d", "context-2d", "context-3d", "context-3d-ahead"]
)


@names_
def test_the_specification_has_the_same_files(name: str) -> None:
    """LGI-K-49."""
    shipped = files(tables) / f"{name}.csv"
    assert (reference.PAGES / f"{name}.csv").read_bytes() == shipped.read_bytes()


@names_
def test_the_page_says_how_many_numbers_a_file_has(name: str) -> None:
    page = (reference.PAGES / "context.md").read_text("utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| [{name}.csv]"))
    numbers = (reference.PAGES / f"{name}.csv").read_text("ascii").replace("\n", ",").split(",")
    assert int(row.split("|")[2].replace(" ", "")) == len(numbers) - 1


@axes_
def test_networks_have_their_sizes(axes: int, ahead: int) -> None:
    numbers = tables.networks(axes, ahead)
    assert numbers.tolist() == reference.networks(axes, ahead)
    first, *of_signs = reference.split(numbers.tolist(), axes, ahead)
    assert len(first) == Context(Pyramid((2,) * axes, (1,) * axes, 1, ahead)).network_size
    assert len(of_signs) == 2**axes - 1


@axes_
def test_networks_stay_within_their_limits(axes: int, ahead: int) -> None:
    """LGI-K-43, and sums of signs below 2**24."""
    numbers = tables.networks(axes, ahead)
    coder = Context(Pyramid((2,) * axes, (1,) * axes, 1, ahead))
    EntropyNetwork(coder.usual, coder.inputs)  # else E_PAYLOAD
    assert np.abs(coder.usual).max() <= MAX_BIAS
    assert np.abs(numbers[coder.network_size :]).max() <= MAX_WEIGHT
    most = max(reference.sign_inputs(o, axes, ahead) for o in range(1, 2**axes))
    assert most * reference.g(4095) * MAX_WEIGHT < 2**24


def test_rows_of_magnitudes_stay_within_their_limits() -> None:
    rows = tables.magnitudes()
    assert list(map(tuple, rows.tolist())) == reference.rows()
    assert rows.shape == (64, 5)
    assert rows.min() >= 1
    assert rows[:, :3].max() < 2**16
    assert (rows[:, 3] + 1 + rows[:, 4]).max() < 2**14


@pytest.mark.parametrize(
    ("tile", "ahead"), [((30,), 0), ((9, 7), 0), ((4, 3, 5), 0), ((5, 3, 6), 1)]
)
def test_a_chunk_under_the_networks_of_the_files(tile: tuple[int, ...], ahead: int) -> None:
    """LGI-K-47, LGI-K-48, LGI-K-49: no differences, and some."""
    pyramid = Pyramid(tile, tuple(2 for _ in tile), 3, ahead)
    coder = Context(pyramid)
    for seed, reach in enumerate((0, 3)):
        changes = np.random.default_rng(seed).integers(-reach, reach + 1, coder.network_size)
        ready = coder.for_locals(pyramid.tensors(), {ENTROPY: changes.astype(np.float32)})
        values = symbols(coder, 1, seed)
        (chunk,) = ready.encode((), [values])
        entropy = changes.tolist()
        found = reference.decoded(
            chunk, tile, pyramid.levels, channels=3, entropy=entropy, ahead=ahead
        )
        assert found.latents == values[0].tolist()
        assert len(found.latents) == 3 * (prod(tile) - prod(pyramid.coarse))
