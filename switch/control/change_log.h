/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CHANGE_LOG_H
#define XSW_SWITCH_CHANGE_LOG_H

/*
 * The last changes of a switch, each in one line for people: what was configured, from what to
 * what, and which port, NIC or extension came or went. Recordings carry them (the dictionary), so
 * that an analysis can name what was changed before packets were lost, also when nobody traced.
 *
 * What a switch was started with is no change, and neither is a trial. A port that is made with all
 * its policies is one. Bound: CHANGE_LOG_MAX; the oldest are forgotten, which the numbers show.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>
#include <xsw/extension.h>

struct acl_rule;
struct port_config;
struct switch_config;
struct switch_event;
struct vswitch;

struct change_log;

enum { CHANGE_LOG_MAX = 64 };

enum xsw_status change_log_create(struct change_log **log, struct xsw_error *error) XSW_MUST_CHECK;
void change_log_destroy(struct change_log *log); /* accepts null */

/* All of these are told behind the change, when its generation is in force. */
void change_log_port(const struct vswitch *vswitch, uint16_t id, const struct port_config *before,
                     const struct port_config *after);
void change_log_switch(const struct vswitch *vswitch, const struct switch_config *before,
                       const struct switch_config *after);
/* Settings as config_running_settings_json gives them. */
void change_log_settings(const struct vswitch *vswitch, const char *extension, const json_t *before,
                         const json_t *after);
/* A rule came (null `before`), was changed, or went (null `after`). */
void change_log_rule(const struct vswitch *vswitch, uint16_t port, const struct acl_rule *before,
                     const struct acl_rule *after);
/* A feature of an extension; built-in ones are told by the above. */
void change_log_feature(const struct vswitch *vswitch, const struct xsw_change *change);
/* Ports, NICs and extensions that come and go; other events are left out. */
void change_log_event(const struct vswitch *vswitch, const struct switch_event *event);

/* [{"number":…,"mono_ns":…,"generation":…,"text":…, and "port", "rule", "extension" where it is
 * about one}…], oldest first; numbers are counted from 1. Null when memory is short. */
json_t *change_log_json(const struct vswitch *vswitch);

#endif
