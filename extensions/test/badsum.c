/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that marks packets and forgets their checksums: it says that it changes bytes, sets the
 * DSCP of IPv4 packets, and leaves the header's checksum as it was. */
#include <xsw/extension.h>

enum { ETHERNET = 14, IPV4_MIN = 20, DSCP_EXPEDITED = 46 << 2 };

static enum xsw_status badsum_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static void badsum_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct xsw_packet *packet = batch->packets[i];
        if (packet->length >= ETHERNET + IPV4_MIN && packet->data[12] == 0x08 &&
            packet->data[13] == 0x00) {
            packet->data[ETHERNET + 1] = DSCP_EXPEDITED;
        }
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = badsum_ingress};

static const struct xsw_extension badsum = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof badsum,
    .name = "badsum",
    .version = "1",
    .description = "marks packets and forgets their checksums",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES,
    .init = badsum_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(badsum);
