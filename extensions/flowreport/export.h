/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWREPORT_EXPORT_H
#define XSW_FLOWREPORT_EXPORT_H

/*
 * The state of an instance, and how ended flows leave it: about once a second they are taken out of
 * the workers' rings, encoded and sent. A message that the switch does not take yet waits, and with
 * it all that follow; the rings hold up what ends meanwhile.
 *
 * Threads: the control thread, but for the caches and report_learn, which are the workers'.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "extensions/flowreport/flow.h"
#include "extensions/flowreport/ipfix.h"
#include "extensions/flowreport/report.h"

enum { EXPORT_FRAME_MAX = 14 + 9000, EXPORT_NAME_SIZE = 64, SECOND_NS = 1000000000 };

struct totals {
    uint64_t records, messages, lost_records;
};

struct flowreport {
    const struct xsw_host *host;
    struct ipfix *ipfix;
    struct report_way way;
    struct flow_timeouts timeouts;
    enum xsw_direction direction; /* where packets are counted */
    char from[EXPORT_NAME_SIZE];  /* the port whose policies apply to reports; empty: none */
    uint64_t refresh_ns, refreshed_ns;
    struct totals totals;
    uint32_t waiting_length, waiting_records; /* a message that could not be sent yet; 0: none */
    uint8_t has_clock;                        /* ipfix knows the wall's time */
    uint8_t has_templates;                    /* the collector was told them */
    uint8_t frame[EXPORT_FRAME_MAX];
    struct flow_cache caches[XSW_WORKERS_MAX];
};

/* The operation `second`; its state is a struct flowreport. */
void export_second(void *state, uint64_t now_ns);
/* When all workers are gone: what goes on has ended, too. Returns how many records were not sent.
 */
uint64_t export_rest(struct flowreport *report);

#endif
