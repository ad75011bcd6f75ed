/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture extension that reports flows in IPFIX to a collector, through the switch itself. Each
 * worker keeps the flows that it sees; about once a second the control thread takes those that
 * ended, encodes them and sends them. A packet is counted once for each port that it is delivered
 * to, or, `record=ingress`, once when it comes in. Reports are not counted, its own or another's:
 * two of these would report each other's reports for ever.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xsw/extension.h>

#include "extensions/flowreport/export.h"

enum { MTU_MIN = 640, FLOWS_MIN = 64, FLOWS_MAX = 65536, SWEEPS_A_SECOND = 10 };

enum setting {
    SETTING_COLLECTOR,
    SETTING_ADDRESS,
    SETTING_PORT,
    SETTING_COLLECTOR_MAC,
    SETTING_MAC,
    SETTING_FROM,
    SETTING_RECORD,
    SETTING_ACTIVE,
    SETTING_IDLE,
    SETTING_FLOWS,
    SETTING_MTU,
    SETTING_REFRESH,
    SETTING_DOMAIN,
    SETTING_COUNT
};

enum status_field {
    STATUS_FLOWS,
    STATUS_RECORDS,
    STATUS_MESSAGES,
    STATUS_WAITING,
    STATUS_LOST_PACKETS,
    STATUS_LOST_RECORDS,
    STATUS_COLLECTOR_MAC,
    STATUS_COUNT
};

/* On workers ---------------------------------------------------------------------------------- */

/* Whether the packet is one of its own, or a report of another one. */
static int is_own(const struct flowreport *report, const struct xsw_packet *packet)
{
    return packet->injector != 0 &&
           (packet->injector == report->host->self || report_is_one(packet));
}

static void flowreport_look(void *state, enum xsw_direction direction,
                            const struct xsw_const_batch *batch)
{
    struct flowreport *report = state;
    struct flow packet;
    if (batch->worker >= XSW_WORKERS_MAX) {
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        if (direction == XSW_INGRESS) {
            report_learn(&report->way, batch->packets[i]);
        }
        if (direction == report->direction && !is_own(report, batch->packets[i])) {
            flow_read(&packet, batch->packets[i]);
            flow_cache_count(&report->caches[batch->worker], &packet, batch->now_ns);
        }
    }
}

static void flowreport_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    struct flowreport *report = state;
    if (worker < XSW_WORKERS_MAX) {
        struct flow_cache *cache = &report->caches[worker];
        flow_cache_sweep(cache, &report->timeouts, flow_cache_size(cache) / SWEEPS_A_SECOND + 1,
                         now_ns);
    }
}

/* On the control thread ------------------------------------------------------------------------ */

static const char *mac_text(const struct flowreport *report, char *text, size_t size)
{
    uint64_t mac = atomic_load_explicit(&report->way.collector_mac, memory_order_relaxed);
    if (mac == 0) {
        return "not known yet";
    }
    snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40) & 255,
             (unsigned)(mac >> 32) & 255, (unsigned)(mac >> 24) & 255, (unsigned)(mac >> 16) & 255,
             (unsigned)(mac >> 8) & 255, (unsigned)mac & 255);
    return text;
}

static enum xsw_status flowreport_status(void *state, uint32_t feature, uint16_t port,
                                         struct xsw_status_value *values, struct xsw_error *error)
{
    const struct flowreport *report = state;
    char buffer[24];
    (void)feature;
    (void)port;
    (void)error;
    values[STATUS_FLOWS].number = 0;
    values[STATUS_LOST_PACKETS].number = 0;
    values[STATUS_WAITING].number = report->waiting_length != 0 ? report->waiting_records : 0;
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        const struct flow_cache *cache = &report->caches[worker];
        values[STATUS_FLOWS].number += atomic_load_explicit(&cache->active, memory_order_relaxed);
        values[STATUS_WAITING].number += flow_cache_waiting(cache);
        values[STATUS_LOST_PACKETS].number +=
            atomic_load_explicit(&cache->lost_packets, memory_order_relaxed);
    }
    values[STATUS_RECORDS].number = report->totals.records;
    values[STATUS_MESSAGES].number = report->totals.messages;
    values[STATUS_LOST_RECORDS].number = report->totals.lost_records;
    const char *mac = mac_text(report, buffer, sizeof buffer);
    struct xsw_status_value *value = &values[STATUS_COLLECTOR_MAC];
    value->length = (uint32_t)strlen(mac) + 1;
    if (value->length > value->capacity) {
        return XSW_LIMIT;
    }
    memcpy(value->text, mac, value->length);
    return XSW_OK;
}

/* Life ---------------------------------------------------------------------------------------- */

static enum xsw_status fail(struct xsw_error *error, enum xsw_status status, const char *text)
{
    if (error != NULL) {
        error->status = status;
        error->errno_value = 0;
        snprintf(error->text, sizeof error->text, "%s", text);
    }
    return status;
}

static uint32_t power_of_two(uint64_t number)
{
    uint32_t power = FLOWS_MIN;
    while (power < number) {
        power *= 2;
    }
    return power;
}

static enum xsw_status parse_texts(struct flowreport *report, const struct xsw_setting *settings,
                                   struct xsw_error *error)
{
    const char *record = settings[SETTING_RECORD].texts[0];
    const char *from = settings[SETTING_FROM].texts[0];
    if (strcmp(record, "egress") != 0 && strcmp(record, "ingress") != 0) {
        return fail(error, XSW_INVALID, "record: expected \"egress\" or \"ingress\"");
    }
    if (strlen(from) >= sizeof report->from) {
        return fail(error, XSW_INVALID, "from: expected the name of a port, or nothing");
    }
    report->direction = record[0] == 'e' ? XSW_EGRESS : XSW_INGRESS;
    memcpy(report->from, from, strlen(from) + 1);
    report->way.port = (uint16_t)settings[SETTING_PORT].number;
    return report_way_parse(
        &report->way, settings[SETTING_COLLECTOR].texts[0], settings[SETTING_ADDRESS].texts[0],
        settings[SETTING_COLLECTOR_MAC].texts[0], settings[SETTING_MAC].texts[0], error);
}

static void release(struct flowreport *report)
{
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        flow_cache_fini(&report->caches[worker]);
    }
    ipfix_destroy(report->ipfix);
    report->ipfix = NULL;
}

static void flowreport_fini(void *state)
{
    struct flowreport *report = state;
    uint64_t unsent = export_rest(report);
    if (unsent != 0) {
        char text[100];
        snprintf(text, sizeof text, "flowreport: %" PRIu64 " flow records were not sent", unsent);
        report->host->log(report->host, text);
    }
    release(report);
}

static enum xsw_status flowreport_init(void *state, const struct xsw_host *host,
                                       const struct xsw_setting *settings, struct xsw_error *error)
{
    struct flowreport *report = state;
    report->host = host;
    if (!XSW_HAS(host, struct xsw_host, control) || host->control == NULL) {
        return fail(error, XSW_UNSUPPORTED, "this host cannot send packets for an extension");
    }
    enum xsw_status status = parse_texts(report, settings, error);
    if (status != XSW_OK) {
        return status;
    }
    report->timeouts.active_ns = settings[SETTING_ACTIVE].number * SECOND_NS;
    report->timeouts.idle_ns = settings[SETTING_IDLE].number * SECOND_NS;
    report->refresh_ns = settings[SETTING_REFRESH].number * SECOND_NS;
    uint32_t flow_count = power_of_two(settings[SETTING_FLOWS].number);
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX && status == XSW_OK; worker++) {
        status = flow_cache_init(&report->caches[worker], flow_count);
    }
    if (status == XSW_OK) {
        uint32_t room =
            (uint32_t)settings[SETTING_MTU].number - (report_headers_size(&report->way) - 14);
        status = ipfix_create((uint16_t)room, (uint32_t)settings[SETTING_DOMAIN].number,
                              &report->ipfix, error);
    } else {
        fail(error, status, "no memory for the flows; expected a smaller number of flows");
    }
    if (status != XSW_OK) {
        release(report);
    }
    return status;
}

/* Declarations --------------------------------------------------------------------------------- */

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_COLLECTOR] = {.name = "collector",
                           .type = XSW_SETTING_TEXT,
                           .help = "IPv4 or IPv6 address of the collector"},
    [SETTING_ADDRESS] = {.name = "address",
                         .type = XSW_SETTING_TEXT,
                         .help = "address that reports come from, in the collector's network"},
    [SETTING_PORT] = {"port", XSW_SETTING_NUMBER, 1, 65535, 4739, NULL,
                      "UDP port of the collector"},
    [SETTING_COLLECTOR_MAC] = {.name = "collector-mac",
                               .type = XSW_SETTING_TEXT,
                               .default_text = "",
                               .help = "MAC address of the collector, or of the router to it; "
                                       "empty: learned from its traffic and by ARP"},
    [SETTING_MAC] = {.name = "mac",
                     .type = XSW_SETTING_TEXT,
                     .default_text = "02:78:73:77:00:01",
                     .help = "MAC address that reports come from"},
    [SETTING_FROM] = {.name = "from",
                      .type = XSW_SETTING_TEXT,
                      .default_text = "",
                      .help = "port whose policies apply to reports; empty: none apply"},
    [SETTING_RECORD] = {.name = "record",
                        .type = XSW_SETTING_TEXT,
                        .default_text = "egress",
                        .help = "egress: a packet counts for each port that it is delivered to; "
                                "ingress: once, when it comes in"},
    [SETTING_ACTIVE] = {"active", XSW_SETTING_NUMBER, 1, 86400, 60, NULL,
                        "seconds after which a flow that goes on is reported"},
    [SETTING_IDLE] = {"idle", XSW_SETTING_NUMBER, 1, 3600, 15, NULL,
                      "seconds without a packet after which a flow has ended"},
    [SETTING_FLOWS] = {"flows", XSW_SETTING_NUMBER, FLOWS_MIN, FLOWS_MAX, 8192, NULL,
                       "flows that each worker keeps, rounded up to a power of two"},
    [SETTING_MTU] = {"mtu", XSW_SETTING_NUMBER, MTU_MIN, 9000, 1500, NULL,
                     "largest IP packet of a report"},
    [SETTING_REFRESH] = {"refresh", XSW_SETTING_NUMBER, 1, 86400, 60, NULL,
                         "seconds after which the templates are sent again"},
    [SETTING_DOMAIN] = {"domain", XSW_SETTING_NUMBER, 0, UINT32_MAX, 1, NULL,
                        "observation domain in the reports"},
};

static const struct xsw_setting_info status_table[STATUS_COUNT] = {
    [STATUS_FLOWS] = {.name = "flows", .type = XSW_SETTING_NUMBER, .help = "flows that go on"},
    [STATUS_RECORDS] = {.name = "records",
                        .type = XSW_SETTING_NUMBER,
                        .help = "flow records that were sent"},
    [STATUS_MESSAGES] = {.name = "messages",
                         .type = XSW_SETTING_NUMBER,
                         .help = "messages that were sent"},
    [STATUS_WAITING] = {.name = "waiting",
                        .type = XSW_SETTING_NUMBER,
                        .help = "flow records that wait to be sent"},
    [STATUS_LOST_PACKETS] = {.name = "lost-packets",
                             .type = XSW_SETTING_NUMBER,
                             .help = "packets without place for their flow"},
    [STATUS_LOST_RECORDS] = {.name = "lost-records",
                             .type = XSW_SETTING_NUMBER,
                             .help = "flow records that were refused"},
    [STATUS_COLLECTOR_MAC] = {.name = "collector-mac",
                              .type = XSW_SETTING_TEXT,
                              .help = "where reports go"},
};

static const struct xsw_feature_info features[] = {{
    .size = sizeof(struct xsw_feature_info),
    .name = "report",
    .help = "what was recorded and sent",
    .scope = XSW_SCOPE_SWITCH,
    .status_fields = status_table,
    .status_count = STATUS_COUNT,
}};

static const struct xsw_capture_ops ops = {.size = sizeof ops, .look = flowreport_look};

static const struct xsw_control_ops control = {
    .size = sizeof control,
    .status = flowreport_status,
    .second = export_second,
};

static const struct xsw_extension flowreport = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof flowreport,
    .name = "flowreport",
    .version = XSW_VERSION,
    .description = "reports flows to an IPFIX collector",
    .kind = XSW_EXTENSION_CAPTURE,
    .flags = XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct flowreport),
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = flowreport_init,
    .fini = flowreport_fini,
    .capture = &ops,
    .tick_ns = SECOND_NS / SWEEPS_A_SECOND,
    .tick = flowreport_tick,
    .control = &control,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
};

XSW_EXTENSION_EXPORT(flowreport);
