/* SPDX-License-Identifier: Apache-2.0 */
/* See report_check.h. */
#include "fuzz/report_check.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80 };

static void breach(const char *what, const char *problem, const char *text, size_t length)
{
    fprintf(stderr, "%s: %s:\n%.*s\n", what, problem, (int)(length < 4000 ? length : 4000), text);
    abort();
}

void check_characters(const char *what, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool is_c1 = byte == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0;
        if ((byte < ' ' && byte != '\n') || byte == 0x7f || is_c1) {
            breach(what, "a control character", text + (i > 200 ? i - 200 : 0),
                   i > 200 ? 201 : i + 1);
        }
    }
    json_t *whole = json_stringn(text, length); /* refuses what is not UTF-8 */
    if (whole == NULL) {
        breach(what, "not UTF-8", text, length);
    }
    json_decref(whole);
}

void check_text(const char *what, const char *text, size_t length)
{
    size_t column = 0;
    check_characters(what, text, length);
    for (size_t i = 0; i < length; i++) {
        bool is_character = ((unsigned char)text[i] & 0xc0) != 0x80;
        column = text[i] == '\n' ? 0 : column + is_character;
        if (column > COLUMNS) {
            breach(what, "a line of more than 80 columns", text + i - column + 1, column);
        }
    }
}

/* JSON --------------------------------------------------------------------------------------- */

static const char *report;
static size_t report_length;

static uint64_t number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value)) {
        breach("--json, no number", key, report, report_length);
    }
    return (uint64_t)json_integer_value(value);
}

static uint64_t sum_of(const json_t *object, const char *array, const char *key)
{
    uint64_t sum = 0;
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(object, array), i, row)
    {
        sum += number_of(row, key);
    }
    return sum;
}

static void equal(const char *what, uint64_t found, uint64_t expected)
{
    if (found != expected) {
        fprintf(stderr, "%s: %" PRIu64 ", expected %" PRIu64 "\n", what, found, expected);
        breach("--json", what, report, report_length);
    }
}

/* Of each object anywhere: what begins ends later. */
static void spans_check(const json_t *value)
{
    const json_t *member;
    const char *key;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) spans_check(member);
        return;
    }
    json_object_foreach((json_t *)value, key, member) spans_check(member);
    if (json_object_get(value, "first_ns") != NULL && json_object_get(value, "last_ns") != NULL) {
        equal("first_ns <= last_ns", number_of(value, "first_ns") <= number_of(value, "last_ns"),
              true);
    }
}

static void latency_check(const json_t *row)
{
    uint64_t before = number_of(row, "min_ns");
    const json_t *point;
    size_t i;
    json_array_foreach(json_object_get(row, "percentiles"), i, point)
    {
        equal("percentiles grow", number_of(point, "ns") >= before, true);
        before = number_of(point, "ns");
    }
    equal("max_ns is the last percentile", number_of(row, "max_ns"), before);
}

static uint64_t dropped_in_findings(const json_t *of)
{
    uint64_t sum = 0;
    const json_t *finding;
    size_t i;
    json_array_foreach(json_object_get(of, "findings"), i, finding)
    {
        const char *kind = json_string_value(json_object_get(finding, "kind"));
        sum += strcmp(kind, "drops") == 0 ? number_of(finding, "packets") : 0;
    }
    return sum;
}

static void switch_check(const json_t *of)
{
    const json_t *summary = json_object_get(of, "summary");
    const json_t *row;
    size_t i;
    uint64_t dropped = number_of(summary, "dropped");
    uint64_t ended = number_of(summary, "delivered") + dropped + number_of(summary, "consumed") +
                     number_of(summary, "punted");
    if (number_of(of, "findings_beyond_limit") == 0) {
        equal("drops of the findings", dropped_in_findings(of), dropped);
    }
    if (number_of(of, "drops_beyond_limit") == 0) {
        equal("drops of the table", sum_of(of, "drops", "packets"), dropped);
    }
    equal("received at the ports", sum_of(of, "ports", "received"), number_of(summary, "received"));
    if (number_of(of, "paths_beyond_limit") == 0) {
        equal("packets of the paths", sum_of(of, "paths", "packets"),
              ended + number_of(summary, "unfinished"));
    }
    json_array_foreach(json_object_get(of, "latency"), i, row) latency_check(row);
    equal("changed <= all",
          number_of(summary, "changed") <= ended + number_of(summary, "unfinished"), true);
}

void check_json(const char *text, size_t length)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    const json_t *of;
    size_t i;
    report = text;
    report_length = length;
    check_characters("--json", text, length);
    if (root == NULL && json_error_code(&error) == json_error_numeric_overflow) {
        return; /* a file may have numbers of 64 bits, and this reader has 63 */
    }
    if (root == NULL) {
        breach("--json", error.text, text, length);
    }
    spans_check(root);
    json_array_foreach(json_object_get(root, "switches"), i, of) switch_check(of);
    json_decref(root);
}
