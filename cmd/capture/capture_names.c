/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_names.h"

#include <stdio.h>

#include "base/clock.h"
#include "cmd/capture/capture_hide.h"

static enum xsw_status dictionary_read(struct capture_names *names, struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(names->client, "dictionary", NULL, &reply, error);
    if (status == XSW_OK) {
        json_decref(names->dictionary);
        names->dictionary = json_incref(reply.result);
        client_reply_fini(&reply);
        if (names->hides) {
            capture_hide_dictionary(names->dictionary);
        }
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
    capture_hide_dictionary(names->dictionary);
}

void capture_names_close(struct capture_names *names)
{
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
    const json_t *port = port_id != 0 ? entry_get(names, "ports", port_id) : NULL;
    const json_t *stage = entry_get(names, "stages", stage_id);
    *tap =
        (struct tap_names){.port = text_of(port, "name", names->unknown_port),
                           .port_kind = text_of(port, "kind", "unknown"),
                           .stage = text_of(stage, "name", names->unknown_stage),
                           .extension = text_of(stage, "extension", ""),
                           .order = (uint16_t)json_integer_value(json_object_get(stage, "order")),
                           .is_egress = json_is_true(json_object_get(stage, "egress"))};
}

const char *capture_names_reason(void *context, uint16_t reason)
{
    return text_of(entry_get(context, "reasons", reason), "name", NULL);
}
