"""ReLU networks with positional encodings: what they are fed, what they refuse."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import FAMILIES, ReluPe, Request
from nets.builders import RECTIFIED, RECTIFIED_ALONE, lattice_of


def test_features_are_waves_of_every_octave() -> None:
    """LGI-N-31: axis by axis, octave by octave, sine before cosine."""
    features = RECTIFIED.features(torch.tensor([[0.5, -0.25]]), "local")
    phases = [0.5 * 2**k for k in range(4)] + [-0.25 * 2**k for k in range(4)]
    waves = [wave(np.pi * phase) for phase in phases for wave in (np.sin, np.cos)]
    np.testing.assert_allclose(features[0].numpy(), waves, atol=1e-5)


def test_the_paths_are_fed_with_octaves_of_their_own() -> None:
    """LGI-N-32."""
    assert RECTIFIED.local_tensors()[0] == TensorSpec("0.w", (2 * 2 * 4, 7))
    assert RECTIFIED.global_tensors()[0] == TensorSpec("0.w", (2 * 2 * 7, 12))
    assert RECTIFIED_ALONE.local_tensors()[0] == TensorSpec("0.w", (2 * 5, 9))


@pytest.mark.parametrize(
    "octaves", [4, (4,), (4, 7, 7), (4.0, 7), (0, 7), (4, 17), "47", (True, 7)]
)
def test_octaves_that_are_refused(octaves: Any) -> None:
    """LGI-N-30."""
    with pytest.raises(UsageError, match="octaves"):
        replace(RECTIFIED, octaves=octaves)
    tables = RECTIFIED.local_tensors(), RECTIFIED.global_tensors(), lattice_of(RECTIFIED)
    with pytest.raises(FileError, match="E_PROFILE"):
        ReluPe.from_tables({**RECTIFIED.configuration, "octaves": octaves}, *tables)


REQUEST = Request(
    "image", 3, frame=(256, 512), tile=(32, 64), partitions=64, params=40_000, global_ratio=0.1
)


def test_octaves_follow_the_samples() -> None:
    """Four to eight samples for the fastest wave, in a tile and in the frame."""
    network = FAMILIES["relu-pe"].for_request(REQUEST)
    assert network.configuration["octaves"] == (4, 7)
    at_frame = FAMILIES["relu-pe"].for_request(replace(REQUEST, coordinates="frame"))
    assert at_frame.configuration["octaves"] == (7, 7)
    short = FAMILIES["relu-pe"].for_request(replace(REQUEST, tile=(1, 1), frame=(2**20, 1)))
    assert short.configuration["octaves"] == (1, 10)


def test_rectifiers_have_no_frequency() -> None:
    with pytest.raises(UsageError, match="relu-pe has none"):
        FAMILIES["relu-pe"].for_request(replace(REQUEST, w0=30.0))
