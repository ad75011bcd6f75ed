/* SPDX-License-Identifier: Apache-2.0 */
/* See where.h. What a packet tells is in facts.c. */
#include "capture/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/facts.h"
#include "formats/filter/journey_filter.h"
#include "switch/switch.h"

struct where {
    struct where *older; /* that a worker may still use; owned */
    struct journey_filter *filter;
    char *text;
    bool is_bounded;
    bool asks_ports; /* it names one */
    uint32_t worker_count;
    struct facts_frame **frames; /* by worker; null when the expression looks at no bytes */
};

/* Names -------------------------------------------------------------------------------------- */

struct live_names {
    struct stage_info stages[STAGES_MAX];
    struct reason_info reasons[REASONS_MAX];
    struct port_name ports[XSW_PORTS_MAX];
    size_t stage_count, reason_count, port_count;
    bool *asks_ports; /* set when a port's name was looked for */
};

static size_t at_most(size_t count, size_t maximum)
{
    return count < maximum ? count : maximum;
}

static const char *extension_at(const struct live_names *names, size_t index, uint32_t *value)
{
    for (size_t i = 0; i < names->stage_count; i++) {
        if (names->stages[i].extension[0] != '\0' && index-- == 0) {
            *value = names->stages[i].id;
            return names->stages[i].extension;
        }
    }
    return NULL;
}

static const char *live_name_at(const void *context, enum journey_name kind, size_t index,
                                uint32_t *value)
{
    const struct live_names *names = context;
    if (kind == JOURNEY_NAME_REASON && index < names->reason_count) {
        *value = names->reasons[index].id;
        return names->reasons[index].name;
    }
    if (kind == JOURNEY_NAME_STAGE && index < names->stage_count) {
        *value = names->stages[index].id;
        return names->stages[index].name;
    }
    *names->asks_ports = *names->asks_ports || kind == JOURNEY_NAME_PORT;
    if (kind == JOURNEY_NAME_PORT && index < names->port_count) {
        *value = names->ports[index].id;
        return names->ports[index].name;
    }
    return kind == JOURNEY_NAME_EXTENSION ? extension_at(names, index, value) : NULL;
}

static enum xsw_status filter_create(struct vswitch *vswitch, struct where *where, bool is_lenient,
                                     struct xsw_error *error)
{
    struct live_names *live = calloc(1, sizeof(*live));
    if (live == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for names");
    }
    live->stage_count = at_most(vswitch_stages(vswitch, live->stages, STAGES_MAX), STAGES_MAX);
    live->reason_count = at_most(vswitch_reasons(vswitch, live->reasons, REASONS_MAX), REASONS_MAX);
    live->port_count =
        at_most(vswitch_port_names(vswitch, live->ports, XSW_PORTS_MAX), XSW_PORTS_MAX);
    live->asks_ports = &where->asks_ports;
    const struct journey_names names = {.at = live_name_at,
                                        .context = live,
                                        .is_lenient = is_lenient,
                                        .is_bounded = where->is_bounded};
    size_t column;
    enum xsw_status status =
        journey_filter_compile(where->text, &names, &where->filter, &column, error);
    free(live);
    return status == XSW_OK ? XSW_OK : error_prefix(error, "where");
}

static enum xsw_status frames_create(struct where *where, struct xsw_error *error)
{
    where->frames = calloc(where->worker_count, sizeof(*where->frames));
    bool is_whole = where->frames != NULL;
    for (uint32_t i = 0; is_whole && i < where->worker_count; i++) {
        where->frames[i] = calloc(1, sizeof(*where->frames[i]));
        is_whole = where->frames[i] != NULL;
    }
    return is_whole ? XSW_OK : error_set(error, XSW_NO_MEMORY, "no memory for frames");
}

static enum xsw_status where_make(struct vswitch *vswitch, const char *text, bool is_bounded,
                                  bool is_lenient, struct where **where, struct xsw_error *error)
{
    struct where *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    }
    made->worker_count = vswitch_worker_count(vswitch);
    made->is_bounded = is_bounded;
    made->text = strdup(text);
    enum xsw_status status = made->text != NULL
                                 ? filter_create(vswitch, made, is_lenient, error)
                                 : error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    if (status == XSW_OK && journey_filter_needs_bytes(made->filter)) {
        status = frames_create(made, error);
    }
    if (status != XSW_OK) {
        where_destroy(made);
        return status;
    }
    *where = made;
    return XSW_OK;
}

enum xsw_status where_create(struct vswitch *vswitch, const char *text, bool is_bounded,
                             struct where **where, struct xsw_error *error)
{
    return where_make(vswitch, text, is_bounded, false, where, error);
}

enum xsw_status where_again(struct vswitch *vswitch, const struct where *before,
                            struct where **where, struct xsw_error *error)
{
    return where_make(vswitch, before->text, before->is_bounded, true, where, error);
}

bool where_names_ports(const struct where *where)
{
    return where->asks_ports;
}

void where_replace(struct where *where, struct where *before)
{
    where->older = before;
}

void where_forget(struct where *where)
{
    where_destroy(where->older);
    where->older = NULL;
}

void where_destroy(struct where *where)
{
    if (where == NULL) {
        return;
    }
    where_destroy(where->older);
    for (uint32_t i = 0; where->frames != NULL && i < where->worker_count; i++) {
        free(where->frames[i]);
    }
    free(where->frames);
    journey_filter_destroy(where->filter);
    free(where->text);
    free(where);
}

bool where_is_same(const struct where *where, const struct where *other)
{
    return where == other ||
           (where != NULL && other != NULL && journey_filter_is_same(where->filter, other->filter));
}

/* Asking ------------------------------------------------------------------------------------- */

static uint8_t bytes_match(const struct where *where, struct facts_frame *frame,
                           const struct packet *packet)
{
    const struct xsw_packet *seen = &packet->seen;
    if (packet->notes == NULL) {
        return journey_filter_bytes(where->filter, seen->data, packet->rx_length, seen->length);
    }
    facts_frame_rewind(frame, packet);
    return journey_filter_bytes(where->filter, frame->bytes, packet->rx_length, frame->length);
}

bool where_matches(struct where *where, uint32_t worker, const struct packet *packet,
                   const struct timeline *timeline)
{
    struct journey_facts facts;
    facts_take(&facts, packet, timeline);
    if (journey_filter_needs_history(where->filter)) {
        facts_take_history(&facts, packet, timeline);
    }
    if (where->frames != NULL) {
        facts.pcap_matches = bytes_match(where, where->frames[worker], packet);
    }
    return journey_filter_matches(where->filter, &facts);
}

bool where_may_match_plain(const struct where *where, const struct timeline *timeline)
{
    const struct timeline_hop *last = &timeline->hops[timeline->count - 1];
    /* No initializer: the sets are large, and nobody asks for them. */
    struct journey_facts facts;
    facts.outcome = FACTS_DELIVERED;
    facts.reason = 0;
    facts.stage = last->stage;
    facts.flags = 0;
    facts.latency_ns = last->since_rx_ns;
    return journey_filter_may_match(where->filter, &facts);
}
