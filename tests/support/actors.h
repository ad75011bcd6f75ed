/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_ACTORS_H
#define XSW_TEST_ACTORS_H

/*
 * A switch for a random walk, and extensions on it that refuse by chance, hold references by
 * chance, and check all that they are asked and told: that it is legal in the state that they know
 * of, in pipeline order, rolled back in reverse, and ended for whoever accepted.
 */

#include <stdbool.h>

#include "support/puppet.h"
#include "support/switch_rig.h"
#include "switch/state.h"

enum { ACTORS = 7, PENDING_MAX = 64 };

struct pending {
    uint32_t operation, id;
    uint16_t port;
    char feature[32];
};

/* An extension as the walk knows it. */
struct actor {
    struct puppet puppet;
    char name[CONFIG_NAME_SIZE];
    int kind;
    bool is_there;
    uint8_t view[XSW_PORTS_MAX]; /* states, from what it was told */
    uint32_t references[2][XSW_PORTS_MAX];
    struct pending pending[PENDING_MAX]; /* asked and accepted, not yet ended */
    uint32_t pending_count;
    uint32_t done_in_step; /* operations that it learned to be done */
};

struct walk {
    struct rig rig;
    struct vswitch *vswitch;
    uint64_t random;
    uint32_t step;
    struct actor actors[ACTORS];
    bool was_refused; /* in this step */
    bool is_quiet;    /* nobody refuses or holds: for the end */
    /* Of the last call, for the order of the next one. */
    struct pending last;
    char last_sign;
    int last_rank;
    uint32_t refusals, busies; /* how often the walk has been there */
};

extern struct walk walk;

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("step %u: %s:%d\n", walk.step, __FILE__, __LINE__);                        \
            fail_msg(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

/* A number from 0 to below - 1, from walk.random. */
uint32_t chance(uint32_t below);

void actors_init(void);
void actor_add(struct actor *actor);
void actor_remove(struct actor *actor);
/* Takes one, and checks that it is given exactly where it may be. */
void reference_try(struct actor *actor, uint16_t port, int kind);
void references_give_back(struct actor *actor, uint16_t port, int kind);
/* For the event log: notes that somebody refused. */
void actors_event(void *context, const char *line);

#endif
