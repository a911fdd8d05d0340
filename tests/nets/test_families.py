"""A network from a CONF, and as a torch module."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from format.builders import axis, geometry

from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, Plug
from lgcodec.nets import Network, Siren, family_of
from nets.builders import LOCAL_GLOBAL, coordinates, drawn, global_of

PICTURE = geometry("image", (axis(64, 4), axis(48, 3)))


def conf_of(family: Siren) -> Conf:
    return Conf(
        Plug("siren", family.configuration),
        Plug("float", {"bits": 32}),
        Plug("raw"),
        family.local_tensors(),
        family.global_tensors(),
        (0.0, 255.0),
        (0.0,) * family.channels,
    )


def test_the_family_of_a_configuration() -> None:
    """Also after it was stored: what comes back from bytes is the same network."""
    assert family_of(conf_of(LOCAL_GLOBAL), PICTURE) == LOCAL_GLOBAL
    assert family_of(Conf.unpack(conf_of(LOCAL_GLOBAL).pack()), PICTURE) == LOCAL_GLOBAL


def test_unknown_families() -> None:
    conf = replace(conf_of(LOCAL_GLOBAL), family=Plug("hash-grid"))
    with pytest.raises(
        FileError,
        match="E_PROFILE: family is 'hash-grid', known are incode, latent, relu-pe, siren",
    ):
        family_of(conf, PICTURE)


def test_networks_of_another_stream() -> None:
    """LGI-N-07, LGI-N-02: axes and channels are those of GEOM."""
    sound = geometry("audio", (axis(64, 4),), rate=Fraction(8))
    with pytest.raises(FileError, match="E_PROFILE: the network has 2 axes, the stream has 1"):
        family_of(conf_of(LOCAL_GLOBAL), sound)
    grey = replace(PICTURE, channels=1)
    with pytest.raises(FileError, match="E_PROFILE: the network has 3 channels, the stream has 1"):
        family_of(conf_of(LOCAL_GLOBAL), grey)


def test_a_network_as_a_module() -> None:
    weights = drawn(LOCAL_GLOBAL)
    local = {n[6:]: v.numpy() for n, v in weights.items() if n.startswith("local.")}
    network = Network(LOCAL_GLOBAL, (4, 7, 9), local, global_of(weights))
    assert network.partitions == (4, 7, 9)
    assert sum(p.numel() for p in network.parameters()) == sum(LOCAL_GLOBAL.parameters(3))
    points = [torch.from_numpy(part) for part in coordinates(LOCAL_GLOBAL)]
    expected = LOCAL_GLOBAL.forward(weights, *points).numpy()
    np.testing.assert_array_equal(network(*points).detach().numpy(), expected)
    network(*points).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
