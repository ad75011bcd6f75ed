/* SPDX-License-Identifier: Apache-2.0 */
/* File ports: a capture file (pcapng or classic pcap, plain or zstd) is played into the switch, at
 * once or with its recorded gaps; what is sent to the port is written to another one, pcapng, or
 * classic pcap when its name ends in .pcap. A file knows no offload: it gets the frames that a
 * network would see, cut from their packet and with whole checksums. */
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_wire.h"
#include "formats/pcapng/pcapng_write.h"
#include "packet/segment.h"
#include "switch/path/counters.h"
#include "switch/path/reasons.h"
#include "switch/port/port.h"

struct port_file {
    struct port port;
    struct pcapng_reader *reader; /* null: nothing is played, or all has been */
    struct pcapng_item next;      /* a packet that waits for its time */
    int has_next;
    int keep_timing;
    uint64_t first_packet_ns; /* of the file */
    uint64_t first_mono_ns;   /* when that one was played */
    int timer_fd;
    struct pcapng_writer *writer;
    uint32_t interface;
    pcap_t *pcap;
    pcap_dumper_t *dumper;
    uint8_t *frame;    /* that is written */
    counter segments;  /* frames that were cut from larger packets */
    _Atomic int state; /* enum port_state: PORT_DOWN when the disk refused */
};

static struct port_file *file_of(struct port *port)
{
    return (struct port_file *)port;
}

static void file_close(struct port *port)
{
    struct port_file *file = file_of(port);
    pcapng_reader_close(file->reader);
    (void)pcapng_writer_close(file->writer, NULL, NULL);
    if (file->dumper != NULL) {
        pcap_dump_close(file->dumper);
    }
    if (file->pcap != NULL) {
        pcap_close(file->pcap);
    }
    if (file->timer_fd >= 0) {
        close(file->timer_fd);
    }
    free(file->frame);
    free(file);
}

/* Input -------------------------------------------------------------------------------------- */

/* Looks for the next packet to play; at the end, or at what cannot be read, the playing ends. */
static void next_find(struct port_file *file)
{
    while (file->reader != NULL && !file->has_next) {
        if (pcapng_reader_next(file->reader, &file->next, NULL) != XSW_OK) {
            pcapng_reader_close(file->reader);
            file->reader = NULL;
            return;
        }
        const struct pcapng_packet *packet = &file->next.packet;
        file->has_next =
            file->next.kind == PCAPNG_PACKET && packet->captured_length <= PACKET_LARGE_BYTES;
    }
}

static int next_is_due(struct port_file *file)
{
    if (!file->keep_timing) {
        return 1;
    }
    uint64_t now = clock_mono_ns();
    uint64_t stamp = file->next.packet.timestamp_ns;
    if (file->first_mono_ns == 0) {
        file->first_mono_ns = now;
        file->first_packet_ns = stamp;
    }
    uint64_t offset = stamp > file->first_packet_ns ? stamp - file->first_packet_ns : 0;
    uint64_t due = file->first_mono_ns + offset;
    if (due <= now) {
        return 1;
    }
    struct itimerspec timer = {.it_value = {.tv_sec = (time_t)(due / NS_PER_SECOND),
                                            .tv_nsec = (long)(due % NS_PER_SECOND)}};
    timerfd_settime(file->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
    return 0;
}

static uint32_t file_receive(struct port *port, uint32_t queue, struct packet_pool *pool,
                             struct packet **packets, uint32_t capacity)
{
    (void)queue;
    struct port_file *file = file_of(port);
    uint32_t count = 0;
    for (; count < capacity; count++) {
        next_find(file);
        if (!file->has_next || !next_is_due(file)) {
            break;
        }
        const struct pcapng_packet *next = &file->next.packet;
        struct packet *packet = packet_alloc_received(pool, next->captured_length);
        if (packet == NULL) {
            break;
        }
        memcpy(packet->seen.data, next->data, next->captured_length);
        packet->seen.length = next->captured_length;
        packets[count] = packet;
        file->has_next = 0;
    }
    return count;
}

static int file_is_ready(struct port *port, uint32_t queue)
{
    (void)queue;
    struct port_file *file = file_of(port);
    return file->reader != NULL && !(file->has_next && file->keep_timing);
}

static int file_poll_fd(struct port *port, uint32_t queue)
{
    (void)queue;
    return file_of(port)->timer_fd;
}

/* Output ------------------------------------------------------------------------------------- */

static int frame_write(struct port_file *file, uint32_t length, uint64_t now_ns)
{
    if (file->dumper != NULL) {
        struct pcap_pkthdr header = {.caplen = length, .len = length};
        header.ts.tv_sec = (time_t)(now_ns / NS_PER_SECOND);
        header.ts.tv_usec = (suseconds_t)(now_ns % NS_PER_SECOND); /* ns: see output_open */
        pcap_dump((u_char *)file->dumper, &header, file->frame);
        return 1;
    }
    struct pcapng_packet item = {.interface = file->interface,
                                 .has = PCAPNG_HAS_TIMESTAMP,
                                 .timestamp_ns = now_ns,
                                 .captured_length = length,
                                 .original_length = length,
                                 .data = file->frame};
    return pcapng_writer_packet(file->writer, &item, NULL) == XSW_OK;
}

/* False when the disk refuses. A packet that cannot be cut is dropped alone. */
static int packet_write(struct port_file *file, struct packet *packet, uint64_t now_ns)
{
    struct segmenter segmenter;
    if (segmenter_begin(&segmenter, &packet->seen) != XSW_OK ||
        segmenter.frame_max > PACKET_LARGE_BYTES) {
        packet->drop_reason = REASON_NOT_SEGMENTED;
        return 1;
    }
    int is_written = 1;
    while (!segmenter_is_done(&segmenter)) {
        is_written &= frame_write(file, segmenter_write(&segmenter, file->frame), now_ns);
    }
    if (segmenter.frames > 1) {
        counter_add(&file->segments, segmenter.frames);
    }
    return is_written;
}

static int output_flush(struct port_file *file)
{
    return file->dumper != NULL ? pcap_dump_flush(file->dumper) == 0
                                : pcapng_writer_flush(file->writer, NULL) == XSW_OK;
}

static uint32_t file_send(struct port *port, uint32_t queue, struct packet *const *packets,
                          uint32_t count)
{
    (void)queue;
    struct port_file *file = file_of(port);
    if (file->writer == NULL && file->dumper == NULL) {
        return 0; /* a port that only plays takes everything and keeps nothing */
    }
    uint64_t now_ns = clock_wall_ns();
    int is_written = 1;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        is_written &= packet_write(file, packets[i], now_ns);
        failed += packets[i]->drop_reason != REASON_NONE;
    }
    is_written &= output_flush(file);
    /* The writer drops whole pieces, so what it refused cannot be told apart further. */
    for (uint32_t i = 0; !is_written && i < count; i++) {
        packets[i]->drop_reason = REASON_SEND_FAILED;
    }
    atomic_store_explicit(&file->state, is_written ? PORT_UP : PORT_DOWN, memory_order_relaxed);
    return is_written ? failed : count;
}

static uint32_t file_numbers(struct port *port, struct port_number *numbers)
{
    numbers[0] = (struct port_number){"tx_segments", counter_read(&file_of(port)->segments)};
    return 1;
}

static enum port_state file_state(struct port *port)
{
    return (enum port_state)atomic_load_explicit(&file_of(port)->state, memory_order_relaxed);
}

/* Opening ------------------------------------------------------------------------------------ */

static enum xsw_status input_open(struct port_file *file, const struct port_config *config,
                                  struct xsw_error *error)
{
    enum xsw_status status = pcapng_reader_open(config->input_path, &file->reader, error);
    struct pcapng_item item;
    /* Up to the first packet: a file that is none, or not of Ethernet, is refused here. */
    while (status == XSW_OK && !file->has_next) {
        status = pcapng_reader_next(file->reader, &item, error);
        if (status == XSW_OK && item.kind == PCAPNG_INTERFACE &&
            item.interface.linktype != PCAPNG_LINKTYPE_ETHERNET) {
            status = error_set(error, XSW_UNSUPPORTED,
                               "%s: interface %u has link type %u; expected 1, Ethernet",
                               config->input_path, item.interface.index, item.interface.linktype);
        }
        if (status == XSW_OK && item.kind == PCAPNG_PACKET) {
            file->next = item;
            file->has_next = item.packet.captured_length <= PACKET_LARGE_BYTES;
        }
    }
    if (status == XSW_END) {
        return error_set(error, XSW_INVALID, "%s: there is no packet in it", config->input_path);
    }
    return status;
}

static int has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    size_t suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

static enum xsw_status output_open(struct port_file *file, const struct port_config *config,
                                   struct xsw_error *error)
{
    file->frame = malloc(PACKET_LARGE_BYTES);
    if (file->frame == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a file port");
    }
    if (has_suffix(config->output_path, ".pcap")) {
        file->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, PCAPNG_SNAP_LENGTH,
                                                          PCAP_TSTAMP_PRECISION_NANO);
        file->dumper = file->pcap != NULL ? pcap_dump_open(file->pcap, config->output_path) : NULL;
        return file->dumper != NULL
                   ? XSW_OK
                   : error_set(error, XSW_IO, "%s: %s", config->output_path,
                               file->pcap != NULL ? pcap_geterr(file->pcap) : "no memory");
    }
    enum xsw_status status = pcapng_writer_open(config->output_path, &file->writer, error);
    struct pcapng_section section = {.application = "xswd " XSW_VERSION};
    struct pcapng_interface interface = {.name = config->name};
    if (status == XSW_OK) {
        status = pcapng_writer_section(file->writer, &section, error);
    }
    if (status == XSW_OK) {
        status = pcapng_writer_interface(file->writer, &interface, &file->interface, error);
    }
    return status;
}

static enum xsw_status file_open(const struct port_config *config, uint32_t queues,
                                 struct port **port, struct xsw_error *error)
{
    int has_output = config->output_path[0] != '\0';
    if (has_output && queues > 1) {
        return error_set(error, XSW_UNSUPPORTED,
                         "a file has one writer: a file port with an output needs a switch with "
                         "1 worker, this one has %u",
                         queues);
    }
    struct port_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a file port");
    }
    file->port.ops = &port_file_ops;
    file->port.queues = 1;
    file->keep_timing = config->keep_timing;
    file->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    enum xsw_status status = XSW_OK;
    if (file->timer_fd < 0) {
        status = error_errno(error, "no timer for a file port");
    }
    if (status == XSW_OK && config->input_path[0] != '\0') {
        status = input_open(file, config, error);
    }
    if (status == XSW_OK && has_output) {
        status = output_open(file, config, error);
    }
    if (status != XSW_OK) {
        file_close(&file->port);
        return status;
    }
    *port = &file->port;
    return XSW_OK;
}

const struct port_ops port_file_ops = {
    .kind = "file",
    .open = file_open,
    .close = file_close,
    .receive = file_receive,
    .send = file_send,
    .poll_fd = file_poll_fd,
    .state = file_state,
    .is_ready = file_is_ready,
    .numbers = file_numbers,
};
