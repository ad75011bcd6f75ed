/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that was built against the headers of version 1: the host of today must load it and mean
 * the same by every member. It denies what its setting says by the length of the frame, writes the
 * VLAN's place, and counts in its state. */
#include <stddef.h>

#include <xsw/extension.h>

struct frozen {
    uint64_t longest;
    uint64_t is_on;
    uint64_t names;
    char text[8];
    uint64_t seen;
};

static enum xsw_status frozen_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct frozen *frozen = state;
    if (host->abi != 1 || host->size < offsetof(struct xsw_host, log) + sizeof host->log ||
        frozen->seen != 0) {
        error->status = XSW_UNSUPPORTED;
        return XSW_UNSUPPORTED;
    }
    frozen->longest = settings[0].number;
    frozen->is_on = settings[1].number;
    frozen->text[0] = settings[2].texts[0][0];
    frozen->names = settings[3].text_count;
    host->log(host, "frozen: init");
    return XSW_OK;
}

static void frozen_close(void *state)
{
    (void)state;
}

static void frozen_fini(void *state)
{
    (void)state;
}

static void frozen_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct frozen *frozen = state;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct xsw_packet *packet = batch->packets[i];
        frozen->seen++;
        if (packet->length > frozen->longest && frozen->is_on) {
            verdicts[i].action = XSW_DROP;
            verdicts[i].reason = 1;
            verdicts[i].rule = 77;
        } else {
            packet->data[packet->length - 1] = (uint8_t)frozen->text[0];
            packet->data[packet->length - 2] = (uint8_t)(frozen->names + packet->source_port);
        }
    }
}

static void frozen_egress(void *state, const struct xsw_const_batch *batch,
                          struct xsw_verdict *verdicts)
{
    (void)state;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->packets[i]->destination_port == 3 && batch->packets[i]->vlan == 1) {
            verdicts[i].action = XSW_DROP;
            verdicts[i].reason = 0;
        }
    }
}

static const struct xsw_reason_info reasons[] = {
    {"third", "the destination is the third port"},
    {"long", "the frame is longer than the setting"},
};

static const struct xsw_setting_info settings_table[] = {
    {"longest", XSW_SETTING_NUMBER, 1, 65536, 100, NULL, "bytes"},
    {"on", XSW_SETTING_BOOL, 0, 0, 1, NULL, "whether it denies"},
    {"text", XSW_SETTING_TEXT, 0, 0, 0, "x", "one character"},
    {"names", XSW_SETTING_TEXT_LIST, 0, 0, 0, NULL, "counted"},
};

static const struct xsw_filter_ops ops = {
    .size = sizeof ops,
    .ingress = frozen_ingress,
    .egress = frozen_egress,
};

static const struct xsw_extension frozen_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof frozen_extension,
    .name = "frozen",
    .version = "1",
    .description = "built against the headers of version 1",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES,
    .state_size = sizeof(struct frozen),
    .reasons = reasons,
    .reason_count = 2,
    .settings = settings_table,
    .setting_count = 4,
    .init = frozen_init,
    .close = frozen_close,
    .fini = frozen_fini,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(frozen_extension);
