/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_TRIAL_H
#define XSW_CERTIFY_TRIAL_H

/*
 * A trial: one run of the extension in a child process, which judges a few rules. The sources
 * certify/trial_*.c hold the trials, certify/trials.c the table of them.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "certify/certify.h"
#include "certify/findings.h"
#include "certify/stand.h"
#include "certify/traffic.h"

struct spy;

/* What a trial is given, in the child. */
struct trial {
    const struct certify_options *options;
    struct findings *findings;
    struct spy *spy;
    uint32_t kind; /* KIND_… of the extension; KIND_ANY before its descriptor was read */
    struct traffic traffic;
    struct traffic_frame frame; /* for whoever needs one */
};

struct trial_info {
    const char *name;
    void (*run)(struct trial *trial);
    enum certify_rule blame;         /* broken when it crashes */
    const enum certify_rule *judges; /* the rules that hold when it ends and found nothing; ends
                                        with RULE_COUNT */
};

/* In the order in which they run; one without a function is the last. */
extern const struct trial_info trials[];

/* Runs one in a child, and waits until it has ended or was ended. `findings` is filled. kind:
 * KIND_…. */
enum xsw_status trial_run(const struct trial_info *info, const struct certify_options *options,
                          uint32_t kind, struct findings *findings,
                          struct xsw_error *error) XSW_MUST_CHECK;

/* For trials: a stand with the extension loaded, with its settings or without. False after a
 * problem that was told; the stand is to be destroyed in both cases. */
bool trial_stand(struct trial *trial, struct stand *stand, bool is_configured);

/* Time passes until nothing is held any more, or for too long, which is told. What is sent
 * meanwhile stays with the ports. */
void trial_holds_check(struct trial *trial, struct stand *stand);

/* The trials, one source a group. */
void trial_object(struct trial *trial);
void trial_descriptor(struct trial *trial);
void trial_traffic(struct trial *trial);
void trial_bad_packets(struct trial *trial);
void trial_no_buffers(struct trial *trial);
void trial_passive(struct trial *trial);
void trial_passive_control(struct trial *trial);
void trial_reads(struct trial *trial);
void trial_bad_settings(struct trial *trial);
void trial_no_memory(struct trial *trial);
void trial_lives(struct trial *trial);
void trial_apart(struct trial *trial);
void trial_control(struct trial *trial);
void trial_status(struct trial *trial);
void trial_told_any(struct trial *trial);
void trial_save(struct trial *trial);
void trial_restore_bad(struct trial *trial);

#endif
