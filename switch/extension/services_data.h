/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SERVICES_DATA_H
#define XSW_SWITCH_SERVICES_DATA_H

/* The data path services that every extension is given: include/xsw/extension.h says what they do.
 * xsw_host.context is the struct extension_instance. */

#include <xsw/extension.h>

struct worker;
struct extension_instance;

extern const struct xsw_data_services services_data;

/* A packet with these bytes in the name of the extension, between batches: what the control thread
 * originates. XSW_AGAIN: no buffer, or too many wait. When its source port has gone meanwhile, it
 * is dropped for `not-connected`. */
enum xsw_status service_originate(struct worker *worker, struct extension_instance *instance,
                                  uint16_t source_port, const void *frame,
                                  uint32_t length) XSW_MUST_CHECK;

#endif
