/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/journey_ids.h"

#include <stdlib.h>

#include "base/error.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/stage_meta.h"

static bool ends_journey(const struct pcapng_packet *packet)
{
    struct meta_reader meta;
    return packet->meta != NULL && (packet->has & PCAPNG_HAS_ID) != 0 &&
           meta_read(&meta, packet->meta, packet->meta_length, NULL) == XSW_OK &&
           (meta.fixed.flags & META_LAST) != 0;
}

/* The newest stand in a ring of their own, behind those of the files before. */
static enum xsw_status ids_gather(struct journey_ids *ids, struct pcapng_reader *reader,
                                  struct xsw_error *error)
{
    uint64_t *newest = ids->ids + ids->count;
    uint64_t seen = 0;
    struct pcapng_item item;
    enum xsw_status status;
    while ((status = pcapng_reader_next(reader, &item, error)) == XSW_OK) {
        if (item.kind == PCAPNG_PACKET && ends_journey(&item.packet)) {
            newest[seen++ % JOURNEY_IDS_OF_FILE] = item.packet.id;
        }
    }
    ids->count += seen < JOURNEY_IDS_OF_FILE ? seen : JOURNEY_IDS_OF_FILE;
    ids->is_sorted = false;
    return status == XSW_END || status == XSW_TRUNCATED ? XSW_OK : status;
}

enum xsw_status journey_ids_read(struct journey_ids *ids, const char *path, struct xsw_error *error)
{
    struct pcapng_reader *reader = NULL;
    uint64_t *grown = reallocarray(ids->ids, ids->count + JOURNEY_IDS_OF_FILE, sizeof(ids->ids[0]));
    if (grown == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory for its packet ids", path);
    }
    ids->ids = grown;
    enum xsw_status status = pcapng_reader_open(path, &reader, error);
    if (status == XSW_TRUNCATED) {
        return XSW_OK; /* nothing is in it */
    }
    if (status == XSW_OK) {
        status = ids_gather(ids, reader, error);
    }
    pcapng_reader_close(reader);
    return status;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

bool journey_ids_has(struct journey_ids *ids, uint64_t id)
{
    if (ids->count == 0) {
        return false;
    }
    if (!ids->is_sorted) {
        qsort(ids->ids, ids->count, sizeof(ids->ids[0]), compare);
        ids->is_sorted = true;
    }
    return bsearch(&id, ids->ids, ids->count, sizeof(ids->ids[0]), compare) != NULL;
}

void journey_ids_fini(struct journey_ids *ids)
{
    free(ids->ids);
    *ids = (struct journey_ids){0};
}
