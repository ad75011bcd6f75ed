/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file/piece_line.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "formats/file/frame_choice.h"
#include "formats/file/frame_row.h"

enum place_state { PLACE_FREE, PLACE_FILLED, PLACE_PACKED, PLACE_READY, PLACE_WRITTEN, PLACE_LOST };

/* A place belongs to the owner while it is free, written or lost, to packers between FILLED and
 * READY when the sink packs, and else to the writer. */
struct place {
    enum place_state state;
    struct block_buffer content;
    struct frame_row row;
    uint64_t packets;
    enum xsw_status packed; /* how packing ended */
    struct xsw_error error;
};

struct piece_line {
    struct sink *sink;
    pthread_mutex_t lock;      /* of all below, but places as said there */
    pthread_cond_t has_filled; /* packers wait for these, */
    pthread_cond_t has_ready;  /* the writer, */
    pthread_cond_t has_ended;  /* and the owner; one for all would wake all for each piece */
    /* Numbers of pieces: taken <= ended <= laid <= claimed <= put. */
    uint64_t put, claimed, laid, ended, taken;
    uint64_t laid_bytes; /* where in the file the next row begins */
    struct frame_choice choice;
    bool is_laying;         /* a packer is at it */
    uint64_t content_bytes; /* the owner's */
    uint64_t file_bytes;
    bool has_failed; /* nothing is written until the owner says so */
    bool must_stop;
    unsigned place_count;
    unsigned packer_count; /* that were started */
    bool has_writer;
    pthread_t packers[PIECE_THREADS_MAX];
    pthread_t writer;
    struct frame_packer *own_packer; /* for the time without threads */
    struct place places[PIECE_PLACES_MAX];
};

static struct place *place_of(struct piece_line *line, uint64_t piece)
{
    return &line->places[piece % line->place_count];
}

enum xsw_status piece_line_open(struct sink *sink, struct piece_line **line,
                                struct xsw_error *error)
{
    struct piece_line *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to write it", sink_name(sink));
    }
    made->sink = sink;
    made->place_count = 1;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->has_filled, NULL);
    pthread_cond_init(&made->has_ready, NULL);
    pthread_cond_init(&made->has_ended, NULL);
    *line = made;
    return XSW_OK;
}

static void place_pack(struct piece_line *line, struct frame_packer *packer,
                       enum frame_effort effort, struct place *place)
{
    const struct frame_content content = {.bytes = place->content.bytes,
                                          .length = place->content.length};
    place->packed = frame_row_pack(packer, effort, &content, &place->row, &place->error);
    if (place->packed != XSW_OK) {
        (void)error_prefix(&place->error, "%s", sink_name(line->sink));
    }
}

static void place_lay(struct piece_line *line, uint64_t at, struct place *place)
{
    if (place->packed == XSW_OK) {
        frame_row_place(&place->row, at, sink_wants_whole_pages(line->sink, place->row.length));
    }
}

static bool place_write(struct piece_line *line, struct place *place)
{
    if (!sink_packs(line->sink)) {
        return sink_write(line->sink, place->content.bytes, place->content.length, &place->error) ==
               XSW_OK;
    }
    return place->packed == XSW_OK &&
           sink_write_row(line->sink, &place->row, &place->error) == XSW_OK;
}

/* Threads ------------------------------------------------------------------------------------ */

/* Rows are laid out one behind the other, while others are packed and written. Whoever has packed
 * the next one does it. When one of them cannot be written, those behind it are lost with it, and
 * where they were laid does not matter. With the lock, which it gives up meanwhile. */
static void lay_rows(struct piece_line *line)
{
    while (!line->is_laying && line->laid < line->claimed &&
           place_of(line, line->laid)->state == PLACE_PACKED) {
        struct place *place = place_of(line, line->laid);
        uint64_t at = line->laid == line->ended ? sink_place(line->sink) : line->laid_bytes;
        line->is_laying = true;
        pthread_mutex_unlock(&line->lock);
        place_lay(line, at, place);
        pthread_mutex_lock(&line->lock);
        line->is_laying = false;
        line->laid_bytes = at + place->row.length;
        place->state = PLACE_READY;
        line->laid++;
        pthread_cond_signal(&line->has_ready);
    }
}

static void *pack_pieces(void *context)
{
    struct piece_line *line = context;
    struct frame_packer *packer = NULL;
    struct xsw_error error;
    enum xsw_status opened = frame_packer_open(&packer, &error);
    pthread_mutex_lock(&line->lock);
    for (;;) {
        while (line->claimed == line->put && !line->must_stop) {
            pthread_cond_wait(&line->has_filled, &line->lock);
        }
        if (line->claimed == line->put) {
            break;
        }
        struct place *place = place_of(line, line->claimed++);
        enum frame_effort effort = frame_choice_make(&line->choice, line->put - line->claimed);
        pthread_mutex_unlock(&line->lock);
        uint64_t begun_ns = clock_mono_ns();
        if (opened == XSW_OK) {
            place_pack(line, packer, effort, place);
        } else {
            place->packed = opened;
            place->error = error;
        }
        uint64_t taken_ns = clock_mono_ns() - begun_ns;
        pthread_mutex_lock(&line->lock);
        frame_choice_packed(&line->choice, effort, place->content.length, taken_ns);
        place->state = PLACE_PACKED;
        lay_rows(line);
    }
    pthread_mutex_unlock(&line->lock);
    frame_packer_close(packer);
    return NULL;
}

static bool is_next_ready(struct piece_line *line)
{
    enum place_state awaited = sink_packs(line->sink) ? PLACE_READY : PLACE_FILLED;
    return line->ended < line->put && place_of(line, line->ended)->state == awaited;
}

static void *write_pieces(void *context)
{
    struct piece_line *line = context;
    pthread_mutex_lock(&line->lock);
    for (;;) {
        while (!is_next_ready(line) && !(line->must_stop && line->ended == line->put)) {
            pthread_cond_wait(&line->has_ready, &line->lock);
        }
        if (line->ended == line->put) {
            break;
        }
        struct place *place = place_of(line, line->ended);
        bool is_tried = !line->has_failed;
        pthread_mutex_unlock(&line->lock);
        uint64_t begun_ns = clock_mono_ns();
        bool is_written = is_tried && place_write(line, place);
        uint64_t taken_ns = clock_mono_ns() - begun_ns;
        uint64_t file_bytes = sink_file_bytes(line->sink);
        pthread_mutex_lock(&line->lock);
        frame_choice_written(&line->choice, file_bytes - line->file_bytes, taken_ns);
        place->state = is_written ? PLACE_WRITTEN : PLACE_LOST;
        line->has_failed = !is_written;
        line->file_bytes = file_bytes;
        line->ended++;
        pthread_cond_signal(&line->has_ended);
    }
    pthread_mutex_unlock(&line->lock);
    return NULL;
}

static bool threads_make(struct piece_line *line, unsigned packers)
{
    unsigned wanted = sink_packs(line->sink) ? packers : 0;
    line->choice.packers = packers;
    line->place_count = sink_packs(line->sink) ? 2 * packers + 4 : 4;
    while (line->packer_count < wanted &&
           pthread_create(&line->packers[line->packer_count], NULL, pack_pieces, line) == 0) {
        line->packer_count++;
    }
    line->has_writer = line->packer_count == wanted &&
                       pthread_create(&line->writer, NULL, write_pieces, line) == 0;
    return line->has_writer;
}

static void threads_end(struct piece_line *line)
{
    pthread_mutex_lock(&line->lock);
    line->must_stop = true;
    pthread_cond_broadcast(&line->has_filled);
    pthread_cond_broadcast(&line->has_ready);
    pthread_mutex_unlock(&line->lock);
    for (unsigned i = 0; i < line->packer_count; i++) {
        pthread_join(line->packers[i], NULL);
    }
    if (line->has_writer) {
        pthread_join(line->writer, NULL);
    }
    line->packer_count = 0;
    line->has_writer = false;
}

enum xsw_status piece_line_start(struct piece_line *line, unsigned packers, struct xsw_error *error)
{
    assert(line->put == 0 && !line->has_writer && packers >= 1 && packers <= PIECE_THREADS_MAX);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's business */
    bool is_made = threads_make(line, packers);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_made) {
        threads_end(line);
        return error_set(error, XSW_NO_MEMORY, "%s: no thread to write it", sink_name(line->sink));
    }
    sink_go_direct(line->sink);
    return XSW_OK;
}

/* The owner ---------------------------------------------------------------------------------- */

bool piece_line_has_room(const struct piece_line *line)
{
    return line->put - line->taken < line->place_count;
}

static void end_at_once(struct piece_line *line, struct place *place)
{
    place->packed = XSW_OK;
    if (sink_packs(line->sink)) {
        if (line->own_packer == NULL) {
            place->packed = frame_packer_open(&line->own_packer, &place->error);
        }
        if (place->packed == XSW_OK) {
            place_pack(line, line->own_packer, FRAME_SMALL, place);
            place_lay(line, sink_place(line->sink), place);
        }
    }
    place->state = place_write(line, place) ? PLACE_WRITTEN : PLACE_LOST;
    line->file_bytes = sink_file_bytes(line->sink);
    line->ended++;
}

void piece_line_put(struct piece_line *line, struct block_buffer *buffer, uint64_t packets)
{
    struct place *place = place_of(line, line->put);
    assert(piece_line_has_room(line) && place->state == PLACE_FREE);
    struct block_buffer empty = place->content;
    empty.length = 0;
    place->content = *buffer;
    *buffer = empty;
    place->packets = packets;
    line->content_bytes += place->content.length;
    if (!line->has_writer) {
        line->put++;
        end_at_once(line, place);
        return;
    }
    pthread_mutex_lock(&line->lock);
    place->state = PLACE_FILLED;
    line->put++;
    pthread_cond_signal(sink_packs(line->sink) ? &line->has_filled : &line->has_ready);
    pthread_mutex_unlock(&line->lock);
}

bool piece_line_take(struct piece_line *line, struct piece_end *end)
{
    pthread_mutex_lock(&line->lock);
    bool has_one = line->taken < line->ended;
    pthread_mutex_unlock(&line->lock);
    if (!has_one) {
        return false;
    }
    struct place *place = place_of(line, line->taken++);
    *end = (struct piece_end){.is_written = place->state == PLACE_WRITTEN,
                              .packets = place->packets,
                              .content = &place->content,
                              .error = &place->error};
    line->content_bytes -= place->content.length;
    place->state = PLACE_FREE;
    return true;
}

void piece_line_wait(struct piece_line *line)
{
    pthread_mutex_lock(&line->lock);
    while (line->taken == line->ended && line->ended < line->put) {
        pthread_cond_wait(&line->has_ended, &line->lock);
    }
    pthread_mutex_unlock(&line->lock);
}

void piece_line_press(struct piece_line *line, unsigned percent)
{
    frame_choice_press(&line->choice, percent);
}

bool piece_line_is_empty(const struct piece_line *line)
{
    return line->taken == line->put;
}

void piece_line_resume(struct piece_line *line)
{
    pthread_mutex_lock(&line->lock);
    line->has_failed = false;
    pthread_mutex_unlock(&line->lock);
}

uint64_t piece_line_file_bytes(struct piece_line *line)
{
    pthread_mutex_lock(&line->lock);
    uint64_t bytes = line->file_bytes;
    pthread_mutex_unlock(&line->lock);
    return bytes;
}

uint64_t piece_line_content_bytes(const struct piece_line *line)
{
    return line->content_bytes;
}

void piece_line_close(struct piece_line *line)
{
    if (line == NULL) {
        return;
    }
    threads_end(line);
    frame_packer_close(line->own_packer);
    for (unsigned i = 0; i < PIECE_PLACES_MAX; i++) {
        free(line->places[i].content.bytes);
        frame_row_fini(&line->places[i].row);
    }
    pthread_cond_destroy(&line->has_filled);
    pthread_cond_destroy(&line->has_ready);
    pthread_cond_destroy(&line->has_ended);
    pthread_mutex_destroy(&line->lock);
    free(line);
}
