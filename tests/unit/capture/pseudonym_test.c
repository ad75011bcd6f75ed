/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudonyms: the published permutation, what it keeps, and that nobody shares one with another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "capture/privacy/pseudonym.h"
#include "packet/wire.h"
#include "unit/packet/frames.h"

/* The key of the sample that is published with Crypto-PAn. */
static const uint8_t sample_key[PSEUDONYM_KEY_SIZE] = {
    21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};

static struct pseudonym_key key, other_key;
static struct pseudonym_cache cache, other_cache;
static uint64_t dice;

static int setup(void **state)
{
    uint8_t bytes[PSEUDONYM_KEY_SIZE];
    (void)state;
    memcpy(bytes, sample_key, sizeof(bytes));
    pseudonym_key_init(&key, bytes);
    bytes[0] ^= 1;
    pseudonym_key_init(&other_key, bytes);
    memset(&cache, 0, sizeof(cache));
    memset(&other_cache, 0, sizeof(other_cache));
    dice = 7;
    return 0;
}

/* The published permutation ------------------------------------------------------------------ */

struct vector {
    const char *address, *pseudonym;
};

static void published(int family, const struct vector *vectors, size_t count)
{
    uint32_t size = family == AF_INET ? 4 : 16;
    for (size_t i = 0; i < count; i++) {
        uint8_t address[16];
        uint8_t expected[16];
        assert_int_equal(inet_pton(family, vectors[i].address, address), 1);
        assert_int_equal(inet_pton(family, vectors[i].pseudonym, expected), 1);
        pseudonym_permute(&key.ip, address, size * 8, address);
        assert_memory_equal(address, expected, size);
    }
}

static void ipv4_is_permuted_as_published(void **state)
{
    /* From the sample trace, raw and treated, of the authors' own program. */
    static const struct vector vectors[] = {
        {"128.11.68.132", "135.242.180.132"},  {"129.118.74.4", "134.136.186.123"},
        {"130.132.252.244", "133.68.164.234"}, {"141.223.7.43", "141.167.8.160"},
        {"156.29.3.236", "147.225.12.42"},     {"165.247.96.84", "162.9.99.234"},
        {"192.102.249.13", "252.138.62.131"},  {"195.205.63.100", "255.186.223.5"},
        {"204.184.162.189", "243.192.77.90"},  {"207.135.65.238", "241.202.129.222"},
        {"216.254.18.172", "235.7.16.162"},    {"24.0.250.221", "100.15.198.226"},
        {"38.15.67.68", "64.3.66.187"},        {"4.3.88.225", "124.60.155.63"},
        {"63.14.55.111", "95.9.215.7"},        {"64.39.15.238", "0.219.7.41"},
        {"10.185.25.118", "117.161.29.118"}};
    (void)state;
    published(AF_INET, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void ipv6_is_permuted_as_other_programs_do(void **state)
{
    /* The authors left IPv6 out; these are of a widely used program that goes on in the same way.
     */
    static const struct vector vectors[] = {
        {"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
        {"::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"},
        {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
        {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"}};
    (void)state;
    published(AF_INET6, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

/* Addresses ---------------------------------------------------------------------------------- */

typedef void pseudonym_function(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                                uint8_t *address);

static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
    uint32_t n = 0;
    while (n < bits && ((a[n / 8] ^ b[n / 8]) >> (7 - n % 8) & 1) == 0) {
        n++;
    }
    return n;
}

/* Two addresses that have a random number of bits in common. */
static void pair_make(uint8_t *a, uint8_t *b, uint32_t bits, uint8_t first, uint8_t mask)
{
    for (uint32_t i = 0; i < bits / 8; i++) {
        a[i] = (uint8_t)frame_random(&dice);
        b[i] = (uint8_t)frame_random(&dice);
    }
    a[0] = (uint8_t)((a[0] & ~mask) | (first & mask));
    uint32_t same = (uint32_t)(frame_random(&dice) % (bits + 1));
    for (uint32_t n = 0; n < same; n++) {
        uint8_t bit = (uint8_t)(0x80 >> n % 8);
        b[n / 8] = (uint8_t)((b[n / 8] & ~bit) | (a[n / 8] & bit));
    }
    b[0] = (uint8_t)((b[0] & ~mask) | (first & mask));
}

/* The bits of the first byte in `mask` are those of `first`. */
static void prefixes_are_kept(pseudonym_function *treat, uint32_t bits, uint8_t first, uint8_t mask)
{
    uint32_t moved = 0;
    for (unsigned i = 0; i < 4000; i++) {
        uint8_t a[16], b[16], new_a[16], new_b[16];
        pair_make(a, b, bits, first, mask);
        memcpy(new_a, a, sizeof(a));
        memcpy(new_b, b, sizeof(b));
        treat(&key, &cache, new_a);
        treat(&key, &cache, new_b);
        assert_int_equal(common(a, b, bits), common(new_a, new_b, bits));
        moved += memcmp(a, new_a, bits / 8) != 0;
    }
    assert_true(moved > 3900);
}

static void addresses_with_a_common_prefix_keep_exactly_that(void **state)
{
    (void)state;
    prefixes_are_kept(pseudonym_ipv4, 32, 0x0a, 0xff);
    prefixes_are_kept(pseudonym_ipv4, 32, 0xc0, 0xf0);
    prefixes_are_kept(pseudonym_ipv4, 32, 0x80, 0xe0);
    prefixes_are_kept(pseudonym_ipv6, 128, 0x20, 0xe0);
    prefixes_are_kept(pseudonym_ipv6, 128, 0xfc, 0xfe);
    prefixes_are_kept(pseudonym_mac, 48, 0x02, 0x03);
    prefixes_are_kept(pseudonym_mac, 48, 0x00, 0x03);
}

static int compare32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Whole blocks of addresses go to as many others: around everything that has an exception. */
static void no_two_addresses_share_a_pseudonym(void **state)
{
    static const uint32_t starts[] = {0,          0x0a000000, 0x7eff8000, 0x7f000000, 0xa9fd8000,
                                      0xa9fe0000, 0xdfff8000, 0xe0000000, 0xffff0000};
    enum { COUNT = 1 << 16, BLOCKS = sizeof(starts) / sizeof(starts[0]) };
    uint32_t *all = malloc((size_t)COUNT * BLOCKS * sizeof(*all));
    (void)state;
    assert_non_null(all);
    size_t count = 0;
    uint32_t end = 0;
    for (size_t block = 0; block < BLOCKS; block++) {
        /* Blocks lie over each other in places: each address once. */
        for (uint32_t i = 0; i < COUNT; i++) {
            uint8_t bytes[4];
            if (starts[block] + i < end) {
                continue;
            }
            wire_write32(bytes, starts[block] + i);
            pseudonym_ipv4(&key, &cache, bytes);
            all[count++] = wire_read32(bytes);
        }
        end = starts[block] + COUNT;
    }
    qsort(all, count, sizeof(*all), compare32);
    for (size_t i = 1; i < count; i++) {
        assert_true(all[i - 1] != all[i]);
    }
    free(all);
}

static void stays(pseudonym_function *treat, const char *hex, uint32_t size)
{
    uint8_t address[16], before[16];
    for (uint32_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        address[i] = before[i] = (uint8_t)byte;
    }
    treat(&key, &cache, address);
    assert_memory_equal(address, before, size);
}

static void addresses_that_mean_something_stay(void **state)
{
    (void)state;
    stays(pseudonym_ipv4, "00000000", 4);
    stays(pseudonym_ipv4, "ffffffff", 4);
    stays(pseudonym_ipv4, "7f000001", 4);
    stays(pseudonym_ipv4, "e00000fb", 4);
    stays(pseudonym_ipv4, "efffffff", 4);
    stays(pseudonym_ipv6, "00000000000000000000000000000000", 16);
    stays(pseudonym_ipv6, "00000000000000000000000000000001", 16);
    stays(pseudonym_ipv6, "ff020000000000000000000000000001", 16);
    stays(pseudonym_ipv6, "ff0200000000000000000000000000fb", 16);
    stays(pseudonym_mac, "000000000000", 6);
    stays(pseudonym_mac, "ffffffffffff", 6);
    stays(pseudonym_mac, "01005e0000fb", 6);
    stays(pseudonym_mac, "0180c2000000", 6);
    stays(pseudonym_mac, "333300000001", 6);
}

/* Bit by bit to the address that the permutation turns into `wanted`. */
static void special_is_stepped_over(uint32_t wanted)
{
    uint32_t found = 0;
    for (unsigned n = 0; n < 32; n++) {
        uint32_t bit = UINT32_C(0x80000000) >> n;
        uint32_t rest = n < 31 ? bit >> 1 : 0; /* so that it is not yet the address itself */
        uint8_t bytes[4];
        wire_write32(bytes, found | rest);
        pseudonym_ipv4(&key, &cache, bytes);
        found |= ((wire_read32(bytes) ^ wanted) & bit) != 0 ? bit : 0;
    }
    uint8_t bytes[4], neighbour[4];
    wire_write32(bytes, found);
    wire_write32(neighbour, found ^ 1);
    pseudonym_ipv4(&key, &cache, bytes);
    pseudonym_ipv4(&key, &cache, neighbour);
    assert_int_equal(wire_read32(neighbour), wanted ^ 1);
    assert_true(wire_read32(bytes) != wanted);
    assert_true(wire_read32(bytes) != (wanted ^ 1));
}

static void what_would_become_a_special_address_becomes_another_one(void **state)
{
    (void)state;
    special_is_stepped_over(0);
    special_is_stepped_over(UINT32_MAX);
}

static void classes_of_addresses_stay(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t address[16];
        uint8_t mac[6];
        for (unsigned j = 0; j < 16; j++) {
            address[j] = (uint8_t)frame_random(&dice);
        }
        memcpy(mac, address, 6);
        mac[0] &= 0xfe;
        uint8_t bits = mac[0] & 3;
        pseudonym_mac(&key, &cache, mac);
        assert_int_equal(mac[0] & 3, bits);

        address[0] = 0xfe;
        address[1] = 0x80;
        pseudonym_ipv6(&key, &cache, address);
        assert_int_equal(address[0] << 8 | (address[1] & 0xc0), 0xfe80);
        address[0] = 0xfd;
        pseudonym_ipv6(&key, &cache, address);
        assert_int_equal(address[0] & 0xfe, 0xfc);
        address[0] = 0x24;
        pseudonym_ipv6(&key, &cache, address);
        assert_int_equal(address[0] & 0xe0, 0x20);
        address[0] = 169;
        address[1] = 254;
        pseudonym_ipv4(&key, &cache, address);
        assert_int_equal(address[0] << 8 | address[1], 169 << 8 | 254);
    }
}

/* The group in which a host is asked for ends as its address does, and so does the group's MAC. */
static void a_solicited_node_group_is_hidden_and_its_mac_goes_along(void **state)
{
    uint8_t group[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x12, 0x34, 0x56};
    uint8_t mac[6] = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56};
    const uint8_t group_start[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    const uint8_t real_end[3] = {0x12, 0x34, 0x56};
    (void)state;
    pseudonym_ipv6(&key, &cache, group);
    pseudonym_mac(&key, &cache, mac);
    assert_memory_equal(group, group_start, sizeof(group_start));
    assert_memory_not_equal(group + 13, real_end, 3);
    assert_memory_equal(mac, "\x33\x33\xff", 3);
    assert_memory_equal(mac + 3, group + 13, 3);
}

static void a_full_cache_changes_no_answer(void **state)
{
    enum { COUNT = 3 * PSEUDONYM_IPV4_SLOTS };
    static uint8_t first[COUNT][4];
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            uint8_t address[4];
            wire_write32(address, 0x0a000000 + i * 977);
            pseudonym_ipv4(&key, &cache, address);
            if (round == 0) {
                memcpy(first[i], address, sizeof(address));
            }
            assert_memory_equal(address, first[i], sizeof(address));
        }
    }
    uint8_t address[4] = {10, 0, 0, 0};
    pseudonym_ipv4(&key, &other_cache, address);
    assert_memory_equal(address, first[0], sizeof(address));
}

static void another_key_gives_other_pseudonyms(void **state)
{
    uint32_t different = 0;
    (void)state;
    for (uint32_t i = 0; i < 256; i++) {
        uint8_t one[4], two[4];
        wire_write32(one, 0x0a000000 + i * 65537);
        memcpy(two, one, 4);
        pseudonym_ipv4(&key, &cache, one);
        pseudonym_ipv4(&other_key, &other_cache, two);
        different += memcmp(one, two, 4) != 0;
    }
    assert_true(different > 250);
    uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    uint8_t mac_two[6] = {2, 0, 0, 0, 0, 1};
    pseudonym_mac(&key, &cache, mac);
    pseudonym_mac(&other_key, &other_cache, mac_two);
    assert_memory_not_equal(mac, mac_two, 6);
}

static void random_keys_differ(void **state)
{
    uint8_t one[PSEUDONYM_KEY_SIZE];
    uint8_t two[PSEUDONYM_KEY_SIZE];
    (void)state;
    assert_int_equal(pseudonym_key_random(one, NULL), XSW_OK);
    assert_int_equal(pseudonym_key_random(two, NULL), XSW_OK);
    assert_memory_not_equal(one, two, sizeof(one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ipv4_is_permuted_as_published, setup),
        cmocka_unit_test_setup(ipv6_is_permuted_as_other_programs_do, setup),
        cmocka_unit_test_setup(addresses_with_a_common_prefix_keep_exactly_that, setup),
        cmocka_unit_test_setup(no_two_addresses_share_a_pseudonym, setup),
        cmocka_unit_test_setup(addresses_that_mean_something_stay, setup),
        cmocka_unit_test_setup(what_would_become_a_special_address_becomes_another_one, setup),
        cmocka_unit_test_setup(classes_of_addresses_stay, setup),
        cmocka_unit_test_setup(a_solicited_node_group_is_hidden_and_its_mac_goes_along, setup),
        cmocka_unit_test_setup(a_full_cache_changes_no_answer, setup),
        cmocka_unit_test_setup(another_key_gives_other_pseudonyms, setup),
        cmocka_unit_test_setup(random_keys_differ, setup),
    };
    return cmocka_run_group_tests_name("pseudonym", tests, NULL, NULL);
}
