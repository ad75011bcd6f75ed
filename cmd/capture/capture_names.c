/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_names.h"

#include <stdio.h>

#include "base/clock.h"
#include "cmd/capture/capture_hide.h"
#include "packet/address_text.h"
#include "switch/config/config_json.h"

/* Takes the reference. */
static void dictionary_take(struct capture_names *names, json_t *dictionary)
{
    json_int_t generation = json_integer_value(json_object_get(dictionary, "generation"));
    json_decref(names->dictionary);
    names->dictionary = dictionary;
    names->generation = generation > 0 ? (uint64_t)generation : 0;
    if (names->hides) {
        capture_hide_dictionary(dictionary);
    }
    port_names_add_list(&names->ports, json_object_get(dictionary, "past_ports"));
    port_names_add_list(&names->ports, json_object_get(dictionary, "ports"));
}

void capture_names_take(struct capture_names *names, json_t *dictionary)
{
    dictionary_take(names, dictionary);
}

static enum xsw_status dictionary_read(struct capture_names *names, struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(names->client, "dictionary", NULL, &reply, error);
    if (status == XSW_OK) {
        dictionary_take(names, json_incref(reply.result));
        client_reply_fini(&reply);
    }
    return status;
}

enum xsw_status capture_names_open(struct capture_names *names, struct client *client,
                                   struct xsw_error *error)
{
    *names = (struct capture_names){.client = client};
    return dictionary_read(names, error);
}

void capture_names_refresh(struct capture_names *names)
{
    if (names->client != NULL) {
        (void)dictionary_read(names, NULL);
    }
}

void capture_names_hide(struct capture_names *names)
{
    names->hides = true;
    port_names_fini(&names->ports);
    dictionary_take(names, json_incref(names->dictionary));
}

void capture_names_close(struct capture_names *names)
{
    port_names_fini(&names->ports);
    json_decref(names->dictionary);
    names->dictionary = NULL;
}

static const json_t *entry_find(const struct capture_names *names, const char *list, uint16_t id)
{
    size_t index;
    const json_t *entry;
    json_array_foreach(json_object_get(names->dictionary, list), index, entry)
    {
        if (json_integer_value(json_object_get(entry, "id")) == id) {
            return entry;
        }
    }
    return NULL;
}

/* What is new on the switch is asked for; when it cannot tell any more, the number stays a number.
 */
static const json_t *entry_get(struct capture_names *names, const char *list, uint16_t id)
{
    const json_t *entry = entry_find(names, list, id);
    if (entry != NULL || names->client == NULL) {
        return entry;
    }
    /* In vain, and not again at once: each record of a number without a name would ask. */
    uint64_t *asked_ns = &names->asked_ns[id % 256];
    uint64_t now = clock_mono_ns();
    if (now - *asked_ns > NS_PER_SECOND && dictionary_read(names, NULL) == XSW_OK) {
        entry = entry_find(names, list, id);
        *asked_ns = entry == NULL ? now : 0;
    }
    return entry;
}

static const char *text_of(const json_t *entry, const char *member, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(entry, member));
    return text != NULL ? text : otherwise;
}

void capture_names_tap(void *context, uint16_t port_id, uint16_t stage_id, struct tap_names *tap)
{
    struct capture_names *names = context;
    snprintf(names->unknown_port, sizeof(names->unknown_port), "port-%u", port_id);
    snprintf(names->unknown_stage, sizeof(names->unknown_stage), "stage-%u", stage_id);
    const json_t *stage = entry_get(names, "stages", stage_id);
    *tap =
        (struct tap_names){.port = names->unknown_port,
                           .port_kind = "unknown",
                           .stage = text_of(stage, "name", names->unknown_stage),
                           .extension = text_of(stage, "extension", ""),
                           .order = (uint16_t)json_integer_value(json_object_get(stage, "order")),
                           .is_egress = json_is_true(json_object_get(stage, "egress"))};
}

const char *capture_names_reason(void *context, uint16_t reason)
{
    return text_of(entry_get(context, "reasons", reason), "name", NULL);
}

/* A dictionary that is as new as the generation, if there is one. */
static void generation_ask(struct capture_names *names, uint64_t generation)
{
    if (names->asked_for >= generation) {
        return;
    }
    names->asked_for = generation;
    json_t *newer = names->read_again != NULL ? names->read_again(names->context) : NULL;
    if (newer != NULL) {
        dictionary_take(names, newer);
    } else if (names->client != NULL) {
        (void)dictionary_read(names, NULL);
    }
}

void capture_names_port(void *context, uint16_t id, uint64_t generation, struct tap_port *port)
{
    struct capture_names *names = context;
    const struct named_port *found = port_names_find(&names->ports, id, generation);
    bool is_newer = generation > names->generation;
    if (is_newer && id != XSW_PORT_NONE && (found == NULL || names->has_hole)) {
        generation_ask(names, generation);
        found = port_names_find(&names->ports, id, generation);
        names->has_hole = names->has_hole && generation > names->generation;
    }
    snprintf(names->unknown_port, sizeof(names->unknown_port), "port-%u", id);
    bool is_known = found != NULL && !(names->has_hole && generation > names->generation);
    *port = is_known
                ? (struct tap_port){.name = found->name, .kind = found->kind, .since = found->since}
                : (struct tap_port){.name = names->unknown_port, .kind = "unknown"};
}

void capture_names_port_came(void *context, const struct ring_port *came)
{
    struct capture_names *names = context;
    if (came == NULL) {
        names->has_hole = true;
        return;
    }
    struct named_port port = {.since = came->event.values[1]};
    uint16_t id = (uint16_t)(came->event.values[0] % XSW_PORTS_MAX);
    uint64_t kind = came->event.values[2];
    snprintf(port.name, sizeof(port.name), "%.*s", (int)sizeof(came->name) - 1, came->name);
    if (names->hides && address_text_is_in(port.name)) {
        snprintf(port.name, sizeof(port.name), "port-%u", id);
    }
    snprintf(port.kind, sizeof(port.kind), "%s",
             kind <= PORT_KIND_NONE ? config_port_kind_name((enum port_kind)kind) : "unknown");
    port_names_add(&names->ports, id, &port);
}
