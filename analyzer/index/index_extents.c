/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of a recording what a question is about. See index.h. */
#include "analyzer/index/index.h"
#include "formats/pcapng/pcapng_read.h"

bool index_has_extents(const struct analysis *known)
{
    const struct index *index = known->index;
    if (index == NULL || !index->is_plain || index->has_failed || index->count == 0 ||
        known->ids.refused != 0) {
        return false;
    }
    for (size_t i = 0; i < known->session_count; i++) {
        const struct account_file *file = &known->sessions[i]->account.file;
        if (file->duplicates != 0 || file->repeats != 0 || file->stray != 0) {
            return false;
        }
    }
    return true;
}

static enum xsw_status extent_read(struct analysis_stream *stream, struct pcapng_reader *reader,
                                   const struct index_extent *extent, struct xsw_error *error)
{
    struct pcapng_item item;
    enum xsw_status status = pcapng_reader_seek(reader, extent->offset, error);
    while (status == XSW_OK && pcapng_reader_offset(reader) < extent->offset + extent->length) {
        status = pcapng_reader_next(reader, &item, error);
        if (status == XSW_OK) {
            analysis_stream_item(stream, &item);
        }
    }
    return status;
}

static void stations_forget(struct analysis *analysis)
{
    for (size_t i = 0; i < analysis->switch_count; i++) {
        stations_clear(&analysis->switches[i]->stations);
    }
}

enum xsw_status analysis_read_extents(struct analysis *analysis, const char *path,
                                      const struct index *index, index_wanted *wanted,
                                      void *context, struct xsw_error *error)
{
    struct analysis_stream *stream = NULL;
    struct pcapng_reader *reader = NULL;
    enum xsw_status status = analysis_stream_open(analysis, path, &stream, error);
    if (status < 0) {
        return status;
    }
    status = pcapng_reader_open(path, &reader, error);
    for (size_t i = 0; status == XSW_OK && i < index->count; i++) {
        if (index->extents[i].kind != INDEX_WHOLE || wanted(index, i, context)) {
            status = extent_read(stream, reader, &index->extents[i], error);
        } else {
            stations_forget(analysis);
        }
    }
    pcapng_reader_close(reader);
    analysis_stream_close(stream, status, "");
    /* Where the file ends now, it did not when it was read before. */
    return status == XSW_END ? XSW_TRUNCATED : status;
}
