/* SPDX-License-Identifier: Apache-2.0 */
/* See index.h. Where the file is and whether it may be trusted is in index_file.c. */
#include "analyzer/index/index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/index/archive_books.h"
#include "analyzer/index/index_file.h"
#include "base/error.h"

struct index *index_create(bool is_forced)
{
    struct index *index = calloc(1, sizeof(*index));
    if (index != NULL) {
        index->is_forced = is_forced;
        table_init(&index->classes, sizeof(struct journey_class), sizeof(uint32_t),
                   INDEX_CLASSES_MAX);
    }
    return index;
}

static void contents_free(struct index *index)
{
    free(index->extents);
    free(index->pages);
    free(index->class_list);
    table_fini(&index->classes);
    index->extents = NULL;
    index->pages = NULL;
    index->class_list = NULL;
    index->count = index->room = index->page_count = index->page_room = 0;
    index->class_count = index->class_room = 0;
}

void index_destroy(struct index *index)
{
    if (index != NULL) {
        contents_free(index);
        free(index);
    }
}

/* Gathering ----------------------------------------------------------------------------------- */

/* Room for one more of `size` bytes in a list; null when there is none. */
static void *list_extend(void *list, size_t count, size_t *room, size_t size, size_t maximum)
{
    enum { FIRST_ROOM = 64 };
    if (count < *room) {
        return list;
    }
    size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    void *longer = count < maximum ? realloc(list, wanted * size) : NULL;
    *room = longer == NULL ? *room : wanted;
    return longer;
}

void index_add(struct index *index, enum index_kind kind, uint64_t offset, uint64_t length)
{
    struct index_extent *extents = list_extend(index->extents, index->count, &index->room,
                                               sizeof(*extents), INDEX_EXTENTS_MAX);
    if (extents == NULL) {
        index->has_failed = true;
        return;
    }
    index->extents = extents;
    extents[index->count++] = (struct index_extent){.offset = offset,
                                                    .length = length,
                                                    .pages = index->page_count,
                                                    .classes = index->class_count,
                                                    .class_count = INDEX_ANY_CLASS,
                                                    .kind = (uint32_t)kind};
}

static void page_add(struct index *index, uint64_t page)
{
    uint64_t *pages = list_extend(index->pages, index->page_count, &index->page_room,
                                  sizeof(*pages), INDEX_PAGES_MAX);
    if (pages == NULL) {
        index->has_failed = true;
        return;
    }
    index->pages = pages;
    pages[index->page_count++] = page;
    index->extents[index->count - 1].page_count++;
}

void index_add_ids(struct index *index, const struct id_set *ids, const struct table *orphans,
                   uint64_t journeys)
{
    uint64_t last = UINT64_MAX;
    if (index->has_failed) {
        return;
    }
    index->extents[index->count - 1].journeys = journeys;
    for (size_t i = 0; i < ids->pages.count; i++) {
        page_add(index, ((const struct id_set_key *)table_key(&ids->pages, i))->page);
    }
    for (size_t i = 0; i < orphans->count; i++) {
        const struct analysis_orphan *orphan = table_key(orphans, i);
        uint64_t page = orphan->parent_id / ID_SET_PAGE_BITS;
        if (page != last) {
            page_add(index, page);
        }
        last = page;
    }
}

void index_add_classes(struct index *index, const struct class_gathering *classes)
{
    bool is_whole = class_gathering_is_whole(classes);
    for (size_t i = 0; i < classes->rows.count && is_whole && !index->has_failed; i++) {
        const void *row = table_add(&index->classes, table_key(&classes->rows, i));
        uint32_t *list = list_extend(index->class_list, index->class_count, &index->class_room,
                                     sizeof(*list), INDEX_CLASS_LIST_MAX);
        index->has_failed = list == NULL;
        index->class_list = list == NULL ? index->class_list : list;
        is_whole = row != NULL && list != NULL;
        if (is_whole) {
            list[index->class_count++] = (uint32_t)table_place(&index->classes, row);
        }
    }
    if (is_whole && !index->has_failed) {
        index->extents[index->count - 1].class_count = (uint32_t)classes->rows.count;
        index->extents[index->count - 1].span = classes->span;
    }
}

/* Reading and writing ------------------------------------------------------------------------- */

/* What the memory layout of the books depends on. */
static void stamp_archive(struct archive *archive)
{
    struct {
        char magic[8];
        uint64_t numbers[8];
    } ours = {.magic = "XSWINDX", .numbers = {INDEX_FORMAT, sizeof(void *)}};
    index_program_stamp(&ours.numbers[2]);
    ours.numbers[4] = sizeof(struct analysis_session);
    ours.numbers[5] = sizeof(struct analysis_switch);
    ours.numbers[6] = sizeof(struct trail);
    ours.numbers[7] = sizeof(struct sources) + sizeof(struct event) + sizeof(struct flow);
    uint8_t there[sizeof(ours)];
    memcpy(there, &ours, sizeof(ours));
    archive_bytes(archive, there, sizeof(there));
    archive->has_failed |= memcmp(there, &ours, sizeof(ours)) != 0;
}

/* A list of plain entries. One that is read is the index's to free. */
static void list_archive(struct archive *archive, void **list, size_t *count, size_t size,
                         size_t maximum)
{
    archive_count(archive, count, maximum);
    if (archive->is_reading) {
        *list = calloc(*count + 1, size);
        archive->has_failed |= *list == NULL;
    }
    if (!archive->has_failed) {
        archive_bytes(archive, *list, *count * size);
    }
}

static bool is_sound(const struct index *index, const struct index_extent *extent)
{
    bool has_classes = extent->class_count != INDEX_ANY_CLASS;
    return extent->pages <= index->page_count &&
           extent->page_count <= index->page_count - extent->pages &&
           extent->classes <= index->class_count &&
           (!has_classes || extent->class_count <= index->class_count - extent->classes);
}

static void extents_archive(struct archive *archive, struct index *index)
{
    list_archive(archive, (void **)&index->extents, &index->count, sizeof(*index->extents),
                 INDEX_EXTENTS_MAX);
    list_archive(archive, (void **)&index->pages, &index->page_count, sizeof(*index->pages),
                 INDEX_PAGES_MAX);
    list_archive(archive, (void **)&index->class_list, &index->class_count,
                 sizeof(*index->class_list), INDEX_CLASS_LIST_MAX);
    archive_table(archive, &index->classes);
    if (archive->is_reading) {
        index->room = index->count + 1;
        index->page_room = index->page_count + 1;
        index->class_room = index->class_count + 1;
    }
    for (size_t i = 0; i < index->count && !archive->has_failed; i++) {
        archive->has_failed = !is_sound(index, &index->extents[i]);
    }
    for (size_t i = 0; i < index->class_count && !archive->has_failed; i++) {
        archive->has_failed = index->class_list[i] >= index->classes.count;
    }
}

static bool contents_archive(struct archive *archive, struct index *index,
                             struct analysis_stream *stream)
{
    ARCHIVE(archive, index->place);
    ARCHIVE(archive, index->is_plain);
    extents_archive(archive, index);
    return archive_books(archive, stream);
}

bool index_read(struct index *index, struct archive *archive, struct analysis_stream *stream)
{
    stamp_archive(archive);
    ARCHIVE(archive, index->source);
    return !archive->has_failed && contents_archive(archive, index, stream) && archive_end(archive);
}

/* The path of the file that it was made of stands in the books. */
static void path_renew(struct analysis_stream *stream, const char *path)
{
    struct sources *sources = &stream->analysis->sources;
    uint16_t source = stream->analysis->files[stream->number].source;
    if (source < sources->count) {
        snprintf(sources->list[source].path, sizeof(sources->list[source].path), "%s", path);
    }
}

/* Why the books are not to be had; null: they were read, into an analysis of their own. */
static const char *books_problem(struct index *index, struct archive *archive, const char *path,
                                 struct analysis_stream *restored)
{
    if (!index_read(index, archive, restored)) {
        return "it was not written by this program for this user, or is damaged";
    }
    return index_source_check(index, path);
}

/* The two analyses change places, but for what the caller has asked of the one that is new. */
static void books_take(struct analysis_stream *stream, struct analysis_stream *restored)
{
    struct analysis *here = stream->analysis;
    struct analysis *books = restored->analysis;
    struct analysis old = *here;
    struct analysis_stream old_stream = *stream;
    books->threads = here->threads;
    books->run_bytes = here->run_bytes;
    books->index = here->index;
    *here = *books;
    *books = old;
    books->index = NULL;
    *stream = *restored;
    *restored = old_stream;
    stream->analysis = here;
    restored->analysis = books;
}

/* Nothing is spoilt when it is not to be had. */
static const char *books_load(struct index *index, struct archive *archive, const char *path,
                              struct analysis_stream *stream)
{
    struct analysis *books = NULL;
    struct analysis_stream *restored = NULL;
    const char *problem = "there is no memory for it";
    if (analysis_create(stream->analysis->open_max, &books, NULL) == XSW_OK &&
        analysis_stream_open(books, path, &restored, NULL) == XSW_OK) {
        problem = books_problem(index, archive, path, restored);
    }
    if (problem == NULL) {
        path_renew(restored, path);
        books_take(stream, restored);
    }
    analysis_stream_close(restored, XSW_END, "");
    analysis_destroy(books);
    return problem;
}

static bool file_load(struct index *index, const struct index_place *place, const char *path,
                      struct analysis_stream *stream)
{
    FILE *file = index_file_open(place->path);
    if (file == NULL) {
        return false;
    }
    struct archive archive;
    archive_begin(&archive, file, true, place->key);
    contents_free(index);
    const char *problem = books_load(index, &archive, path, stream);
    fclose(file);
    if (problem == NULL) {
        index->was_loaded = true;
        index->loaded_place = index->place;
        return true;
    }
    snprintf(index->note, sizeof(index->note), "the index %.120s is left out: %s", place->path,
             problem);
    contents_free(index);
    index->has_failed = false;
    return false;
}

bool index_load(struct index *index, const char *path, struct analysis_stream *stream)
{
    struct index_place places[INDEX_PLACES];
    size_t count = index_places(path, places);
    for (size_t i = 0; i < count; i++) {
        if (file_load(index, &places[i], path, stream)) {
            index->note[0] = '\0';
            return true;
        }
    }
    return false;
}

/* True: it stands there, whole. */
static bool file_store(struct index *index, const struct index_place *place,
                       struct analysis_stream *stream)
{
    char temporary[INDEX_PATH_SIZE + 16];
    FILE *file = index_file_create(place->path, temporary, sizeof(temporary));
    if (file == NULL) {
        return false;
    }
    struct archive archive;
    archive_begin(&archive, file, false, place->key);
    stamp_archive(&archive);
    ARCHIVE(&archive, index->source);
    bool is_written = contents_archive(&archive, index, stream) && archive_end(&archive);
    is_written = fclose(file) == 0 && is_written;
    return index_file_finish(place->path, temporary, is_written);
}

void index_store(struct index *index, const char *path, struct analysis_stream *stream)
{
    struct index_place places[INDEX_PLACES];
    bool has_news = !index->was_loaded || index->place != index->loaded_place;
    if (index->has_failed || !has_news || !index_source_read(index, path) ||
        (!index->is_forced && index->source.size < INDEX_FILE_BYTES_MIN)) {
        return;
    }
    size_t count = index_places(path, places);
    for (size_t i = 0; i < count; i++) {
        if (file_store(index, &places[i], stream)) {
            return;
        }
    }
}
