/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_hide_event.h"

#include <stdio.h>

#include "packet/address_text.h"
#include "switch/events.h"

enum detail {
    DETAIL_HIDDEN, /* somebody else's words: they may name an address in any way */
    DETAIL_NAME,   /* shown unless it looks like an address */
    NOT_TOLD       /* the event is about an address */
};

/* A kind that is not here, as of a newer xswd, has its detail hidden. */
static enum detail detail_of(uint16_t kind)
{
    static const uint8_t details[SWITCH_EVENT_LIMIT] = {
        [SWITCH_EVENT_PORT_CREATED] = DETAIL_NAME,
        [SWITCH_EVENT_PORT_UPDATED] = DETAIL_NAME,
        [SWITCH_EVENT_PORT_TEARDOWN] = DETAIL_NAME,
        [SWITCH_EVENT_PORT_DELETED] = DETAIL_NAME,
        [SWITCH_EVENT_NIC_CREATED] = DETAIL_NAME,
        [SWITCH_EVENT_NIC_CONNECTED] = DETAIL_NAME,
        [SWITCH_EVENT_NIC_UPDATED] = DETAIL_NAME,
        [SWITCH_EVENT_NIC_DISCONNECTED] = DETAIL_NAME,
        [SWITCH_EVENT_NIC_DELETED] = DETAIL_NAME,
        [SWITCH_EVENT_PORT_STATE] = DETAIL_NAME,
        [SWITCH_EVENT_POLICY_SET] = DETAIL_NAME,
        [SWITCH_EVENT_SETTING_SET] = DETAIL_NAME,
        [SWITCH_EVENT_CHANGE_FAILED] = DETAIL_NAME,
        [SWITCH_EVENT_EXTENSION_ATTACHED] = DETAIL_NAME,
        [SWITCH_EVENT_EXTENSION_DETACHED] = DETAIL_NAME,
        [SWITCH_EVENT_EXTENSION_CHANGED] = DETAIL_NAME,
        [SWITCH_EVENT_CAPTURE_OVER_BUDGET] = DETAIL_NAME,
        [SWITCH_EVENT_MAC_LEARNED] = NOT_TOLD,
        [SWITCH_EVENT_MAC_MOVED] = NOT_TOLD,
        [SWITCH_EVENT_MAC_AGED] = NOT_TOLD,
        [SWITCH_EVENT_MAC_LIMIT] = NOT_TOLD,
    };
    return kind < SWITCH_EVENT_LIMIT ? (enum detail)details[kind] : DETAIL_HIDDEN;
}

static void name_hide(char *name, size_t size, const char *what, unsigned id)
{
    if (address_text_is_in(name)) {
        snprintf(name, size, "%s-%u", what, id);
    }
}

static void text_hide(char *text, size_t size)
{
    if (address_text_is_in(text)) {
        snprintf(text, size, "(hidden)");
    }
}

bool capture_hide_event(struct event_record *record)
{
    enum detail detail = detail_of(record->kind);
    if (detail == NOT_TOLD) {
        return false;
    }
    /* As the dictionary of the recording calls them: capture_hide.c. */
    name_hide(record->port_name, sizeof(record->port_name), "port", record->port);
    name_hide(record->stage_name, sizeof(record->stage_name), "stage", record->stage);
    text_hide(record->switch_name, sizeof(record->switch_name));
    text_hide(record->extension, sizeof(record->extension));
    text_hide(record->subject, sizeof(record->subject));
    text_hide(record->detail, sizeof(record->detail));
    if (detail == DETAIL_HIDDEN) {
        record->detail[0] = '\0';
    }
    return true;
}

void capture_hide_device(struct kernel_device *device)
{
    if (device->port[0] != '\0') {
        name_hide(device->port, sizeof(device->port), "port", device->id);
    }
    name_hide(device->name, sizeof(device->name), "dev", device->id);
    text_hide(device->switch_name, sizeof(device->switch_name));
}
