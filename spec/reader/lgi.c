/*
 * A second reader of .lgi files, written from ../lgi-1.md alone: C99, nothing but libc.
 *
 * It verifies, lists and crops; it does not decode. A file is read whole into memory, the checks
 * are made in the order of section 9, and the first that fails ends the reading by longjmp.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;
typedef unsigned long long ull; /* what printf takes */
typedef long long ll;

enum { HEADER = 32, ROW = 28, GEOM_HEAD = 3, DIR_HEAD = 20 };
enum { MAX_AXES = 3, MAX_STREAMS = 16, MAX_TENSORS = 256, MAX_PARTITIONS = 1 << 20 };
enum { DONE = 0, USAGE = 2, BAD_FILE = 3, NO_INPUT = 4, NO_OUTPUT = 5 };

#define MAX_FILE ((UINT64_C(1) << 48) - 1)
#define MAX_SAMPLES INT32_MAX
#define FAR (INT64_C(1) << 62) /* beyond every position */

typedef struct {
    i64 lo, hi;
} Range;

typedef struct {
    const char *name;
    unsigned ndim;
    const char *axes;         /* as in GEOM; t is always the first */
    unsigned order[MAX_AXES]; /* axes in id order, slowest first */
} Kind;

typedef struct {
    Range window;
    u64 frame_len;
    i64 grid_lo;
    u32 tile_len, tiles, groups;
} Axis;

typedef struct {
    const Kind *kind;
    u32 channels, sample_type, rate_num, rate_den;
    Axis axis[MAX_AXES];
} Geometry;

typedef struct {
    const u8 *type;
    u32 stream, ordinal, dir_len, crc;
    u64 length, row, offset; /* where the row and the payload are in the file */
} Entry;

typedef struct {
    Geometry geometry;
    const Entry *geom, *conf, *groups, *end;
} Stream;

typedef struct {
    u8 *bytes;
    u64 size;
    Entry *entries, *end;
    const Entry *ancillary; /* the first, or `end` */
    Stream streams[MAX_STREAMS];
    u32 n_streams;
    jmp_buf broken;
    const char *code;
    u64 offset;
    char message[96];
} File;

static const u8 MAGIC[8] = {0x89, 'L', 'G', 'I', '\r', '\n', 0x1a, '\n'};
static const char *const SAMPLE_TYPES[] = {"uint8", "uint16", "int16", "float32", "bool"};
static const Kind KINDS[] = {
    {"audio", 1, "t", {0}},
    {"image", 2, "yx", {0, 1}},
    {"video", 3, "tyx", {1, 2, 0}},
    {"volume", 3, "zyx", {0, 1, 2}},
};

static void die(int status, const char *what, const char *why) {
    fprintf(stderr, "lgi-reader: %s: %s\n", what, why);
    exit(status);
}

/* ---- numbers and checks ---- */

static u64 little(const u8 *bytes, unsigned width) {
    u64 value = 0;
    while (width--)
        value = value << 8 | bytes[width];
    return value;
}

static u32 u32_at(const u8 *bytes) {
    return (u32)little(bytes, 4);
}

static u32 crc32c(const u8 *bytes, u64 size) {
    static u32 table[256];
    u32 crc = 0xffffffff;
    for (u32 i = 0; !table[255] && i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
    }
    while (size--)
        crc = crc >> 8 ^ table[(crc ^ *bytes++) & 255];
    return ~crc;
}

/* CRC-16/IBM-3740: the short checksum of local chunks. */
static u32 crc16(const u8 *bytes, u64 size) {
    u32 crc = 0xffff;
    while (size--) {
        crc ^= (u32)*bytes++ << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
    return crc;
}

/* CRC-8/SAE-J1850: the shortest. */
static u32 crc8(const u8 *bytes, u64 size) {
    u32 crc = 0xff;
    while (size--) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x80 ? 0x1d : 0)) & 0xff;
    }
    return crc ^ 0xff;
}

static u32 local_crc(unsigned width, const u8 *bytes, u64 size) {
    return (width == 1 ? crc8 : width == 2 ? crc16 : crc32c)(bytes, size);
}

static bool in(u64 value, u64 least, u64 most) {
    return least <= value && value <= most;
}

static void fail(File *f, const char *code, u64 offset) {
    f->code = code;
    f->offset = offset;
    longjmp(f->broken, 1);
}

static void need(File *f, bool holds, const char *code, u64 offset, const char *defect) {
    if (holds)
        return;
    snprintf(f->message, sizeof f->message, "%s", defect);
    fail(f, code, offset);
}

static void need_in(File *f, u64 value, u64 least, u64 most, const char *code, u64 offset,
                    const char *what) {
    if (in(value, least, most))
        return;
    const char *format = least == most ? "%s is %llu, not %llu" : "%s is %llu, not %llu to %llu";
    snprintf(f->message, sizeof f->message, format, what, (ull)value, (ull)least, (ull)most);
    fail(f, code, offset);
}

static void need_crc(File *f, u32 stored, u64 offset, u64 size, const char *code) {
    u32 found = crc32c(f->bytes + offset, size);
    need_in(f, found, stored, stored, code, offset, "checksum");
}

/* ---- header and root table, steps 1 to 11 ---- */

static u32 read_header(File *f) {
    const u8 *h = f->bytes;
    need_in(f, f->size, HEADER, UINT64_MAX, "E_TRUNC", f->size, "size");
    need(f, !memcmp(h, MAGIC, sizeof MAGIC), "E_MAGIC", 0, "not the magic bytes");
    need_crc(f, u32_at(h + 28), 0, 28, "E_HDR_CRC");
    need_in(f, h[8], 1, 1, "E_VERSION", 8, "major");
    need_in(f, little(h + 10, 2), 0, 0, "E_RESERVED", 10, "reserved");

    u64 n = u32_at(h + 12), declared = little(h + 16, 8);
    need_in(f, n, 3, 65536, "E_LIMIT", 12, "n_entries");
    need_in(f, declared, HEADER + ROW * n, MAX_FILE, "E_LIMIT", 16, "file_size");
    need_in(f, f->size, 0, declared, "E_TRAILING", declared, "size");
    need_in(f, f->size, declared, declared, "E_TRUNC", f->size, "size");
    need_crc(f, u32_at(h + 24), HEADER, ROW * n, "E_ROOT_CRC");
    return (u32)n;
}

static bool is(const Entry *e, const char *type) {
    return !memcmp(e->type, type, 4);
}

static bool is_ancillary(const Entry *e) {
    return e->type[0] >= 'a';
}

static void check_type(File *f, const Entry *e) {
    for (unsigned i = 0; i < 4; i++) {
        bool upper = in(e->type[i], 'A', 'Z'), lower = in(e->type[i], 'a', 'z');
        need(f, upper || (lower && i != 2), "E_TYPE", e->row + i, "not a letter of a type");
    }
    need(f, is_ancillary(e) || is(e, "GEOM") || is(e, "CONF") || is(e, "GRUP"),
         "E_UNKNOWN_CRITICAL", e->row, "an unknown critical type");
}

static void check_limits(File *f, const Entry *e) {
    bool group = is(e, "GRUP"), ancillary = is_ancillary(e);
    u64 least_dir = group ? DIR_HEAD : 0, most_dir = group ? DIR_HEAD + 16 * MAX_PARTITIONS : 0;
    u64 longest = group ? MAX_FILE : ancillary ? 1 << 26 : 1 << 16;
    need_in(f, e->stream, 0, ancillary ? 0 : MAX_STREAMS - 1, "E_LIMIT", e->row + 4, "stream");
    need_in(f, e->ordinal, 0, group ? 65535 : 0, "E_LIMIT", e->row + 8, "ordinal");
    need_in(f, e->dir_len, least_dir, most_dir, "E_LIMIT", e->row + 12, "dir_len");
    need_in(f, e->length, e->dir_len + UINT64_C(1), longest, "E_LIMIT", e->row + 16, "length");
}

static void read_entries(File *f, u32 n) {
    f->entries = calloc(n, sizeof *f->entries); /* the n rows are there */
    if (!f->entries)
        die(NO_INPUT, "root table", "out of memory");
    f->end = f->entries + n;
    u64 row = HEADER;
    for (Entry *e = f->entries; e < f->end; e++, row += ROW) {
        e->row = row;
        e->type = f->bytes + row;
        e->stream = u32_at(e->type + 4);
        e->ordinal = u32_at(e->type + 8);
        e->dir_len = u32_at(e->type + 12);
        e->length = little(e->type + 16, 8);
        e->crc = u32_at(e->type + 24);
        check_type(f, e);
        check_limits(f, e);
    }
}

/* No payload may leave the file: so the sum is compared before it can overflow. */
static void place_payloads(File *f, u32 n) {
    u64 offset = HEADER + ROW * (u64)n;
    for (Entry *e = f->entries; e < f->end; e++) {
        need_in(f, e->length, 1, f->size - offset, "E_SIZE", 16, "length of a payload");
        e->offset = offset;
        offset += e->length;
    }
    need_in(f, f->size, offset, offset, "E_SIZE", 16, "file_size");
}

static const Entry *find_streams(File *f) {
    const Entry *e = f->entries;
    for (; f->end - e >= 2 && is(e, "GEOM"); e += 2) {
        u32 number = f->n_streams++;
        need(f, e[0].stream == number && is(e + 1, "CONF") && e[1].stream == number, "E_ORDER",
             e->row, "not GEOM and CONF of the next stream");
        f->streams[number].geom = e;
        f->streams[number].conf = e + 1;
    }
    need(f, f->n_streams > 0, "E_ORDER", e->row, "no stream");
    return e;
}

static void check_order(File *f) {
    const Entry *e = find_streams(f);
    for (Stream *s = f->streams; s < f->streams + f->n_streams; s++) {
        s->groups = e;
        for (; e < f->end && is(e, "GRUP") && e->stream == s->geom->stream; e++)
            need(f, e == s->groups || e[-1].ordinal < e->ordinal, "E_ORDER", e->row,
                 "ordinals that do not increase");
        need(f, e > s->groups, "E_ORDER", s->geom->row, "a stream without groups");
        s->end = e;
    }
    f->ancillary = e;
    for (; e < f->end; e++) {
        bool first = e == f->ancillary;
        need(f, is_ancillary(e) && (first || memcmp(e[-1].type, e->type, 4) < 0), "E_ORDER", e->row,
             "an entry out of its place");
    }
}

/* ---- GEOM, step 12 ---- */

static u32 common_divisor(u32 a, u32 b) {
    return b ? common_divisor(b, a % b) : a;
}

/* The number at `*at`, within its limits; `*at` is then behind it. */
static u32 number_at(File *f, u64 *at, u64 end, u64 least, u64 most, const char *what) {
    u64 start = *at, value = 0;
    unsigned size = 0;
    for (u8 byte = 128; byte >= 128; size++) {
        need(f, *at < end, "E_GEOM", end - 1, "the payload ends within its numbers");
        need(f, size < 5, "E_GEOM", start, "a number of more than 5 bytes");
        byte = f->bytes[(*at)++];
        value |= (u64)(byte & 127) << 7 * size;
    }
    need(f, size == 1 || value >> 7 * (size - 1), "E_GEOM", start, "a number that is not shortest");
    need_in(f, value, least, most, "E_GEOM", start, what);
    return (u32)value;
}

static void read_rate(File *f, Geometry *g, u64 *at, u64 end) {
    u64 start = *at;
    g->rate_num = number_at(f, at, end, 1, UINT32_MAX, "rate_num");
    g->rate_den = number_at(f, at, end, 1, UINT32_MAX, "rate_den");
    need_in(f, common_divisor(g->rate_num, g->rate_den), 1, 1, "E_GEOM", start, "common divisor");
}

static void read_axis(File *f, Axis *a, u64 *at, u64 end) {
    a->frame_len = number_at(f, at, end, 1, MAX_SAMPLES, "frame_len");
    u64 win_at = number_at(f, at, end, 0, UINT32_MAX, "win_at"), window = *at;
    u64 win_len = number_at(f, at, end, 1, MAX_SAMPLES, "win_len");
    u32 lowest = number_at(f, at, end, 0, 2 * (u64)MAX_SAMPLES, "grid_lo");
    a->grid_lo = lowest & 1 ? -(i64)(lowest / 2) - 1 : (i64)(lowest / 2);
    a->tile_len = number_at(f, at, end, 1, MAX_SAMPLES, "tile_len");
    a->tiles = number_at(f, at, end, 1, (u32)MAX_SAMPLES / a->tile_len, "tiles");
    a->groups = number_at(f, at, end, 1, (u32)MAX_SAMPLES / a->tile_len / a->tiles, "groups");
    u64 extent = (u64)a->tile_len * a->tiles * a->groups;
    need_in(f, win_at + win_len, 1, extent, "E_GEOM", window, "end of the window");
    a->window.lo = a->grid_lo + (i64)win_at;
    a->window.hi = a->window.lo + (i64)win_len;
}

static u64 tiles_of(const Geometry *g) {
    u64 product = 1;
    for (unsigned i = 0; i < g->kind->ndim && product <= MAX_PARTITIONS; i++)
        product *= g->axis[i].tiles;
    return product;
}

static u64 groups_of(const Geometry *g) {
    u64 product = 1;
    for (unsigned i = 0; i < g->kind->ndim && product <= MAX_PARTITIONS; i++)
        product *= g->axis[i].groups;
    return product;
}

static void read_geometry(File *f, Stream *s) {
    u64 at = s->geom->offset, size = s->geom->length;
    const u8 *b = f->bytes + at;
    Geometry *g = &s->geometry;
    need_crc(f, s->geom->crc, at, size, "E_CHUNK_CRC");
    need_in(f, size, GEOM_HEAD, UINT64_MAX, "E_GEOM", at, "length");
    need_in(f, b[0], 1, 4, "E_GEOM", at, "kind");
    need_in(f, b[1], 1, 64, "E_GEOM", at + 1, "channels");
    need_in(f, b[2], 1, 5, "E_GEOM", at + 2, "sample_type");
    g->kind = &KINDS[b[0] - 1];
    g->channels = b[1];
    g->sample_type = b[2];

    u64 next = at + GEOM_HEAD, end = at + size;
    if (*g->kind->axes == 't')
        read_rate(f, g, &next, end);
    for (unsigned i = 0; i < g->kind->ndim; i++)
        read_axis(f, &g->axis[i], &next, end);
    need_in(f, end, next, next, "E_GEOM", at, "end of the payload");
    need_in(f, tiles_of(g), 1, MAX_PARTITIONS, "E_GEOM", at, "product of tiles");
    need_in(f, groups_of(g), 1, 65536, "E_GEOM", at, "product of groups");
}

/* ---- CONF, step 13: one item of deterministic CBOR ---- */

enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };
enum { FAMILY, QUANTISER, CODER, LOCAL, GLOBAL, VALUES, FILL };

/* Section 6: a number stands for each of these. */
static const char *const NAMES[] = {
    /*  0 */ "family", "quantiser", "coder", "local", "global", "values", "fill",
    /*  7 */ "latent", "integer", "context", "tile", "levels", "channels",
    /* 13 */ "latents", "entropy", "steps", "coarse", "angles",
    /* 18 */ "0.w", "0.b", "1.w", "1.b", "2.w", "2.b",
    /* 24 */ "3.w", "3.b", "4.w", "4.b", "5.w", "5.b", "6.w", "6.b", "7.w", "7.b",
    /* 34 */ "merge.w", "merge.b", "modulators",
    /* 37 */ "siren", "incode", "relu-pe", "uniform", "float", "rans", "raw", "zstd",
    /* 45 */ "ranges", "tile_range", "merge", "w0", "octaves", "bits", "ahead",
    "motion",
    /* 53 */ "scaled", "differences", "dependent"};
enum { N_NAMES = sizeof NAMES / sizeof *NAMES };

typedef struct {
    File *f;
    u64 at, end; /* positions in the file */
} Cbor;

typedef struct {
    const u8 *bytes;
    u64 size;
} Text;

static void conf(Cbor *c, bool holds, const char *defect) {
    need(c->f, holds, "E_CONF", c->at, defect);
}

static u8 peek(Cbor *c) {
    conf(c, c->at < c->end, "the item goes on after the payload");
    return c->f->bytes[c->at];
}

static u64 big(Cbor *c, u64 width) {
    u64 value = 0;
    conf(c, width <= c->end - c->at, "the item goes on after the payload");
    while (width--)
        value = value << 8 | c->f->bytes[c->at++];
    return value;
}

static u64 head(Cbor *c, unsigned major) {
    conf(c, peek(c) >> 5 == major, "an item of another type");
    unsigned info = (unsigned)big(c, 1) & 31, width = 1u << (info & 3);
    if (info < 24)
        return info;
    conf(c, info < 28, "an indefinite or reserved length");
    u64 value = big(c, width);
    conf(c, width == 1 ? value >= 24 : value >> 4 * width, "a number that is not shortest");
    return value;
}

/* Bytes of the shortest IEEE 754 format that holds a finite value: digits * 2^low, digits odd. */
static unsigned float_width(double value) {
    u64 bits;
    memcpy(&bits, &value, sizeof bits);
    int low = (int)(bits >> 52 & 0x7ff);
    u64 digits = (bits & ((UINT64_C(1) << 52) - 1)) | (u64)(low > 0) << 52;
    if (!digits)
        return 2;
    for (low = (low ? low : 1) - 1075; !(digits & 1); digits >>= 1)
        low++;
    int high = low; /* that of the first digit */
    while (digits >>= 1)
        high++;
    if (high - low < 11 && low >= -24 && high <= 15)
        return 2;
    return high - low < 24 && low >= -149 && high <= 127 ? 4 : 8;
}

static double half(u64 bits) {
    u64 exponent = bits >> 10 & 31, digits = bits & 1023;
    u64 scaled = exponent ? (1024 + digits) << exponent : digits << 1;
    double value = (double)scaled / (1 << 25);
    return bits >> 15 ? -value : value;
}

static double float_of(u64 bits, unsigned width) {
    u32 low = (u32)bits;
    float narrow;
    double wide;
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(&wide, &bits, sizeof wide);
    return width == 2 ? half(bits) : width == 4 ? (double)narrow : wide;
}

static double number(Cbor *c) {
    static const u64 infinite[] = {0x7c00, 0x7f800000, UINT64_C(0x7ff0000000000000)};
    unsigned size = peek(c) - 0xf9u, width = 2u << (size & 3);
    conf(c, size < 3, "not a float");
    c->at++;
    u64 bits = big(c, width);
    conf(c, (bits & infinite[size]) != infinite[size], "a float that is not finite");
    double value = float_of(bits, width);
    conf(c, float_width(value) == width, "a float that is not shortest");
    return value;
}

/* Bytes of the UTF-8 character at `b`, 0 if it is none: no surrogates, nothing overlong. */
static unsigned utf8_size(const u8 *b, u64 left) {
    unsigned size = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (size == 1)
        return 1;
    if (!in(b[0], 0xc2, 0xf4) || left < size)
        return 0;
    u8 least = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
    u8 most = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
    bool good = in(b[1], least, most);
    for (unsigned i = 2; i < size; i++)
        good = good && in(b[i], 0x80, 0xbf);
    return good ? size : 0;
}

static Text text(Cbor *c) {
    u64 size = head(c, TEXT);
    conf(c, size <= c->end - c->at, "the text goes on after the payload");
    Text t = {c->f->bytes + c->at, size};
    for (u64 i = 0, step = 0; i < size; i += step) {
        step = utf8_size(t.bytes + i, size - i);
        conf(c, step > 0, "a text that is not UTF-8");
    }
    c->at += size;
    return t;
}

static int compare(Text a, Text b) {
    int order = memcmp(a.bytes, b.bytes, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static Text text_of(const char *word) {
    Text t = {(const u8 *)word, strlen(word)};
    return t;
}

/* A number of the list of names, or a text that is not on it; what it says either way. */
static Text key(Cbor *c) {
    if (peek(c) >> 5 == UNSIGNED) {
        u64 i = head(c, UNSIGNED);
        conf(c, i < N_NAMES, "a number that stands for no name");
        return text_of(NAMES[i]);
    }
    Text t = text(c);
    for (unsigned i = 0; i < N_NAMES; i++)
        conf(c, compare(t, text_of(NAMES[i])), "a name that must be a number");
    return t;
}

static Text name(Cbor *c, u64 longest, const char *marks) {
    Text t = key(c);
    need_in(c->f, t.size, 1, longest, "E_CONF", c->at, "length of a name");
    for (const u8 *b = t.bytes; b < t.bytes + t.size; b++)
        conf(c, in(*b, 'a', 'z') || in(*b, '0', '9') || (*b && strchr(marks, *b)),
             "a character that this name cannot have");
    return t;
}

static void value(Cbor *c, unsigned depth) {
    u8 first = peek(c), major = first >> 5;
    if (major == UNSIGNED || major == NEGATIVE) {
        conf(c, head(c, major) <= INT64_MAX, "an integer of more than 64 bits");
    } else if (major == TEXT) {
        text(c);
    } else if (major == ARRAY) {
        conf(c, depth < 8, "more than 8 containers deep");
        for (u64 n = head(c, ARRAY); n--;)
            value(c, depth + 1);
    } else if (first == 0xf4 || first == 0xf5) {
        c->at++;
    } else {
        number(c);
    }
}

static void plug(Cbor *c) {
    Text last = {NULL, 0};
    conf(c, head(c, ARRAY) == 2, "a plug is a name and a configuration");
    name(c, 32, "-");
    for (u64 n = head(c, MAP); n--;) {
        u64 start = c->at;
        key(c);
        Text encoded = {c->f->bytes + start, c->at - start}; /* the head of a text included */
        conf(c, !last.size || compare(last, encoded) < 0, "keys that do not increase");
        last = encoded;
        value(c, 1);
    }
}

static void shape(Cbor *c) {
    u64 ndim = head(c, ARRAY), numbers = 1;
    need_in(c->f, ndim, 0, 4, "E_CONF", c->at, "numbers of a shape");
    while (ndim--) {
        u64 size = head(c, UNSIGNED);
        need_in(c->f, size, 1, 1 << 24, "E_CONF", c->at, "a number of a shape");
        numbers *= size;
        need_in(c->f, numbers, 1, 1 << 28, "E_CONF", c->at, "product of a shape");
    }
}

static void tensors(Cbor *c) {
    Text names[MAX_TENSORS];
    u64 n = head(c, ARRAY);
    need_in(c->f, n, 0, MAX_TENSORS, "E_CONF", c->at, "number of tensors");
    for (u64 i = 0; i < n; i++) {
        conf(c, head(c, ARRAY) == 2, "a tensor is a name and a shape");
        names[i] = name(c, 64, "._-");
        for (u64 j = 0; j < i; j++)
            conf(c, compare(names[i], names[j]), "a name that occurs twice");
        shape(c);
    }
}

static void fill(Cbor *c, u32 channels) {
    need_in(c->f, head(c, ARRAY), channels, channels, "E_CONF", c->at, "length of fill");
    while (channels--)
        number(c);
}

static void values(Cbor *c) {
    conf(c, head(c, ARRAY) == 2, "values are lo and hi");
    double lo = number(c);
    conf(c, lo < number(c), "values that do not increase");
}

/* Sorted as they must be, the seven keys are the first seven numbers. */
static void top_key(Cbor *c, u64 expected) {
    conf(c, head(c, UNSIGNED) == expected, "a key that is missing, unknown or out of order");
}

static void check_conf(File *f, const Stream *s) {
    const Entry *e = s->conf;
    Cbor cbor = {f, e->offset, e->offset + e->length}, *c = &cbor;
    need_crc(f, e->crc, e->offset, e->length, "E_CHUNK_CRC");
    conf(c, head(c, MAP) == 7, "not a map of seven");
    top_key(c, FAMILY), plug(c);
    top_key(c, QUANTISER), plug(c);
    top_key(c, CODER), plug(c);
    top_key(c, LOCAL), tensors(c);
    top_key(c, GLOBAL), tensors(c);
    top_key(c, VALUES), values(c);
    top_key(c, FILL), fill(c, s->geometry.channels);
    conf(c, c->at == c->end, "bytes after the item");
}

/* ---- GRUP, steps 14 and 15 ---- */

typedef struct {
    const Entry *entry;
    u32 n_runs, n_local, global_len, global_crc;
    unsigned width, crc_width;
    const u8 *runs, *lengths, *crcs; /* to be read after LGI-D-05 */
} Group;

typedef struct {
    u32 id, length, crc;
    u64 offset;
    u32 run, in_run, index; /* of the next one */
} Partition;

static u64 lengths_size(const Group *g) {
    return g->width ? ((u64)g->n_local * g->width + 7) / 8 : 4;
}

static Group group_of(const File *f, const Entry *e) {
    const u8 *b = f->bytes + e->offset;
    Group g = {e,     u32_at(b), u32_at(b + 4), u32_at(b + 8), u32_at(b + 12),
               b[16], b[17],     NULL,          NULL,          NULL};
    return g;
}

static void find_tables(const File *f, Group *g) {
    g->runs = f->bytes + g->entry->offset + DIR_HEAD;
    g->lengths = g->runs + 8 * (u64)g->n_runs;
    g->crcs = g->lengths + lengths_size(g);
}

/* `width` bits from bit i * width on: at most 7 + 25, which lie in 4 bytes. */
static u32 length_of(const Group *g, u32 i) {
    if (!g->width)
        return u32_at(g->lengths);
    u64 bit = (u64)i * g->width;
    unsigned skipped = bit % 8;
    u64 bytes = little(g->lengths + bit / 8, (skipped + g->width + 7) / 8);
    return (u32)(bytes >> skipped & ((UINT64_C(1) << g->width) - 1));
}

static u32 start_of(const Group *g, u32 run) {
    return u32_at(g->runs + 8 * (u64)run);
}

static u32 count_of(const Group *g, u32 run) {
    return u32_at(g->runs + 8 * (u64)run + 4);
}

static unsigned smallest_width(bool equal, u32 longest) {
    unsigned width = 0;
    for (; !equal && longest; longest /= 2)
        width++;
    return width;
}

static void check_counts(File *f, const Group *g) {
    const Entry *e = g->entry;
    u64 reserved = little(f->bytes + e->offset + 18, 2);
    need_in(f, reserved, 0, 0, "E_RESERVED", e->offset + 18, "reserved");
    need_in(f, g->width, 0, 25, "E_WIDTH", e->offset + 16, "len_width");
    need(f, g->crc_width == 1 || g->crc_width == 2 || g->crc_width == 4, "E_WIDTH", e->offset + 17,
         "crc_width is not 1, 2 or 4");
    need_in(f, g->n_local, 1, MAX_PARTITIONS, "E_LIMIT", e->offset + 4, "n_local");
    need_in(f, g->n_runs, 1, g->n_local, "E_LIMIT", e->offset, "n_runs");
    u64 size = DIR_HEAD + 8 * (u64)g->n_runs + lengths_size(g) + g->crc_width * (u64)g->n_local;
    need_in(f, e->dir_len, size, size, "E_DIR", e->offset, "dir_len");
}

static void check_runs(File *f, const Group *g) {
    u64 end = 0, total = 0, at = g->entry->offset + DIR_HEAD;
    for (u32 i = 0; i < g->n_runs; i++, at += 8) {
        need_in(f, start_of(g, i), i ? end + 1 : 0, MAX_PARTITIONS - 1, "E_RUNS", at, "start");
        end = start_of(g, i);
        need_in(f, count_of(g, i), 1, MAX_PARTITIONS - end, "E_RUNS", at + 4, "count");
        end += count_of(g, i);
        total += count_of(g, i);
    }
    need_in(f, total, g->n_local, g->n_local, "E_RUNS", at, "sum of the counts");
}

/* The bits after the last length. */
static void check_filling(File *f, const Group *g) {
    unsigned used = (u64)g->n_local * g->width % 8;
    if (used)
        need_in(f, g->crcs[-1] >> used, 0, 0, "E_RESERVED", (u64)(g->crcs - f->bytes) - 1, "filling");
}

/* The sum of all lengths. */
static u64 check_lengths(File *f, const Group *g) {
    u64 sum = 0, at = g->entry->offset;
    u32 longest = 0, most = g->crc_width == 1 ? 1023 : g->crc_width == 2 ? 4095 : 1 << 24;
    bool equal = true;
    need_in(f, g->global_len, 0, 1 << 28, "E_LIMIT", at + 8, "global_len");
    for (u32 i = 0; i < g->n_local; i++) {
        u32 length = length_of(g, i);
        need_in(f, length, 1, most, "E_LIMIT", at + DIR_HEAD, "length of a local chunk");
        equal = equal && length == length_of(g, 0);
        longest = length > longest ? length : longest;
        sum += length;
    }
    unsigned width = smallest_width(equal, longest);
    need_in(f, g->width, width, width, "E_WIDTH", at + 16, "len_width");
    return sum;
}

static void check_group(File *f, const Geometry *geometry, const Entry *e) {
    Group g = group_of(f, e);
    need_crc(f, e->crc, e->offset, e->dir_len, "E_DIR_CRC");
    check_counts(f, &g);
    find_tables(f, &g);
    check_runs(f, &g);
    check_filling(f, &g);
    u64 size = check_lengths(f, &g) + e->dir_len + g.global_len;
    need_in(f, e->length, size, size, "E_SIZE", e->offset, "length");
    u64 last = (u64)start_of(&g, g.n_runs - 1) + count_of(&g, g.n_runs - 1) - 1;
    need_in(f, e->ordinal, 0, groups_of(geometry) - 1, "E_GRID", e->offset, "ordinal");
    need_in(f, last, 0, tiles_of(geometry) - 1, "E_GRID", e->offset + DIR_HEAD, "last id");
}

static Partition before_first(const Group *g) {
    Partition p = {0, 0, 0, g->entry->offset + g->entry->dir_len + g->global_len, 0, 0, 0};
    return p;
}

static bool next(const Group *g, Partition *p) {
    if (p->index == g->n_local)
        return false;
    p->offset += p->length;
    p->id = start_of(g, p->run) + p->in_run;
    p->length = length_of(g, p->index);
    p->crc = (u32)little(g->crcs + (u64)p->index++ * g->crc_width, g->crc_width);
    if (++p->in_run == count_of(g, p->run)) {
        p->in_run = 0;
        p->run++;
    }
    return true;
}

/* ---- the whole file ---- */

static void open_file(File *f) {
    u32 n = read_header(f);
    read_entries(f, n);
    place_payloads(f, n);
    check_order(f);
    for (Stream *s = f->streams; s < f->streams + f->n_streams; s++) {
        read_geometry(f, s);
        check_conf(f, s);
        for (const Entry *e = s->groups; e < s->end; e++)
            check_group(f, &s->geometry, e);
    }
}

static void verify_group(File *f, const Entry *e) {
    Group g = group_of(f, e);
    find_tables(f, &g);
    need_crc(f, g.global_crc, e->offset + e->dir_len, g.global_len, "E_CHUNK_CRC");
    for (Partition p = before_first(&g); next(&g, &p);) {
        u32 found = local_crc(g.crc_width, f->bytes + p.offset, p.length);
        need_in(f, found, p.crc, p.crc, "E_CHUNK_CRC", p.offset, "checksum");
    }
}

static void verify_file(File *f) {
    open_file(f);
    for (const Entry *e = f->streams[0].groups; e < f->ancillary; e++)
        verify_group(f, e);
    for (const Entry *e = f->ancillary; e < f->end; e++)
        need_crc(f, e->crc, e->offset, e->length, "E_CHUNK_CRC");
}

/* ---- list ---- */

static void list_group(const File *f, const Entry *e) {
    Group g = group_of(f, e);
    find_tables(f, &g);
    printf("  group %u global %u\n", e->ordinal, g.global_len);
    for (Partition p = before_first(&g); next(&g, &p);)
        printf("    partition %u %u\n", p.id, p.length);
}

static void list_stream(const File *f, const Stream *s) {
    const Geometry *g = &s->geometry;
    printf("stream %u %s channels %u %s rate %u/%u\n", s->geom->stream, g->kind->name, g->channels,
           SAMPLE_TYPES[g->sample_type - 1], g->rate_num, g->rate_den);
    for (unsigned i = 0; i < g->kind->ndim; i++) {
        const Axis *a = &g->axis[i];
        printf("  axis %c frame %llu window %lld:%lld grid %lld tile %u tiles %u groups %u\n",
               g->kind->axes[i], (ull)a->frame_len, (ll)a->window.lo, (ll)a->window.hi,
               (ll)a->grid_lo, a->tile_len, a->tiles, a->groups);
    }
    for (const Entry *e = s->groups; e < s->end; e++)
        list_group(f, e);
}

static void list_file(const File *f) {
    for (const Stream *s = f->streams; s < f->streams + f->n_streams; s++)
        list_stream(f, s);
    for (const Entry *e = f->ancillary; e < f->end; e++)
        printf("ancillary %.4s %llu\n", (const char *)e->type, (ull)e->length);
}

/* ---- crop, section 10 ---- */

typedef struct {
    u8 *bytes;
    u64 size, room;
} Buffer;

typedef struct {
    Buffer rows, payloads;
} Section;

static u8 *reserve(Buffer *b, u64 size) {
    if (b->room - b->size < size) {
        b->room = 2 * b->room + size + 64;
        b->bytes = b->room <= SIZE_MAX ? realloc(b->bytes, (size_t)b->room) : NULL;
        if (!b->bytes)
            die(NO_OUTPUT, "crop", "out of memory");
    }
    b->size += size;
    return b->bytes + b->size - size;
}

static void put(Buffer *b, const void *bytes, u64 size) {
    if (size)
        memcpy(reserve(b, size), bytes, (size_t)size);
}

static void set_little(u8 *bytes, u64 value, unsigned width) {
    for (; width--; value >>= 8)
        *bytes++ = value & 255;
}

static void put_little(Buffer *b, u64 value, unsigned width) {
    set_little(reserve(b, width), value, width);
}

static void put_row(Section *s, const Entry *e, u32 stream, u32 dir_len, u64 length, u32 crc) {
    put(&s->rows, e->type, 4);
    put_little(&s->rows, stream, 4);
    put_little(&s->rows, e->ordinal, 4);
    put_little(&s->rows, dir_len, 4);
    put_little(&s->rows, length, 8);
    put_little(&s->rows, crc, 4);
}

static void put_copy(Section *s, const File *f, const Entry *e, u32 stream) {
    put(&s->payloads, f->bytes + e->offset, e->length);
    put_row(s, e, stream, 0, e->length, e->crc);
}

static Range cut(Range a, Range b) {
    Range both = {a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
    return both;
}

static bool touches(const Geometry *g, u32 ordinal, u32 id, const Range *window) {
    for (unsigned i = g->kind->ndim; i--;) {
        const Axis *a = &g->axis[g->kind->order[i]];
        i64 tile = (i64)(ordinal % a->groups) * a->tiles + id % a->tiles;
        i64 lo = a->grid_lo + tile * a->tile_len;
        Range samples = {lo, lo + a->tile_len}, shared = cut(samples, window[g->kind->order[i]]);
        if (shared.lo >= shared.hi)
            return false;
        ordinal /= a->groups;
        id /= a->tiles;
    }
    return true;
}

static bool next_kept(const Group *g, Partition *p, const Geometry *geometry, const Range *window) {
    while (next(g, p))
        if (touches(geometry, g->entry->ordinal, p->id, window))
            return true;
    return false;
}

static void put_lengths(Buffer *b, const Group *g, const Geometry *geometry, const Range *window,
                        unsigned width) {
    Partition p = before_first(g);
    u64 left = 0; /* bits that are not yet a byte */
    unsigned bits = 0;
    while (next_kept(g, &p, geometry, window)) {
        left |= (u64)p.length << bits;
        for (bits += width; bits >= 8; bits -= 8, left >>= 8)
            put_little(b, left & 255, 1);
    }
    if (bits)
        put_little(b, left, 1);
}

/* The directory but for its head: runs, lengths, checksums. Says what goes into the head. */
static Group put_tables(Buffer *b, const Group *g, const Geometry *geometry, const Range *window) {
    Group kept = *g;
    Partition p;
    u64 end = 0;
    u32 longest = 0;
    bool equal = true;
    kept.n_runs = kept.n_local = 0;
    for (p = before_first(g); next_kept(g, &p, geometry, window); kept.n_local++) {
        if (!kept.n_local || p.id != end) {
            put_little(b, p.id, 4);
            put_little(b, 0, 4);
            kept.n_runs++;
        }
        u8 *count = b->bytes + b->size - 4;
        set_little(count, u32_at(count) + UINT64_C(1), 4);
        end = p.id + UINT64_C(1);
        equal = equal && (!kept.n_local || p.length == longest);
        longest = p.length > longest ? p.length : longest;
    }
    kept.width = smallest_width(equal, longest);
    if (kept.width)
        put_lengths(b, g, geometry, window, kept.width);
    else
        put_little(b, longest, 4);
    for (p = before_first(g); next_kept(g, &p, geometry, window);)
        put_little(b, p.crc, kept.crc_width);
    return kept;
}

static void put_group(Section *s, const File *f, const Group *g, const Geometry *geometry,
                      const Range *window, u32 stream) {
    Buffer *b = &s->payloads;
    u64 start = b->size;
    reserve(b, DIR_HEAD);
    Group kept = put_tables(b, g, geometry, window);
    u8 *directory = b->bytes + start;
    u64 dir_len = b->size - start;
    set_little(directory, kept.n_runs, 4);
    set_little(directory + 4, kept.n_local, 4);
    set_little(directory + 8, kept.global_len, 4);
    set_little(directory + 12, kept.global_crc, 4);
    set_little(directory + 16, kept.width, 1);
    set_little(directory + 17, kept.crc_width, 1);
    set_little(directory + 18, 0, 2);
    u32 crc = crc32c(directory, dir_len);
    put(b, f->bytes + g->entry->offset + g->entry->dir_len, g->global_len);
    for (Partition p = before_first(g); next_kept(g, &p, geometry, window);)
        put(b, f->bytes + p.offset, p.length);
    put_row(s, g->entry, stream, (u32)dir_len, b->size - start, crc);
}

static void put_number(Buffer *b, u64 value) {
    for (; value > 127; value >>= 7)
        put_little(b, (value & 127) | 128, 1);
    put_little(b, value, 1);
}

static void put_axis(Buffer *b, const Axis *a, Range window) {
    put_number(b, a->frame_len);
    put_number(b, (u64)(window.lo - a->grid_lo));
    put_number(b, (u64)(window.hi - window.lo));
    put_number(b, a->grid_lo < 0 ? (u64)(-2 * a->grid_lo - 1) : (u64)(2 * a->grid_lo));
    put_number(b, a->tile_len);
    put_number(b, a->tiles);
    put_number(b, a->groups);
}

static void put_geometry(Section *s, const File *f, const Stream *stream, const Range *window,
                         u32 number) {
    const Geometry *g = &stream->geometry;
    Buffer *b = &s->payloads;
    u64 start = b->size;
    put(b, f->bytes + stream->geom->offset, GEOM_HEAD);
    if (*g->kind->axes == 't') {
        put_number(b, g->rate_num);
        put_number(b, g->rate_den);
    }
    for (unsigned i = 0; i < g->kind->ndim; i++)
        put_axis(b, &g->axis[i], window[i]);
    u64 length = b->size - start;
    put_row(s, stream->geom, number, 0, length, crc32c(b->bytes + start, length));
}

/* |position| * num / den to the nearest whole, halves away from 0 or towards it; FAR if beyond. */
static i64 nearest(u64 size, u64 num, u64 den, bool away) {
    u64 whole = 0, rest = 0; /* of the bits so far: whole + rest / den */
    for (int bit = 62; bit--;) {
        u64 more = size >> bit & 1 ? num : 0;
        bool carry = rest >= den - rest;
        rest = carry ? rest - (den - rest) : 2 * rest;
        whole = 2 * whole + carry + (more / den < FAR ? more / den : FAR);
        carry = rest >= den - more % den;
        rest = carry ? rest - (den - more % den) : rest + more % den;
        whole += carry;
        if (whole >= FAR)
            return FAR;
    }
    return (i64)whole + (away ? rest >= den - rest : rest > den - rest);
}

/* The nearest position of another stream at the same time, halves upward. */
static i64 at_same_time(i64 position, const Geometry *from, const Geometry *to) {
    u64 num = (u64)to->rate_num * from->rate_den, den = (u64)to->rate_den * from->rate_num;
    if (position <= -FAR || position >= FAR)
        return position;
    return position < 0 ? -nearest((u64)-position, num, den, false)
                        : nearest((u64)position, num, den, true);
}

/* The new window of a stream; `selection` speaks of stream 0. */
static void find_window(const File *f, const Stream *s, const Range *selection, Range *window) {
    const Geometry *first = &f->streams[0].geometry, *g = &s->geometry;
    for (unsigned i = 0; i < g->kind->ndim; i++)
        window[i] = g == first ? cut(g->axis[i].window, selection[i]) : g->axis[i].window;
    if (g != first && *first->kind->axes == 't' && *g->kind->axes == 't') {
        Range time = selection[0], shown = first->axis[0].window;
        Range clock = {time.lo > shown.lo ? at_same_time(time.lo, first, g) : -FAR,
                       time.hi < shown.hi ? at_same_time(time.hi, first, g) : FAR};
        window[0] = cut(window[0], clock);
    }
}

static bool crop_groups(Section *section, const File *f, const Stream *s, const Range *window,
                        u32 number) {
    bool any = false;
    for (const Entry *e = s->groups; e < s->end; e++) {
        Group g = group_of(f, e);
        find_tables(f, &g);
        Partition p = before_first(&g);
        if (next_kept(&g, &p, &s->geometry, window)) {
            put_group(section, f, &g, &s->geometry, window, number);
            any = true;
        }
    }
    return any;
}

static void crop_streams(const File *f, const Range *selection, Section *heads, Section *tail) {
    u32 number = 0;
    for (const Stream *s = f->streams; s < f->streams + f->n_streams; s++) {
        Range window[MAX_AXES];
        find_window(f, s, selection, window);
        if (crop_groups(tail, f, s, window, number)) {
            put_geometry(heads, f, s, window, number);
            put_copy(heads, f, s->conf, number++);
        }
        if (!number)
            die(USAGE, "crop", "nothing of stream 0 is left");
    }
}

static void put_header(Buffer *b, u8 minor, const Buffer *rows, u64 payloads) {
    put(b, MAGIC, sizeof MAGIC);
    put_little(b, 1, 1);
    put_little(b, minor, 1);
    put_little(b, 0, 2);
    put_little(b, rows->size / ROW, 4);
    put_little(b, HEADER + rows->size + payloads, 8);
    put_little(b, crc32c(rows->bytes, rows->size), 4);
    put_little(b, crc32c(b->bytes, b->size), 4);
}

static Buffer cropped(const File *f, const Range *selection) {
    Section heads, tail;
    Buffer out = {NULL, 0, 0};
    memset(&heads, 0, sizeof heads);
    memset(&tail, 0, sizeof tail);
    crop_streams(f, selection, &heads, &tail);
    for (const Entry *e = f->ancillary; e < f->end; e++)
        if (e->type[3] >= 'a')
            put_copy(&tail, f, e, 0);
    put(&heads.rows, tail.rows.bytes, tail.rows.size);
    put_header(&out, f->bytes[9], &heads.rows, heads.payloads.size + tail.payloads.size);
    put(&out, heads.rows.bytes, heads.rows.size);
    put(&out, heads.payloads.bytes, heads.payloads.size);
    put(&out, tail.payloads.bytes, tail.payloads.size);
    free(heads.rows.bytes);
    free(heads.payloads.bytes);
    free(tail.rows.bytes);
    free(tail.payloads.bytes);
    return out;
}

/* ---- input and output ---- */

/* At most `limit` bytes, in a block of just that size; what is not there is not allocated. */
static void read_bytes(File *f, FILE *in, u64 limit) {
    Buffer b = {NULL, 0, 0};
    for (u64 asked = 0, got = 0; got == asked && b.size < limit;) {
        asked = limit - b.size < 65536 ? limit - b.size : 65536;
        got = fread(reserve(&b, asked), 1, (size_t)asked, in);
        b.size -= asked - got;
    }
    memset(f, 0, sizeof *f);
    f->size = b.size;
    f->bytes = realloc(b.bytes, b.size ? (size_t)b.size : 1);
    if (!f->bytes)
        die(NO_INPUT, "input", "out of memory");
}

static void read_path(File *f, const char *path) {
    FILE *in = fopen(path, "rb");
    if (!in)
        die(NO_INPUT, path, strerror(errno));
    read_bytes(f, in, UINT64_MAX);
    if (ferror(in))
        die(NO_INPUT, path, strerror(errno));
    fclose(in);
}

/* Under another name first: `path` is never half a file. */
static void write_path(const char *path, const Buffer *b) {
    char *temporary = malloc(strlen(path) + sizeof ".tmp");
    if (!temporary)
        die(NO_OUTPUT, path, "out of memory");
    strcat(strcpy(temporary, path), ".tmp");
    FILE *out = fopen(temporary, "wb");
    bool good = out && fwrite(b->bytes, 1, (size_t)b->size, out) == b->size;
    good = out && !fclose(out) && good && !rename(temporary, path);
    if (!good) {
        const char *reason = strerror(errno);
        remove(temporary);
        die(NO_OUTPUT, path, reason);
    }
    free(temporary);
}

static void release(File *f) {
    free(f->entries);
    free(f->bytes);
}

/* ---- commands ---- */

/* False, and the verdict printed, if the file breaks the specification. */
static bool passes(File *f, void (*checks)(File *)) {
    if (setjmp(f->broken)) {
        printf("%s %llu %s\n", f->code, (ull)f->offset, f->message);
        return false;
    }
    checks(f);
    return true;
}

static int verify(File *f) {
    bool good = passes(f, verify_file);
    if (good)
        puts("ok");
    return good ? DONE : BAD_FILE;
}

static int list(File *f) {
    if (!passes(f, open_file))
        return BAD_FILE;
    list_file(f);
    return DONE;
}

static i64 position(char *argument, char *digits, char stop, char **end) {
    errno = 0;
    i64 value = strtoll(digits, end, 10);
    if (*end == digits || **end != stop || errno || value <= -FAR || value >= FAR)
        die(USAGE, argument, "not AXIS=LO:HI");
    return value;
}

static void parse_range(const Kind *kind, char *argument, Range *selection) {
    const char *axis = *argument ? strchr(kind->axes, *argument) : NULL;
    if (!axis || argument[1] != '=')
        die(USAGE, argument, "not AXIS=LO:HI");
    Range *range = &selection[axis - kind->axes];
    char *end;
    range->lo = position(argument, argument + 2, ':', &end);
    range->hi = position(argument, end + 1, '\0', &end);
}

static int crop(File *f, const char *path, int n, char **arguments) {
    Range selection[MAX_AXES] = {{-FAR, FAR}, {-FAR, FAR}, {-FAR, FAR}};
    if (!passes(f, open_file))
        return BAD_FILE;
    for (int i = 0; i < n; i++)
        parse_range(f->streams[0].geometry.kind, arguments[i], selection);
    Buffer out = cropped(f, selection);
    write_path(path, &out);
    free(out.bytes);
    return DONE;
}

static int batch(void) {
    u8 length[4];
    while (fread(length, 1, sizeof length, stdin) == sizeof length) {
        File f;
        read_bytes(&f, stdin, u32_at(length));
        if (f.size < u32_at(length))
            die(NO_INPUT, "batch", "the input ends within a file");
        verify(&f);
        release(&f);
    }
    return DONE;
}

static int usage(void) {
    fputs("lgi-reader verify FILE    ok, or the error code, its offset and a message\n"
          "lgi-reader list FILE      streams, axes, groups, bytes of each partition\n"
          "lgi-reader crop FILE OUT [AXIS=LO:HI]...    samples of stream 0, half-open\n"
          "lgi-reader batch          a verdict for each file on standard input, each after its\n"
          "                          length as u32\n",
          stderr);
    return USAGE;
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (!strcmp(command, "batch") && argc == 2)
        return batch();
    bool is_verify = !strcmp(command, "verify") && argc == 3;
    bool is_list = !strcmp(command, "list") && argc == 3;
    if (!is_verify && !is_list && (strcmp(command, "crop") || argc < 4))
        return usage();
    File f;
    read_path(&f, argv[2]);
    int status = is_verify ? verify(&f)
                 : is_list ? list(&f)
                           : crop(&f, argv[3], argc - 4, argv + 4);
    release(&f);
    return status;
}
