/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of every age, and what is wrong with some: nothing is believed before it was checked,
 * and what an extension is too old to know counts as absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "switch/extension/extension_host.h"

static struct extension_instance instance;
static struct xsw_extension extension;
static struct xsw_control_ops control;
static struct xsw_error error;

static const struct xsw_setting_info fields[] = {
    {.name = "level", .type = XSW_SETTING_NUMBER, .maximum = 7, .default_number = 3}};

static void tick(void *state, uint32_t worker, uint64_t now_ns)
{
    (void)state;
    (void)worker;
    (void)now_ns;
}

static enum xsw_status ask(void *state, const struct xsw_change *change, struct xsw_error *refusal)
{
    (void)state;
    (void)change;
    (void)refusal;
    return XSW_OK;
}

static enum xsw_status status_tell(void *state, uint32_t feature, uint16_t port,
                                   struct xsw_status_value *values, struct xsw_error *told)
{
    (void)state;
    (void)feature;
    (void)port;
    (void)values;
    (void)told;
    return XSW_OK;
}

static enum xsw_status save(void *state, uint16_t port, struct xsw_record *record)
{
    (void)state;
    (void)port;
    (void)record;
    return XSW_END;
}

static int setup(void **state)
{
    (void)state;
    memset(&instance, 0, sizeof(instance));
    extension = (struct xsw_extension){
        .abi = XSW_EXTENSION_ABI, .size = sizeof(extension), .kind = XSW_EXTENSION_FILTER};
    control = (struct xsw_control_ops){.size = sizeof(control)};
    instance.extension = &extension;
    return 0;
}

static void accepted(void)
{
    if (extension_check_options(&instance, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void refused(const char *text)
{
    assert_int_equal(extension_check_options(&instance, &error), XSW_CORRUPT);
    if (strstr(error.text, text) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", text, error.text);
    }
}

static void what_a_descriptor_is_too_old_for_is_absent(void **state)
{
    (void)state;
    extension.tick = tick;
    extension.tick_ns = 1; /* would be refused */
    extension.enforces = 0xff;
    extension.size = offsetof(struct xsw_extension, tick_ns);
    accepted();
    assert_null(instance.tick);
    assert_int_equal(instance.enforces, 0);
    assert_int_equal(instance.feature_count, 0);
}

static void operations_of_a_shorter_table_are_null_behind_its_end(void **state)
{
    (void)state;
    control.ask = ask;
    control.save = save;
    control.size = offsetof(struct xsw_control_ops, told);
    extension.control = &control;
    accepted();
    assert_non_null(instance.control.ask);
    assert_null(instance.control.save);
    assert_null(instance.control.second);
    control.size = 3;
    refused("of a size that cannot be");
}

static void flags_are_known_and_fit_the_class(void **state)
{
    (void)state;
    extension.flags = 0x100;
    refused("flags that this xsw does not know");
    extension.flags = XSW_EXTENSION_DROPS_HELD;
    refused("DROPS_HELD without HOLDS");
    extension.flags = XSW_EXTENSION_HOLDS;
    accepted();
    extension.kind = XSW_EXTENSION_CAPTURE;
    refused("may not hold");
}

static void a_tick_has_a_function_and_a_time(void **state)
{
    (void)state;
    extension.tick = tick;
    refused("without the other");
    extension.tick_ns = XSW_TICK_MINIMUM_NS - 1;
    refused("below 100,000");
    extension.tick_ns = XSW_TICK_MINIMUM_NS;
    accepted();
    assert_ptr_equal(instance.tick, tick);
}

static void only_a_forwarder_enforces(void **state)
{
    (void)state;
    extension.enforces = XSW_POLICY_VLAN;
    refused("forwarders only");
    extension.kind = XSW_EXTENSION_FORWARD;
    accepted();
    assert_int_equal(instance.enforces, XSW_POLICY_VLAN);
    extension.enforces = 0x80;
    refused("does not know");
}

static void a_capture_extension_is_not_asked(void **state)
{
    (void)state;
    control.ask = ask;
    extension.control = &control;
    extension.kind = XSW_EXTENSION_CAPTURE;
    refused("may refuse nothing");
}

static void who_saves_also_restores(void **state)
{
    (void)state;
    control.save = save;
    extension.control = &control;
    refused("one of the operations save and restore");
}

/* A struct of a host to come: ours, and something behind it. */
struct future_feature {
    struct xsw_feature_info known;
    void *unknown;
};

static void features_of_a_later_header_are_gone_through_by_their_size(void **state)
{
    (void)state;
    struct future_feature later[2];
    memset(later, 0xff, sizeof(later));
    for (int i = 0; i < 2; i++) {
        later[i].known = (struct xsw_feature_info){.size = sizeof(later[0]),
                                                   .name = i == 0 ? "one" : "two",
                                                   .help = "",
                                                   .scope = XSW_SCOPE_PORT,
                                                   .fields = fields,
                                                   .field_count = 1};
    }
    extension.features = &later[0].known;
    extension.feature_count = 2;
    accepted();
    assert_int_equal(instance.feature_count, 2);
    assert_string_equal(instance.features[1].name, "two");
    later[1].known.size = sizeof(struct xsw_feature_info);
    refused("different sizes");
    later[0].known.size = 8;
    refused("size that cannot be");
}

static void each_fault_of_a_feature_is_named(void **state)
{
    (void)state;
    static const struct xsw_setting_info out_of_range[] = {
        {.name = "x", .type = XSW_SETTING_NUMBER, .minimum = 5, .maximum = 7}};
    static const struct xsw_setting_info twice[] = {{.name = "x", .type = XSW_SETTING_TEXT},
                                                    {.name = "x", .type = XSW_SETTING_TEXT}};
    static const struct xsw_setting_info no_type[] = {{.name = "x"}};
    static const struct xsw_setting_info list[] = {{.name = "x", .type = XSW_SETTING_TEXT_LIST}};
    const struct xsw_feature_info good = {.size = sizeof(good),
                                          .name = "good",
                                          .help = "",
                                          .scope = XSW_SCOPE_SWITCH,
                                          .fields = fields,
                                          .field_count = 1};
    struct xsw_feature_info one = good;
    extension.features = &one;
    extension.feature_count = 1;
    accepted();
    one.name = "Bad Name";
    refused("without a name");
    one = good;
    one.scope = 3;
    refused("scope");
    one = good;
    one.fields = out_of_range;
    refused("not in its range");
    one.fields = twice;
    one.field_count = 2;
    refused("there twice");
    one.fields = no_type;
    one.field_count = 1;
    refused("of a type that cannot be there");
    one = good;
    one.field_count = 33;
    refused("more than 32 fields");
    one = good;
    one.field_count = 0;
    refused("without fields and without status");
    one.status_fields = fields;
    one.status_count = 1;
    refused("no operation status");
    control.status = status_tell;
    extension.control = &control;
    accepted();
    one.status_fields = list;
    refused("of a type that cannot be there");
    extension.feature_count = 17;
    refused("more than 16 features");
}

#define CLAIM(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_a_descriptor_is_too_old_for_is_absent),
        CLAIM(operations_of_a_shorter_table_are_null_behind_its_end),
        CLAIM(flags_are_known_and_fit_the_class),
        CLAIM(a_tick_has_a_function_and_a_time),
        CLAIM(only_a_forwarder_enforces),
        CLAIM(a_capture_extension_is_not_asked),
        CLAIM(who_saves_also_restores),
        CLAIM(features_of_a_later_header_are_gone_through_by_their_size),
        CLAIM(each_fault_of_a_feature_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
