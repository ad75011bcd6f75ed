/* SPDX-License-Identifier: Apache-2.0 */
/* Which trials there are, which rules each judges, and what becomes of what they find. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "certify/trial.h"

#define JUDGES(...) ((const enum certify_rule[]){__VA_ARGS__, RULE_COUNT})

/* What the spy sees whatever the trial is about. */
#define DATA_PATH                                                                                  \
    RULE_STATE_BOUNDS, RULE_BATCH_BOUNDS, RULE_FOREIGN_FIELD, RULE_FRAME_BOUNDS,                   \
        RULE_CAPTURE_BYTES, RULE_EGRESS_BYTES, RULE_FORWARD_BYTES, RULE_UNDECLARED_CHANGE,         \
        RULE_SILENT_DROP, RULE_BAD_VERDICT, RULE_HOLD_REFUSED, RULE_BAD_DESTINATION,               \
        RULE_NOT_REPLACED, RULE_BAD_CALL, RULE_EGRESS_ORIGIN, RULE_LEAKED_PACKET,                  \
        RULE_BAD_RELEASE, RULE_OWN_LOOP, RULE_HOT_PATH

const struct trial_info trials[] = {
    {"object", trial_object, RULE_OBJECT, JUDGES(RULE_OBJECT, RULE_EXPORTS, RULE_IMPORTS)},
    {"descriptor", trial_descriptor, RULE_NO_CRASH,
     JUDGES(RULE_DESCRIPTOR, RULE_FLAGS, RULE_REASONS, RULE_SETTINGS, RULE_FEATURES,
            RULE_CAPTURE_VETO)},
    {"traffic", trial_traffic, RULE_NO_CRASH,
     JUDGES(DATA_PATH, RULE_HOLD_BOUND, RULE_VIOLATION, RULE_NO_CRASH, RULE_NO_HANG, RULE_NO_EXIT)},
    {"bad-packets", trial_bad_packets, RULE_BAD_PACKETS, JUDGES(RULE_BAD_PACKETS)},
    {"reads", trial_reads, RULE_READS_INSIDE, JUDGES(RULE_READS_INSIDE)},
    {"passive", trial_passive, RULE_NO_CRASH,
     JUDGES(RULE_PASSIVE_LOSS, RULE_PASSIVE_BYTES, RULE_PASSIVE_ORDER, RULE_CONNECTIVITY)},
    {"passive-control", trial_passive_control, RULE_NO_CRASH, JUDGES(RULE_PASSIVE_CONTROL)},
    {"control", trial_control, RULE_NO_CRASH,
     JUDGES(RULE_ANSWERS, RULE_REFUSAL_TEXT, RULE_RETRY_STORM, RULE_ROLL_BACK, RULE_ENUMERATION,
            RULE_REFERENCES)},
    {"status", trial_status, RULE_NO_CRASH, JUDGES(RULE_STATUS_ROOM)},
    {"told-any", trial_told_any, RULE_TOLD_ANY, JUDGES(RULE_TOLD_ANY)},
    {"save", trial_save, RULE_NO_CRASH,
     JUDGES(RULE_SAVE_ENDS, RULE_SAVE_ROOM, RULE_SAVE_AGAIN, RULE_RESTORE_OWN)},
    {"restore-bad", trial_restore_bad, RULE_RESTORE_BAD, JUDGES(RULE_RESTORE_BAD)},
    {"bad-settings", trial_bad_settings, RULE_BAD_SETTINGS, JUDGES(RULE_BAD_SETTINGS)},
    {"no-buffers", trial_no_buffers, RULE_NO_BUFFERS, JUDGES(RULE_NO_BUFFERS)},
    {"no-memory", trial_no_memory, RULE_NO_MEMORY, JUDGES(RULE_NO_MEMORY)},
    {"lives", trial_lives, RULE_NO_CRASH,
     JUDGES(RULE_MEMORY_LEAK, RULE_FILE_LEAK, RULE_THREAD_LEFT)},
    {"apart", trial_apart, RULE_NO_CRASH, JUDGES(RULE_APART)},
    {NULL, NULL, RULE_COUNT, NULL},
};

static bool judges(const struct trial_info *info, enum certify_rule rule)
{
    const enum certify_rule *judged = info->judges;
    while (*judged != RULE_COUNT && *judged != rule) {
        judged++;
    }
    return *judged == rule;
}

/* What all trials of a check share. */
struct check {
    const struct certify_options *options;
    struct certify_report *report;
    uint32_t kind; /* KIND_…; KIND_ANY until it is known */
    enum certify_rule only;
    bool is_over; /* what was found makes further trials pointless */
};

static void about_keep(struct check *check, const struct findings *findings)
{
    static const char *const kinds[] = {"", "capture", "filter", "forward"};
    struct certify_report *report = check->report;
    uint32_t bit = certify_kind_bit(findings->kind);
    if (bit == 0 || report->kind[0] != '\0') {
        return;
    }
    check->kind = bit;
    snprintf(report->kind, sizeof(report->kind), "%s", kinds[findings->kind]);
    snprintf(report->name, sizeof(report->name), "%.*s", (int)sizeof(report->name) - 1,
             findings->name);
    snprintf(report->version, sizeof(report->version), "%.*s", (int)sizeof(report->version) - 1,
             findings->version);
}

static void results_collect(struct check *check, const struct trial_info *info,
                            const struct findings *findings)
{
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        bool is_asked = check->only == RULE_COUNT || check->only == (enum certify_rule)rule;
        bool is_judged = (judges(info, (enum certify_rule)rule) && !findings->is_cut_short) ||
                         findings->rules[rule].times > 0;
        if (is_asked && is_judged) {
            findings_collect(findings, (enum certify_rule)rule, &check->report->results[rule]);
        }
    }
    check->is_over = findings->is_hopeless || findings->rules[RULE_NO_HANG].times > 0 ||
                     (info->run == trial_descriptor && !findings->is_finished);
}

/* A rule that was asked for alone, and cannot be judged for another that is broken. */
static enum xsw_status only_check(const struct check *check, const struct findings *findings,
                                  struct xsw_error *error)
{
    int broken = 0;
    if (check->only == RULE_COUNT || !findings->is_cut_short ||
        findings_is_broken(findings, check->only)) {
        return XSW_OK;
    }
    while (broken < RULE_COUNT - 1 && findings->rules[broken].times == 0) {
        broken++;
    }
    return error_set(error, XSW_INVALID, "%s: %.*s",
                     certify_rule_info((enum certify_rule)broken)->id, CERTIFY_TEXT_SIZE - 1,
                     findings->rules[broken].evidence[0]);
}

/* What has crashed on packets once crashes again: that is not about memory, or records. */
static struct trial_info trial_with_blame(const struct check *check, const struct trial_info *info)
{
    static const enum certify_rule told[] = {RULE_NO_CRASH, RULE_BAD_PACKETS, RULE_READS_INSIDE};
    struct trial_info made = *info;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        if (check->report->results[told[i]].verdict == CERTIFY_BROKEN) {
            made.blame = told[i];
            break;
        }
    }
    return made;
}

static enum xsw_status trial_do(struct check *check, const struct trial_info *info,
                                struct xsw_error *error)
{
    struct findings *findings = findings_create();
    if (findings == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a trial");
    }
    struct trial_info with_blame = trial_with_blame(check, info);
    enum xsw_status status = trial_run(&with_blame, check->options, check->kind, findings, error);
    if (status == XSW_OK && findings->problem[0] != '\0' && !findings_any(findings)) {
        findings->problem[sizeof(findings->problem) - 1] = '\0';
        status = error_set(error, XSW_INVALID, "%s (trial %s)", findings->problem, info->name);
    }
    if (status == XSW_OK) {
        about_keep(check, findings);
        results_collect(check, info, findings);
        status = only_check(check, findings, error);
    }
    findings_destroy(findings);
    return status;
}

static void kinds_skip(struct check *check)
{
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        struct certify_result *result = &check->report->results[rule];
        uint32_t kinds = certify_rule_info((enum certify_rule)rule)->kinds;
        bool is_asked = check->only == RULE_COUNT || check->only == (enum certify_rule)rule;
        bool is_other = check->report->kind[0] != '\0' && (kinds & check->kind) == 0;
        if (is_asked && is_other && result->verdict != CERTIFY_BROKEN) {
            result->verdict = CERTIFY_NOT_APPLICABLE;
            snprintf(result->why, sizeof(result->why), "it is a %s extension", check->report->kind);
        }
    }
}

static void results_count(struct check *check)
{
    struct certify_report *report = check->report;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        bool is_asked = check->only == RULE_COUNT || check->only == (enum certify_rule)rule;
        const struct certify_result *result = &report->results[rule];
        report->holds += is_asked && result->verdict == CERTIFY_HOLDS;
        report->broken += is_asked && result->verdict == CERTIFY_BROKEN;
        report->not_applicable += is_asked && result->verdict == CERTIFY_NOT_APPLICABLE;
        report->not_checked += is_asked && result->verdict == CERTIFY_NOT_CHECKED;
    }
}

enum xsw_status certify_run(const struct certify_options *options, struct certify_report *report,
                            struct xsw_error *error)
{
    memset(report, 0, sizeof(*report));
    snprintf(report->path, sizeof(report->path), "%s", options->path);
    report->seed = options->seed;
    report->is_partial = options->only != NULL;
    struct check check = {
        .options = options,
        .report = report,
        .kind = KIND_ANY,
        .only = options->only != NULL ? certify_rule_find(options->only) : RULE_COUNT,
    };
    if (options->only != NULL && check.only == RULE_COUNT) {
        return error_set(error, XSW_NOT_FOUND, "there is no rule \"%s\"", options->only);
    }
    for (const struct trial_info *info = trials; info->run != NULL && !check.is_over; info++) {
        bool is_first = info->run == trial_object || info->run == trial_descriptor;
        if (check.only == RULE_COUNT || is_first || judges(info, check.only)) {
            enum xsw_status status = trial_do(&check, info, error);
            if (status != XSW_OK) {
                return status;
            }
        }
    }
    kinds_skip(&check);
    results_count(&check);
    return XSW_OK;
}
