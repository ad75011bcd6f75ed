/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation of a worker did with its batch: every packet, verdict and byte is compared with
 * what it was. */
#include <stdio.h>
#include <string.h>

#include "certify/spy.h"
#include "packet/describe.h"
#include "packet/packet.h"

enum { UNTOUCHED = 0x5a5a };

void spy_batch_begin(struct spy *spy, struct xsw_packet *const *packets, uint32_t count,
                     enum xsw_direction direction)
{
    struct spy_batch *batch = spy->batch;
    batch->count = count;
    batch->direction = direction;
    batch->is_running = true;
    memset(batch->verdicts, 0, (count + 1) * sizeof(batch->verdicts[0]));
    memset(batch->destinations, 0, (count + 1) * sizeof(batch->destinations[0]));
    batch->verdicts[count].action = UNTOUCHED;
    batch->destinations[count].words[0] = UNTOUCHED;
    batch->pointers[count] = NULL;
    for (uint32_t i = 0; i < count; i++) {
        batch->pointers[i] = packets[i];
        batch->packets[i] = packets[i];
        batch->before[i] = *packets[i];
        memcpy(batch->bytes[i], packets[i]->data, packets[i]->length);
        if (spy->has_headroom) {
            const struct packet *packet = (const struct packet *)packets[i];
            memcpy(batch->headrooms[i], packet->buffer, SPY_GUARD);
        }
    }
    spy->calls++;
}

const char *spy_packet_text(const struct spy *spy, uint32_t place)
{
    static char text[DESCRIBE_TEXT_SIZE + 80];
    char frame[DESCRIBE_TEXT_SIZE];
    const struct spy_batch *batch = spy->batch;
    uint32_t length = batch->before[place].length;
    describe_frame(batch->bytes[place], length, length, frame, 100);
    snprintf(text, sizeof(text), "packet %u of %u (%s, %u bytes, from port %u)", place,
             batch->count, frame, length, batch->before[place].source_port);
    return text;
}

/* The rule that a change of bytes breaks; RULE_COUNT when it may change them. */
static enum certify_rule rule_of_change(const struct spy *spy)
{
    const struct xsw_extension *real = &spy->about;
    if (real->kind == XSW_EXTENSION_CAPTURE) {
        return RULE_CAPTURE_BYTES;
    }
    if (real->kind == XSW_EXTENSION_FORWARD) {
        return RULE_FORWARD_BYTES;
    }
    if (spy->batch->direction == XSW_EGRESS) {
        return RULE_EGRESS_BYTES;
    }
    return (real->flags & XSW_EXTENSION_CHANGES_BYTES) != 0 ? RULE_COUNT : RULE_UNDECLARED_CHANGE;
}

static void bytes_check(struct spy *spy, uint32_t place, enum certify_rule rule,
                        const char *operation)
{
    const struct xsw_packet *now = spy->batch->packets[place];
    const struct xsw_packet *before = &spy->batch->before[place];
    if (now->data != before->data || now->length != before->length) {
        findings_add(spy->findings, rule,
                     "%s: %s: expected its frame where it was with %u bytes, found it %td bytes "
                     "further with %u",
                     operation, spy_packet_text(spy, place), before->length,
                     now->data - before->data, now->length);
        return;
    }
    const uint8_t *old = spy->batch->bytes[place];
    for (uint32_t i = 0; i < before->length; i++) {
        if (now->data[i] != old[i]) {
            findings_add(spy->findings, rule, "%s: %s: byte %u: expected 0x%02x, found 0x%02x",
                         operation, spy_packet_text(spy, place), i, old[i], now->data[i]);
            return;
        }
    }
    if (memcmp(&now->offload, &before->offload, sizeof(now->offload)) != 0) {
        findings_add(spy->findings, rule, "%s: %s: the offload fields changed", operation,
                     spy_packet_text(spy, place));
    }
}

/* The ingress filter that may write: within the headroom and the buffer. */
static void bounds_check(struct spy *spy, uint32_t place)
{
    const struct packet *packet = (const struct packet *)spy->batch->packets[place];
    if (!spy->has_headroom) {
        return; /* a packet of the model lies between pages that cannot be touched */
    }
    if (!packet_is_sane(packet) || packet->seen.length < 14) {
        findings_add(spy->findings, RULE_FRAME_BOUNDS,
                     "ingress: %s: left with %u bytes, %td bytes from its place: expected 14 or "
                     "more within 64 bytes of headroom and the buffer",
                     spy_packet_text(spy, place), packet->seen.length,
                     packet->seen.data - spy->batch->before[place].data);
    }
    if (memcmp(packet->buffer, spy->batch->headrooms[place], SPY_GUARD) != 0) {
        findings_add(spy->findings, RULE_FRAME_BOUNDS,
                     "ingress: %s: wrote further than 64 bytes before the frame",
                     spy_packet_text(spy, place));
    }
}

struct field {
    const char *name;
    uint64_t before, now;
};

static void fields_check(struct spy *spy, uint32_t place, const char *operation)
{
    const struct xsw_packet *was = &spy->batch->before[place];
    const struct xsw_packet *now = spy->batch->packets[place];
    const struct field fields[] = {
        {"source_port", was->source_port, now->source_port},
        {"destination_port", was->destination_port, now->destination_port},
        {"id", was->id, now->id},
        {"parent_id", was->parent_id, now->parent_id},
        {"vlan", was->vlan, now->vlan},
        {"ether_type", was->ether_type, now->ether_type},
        {"l3_offset", was->l3_offset, now->l3_offset},
        {"l4_offset", was->l4_offset, now->l4_offset},
        {"ip_protocol", was->ip_protocol, now->ip_protocol},
        {"flags", was->flags, now->flags},
        {"injector", was->injector, now->injector},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].before != fields[i].now) {
            findings_add(spy->findings, RULE_FOREIGN_FIELD,
                         "%s: %s: field %s: expected %llu, found %llu", operation,
                         spy_packet_text(spy, place), fields[i].name,
                         (unsigned long long)fields[i].before, (unsigned long long)fields[i].now);
            return;
        }
    }
}

static bool standard_is_declared(const struct xsw_extension *real, uint16_t reason)
{
    if (real->kind != XSW_EXTENSION_FORWARD) {
        return false;
    }
    uint32_t enforces = XSW_HAS(real, struct xsw_extension, enforces) ? real->enforces : 0;
    switch (reason) {
    case XSW_REASON_NO_DESTINATION:
    case XSW_REASON_SAME_PORT:
        return true;
    case XSW_REASON_VLAN_NOT_ALLOWED:
    case XSW_REASON_PRIVATE_VLAN:
        return (enforces & XSW_POLICY_VLAN) != 0;
    case XSW_REASON_BAD_SOURCE_MAC:
    case XSW_REASON_MAC_SPOOFED:
    case XSW_REASON_DHCP_GUARD:
    case XSW_REASON_ROUTER_GUARD:
    case XSW_REASON_STORM_LIMIT:
        return (enforces & XSW_POLICY_SECURITY) != 0;
    default:
        return false;
    }
}

static bool is_replaced(const struct spy_instance *instance, const struct xsw_packet *original)
{
    for (uint32_t i = 0; i < instance->made_count; i++) {
        if (instance->made[i].original == original && instance->made[i].is_injected) {
            return true;
        }
    }
    return false;
}

static void hold_check(struct spy_instance *instance, uint32_t place, const char *operation)
{
    struct spy *spy = instance->spy;
    if ((spy->about.flags & XSW_EXTENSION_HOLDS) == 0) {
        findings_add(spy->findings, RULE_HOLD_REFUSED,
                     "%s: %s: held, without XSW_EXTENSION_HOLDS in the flags", operation,
                     spy_packet_text(spy, place));
    } else if (spy->batch->room > 0 && instance->held_count < SPY_HELD_MAX) {
        spy->batch->room--;
        instance->held[instance->held_count++] = spy->batch->packets[place];
    }
}

static void drop_check(struct spy *spy, uint32_t place, const char *operation)
{
    const struct xsw_extension *real = &spy->about;
    uint16_t reason = spy->batch->verdicts[place].reason;
    if ((reason & XSW_REASON_STANDARD) != 0) {
        if (!standard_is_declared(real, reason & 0x7fff)) {
            findings_add(spy->findings, RULE_BAD_VERDICT,
                         "%s: %s: dropped for the standard reason %u, whose policy it does not "
                         "declare to enforce",
                         operation, spy_packet_text(spy, place), reason & 0x7fff);
        }
    } else if (reason >= real->reason_count) {
        findings_add(spy->findings, RULE_BAD_VERDICT,
                     "%s: %s: dropped for reason %u; expected one of the %zu that it declares",
                     operation, spy_packet_text(spy, place), reason, real->reason_count);
    }
}

static void verdict_check(struct spy_instance *instance, uint32_t place, const char *operation)
{
    struct spy *spy = instance->spy;
    switch (spy->batch->verdicts[place].action) {
    case XSW_PASS:
        break;
    case XSW_DROP:
        drop_check(spy, place, operation);
        break;
    case XSW_HOLD:
        hold_check(instance, place, operation);
        break;
    case XSW_REPLACED:
        if (!is_replaced(instance, spy->batch->packets[place])) {
            findings_add(spy->findings, RULE_NOT_REPLACED,
                         "%s: %s: said to be replaced, and no clone of it was injected", operation,
                         spy_packet_text(spy, place));
        }
        break;
    default:
        findings_add(spy->findings, RULE_BAD_VERDICT,
                     "%s: %s: action %u; expected pass (0), drop (1), hold (2) or replaced (3)",
                     operation, spy_packet_text(spy, place), spy->batch->verdicts[place].action);
        break;
    }
}

static void digest_add(struct spy_instance *instance, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        instance->digest =
            (instance->digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
}

/* Returns whether the packet is still where it was. */
static bool pointer_check(struct spy *spy, uint32_t place, const char *operation)
{
    const struct spy_batch *batch = spy->batch;
    if (batch->pointers[place] == batch->packets[place]) {
        return true;
    }
    bool is_gone = batch->pointers[place] == NULL && spy->about.kind == XSW_EXTENSION_FILTER;
    findings_add(spy->findings, is_gone ? RULE_SILENT_DROP : RULE_BATCH_BOUNDS,
                 is_gone ? "%s: %s: its pointer was set to null: expected a verdict"
                         : "%s: %s: another pointer stands in its place",
                 operation, spy_packet_text(spy, place));
    return false;
}

/* Within a call the room does not change. The kit has one worker. */
static uint32_t hold_room(const struct spy_instance *instance)
{
    const struct xsw_host *host = instance->real_host;
    bool has = instance->data.hold_room != NULL;
    return has ? host->data->hold_room(host, 0) : UINT32_MAX;
}

void spy_batch_end(struct spy_instance *instance, const char *operation, bool may_change)
{
    struct spy *spy = instance->spy;
    struct spy_batch *batch = spy->batch;
    enum certify_rule rule = rule_of_change(spy);
    batch->room = hold_room(instance);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!pointer_check(spy, i, operation)) {
            continue;
        }
        if (rule != RULE_COUNT) {
            bytes_check(spy, i, rule, operation);
        } else if (may_change) {
            bounds_check(spy, i);
        }
        fields_check(spy, i, operation);
        verdict_check(instance, i, operation);
    }
    if (batch->verdicts[batch->count].action != UNTOUCHED ||
        batch->destinations[batch->count].words[0] != UNTOUCHED ||
        batch->pointers[batch->count] != NULL) {
        findings_add(spy->findings, RULE_BATCH_BOUNDS, "%s: wrote behind the end of a batch of %u",
                     operation, batch->count);
    }
    digest_add(instance, batch->verdicts, batch->count * sizeof(batch->verdicts[0]));
    digest_add(instance, batch->destinations, batch->count * sizeof(batch->destinations[0]));
    batch->is_running = false;
    spy_services_settle(instance, operation);
}
