/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a recording, analysed and reported in every form. A file that makes no
 * sense may give any report, but it ends, and stays within its memory. Build with clang and
 * -fsanitize=fuzzer, or with corpus_runner.c, which needs no fuzzer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/analysis.h"
#include "analyzer/packet/packet_view.h"
#include "analyzer/report/report_csv.h"
#include "analyzer/report/report_json.h"
#include "analyzer/report/report_text.h"
#include "formats/pcapng/pcapng_read.h"
#include "fuzz/target.h"

enum { OPEN_MAX = 8, ITEMS_MAX = 1 << 14, PACKET = 1 };

static FILE *nowhere;

static void report_all(const struct analysis *analysis, const struct packet_view *view)
{
    struct report_options options = {.has_colours = true, .is_full = true};
    struct page page = {nowhere, false};
    report_text(nowhere, analysis, &options);
    packet_view_text(&page, analysis, view);
    if (report_json(nowhere, analysis, view, NULL, NULL) != XSW_OK) {
        abort();
    }
    for (int table = REPORT_FINDINGS; table < REPORT_TABLES; table++) {
        report_csv(nowhere, analysis, (enum report_table)table);
    }
}

/* The same as analysis_read(), from memory, and of a compressed input not without end. */
static void read_all(struct analysis *analysis, struct pcapng_reader *reader)
{
    struct analysis_stream *stream;
    struct pcapng_item item;
    struct xsw_error error = {0};
    enum xsw_status status = XSW_OK;
    if (analysis_stream_open(analysis, "fuzz", &stream, NULL) != XSW_OK) {
        abort();
    }
    for (int items = 0; items < ITEMS_MAX && status == XSW_OK; items++) {
        status = pcapng_reader_next(reader, &item, &error);
        if (status == XSW_OK) {
            analysis_stream_item(stream, &item);
        }
    }
    analysis_stream_close(stream, status, error.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcapng_reader *reader;
    struct analysis *analysis;
    struct packet_view view;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    nowhere = nowhere != NULL ? nowhere : fopen("/dev/null", "w");
    if (fd < 0 || nowhere == NULL || (size > 0 && pwrite(fd, data, size, 0) != (ssize_t)size)) {
        abort();
    }
    if (pcapng_reader_open_fd(fd, "fuzz", &reader, NULL) != XSW_OK) {
        return 0;
    }
    if (analysis_create(OPEN_MAX, &analysis, NULL) != XSW_OK) {
        abort();
    }
    packet_view_init(&view, PACKET);
    analysis_observe(analysis, packet_view_offer, &view);
    read_all(analysis, reader);
    pcapng_reader_close(reader);
    if (analysis_finish(analysis, NULL) != XSW_OK) {
        abort();
    }
    report_all(analysis, &view);
    packet_view_fini(&view);
    analysis_destroy(analysis);
    return 0;
}
