/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_CERTIFY_H
#define XSW_CERTIFY_CERTIFY_H

/*
 * The certification kit: holds a shared object to the contract of <xsw/extension.h>, rule by rule
 * (certify/rules.def), and says for each that is broken what was seen: which packet, which bytes,
 * what was expected and what was found.
 *
 * How it works. certify_run goes through a table of trials (certify/trials.c). Each runs in a child
 * process of its own with limits on time and memory, so that an extension that crashes, hangs or
 * exits is a finding and not the end of the kit. In the child a spy (certify/spy.h) stands between
 * the host and the extension: the host calls the spy's descriptor, the spy looks at everything
 * before and after it calls the extension, and at every service that the extension calls. The host
 * is a real switch with memory ports and a clock of its own (certify/stand.h) for all that is about
 * traffic, and the kit's model of one (certify/model.h) where a rule needs what a switch does only
 * by accident: frames that end at a page that cannot be read, an operation that another one
 * refuses, a service that fails. What the extension calls of the C library is looked at as well
 * (certify/hooks.h).
 *
 * A rule is reported for its own sake only: a packet that an extension loses without a verdict
 * breaks `silent-drop`, and is not counted again as lost traffic.
 *
 * Threads: one at a time. The calling process never runs any code of the extension.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xsw/error.h>

#include "certify/rules.h"

struct extension_setting;

enum { CERTIFY_SECONDS_DEFAULT = 20, CERTIFY_SEED_DEFAULT = 1 };

struct certify_options {
    const char *path; /* absolute */
    /* For all trials but the passive ones, which run without any. */
    const struct extension_setting *settings;
    size_t setting_count;
    const char *only; /* id of a rule; null: all */
    uint32_t seconds; /* that a trial may take */
    uint64_t seed;    /* of the packets; not 0 */
};

enum certify_verdict {
    CERTIFY_NOT_CHECKED, /* its trial did not come to an end, or was not asked for */
    CERTIFY_HOLDS,
    CERTIFY_BROKEN,
    CERTIFY_NOT_APPLICABLE
};

enum { CERTIFY_EVIDENCE_MAX = 3, CERTIFY_TEXT_SIZE = 400 };

struct certify_result {
    enum certify_verdict verdict;
    uint64_t times; /* that it was seen broken */
    uint32_t evidence_count;
    char evidence[CERTIFY_EVIDENCE_MAX][CERTIFY_TEXT_SIZE];
    char why[CERTIFY_TEXT_SIZE]; /* it is not applicable or was not checked; may be empty */
};

struct certify_report {
    char path[256];
    char name[32], version[32], kind[16]; /* as the descriptor has them; empty: not known */
    uint64_t seed;
    bool is_partial; /* only one rule was asked for */
    uint32_t holds, broken, not_applicable, not_checked;
    struct certify_result results[RULE_COUNT]; /* by enum certify_rule */
};

/* XSW_OK: the report tells, also when rules are broken. Otherwise it could not be checked at all.
 */
enum xsw_status certify_run(const struct certify_options *options, struct certify_report *report,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* For people, in 80 columns. */
void certify_print_text(const struct certify_report *report, FILE *file);
/* {"format":1,"extension":{…},"verdict":…,"rules":[…]} */
enum xsw_status certify_print_json(const struct certify_report *report, FILE *file,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
