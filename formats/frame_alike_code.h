/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_ALIKE_CODE_H
#define XSW_FRAME_ALIKE_CODE_H

/*
 * Sequences of a zstd block as bits (RFC 8878, 3.1.1.3.2), with the predefined tables. Private to
 * frame_alike.c.
 *
 * Threads: one at a time; a table is constant once it is made.
 */

#include <stddef.h>
#include <stdint.h>

enum { SEQUENCE_MATCH_MIN = 3, SEQUENCE_TABLE_MAX = 64, SEQUENCE_SYMBOLS_MAX = 53 };

/* Literals, and then a match: `offset` is Offset_Value, 1 to 3 for one that was used before. */
struct sequence {
    uint32_t literals, match, offset;
};

/* What encodes one symbol, from state to state. */
struct symbol_step {
    uint32_t bits; /* 65536 times how many bits it takes, so that the state's own share carries */
    int32_t find;
};

struct symbol_table {
    unsigned log;
    uint16_t states[SEQUENCE_TABLE_MAX];
    struct symbol_step steps[SEQUENCE_SYMBOLS_MAX];
};

struct sequence_tables {
    struct symbol_table literals, match, offset;
};

void sequence_tables_make(struct sequence_tables *tables);
/* The section of sequences, head and bits; there must be room for sequences_bound() bytes. Returns
 * its length. */
size_t sequences_bound(size_t count);
size_t sequences_write(const struct sequence_tables *tables, const struct sequence *sequences,
                       size_t count, uint8_t *to);

#endif
