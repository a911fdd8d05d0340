"""Arrays <-> symbols <-> bytes. Adding a quantiser or a coder: one file, one line below."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from lgcodec.coding.base import Coder, Quantiser
from lgcodec.coding.chunks import ChunkCodec, Weights
from lgcodec.coding.context import Context
from lgcodec.coding.floats import Float
from lgcodec.coding.integer import Integer
from lgcodec.coding.rans import Rans
from lgcodec.coding.raw import Raw
from lgcodec.coding.scaled import Scaled
from lgcodec.coding.uniform import Uniform
from lgcodec.coding.zstd import Zstd
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf

__all__ = ["CODERS", "QUANTISERS", "ChunkCodec", "Weights", "codec_of"]

QUANTISERS: Final[Mapping[str, type[Quantiser]]] = {
    "uniform": Uniform,
    "float": Float,
    "integer": Integer,
}
CODERS: Final[Mapping[str, type[Coder]]] = {
    "raw": Raw,
    "rans": Rans,
    "scaled": Scaled,
    "zstd": Zstd,
    "context": Context,
}


def codec_of(conf: Conf) -> ChunkCodec:
    """The codec of the chunks that `conf` describes.

    FileError E_PROFILE if quantiser or coder is unknown or they do not fit each other or the
    tables of tensors, E_CONF if a configuration is not what the plug's page says.
    """
    for what, plug, table in (
        ("quantiser", conf.quantiser, QUANTISERS),
        ("coder", conf.coder, CODERS),
    ):
        if plug.name not in table:
            raise FileError(
                "E_PROFILE", f"{what} is {plug.name!r}, known are {', '.join(sorted(table))}"
            )
    quantiser = QUANTISERS[conf.quantiser.name].from_configuration(conf.quantiser.configuration)
    coder = CODERS[conf.coder.name].from_configuration(conf.coder.configuration)
    if not coder.takes(quantiser):
        raise FileError("E_PROFILE", f"{coder.name} does not code the symbols of {quantiser.name}")
    nothing = {t.name: np.broadcast_to(np.float32(0), t.shape) for t in conf.global_}
    coder.for_locals(conf.local, nothing)  # numbers come later: now it looks at the tables alone
    return ChunkCodec(quantiser, coder, conf.local, conf.global_)
