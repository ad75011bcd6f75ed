/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of several files of one recording: each is that of a part, and they add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/books/account.h"
#include "analyzer/proof/proof.h"

static struct account account;
static struct notes notes;

static int setup(void **state)
{
    (void)state;
    account_init(&account);
    memset(&notes, 0, sizeof(notes));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    account_fini(&account);
    return 0;
}

/* A file with `written` journeys of one worker, all begun and ended in it. */
static void file_take(uint32_t number, bool is_last, uint64_t written, uint64_t filtered)
{
    char text[400];
    struct json_in summary;
    snprintf(text, sizeof(text),
             "{\"format\":1,\"why\":\"rotated\",\"ended_mono_ns\":1,"
             "\"segment\":{\"number\":%u,\"last\":%s},"
             "\"workers\":[{\"worker\":0,\"offered\":%llu,\"filtered\":%llu,\"written\":%llu,"
             "\"lost\":{\"ring-full\":0,\"record-too-big\":0}}],"
             "\"recorder\":{\"written\":%llu,\"lost\":{\"disk\":0}}}",
             number, is_last ? "true" : "false", (unsigned long long)(written + filtered),
             (unsigned long long)filtered, (unsigned long long)written,
             (unsigned long long)written);
    assert_true(json_in_open(&summary, text, strlen(text), "summary", &notes));
    account_add_section(&account, number);
    account_read_summary(&account, &summary);
    account.file.received += written;
    account.file.dropped += written;
    json_in_close(&summary);
    assert_int_equal(notes.count, 0);
}

static enum proof_state line_state(const char *subject)
{
    struct dictionary dictionary;
    struct proof proof = {0};
    dictionary_init(&dictionary);
    const struct proof_context context = {
        .account = &account, .dictionary = &dictionary, .missing = "it is missing"};
    assert_int_equal(proof_build(&proof, &context, NULL), XSW_OK);
    enum proof_state state = PROOF_FAILS;
    bool was_found = false;
    for (size_t i = 0; i < proof.count; i++) {
        if (strcmp(proof.lines[i].subject, subject) == 0) {
            state = proof.lines[i].state;
            was_found = true;
        }
    }
    proof_fini(&proof);
    dictionary_fini(&dictionary);
    assert_true(was_found);
    return state;
}

static void accounts_of_all_files_add_up(void **state)
{
    (void)state;
    file_take(1, false, 10, 3);
    file_take(2, false, 20, 0);
    file_take(3, true, 5, 1);
    struct account_worker sum = account_workers_sum(&account);
    assert_int_equal(sum.offered, 39);
    assert_int_equal(sum.filtered, 4);
    assert_int_equal(sum.written, 35);
    assert_int_equal(account.recorder_written, 35);
    assert_true(account_span(&account).is_whole);
    assert_int_equal(line_state("files"), PROOF_HOLDS);
    assert_int_equal(line_state("recorder"), PROOF_HOLDS);
    assert_int_equal(line_state("file"), PROOF_HOLDS);
}

static void order_of_the_files_does_not_matter(void **state)
{
    (void)state;
    file_take(3, true, 5, 1);
    file_take(1, false, 10, 3);
    file_take(2, false, 20, 0);
    assert_int_equal(account.recorder_written, 35);
    assert_true(account_span(&account).is_whole);
}

static void part_is_proved_with_its_own_account(void **state)
{
    (void)state;
    file_take(2, false, 20, 0);
    struct account_span span = account_span(&account);
    assert_false(span.is_whole);
    assert_false(span.has_hole);
    assert_int_equal(line_state("files"), PROOF_HOLDS);
    assert_int_equal(line_state("file"), PROOF_HOLDS);
    assert_int_equal(line_state("the switch"), PROOF_HOLDS);
}

static void file_that_is_missing_between_others_is_unknown(void **state)
{
    (void)state;
    file_take(1, false, 10, 3);
    file_take(3, true, 5, 1);
    assert_true(account_span(&account).has_hole);
    assert_int_equal(line_state("files"), PROOF_UNKNOWN);
}

static void same_file_twice_is_counted_once(void **state)
{
    (void)state;
    file_take(1, false, 10, 3);
    file_take(1, false, 10, 3);
    assert_int_equal(account.recorder_written, 10);
    assert_int_equal(line_state("file"), PROOF_FAILS); /* but its journeys are there twice */
}

static void file_without_an_end_opens_the_account(void **state)
{
    (void)state;
    file_take(1, false, 10, 3);
    account_add_section(&account, 2);
    assert_true(account_span(&account).is_open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_of_all_files_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(order_of_the_files_does_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(part_is_proved_with_its_own_account, setup, teardown),
        cmocka_unit_test_setup_teardown(file_that_is_missing_between_others_is_unknown, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(same_file_twice_is_counted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(file_without_an_end_opens_the_account, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
