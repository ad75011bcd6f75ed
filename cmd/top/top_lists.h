/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_LISTS_H
#define XSW_CMD_TOP_LISTS_H

/*
 * From the daemon's replies to the model: counters, ports, extensions, addresses, sessions. What is
 * different from the reply before becomes an event, unless there was none before.
 *
 * Threads: one.
 */

#include <jansson.h>

#include "cmd/top/top_rings.h"
#include "tui/model.h"

struct top_news {
    bool has_ports, has_extensions, has_sessions; /* there was a reply before */
    int64_t kernel_losses[MODEL_PORTS_MAX];       /* by port id, as its kind counts them */
};

/* The reply of "stats". */
void top_stats_read(struct model *model, struct model_sample *sample, const json_t *stats);
void top_ports_read(struct model *model, struct top_news *news, const json_t *ports);
void top_extensions_read(struct model *model, struct top_news *news, const json_t *extensions);
void top_macs_read(struct model *model, const json_t *reply);
void top_sessions_read(struct model *model, struct top_news *news, const struct top_rings *rings,
                       const json_t *sessions);
/* What two samples, one after the other, tell: drops that begin, generations, addresses that move,
 * evidence that is lost. */
void top_samples_compare(struct model *model);

#endif
