/* SPDX-License-Identifier: Apache-2.0 */
/* Drops IPv4 packets that arrive with a time to live below a limit. */
#include <xsw/extension.h>

enum { ETHER_TYPE_IPV4 = 0x0800, IPV4_TTL = 8, IPV4_SIZE = 20 };

enum reason { REASON_TTL_TOO_LOW, REASON_COUNT };
enum setting { SETTING_MINIMUM, SETTING_RULE, SETTING_COUNT };

struct minttl {
    uint8_t minimum;
    uint32_t rule;
};

static enum xsw_status minttl_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct minttl *minttl = state;
    (void)host;
    (void)error;
    minttl->minimum = (uint8_t)settings[SETTING_MINIMUM].number;
    minttl->rule = (uint32_t)settings[SETTING_RULE].number;
    return XSW_OK;
}

static int is_too_low(const struct minttl *minttl, const struct xsw_packet *packet)
{
    return packet->ether_type == ETHER_TYPE_IPV4 && packet->l3_offset != 0 &&
           packet->length >= (uint32_t)packet->l3_offset + IPV4_SIZE &&
           packet->data[packet->l3_offset + IPV4_TTL] < minttl->minimum;
}

static void minttl_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    const struct minttl *minttl = state;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (is_too_low(minttl, batch->packets[i])) {
            verdicts[i].action = XSW_DROP;
            verdicts[i].reason = REASON_TTL_TOO_LOW;
            verdicts[i].rule = minttl->rule;
        }
    }
}

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_TTL_TOO_LOW] = {"ttl-too-low", "the time to live is below the limit"},
};

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_MINIMUM] = {.name = "minimum",
                         .type = XSW_SETTING_NUMBER,
                         .minimum = 1,
                         .maximum = 255,
                         .default_number = 2,
                         .help = "the smallest time to live that passes"},
    [SETTING_RULE] = {.name = "rule",
                      .type = XSW_SETTING_NUMBER,
                      .minimum = 1,
                      .maximum = UINT32_MAX,
                      .default_number = 1,
                      .help = "the rule number that drops are reported with"},
};

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = minttl_ingress};

static const struct xsw_extension minttl = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof minttl,
    .name = "minttl",
    .version = "1.0",
    .description = "drops IPv4 packets whose time to live is too low",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct minttl),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = minttl_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(minttl);
