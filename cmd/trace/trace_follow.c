/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_follow.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/trace/trace_follow_parts.h"

enum {
    PAUSE_MS = 50,    /* between two looks at a live trace that has nothing new */
    ROUNDS_QUIET = 40 /* of these */
};

/* A signal handler has no other way to it. */
static bt_interrupter *interrupter;

static void interrupted(int signal_number)
{
    (void)signal_number;
    bt_interrupter_set(interrupter);
}

/* The sink ----------------------------------------------------------------------------------- */

static bt_graph_simple_sink_component_initialize_func_status
sink_initialize(bt_message_iterator *messages, void *data)
{
    struct follow *follow = data;
    follow->messages = messages;
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status
sink_consume(bt_message_iterator *messages, void *data)
{
    struct follow *follow = data;
    bt_message_array_const array;
    uint64_t count = 0;
    bt_message_iterator_next_status status = bt_message_iterator_next(messages, &array, &count);
    switch (status) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_MEMORY_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        view_message(follow->view, array[i]);
        bt_message_put_ref(array[i]);
    }
    fflush(stdout);
    return follow->view->failed ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END
                                : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* Running ------------------------------------------------------------------------------------ */

static enum xsw_status sink_add(struct follow *follow)
{
    const bt_component_sink *sink = NULL;
    if (bt_graph_add_simple_sink_component(follow->graph, "view", sink_initialize, sink_consume,
                                           NULL, follow,
                                           &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(
            follow->graph, bt_component_filter_borrow_output_port_by_index_const(follow->muxer, 0),
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
        return follow_failed("the traces cannot be shown", follow->error);
    }
    return XSW_OK;
}

/* A relay daemon shows what comes when somebody is attached to it, and that is what this tells:
 * from the first messages on, for which all sessions are needed, or when there is none to be had
 * for a while. */
static void begun_tell(const struct follow *follow, uint32_t *rounds, bool has_messages)
{
    if (follow->is_live && *rounds < ROUNDS_QUIET) {
        *rounds = has_messages ? ROUNDS_QUIET : *rounds + 1;
        if (*rounds == ROUNDS_QUIET) {
            fputs("following: end with Ctrl-C\n", stderr);
        }
    }
}

/* Pauses; true when whoever reads what we print has gone, as head does behind its last line. */
static bool reader_goes(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, PAUSE_MS) > 0 && (output.revents & POLLERR) != 0;
}

static enum xsw_status graph_run(struct follow *follow)
{
    uint32_t rounds = 0;
    while (bt_interrupter_is_set(interrupter) == BT_FALSE) {
        switch (bt_graph_run_once(follow->graph)) {
        case BT_GRAPH_RUN_ONCE_STATUS_OK:
            begun_tell(follow, &rounds, true);
            break;
        case BT_GRAPH_RUN_ONCE_STATUS_END:
            return XSW_OK;
        case BT_GRAPH_RUN_ONCE_STATUS_AGAIN:
            begun_tell(follow, &rounds, false);
            if (reader_goes()) {
                return XSW_OK;
            }
            break;
        default:
            if (bt_interrupter_is_set(interrupter) == BT_FALSE) {
                return follow_failed("a trace cannot be read on", follow->error);
            }
            break;
        }
    }
    return XSW_OK;
}

static enum xsw_status graph_follow(struct follow *follow)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    enum { END_COUNT = sizeof(ends) / sizeof(ends[0]) };
    struct sigaction action = {.sa_handler = interrupted};
    struct sigaction before[END_COUNT];
    enum xsw_status status = sink_add(follow);
    if (status != XSW_OK) {
        return status;
    }
    interrupter = bt_graph_borrow_default_interrupter(follow->graph);
    for (size_t i = 0; i < END_COUNT; i++) {
        sigaction(ends[i], &action, &before[i]);
    }
    status = graph_run(follow);
    for (size_t i = 0; i < END_COUNT; i++) {
        sigaction(ends[i], &before[i], NULL);
    }
    return status;
}

enum xsw_status trace_follow(const char *const *sources, size_t count, struct view *view,
                             struct xsw_error *error)
{
    struct follow follow = {.view = view, .error = error, .graph = bt_graph_create(0)};
    follow.wholes = calloc(count, sizeof(*follow.wholes));
    enum xsw_status status = XSW_OK;
    if (follow.graph == NULL || follow.wholes == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a view of traces");
    }
    if (status == XSW_OK) {
        status = follow_plugins_find(&follow);
    }
    if (status == XSW_OK) {
        status = follow_muxer_add(&follow);
    }
    for (size_t i = 0; status == XSW_OK && i < count; i++) {
        status = follow_input_add(&follow, sources[i]);
    }
    if (status == XSW_OK) {
        status = graph_follow(&follow);
    }
    bt_graph_put_ref(follow.graph);
    bt_plugin_put_ref(follow.ctf);
    bt_plugin_put_ref(follow.utils);
    for (size_t i = 0; i < follow.whole_count; i++) {
        ctf_whole_close(&follow.wholes[i]);
    }
    free(follow.wholes);
    if (status != XSW_OK) {
        /* What has failed inside babeltrace2 on the way down is told already. */
        bt_current_thread_clear_error();
    }
    return status;
}
