/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_SESSION_RIG_H
#define XSW_TEST_SESSION_RIG_H

/*
 * A switch with capture sessions on its first worker, and what stands in their rings. For one
 * source file; include behind cmocka.h.
 */

#include <stdint.h>
#include <string.h>

#include "capture/session.h"
#include "support/switch_rig.h"

enum { SESSIONS_MAX = 4 };

/* A session, and what was read from its ring. */
struct seen {
    struct capture_session *session;
    struct ring_consumer ring;
    uint64_t journeys;
    uint64_t gaps[META_LOSS_COUNT];           /* journeys lost, by cause */
    uint32_t events[4];                       /* by kind */
    struct ring_event event;                  /* the last one */
    uint64_t before_event;                    /* journeys in front of it */
    uint64_t by_source[8], by_destination[8]; /* journeys, by port */
    struct ring_journey last;                 /* without its bytes */
};

static struct rig rig;
static struct seen seen[SESSIONS_MAX];

static inline int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.now_ns = 1000000000;
    memset(seen, 0, sizeof(seen));
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < SESSIONS_MAX; i++) {
        if (seen[i].session != NULL) {
            ring_detach(&seen[i].ring);
            capture_session_close(seen[i].session);
        }
    }
    rig_expect_balance(&rig);
    rig_fini(&rig);
    return 0;
}

/* `place` in seen[]. */
static inline void begin_with(int place, const struct capture_rules *rules, uint32_t ring_bytes)
{
    struct capture_options options = {.rules = *rules, .ring_bytes = ring_bytes};
    struct xsw_error error;
    if (capture_session_open(rig.vswitch, &options, &seen[place].session, &error) != XSW_OK) {
        seen[place].session = NULL;
        fail_msg("%s", error.text);
    }
    const int *fds = NULL;
    assert_true(capture_session_rings(seen[place].session, &fds) > 0);
    assert_int_equal(ring_attach(&seen[place].ring, fds[0], NULL), XSW_OK);
}

static inline void begin(int place, const struct capture_rules *rules)
{
    begin_with(place, rules, 1 << 20);
}

static inline void end(int place)
{
    ring_detach(&seen[place].ring);
    capture_session_close(seen[place].session);
    memset(&seen[place], 0, sizeof(seen[place]));
}

static inline void record_see(struct seen *of, const struct ring_record *record)
{
    if (record->type == RING_JOURNEY) {
        const struct ring_journey *journey = (const struct ring_journey *)(const void *)record;
        memcpy(&of->last, journey, sizeof(of->last));
        of->journeys++;
        of->by_source[journey->source_port % 8]++;
        of->by_destination[journey->destination_port % 8]++;
    } else if (record->type == RING_GAP) {
        assert_true(record->count < META_LOSS_COUNT);
        of->gaps[record->count] += ((const struct ring_gap *)(const void *)record)->journeys;
    } else if (record->type == RING_EVENT) {
        memcpy(&of->event, record, sizeof(of->event));
        of->events[record->count % 4]++;
        of->before_event = of->journeys;
    } else {
        assert_int_equal(record->type, RING_TIMELINE);
    }
}

/* All that is in the ring. */
static inline void ring_read(int place)
{
    const struct ring_record *record = NULL;
    enum xsw_status status;
    while ((status = ring_next(&seen[place].ring, &record, NULL)) == XSW_OK) {
        record_see(&seen[place], record);
    }
    assert_int_equal(status, XSW_AGAIN);
    ring_release(&seen[place].ring);
}

static inline void balance_expect(const struct capture_account *account)
{
    assert_int_equal(account->offered, account->filtered + account->sampled + account->written +
                                           capture_account_lost(account));
    assert_true(account->unwanted <= account->filtered);
}

/* Of a worker, in balance; and that of its stages is the same, and that which the ring shows. */
static inline struct capture_account account_of(int place)
{
    const struct capture_session *session = seen[place].session;
    struct capture_account account = capture_session_account(session, 0);
    struct capture_account stages = {0};
    balance_expect(&account);
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        struct capture_account one = capture_session_account_at(session, stage);
        balance_expect(&one);
        capture_account_add(&stages, &one);
    }
    struct capture_account shown = ring_header_account(seen[place].ring.header);
    assert_memory_equal(&account, &stages, sizeof(account));
    assert_memory_equal(&account, &shown, sizeof(account));
    return account;
}

/* Journeys written since the ring was read before; the account says the same. */
static inline uint64_t written(int place)
{
    uint64_t before = seen[place].journeys;
    ring_read(place);
    assert_int_equal(seen[place].journeys, account_of(place).written);
    return seen[place].journeys - before;
}

static inline void ports_make(uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        rig_port(&rig, NULL);
    }
}

static inline void sent_away(void)
{
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        rig_drain(&rig, port);
    }
}

/* `count` frames of station `from`, at the port. */
static inline void sent(uint16_t port, uint8_t from, uint8_t to, unsigned count)
{
    struct frame frame;
    rig_frame(&frame, from, to, 10);
    for (unsigned i = 0; i < count; i++) {
        rig_feed(&rig, port, &frame);
    }
    rig_run(&rig);
    sent_away();
}

static inline void set_with(int place, const struct capture_rules *rules)
{
    struct xsw_error error;
    if (capture_session_set(seen[place].session, rules, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

#endif
