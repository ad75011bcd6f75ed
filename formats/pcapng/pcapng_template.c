/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pcapng/pcapng_template.h"

#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_encode.h"
#include "formats/pcapng/pcapng_wire.h"
#include "formats/pcapng/stage_meta.h"

enum { META_FIRST_TLV = 4 + META_FIXED_SIZE, TLV_HEAD_SIZE = 2 };

/* Where in the metadata the VLAN's number stands; 0: nowhere. */
static uint32_t vlan_find(const uint8_t *meta, size_t length)
{
    for (size_t at = META_FIRST_TLV; at + TLV_HEAD_SIZE <= length;
         at += TLV_HEAD_SIZE + (size_t)meta[at + 1]) {
        if (meta[at] == META_TLV_VLAN) {
            return (uint32_t)(at + TLV_HEAD_SIZE);
        }
    }
    return 0;
}

bool pcapng_template_make(struct pcapng_template *made, const struct pcapng_packet *packet)
{
    bool has_all = (packet->has & PCAPNG_HAS_ID) != 0 && packet->meta_length >= META_FIRST_TLV;
    if (!has_all || encode_options_size(packet) + PCAPNG_TAIL_SIZE > PCAPNG_TEMPLATE_MAX) {
        return false;
    }
    uint8_t *end = encode_options(made->options, packet);
    made->length = (uint32_t)(end - made->options) + PCAPNG_TAIL_SIZE;
    made->id_at = made->meta_at = 0;
    for (uint32_t at = 0; made->id_at == 0 || made->meta_at == 0;) {
        uint16_t code = get_le16(made->options + at);
        uint32_t value = at + PCAPNG_OPTION_HEAD_SIZE;
        if (code == PCAPNG_PACKET_ID) {
            made->id_at = value;
        } else if (code == PCAPNG_OPTION_CUSTOM_BYTES) {
            made->meta_at = value;
        }
        at = value + ((get_le16(made->options + at + 2) + 3U) & ~3U);
    }
    uint32_t vlan = vlan_find(made->options + made->meta_at, packet->meta_length);
    made->vlan_at = vlan == 0 ? 0 : made->meta_at + vlan;
    return true;
}
