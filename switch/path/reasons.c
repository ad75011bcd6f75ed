/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/reasons.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const struct {
    uint16_t id;
    const char *name;
    const char *sentence;
} own_reasons[] = {
#define DROP_REASON(id, symbol, name, sentence) {id, name, sentence},
#include "switch/path/drop_reasons.def"
#undef DROP_REASON
};

static void set(struct reasons *reasons, uint16_t id, const char *owner, const char *name,
                const char *sentence)
{
    struct reason_info *entry = &reasons->entries[id];
    entry->id = id;
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    snprintf(entry->sentence, sizeof(entry->sentence), "%s", sentence);
    snprintf(entry->owner, sizeof(entry->owner), "%s", owner);
}

void reasons_init(struct reasons *reasons)
{
    memset(reasons, 0, sizeof(*reasons));
    for (size_t i = 0; i < sizeof(own_reasons) / sizeof(own_reasons[0]); i++) {
        set(reasons, own_reasons[i].id, "xsw", own_reasons[i].name, own_reasons[i].sentence);
    }
    reasons->next = REASON_EXTENSIONS_FIRST;
}

static uint16_t find(const struct reasons *reasons, const char *owner, const char *name)
{
    for (uint16_t id = REASON_EXTENSIONS_FIRST; id < reasons->next; id++) {
        const struct reason_info *entry = &reasons->entries[id];
        if (strcmp(entry->owner, owner) == 0 && strcmp(entry->name, name) == 0) {
            return id;
        }
    }
    return REASON_NONE;
}

enum xsw_status reasons_declare(struct reasons *reasons, const char *owner,
                                const struct xsw_reason_info *declared, size_t count, uint16_t *ids,
                                struct xsw_error *error)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t id = find(reasons, owner, declared[i].name);
        if (id == REASON_NONE) {
            if (reasons->next >= REASONS_MAX) {
                return error_set(
                    error, XSW_LIMIT,
                    "extension %s: no room for its drop reason \"%s\": a switch has at "
                    "most %d from extensions",
                    owner, declared[i].name, REASONS_MAX - REASON_EXTENSIONS_FIRST);
            }
            id = reasons->next++;
            set(reasons, id, owner, declared[i].name, declared[i].sentence);
        }
        ids[i] = id;
    }
    return XSW_OK;
}
