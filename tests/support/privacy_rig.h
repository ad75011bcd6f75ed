/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_PRIVACY_RIG_H
#define XSW_TEST_PRIVACY_RIG_H

/*
 * A frame put through what a capture session may want to be taken away, in all ways. For one source
 * file, behind cmocka.h.
 */

#include <stdint.h>
#include <string.h>

#include "capture/privacy/privacy.h"
#include "unit/packet/frames.h"

enum mode { CUT, MASK, HIDE, HIDE_AND_CUT, MODES };

static struct privacy *made[MODES];
static struct frame frame;
static struct frame out;
static uint32_t out_captured;
static uint64_t dice;

static inline int privacy_rig_setup(void **state)
{
    (void)state;
    dice = 99;
    for (int mode = 0; mode < MODES; mode++) {
        struct privacy_options options = {.headers_only = mode == CUT || mode == HIDE_AND_CUT,
                                          .mask_payload = mode == MASK,
                                          .pseudonyms = mode >= HIDE};
        memset(options.key, 0x5a, sizeof(options.key));
        assert_int_equal(privacy_create(&options, 1, &made[mode], NULL), XSW_OK);
    }
    return 0;
}

static inline int privacy_rig_teardown(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        privacy_destroy(made[mode]);
    }
    return 0;
}

/* Puts `frame` through; what is captured of it becomes `out`. */
static inline void treat_snapped(enum mode mode, uint32_t snap)
{
    uint32_t length = (uint32_t)frame.length;
    struct privacy_frame in = {.bytes = frame.bytes,
                               .length = length,
                               .captured_length = length < snap ? length : snap,
                               .rx_length = length};
    struct privacy_frame treated;
    privacy_apply(made[mode], 0, &in, &treated);
    assert_int_equal(treated.length, length);
    assert_true(treated.captured_length <= in.captured_length);
    out = frame;
    memset(out.bytes, 0xee, sizeof(out.bytes));
    memcpy(out.bytes, treated.bytes, treated.captured_length);
    out_captured = treated.captured_length;
}

static inline void treat(enum mode mode)
{
    treat_snapped(mode, UINT32_MAX);
}

static inline void zeros_expect(uint32_t from)
{
    for (uint32_t i = from; i < out_captured; i++) {
        assert_int_equal(out.bytes[i], 0);
    }
}

static inline void absent(const void *bytes, size_t size)
{
    assert_null(memmem(out.bytes, out_captured, bytes, size));
}

/* Behind `headers` bytes nothing is left, whichever way it goes, and the headers are these. */
static inline void headers_expect(uint32_t headers)
{
    treat(CUT);
    assert_int_equal(out_captured, headers);
    assert_memory_equal(out.bytes, frame.bytes, headers);
    treat(MASK);
    assert_int_equal(out_captured, frame.length);
    zeros_expect(headers);
    treat(HIDE);
    assert_int_equal(out_captured, frame.length);
    zeros_expect(headers);
    treat(HIDE_AND_CUT);
    assert_int_equal(out_captured, headers);
}

/* Addresses that nothing else in the frame looks like. */
static inline void addresses_fill(void)
{
    static const uint8_t macs[12] = {0x02, 0xa7, 0x5c, 0xd1, 0x9b, 0x11,
                                     0x06, 0xb8, 0x6d, 0xe2, 0xac, 0x12};
    static const uint8_t hosts[32] = {0xfd, 0x13, 0x71, 0xd5, 0xe9, 0x9c, 0xb1, 0xc3,
                                      0xa3, 0x87, 0x6b, 0x5d, 0x49, 0x3b, 0xf7, 0xcd,
                                      0x2a, 0x17, 0x75, 0xd7, 0xef, 0x9f, 0xb9, 0xc9,
                                      0xa9, 0x89, 0x69, 0x59, 0x4b, 0x3d, 0xfb, 0xcf};
    memcpy(frame.bytes, macs, sizeof(macs));
    if (frame.network != 0 && frame.is_v6) {
        memcpy(frame.bytes + frame.network + 8, hosts, sizeof(hosts));
    } else if (frame.network != 0) {
        memcpy(frame.bytes + frame.network + 12, "\xc0\xb7\x93\xd5\xac\xb9\x95\xd3", 8);
    }
}

static inline void addresses_absent(const struct frame *real)
{
    absent(real->bytes, 6);
    absent(real->bytes + 6, 6);
    uint32_t at = (uint32_t)real->network + (real->is_v6 ? 8 : 12);
    uint32_t size = real->is_v6 ? 16 : 4;
    if (real->network != 0) {
        absent(real->bytes + at, size);
        absent(real->bytes + at + size, size);
    }
}

static inline void payload_put(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        frame.bytes[frame.length++] = (uint8_t)(0x80 | i);
    }
}

#endif
