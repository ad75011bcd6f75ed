/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_DUMP_TEXT_H
#define XSW_CMD_FLIGHT_DUMP_TEXT_H

/* What a file of a flight recorder says of itself, for flight_dump.c. Threads: main. */

#include <stddef.h>

#include "cmd/flight/flight_dump.h"

/* Of a recorder whose packets have pseudonyms: what people called the cause is not told where it
 * names an address. */
void flight_cause_hide(const struct flight_header *header, struct flight_cause *cause);
/* The section's comment: one line for people. */
void flight_dump_comment(const struct flight_header *header, const struct flight_cause *cause,
                         char *text, size_t size);
/* META_SECTION and META_SUMMARY, to be freed; null without memory. `lost`: journeys. */
char *flight_dump_section(const struct flight_header *header, const json_t *dictionary,
                          const struct flight_dump_options *options);
char *flight_dump_summary(const struct flight_dump_result *result, json_t *dictionary,
                          const struct xsw_error *write_error, uint64_t *lost);

#endif
