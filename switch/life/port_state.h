/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_STATE_H
#define XSW_SWITCH_PORT_STATE_H

/*
 * A port as a document that can be put away, carried to another switch and brought back:
 *
 *   {"xsw_port_state": 1, "version": "0.1.0", "switch": NAME,
 *    "port": {…},        as in the configuration, with "acl" and "features"
 *    "records": [{"extension":…, "instance":…, "feature_class": N, "version": N,
 *                 "data": BASE64}…],
 *    "macs": [{"mac":…, "vlan": N}…]}
 *
 * Saving asks every extension, from top to bottom, for one record after the other until it has no
 * more, and tells all SAVE_COMPLETE. Restoring gives every record to the extension of that name, in
 * the order in which they were saved, and tells all RESTORE_COMPLETE; an extension without state
 * needs no code for any of it.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

struct vswitch;
struct extension_instance;

enum {
    PORT_STATE_VERSION = 1,
    PORT_STATE_RECORDS_MAX = 4096,   /* of one extension */
    PORT_STATE_BYTES_MAX = 16 << 20, /* of one extension */
    PORT_STATE_MACS_MAX = 65536
};

/* A new document. The port stays as it is. */
enum xsw_status port_state_save(struct vswitch *vswitch, const char *port, json_t **document,
                                struct xsw_error *error) XSW_MUST_CHECK;

/* Checks the document as far as that can be done without a switch; errors say where it is wrong. */
enum xsw_status port_state_check(const json_t *document, struct xsw_error *error) XSW_MUST_CHECK;

/* The last step of a migration: the records and the MAC entries, for a port that exists, by name.
 * Records that nobody owns are logged as `restored-data-unowned` and left. The owner's failure
 * fails all, and what went before stays with the extensions. */
enum xsw_status port_state_restore_records(struct vswitch *vswitch, const char *port,
                                           const json_t *document,
                                           struct xsw_error *error) XSW_MUST_CHECK;

/* What is to be other than it was saved. Null or empty: as it was. */
struct port_state_change {
    const char *name;
    const char *device;
};

/* The whole: makes the port with its policies, the extensions' values and its NIC, then restores
 * the records. When anything fails, the port is removed again. */
enum xsw_status port_state_restore(struct vswitch *vswitch, const json_t *document,
                                   const struct port_state_change *change,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* What one instance saves of all ports goes to another of the same extension that takes its place.
 * Both are running. Nothing happens when the old one saves nothing. */
enum xsw_status port_state_hand_over(struct vswitch *vswitch, struct extension_instance *from,
                                     struct extension_instance *to,
                                     struct xsw_error *error) XSW_MUST_CHECK;

#endif
