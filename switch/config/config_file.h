/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_FILE_H
#define XSW_SWITCH_CONFIG_FILE_H

/*
 * A whole configuration: {"switch":{…},"ports":[…],"extensions":[…]}, or for several switches
 * {"switches":[{"switch":{…},…},…]}, read from a file and brought into force on new switches.
 * xswd.8 describes it for people.
 *
 * Threads: control thread.
 */

#include <stddef.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config.h"
#include "switch/config/config_json.h"

struct vswitch;

struct config_port {
    struct port_config config;
    struct acl_rule *rules;
    size_t rule_count;
    json_t *features; /* what extensions let people configure, as given; may be null */
};

struct config {
    struct switch_config switch_config;
    struct config_port *ports;
    size_t port_count;
    struct config_extension *extensions;
    size_t extension_count;
    json_t *features; /* of the switch itself; may be null */
};

enum {
    CONFIG_FILE_MAX = 16 << 20, /* bytes */
    CONFIG_SWITCHES_MAX = 16
};

/* What a file holds: at least one switch, no two of the same name. */
struct configs {
    struct config *list;
    size_t count;
};

/* Errors begin with the file's name; those of the syntax have line and column behind it, those of
 * the meaning the JSON path. configs_fini is to be called also after a failure. */
enum xsw_status configs_load(const char *path, struct configs *configs,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* The same from a JSON tree. */
enum xsw_status configs_read(const json_t *root, struct configs *configs,
                             struct xsw_error *error) XSW_MUST_CHECK;
void configs_fini(struct configs *configs);

/* One switch. name: what paths in errors begin with, "" for a file. config_fini is to be called
 * also after a failure. */
enum xsw_status config_read(const json_t *root, const char *name, struct config *config,
                            struct xsw_error *error) XSW_MUST_CHECK;
void config_fini(struct config *config);

/* Adds the extensions in the order of the file, then the ports with their policies and features, so
 * that extensions see the ports come; then the switch is active. To be called before vswitch_start:
 * no packet passes before all of it is there. */
enum xsw_status config_apply(const struct config *config, struct vswitch *vswitch,
                             struct xsw_error *error) XSW_MUST_CHECK;

/* The configuration that is in force, in the same shape; null when memory is short. */
json_t *config_running_json(struct vswitch *vswitch);
/* A port with its "acl", in the same shape. */
json_t *config_running_port_json(struct vswitch *vswitch, const struct port_config *port);
/* The settings in force of an extension, as an object. */
json_t *config_running_settings_json(struct vswitch *vswitch, const char *extension);

#endif
