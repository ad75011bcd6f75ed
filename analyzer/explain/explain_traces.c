/* SPDX-License-Identifier: Apache-2.0 */
/* Drops of which events tell and no journey: of the kernel behind the ports, and of switches that
 * were traced and not recorded. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

static const char *kernel_sentence(const char *reason)
{
    static const struct {
        const char *reason, *sentence;
    } known[] = {{"FULL_RING", "the queue of the port's device was full: its reader was too slow"},
                 {"DEV_READY", "the port's device was not up"},
                 {"QDISC_DROP", "the queueing discipline of the port's device was full"},
                 {"SOCKET_RCVBUFF", "the receive buffer of a socket was full"}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].reason, reason) == 0) {
            return known[i].sentence;
        }
    }
    return "";
}

/* By the errno of xdp:xdp_redirect_err; none: xdp:xdp_exception. */
static const char *xdp_sentence(const char *error)
{
    switch (atoi(error)) {
    case 0:
        return "the program's action could not be done";
    case -12:
        return "the fill ring of the port's socket was empty";
    case -28:
    case -105:
        return "the receive ring of the port's socket was full";
    default:
        return "the frame was refused";
    }
}

static bool is_xdp(const struct event_sum_key *key)
{
    return strncmp(key->kind, "kernel_xdp_", strlen("kernel_xdp_")) == 0;
}

static bool has_port(const struct analysis_switch *of, const char *port)
{
    for (size_t i = 0; i < of->dictionary.ports.count; i++) {
        const struct dictionary_port *known = table_value(&of->dictionary.ports, i);
        if (strcmp(known->name, port) == 0) {
            return true;
        }
    }
    return false;
}

/* Events that do not name a switch are of the one that has the port, or else of the first one. */
static bool is_of(const struct explaining *explaining, const struct event_sum_key *key)
{
    const struct analysis *analysis = explaining->analysis;
    const struct analysis_switch *of = explaining->of;
    const struct analysis_switch *taker = NULL;
    for (size_t i = 0; i < analysis->switch_count; i++) {
        const struct analysis_switch *one = analysis->switches[i];
        bool is_here = key->machine < 0 || one->machine < 0 || one->machine == key->machine;
        bool is_named = key->switch_name[0] != '\0' && strcmp(one->name, key->switch_name) == 0;
        bool is_better = is_named || (key->switch_name[0] == '\0' && has_port(one, key->port));
        if (is_here && (taker == NULL || is_better)) {
            taker = one;
            if (is_better) {
                break;
            }
        }
    }
    return taker == of;
}

static bool is_bare(const struct event_sum_key *key)
{
    return strncmp(key->kind, "kernel_", strlen("kernel_")) != 0;
}

/* A trace of the kernel alone does not tell the port; when who does tells of the same time and
 * reason, it is the same. */
static bool is_told_with_port(const struct events *events, const struct event_sum_key *key,
                              const struct event_sum *sum)
{
    for (size_t i = 0; i < events->sums.count; i++) {
        const struct event_sum_key *other = table_key(&events->sums, i);
        const struct event_sum *told = table_value(&events->sums, i);
        if (strcmp(other->kind, "kernel_drop") == 0 && other->machine == key->machine &&
            strcmp(other->reason, key->reason) == 0 && told->first_ns <= sum->last_ns &&
            sum->first_ns <= told->last_ns) {
            return true;
        }
    }
    return false;
}

/* When, unless the trace has a clock that is nobody else's. */
static void when_append(struct text *text, const struct event_sum *sum)
{
    text_append_string(text, sum->packets == 1 ? "It was dropped " : "They were dropped ");
    if (sum->first_ns < SOURCES_EPOCH_NS) {
        text_append_string(text, "at a time that the trace tells by another clock");
    } else {
        span_append(text, sum->first_ns, sum->last_ns);
    }
}

static void kernel_append(struct text *text, const struct event_sum_key *key,
                          const struct event_sum *sum)
{
    const char *sentence = is_xdp(key) ? xdp_sentence(key->why) : kernel_sentence(key->reason);
    struct words words;
    words_count(sum->packets, "packet", &words);
    if (is_bare(key)) {
        text_format(text, "%s by the kernel of the host, behind which port is not told: %s",
                    words.text, key->reason);
    } else {
        text_format(text, "%s behind %s%s, by the kernel of the host: %s%s", words.text,
                    key->port[0] != '\0'     ? "port "
                    : key->device[0] != '\0' ? "an unknown port, device "
                                             : "an unknown port",
                    key->port[0] != '\0' ? key->port : key->device, is_xdp(key) ? "XDP " : "",
                    key->reason);
    }
    if (sentence[0] != '\0') {
        text_format(text, " (%s)", sentence);
    }
    text_append_string(text, ". ");
    when_append(text, sum);
    text_append_string(text, ", outside of the switch: none of its numbers has them.");
}

static void finding_fill(struct finding *finding, const struct event_sum *sum)
{
    finding->packets = sum->packets;
    if (sum->first_ns >= SOURCES_EPOCH_NS) {
        finding->first_ns = sum->first_ns;
        finding->last_ns = sum->last_ns;
    }
    finding_example(finding, sum->packet_id);
}

void explain_kernel(struct explaining *explaining)
{
    const struct events *events = &explaining->analysis->events;
    struct event_sum sum;
    for (size_t i = 0; i < events->sums.count; i++) {
        const struct event_sum_key *key = table_key(&events->sums, i);
        if (strcmp(key->kind, "packet_dropped") == 0 || !is_of(explaining, key) ||
            !events_sum_whole(events, i, &sum) ||
            (is_bare(key) && is_told_with_port(events, key, &sum))) {
            continue;
        }
        struct finding *finding =
            finding_add(explaining, FINDING_KERNEL, is_bare(key) ? FINDING_NOTICE : FINDING_BAD);
        struct text text = {0};
        if (finding == NULL) {
            return;
        }
        finding_fill(finding, &sum);
        kernel_append(&text, key, &sum);
        before_append(explaining, &text, finding, change_append(explaining, &text, finding));
        finding_say(finding, &text);
    }
}

/* Whether the recording has drops of that kind: then these are the same packets. */
static bool is_recorded(const struct analysis_switch *of, const struct event_sum_key *key)
{
    for (size_t i = 0; i < of->drops.rows.count; i++) {
        const struct drops_row_key *row = table_key(&of->drops.rows, i);
        struct dictionary_name reason;
        struct dictionary_name port;
        if (strcmp(dictionary_reason(&of->dictionary, row->reason, &reason), key->reason) == 0 &&
            strcmp(dictionary_port(&of->dictionary, row->port, &port), key->port) == 0) {
            return true;
        }
    }
    return false;
}

void explain_traced(struct explaining *explaining)
{
    const struct events *events = &explaining->analysis->events;
    struct event_sum sum;
    for (size_t i = 0; i < events->sums.count; i++) {
        const struct event_sum_key *key = table_key(&events->sums, i);
        if (strcmp(key->kind, "packet_dropped") != 0 || !is_of(explaining, key) ||
            is_recorded(explaining->of, key) || !events_sum_whole(events, i, &sum)) {
            continue;
        }
        struct finding *finding = finding_add(explaining, FINDING_DROPS, FINDING_BAD);
        struct text text = {0};
        struct words words;
        if (finding == NULL) {
            return;
        }
        finding_fill(finding, &sum);
        text_format(&text, "%s at %s%s%s%s%s: %s. ", words_count(sum.packets, "packet", &words),
                    key->stage[0] != '\0' ? key->stage : "an unknown stage",
                    key->port[0] != '\0' ? ", port " : "", key->port,
                    key->why[0] != '\0' ? ", by " : "", key->why,
                    key->reason[0] != '\0' ? key->reason : "for an unknown reason");
        when_append(&text, &sum);
        text_append_string(&text, ". A trace tells this; no recording has their journeys.");
        before_append(explaining, &text, finding, change_append(explaining, &text, finding));
        finding_say(finding, &text);
    }
}
