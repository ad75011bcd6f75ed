/* SPDX-License-Identifier: Apache-2.0 */
/* What the host refuses to load, and what it says then. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/switch_rig.h"

static struct rig rig;
static char folder[64];
static char file[96];

static void copy_to(const char *from, const char *to)
{
    static char bytes[4 << 20];
    FILE *source = fopen(from, "rb");
    FILE *target = fopen(to, "wb");
    assert_non_null(source);
    assert_non_null(target);
    size_t length = fread(bytes, 1, sizeof(bytes), source);
    assert_int_equal(fwrite(bytes, 1, length, target), length);
    fclose(source);
    fclose(target);
    assert_int_equal(chmod(to, 0755), 0);
}

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    snprintf(folder, sizeof(folder), "/tmp/xsw-load-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/vanish.so", folder);
    copy_to(EXTENSION_DIR "/test/vanish.so", file);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    unlink(file);
    rmdir(folder);
    return 0;
}

/* The extension is refused, and the error has all of these words. */
static void refused(const char *path, const char *setting, const char *value,
                    enum xsw_status status, const char *const *words)
{
    struct xsw_error error = {.text = ""};
    enum xsw_status got = rig_extension(&rig, path, "", setting, value, &error);
    assert_int_equal(got, status);
    assert_int_equal(error.status, status);
    for (; *words != NULL; words++) {
        if (strstr(error.text, *words) == NULL) {
            fail_msg("\"%s\" is not in: %s", *words, error.text);
        }
    }
    assert_int_equal(vswitch_extensions(rig.vswitch, NULL, 0), 0);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_good_one_in_a_good_place_is_loaded(void **state)
{
    (void)state;
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, file, "", NULL, NULL, &error), XSW_OK);
    struct extension_info info;
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.name, "vanish");
    assert_string_equal(info.kind, "filter");
    assert_string_equal(info.path, file);
    struct setting_info setting;
    assert_int_equal(vswitch_extension_setting(rig.vswitch, "vanish", 0, &setting), XSW_OK);
    assert_string_equal(setting.name, "every");
    assert_string_equal(setting.texts[0], "2");
    assert_int_equal(vswitch_extension_setting(rig.vswitch, "vanish", 1, &setting), XSW_END);
}

static void another_abi_is_named_with_ours(void **state)
{
    (void)state;
    refused(EXTENSION_DIR "/test/wrongabi.so", NULL, NULL, XSW_UNSUPPORTED,
            WORDS("wrongabi.so", "ABI 2", "ABI 1"));
}

static void an_object_without_the_symbol_is_no_extension(void **state)
{
    (void)state;
    refused(EXTENSION_DIR "/test/nosymbol.so", NULL, NULL, XSW_CORRUPT,
            WORDS("nosymbol.so", "xsw_extension_v1"));
}

static void a_file_that_everybody_may_write_to_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(file, 0757), 0);
    refused(file, NULL, NULL, XSW_DENIED, WORDS(file, "everybody may write", "chmod o-w"));
}

static void a_folder_that_everybody_may_write_to_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0777), 0);
    refused(file, NULL, NULL, XSW_DENIED, WORDS(folder, "everybody may write"));
}

static void a_relative_path_is_refused(void **state)
{
    (void)state;
    refused("./vanish.so", NULL, NULL, XSW_INVALID, WORDS("./vanish.so", "absolute path"));
    refused("../x/vanish.so", NULL, NULL, XSW_INVALID, WORDS("absolute path"));
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    refused("/nowhere/at-all.so", NULL, NULL, XSW_IO,
            WORDS("/nowhere/at-all.so", "No such file or directory"));
}

static void what_is_no_shared_object_is_refused(void **state)
{
    (void)state;
    FILE *text = fopen(file, "wb");
    assert_non_null(text);
    fputs("not an ELF file at all, but long enough to be looked at", text);
    fclose(text);
    refused(file, NULL, NULL, XSW_CORRUPT, WORDS(file));
    assert_int_equal(truncate(file, 0), 0);
    refused(file, NULL, NULL, XSW_CORRUPT, WORDS(file));
}

static void an_unknown_setting_is_named(void **state)
{
    (void)state;
    refused(file, "evry", "2", XSW_INVALID, WORDS("extension vanish", "settings.evry", "no such"));
}

static void a_number_must_be_one_in_its_range(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0", "4294967296", "", "two", "-1", "1x", "99999999999999999999999", "0x", " "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(file, "every", bad[i], XSW_INVALID,
                WORDS("settings.every", bad[i], "from 1 to 4294967295"));
    }
}

static void a_setting_without_a_default_must_be_given(void **state)
{
    (void)state;
    refused(EXTENSION_DIR "/test/outside.so", NULL, NULL, XSW_INVALID,
            WORDS("extension outside", "settings.how", "must be given"));
}

static void what_init_refuses_is_passed_on(void **state)
{
    (void)state;
    refused(EXTENSION_DIR "/flowfilter.so", "rules", "nonsense", XSW_INVALID,
            WORDS("extension flowfilter"));
}

static void a_name_is_used_once(void **state)
{
    (void)state;
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, file, "one", NULL, NULL, &error), XSW_OK);
    assert_int_equal(rig_extension(&rig, file, "one", NULL, NULL, &error), XSW_EXISTS);
    assert_non_null(strstr(error.text, "\"one\""));
    assert_int_equal(rig_extension(&rig, file, "two", NULL, NULL, &error), XSW_OK);
    assert_int_equal(rig_extension(&rig, file, "Two!", NULL, NULL, &error), XSW_INVALID);
    assert_int_equal(vswitch_extensions(rig.vswitch, NULL, 0), 2);
}

static void a_second_forwarder_is_refused(void **state)
{
    (void)state;
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, EXTENSION_DIR "/test/hub.so", "", NULL, NULL, &error),
                     XSW_OK);
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/test/silentforward.so", "", NULL, NULL, &error),
        XSW_BUSY);
    assert_non_null(strstr(error.text, "\"hub\""));
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "hub", &error), XSW_OK);
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/test/silentforward.so", "", NULL, NULL, &error),
        XSW_OK);
}

static void a_file_replaced_on_disk_does_not_change_what_runs(void **state)
{
    (void)state;
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, file, "one", NULL, NULL, &error), XSW_OK);
    unlink(file);
    copy_to(EXTENSION_DIR "/test/hub.so", file);
    struct extension_config config = {.name = "one"};
    assert_int_equal(vswitch_extension_set(rig.vswitch, &config, &error), XSW_OK);
    struct extension_info info;
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.kind, "filter");
    /* Removed and added again it is what lies there now. */
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "one", &error), XSW_OK);
    assert_int_equal(rig_extension(&rig, file, "one", NULL, NULL, &error), XSW_OK);
    assert_int_equal(vswitch_extensions(rig.vswitch, &info, 1), 1);
    assert_string_equal(info.kind, "forward");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_good_one_in_a_good_place_is_loaded),
        CLAIM(another_abi_is_named_with_ours),
        CLAIM(an_object_without_the_symbol_is_no_extension),
        CLAIM(a_file_that_everybody_may_write_to_is_refused),
        CLAIM(a_folder_that_everybody_may_write_to_is_refused),
        CLAIM(a_relative_path_is_refused),
        CLAIM(a_missing_file_is_named),
        CLAIM(what_is_no_shared_object_is_refused),
        CLAIM(an_unknown_setting_is_named),
        CLAIM(a_number_must_be_one_in_its_range),
        CLAIM(a_setting_without_a_default_must_be_given),
        CLAIM(what_init_refuses_is_passed_on),
        CLAIM(a_name_is_used_once),
        CLAIM(a_second_forwarder_is_refused),
        CLAIM(a_file_replaced_on_disk_does_not_change_what_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
