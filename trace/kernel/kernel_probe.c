/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/error.h"
#include "trace/kernel/kernel_probe_code.h"

enum { RECORDS_BYTES = 4 << 20, NESTING_MAX = 8, OTHERS_MAX = 4096 };

struct kernel_probe {
    struct kernel_probe_maps maps;
    int program;
    int link;
    struct ring_buffer *records;
    struct kernel_probe_key *keys; /* that are in the map of devices */
    size_t key_count;
    uint64_t lost_new; /* on devices that were not ours yet when too much was dropped there */
    kernel_probe_observer *observer; /* while records are read */
    void *context;
};

/* Offsets ------------------------------------------------------------------------------------- */

static bool member_find(const struct btf *btf, const struct btf_type *type, const char *name,
                        int nesting, uint32_t *bits)
{
    const struct btf_member *members = btf_members(type);
    for (uint32_t i = 0; i < btf_vlen(type); i++) {
        const char *member = btf__name_by_offset(btf, members[i].name_off);
        uint32_t offset = btf_member_bit_offset(type, i);
        if (member != NULL && strcmp(member, name) == 0) {
            *bits = offset;
            return true;
        }
        int id = btf__resolve_type(btf, members[i].type);
        const struct btf_type *inner = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
        bool is_anonymous = member == NULL || member[0] == '\0';
        if (is_anonymous && inner != NULL && btf_is_composite(inner) && nesting < NESTING_MAX &&
            member_find(btf, inner, name, nesting + 1, bits)) {
            *bits += offset;
            return true;
        }
    }
    return false;
}

/* The byte at which the member of the struct stands. */
static bool offset_find(const struct btf *btf, const char *type_name, const char *member,
                        uint32_t *offset)
{
    int id = btf__find_by_name_kind(btf, type_name, BTF_KIND_STRUCT);
    uint32_t bits = 0;
    if (id < 0 || !member_find(btf, btf__type_by_id(btf, (uint32_t)id), member, 0, &bits) ||
        bits % 8 != 0) {
        return false;
    }
    *offset = bits / 8;
    return true;
}

static enum xsw_status offsets_find(struct kernel_offsets *offsets, struct xsw_error *error)
{
    uint32_t number_in_ns = 0;
    uint32_t ns_in_net = 0;
    const struct {
        const char *type, *member;
        uint32_t *offset;
    } wanted[] = {
        {"sk_buff", "dev", &offsets->skb_device},
        {"sk_buff", "len", &offsets->skb_length},
        {"sk_buff", "protocol", &offsets->skb_protocol},
        {"sk_buff", "head", &offsets->skb_head},
        {"sk_buff", "data", &offsets->skb_data},
        {"sk_buff", "mac_header", &offsets->skb_mac_header},
        {"net_device", "name", &offsets->device_name},
        {"net_device", "nd_net", &offsets->device_net},
        {"net_device", "ifindex", &offsets->device_index},
        {"net", "ns", &ns_in_net},
        {"ns_common", "inum", &number_in_ns},
    };
    struct btf *btf = btf__load_vmlinux_btf();
    if (libbpf_get_error(btf) != 0) {
        return error_set(error, XSW_UNSUPPORTED,
                         "this kernel shows no BTF, which /sys/kernel/btf/vmlinux would be");
    }
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && status == XSW_OK; i++) {
        if (!offset_find(btf, wanted[i].type, wanted[i].member, wanted[i].offset)) {
            status = error_set(error, XSW_UNSUPPORTED, "struct %s of this kernel has no member %s",
                               wanted[i].type, wanted[i].member);
        }
    }
    offsets->net_number = ns_in_net + number_in_ns;
    btf__free(btf);
    return status;
}

/* Loading ------------------------------------------------------------------------------------- */

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

static enum xsw_status load_failed(const char *what, struct xsw_error *error)
{
    return errno == EPERM || errno == EACCES
               ? error_set(error, XSW_DENIED, "%s: CAP_BPF and CAP_PERFMON are needed", what)
               : error_errno(error, "%s", what);
}

/* What the kernel's verifier says last is why; behind it stand its statistics. */
static const char *verdict_find(char *log)
{
    const char *verdict = "";
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        verdict = strncmp(line, "processed ", 10) != 0 ? line : verdict;
    }
    return verdict;
}

enum xsw_status kernel_probe_load(const struct bpf_insn *code, size_t count, int *program,
                                  struct xsw_error *error)
{
    /* The helpers that read kernel memory are for programs under a licence that goes with GPL-2.0;
     * kernel_probe_code.c is under it too. */
    static const char license[] = "GPL";
    char log[4096] = "";
    LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof(log),
                .log_level = 0);
    *program =
        bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "xsw_drop", license, code, count, &options);
    if (*program >= 0) {
        return XSW_OK;
    }
    int cause = errno;
    const char *verdict = verdict_find(log);
    if (verdict[0] != '\0') {
        return error_set(error, XSW_UNSUPPORTED,
                         "the kernel's verifier refuses the BPF program: %.120s", verdict);
    }
    errno = cause;
    return load_failed("the BPF program cannot be loaded", error);
}

static enum xsw_status maps_make(struct kernel_probe *probe, struct xsw_error *error)
{
    struct kernel_probe_maps *maps = &probe->maps;
    maps->devices =
        bpf_map_create(BPF_MAP_TYPE_HASH, "xsw_devices", sizeof(struct kernel_probe_key),
                       sizeof(uint32_t), KERNEL_DEVICES_MAX, NULL);
    maps->others =
        bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "xsw_others", sizeof(struct kernel_probe_key),
                       sizeof(uint64_t), OTHERS_MAX, NULL);
    maps->records = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "xsw_drops", 0, 0, RECORDS_BYTES, NULL);
    maps->lost =
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "xsw_lost", sizeof(uint32_t), sizeof(uint64_t), 1, NULL);
    if (maps->devices < 0 || maps->others < 0 || maps->records < 0 || maps->lost < 0) {
        return load_failed("a BPF map cannot be made", error);
    }
    return XSW_OK;
}

static enum xsw_status program_load(struct kernel_probe *probe,
                                    const struct kernel_offsets *offsets, struct xsw_error *error)
{
    struct bpf_insn code[KERNEL_PROBE_CODE_MAX];
    size_t count = kernel_probe_code(code, offsets, &probe->maps);
    enum xsw_status status = kernel_probe_load(code, count, &probe->program, error);
    if (status != XSW_OK) {
        return status;
    }
    probe->link = bpf_raw_tracepoint_open("kfree_skb", probe->program);
    return probe->link < 0 ? error_errno(error, "no BPF program can be attached to skb:kfree_skb")
                           : XSW_OK;
}

static int record_take(void *context, void *data, size_t size)
{
    struct kernel_probe *probe = context;
    if (size >= sizeof(struct kernel_probe_record) && probe->observer != NULL) {
        struct kernel_probe_record record;
        memcpy(&record, data, sizeof(record));
        probe->observer(&record, probe->context);
    }
    return 0;
}

enum xsw_status kernel_probe_open(struct kernel_probe **probe, struct xsw_error *error)
{
    struct kernel_offsets offsets;
    struct kernel_probe *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the probe");
    }
    *made = (struct kernel_probe){.maps = {-1, -1, -1, -1}, .program = -1, .link = -1};
    libbpf_print_fn_t before = libbpf_set_print(quiet);
    enum xsw_status status = offsets_find(&offsets, error);
    if (status == XSW_OK) {
        status = maps_make(made, error);
    }
    if (status == XSW_OK) {
        made->records = ring_buffer__new(made->maps.records, record_take, made, NULL);
        status = libbpf_get_error(made->records) == 0
                     ? program_load(made, &offsets, error)
                     : error_errno(error, "the ring of the probe cannot be mapped");
    }
    libbpf_set_print(before);
    if (status != XSW_OK) {
        kernel_probe_close(made);
        return status;
    }
    *probe = made;
    return XSW_OK;
}

static bool has_key(const struct kernel_probe_key *keys, size_t count,
                    const struct kernel_probe_key *key)
{
    size_t i = 0;
    while (i < count && memcmp(&keys[i], key, sizeof(*key)) != 0) {
        i++;
    }
    return i < count;
}

/* What was there and stays is never out of the map, so that no drop there is missed. */
static enum xsw_status keys_change(struct kernel_probe *probe, const struct kernel_probe_key *keys,
                                   size_t count, struct xsw_error *error)
{
    const uint32_t is_there = 1;
    for (size_t i = 0; i < probe->key_count; i++) {
        if (!has_key(keys, count, &probe->keys[i])) {
            (void)bpf_map_delete_elem(probe->maps.devices, &probe->keys[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!has_key(probe->keys, probe->key_count, &keys[i]) &&
            bpf_map_update_elem(probe->maps.devices, &keys[i], &is_there, BPF_ANY) != 0) {
            return error_errno(error, "device %.16s cannot be watched", keys[i].name);
        }
    }
    return XSW_OK;
}

enum xsw_status kernel_probe_watch(struct kernel_probe *probe, const struct kernel_device *devices,
                                   size_t count, struct xsw_error *error)
{
    struct kernel_probe_key *keys = calloc(count + 1, sizeof(*keys));
    if (keys == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i].netns = (uint32_t)devices[i].netns;
        /* The kernel fills a name up with zeros, and so do we. */
        memcpy(keys[i].name, devices[i].name, strnlen(devices[i].name, sizeof(keys[i].name)));
    }
    enum xsw_status status = keys_change(probe, keys, count, error);
    free(probe->keys);
    probe->keys = keys;
    probe->key_count = count;
    return status;
}

void kernel_probe_others_forget(struct kernel_probe *probe)
{
    struct kernel_probe_key key;
    for (int i = 0; i < OTHERS_MAX && bpf_map_get_next_key(probe->maps.others, NULL, &key) == 0;
         i++) {
        uint64_t count = 0;
        (void)bpf_map_lookup_elem(probe->maps.others, &key, &count);
        (void)bpf_map_delete_elem(probe->maps.others, &key);
        if (count > KERNEL_PROBE_OTHERS_TOLD && has_key(probe->keys, probe->key_count, &key)) {
            probe->lost_new += count - KERNEL_PROBE_OTHERS_TOLD;
        }
    }
}

void kernel_probe_read(struct kernel_probe *probe, kernel_probe_observer *observer, void *context)
{
    probe->observer = observer;
    probe->context = context;
    (void)ring_buffer__consume(probe->records);
    probe->observer = NULL;
}

uint64_t kernel_probe_lost(const struct kernel_probe *probe)
{
    uint32_t key = 0;
    uint64_t lost = 0;
    (void)bpf_map_lookup_elem(probe->maps.lost, &key, &lost);
    return lost + probe->lost_new;
}

void kernel_probe_close(struct kernel_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    if (probe->records != NULL && libbpf_get_error(probe->records) == 0) {
        ring_buffer__free(probe->records);
    }
    const int fds[] = {probe->link,        probe->program,      probe->maps.devices,
                       probe->maps.others, probe->maps.records, probe->maps.lost};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    free(probe->keys);
    free(probe);
}
