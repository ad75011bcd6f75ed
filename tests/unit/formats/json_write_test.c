/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct json_writer *json, struct text *text, const char *wanted)
{
    struct xsw_error error;
    assert_int_equal(json_finish(json, &error), XSW_OK);
    assert_string_equal(text_string(text), wanted);
    text_fini(text);
}

static void nested_values_stand_in_order(void **state)
{
    (void)state;
    struct text text = {0};
    struct json_writer json;
    json_init_text(&json, &text);
    json_object_open(&json, NULL);
    json_u64(&json, "a", UINT64_MAX);
    json_array_open(&json, "b");
    json_i64(&json, NULL, INT64_MIN);
    json_object_open(&json, NULL);
    json_object_close(&json);
    json_array_open(&json, NULL);
    json_array_close(&json);
    json_bool(&json, NULL, true);
    json_bool(&json, NULL, false);
    json_none(&json, NULL);
    json_array_close(&json);
    json_double(&json, "c", 0.5);
    json_hex(&json, "d", "\x00\xff\x1a", 3);
    json_raw(&json, "e", "{\"x\":1}", 7);
    json_text(&json, "f", NULL);
    json_object_close(&json);
    expect(&json, &text,
           "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,{},[],true,false,null],"
           "\"c\":0.5,\"d\":\"00ff1a\",\"e\":{\"x\":1},\"f\":null}");
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    struct text text = {0};
    struct json_writer json;
    json_init_text(&json, &text);
    json_text_bytes(&json, NULL, "\"\\/\b\f\n\r\t\0\x1f\x7fz", 12);
    expect(&json, &text, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007fz\"");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    static const struct {
        const char *given;
        const char *wanted;
    } cases[] = {
        {"\xc3\xa4", "\"\xc3\xa4\""},                 /* valid: two bytes */
        {"\xe2\x82\xac", "\"\xe2\x82\xac\""},         /* three */
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""}, /* four */
        {"\x80", "\"\xef\xbf\xbd\""},                 /* continuation alone */
        {"a\xc3", "\"a\xef\xbf\xbd\""},               /* cut */
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong */
        {"\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text text = {0};
        struct json_writer json;
        json_init_text(&json, &text);
        json_text(&json, NULL, cases[i].given);
        expect(&json, &text, cases[i].wanted);
    }
}

static void numbers_that_json_has_not_become_null(void **state)
{
    (void)state;
    struct text text = {0};
    struct json_writer json;
    json_init_text(&json, &text);
    json_array_open(&json, NULL);
    json_double(&json, NULL, NAN);
    json_double(&json, NULL, INFINITY);
    json_double(&json, NULL, -1e300);
    json_array_close(&json);
    expect(&json, &text, "[null,null,-1e+300]");
}

static void indented_stream_has_a_line_a_member(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    struct json_writer json;
    struct xsw_error error;
    json_init_stream(&json, stream, 2);
    json_object_open(&json, NULL);
    json_array_open(&json, "a");
    json_u64(&json, NULL, 1);
    json_u64(&json, NULL, 2);
    json_array_close(&json);
    json_array_open(&json, "b");
    json_array_close(&json);
    json_object_close(&json);
    assert_int_equal(json_finish(&json, &error), XSW_OK);
    fclose(stream);
    assert_string_equal(bytes, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
    free(bytes);
}

static void full_disk_is_told_at_the_end(void **state)
{
    (void)state;
    FILE *stream = fopen("/dev/full", "w");
    assert_non_null(stream);
    struct json_writer json;
    struct xsw_error error;
    json_init_stream(&json, stream, 0);
    json_text(&json, NULL, "lost");
    assert_int_equal(json_finish(&json, &error), XSW_IO);
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_values_stand_in_order),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(numbers_that_json_has_not_become_null),
        cmocka_unit_test(indented_stream_has_a_line_a_member),
        cmocka_unit_test(full_disk_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
