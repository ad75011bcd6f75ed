/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_RECORDS_H
#define XSW_SWITCH_PORT_RECORDS_H

/*
 * The records that extensions keep for a port: asked for one by one, and given back.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>
#include <xsw/extension.h>

#include "switch/config/config_node.h"

struct vswitch;
struct extension_instance;

/* Takes a record of `instance`; not XSW_OK ends the walk, which returns it. */
typedef enum xsw_status record_take(void *context, const struct extension_instance *instance,
                                    const struct xsw_record *record, struct xsw_error *error);

/* Asks until the instance has no more. One that never ends is stopped by the limits of
 * switch/life/port_state.h, with an error that names it. Nobody is told SAVE_COMPLETE here. */
enum xsw_status port_records_save(const struct extension_instance *instance, uint16_t port,
                                  record_take *take, void *context,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* Those of all running instances, as the document's array. */
enum xsw_status port_records_json(const struct vswitch *vswitch, uint16_t port, json_t **records,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Gives the records of such an array to their owners; one without is logged. With a null vswitch
 * they are only checked. */
enum xsw_status port_records_restore(struct vswitch *vswitch, uint16_t port,
                                     const struct config_node *records,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* One record to one instance. */
enum xsw_status port_record_restore(const struct extension_instance *instance, uint16_t port,
                                    const struct xsw_record *record,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
