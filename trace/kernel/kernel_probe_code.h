/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_PROBE_CODE_H
#define XSW_TRACE_KERNEL_PROBE_CODE_H

/*
 * The instructions of the BPF program of kernel_probe.h. They are put together when it is loaded,
 * with the offsets of this kernel in them, so that no compiler for BPF is needed. Private to trace.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

enum {
    KERNEL_PROBE_CODE_MAX = 176,
    KERNEL_PROBE_OTHERS_TOLD = 512 /* drops on a device that is not ours, between two lists */
};

/* Of a device: where, and how it is called there. */
struct kernel_probe_key {
    uint32_t netns;
    char name[16];
};

/* Bytes from the beginning of struct sk_buff, net_device and net. */
struct kernel_offsets {
    uint32_t skb_device, skb_length, skb_protocol, skb_head, skb_data, skb_mac_header;
    uint32_t device_name, device_net, device_index;
    uint32_t net_number;
};

struct kernel_probe_maps {
    int devices; /* set of struct kernel_probe_key; the values say nothing */
    int others;  /* from struct kernel_probe_key to a u64: drops there since the last list */
    int records; /* ring buffer */
    int lost;    /* array of one u64 */
};

/* Returns how many instructions there are. */
size_t kernel_probe_code(struct bpf_insn code[KERNEL_PROBE_CODE_MAX],
                         const struct kernel_offsets *offsets,
                         const struct kernel_probe_maps *maps);

#endif
