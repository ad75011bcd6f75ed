/* SPDX-License-Identifier: Apache-2.0 */
/* Files for an analysis: item by item, or where nobody looks on, in runs that several threads count
 * and that are merged here, in the order of the file (part.h). */
#include <string.h>

#include "analyzer/analysis_stream.h"
#include "analyzer/crew.h"
#include "analyzer/index/index.h"
#include "formats/pcapng/pcapng_read.h"

enum { PROGRESS_ITEMS = 16384, RUN_SMALL = 16 << 10, RUNS_BYTES_MIN = 2 << 20 };

struct reading {
    struct analysis *analysis;
    struct analysis_stream *stream;
    struct pcapng_reader *reader;
    const char *path;
    struct crew *crew;
    struct xsw_error problem;
    uint64_t place;      /* all before it was taken in */
    struct index *index; /* null: none */
    analysis_progress *progress;
    void *context;
};

static void progress_tell(const struct reading *reading)
{
    uint64_t read_bytes;
    uint64_t file_bytes;
    if (reading->progress != NULL) {
        pcapng_reader_progress(reading->reader, &read_bytes, &file_bytes);
        reading->progress(reading->path, read_bytes, file_bytes, reading->context);
    }
}

/* One thread ---------------------------------------------------------------------------------- */

static enum xsw_status item_next(struct reading *reading)
{
    struct pcapng_item item;
    enum xsw_status status = pcapng_reader_next(reading->reader, &item, &reading->problem);
    if (status != XSW_OK) {
        return status;
    }
    analysis_stream_item(reading->stream, &item);
    uint64_t end = pcapng_reader_offset(reading->reader);
    if (reading->index != NULL && item.kind != PCAPNG_EVENT && item.kind != PCAPNG_OTHER) {
        index_add(reading->index, item.kind == PCAPNG_PACKET ? INDEX_TANGLED : INDEX_NAMES,
                  item.offset, end - item.offset);
    }
    reading->place = end;
    return XSW_OK;
}

static enum xsw_status items_read(struct reading *reading)
{
    enum xsw_status status = XSW_OK;
    for (uint64_t items = 1; status == XSW_OK; items++) {
        status = item_next(reading);
        if (items % PROGRESS_ITEMS == 0) {
            progress_tell(reading);
        }
    }
    return status;
}

/* Several ------------------------------------------------------------------------------------- */

/* The records of a run, in their place. */
static enum xsw_status run_read(struct reading *reading, struct pcapng_run *run)
{
    const char *name = strcmp(reading->path, "-") == 0 ? "standard input" : reading->path;
    struct pcapng_item item;
    enum xsw_status status;
    while ((status = pcapng_run_next(run, name, &item, &reading->problem)) == XSW_OK) {
        analysis_stream_item(reading->stream, &item);
    }
    reading->place = run->offset + run->at;
    if (reading->index != NULL) {
        index_add(reading->index, INDEX_TANGLED, run->offset, run->at);
    }
    return status == XSW_END ? XSW_OK : status;
}

/* Journeys that ended in a part. */
static uint64_t journeys_of(const struct part *part)
{
    return account_ended(&part->books->sessions[0]->account);
}

static void part_note(struct reading *reading, const struct part *part)
{
    reading->place = part->run.offset + part->run.length;
    if (reading->index != NULL) {
        index_add(reading->index, INDEX_WHOLE, part->run.offset, part->run.length);
        index_add_ids(reading->index, &part->books->ids, &part->books->orphans, journeys_of(part));
        index_add_classes(reading->index, &part->classes);
    }
}

/* Takes in the part that was started first; XSW_OK also when there was none. */
static enum xsw_status oldest_take(struct reading *reading)
{
    struct part *part = crew_oldest(reading->crew);
    enum xsw_status status = XSW_OK;
    if (part == NULL) {
        return XSW_OK;
    }
    if (part_merge(part, reading->analysis, reading->stream->session)) {
        const struct account_file *book = &part->books->sessions[0]->account.file;
        struct analysis_file *file = &reading->analysis->files[reading->stream->number];
        file->packets += book->packets;
        file->foreign += book->foreign;
        reading->analysis->runs_merged++;
        part_note(reading, part);
    } else {
        reading->analysis->runs_read_again++;
        status = run_read(reading, &part->run);
    }
    crew_release(reading->crew);
    return status;
}

static enum xsw_status all_take(struct reading *reading)
{
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK && !crew_is_idle(reading->crew)) {
        status = oldest_take(reading);
    }
    return status;
}

/* What follows the runs that were started: a run more, or an item that these do not see. */
static enum xsw_status spare_fill(struct reading *reading, struct part *part)
{
    size_t wanted = reading->analysis->run_bytes;
    enum xsw_status status = pcapng_reader_take_run(
        reading->reader, wanted == 0 ? PCAPNG_RUN_BYTES : wanted, &part->run, &reading->problem);
    if (status == XSW_AGAIN) {
        status = all_take(reading);
        return status == XSW_OK ? item_next(reading) : status;
    }
    if (status != XSW_OK) {
        return status;
    }
    progress_tell(reading);
    struct analysis_stream *stream = reading->stream;
    bool is_short = part->run.length < RUN_SMALL && wanted == 0;
    if (stream->session == NULL || (is_short && crew_is_idle(reading->crew))) {
        return run_read(reading, &part->run);
    }
    part->is_indexed = reading->index != NULL;
    part_prepare(part, stream->session, &stream->taps);
    crew_start(reading->crew);
    return XSW_OK;
}

static enum xsw_status runs_read(struct reading *reading)
{
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK) {
        struct part *part = crew_spare(reading->crew);
        status = part == NULL ? oldest_take(reading) : spare_fill(reading, part);
    }
    return status;
}

/* Where no threads can be had, one reads as well. */
static enum xsw_status crew_read(struct reading *reading)
{
    if (crew_create(reading->analysis->threads, &reading->crew, NULL) != XSW_OK) {
        return items_read(reading);
    }
    enum xsw_status status = runs_read(reading);
    crew_destroy(reading->crew);
    return status;
}

/* Goes to where the books of the index end. The reader learns the names that stand before. */
static enum xsw_status index_place_go(struct reading *reading)
{
    const struct index *index = reading->index;
    struct pcapng_item item;
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < index->count; i++) {
        if (index->extents[i].kind == INDEX_NAMES) {
            status =
                pcapng_reader_seek(reading->reader, index->extents[i].offset, &reading->problem);
            status = status == XSW_OK
                         ? pcapng_reader_next(reading->reader, &item, &reading->problem)
                         : status;
        }
    }
    reading->place = index->place;
    return status == XSW_OK ? pcapng_reader_seek(reading->reader, index->place, &reading->problem)
                            : status;
}

static bool is_watched(const struct analysis *analysis)
{
    return analysis->observer != NULL || analysis->item_observer != NULL ||
           analysis->wanted != NULL;
}

/* With what an index has of the file, and with an index of it afterwards. */
static enum xsw_status indexed_read(struct reading *reading)
{
    struct index *index = reading->index;
    enum xsw_status status = XSW_OK;
    if (index_load(index, reading->path, reading->stream)) {
        status = index->is_plain ? index_place_go(reading) : XSW_END;
    } else {
        index->is_plain = pcapng_reader_is_plain(reading->reader);
    }
    if (status == XSW_OK) {
        status = crew_read(reading);
    }
    index->place = reading->place;
    /* What a compressed file ends with stands in no place that one could come back to. */
    if (index->is_plain || status == XSW_END) {
        index_store(index, reading->path, reading->stream);
    }
    return status;
}

/* Small files are read sooner than threads are begun and an index is looked for. */
static bool is_small(const struct reading *reading, uint64_t bytes)
{
    uint64_t read_bytes;
    uint64_t file_bytes;
    pcapng_reader_progress(reading->reader, &read_bytes, &file_bytes);
    return file_bytes != 0 && file_bytes < bytes;
}

static bool has_index(const struct reading *reading)
{
    const struct index *index = reading->analysis->index;
    return index != NULL && reading->analysis->file_count == 1 && strcmp(reading->path, "-") != 0 &&
           (index->is_forced || !is_small(reading, INDEX_FILE_BYTES_MIN));
}

static enum xsw_status file_read(struct reading *reading)
{
    struct analysis *analysis = reading->analysis;
    if (is_watched(analysis)) {
        return items_read(reading);
    }
    if (has_index(reading)) {
        reading->index = analysis->index;
        return indexed_read(reading);
    }
    bool is_single =
        analysis->threads == 0 || (analysis->run_bytes == 0 && is_small(reading, RUNS_BYTES_MIN));
    return is_single ? items_read(reading) : crew_read(reading);
}

enum xsw_status analysis_read(struct analysis *analysis, const char *path,
                              analysis_progress *progress, void *context, struct xsw_error *error)
{
    struct reading reading = {
        .analysis = analysis, .path = path, .progress = progress, .context = context};
    enum xsw_status opened = analysis_stream_open(analysis, path, &reading.stream, error);
    if (opened < 0) {
        return opened;
    }
    enum xsw_status status = pcapng_reader_open(path, &reading.reader, &reading.problem);
    if (status == XSW_OK) {
        status = file_read(&reading);
    }
    pcapng_reader_close(reading.reader);
    analysis_stream_close(reading.stream, status, reading.problem.text);
    return XSW_OK;
}
