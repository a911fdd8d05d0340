# Where the bytes of a .lgi file are, for https://kaitai.io. Informative: lgi-1.md is the specification.
# It makes none of the checks of section 9, and no parser made from it may be let loose on hostile files.
meta:
  id: lgi_1
  title: .lgi, version 1 (draft)
  file-extension: lgi
  license: MIT
  ks-version: '0.10'
  endian: le
seq:
  - id: header
    type: header
  - id: entries
    type: entry
    repeat: expr
    repeat-expr: header.n_entries
  - id: payloads
    type: payload(entries[_index])
    size: entries[_index].length
    repeat: expr
    repeat-expr: header.n_entries
types:
  header:
    seq:
      - id: magic
        contents: [0x89, LGI, 0x0d, 0x0a, 0x1a, 0x0a]
      - id: major
        type: u1
      - id: minor
        type: u1
      - id: reserved
        type: u2
      - id: n_entries
        type: u4
      - id: file_size
        type: u8
      - id: root_crc
        type: u4
      - id: header_crc
        type: u4
  entry:
    seq:
      - id: type
        type: str
        size: 4
        encoding: ASCII
      - id: stream
        type: u4
      - id: ordinal
        type: u4
      - id: dir_len
        type: u4
      - id: length
        type: u8
      - id: crc
        type: u4
  payload:
    params:
      - id: entry
        type: entry
    seq:
      - id: body
        type:
          switch-on: entry.type
          cases:
            '"GEOM"': geom
            '"GRUP"': grup
            _: bytes # CONF, which is CBOR, and ancillary chunks
  bytes:
    seq:
      - id: data
        size-eos: true
  geom:
    seq:
      - id: kind
        type: u1
        enum: kind
      - id: channels
        type: u1
      - id: sample_type
        type: u1
        enum: sample_type
      - id: rate
        type: rate
        if: kind == kind::audio or kind == kind::video
      - id: axes
        type: axis
        repeat: expr
        repeat-expr: 'kind == kind::audio ? 1 : kind == kind::image ? 2 : 3'
  rate:
    seq:
      - id: rate_num
        type: leb128
      - id: rate_den
        type: leb128
  axis:
    seq:
      - id: frame_len
        type: leb128
      - id: win_at
        type: leb128
      - id: win_len
        type: leb128
      - id: grid_lo # 0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ...
        type: leb128
      - id: tile_len
        type: leb128
      - id: tiles
        type: leb128
      - id: groups
        type: leb128
  leb128:
    seq:
      - id: digits
        type: u1
        repeat: until
        repeat-until: _ < 128
    instances:
      n:
        value: digits.size
      value:
        value: >-
          (digits[0] & 127)
          + (n > 1 ? (digits[1] & 127) << 7 : 0)
          + (n > 2 ? (digits[2] & 127) << 14 : 0)
          + (n > 3 ? (digits[3] & 127) << 21 : 0)
          + (n > 4 ? (digits[4] & 127) << 28 : 0)
  grup:
    seq:
      - id: n_runs
        type: u4
      - id: n_local
        type: u4
      - id: global_len
        type: u4
      - id: global_crc
        type: u4
      - id: len_width
        type: u1
      - id: crc_width
        type: u1
      - id: reserved
        size: 2
      - id: runs
        type: run
        repeat: expr
        repeat-expr: n_runs
      - id: lengths
        doc: one of 4 bytes, or of each chunk one of len_width bits
        type: u1
        repeat: expr
        repeat-expr: 'len_width == 0 ? 4 : (n_local * len_width + 7) / 8'
      - id: crcs
        type: number(crc_width)
        repeat: expr
        repeat-expr: n_local
      - id: global_chunk
        size: global_len
      - id: local_chunks
        type: 'chunk(len_width == 0 ? 0 : _index * len_width, len_width == 0 ? 31 : len_width)'
        repeat: expr
        repeat-expr: n_local
  chunk:
    params:
      - id: bit # where its length begins
        type: u8
      - id: width
        type: u8
    seq:
      - id: data
        size: length
    instances:
      at:
        value: bit / 8
      n:
        value: (bit % 8 + width + 7) / 8
      bits:
        value: >-
          _parent.lengths[at]
          + (n > 1 ? _parent.lengths[at + 1] << 8 : 0)
          + (n > 2 ? _parent.lengths[at + 2] << 16 : 0)
          + (n > 3 ? _parent.lengths[at + 3] << 24 : 0)
      length:
        value: (bits >> (bit % 8)) & ((1 << width) - 1)
  run:
    seq:
      - id: start
        type: u4
      - id: count
        type: u4
  number:
    params:
      - id: width
        type: u4
    seq:
      - id: value_1
        type: u1
        if: width == 1
      - id: value_2
        type: u2
        if: width == 2
      - id: value_4
        type: u4
        if: width == 4
    instances:
      value:
        value: 'width == 1 ? value_1 : width == 2 ? value_2 : value_4'
enums:
  kind:
    1: audio
    2: image
    3: video
    4: volume
  sample_type:
    1: uint8
    2: uint16
    3: int16
    4: float32
    5: bool
