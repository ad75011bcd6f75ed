/* SPDX-License-Identifier: Apache-2.0 */
/* See analysis_section.h. */
#include "analyzer/analysis_section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void analysis_session_destroy(struct analysis_session *session)
{
    account_fini(&session->account);
    proof_fini(&session->proof);
    marks_fini(&session->marks);
    free(session);
}

void analysis_switch_destroy(struct analysis_switch *of)
{
    dictionary_fini(&of->dictionary);
    drops_fini(&of->drops);
    changes_fini(&of->changes);
    latency_fini(&of->latency);
    paths_fini(&of->paths);
    flows_fini(&of->flows);
    stations_fini(&of->stations);
    table_fini(&of->receive_ports);
    free(of);
}

struct analysis_switch *analysis_switch_find(struct analysis *analysis, const char *id)
{
    for (size_t i = 0; i < analysis->switch_count; i++) {
        if (strcmp(analysis->switches[i]->id, id) == 0) {
            return analysis->switches[i];
        }
    }
    if (analysis->switch_count == ANALYSIS_SWITCHES_MAX) {
        notes_add(&analysis->notes, "recordings of more than %d switches: the rest is left out",
                  ANALYSIS_SWITCHES_MAX);
        return NULL;
    }
    struct analysis_switch *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    snprintf(made->id, sizeof(made->id), "%s", id);
    made->machine = -1;
    dictionary_init(&made->dictionary);
    table_init(&made->receive_ports, sizeof(struct dictionary_label), sizeof(uint64_t),
               DICTIONARY_MAX);
    drops_init(&made->drops);
    changes_init(&made->changes);
    latency_init(&made->latency);
    paths_init(&made->paths);
    flows_init(&made->flows);
    stations_init(&made->stations);
    analysis->switches[analysis->switch_count++] = made;
    return made;
}

struct analysis_session *analysis_session_find(struct analysis *analysis,
                                               struct analysis_switch *of, uint64_t id)
{
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of && analysis->sessions[i]->id == id) {
            return analysis->sessions[i];
        }
    }
    if (analysis->session_count == ANALYSIS_SESSIONS_MAX) {
        notes_add(&analysis->notes, "more than %d capture sessions: the rest is left out",
                  ANALYSIS_SESSIONS_MAX);
        return NULL;
    }
    struct analysis_session *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->of = of;
    made->id = id;
    made->number = (uint32_t)analysis->session_count;
    made->machine = -1;
    account_init(&made->account);
    analysis->sessions[analysis->session_count++] = made;
    return made;
}

/* A number that tells one order of stages from another; 0 for none. */
static void chain_visit(const struct json_in *element, void *context)
{
    uint64_t *sum = context;
    uint64_t id = 0;
    uint64_t order = 0;
    json_in_optional(element, "id", UINT16_MAX, &id);
    json_in_optional(element, "order", UINT16_MAX, &order);
    uint64_t mixed = (id << 16 | order) + 1;
    mixed *= 0x9e3779b97f4a7c15u;
    *sum += mixed ^ (mixed >> 29);
}

static uint64_t stages_sum(const struct json_in *place, const char *name)
{
    uint64_t sum = 0;
    json_in_each(place, name, chain_visit, &sum);
    return sum;
}

static void session_fill(struct analysis_session *session, const struct json_in *section,
                         const struct json_in *capture)
{
    struct json_in clock;
    json_in_child(section, "clock", &clock);
    if (clock.object != NULL) {
        session->has_clock =
            json_in_number(&clock, "mono_ns", INT64_MAX, &session->clock_mono_ns) &&
            json_in_number(&clock, "wall_ns", INT64_MAX, &session->clock_wall_ns);
    }
    json_in_text(capture, "name", session->name, sizeof(session->name));
    if (session->name[0] == '\0' && session->id != 0) {
        snprintf(session->name, sizeof(session->name), "%llu", (unsigned long long)session->id);
    }
    json_in_text(capture, "filter", session->filter, sizeof(session->filter));
    json_in_text(capture, "where", session->where, sizeof(session->where));
    json_in_text(section, "selection", session->selection, sizeof(session->selection));
    json_in_optional(capture, "snap_length", UINT32_MAX, &session->snap_length);
    session->stages_at_start = stages_sum(section, "stages");
    marks_begin(&session->marks, section);
}

/* On which machine, and how its clocks stood. */
static void machine_take(struct analysis *analysis, const struct analysis_file *file,
                         struct analysis_session *session, const struct json_in *section)
{
    struct sources *sources = &analysis->sources;
    struct json_in clock;
    char boot_id[48];
    uint64_t mono_ns = 0;
    uint64_t wall_ns = 0;
    json_in_text(section, "boot_id", boot_id, sizeof(boot_id));
    json_in_child(section, "clock", &clock);
    if (clock.object != NULL) {
        json_in_optional(&clock, "mono_ns", INT64_MAX, &mono_ns);
        json_in_optional(&clock, "wall_ns", INT64_MAX, &wall_ns);
    }
    session->machine = sources_machine(sources, session->of->host, boot_id);
    session->of->machine = session->machine;
    sources_tell(sources, file->source, session->machine, wall_ns);
    sources_clock(sources, session->machine, mono_ns, wall_ns, true);
}

static void format_check(const struct json_in *place)
{
    uint64_t format = META_FORMAT;
    if (json_in_number(place, "format", INT64_MAX, &format) && format != META_FORMAT) {
        notes_add(place->notes,
                  "%s.format is %llu, expected %d: what is new in it is not understood",
                  place->path, (unsigned long long)format, META_FORMAT);
    }
}

static struct analysis_session *section_read(struct analysis *analysis,
                                             const struct analysis_file *file,
                                             const struct json_in *section)
{
    char id[ANALYSIS_NAME_SIZE];
    uint64_t number = 0;
    struct json_in of_switch;
    struct json_in capture;
    format_check(section);
    json_in_child(section, "switch", &of_switch);
    json_in_child(section, "capture", &capture);
    json_in_text(&of_switch, "id", id, sizeof(id));
    if (id[0] == '\0') {
        snprintf(id, sizeof(id), "file %zu", (size_t)(file - analysis->files) + 1);
    }
    json_in_optional(&capture, "session", INT64_MAX, &number);
    struct analysis_switch *of = analysis_switch_find(analysis, id);
    if (of == NULL) {
        return NULL;
    }
    json_in_text(&of_switch, "name", of->name, sizeof(of->name));
    json_in_text(section, "host", of->host, sizeof(of->host));
    dictionary_add_section(&of->dictionary, section);
    struct analysis_session *session = analysis_session_find(analysis, of, number);
    uint64_t segment = 0;
    json_in_optional(&capture, "segment", UINT32_MAX, &segment);
    if (session != NULL) {
        account_add_section(&session->account, (uint32_t)segment);
        session->account.is_limited =
            session->account.is_limited || json_in_flag(&capture, "stage_limited");
    }
    if (session != NULL) {
        machine_take(analysis, file, session, section);
    }
    if (session != NULL && session->account.file.records == 0) {
        session_fill(session, section, &capture);
    }
    return session;
}

struct analysis_session *analysis_section(struct analysis *analysis,
                                          const struct analysis_file *file,
                                          const struct pcapng_json *json)
{
    struct json_in section = {.notes = &analysis->notes};
    struct analysis_session *session;
    char path[120];
    snprintf(path, sizeof(path), "%.80s, section info", file->path);
    if (json->problem != NULL) {
        notes_add(&analysis->notes, "%s: %s", path, json->problem);
    }
    /* Without a readable text the records are still worth reading, under numbers for names. */
    if (json->text != NULL) {
        (void)json_in_open(&section, json->text, json->length, path, &analysis->notes);
    }
    if (section.object != NULL) {
        session = section_read(analysis, file, &section);
    } else {
        char id[ANALYSIS_NAME_SIZE];
        snprintf(id, sizeof(id), "file %zu", (size_t)(file - analysis->files) + 1);
        struct analysis_switch *of = analysis_switch_find(analysis, id);
        session = of == NULL ? NULL : analysis_session_find(analysis, of, 0);
    }
    json_in_close(&section);
    return session;
}

bool analysis_section_blank(struct analysis *analysis)
{
    struct analysis_switch *of = analysis_switch_find(analysis, "");
    return of != NULL && analysis_session_find(analysis, of, 0) != NULL;
}

struct dictionary_label analysis_tap(struct analysis *analysis, struct analysis_session *session,
                                     const struct analysis_file *file,
                                     const struct pcapng_interface *interface)
{
    struct dictionary_label port = {0};
    struct json_in tap;
    char path[120];
    snprintf(path, sizeof(path), "%.80s, interface %u", file->path, interface->index);
    if (interface->json.problem != NULL) {
        notes_add(&analysis->notes, "%s: %s", path, interface->json.problem);
    }
    if (interface->json.text == NULL || session == NULL) {
        return port;
    }
    if (json_in_open(&tap, interface->json.text, interface->json.length, path, &analysis->notes)) {
        port = dictionary_add_tap(&session->of->dictionary, &tap);
    }
    json_in_close(&tap);
    return port;
}

void analysis_summary(struct analysis *analysis, struct analysis_session *session,
                      const struct analysis_file *file, const struct pcapng_json *json)
{
    struct json_in summary;
    char path[120];
    snprintf(path, sizeof(path), "%.80s, summary", file->path);
    if (json->problem != NULL) {
        notes_add(&analysis->notes, "%s: %s", path, json->problem);
    }
    if (json->text == NULL || session == NULL) {
        return;
    }
    if (json_in_open(&summary, json->text, json->length, path, &analysis->notes)) {
        format_check(&summary);
        account_read_summary(&session->account, &summary);
        dictionary_add_summary(&session->of->dictionary, &summary);
        marks_end(&session->marks, &session->of->dictionary, &summary);
        uint64_t stages_at_end = stages_sum(&summary, "stages_info");
        session->pipeline_was_changed =
            stages_at_end != 0 && stages_at_end != session->stages_at_start;
    }
    json_in_close(&summary);
}
