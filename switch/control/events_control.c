/* SPDX-License-Identifier: Apache-2.0 */
/* What the control path does, as events: changes of ports and settings, refusals, extensions. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "switch/control/change_log.h"
#include "switch/control/events_control.h"
#include "switch/life/lifecycle.h"
#include "switch/state.h"

enum { SUBJECT_SIZE = 128 };

static enum switch_event_kind kind_of(uint32_t operation)
{
    static const uint8_t kinds[] = {
        [XSW_OP_PORT_CREATE] = SWITCH_EVENT_PORT_CREATED,
        [XSW_OP_PORT_UPDATED] = SWITCH_EVENT_PORT_UPDATED,
        [XSW_OP_PORT_TEARDOWN] = SWITCH_EVENT_PORT_TEARDOWN,
        [XSW_OP_PORT_DELETE] = SWITCH_EVENT_PORT_DELETED,
        [XSW_OP_NIC_CREATE] = SWITCH_EVENT_NIC_CREATED,
        [XSW_OP_NIC_CONNECT] = SWITCH_EVENT_NIC_CONNECTED,
        [XSW_OP_NIC_UPDATED] = SWITCH_EVENT_NIC_UPDATED,
        [XSW_OP_NIC_DISCONNECT] = SWITCH_EVENT_NIC_DISCONNECTED,
        [XSW_OP_NIC_DELETE] = SWITCH_EVENT_NIC_DELETED,
        [XSW_OP_PORT_PROPERTY_ADD] = SWITCH_EVENT_POLICY_SET,
        [XSW_OP_PORT_PROPERTY_UPDATE] = SWITCH_EVENT_POLICY_SET,
        [XSW_OP_PORT_PROPERTY_DELETE] = SWITCH_EVENT_POLICY_SET,
        [XSW_OP_SWITCH_PROPERTY_ADD] = SWITCH_EVENT_SETTING_SET,
        [XSW_OP_SWITCH_PROPERTY_UPDATE] = SWITCH_EVENT_SETTING_SET,
        [XSW_OP_SWITCH_PROPERTY_DELETE] = SWITCH_EVENT_SETTING_SET,
        [XSW_OP_SAVE_COMPLETE] = SWITCH_EVENT_SWITCH_TOLD,
        [XSW_OP_RESTORE_COMPLETE] = SWITCH_EVENT_SWITCH_TOLD,
        [XSW_OP_SWITCH_ACTIVATE] = SWITCH_EVENT_SWITCH_TOLD,
    };
    uint8_t kind = operation < sizeof(kinds) ? kinds[operation] : 0;
    return kind != 0 ? (enum switch_event_kind)kind : SWITCH_EVENT_SWITCH_TOLD;
}

static const char *verb_of(uint32_t operation)
{
    switch (operation) {
    case XSW_OP_PORT_PROPERTY_ADD:
    case XSW_OP_SWITCH_PROPERTY_ADD:
        return "add";
    case XSW_OP_PORT_PROPERTY_DELETE:
    case XSW_OP_SWITCH_PROPERTY_DELETE:
        return "delete";
    default:
        return "update";
    }
}

/* A trial is about a port that never is: only its refusal is worth telling. */
static bool is_trial(const struct xsw_change *change)
{
    return change->info != NULL && change->info->is_validation;
}

void event_change(const struct vswitch *vswitch, const struct xsw_change *change,
                  enum xsw_status outcome)
{
    const char *name = lifecycle_operation_name(change->operation);
    struct switch_event event = {.kind = (uint16_t)kind_of(change->operation),
                                 .port = change->port,
                                 .stage = SWITCH_EVENT_NO_STAGE};
    if (is_trial(change)) {
        return;
    }
    if (change->property != NULL) {
        event.subject = change->property->feature;
        event.detail = verb_of(change->operation);
        event.value = change->property->id;
    } else if (change->info != NULL) {
        event.detail = lifecycle_state_name(change->info->state);
    }
    if (event.kind == SWITCH_EVENT_SWITCH_TOLD) {
        event.subject = name;
    }
    if (outcome == XSW_OK && change->property != NULL) {
        change_log_feature(vswitch, change);
    }
    if (outcome != XSW_OK) {
        event.kind = SWITCH_EVENT_CHANGE_FAILED;
        event.subject = name;
        event.detail = status_name(outcome);
    }
    vswitch_event(vswitch, &event);
}

void event_veto(const struct vswitch *vswitch, const struct xsw_change *change, const char *by,
                const char *reason)
{
    char subject[SUBJECT_SIZE];
    snprintf(subject, sizeof(subject), "%s%s%.63s", lifecycle_operation_name(change->operation),
             change->property != NULL ? " " : "",
             change->property != NULL ? change->property->feature : "");
    vswitch_event(vswitch, &(struct switch_event){.kind = SWITCH_EVENT_EXTENSION_VETO,
                                                  .port = change->port,
                                                  .stage = SWITCH_EVENT_NO_STAGE,
                                                  .extension = by,
                                                  .subject = subject,
                                                  .detail = reason});
}

void event_extension(const struct vswitch *vswitch, const char *how,
                     const struct extension_instance *instance)
{
    char detail[SUBJECT_SIZE];
    bool is_gone = strcmp(how, "removed") == 0 || strcmp(how, "disabled") == 0;
    bool is_new = strcmp(how, "added") == 0 || strcmp(how, "enabled") == 0;
    enum switch_event_kind kind = SWITCH_EVENT_EXTENSION_CHANGED;
    if (is_gone) {
        kind = SWITCH_EVENT_EXTENSION_DETACHED;
    } else if (is_new && instance->is_enabled) {
        kind = SWITCH_EVENT_EXTENSION_ATTACHED;
    }
    snprintf(detail, sizeof(detail), "%s %.32s", instance->extension->name,
             instance->extension->version);
    vswitch_event(vswitch, &(struct switch_event){.kind = (uint16_t)kind,
                                                  .stage = SWITCH_EVENT_NO_STAGE,
                                                  .extension = instance->name,
                                                  .subject = how,
                                                  .detail = detail});
}
