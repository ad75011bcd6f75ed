/* SPDX-License-Identifier: Apache-2.0 */
/* The control path, one call at a time: what is asked and told in the life of a port, what another
 * one refuses after this one has accepted, and what nobody has heard of yet. */
#include <stdio.h>
#include <string.h>

#include "certify/hooks.h"
#include "certify/model.h"
#include "certify/trial.h"

enum {
    TRIES = 64,            /* answers of XSW_AGAIN before it is a storm */
    ROLL_BACKS = 16,       /* the same operation refused by another, again and again */
    ENUMERATIONS_MAX = 16, /* calls in init on a switch that is not active */
    ROUNDS = 12,
    SECONDS = 5, /* that an extension has to let go */
    FIELDS = EXTENSION_FIELDS_MAX,
    NEW_PORT = MODEL_PORTS
};

/* A property with its fields at their defaults. */
struct sample {
    struct xsw_property property;
    struct xsw_setting values[FIELDS];
    const char *texts[FIELDS];
};

static const struct xsw_setting_info vlan_fields[] = {
    {"access", XSW_SETTING_NUMBER, 1, 4094, 1, NULL, "the VLAN of the port"},
};

static void sample_fill(struct sample *sample, const char *name, uint32_t own,
                        const struct xsw_setting_info *fields, size_t count)
{
    memset(sample, 0, sizeof(*sample));
    for (size_t i = 0; i < count && i < FIELDS; i++) {
        sample->texts[i] = fields[i].default_text != NULL ? fields[i].default_text : "";
        sample->values[i] = (struct xsw_setting){
            .number = fields[i].default_number,
            .texts = &sample->texts[i],
            .text_count = fields[i].type == XSW_SETTING_TEXT ? 1 : 0,
        };
    }
    sample->property = (struct xsw_property){.size = sizeof(sample->property),
                                             .feature = name,
                                             .own = own,
                                             .id = 1,
                                             .value_count = (uint32_t)count,
                                             .fields = fields,
                                             .values = sample->values};
}

/* The feature of this number, or, behind the last one, a built-in policy. */
static bool sample_make(const struct model *model, uint32_t number, struct sample *sample,
                        char name[80], uint32_t *scope)
{
    const struct xsw_extension *seen = model->seen;
    size_t count = XSW_HAS(seen, struct xsw_extension, feature_count) ? seen->feature_count : 0;
    if (number < count) {
        const struct xsw_feature_info *feature = &seen->features[number];
        snprintf(name, 80, "trial.%s", feature->name);
        sample_fill(sample, name, number, feature->fields, feature->field_count);
        sample->property.id = feature->is_list ? 1 : 0;
        *scope = feature->scope;
    } else if (number == count) {
        snprintf(name, 80, "vlan");
        sample_fill(sample, name, UINT32_MAX, vlan_fields, 1);
        sample->property.id = 0;
        *scope = XSW_SCOPE_PORT;
    }
    return number <= count;
}

/* Asks until the answer is final. */
static enum xsw_status ask_finally(struct model_instance *instance, const struct xsw_change *change,
                                   enum xsw_status outcome)
{
    enum xsw_status status = XSW_AGAIN;
    for (int i = 0; i < TRIES && status == XSW_AGAIN; i++) {
        status = model_ask(instance, change, outcome);
    }
    if (status == XSW_AGAIN) {
        findings_add(instance->model->trial->findings, RULE_RETRY_STORM,
                     "ask about operation %u on port %u: answered XSW_AGAIN %d times",
                     change->operation, change->port, TRIES);
    }
    return status;
}

/* A function that makes one vetoable change of many. */
typedef enum xsw_status change_do(struct model_instance *instance, const struct xsw_change *change,
                                  enum xsw_status outcome);

static void properties_do(struct model_instance *instance, change_do *make, enum xsw_status outcome)
{
    static const enum xsw_operation of_port[] = {XSW_OP_PORT_PROPERTY_ADD,
                                                 XSW_OP_PORT_PROPERTY_UPDATE};
    static const enum xsw_operation of_switch[] = {
        XSW_OP_SWITCH_PROPERTY_ADD, XSW_OP_SWITCH_PROPERTY_UPDATE, XSW_OP_SWITCH_PROPERTY_DELETE};
    struct sample sample;
    char name[80];
    uint32_t scope;
    for (uint32_t i = 0; sample_make(instance->model, i, &sample, name, &scope); i++) {
        bool is_port = scope == XSW_SCOPE_PORT;
        for (int n = 0; n < (is_port ? 2 : 3); n++) {
            struct xsw_change change =
                model_change(instance->model, is_port ? of_port[n] : of_switch[n],
                             is_port ? 1 : XSW_PORT_NONE, &sample.property);
            if (make(instance, &change, outcome) != XSW_OK && outcome == XSW_OK) {
                break;
            }
        }
        if (is_port && outcome == XSW_OK) {
            struct xsw_change change =
                model_change(instance->model, XSW_OP_PORT_PROPERTY_DELETE, 1, &sample.property);
            model_tell(instance, &change);
        }
    }
}

/* Roll-back ------------------------------------------------------------------------------------ */

/* What must be as before when somebody below has refused. */
struct condition {
    uint32_t references;
    uint64_t blocks;
};

static struct condition condition_of(const struct model_instance *instance)
{
    return (struct condition){spy_references(instance->spied->spy), hooks_blocks().count};
}

static enum xsw_status roll_back_check(struct model_instance *instance,
                                       const struct xsw_change *change, enum xsw_status outcome)
{
    struct findings *findings = instance->model->trial->findings;
    enum xsw_status status = ask_finally(instance, change, outcome);
    struct condition before = condition_of(instance);
    for (int i = 0; i < ROLL_BACKS && status == XSW_OK; i++) {
        status = ask_finally(instance, change, outcome);
    }
    struct condition after = condition_of(instance);
    if (after.references > before.references) {
        findings_add(findings, RULE_ROLL_BACK,
                     "operation %u on port %u, accepted and then refused below %d times: %u more "
                     "references are held",
                     change->operation, change->port, ROLL_BACKS,
                     after.references - before.references);
    }
    if (after.blocks >= before.blocks + ROLL_BACKS) {
        char origin[100];
        hooks_blocks_origin(origin, sizeof(origin));
        findings_add(findings, RULE_ROLL_BACK,
                     "operation %u on port %u, accepted and then refused below %d times: %llu more "
                     "blocks of memory, one from %s",
                     change->operation, change->port, ROLL_BACKS,
                     (unsigned long long)(after.blocks - before.blocks), origin);
    }
    return status;
}

static void vetoed_do(struct model_instance *instance, change_do *make)
{
    struct model *model = instance->model;
    model->ports[NEW_PORT].state = XSW_STATE_NOT_CREATED;
    struct xsw_change change = model_change(model, XSW_OP_PORT_CREATE, NEW_PORT, NULL);
    (void)make(instance, &change, XSW_DENIED);
    model->ports[NEW_PORT].state = XSW_STATE_PORT_CREATED;
    change = model_change(model, XSW_OP_NIC_CREATE, NEW_PORT, NULL);
    (void)make(instance, &change, XSW_DENIED);
    model->ports[NEW_PORT].state = XSW_STATE_NOT_CREATED;
    properties_do(instance, make, XSW_DENIED);
}

/* What an instance decides about the traffic of the seed, with or without operations before it that
 * did not happen. */
static bool decisions_make(struct model *model, bool has_vetoes, uint64_t *digest)
{
    struct model_instance instance;
    struct traffic traffic = {.random = model->trial->options->seed};
    struct xsw_error error;
    model->now_ns = UINT64_C(1000000000000);
    model->next_id = 0;
    model->is_active = true;
    if (model_start(model, &instance, &error) != XSW_OK) {
        findings_problem(model->trial->findings, "init: %s", error.text);
        return false;
    }
    if (has_vetoes) {
        vetoed_do(&instance, roll_back_check);
    }
    model_traffic(&instance, &traffic, ROUNDS);
    *digest = instance.spied->digest;
    model_stop(&instance);
    return true;
}

static void roll_back_trial(struct model *model)
{
    struct findings *findings = model->trial->findings;
    uint64_t untouched = 0;
    uint64_t vetoed = 0;
    if (decisions_make(model, false, &untouched) && decisions_make(model, true, &vetoed) &&
        untouched != vetoed && !findings_any(findings)) {
        findings_add(findings, RULE_ROLL_BACK,
                     "after operations that it accepted and another refused, the same traffic: "
                     "expected the same verdicts as without them, found other ones");
    }
}

/* A whole life -----------------------------------------------------------------------------------
 */

/* Time for what an extension does later. */
static void time_pass(struct model_instance *instance)
{
    struct model *model = instance->model;
    const struct xsw_control_ops *ops = model_control(model);
    for (int i = 0; i < SECONDS; i++) {
        model->now_ns += UINT64_C(1000000000);
        if (model->seen->tick != NULL) {
            model->seen->tick(instance->state, 0, model->now_ns);
        }
        if (ops->second != NULL) {
            ops->second(instance->state, model->now_ns);
        }
    }
}

static void references_check(struct model_instance *instance, bool is_nic)
{
    struct model_port *port = &instance->model->ports[NEW_PORT];
    uint32_t count = is_nic ? port->nic_references : port->port_references;
    if (count > 0) {
        findings_add(instance->model->trial->findings, RULE_REFERENCES,
                     "port %u: it was told of the %s and still has %u references to the %s",
                     NEW_PORT, is_nic ? "disconnection of the NIC" : "teardown", count,
                     is_nic ? "NIC" : "port");
    }
}

static void port_live(struct model_instance *instance)
{
    struct model *model = instance->model;
    model->ports[NEW_PORT].state = XSW_STATE_NOT_CREATED;
    struct xsw_change change = model_change(model, XSW_OP_PORT_CREATE, NEW_PORT, NULL);
    if (ask_finally(instance, &change, XSW_OK) != XSW_OK) {
        return;
    }
    change = model_change(model, XSW_OP_NIC_CREATE, NEW_PORT, NULL);
    if (ask_finally(instance, &change, XSW_OK) == XSW_OK) {
        change = model_change(model, XSW_OP_NIC_CONNECT, NEW_PORT, NULL);
        model_tell(instance, &change);
        model_traffic(instance, &model->trial->traffic, 4);
        change = model_change(model, XSW_OP_NIC_UPDATED, NEW_PORT, NULL);
        model_tell(instance, &change);
        change = model_change(model, XSW_OP_NIC_DISCONNECT, NEW_PORT, NULL);
        model_tell(instance, &change);
        time_pass(instance);
        references_check(instance, true);
        change = model_change(model, XSW_OP_NIC_DELETE, NEW_PORT, NULL);
        model_tell(instance, &change);
    }
    change = model_change(model, XSW_OP_PORT_TEARDOWN, NEW_PORT, NULL);
    model_tell(instance, &change);
    time_pass(instance);
    references_check(instance, false);
    change = model_change(model, XSW_OP_PORT_DELETE, NEW_PORT, NULL);
    model_tell(instance, &change);
}

/* The trials ---------------------------------------------------------------------------------- */

static bool has_control(const struct model *model)
{
    const struct xsw_control_ops *ops = model_control(model);
    return ops->ask != NULL || ops->done != NULL || ops->told != NULL;
}

/* It comes to a switch that is not active yet, and is told when that changes. */
static bool inactive_start(struct model *model, struct model_instance *instance)
{
    struct findings *findings = model->trial->findings;
    struct xsw_error error = {.text = ""};
    model->is_active = false;
    enum xsw_status status = model_start(model, instance, &error);
    if (status != XSW_OK) {
        findings_add(findings, RULE_ENUMERATION,
                     "init on a switch that is not active: expected XSW_OK, found %d: %s",
                     (int)status, error.text);
        return false;
    }
    if (instance->spied->enumerations > ENUMERATIONS_MAX) {
        findings_add(findings, RULE_ENUMERATION,
                     "init on a switch that is not active asked for ports or properties %llu "
                     "times: expected it to wait for SWITCH_ACTIVATE",
                     (unsigned long long)instance->spied->enumerations);
    }
    model->is_active = true;
    struct xsw_change change = model_change(model, XSW_OP_SWITCH_ACTIVATE, 0, NULL);
    model_tell(instance, &change);
    return true;
}

static void skip_all(struct findings *findings)
{
    static const enum certify_rule rules[] = {RULE_ANSWERS, RULE_REFUSAL_TEXT, RULE_RETRY_STORM,
                                              RULE_ROLL_BACK};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        findings_skip(findings, rules[i], "it has no operation ask");
    }
}

void trial_control(struct trial *trial)
{
    struct model model;
    struct model_instance instance;
    if (!model_open(&model, trial)) {
        return;
    }
    if (inactive_start(&model, &instance)) {
        port_live(&instance);
        properties_do(&instance, ask_finally, XSW_OK);
        model_stop(&instance);
    }
    if (model_control(&model)->ask == NULL) {
        skip_all(trial->findings);
    } else if (!findings_any(trial->findings)) {
        roll_back_trial(&model);
    }
    model_close(&model);
}

void trial_told_any(struct trial *trial)
{
    static const uint32_t operations[] = {0, 19, 99, UINT32_MAX};
    struct model model;
    struct model_instance instance;
    struct xsw_error error;
    if (!model_open(&model, trial)) {
        return;
    }
    if (!has_control(&model)) {
        findings_skip(trial->findings, RULE_TOLD_ANY, "it has no control operations");
    } else if (model_start(&model, &instance, &error) != XSW_OK) {
        findings_problem(trial->findings, "init: %s", error.text);
    } else {
        struct sample sample;
        sample_fill(&sample, "from-the-future", UINT32_MAX, NULL, 0);
        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
            for (uint16_t port = 0; port <= 1; port++) {
                struct xsw_change change = model_change(&model, XSW_OP_PORT_PROPERTY_DELETE, port,
                                                        i % 2 ? &sample.property : NULL);
                change.operation = operations[i];
                model_tell(&instance, &change);
                change.operation = XSW_OP_PORT_PROPERTY_DELETE;
                change.property = &sample.property;
                model_tell(&instance, &change);
            }
        }
        model_traffic(&instance, &trial->traffic, 2);
        model_stop(&instance);
    }
    model_close(&model);
}
