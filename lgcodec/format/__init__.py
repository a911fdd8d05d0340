"""Bytes <-> plain values: the twin of spec/lgi-1.md, section by section and name by name.

    layout      every constant, limit, enumeration and error code
    geometry    GEOM: lattice, window, tiles and groups, and their integer arithmetic
    axis        one axis of GEOM
    numbers     integers of as many bytes as they need
    conf        CONF: which family, quantiser and coder, and the table of tensors
    names       the list of names for which CONF has numbers
    cbor        the strict encoding of CONF
    directory   GRUP: which partitions a group holds, how long each chunk is, its checksum
    table       header and root table
    source      random access to bytes: a file, a byte string
    groups      the directories of a stream, read when they are needed
    stream      one signal of an open file: its partitions and their chunks
    reader      parse, verify, read only the bytes that are needed
    writer      the one canonical byte string of given values
    container   the whole file as one value; the names that other layers need
    checks      the checksum, and turning a value's defect into that of a file

Nothing here knows numbers behind the bytes: a crop works on a family it has never heard of.
"""
