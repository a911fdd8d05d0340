"""Valid files, made through the public API: every kind, every width of lengths, several streams."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import Container, GroupData, StreamData, dumps
from lgcodec.format.geometry import AxisGeometry, Geometry

__all__ = ["seeds"]

SIREN = {"w0": 30.0, "hidden": [2, 24, 256, 65_536], "coordinates": "tile"}
ODD = {
    "": True,
    "a": -1,
    "b": [False, -(2**63), 2**63 - 1, [0.1, 1e-7, [65_504.0, -0.0, [[[["dépth"]]]]]]],
    "é€😀": 3.4028234663852886e38,
    "zz": "x" * 24,
}
LIMITS = {"deep": [[[[[[[]]]]]]], "floats": [65_504.0, 6e-8, 1e-45, 3.4e38, 5e-324, 1.7e308]}


def seeds() -> list[bytes]:
    """A dozen files of 0.3 to 3 KB, and one with a chunk that needs four bytes for its length."""
    return [
        dumps(container)
        for container in (
            Container((_audio([b"ab", b"cde"]),)),
            Container((_audio([b"xy"] * 4, rate=Fraction(30_000, 1001)),), {"ltXz": b"text"}, 7),
            Container((_audio([b"-" * 65_536, b"a"]),)),
            Container((_widest(),)),
            Container((_longest(2**31 - 1, 1),)),
            Container((_longest(2**11, 2**20 - 1, 1 - 2**31),)),
            Container((_image({0: b"a", 2: b"bb", 5: b"ccc"}),)),
            Container((_image({1: b"p", 2: b"q"}, groups=(2, 3), ordinals=(1, 4, 5)),)),
            Container((_video({0: b"a", 1: b"bb", 3: b"c", 4: b"d", 11: b"e"}),)),
            Container(
                (
                    _video(_full(12), groups=2),
                    _audio([b"1", b"22", b"333"], tile_len=700),
                    _audio([b"half"] * 13, tile_len=1, rate=Fraction(25, 2), grid_lo=-4),
                )
            ),
            Container((_volume({0: b"v", 1: b"w", 7: b"xyz"}),), {"aaAA": b"A", "aaAa": b"a"}),
            Container((_volume(_full(8), grid_lo=-5, groups=(2, 1, 2)),)),
            Container(
                (
                    _video({2: b"late"}),
                    _audio([b"s"] * 3, tile_len=999, channels=2),
                    _image({3: b"cover"}),
                    _audio([b"e", b"ff"], tile_len=4000, rate=Fraction(1, 3)),
                ),
                {"prVt": bytes(64), "zzZZ": b"dropped", "zzZz": b"kept"},
                255,
            ),
        )
    ]


def _full(count: int) -> dict[int, bytes]:
    return {i: bytes(1 + i % 3) for i in range(count)}


def _stream(
    geometry: Geometry,
    chunks: Mapping[int, bytes],
    ordinals: tuple[int, ...] = (0,),
    configuration: Mapping[str, Any] | None = None,
) -> StreamData:
    conf = Conf(
        family=Plug("siren", SIREN if configuration is None else configuration),
        quantiser=Plug("uniform", {"bits": 8}),
        coder=Plug("r" * 32),
        local=(TensorSpec("w.0", (3, 4)), TensorSpec("b_0", ())),
        global_=(TensorSpec("w" * 64, (24, 24, 1, 300)), TensorSpec("all", (2**24, 16))),
        values=(0.0, 255.0),
        fill=(127.5,) * geometry.channels,
    )
    # The global chunk of an odd group is empty.
    checking = len(chunks) % 2 == 1  # as if the coder did so: checksums of one byte
    groups = [
        GroupData.of(n, b"" if n % 2 else b"global", chunks, self_checking=checking)
        for n in ordinals
    ]
    return StreamData(geometry, conf, groups)


def _axis(tile_len: int, tiles: int, groups: int = 1, grid_lo: int = 0) -> AxisGeometry:
    """The window leaves half a tile at the end, and starts one sample late on an odd grid."""
    length = tile_len * tiles * groups
    late = grid_lo % 2
    return AxisGeometry(
        frame_len=tile_len * tiles,
        win_lo=grid_lo + late,
        win_len=length - late - tile_len // 2,
        grid_lo=grid_lo,
        tile_len=tile_len,
        tiles=tiles,
        groups=groups,
    )


def _audio(
    chunks: list[bytes],
    tile_len: int = 4,
    channels: int = 1,
    rate: Fraction = Fraction(8000),
    grid_lo: int = 0,
) -> StreamData:
    axes = (_axis(tile_len, len(chunks), grid_lo=grid_lo),)
    return _stream(Geometry("audio", channels, "int16", rate, axes), dict(enumerate(chunks)))


def _longest(tile_len: int, tiles: int, grid_lo: int = 2**31 - 1) -> StreamData:
    """At the limits along one axis."""
    axes = (_axis(tile_len, tiles, grid_lo=grid_lo),)
    rate = Fraction(2**32 - 1, 2**32 - 2)
    return _stream(Geometry("audio", 64, "float32", rate, axes), {tiles - 1: b"z"})


def _widest() -> StreamData:
    """As many partitions and groups as there may be, of which two are there."""
    axes = (_axis(8191, 2**10, 2**8), _axis(1, 2**10, 2**8))
    geometry = Geometry("image", 1, "uint8", None, axes)
    return _stream(geometry, {0: b"a", 2**20 - 1: b"bb"}, (0, 65_535), LIMITS)


def _image(
    chunks: Mapping[int, bytes],
    groups: tuple[int, int] = (1, 1),
    ordinals: tuple[int, ...] = (0,),
) -> StreamData:
    axes = (_axis(5, 2, groups[0]), _axis(3, 3, groups[1]))
    return _stream(Geometry("image", 3, "uint8", None, axes), chunks, ordinals, ODD)


def _video(chunks: Mapping[int, bytes], groups: int = 1) -> StreamData:
    axes = (_axis(7, 3, groups, grid_lo=-7), _axis(2, 2), _axis(4, 2))
    geometry = Geometry("video", 1, "uint16", Fraction(25), axes)
    return _stream(geometry, chunks, tuple(range(groups)))


def _volume(
    chunks: Mapping[int, bytes], grid_lo: int = 0, groups: tuple[int, int, int] = (1, 1, 1)
) -> StreamData:
    axes = [_axis(3, 2, n, grid_lo) for n in groups]
    geometry = Geometry("volume", 2, "float32", None, tuple(axes))
    ordinals = tuple(range(0, groups[0] * groups[1] * groups[2], 2))
    return _stream(geometry, chunks, ordinals, {})
