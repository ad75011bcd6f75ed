/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/flight_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/flight/flight_play.h"
#include "capture/recorder/journey_file.h"
#include "cmd/capture/capture_names.h"
#include "cmd/flight/flight_dump_text.h"
#include "formats/pcapng/pcapng_write.h"

struct queued {
    struct queued *next;
    struct flight_copy copy;
};

struct flight_dump {
    struct flight_dump_options options;
    uint32_t worker_count;
    uint64_t wall_offset_ns;
    struct capture_names names;
    struct journey_file *file;
    struct flight_cursor cursors[CONFIG_WORKERS_MAX];
    struct queued *first, **last;
    uint64_t queued_bytes;
    struct flight_play play;
    struct xsw_error problem, write_error;
    char path[PATH_MAX];
    char host[80], switch_name[CONFIG_NAME_SIZE], os[160], comment[512];
};

/* Copies ------------------------------------------------------------------------------------- */

static void queue_put(struct flight_dump *dump, const struct flight_copy *copy)
{
    struct queued *one = malloc(sizeof(*one));
    if (one == NULL) { /* the next one tells that it is missing */
        free(copy->bytes);
        return;
    }
    *one = (struct queued){.copy = *copy};
    *dump->last = one;
    dump->last = &one->next;
    dump->queued_bytes += copy->size;
}

static struct queued *queue_take(struct flight_dump *dump)
{
    struct queued *one = dump->first;
    if (one != NULL) {
        dump->first = one->next;
        dump->last = dump->first != NULL ? dump->last : &dump->first;
        dump->queued_bytes -= one->copy.size;
    }
    return one;
}

static void problem_note(struct flight_dump *dump, const struct xsw_error *error)
{
    if (dump->problem.status == XSW_OK) {
        dump->problem = *error;
    }
}

/* What a worker has left behind since the last look; with `takes_open`, at the end, all that there
 * is up to block `last`. */
static void blocks_copy(struct flight_dump *dump, uint32_t worker, uint64_t last, bool takes_open)
{
    while (dump->queued_bytes < dump->options.queue_bytes &&
           dump->cursors[worker].sequence <= last) {
        struct flight_copy copy;
        struct xsw_error error;
        enum xsw_status status =
            flight_cursor_take(&dump->cursors[worker], takes_open, &copy, &error);
        if (status != XSW_OK) {
            if (status != XSW_AGAIN) {
                problem_note(dump, &error);
            }
            return;
        }
        queue_put(dump, &copy);
    }
}

static void all_copy(struct flight_dump *dump)
{
    for (uint32_t i = 0; i < dump->worker_count; i++) {
        blocks_copy(dump, i, UINT64_MAX, false);
    }
}

/* Unfolds one block. False: there was none. */
static bool one_play(struct flight_dump *dump)
{
    struct queued *one = queue_take(dump);
    struct xsw_error problem = {.status = XSW_OK};
    struct xsw_error error;
    if (one == NULL) {
        return false;
    }
    if (flight_play_block(&dump->play, &one->copy, &problem, &error) != XSW_OK) {
        dump->write_error = error;
    }
    if (problem.status != XSW_OK) {
        problem_note(dump, &problem);
    }
    flight_copy_free(&one->copy);
    free(one);
    return true;
}

bool flight_dump_step(struct flight_dump *dump)
{
    all_copy(dump);
    bool is_busy = one_play(dump);
    return is_busy && dump->first != NULL;
}

uint64_t flight_dump_end_ns(const struct flight_dump *dump)
{
    return dump->options.to_mono_ns;
}

/* Opening ------------------------------------------------------------------------------------ */

static enum xsw_status dictionary_read(struct flight_dump *dump, json_t **dictionary,
                                       struct xsw_error *error)
{
    char *text = NULL;
    enum xsw_status status = flight_reader_dictionary(dump->options.reader, &text, error);
    if (status == XSW_NOT_FOUND) { /* numbers stay numbers */
        *dictionary = json_object();
        return XSW_OK;
    }
    if (status != XSW_OK) {
        return status;
    }
    json_error_t problem;
    *dictionary = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    free(text);
    if (!json_is_object(*dictionary)) {
        json_decref(*dictionary);
        return error_set(error, XSW_CORRUPT, "%s: the dictionary is no JSON object: %s",
                         flight_reader_name(dump->options.reader), problem.text);
    }
    return XSW_OK;
}

static json_t *dictionary_again(void *context)
{
    json_t *dictionary = NULL;
    return dictionary_read(context, &dictionary, NULL) == XSW_OK ? dictionary : NULL;
}

static enum xsw_status names_open(struct flight_dump *dump, struct xsw_error *error)
{
    const struct flight_header *header = &flight_reader_info(dump->options.reader)->header;
    json_t *dictionary = NULL;
    enum xsw_status status = dictionary_read(dump, &dictionary, error);
    if (status == XSW_OK) {
        dump->names.hides = (header->privacy & FLIGHT_PSEUDONYMS) != 0;
        dump->names.read_again = dictionary_again;
        dump->names.context = dump;
        capture_names_take(&dump->names, dictionary);
    }
    return status;
}

static enum xsw_status writer_open(struct flight_dump *dump, struct pcapng_writer **writer,
                                   struct xsw_error *error)
{
    enum xsw_status status = pcapng_writer_create(dump->path, writer, error);
    if (status != XSW_OK) {
        return status;
    }
    pcapng_writer_reserve(*writer, dump->options.min_free_bytes);
    status = pcapng_writer_start(*writer, 1, error);
    if (status != XSW_OK) {
        (void)pcapng_writer_close(*writer, NULL, NULL);
    }
    return status;
}

static void texts_make(struct flight_dump *dump)
{
    const struct flight_header *header = &flight_reader_info(dump->options.reader)->header;
    struct utsname system;
    uname(&system);
    snprintf(dump->os, sizeof(dump->os), "%.64s %.48s %.32s", system.sysname, system.release,
             system.machine);
    snprintf(dump->host, sizeof(dump->host), "%s", header->host);
    snprintf(dump->switch_name, sizeof(dump->switch_name), "%s", header->switch_name);
    flight_dump_comment(header, &dump->options.cause, dump->comment, sizeof(dump->comment));
}

static enum xsw_status file_open(struct flight_dump *dump, struct xsw_error *error)
{
    const struct flight_header *header = &flight_reader_info(dump->options.reader)->header;
    struct pcapng_writer *writer = NULL;
    texts_make(dump);
    char *section = flight_dump_section(header, dump->names.dictionary, &dump->options);
    if (section == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the section info");
    }
    enum xsw_status status = writer_open(dump, &writer, error);
    if (status == XSW_OK) {
        struct journey_file_options options = {.writer = writer,
                                               .section_json = section,
                                               .host = dump->host,
                                               .switch_name = dump->switch_name,
                                               .os = dump->os,
                                               .comment = dump->comment,
                                               .wall_offset_ns = dump->wall_offset_ns,
                                               .snap_length = header->snap_length,
                                               .every_stage = dump->options.every_stage,
                                               .names = capture_names_tap,
                                               .reason_name = capture_names_reason,
                                               .port = capture_names_port,
                                               .port_came = capture_names_port_came,
                                               .context = &dump->names};
        status = journey_file_open(&options, &dump->file, error);
    }
    free(section);
    return status;
}

static enum xsw_status cursors_open(struct flight_dump *dump, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (uint32_t i = 0; status == XSW_OK && i < dump->worker_count; i++) {
        status = flight_cursor_init(&dump->cursors[i], dump->options.reader, i,
                                    dump->options.from_mono_ns, error);
    }
    return status;
}

static void dump_free(struct flight_dump *dump)
{
    for (struct queued *one = queue_take(dump); one != NULL; one = queue_take(dump)) {
        flight_copy_free(&one->copy);
        free(one);
    }
    capture_names_close(&dump->names);
    free(dump);
}

enum xsw_status flight_dump_open(const struct flight_dump_options *options,
                                 struct flight_dump **dump, struct xsw_error *error)
{
    const struct flight_header *header = &flight_reader_info(options->reader)->header;
    struct flight_dump *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to write a flight recorder's file");
    }
    made->options = *options;
    flight_cause_hide(header, &made->options.cause);
    made->worker_count = header->worker_count;
    made->wall_offset_ns = header->wall_offset_ns;
    if (options->queue_bytes == 0) {
        made->options.queue_bytes =
            (uint64_t)header->worker_count * header->block_size * header->block_count;
    }
    made->last = &made->first;
    snprintf(made->path, sizeof(made->path), "%s", options->path);
    enum xsw_status status = cursors_open(made, error);
    if (status == XSW_OK) {
        all_copy(made); /* first of all: the oldest goes first */
        status = names_open(made, error);
    }
    if (status == XSW_OK) {
        status = file_open(made, error);
    }
    if (status != XSW_OK) {
        dump_free(made);
        return status;
    }
    flight_play_init(&made->play, made->file, options->is_whole);
    made->play.from_mono_ns = options->from_mono_ns;
    made->play.to_mono_ns = options->to_mono_ns;
    *dump = made;
    return XSW_OK;
}

/* The end ------------------------------------------------------------------------------------ */

/* All up to now; what the workers write meanwhile is for another file. */
static void rest_play(struct flight_dump *dump, const struct flight_worker_view *views)
{
    do {
        for (uint32_t i = 0; i < dump->worker_count; i++) {
            if (dump->cursors[i].sequence <= views[i].newest) {
                blocks_copy(dump, i, views[i].newest, true);
            }
        }
    } while (one_play(dump));
}

static struct flight_worker_view *views_read(struct flight_dump *dump)
{
    struct flight_worker_view *views = calloc(dump->worker_count, sizeof(*views));
    for (uint32_t i = 0; views != NULL && i < dump->worker_count; i++) {
        struct xsw_error error;
        if (flight_reader_worker(dump->options.reader, i, &views[i], &error) != XSW_OK) {
            views[i] = (struct flight_worker_view){.newest = UINT64_MAX};
            problem_note(dump, &error);
        }
    }
    return views;
}

static void account_make(struct flight_dump *dump, const struct flight_worker_view *views,
                         struct flight_dump_result *result)
{
    result->worker_count = dump->worker_count;
    for (uint32_t i = 0; i < dump->worker_count; i++) {
        const struct flight_played *played = &dump->play.workers[i];
        result->workers[i] = (struct flight_dump_worker){
            .written_ever = played->next,
            .put = played->put,
            .outside = played->outside,
            .overwritten = played->overwritten,
            .unreadable = played->unreadable,
            .blocks = played->blocks,
            .torn_blocks = played->torn_blocks,
            .first_mono_ns = played->first_mono_ns,
            .last_mono_ns = played->last_mono_ns,
            .last_packet_id = played->last_packet_id,
            .account = flight_play_account(&dump->play, i, &views[i].account)};
    }
}

/* Names of what came meanwhile. */
static void names_renew(struct flight_dump *dump)
{
    json_t *dictionary = dictionary_again(dump);
    if (dictionary != NULL) {
        capture_names_take(&dump->names, dictionary);
    }
}

static enum xsw_status summary_write(struct flight_dump *dump, struct flight_dump_result *result,
                                     struct xsw_error *error)
{
    struct journey_file_account written = journey_file_account(dump->file);
    result->written = written.written;
    result->lost_disk = written.lost_disk;
    uint64_t lost = 0;
    char *summary = flight_dump_summary(result, dump->names.dictionary, &dump->write_error, &lost);
    if (summary == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the summary");
    }
    enum xsw_status status = journey_file_summary(dump->file, summary, lost, error);
    free(summary);
    return status;
}

enum xsw_status flight_dump_close(struct flight_dump *dump, struct flight_dump_result *result,
                                  struct xsw_error *error)
{
    struct xsw_error failure;
    *result = (struct flight_dump_result){0};
    snprintf(result->path, sizeof(result->path), "%s", dump->path);
    struct flight_worker_view *views = views_read(dump);
    if (views == NULL) {
        (void)journey_file_close(dump->file, NULL);
        dump_free(dump);
        return error_set(error, XSW_NO_MEMORY, "no memory for the account");
    }
    rest_play(dump, views);
    if (journey_file_flush(dump->file, &failure) != XSW_OK) {
        dump->write_error = failure;
    }
    account_make(dump, views, result);
    free(views);
    names_renew(dump);
    enum xsw_status status = summary_write(dump, result, error);
    result->bytes = journey_file_bytes(dump->file);
    enum xsw_status closed = journey_file_close(dump->file, &failure);
    if (status == XSW_OK && closed != XSW_OK) {
        status = closed;
        if (error != NULL) {
            *error = failure;
        }
    }
    snprintf(result->problem, sizeof(result->problem), "%s",
             dump->problem.status != XSW_OK ? dump->problem.text : "");
    dump_free(dump);
    return status;
}
