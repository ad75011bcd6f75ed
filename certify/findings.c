/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct findings *findings_create(void)
{
    void *memory = mmap(NULL, sizeof(struct findings), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    return memory;
}

void findings_destroy(struct findings *findings)
{
    if (findings != NULL) {
        munmap(findings, sizeof(*findings));
    }
}

void findings_add(struct findings *findings, enum certify_rule rule, const char *format, ...)
{
    struct rule_findings *of = &findings->rules[rule];
    of->times++;
    if (of->is_skipped) {
        of->is_skipped = false;
        of->evidence_count = 0;
    }
    if (of->evidence_count == CERTIFY_EVIDENCE_MAX) {
        return;
    }
    char text[CERTIFY_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (uint32_t i = 0; i < of->evidence_count; i++) {
        if (strcmp(of->evidence[i], text) == 0) {
            return;
        }
    }
    memcpy(of->evidence[of->evidence_count++], text, sizeof(text));
}

void findings_skip(struct findings *findings, enum certify_rule rule, const char *format, ...)
{
    struct rule_findings *of = &findings->rules[rule];
    if (of->times > 0 || of->is_skipped) {
        return;
    }
    of->is_skipped = true;
    of->evidence_count = 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(of->evidence[0], sizeof(of->evidence[0]), format, arguments);
    va_end(arguments);
}

void findings_problem(struct findings *findings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(findings->problem, sizeof(findings->problem), format, arguments);
    va_end(arguments);
}

bool findings_is_broken(const struct findings *findings, enum certify_rule rule)
{
    return findings->rules[rule].times > 0;
}

bool findings_any(const struct findings *findings)
{
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (findings->rules[rule].times > 0) {
            return true;
        }
    }
    return false;
}

static void text_keep(char to[CERTIFY_TEXT_SIZE], const char from[CERTIFY_TEXT_SIZE])
{
    memcpy(to, from, CERTIFY_TEXT_SIZE);
    to[CERTIFY_TEXT_SIZE - 1] = '\0';
}

void findings_collect(const struct findings *findings, enum certify_rule rule,
                      struct certify_result *result)
{
    const struct rule_findings *of = &findings->rules[rule];
    if (of->times > 0) {
        result->verdict = CERTIFY_BROKEN;
        result->times += of->times;
        for (uint32_t i = 0; i < of->evidence_count && i < CERTIFY_EVIDENCE_MAX; i++) {
            if (result->evidence_count < CERTIFY_EVIDENCE_MAX) {
                text_keep(result->evidence[result->evidence_count++], of->evidence[i]);
            }
        }
    } else if (result->verdict == CERTIFY_BROKEN || result->verdict == CERTIFY_HOLDS) {
        return; /* another trial has judged it */
    } else if (of->is_skipped) {
        result->verdict = CERTIFY_NOT_APPLICABLE;
        text_keep(result->why, of->evidence[0]);
    } else if (findings->is_finished) {
        result->verdict = CERTIFY_HOLDS;
    }
}
