/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that counts what each port sends, tells it as a status, and keeps it through save and
 * restore: a migrated port goes on counting where it was. The setting "refuse" names what it is to
 * refuse: port-create, nic-create or restore. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <xsw/extension.h>

enum { PORTS = 256, CLASS_COUNT = 1 };

struct keeper {
    _Atomic uint64_t packets[PORTS];
    uint8_t is_saved[PORTS];
    char refused[16];
};

static enum xsw_status keeper_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct keeper *keeper = state;
    (void)host;
    (void)error;
    snprintf(keeper->refused, sizeof(keeper->refused), "%s", settings[0].texts[0]);
    return XSW_OK;
}

static void keeper_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct keeper *keeper = state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        atomic_fetch_add_explicit(&keeper->packets[batch->packets[i]->source_port % PORTS], 1,
                                  memory_order_relaxed);
    }
}

static enum xsw_status refuse(struct xsw_error *refusal, const char *text)
{
    refusal->status = XSW_DENIED;
    snprintf(refusal->text, sizeof(refusal->text), "%s", text);
    return XSW_DENIED;
}

static enum xsw_status keeper_ask(void *state, const struct xsw_change *change,
                                  struct xsw_error *refusal)
{
    const struct keeper *keeper = state;
    if (change->operation == XSW_OP_PORT_CREATE && strcmp(keeper->refused, "port-create") == 0) {
        return refuse(refusal, "no more ports today");
    }
    if (change->operation == XSW_OP_NIC_CREATE && strcmp(keeper->refused, "nic-create") == 0) {
        return refuse(refusal, "no more NICs today");
    }
    return XSW_OK;
}

static void keeper_told(void *state, const struct xsw_change *change)
{
    struct keeper *keeper = state;
    if (change->operation == XSW_OP_SAVE_COMPLETE) {
        keeper->is_saved[change->port % PORTS] = 0;
    }
    if (change->operation == XSW_OP_PORT_DELETE) {
        atomic_store_explicit(&keeper->packets[change->port % PORTS], 0, memory_order_relaxed);
    }
}

static enum xsw_status keeper_status(void *state, uint32_t feature, uint16_t port,
                                     struct xsw_status_value *values, struct xsw_error *error)
{
    struct keeper *keeper = state;
    (void)feature;
    (void)error;
    values[0].number = atomic_load_explicit(&keeper->packets[port % PORTS], memory_order_relaxed);
    return XSW_OK;
}

static enum xsw_status keeper_save(void *state, uint16_t port, struct xsw_record *record)
{
    struct keeper *keeper = state;
    uint64_t packets = atomic_load_explicit(&keeper->packets[port % PORTS], memory_order_relaxed);
    if (keeper->is_saved[port % PORTS]) {
        return XSW_END;
    }
    record->feature_class = CLASS_COUNT;
    record->version = 1;
    record->length = sizeof(packets);
    if (record->capacity < sizeof(packets)) {
        return XSW_LIMIT;
    }
    memcpy(record->data, &packets, sizeof(packets));
    keeper->is_saved[port % PORTS] = 1;
    return XSW_OK;
}

static enum xsw_status keeper_restore(void *state, uint16_t port, const struct xsw_record *record,
                                      struct xsw_error *error)
{
    struct keeper *keeper = state;
    uint64_t packets;
    if (strcmp(keeper->refused, "restore") == 0) {
        return refuse(error, "what was saved is of no use here");
    }
    if (record->feature_class != CLASS_COUNT || record->length != sizeof(packets)) {
        return refuse(error, "a record of another kind");
    }
    memcpy(&packets, record->data, sizeof(packets));
    atomic_fetch_add_explicit(&keeper->packets[port % PORTS], packets, memory_order_relaxed);
    return XSW_OK;
}

static const struct xsw_setting_info settings[] = {
    {.name = "refuse", .type = XSW_SETTING_TEXT, .default_text = "", .help = "what it refuses"}};
static const struct xsw_setting_info status_fields[] = {
    {.name = "packets", .type = XSW_SETTING_NUMBER, .help = "that the port has sent"}};
static const struct xsw_feature_info features[] = {{.size = sizeof(struct xsw_feature_info),
                                                    .name = "sent",
                                                    .help = "counts what a port sends",
                                                    .scope = XSW_SCOPE_PORT,
                                                    .status_fields = status_fields,
                                                    .status_count = 1}};
static const struct xsw_filter_ops filter = {.size = sizeof(filter), .ingress = keeper_ingress};
static const struct xsw_control_ops control = {.size = sizeof(control),
                                               .ask = keeper_ask,
                                               .told = keeper_told,
                                               .status = keeper_status,
                                               .save = keeper_save,
                                               .restore = keeper_restore};
static const struct xsw_extension keeper = {.abi = XSW_EXTENSION_ABI,
                                            .size = sizeof(struct xsw_extension),
                                            .name = "keeper",
                                            .version = "1",
                                            .description = "counts what ports send",
                                            .kind = XSW_EXTENSION_FILTER,
                                            .state_size = sizeof(struct keeper),
                                            .settings = settings,
                                            .setting_count = 1,
                                            .init = keeper_init,
                                            .filter = &filter,
                                            .control = &control,
                                            .features = features,
                                            .feature_count = 1};
XSW_EXTENSION_EXPORT(keeper);
