/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_capture_events.h"

#include <stdio.h>

#include "capture/budget.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "switch/events.h"
#include "switch/switch.h"

enum { NAME_SIZE = 64 };

/* Its name, or its number when it has none. */
static const char *session_text(const struct capture_session *session, char text[NAME_SIZE])
{
    const char *name = capture_session_name(session);
    if (name != NULL && name[0] != '\0') {
        snprintf(text, NAME_SIZE, "%s", name);
    } else {
        snprintf(text, NAME_SIZE, "%u", (unsigned)capture_session_id(session));
    }
    return text;
}

static void told(const struct vswitch *vswitch, const struct capture_session *session,
                 struct switch_event *event)
{
    char text[NAME_SIZE];
    event->stage = SWITCH_EVENT_NO_STAGE;
    event->subject = session_text(session, text);
    vswitch_event(vswitch, event);
}

static uint64_t lost_sum(const struct vswitch *vswitch, const struct capture_session *session,
                         uint64_t *written)
{
    uint64_t lost = 0;
    *written = 0;
    for (uint32_t worker = 0; worker < vswitch_worker_count(vswitch); worker++) {
        struct capture_account account = capture_session_account(session, worker);
        lost += capture_account_lost(&account);
        *written += account.written;
    }
    return lost;
}

void capture_events_started(const struct vswitch *vswitch, const struct capture_session *session)
{
    told(vswitch, session,
         &(struct switch_event){.kind = SWITCH_EVENT_CAPTURE_STARTED,
                                .detail = capture_session_rules(session)->filter});
}

void capture_events_changed(const struct vswitch *vswitch, const struct capture_session *session)
{
    told(vswitch, session,
         &(struct switch_event){.kind = SWITCH_EVENT_CAPTURE_CHANGED,
                                .detail = capture_session_rules(session)->filter});
}

void capture_events_stopped(const struct vswitch *vswitch, const struct capture_session *session)
{
    struct switch_event event = {.kind = SWITCH_EVENT_CAPTURE_STOPPED};
    event.before = lost_sum(vswitch, session, &event.value);
    told(vswitch, session, &event);
}

void capture_events_tick(const struct vswitch *vswitch, const struct capture_session *session,
                         struct capture_told *before)
{
    uint64_t written;
    uint64_t lost = lost_sum(vswitch, session, &written);
    if (lost > before->lost) {
        told(vswitch, session,
             &(struct switch_event){
                 .kind = SWITCH_EVENT_CAPTURE_GAP, .value = lost - before->lost, .before = lost});
        before->lost = lost;
    }
    for (uint32_t worker = 0; worker < vswitch_worker_count(vswitch); worker++) {
        struct capture_load load = capture_session_load(session, worker);
        if (load.level != before->levels[worker]) {
            before->levels[worker] = (uint8_t)load.level;
            told(vswitch, session,
                 &(struct switch_event){.kind = SWITCH_EVENT_CAPTURE_OVER_BUDGET,
                                        .detail = budget_level_name(load.level),
                                        .value = worker});
        }
    }
}

void capture_events_trigger(const struct vswitch *vswitch, const struct capture_session *session,
                            const char *cause, uint64_t packet_id)
{
    told(vswitch, session,
         &(struct switch_event){.kind = SWITCH_EVENT_CAPTURE_TRIGGER,
                                .packet_id = packet_id,
                                .value = packet_id,
                                .detail = cause});
}
