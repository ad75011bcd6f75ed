/* SPDX-License-Identifier: Apache-2.0 */
/* Files with several sections, as the export of several capture sessions writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"

static uint32_t interface_write(struct pcapng_writer *writer, const char *name)
{
    uint32_t id = UINT32_MAX;
    const struct pcapng_interface interface = {.name = name};
    assert_int_equal(pcapng_writer_interface(writer, &interface, &id, NULL), XSW_OK);
    return id;
}

static void another_section_has_interfaces_of_its_own(void **state)
{
    int file = memfd_create("written", MFD_CLOEXEC);
    struct pcapng_writer *writer = NULL;
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    const struct pcapng_section section = {.application = "test"};
    const struct pcapng_packet packet = {
        .captured_length = 4, .original_length = 4, .data = (const uint8_t *)"data"};
    unsigned sections = 0;
    unsigned packets = 0;
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(pcapng_writer_open_fd(dup(file), "written", PCAPNG_PLAIN, &writer, NULL),
                     XSW_OK);
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(interface_write(writer, "first"), 0);
    assert_int_equal(interface_write(writer, "second"), 1);
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_INVALID); /* none yet */
    assert_int_equal(interface_write(writer, "own"), 0);
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);

    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(pcapng_reader_open_fd(file, "written", &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        sections += item.kind == PCAPNG_SECTION;
        if (item.kind == PCAPNG_PACKET) {
            packets++;
            assert_int_equal(item.packet.interface, 2); /* counted over the whole file */
        }
    }
    assert_int_equal(sections, 2);
    assert_int_equal(packets, 1);
    pcapng_reader_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_section_has_interfaces_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
