/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/record_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/recorder/journey_file.h"
#include "formats/pcapng/pcapng_write.h"

struct record_sink {
    struct journey_file *file;
};

static void names_of(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    (void)port;
    (void)stage;
    names->port = "port";
    names->port_kind = "memory";
    names->stage = "stage";
    names->extension = "";
}

static const char *reason_of(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return NULL;
}

static void fail(const struct xsw_error *error)
{
    fprintf(stderr, "record_sink: %s\n", error->text);
    exit(3);
}

struct record_sink *record_sink_open(const char *path, unsigned packers)
{
    struct pcapng_writer *writer = NULL;
    struct xsw_error error;
    if (pcapng_writer_open(path, &writer, &error) != XSW_OK ||
        pcapng_writer_start(writer, packers, &error) != XSW_OK) {
        fail(&error);
    }
    struct journey_file_options options = {.writer = writer,
                                           .section_json = "{\"format\":1}",
                                           .host = "bench",
                                           .switch_name = "bench",
                                           .os = "",
                                           .comment = "benchmark",
                                           .snap_length = 64,
                                           .names = names_of,
                                           .reason_name = reason_of};
    struct record_sink *sink = calloc(1, sizeof(*sink));
    if (sink == NULL || journey_file_open(&options, &sink->file, &error) != XSW_OK) {
        fail(&error);
    }
    return sink;
}

void record_sink_put(struct record_sink *sink, const struct ring_record *record)
{
    struct xsw_error error;
    if (journey_file_put(sink->file, 0, record, &error) != XSW_OK) {
        fail(&error);
    }
}

struct journey_file *record_sink_file(struct record_sink *sink)
{
    return sink->file;
}

uint64_t record_sink_close(struct record_sink *sink, struct journey_file_account *account)
{
    if (sink == NULL) {
        return 0;
    }
    struct xsw_error error;
    if (journey_file_flush(sink->file, &error) != XSW_OK) {
        fail(&error);
    }
    uint64_t bytes = journey_file_bytes(sink->file);
    if (account != NULL) {
        *account = journey_file_account(sink->file);
    }
    (void)journey_file_close(sink->file, NULL);
    free(sink);
    return bytes;
}
