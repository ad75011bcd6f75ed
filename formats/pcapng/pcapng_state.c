/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pcapng/pcapng_state.h"

#include <stdlib.h>
#include <string.h>

enum {
    CUSTOM_HEAD_SIZE = 8, /* enterprise number and magic */
    TSRESOL_IS_BINARY = 0x80,
    NS_EXPONENT = 9,
    DECIMAL_EXPONENT_MAX = 19 /* the largest power of ten in 64 bits */
};

bool option_is_ours(const struct option *option, bool big_endian)
{
    return option->length > CUSTOM_HEAD_SIZE &&
           get_32(option->data, big_endian) == META_ENTERPRISE &&
           memcmp(option->data + 4, "XSW1", 4) == 0;
}

bool option_fits(struct parse_state *state, const struct option *option, size_t length)
{
    if (option->length != length) {
        state->ignored_options++;
    }
    return option->length == length;
}

static void set_scale(struct parse_interface *interface, uint8_t tsresol)
{
    if ((tsresol & TSRESOL_IS_BINARY) != 0) {
        interface->scale = TIME_SHIFT;
        interface->shift = tsresol & ~TSRESOL_IS_BINARY;
        return;
    }
    int exponent = tsresol < NS_EXPONENT ? NS_EXPONENT - tsresol : tsresol - NS_EXPONENT;
    interface->scale = tsresol == NS_EXPONENT  ? TIME_IS_NS
                       : tsresol < NS_EXPONENT ? TIME_MULTIPLY
                                               : TIME_DIVIDE;
    interface->factor = 1;
    if (exponent > DECIMAL_EXPONENT_MAX) {
        interface->factor = 0;
        return;
    }
    while (exponent-- > 0) {
        interface->factor *= 10;
    }
}

static uint64_t scale_slowly(const struct parse_interface *interface, uint64_t time)
{
    unsigned __int128 ns = time;
    switch (interface->scale) {
    case TIME_IS_NS:
        break;
    case TIME_MULTIPLY:
        ns *= interface->factor;
        break;
    case TIME_DIVIDE:
        ns = interface->factor == 0 ? 0 : ns / interface->factor;
        break;
    case TIME_SHIFT:
        ns = ns * 1000000000u >> interface->shift;
        break;
    }
    __int128 offset = (__int128)interface->offset_s * 1000000000;
    if (offset < 0 && ns < (unsigned __int128)-offset) {
        return 0;
    }
    ns += (unsigned __int128)offset;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

uint64_t parse_time(const struct parse_interface *interface, uint64_t time)
{
    bool is_ns = interface->scale == TIME_IS_NS && interface->offset_s == 0;
    return is_ns ? time : scale_slowly(interface, time);
}

enum xsw_status parse_interface_add(struct parse_state *state, uint8_t tsresol, int64_t offset_s,
                                    uint32_t snap_length, struct xsw_error *error)
{
    if (state->interface_count == PCAPNG_INTERFACES_MAX) {
        return error_set(error, XSW_LIMIT, "one interface too many, expected at most %d",
                         PCAPNG_INTERFACES_MAX);
    }
    if (state->interface_count == state->interface_room) {
        uint32_t room = state->interface_room == 0 ? 64 : state->interface_room * 2;
        struct parse_interface *more = reallocarray(state->interfaces, room, sizeof(*more));
        if (more == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory for %u interfaces", room);
        }
        state->interfaces = more;
        state->interface_room = room;
    }
    struct parse_interface *interface = &state->interfaces[state->interface_count++];
    *interface = (struct parse_interface){.offset_s = offset_s, .snap_length = snap_length};
    set_scale(interface, tsresol);
    return XSW_OK;
}

enum xsw_status parse_interface_find(const struct parse_state *state, uint32_t id, uint32_t *index,
                                     struct xsw_error *error)
{
    uint32_t count = state->interface_count - state->section_first;
    if (id >= count) {
        return error_set(error, XSW_CORRUPT,
                         "interface %u, expected one of the %u that the section has so far", id,
                         count);
    }
    *index = state->section_first + id;
    return XSW_OK;
}

/* Room for all texts of a block: each has an option head, which is longer than its zero. */
enum xsw_status parse_texts_begin(struct parse_state *state, size_t length, struct xsw_error *error)
{
    state->texts_length = 0;
    if (length <= state->texts_size) {
        return XSW_OK;
    }
    char *texts = realloc(state->texts, length);
    if (texts == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the texts of the block");
    }
    state->texts = texts;
    state->texts_size = length;
    return XSW_OK;
}

const char *parse_text_keep(struct parse_state *state, const void *bytes, size_t length)
{
    char *text = state->texts + state->texts_length;
    memcpy(text, bytes, length);
    text[length] = '\0';
    state->texts_length += length + 1;
    return text;
}

void parse_state_fini(struct parse_state *state)
{
    json_joiner_fini(&state->joiner);
    json_joiner_fini(&state->section_joiner);
    free(state->interfaces);
    free(state->texts);
    *state = (struct parse_state){0};
}
