/* SPDX-License-Identifier: Apache-2.0 */
/* A finding for each row of drops: how many, where, by what; whom it hit and whom not; since when;
 * what the frames were like, when that is the reason; what had changed before. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

enum { DROP_FINDINGS = 24, FLOWS_NAMED = 2 };

/* The flows of a row, and what became of the others of the same flows. */
struct scope {
    const size_t *places; /* in drops.flows, of this row, most packets first */
    size_t count;
    uint64_t delivered, reverse_delivered, reverse_dropped;
    uint64_t first_delivered_ns, last_delivered_ns;
    uint64_t first_dropped_ns, last_dropped_ns; /* when they came in, as the others */
    uint64_t packets;                           /* of these flows, that are no copies */
    bool is_same_source, is_same_destination;
    bool is_whole; /* all packets of these flows are counted here: what is not did not happen */
};

static const struct drops_flow_key *flow_of(const struct drops *drops, const struct scope *scope,
                                            size_t i)
{
    return table_key(&drops->flows, scope->places[i]);
}

static void flow_take(struct scope *scope, const struct flows *flows, const struct flow_key *key)
{
    struct flow_key back = flow_key_reverse(key);
    const struct flow *flow = flows_find(flows, key);
    const struct flow *reverse = flows_find(flows, &back);
    if (reverse != NULL) {
        scope->reverse_delivered += reverse->delivered;
        scope->reverse_dropped += reverse->dropped;
    }
    if (flow == NULL) {
        scope->is_whole =
            false; /* it was another flow before a stage changed it, or had no place */
        return;
    }
    scope->packets += flow->packets;
    scope->is_whole &= flow->replaced + flow->unfinished == 0; /* a clone may be another flow */
    if (scope->first_dropped_ns == 0 || flow->first_dropped_ns < scope->first_dropped_ns) {
        scope->first_dropped_ns = flow->first_dropped_ns;
    }
    if (flow->last_dropped_ns > scope->last_dropped_ns) {
        scope->last_dropped_ns = flow->last_dropped_ns;
    }
    if (flow->delivered == 0) {
        return;
    }
    if (scope->delivered == 0 || flow->first_delivered_ns < scope->first_delivered_ns) {
        scope->first_delivered_ns = flow->first_delivered_ns;
    }
    if (flow->last_delivered_ns > scope->last_delivered_ns) {
        scope->last_delivered_ns = flow->last_delivered_ns;
    }
    scope->delivered += flow->delivered;
}

static struct scope scope_make(const struct explaining *explaining, size_t place,
                               const size_t *flows)
{
    const struct analysis_switch *of = explaining->of;
    const struct drops *drops = &of->drops;
    const struct drops_row *row = table_value(&drops->rows, place);
    struct scope scope = {.is_same_source = true,
                          .is_same_destination = true,
                          .is_whole = explaining_is_whole(explaining)};
    if (flows == NULL || row->flows == 0) {
        return scope;
    }
    scope.places = flows + drops_flows_begin(drops, place);
    scope.count = row->flows;
    const struct flow_key *first = &flow_of(drops, &scope, 0)->flow;
    for (size_t i = 0; i < scope.count; i++) {
        const struct flow_key *key = &flow_of(drops, &scope, i)->flow;
        scope.is_same_source &= memcmp(key->source, first->source, sizeof(key->source)) == 0;
        scope.is_same_destination &=
            memcmp(key->destination, first->destination, sizeof(key->destination)) == 0;
        flow_take(&scope, &of->flows, key);
    }
    return scope;
}

/* "10.0.0.1" of "10.0.0.1:80": the text of a flow between the same two ends without ports. */
static void address_append(struct text *text, const struct flow_key *key, bool is_source)
{
    struct flow_key bare = *key;
    char name[FLOW_TEXT_SIZE];
    bare.source_port = bare.destination_port = 0;
    flow_key_text(&bare, name, sizeof(name));
    char *arrow = strstr(name, " > ");
    if (arrow == NULL) {
        return;
    }
    *arrow = '\0';
    char *end = strchr(arrow + 3, ' ');
    if (end != NULL) {
        *end = '\0';
    }
    text_append_string(text, is_source ? name : arrow + 3);
}

static void flows_append(struct text *text, const struct drops *drops, const struct drops_row *row,
                         const struct scope *scope)
{
    struct words words;
    char name[FLOW_TEXT_SIZE];
    const struct flow_key *first = &flow_of(drops, scope, 0)->flow;
    if (scope->count == 1 && row->other_flow_packets == 0) {
        flow_key_text(first, name, sizeof(name));
        text_format(text, " Hit: %s", name);
        return;
    }
    text_format(text, " Hit: %s%s", row->other_flow_packets != 0 ? "more than " : "",
                words_count(scope->count, "flow", &words));
    if (scope->is_same_source && row->other_flow_packets == 0) {
        text_append_string(text, ", all from ");
        address_append(text, first, true);
    }
    if (scope->is_same_destination && row->other_flow_packets == 0) {
        text_append_string(text, scope->is_same_source ? " to " : ", all to ");
        address_append(text, first, false);
    }
    text_append_string(text, ", e.g.");
    for (size_t i = 0; i < scope->count && i < FLOWS_NAMED; i++) {
        const struct drops_flow *flow = table_value(&drops->flows, scope->places[i]);
        flow_key_text(&flow_of(drops, scope, i)->flow, name, sizeof(name));
        text_format(text, "%s %s (%s)", i == 0 ? "" : ",", name,
                    words_number(flow->packets, &words));
    }
}

/* Whether the rest of these flows got through. Said only when the numbers are of the same packets:
 * not of copies, and not when some flows found no place. */
static void rest_append(struct text *text, const struct drops_row *row, const struct scope *scope)
{
    struct words words;
    if (row->copies != 0 || row->other_flow_packets != 0) {
        text_append_string(text, row->copies == row->packets
                                     ? ", only copies made for a flood or a mirror."
                                     : ".");
        return;
    }
    if (scope->delivered == 0 && scope->is_whole) {
        text_append_string(text, scope->packets != row->packets ? ", none got through"
                                 : scope->count == 1            ? ", all of its packets"
                                                                : ", all of their packets");
    } else if (scope->delivered != 0 && scope->last_delivered_ns < scope->first_dropped_ns) {
        text_format(text, "; before that %s of the same got through%s",
                    words_number(scope->delivered, &words), scope->is_whole ? ", none since" : "");
    } else if (scope->delivered != 0 && scope->first_delivered_ns > scope->last_dropped_ns) {
        text_format(text, "; %s of the same got through after it",
                    words_number(scope->delivered, &words));
    } else if (scope->delivered != 0) {
        text_format(text, "; %s of the same got through", words_number(scope->delivered, &words));
    }
    if (scope->reverse_delivered != 0 && scope->reverse_dropped == 0) {
        text_format(text, ". The other direction works: %s delivered",
                    words_number(scope->reverse_delivered, &words));
    }
    text_append_string(text, ".");
}

/* What the frames and the port are like, where that is the reason. */
static void vlan_append(struct text *text, const struct analysis_switch *of,
                        const struct drops_row_key *key, const struct drops_row *row)
{
    struct dictionary_name name;
    const char *reason = dictionary_reason(&of->dictionary, key->reason, &name);
    const struct dictionary_port *port = dictionary_find_port(&of->dictionary, key->port);
    bool is_vlan = strstr(reason, "vlan") != NULL || strcmp(reason, "no-destination") == 0;
    if (is_vlan && !row->has_other_vlans && row->vlan != 0) {
        text_format(text, " The packets are in VLAN %u", row->vlan);
        if (port != NULL && port->vlan[0] != '\0') {
            text_format(text, "; port %s is \"%s\"", port->name, port->vlan);
        }
        text_append_string(text, ".");
    } else if (is_vlan && !row->has_other_vlans && port != NULL && port->vlan[0] != '\0') {
        text_format(text, " The frames have no tag; port %s is \"%s\".", port->name, port->vlan);
    }
}

static void limit_append(struct text *text, const struct analysis_switch *of,
                         const struct drops_row_key *key)
{
    struct dictionary_name name;
    const struct dictionary_port *port = dictionary_find_port(&of->dictionary, key->port);
    if (port != NULL && port->storm[0] != '\0' &&
        strcmp(dictionary_reason(&of->dictionary, key->reason, &name), "storm-limit") == 0) {
        text_format(text, " When the recording began it was %s a second.", port->storm);
    }
}

static void length_append(struct text *text, const struct analysis_switch *of,
                          const struct drops_row_key *key, const struct drops_row *row)
{
    struct dictionary_name name;
    const struct dictionary_port *port = dictionary_find_port(&of->dictionary, key->port);
    if (strcmp(dictionary_reason(&of->dictionary, key->reason, &name), "mtu-exceeded") != 0) {
        return;
    }
    text_format(text, " The frames have %u", row->length_min);
    if (row->length_max != row->length_min) {
        text_format(text, " to %u", row->length_max);
    }
    text_append_string(text, " bytes with their Ethernet header");
    if (port != NULL && port->mtu != 0) {
        text_format(text, ", the MTU of port %s is %u", port->name, port->mtu);
    }
    text_append_string(text, ".");
}

/* Where the address is that found no destination: heard at that port, perhaps in another VLAN. */
static void heard_append(struct text *text, const struct analysis_switch *of,
                         const struct drops_row_key *key, const struct drops_row *row)
{
    const struct stations *stations = &of->stations;
    const uint8_t *mac = row->destination_mac;
    const struct station *last = NULL;
    uint16_t vlan = 0;
    struct dictionary_name name;
    if (strcmp(dictionary_reason(&of->dictionary, key->reason, &name), "no-destination") != 0 ||
        row->has_other_destinations || (mac[0] & 1) != 0) {
        return;
    }
    for (size_t i = 0; i < stations->rows.count; i++) {
        const struct station_key *station_key = table_key(&stations->rows, i);
        const struct station *station = table_value(&stations->rows, i);
        if (memcmp(station_key->mac, mac, sizeof(station_key->mac)) == 0 &&
            (last == NULL || station->last_packet > last->last_packet)) {
            last = station;
            vlan = station_key->vlan;
        }
    }
    if (last == NULL) {
        return;
    }
    text_format(text, " The destination %02x:%02x:%02x:%02x:%02x:%02x was heard last at port %s",
                mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
                dictionary_port(&of->dictionary, last->port, &name));
    if (vlan != 0) {
        text_format(text, ", in VLAN %u", vlan);
    }
    text_format(text, " (packet %" PRIu64 ").", last->last_packet);
}

/* Where the address went that was at this port: then it was a migration, or a cable. */
static void move_append(struct text *text, const struct analysis_switch *of,
                        const struct drops_row_key *key, const struct drops_row *row)
{
    const struct stations *stations = &of->stations;
    struct dictionary_name name;
    struct words time;
    for (size_t i = 0; i < stations->rows.count; i++) {
        const struct station_key *station_key = table_key(&stations->rows, i);
        const struct station *station = table_value(&stations->rows, i);
        const uint8_t *mac = station_key->mac;
        bool was_here = memcmp(&station->port_before, &key->port, sizeof(key->port)) == 0;
        if (station->moves == 0 || station->returns != 0 || !was_here ||
            station->last_move_ns < row->first_ns) {
            continue;
        }
        text_format(text,
                    " The address %02x:%02x:%02x:%02x:%02x:%02x then moved to port %s, at %s.",
                    mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
                    dictionary_port(&of->dictionary, station->port, &name),
                    words_time(station->last_move_ns, &time));
        return;
    }
}

static void what_append(struct text *text, const struct analysis_switch *of,
                        const struct drops_row_key *key, const struct drops_row *row)
{
    const struct dictionary *dictionary = &of->dictionary;
    const struct dictionary_reason *known = dictionary_find_reason(dictionary, key->reason);
    struct dictionary_rule_key rule = dictionary_rule_of(key->rule, key->port, key->stage);
    struct dictionary_name name;
    struct words words;
    text_format(text, "%s at %s", words_count(row->packets, "packet", &words),
                dictionary_stage(dictionary, key->stage, &name));
    if (key->port.id != 0) {
        text_format(text, ", port %s", dictionary_port(dictionary, key->port, &name));
    }
    decider_append(text, dictionary, &rule);
    text_format(text, ": %s", dictionary_reason(dictionary, key->reason, &name));
    if (known != NULL && known->sentence[0] != '\0') {
        sentence_append(text, known->sentence);
    }
    text_append_string(text, ".");
}

static void row_explain(struct explaining *explaining, size_t place, const size_t *flows)
{
    const struct analysis_switch *of = explaining->of;
    const struct drops_row_key *key = table_key(&of->drops.rows, place);
    const struct drops_row *row = table_value(&of->drops.rows, place);
    struct finding *finding = finding_add(explaining, FINDING_DROPS, FINDING_BAD);
    struct text text = {0};
    if (finding == NULL) {
        return;
    }
    finding->packets = row->packets;
    finding->first_ns = row->first_ns;
    finding->last_ns = row->last_ns;
    finding->has_stage = true;
    finding->stage = key->stage;
    finding->reason = key->reason;
    finding->port = key->port;
    finding->rule = key->rule;
    finding->generation = row->generation;
    finding_example(finding, row->example_packet);
    finding_example(finding, row->last_packet);
    struct scope scope = scope_make(explaining, place, flows);
    what_append(&text, of, key, row);
    length_append(&text, of, key, row);
    limit_append(&text, of, key);
    uint64_t change_ns = change_append(explaining, &text, finding);
    move_append(&text, of, key, row);
    if (scope.count != 0) {
        flows_append(&text, &of->drops, row, &scope);
        rest_append(&text, row, &scope);
    }
    heard_append(&text, of, key, row);
    vlan_append(&text, of, key, row);
    text_append_string(&text, row->packets == 1 ? " It was dropped " : " They were dropped ");
    span_append(&text, row->first_ns, row->last_ns);
    text_append_string(&text, ".");
    before_append(explaining, &text, finding, change_ns);
    finding_say(finding, &text);
}

void explain_drops(struct explaining *explaining)
{
    const struct drops *drops = &explaining->of->drops;
    size_t *rows = drops_rows_sorted(drops);
    size_t *flows = drops_flows_sorted(drops);
    uint64_t told = 0;
    for (size_t i = 0; rows != NULL && i < drops->rows.count && i < DROP_FINDINGS; i++) {
        row_explain(explaining, rows[i], flows);
        told += ((const struct drops_row *)table_value(&drops->rows, rows[i]))->packets;
    }
    struct finding *finding =
        told < drops->packets ? finding_add(explaining, FINDING_DROPS, FINDING_BAD) : NULL;
    if (finding != NULL) {
        struct text text = {0};
        struct words words;
        finding->packets = drops->packets - told;
        text_format(&text, "%s more for other reasons: see the table.",
                    words_count(finding->packets, "packet", &words));
        finding_say(finding, &text);
    }
    free(rows);
    free(flows);
}
