/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_PROBE_H
#define XSW_TRACE_KERNEL_PROBE_H

/*
 * A small BPF program at skb:kfree_skb, which looks at the packet itself: the device that it is at,
 * by name and network namespace, and its first bytes. It tells of our devices, and of some drops on
 * each other one, which may have become ours since the last list; behind these a packet on another
 * device costs it a look into two tables. Where the members stand comes from the running kernel's
 * BTF. Private to trace.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"
#include "trace/kernel/kernel_probe_code.h"

struct kernel_probe;

/* As the program writes it. */
struct kernel_probe_record {
    uint64_t mono_ns;
    uint64_t packet;
    uint64_t location;
    uint32_t reason;
    uint32_t cpu;
    uint32_t index;              /* of the device in its namespace */
    uint32_t length;             /* of the frame */
    struct kernel_probe_key key; /* of the device */
    uint16_t protocol_be;
    uint16_t reserved_short;
    uint32_t has_head;
    uint32_t reserved;
    uint8_t head[KERNEL_HEAD_SIZE];
};

typedef void kernel_probe_observer(const struct kernel_probe_record *record, void *context);

/* The error says why there is none here: no BTF, no right, what the kernel's verifier says. */
enum xsw_status kernel_probe_open(struct kernel_probe **probe,
                                  struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status kernel_probe_watch(struct kernel_probe *probe, const struct kernel_device *devices,
                                   size_t count, struct xsw_error *error) XSW_MUST_CHECK;
/* Behind each list, or twice a second: drops on devices that are not ours count from 0 again. Those
 * beyond what was told, on devices that are ours by now, are lost. */
void kernel_probe_others_forget(struct kernel_probe *probe);
/* All that is there. */
void kernel_probe_read(struct kernel_probe *probe, kernel_probe_observer *observer, void *context);
/* Records that found no room. */
uint64_t kernel_probe_lost(const struct kernel_probe *probe);
void kernel_probe_close(struct kernel_probe *probe); /* accepts null */

/* The program as it is in `code`, loaded and checked by the kernel; attached to nothing. */
enum xsw_status kernel_probe_load(const struct bpf_insn *code, size_t count, int *program,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
