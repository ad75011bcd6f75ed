/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of waiting frames, the earliest on top; what does not fit any more goes out. */
#include "formats/pcap/pcap_write.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum { PCAP_SNAP_LENGTH = 262144, PCAP_VERSION_MAJOR = 2, PCAP_VERSION_MINOR = 4 };

static const uint64_t SECOND_NS = 1000000000;

struct waiting {
    uint64_t time_ns, order;
    uint32_t captured_length, original_length;
    uint8_t *bytes;
};

struct pcap_writer {
    FILE *file;
    char *name;
    struct waiting *heap; /* of PCAP_WINDOW_FRAMES */
    size_t count;
    size_t bytes;
    uint64_t written_ns; /* time of the last frame */
    uint64_t late;
};

static enum xsw_status fail(const struct pcap_writer *writer, struct xsw_error *error)
{
    return error_errno(error, "%s: cannot be written", writer->name);
}

enum xsw_status pcap_writer_open(const char *path, struct pcap_writer **writer,
                                 struct xsw_error *error)
{
    bool is_stdout = strcmp(path, "-") == 0;
    struct pcap_writer *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to write it", path);
    }
    made->heap = malloc(PCAP_WINDOW_FRAMES * sizeof(*made->heap));
    made->name = strdup(is_stdout ? "standard output" : path);
    if (made->heap == NULL || made->name == NULL) {
        (void)pcap_writer_close(made, NULL);
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to write it", path);
    }
    made->file = is_stdout ? stdout : fopen(path, "we");
    if (made->file == NULL) {
        enum xsw_status status = fail(made, error);
        (void)pcap_writer_close(made, NULL);
        return status;
    }
    uint8_t header[PCAP_HEADER_SIZE] = {0};
    put_le32(header, PCAP_MAGIC_NANOSECONDS);
    put_le16(header + 4, PCAP_VERSION_MAJOR);
    put_le16(header + 6, PCAP_VERSION_MINOR);
    put_le32(header + 16, PCAP_SNAP_LENGTH);
    put_le32(header + 20, PCAPNG_LINKTYPE_ETHERNET);
    if (fwrite(header, sizeof(header), 1, made->file) != 1) {
        enum xsw_status status = fail(made, error);
        (void)pcap_writer_close(made, NULL);
        return status;
    }
    *writer = made;
    return XSW_OK;
}

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

static void swap(struct waiting *a, struct waiting *b)
{
    struct waiting other = *a;
    *a = *b;
    *b = other;
}

static void heap_add(struct pcap_writer *writer, const struct waiting *frame)
{
    size_t place = writer->count++;
    writer->heap[place] = *frame;
    while (place > 0 && is_before(&writer->heap[place], &writer->heap[(place - 1) / 2])) {
        swap(&writer->heap[place], &writer->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
}

static struct waiting heap_take(struct pcap_writer *writer)
{
    struct waiting first = writer->heap[0];
    writer->heap[0] = writer->heap[--writer->count];
    for (size_t place = 0;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            bool is_less =
                child < writer->count && is_before(&writer->heap[child], &writer->heap[least]);
            least = is_less ? child : least;
        }
        if (least == place) {
            return first;
        }
        swap(&writer->heap[place], &writer->heap[least]);
        place = least;
    }
}

static enum xsw_status earliest_write(struct pcap_writer *writer, struct xsw_error *error)
{
    struct waiting frame = heap_take(writer);
    uint8_t head[PCAP_RECORD_SIZE];
    put_le32(head, (uint32_t)(frame.time_ns / SECOND_NS));
    put_le32(head + 4, (uint32_t)(frame.time_ns % SECOND_NS));
    put_le32(head + 8, frame.captured_length);
    put_le32(head + 12, frame.original_length);
    bool is_written = fwrite(head, sizeof(head), 1, writer->file) == 1 &&
                      (frame.captured_length == 0 ||
                       fwrite(frame.bytes, frame.captured_length, 1, writer->file) == 1);
    writer->late += frame.time_ns < writer->written_ns;
    writer->written_ns = frame.time_ns;
    writer->bytes -= frame.captured_length;
    free(frame.bytes);
    return is_written ? XSW_OK : fail(writer, error);
}

enum xsw_status pcap_writer_put(struct pcap_writer *writer, const struct pcap_frame *frame,
                                struct xsw_error *error)
{
    struct waiting made = {.time_ns = frame->time_ns,
                           .order = frame->order,
                           .captured_length = frame->captured_length,
                           .original_length = frame->original_length,
                           .bytes = malloc((size_t)frame->captured_length + 1)};
    if (made.bytes == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory for a frame", writer->name);
    }
    if (frame->captured_length > 0) {
        memcpy(made.bytes, frame->bytes, frame->captured_length);
    }
    heap_add(writer, &made);
    writer->bytes += made.captured_length;
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK && writer->count > 0 &&
           (writer->count == PCAP_WINDOW_FRAMES || writer->bytes > PCAP_WINDOW_BYTES)) {
        status = earliest_write(writer, error);
    }
    return status;
}

uint64_t pcap_writer_late(const struct pcap_writer *writer)
{
    return writer->late;
}

enum xsw_status pcap_writer_close(struct pcap_writer *writer, struct xsw_error *error)
{
    if (writer == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = XSW_OK;
    while (writer->file != NULL && writer->count > 0) {
        enum xsw_status written = earliest_write(writer, status == XSW_OK ? error : NULL);
        status = status == XSW_OK ? written : status;
    }
    bool is_closed = writer->file == NULL ||
                     (writer->file == stdout ? fflush(stdout) == 0 : fclose(writer->file) == 0);
    if (!is_closed && status == XSW_OK) {
        status = fail(writer, error);
    }
    free(writer->heap);
    free(writer->name);
    free(writer);
    return status;
}
