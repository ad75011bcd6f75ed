/* SPDX-License-Identifier: Apache-2.0 */
/* Which port a drop has while ports come and go, and devices with them: the right one, or none. */
#include "trace/kernel/kernel_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/kernel/kernel_story.h"

enum { TOLD_MAX = 8, NETNS = 40265 };

static struct kernel_ports *ports;
static struct kernel_group told[TOLD_MAX];
static size_t told_count;

static int begin(void **state)
{
    (void)state;
    told_count = 0;
    return kernel_ports_create(false, &ports, NULL) == XSW_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    kernel_ports_destroy(ports);
    return 0;
}

static void take(const struct kernel_group *group, void *context)
{
    (void)context;
    assert_true(told_count < TOLD_MAX);
    told[told_count++] = *group;
}

static struct kernel_device device(const char *port, const char *name, uint64_t since_ns)
{
    struct kernel_device made = {.netns = NETNS, .since_ns = since_ns, .id = 1};
    snprintf(made.port, sizeof(made.port), "%s", port);
    snprintf(made.name, sizeof(made.name), "%s", name);
    return made;
}

/* A list of one device, asked for at the time and answered one later. */
static void list(uint64_t asked_ns, const char *port, const char *name, uint64_t since_ns)
{
    const struct kernel_device one = device(port, name, since_ns);
    assert_int_equal(kernel_ports_list(ports, &one, 1, asked_ns, asked_ns + 1, NULL), XSW_OK);
}

static void drop_at(uint64_t time, const char *name, uint32_t netns, uint32_t index)
{
    const struct kernel_event event = {
        .kind = KERNEL_DROP, .mono_ns = time, .count = 1, .number = 70, .reason = "FULL_RING"};
    struct kernel_place place = {.netns = netns, .index = index};
    snprintf(place.name, sizeof(place.name), "%s", name);
    kernel_ports_add(ports, &event, &place);
}

static void port_is(size_t i, const char *port)
{
    kernel_ports_tell(ports, false, take, NULL);
    assert_true(told_count > i);
    assert_string_equal(told[i].first.device.port, port);
}

static void drop_waits_for_a_list_that_was_asked_for_behind_it(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    kernel_ports_tell(ports, false, take, NULL);
    assert_int_equal(told_count, 0);
    assert_true(kernel_ports_waits(ports, true));
    list(20, "alice", "tap0", 5); /* asked for in the same moment: it may be from before */
    kernel_ports_tell(ports, false, take, NULL);
    assert_int_equal(told_count, 0);
    list(30, "alice", "tap0", 5);
    port_is(0, "alice");
    assert_int_equal(told[0].first.device.id, 1);
    assert_int_equal(told[0].first.device.index, 7);
    assert_false(kernel_ports_waits(ports, true));
}

/* A list of one device that tells the number of its interface, as of those that the reader sees. */
static void list_with_index(uint64_t asked_ns, const char *port, uint64_t since_ns, uint32_t index)
{
    struct kernel_device one = device(port, "tap0", since_ns);
    one.index = index;
    assert_int_equal(kernel_ports_list(ports, &one, 1, asked_ns, asked_ns + 1, NULL), XSW_OK);
}

static void drop_on_a_device_that_is_new_waits_and_is_its_ports(void **state)
{
    (void)state;
    assert_int_equal(kernel_ports_list(ports, NULL, 0, 10, 11, NULL), XSW_OK);
    drop_at(20, "tap0", NETNS, 7);
    assert_false(kernel_ports_waits(ports, false)); /* the list that comes anyway will do */
    assert_true(kernel_ports_waits(ports, true));
    assert_int_equal(kernel_ports_waiting_since(ports), 20);
    kernel_ports_tell(ports, false, take, NULL);
    assert_int_equal(told_count, 0);
    list_with_index(30, "carol", 15, 7);
    port_is(0, "carol");
    assert_int_equal(told_count, 1);
    assert_int_equal(kernel_ports_waiting_since(ports), UINT64_MAX);
}

static void interface_of_the_drop_finds_the_port_though_the_name_was_another_ones(void **state)
{
    (void)state;
    list_with_index(10, "alice", 5, 6);
    drop_at(20, "tap0", NETNS, 6); /* alice's, who is gone when the list comes */
    drop_at(27, "tap0", NETNS, 7);
    list_with_index(30, "bob", 25, 7);
    port_is(0, "");
    assert_string_equal(told[1].first.device.port, "bob");
}

static void drop_from_before_a_port_had_the_device_is_nobodys(void **state)
{
    (void)state;
    assert_int_equal(kernel_ports_list(ports, NULL, 0, 10, 11, NULL), XSW_OK);
    drop_at(20, "tap0", NETNS, 7);
    list_with_index(30, "carol", 25, 7);
    kernel_ports_tell(ports, false, take, NULL);
    assert_int_equal(told_count, 0);
    assert_false(kernel_ports_waits(ports, true));
}

static void name_that_went_to_another_port_is_neither_ports(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    list(30, "bob", "tap0", 25);
    port_is(0, "");
    assert_string_equal(told[0].first.device.name, "tap0");
    assert_int_equal(told[0].first.device.netns, NETNS);
    drop_at(40, "tap0", NETNS, 8);
    list(50, "bob", "tap0", 25);
    port_is(1, "bob");
}

static void port_that_was_made_again_meanwhile_is_another_one(void **state)
{
    (void)state;
    /* alice, then perhaps another one, then alice again: the times of opening differ. */
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    list(30, "alice", "tap0", 25);
    port_is(0, "");
}

static void port_that_has_gone_or_is_new_is_not_told(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    assert_int_equal(kernel_ports_list(ports, NULL, 0, 30, 31, NULL), XSW_OK);
    port_is(0, "");
    drop_at(40, "tap9", NETNS, 9);
    list(50, "carol", "tap9", 35);
    port_is(1, "");
}

static void drop_between_question_and_answer_needs_three_lists_that_agree(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    const struct kernel_device bob = device("bob", "tap0", 25);
    assert_int_equal(kernel_ports_list(ports, &bob, 1, 20, 30, NULL), XSW_OK);
    drop_at(27, "tap0", NETNS,
            7); /* of the answer's time nothing is known but that it is between */
    list(40, "bob", "tap0", 25);
    port_is(0, "");
    assert_int_equal(kernel_ports_list(ports, &bob, 1, 50, 60, NULL), XSW_OK);
    drop_at(55, "tap0", NETNS, 7);
    list(70, "bob", "tap0", 25);
    port_is(1, "bob");
}

static void another_interface_of_the_name_is_not_the_ports(void **state)
{
    (void)state;
    list(10, "alice", "eth0", 5);
    drop_at(20, "eth0", NETNS, 7);
    list(30, "alice", "eth0", 5);
    port_is(0, "alice");
    drop_at(40, "eth0", NETNS, 12); /* the name changed hands twice between two lists */
    list(50, "alice", "eth0", 5);
    port_is(1, "");
    drop_at(60, "eth0", NETNS, 7);
    list(70, "alice", "eth0", 5);
    port_is(2, "alice");
}

static void name_without_its_namespace_is_a_port_only_when_there_is_one(void **state)
{
    (void)state;
    struct kernel_device two[] = {device("alice", "eth0", 5), device("bob", "eth0", 5)};
    two[1].netns = NETNS + 1;
    two[1].id = 2;
    assert_int_equal(kernel_ports_list(ports, two, 2, 10, 11, NULL), XSW_OK);
    drop_at(20, "eth0", 0, 0);
    drop_at(21, "eth0", NETNS + 1, 3);
    assert_int_equal(kernel_ports_list(ports, two, 2, 30, 31, NULL), XSW_OK);
    port_is(0, "");
    assert_string_equal(told[1].first.device.port, "bob");
    list(40, "alice", "eth0", 5);
    drop_at(50, "eth0", 0, 0);
    list(60, "alice", "eth0", 5);
    port_is(2, "alice");
    two[0].is_name_shared = true; /* by a device that is none of ours */
    assert_int_equal(kernel_ports_list(ports, two, 1, 70, 71, NULL), XSW_OK);
    drop_at(80, "eth0", 0, 0);
    drop_at(81, "eth0", NETNS, 0);
    assert_int_equal(kernel_ports_list(ports, two, 1, 90, 91, NULL), XSW_OK);
    port_is(3, "");
    assert_string_equal(told[4].first.device.port, "alice");
}

static void drops_of_no_list_are_nobodys(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    drop_at(20, "eth7", NETNS, 7);
    drop_at(20, "tap0", NETNS + 1, 7);
    list(30, "alice", "tap0", 5);
    kernel_ports_tell(ports, false, take, NULL);
    assert_int_equal(told_count, 0);
    assert_false(kernel_ports_waits(ports, true));
}

static void at_the_end_what_waits_is_told_without_a_port(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    drop_at(21, "tap0", NETNS, 7);
    kernel_ports_tell(ports, true, take, NULL);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].first.device.port, "");
    assert_int_equal(told[0].first.count, 2);
    assert_int_equal(told[0].last_ns, 21);
}

static void unknown_port_is_told_with_its_device(void **state)
{
    (void)state;
    struct kernel_story story;
    list(10, "alice", "tap0", 5);
    drop_at(20, "tap0", NETNS, 7);
    list(30, "bob", "tap0", 25);
    port_is(0, "");
    kernel_story_tell(&story, &told[0], 0);
    assert_string_equal(story.message,
                        "Kernel drops behind an unknown port, device tap0: FULL_RING, 1 packet");
    for (size_t i = 0; i < story.event.field_count; i++) {
        assert_string_not_equal(story.fields[i].name, "port");
        assert_string_not_equal(story.fields[i].name, "port_id");
    }
}

static void groups_that_find_no_room_are_counted_as_lost(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    for (uint32_t i = 0; i < KERNEL_GROUPS_MAX + 3; i++) {
        drop_at(20, "tap0", NETNS, i + 1);
    }
    assert_int_equal(kernel_ports_lost(ports), 3);
}

static void
what_is_at_no_device_of_ours_takes_little_room_and_is_lost_only_to_a_new_one(void **state)
{
    (void)state;
    list(10, "alice", "tap0", 5);
    for (uint32_t i = 0; i < KERNEL_GROUPS_MAX; i++) {
        drop_at(20, "eth7", NETNS, i + 1);
    }
    drop_at(21, "tap0", NETNS, 7);
    list(30, "alice", "tap0", 5);
    port_is(0, "alice");
    assert_int_equal(told_count, 1);
    assert_int_equal(kernel_ports_lost(ports), 0);
    for (uint32_t i = 0; i < KERNEL_UNLISTED_MAX + 3; i++) {
        drop_at(40, "eth7", NETNS, i + 1);
    }
    list(50, "carol", "tap9", 35); /* eth7 may have been hers under another name */
    assert_int_equal(kernel_ports_lost(ports), 3);
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(drop_waits_for_a_list_that_was_asked_for_behind_it),
        CLAIM(drop_on_a_device_that_is_new_waits_and_is_its_ports),
        CLAIM(interface_of_the_drop_finds_the_port_though_the_name_was_another_ones),
        CLAIM(drop_from_before_a_port_had_the_device_is_nobodys),
        CLAIM(what_is_at_no_device_of_ours_takes_little_room_and_is_lost_only_to_a_new_one),
        CLAIM(name_that_went_to_another_port_is_neither_ports),
        CLAIM(port_that_was_made_again_meanwhile_is_another_one),
        CLAIM(port_that_has_gone_or_is_new_is_not_told),
        CLAIM(drop_between_question_and_answer_needs_three_lists_that_agree),
        CLAIM(another_interface_of_the_name_is_not_the_ports),
        CLAIM(name_without_its_namespace_is_a_port_only_when_there_is_one),
        CLAIM(drops_of_no_list_are_nobodys),
        CLAIM(at_the_end_what_waits_is_told_without_a_port),
        CLAIM(unknown_port_is_told_with_its_device),
        CLAIM(groups_that_find_no_room_are_counted_as_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
