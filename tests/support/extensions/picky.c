/* SPDX-License-Identifier: Apache-2.0 */
/* A forwarder with opinions: everybody gets every frame, the sender too if the setting says so,
 * except that frames whose last byte is odd are denied by rule 9 for a declared reason. */
#include <xsw/extension.h>

struct picky {
    uint64_t back;
};

static enum xsw_status picky_init(void *state, const struct xsw_host *host,
                                  const struct xsw_setting *settings, struct xsw_error *error)
{
    struct picky *picky = state;
    (void)host;
    (void)error;
    picky->back = settings[0].number;
    return XSW_OK;
}

static void picky_forward(void *state, const struct xsw_const_batch *batch,
                          const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                          struct xsw_verdict *verdicts)
{
    const struct picky *picky = state;
    (void)connected;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_packet *packet = batch->packets[i];
        /* Ports that are not connected are the host's to leave out. */
        for (uint32_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
            destinations[i].words[word] = UINT64_MAX;
        }
        if (!picky->back) {
            xsw_port_set_remove(&destinations[i], packet->source_port);
        }
        if ((packet->data[packet->length - 1] & 1) != 0) {
            verdicts[i] = (struct xsw_verdict){.action = XSW_DROP, .reason = 1, .rule = 9};
        } else {
            verdicts[i].rule = 4;
        }
    }
}

static const struct xsw_reason_info reasons[] = {
    {"unused", "is never given"},
    {"odd", "the last byte is odd"},
};

static const struct xsw_setting_info settings_table[] = {
    {"back", XSW_SETTING_BOOL, 0, 0, 0, NULL, "whether the sender gets its frames back"},
};

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = picky_forward};

static const struct xsw_extension picky_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof picky_extension,
    .name = "picky",
    .version = "1",
    .description = "forwards even frames to everybody",
    .kind = XSW_EXTENSION_FORWARD,
    .state_size = sizeof(struct picky),
    .reasons = reasons,
    .reason_count = 2,
    .settings = settings_table,
    .setting_count = 1,
    .init = picky_init,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(picky_extension);
