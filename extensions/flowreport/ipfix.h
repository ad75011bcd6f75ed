/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWREPORT_IPFIX_H
#define XSW_FLOWREPORT_IPFIX_H

/*
 * Flow records become IPFIX messages (RFC 7011), encoded by libfixbuf. One message is under way at
 * a time: add records until it is full, take it, go on. Templates are a message of their own, which
 * goes ahead of the first records, and again and again, because a collector on UDP may have missed
 * it.
 *
 * Threads: the control thread.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "extensions/flowreport/flow.h"

struct ipfix;

/* length_max: of a message, at least 512. domain: the observation domain. */
enum xsw_status ipfix_create(uint16_t length_max, uint32_t domain, struct ipfix **ipfix,
                             struct xsw_error *error) XSW_MUST_CHECK;
void ipfix_destroy(struct ipfix *ipfix); /* accepts null */

/* The relation of the two clocks, for times in records: at `now_ns` of the switch it was `wall_ns`
 * since 1970. */
void ipfix_set_clock(struct ipfix *ipfix, uint64_t now_ns, uint64_t wall_ns);

/* XSW_LIMIT: something is in the message; take it, and add the templates again. */
enum xsw_status ipfix_add_templates(struct ipfix *ipfix, struct xsw_error *error) XSW_MUST_CHECK;
/* XSW_LIMIT: the message is full, or has templates; take it, and add the flow again. */
enum xsw_status ipfix_add(struct ipfix *ipfix, const struct flow *flow,
                          struct xsw_error *error) XSW_MUST_CHECK;

/* Ends the message: `bytes` are ipfix's until the next call. XSW_END: there is nothing in it. */
enum xsw_status ipfix_take(struct ipfix *ipfix, const uint8_t **bytes, uint32_t *length,
                           uint32_t *records, struct xsw_error *error) XSW_MUST_CHECK;

#endif
