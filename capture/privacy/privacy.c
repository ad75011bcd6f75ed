/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/privacy/privacy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/privacy/privacy_headers.h"
#include "capture/privacy/privacy_notes.h"
#include "packet/packet.h"
#include "switch/path/observe.h"

/* A frame, what its changes took out of it, and what a copy in whole chunks reads behind it. */
enum { FRAME_MAX = PRIVACY_FRAME_MAX, SLACK = 64 };

/* A version after its treatment. Behind the first PRIVACY_HEADERS_MAX bytes there is never anything
 * but zeros, which is what stands there in a treated frame: so nothing has to be cleared. */
struct treated {
    uint8_t bytes[FRAME_MAX + SLACK];
    uint32_t length;
    uint32_t headers_length;
};

struct privacy_worker {
    struct treated versions[2]; /* the last one, and the one before it */
    struct privacy_history history;
    uint8_t notes[NOTES_BYTES];
    struct pseudonym_cache cache;
} __attribute__((aligned(64)));

struct privacy {
    bool headers_only, pseudonyms;
    uint32_t worker_count;
    struct pseudonym_key key;
    struct privacy_worker *workers;
};

enum xsw_status privacy_create(const struct privacy_options *options, uint32_t worker_count,
                               struct privacy **privacy, struct xsw_error *error)
{
    struct privacy *made = calloc(1, sizeof(*made));
    size_t size = worker_count * sizeof(*made->workers);
    if (made != NULL) {
        made->workers = aligned_alloc(_Alignof(struct privacy_worker), size);
    }
    if (made == NULL || made->workers == NULL) {
        free(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for the privacy of a capture session");
    }
    memset(made->workers, 0, size);
    made->worker_count = worker_count;
    made->headers_only = options->headers_only != 0;
    made->pseudonyms = options->pseudonyms != 0;
    if (made->pseudonyms) {
        pseudonym_key_init(&made->key, options->key);
    }
    *privacy = made;
    return XSW_OK;
}

void privacy_destroy(struct privacy *privacy)
{
    if (privacy == NULL) {
        return;
    }
    explicit_bzero(&privacy->key, sizeof(privacy->key));
    for (uint32_t i = 0; i < privacy->worker_count; i++) {
        explicit_bzero(&privacy->workers[i], sizeof(privacy->workers[i]));
    }
    free(privacy->workers);
    free(privacy);
}

static void treat(const struct privacy *privacy, struct privacy_worker *worker,
                  const struct privacy_frame *in, const uint8_t *bytes, struct treated *treated)
{
    uint32_t available =
        treated->length < PRIVACY_HEADERS_MAX ? treated->length : PRIVACY_HEADERS_MAX;
    bool is_partial = (in->offload_flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0;
    memcpy(treated->bytes, bytes, available);
    const struct privacy_headers headers = {.bytes = treated->bytes,
                                            .real = bytes,
                                            .available = available,
                                            .length = treated->length,
                                            .partial_start = is_partial ? in->csum_start : 0,
                                            .masks = !privacy->headers_only,
                                            .key = privacy->pseudonyms ? &privacy->key : NULL,
                                            .cache = &worker->cache};
    treated->headers_length = privacy_headers_treat(&headers);
    memset(treated->bytes + treated->headers_length, 0, available - treated->headers_length);
}

/* What of the end's bytes is kept: without `tail`, which all versions have behind their headers. */
static uint32_t captured_without(const struct privacy_frame *in, uint32_t tail)
{
    uint32_t length = in->length - tail;
    return in->captured_length < length ? in->captured_length : length;
}

/* Bytes behind the headers. */
static uint32_t tail_of(const struct treated *treated)
{
    return treated->length - treated->headers_length;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The journey from version to version, each against the one before it. False when what is noted
 * contradicts the frame. */
static bool versions_treat(const struct privacy *privacy, struct privacy_worker *worker,
                           const struct privacy_frame *in, struct privacy_frame *out)
{
    struct privacy_history *history = &worker->history;
    struct meta_builder builder = {.bytes = worker->notes, .size = sizeof(worker->notes)};
    if (!privacy_history_begin(history, in)) {
        return false;
    }
    struct treated *now = &worker->versions[0];
    struct treated *before = &worker->versions[1];
    now->length = history->length;
    treat(privacy, worker, in, history->bytes, now);
    uint32_t tail = tail_of(now);
    uint16_t stage;
    while (privacy_history_next(history, &builder, &stage)) {
        struct treated *other = before;
        before = now;
        now = other;
        now->length = history->length;
        treat(privacy, worker, in, history->bytes, now);
        tail = smaller(tail, tail_of(now));
        const struct privacy_pair pair = {.old_bytes = before->bytes,
                                          .new_bytes = now->bytes,
                                          .old_length = before->length,
                                          .new_length = now->length,
                                          .headers_length = now->headers_length};
        privacy_difference_note(&builder, stage, &pair);
    }
    if (builder.overflow) {
        return false;
    }
    out->bytes = now->bytes;
    out->notes = worker->notes;
    out->notes_length = (uint32_t)builder.length;
    out->captured_length = captured_without(in, privacy->headers_only ? tail : 0);
    return true;
}

/* The end alone. */
static void end_treat(const struct privacy *privacy, struct privacy_worker *worker,
                      const struct privacy_frame *in, struct privacy_frame *out)
{
    struct treated *treated = &worker->versions[0];
    treated->length = in->length;
    treat(privacy, worker, in, in->bytes, treated);
    out->bytes = treated->bytes;
    out->captured_length = captured_without(in, privacy->headers_only ? tail_of(treated) : 0);
}

void privacy_apply(struct privacy *privacy, uint32_t worker, const struct privacy_frame *in,
                   struct privacy_frame *out)
{
    struct privacy_worker *own = &privacy->workers[worker];
    *out = *in;
    if (__builtin_expect(in->length > FRAME_MAX, 0)) {
        /* No packet is that long. */
        out->captured_length = out->notes_length = 0;
        out->notes_incomplete = 1;
        return;
    }
    if (__builtin_expect(in->notes_length == 0 || !privacy_notes_have_changes(in), 1)) {
        end_treat(privacy, own, in, out);
        return;
    }
    if (in->notes_incomplete || !versions_treat(privacy, own, in, out)) {
        /* Changes that do not lead back to real versions of the frame cannot be treated: they are
         * left out, and told to be missing. */
        end_treat(privacy, own, in, out);
        out->notes = own->notes;
        out->notes_length = privacy_notes_without_changes(in, own->notes, sizeof(own->notes));
        out->notes_incomplete = 1;
    }
}
