/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_PORT_DETAILS_H
#define XSW_CMD_PORT_DETAILS_H

/* What `xsw port show` says of the device behind a port: what its kind counts, and what a person
 * should do about it. Threads: main only. */

#include <jansson.h>

/* port: as port.show gives it. To standard output. */
void port_details_print(const json_t *port);

#endif
