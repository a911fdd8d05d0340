"""Files that every reader must accept.

Of each family a file for every arrangement and kind of signal, in which sample types, channels,
groups, holes and codings take turns. Then files at the edges of the container, whose networks
nobody knows: a reader accepts them and a decoder refuses them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import cycle, product
from typing import Final

from google_crc32c import value as crc32c

from lgcodec.coding import CODERS
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.checks import CrcWidth
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import Container, GroupData, StreamData, dumps
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import AXES, Kind
from lgcodec.format.names import NAMES
from lgcodec.nets import Family

from .codings import CODINGS, DEPENDENT, SCALED, chunks
from .networks import CODINGS_OF, KINDS_OF, MOVING, NETWORKS, Make

__all__ = ["Vector", "geometry_of", "networks", "stream", "vectors"]

RATES: Final[Mapping[Kind, Fraction]] = {"audio": Fraction(8000), "video": Fraction(30_000, 1001)}
# sample type and number of channels, and what -1 and 1 of a network stand for
SAMPLES: Final = (
    ("uint8", 1, (0.0, 255.0)),
    ("int16", 2, (-32_768.0, 32_767.0)),
    ("float32", 1, (-1.5, 2.5)),
    ("uint8", 3, (16.0, 235.0)),
    ("uint16", 1, (0.0, 65_535.0)),
)
# samples of the window, tiles of a group and groups along each axis
GRIDS: Final[Mapping[Kind, Sequence[tuple[tuple[int, int, int], ...]]]] = {
    "audio": (((9, 1, 1),), ((30, 2, 3),), ((23, 4, 1),)),
    "image": (((7, 2, 1), (9, 3, 1)), ((8, 2, 2), (5, 1, 2)), ((6, 2, 1), (6, 2, 1))),
    "video": (((5, 2, 1), (6, 2, 1), (4, 2, 1)), ((6, 2, 2), (4, 1, 1), (5, 2, 1))),
    "volume": (((4, 2, 1), (3, 1, 1), (5, 2, 1)), ((4, 1, 2), (4, 2, 1), (3, 1, 1))),
}
DEPEND: Final = ", numbers that depend on each other"


@dataclass(frozen=True)
class Vector:
    """A valid file; `networks` says whether its chunks can be decoded."""

    name: str
    about: str
    container: Container
    networks: bool = True
    scales: tuple[Fraction, ...] = field(default=(Fraction(1),))

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return dumps(self.container)


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield from networks()
    yield _film("film", "time split ahead")
    yield _film("moving", "time split ahead, moving pictures", MOVING)
    yield from _scaled()
    yield from _together()
    yield from _edges()


def _scaled() -> Iterator[Vector]:
    """Chunks with a scale each, local ones alone and with global ones."""
    picture = geometry_of("image", GRIDS["image"][0], "uint8", 1)
    sound = geometry_of("audio", GRIDS["audio"][0], "int16", 1)
    for arrangement, geometry in (("per-partition", picture), ("local-global", sound)):
        about = f"{geometry.kind}, a scale for each chunk, biases as differences"
        for how, coding, more in (("scaled", SCALED, ""), ("dependent", DEPENDENT, DEPEND)):
            made = stream("siren", arrangement, geometry, coding)
            name = f"siren-{arrangement}-{geometry.kind}-{how}"
            yield Vector(name, about + more, Container((_with_hole(made),)))


def networks() -> Iterator[Vector]:
    """One for each family, arrangement and kind."""
    for family, arrangements in NETWORKS.items():
        codings, samples = cycle(CODINGS), cycle(SAMPLES)
        grids = {kind: cycle(GRIDS[kind]) for kind in GRIDS}
        pairs = product(arrangements, KINDS_OF[family])
        for number, (arrangement, kind) in enumerate(pairs):
            grid = next(grids[kind])
            if arrangement == "single":
                grid = tuple((length, 1, 1) for length, *_ in grid)
            usual = next(codings)
            own = CODINGS_OF.get((family, arrangement))
            coding = usual if own is None else own[number % len(own)]
            made = stream(family, arrangement, geometry_of(kind, grid, *next(samples)[:2]), coding)
            scales = (Fraction(1), *((Fraction(2), Fraction(2, 3)) if number % 4 == 1 else ()))
            name = f"{family}-{arrangement}-{kind}"
            about = f"{kind}, {len(made.groups)} groups, {made.conf.quantiser.name} and "
            yield Vector(
                name, about + made.conf.coder.name, Container((_with_hole(made),)), scales=scales
            )


def _film(name: str, how: str, make: Make | None = None) -> Vector:
    """Latents of a video whose time is split ahead, three times, and whose frames are filtered."""
    geometry = geometry_of("video", ((17, 2, 1), (12, 2, 1), (10, 2, 1)), "uint8", 3)
    coding = CODINGS_OF["latent", "local-global"][0]
    made = stream("latent", "local-global", geometry, coding, make)
    about = f"video of 3 channels in tiles of 9 x 6 x 5, {how}"
    return Vector(f"latent-local-global-{name}", about, Container((_with_hole(made),)))


def stream(
    family: str,
    arrangement: str,
    geometry: Geometry,
    coding: tuple[Plug, Plug] | Callable[[Family], tuple[Plug, Plug]],
    make: Make | None = None,
) -> StreamData:
    """A stream with all its partitions, its numbers drawn; `make` makes its network."""
    network = (make or NETWORKS[family][arrangement])(geometry)
    if callable(coding):
        coding = coding(network)
    values = next(v for name, _, v in SAMPLES if name == geometry.sample_type)
    conf = Conf(
        Plug(family, network.configuration),
        *coding,
        network.local_tensors(),
        network.global_tensors(),
        values,
        tuple(values[0] + (n + 1) / 3 * (values[1] - values[0]) for n in range(geometry.channels)),
    )
    seed = crc32c(f"{family} {arrangement} {geometry.kind}".encode())
    groups = []
    for ordinal in range(geometry.groups):
        shared, local = chunks(conf, geometry.tiles_per_group, seed + ordinal)
        checking = CODERS[conf.coder.name].self_checking
        group = GroupData.of(ordinal, shared, dict(enumerate(local)), self_checking=checking)
        groups.append(group)
    return StreamData(geometry, conf, tuple(groups))


def _with_hole(made: StreamData) -> StreamData:
    """Without partition 1 of the first group, if there are more than two."""
    first, *others = made.groups
    if len(first.local_chunks) < 3:
        return made
    left = {i: chunk for i, chunk in first.local_chunks.items() if i != 1}
    group = replace(first, local_chunks=left)
    return StreamData(made.geometry, made.conf, (group, *others))


def geometry_of(
    kind: Kind, grid: Sequence[tuple[int, int, int]], sample_type: str, channels: int
) -> Geometry:
    """A signal as new: for each axis its samples, tiles of a group, and groups."""
    axes = []
    for length, tiles, groups in grid:
        tile_len = -(-length // (tiles * groups))
        frame = length if groups == 1 else tiles * tile_len
        axes.append(AxisGeometry(frame, 0, length, 0, tile_len, tiles, groups))
    return Geometry(kind, channels, sample_type, RATES.get(kind), tuple(axes))


def _together() -> Iterator[Vector]:
    """A video with its sound, and a file whose sound is the main stream."""
    video = stream(
        "siren", "local-global", geometry_of("video", GRIDS["video"][1], "uint8", 3), CODINGS[0]
    )
    audio = stream(
        "siren", "per-partition", geometry_of("audio", ((1600, 5, 2),), "int16", 1), CODINGS[1]
    )
    extra = {"noTe": b"kept by every editor", "prVW": b"dropped by editors"}
    both = Container((video, audio), extra)
    yield Vector("video-with-sound", "two streams share the clock", both)
    cover = stream(
        "siren", "single", geometry_of("image", ((5, 1, 1), (5, 1, 1)), "uint8", 3), CODINGS[2]
    )
    yield Vector("sound-with-cover", "the sound is stream 0", Container((audio, cover)))


def _edges() -> Iterator[Vector]:
    few = _plain("audio", ((30, 5, 1),), {0: b"aa", 2: b"bbb", 3: b"c"})
    yield _edge("golden", "the appendix of the specification", GOLDEN)
    yield _edge("minor-255", "a later revision wrote it (LGI-H-05)", few, minor=255)
    unknown = {"aAAa": b"a", "noTe": b"n", "prVW": b"p", "zzZz": b"z"}
    yield _edge("ancillary-unknown", "types that nobody knows (LGI-A-01)", few, unknown)
    yield _edge("global-empty", "no global chunk", _plain("audio", ((8, 2, 1),), {0: b"a"}, b""))
    equal = _plain("image", ((4, 2, 1), (6, 3, 1)), {i: b"%d" % i for i in range(6)})
    yield _edge("width-0", "all lengths are equal", equal)
    for length in (2, 255, 256, 65_535, 65_536):
        long = _plain("audio", ((8, 2, 1),), {0: b"-" * length, 1: b"a"})
        width = length.bit_length()
        yield _edge(f"width-{width}-of-{length}", f"{width} bits for a length of {length:,}", long)
    for count in (7, 8, 9):
        some = _plain("audio", ((27, 9, 1),), {i: b"-" * (1 + i % 5) for i in range(count)})
        yield _edge(f"width-3-of-{count}-chunks", "3 bytes and what is left of them", some)
    longest = {0: b"-" * 4095, 1: b"a"}
    two = _summed(_plain("audio", ((8, 2, 1),), longest), 2)
    yield _edge("crc-16-of-4095", "the longest", two)
    longest = {0: b"-" * 1023, 1: b"a"}
    one = _summed(_plain("audio", ((8, 2, 1),), longest), 1)
    yield _edge("crc-8-of-1023", "the longest", one)
    mixed = _plain("audio", ((24, 2, 3),), {0: b"a", 1: b"bb"})
    first, *others = mixed.groups
    yield _edge(
        "crc-16-and-32",
        "short checksums in the first group alone, though all chunks are short",
        replace(mixed, groups=(replace(first, crc_width=2), *others)),
    )
    each = (replace(first, crc_width=1), replace(others[0], crc_width=2), others[1])
    yield _edge(
        "crc-8-16-and-32",
        "another checksum in each group, though all chunks are alike",
        replace(mixed, groups=each),
    )
    grid = ((8, 8, 1), (8, 8, 1))
    board = {y * 8 + x: b"%d" % (y + 1) for y in range(8) for x in range(8) if (x + y) % 2}
    yield _edge("checkerboard", "as many runs as there may be", _plain("image", grid, board))
    wide = Geometry("image", 1, "uint8", None, (_axis(2**21 - 1, 2**10), _axis(2**21 - 1, 2**10)))
    corner = _stream(wide, {0: {0: b"a", 2**20 - 1: b"b"}})
    yield _edge("declares-4e18-samples", "refused by decoders before they allocate", corner)
    ends = Geometry("audio", 64, "float32", Fraction(2**32 - 1), (_far_axis(),))
    yield _edge("farthest-lattice", "positions at their limit", _stream(ends, {0: {0: b"a"}}))
    groups = _plain("video", ((6, 1, 3), (4, 2, 2), (4, 1, 1)), {0: b"a", 1: b"b"})
    kept = StreamData(groups.geometry, groups.conf, (groups.groups[1], groups.groups[5]))
    yield _edge("groups-missing", "ordinals 1 and 5 of 6", kept)
    yield _edge("grid-before-0", "an extended signal, cropped", _before_zero())
    yield _edge("names", "all that have numbers, and texts beside them (LGI-C-07)", _named())


GOLDEN: Final = StreamData(
    Geometry("audio", 1, "uint8", Fraction(8), (AxisGeometry(7, 0, 7, 0, 4, 2, 1),)),
    Conf(Plug("f"), Plug("q"), Plug("c"), (TensorSpec("w", (1,)),), (), (0.0, 255.0), (0.0,)),
    (GroupData(0, b"GG", {0: b"a", 1: b"bb"}, crc_width=2),),
)


def _edge(
    name: str,
    about: str,
    one: StreamData,
    ancillary: Mapping[str, bytes] | None = None,
    minor: int = 0,
) -> Vector:
    return Vector(name, about, Container((one,), ancillary or {}, minor), networks=False)


def _plain(
    kind: Kind,
    grid: Sequence[tuple[int, int, int]],
    local: Mapping[int, bytes],
    shared: bytes = b"shared",
) -> StreamData:
    geometry = geometry_of(kind, grid, "uint8", 1)
    return _stream(geometry, dict.fromkeys(range(geometry.groups), local), shared)


def _summed(one: StreamData, width: CrcWidth) -> StreamData:
    """With checksums of so many bytes."""
    return replace(one, groups=tuple(replace(group, crc_width=width) for group in one.groups))


def _stream(
    geometry: Geometry, groups: Mapping[int, Mapping[int, bytes]], shared: bytes = b"shared"
) -> StreamData:
    names = (Plug("unknown", {"deep": [[1, [True, "é"]], -1.5]}), Plug("q"), Plug("c"))
    fill = (0.5,) * geometry.channels
    conf = Conf(*names, (TensorSpec("w", (2, 3)), TensorSpec("b", ())), (), (0.0, 1.0), fill)
    data = tuple(GroupData(ordinal, shared, local) for ordinal, local in groups.items())
    return StreamData(geometry, conf, data)


def _named() -> StreamData:
    """Every name of the list as a key and as a tensor, none for what it usually is."""
    made = _plain("audio", ((8, 2, 1),), {0: b"a", 1: b"bb"})
    keys = {name: [number, name] for number, name in enumerate((*NAMES, "", "8.w", "names"))}
    conf = Conf(
        Plug("fill", keys),
        Plug("latents"),
        Plug("bits", {"": 24}),
        tuple(TensorSpec(name, (1,)) for name in (*reversed(NAMES), "8.w")),
        tuple(TensorSpec(name, ()) for name in ("siren-", "local", "51")),
        (0.0, 1.0),
        (0.5,),
    )
    return StreamData(made.geometry, conf, made.groups)


def _axis(tile_len: int, tiles: int) -> AxisGeometry:
    length = tile_len * tiles - 1
    return AxisGeometry(length, 0, length, 0, tile_len, tiles)


def _far_axis() -> AxisGeometry:
    last = 2**31 - 1
    return AxisGeometry(last, 2 * last - 1, 1, last, last, 1)


def _before_zero() -> StreamData:
    axes = tuple(AxisGeometry(6, -3, 7, -4, 2, 6) for _ in AXES["image"])
    chunks_of = {i: b"%02d" % i for i in range(36) if i % 5}
    return _stream(Geometry("image", 1, "uint8", None, axes), {0: chunks_of})
