/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_REPORT_JSON_H
#define XSW_ANALYZER_REPORT_JSON_H

/*
 * The whole analysis for programs: {"format":1, …}, documented in xsw-analyze(1). Members may be
 * added; a change of meaning is a new format. Threads: one at a time.
 */

#include <stdio.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "formats/json_write.h"

struct packet_view;
struct selection;

enum { REPORT_JSON_FORMAT = 1 };

/* After analysis_finish(). `view` adds the journey of one packet, `selection` those that match an
 * expression; null for none. */
enum xsw_status report_json(FILE *out, const struct analysis *analysis,
                            const struct packet_view *view, const struct selection *selection,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* Members that name a thing beside its number. A rule of 0 is written as null. */
void report_json_stage(struct json_writer *json, const struct dictionary *dictionary, uint16_t id);
void report_json_port(struct json_writer *json, const struct dictionary *dictionary,
                      struct dictionary_label port);
void report_json_reason(struct json_writer *json, const struct dictionary *dictionary, uint16_t id);
void report_json_rule(struct json_writer *json, const struct dictionary *dictionary,
                      const struct dictionary_rule_key *key);

/* Parts. */
void report_json_drops(struct json_writer *json, const struct analysis_switch *of);
void report_json_changes(struct json_writer *json, const struct analysis_switch *of);
void report_json_findings(struct json_writer *json, const struct analysis *analysis,
                          const struct analysis_switch *of);
void report_json_paths(struct json_writer *json, const struct analysis_switch *of);
void report_json_latency(struct json_writer *json, const struct analysis_switch *of);
void report_json_flows(struct json_writer *json, const struct analysis_switch *of);
void report_json_moves(struct json_writer *json, const struct analysis_switch *of);
void report_json_marks(struct json_writer *json, const struct analysis_session *session);
void report_json_events(struct json_writer *json, const struct events *events,
                        const struct sources *sources);
void report_json_packet(struct json_writer *json, const struct analysis *analysis,
                        const struct packet_view *view);
void report_json_session(struct json_writer *json, const struct analysis_session *session);

#endif
