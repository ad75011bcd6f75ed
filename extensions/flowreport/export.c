/* SPDX-License-Identifier: Apache-2.0 */
/* From the rings of the workers to the collector. */
#include "extensions/flowreport/export.h"

#include <string.h>
#include <time.h>

struct port_search {
    const char *name;
    uint16_t id;
};

static void port_try(void *context, const struct xsw_port_info *port)
{
    struct port_search *search = context;
    if (strcmp(port->name, search->name) == 0) {
        search->id = port->id;
    }
}

/* The port that reports come from; 0 behind XSW_OK: from none, as trusted ones. */
static enum xsw_status find_source(struct flowreport *report, uint16_t *port)
{
    struct port_search search = {report->from, XSW_PORT_NONE};
    *port = XSW_PORT_NONE;
    if (report->from[0] == '\0') {
        return XSW_OK;
    }
    enum xsw_status status = report->host->control->ports(report->host, port_try, &search);
    *port = search.id;
    return status == XSW_OK && search.id == XSW_PORT_NONE ? XSW_NOT_FOUND : status;
}

/* Sends the frame that waits. XSW_AGAIN: it goes on waiting. What the switch does not take for
 * another reason is lost. */
static enum xsw_status send_waiting(struct flowreport *report)
{
    uint16_t source;
    const struct xsw_host *host = report->host;
    enum xsw_status status = find_source(report, &source);
    if (status == XSW_OK) {
        status = host->control->send(host, source, report->frame, report->waiting_length);
    }
    if (status == XSW_AGAIN || status == XSW_NOT_FOUND) {
        return XSW_AGAIN;
    }
    if (status == XSW_OK) {
        report->totals.messages++;
        report->totals.records += report->waiting_records;
    } else {
        report->totals.lost_records += report->waiting_records;
    }
    report->waiting_length = 0;
    return XSW_OK;
}

static void tell(struct flowreport *report, const struct xsw_error *error)
{
    report->host->log(report->host, error->text);
}

/* Ends the message under way and sends it. XSW_AGAIN: it waits. */
static enum xsw_status send_message(struct flowreport *report)
{
    const uint8_t *message = NULL;
    uint32_t length = 0;
    uint32_t headers = report_headers_size(&report->way);
    struct xsw_error error;
    enum xsw_status status =
        ipfix_take(report->ipfix, &message, &length, &report->waiting_records, &error);
    if (status == XSW_END) {
        return XSW_OK;
    }
    if (status != XSW_OK) {
        report->totals.lost_records += report->waiting_records;
        tell(report, &error);
        return XSW_OK;
    }
    memcpy(report->frame + headers, message, length);
    report_headers_write(&report->way, report->frame, length);
    report->waiting_length = headers + length;
    return send_waiting(report);
}

/* XSW_AGAIN: the flow is in the message, and nothing more can be taken for now. */
static enum xsw_status report_flow(struct flowreport *report, const struct flow *flow)
{
    struct xsw_error error;
    enum xsw_status sent = XSW_OK;
    enum xsw_status status = ipfix_add(report->ipfix, flow, &error);
    if (status == XSW_LIMIT) {
        sent = send_message(report);
        status = ipfix_add(report->ipfix, flow, &error);
    }
    if (status != XSW_OK) {
        report->totals.lost_records++;
        if (status != XSW_LIMIT) {
            tell(report, &error);
        }
    }
    return sent;
}

static int has_ended(const struct flowreport *report)
{
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        if (flow_cache_waiting(&report->caches[worker]) != 0) {
            return 1;
        }
    }
    return 0;
}

static int is_time_for_templates(const struct flowreport *report, uint64_t now_ns)
{
    return has_ended(report) &&
           (!report->has_templates || now_ns - report->refreshed_ns >= report->refresh_ns);
}

/* Sends what is under way, and the templates. XSW_AGAIN: something waits. */
static enum xsw_status send_templates(struct flowreport *report, uint64_t now_ns)
{
    struct xsw_error error;
    enum xsw_status status = send_message(report);
    if (status != XSW_OK) {
        return status;
    }
    status = ipfix_add_templates(report->ipfix, &error);
    if (status != XSW_OK) {
        tell(report, &error);
        return XSW_OK;
    }
    report->has_templates = 1;
    report->refreshed_ns = now_ns;
    return send_message(report);
}

static enum xsw_status report_ended(struct flowreport *report)
{
    struct flow flow;
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        /* A worker that goes on ending flows must not keep us: one ring full is enough. */
        for (uint32_t i = 0; i < FLOW_RING && flow_cache_take(&report->caches[worker], &flow);
             i++) {
            if (report_flow(report, &flow) != XSW_OK) {
                return XSW_AGAIN;
            }
        }
    }
    return XSW_OK;
}

static void set_clock(struct flowreport *report, uint64_t now_ns)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    ipfix_set_clock(report->ipfix, now_ns,
                    (uint64_t)wall.tv_sec * SECOND_NS + (uint64_t)wall.tv_nsec);
    report->has_clock = 1;
}

static int collector_is_known(const struct flowreport *report)
{
    return atomic_load_explicit(&report->way.collector_mac, memory_order_relaxed) != 0;
}

static void ask_for_collector(struct flowreport *report)
{
    uint8_t frame[REPORT_ARP_SIZE];
    uint16_t source;
    if (report->way.family == 4 && find_source(report, &source) == XSW_OK) {
        report_arp_write(&report->way, frame);
        /* Asked again in a second, whether or not this one went. */
        (void)!report->host->control->send(report->host, source, frame, sizeof frame);
    }
}

void export_second(void *state, uint64_t now_ns)
{
    struct flowreport *report = state;
    set_clock(report, now_ns);
    if (!collector_is_known(report)) {
        ask_for_collector(report);
        return;
    }
    if (report->waiting_length != 0 && send_waiting(report) != XSW_OK) {
        return;
    }
    if (is_time_for_templates(report, now_ns) && send_templates(report, now_ns) != XSW_OK) {
        return;
    }
    if (report_ended(report) == XSW_OK) {
        (void)!send_message(report); /* what cannot go waits */
    }
}

uint64_t export_rest(struct flowreport *report)
{
    struct flow flow;
    uint64_t lost = report->totals.lost_records;
    uint64_t unsent = 0;
    int can_send = collector_is_known(report) &&
                   (report->waiting_length == 0 || send_waiting(report) == XSW_OK);
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        while (flow_cache_take_last(&report->caches[worker], &flow)) {
            if (!report->has_clock) {
                set_clock(report, flow.last_ns); /* it lived for less than a second */
            }
            can_send = can_send && (report->has_templates || send_templates(report, 0) == XSW_OK);
            unsent += !can_send;
            can_send = can_send && report_flow(report, &flow) == XSW_OK;
        }
    }
    can_send = can_send && send_message(report) == XSW_OK;
    unsent += report->waiting_length != 0 ? report->waiting_records : 0;
    return unsent + report->totals.lost_records - lost;
}
