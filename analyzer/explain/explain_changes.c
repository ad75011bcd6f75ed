/* SPDX-License-Identifier: Apache-2.0 */
/* Stages that changed packets: those that broke a checksum, those that did not say that they change
 * anything, and the others; and addresses that moved. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

enum { FIELDS_TOLD = 4, MOVES_TOLD = 8 };

static void fields_append(struct text *text, const struct changes *changes, uint16_t stage,
                          const size_t *fields, const size_t *pairs)
{
    size_t told = 0;
    size_t all = 0;
    for (size_t i = 0; fields != NULL && i < changes->fields.count; i++) {
        const struct changes_field_key *key = table_key(&changes->fields, fields[i]);
        const struct changes_field *field = table_value(&changes->fields, fields[i]);
        if (key->stage != stage || all++ >= FIELDS_TOLD) {
            continue;
        }
        told++;
        text_format(text, "%s %s", told == 1 ? ":" : ",", key->name);
        if (pairs != NULL && field->pairs == 1 && field->other_packets == 0) {
            const struct changes_pair_key *pair =
                table_key(&changes->pairs, pairs[changes_pairs_begin(changes, fields[i])]);
            text_format(text, " %s -> %s", pair->old_text, pair->new_text);
        }
    }
    if (all > told) {
        text_format(text, " and %zu more", all - told);
    }
}

/* Whom it hit. Flows tell only that they were changed, so that there must be no other stage. */
static void hit_append(struct text *text, const struct analysis_switch *of)
{
    const struct flows *flows = &of->flows;
    const struct flow *most = NULL;
    const struct flow_key *key = NULL;
    size_t count = 0;
    char name[FLOW_TEXT_SIZE];
    struct words flow_words;
    struct words packet_words;
    for (size_t i = 0; i < flows->rows.count; i++) {
        const struct flow *flow = table_value(&flows->rows, i);
        count += flow->changed != 0;
        if (flow->changed != 0 && (most == NULL || flow->changed > most->changed)) {
            most = flow;
            key = table_key(&flows->rows, i);
        }
    }
    if (most == NULL || of->changes.stages.count != 1 || flows->beyond != 0) {
        return;
    }
    flow_key_text(key, name, sizeof(name));
    if (count == 1) {
        text_format(text, " Hit: %s.", name);
    } else {
        text_format(text, " Hit: %s, most of all %s (%s).", words_count(count, "flow", &flow_words),
                    name, words_count(most->changed, "packet", &packet_words));
    }
}

struct change_context {
    struct explaining *explaining;
    const size_t *fields, *pairs;
};

static void change_finding(const struct change_context *context, uint16_t id,
                           const struct changes_stage *stage, enum finding_kind kind,
                           uint64_t packets)
{
    const struct analysis_switch *of = context->explaining->of;
    struct finding *finding = finding_add(context->explaining, kind,
                                          kind == FINDING_CHANGED ? FINDING_NOTICE : FINDING_BAD);
    struct dictionary_rule_key no_rule = {.stage = id};
    struct dictionary_name name;
    struct words words;
    struct text text = {0};
    if (finding == NULL) {
        return;
    }
    finding->packets = packets;
    finding->first_ns = stage->first_ns;
    finding->last_ns = stage->last_ns;
    finding->has_stage = true;
    finding->stage = id;
    finding_example(finding,
                    kind == FINDING_CHECKSUM ? stage->broken_packet : stage->example_packet);
    text_format(&text, "%s", words_count(packets, "packet", &words));
    if (kind == FINDING_CHECKSUM) {
        text_format(&text, " left %s with a wrong checksum that %s not wrong before",
                    dictionary_stage(&of->dictionary, id, &name), words_be(packets));
    } else {
        text_format(&text, " %s changed at %s", words_be(packets),
                    dictionary_stage(&of->dictionary, id, &name));
    }
    decider_append(&text, &of->dictionary, &no_rule);
    if (stage->undeclared != 0) {
        text_append_string(&text, ", which does not declare that it changes bytes");
    }
    fields_append(&text, &of->changes, id, context->fields, context->pairs);
    text_append_string(&text,
                       kind == FINDING_CHECKSUM ? ". Receivers throw such packets away." : ".");
    uint64_t change_ns = change_append(context->explaining, &text, finding);
    if (kind != FINDING_CHANGED) {
        hit_append(&text, of);
    }
    text_append_string(&text, " Seen ");
    span_append(&text, stage->first_ns, stage->last_ns);
    text_append_string(&text, ".");
    before_append(context->explaining, &text, finding, change_ns);
    finding_say(finding, &text);
}

void explain_changes(struct explaining *explaining)
{
    const struct changes *changes = &explaining->of->changes;
    size_t *stages = changes_stages_sorted(changes);
    size_t *fields = changes_fields_sorted(changes);
    size_t *pairs = changes_pairs_sorted(changes);
    struct change_context context = {explaining, fields, pairs};
    for (size_t i = 0; stages != NULL && i < changes->stages.count; i++) {
        uint16_t id = *(const uint16_t *)table_key(&changes->stages, stages[i]);
        const struct changes_stage *stage = table_value(&changes->stages, stages[i]);
        if (stage->checksums_broken != 0) {
            change_finding(&context, id, stage, FINDING_CHECKSUM, stage->checksums_broken);
        }
        if (stage->undeclared != 0) {
            change_finding(&context, id, stage, FINDING_UNDECLARED, stage->undeclared);
        }
        if (stage->checksums_broken + stage->undeclared == 0) {
            change_finding(&context, id, stage, FINDING_CHANGED, stage->packets);
        }
    }
    free(stages);
    free(fields);
    free(pairs);
}

/* Addresses ---------------------------------------------------------------------------------- */

static void move_finding(struct explaining *explaining, const struct station_key *key,
                         const struct station *station)
{
    const struct dictionary *dictionary = &explaining->of->dictionary;
    bool is_flapping = station->returns != 0;
    struct finding *finding =
        finding_add(explaining, FINDING_MOVES, is_flapping ? FINDING_BAD : FINDING_NOTICE);
    const uint8_t *mac = key->mac;
    struct dictionary_name name;
    struct dictionary_name before;
    struct words words;
    struct text text = {0};
    if (finding == NULL) {
        return;
    }
    finding->packets = station->moves;
    /* First and last are so in the file, whose order need not be that of time. */
    bool is_forth = station->first_move_ns <= station->last_move_ns;
    finding->first_ns = is_forth ? station->first_move_ns : station->last_move_ns;
    finding->last_ns = is_forth ? station->last_move_ns : station->first_move_ns;
    finding->port = station->port;
    finding_example(finding, station->example_packet);
    text_format(&text, "The address %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
    if (key->vlan != 0) {
        text_format(&text, " in VLAN %u", key->vlan);
    }
    if (is_flapping) {
        text_format(&text,
                    " is at two ports at once, or there is a loop: it moved %s between "
                    "ports %s and %s",
                    words_count(station->moves, "time", &words),
                    dictionary_port(dictionary, station->port_before, &before),
                    dictionary_port(dictionary, station->port, &name));
        text_append_string(&text, ", ");
    } else {
        text_format(&text, " moved from port %s to port %s ",
                    dictionary_port(dictionary, station->port_before, &before),
                    dictionary_port(dictionary, station->port, &name));
    }
    span_append(&text, finding->first_ns, finding->last_ns);
    if (!is_flapping && station->moves == 1) {
        text_format(&text, ", and was not heard of for %s before that",
                    words_duration(station->silent_ns, &words));
    }
    text_append_string(
        &text,
        is_flapping ? ". What is sent to it goes to whichever port it was heard at last." : ".");
    finding_say(finding, &text);
}

void explain_moves(struct explaining *explaining)
{
    const struct stations *stations = &explaining->of->stations;
    size_t *places = stations->moves == 0 ? NULL : stations_sorted(stations);
    for (size_t i = 0; places != NULL && i < stations->rows.count && i < MOVES_TOLD; i++) {
        const struct station *station = table_value(&stations->rows, places[i]);
        if (station->moves == 0) {
            break;
        }
        move_finding(explaining, table_key(&stations->rows, places[i]), station);
    }
    free(places);
}
