/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter of pcap-filter(7) expressions: the first rule that matches decides. Frames are matched
 * as they are; to reach behind a VLAN tag an expression begins with "vlan and". The default is for
 * those directions that a rule names: else a default of deny behind rules for one direction would
 * stop in the other what they let pass.
 */
#include <pcap/pcap.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/extension.h>

enum {
    RULES_MAX = 1024,
    SNAP_LENGTH = 262144,  /* as large as any frame: a matching program returns it */
    EXPRESSION_SHOWN = 100 /* bytes of a rule that an error repeats */
};

static const unsigned long rule_id_max = 1ul << 31;

enum setting { SETTING_RULES, SETTING_DEFAULT, SETTING_COUNT };
enum reason { REASON_DENIED, REASON_DEFAULT, REASON_COUNT };

struct rule {
    struct bpf_program program;
    uint32_t id;
    uint16_t action;     /* enum xsw_action */
    uint16_t directions; /* sum of enum xsw_direction */
};

struct flowfilter {
    struct rule *rules;
    size_t count; /* rules that have a program */
    uint16_t default_action;
    uint16_t default_directions; /* where the default is asked: sum of enum xsw_direction */
};

static enum xsw_status fail(struct xsw_error *error, enum xsw_status status, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

static enum xsw_status fail(struct xsw_error *error, enum xsw_status status, const char *format,
                            ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        error->errno_value = 0;
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

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

static int parse_id(const char *word, size_t length, uint32_t *id)
{
    char *end;
    if (length == 0 || word[0] < '0' || word[0] > '9') {
        return 0;
    }
    errno = 0;
    unsigned long number = strtoul(word, &end, 10);
    if (errno != 0 || end != word + length || number == 0 || number > rule_id_max) {
        return 0;
    }
    *id = (uint32_t)number;
    return 1;
}

/* Takes an optional direction. */
static uint16_t take_directions(const char **text)
{
    static const struct {
        const char *name;
        uint16_t directions;
    } names[] = {{"in", XSW_INGRESS}, {"out", XSW_EGRESS}, {"both", XSW_INGRESS | XSW_EGRESS}};
    size_t length;
    const char *rest = *text;
    const char *word = word_take(&rest, &length);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (word_is(word, length, names[i].name)) {
            *text = rest;
            return names[i].directions;
        }
    }
    return XSW_INGRESS;
}

/* place: of the rule in the list, from 1, for the error. Fills all of `rule` but its program, and
 * sets `expression` to what is left of the text. */
static enum xsw_status parse_rule(struct rule *rule, const char *text, size_t place,
                                  const char **expression, struct xsw_error *error)
{
    size_t length;
    const char *rest = text;
    const char *word = word_take(&rest, &length);
    if (!parse_id(word, length, &rule->id)) {
        return fail(error, XSW_INVALID,
                    "rules[%zu] \"%.*s\": expected \"ID allow|deny [in|out|both] EXPRESSION\" with "
                    "an id from 1 to %lu",
                    place - 1, EXPRESSION_SHOWN, text, rule_id_max);
    }
    word = word_take(&rest, &length);
    if (word_is(word, length, "allow")) {
        rule->action = XSW_PASS;
    } else if (word_is(word, length, "deny")) {
        rule->action = XSW_DROP;
    } else {
        return fail(error, XSW_INVALID,
                    "rules[%zu] \"%.*s\": expected \"allow\" or \"deny\" behind the id", place - 1,
                    EXPRESSION_SHOWN, text);
    }
    rule->directions = take_directions(&rest);
    *expression = rest;
    return XSW_OK;
}

static enum xsw_status add_rule(struct flowfilter *filter, pcap_t *compiler, const char *text,
                                struct xsw_error *error)
{
    struct rule *rule = &filter->rules[filter->count];
    size_t place = filter->count + 1;
    const char *expression = NULL;
    enum xsw_status status = parse_rule(rule, text, place, &expression, error);
    if (status != XSW_OK) {
        return status;
    }
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->rules[i].id == rule->id) {
            return fail(error, XSW_INVALID, "rules[%zu]: id %u is that of rules[%zu] already",
                        place - 1, rule->id, i);
        }
    }
    if (pcap_compile(compiler, &rule->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return fail(error, XSW_INVALID, "rules[%zu], rule %u, expression \"%.*s\": %.160s",
                    place - 1, rule->id, EXPRESSION_SHOWN, expression, pcap_geterr(compiler));
    }
    filter->default_directions |= rule->directions;
    filter->count++;
    return XSW_OK;
}

static enum xsw_status parse_default(struct flowfilter *filter, const char *text,
                                     struct xsw_error *error)
{
    if (strcmp(text, "allow") == 0) {
        filter->default_action = XSW_PASS;
    } else if (strcmp(text, "deny") == 0) {
        filter->default_action = XSW_DROP;
    } else {
        return fail(error, XSW_INVALID, "default \"%.*s\": expected \"allow\" or \"deny\"",
                    EXPRESSION_SHOWN, text);
    }
    return XSW_OK;
}

static void flowfilter_fini(void *state)
{
    struct flowfilter *filter = state;
    for (size_t i = 0; i < filter->count; i++) {
        pcap_freecode(&filter->rules[i].program);
    }
    free(filter->rules);
    filter->rules = NULL;
    filter->count = 0;
}

static enum xsw_status flowfilter_init(void *state, const struct xsw_host *host,
                                       const struct xsw_setting *settings, struct xsw_error *error)
{
    struct flowfilter *filter = state;
    const struct xsw_setting *rules = &settings[SETTING_RULES];
    (void)host;
    enum xsw_status status = parse_default(filter, settings[SETTING_DEFAULT].texts[0], error);
    if (status != XSW_OK) {
        return status;
    }
    if (rules->text_count > RULES_MAX) {
        return fail(error, XSW_LIMIT, "rules: %u rules, expected at most %d", rules->text_count,
                    RULES_MAX);
    }
    pcap_t *compiler = pcap_open_dead(DLT_EN10MB, SNAP_LENGTH);
    filter->rules = calloc((size_t)rules->text_count + 1, sizeof *filter->rules);
    if (compiler == NULL || filter->rules == NULL) {
        status = fail(error, XSW_NO_MEMORY, "no memory for %u rules", rules->text_count);
        goto cleanup;
    }
    for (uint32_t i = 0; i < rules->text_count && status == XSW_OK; i++) {
        status = add_rule(filter, compiler, rules->texts[i], error);
    }
    if (filter->count == 0) {
        filter->default_directions = XSW_INGRESS;
    }
cleanup:
    if (compiler != NULL) {
        pcap_close(compiler);
    }
    if (status != XSW_OK) {
        flowfilter_fini(filter);
    }
    return status;
}

static void decide(const struct flowfilter *filter, enum xsw_direction direction,
                   const struct xsw_packet *packet, struct xsw_verdict *verdict)
{
    for (size_t i = 0; i < filter->count; i++) {
        const struct rule *rule = &filter->rules[i];
        if ((rule->directions & direction) != 0 &&
            bpf_filter(rule->program.bf_insns, packet->data, packet->length, packet->length) != 0) {
            verdict->action = rule->action;
            verdict->reason = REASON_DENIED;
            verdict->rule = rule->id;
            return;
        }
    }
    if ((filter->default_directions & direction) != 0) {
        verdict->action = filter->default_action;
        verdict->reason = REASON_DEFAULT;
    }
}

static void flowfilter_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        decide(state, XSW_INGRESS, batch->packets[i], &verdicts[i]);
    }
}

static void flowfilter_egress(void *state, const struct xsw_const_batch *batch,
                              struct xsw_verdict *verdicts)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        decide(state, XSW_EGRESS, batch->packets[i], &verdicts[i]);
    }
}

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_DENIED] = {"flow-denied", "a rule of the flow filter denies the packet"},
    [REASON_DEFAULT] = {"flow-default", "no rule of the flow filter allows the packet"},
};

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_RULES] = {.name = "rules",
                       .type = XSW_SETTING_TEXT_LIST,
                       .help = "\"ID allow|deny [in|out|both] PCAP-FILTER-EXPRESSION\"; the first "
                               "that matches decides; in when no direction is given"},
    [SETTING_DEFAULT] = {.name = "default",
                         .type = XSW_SETTING_TEXT,
                         .default_text = "allow",
                         .help =
                             "allow or deny: for packets that no rule matches, in those directions "
                             "that a rule names (in, when there is no rule)"},
};

static const struct xsw_filter_ops ops = {
    .size = sizeof ops,
    .ingress = flowfilter_ingress,
    .egress = flowfilter_egress,
};

static const struct xsw_extension flowfilter = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof flowfilter,
    .name = "flowfilter",
    .version = XSW_VERSION,
    .description = "allows and denies packets by pcap-filter expressions",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct flowfilter),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = flowfilter_init,
    .fini = flowfilter_fini,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(flowfilter);
