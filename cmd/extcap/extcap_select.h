/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTCAP_SELECT_H
#define XSW_CMD_EXTCAP_SELECT_H

/*
 * What of a live recording Wireshark is to see. The recorder's blocks go in as they come from a
 * pipe; those that are wanted come out. Which journeys are recorded is up to the
 * switch; here it is which of their records are shown. Records of rx or tx alone are no journeys
 * any more, so they go without the metadata by which the analyzer would look for the rest.
 *
 * Packets that are left out may have told of losses: the next one that is kept tells of them too.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum extcap_show {
    EXTCAP_SHOW_ALL, /* every record */
    EXTCAP_SHOW_RX,  /* packets as they came in */
    EXTCAP_SHOW_TX   /* packets as they were given to a port */
};

struct extcap_selector;

/* `port`: RX and TX are those of the port of that name; null for all ports. Null without memory. */
struct extcap_selector *extcap_selector_create(enum extcap_show show, const char *port);
/* Accepts null. */
void extcap_selector_destroy(struct extcap_selector *selector);

/* Takes the next bytes of the stream; blocks may be cut anywhere. XSW_CORRUPT for what the recorder
 * would not write. */
enum xsw_status extcap_selector_feed(struct extcap_selector *selector, const void *bytes,
                                     size_t length, struct xsw_error *error) XSW_MUST_CHECK;
/* What is to be handed on, valid until the next call that changes the selector. */
const uint8_t *extcap_selector_output(const struct extcap_selector *selector, size_t *length);
/* The first `length` bytes of it were handed on. */
void extcap_selector_consume(struct extcap_selector *selector, size_t length);

/* What the recorder's summary said; before it has come, `why` is empty. */
struct extcap_summary {
    char why[32];
    uint64_t lost; /* journeys */
};
struct extcap_summary extcap_selector_summary(const struct extcap_selector *selector);

#endif
