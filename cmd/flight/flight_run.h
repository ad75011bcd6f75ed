/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_RUN_H
#define XSW_CMD_FLIGHT_RUN_H

/*
 * What the verbs of xsw flight share: the way to the daemon and to the recorder's memory, and the
 * writing of one file. xsw flight run itself is in flight_run.c.
 *
 * Threads: main.
 */

#include <xsw/error.h>

#include "capture/flight/flight_reader.h"
#include "cmd/client.h"
#include "cmd/flight/flight_dump.h"
#include "cmd/flight/flight_options.h"

/* A connection, about the switch that the options name. */
enum xsw_status flight_connect(const struct flight_options *options, struct client **client,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* The recorder that the options name, in the list of flight.list, which has it. XSW_NOT_FOUND: it
 * is not there; XSW_DENIED: that cannot be told, since names are hidden from us. */
enum xsw_status flight_find(json_t *list, const struct flight_options *options, json_t **flight,
                            struct xsw_error *error) XSW_MUST_CHECK;
/* The same of a list that is asked for; to be released. */
enum xsw_status flight_ask(struct client *client, const struct flight_options *options,
                           json_t **flight, struct xsw_error *error) XSW_MUST_CHECK;
/* Its memory. */
enum xsw_status flight_attach(const json_t *flight, struct flight_reader **reader,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* A file for a cause, from `before_ns` before it until `after_ns` behind it. */
enum xsw_status flight_file_open(const struct flight_options *options, struct flight_reader *reader,
                                 const struct flight_cause *cause, struct flight_dump **dump,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* A line for people, or an object for programs, on standard output. */
void flight_file_tell(const struct flight_options *options, const struct flight_cause *cause,
                      const struct flight_dump_result *result);

/* The exit code. */
int flight_run(const struct flight_options *options);

#endif
