/* SPDX-License-Identifier: Apache-2.0 */
/* What a session asks for, what the configuration lets observers see, and what comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/privacy/privacy_policy.h"

#define KEY "000102030405060708090a0b0c0d0e0fA0A1A2A3A4A5A6A7A8A9AAABACADAEAF"

static struct privacy_options options;
static bool has_key;
static struct xsw_error error;
static uint8_t daemon_key[PSEUDONYM_KEY_SIZE];

static enum xsw_status params_read(const char *text)
{
    struct config_reader reader;
    json_t *params = json_loads(text, 0, NULL);
    assert_non_null(params);
    struct config_node node = config_node_root(&reader, "params", params, &error);
    privacy_options_read(&node, &options, &has_key);
    json_decref(params);
    return reader.status;
}

static enum xsw_status settle(const struct observers_config *observers, bool may_manage)
{
    memset(daemon_key, 0xd0, sizeof(daemon_key));
    return privacy_options_settle(&options, has_key, false, observers, may_manage, daemon_key,
                                  &error);
}

static void options_are_read(void **state)
{
    (void)state;
    assert_int_equal(params_read("{}"), XSW_OK);
    assert_false(privacy_is_wanted(&options) || has_key);
    assert_int_equal(params_read("{\"privacy\":{\"headers_only\":true,\"mask_payload\":false}}"),
                     XSW_OK);
    assert_true(options.headers_only && !options.mask_payload && !options.pseudonyms);
    assert_int_equal(params_read("{\"privacy\":{\"pseudonyms\":true,\"key\":\"" KEY "\"}}"),
                     XSW_OK);
    assert_true(options.pseudonyms && has_key);
    for (unsigned i = 0; i < PSEUDONYM_KEY_SIZE; i++) {
        assert_int_equal(options.key[i], i < 16 ? i : 0xa0 + i - 16);
    }
}

static void a_key_that_is_none_is_refused_and_not_told(void **state)
{
    static const char *const bad[] = {
        "{\"privacy\":{\"pseudonyms\":true,\"key\":\"beefbeef\"}}",
        "{\"privacy\":{\"pseudonyms\":true,\"key\":\"beef" KEY "\"}}",
        "{\"privacy\":{\"pseudonyms\":true,\"key\":\"beefx"
        "02030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaabacadae0\"}}",
        "{\"privacy\":{\"key\":\"" KEY "\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(params_read(bad[i]), XSW_INVALID);
        assert_non_null(strstr(error.text, "params.privacy.key"));
        assert_null(strstr(error.text, "beef"));
        assert_null(strstr(error.text, "000102"));
    }
    assert_int_equal(params_read("{\"privacy\":{\"headers\":true}}"), XSW_INVALID);
    assert_int_equal(params_read("{\"privacy\":true}"), XSW_INVALID);
}

static void observers_get_at_least_what_the_configuration_says(void **state)
{
    (void)state;
    for (unsigned asked = 0; asked < 8; asked++) {
        for (unsigned least = 0; least < 16; least++) {
            const struct observers_config observers = {.headers_only = least & 1,
                                                       .mask_payload = least >> 1 & 1,
                                                       .pseudonyms = least >> 2 & 1};
            bool may_manage = least >> 3;
            has_key = false;
            options = (struct privacy_options){.headers_only = asked & 1,
                                               .mask_payload = asked >> 1 & 1,
                                               .pseudonyms = asked >> 2 & 1};
            assert_int_equal(settle(&observers, may_manage), XSW_OK);
            unsigned got = (unsigned)(options.headers_only | options.mask_payload << 1 |
                                      options.pseudonyms << 2);
            assert_int_equal(got, may_manage ? asked : asked | (least & 7));
            if (options.pseudonyms) {
                assert_memory_equal(options.key, daemon_key, sizeof(daemon_key));
            }
        }
    }
}

static void a_key_of_an_observers_own_is_refused_where_pseudonyms_are_forced(void **state)
{
    const struct observers_config forced = {.pseudonyms = true};
    const struct observers_config free_choice = {.headers_only = true};
    uint8_t own[PSEUDONYM_KEY_SIZE];
    (void)state;
    assert_int_equal(params_read("{\"privacy\":{\"pseudonyms\":true,\"key\":\"" KEY "\"}}"),
                     XSW_OK);
    memcpy(own, options.key, sizeof(own));
    assert_int_equal(settle(&forced, false), XSW_DENIED);
    assert_non_null(strstr(error.text, "leave the key out"));
    assert_int_equal(settle(&forced, true), XSW_OK);
    assert_memory_equal(options.key, own, sizeof(own));
    assert_int_equal(settle(&free_choice, false), XSW_OK);
    assert_memory_equal(options.key, own, sizeof(own));
    assert_true(options.headers_only);
}

static void filters_are_refused_where_observers_may_give_none(void **state)
{
    const struct observers_config observers = {.no_filters = true};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool has_filter = i & 1;
        bool may_manage = i >> 1;
        options = (struct privacy_options){0};
        enum xsw_status status = privacy_options_settle(&options, false, has_filter, &observers,
                                                        may_manage, daemon_key, &error);
        assert_int_equal(status, has_filter && !may_manage ? XSW_DENIED : XSW_OK);
    }
}

static void what_is_in_force_is_told_without_the_key(void **state)
{
    (void)state;
    assert_int_equal(params_read("{\"privacy\":{\"pseudonyms\":true,\"key\":\"" KEY "\"}}"),
                     XSW_OK);
    json_t *told = privacy_options_json(&options);
    assert_int_equal(json_object_size(told), 3);
    assert_true(json_is_true(json_object_get(told, "pseudonyms")));
    assert_true(json_is_false(json_object_get(told, "headers_only")));
    assert_true(json_is_false(json_object_get(told, "mask_payload")));
    json_decref(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(a_key_that_is_none_is_refused_and_not_told),
        cmocka_unit_test(observers_get_at_least_what_the_configuration_says),
        cmocka_unit_test(a_key_of_an_observers_own_is_refused_where_pseudonyms_are_forced),
        cmocka_unit_test(filters_are_refused_where_observers_may_give_none),
        cmocka_unit_test(what_is_in_force_is_told_without_the_key),
    };
    return cmocka_run_group_tests_name("privacy_policy", tests, NULL, NULL);
}
