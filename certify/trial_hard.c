/* SPDX-License-Identifier: Apache-2.0 */
/* Hard times: frames that end where memory ends, settings that make no sense, allocations that
 * fail. */
#include <stdio.h>
#include <string.h>

#include "certify/hooks.h"
#include "certify/model.h"
#include "certify/trial.h"

enum { READ_ROUNDS = 64, FAILURES_MAX = 2000, RECORD_ROOM = 4096 };

void trial_reads(struct trial *trial)
{
    static const uint32_t counts[] = {1, 2, 7, 32, 255, XSW_BATCH_MAX};
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
    for (uint32_t round = 0; round < READ_ROUNDS; round++) {
        uint32_t count = counts[round % (sizeof(counts) / sizeof(counts[0]))];
        model_batch(&instance, &trial->traffic, count, round % 4 != 0, (round & 2) != 0);
    }
    model_stop(&instance);
    model_close(&model);
}

/* Settings ------------------------------------------------------------------------------------ */

/* init with one text that makes no sense: taken, or refused with a reason. */
static void nonsense_try(struct model *model, const struct xsw_setting_info *info, const char *text)
{
    struct findings *findings = model->trial->findings;
    const char *const texts[] = {text};
    struct extension_setting given = {.texts = texts, .text_count = 1};
    struct xsw_error error = {.text = ""};
    struct model_instance instance;
    snprintf(given.name, sizeof(given.name), "%s", info->name);
    if (!model_settings(model, &given, 1, &error)) {
        return; /* the host refuses it, or another setting must be given too */
    }
    error = (struct xsw_error){.text = ""};
    enum xsw_status status = model_start(model, &instance, &error);
    if (status == XSW_OK) {
        model_stop(&instance);
        return;
    }
    if (status > 0 || error.text[0] == '\0' ||
        memchr(error.text, '\0', sizeof(error.text)) == NULL) {
        findings_add(findings, RULE_BAD_SETTINGS,
                     "setting %s = \"%s\": init returned %d and no text: expected a failure and a "
                     "sentence in error->text",
                     info->name, text, (int)status);
    }
    /* Who asks need not want to know. */
    if (model_start(model, &instance, NULL) == XSW_OK) {
        findings_add(findings, RULE_BAD_SETTINGS,
                     "setting %s = \"%s\": refused, but taken when nobody asks why", info->name,
                     text);
        model_stop(&instance);
    }
}

void trial_bad_settings(struct trial *trial)
{
    static const char *const nonsense[] = {"((", "\x01\xff", "1 deny ((", "%s%n", ""};
    struct model model;
    uint32_t tried = 0;
    if (!model_open(&model, trial)) {
        return;
    }
    for (size_t i = 0; i < model.real->setting_count; i++) {
        const struct xsw_setting_info *info = &model.real->settings[i];
        if (info->type < XSW_SETTING_TEXT) {
            continue; /* the host sees to numbers */
        }
        for (size_t n = 0; n < sizeof(nonsense) / sizeof(nonsense[0]); n++) {
            nonsense_try(&model, info, nonsense[n]);
            tried++;
        }
    }
    if (tried == 0) {
        findings_skip(trial->findings, RULE_BAD_SETTINGS, "it has no settings that are texts");
    }
    model_close(&model);
}

/* Allocations ------------------------------------------------------------------------------------
 */

static void ports_tell(struct model_instance *instance)
{
    const uint16_t port = MODEL_PORTS;
    struct model *model = instance->model;
    struct xsw_change change = model_change(model, XSW_OP_PORT_CREATE, port, NULL);
    if (model_ask(instance, &change, XSW_OK) != XSW_OK) {
        return;
    }
    change = model_change(model, XSW_OP_NIC_CREATE, port, NULL);
    if (model_ask(instance, &change, XSW_OK) == XSW_OK) {
        change = model_change(model, XSW_OP_NIC_CONNECT, port, NULL);
        model_tell(instance, &change);
        change = model_change(model, XSW_OP_NIC_DISCONNECT, port, NULL);
        model_tell(instance, &change);
        change = model_change(model, XSW_OP_NIC_DELETE, port, NULL);
        model_tell(instance, &change);
    }
    change = model_change(model, XSW_OP_PORT_TEARDOWN, port, NULL);
    model_tell(instance, &change);
    change = model_change(model, XSW_OP_PORT_DELETE, port, NULL);
    model_tell(instance, &change);
}

static void port_save(struct model_instance *instance)
{
    static uint8_t room[RECORD_ROOM];
    const struct xsw_control_ops *ops = model_control(instance->model);
    enum xsw_status status = ops->save != NULL ? XSW_OK : XSW_END;
    for (int i = 0; i < 64 && status == XSW_OK; i++) {
        struct xsw_record record = {.size = sizeof(record), .capacity = sizeof(room), .data = room};
        status = ops->save(instance->state, 1, &record);
    }
    struct xsw_change change = model_change(instance->model, XSW_OP_SAVE_COMPLETE, 1, NULL);
    model_tell(instance, &change);
}

/* A whole life with a little of everything. Returns how init ended. */
static enum xsw_status life_run(struct model *model, struct traffic *traffic,
                                struct xsw_error *error)
{
    struct model_instance instance;
    *error = (struct xsw_error){.text = ""};
    model->ports[MODEL_PORTS].state = XSW_STATE_NOT_CREATED;
    enum xsw_status status = model_start(model, &instance, error);
    if (status == XSW_OK) {
        ports_tell(&instance);
        model_batch(&instance, traffic, 32, false, false);
        port_save(&instance);
        model_stop(&instance);
    }
    return status;
}

void trial_no_memory(struct trial *trial)
{
    struct model model;
    struct xsw_error error;
    if (!model_open(&model, trial)) {
        return;
    }
    enum xsw_status status = life_run(&model, &trial->traffic, &error);
    if (status != XSW_OK) {
        findings_problem(trial->findings, "init: %s", error.text);
        return;
    }
    (void)hooks_fail(0);
    hooks_blocks_forget();
    for (uint64_t number = 1; number <= FAILURES_MAX; number++) {
        (void)hooks_fail(number);
        status = life_run(&model, &trial->traffic, &error);
        uint64_t allocations = hooks_fail(0);
        struct hooks_blocks left = hooks_blocks();
        if (status != XSW_OK && left.count > 0) {
            char origin[100];
            hooks_blocks_origin(origin, sizeof(origin));
            findings_add(trial->findings, RULE_NO_MEMORY,
                         "allocation %llu fails: init fails and leaves %llu blocks of %llu bytes, "
                         "one of them from %s",
                         (unsigned long long)number, (unsigned long long)left.count,
                         (unsigned long long)left.bytes, origin);
        }
        if (status > 0) {
            findings_add(trial->findings, RULE_NO_MEMORY,
                         "allocation %llu fails: init returns %d; expected a failure",
                         (unsigned long long)number, (int)status);
        }
        hooks_blocks_forget();
        if (allocations < number) {
            if (number == 1) {
                findings_skip(trial->findings, RULE_NO_MEMORY, "it allocates nothing");
            }
            break;
        }
    }
    model_close(&model);
}
