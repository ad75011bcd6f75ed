/* SPDX-License-Identifier: Apache-2.0 */
/* See pcapng_run.h. pcapng_reader_take_run() is in pcapng_take.c. */
#include "formats/pcapng/pcapng_run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "formats/pcapng/pcapng_parse.h"
#include "formats/pcapng/stage_meta.h"

enum {
    END_BLOCKS_MAX = 256, /* looked at for the end of a journey */
    FLAGS_OFFSET = 9      /* of the flags in our custom option */
};

/* Parses the block at `at`, whose whole length is `length`. */
static enum xsw_status block_parse(const struct pcapng_run *run, size_t at, size_t *length,
                                   struct pcapng_item *item, struct xsw_error *error)
{
    const uint8_t *bytes = run->buffer + run->first + at;
    *length = get_32(bytes + 4, run->state->big_endian);
    const struct parse_block block = {.type = get_32(bytes, run->state->big_endian),
                                      .body = bytes + PCAPNG_HEAD_SIZE,
                                      .length = *length - PCAPNG_HEAD_SIZE - PCAPNG_TAIL_SIZE};
    item->offset = run->offset + at;
    return parse_block(run->state, &block, item, error);
}

static bool is_padding(const struct pcapng_run *run, size_t at)
{
    return get_32(run->buffer + run->first + at, run->state->big_endian) == PCAPNG_BLOCK_PADDING;
}

static void padding_skip(struct pcapng_run *run)
{
    while (run->at < run->length && is_padding(run, run->at)) {
        run->at += get_32(run->buffer + run->first + run->at + 4, run->state->big_endian);
    }
}

enum xsw_status pcapng_run_next(struct pcapng_run *run, const char *name, struct pcapng_item *item,
                                struct xsw_error *error)
{
    size_t length;
    padding_skip(run);
    if (run->at == run->length) {
        return XSW_END;
    }
    enum xsw_status status = block_parse(run, run->at, &length, item, error);
    if (status != XSW_OK) {
        return error_prefix(error, "%s: byte %" PRIu64, name, run->offset + run->at);
    }
    run->at += length;
    return XSW_OK;
}

void pcapng_run_rewind(struct pcapng_run *run)
{
    run->at = 0;
}

void pcapng_run_fini(struct pcapng_run *run)
{
    free(run->state);
    free(run->buffer);
    *run = (struct pcapng_run){0};
}

size_t pcapng_run_whole_journeys(const struct pcapng_run *run)
{
    size_t end = run->length;
    for (unsigned i = 0; i < END_BLOCKS_MAX && end > 0; i++) {
        const uint8_t *tail = run->buffer + run->first + end - PCAPNG_TAIL_SIZE;
        size_t begin = end - get_32(tail, run->state->big_endian);
        struct pcapng_item item;
        size_t length;
        if (is_padding(run, begin)) {
            end = begin;
            continue;
        }
        if (block_parse(run, begin, &length, &item, NULL) != XSW_OK) {
            break;
        }
        if (item.packet.meta_length > FLAGS_OFFSET &&
            (item.packet.meta[FLAGS_OFFSET] & META_LAST) != 0) {
            return end;
        }
        end = begin;
    }
    return run->length;
}
