/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_PUPPETS_H
#define XSW_TEST_PUPPETS_H

/*
 * A switch with one capture extension, two filters and a forwarder that do what a test says, and
 * write down what they are asked and told:
 *
 *   top?nic-create   asked      top+nic-create   it is in force
 *   top!nic-delete   told       top-nic-create   it did not happen
 *
 * From top to bottom they are cap, top, low and fwd.
 */

#include <stdbool.h>

#include "support/puppet.h"
#include "support/switch_rig.h"

enum { PUPPETS = 4, PUPPETS_LOG_SIZE = 8192 };
enum { PUPPET_CAP, PUPPET_TOP, PUPPET_LOW, PUPPET_FWD };

struct puppets {
    struct rig rig;
    struct puppet puppets[PUPPETS];
    char calls[PUPPETS_LOG_SIZE];  /* since puppets_forget */
    char events[PUPPETS_LOG_SIZE]; /* lines of the event log, since puppets_forget */
    bool is_terse;                 /* calls without the operation: "top? top+" */
    /* Who refuses what, and how often: 0 never, -1 always. */
    int refuser;
    uint32_t refused_operation; /* 0: all */
    enum xsw_status refusal;
    int refusals;
    /* Called from within told, done and ask, when it is not null. */
    void (*hook)(struct puppets *puppets, struct puppet *puppet, const struct xsw_change *change);
};

void puppets_init(struct puppets *puppets);
void puppets_fini(struct puppets *puppets);
void puppets_forget(struct puppets *puppets);
/* The calls since puppets_forget are these, with one space behind each; they are then forgotten. */
void puppets_expect(struct puppets *puppets, const char *calls);
/* One of them refuses: -1 to the end. */
void puppets_refuse(struct puppets *puppets, int refuser, uint32_t operation,
                    enum xsw_status refusal, int refusals);

#endif
