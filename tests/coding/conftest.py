"""Networks that see something, whatever stands in the tables of the specification."""

from collections.abc import Iterator

import pytest

from coding.builders import drawn_networks
from lgcodec.coding import context


@pytest.fixture(scope="module")
def lively() -> Iterator[None]:
    """For a module: the networks of the specification are those of `drawn_networks`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "networks", drawn_networks)
        yield
