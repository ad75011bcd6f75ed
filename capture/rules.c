/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/filter_program.h"
#include "switch/policy/bandwidth_bucket.h"

enum { RATE_BURST = 10 /* a tenth of what the rate is in a second may come at once */ };

/* Texts -------------------------------------------------------------------------------------- */

static enum xsw_status text_take(const char **text, struct xsw_error *error)
{
    *text = strdup(*text != NULL ? *text : "");
    return *text != NULL ? XSW_OK : error_set(error, XSW_NO_MEMORY, "no memory for rules");
}

static enum xsw_status texts_take(struct capture_rules *told, struct xsw_error *error)
{
    const char **const texts[] = {&told->filter, &told->where, &told->ports, &told->stages};
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum xsw_status taken = text_take(texts[i], error);
        status = status == XSW_OK ? taken : status;
    }
    return status;
}

static enum xsw_status program_make(const struct capture_rules *told, struct bpf_program *program,
                                    struct xsw_error *error)
{
    if (told->program != NULL) {
        return filter_program_copy(told->program, told->program_count, program, error);
    }
    if (told->is_bounded) {
        return error_set(error, XSW_INVALID,
                         "filter: of who may not manage, expected the compiled program with it, as "
                         "\"program\": xsw capture sends it");
    }
    return filter_program_compile(told->filter, program, error);
}

/* Without a filter there is no program: everything is watched. */
static enum xsw_status filter_take(struct rules *rules, struct xsw_error *error)
{
    struct capture_rules *told = &rules->told;
    enum xsw_status status = XSW_OK;
    if (told->filter[0] != '\0') {
        status = program_make(told, &rules->program, error);
    } else if (told->program != NULL) {
        status = error_set(error, XSW_INVALID, "program: expected the filter that it was made of");
    }
    told->program = rules->program.bf_insns;
    told->program_count = rules->program.bf_len;
    return status;
}

/* Names -------------------------------------------------------------------------------------- */

struct name_list {
    const char *next;
    char name[2 * CONFIG_NAME_SIZE];
};

/* The next name of a list with commas; false at its end. A longer one than any can be is cut. */
static bool name_next(struct name_list *list)
{
    list->next += strspn(list->next, ", ");
    size_t length = strcspn(list->next, ", ");
    size_t kept = length < sizeof(list->name) ? length : sizeof(list->name) - 1;
    memcpy(list->name, list->next, kept);
    list->name[kept] = '\0';
    list->next += length;
    return length > 0;
}

static bool list_has(const char *names, const char *name)
{
    struct name_list list = {.next = names};
    while (name_next(&list)) {
        if (strcmp(list.name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum xsw_status ports_find(struct vswitch *vswitch, struct rules *rules,
                                  const struct rules *before, struct xsw_error *error)
{
    struct name_list list = {.next = rules->told.ports};
    while (name_next(&list)) {
        struct port_info port;
        rules->has_ports = 1;
        if (vswitch_port_find(vswitch, list.name, &port, error) == XSW_OK) {
            xsw_port_set_add(&rules->ports, port.id);
        } else if (before == NULL || !list_has(before->told.ports, list.name)) {
            return error_set(error, XSW_INVALID,
                             "ports: no port \"%s\" (xsw port list shows the names)", list.name);
        }
    }
    return XSW_OK;
}

static bool stage_find(const struct stage_info *stages, size_t count, const char *name,
                       uint64_t *found)
{
    for (size_t i = 0; i < count; i++) {
        if (stages[i].order != 0xffff && strcmp(stages[i].name, name) == 0) {
            *found |= UINT64_C(1) << stages[i].id;
            return true;
        }
    }
    return false;
}

static enum xsw_status stages_find(struct vswitch *vswitch, struct rules *rules,
                                   struct xsw_error *error)
{
    struct stage_info stages[STAGES_MAX];
    size_t count = vswitch_stages(vswitch, stages, STAGES_MAX);
    struct name_list list = {.next = rules->told.stages};
    while (name_next(&list)) {
        if (!stage_find(stages, count < STAGES_MAX ? count : STAGES_MAX, list.name,
                        &rules->stages)) {
            return error_set(error, XSW_INVALID,
                             "stages: no stage \"%s\" (xsw stats shows the names)", list.name);
        }
    }
    return XSW_OK;
}

/* All of it ---------------------------------------------------------------------------------- */

static enum xsw_status number_check(const char *name, uint32_t value, uint32_t maximum,
                                    struct xsw_error *error)
{
    return value <= maximum
               ? XSW_OK
               : error_set(error, XSW_INVALID, "%s: %u; expected 0 to %u", name, value, maximum);
}

static enum xsw_status numbers_take(struct rules *rules, struct xsw_error *error)
{
    struct capture_rules *told = &rules->told;
    enum xsw_status status =
        number_check("snap_length", told->snap_length, CAPTURE_SNAP_MAX, error);
    if (status == XSW_OK) {
        status = number_check("sample", told->sample, CAPTURE_SAMPLE_MAX, error);
    }
    if (status == XSW_OK) {
        status = number_check("rate", told->rate, CAPTURE_RATE_MAX, error);
    }
    if (status == XSW_OK) {
        status = number_check("budget", told->budget, BUDGET_WHOLE, error);
    }
    if (status == XSW_OK && told->is_bounded && told->budget > BUDGET_DEFAULT) {
        status = error_set(error, XSW_INVALID,
                           "budget: %u; expected at most %d, %d percent, of who may not manage",
                           told->budget, BUDGET_DEFAULT, BUDGET_DEFAULT / (BUDGET_WHOLE / 100));
    }
    told->snap_length = told->snap_length != 0 ? told->snap_length : CAPTURE_SNAP_MAX;
    told->sample = told->sample != 0 ? told->sample : 1;
    told->budget = told->budget != 0 ? told->budget : BUDGET_DEFAULT;
    if (told->rate != 0) {
        /* A journey is taken out of the bucket like a byte. */
        rules->rate.rate = UINT64_C(8) * told->rate;
        uint64_t one = TIME_OF_BYTE / rules->rate.rate;
        uint64_t burst = (uint64_t)TIMES_A_NS * 1000000000 / RATE_BURST;
        rules->rate.depth = burst > one ? burst : one;
        rules->rate.debt = one;
    }
    return status;
}

static enum xsw_status where_take(struct vswitch *vswitch, struct rules *rules,
                                  const struct rules *before, struct xsw_error *error)
{
    const char *text = rules->told.where;
    if (text[0] == '\0') {
        return XSW_OK;
    }
    bool is_same = before != NULL && strcmp(text, before->told.where) == 0;
    return is_same ? where_again(vswitch, before->where, &rules->where, error)
                   : where_create(vswitch, text, rules->told.is_bounded, &rules->where, error);
}

static enum xsw_status rules_compile(struct vswitch *vswitch, struct rules *rules,
                                     const struct rules *before, struct xsw_error *error)
{
    enum xsw_status status = texts_take(&rules->told, error);
    if (status == XSW_OK) {
        status = numbers_take(rules, error);
    }
    if (status == XSW_OK) {
        status = filter_take(rules, error);
    }
    if (status == XSW_OK) {
        status = where_take(vswitch, rules, before, error);
    }
    if (status == XSW_OK) {
        status = ports_find(vswitch, rules, before, error);
    }
    if (status == XSW_OK) {
        status = stages_find(vswitch, rules, error);
    }
    if (status == XSW_OK && rules->told.direction != CAPTURE_IN_OR_OUT && !rules->has_ports) {
        status = error_set(error, XSW_INVALID,
                           "direction: expected ports with it, at which packets come in or go out");
    }
    bool is_in_only = rules->told.direction == CAPTURE_IN;
    rules->asks_at_begin = rules->told.sample > 1 || (rules->has_ports && is_in_only);
    rules->asks_at_end =
        rules->where != NULL || rules->stages != 0 || (rules->has_ports && !is_in_only);
    return status;
}

enum xsw_status rules_create(struct vswitch *vswitch, const struct capture_rules *told,
                             const struct rules *before, struct rules **rules,
                             struct xsw_error *error)
{
    struct rules *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for rules");
    }
    made->told = *told;
    memset(made->since_ids, 0xff, sizeof(made->since_ids));
    enum xsw_status status = rules_compile(vswitch, made, before, error);
    if (status != XSW_OK) {
        rules_destroy(made);
        return status;
    }
    *rules = made;
    return XSW_OK;
}

static void one_destroy(struct rules *rules)
{
    pcap_freecode(&rules->program);
    where_destroy(rules->where);
    free((char *)rules->told.filter);
    free((char *)rules->told.where);
    free((char *)rules->told.ports);
    free((char *)rules->told.stages);
    free(rules);
}

static struct rules *older_of(const struct rules *rules)
{
    return atomic_load_explicit(&rules->older, memory_order_relaxed);
}

void rules_destroy(struct rules *rules)
{
    while (rules != NULL) {
        struct rules *older = older_of(rules);
        one_destroy(rules);
        rules = older;
    }
}

struct rules *rules_replace(struct rules *rules, struct rules *before)
{
    struct rules *last = rules;
    /* Pairs with the acquire in rules_of. */
    atomic_store_explicit(&rules->older, before, memory_order_release);
    for (uint32_t kept = 0; kept < RULES_KEPT_MAX && older_of(last) != NULL; kept++) {
        last = older_of(last);
    }
    struct rules *rest = older_of(last);
    atomic_store_explicit(&last->older, NULL, memory_order_relaxed);
    return rest;
}

bool rules_name_ports(const struct rules *rules)
{
    return rules->has_ports || (rules->where != NULL && where_names_ports(rules->where));
}

static bool texts_are_same(const struct capture_rules *told, const struct capture_rules *other)
{
    return strcmp(told->filter, other->filter) == 0 && strcmp(told->where, other->where) == 0 &&
           strcmp(told->ports, other->ports) == 0 && strcmp(told->stages, other->stages) == 0;
}

static bool numbers_are_same(const struct capture_rules *told, const struct capture_rules *other)
{
    return told->direction == other->direction && told->snap_length == other->snap_length &&
           told->sample == other->sample && told->rate == other->rate &&
           told->budget == other->budget;
}

/* The same names may name something else now, so what they were compiled to is compared as well. */
bool rules_are_same(const struct rules *rules, const struct rules *other)
{
    return texts_are_same(&rules->told, &other->told) &&
           numbers_are_same(&rules->told, &other->told) &&
           rules->program.bf_len == other->program.bf_len &&
           (rules->program.bf_len == 0 ||
            memcmp(rules->program.bf_insns, other->program.bf_insns,
                   rules->program.bf_len * sizeof(*rules->program.bf_insns)) == 0) &&
           rules->stages == other->stages &&
           memcmp(&rules->ports, &other->ports, sizeof(rules->ports)) == 0 &&
           where_is_same(rules->where, other->where);
}
