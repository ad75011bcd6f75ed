/* SPDX-License-Identifier: Apache-2.0 */
/* What is told with an index is what is told without, and an index that does not fit is left out.
 */
#include "analyzer/index/index.h"

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

#include "support/recording.h"
#include "support/telling.h"

struct telling {
    char *text;
    bool was_loaded;
    uint64_t runs; /* that were read */
    char note[INDEX_NOTE_SIZE];
};

static struct telling tell(const char *path, bool has_index)
{
    struct analysis *analysis = NULL;
    struct telling telling = {0};
    assert_int_equal(analysis_create(2048, &analysis, NULL), XSW_OK);
    analysis_use_threads(analysis, has_index ? 2 : 0, 3000);
    if (has_index) {
        assert_true(analysis_use_index(analysis, true));
    }
    assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    telling.text = analysis_told(analysis);
    telling.runs = analysis->runs_merged + analysis->runs_read_again;
    if (has_index) {
        telling.was_loaded = analysis->index->was_loaded;
        memcpy(telling.note, analysis->index->note, sizeof(telling.note));
    }
    analysis_destroy(analysis);
    return telling;
}

/* Tells it without and with an index, and says whether there was one. */
static bool told_the_same(const char *path)
{
    struct telling without = tell(path, false);
    struct telling with = tell(path, true);
    assert_string_equal(with.text, without.text);
    free(without.text);
    free(with.text);
    return with.was_loaded;
}

static const char *index_path(const char *path)
{
    static char name[4200];
    snprintf(name, sizeof(name), "%s.xswi", path);
    return name;
}

static void trips_write(struct recording *recording, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct trip trip = {.id = i,
                            .from = PORT_ALICE,
                            .to = i % 3 == 0 ? PORT_CAROL : PORT_BOB,
                            .udp_destination = (uint16_t)(1000 + i % 50),
                            .without_last = i % 60 == 59};
        trip.dscp = i % 5 == 1 ? (uint8_t)(1 + i % 40) : 0;
        if (i % 11 == 4) {
            trip.drop_at = STAGE_INGRESS_POLICY;
            trip.reason = REASON_ACL_DENIED;
            trip.rule = (uint32_t)(i % 3);
        }
        recording_trip(recording, &trip);
    }
}

static const char *recording_make(const char *name, bool has_end)
{
    struct recording recording;
    static char paths[2][200]; /* the last two stay as they are */
    static unsigned made;
    char *path = paths[made++ % 2];
    snprintf(path, sizeof(paths[0]), "%s", recording_path(name));
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 600);
    if (has_end) {
        recording_end(&recording);
    } else {
        recording_end_torn(&recording);
    }
    unlink(index_path(path));
    return path;
}

static void the_second_question_is_answered_from_the_index(void **state)
{
    (void)state;
    const char *path = recording_make("index-whole.pcapng", true);
    assert_false(told_the_same(path));
    assert_int_equal(access(index_path(path), F_OK), 0);
    assert_true(told_the_same(path));
    struct telling telling = tell(path, true);
    assert_int_equal(telling.runs, 0);
    assert_string_equal(telling.note, "");
    free(telling.text);
}

static void every_fate_comes_back_from_the_index(void **state)
{
    (void)state;
    char path[200];
    snprintf(path, sizeof(path), "%s", recording_path("index-demo.pcapng"));
    recording_demo(path, 1);
    assert_false(told_the_same(path));
    assert_true(told_the_same(path));
}

/* The bytes of a file, which the caller frees. */
static unsigned char *file_bytes(const char *path, size_t *length)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    unsigned char *bytes = malloc((size_t)about.st_size + 1);
    *length = fread(bytes, 1, (size_t)about.st_size, file);
    fclose(file);
    return bytes;
}

static void file_write(const char *path, const unsigned char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void a_recording_that_grows_is_read_from_where_the_index_ends(void **state)
{
    (void)state;
    size_t length;
    const char *path = recording_make("index-grows.pcapng", true);
    unsigned char *bytes = file_bytes(path, &length);
    for (size_t part = 1; part <= 8; part++) {
        file_write(path, bytes, length * part / 8);
        assert_int_equal(told_the_same(path), part != 1);
    }
    free(bytes);
}

/* That there was a log of changes at the beginning comes back, too. */
static void the_changes_of_a_recording_that_grows_are_counted_all_the_same(void **state)
{
    (void)state;
    size_t length;
    char path[200];
    struct recording recording;
    snprintf(path, sizeof(path), "%s", recording_path("index-changes.pcapng"));
    recording_begin_text(&recording, path,
                         "{\"format\":1,\"host\":\"box\",\"switch\":{\"name\":\"demo\","
                         "\"id\":\"switch\"},\"clock\":{\"mono_ns\":1,\"wall_ns\":1},"
                         "\"capture\":{\"session\":1},\"changes\":[]}");
    trips_write(&recording, 1, 600);
    recording_end_text(&recording, "{\"format\":1,\"changes\":[{\"number\":7,\"mono_ns\":2,"
                                   "\"generation\":9,\"text\":\"g\"}]}");
    unsigned char *bytes = file_bytes(path, &length);
    file_write(path, bytes, length / 2);
    assert_false(told_the_same(path));
    file_write(path, bytes, length);
    struct telling telling = tell(path, true);
    assert_true(telling.was_loaded);
    assert_non_null(strstr(telling.text, "g; and 6 more."));
    free(telling.text);
    free(bytes);
}

static void a_torn_recording_is_told_torn_again(void **state)
{
    (void)state;
    const char *path = recording_make("index-torn.pcapng", false);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(truncate(path, about.st_size - 41), 0);
    assert_false(told_the_same(path));
    assert_true(told_the_same(path));
}

static void a_recording_that_was_changed_is_read_anew(void **state)
{
    (void)state;
    size_t length;
    const char *path = recording_make("index-changed.pcapng", true);
    assert_false(told_the_same(path));
    unsigned char *bytes = file_bytes(path, &length);
    bytes[length / 2] ^= 1;
    file_write(path, bytes, length);
    struct telling telling = tell(path, true);
    assert_false(telling.was_loaded);
    assert_non_null(strstr(telling.note, "the recording was changed since"));
    free(telling.text);
    free(bytes);
    assert_true(told_the_same(path));
}

static void an_index_of_another_recording_is_left_out(void **state)
{
    (void)state;
    char other[4200];
    const char *path = recording_make("index-other.pcapng", true);
    assert_false(told_the_same(path));
    snprintf(other, sizeof(other), "%s", index_path(path));
    const char *second = recording_make("index-second.pcapng", false);
    assert_int_equal(rename(other, index_path(second)), 0);
    struct telling telling = tell(second, true);
    assert_false(telling.was_loaded);
    assert_non_null(strstr(telling.note, "it is of another recording"));
    free(telling.text);
}

static void an_index_with_any_byte_changed_is_left_out(void **state)
{
    (void)state;
    size_t length;
    const char *path = recording_make("index-damaged.pcapng", true);
    struct telling right = tell(path, true);
    unsigned char *bytes = file_bytes(index_path(path), &length);
    for (size_t i = 0; i < 120; i++) {
        size_t at = i < 60 ? i * 9 : (i * 7919 * 31) % length;
        bytes[at] ^= (unsigned char)(1 << i % 8);
        file_write(index_path(path), bytes, i % 10 == 9 ? at + 1 : length);
        struct telling telling = tell(path, true);
        assert_false(telling.was_loaded);
        assert_string_equal(telling.text, right.text);
        free(telling.text);
        bytes[at] ^= (unsigned char)(1 << i % 8);
    }
    free(right.text);
    free(bytes);
}

static void an_index_of_another_user_is_left_out(void **state)
{
    (void)state;
    const char *path = recording_make("index-user.pcapng", true);
    assert_false(told_the_same(path));
    assert_true(told_the_same(path));
    assert_int_equal(setenv("XDG_CACHE_HOME", recording_path("another"), 1), 0);
    assert_false(told_the_same(path));
    assert_true(told_the_same(path));
}

static void without_a_folder_for_the_key_there_is_no_index(void **state)
{
    (void)state;
    char *home = getenv("HOME") == NULL ? NULL : strdup(getenv("HOME"));
    const char *path = recording_make("index-homeless.pcapng", true);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_false(told_the_same(path));
    assert_int_not_equal(access(index_path(path), F_OK), 0);
    if (home != NULL) {
        setenv("HOME", home, 1);
    }
    free(home);
}

static int folder_set(void **state)
{
    (void)state;
    return setenv("XDG_CACHE_HOME", recording_path("cache"), 1);
}

static int cleanup(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_second_question_is_answered_from_the_index, folder_set),
        cmocka_unit_test_setup(every_fate_comes_back_from_the_index, folder_set),
        cmocka_unit_test_setup(a_recording_that_grows_is_read_from_where_the_index_ends,
                               folder_set),
        cmocka_unit_test_setup(the_changes_of_a_recording_that_grows_are_counted_all_the_same,
                               folder_set),
        cmocka_unit_test_setup(a_torn_recording_is_told_torn_again, folder_set),
        cmocka_unit_test_setup(a_recording_that_was_changed_is_read_anew, folder_set),
        cmocka_unit_test_setup(an_index_of_another_recording_is_left_out, folder_set),
        cmocka_unit_test_setup(an_index_with_any_byte_changed_is_left_out, folder_set),
        cmocka_unit_test_setup(an_index_of_another_user_is_left_out, folder_set),
        cmocka_unit_test_setup(without_a_folder_for_the_key_there_is_no_index, folder_set),
    };
    return cmocka_run_group_tests(tests, NULL, cleanup);
}
