"""What holds for any bytes whatsoever, as plain functions: atheris and pytest call the same ones.

A harness takes bytes and returns the outcome: `ok`, or the code of the error that it met. All it
lets pass is a FileError with a documented code; whatever else it raises is a finding.

    container   opening and reading whole files, strict and lazy, and writing them again
    verify      what the verifier says against what the reader says
    payload     the chunks of every stream through quantisers and coders
    crop        cropping twice, against what the boxes of the partitions say
    repair      a repaired file is whole, holds true chunks alone, and is its own repair
    conf        CBOR and CONF          geometry    GEOM and its arithmetic
    directory   the table of a group   coding      tables and chunks without a file around them
"""

from collections.abc import Callable, Mapping
from typing import Final

from .crops import cropping
from .parts import coding, conf, directory, geometry
from .whole import container, payload, repairing, verifying

__all__ = ["HARNESSES", "OF_FILES", "Harness"]

Harness = Callable[[bytes], str]

OF_FILES: Final[Mapping[str, Harness]] = {
    "container": container,
    "verify": verifying,
    "payload": payload,
    "crop": cropping,
    "repair": repairing,
}
HARNESSES: Final[Mapping[str, Harness]] = {
    **OF_FILES,
    "conf": conf,
    "geometry": geometry,
    "directory": directory,
    "coding": coding,
}
