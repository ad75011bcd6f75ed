/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTCAP_BLOCK_H
#define XSW_CMD_EXTCAP_BLOCK_H

/* Blocks of a recording, looked into as far as choosing among them needs. For
 * cmd/extcap/extcap_select.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "formats/pcapng/stage_meta.h"

struct extcap_bytes {
    uint8_t *data; /* from malloc */
    size_t length, size;
};

enum xsw_status extcap_bytes_add(struct extcap_bytes *bytes, const void *data, size_t length,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Takes the first `length` bytes away. */
void extcap_bytes_drop(struct extcap_bytes *bytes, size_t length);

/* The text of this kind in the options from `place` to `end`, to be freed by the caller; null when
 * there is none, or it is no JSON. */
json_t *extcap_json_find(const uint8_t *place, const uint8_t *end, uint8_t kind);

/* A packet block; pointers into it. */
struct extcap_record {
    const uint8_t *block, *options, *options_end;
    uint32_t interface;
    uint64_t id, lost;
    bool has_meta;
    struct meta_fixed meta;
};

/* `length` is that of the block, and the block is there as a whole. */
enum xsw_status extcap_record_read(const uint8_t *block, uint32_t length,
                                   struct extcap_record *record,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Appends the record without our metadata, and with `lost` as its dropcount, 0 for none. */
enum xsw_status extcap_record_add_plain(struct extcap_bytes *to, const struct extcap_record *record,
                                        uint64_t lost, struct xsw_error *error) XSW_MUST_CHECK;
/* Appends a block whose options begin behind `fixed` bytes, without our options. */
enum xsw_status extcap_block_add_plain(struct extcap_bytes *to, const uint8_t *block,
                                       uint32_t length, size_t fixed,
                                       struct xsw_error *error) XSW_MUST_CHECK;

#endif
