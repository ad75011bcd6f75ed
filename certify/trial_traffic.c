/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic through a real switch, with the settings that were given: honest frames, bad ones, and
 * honest ones when there are no buffers. What is wrong with a single call the spy tells; what only
 * shows afterwards is told here. */
#include <string.h>

#include "base/clock.h"
#include "certify/spy.h"
#include "certify/trial.h"
#include "packet/packet.h"
#include "switch/path/counters.h"
#include "switch/path/worker.h"

enum { ROUNDS = 48, STEP_NS = NS_PER_SECOND / 100 };

static void announce(struct trial *trial, struct stand *stand)
{
    for (uint16_t station = 1; station <= TRAFFIC_STATIONS; station++) {
        traffic_announce(&trial->frame, station);
        stand_feed(stand, &trial->frame);
        (void)stand_run(stand);
    }
}

static void rounds_run(struct trial *trial, struct stand *stand,
                       void (*make)(struct traffic *traffic, struct traffic_frame *frame))
{
    static const uint32_t counts[] = {1, 2, 7, 32, 100, 200};
    announce(trial, stand);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t count = counts[round % (sizeof(counts) / sizeof(counts[0]))];
        trial->spy->originated_now = 0;
        for (uint32_t i = 0; i < count; i++) {
            make(&trial->traffic, &trial->frame);
            stand_feed(stand, &trial->frame);
        }
        (void)stand_run(stand);
        stand_drain(stand);
        trial->spy->originated_now = 0;
        (void)stand_wait(stand, STEP_NS, STEP_NS);
        stand_drain(stand);
    }
}

/* One frame, and then nothing and no time: what comes of it must come to an end. */
static void loop_check(struct trial *trial, struct stand *stand)
{
    trial->spy->originated_now = 0;
    traffic_announce(&trial->frame, TRAFFIC_EXTERNAL);
    stand_feed(stand, &trial->frame);
    if (!stand_run(stand) && !findings_any(trial->findings)) {
        findings_add(trial->findings, RULE_OWN_LOOP,
                     "one packet came, and %d turns later there was still something to do",
                     STAND_TURNS_MAX);
    }
}

static void violations_check(struct trial *trial, struct stand *stand)
{
    static const char *const names[] = {
#define VIOLATION(symbol, name, sentence) name ": " sentence,
#include "switch/extension/violations.def"
#undef VIOLATION
    };
    if (findings_any(trial->findings)) {
        return; /* the spy has told of it with the packet */
    }
    for (int violation = 0; violation < VIOLATION_COUNT; violation++) {
        uint64_t count = stand_violations(stand, violation);
        if (count > 0) {
            findings_add(trial->findings, RULE_VIOLATION, "the host counted %llu of %s",
                         (unsigned long long)count, names[violation]);
        }
    }
}

void trial_traffic(struct trial *trial)
{
    struct stand stand;
    struct xsw_error error;
    if (trial_stand(trial, &stand, true)) {
        rounds_run(trial, &stand, traffic_make);
        trial_holds_check(trial, &stand);
        stand_drain(&stand);
        loop_check(trial, &stand);
        violations_check(trial, &stand);
        if (trial->spy->calls == 0) {
            findings_problem(trial->findings, "no packet ever reached the extension");
        }
        if (stand_unload(&stand, &error) != XSW_OK) {
            findings_problem(trial->findings, "%s", error.text);
        }
    }
    stand_destroy(&stand);
}

void trial_bad_packets(struct trial *trial)
{
    struct stand stand;
    if (trial_stand(trial, &stand, true)) {
        rounds_run(trial, &stand, traffic_make_bad);
    }
    stand_destroy(&stand);
}

void trial_no_buffers(struct trial *trial)
{
    struct stand stand;
    if (trial_stand(trial, &stand, true)) {
        if ((trial->spy->about.flags & XSW_EXTENSION_ORIGINATES) == 0) {
            findings_skip(trial->findings, RULE_NO_BUFFERS, "it originates nothing");
        } else {
            trial->spy->has_no_buffers = true;
            rounds_run(trial, &stand, traffic_make);
        }
    }
    stand_destroy(&stand);
}
