/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_SESSIONS_H
#define XSW_CMD_XSWD_SESSIONS_H

/*
 * Capture sessions as JSON: what a request says of their rules, and what an answer tells of them.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include "capture/session.h"
#include "switch/config/config_node.h"

/* Room for the texts of rules. */
struct session_texts {
    char filter[CAPTURE_TEXT_SIZE], where[CAPTURE_TEXT_SIZE];
    char ports[CAPTURE_TEXT_SIZE], stages[CAPTURE_TEXT_SIZE];
    struct bpf_insn *program; /* from malloc */
};

/* The members of an object that are rules, for config_node_check_object. */
#define SESSION_RULES_MEMBERS                                                                      \
    "filter", "program", "where", "ports", "stages", "direction", "snap_length", "sample", "rate", \
        "budget"

/* What the object names replaces what `rules` has; its texts and its program then point into
 * `texts`, which session_texts_fini() lets go of, also after an error. Another filter replaces the
 * program in any case. */
void session_rules_read(const struct config_node *object, struct capture_rules *rules,
                        struct session_texts *texts);

void session_texts_fini(struct session_texts *texts);

/* Number, name, rules, rings. */
json_t *session_json(const struct capture_session *session);
/* Counts, and lost by cause: of a session over all of `workers`, or of one of them each. */
json_t *session_account_json(const struct capture_session *session, uint32_t workers);
json_t *session_workers_json(const struct capture_session *session, uint32_t workers);
/* What the stages counted from attach to stop, and the journeys that ended there. */
json_t *session_stages_json(const struct capture_session *session, struct vswitch *vswitch);
/* Of a request that needs nothing but the number of a session. */
enum xsw_status session_number_of(const json_t *params, int64_t *number,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
