/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves packets where the host must not follow, in the way that the setting "how" names: the host
 * is to notice each of them. What else it writes to the packet is not its to change. */
#include <string.h>

#include <xsw/extension.h>

struct outside {
    char how[16];
};

static enum xsw_status outside_init(void *state, const struct xsw_host *host,
                                    const struct xsw_setting *settings, struct xsw_error *error)
{
    struct outside *outside = state;
    (void)host;
    (void)error;
    strncpy(outside->how, settings[0].texts[0], sizeof outside->how - 1);
    return XSW_OK;
}

static void move(const struct outside *outside, struct xsw_packet *packet)
{
    if (strcmp(outside->how, "before") == 0) {
        packet->data -= 4096;
    } else if (strcmp(outside->how, "behind") == 0) {
        packet->data += 1 << 20;
    } else if (strcmp(outside->how, "long") == 0) {
        packet->length = UINT32_MAX - 8;
    } else if (strcmp(outside->how, "short") == 0) {
        packet->length = 13;
    } else if (strcmp(outside->how, "null") == 0) {
        packet->data = NULL;
    } else { /* metadata that belongs to the host */
        packet->id = 1;
        packet->parent_id = 2;
        packet->source_port = 255;
        packet->destination_port = 254;
        packet->vlan = 4095;
        packet->flags = 0xff;
        packet->l3_offset = packet->l4_offset = 60000;
        packet->ether_type = 0x1234;
    }
}

static void outside_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        move(state, batch->packets[i]);
    }
}

static const struct xsw_setting_info settings_table[] = {
    {"how", XSW_SETTING_TEXT, 0, 0, 0, NULL, "before, behind, long, short, null or metadata"},
};

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = outside_ingress};

static const struct xsw_extension outside_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof outside_extension,
    .name = "outside",
    .version = "1",
    .description = "leaves packets outside of their buffers",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES,
    .state_size = sizeof(struct outside),
    .settings = settings_table,
    .setting_count = 1,
    .init = outside_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(outside_extension);
