/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in a recording: what is written comes back, what systemd and others write is understood,
 * and broken entries cost themselves alone. That Wireshark shows them is in events_oracle_test.sh.
 */
#include "formats/pcapng/pcapng_write.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/byte_order.h"
#include "unit/formats/sample.h"

static const uint64_t WALL_NS = 1700000000123456789;
static const uint64_t MONO_NS = 987654321012345;

static const struct pcapng_event_field FIELDS[] = {
    {"port", "vm/alice"}, {"packet_id", "4294967297"}, {"text", "two\nlines, and a = in them"}};

static struct pcapng_event an_event(void)
{
    return (struct pcapng_event){.wall_ns = WALL_NS,
                                 .mono_ns = MONO_NS,
                                 .priority = PCAPNG_PRIORITY_WARNING,
                                 .source = "xsw",
                                 .host = "host1",
                                 .boot_id = "403787e6-036e-45a8-b6ea-a9be03ad678a",
                                 .name = "port-down",
                                 .message = "Port alice is down",
                                 .field_count = 3,
                                 .fields = FIELDS};
}

static struct pcapng_writer *new_writer(int *file)
{
    struct pcapng_writer *writer = NULL;
    struct xsw_error error;
    *file = memfd_create("written", MFD_CLOEXEC);
    assert_true(*file >= 0);
    int fd = fcntl(*file, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(pcapng_writer_open_fd(fd, "written", PCAPNG_PLAIN, &writer, &error), XSW_OK);
    assert_int_equal(pcapng_writer_section(writer, &(struct pcapng_section){0}, NULL), XSW_OK);
    return writer;
}

static struct pcapng_reader *close_and_read(struct pcapng_writer *writer, int file)
{
    struct pcapng_reader *reader = NULL;
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(pcapng_reader_open_fd(file, "written", &reader, NULL), XSW_OK);
    return reader;
}

static void event_comes_back_with_every_field_and_nanosecond(void **state)
{
    (void)state;
    int file;
    struct pcapng_item item;
    struct pcapng_writer *writer = new_writer(&file);
    const struct pcapng_event written = an_event();
    assert_int_equal(pcapng_writer_event(writer, &written, NULL), XSW_OK);
    struct pcapng_reader *reader = close_and_read(writer, file);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_EVENT, &item);
    const struct pcapng_event *event = &item.event;
    assert_true(event->wall_ns == WALL_NS);
    assert_true(event->mono_ns == MONO_NS);
    assert_int_equal(event->priority, PCAPNG_PRIORITY_WARNING);
    assert_string_equal(event->source, "xsw");
    assert_string_equal(event->host, "host1");
    assert_string_equal(event->boot_id, "403787e6036e45a8b6eaa9be03ad678a");
    assert_string_equal(event->name, "port-down");
    assert_string_equal(event->message, "Port alice is down");
    assert_int_equal(event->field_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(event->fields[i].name, FIELDS[i].name);
        assert_string_equal(event->fields[i].value, FIELDS[i].value);
    }
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    assert_int_equal(pcapng_reader_ignored_options(reader), 0);
    pcapng_reader_close(reader);
}

static void block_has_the_documented_bytes(void **state)
{
    (void)state;
    static const char expected[] = "__REALTIME_TIMESTAMP=1700000000123456\n"
                                   "MESSAGE=m\n"
                                   "PRIORITY=6\n"
                                   "XSW_EVENT=a-name\n"
                                   "XSW_WALL_NS=1700000000123456789\n"
                                   "XSW_TEXT\n\3\0\0\0\0\0\0\0a\nb\n";
    enum { SECTION = 28, CONTENT = sizeof(expected) - 1, PADDED = (CONTENT + 3) & ~3 };
    uint8_t bytes[SECTION + 12 + PADDED + 4];
    int file;
    struct pcapng_writer *writer = new_writer(&file);
    const struct pcapng_event event = {.wall_ns = WALL_NS,
                                       .priority = PCAPNG_PRIORITY_INFO,
                                       .name = "a-name",
                                       .message = "m",
                                       .field_count = 1,
                                       .fields = &(struct pcapng_event_field){"text", "a\nb"}};
    assert_int_equal(pcapng_writer_event(writer, &event, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    ssize_t length = pread(file, bytes, sizeof(bytes), 0);
    /* The section ends with an end of options: 28 bytes, and 4. */
    const uint8_t *block = bytes + SECTION + 4;
    assert_int_equal(length, SECTION + 4 + 12 + PADDED);
    assert_int_equal(get_le32(block), 9);
    assert_int_equal(get_le32(block + 4), 12 + PADDED);
    assert_memory_equal(block + 8, expected, CONTENT);
    for (size_t i = CONTENT; i < PADDED; i++) {
        assert_int_equal(block[8 + i], 0);
    }
    assert_int_equal(get_le32(block + 8 + PADDED), 12 + PADDED);
    close(file);
}

/* Nothing of a refused event is in the file. */
static void refuse(const struct pcapng_event *event, const char *why)
{
    int file;
    struct pcapng_item item;
    struct xsw_error error = {0};
    struct pcapng_writer *writer = new_writer(&file);
    assert_int_equal(pcapng_writer_event(writer, event, &error), XSW_INVALID);
    if (strstr(error.text, why) == NULL) {
        fail_msg("expected '%s' in '%s'", why, error.text);
    }
    struct pcapng_reader *reader = close_and_read(writer, file);
    sample_next(reader, PCAPNG_SECTION, &item);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
}

static void what_no_reader_could_take_is_refused(void **state)
{
    (void)state;
    struct pcapng_event event = an_event();
    event.name = NULL;
    refuse(&event, "without a name or a message");
    event = an_event();
    event.wall_ns = 0;
    refuse(&event, "no wall time");
    static const char *const bad[] = {"", "Port", "9lives", "a b", "a=b", "event", "wall_ns"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct pcapng_event_field field = {bad[i], "x"};
        event = an_event();
        event.fields = &field;
        event.field_count = 1;
        refuse(&event, "lower-case letters");
    }
    char *large = malloc(PCAPNG_EVENT_LENGTH_MAX);
    assert_non_null(large);
    memset(large, 'x', PCAPNG_EVENT_LENGTH_MAX - 1);
    large[PCAPNG_EVENT_LENGTH_MAX - 1] = '\0';
    event = an_event();
    event.message = large;
    refuse(&event, "expected at most 65536");
    free(large);
}

static void event_before_the_section_is_refused(void **state)
{
    (void)state;
    struct pcapng_writer *writer;
    struct xsw_error error;
    const struct pcapng_event event = an_event();
    int fd = memfd_create("written", MFD_CLOEXEC);
    assert_int_equal(pcapng_writer_open_fd(fd, "written", PCAPNG_PLAIN, &writer, &error), XSW_OK);
    assert_int_equal(pcapng_writer_event(writer, &event, &error), XSW_INVALID);
    assert_string_equal(error.text, "written: an event before the section");
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
}

static void event_before_the_first_interface_stands_behind_it(void **state)
{
    (void)state;
    int file;
    uint32_t id;
    struct pcapng_item item;
    struct pcapng_writer *writer = new_writer(&file);
    const struct pcapng_event event = an_event();
    assert_int_equal(pcapng_writer_event(writer, &event, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_push(writer, NULL), XSW_OK);
    assert_int_equal(
        pcapng_writer_interface(writer, &(struct pcapng_interface){.name = "p"}, &id, NULL),
        XSW_OK);
    assert_int_equal(pcapng_writer_event(writer, &event, NULL), XSW_OK);
    struct pcapng_reader *reader = close_and_read(writer, file);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_EVENT, &item);
    sample_next(reader, PCAPNG_EVENT, &item);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
}

static struct sample sample;

static struct pcapng_reader *read_entry(bool big_endian, const char *entry, size_t length)
{
    struct pcapng_item item;
    sample_init(&sample, big_endian);
    sample_section(&sample);
    sample_block(&sample, 9);
    sample_bytes(&sample, entry, length);
    sample_block_end(&sample);
    sample_interface(&sample, "behind");
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    return reader;
}

static void entry_of_the_journal_is_understood_in_both_byte_orders(void **state)
{
    (void)state;
    static const char entry[] = "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000000123456\n"
                                "__MONOTONIC_TIMESTAMP=42\n_BOOT_ID=abc\nPRIORITY=3\n"
                                "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n_PID=17\n\n";
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        struct pcapng_item item;
        struct pcapng_reader *reader = read_entry(big_endian != 0, entry, sizeof(entry) - 1);
        sample_next(reader, PCAPNG_EVENT, &item);
        assert_null(item.event.name);
        assert_true(item.event.wall_ns == 1700000000123456000);
        assert_true(item.event.mono_ns == 42000);
        assert_string_equal(item.event.boot_id, "abc");
        assert_string_equal(item.event.message, "a\nb");
        assert_int_equal(item.event.priority, PCAPNG_PRIORITY_ERROR);
        assert_int_equal(item.event.field_count, 2);
        assert_string_equal(item.event.fields[0].name, "__CURSOR");
        assert_string_equal(item.event.fields[0].value, "s=1;i=2");
        assert_string_equal(item.event.fields[1].name, "_PID");
        sample_next(reader, PCAPNG_INTERFACE, &item);
        pcapng_reader_close(reader);
    }
}

static void entry_without_a_time_is_a_block_like_others(void **state)
{
    (void)state;
    static const char *const entries[] = {"MESSAGE=no time\n", "", "__REALTIME_TIMESTAMP=soon\n",
                                          "__REALTIME_TIMESTAMP=99999999999999999999999\n"};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct pcapng_item item;
        struct pcapng_reader *reader = read_entry(false, entries[i], strlen(entries[i]));
        sample_next(reader, PCAPNG_OTHER, &item);
        assert_int_equal(item.other.block_type, 9);
        sample_next(reader, PCAPNG_INTERFACE, &item);
        pcapng_reader_close(reader);
    }
}

#define TIME "__REALTIME_TIMESTAMP=1700000000123456\n"

static void broken_line_costs_what_is_behind_it_and_is_counted(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        size_t length;
    } entries[] = {
        {TIME "A=1\nB\n\xff\xff\xff\xff\xff\xff\xff\xff", sizeof(TIME) - 1 + 14},
        {TIME "A=1\nB\n\4\0\0\0\0\0\0\0abc\n", sizeof(TIME) - 1 + 18},
        {TIME "A=1\nB\n\2\0\0\0\0\0\0\0abc\n", sizeof(TIME) - 1 + 18},
        {TIME "A=1\nB\n\2\0", sizeof(TIME) - 1 + 8},
        {TIME "A=1\nno end", sizeof(TIME) - 1 + 10},
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct pcapng_item item;
        struct pcapng_reader *reader = read_entry(false, entries[i].entry, entries[i].length);
        sample_next(reader, PCAPNG_EVENT, &item);
        assert_int_equal(item.event.field_count, 1);
        assert_string_equal(item.event.fields[0].value, "1");
        assert_int_equal(pcapng_reader_ignored_options(reader), 1);
        sample_next(reader, PCAPNG_INTERFACE, &item);
        pcapng_reader_close(reader);
    }
}

static void last_line_may_lack_its_end(void **state)
{
    (void)state;
    struct pcapng_item item;
    struct pcapng_reader *reader = read_entry(false, TIME "A=xyz", sizeof(TIME) - 1 + 5);
    sample_next(reader, PCAPNG_EVENT, &item);
    assert_string_equal(item.event.fields[0].value, "xyz");
    pcapng_reader_close(reader);
}

static void fields_beyond_the_limit_are_left_out(void **state)
{
    (void)state;
    struct pcapng_item item;
    char entry[4096] = TIME;
    for (int i = 0; i < PCAPNG_EVENT_FIELDS_MAX + 5; i++) {
        size_t length = strlen(entry);
        snprintf(entry + length, sizeof(entry) - length, "XSW_F%d=%d\n", i, i);
    }
    struct pcapng_reader *reader = read_entry(false, entry, strlen(entry));
    sample_next(reader, PCAPNG_EVENT, &item);
    assert_int_equal(item.event.field_count, PCAPNG_EVENT_FIELDS_MAX);
    assert_string_equal(item.event.fields[PCAPNG_EVENT_FIELDS_MAX - 1].name, "f47");
    pcapng_reader_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_comes_back_with_every_field_and_nanosecond),
        cmocka_unit_test(block_has_the_documented_bytes),
        cmocka_unit_test(what_no_reader_could_take_is_refused),
        cmocka_unit_test(event_before_the_section_is_refused),
        cmocka_unit_test(event_before_the_first_interface_stands_behind_it),
        cmocka_unit_test(entry_of_the_journal_is_understood_in_both_byte_orders),
        cmocka_unit_test(entry_without_a_time_is_a_block_like_others),
        cmocka_unit_test(broken_line_costs_what_is_behind_it_and_is_counted),
        cmocka_unit_test(last_line_may_lack_its_end),
        cmocka_unit_test(fields_beyond_the_limit_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
