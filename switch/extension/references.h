/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_REFERENCES_H
#define XSW_SWITCH_REFERENCES_H

/*
 * What extensions hold: references to ports, which keep a port from being deleted, and to NICs,
 * which keep a NIC from being deleted (not from being disconnected). Counted for each holder. A
 * deletion that was refused for them is completed by vswitch_ports_settle when the last one goes.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct vswitch;
struct extension_instance;

enum reference_kind { REFERENCE_PORT, REFERENCE_NIC };

/* References of one holder to one port. */
struct reference {
    const struct extension_instance *holder;
    uint16_t port;
    uint32_t counts[2]; /* by enum reference_kind; never both zero */
};

struct references {
    struct reference *entries; /* owned */
    size_t count, capacity;
};

/* XSW_NOT_FOUND: there is no such port; XSW_INVALID: none may be taken in its state;
 * XSW_NO_MEMORY. */
enum xsw_status reference_take(struct vswitch *vswitch, const struct extension_instance *holder,
                               uint16_t port, enum reference_kind kind) XSW_MUST_CHECK;
/* False: it holds none of that kind, nothing has changed: a violation of the caller's to count. */
bool reference_release(struct vswitch *vswitch, const struct extension_instance *holder,
                       uint16_t port, enum reference_kind kind);

/* Of all holders. */
uint32_t references_count(const struct vswitch *vswitch, uint16_t port, enum reference_kind kind);
/* "flow (2), guard (1)", cut with "…" when there is no room. */
void references_describe(const struct vswitch *vswitch, uint16_t port, enum reference_kind kind,
                         char *text, size_t size);

/* To be called when fini of the holder has returned: lets go of what it still holds, each with a
 * line "violation: …" in the event log, and completes deletions that waited for it. Returns how
 * many references it had kept. */
uint32_t references_end(struct vswitch *vswitch, const struct extension_instance *holder);

void references_fini(struct references *references);

#endif
