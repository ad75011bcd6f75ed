/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_PSEUDONYM_H
#define XSW_CAPTURE_PSEUDONYM_H

/*
 * Pseudonyms of addresses: a keyed permutation that keeps prefixes. Two addresses that have their
 * first n bits in common, and no more, have pseudonyms with the first n bits in common, and no
 * more; so a subnet stays a subnet, and nobody without the key knows which one. The same key gives
 * the same pseudonyms in every session and on every machine.
 *
 * The construction is Crypto-PAn (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address
 * Anonymization", ICNP 2002) with AES-128: whether bit n is turned over is one bit of the cipher of
 * the n bits before it. What has a meaning of its own keeps it: docs/decisions/privacy.md says what
 * and why.
 *
 * Threads: a struct pseudonym_key is only read once it is made. A struct pseudonym_cache belongs to
 * one worker. Nothing is allocated behind pseudonym_key_init.
 */

#include <stddef.h>
#include <stdint.h>

#include <nettle/aes.h>

#include <xsw/error.h>

enum {
    PSEUDONYM_KEY_SIZE = 32,
    PSEUDONYM_IPV4_SLOTS = 4096, /* powers of two */
    PSEUDONYM_IPV6_SLOTS = 4096,
    PSEUDONYM_MAC_SLOTS = 2048
};

/* One tree of a permutation: the cipher, and what fills the block behind the bits of a prefix. */
struct pseudonym_tree {
    struct aes128_ctx cipher;
    uint8_t pad[AES_BLOCK_SIZE];
};

struct pseudonym_key {
    struct pseudonym_tree ip; /* as published, for both versions */
    struct pseudonym_tree mac;
    uint16_t ipv4_start[1 << 16]; /* the first half of each IPv4 address, turned over or not */
};

/* Addresses that a worker has met, each beside its pseudonym. Zeroed memory is a right one: the
 * address of zeros is its own pseudonym, whatever the kind. */
struct pseudonym_cache {
    struct {
        uint32_t address, pseudonym;
    } ipv4[PSEUDONYM_IPV4_SLOTS];
    struct {
        uint64_t address, pseudonym;
    } mac[PSEUDONYM_MAC_SLOTS];
    struct {
        uint8_t address[16], pseudonym[16];
    } ipv6[PSEUDONYM_IPV6_SLOTS];
};

void pseudonym_key_init(struct pseudonym_key *key, const uint8_t bytes[PSEUDONYM_KEY_SIZE]);
/* A key that nobody knows, from the kernel. */
enum xsw_status pseudonym_key_random(uint8_t bytes[PSEUDONYM_KEY_SIZE],
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* The published permutation of the first `bits` (8 to 128, a multiple of 8), without exceptions.
 * `out` may be `address`. */
void pseudonym_permute(const struct pseudonym_tree *tree, const uint8_t *address, uint32_t bits,
                       uint8_t *out);

/* In place: 4, 16 and 6 bytes. */
void pseudonym_ipv4(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                    uint8_t *address);
void pseudonym_ipv6(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                    uint8_t *address);
void pseudonym_mac(const struct pseudonym_key *key, struct pseudonym_cache *cache,
                   uint8_t *address);

#endif
