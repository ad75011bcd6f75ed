/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of pcapng blocks other than packets (those are in pcapng_packet.c).
 */
#include "formats/pcapng/pcapng_parse.h"

#include <inttypes.h>

#include "formats/pcapng/pcapng_journal.h"

enum { TSRESOL_DEFAULT = 6 };

/* A text option; the first one counts when there are several. */
static void option_text(struct parse_state *state, const struct option *option, const char **text)
{
    if (*text == NULL) {
        *text = parse_text_keep(state, option->data, option->length);
    }
}

/* Begins the options of a block that may carry texts and JSON. */
static enum xsw_status options_begin(struct parse_state *state, const struct parse_block *block,
                                     size_t fixed, enum meta_kind kind,
                                     struct option_cursor *cursor, struct xsw_error *error)
{
    *cursor = (struct option_cursor){block->body + fixed, block->length - fixed, state->big_endian};
    json_joiner_begin(&state->joiner, kind);
    json_joiner_begin(&state->section_joiner, META_SECTION);
    return parse_texts_begin(state, block->length + 1, error);
}

static void option_join(struct parse_state *state, const struct option *option)
{
    if (option_is_ours(option, state->big_endian)) {
        json_joiner_add(&state->joiner, option->data, option->length);
        json_joiner_add(&state->section_joiner, option->data, option->length);
    }
}

static enum xsw_status parse_section(struct parse_state *state, const struct parse_block *block,
                                     struct pcapng_section *section, struct xsw_error *error)
{
    uint16_t major = get_16(block->body + 4, state->big_endian);
    if (major != PCAPNG_VERSION_MAJOR) {
        return error_set(error, XSW_UNSUPPORTED, "pcapng version %u, expected version %d", major,
                         PCAPNG_VERSION_MAJOR);
    }
    *section = (struct pcapng_section){.big_endian = state->big_endian};
    state->section_first = state->interface_count;
    struct option_cursor cursor;
    enum xsw_status status = options_begin(state, block, PCAPNG_SECTION_SIZE - PCAPNG_HEAD_SIZE,
                                           META_SECTION, &cursor, error);
    struct option option;
    while (status == XSW_OK && (status = option_next(&cursor, &option, error)) == XSW_OK) {
        switch (option.code) {
        case PCAPNG_OPTION_COMMENT:
            option_text(state, &option, &section->comment);
            break;
        case PCAPNG_SECTION_HARDWARE:
            option_text(state, &option, &section->hardware);
            break;
        case PCAPNG_SECTION_OS:
            option_text(state, &option, &section->os);
            break;
        case PCAPNG_SECTION_APPLICATION:
            option_text(state, &option, &section->application);
            break;
        case PCAPNG_OPTION_CUSTOM_BYTES:
            option_join(state, &option);
            break;
        default:
            break;
        }
    }
    section->json = json_joiner_end(&state->joiner);
    return status == XSW_END ? XSW_OK : status;
}

static void interface_numbers(struct parse_state *state, const struct option *option,
                              struct pcapng_interface *interface)
{
    switch (option->code) {
    case PCAPNG_INTERFACE_MAC:
        if (option_fits(state, option, 6)) {
            interface->mac = option->data;
        }
        break;
    case PCAPNG_INTERFACE_SPEED:
        if (option_fits(state, option, 8)) {
            interface->speed_bits_per_second = get_64(option->data, state->big_endian);
        }
        break;
    case PCAPNG_INTERFACE_TSRESOL:
        if (option_fits(state, option, 1)) {
            interface->tsresol = option->data[0];
        }
        break;
    case PCAPNG_INTERFACE_TSOFFSET:
        if (option_fits(state, option, 8)) {
            interface->tsoffset_s = (int64_t)get_64(option->data, state->big_endian);
        }
        break;
    default:
        break;
    }
}

static void interface_option(struct parse_state *state, const struct option *option,
                             struct pcapng_interface *interface)
{
    switch (option->code) {
    case PCAPNG_OPTION_COMMENT:
        option_text(state, option, &interface->comment);
        break;
    case PCAPNG_INTERFACE_NAME:
        option_text(state, option, &interface->name);
        break;
    case PCAPNG_INTERFACE_DESCRIPTION:
        option_text(state, option, &interface->description);
        break;
    case PCAPNG_INTERFACE_HARDWARE:
        option_text(state, option, &interface->hardware);
        break;
    case PCAPNG_INTERFACE_FILTER:
        if (option->length > 0 && option->data[0] == 0 && interface->filter == NULL) {
            interface->filter = parse_text_keep(state, option->data + 1, option->length - 1u);
        }
        break;
    case PCAPNG_OPTION_CUSTOM_BYTES:
        option_join(state, option);
        break;
    default:
        interface_numbers(state, option, interface);
        break;
    }
}

static enum xsw_status parse_interface(struct parse_state *state, const struct parse_block *block,
                                       struct pcapng_interface *interface, struct xsw_error *error)
{
    *interface = (struct pcapng_interface){
        .index = state->interface_count,
        .linktype = get_16(block->body, state->big_endian),
        .snap_length = get_32(block->body + 4, state->big_endian),
        .tsresol = TSRESOL_DEFAULT,
    };
    struct option_cursor cursor;
    enum xsw_status status = options_begin(state, block, PCAPNG_INTERFACE_SIZE - PCAPNG_HEAD_SIZE,
                                           META_TAP, &cursor, error);
    struct option option;
    while (status == XSW_OK && (status = option_next(&cursor, &option, error)) == XSW_OK) {
        interface_option(state, &option, interface);
    }
    interface->json = json_joiner_end(&state->joiner);
    interface->section = json_joiner_end(&state->section_joiner);
    if (status != XSW_END) {
        return status;
    }
    return parse_interface_add(state, interface->tsresol, interface->tsoffset_s,
                               interface->snap_length, error);
}

/* Times and counts by option code. */
static void statistics_number(struct parse_state *state, const struct option *option,
                              struct pcapng_statistics *statistics)
{
    uint64_t *const numbers[] = {
        &statistics->start_ns, &statistics->end_ns,     &statistics->received, &statistics->dropped,
        &statistics->accepted, &statistics->os_dropped, &statistics->delivered};
    unsigned place = option->code - PCAPNG_STATISTICS_START;
    if (!option_fits(state, option, 8) || (statistics->has & 1u << place) != 0) {
        return;
    }
    statistics->has |= 1u << place;
    bool is_time = option->code <= PCAPNG_STATISTICS_END;
    *numbers[place] = is_time ? parse_time(&state->interfaces[statistics->interface],
                                           get_time(option->data, state->big_endian))
                              : get_64(option->data, state->big_endian);
}

static enum xsw_status parse_statistics(struct parse_state *state, const struct parse_block *block,
                                        struct pcapng_statistics *statistics,
                                        struct xsw_error *error)
{
    *statistics = (struct pcapng_statistics){0};
    uint32_t id = get_32(block->body, state->big_endian);
    enum xsw_status status = parse_interface_find(state, id, &statistics->interface, error);
    if (status != XSW_OK) {
        return status;
    }
    statistics->timestamp_ns = parse_time(&state->interfaces[statistics->interface],
                                          get_time(block->body + 4, state->big_endian));
    struct option_cursor cursor;
    status = options_begin(state, block, PCAPNG_STATISTICS_SIZE - PCAPNG_HEAD_SIZE, META_SUMMARY,
                           &cursor, error);
    struct option option;
    while (status == XSW_OK && (status = option_next(&cursor, &option, error)) == XSW_OK) {
        if (option.code >= PCAPNG_STATISTICS_START && option.code <= PCAPNG_STATISTICS_DELIVERED) {
            statistics_number(state, &option, statistics);
        } else if (option.code == PCAPNG_OPTION_COMMENT) {
            option_text(state, &option, &statistics->comment);
        } else if (option.code == PCAPNG_OPTION_CUSTOM_BYTES) {
            option_join(state, &option);
        }
    }
    statistics->json = json_joiner_end(&state->joiner);
    return status == XSW_END ? XSW_OK : status;
}

/* Bytes that a block has at least, without its tail. */
static size_t fixed_size(uint32_t type)
{
    switch (type) {
    case PCAPNG_BLOCK_ENHANCED_PACKET:
        return PCAPNG_ENHANCED_PACKET_SIZE;
    case PCAPNG_BLOCK_PACKET:
        return PCAPNG_PACKET_SIZE;
    case PCAPNG_BLOCK_SIMPLE_PACKET:
        return PCAPNG_SIMPLE_PACKET_SIZE;
    case PCAPNG_BLOCK_INTERFACE:
        return PCAPNG_INTERFACE_SIZE;
    case PCAPNG_BLOCK_STATISTICS:
        return PCAPNG_STATISTICS_SIZE;
    case PCAPNG_BLOCK_SECTION:
        return PCAPNG_SECTION_SIZE;
    default:
        return PCAPNG_HEAD_SIZE;
    }
}

static void parse_other(const struct parse_block *block, struct pcapng_item *item)
{
    item->kind = PCAPNG_OTHER;
    item->other = (struct pcapng_other){
        block->type, (uint32_t)(block->length + PCAPNG_HEAD_SIZE + PCAPNG_TAIL_SIZE)};
}

/* A journal entry without a time is a block that carries nothing for us. */
static enum xsw_status parse_journal(struct parse_state *state, const struct parse_block *block,
                                     struct pcapng_item *item, struct xsw_error *error)
{
    item->kind = PCAPNG_EVENT;
    enum xsw_status status = parse_event(state, block, &item->event, error);
    if (status == XSW_NOT_FOUND) {
        parse_other(block, item);
        return XSW_OK;
    }
    return status;
}

enum xsw_status parse_block(struct parse_state *state, const struct parse_block *block,
                            struct pcapng_item *item, struct xsw_error *error)
{
    size_t fixed = fixed_size(block->type);
    if (block->length + PCAPNG_HEAD_SIZE < fixed) {
        return error_set(error, XSW_CORRUPT,
                         "a block of type %" PRIu32 " has %zu bytes, expected at least %zu",
                         block->type, block->length + PCAPNG_HEAD_SIZE + PCAPNG_TAIL_SIZE,
                         fixed + PCAPNG_TAIL_SIZE);
    }
    switch (block->type) {
    case PCAPNG_BLOCK_ENHANCED_PACKET:
    case PCAPNG_BLOCK_PACKET:
    case PCAPNG_BLOCK_SIMPLE_PACKET:
        item->kind = PCAPNG_PACKET;
        return parse_packet(state, block, &item->packet, error);
    case PCAPNG_BLOCK_INTERFACE:
        item->kind = PCAPNG_INTERFACE;
        return parse_interface(state, block, &item->interface, error);
    case PCAPNG_BLOCK_STATISTICS:
        item->kind = PCAPNG_STATISTICS;
        return parse_statistics(state, block, &item->statistics, error);
    case PCAPNG_BLOCK_SECTION:
        item->kind = PCAPNG_SECTION;
        return parse_section(state, block, &item->section, error);
    case PCAPNG_BLOCK_JOURNAL:
        return parse_journal(state, block, item, error);
    default:
        parse_other(block, item);
        return XSW_OK;
    }
}
