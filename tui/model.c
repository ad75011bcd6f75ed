/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { LIVE_STEP_NS = 500000000, RECORDING_STEP_NS = 1000000 };

enum xsw_status model_create(struct model **model, struct xsw_error *error)
{
    struct model *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->samples = calloc(MODEL_SAMPLES_MAX, sizeof(*made->samples));
        made->events = calloc(MODEL_EVENTS_MAX, sizeof(*made->events));
        made->macs = calloc(MODEL_MACS_MAX, sizeof(*made->macs));
    }
    if (made == NULL || made->samples == NULL || made->events == NULL || made->macs == NULL) {
        model_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for the viewer's history");
    }
    made->step_ns = LIVE_STEP_NS;
    *model = made;
    return XSW_OK;
}

void model_destroy(struct model *model)
{
    if (model == NULL) {
        return;
    }
    free(model->samples);
    free(model->events);
    free(model->macs);
    free(model);
}

size_t model_drop_place(struct model *model, uint16_t stage, uint16_t reason)
{
    for (size_t i = 0; i < model->drop_count; i++) {
        if (model->drops[i].stage == stage && model->drops[i].reason == reason) {
            return i;
        }
    }
    if (model->drop_count == MODEL_DROPS_MAX) {
        model->drops_beyond++;
        return SIZE_MAX;
    }
    model->drops[model->drop_count] = (struct model_drop_key){.stage = stage, .reason = reason};
    return model->drop_count++;
}

uint8_t model_port_owner(struct model *model, uint16_t id, const char *name)
{
    struct model_port_info *port = &model->ports[id];
    if (port->owner == 0 || strcmp(port->owner_name, name) != 0) {
        port->owner = (uint8_t)(port->owner % UINT8_MAX + 1);
        snprintf(port->owner_name, sizeof(port->owner_name), "%s", name);
    }
    return port->owner;
}

static bool is_place_of(const struct model_port_info *port, struct dictionary_label label)
{
    return port->is_taken && port->label.id == label.id && port->label.name == label.name;
}

size_t model_port_place(struct model *model, struct dictionary_label label)
{
    size_t place = label.id < MODEL_PORTS_MAX ? label.id : MODEL_PORTS_MAX - 1;
    size_t tried = 0;
    /* Others of the same id are few, and stand as far from the small ids as there is room. */
    while (model->ports[place].is_taken && !is_place_of(&model->ports[place], label)) {
        if (tried++ == MODEL_PORTS_MAX) {
            model->ports_beyond++;
            return SIZE_MAX;
        }
        place = MODEL_PORTS_MAX - tried;
    }
    model->ports[place].is_taken = true;
    model->ports[place].label = label;
    return place;
}

void model_order_stages(struct model *model)
{
    model->stage_count = 0;
    for (uint16_t id = 0; id < MODEL_STAGES_MAX; id++) {
        uint16_t order = dictionary_stage_order(&model->of->dictionary, id);
        if (order == STAGE_ORDER_NONE) {
            continue;
        }
        size_t place = model->stage_count++;
        for (; place > 0 &&
               dictionary_stage_order(&model->of->dictionary, model->stages[place - 1]) > order;
             place--) {
            model->stages[place] = model->stages[place - 1];
        }
        model->stages[place] = id;
    }
}

/* Samples ---------------------------------------------------------------------------------------
 */

static struct model_sample *sample_at(const struct model *model, uint64_t number)
{
    return &model->samples[number % MODEL_SAMPLES_MAX];
}

/* Every second one goes; the first stays, since all is counted from it. */
static void samples_thin(struct model *model)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->sample_count; i += 2) {
        *sample_at(model, kept) = *sample_at(model, i);
        kept++;
    }
    model->sample_count = kept;
    model->sample_next = kept;
    model->step_ns = model->step_ns > UINT64_MAX / 2 ? UINT64_MAX : 2 * model->step_ns;
    model->thinned++;
}

void model_push(struct model *model, const struct model_sample *sample)
{
    if (model->is_recording && model->sample_count == MODEL_SAMPLES_MAX) {
        samples_thin(model);
    }
    *sample_at(model, model->sample_next++) = *sample;
    if (model->sample_count < MODEL_SAMPLES_MAX) {
        model->sample_count++;
    }
}

const struct model_sample *model_sample(const struct model *model, size_t back)
{
    return back < model->sample_count ? sample_at(model, model->sample_next - 1 - back) : NULL;
}

const struct model_sample *model_before(const struct model *model, size_t back, uint64_t window_ns)
{
    const struct model_sample *from = model_sample(model, back);
    const struct model_sample *found = from;
    for (size_t i = back + 1; from != NULL && i < model->sample_count; i++) {
        found = model_sample(model, i);
        if (from->wall_ns - found->wall_ns >= window_ns) {
            break;
        }
    }
    return found;
}

/* Events ----------------------------------------------------------------------------------------
 */

void model_event(struct model *model, enum model_severity severity, uint64_t wall_ns,
                 const char *kind, const char *format, ...)
{
    struct model_event *event = &model->events[model->event_next++ % MODEL_EVENTS_MAX];
    *event = (struct model_event){.wall_ns = wall_ns, .severity = severity};
    snprintf(event->kind, sizeof(event->kind), "%s", kind);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(event->text, sizeof(event->text), format, arguments);
    va_end(arguments);
}

size_t model_event_count(const struct model *model)
{
    return model->event_next < MODEL_EVENTS_MAX ? (size_t)model->event_next : MODEL_EVENTS_MAX;
}

struct model_event *model_event_at(const struct model *model, size_t back)
{
    return &model->events[(model->event_next - 1 - back) % MODEL_EVENTS_MAX];
}
