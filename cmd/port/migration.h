/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_MIGRATION_H
#define XSW_CMD_MIGRATION_H

/*
 * A live migration of a port from one switch to another, step by step:
 *
 *   1 target: a validation port, with its policies, is made and deleted again
 *   2 target: the operational port, with its policies, without a NIC
 *   3 source: save
 *   4 source: NIC disconnect, NIC delete, port tear-down and delete
 *   5 target: NIC create, connect, restore; the addresses are announced
 *
 * A failure up to step 3 leaves the source as it was; one after that brings the port back to it.
 * The guest is cut off from the first request of step 4 to the second one of step 5.
 * The target has a few seconds for each answer; one that does not come is a failure like others,
 * and what was asked of it is asked back, in case that it does it later.
 * From there to its end the program holds back SIGINT, SIGTERM and SIGHUP: what the port was is in
 * its memory alone.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "cmd/client.h"

enum migration_side { MIGRATION_SOURCE, MIGRATION_TARGET };

enum migration_result {
    MIGRATION_MOVED,
    MIGRATION_REFUSED,     /* nothing has changed */
    MIGRATION_ROLLED_BACK, /* the port is at the source again, with the state that it had */
    MIGRATION_LOST         /* it carries nothing on either side: its state is in migration.state */
};

struct migration_step {
    enum migration_side side;
    const char *method;
    uint64_t begun_ns, took_ns; /* monotonic clock */
    bool failed;
    struct xsw_error error; /* what went wrong */
};

enum { MIGRATION_STEPS_MAX = 32 };

struct migration {
    struct client *sides[2]; /* by enum migration_side; borrowed */
    const char *port;
    const char *device; /* at the target; null: of the same name */
    /* Called after each step; may be null. */
    void (*progress)(const struct migration_step *step);

    struct migration_step steps[MIGRATION_STEPS_MAX];
    size_t step_count;
    json_t *state;           /* of the port, as the source saved it; null before */
    long long announced;     /* addresses */
    uint64_t cut_ns;         /* how long the guest was without a network */
    struct xsw_error reason; /* why it was not moved */
    struct xsw_error second; /* MIGRATION_LOST: why it could not be brought back */

    json_t *configuration; /* of the port at the source */
    bool kept_before;      /* the device stays when nobody has it, whatever we do */
};

enum migration_result migration_run(struct migration *migration);
void migration_fini(struct migration *migration);

#endif
