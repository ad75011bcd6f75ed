/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_NODE_H
#define XSW_SWITCH_CONFIG_NODE_H

/*
 * Reads values out of a JSON tree that somebody else wrote, and says where each one is wrong:
 * "params.port.vlan.access: expected a number from 1 to 4094, found 5000". A node is a value and
 * the way to it; nodes live on the caller's stack. The first failure sticks in the reader: later
 * calls do nothing, so a caller reads everything and looks at the status once.
 *
 * Getters leave the caller's value alone when the member is absent: set the default before.
 *
 * Threads: control thread; commands use it too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

struct config_reader {
    enum xsw_status status;
    struct xsw_error *error;
};

struct config_node {
    struct config_reader *reader;
    const struct config_node *parent; /* null for the root */
    const char *name;                 /* null for an element of an array */
    size_t index;
    const json_t *value; /* null: absent */
};

/* name: what the path begins with, "params" for a request or the file's name. `error` may be null.
 */
struct config_node config_node_root(struct config_reader *reader, const char *name,
                                    const json_t *value, struct xsw_error *error);
/* The named member of an object; its value is null when there is none. */
struct config_node config_node_member(const struct config_node *object, const char *name);
struct config_node config_node_element(const struct config_node *array, size_t index);
bool config_node_is_there(const struct config_node *node);

/* Fails with "PATH: text". */
void config_node_fail(const struct config_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fails when the node is no object, or has a member that is not among `names` (null terminated). */
void config_node_check_object(const struct config_node *node, const char *const *names);
/* Fails when the object lacks the member. */
void config_node_require(const struct config_node *object, const char *name);
/* Elements of an array; 0 when the node is absent, a failure when it is something else or has more
 * than `limit`. */
size_t config_node_length(const struct config_node *array, size_t limit);

void config_node_number(const struct config_node *object, const char *name, int64_t minimum,
                        int64_t maximum, int64_t *number);
void config_node_bool(const struct config_node *object, const char *name, bool *value);
/* size: bytes of `text` with its terminator; a longer value, or one with control characters, fails.
 */
void config_node_text(const struct config_node *object, const char *name, char *text, size_t size);
/* The value is one of `names` (null terminated); *choice becomes its place. */
void config_node_choice(const struct config_node *object, const char *name,
                        const char *const *names, unsigned *choice);

/* The member of `names` (null terminated) that a person probably meant, or null. */
const char *config_near(const char *word, const char *const *names);

#endif
