/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: from texts to compiled programs, and from the register to tables. */
#include <xsw/error_set.h>

#include "extensions/flowfilter/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SNAP_LENGTH = 262144,   /* as large as any frame: a matching program returns it */
    EXPRESSION_SHOWN = 100, /* bytes of a rule that an error repeats */
    EXPRESSION_SIZE = 4096
};

enum field { FIELD_ACTION, FIELD_DIRECTION, FIELD_EXPRESSION, FIELD_STATEFUL };

static const unsigned long rule_id_max = XSW_RULE_NUMBER_MAX;

/* Words --------------------------------------------------------------------------------------- */

/* Takes the next word of `text`: its start, its length, and `text` behind it and the blanks. */
static const char *word_take(const char **text, size_t *length)
{
    const char *word = *text + strspn(*text, " \t");
    *length = strcspn(word, " \t");
    *text = word + *length + strspn(word + *length, " \t");
    return word;
}

static int word_is(const char *word, size_t length, const char *expected)
{
    return strlen(expected) == length && memcmp(word, expected, length) == 0;
}

/* A whole number from 1 to `maximum`; 0 when the word is none. */
static unsigned long parse_number(const char *word, size_t length, unsigned long maximum)
{
    char *end;
    if (length == 0 || word[0] < '0' || word[0] > '9') {
        return 0;
    }
    errno = 0;
    unsigned long number = strtoul(word, &end, 10);
    return errno != 0 || end != word + length || number > maximum ? 0 : number;
}

static int parse_action(const char *word, size_t length, uint16_t *action)
{
    *action = word_is(word, length, "deny") ? XSW_DROP : XSW_PASS;
    return *action == XSW_DROP || word_is(word, length, "allow");
}

/* 0: the word is no direction. */
static uint16_t parse_directions(const char *word, size_t length)
{
    static const char *const names[] = {"in", "out", "both"};
    for (uint16_t i = 0; i < 3; i++) {
        if (word_is(word, length, names[i])) {
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

/* Takes "stateful" or "stateful=SECONDS" off the end of the expression. Returns 0 when the seconds
 * are none. */
static int take_stateful(char *expression, uint32_t *seconds)
{
    static const char name[] = "stateful";
    size_t length = strlen(expression);
    while (length > 0 && strchr(" \t", expression[length - 1]) != NULL) {
        length--;
    }
    size_t start = length;
    while (start > 0 && strchr(" \t", expression[start - 1]) == NULL) {
        start--;
    }
    const char *word = expression + start;
    size_t size = sizeof name - 1;
    if (length - start < size || memcmp(word, name, size) != 0 ||
        (length - start > size && word[size] != '=')) {
        return 1;
    }
    *seconds = RULE_STATEFUL_DEFAULT;
    if (length - start > size) {
        expression[length] = '\0';
        *seconds =
            (uint32_t)parse_number(word + size + 1, length - start - size - 1, RULE_STATEFUL_MAX);
    }
    expression[start] = '\0';
    return *seconds != 0;
}

/* Rules --------------------------------------------------------------------------------------- */

void rule_destroy(struct rule *rule)
{
    if (rule != NULL) {
        pcap_freecode(&rule->program);
        free(rule);
    }
}

static enum xsw_status compile(struct rule *rule, const char *expression, struct xsw_error *error)
{
    pcap_t *compiler = pcap_open_dead(DLT_EN10MB, SNAP_LENGTH);
    if (compiler == NULL) {
        return xsw_error_set(error, XSW_NO_MEMORY, "rule %u: no memory to compile it", rule->id);
    }
    enum xsw_status status = XSW_OK;
    if (pcap_compile(compiler, &rule->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = xsw_error_set(error, XSW_INVALID, "rule %u, expression \"%.*s\": %.160s", rule->id,
                               EXPRESSION_SHOWN, expression, pcap_geterr(compiler));
    }
    pcap_close(compiler);
    return status;
}

static enum xsw_status check(const struct rule *rule, struct xsw_error *error)
{
    if (rule->stateful_seconds != 0 && rule->action != XSW_PASS) {
        return xsw_error_set(
            error, XSW_INVALID,
            "rule %u: expected \"allow\": a rule that denies lets no connection be", rule->id);
    }
    return XSW_OK;
}

/* Takes the rule apart; `expression` has EXPRESSION_SIZE bytes. */
static enum xsw_status parse_text(struct rule *rule, const char *text, uint32_t place,
                                  char *expression, struct xsw_error *error)
{
    size_t length;
    const char *rest = text;
    const char *word = word_take(&rest, &length);
    rule->id = (uint32_t)parse_number(word, length, rule_id_max);
    if (rule->id == 0) {
        return xsw_error_set(
            error, XSW_INVALID,
            "rules[%u] \"%.*s\": expected \"ID allow|deny [in|out|both] EXPRESSION "
            "[stateful[=SECONDS]]\" with an id from 1 to %lu",
            place, EXPRESSION_SHOWN, text, rule_id_max);
    }
    word = word_take(&rest, &length);
    if (!parse_action(word, length, &rule->action)) {
        return xsw_error_set(error, XSW_INVALID,
                             "rules[%u] \"%.*s\": expected \"allow\" or \"deny\" behind the id",
                             place, EXPRESSION_SHOWN, text);
    }
    const char *behind = rest;
    word = word_take(&behind, &length);
    rule->directions = parse_directions(word, length);
    rest = rule->directions != 0 ? behind : rest;
    rule->directions = rule->directions != 0 ? rule->directions : XSW_INGRESS;
    if (strlen(rest) >= EXPRESSION_SIZE) {
        return xsw_error_set(error, XSW_LIMIT,
                             "rules[%u], rule %u: the expression has more than %d bytes", place,
                             rule->id, EXPRESSION_SIZE - 1);
    }
    strcpy(expression, rest);
    if (!take_stateful(expression, &rule->stateful_seconds)) {
        return xsw_error_set(
            error, XSW_INVALID,
            "rules[%u], rule %u: expected \"stateful=SECONDS\" with 1 to %d seconds", place,
            rule->id, RULE_STATEFUL_MAX);
    }
    return XSW_OK;
}

enum xsw_status rule_parse(const char *text, uint32_t place, struct rule **rule,
                           struct xsw_error *error)
{
    char expression[EXPRESSION_SIZE];
    struct rule *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return xsw_error_set(error, XSW_NO_MEMORY, "rules[%u]: no memory for it", place);
    }
    made->order = place;
    snprintf(made->text, sizeof made->text, "%s", text);
    enum xsw_status status = parse_text(made, text, place, expression, error);
    if (status == XSW_OK) {
        status = check(made, error);
    }
    if (status == XSW_OK) {
        status = compile(made, expression, error);
    }
    if (status != XSW_OK) {
        rule_destroy(made);
        return status;
    }
    *rule = made;
    return XSW_OK;
}

static enum xsw_status read_fields(struct rule *rule, const struct xsw_setting *fields,
                                   struct xsw_error *error)
{
    const char *action = fields[FIELD_ACTION].texts[0];
    const char *direction = fields[FIELD_DIRECTION].texts[0];
    rule->directions = parse_directions(direction, strlen(direction));
    rule->stateful_seconds = (uint32_t)fields[FIELD_STATEFUL].number;
    if (!parse_action(action, strlen(action), &rule->action)) {
        return xsw_error_set(error, XSW_INVALID, "action \"%.*s\": expected \"allow\" or \"deny\"",
                             EXPRESSION_SHOWN, action);
    }
    if (rule->directions == 0) {
        return xsw_error_set(error, XSW_INVALID,
                             "direction \"%.*s\": expected \"in\", \"out\" or \"both\"",
                             EXPRESSION_SHOWN, direction);
    }
    snprintf(rule->text, sizeof rule->text, "%u %s %s %s", rule->id, action, direction,
             fields[FIELD_EXPRESSION].texts[0]);
    return check(rule, error);
}

enum xsw_status rule_make(const struct xsw_setting *fields, uint32_t id, uint16_t port,
                          struct rule **rule, struct xsw_error *error)
{
    struct rule *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return xsw_error_set(error, XSW_NO_MEMORY, "rule %u: no memory for it", id);
    }
    made->id = id & XSW_RULE_NUMBER_MAX;
    made->order = id;
    made->port = port;
    enum xsw_status status = read_fields(made, fields, error);
    if (status == XSW_OK) {
        status = compile(made, fields[FIELD_EXPRESSION].texts[0], error);
    }
    if (status != XSW_OK) {
        rule_destroy(made);
        return status;
    }
    *rule = made;
    return XSW_OK;
}

/* The register -------------------------------------------------------------------------------- */

enum xsw_status rule_register_add(struct rule_register *rules, struct rule *rule,
                                  struct xsw_error *error)
{
    for (uint16_t slot = 0; slot < RULES_MAX; slot++) {
        if (rules->slots[slot] == NULL) {
            rules->slots[slot] = rule;
            rule->slot = slot;
            rule->serial = ++rules->uses[slot] << RULES_SLOT_BITS | slot;
            return XSW_OK;
        }
    }
    return xsw_error_set(error, XSW_LIMIT,
                         "rule %u: there are %d rules already, as many as there may be", rule->id,
                         RULES_MAX);
}

static int is_there(const struct rule *rule)
{
    return rule != NULL && !atomic_load_explicit(&rule->has_gone, memory_order_relaxed);
}

struct rule *rule_register_find(const struct rule_register *rules, uint16_t port, uint32_t id)
{
    for (uint32_t slot = 0; slot < RULES_MAX; slot++) {
        struct rule *rule = rules->slots[slot];
        if (is_there(rule) && rule->port == port && rule->id == id) {
            return rule;
        }
    }
    return NULL;
}

void rule_register_drop(struct rule_register *rules, struct rule *rule)
{
    rules->slots[rule->slot] = NULL;
    rule_destroy(rule);
}

void rule_register_sweep(struct rule_register *rules)
{
    for (uint32_t slot = 0; slot < RULES_MAX; slot++) {
        struct rule *rule = rules->slots[slot];
        if (rule != NULL && !is_there(rule) && !rule->is_prepared) {
            rule_destroy(rule);
            rules->slots[slot] = NULL;
        }
    }
}

void rule_register_fini(struct rule_register *rules)
{
    for (uint32_t slot = 0; slot < RULES_MAX; slot++) {
        rule_destroy(rules->slots[slot]);
        rules->slots[slot] = NULL;
    }
    free(rules->spare);
    rules->spare = NULL;
}

static int rule_order(const void *one, const void *other)
{
    const struct rule *a = *(struct rule *const *)one;
    const struct rule *b = *(struct rule *const *)other;
    return a->port != b->port ? (a->port > b->port) - (a->port < b->port)
                              : (a->order > b->order) - (a->order < b->order);
}

enum xsw_status rule_register_reserve(struct rule_register *rules, struct xsw_error *error)
{
    if (rules->spare == NULL) {
        rules->spare = calloc(1, sizeof(struct rule_table) + RULES_MAX * sizeof(struct rule *));
    }
    return rules->spare != NULL ? XSW_OK
                                : xsw_error_set(error, XSW_NO_MEMORY, "no memory for the rules");
}

struct rule_table *rule_register_table(struct rule_register *rules)
{
    if (rule_register_reserve(rules, NULL) != XSW_OK) {
        return NULL;
    }
    struct rule_table *table = rules->spare;
    rules->spare = NULL;
    table->generation = ++rules->generation;
    for (uint32_t slot = 0; slot < RULES_MAX; slot++) {
        if (is_there(rules->slots[slot])) {
            table->slots[slot] = rules->slots[slot];
            table->rules[table->count++] = rules->slots[slot];
        }
    }
    qsort(table->rules, table->count, sizeof(struct rule *), rule_order);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct rule *rule = table->rules[i];
        struct rule_list *list = &table->lists[rule->port];
        list->first = list->count == 0 ? i : list->first;
        list->count++;
        list->directions |= rule->directions;
        table->has_stateful |= rule->stateful_seconds != 0;
    }
    return table;
}
