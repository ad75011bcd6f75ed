/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_lists.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/report/words.h"
#include "base/clock.h"
#include "cmd/command.h"

enum { QUIET_SECONDS = 10 }; /* after so long without one, drops begin anew */

/* Counters --------------------------------------------------------------------------------------
 */

static uint64_t counter(const json_t *object, const char *name)
{
    long long number = reply_number(object, name);
    return number < 0 ? 0 : (uint64_t)number;
}

static void stage_read(struct model *model, struct model_sample *sample, const json_t *object)
{
    uint64_t id = counter(object, "stage");
    if (id >= MODEL_STAGES_MAX) {
        return;
    }
    sample->stages[id] = (struct model_stage){
        .in = counter(object, "in"),
        .made = counter(object, "clones") + counter(object, "injected"),
        .out = counter(object, "out"),
        .dropped = counter(object, "dropped_packets"),
        .replaced = counter(object, "consumed"),
        .held = reply_number(object, "held") - reply_number(object, "released"),
        .residue = reply_number(object, "residue")};
    size_t i;
    json_t *drop;
    json_array_foreach(json_object_get(object, "dropped"), i, drop)
    {
        size_t place = model_drop_place(model, (uint16_t)id, (uint16_t)counter(drop, "reason"));
        if (place != SIZE_MAX) {
            sample->drops[place] = counter(drop, "packets");
        }
    }
}

static void port_count(struct model *model, struct model_sample *sample, const json_t *object)
{
    uint64_t id = counter(object, "id");
    const json_t *counters = json_object_get(object, "counters");
    if (id < MODEL_PORTS_MAX) {
        sample->ports[id] = (struct model_port){.rx_packets = counter(counters, "rx_packets"),
                                                .rx_bytes = counter(counters, "rx_bytes"),
                                                .tx_packets = counter(counters, "tx_packets"),
                                                .tx_bytes = counter(counters, "tx_bytes"),
                                                .dropped_in = counter(counters, "dropped_in"),
                                                .dropped_out = counter(counters, "dropped_out")};
        sample->owners[id] = model_port_owner(model, (uint16_t)id, reply_text(object, "name"));
    }
}

void top_stats_read(struct model *model, struct model_sample *sample, const json_t *stats)
{
    size_t i;
    json_t *object;
    sample->generation = counter(stats, "generation");
    json_array_foreach(json_object_get(stats, "stages"), i, object)
    {
        stage_read(model, sample, object);
    }
    json_array_foreach(json_object_get(stats, "ports"), i, object)
    {
        port_count(model, sample, object);
    }
    const json_t *mac = json_object_get(stats, "mac");
    sample->mac_entries = counter(mac, "entries");
    sample->mac_moved = counter(mac, "moved");
}

void top_samples_compare(struct model *model)
{
    const struct model_sample *now = model_sample(model, 0);
    const struct model_sample *before = model_sample(model, 1);
    if (before == NULL) {
        return;
    }
    if (now->generation != before->generation) {
        model_event(model, MODEL_NOTE, now->wall_ns, "configuration",
                    "generation %llu is in force, before it was %llu",
                    (unsigned long long)now->generation, (unsigned long long)before->generation);
    }
    if (now->mac_moved > before->mac_moved) {
        model_event(model, MODEL_WARNING, now->wall_ns, "address",
                    "%llu times an address moved to another port",
                    (unsigned long long)(now->mac_moved - before->mac_moved));
    }
    if (now->account.lost > before->account.lost) {
        model_event(model, MODEL_WARNING, now->wall_ns, "evidence",
                    "%llu journeys of the evidence were lost",
                    (unsigned long long)(now->account.lost - before->account.lost));
    }
    /* What drops now and then has one event, and not one each time. */
    const struct model_sample *earlier =
        model_before(model, 1, QUIET_SECONDS * (uint64_t)NS_PER_SECOND);
    for (size_t i = 0; model->sample_count > 2 && i < model->drop_count; i++) {
        if (now->drops[i] == before->drops[i] || before->drops[i] != earlier->drops[i]) {
            continue;
        }
        struct dictionary_name stage, reason;
        struct words words;
        const struct dictionary *names = &model->of->dictionary;
        const char *reason_name = dictionary_reason(names, model->drops[i].reason, &reason);
        const char *stage_name = dictionary_stage(names, model->drops[i].stage, &stage);
        model_event(model, MODEL_ALARM, now->wall_ns, "drops", "%s at %s: %s", reason_name,
                    stage_name, words_count(now->drops[i] - before->drops[i], "packet", &words));
        snprintf(model_event_at(model, 0)->where, sizeof(model->events->where),
                 "reason == %.30s and stage == %.40s", reason_name, stage_name);
    }
}

/* Ports -----------------------------------------------------------------------------------------
 */

static void vlan_text(const json_t *vlan, char *text, size_t size)
{
    const char *mode = reply_text(vlan, "mode");
    if (strcmp(mode, "access") == 0) {
        snprintf(text, size, "access %lld", reply_number(vlan, "access"));
    } else {
        snprintf(text, size, "%s", mode);
    }
}

/* What the kernel dropped before or behind us is in no counter of the switch. */
static void kernel_compare(struct model *model, struct top_news *news, uint64_t id,
                           const json_t *object)
{
    const json_t *numbers = json_object_get(object, "numbers");
    int64_t lost = reply_number(numbers, "lost_by_kernel") + reply_number(numbers, "tx_refused");
    if (news->has_ports && lost > news->kernel_losses[id]) {
        model_event(model, MODEL_ALARM, clock_wall_ns(), "kernel",
                    "%lld packets were lost by the kernel at port %.64s",
                    (long long)(lost - news->kernel_losses[id]), reply_text(object, "name"));
    }
    news->kernel_losses[id] = lost;
}

static void port_read(struct model *model, struct top_news *news, const json_t *object)
{
    uint64_t id = counter(object, "id");
    const char *name = reply_text(object, "name");
    const char *life = reply_text(object, "life");
    const char *state = strcmp(life, "disconnected") == 0 ? "off" : reply_text(object, "state");
    if (id >= MODEL_PORTS_MAX) {
        return;
    }
    struct model_port_info *port = &model->ports[id];
    bool is_new = port->name[0] == '\0' || strcmp(port->name, name) != 0;
    if (news->has_ports && is_new) {
        model_event(model, MODEL_NOTE, clock_wall_ns(), "port", "%.64s is a new port, %s", name,
                    state);
    } else if (news->has_ports && strcmp(port->state, state) != 0) {
        model_event(model, strcmp(state, "up") == 0 ? MODEL_NOTE : MODEL_WARNING, clock_wall_ns(),
                    "port", "%.64s is %s, before it was %s", name, state, port->state);
    }
    kernel_compare(model, news, id, object);
    port->is_there = true;
    snprintf(port->name, sizeof(port->name), "%s", name);
    snprintf(port->kind, sizeof(port->kind), "%s", reply_text(object, "kind"));
    snprintf(port->state, sizeof(port->state), "%s", state);
    vlan_text(json_object_get(object, "vlan"), port->vlan, sizeof(port->vlan));
}

void top_ports_read(struct model *model, struct top_news *news, const json_t *ports)
{
    bool was_there[MODEL_PORTS_MAX];
    size_t i;
    json_t *object;
    for (size_t id = 0; id < MODEL_PORTS_MAX; id++) {
        was_there[id] = model->ports[id].is_there;
        model->ports[id].is_there = false;
    }
    json_array_foreach(ports, i, object)
    {
        port_read(model, news, object);
    }
    for (size_t id = 0; id < MODEL_PORTS_MAX; id++) {
        if (was_there[id] && !model->ports[id].is_there) {
            model_event(model, MODEL_WARNING, clock_wall_ns(), "port", "%s was removed",
                        model->ports[id].name);
            model->ports[id].name[0] = '\0';
        }
    }
    news->has_ports = true;
}

/* Extensions ------------------------------------------------------------------------------------
 */

static const struct model_extension *extension_find(const struct model_extension *list,
                                                    size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static void extension_event(struct model *model, enum model_severity severity,
                            const struct model_extension *extension, const char *format,
                            uint64_t number)
{
    char text[MODEL_TEXT_SIZE];
    snprintf(text, sizeof(text), "%.64s ", extension->name);
    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, "%s%llu", format, (unsigned long long)number);
    model_event(model, severity, clock_wall_ns(), "extension", "%s", text);
    snprintf(model_event_at(model, 0)->where, sizeof(model->events->where), "extension == %.64s",
             extension->name);
}

static void extension_compare(struct model *model, const struct model_extension *now,
                              const struct model_extension *before)
{
    if (before == NULL) {
        model_event(model, MODEL_NOTE, clock_wall_ns(), "extension", "%s was added", now->name);
        return;
    }
    if (now->is_enabled != before->is_enabled) {
        model_event(model, MODEL_WARNING, clock_wall_ns(), "extension", "%s was %s", now->name,
                    now->is_enabled ? "enabled" : "disabled");
    }
    if (strcmp(now->version, before->version) != 0) {
        model_event(model, MODEL_NOTE, clock_wall_ns(), "extension",
                    "%s is of version %s now, before it was %s", now->name, now->version,
                    before->version);
    }
    if (now->silent > before->silent) {
        extension_event(model, MODEL_ALARM, now,
                        "lost packets without a reason: ", now->silent - before->silent);
    }
    if (now->violations > before->violations) {
        extension_event(model, MODEL_ALARM, now,
                        "broke rules of the data path: ", now->violations - before->violations);
    }
}

void top_extensions_read(struct model *model, struct top_news *news, const json_t *extensions)
{
    struct model_extension before[MODEL_EXTENSIONS_MAX];
    size_t before_count = model->extension_count;
    size_t i;
    json_t *object;
    memcpy(before, model->extensions, sizeof(before));
    model->extension_count = 0;
    json_array_foreach(extensions, i, object)
    {
        if (model->extension_count == MODEL_EXTENSIONS_MAX) {
            break;
        }
        struct model_extension *now = &model->extensions[model->extension_count++];
        *now = (struct model_extension){.is_enabled =
                                            !json_is_false(json_object_get(object, "enabled")),
                                        .silent = counter(object, "silently_dropped"),
                                        .violations = counter(object, "violations")};
        snprintf(now->name, sizeof(now->name), "%s", reply_text(object, "name"));
        snprintf(now->extension, sizeof(now->extension), "%s", reply_text(object, "extension"));
        snprintf(now->version, sizeof(now->version), "%s", reply_text(object, "version"));
        snprintf(now->kind, sizeof(now->kind), "%s", reply_text(object, "kind"));
        if (news->has_extensions) {
            extension_compare(model, now, extension_find(before, before_count, now->name));
        }
    }
    for (size_t j = 0; j < before_count; j++) {
        if (extension_find(model->extensions, model->extension_count, before[j].name) == NULL) {
            model_event(model, MODEL_WARNING, clock_wall_ns(), "extension", "%s was removed",
                        before[j].name);
        }
    }
    news->has_extensions = true;
}

/* Addresses and sessions ------------------------------------------------------------------------
 */

void top_macs_read(struct model *model, const json_t *reply)
{
    size_t i;
    json_t *object;
    model->mac_count = 0;
    model->macs_total = counter(reply, "total");
    json_array_foreach(json_object_get(reply, "entries"), i, object)
    {
        if (model->mac_count == MODEL_MACS_MAX) {
            break;
        }
        struct model_mac *mac = &model->macs[model->mac_count++];
        snprintf(mac->mac, sizeof(mac->mac), "%s", reply_text(object, "mac"));
        snprintf(mac->port, sizeof(mac->port), "%s", reply_text(object, "port"));
        mac->vlan = (uint16_t)counter(object, "vlan");
        mac->age_s = counter(object, "age_seconds");
    }
}

static uint64_t members_sum(const json_t *object)
{
    uint64_t sum = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        sum += json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
    }
    return sum;
}

static void session_read(struct model_session *session, const json_t *object)
{
    const json_t *account = json_object_get(object, "account");
    const json_t *lost = json_object_get(account, "lost");
    uint64_t by_rate = counter(lost, "rate-limit"); /* as it was asked for */
    session->snap_length = counter(object, "snap_length");
    session->ring_bytes = counter(object, "ring_bytes");
    snprintf(session->name, sizeof(session->name), "%s", reply_text(object, "name"));
    snprintf(session->filter, sizeof(session->filter), "%s", reply_text(object, "filter"));
    snprintf(session->where, sizeof(session->where), "%s", reply_text(object, "where"));
    session->account = (struct model_account){.offered = counter(account, "offered"),
                                              .filtered = counter(account, "filtered"),
                                              .sampled = counter(account, "sampled") + by_rate,
                                              .written = counter(account, "written"),
                                              .lost = members_sum(lost) - by_rate};
}

void top_sessions_read(struct model *model, struct top_news *news, const struct top_rings *rings,
                       const json_t *sessions)
{
    bool was_there[MODEL_SESSIONS_MAX] = {false};
    uint32_t before[MODEL_SESSIONS_MAX];
    size_t before_count = 0;
    size_t i;
    json_t *object;
    /* Ours come and go as it suits the switch, which is no event. */
    for (size_t j = 0; j < model->session_count; j++) {
        if (!model->sessions[j].is_own) {
            before[before_count++] = model->sessions[j].id;
        }
    }
    model->session_count = 0;
    json_array_foreach(sessions, i, object)
    {
        if (model->session_count == MODEL_SESSIONS_MAX) {
            break;
        }
        struct model_session *session = &model->sessions[model->session_count++];
        *session = (struct model_session){.id = (uint32_t)counter(object, "session")};
        session->is_own = top_rings_is_own(rings, session->id);
        session_read(session, object);
        bool is_known = false;
        for (size_t j = 0; j < before_count; j++) {
            was_there[j] |= before[j] == session->id;
            is_known |= before[j] == session->id;
        }
        if (news->has_sessions && !is_known && !session->is_own) {
            model_event(model, MODEL_NOTE, clock_wall_ns(), "capture", "session %u \"%.60s\" began",
                        session->id, session->name);
        }
    }
    for (size_t j = 0; news->has_sessions && j < before_count; j++) {
        if (!was_there[j]) {
            model_event(model, MODEL_NOTE, clock_wall_ns(), "capture", "session %u ended",
                        before[j]);
        }
    }
    news->has_sessions = true;
}
