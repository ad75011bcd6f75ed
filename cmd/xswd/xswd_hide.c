/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_hide.h"

#include "packet/address_text.h"
#include "switch/control/rpc.h"
#include "switch/events.h"
#include "switch/switch.h"

static const char hidden_text[] = "(hidden)";

bool xswd_is_held_to_pseudonyms(const struct vswitch *vswitch, const struct rpc_caller *caller)
{
    return !caller->may_manage && vswitch_config(vswitch)->observers.pseudonyms;
}

static void texts_hide(json_t *object, const char *const *members)
{
    for (; *members != NULL; members++) {
        const char *text = json_string_value(json_object_get(object, *members));
        if (text != NULL && text[0] != '\0') {
            json_object_set_new(object, *members, json_string(hidden_text));
        }
    }
}

void xswd_hide_words(json_t *session)
{
    static const char *const of_session[] = {"name",   "filter", "where", "ports",
                                             "stages", "flight", "path",  NULL};
    static const char *const of_trigger[] = {"name", "text", NULL};
    size_t place;
    json_t *trigger;
    texts_hide(session, of_session);
    json_array_foreach(json_object_get(session, "triggers"), place, trigger)
    {
        texts_hide(trigger, of_trigger);
    }
}

void xswd_hide_session(json_t *session, const struct vswitch *vswitch,
                       const struct rpc_caller *caller, uint32_t uid)
{
    if (xswd_is_held_to_pseudonyms(vswitch, caller) && caller->uid != uid) {
        xswd_hide_words(session);
    }
}

/* Whose subject and detail are words of somebody who records. */
static bool is_of_capture(uint16_t kind)
{
    return kind == SWITCH_EVENT_CAPTURE_STARTED || kind == SWITCH_EVENT_CAPTURE_CHANGED ||
           kind == SWITCH_EVENT_CAPTURE_STOPPED || kind == SWITCH_EVENT_CAPTURE_GAP ||
           kind == SWITCH_EVENT_CAPTURE_OVER_BUDGET || kind == SWITCH_EVENT_CAPTURE_TRIGGER;
}

static const char *text_hide(const char *text, bool hides_all)
{
    bool is_there = text != NULL && text[0] != '\0';
    return is_there && (hides_all || address_text_is_in(text)) ? hidden_text : text;
}

void xswd_hide_event(const struct switch_event *event, struct switch_event *hidden)
{
    bool hides_all = is_of_capture(event->kind);
    *hidden = *event;
    hidden->port_name = text_hide(event->port_name, false);
    hidden->extension = text_hide(event->extension, false);
    hidden->subject = text_hide(event->subject, hides_all);
    /* The level of a budget is a word of ours. */
    hides_all = hides_all && event->kind != SWITCH_EVENT_CAPTURE_OVER_BUDGET;
    hidden->detail = text_hide(event->detail, hides_all);
}
