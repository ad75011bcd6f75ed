/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a frame and as the notes of its journey, for all that a session may
 * want taken away. What comes out is read whole, fits the frame, and its notes can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/privacy/privacy.h"
#include "formats/pcapng/stage_meta.h"
#include "fuzz/target.h"
#include "switch/path/observe.h"

enum { HEAD = 8, LENGTH_MAX = 1 << 16, MODES = 4 };

static volatile unsigned sink; /* so that no reading is optimised away */

static void touch(const uint8_t *bytes, size_t length)
{
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += bytes[i];
    }
    sink += sum;
}

static void out_check(const struct privacy_frame *in, const struct privacy_frame *out)
{
    struct meta_reader reader = {.next = out->notes, .end = out->notes + out->notes_length};
    struct meta_item item;
    enum xsw_status status;
    touch(out->bytes, out->captured_length);
    if (out->captured_length > in->captured_length || out->length != in->length ||
        out->notes_length > NOTES_BYTES) {
        abort();
    }
    while ((status = meta_next(&reader, &item, NULL)) == XSW_OK) {
        if (item.type == META_TLV_CHANGE) {
            touch(item.change.bytes, (size_t)item.change.old_length + item.change.new_length);
        }
    }
    /* What could not be read of the notes that came in is not passed on. */
    if (status != XSW_END) {
        abort();
    }
}

static struct privacy *privacies[MODES];

static void privacies_make(void)
{
    for (int mode = 0; mode < MODES; mode++) {
        struct privacy_options options = {
            .headers_only = mode & 1, .mask_payload = 1, .pseudonyms = mode >> 1};
        if (privacy_create(&options, 1, &privacies[mode], NULL) != XSW_OK) {
            abort();
        }
    }
}

/* A head of 8 bytes: mode, flags, length of the notes, offset of the checksum, change of length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD || size > LENGTH_MAX) {
        return 0;
    }
    if (privacies[0] == NULL) {
        privacies_make();
    }
    size_t rest = size - HEAD;
    size_t notes_length = (size_t)(data[2] | data[3] << 8) % (NOTES_BYTES + 1);
    notes_length = notes_length < rest ? notes_length : rest;
    uint32_t length = (uint32_t)(rest - notes_length);
    /* Exactly as large as they are. */
    uint8_t *notes = malloc(notes_length > 0 ? notes_length : 1);
    uint8_t *frame = malloc(length > 0 ? length : 1);
    if (notes == NULL || frame == NULL) {
        abort();
    }
    memcpy(notes, data + HEAD, notes_length);
    memcpy(frame, data + HEAD + notes_length, length);
    struct privacy_frame in = {.bytes = frame,
                               .length = length,
                               .captured_length = length > data[7] ? length - data[7] : length,
                               .rx_length = length + data[6],
                               .notes_length = (uint32_t)notes_length,
                               .notes = notes,
                               .csum_start = (uint16_t)(data[4] | data[5] << 8),
                               .offload_flags = data[1] & 3,
                               .notes_incomplete = data[1] >> 7};
    struct privacy_frame out;
    privacy_apply(privacies[data[0] % MODES], 0, &in, &out);
    out_check(&in, &out);
    free(notes);
    free(frame);
    return 0;
}
