/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/error.h"
#include "trace/kernel_probe_code.h"

enum { RECORDS_BYTES = 4 << 20, NESTING_MAX = 8 };

struct kernel_probe {
    struct kernel_probe_maps maps;
    int program;
    int link;
    struct ring_buffer *records;
    struct kernel_probe_key *keys; /* that are in the map of devices */
    size_t key_count;
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
        {"net", "ns", &ns_in_net},
        {"ns_common", "inum", &number_in_ns},
    };
    struct btf *btf = btf__load_vmlinux_btf();
    if (libbpf_get_error(btf) != 0) {
        return error_set(error, XSW_UNSUPPORTED,
                         "this kernel has no BTF (/sys/kernel/btf/vmlinux)");
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

static enum xsw_status maps_make(struct kernel_probe *probe, struct xsw_error *error)
{
    struct kernel_probe_maps *maps = &probe->maps;
    maps->devices =
        bpf_map_create(BPF_MAP_TYPE_HASH, "xsw_devices", sizeof(struct kernel_probe_key),
                       sizeof(uint32_t), KERNEL_DEVICES_MAX, NULL);
    maps->records = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "xsw_drops", 0, 0, RECORDS_BYTES, NULL);
    maps->lost =
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "xsw_lost", sizeof(uint32_t), sizeof(uint64_t), 1, NULL);
    if (maps->devices < 0 || maps->records < 0 || maps->lost < 0) {
        return error_errno(error, "BPF maps cannot be made (CAP_BPF is needed)");
    }
    return XSW_OK;
}

static enum xsw_status program_load(struct kernel_probe *probe,
                                    const struct kernel_offsets *offsets, struct xsw_error *error)
{
    /* The helpers that read kernel memory are for programs under a licence that goes with GPL-2.0:
     * these instructions are offered under it too. */
    static const char license[] = "Dual MIT/GPL";
    struct bpf_insn code[KERNEL_PROBE_CODE_MAX];
    size_t count = kernel_probe_code(code, offsets, &probe->maps);
    probe->program =
        bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "xsw_drop", license, code, count, NULL);
    if (probe->program < 0) {
        return error_errno(error, "the BPF program cannot be loaded (CAP_BPF and CAP_PERFMON are "
                                  "needed)");
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
    *made = (struct kernel_probe){.maps = {-1, -1, -1}, .program = -1, .link = -1};
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

enum xsw_status kernel_probe_watch(struct kernel_probe *probe, const struct kernel_device *devices,
                                   size_t count, struct xsw_error *error)
{
    struct kernel_probe_key *keys = calloc(count + 1, sizeof(*keys));
    if (keys == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    for (size_t i = 0; i < probe->key_count; i++) {
        (void)bpf_map_delete_elem(probe->maps.devices, &probe->keys[i]);
    }
    enum xsw_status status = XSW_OK;
    for (uint32_t i = 0; i < count && status == XSW_OK; i++) {
        uint32_t number = i + 1;
        keys[i].netns = (uint32_t)devices[i].netns;
        /* The kernel fills a name up with zeros, and so do we. */
        memcpy(keys[i].name, devices[i].name, strnlen(devices[i].name, sizeof(keys[i].name)));
        if (bpf_map_update_elem(probe->maps.devices, &keys[i], &number, BPF_ANY) != 0) {
            status = error_errno(error, "device %s cannot be watched", devices[i].name);
        }
    }
    free(probe->keys);
    probe->keys = keys;
    probe->key_count = count;
    return status;
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
    return lost;
}

void kernel_probe_close(struct kernel_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    if (probe->records != NULL && libbpf_get_error(probe->records) == 0) {
        ring_buffer__free(probe->records);
    }
    const int fds[] = {probe->link, probe->program, probe->maps.devices, probe->maps.records,
                       probe->maps.lost};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    free(probe->keys);
    free(probe);
}
