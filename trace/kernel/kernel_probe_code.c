/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * As C it would be:
 *
 *   key = { skb->dev->nd_net.net->ns.inum, skb->dev->name };
 *   if (lookup(devices, &key) == null) {
 *       if ((count = lookup(others, &key)) == null) update(others, &key, 1);
 *       else if ((*count)++ >= KERNEL_PROBE_OTHERS_TOLD) return;
 *   }
 *   start = skb->mac_header is set ? skb->head + skb->mac_header : skb->data;
 *   record = { now, skb, location, reason, cpu, skb->dev->ifindex, key,
 *              skb->data - start + skb->len, … };
 *   copy 64 bytes from start;
 *   if (output(records, &record) failed) lost += 1;
 *
 * All of the packet is read by bpf_probe_read_kernel, which gives an error where there is no memory
 * and cannot do harm.
 */
#include "trace/kernel/kernel_probe_code.h"

#include <stddef.h>

#include "trace/kernel/kernel_probe.h"

/* Where things are on the program's stack, downwards from its frame pointer, R10. */
enum {
    RECORD = -(int)sizeof(struct kernel_probe_record),
    KEY = RECORD + (int)offsetof(struct kernel_probe_record, key),
    POINTER = RECORD - 8,
    SHORT = POINTER - 8,
    STACK = SHORT
};

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };
enum { SKB = R6, LOCATION = R7, REASON = R8, DEVICE = R9 };
enum { JUMPS_MAX = 8, NO_MAC_HEADER = 0xffff };

struct assembly {
    struct bpf_insn *code;
    size_t count;
    size_t exits[JUMPS_MAX]; /* jumps to the end */
    size_t exit_count;
};

static void put(struct assembly *a, uint8_t operation, uint8_t to, uint8_t from, int offset,
                int32_t value)
{
    a->code[a->count++] = (struct bpf_insn){.code = operation,
                                            .dst_reg = to & 0xf,
                                            .src_reg = from & 0xf,
                                            .off = (int16_t)offset,
                                            .imm = value};
}

static void move(struct assembly *a, uint8_t to, uint8_t from)
{
    put(a, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void set(struct assembly *a, uint8_t to, int32_t value)
{
    put(a, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

static void add(struct assembly *a, uint8_t to, int32_t value)
{
    put(a, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}

static void load(struct assembly *a, uint8_t size, uint8_t to, uint8_t from, int offset)
{
    put(a, BPF_LDX | BPF_MEM | size, to, from, offset, 0);
}

static void store(struct assembly *a, uint8_t size, int offset, uint8_t from)
{
    put(a, BPF_STX | BPF_MEM | size, R10, from, offset, 0);
}

static void call(struct assembly *a, int32_t helper)
{
    put(a, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void load_map(struct assembly *a, uint8_t to, int fd)
{
    put(a, BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, fd);
    put(a, 0, 0, 0, 0, 0);
}

static void exit_if(struct assembly *a, uint8_t comparison, uint8_t what, int32_t value)
{
    a->exits[a->exit_count++] = a->count;
    put(a, BPF_JMP | comparison | BPF_K, what, 0, 0, value);
}

static void exit_if_zero(struct assembly *a, uint8_t what)
{
    exit_if(a, BPF_JEQ, what, 0);
}

/* A jump to what comes behind jump_end(a, jump). */
static size_t jump_begin(struct assembly *a, uint8_t comparison, uint8_t what, int32_t value)
{
    put(a, BPF_JMP | comparison | BPF_K, what, 0, 0, value);
    return a->count - 1;
}

static void jump_end(struct assembly *a, size_t jump)
{
    a->code[jump].off = (int16_t)(a->count - jump - 1);
}

/* Reads `size` bytes at `from` + offset to the stack; a text up to its zero. */
static void read_by(struct assembly *a, int32_t helper, int stack, int32_t size, uint8_t from,
                    uint32_t offset)
{
    move(a, R3, from);
    add(a, R3, (int32_t)offset);
    move(a, R1, R10);
    add(a, R1, stack);
    set(a, R2, size);
    call(a, helper);
}

static void read_to(struct assembly *a, int stack, int32_t size, uint8_t from, uint32_t offset)
{
    read_by(a, BPF_FUNC_probe_read_kernel, stack, size, from, offset);
}

static void look_up(struct assembly *a, int map, int key)
{
    load_map(a, R1, map);
    move(a, R2, R10);
    add(a, R2, key);
    call(a, BPF_FUNC_map_lookup_elem);
}

/* The device may have become a port's since the last list: what is dropped there is told too, but
 * no more than some of it, since most devices are nobody's. */
static void count_other(struct assembly *a, int others)
{
    look_up(a, others, KEY);
    size_t is_known = jump_begin(a, BPF_JNE, R0, 0);
    put(a, BPF_ST | BPF_MEM | BPF_DW, R10, 0, SHORT, 1);
    load_map(a, R1, others);
    move(a, R2, R10);
    add(a, R2, KEY);
    move(a, R3, R10);
    add(a, R3, SHORT);
    set(a, R4, BPF_ANY);
    call(a, BPF_FUNC_map_update_elem);
    size_t is_counted = jump_begin(a, BPF_JA, 0, 0);
    jump_end(a, is_known);
    load(a, BPF_DW, R2, R0, 0);
    set(a, R1, 1);
    put(a, BPF_STX | BPF_ATOMIC | BPF_DW, R0, R1, 0, BPF_ADD);
    exit_if(a, BPF_JGE, R2, KERNEL_PROBE_OTHERS_TOLD);
    jump_end(a, is_counted);
}

/* Where the packet is goes to the record. Ends when that is no device of ours of which enough was
 * told. */
static void find_device(struct assembly *a, const struct kernel_offsets *offsets,
                        const struct kernel_probe_maps *maps)
{
    read_to(a, POINTER, 8, SKB, offsets->skb_device);
    load(a, BPF_DW, DEVICE, R10, POINTER);
    exit_if_zero(a, DEVICE);
    /* Behind the zero of a name may stand what is left of one that it had before. */
    read_by(a, BPF_FUNC_probe_read_kernel_str, KEY + (int)offsetof(struct kernel_probe_key, name),
            16, DEVICE, offsets->device_name);
    read_to(a, RECORD + (int)offsetof(struct kernel_probe_record, index), 4, DEVICE,
            offsets->device_index);
    read_to(a, POINTER, 8, DEVICE, offsets->device_net);
    load(a, BPF_DW, DEVICE, R10, POINTER);
    exit_if_zero(a, DEVICE);
    read_to(a, KEY, 4, DEVICE, offsets->net_number);
    look_up(a, maps->devices, KEY);
    size_t is_ours = jump_begin(a, BPF_JNE, R0, 0);
    count_other(a, maps->others);
    jump_end(a, is_ours);
}

static void fill_record(struct assembly *a, const struct kernel_offsets *offsets)
{
    store(a, BPF_DW, RECORD + (int)offsetof(struct kernel_probe_record, packet), SKB);
    store(a, BPF_DW, RECORD + (int)offsetof(struct kernel_probe_record, location), LOCATION);
    store(a, BPF_W, RECORD + (int)offsetof(struct kernel_probe_record, reason), REASON);
    call(a, BPF_FUNC_ktime_get_ns);
    store(a, BPF_DW, RECORD + (int)offsetof(struct kernel_probe_record, mono_ns), R0);
    call(a, BPF_FUNC_get_smp_processor_id);
    store(a, BPF_W, RECORD + (int)offsetof(struct kernel_probe_record, cpu), R0);
    read_to(a, RECORD + (int)offsetof(struct kernel_probe_record, length), 4, SKB,
            offsets->skb_length);
    read_to(a, RECORD + (int)offsetof(struct kernel_probe_record, protocol_be), 2, SKB,
            offsets->skb_protocol);
}

/* R7: where the frame begins. The length counts from there. */
static void find_start(struct assembly *a, const struct kernel_offsets *offsets)
{
    const int length = RECORD + (int)offsetof(struct kernel_probe_record, length);
    read_to(a, POINTER, 8, SKB, offsets->skb_data);
    load(a, BPF_DW, R8, R10, POINTER);
    move(a, R7, R8);
    read_to(a, POINTER, 8, SKB, offsets->skb_head);
    read_to(a, SHORT, 2, SKB, offsets->skb_mac_header);
    load(a, BPF_H, R2, R10, SHORT);
    put(a, BPF_JMP | BPF_JEQ | BPF_K, R2, 0, 2, NO_MAC_HEADER);
    load(a, BPF_DW, R7, R10, POINTER);
    put(a, BPF_ALU64 | BPF_ADD | BPF_X, R7, R2, 0, 0);
    put(a, BPF_ALU64 | BPF_SUB | BPF_X, R8, R7, 0, 0);
    load(a, BPF_W, R1, R10, length);
    put(a, BPF_ALU64 | BPF_ADD | BPF_X, R1, R8, 0, 0);
    store(a, BPF_W, length, R1);
}

static void copy_head(struct assembly *a)
{
    read_to(a, RECORD + (int)offsetof(struct kernel_probe_record, head), KERNEL_HEAD_SIZE, R7, 0);
    put(a, BPF_JMP | BPF_JNE | BPF_K, R0, 0, 2, 0);
    set(a, R1, 1);
    store(a, BPF_W, RECORD + (int)offsetof(struct kernel_probe_record, has_head), R1);
}

static void put_out(struct assembly *a, const struct kernel_probe_maps *maps)
{
    load_map(a, R1, maps->records);
    move(a, R2, R10);
    add(a, R2, RECORD);
    set(a, R3, (int32_t)sizeof(struct kernel_probe_record));
    set(a, R4, 0);
    call(a, BPF_FUNC_ringbuf_output);
    exit_if_zero(a, R0);
    set(a, R1, 0);
    store(a, BPF_W, SHORT, R1);
    look_up(a, maps->lost, SHORT);
    exit_if_zero(a, R0);
    set(a, R1, 1);
    put(a, BPF_STX | BPF_ATOMIC | BPF_DW, R0, R1, 0, BPF_ADD);
}

size_t kernel_probe_code(struct bpf_insn code[KERNEL_PROBE_CODE_MAX],
                         const struct kernel_offsets *offsets, const struct kernel_probe_maps *maps)
{
    struct assembly a = {.code = code};
    load(&a, BPF_DW, SKB, R1, 0);
    load(&a, BPF_DW, LOCATION, R1, 8);
    load(&a, BPF_DW, REASON, R1, 16);
    for (int at = STACK; at < 0; at += 8) {
        put(&a, BPF_ST | BPF_MEM | BPF_DW, R10, 0, at, 0);
    }
    find_device(&a, offsets, maps);
    fill_record(&a, offsets);
    find_start(&a, offsets);
    copy_head(&a);
    put_out(&a, maps);
    for (size_t i = 0; i < a.exit_count; i++) {
        code[a.exits[i]].off = (int16_t)(a.count - a.exits[i] - 1);
    }
    set(&a, R0, 0);
    put(&a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    return a.count;
}
