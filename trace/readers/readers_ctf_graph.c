/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph of libbabeltrace2: a source for each trace folder below the path, a muxer that puts their
 * events in the order of time, and we are the sink. Logging is off: its messages are for people who
 * debug babeltrace, and at level 0, TRACE, it is 90 times slower.
 */
#include "trace/readers/readers_ctf_graph.h"

#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "trace/readers/ctf_whole.h"

enum { TRACES_MAX = 4096, DEPTH_MAX = 12 };

struct graph {
    const bt_plugin *ctf, *utils;
    bt_graph *graph;
    const bt_component_filter *muxer;
    uint64_t muxed; /* inputs of the muxer that are connected */
    ctf_message_observer *take;
    void *context;
};

static bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator *iterator,
                                                                  void *data)
{
    struct graph *graph = data;
    bt_message_array_const messages;
    uint64_t count;
    switch (bt_message_iterator_next(iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    default:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        graph->take(messages[i], graph->context);
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static bool graph_begin(struct graph *graph)
{
    graph->graph = bt_graph_create(0);
    if (graph->graph == NULL ||
        bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_TRUE, &graph->ctf) !=
            BT_PLUGIN_FIND_STATUS_OK ||
        bt_plugin_find("utils", BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_TRUE, &graph->utils) !=
            BT_PLUGIN_FIND_STATUS_OK) {
        return false;
    }
    const bt_component_class_filter *muxer =
        bt_plugin_borrow_filter_component_class_by_name_const(graph->utils, "muxer");
    return muxer != NULL &&
           bt_graph_add_filter_component(graph->graph, muxer, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
                                         &graph->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
}

static bool source_add(struct graph *graph, const char *folder, unsigned number)
{
    char name[24];
    const bt_component_source *source;
    const bt_component_class_source *class =
        bt_plugin_borrow_source_component_class_by_name_const(graph->ctf, "fs");
    bt_value *parameters = bt_value_map_create();
    bt_value *inputs = NULL;
    snprintf(name, sizeof(name), "ctf%u", number);
    bool is_good =
        class != NULL && parameters != NULL &&
        /* Clocks of two boots of machines can only be put in one order by the wall time. */
        bt_value_map_insert_bool_entry(parameters, "force-clock-class-origin-unix-epoch",
                                       BT_TRUE) == BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
        bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) ==
            BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
        bt_value_array_append_string_element(inputs, folder) ==
            BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK &&
        bt_graph_add_source_component(graph->graph, class, name, parameters, BT_LOGGING_LEVEL_NONE,
                                      &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
    uint64_t ports = is_good ? bt_component_source_get_output_port_count(source) : 0;
    for (uint64_t i = 0; is_good && i < ports; i++) {
        is_good =
            bt_graph_connect_ports(
                graph->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_filter_borrow_input_port_by_index_const(graph->muxer, graph->muxed++),
                NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
    }
    bt_value_put_ref(parameters);
    return is_good;
}

/* Every folder at or below the path that has a metadata file of its own. */
static unsigned sources_add(struct graph *graph, const char *path, bool *has_failed)
{
    char copy[4096];
    snprintf(copy, sizeof(copy), "%s", path);
    char *const roots[] = {copy, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    unsigned count = 0;
    FTSENT *entry;
    while (walk != NULL && !*has_failed && count <= TRACES_MAX &&
           (entry = fts_read(walk)) != NULL) {
        if (entry->fts_level > DEPTH_MAX) {
            fts_set(walk, entry, FTS_SKIP);
        }
        bool is_one = entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
                      strcmp(entry->fts_name, "metadata") == 0;
        count += is_one;
        if (is_one && count <= TRACES_MAX) {
            char folder[4096];
            snprintf(folder, sizeof(folder), "%.*s",
                     (int)(entry->fts_pathlen - strlen("/metadata")), entry->fts_path);
            *has_failed = !source_add(graph, folder, count);
        }
    }
    if (walk != NULL) {
        fts_close(walk);
    }
    return count;
}

/* What babeltrace says is wrong, the cause first. */
static enum xsw_status fail(const char *path, struct xsw_error *error)
{
    const bt_error *problem = bt_current_thread_take_error();
    char text[256] = "babeltrace cannot read it";
    if (problem != NULL && bt_error_get_cause_count(problem) > 0) {
        const bt_error_cause *cause = bt_error_borrow_cause_by_index(problem, 0);
        snprintf(text, sizeof(text), "%s", bt_error_cause_get_message(cause));
    }
    if (problem != NULL) {
        bt_error_release(problem);
    }
    return error_set(error, XSW_CORRUPT, "%s: %s", path, text);
}

static bool graph_run(struct graph *graph)
{
    const bt_component_sink *sink;
    if (bt_graph_add_simple_sink_component(graph->graph, "sink", NULL, consume, NULL, graph,
                                           &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(
            graph->graph, bt_component_filter_borrow_output_port_by_index_const(graph->muxer, 0),
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
        return false;
    }
    bt_graph_run_status status;
    do {
        status = bt_graph_run(graph->graph);
    } while (status == BT_GRAPH_RUN_STATUS_AGAIN);
    return status == BT_GRAPH_RUN_STATUS_OK;
}

/* What stands at `place`, which is told as `path`. */
static enum xsw_status place_read(const char *place, const char *path, ctf_message_observer *take,
                                  void *context, struct xsw_error *error)
{
    struct graph graph = {.take = take, .context = context};
    bool has_failed = !graph_begin(&graph);
    unsigned count = has_failed ? 0 : sources_add(&graph, place, &has_failed);
    enum xsw_status status = XSW_OK;
    if (!has_failed && count == 0) {
        status = error_set(error, XSW_NOT_FOUND, "%s: there is no CTF trace in it", path);
    } else if (count > TRACES_MAX) {
        status = error_set(error, XSW_LIMIT,
                           "%s: more than %d CTF traces below it: give folders with fewer", path,
                           TRACES_MAX);
    } else if (has_failed || !graph_run(&graph)) {
        status = fail(path, error);
    }
    bt_graph_put_ref(graph.graph);
    bt_plugin_put_ref(graph.ctf);
    bt_plugin_put_ref(graph.utils);
    return status;
}

enum xsw_status ctf_graph_read(const char *path, ctf_message_observer *take, void *context,
                               struct xsw_error *error)
{
    struct ctf_whole whole;
    enum xsw_status status = ctf_whole_open(path, &whole, error);
    if (status != XSW_OK) {
        return status;
    }
    status = place_read(whole.path, path, take, context, error);
    if (status == XSW_OK && whole.torn_bytes > 0) {
        status = error_set(error, XSW_CORRUPT,
                           "%s: its last %llu bytes are torn, of events for which the disk had no "
                           "room; all that is whole was read",
                           path, (unsigned long long)whole.torn_bytes);
    }
    ctf_whole_close(&whole);
    return status;
}
