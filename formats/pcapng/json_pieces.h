/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_JSON_PIECES_H
#define XSW_JSON_PIECES_H

/*
 * JSON texts are longer than an option may be, so they are cut to pieces on writing and joined on
 * reading (layout: formats/pcapng/stage_meta.h). Used by the reader and the writer of pcapng.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/stage_meta.h"

enum {
    /* enterprise number, magic, kind, last_chunk, chunk_index */
    JSON_PIECE_HEAD_SIZE = 12,
    /* of text in one option: below the option's 65,535 bytes and a multiple of four */
    JSON_PIECE_MAX = 65520 - JSON_PIECE_HEAD_SIZE
};

/* Fills the head of a piece: JSON_PIECE_HEAD_SIZE bytes. */
void json_piece_head(uint8_t *head, enum meta_kind kind, uint16_t index, bool is_last);

struct json_joiner {
    struct text text;
    enum meta_kind kind; /* pieces of other kinds are stepped over */
    uint32_t pieces;
    bool complete;
    const char *problem;
};

/* Begins a block; keeps the memory of the text before it. */
void json_joiner_begin(struct json_joiner *joiner, enum meta_kind kind);
/* `data`: of a custom option that has our number and magic. */
void json_joiner_add(struct json_joiner *joiner, const uint8_t *data, size_t length);
/* Valid until the next json_joiner_begin. */
struct pcapng_json json_joiner_end(struct json_joiner *joiner);
void json_joiner_fini(struct json_joiner *joiner);

#endif
