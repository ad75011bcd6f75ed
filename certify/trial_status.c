/* SPDX-License-Identifier: Apache-2.0 */
/* The status of features: with much room for its texts, with little and with none. */
#include <string.h>

#include "certify/model.h"
#include "certify/trial.h"

enum {
    ROUNDS = 4,
    ROOM = 512, /* of a status text */
    FIELDS = EXTENSION_FIELDS_MAX
};

/* Asks with this much room for each text; the bytes behind it must stay. */
static void status_ask(struct model_instance *instance, uint32_t feature, uint16_t port,
                       uint32_t room)
{
    static char texts[FIELDS][ROOM + 64];
    struct findings *findings = instance->model->trial->findings;
    const struct xsw_feature_info *info = &instance->model->seen->features[feature];
    struct xsw_status_value values[FIELDS] = {{0}};
    struct xsw_error error = {.text = ""};
    memset(texts, 0x5a, sizeof(texts));
    for (size_t i = 0; i < info->status_count; i++) {
        values[i] = (struct xsw_status_value){.text = texts[i], .capacity = room};
    }
    enum xsw_status status =
        model_control(instance->model)->status(instance->state, feature, port, values, &error);
    bool is_more = false;
    for (size_t i = 0; i < info->status_count; i++) {
        is_more |= values[i].length > room;
        if (memchr(texts[i] + room, 0x5a, 1) == NULL || texts[i][ROOM + 63] != 0x5a) {
            findings_add(
                findings, RULE_STATUS_ROOM,
                "feature \"%s\", field %zu: wrote behind the room of %u bytes for its text",
                info->name, i, room);
        }
    }
    if (status == XSW_LIMIT && !is_more) {
        findings_add(findings, RULE_STATUS_ROOM,
                     "feature \"%s\": XSW_LIMIT for a room of %u bytes, and no length is more: "
                     "expected what it needs",
                     info->name, room);
    }
}

void trial_status(struct trial *trial)
{
    static const uint32_t rooms[] = {ROOM, 16, 1, 0};
    struct model model;
    struct model_instance instance;
    struct xsw_error error;
    if (!model_open(&model, trial)) {
        return;
    }
    if (model_start(&model, &instance, &error) != XSW_OK) {
        findings_problem(trial->findings, "init: %s", error.text);
        return;
    }
    uint32_t asked = 0;
    size_t count =
        XSW_HAS(model.seen, struct xsw_extension, feature_count) ? model.seen->feature_count : 0;
    model_traffic(&instance, &trial->traffic, ROUNDS);
    for (uint32_t i = 0; i < count && model_control(&model)->status != NULL; i++) {
        const struct xsw_feature_info *info = &model.seen->features[i];
        for (int n = 0; n < 4 && info->status_count > 0; n++, asked++) {
            status_ask(&instance, i, info->scope == XSW_SCOPE_PORT ? 1 : 0, rooms[n]);
        }
    }
    if (asked == 0) {
        findings_skip(trial->findings, RULE_STATUS_ROOM, "it declares no status");
    }
    model_stop(&instance);
    model_close(&model);
}
