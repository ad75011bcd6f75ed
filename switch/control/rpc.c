/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request line to one answer line. Everything in the line is from outside: it is checked here
 * before a method sees it, and what is wrong with it becomes the answer.
 */
#include "switch/control/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_node.h"

enum {
    METHODS_MAX = 256 /* for the list from which a near name is suggested */
};

/* A checked request; the pointers are into the parsed tree. */
struct request {
    bool has_id;
    const json_t *id;
    const char *method;
    json_t *params; /* null when there are none */
};

static const char list_method[] = "rpc.methods";
static const char *const request_members[] = {"jsonrpc", "id", "method", "params", NULL};

enum xsw_status rpc_registry_add(struct rpc_registry *registry, const struct rpc_table *table,
                                 struct xsw_error *error)
{
    if (registry->count == RPC_TABLES_MAX) {
        return error_set(error, XSW_LIMIT, "expected at most %d tables of methods", RPC_TABLES_MAX);
    }
    registry->tables[registry->count++] = table;
    return XSW_OK;
}

void rpc_registry_client_gone(const struct rpc_registry *registry, uint64_t client)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct rpc_table *table = registry->tables[i];
        if (table->client_gone != NULL) {
            table->client_gone(table->context, client);
        }
    }
}

static const struct rpc_method *method_find(const struct rpc_registry *registry, const char *name,
                                            const struct rpc_table **found)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct rpc_table *table = registry->tables[i];
        for (size_t j = 0; j < table->count; j++) {
            if (strcmp(table->methods[j].name, name) == 0) {
                *found = table;
                return &table->methods[j];
            }
        }
    }
    return NULL;
}

static const char *method_near(const struct rpc_registry *registry, const char *name)
{
    const char *names[METHODS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < registry->count; i++) {
        const struct rpc_table *table = registry->tables[i];
        for (size_t j = 0; j < table->count && count < METHODS_MAX; j++) {
            names[count++] = table->methods[j].name;
        }
    }
    names[count] = NULL;
    return config_near(name, names);
}

/* Puts the tree into the answer, as one line. Takes `tree`, which is null when memory was short. */
static void answer_write(struct rpc_answer *answer, json_t *tree)
{
    char *text = tree != NULL ? json_dumps(tree, JSON_COMPACT) : NULL;
    size_t length = text != NULL ? strlen(text) : 0;
    char *line = text != NULL ? realloc(text, length + 2) : NULL;
    json_decref(tree);
    if (line == NULL) {
        free(text);
        return;
    }
    line[length] = '\n';
    line[length + 1] = '\0';
    answer->text = line;
    answer->length = length + 1;
}

static void error_write(struct rpc_answer *answer, const json_t *id, int code,
                        const struct xsw_error *error)
{
    json_t *id_copy = id != NULL ? json_deep_copy(id) : json_null();
    /* A text that quotes the peer may hold anything: what is no UTF-8 would make no JSON. */
    json_t *message = json_string(error->text);
    if (message == NULL) {
        message = json_string("an error whose text is not UTF-8");
    }
    answer_write(answer, json_pack("{s:s,s:{s:i,s:o,s:{s:s}},s:o}", "jsonrpc", "2.0", "error",
                                   "code", code, "message", message, "data", "status",
                                   status_name(error->status), "id", id_copy));
}

void rpc_answer_error(struct rpc_answer *answer, int code, const char *message)
{
    struct xsw_error error;
    *answer = (struct rpc_answer){0};
    error_set(&error, code == RPC_REFUSED ? XSW_DENIED : XSW_INVALID, "%s", message);
    error_write(answer, NULL, code, &error);
}

void rpc_answer_fini(struct rpc_answer *answer)
{
    free(answer->text);
    *answer = (struct rpc_answer){0};
}

static bool id_is_valid(const json_t *id)
{
    return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* Fills what can be read of the request, also when it is refused: its id goes into the answer. */
static enum xsw_status request_check(const json_t *tree, struct request *request,
                                     struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "request", tree, error);

    *request = (struct request){.params = json_object_get(tree, "params")};
    if (json_is_array(tree)) {
        return error_set(error, XSW_INVALID,
                         "request: batches are not offered: send one request a line");
    }
    const json_t *id = json_object_get(tree, "id");
    request->has_id = id != NULL;
    if (id != NULL && id_is_valid(id)) {
        request->id = id;
    }

    config_node_check_object(&node, request_members);
    struct config_node id_node = config_node_member(&node, "id");
    if (id != NULL && !id_is_valid(id)) {
        config_node_fail(&id_node, "expected a text, a number or null");
    }
    const char *version = json_string_value(json_object_get(tree, "jsonrpc"));
    struct config_node version_node = config_node_member(&node, "jsonrpc");
    if (version == NULL || strcmp(version, "2.0") != 0) {
        config_node_fail(&version_node, "expected \"2.0\"");
    }
    request->method = json_string_value(json_object_get(tree, "method"));
    struct config_node method_node = config_node_member(&node, "method");
    if (request->method == NULL) {
        config_node_fail(&method_node, "expected the name of a method");
    }
    return reader.status;
}

static void result_write(struct rpc_answer *answer, const json_t *id, struct rpc_reply *reply)
{
    if (reply->result == NULL) {
        reply->result = json_object();
    }
    answer_write(answer, json_pack("{s:s,s:O,s:o}", "jsonrpc", "2.0", "result", reply->result, "id",
                                   json_deep_copy(id)));
    answer->fd_count = reply->fd_count;
    memcpy(answer->fds, reply->fds, sizeof(answer->fds));
}

static void failure_write(struct rpc_answer *answer, const json_t *id, int code,
                          const struct xsw_error *error)
{
    rpc_answer_fini(answer);
    error_write(answer, id, code, error);
}

/* Takes the text "switch" out of the params and finds out what the method is to work on. */
static enum xsw_status context_find(const struct rpc_table *table, json_t *params, void **context,
                                    struct xsw_error *error)
{
    *context = table->context;
    if (table->resolve == NULL) {
        return XSW_OK;
    }
    json_t *name = json_incref(json_object_get(params, "switch"));
    if (json_is_string(name)) {
        json_object_del(params, "switch");
    }
    enum xsw_status status =
        table->resolve(table->context, json_string_value(name), context, error);
    json_decref(name);
    return status;
}

static enum xsw_status method_run(const struct rpc_method *method, const struct rpc_table *table,
                                  const struct rpc_caller *caller, json_t *params,
                                  struct rpc_reply *reply, struct xsw_error *error)
{
    void *context;
    json_t *none = params == NULL ? json_object() : NULL;
    json_t *given = params != NULL ? params : none;
    enum xsw_status status = context_find(table, given, &context, error);
    if (status == XSW_OK) {
        status = method->function(context, caller, given, reply, error);
    }
    json_decref(none);
    return status;
}

/* What can be called: "rpc." names are the protocol's own, JSON-RPC 2.0, section 8. */
static json_t *methods_json(const struct rpc_registry *registry)
{
    json_t *list = json_array();
    for (size_t i = 0; i < registry->count; i++) {
        const struct rpc_table *table = registry->tables[i];
        for (size_t j = 0; j < table->count; j++) {
            json_array_append_new(list,
                                  json_pack("{s:s,s:b,s:b}", "name", table->methods[j].name,
                                            "needs_manage", (int)table->methods[j].needs_manage,
                                            "has_switch", (int)(table->resolve != NULL)));
        }
    }
    return json_pack("{s:o}", "methods", list);
}

/* Calls the method. Returns the code of the error in `error`, 0 for none. */
static int request_run(const struct rpc_registry *registry, const struct rpc_caller *caller,
                       const struct request *request, struct rpc_reply *reply,
                       struct xsw_error *error)
{
    const struct rpc_table *table = NULL;
    if (strcmp(request->method, list_method) == 0) {
        reply->result = methods_json(registry);
        return 0;
    }
    const struct rpc_method *method = method_find(registry, request->method, &table);
    if (method == NULL) {
        const char *near = method_near(registry, request->method);
        error_set(error, XSW_NOT_FOUND, "method: there is no \"%.60s\"%s%s%s", request->method,
                  near != NULL ? ": did you mean \"" : "", near != NULL ? near : "",
                  near != NULL ? "\"?" : "");
        return RPC_METHOD_NOT_FOUND;
    }
    if (method->needs_manage && !caller->may_manage) {
        error_set(error, XSW_DENIED,
                  "%s: the owner of xswd and root may do this; members of group xsw only observe",
                  method->name);
        return RPC_REFUSED;
    }
    if (request->params != NULL && !json_is_object(request->params)) {
        error_set(error, XSW_INVALID, "params: expected an object");
        return RPC_INVALID_PARAMS;
    }
    enum xsw_status status = method_run(method, table, caller, request->params, reply, error);
    if (status >= 0) {
        return 0;
    }
    error->status = status;
    return status == XSW_INVALID ? RPC_INVALID_PARAMS : RPC_FAILED;
}

static void request_answer(const struct rpc_registry *registry, const struct rpc_caller *caller,
                           const struct request *request, struct rpc_answer *answer)
{
    struct xsw_error error = {.status = XSW_INVALID};
    struct rpc_reply reply = {0};
    struct rpc_caller asking = *caller;
    asking.is_notification = !request->has_id;
    int code = request_run(registry, &asking, request, &reply, &error);
    if (request->has_id && code != 0) {
        error_write(answer, request->id, code, &error);
    } else if (request->has_id) {
        result_write(answer, request->id, &reply);
    }
    json_decref(reply.result);
    if (answer->length > RPC_REPLY_MAX) {
        error_set(&error, XSW_LIMIT, "the reply would have %zu bytes, more than the %d allowed",
                  answer->length, RPC_REPLY_MAX);
        failure_write(answer, request->id, RPC_FAILED, &error);
    }
    if (request->has_id && answer->text == NULL) {
        error_set(&error, XSW_NO_MEMORY, "no memory for the reply");
        failure_write(answer, request->id, RPC_FAILED, &error);
    }
}

void rpc_handle(const struct rpc_registry *registry, const struct rpc_caller *caller,
                const char *line, size_t length, struct rpc_answer *answer)
{
    struct xsw_error error;
    struct request request;
    json_error_t parse_error;

    *answer = (struct rpc_answer){0};
    json_t *tree = json_loadb(line, length, JSON_REJECT_DUPLICATES, &parse_error);
    if (tree == NULL) {
        error_set(&error, XSW_INVALID, "line %d, column %d: %s", parse_error.line,
                  parse_error.column, parse_error.text);
        error_write(answer, NULL, RPC_PARSE_ERROR, &error);
        return;
    }
    if (request_check(tree, &request, &error) != XSW_OK) {
        error_write(answer, request.id, RPC_INVALID_REQUEST, &error);
    } else {
        request_answer(registry, caller, &request, answer);
    }
    json_decref(tree);
}
