/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURES_H
#define XSW_SWITCH_FEATURES_H

/*
 * Everything that can be configured on a port or on the switch, as declared schemas: the built-in
 * policies ("vlan", "acl", "guards", …) and what extensions declare ("INSTANCE.FEATURE"). Both are
 * listed, read, added, set, removed and asked for their status by the same functions. The values of
 * built-in ones live in struct port_config, the access lists and struct switch_config; those of
 * extensions in the store of the switch, from where they are delivered as property operations.
 *
 * Values travel as JSON objects, a member for each field, checked against the schema: a number,
 * true or false, a text, or a list of texts; texts of numbers and of booleans are taken too.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/extension.h>

#include "switch/config/config.h"
#include "switch/config/config_node.h"

struct vswitch;
struct extension_instance;

enum {
    FEATURE_NAME_SIZE = 2 * CONFIG_NAME_SIZE,
    FEATURE_FIELDS_MAX = 32,
    FEATURE_ENTRIES_MAX = 1024, /* of a list feature on one port */
    FEATURES_MAX = 16 + CONFIG_EXTENSIONS_MAX * 16
};

struct feature {
    char name[FEATURE_NAME_SIZE];
    const struct xsw_feature_info *info;
    struct extension_instance *instance; /* null: built in */
    uint32_t own;                        /* place in the instance's table; UINT32_MAX: built in */
};

/* Built-in ones first, then those of the extensions, also of disabled ones. Fills at most
 * `capacity`; returns how many there are. */
size_t vswitch_features(const struct vswitch *vswitch, struct feature *features, size_t capacity);
enum xsw_status vswitch_feature_find(const struct vswitch *vswitch, const char *name,
                                     struct feature *feature,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* Properties, for those who ask and tell extensions ------------------------------------------- */

/* The property lives until the call returns. */
typedef void feature_each(void *context, const struct xsw_property *property);
/* Not XSW_OK ends the walk, which returns it. */
typedef enum xsw_status feature_change(void *context, enum xsw_operation operation,
                                       const struct xsw_property *property);

/* One rule of an access list, as an entry of "acl". */
enum xsw_status features_of_rule(const struct acl_rule *rule, feature_each *each,
                                 void *context) XSW_MUST_CHECK;
/* What leads from one configuration of a port to another, without rules: PORT_PROPERTY_ADD, UPDATE
 * or DELETE of each policy that differs. Null `before`: all of `after` is added; null `after`: all
 * goes. The same arguments give the same changes in the same order. */
enum xsw_status features_diff(const struct port_config *before, const struct port_config *after,
                              feature_change *change, void *context) XSW_MUST_CHECK;
/* The same about two configurations of a switch: SWITCH_PROPERTY_UPDATE of each that differs. */
enum xsw_status features_switch_diff(const struct switch_config *before,
                                     const struct switch_config *after, feature_change *change,
                                     void *context) XSW_MUST_CHECK;
/* All that is configured on a port, or with 0 on the switch: built in, rules, extensions'. */
enum xsw_status features_walk(const struct vswitch *vswitch, uint16_t port, feature_each *each,
                              void *context) XSW_MUST_CHECK;
/* Place of "INSTANCE.FEATURE" in the instance's own table; UINT32_MAX when it is not its own. */
uint32_t feature_own(const struct extension_instance *instance, const char *name);
/* The values of extensions' features on a port, or with 0 on the switch; those of all instances, or
 * of one. */
enum xsw_status features_custom(const struct vswitch *vswitch, uint16_t port,
                                const struct extension_instance *only, feature_each *each,
                                void *context) XSW_MUST_CHECK;

/* Verbs: `port` is a name, null or empty for the switch ---------------------------------------- */

/* *id of a list's entry: 0 asks for the next free one, and is given back; of a single value 0. A
 * single value that is there already: XSW_EXISTS. Fields that are not given get their defaults. */
enum xsw_status vswitch_feature_add(struct vswitch *vswitch, const char *port, const char *feature,
                                    const struct config_node *values, uint32_t *id,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Fields that are not given stay as they are. */
enum xsw_status vswitch_feature_set(struct vswitch *vswitch, const char *port, const char *feature,
                                    uint32_t id, const struct config_node *values,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Back to the default, for built-in ones that are always there. */
enum xsw_status vswitch_feature_remove(struct vswitch *vswitch, const char *port,
                                       const char *feature, uint32_t id,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* [{"feature":…,"id":…,"values":{…}}…] of one feature, or of all when it is null. */
enum xsw_status vswitch_feature_get(struct vswitch *vswitch, const char *port, const char *feature,
                                    json_t **entries, struct xsw_error *error) XSW_MUST_CHECK;
/* {"feature":…,"status":{…}}…: the run-time data, of one feature, or of all when it is null. Among
 * all, one that fails is {"feature":…,"error":…}. */
enum xsw_status vswitch_feature_status(struct vswitch *vswitch, const char *port,
                                       const char *feature, json_t **entries,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* The schema of a feature, for people and programs: name, scope, fields with types and ranges. */
json_t *feature_schema_json(const struct feature *feature);

/* For configuration files and saved ports: the extensions' values alone, as vswitch_feature_get
 * gives them; and back. Null when memory is short. */
json_t *features_custom_json(const struct vswitch *vswitch, uint16_t port);
/* Adds them one after the other; those before one that fails stay. `list` is a node of such an
 * array; an absent one is empty. */
enum xsw_status features_apply(struct vswitch *vswitch, const char *port,
                               const struct config_node *list,
                               struct xsw_error *error) XSW_MUST_CHECK;

/* The end of a port: its values go, without a question; to be called when the port is deleted. */
void features_port_gone(struct vswitch *vswitch, uint16_t port);
/* The end of an instance, or of the whole store when it is null. */
void features_instance_gone(struct vswitch *vswitch, const struct extension_instance *instance);

#endif
