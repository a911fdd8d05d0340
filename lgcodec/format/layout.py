"""Every constant, limit, enumeration and error code of spec/lgi-1.md, under the names used there.

All integers are little-endian and unsigned unless said otherwise; nothing is aligned or padded.
"""

from struct import Struct
from typing import Final, Literal

__all__ = [
    "AXES",
    "Kind",
    "is_chunk_type",
    "is_critical",
    "survives_crop",
]

Kind = Literal["audio", "image", "video", "volume"]

# --- header (LGI-H) and root table (LGI-R)
MAGIC: Final = b"\x89LGI\r\n\x1a\n"
MAJOR: Final = 1
MINOR: Final = 0
HEADER: Final = Struct("<8sBBHIQI")  # magic, major, minor, reserved, n_entries, file_size, root_crc
CRC: Final = Struct("<I")  # header_crc, over the 28 bytes of HEADER
HEADER_LENGTH: Final = HEADER.size + CRC.size
ENTRY: Final = Struct("<4sIIIQI")  # type, stream, ordinal, dir_len, length, crc
GEOM: Final = "GEOM"
CONF: Final = "CONF"
GRUP: Final = "GRUP"
CRITICAL_TYPES: Final = (GEOM, CONF, GRUP)

# --- group directory (LGI-D)
# n_runs, n_local, global_len, global_crc, len_width, crc_width, reserved
DIRECTORY: Final = Struct("<IIIIBB2s")
RUN: Final = Struct("<II")  # start, count
MAX_LEN_WIDTH: Final = 25  # bits of a length; 0 means that all are equal
EQUAL: Final = Struct("<I")  # the length that all have
CRC_FORMATS: Final = {1: "B", 2: "H", 4: "I"}  # crc_width -> struct code

# --- geometry (LGI-G)
GEOMETRY: Final = Struct("<BBB")  # kind, channels, sample_type; then numbers, see `numbers`
RATE_NUMBERS: Final = 2  # rate_num, rate_den where there is an axis t
AXIS_NUMBERS: Final = 7  # frame_len, win_at, win_len, grid_lo, tile_len, tiles, groups
KINDS: Final[dict[Kind, int]] = {"audio": 1, "image": 2, "video": 3, "volume": 4}
SAMPLE_TYPES: Final = {"uint8": 1, "uint16": 2, "int16": 3, "float32": 4, "bool": 5}
AXES: Final[dict[Kind, tuple[str, ...]]] = {
    "audio": ("t",),
    "image": ("y", "x"),
    "video": ("t", "y", "x"),
    "volume": ("z", "y", "x"),
}
# Slowest axis first. Video keeps time fastest: a spatial window is then few byte ranges.
ID_ORDER: Final[dict[Kind, tuple[str, ...]]] = {**AXES, "video": ("y", "x", "t")}

# --- limits (LGI-L): every product and sum of these stays below 2**53
MIN_ENTRIES: Final = 3
MAX_ENTRIES: Final = 65_536
MAX_FILE_SIZE: Final = 2**48 - 1
MAX_STREAMS: Final = 16
MAX_GROUPS: Final = 65_536
MAX_PARTITIONS: Final = 2**20  # of one group
MAX_LOCAL: Final = {1: 1023, 2: 4095, 4: 2**24}  # crc_width -> bytes of one local chunk
MAX_GLOBAL: Final = 2**28  # bytes of one global chunk
MAX_CRITICAL: Final = 2**16  # bytes of a GEOM or CONF payload
MAX_ANCILLARY: Final = 2**26  # bytes of an ancillary payload
MAX_EXTENT: Final = 2**31 - 1  # samples along one axis, and the largest magnitude of grid_lo
MAX_CHANNELS: Final = 64
MAX_TENSORS: Final = 256  # local, and as many global
MAX_TENSOR_DIMENSIONS: Final = 4
MAX_TENSOR_LENGTH: Final = 2**24  # of one dimension
MAX_TENSOR_SIZE: Final = 2**28  # numbers in one tensor
MAX_CONFIGURATION_DEPTH: Final = 8
MAX_DIRECTORY: Final = DIRECTORY.size + (RUN.size + 8) * MAX_PARTITIONS

# --- what can be wrong with a file
ERROR_CODES: Final = {
    "E_TRUNC": "the file ends before the header or file_size says it does",
    "E_TRAILING": "the file goes on after file_size",
    "E_MAGIC": "the file does not begin with the eight bytes of magic",
    "E_HDR_CRC": "header_crc does not match the header",
    "E_VERSION": "major is not 1",
    "E_RESERVED": "a field that must be zero is not",
    "E_LIMIT": "a count or a length is outside its limits",
    "E_ROOT_CRC": "root_crc does not match the root table",
    "E_TYPE": "a chunk type is not four letters with the third upper case",
    "E_UNKNOWN_CRITICAL": "a critical chunk type is not known",
    "E_DIR": "dir_len is not the length that the directory's counts imply",
    "E_SIZE": "lengths do not add up",
    "E_ORDER": "entries are missing, repeated or out of order",
    "E_CHUNK_CRC": "a checksum does not match its chunk",
    "E_GEOM": "a GEOM payload breaks a rule",
    "E_CONF": "a CONF payload breaks a rule",
    "E_DIR_CRC": "crc does not match a group directory",
    "E_WIDTH": "crc_width is not known, or len_width not the smallest that fits",
    "E_RUNS": "runs of partition ids are empty, touching, unsorted or too long",
    "E_GRID": "a group or a partition lies outside the grid of GEOM",
    "E_PROFILE": "family, quantiser or coder is not known, or disagrees with the tensor tables",
    "E_PAYLOAD": "a chunk does not decode",
}


def is_chunk_type(name: str) -> bool:
    """Four ASCII letters, the third upper case."""
    return len(name) == 4 and name.isascii() and name.isalpha() and name[2].isupper()


def is_critical(chunk_type: str) -> bool:
    """First letter upper case: a reader that does not know the type refuses the file."""
    return chunk_type[0].isupper()


def survives_crop(chunk_type: str) -> bool:
    """Fourth letter lower case: an editor that does not know the type copies it unchanged."""
    return chunk_type[3].islower()
