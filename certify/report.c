/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people and for programs. */
#include <string.h>

#include "base/error.h"
#include "certify/certify.h"
#include "formats/json_write.h"

enum { TEXT_COLUMNS = 80, EVIDENCE_INDENT = 8, REPORT_FORMAT = 1 };

static const char *verdict_name(enum certify_verdict verdict)
{
    switch (verdict) {
    case CERTIFY_HOLDS:
        return "holds";
    case CERTIFY_BROKEN:
        return "broken";
    case CERTIFY_NOT_APPLICABLE:
        return "not-applicable";
    case CERTIFY_NOT_CHECKED:
        break;
    }
    return "not-checked";
}

/* Control characters, and what an extension might send to a terminal by them, become '?'. */
static void text_put(FILE *file, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        fputc(byte < ' ' || byte == 0x7f ? '?' : byte, file);
    }
}

/* Breaks at blanks; a word that is longer than a line is not broken. */
static void wrapped_print(FILE *file, const char *text)
{
    const size_t room = TEXT_COLUMNS - EVIDENCE_INDENT;
    while (*text != '\0') {
        size_t length = strlen(text);
        if (length > room) {
            length = room;
            while (length > 0 && text[length] != ' ') {
                length--;
            }
            length = length > 0 ? length : strcspn(text, " ");
        }
        fprintf(file, "%*s", EVIDENCE_INDENT, "");
        text_put(file, text, length);
        fputc('\n', file);
        text += length;
        text += strspn(text, " ");
    }
}

static void rule_print(FILE *file, const struct certify_rule_info *info,
                       const struct certify_result *result)
{
    static const char *const marks[] = {
        [CERTIFY_NOT_CHECKED] = "?",
        [CERTIFY_HOLDS] = "pass",
        [CERTIFY_BROKEN] = "FAIL",
        [CERTIFY_NOT_APPLICABLE] = "-",
    };
    fprintf(file, "  %-4s  %-18s  %s\n", marks[result->verdict], info->id, info->sentence);
    for (uint32_t i = 0; i < result->evidence_count; i++) {
        wrapped_print(file, result->evidence[i]);
    }
    if (result->times > result->evidence_count) {
        fprintf(file, "%*s(seen %llu times; contract %s)\n", EVIDENCE_INDENT, "",
                (unsigned long long)result->times, info->reference);
    } else if (result->verdict == CERTIFY_BROKEN) {
        fprintf(file, "%*s(contract %s)\n", EVIDENCE_INDENT, "", info->reference);
    } else if (result->verdict == CERTIFY_NOT_APPLICABLE && result->why[0] != '\0' &&
               strncmp(result->why, "it is a ", 8) != 0) {
        wrapped_print(file, result->why);
    }
}

static bool is_shown(const struct certify_report *report, int rule)
{
    return !report->is_partial || report->results[rule].verdict != CERTIFY_NOT_CHECKED;
}

void certify_print_text(const struct certify_report *report, FILE *file)
{
    int group = -1;
    if (report->kind[0] != '\0') {
        fprintf(file, "%s %s, %s", report->name, report->version, report->kind);
    } else {
        fputs("(no extension)", file);
    }
    fprintf(file, ", seed %llu\n%s\n", (unsigned long long)report->seed, report->path);
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        const struct certify_rule_info *info = certify_rule_info((enum certify_rule)rule);
        if (!is_shown(report, rule)) {
            continue;
        }
        if ((int)info->group != group) {
            group = (int)info->group;
            fprintf(file, "\n%s\n", certify_group_title(info->group));
        }
        rule_print(file, info, &report->results[rule]);
    }
    fprintf(file, "\n%u rules hold, %u broken, %u not applicable, %u not checked: %s\n",
            report->holds, report->broken, report->not_applicable, report->not_checked,
            report->broken > 0 ? "FAIL" : "pass");
}

static void rule_write(struct json_writer *json, const struct certify_rule_info *info,
                       const struct certify_result *result)
{
    json_object_open(json, NULL);
    json_text(json, "id", info->id);
    json_text(json, "group", certify_group_title(info->group));
    json_text(json, "sentence", info->sentence);
    json_text(json, "reference", info->reference);
    json_text(json, "verdict", verdict_name(result->verdict));
    json_u64(json, "times", result->times);
    json_array_open(json, "evidence");
    for (uint32_t i = 0; i < result->evidence_count; i++) {
        json_text(json, NULL, result->evidence[i]);
    }
    json_array_close(json);
    json_text(json, "why", result->why);
    json_object_close(json);
}

enum xsw_status certify_print_json(const struct certify_report *report, FILE *file,
                                   struct xsw_error *error)
{
    struct json_writer json;
    json_init_stream(&json, file, 2);
    json_object_open(&json, NULL);
    json_u64(&json, "format", REPORT_FORMAT);
    json_object_open(&json, "extension");
    json_text(&json, "path", report->path);
    json_text(&json, "name", report->name);
    json_text(&json, "version", report->version);
    json_text(&json, "kind", report->kind);
    json_object_close(&json);
    json_u64(&json, "seed", report->seed);
    json_text(&json, "verdict", report->broken > 0 ? "fail" : "pass");
    json_object_open(&json, "count");
    json_u64(&json, "holds", report->holds);
    json_u64(&json, "broken", report->broken);
    json_u64(&json, "not_applicable", report->not_applicable);
    json_u64(&json, "not_checked", report->not_checked);
    json_object_close(&json);
    json_array_open(&json, "rules");
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (is_shown(report, rule)) {
            rule_write(&json, certify_rule_info((enum certify_rule)rule), &report->results[rule]);
        }
    }
    json_array_close(&json);
    json_object_close(&json);
    enum xsw_status status = json_finish(&json, error);
    fputc('\n', file);
    return status;
}
