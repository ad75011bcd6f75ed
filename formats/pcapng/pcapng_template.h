/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_TEMPLATE_H
#define XSW_PCAPNG_TEMPLATE_H

/*
 * A packet block that is written again and again with little that differs: the options are encoded
 * once, by the same code that encodes those of any packet, and copied from then on. The little that
 * may differ is struct pcapng_repeat.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "formats/pcapng/pcapng_items.h"

enum {
    PCAPNG_TEMPLATE_MAX = 960, /* bytes of options */
    PCAPNG_TEMPLATE_SLACK = 64 /* behind them, so that they are copied in whole chunks */
};

struct pcapng_template {
    uint32_t length; /* of `options`, and of the block's length behind them */
    uint32_t id_at, meta_at;
    uint32_t vlan_at; /* of the VLAN's number in the metadata; 0: they have none */
    uint8_t options[PCAPNG_TEMPLATE_MAX + PCAPNG_TEMPLATE_SLACK];
};

/* What differs. */
struct pcapng_repeat {
    uint32_t interface;
    uint32_t captured_length, original_length;
    uint32_t flow_hash;
    uint64_t timestamp_ns;
    uint64_t id;
    uint16_t port, vlan; /* of the metadata */
    const uint8_t *data; /* readable up to a multiple of 8 bytes */
};

/* From a packet with an id and metadata, whose other values stand for those to come. False: it is
 * too long for a template, or has no id or no metadata. */
bool pcapng_template_make(struct pcapng_template *made, const struct pcapng_packet *packet);

#endif
