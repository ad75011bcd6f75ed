/* SPDX-License-Identifier: Apache-2.0 */
/* Order, enabling, disabling and upgrading of the extensions of a switch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/feature_rig.h"
#include "switch/state.h"

static struct rig rig;
static struct xsw_error error;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void must(enum xsw_status status)
{
    if (status != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void refused(enum xsw_status status, enum xsw_status expected, const char *text)
{
    assert_int_equal(status, expected);
    if (strstr(error.text, text) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", text, error.text);
    }
}

static void add(const char *file, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), EXTENSION_DIR "/%s.so", file);
    must(rig_extension(&rig, path, name, NULL, NULL, &error));
}

/* The names of all, top first. */
static void order_is(const char *expected)
{
    struct extension_info infos[CONFIG_EXTENSIONS_MAX];
    char names[512] = "";
    size_t count = vswitch_extensions(rig.vswitch, infos, CONFIG_EXTENSIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        strcat(names, i > 0 ? " " : "");
        strcat(names, infos[i].name);
    }
    assert_string_equal(names, expected);
}

/* The names of the stages in the order of the pipeline. */
static void pipeline_is(const char *expected)
{
    struct stage_info stages[STAGES_MAX];
    char names[1024] = "";
    size_t count = vswitch_stages(rig.vswitch, stages, STAGES_MAX);
    for (uint16_t order = 0; order < STAGES_MAX; order++) {
        for (size_t i = 0; i < count; i++) {
            if (stages[i].order == order && stages[i].id >= STAGE_EXTENSIONS_FIRST) {
                strcat(names, names[0] != '\0' ? " " : "");
                strcat(names, strchr(stages[i].name, '.') + 1);
            }
        }
    }
    assert_string_equal(names, expected);
}

static void the_list_goes_by_class_and_the_newest_is_on_top(void **state)
{
    (void)state;
    add("test/hub", "");
    add("test/notebook1", "n1");
    add("test/lookcount", "c1");
    add("test/notebook1", "n2");
    add("test/lookcount", "c2");
    order_is("c2 c1 n2 n1 hub");
    /* Notebooks take part on ingress alone; captures on both sides, in reverse on egress. */
    pipeline_is("c2 c1 n2 n1 c1 c2");
}

static void one_is_moved_within_its_class(void **state)
{
    (void)state;
    add("test/lookcount", "c");
    add("test/notebook1", "n1");
    add("test/notebook1", "n2");
    add("test/notebook1", "n3");
    must(vswitch_extension_move(rig.vswitch, "n1", EXTENSION_TOP, NULL, &error));
    order_is("c n1 n3 n2");
    must(vswitch_extension_move(rig.vswitch, "n1", EXTENSION_AFTER, "n3", &error));
    order_is("c n3 n1 n2");
    must(vswitch_extension_move(rig.vswitch, "n2", EXTENSION_BEFORE, "n3", &error));
    order_is("c n2 n3 n1");
    must(vswitch_extension_move(rig.vswitch, "n2", EXTENSION_BOTTOM, NULL, &error));
    order_is("c n3 n1 n2");
    must(vswitch_extension_move(rig.vswitch, "n2", EXTENSION_AFTER, "n1", &error));
    order_is("c n3 n1 n2");
    pipeline_is("c n3 n1 n2 c");
    refused(vswitch_extension_move(rig.vswitch, "n2", EXTENSION_AFTER, "c", &error), XSW_INVALID,
            "c is capture");
    refused(vswitch_extension_move(rig.vswitch, "n2", EXTENSION_AFTER, "n2", &error), XSW_INVALID,
            "itself");
    refused(vswitch_extension_move(rig.vswitch, "n9", EXTENSION_TOP, NULL, &error), XSW_NOT_FOUND,
            "n9");
    order_is("c n3 n1 n2");
}

static void a_disabled_one_keeps_its_place_and_sees_nothing(void **state)
{
    (void)state;
    struct frame frame;
    add("test/notebook1", "n1");
    add("test/notebook1", "n2");
    must(vswitch_extension_disable(rig.vswitch, "n1", &error));
    must(vswitch_extension_disable(rig.vswitch, "n1", &error));
    order_is("n2 n1");
    pipeline_is("n2");
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    assert_int_equal(feature_rig_status(&rig, "p1", "n2.page", "packets"), 1);
    must(vswitch_extension_enable(rig.vswitch, "n1", &error));
    order_is("n2 n1");
    pipeline_is("n2 n1");
    /* With a new state. */
    assert_int_equal(feature_rig_status(&rig, "p1", "n1.page", "packets"), 0);
    rig_send(&rig, 1, &frame);
    assert_int_equal(feature_rig_status(&rig, "p1", "n1.page", "packets"), 1);
    rig_expect_balance(&rig);
}

static void values_of_features_wait_for_a_disabled_one(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'one'}", &error));
    must(vswitch_extension_disable(rig.vswitch, "book", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'two'}", &error));
    must(vswitch_extension_enable(rig.vswitch, "book", &error));
    char *log = feature_rig_status_text(&rig, "p1", "book.page", "log");
    assert_string_equal(log, "+1(one,3,0) +2(two,3,0)");
    free(log);
}

static void one_forwarder_is_enabled_and_others_wait(void **state)
{
    (void)state;
    add("test/hub", "one");
    struct extension_config other = {.name = "two", .path = EXTENSION_DIR "/test/hub.so"};
    refused(vswitch_extension_add(rig.vswitch, &other, &error), XSW_BUSY, "\"one\"");
    other.is_disabled = true;
    must(vswitch_extension_add(rig.vswitch, &other, &error));
    refused(vswitch_extension_enable(rig.vswitch, "two", &error), XSW_BUSY, "\"one\"");
    must(vswitch_extension_disable(rig.vswitch, "one", &error));
    must(vswitch_extension_enable(rig.vswitch, "two", &error));
    refused(vswitch_extension_enable(rig.vswitch, "one", &error), XSW_BUSY, "\"two\"");
    assert_string_equal(rig.vswitch->stages[STAGE_FORWARD].extension, "two");
    must(vswitch_extension_disable(rig.vswitch, "two", &error));
    assert_string_equal(rig.vswitch->stages[STAGE_FORWARD].extension, "");
}

static void new_settings_do_not_change_who_it_is(void **state)
{
    (void)state;
    add("test/notebook1", "n1");
    add("test/notebook1", "n2");
    uint16_t self = rig.vswitch->extensions[1]->self;
    assert_int_equal(self, 1);
    assert_int_equal(rig.vswitch->extensions[0]->self, 2);
    struct extension_config config = {.name = "n1"};
    must(vswitch_extension_set(rig.vswitch, &config, &error));
    must(vswitch_extension_upgrade(rig.vswitch, "n1", NULL, &error));
    assert_int_equal(rig.vswitch->extensions[1]->self, self);
    assert_int_equal(rig.vswitch->extensions[1]->host.self, self);
    assert_string_equal(rig.vswitch->extensions[1]->host.instance, "n1");
    must(vswitch_extension_remove(rig.vswitch, "n1", &error));
    add("test/notebook1", "n1");
    assert_int_equal(rig.vswitch->extensions[0]->self, 3);
}

/* Upgrades ----------------------------------------------------------------------------------- */

static void an_upgrade_hands_over_settings_values_and_state(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "records=3 bytes=5000", &error));
    must(feature_rig_add(&rig, "p2", "book.note", 0, "{'text':'keep'}", &error));
    must(
        vswitch_extension_upgrade(rig.vswitch, "book", EXTENSION_DIR "/test/notebook2.so", &error));
    struct extension_info info;
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.version, "2");
    assert_non_null(strstr(info.path, "notebook2.so"));
    assert_int_equal(feature_rig_status(&rig, "p1", "book.page", "restored"), 3);
    assert_int_equal(feature_rig_status(&rig, "p2", "book.page", "restored"), 3);
    /* The field that is new has its default. */
    feature_rig_expect(&rig, "p2", "book.note",
                       "[{'feature':'book.note','id':1,'values':{'text':'keep','level':3,"
                       "'urgent':false,'tags':[],'colour':'red'}}]");
    char *log = feature_rig_status_text(&rig, "p2", "book.page", "log");
    assert_string_equal(log, "+1(keep,3,0) restored restored");
    free(log);
    /* The settings have gone along: it saves three records again. */
    must(vswitch_extension_upgrade(rig.vswitch, "book", NULL, &error));
    assert_int_equal(feature_rig_status(&rig, "p1", "book.page", "restored"), 3);
}

static void copy_to(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    size_t length;
    assert_non_null(in);
    assert_non_null(out);
    while ((length = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        assert_int_equal(fwrite(bytes, 1, length, out), length);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void a_file_written_over_is_another_version(void **state)
{
    (void)state;
    char folder[] = "/tmp/xsw-upgrade-XXXXXX";
    char path[64];
    struct frame frame;
    struct extension_info info;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/book.so", folder);
    copy_to(EXTENSION_DIR "/test/notebook1.so", path);
    must(rig_extension(&rig, path, "book", NULL, NULL, &error));
    /* In place: the same file, other bytes. What runs goes on running. */
    copy_to(EXTENSION_DIR "/test/notebook2.so", path);
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    must(vswitch_extension_upgrade(rig.vswitch, "book", NULL, &error));
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.version, "2");
    unlink(path);
    rmdir(folder);
}

static void a_failed_upgrade_leaves_the_old_one_running(void **state)
{
    (void)state;
    struct extension_info info;
    struct frame frame;
    must(feature_rig_notebook(&rig, "book", "records=1 trouble=restore", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'keep'}", &error));
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, 1, &frame);
    refused(
        vswitch_extension_upgrade(rig.vswitch, "book", EXTENSION_DIR "/test/notebook2.so", &error),
        XSW_CORRUPT, "the pages do not fit");
    refused(vswitch_extension_upgrade(rig.vswitch, "book", EXTENSION_DIR "/rewrite.so", &error),
            XSW_INVALID, "no such setting");
    refused(vswitch_extension_upgrade(rig.vswitch, "book", "/nonexistent.so", &error), XSW_IO,
            "/nonexistent.so");
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.version, "1");
    assert_int_equal(feature_rig_status(&rig, "p1", "book.page", "packets"), 1);
}

static void an_upgrade_stays_the_same_extension(void **state)
{
    (void)state;
    add("test/notebook1", "book");
    refused(vswitch_extension_upgrade(rig.vswitch, "book", EXTENSION_DIR "/rewrite.so", &error),
            XSW_INVALID, "expected another version of the filter extension notebook");
    refused(vswitch_extension_upgrade(rig.vswitch, "book", EXTENSION_DIR "/test/hub.so", &error),
            XSW_INVALID, "forward extension hub");
}

static void instances_on_two_switches_stay_apart(void **state)
{
    (void)state;
    struct rig other;
    struct frame frame;
    rig_init(&other, NULL);
    rig_port(&other, NULL);
    rig_port(&other, NULL);
    must(feature_rig_notebook(&rig, "book", "records=1", &error));
    must(feature_rig_notebook(&other, "book", "records=2", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'here'}", &error));
    feature_rig_expect(&other, "p1", "book.note", "[]");
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, 1, &frame);
    assert_int_equal(feature_rig_status(&rig, "p1", "book.page", "packets"), 1);
    assert_int_equal(feature_rig_status(&other, "p1", "book.page", "packets"), 0);
    must(vswitch_extension_disable(rig.vswitch, "book", &error));
    rig_send(&other, 1, &frame);
    assert_int_equal(feature_rig_status(&other, "p1", "book.page", "packets"), 1);
    rig_fini(&other);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_list_goes_by_class_and_the_newest_is_on_top),
        CLAIM(one_is_moved_within_its_class),
        CLAIM(a_disabled_one_keeps_its_place_and_sees_nothing),
        CLAIM(values_of_features_wait_for_a_disabled_one),
        CLAIM(one_forwarder_is_enabled_and_others_wait),
        CLAIM(new_settings_do_not_change_who_it_is),
        CLAIM(an_upgrade_hands_over_settings_values_and_state),
        CLAIM(a_file_written_over_is_another_version),
        CLAIM(a_failed_upgrade_leaves_the_old_one_running),
        CLAIM(an_upgrade_stays_the_same_extension),
        CLAIM(instances_on_two_switches_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
