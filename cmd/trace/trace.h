/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_H
#define XSW_CMD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* xsw trace: events of switches on LTTng. Without LTTng at build time (cmd/trace/trace_none.c) it
 * says so, and has the verb kernel alone. argv[0] is "trace"; returns the exit code. Threads: main
 * only.
 */
int cmd_trace(int argc, char **argv);

struct command;

/* The verbs. */
int trace_start(struct command *command);
int trace_stop(struct command *command);
int trace_snapshot(struct command *command);
int trace_rotate(struct command *command);
int trace_status(struct command *command);
int trace_join(struct command *command);
int trace_relay(struct command *command);
int trace_follow_run(struct command *command);

/* What several of them need: the switches are told to tell of what the session records. budget_us:
 * 0 leaves the one of xswd as it is, which is everybody's. */
struct trace_plan;
struct xsw_error;
int trace_begin(const struct command *command, const struct trace_plan *plan, long long budget_us);
/* xswd takes part in the sessions that are there; when one of them runs, returns when it does. */
int trace_take_part(const struct command *command, bool some_run, bool has_kernel);
/* Whether a session of these kinds has what the kernel drops too. */
bool trace_has_kernel(uint64_t kinds);
/* The session that is meant when none is named. */
extern const char trace_default_name[];
/* The name of a session, which is the word that is left; false, with an error, when there was one
 * already. */
bool trace_name_take(struct command *command, const char **name);
/* The value behind a word, or null, with an error, when it is missing. */
const char *trace_value(struct command *command, const char *word);
/* Prints a failure and returns its exit code. */
int trace_failed(const struct command *command, const struct xsw_error *error);

#endif
