/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_sessions.h"

#include <stdlib.h>

#include "base/clock.h"
#include "capture/filter_program.h"
#include "cmd/capture/capture_account.h"
#include "switch/switch.h"

static const char *const directions[] = {"both", "in", "out", NULL};

static void text_read(const struct config_node *object, const char *name, char text[],
                      const char **rule)
{
    struct config_node member = config_node_member(object, name);
    if (config_node_is_there(&member)) {
        config_node_text(object, name, text, CAPTURE_TEXT_SIZE);
        *rule = text;
    }
}

static void number_read(const struct config_node *object, const char *name, int64_t maximum,
                        uint32_t *rule)
{
    int64_t number = *rule;
    config_node_number(object, name, 0, maximum, &number);
    *rule = (uint32_t)number;
}

static void program_read(const struct config_node *object, struct capture_rules *rules,
                         struct session_texts *texts)
{
    struct config_node filter = config_node_member(object, "filter");
    struct config_node program = config_node_member(object, "program");
    size_t count = 0;
    texts->program = NULL;
    if (config_node_is_there(&program) && !config_node_is_there(&filter)) {
        config_node_fail(&program, "expected the filter that it was made of beside it");
    } else if (config_node_is_there(&filter)) {
        texts->program = filter_program_read(&program, &count);
        rules->program = texts->program;
        rules->program_count = (uint32_t)count;
    }
}

void session_rules_read(const struct config_node *object, struct capture_rules *rules,
                        struct session_texts *texts)
{
    unsigned direction = rules->direction;
    text_read(object, "filter", texts->filter, &rules->filter);
    program_read(object, rules, texts);
    text_read(object, "where", texts->where, &rules->where);
    text_read(object, "ports", texts->ports, &rules->ports);
    text_read(object, "stages", texts->stages, &rules->stages);
    config_node_choice(object, "direction", directions, &direction);
    rules->direction = (enum capture_direction)direction;
    number_read(object, "snap_length", CAPTURE_SNAP_MAX, &rules->snap_length);
    number_read(object, "sample", CAPTURE_SAMPLE_MAX, &rules->sample);
    number_read(object, "rate", CAPTURE_RATE_MAX, &rules->rate);
    number_read(object, "budget", BUDGET_WHOLE, &rules->budget);
}

void session_texts_fini(struct session_texts *texts)
{
    free(texts->program);
    texts->program = NULL;
}

json_t *session_json(const struct capture_session *session)
{
    const int *fds;
    const struct capture_rules *rules = capture_session_rules(session);
    size_t workers = capture_session_rings(session, &fds);
    json_t *object =
        json_pack("{s:I,s:s,s:I,s:I,s:I}", "session", (json_int_t)capture_session_id(session),
                  "name", capture_session_name(session), "workers", (json_int_t)workers,
                  "ring_bytes", (json_int_t)capture_session_ring_bytes(session), "rules_number",
                  (json_int_t)capture_session_rules_number(session));
    json_t *told = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "filter", rules->filter,
                             "where", rules->where, "ports", rules->ports, "stages", rules->stages,
                             "direction", directions[rules->direction], "snap_length",
                             (json_int_t)rules->snap_length, "sample", (json_int_t)rules->sample,
                             "rate", (json_int_t)rules->rate, "budget", (json_int_t)rules->budget,
                             "stage_set", (json_int_t)capture_session_stages(session));
    json_object_update(object, told);
    json_decref(told);
    return object;
}

json_t *session_account_json(const struct capture_session *session, uint32_t workers)
{
    struct capture_account sum = {0};
    for (uint32_t worker = 0; worker < workers; worker++) {
        struct capture_account account = capture_session_account(session, worker);
        capture_account_add(&sum, &account);
    }
    return capture_account_json(&sum);
}

json_t *session_workers_json(const struct capture_session *session, uint32_t workers)
{
    json_t *list = json_array();
    for (uint32_t worker = 0; worker < workers; worker++) {
        struct capture_account account = capture_session_account(session, worker);
        struct capture_load load = capture_session_load(session, worker);
        json_t *object = capture_account_json(&account);
        json_object_set_new(object, "worker", json_integer(worker));
        json_object_set_new(object, "level", json_string(budget_level_name(load.level)));
        json_object_set_new(object, "share", json_integer(load.share));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *dropped_json(const struct capture_session *session, uint16_t stage,
                            const struct reason_info *reasons, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        uint64_t packets = capture_session_dropped(session, stage, reasons[i].id);
        if (packets > 0) {
            json_array_append_new(list, json_pack("{s:i,s:I}", "reason", reasons[i].id, "packets",
                                                  (json_int_t)packets));
        }
    }
    return list;
}

static json_t *stage_json(const struct capture_session *session, uint16_t stage)
{
    struct stage_counters c = capture_session_stage(session, stage);
    struct capture_account account = capture_session_account_at(session, stage);
    json_t *object =
        json_pack("{s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "stage", stage, "in", (json_int_t)c.in,
                  "clones", (json_int_t)c.clones, "injected", (json_int_t)c.injected, "out",
                  (json_int_t)c.out, "consumed", (json_int_t)c.consumed, "held", (json_int_t)c.held,
                  "released", (json_int_t)c.released);
    if (account.offered > 0) {
        json_object_set_new(object, "journeys", capture_account_json(&account));
    }
    return object;
}

json_t *session_stages_json(const struct capture_session *session, struct vswitch *vswitch)
{
    struct stage_info stages[STAGES_MAX];
    struct reason_info *reasons = calloc(REASONS_MAX, sizeof(*reasons));
    json_t *list = json_array();
    size_t stage_count = vswitch_stages(vswitch, stages, STAGES_MAX);
    size_t reason_count = reasons != NULL ? vswitch_reasons(vswitch, reasons, REASONS_MAX) : 0;
    if (reason_count > REASONS_MAX) {
        reason_count = REASONS_MAX;
    }
    for (size_t i = 0; reasons != NULL && i < stage_count && i < STAGES_MAX; i++) {
        json_t *object = stage_json(session, stages[i].id);
        json_object_set_new(object, "dropped",
                            dropped_json(session, stages[i].id, reasons, reason_count));
        json_array_append_new(list, object);
    }
    free(reasons);
    return list;
}

enum xsw_status session_number_of(const json_t *params, int64_t *number, struct xsw_error *error)
{
    static const char *const members[] = {"session", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    config_node_require(&node, "session");
    config_node_number(&node, "session", 0, UINT32_MAX, number);
    return reader.status;
}
