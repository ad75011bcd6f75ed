/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_REASONS_H
#define XSW_SWITCH_REASONS_H

/* The table of drop reasons: the switch's own, then those that extensions declared. Ids are stable
 * for the life of the switch and named in every file. Control thread. */

#include <stddef.h>

#include <xsw/extension.h>

#include "switch/switch.h"

enum {
    REASON_NONE = 0,
#define DROP_REASON(id, symbol, name, sentence) REASON_##symbol = (id),
#include "switch/path/drop_reasons.def"
#undef DROP_REASON
    REASON_REPLACED = 63, /* no drop and not in the table: a clone goes on in its place */
    REASON_EXTENSIONS_FIRST = 64
};

struct reasons {
    struct reason_info entries[REASONS_MAX]; /* by id; an empty name: unused */
    uint16_t next;                           /* the next free id for extensions */
};

void reasons_init(struct reasons *reasons);

/* Gives the table of ids for an extension's reasons: ids[i] stands for declared[i]. An extension
 * that declares the same name again, after a reload, gets the id that it had. */
enum xsw_status reasons_declare(struct reasons *reasons, const char *owner,
                                const struct xsw_reason_info *declared, size_t count, uint16_t *ids,
                                struct xsw_error *error) XSW_MUST_CHECK;

#endif
