/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the control thread: what they answer, and whether they keep to the room that
 * they are given. */
#include <string.h>

#include "certify/spy.h"

static bool status_exists(enum xsw_status status)
{
    return status >= XSW_LIMIT && status <= XSW_AGAIN;
}

static enum xsw_status spy_ask(void *state, const struct xsw_change *change,
                               struct xsw_error *refusal)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct findings *findings = instance->spy->findings;
    struct xsw_error own = {.text = ""};
    spy_enter(instance, 0, "ask about operation %u on port %u", change->operation, change->port);
    enum xsw_status status = instance->real->control->ask(instance->state, change, &own);
    spy_leave(instance);
    if (!status_exists(status) || status == XSW_END) {
        findings_add(findings, RULE_ANSWERS,
                     "ask about operation %u on port %u: answered %d: expected XSW_OK, XSW_AGAIN "
                     "or a failure of enum xsw_status",
                     change->operation, change->port, (int)status);
    } else if (status < 0 && status != XSW_NO_MEMORY &&
               (own.text[0] == '\0' || memchr(own.text, '\0', sizeof(own.text)) == NULL)) {
        findings_add(findings, RULE_REFUSAL_TEXT,
                     "ask about operation %u on port %u: refused with %d and said nothing in "
                     "refusal->text",
                     change->operation, change->port, (int)status);
    }
    if (refusal != NULL && status != XSW_OK) {
        *refusal = own;
        refusal->status = status;
        refusal->text[sizeof(refusal->text) - 1] = '\0';
    }
    return status;
}

static void spy_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "done with %d of operation %u on port %u", (int)outcome,
              change->operation, change->port);
    instance->real->control->done(instance->state, change, outcome);
    spy_leave(instance);
}

static void spy_told(void *state, const struct xsw_change *change)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "told of operation %u on port %u", change->operation, change->port);
    instance->real->control->told(instance->state, change);
    spy_leave(instance);
}

static enum xsw_status spy_status(void *state, uint32_t feature, uint16_t port,
                                  struct xsw_status_value *values, struct xsw_error *error)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "status of feature %u on port %u", feature, port);
    enum xsw_status status =
        instance->real->control->status(instance->state, feature, port, values, error);
    spy_leave(instance);
    return status;
}

static enum xsw_status spy_save(void *state, uint16_t port, struct xsw_record *record)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct findings *findings = instance->spy->findings;
    uint32_t capacity = record->capacity;
    spy_enter(instance, 0, "save of port %u", port);
    enum xsw_status status = instance->real->control->save(instance->state, port, record);
    spy_leave(instance);
    if (status == XSW_OK && record->length > capacity) {
        findings_add(findings, RULE_SAVE_ROOM,
                     "save of port %u: a record of %u bytes for a room of %u: expected XSW_LIMIT",
                     port, record->length, capacity);
        record->length = capacity;
    } else if (status == XSW_LIMIT &&
               (record->length <= capacity || record->length > XSW_RECORD_MAX)) {
        findings_add(findings, RULE_SAVE_ROOM,
                     "save of port %u: XSW_LIMIT for a room of %u bytes, and length is %u: "
                     "expected what it needs, at most %d",
                     port, capacity, record->length, XSW_RECORD_MAX);
        return XSW_END;
    }
    return status;
}

static enum xsw_status spy_restore(void *state, uint16_t port, const struct xsw_record *record,
                                   struct xsw_error *error)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "restore of port %u, class %u, %u bytes", port, record->feature_class,
              record->length);
    enum xsw_status status = instance->real->control->restore(instance->state, port, record, error);
    spy_leave(instance);
    return status;
}

static void spy_second(void *state, uint64_t now_ns)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "second");
    instance->real->control->second(instance->state, now_ns);
    spy_leave(instance);
}

void spy_control_wrap(struct spy_mask *mask, const struct xsw_extension *real)
{
    if (!XSW_HAS(real, struct xsw_extension, control) || real->control == NULL) {
        return;
    }
    struct xsw_control_ops *ops = &mask->control;
    size_t size = real->control->size;
    memcpy(ops, real->control, size < sizeof(*ops) ? size : sizeof(*ops));
    ops->size = sizeof(*ops);
    ops->ask = ops->ask != NULL ? spy_ask : NULL;
    ops->done = ops->done != NULL ? spy_done : NULL;
    ops->told = ops->told != NULL ? spy_told : NULL;
    ops->status = ops->status != NULL ? spy_status : NULL;
    ops->save = ops->save != NULL ? spy_save : NULL;
    ops->restore = ops->restore != NULL ? spy_restore : NULL;
    ops->second = ops->second != NULL ? spy_second : NULL;
    mask->descriptor.control = ops;
}
