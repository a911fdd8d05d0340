"""lgcodec: pictures, sounds, videos and volumes as small networks that can be cut like cloth.

    import lgcodec as lg

    lg.encode("clip.mp4", "clip.lgi", preset="fast")
    part = lg.open("clip.lgi")[0:2, 0:4, 0:4]     # partitions along t, y and x
    frames = part.decode().samples                # uint8 [t, y, x, 3]
    part.save("part.lgi")                         # smaller in proportion, decodes the same

Names are resolved on first use, so that importing the package does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgcodec._compare import CompareReport, compare
    from lgcodec._crop import CropReport, crop
    from lgcodec._decode import decode_stream
    from lgcodec._encode import EncodeReport
    from lgcodec._extend import ExtendReport, extend
    from lgcodec._file import File, encode
    from lgcodec._file import open_file as open  # noqa: A004
    from lgcodec._repair import RepairReport, repair
    from lgcodec._verify import VerifyReport, verify
    from lgcodec.errors import (
        DamageWarning,
        FileError,
        InputError,
        InputWarning,
        LgiError,
        OutputError,
        UsageError,
    )
    from lgcodec.fit.options import EncodeOptions
    from lgcodec.media import read, write
    from lgcodec.signal import Signal, psnr

__all__ = [
    "CompareReport",
    "CropReport",
    "DamageWarning",
    "EncodeOptions",
    "EncodeReport",
    "ExtendReport",
    "File",
    "FileError",
    "InputError",
    "InputWarning",
    "JoinReport",
    "LgiError",
    "OutputError",
    "RepairReport",
    "Signal",
    "UsageError",
    "VerifyReport",
    "compare",
    "crop",
    "decode_stream",
    "encode",
    "extend",
    "join",
    "open",
    "psnr",
    "read",
    "repair",
    "verify",
    "write",
]

_HOME = {
    "CompareReport": "_compare",
    "CropReport": "_crop",
    "DamageWarning": "errors",
    "EncodeOptions": "fit.options",
    "EncodeReport": "_encode",
    "ExtendReport": "_extend",
    "File": "_file",
    "FileError": "errors",
    "InputError": "errors",
    "InputWarning": "errors",
    "JoinReport": "_join",
    "LgiError": "errors",
    "OutputError": "errors",
    "RepairReport": "_repair",
    "Signal": "signal",
    "UsageError": "errors",
    "VerifyReport": "_verify",
    "compare": "_compare",
    "crop": "_crop",
    "decode_stream": "_decode",
    "encode": "_file",
    "extend": "_extend",
    "join": "_join",
    "open": "_file",
    "psnr": "signal",
    "read": "media",
    "repair": "_repair",
    "verify": "_verify",
    "write": "media",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    value = getattr(module, "open_file" if name == "open" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
