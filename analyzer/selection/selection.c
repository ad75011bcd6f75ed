/* SPDX-License-Identifier: Apache-2.0 */
/* See selection.h. What is known of an open journey lies beside the joiner's entry for it, in the
 * same slot. */
#include "analyzer/selection/selection.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/journey/journey_facts.h"
#include "base/error.h"

struct selection {
    char *text;
    size_t switch_count;
    struct journey_filter *filters[ANALYSIS_SWITCHES_MAX];
    size_t session_count;
    uint8_t switch_of[ANALYSIS_SESSIONS_MAX]; /* by number of a session */
    struct journey_joiner *joiner;
    struct journey_story *open; /* by slot */
    struct id_set ids;
    uint64_t matched, total;
    struct table listed;
};

/* Names -------------------------------------------------------------------------------------- */

static const char *port_at(const struct dictionary *dictionary, size_t index, uint32_t *value)
{
    if (index < dictionary->ports.count) {
        *value = *(const uint16_t *)table_key(&dictionary->ports, index);
        return ((const struct dictionary_port *)table_value(&dictionary->ports, index))->name;
    }
    index -= dictionary->ports.count;
    if (index >= dictionary->tap_ports.count) {
        return NULL;
    }
    const struct dictionary_tap_port *tap = table_key(&dictionary->tap_ports, index);
    struct dictionary_label label = {.id = tap->id, .name = (uint16_t)(index + 1)};
    *value = journey_facts_port(label);
    return tap->name;
}

static const char *recorded_name_at(const void *context, enum journey_name kind, size_t index,
                                    uint32_t *value)
{
    const struct dictionary *dictionary = context;
    const struct table *table =
        kind == JOURNEY_NAME_REASON ? &dictionary->reasons : &dictionary->stages;
    if (kind == JOURNEY_NAME_PORT) {
        return port_at(dictionary, index, value);
    }
    if (index >= table->count) {
        return NULL;
    }
    *value = *(const uint16_t *)table_key(table, index);
    if (kind == JOURNEY_NAME_REASON) {
        return ((const struct dictionary_reason *)table_value(table, index))->name;
    }
    const struct dictionary_stage *stage = table_value(table, index);
    return kind == JOURNEY_NAME_STAGE ? stage->name : stage->extension;
}

/* The names of all switches, one after the other. */
static const char *any_name_at(const void *context, enum journey_name kind, size_t index,
                               uint32_t *value)
{
    const struct analysis *known = context;
    for (size_t i = 0; i < known->switch_count; i++) {
        const struct dictionary *dictionary = &known->switches[i]->dictionary;
        size_t count = kind == JOURNEY_NAME_REASON ? dictionary->reasons.count
                       : kind == JOURNEY_NAME_PORT
                           ? dictionary->ports.count + dictionary->tap_ports.count
                           : dictionary->stages.count;
        if (index < count) {
            return recorded_name_at(dictionary, kind, index, value);
        }
        index -= count;
    }
    return NULL;
}

static enum xsw_status filters_compile(struct selection *selection, const struct analysis *known,
                                       size_t *column, struct xsw_error *error)
{
    struct journey_filter *any = NULL;
    const struct journey_names all = {.at = any_name_at, .context = known};
    enum xsw_status status = journey_filter_compile(selection->text, &all, &any, column, error);
    journey_filter_destroy(any);
    for (size_t i = 0; status == XSW_OK && i < known->switch_count; i++) {
        const struct journey_names names = {
            .at = recorded_name_at, .context = &known->switches[i]->dictionary, .is_lenient = true};
        status =
            journey_filter_compile(selection->text, &names, &selection->filters[i], column, error);
        selection->switch_count += status == XSW_OK;
    }
    return status;
}

static void sessions_note(struct selection *selection, const struct analysis *known)
{
    selection->session_count = known->session_count;
    for (size_t i = 0; i < known->session_count; i++) {
        for (size_t j = 0; j < known->switch_count; j++) {
            if (known->switches[j] == known->sessions[i]->of) {
                selection->switch_of[i] = (uint8_t)j;
            }
        }
    }
}

enum xsw_status selection_create(const struct analysis *known, const char *text,
                                 struct selection **selection, size_t *column,
                                 struct xsw_error *error)
{
    struct selection *made = calloc(1, sizeof(*made));
    *column = 1;
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    }
    id_set_init(&made->ids, ID_SET_PAGES_MAX);
    table_init(&made->listed, sizeof(struct selected_key), sizeof(struct selected),
               SELECTION_LISTED_MAX);
    made->text = strdup(text);
    made->open = calloc(JOURNEYS_OPEN_DEFAULT, sizeof(*made->open));
    enum xsw_status status = XSW_OK;
    if (made->text == NULL || made->open == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    }
    if (status == XSW_OK) {
        status = filters_compile(made, known, column, error);
    }
    if (status == XSW_OK) {
        status = journey_joiner_create(JOURNEYS_OPEN_DEFAULT, &made->joiner, error);
    }
    if (status != XSW_OK) {
        selection_destroy(made);
        return status;
    }
    sessions_note(made, known);
    *selection = made;
    return XSW_OK;
}

void selection_destroy(struct selection *selection)
{
    if (selection == NULL) {
        return;
    }
    for (size_t i = 0; i < selection->switch_count; i++) {
        journey_filter_destroy(selection->filters[i]);
    }
    for (size_t i = 0; i < selection->listed.count; i++) {
        free(((struct selected *)table_value(&selection->listed, i))->description);
    }
    journey_joiner_destroy(selection->joiner);
    id_set_fini(&selection->ids);
    table_fini(&selection->listed);
    free(selection->open);
    free(selection->text);
    free(selection);
}

static void begin_take(struct journey_facts *facts, const struct journey_filter *filter,
                       const struct record *record)
{
    journey_facts_begin(facts, record);
    facts->pcap_matches = journey_filter_bytes(filter, record->bytes, record->original_length,
                                               record->captured_length);
}

/* The passes --------------------------------------------------------------------------------- */

static void judge(struct selection *selection, const struct journey *journey)
{
    const struct journey_story *open = &selection->open[journey->slot];
    const struct journey_facts *facts = &open->facts;
    const struct journey_filter *filter =
        selection->filters[selection->switch_of[journey->session]];
    selection->total++;
    if (!journey_filter_matches(filter, facts)) {
        return;
    }
    selection->matched++;
    (void)id_set_add(&selection->ids, journey->session, journey->packet_id);
    struct selected_key key = {journey->packet_id, journey->session};
    struct selected *selected = table_add(&selection->listed, &key);
    if (selected != NULL) {
        *selected = (struct selected){.first_ns = journey->first_ns,
                                      .latency_ns = facts->latency_ns,
                                      .parent_id = facts->parent_id,
                                      .source_port = facts->source_port,
                                      .destination_port = facts->destination_port,
                                      .rule = open->rule,
                                      .reason = facts->reason,
                                      .stage = facts->stage,
                                      .outcome = facts->outcome,
                                      .origin = facts->origin,
                                      .flags = facts->flags,
                                      .description = selected->description};
    }
}

void selection_offer(const struct analysis_session *session, const struct record *record,
                     void *context)
{
    struct selection *selection = context;
    struct journey journey;
    struct journey evicted;
    if (session->number >= selection->session_count) {
        return; /* a file that has grown since the first pass */
    }
    unsigned events = journey_join(selection->joiner, session->number, record, &journey, &evicted);
    if ((events & JOURNEY_EVICTED) != 0) {
        judge(selection, &evicted); /* before its slot is used for another */
    }
    struct journey_story *open = &selection->open[journey.slot];
    if (journey.record_count == 1 || (events & JOURNEY_RESTARTED) != 0) {
        journey_story_open(open, record->packet_id);
    }
    if (record_is_first(record)) {
        begin_take(&open->facts, selection->filters[selection->switch_of[session->number]], record);
    }
    journey_story_take(open, record);
    if ((events & JOURNEY_ENDED) != 0) {
        uint64_t passed_ns =
            journey.last_ns > journey.first_ns ? journey.last_ns - journey.first_ns : 0;
        journey_story_end(open, &session->of->dictionary, record, passed_ns);
        judge(selection, &journey);
    }
}

void selection_skip(struct selection *selection, uint64_t journeys)
{
    selection->total += journeys;
}

bool selection_may_have(const struct selection *selection, const struct journey_class *class,
                        const struct class_span *span)
{
    struct journey_range range;
    journey_class_range(class, span, &range);
    for (size_t i = 0; i < selection->switch_count; i++) {
        if (journey_filter_may_match_range(selection->filters[i], &range)) {
            return true;
        }
    }
    return false;
}

void selection_finish(struct selection *selection)
{
    struct journey journey;
    while (journey_joiner_drain(selection->joiner, &journey)) {
        judge(selection, &journey);
    }
}

void selection_describe(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    struct selection *selection = context;
    struct selected_key key = {record->packet_id, session->number};
    struct selected *selected =
        record_is_first(record) ? table_find(&selection->listed, &key) : NULL;
    if (selected == NULL || selected->description != NULL) {
        return;
    }
    char text[DESCRIBE_TEXT_SIZE];
    describe_frame(record->bytes, record->captured_length, record->original_length, text,
                   sizeof(text));
    selected->description = strdup(text);
}

const char *selection_text(const struct selection *selection)
{
    return selection->text;
}

uint64_t selection_matched(const struct selection *selection)
{
    return selection->matched;
}

uint64_t selection_total(const struct selection *selection)
{
    return selection->total;
}

bool selection_has(const struct selection *selection, uint32_t session, uint64_t packet_id)
{
    return id_set_has(&selection->ids, session, packet_id);
}

const struct table *selection_listed(const struct selection *selection)
{
    return &selection->listed;
}
