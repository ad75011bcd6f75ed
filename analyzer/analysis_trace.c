/* SPDX-License-Identifier: Apache-2.0 */
/* See analysis_trace.h. */
#include "analyzer/analysis_trace.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/analysis_section.h"

/* Machine of the event, found or made; of what the source is, when it names none. */
static int machine_take(struct analysis *analysis, uint16_t source, int otherwise,
                        const struct pcapng_event *event)
{
    struct sources *sources = &analysis->sources;
    int machine = sources_machine(sources, event->host, event->boot_id);
    machine = machine >= 0 ? machine : otherwise;
    sources_tell(sources, source, machine, event->wall_ns);
    if (source < sources->count) {
        sources->list[source].events++;
    }
    (void)sources_clock_event(sources, machine, event);
    return machine;
}

void analysis_event(struct analysis *analysis, const struct analysis_session *session,
                    const struct analysis_file *file, const struct pcapng_event *event)
{
    int otherwise = session != NULL ? session->machine : -1;
    uint16_t from = (uint16_t)(EVENTS_OF_SESSIONS +
                               (session != NULL ? session->number : ANALYSIS_SESSIONS_MAX));
    int machine = machine_take(analysis, file->source, otherwise, event);
    events_add_from(&analysis->events, event, from, machine);
}

enum xsw_status analysis_trace_open(struct analysis *analysis, const char *path, const char *kind,
                                    struct analysis_stream **stream, uint16_t *source,
                                    struct xsw_error *error)
{
    enum xsw_status status = analysis_stream_open(analysis, path, stream, error);
    if (status < 0) {
        return status;
    }
    struct analysis_file *file = &analysis->files[analysis->file_count - 1];
    file->is_trace = true;
    *source = file->source;
    if (analysis->sources.beyond == 0) {
        struct source *of = &analysis->sources.list[file->source];
        snprintf(of->kind, sizeof(of->kind), "%s", kind);
    }
    return XSW_OK;
}

void analysis_trace_event(struct analysis *analysis, uint16_t source,
                          const struct pcapng_event *event, bool has_mono)
{
    int machine = machine_take(analysis, source, -1, event);
    if (has_mono) {
        sources_clock(&analysis->sources, machine, event->mono_ns, event->wall_ns, false);
    }
    events_add_from(&analysis->events, event, source, machine);
}

/* Whether a switch of that name was recorded on the machine, or could be the one that is meant. */
static bool is_recorded(const struct analysis *analysis, const struct event_sum_key *key)
{
    for (size_t i = 0; i < analysis->switch_count; i++) {
        const struct analysis_switch *of = analysis->switches[i];
        bool is_name = key->switch_name[0] == '\0' || strcmp(of->name, key->switch_name) == 0;
        bool is_machine = key->machine < 0 || of->machine < 0 || of->machine == key->machine;
        if (is_name && is_machine) {
            return true;
        }
    }
    return false;
}

static void traced_switch_add(struct analysis *analysis, const struct event_sum_key *key)
{
    char id[ANALYSIS_NAME_SIZE];
    const char *host = sources_machine_name(&analysis->sources, key->machine);
    snprintf(id, sizeof(id), "trace %.12s %.40s", host, key->switch_name);
    struct analysis_switch *of = analysis_switch_find(analysis, id);
    if (of == NULL || of->is_traced) {
        return;
    }
    of->is_traced = true;
    of->machine = key->machine;
    snprintf(of->name, sizeof(of->name), "%s", key->switch_name);
    snprintf(of->host, sizeof(of->host), "%s", host);
}

void analysis_traces_close(struct analysis *analysis)
{
    sources_guess(&analysis->sources);
    events_place(&analysis->events, &analysis->sources);
    for (size_t i = 0; i < analysis->events.sums.count; i++) {
        const struct event_sum_key *key = table_key(&analysis->events.sums, i);
        if (key->from < EVENTS_OF_SESSIONS && !is_recorded(analysis, key)) {
            traced_switch_add(analysis, key);
        }
    }
}
