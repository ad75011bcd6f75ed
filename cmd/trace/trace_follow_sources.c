/* SPDX-License-Identifier: Apache-2.0 */
/* Where a view's events come from: folders, relay daemons, and the muxer that puts them in order.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cmd/trace/trace_follow_parts.h"

enum { PATH_SIZE = 4096, DEPTH_MAX = 10 /* of folders below the one that was named */ };

enum xsw_status follow_failed(const char *what, struct xsw_error *error)
{
    const bt_error *details = bt_current_thread_take_error();
    const char *cause = "it does not say why";
    if (details != NULL && bt_error_get_cause_count(details) > 0) {
        cause = bt_error_cause_get_message(bt_error_borrow_cause_by_index(details, 0));
    }
    enum xsw_status status = error_set(error, XSW_IO, "%s: %.300s", what, cause);
    if (details != NULL) {
        bt_error_release(details);
    }
    return status;
}

/* Components --------------------------------------------------------------------------------- */

static enum xsw_status plugin_find(const char *name, const bt_plugin **plugin,
                                   struct xsw_error *error)
{
    if (bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, plugin) !=
        BT_PLUGIN_FIND_STATUS_OK) {
        *plugin = NULL;
        return error_set(error, XSW_UNSUPPORTED,
                         "babeltrace2 has no plugin %s here: it is in the package "
                         "libbabeltrace2-0",
                         name);
    }
    return XSW_OK;
}

enum xsw_status follow_plugins_find(struct follow *follow)
{
    enum xsw_status status = plugin_find("ctf", &follow->ctf, follow->error);
    return status == XSW_OK ? plugin_find("utils", &follow->utils, follow->error) : status;
}

static const bt_component_class_source *source_class(const struct follow *follow, const char *name)
{
    return bt_plugin_borrow_source_component_class_by_name_const(follow->ctf, name);
}

enum xsw_status follow_muxer_add(struct follow *follow)
{
    const bt_component_class_filter *class =
        bt_plugin_borrow_filter_component_class_by_name_const(follow->utils, "muxer");
    if (class == NULL ||
        bt_graph_add_filter_component(follow->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
                                      &follow->muxer) != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        return follow_failed("traces cannot be merged", follow->error);
    }
    return XSW_OK;
}

/* {"inputs": [input]}, and for a live one what to do when its session ends. */
static bt_value *source_parameters(const char *input, bool is_live)
{
    bt_value *parameters = bt_value_map_create();
    bt_value *inputs = NULL;
    bool is_good = parameters != NULL &&
                   bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) ==
                       BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK;
    is_good = is_good && bt_value_array_append_string_element(inputs, input) ==
                             BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK;
    if (is_good && is_live) {
        is_good = bt_value_map_insert_string_entry(parameters, "session-not-found-action", "end") ==
                  BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK;
    }
    if (!is_good) {
        bt_value_put_ref(parameters);
        return NULL;
    }
    return parameters;
}

/* Its output ports, each to the next free input port of the muxer, which makes one more each time.
 */
static enum xsw_status ports_connect(struct follow *follow, const bt_component_source *source)
{
    uint64_t count = bt_component_source_get_output_port_count(source);
    for (uint64_t i = 0; i < count; i++) {
        const bt_port_output *from =
            bt_component_source_borrow_output_port_by_index_const(source, i);
        const bt_port_input *to = bt_component_filter_borrow_input_port_by_index_const(
            follow->muxer, follow->muxer_ports);
        if (bt_graph_connect_ports(follow->graph, from, to, NULL) !=
            BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
            return follow_failed("a trace cannot be merged", follow->error);
        }
        follow->muxer_ports++;
    }
    return XSW_OK;
}

static enum xsw_status source_add(struct follow *follow, const char *input, bool is_live)
{
    char name[24];
    const bt_component_class_source *class = source_class(follow, is_live ? "lttng-live" : "fs");
    if (class == NULL) {
        return error_set(follow->error, XSW_UNSUPPORTED, "this babeltrace2 cannot read %s",
                         is_live ? "live traces" : "traces");
    }
    bt_value *parameters = source_parameters(input, is_live);
    if (parameters == NULL) {
        return error_set(follow->error, XSW_NO_MEMORY, "no memory for a trace");
    }
    const bt_component_source *source = NULL;
    snprintf(name, sizeof(name), "source%llu", (unsigned long long)follow->source_count);
    bt_graph_add_component_status added = bt_graph_add_source_component(
        follow->graph, class, name, parameters, BT_LOGGING_LEVEL_NONE, &source);
    bt_value_put_ref(parameters);
    if (added != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        char what[PATH_SIZE + 32];
        snprintf(what, sizeof(what), "%.4000s cannot be read", input);
        return follow_failed(what, follow->error);
    }
    follow->source_count++;
    follow->is_live |= is_live;
    return ports_connect(follow, source);
}

/* Sources ------------------------------------------------------------------------------------ */

/* Every folder that is a trace, which is one with a file "metadata", at or below `path`. */
static enum xsw_status folder_add(struct follow *follow, const char *path, int depth)
{
    char below[PATH_SIZE];
    struct stat info;
    snprintf(below, sizeof(below), "%s/metadata", path);
    if (stat(below, &info) == 0) {
        return source_add(follow, path, false);
    }
    DIR *folder = depth < DEPTH_MAX ? opendir(path) : NULL;
    enum xsw_status status = XSW_OK;
    for (const struct dirent *entry;
         status == XSW_OK && folder != NULL && (entry = readdir(folder)) != NULL;) {
        int length = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && length < (int)sizeof(below) && lstat(below, &info) == 0 &&
            S_ISDIR(info.st_mode)) {
            status = folder_add(follow, below, depth + 1);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return status;
}

/* The sessions that a relay daemon has now, as babeltrace2 is told them. */
static const bt_value *sessions_query(const struct follow *follow, const char *url)
{
    const bt_component_class_source *class = source_class(follow, "lttng-live");
    const bt_value *sessions = NULL;
    bt_value *parameters = class != NULL ? bt_value_map_create() : NULL;
    if (parameters == NULL) {
        return NULL;
    }
    (void)bt_value_map_insert_string_entry(parameters, "url", url);
    bt_query_executor *executor = bt_query_executor_create(
        bt_component_class_source_as_component_class_const(class), "sessions", parameters);
    bt_value_put_ref(parameters);
    if (executor == NULL ||
        bt_query_executor_query(executor, &sessions) != BT_QUERY_EXECUTOR_QUERY_STATUS_OK) {
        follow_failed("the relay daemon does not answer", follow->error);
        error_prefix(follow->error, "%s", url);
    }
    bt_query_executor_put_ref(executor);
    return sessions;
}

static enum xsw_status relay_add(struct follow *follow, const char *url)
{
    const bt_value *sessions = sessions_query(follow, url);
    if (sessions == NULL) {
        return XSW_IO;
    }
    enum xsw_status status = XSW_OK;
    uint64_t count = bt_value_is_array(sessions) ? bt_value_array_get_length(sessions) : 0;
    for (uint64_t i = 0; status == XSW_OK && i < count; i++) {
        const bt_value *session = bt_value_array_borrow_element_by_index_const(sessions, i);
        const bt_value *session_url = bt_value_map_borrow_entry_value_const(session, "url");
        if (session_url != NULL && bt_value_is_string(session_url)) {
            status = source_add(follow, bt_value_string_get(session_url), true);
        }
    }
    bt_value_put_ref(sessions);
    if (status == XSW_OK && count == 0) {
        status = error_set(follow->error, XSW_NOT_FOUND,
                           "%s has no session: start one with `xsw trace start to net://…`", url);
    }
    return status;
}

/* What is whole of the traces in the folder: a disk that was full may have torn their ends. */
static enum xsw_status whole_add(struct follow *follow, const char *path)
{
    struct ctf_whole *whole = &follow->wholes[follow->whole_count];
    enum xsw_status status = ctf_whole_open(path, whole, follow->error);
    if (status == XSW_OK) {
        follow->whole_count++;
        follow->view->torn_bytes += whole->torn_bytes;
        status = folder_add(follow, whole->path, 0);
    }
    return status;
}

enum xsw_status follow_input_add(struct follow *follow, const char *input)
{
    struct stat info;
    uint64_t before = follow->source_count;
    if (strstr(input, "://") != NULL) {
        return strstr(input, "/host/") != NULL ? source_add(follow, input, true)
                                               : relay_add(follow, input);
    }
    if (stat(input, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return error_set(follow->error, XSW_NOT_FOUND,
                         "%s is no folder; expected one with a trace, or net://HOST", input);
    }
    enum xsw_status status = whole_add(follow, input);
    if (status == XSW_OK && follow->source_count == before) {
        status = error_set(follow->error, XSW_NOT_FOUND,
                           "%s holds no trace: no folder in it has a file \"metadata\"", input);
    }
    return status;
}
