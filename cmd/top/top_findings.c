/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain.h"

/* Events ----------------------------------------------------------------------------------------
 */

struct happening {
    uint64_t wall_ns;
    enum model_severity severity;
    const char *kind, *text;
    uint64_t packet; /* to look at; 0: none */
};

struct happenings {
    struct happening *list;
    size_t count, capacity;
};

static void happening_add(struct happenings *happenings, const struct happening *happening)
{
    if (happenings->count == happenings->capacity) {
        size_t capacity = happenings->capacity * 2 + 64;
        struct happening *list = realloc(happenings->list, capacity * sizeof(*list));
        if (list == NULL) {
            return;
        }
        happenings->list = list;
        happenings->capacity = capacity;
    }
    happenings->list[happenings->count++] = *happening;
}

static int by_time(const void *a, const void *b)
{
    const struct happening *one = a;
    const struct happening *other = b;
    return (one->wall_ns > other->wall_ns) - (one->wall_ns < other->wall_ns);
}

static void events_gather(struct happenings *happenings, const struct events *events)
{
    enum { WARNING_PRIORITY = 4, ERROR_PRIORITY = 3 }; /* of syslog */
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        happening_add(
            happenings,
            &(struct happening){.wall_ns = event->wall_ns,
                                .severity = event->priority <= ERROR_PRIORITY     ? MODEL_ALARM
                                            : event->priority == WARNING_PRIORITY ? MODEL_WARNING
                                                                                  : MODEL_NOTE,
                                .kind = event->source[0] != '\0' ? event->source : "event",
                                .text = event->message});
    }
}

static void marks_gather(struct happenings *happenings, const struct model *model,
                         const struct marks *marks)
{
    const struct model_sample *last = model_sample(model, 0);
    for (size_t i = 0; i < marks->count && last != NULL; i++) {
        happening_add(happenings, &(struct happening){.wall_ns = last->wall_ns,
                                                      .severity = MODEL_NOTE,
                                                      .kind = "configuration",
                                                      .text = marks->list[i].text});
    }
}

static void findings_gather(struct happenings *happenings, const struct explain *explain)
{
    static const enum model_severity severities[] = {[FINDING_BAD] = MODEL_ALARM,
                                                     [FINDING_UNKNOWN] = MODEL_WARNING,
                                                     [FINDING_NOTICE] = MODEL_NOTE};
    for (size_t i = 0; i < explain->count; i++) {
        const struct finding *finding = &explain->findings[i];
        happening_add(happenings, &(struct happening){.wall_ns = finding->first_ns,
                                                      .severity = severities[finding->weight],
                                                      .kind = finding_kind_name(finding->kind),
                                                      .text = finding->text,
                                                      .packet = finding->examples[0]});
    }
}

static void events_fill(struct model *model, const struct analysis *analysis)
{
    struct happenings happenings = {0};
    struct explain *explain = NULL;
    const struct model_sample *first = model_sample(model, model->sample_count - 1);
    events_gather(&happenings, &analysis->events);
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == model->of) {
            marks_gather(&happenings, model, &analysis->sessions[i]->marks);
        }
    }
    if (explain_create(analysis, model->of, &explain, NULL) == XSW_OK) {
        findings_gather(&happenings, explain);
    }
    for (size_t i = 0; i < happenings.count; i++) {
        if (happenings.list[i].wall_ns == 0 && first != NULL) {
            happenings.list[i].wall_ns = first->wall_ns; /* true of the whole recording */
        }
    }
    qsort(happenings.list, happenings.count, sizeof(*happenings.list), by_time);
    for (size_t i = 0; i < happenings.count; i++) {
        const struct happening *one = &happenings.list[i];
        model_event(model, one->severity, one->wall_ns, one->kind, "%s", one->text);
        if (one->packet != 0) {
            snprintf(model_event_at(model, 0)->where, sizeof(model->events->where),
                     "packet == %llu", (unsigned long long)one->packet);
        }
    }
    explain_destroy(explain);
    free(happenings.list);
}

/* Lists -----------------------------------------------------------------------------------------
 */

/* The ports of the records, and those that are listed and have none. */
static void ports_fill(struct model *model)
{
    const struct dictionary *names = &model->of->dictionary;
    for (size_t i = 0; i < names->ports.count; i++) {
        uint16_t id = *(const uint16_t *)table_key(&names->ports, i);
        const struct dictionary_port *port = table_value(&names->ports, i);
        bool is_by_lists = id < MODEL_PORTS_MAX && model->ports[id].is_taken &&
                           model->ports[id].label.id == id && model->ports[id].label.name == 0;
        if (id != 0 && !is_by_lists) {
            (void)model_port_place(
                model, dictionary_find_label(names, id, port->name, strlen(port->name)));
        }
    }
    for (size_t place = 0; place < MODEL_PORTS_MAX; place++) {
        struct model_port_info *port = &model->ports[place];
        const struct dictionary_port *listed = dictionary_find_port(names, port->label);
        struct dictionary_name made;
        if (!port->is_taken || port->label.id == 0) {
            continue;
        }
        port->is_there = true;
        snprintf(port->name, sizeof(port->name), "%s", dictionary_port(names, port->label, &made));
        snprintf(port->kind, sizeof(port->kind), "%s",
                 listed != NULL && strcmp(listed->name, port->name) == 0 ? listed->kind : "");
    }
}

static void extensions_fill(struct model *model)
{
    const struct table *extensions = &model->of->dictionary.extensions;
    for (size_t i = 0; i < extensions->count && i < MODEL_EXTENSIONS_MAX; i++) {
        const struct dictionary_extension *from = table_value(extensions, i);
        struct model_extension *to = &model->extensions[model->extension_count++];
        to->is_enabled = true;
        snprintf(to->name, sizeof(to->name), "%s", (const char *)table_key(extensions, i));
        snprintf(to->extension, sizeof(to->extension), "%s", from->extension);
        snprintf(to->version, sizeof(to->version), "%.31s", from->version);
        snprintf(to->kind, sizeof(to->kind), "%s", from->kind);
    }
}

static void macs_fill(struct model *model)
{
    const struct table *stations = &model->of->stations.rows;
    model->macs_total = stations->count;
    for (size_t i = 0; i < stations->count && i < MODEL_MACS_MAX; i++) {
        const struct station_key *key = table_key(stations, i);
        const struct station *station = table_value(stations, i);
        struct model_mac *mac = &model->macs[model->mac_count++];
        struct dictionary_name made;
        snprintf(mac->mac, sizeof(mac->mac), "%02x:%02x:%02x:%02x:%02x:%02x", key->mac[0],
                 key->mac[1], key->mac[2], key->mac[3], key->mac[4], key->mac[5]);
        snprintf(mac->port, sizeof(mac->port), "%s",
                 dictionary_port(&model->of->dictionary, station->port, &made));
        mac->vlan = key->vlan;
        mac->has_moves = true;
        mac->moves = station->moves;
        mac->moved_by = station->example_packet;
        mac->packets = station->packets;
    }
}

static void sessions_fill(struct model *model, const struct analysis *analysis)
{
    for (size_t i = 0; i < analysis->session_count && i < MODEL_SESSIONS_MAX; i++) {
        const struct analysis_session *from = analysis->sessions[i];
        struct account_worker sum = account_workers_sum(&from->account);
        struct model_session *to = &model->sessions[model->session_count++];
        *to = (struct model_session){.id = (uint32_t)from->id, .snap_length = from->snap_length};
        snprintf(to->name, sizeof(to->name), "%s", from->of->name);
        snprintf(to->filter, sizeof(to->filter), "%s", from->filter);
        snprintf(to->where, sizeof(to->where), "%s", from->where);
        to->account = (struct model_account){.offered = sum.offered,
                                             .filtered = sum.filtered,
                                             .written = sum.written,
                                             .lost = account_lost(&from->account)};
    }
}

void top_findings_fill(struct model *model, const struct analysis *analysis)
{
    ports_fill(model);
    extensions_fill(model);
    macs_fill(model);
    sessions_fill(model, analysis);
    events_fill(model, analysis);
    snprintf(model->verdict, sizeof(model->verdict), "proof: %s",
             proof_state_name(analysis_state(analysis)));
}
