/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/frame_alike_code.h"

#include <string.h>

#include "formats/byte_order.h"

enum {
    LITERALS_SYMBOLS = 36,
    MATCH_SYMBOLS = 53,
    OFFSET_SYMBOLS = 29,
    LITERALS_DIRECT = 16,      /* lengths below are their own symbols */
    LITERALS_BY_BITS = 64,     /* from here on a symbol a power of two */
    LITERALS_BITS_SYMBOL = 19, /* of the power 2^0 that would be */
    MATCH_DIRECT = 32,
    MATCH_BY_BITS = 128,
    MATCH_BITS_SYMBOL = 36,
    HEAD_SIZE_MAX = 4
};

/* Tables ------------------------------------------------------------------------------------- */

/* RFC 8878, 3.1.1.3.2.2: shares of 64, 64 and 32 states; -1: less than one. */
static const int8_t literals_shares[LITERALS_SYMBOLS] = {4, 3, 2, 2, 2, 2, 2, 2, 2,  2,  2,  2,
                                                         2, 1, 1, 1, 2, 2, 2, 2, 2,  2,  2,  2,
                                                         2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
static const int8_t match_shares[MATCH_SYMBOLS] = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
static const int8_t offset_shares[OFFSET_SYMBOLS] = {
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

/* Lengths of which several have one symbol and bits of their own (3.1.1.3.2.1.1). */
static const uint8_t literals_symbols[LITERALS_BY_BITS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 16, 17, 17, 18, 18,
    19, 19, 20, 20, 20, 20, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 22, 23, 23, 23, 23,
    23, 23, 23, 23, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24};
static const uint8_t literals_bits[LITERALS_SYMBOLS] = {0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,
                                                        0, 0, 0, 0, 1, 1,  1,  1,  2,  2,  3,  3,
                                                        4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t match_symbols[MATCH_BY_BITS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35, 36, 36, 36, 36,
    37, 37, 37, 37, 38, 38, 38, 38, 38, 38, 38, 38, 39, 39, 39, 39, 39, 39, 39, 39, 40, 40,
    40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 41, 41, 41, 41, 41, 41, 41, 41,
    41, 41, 41, 41, 41, 41, 41, 41, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42,
    42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42};
static const uint8_t match_bits[MATCH_SYMBOLS] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0, 0,
    0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* The highest bit that is set, from 0. */
static inline unsigned highest_bit(uint32_t value)
{
    return 31U - (unsigned)__builtin_clz(value);
}

/* Which symbol each state stands for (4.1.1): those that are rare at the end, the others spread. */
static void states_spread(const int8_t *shares, unsigned count, unsigned log, uint8_t *symbols)
{
    unsigned size = 1U << log;
    unsigned step = (size >> 1) + (size >> 3) + 3;
    unsigned high = size - 1;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        if (shares[symbol] == -1) {
            symbols[high--] = (uint8_t)symbol;
        }
    }
    unsigned at = 0;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        for (int i = 0; i < shares[symbol]; i++) {
            symbols[at] = (uint8_t)symbol;
            do {
                at = (at + step) & (size - 1);
            } while (at > high);
        }
    }
}

static void table_make(struct symbol_table *table, const int8_t *shares, unsigned count,
                       unsigned log)
{
    unsigned size = 1U << log;
    uint8_t symbols[SEQUENCE_TABLE_MAX];
    unsigned next[SEQUENCE_SYMBOLS_MAX];
    unsigned total = 0;
    states_spread(shares, count, log, symbols);
    table->log = log;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        unsigned share = shares[symbol] == -1 ? 1 : (unsigned)shares[symbol];
        unsigned most = share == 1 ? log : log - highest_bit(share - 1);
        table->steps[symbol] = (struct symbol_step){.bits = (most << 16) - (share << most),
                                                    .find = (int32_t)total - (int32_t)share};
        next[symbol] = total;
        total += share;
    }
    for (unsigned state = 0; state < size; state++) {
        table->states[next[symbols[state]]++] = (uint16_t)(size + state);
    }
}

void sequence_tables_make(struct sequence_tables *tables)
{
    table_make(&tables->literals, literals_shares, LITERALS_SYMBOLS, 6);
    table_make(&tables->match, match_shares, MATCH_SYMBOLS, 6);
    table_make(&tables->offset, offset_shares, OFFSET_SYMBOLS, 5);
}

/* Bits --------------------------------------------------------------------------------------- */

struct bit_writer {
    uint8_t *at;
    uint64_t bits;
    unsigned count;
};

static inline void bits_add(struct bit_writer *writer, uint64_t value, unsigned count)
{
    writer->bits |= (value & ((UINT64_C(1) << count) - 1)) << writer->count;
    writer->count += count;
}

/* There is room for at least 56 bits then. Writes over 8 bytes. */
static inline void bits_flush(struct bit_writer *writer)
{
    put_le64(writer->at, writer->bits);
    writer->at += writer->count / 8;
    writer->bits >>= writer->count & ~7U;
    writer->count &= 7;
}

static inline uint32_t state_first(const struct symbol_table *table, unsigned symbol)
{
    const struct symbol_step *step = &table->steps[symbol];
    uint32_t bits = (step->bits + (1U << 15)) >> 16;
    uint32_t value = (bits << 16) - step->bits;
    return table->states[(int32_t)(value >> bits) + step->find];
}

static inline uint32_t state_next(const struct symbol_table *table, uint32_t state, unsigned symbol,
                                  struct bit_writer *writer)
{
    const struct symbol_step *step = &table->steps[symbol];
    uint32_t bits = (state + step->bits) >> 16;
    bits_add(writer, state, bits);
    return table->states[(int32_t)(state >> bits) + step->find];
}

/* Sequences ---------------------------------------------------------------------------------- */

/* The symbols of a sequence; what is beyond them are bits of its numbers. */
struct symbols {
    unsigned literals, match, offset;
    uint32_t match_rest; /* the length less the shortest */
};

static inline struct symbols symbols_of(const struct sequence *sequence)
{
    uint32_t literals = sequence->literals;
    uint32_t rest = sequence->match - SEQUENCE_MATCH_MIN;
    return (struct symbols){
        .literals = literals < LITERALS_BY_BITS ? literals_symbols[literals]
                                                : highest_bit(literals) + LITERALS_BITS_SYMBOL,
        .match = rest < MATCH_BY_BITS ? match_symbols[rest] : highest_bit(rest) + MATCH_BITS_SYMBOL,
        .offset = highest_bit(sequence->offset),
        .match_rest = rest};
}

static inline void rest_add(struct bit_writer *writer, const struct sequence *sequence,
                            const struct symbols *symbols)
{
    bits_add(writer, sequence->literals, literals_bits[symbols->literals]);
    bits_flush(writer);
    bits_add(writer, symbols->match_rest, match_bits[symbols->match]);
    bits_add(writer, sequence->offset, symbols->offset);
    bits_flush(writer);
}

static uint8_t *head_write(size_t count, uint8_t *to)
{
    enum { TWO_BYTES_FROM = 128, THREE_BYTES_FROM = 0x7f00, ALL_PREDEFINED = 0 };
    if (count < TWO_BYTES_FROM) {
        *to++ = (uint8_t)count;
    } else if (count < THREE_BYTES_FROM) {
        *to++ = (uint8_t)((count >> 8) + 128);
        *to++ = (uint8_t)count;
    } else {
        *to++ = 255;
        put_le16(to, (uint16_t)(count - THREE_BYTES_FROM));
        to += 2;
    }
    if (count > 0) {
        *to++ = ALL_PREDEFINED;
    }
    return to;
}

size_t sequences_bound(size_t count)
{
    enum { BYTES_A_SEQUENCE = 9, SLACK = 16 };
    return HEAD_SIZE_MAX + count * BYTES_A_SEQUENCE + SLACK;
}

/* They are read from the end, so the last one is written first. */
size_t sequences_write(const struct sequence_tables *tables, const struct sequence *sequences,
                       size_t count, uint8_t *to)
{
    uint8_t *begin = to;
    struct bit_writer writer = {.at = head_write(count, to)};
    if (count == 0) {
        return (size_t)(writer.at - begin);
    }
    struct symbols symbols = symbols_of(&sequences[count - 1]);
    uint32_t literals = state_first(&tables->literals, symbols.literals);
    uint32_t match = state_first(&tables->match, symbols.match);
    uint32_t offset = state_first(&tables->offset, symbols.offset);
    rest_add(&writer, &sequences[count - 1], &symbols);
    for (size_t i = count - 1; i-- > 0;) {
        symbols = symbols_of(&sequences[i]);
        offset = state_next(&tables->offset, offset, symbols.offset, &writer);
        match = state_next(&tables->match, match, symbols.match, &writer);
        literals = state_next(&tables->literals, literals, symbols.literals, &writer);
        rest_add(&writer, &sequences[i], &symbols);
    }
    bits_add(&writer, match, tables->match.log);
    bits_add(&writer, offset, tables->offset.log);
    bits_add(&writer, literals, tables->literals.log);
    bits_add(&writer, 1, 1); /* where the bits begin, to who reads from the end */
    bits_flush(&writer);
    return (size_t)(writer.at - begin) + (writer.count > 0);
}
