/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks are stepped over by their lengths and packets looked into as far as their options. All of
 * a recording goes through byte for byte.
 */
#include "cmd/extcap/extcap_select.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "cmd/extcap/extcap_block.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"
#include "formats/pcapng/stage_meta.h"
#include "switch/path/pipeline.h"

enum { INTERFACES_MAX = 1 << 16 };

struct extcap_selector {
    enum extcap_show show;
    char *port;
    struct extcap_bytes in, out;
    size_t out_start;
    bool *is_port; /* of each interface: it stands at the port */
    uint32_t interface_count;
    uint64_t lost; /* told by packets that were left out since the last one that was kept */
    struct extcap_summary summary;
};

struct extcap_selector *extcap_selector_create(enum extcap_show show, const char *port)
{
    struct extcap_selector *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->show = show;
    made->port = port != NULL ? strdup(port) : NULL;
    if (port != NULL && made->port == NULL) {
        free(made);
        return NULL;
    }
    return made;
}

void extcap_selector_destroy(struct extcap_selector *selector)
{
    if (selector == NULL) {
        return;
    }
    free(selector->port);
    free(selector->in.data);
    free(selector->out.data);
    free(selector->is_port);
    free(selector);
}

static bool is_at_port(const struct extcap_selector *selector, const struct extcap_record *record)
{
    return selector->port == NULL ||
           (record->interface < selector->interface_count && selector->is_port[record->interface]);
}

/* Blocks ------------------------------------------------------------------------------------- */

static bool is_selective(const struct extcap_selector *selector)
{
    return selector->show != EXTCAP_SHOW_ALL;
}

static enum xsw_status packet_take(struct extcap_selector *selector, const uint8_t *block,
                                   uint32_t length, struct xsw_error *error)
{
    if (!is_selective(selector)) {
        return extcap_bytes_add(&selector->out, block, length, error);
    }
    struct extcap_record record;
    enum xsw_status status = extcap_record_read(block, length, &record, error);
    if (status != XSW_OK) {
        return status;
    }
    /* What came in and was dropped at once is no less what came in. */
    uint16_t stage = selector->show == EXTCAP_SHOW_RX ? STAGE_RX : STAGE_TX;
    bool is_given = selector->show == EXTCAP_SHOW_RX || record.meta.kind == META_PASS;
    if (record.has_meta && record.meta.stage == stage && is_given &&
        is_at_port(selector, &record)) {
        uint64_t lost = selector->lost + record.lost;
        selector->lost = 0;
        return extcap_record_add_plain(&selector->out, &record, lost, error);
    }
    selector->lost += record.lost;
    return XSW_OK;
}

static enum xsw_status interface_take(struct extcap_selector *selector, const uint8_t *block,
                                      uint32_t length, struct xsw_error *error)
{
    bool *grown = selector->interface_count < INTERFACES_MAX
                      ? realloc(selector->is_port, selector->interface_count + 1U)
                      : NULL;
    if (grown == NULL) {
        return error_set(error, XSW_LIMIT, "expected at most %d tap points", INTERFACES_MAX);
    }
    selector->is_port = grown;
    json_t *tap = length >= PCAPNG_INTERFACE_SIZE + PCAPNG_TAIL_SIZE
                      ? extcap_json_find(block + PCAPNG_INTERFACE_SIZE,
                                         block + length - PCAPNG_TAIL_SIZE, META_TAP)
                      : NULL;
    const char *name = json_string_value(json_object_get(tap, "port_name"));
    grown[selector->interface_count++] =
        selector->port != NULL && name != NULL && strcmp(name, selector->port) == 0;
    json_decref(tap);
    return is_selective(selector)
               ? extcap_block_add_plain(&selector->out, block, length, PCAPNG_INTERFACE_SIZE, error)
               : extcap_bytes_add(&selector->out, block, length, error);
}

static uint64_t lost_sum(const json_t *lost)
{
    uint64_t sum = 0;
    const char *const causes[] = {"ring-full", "record-too-big", "disk", "reader", "budget"};
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        json_int_t value = json_integer_value(json_object_get(lost, causes[i]));
        sum += value > 0 ? (uint64_t)value : 0;
    }
    return sum;
}

static void summary_read(struct extcap_selector *selector, const json_t *summary)
{
    struct extcap_summary *read = &selector->summary;
    const char *why = json_string_value(json_object_get(summary, "why"));
    read->lost = lost_sum(json_object_get(json_object_get(summary, "recorder"), "lost"));
    size_t index;
    const json_t *worker;
    json_array_foreach(json_object_get(summary, "workers"), index, worker)
    {
        read->lost += lost_sum(json_object_get(worker, "lost"));
    }
    size_t length = why != NULL ? strnlen(why, sizeof(read->why) - 1) : 0;
    memcpy(read->why, why != NULL ? why : "", length);
    read->why[length] = '\0';
}

/* Statistics count records that a selection leaves out, and their summary would not add up. */
static enum xsw_status statistics_take(struct extcap_selector *selector, const uint8_t *block,
                                       uint32_t length, struct xsw_error *error)
{
    if (length >= PCAPNG_STATISTICS_SIZE + PCAPNG_TAIL_SIZE) {
        json_t *summary = extcap_json_find(block + PCAPNG_STATISTICS_SIZE,
                                           block + length - PCAPNG_TAIL_SIZE, META_SUMMARY);
        if (summary != NULL) {
            summary_read(selector, summary);
        }
        json_decref(summary);
    }
    return is_selective(selector) ? XSW_OK : extcap_bytes_add(&selector->out, block, length, error);
}

static enum xsw_status block_take(struct extcap_selector *selector, const uint8_t *block,
                                  uint32_t length, struct xsw_error *error)
{
    switch (get_le32(block)) {
    case PCAPNG_BLOCK_ENHANCED_PACKET:
        return packet_take(selector, block, length, error);
    case PCAPNG_BLOCK_INTERFACE:
        return interface_take(selector, block, length, error);
    case PCAPNG_BLOCK_STATISTICS:
        return statistics_take(selector, block, length, error);
    case PCAPNG_BLOCK_SECTION:
        return is_selective(selector) ? extcap_block_add_plain(&selector->out, block, length,
                                                               PCAPNG_SECTION_SIZE, error)
                                      : extcap_bytes_add(&selector->out, block, length, error);
    default:
        return extcap_bytes_add(&selector->out, block, length, error);
    }
}

enum xsw_status extcap_selector_feed(struct extcap_selector *selector, const void *bytes,
                                     size_t length, struct xsw_error *error)
{
    struct extcap_bytes *in = &selector->in;
    enum xsw_status status = extcap_bytes_add(in, bytes, length, error);
    size_t at = 0;
    while (status == XSW_OK && in->length - at >= PCAPNG_HEAD_SIZE) {
        uint32_t block_length = get_le32(in->data + at + 4);
        if (block_length < PCAPNG_HEAD_SIZE + PCAPNG_TAIL_SIZE || block_length % 4 != 0 ||
            block_length > PCAPNG_BLOCK_LENGTH_MAX) {
            return error_set(error, XSW_CORRUPT, "a block of %u bytes", block_length);
        }
        if (in->length - at < block_length) {
            break;
        }
        status = block_take(selector, in->data + at, block_length, error);
        at += block_length;
    }
    if (at > 0) {
        extcap_bytes_drop(in, at);
    }
    return status;
}

const uint8_t *extcap_selector_output(const struct extcap_selector *selector, size_t *length)
{
    *length = selector->out.length - selector->out_start;
    return *length > 0 ? selector->out.data + selector->out_start : NULL;
}

void extcap_selector_consume(struct extcap_selector *selector, size_t length)
{
    selector->out_start += length;
    if (selector->out_start == selector->out.length) {
        selector->out_start = 0;
        selector->out.length = 0;
    }
}

struct extcap_summary extcap_selector_summary(const struct extcap_selector *selector)
{
    return selector->summary;
}
