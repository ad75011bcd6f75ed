/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/privacy/pseudonym.h"

#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "packet/wire.h"

enum { BITS_MAX = 128, START_BITS = 16 };

/* Addresses that begin so keep their first `kept` bits. That nothing else gets there, the places
 * above it in the tree are not turned over, and so neighbours keep some bits as well. */
struct kept_range {
    uint8_t prefix[16];
    uint8_t length, kept; /* bits */
};

/* The first that an address is in decides. */
static const struct kept_range ipv4_ranges[] = {
    {{127}, 8, 32},       /* loopback */
    {{169, 254}, 16, 16}, /* link-local: seen where no address was given */
    {{224}, 4, 32},       /* groups: they say what it is and not who */
};
static const struct kept_range ipv6_ranges[] = {
    {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}, 104, 104}, /* they end as their hosts' do */
    {{0xff}, 8, 128},
    {{0xfe, 0x80}, 10, 10}, /* link-local */
    {{0x20}, 3, 3},         /* global; fc00::/7, unique local, stays by its neighbours above */
};

enum {
    IPV4_RANGES = sizeof(ipv4_ranges) / sizeof(ipv4_ranges[0]),
    IPV6_RANGES = sizeof(ipv6_ranges) / sizeof(ipv6_ranges[0])
};

/* The tree ----------------------------------------------------------------------------------- */

/* The bits from `first` on that are turned over, into `flips`; those before are 0. */
static void flips_make(const struct pseudonym_tree *tree, const uint8_t *address, uint32_t first,
                       uint32_t bits, uint8_t *flips)
{
    uint8_t blocks[BITS_MAX][AES_BLOCK_SIZE];
    uint8_t block[AES_BLOCK_SIZE];
    memcpy(block, address, first / 8);
    memcpy(block + first / 8, tree->pad + first / 8, sizeof(block) - first / 8);
    for (uint32_t n = first; n < bits; n++) {
        memcpy(blocks[n], block, sizeof(block));
        uint8_t bit = (uint8_t)(0x80 >> n % 8);
        block[n / 8] = (uint8_t)((block[n / 8] & ~bit) | (address[n / 8] & bit));
    }
    aes128_encrypt(&tree->cipher, (bits - first) * sizeof(block), blocks[first], blocks[first]);
    memset(flips, 0, bits / 8);
    for (uint32_t n = first; n < bits; n++) {
        flips[n / 8] |= (uint8_t)((blocks[n][0] & 0x80) >> n % 8);
    }
}

void pseudonym_permute(const struct pseudonym_tree *tree, const uint8_t *address, uint32_t bits,
                       uint8_t *out)
{
    uint8_t flips[BITS_MAX / 8];
    flips_make(tree, address, 0, bits, flips);
    for (uint32_t i = 0; i < bits / 8; i++) {
        out[i] = address[i] ^ flips[i];
    }
}

/* How many bits at the beginning the two have in common, at most `limit`. */
static uint32_t common_bits(const uint8_t *a, const uint8_t *b, uint32_t limit)
{
    uint32_t n = 0;
    while (n < limit && ((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8) == 0) {
        n++;
    }
    return n;
}

/* How many bits of the address stay as they are. */
static uint32_t bits_kept(const uint8_t *address, const struct kept_range *ranges, size_t count)
{
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct kept_range *range = &ranges[i];
        uint32_t common = common_bits(address, range->prefix, range->length);
        if (common == range->length) {
            return range->kept > kept ? range->kept : kept;
        }
        kept = common + 1 > kept ? common + 1 : kept;
    }
    return kept;
}

static void bits_clear(uint8_t *flips, uint32_t count)
{
    memset(flips, 0, count / 8);
    if (count % 8 != 0) {
        flips[count / 8] &= (uint8_t)(0xff >> count % 8);
    }
}

/* Keys --------------------------------------------------------------------------------------- */

/* Half of the key is the cipher's, the other, enciphered, fills the blocks: as published. */
static void tree_init(struct pseudonym_tree *tree, const uint8_t *cipher_key, const uint8_t *pad)
{
    aes128_set_encrypt_key(&tree->cipher, cipher_key);
    aes128_encrypt(&tree->cipher, AES_BLOCK_SIZE, tree->pad, pad);
}

/* An own tree for MAC addresses: they would share the beginnings of IP addresses otherwise. */
static void mac_tree_init(struct pseudonym_key *key)
{
    static const uint8_t labels[2][AES_BLOCK_SIZE] = {"xsw mac cipher", "xsw mac pad"};
    uint8_t keys[2][AES_BLOCK_SIZE];
    aes128_encrypt(&key->ip.cipher, sizeof(keys), keys[0], labels[0]);
    tree_init(&key->mac, keys[0], keys[1]);
    explicit_bzero(keys, sizeof(keys));
}

static void start_turn(struct pseudonym_key *key, uint32_t prefix, uint32_t length)
{
    uint32_t first = prefix << (START_BITS - length);
    uint32_t count = 1U << (START_BITS - length);
    for (uint32_t i = first; i < first + count; i++) {
        key->ipv4_start[i] ^= (uint16_t)(0x8000U >> length);
    }
}

/* Half of the work on an IPv4 address that was not met yet, done once. */
static void ipv4_start_init(struct pseudonym_key *key)
{
    uint16_t pad = wire_read16(key->ip.pad);
    for (uint32_t i = 0; i < 1U << START_BITS; i++) {
        key->ipv4_start[i] = (uint16_t)i;
    }
    for (uint32_t length = 0; length < START_BITS; length++) {
        for (uint32_t prefix = 0; prefix < 1U << length; prefix++) {
            uint8_t block[AES_BLOCK_SIZE];
            memcpy(block, key->ip.pad, sizeof(block));
            uint32_t start = prefix << (START_BITS - length) | (pad & 0xffffU >> length);
            wire_write16(block, (uint16_t)start);
            aes128_encrypt(&key->ip.cipher, sizeof(block), block, block);
            if ((block[0] & 0x80) != 0) {
                start_turn(key, prefix, length);
            }
        }
    }
}

void pseudonym_key_init(struct pseudonym_key *key, const uint8_t bytes[PSEUDONYM_KEY_SIZE])
{
    tree_init(&key->ip, bytes, bytes + AES128_KEY_SIZE);
    mac_tree_init(key);
    ipv4_start_init(key);
}

enum xsw_status pseudonym_key_random(uint8_t bytes[PSEUDONYM_KEY_SIZE], struct xsw_error *error)
{
    if (getrandom(bytes, PSEUDONYM_KEY_SIZE, 0) != PSEUDONYM_KEY_SIZE) {
        return error_errno(error, "no random key for pseudonyms is to be had");
    }
    return XSW_OK;
}

/* Addresses ---------------------------------------------------------------------------------- */

static uint32_t slot_of(uint64_t address, uint32_t slots)
{
    return (uint32_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (slots - 1);
}

static uint32_t ipv4_turned(const struct pseudonym_key *key, uint32_t address)
{
    uint8_t bytes[4];
    uint8_t flips[4];
    wire_write32(bytes, address);
    flips_make(&key->ip, bytes, START_BITS, 32, flips);
    wire_write16(flips, (uint16_t)(key->ipv4_start[address >> 16] ^ (address >> 16)));
    bits_clear(flips, bits_kept(bytes, ipv4_ranges, IPV4_RANGES));
    return address ^ wire_read32(flips);
}

/* Single addresses that mean something stay too: what would get one of them goes on to the next
 * pseudonym, so that no two addresses have the same. */
static int ipv4_is_special(uint32_t address)
{
    return address == 0 || address == UINT32_MAX;
}

void pseudonym_ipv4(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                    uint8_t *address)
{
    uint32_t real = wire_read32(address);
    uint32_t slot = slot_of(real, PSEUDONYM_IPV4_SLOTS);
    if (cache->ipv4[slot].address != real) {
        uint32_t turned = real;
        if (!ipv4_is_special(real)) {
            do {
                turned = ipv4_turned(key, turned);
            } while (ipv4_is_special(turned));
        }
        cache->ipv4[slot].address = real;
        cache->ipv4[slot].pseudonym = turned;
    }
    wire_write32(address, cache->ipv4[slot].pseudonym);
}

/* :: and ::1 */
static int ipv6_is_special(const uint8_t *address)
{
    static const uint8_t zeros[15];
    return memcmp(address, zeros, sizeof(zeros)) == 0 && address[15] <= 1;
}

static void ipv6_turn(const struct pseudonym_key *key, uint8_t *address)
{
    uint8_t flips[16];
    uint32_t kept = bits_kept(address, ipv6_ranges, IPV6_RANGES);
    if (kept == BITS_MAX) {
        return;
    }
    flips_make(&key->ip, address, 0, BITS_MAX, flips);
    bits_clear(flips, kept);
    for (uint32_t i = 0; i < sizeof(flips); i++) {
        address[i] ^= flips[i];
    }
}

void pseudonym_ipv6(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                    uint8_t *address)
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof(halves));
    uint32_t slot = slot_of(halves[0] ^ (halves[1] << 29 | halves[1] >> 35), PSEUDONYM_IPV6_SLOTS);
    if (memcmp(cache->ipv6[slot].address, address, 16) != 0) {
        memcpy(cache->ipv6[slot].address, address, 16);
        if (!ipv6_is_special(address)) {
            do {
                ipv6_turn(key, address);
            } while (ipv6_is_special(address));
        }
        memcpy(cache->ipv6[slot].pseudonym, address, 16);
    }
    memcpy(address, cache->ipv6[slot].pseudonym, 16);
}

/* Groups stay, but those of IPv6 that end as the addresses of their members do: these go with the
 * IPv6 group that they carry, RFC 2464, 7. */
static void mac_group(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                      uint8_t *address)
{
    static const uint8_t solicited[3] = {0x33, 0x33, 0xff};
    uint8_t group[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    if (memcmp(address, solicited, sizeof(solicited)) == 0) {
        memcpy(group + 13, address + 3, 3);
        pseudonym_ipv6(key, cache, group);
        memcpy(address + 3, group + 13, 3);
    }
}

enum { MAC_GROUP = 0x01, MAC_LOCAL = 0x02 };

static uint64_t mac_turned(const struct pseudonym_key *key, uint64_t address)
{
    uint8_t bytes[MAC_SIZE];
    uint8_t flips[MAC_SIZE];
    wire_write16(bytes, (uint16_t)(address >> 32));
    wire_write32(bytes + 2, (uint32_t)address);
    flips_make(&key->mac, bytes, 0, MAC_SIZE * 8, flips);
    flips[0] &= (uint8_t) ~(MAC_GROUP | MAC_LOCAL);
    return address ^ ((uint64_t)wire_read16(flips) << 32 | wire_read32(flips + 2));
}

void pseudonym_mac(const struct pseudonym_key *key, struct pseudonym_cache *cache, uint8_t *address)
{
    if ((address[0] & MAC_GROUP) != 0) {
        mac_group(key, cache, address);
        return;
    }
    uint64_t real = (uint64_t)wire_read16(address) << 32 | wire_read32(address + 2);
    uint32_t slot = slot_of(real, PSEUDONYM_MAC_SLOTS);
    if (real == 0) {
        return; /* no address: it stays, and nothing becomes it */
    }
    if (cache->mac[slot].address != real) {
        uint64_t turned = real;
        do {
            turned = mac_turned(key, turned);
        } while (turned == 0);
        cache->mac[slot].address = real;
        cache->mac[slot].pseudonym = turned;
    }
    wire_write16(address, (uint16_t)(cache->mac[slot].pseudonym >> 32));
    wire_write32(address + 2, (uint32_t)cache->mac[slot].pseudonym);
}
