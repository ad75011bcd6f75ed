/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded and not configured: what a switch does with the extension is held against what it does
 * without, port by port and frame by frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "certify/spy.h"
#include "certify/trial.h"
#include "packet/describe.h"

enum { FRAMES = 600, FEED = 24, STEP_NS = NS_PER_SECOND / 10, CONNECTIVITY_FRAMES = 64 };

/* A frame that a port was sent. */
struct sent {
    size_t offset; /* of its bytes */
    uint32_t length;
    struct xsw_offload offload;
    bool is_matched;
};

/* All that a port was sent, in order. */
struct log {
    struct text bytes;
    struct sent *entries;
    size_t count, capacity;
};

struct logs {
    struct log ports[TRAFFIC_STATIONS + 1];
    bool failed;
};

static void logs_fini(struct logs *logs)
{
    for (int port = 0; port <= TRAFFIC_STATIONS; port++) {
        text_fini(&logs->ports[port].bytes);
        free(logs->ports[port].entries);
    }
}

static bool log_add(struct log *log, const struct memory_frame *frame)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity == 0 ? 256 : 2 * log->capacity;
        struct sent *grown = realloc(log->entries, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        log->entries = grown;
        log->capacity = capacity;
    }
    log->entries[log->count++] =
        (struct sent){log->bytes.length, frame->length, frame->offload, false};
    text_append(&log->bytes, frame->bytes, frame->length);
    return !log->bytes.failed;
}

static void logs_take(struct logs *logs, struct stand *stand)
{
    struct memory_frame frame;
    for (uint16_t port = 1; port <= TRAFFIC_STATIONS; port++) {
        while (stand_take(stand, port, &frame)) {
            logs->failed |= !log_add(&logs->ports[port], &frame);
        }
    }
}

/* The same traffic each time: it begins with the seed. */
static void traffic_play(struct trial *trial, struct stand *stand, struct logs *logs)
{
    struct traffic traffic = {.random = trial->options->seed};
    for (uint16_t station = 1; station <= TRAFFIC_STATIONS; station++) {
        traffic_announce(&trial->frame, station);
        stand_feed(stand, &trial->frame);
        (void)stand_run(stand);
    }
    for (uint32_t i = 1; i <= FRAMES; i++) {
        traffic_make(&traffic, &trial->frame);
        stand_feed(stand, &trial->frame);
        if (i % FEED == 0) {
            trial->spy->originated_now = 0;
            (void)stand_run(stand);
            logs_take(logs, stand);
        }
    }
    /* Who holds packets lets them go meanwhile. */
    trial_holds_check(trial, stand);
    (void)stand_wait(stand, NS_PER_SECOND, STEP_NS);
    logs_take(logs, stand);
}

/* Comparing ----------------------------------------------------------------------------------- */

static const uint8_t *bytes_of(const struct log *log, const struct sent *sent)
{
    return (const uint8_t *)text_string(&log->bytes) + sent->offset;
}

static bool is_equal(const struct log *a, const struct sent *of_a, const struct log *b,
                     const struct sent *of_b)
{
    return of_a->length == of_b->length &&
           memcmp(&of_a->offload, &of_b->offload, sizeof(of_a->offload)) == 0 &&
           memcmp(bytes_of(a, of_a), bytes_of(b, of_b), of_a->length) == 0;
}

static const char *frame_text(const struct log *log, const struct sent *sent,
                              char text[DESCRIBE_TEXT_SIZE])
{
    return describe_frame(bytes_of(log, sent), sent->length, sent->length, text, 120);
}

/* Finds each expected frame among those that came. Where all came, their order is broken when one
 * is found before the one that was found last. */
static void frames_match(struct findings *findings, uint16_t port, struct log *expected,
                         struct log *found)
{
    size_t next = 0;
    size_t matched = 0;
    size_t displaced = SIZE_MAX; /* the first one that came too early or too late */
    for (size_t i = 0; i < expected->count; i++) {
        struct sent *wanted = &expected->entries[i];
        size_t place = 0;
        for (size_t tries = 0; tries < found->count && !wanted->is_matched; tries++) {
            place = (next + tries) % found->count;
            wanted->is_matched = !found->entries[place].is_matched &&
                                 is_equal(expected, wanted, found, &found->entries[place]);
        }
        if (wanted->is_matched) {
            found->entries[place].is_matched = true;
            displaced = place < next && displaced == SIZE_MAX ? i : displaced;
            next = place + 1;
            matched++;
        }
    }
    if (displaced != SIZE_MAX && matched == expected->count) {
        char text[DESCRIBE_TEXT_SIZE];
        findings_add(findings, RULE_PASSIVE_ORDER,
                     "port %u: expected frame %zu of it (%s) in its place, found one that was sent "
                     "later",
                     port, displaced, frame_text(expected, &expected->entries[displaced], text));
    }
}

static struct sent *unmatched(struct log *log, size_t *place)
{
    while (*place < log->count && log->entries[*place].is_matched) {
        (*place)++;
    }
    return *place < log->count ? &log->entries[(*place)++] : NULL;
}

static void difference_tell(struct findings *findings, uint16_t port, const struct log *expected,
                            const struct sent *wanted, const struct log *found,
                            const struct sent *got)
{
    char text[DESCRIBE_TEXT_SIZE];
    const uint8_t *a = bytes_of(expected, wanted);
    const uint8_t *b = bytes_of(found, got);
    uint32_t at = 0;
    uint32_t shorter = wanted->length < got->length ? wanted->length : got->length;
    while (at < shorter && a[at] == b[at]) {
        at++;
    }
    if (at < shorter) {
        findings_add(findings, RULE_PASSIVE_BYTES,
                     "port %u: %s, %u bytes: byte %u: expected 0x%02x, found 0x%02x", port,
                     frame_text(expected, wanted, text), wanted->length, at, a[at], b[at]);
    } else {
        findings_add(findings, RULE_PASSIVE_BYTES,
                     "port %u: %s: expected %u bytes and the offload fields as they were, found "
                     "%u bytes",
                     port, frame_text(expected, wanted, text), wanted->length, got->length);
    }
}

static void logs_compare(struct trial *trial, struct logs *expected, struct logs *found)
{
    struct findings *findings = trial->findings;
    bool may_originate = (trial->spy->about.flags & XSW_EXTENSION_ORIGINATES) != 0;
    for (uint16_t port = 1; port <= TRAFFIC_STATIONS; port++) {
        struct log *a = &expected->ports[port];
        struct log *b = &found->ports[port];
        char text[DESCRIBE_TEXT_SIZE];
        size_t at_a = 0;
        size_t at_b = 0;
        frames_match(findings, port, a, b);
        const struct sent *wanted;
        while ((wanted = unmatched(a, &at_a)) != NULL) {
            const struct sent *got = may_originate ? NULL : unmatched(b, &at_b);
            if (got != NULL) {
                difference_tell(findings, port, a, wanted, b, got);
            } else {
                findings_add(findings, RULE_PASSIVE_LOSS,
                             "port %u: expected %s, %u bytes: it never came", port,
                             frame_text(a, wanted, text), wanted->length);
            }
        }
        const struct sent *extra = may_originate ? NULL : unmatched(b, &at_b);
        if (extra != NULL) {
            findings_add(findings, RULE_PASSIVE_BYTES,
                         "port %u: %s, %u bytes: a packet that nobody sent", port,
                         frame_text(b, extra, text), extra->length);
        }
    }
}

/* The trials ------------------------------------------------------------------------------------
 */

/* Whether it can be on a switch without being configured; if not, the rules are skipped. */
static bool stand_unconfigured(struct trial *trial, struct stand *stand, bool before_ports)
{
    static const enum certify_rule rules[] = {RULE_PASSIVE_LOSS, RULE_PASSIVE_BYTES,
                                              RULE_PASSIVE_ORDER, RULE_CONNECTIVITY,
                                              RULE_PASSIVE_CONTROL};
    struct xsw_error error;
    enum xsw_status status = stand_create(stand, trial->spy, &error);
    if (status == XSW_OK && !before_ports) {
        status = stand_ports(stand, trial->kind != KIND_FORWARD, &error);
    }
    if (status != XSW_OK) {
        findings_problem(trial->findings, "%s", error.text);
        return false;
    }
    status = stand_load(stand, trial->options->path, NULL, 0, &error);
    for (size_t i = 0; status != XSW_OK && i < sizeof(rules) / sizeof(rules[0]); i++) {
        findings_skip(trial->findings, rules[i], "it cannot be there unconfigured: %s", error.text);
    }
    return status == XSW_OK;
}

static bool expected_make(struct trial *trial, struct logs *logs)
{
    struct stand stand;
    struct xsw_error error;
    enum xsw_status status = stand_create(&stand, NULL, &error);
    if (status == XSW_OK) {
        status = stand_ports(&stand, true, &error);
    }
    if (status == XSW_OK) {
        traffic_play(trial, &stand, logs);
    } else {
        findings_problem(trial->findings, "%s", error.text);
    }
    stand_destroy(&stand);
    return status == XSW_OK;
}

/* How many of the numbered frames the port was sent, byte by byte. */
static uint32_t arrived_count(struct trial *trial, struct stand *stand, uint16_t from, uint16_t to)
{
    struct logs logs = {0};
    uint32_t arrived = 0;
    for (uint32_t number = 0; number < CONNECTIVITY_FRAMES; number++) {
        traffic_between(&trial->frame, from, to, number);
        stand_feed(stand, &trial->frame);
    }
    (void)stand_run(stand);
    trial_holds_check(trial, stand);
    logs_take(&logs, stand);
    const struct log *log = &logs.ports[to];
    for (uint32_t number = 0; number < CONNECTIVITY_FRAMES; number++) {
        traffic_between(&trial->frame, from, to, number);
        size_t i = 0;
        while (i < log->count && (log->entries[i].length != trial->frame.length ||
                                  memcmp(bytes_of(log, &log->entries[i]), trial->frame.bytes,
                                         trial->frame.length) != 0)) {
            i++;
        }
        arrived += i < log->count;
    }
    logs_fini(&logs);
    return arrived;
}

static void connectivity_check(struct trial *trial, struct stand *stand)
{
    static const uint16_t ways[2][2] = {{TRAFFIC_INTERNAL, TRAFFIC_EXTERNAL},
                                        {TRAFFIC_EXTERNAL, TRAFFIC_INTERNAL}};
    for (uint16_t station = 1; station <= TRAFFIC_STATIONS; station++) {
        traffic_announce(&trial->frame, station);
        stand_feed(stand, &trial->frame);
        (void)stand_run(stand);
    }
    for (int way = 0; way < 2; way++) {
        uint32_t arrived = arrived_count(trial, stand, ways[way][0], ways[way][1]);
        if (arrived < CONNECTIVITY_FRAMES && !findings_any(trial->findings)) {
            findings_add(trial->findings, RULE_CONNECTIVITY,
                         "from the %s port to the %s one: %u of %d frames arrived as they were "
                         "sent; expected all",
                         way == 0 ? "internal" : "external", way == 0 ? "external" : "internal",
                         arrived, CONNECTIVITY_FRAMES);
        }
    }
}

void trial_passive(struct trial *trial)
{
    struct stand stand = {0};
    struct logs expected = {0};
    struct logs found = {0};
    bool is_there = expected_make(trial, &expected) && stand_unconfigured(trial, &stand, false);
    if (is_there && trial->kind == KIND_FORWARD) {
        connectivity_check(trial, &stand);
    } else if (is_there) {
        traffic_play(trial, &stand, &found);
        if (expected.failed || found.failed) {
            findings_problem(trial->findings, "no memory for the traffic of a trial");
        } else if (!findings_any(trial->findings)) {
            logs_compare(trial, &expected, &found);
        }
    }
    stand_destroy(&stand);
    logs_fini(&expected);
    logs_fini(&found);
}

/* One operation of the management, which is to succeed. What waits for a reference is judged by the
 * rule for those. */
static bool must_pass(struct trial *trial, const char *what, enum xsw_status status,
                      const struct xsw_error *error)
{
    if (status == XSW_OK || status == XSW_BUSY || findings_any(trial->findings)) {
        return status == XSW_OK;
    }
    if (status == XSW_DENIED) {
        findings_add(trial->findings, RULE_PASSIVE_CONTROL, "%s: refused: %s", what, error->text);
    } else {
        findings_problem(trial->findings, "%s: %s", what, error->text);
    }
    return false;
}

/* A forwarder may take standard policies away: only what stays built in is asked of it. */
static void port_manage(struct trial *trial, struct vswitch *vswitch, struct port_config *config)
{
    struct xsw_error error;
    struct acl_rule rule = {.direction = ACL_IN, .action = ACL_DENY, .has_protocol = true};
    config->vlan.access = trial->kind == KIND_FORWARD ? 1 : 30;
    config->mtu = 1400;
    struct port_request request = {.config = *config};
    (void)(must_pass(trial, "setting VLAN and MTU of p3", vswitch_port_set(vswitch, config, &error),
                     &error) &&
           must_pass(trial, "adding a rule to p3", vswitch_acl_add(vswitch, "p3", &rule, &error),
                     &error) &&
           must_pass(trial, "removing the rule of p3",
                     vswitch_acl_remove(vswitch, "p3", rule.id, &error), &error) &&
           must_pass(trial, "disconnecting p3", vswitch_nic_disconnect(vswitch, "p3", &error),
                     &error) &&
           must_pass(trial, "removing p3", vswitch_port_remove(vswitch, "p3", &error), &error) &&
           must_pass(trial, "validating p3", vswitch_port_validate(vswitch, &request, &error),
                     &error));
}

void trial_passive_control(struct trial *trial)
{
    struct stand stand = {0};
    struct xsw_error error;
    if (stand_unconfigured(trial, &stand, true)) {
        struct port_info info;
        (void)must_pass(trial, "making the ports of the stand",
                        stand_ports(&stand, trial->kind != KIND_FORWARD, &error), &error);
        enum xsw_status status = vswitch_port_find(stand.vswitch, "p3", &info, &error);
        if (status == XSW_OK) {
            port_manage(trial, stand.vswitch, &info.config);
        }
        (void)must_pass(trial, "unloading it", stand_unload(&stand, &error), &error);
    }
    stand_destroy(&stand);
}
