/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that makes a slow link: it holds packets for some milliseconds and then lets them go, in
 * the order in which they came. Each worker has a queue of its own, of a fixed size; what does not
 * fit is dropped. When the extension goes, the switch sends on what it held.
 */
#include <pcap/pcap.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/extension.h>

enum {
    SNAP_LENGTH = 262144,
    TEXT_SHOWN = 100,
    MILLISECONDS_MAX = 10000,
    QUEUE_MAX = 4096, /* packets of a worker and direction */
    TICK_NS = 1000000
};

enum setting {
    SETTING_MILLISECONDS,
    SETTING_QUEUE,
    SETTING_MATCH,
    SETTING_DIRECTION,
    SETTING_COUNT
};
enum reason { REASON_FULL, REASON_COUNT };
enum status_field { STATUS_HELD, STATUS_RELEASED, STATUS_DROPPED, STATUS_COUNT };

struct waiting {
    struct xsw_packet *packet;
    uint64_t due_ns;
};

/* Written by its worker; the numbers may be read by all. */
struct queue {
    struct waiting *ring; /* room for `queue_size`: a power of two */
    uint32_t head, tail;
    atomic_uint_fast64_t held, released, dropped;
    _Alignas(64) uint8_t separator[64]; /* keeps the workers out of each other's cache lines */
};

struct delay {
    const struct xsw_host *host;
    struct bpf_program program;
    uint64_t delay_ns;
    uint32_t limit;
    uint32_t ring_mask;
    uint8_t directions; /* sum of enum xsw_direction */
    uint8_t reserved[7];
    struct queue queues[XSW_WORKERS_MAX][2]; /* by worker, ingress and egress */
};

/* On workers ---------------------------------------------------------------------------------- */

static void number_add(atomic_uint_fast64_t *number, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, value + amount, memory_order_relaxed);
}

/* Of one call: what a packet beyond the worker's room would be is a drop that nobody tells of. */
struct holding {
    uint64_t now_ns;
    uint32_t room;
};

static struct holding holding_begin(const struct delay *delay, uint32_t worker, uint64_t now_ns)
{
    return (struct holding){.now_ns = now_ns,
                            .room = delay->host->data->hold_room(delay->host, worker)};
}

/* Puts the packet into the queue, or drops it. Behind one that waits, all wait: else it would be
 * overtaken. */
static void hold(const struct delay *delay, struct queue *queue, struct xsw_packet *packet,
                 struct holding *holding, struct xsw_verdict *verdict)
{
    if (queue->head - queue->tail >= delay->limit || holding->room == 0) {
        verdict->action = XSW_DROP;
        verdict->reason = REASON_FULL;
        number_add(&queue->dropped, 1);
        return;
    }
    queue->ring[queue->head & delay->ring_mask] =
        (struct waiting){.packet = packet, .due_ns = holding->now_ns + delay->delay_ns};
    queue->head++;
    holding->room--;
    number_add(&queue->held, 1);
    verdict->action = XSW_HOLD;
}

static int is_matched(const struct delay *delay, const struct xsw_packet *packet)
{
    return bpf_filter(delay->program.bf_insns, packet->data, packet->length, packet->length) != 0;
}

static void delay_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct delay *delay = state;
    if (batch->worker >= XSW_WORKERS_MAX || (delay->directions & XSW_INGRESS) == 0) {
        return;
    }
    struct queue *queue = &delay->queues[batch->worker][0];
    struct holding holding = holding_begin(delay, batch->worker, batch->now_ns);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (is_matched(delay, batch->packets[i])) {
            hold(delay, queue, batch->packets[i], &holding, &verdicts[i]);
        }
    }
}

static void delay_egress(void *state, const struct xsw_const_batch *batch,
                         struct xsw_verdict *verdicts)
{
    struct delay *delay = state;
    if (batch->worker >= XSW_WORKERS_MAX || (delay->directions & XSW_EGRESS) == 0) {
        return;
    }
    struct queue *queue = &delay->queues[batch->worker][1];
    struct holding holding = holding_begin(delay, batch->worker, batch->now_ns);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (is_matched(delay, batch->packets[i])) {
            /* What is held is the extension's until it lets it go; it does not write to it. */
            hold(delay, queue, (struct xsw_packet *)batch->packets[i], &holding, &verdicts[i]);
        }
    }
}

static void release_due(const struct delay *delay, struct queue *queue, uint32_t worker,
                        uint64_t now_ns)
{
    static const struct xsw_verdict pass = {.action = XSW_PASS};
    while (queue->tail != queue->head) {
        struct waiting *first = &queue->ring[queue->tail & delay->ring_mask];
        if (now_ns < first->due_ns) {
            return;
        }
        queue->tail++;
        number_add(&queue->released, 1);
        delay->host->data->release(delay->host, worker, first->packet, &pass);
    }
}

static void delay_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    struct delay *delay = state;
    if (worker < XSW_WORKERS_MAX) {
        release_due(delay, &delay->queues[worker][0], worker, now_ns);
        release_due(delay, &delay->queues[worker][1], worker, now_ns);
    }
}

/* On the control thread ------------------------------------------------------------------------ */

static enum xsw_status delay_status(void *state, uint32_t feature, uint16_t port,
                                    struct xsw_status_value *values, struct xsw_error *error)
{
    const struct delay *delay = state;
    (void)feature;
    (void)port;
    (void)error;
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        values[i].number = 0;
    }
    for (uint32_t i = 0; i < 2 * XSW_WORKERS_MAX; i++) {
        const struct queue *queue = &delay->queues[i / 2][i % 2];
        uint64_t released = atomic_load_explicit(&queue->released, memory_order_relaxed);
        uint64_t held = atomic_load_explicit(&queue->held, memory_order_relaxed);
        values[STATUS_HELD].number += held > released ? held - released : 0;
        values[STATUS_RELEASED].number += released;
        values[STATUS_DROPPED].number +=
            atomic_load_explicit(&queue->dropped, memory_order_relaxed);
    }
    return XSW_OK;
}

static enum xsw_status fail(struct xsw_error *error, enum xsw_status status, const char *what,
                            const char *value, const char *expected)
{
    if (error != NULL) {
        error->status = status;
        error->errno_value = 0;
        snprintf(error->text, sizeof error->text, "%s \"%.*s\": %.180s", what, TEXT_SHOWN, value,
                 expected);
    }
    return status;
}

static void delay_fini(void *state)
{
    struct delay *delay = state;
    for (uint32_t i = 0; i < 2 * XSW_WORKERS_MAX; i++) {
        free(delay->queues[i / 2][i % 2].ring);
        delay->queues[i / 2][i % 2].ring = NULL;
    }
    pcap_freecode(&delay->program);
}

/* Rings that no worker uses stay untouched, and so cost address space only. */
static enum xsw_status make_queues(struct delay *delay)
{
    uint32_t size = 1;
    while (size < delay->limit) {
        size *= 2;
    }
    delay->ring_mask = size - 1;
    for (uint32_t i = 0; i < 2 * XSW_WORKERS_MAX; i++) {
        struct queue *queue = &delay->queues[i / 2][i % 2];
        queue->ring = calloc(size, sizeof *queue->ring);
        if (queue->ring == NULL) {
            return XSW_NO_MEMORY;
        }
    }
    return XSW_OK;
}

static enum xsw_status parse_direction(struct delay *delay, const char *text,
                                       struct xsw_error *error)
{
    static const char *const names[] = {"in", "out", "both"};
    for (uint8_t i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            delay->directions = (uint8_t)(i + 1);
            return XSW_OK;
        }
    }
    return fail(error, XSW_INVALID, "direction", text, "expected in, out or both");
}

static enum xsw_status compile_match(struct delay *delay, const char *text, struct xsw_error *error)
{
    pcap_t *compiler = pcap_open_dead(DLT_EN10MB, SNAP_LENGTH);
    if (compiler == NULL) {
        return fail(error, XSW_NO_MEMORY, "match", text, "no memory to compile it");
    }
    enum xsw_status status = XSW_OK;
    if (pcap_compile(compiler, &delay->program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = fail(error, XSW_INVALID, "match", text, pcap_geterr(compiler));
    }
    pcap_close(compiler);
    return status;
}

static enum xsw_status delay_init(void *state, const struct xsw_host *host,
                                  const struct xsw_setting *settings, struct xsw_error *error)
{
    struct delay *delay = state;
    delay->host = host;
    delay->delay_ns = settings[SETTING_MILLISECONDS].number * 1000000;
    delay->limit = (uint32_t)settings[SETTING_QUEUE].number;
    if (!XSW_HAS(host, struct xsw_host, data) || host->data == NULL ||
        !XSW_HAS(host->data, struct xsw_data_services, hold_room)) {
        return fail(error, XSW_UNSUPPORTED, "extension", "delay", "this host holds no packets");
    }
    enum xsw_status status = parse_direction(delay, settings[SETTING_DIRECTION].texts[0], error);
    delay->directions = delay->delay_ns == 0 ? 0 : delay->directions;
    if (status == XSW_OK) {
        status = compile_match(delay, settings[SETTING_MATCH].texts[0], error);
    }
    if (status == XSW_OK && make_queues(delay) != XSW_OK) {
        status = fail(error, XSW_NO_MEMORY, "extension", "delay", "no memory for its queues");
    }
    if (status != XSW_OK) {
        delay_fini(delay);
    }
    return status;
}

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_FULL] = {"delay-full", "as many packets as may wait are waiting already"},
};

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_MILLISECONDS] = {"milliseconds", XSW_SETTING_NUMBER, 0, MILLISECONDS_MAX, 0, NULL,
                              "how long a packet is held, to the next millisecond; 0: not at all"},
    [SETTING_QUEUE] = {"queue", XSW_SETTING_NUMBER, 1, QUEUE_MAX, 1000, NULL,
                       "packets that may wait for each worker and direction"},
    [SETTING_MATCH] = {.name = "match",
                       .type = XSW_SETTING_TEXT,
                       .default_text = "",
                       .help = "pcap-filter expression; empty: all packets"},
    [SETTING_DIRECTION] = {.name = "direction",
                           .type = XSW_SETTING_TEXT,
                           .default_text = "in",
                           .help = "in: once, as they come in; out: for each port; both"},
};

static const struct xsw_setting_info status_table[STATUS_COUNT] = {
    [STATUS_HELD] = {.name = "held", .type = XSW_SETTING_NUMBER, .help = "packets that wait"},
    [STATUS_RELEASED] = {.name = "released",
                         .type = XSW_SETTING_NUMBER,
                         .help = "packets that went on"},
    [STATUS_DROPPED] = {.name = "dropped",
                        .type = XSW_SETTING_NUMBER,
                        .help = "packets that had no place to wait"},
};

static const struct xsw_feature_info features[] = {{
    .size = sizeof(struct xsw_feature_info),
    .name = "queue",
    .help = "what waits",
    .scope = XSW_SCOPE_SWITCH,
    .status_fields = status_table,
    .status_count = STATUS_COUNT,
}};

static const struct xsw_filter_ops ops = {
    .size = sizeof ops,
    .ingress = delay_ingress,
    .egress = delay_egress,
};

static const struct xsw_control_ops control = {.size = sizeof control, .status = delay_status};

static const struct xsw_extension delay_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof delay_extension,
    .name = "delay",
    .version = XSW_VERSION,
    .description = "holds packets back, as a slow link does",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_HOLDS,
    .state_size = sizeof(struct delay),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = delay_init,
    .fini = delay_fini,
    .filter = &ops,
    .tick_ns = TICK_NS,
    .tick = delay_tick,
    .control = &control,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
};

XSW_EXTENSION_EXPORT(delay_extension);
