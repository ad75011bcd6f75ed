/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_interfaces.h"

#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"

static const uint64_t CHECK_NS = 500000000;

/* What XDP's events know a device by. They do not tell the namespace, but the program, which has a
 * number of its own. */
static struct kernel_interface interface_find(struct kernel_device *device, uint64_t here)
{
    struct kernel_interface interface = {.place = {.netns = (uint32_t)device->netns}};
    memcpy(interface.place.name, device->name, sizeof(interface.place.name));
    if (device->netns == here) {
        device->index = interface.place.index = if_nametoindex(device->name);
    }
    if (interface.place.index == 0 ||
        bpf_xdp_query_id((int)interface.place.index, 0, &interface.program) != 0) {
        interface.program = 0;
    }
    return interface;
}

enum xsw_status kernel_interfaces_find(struct kernel_interfaces *interfaces,
                                       struct kernel_rings *rings, struct kernel_device *devices,
                                       size_t count, bool are_same, struct xsw_error *error)
{
    uint64_t now_ns = clock_mono_ns();
    struct stat about;
    if (are_same && count == interfaces->count && now_ns - interfaces->found_ns < CHECK_NS) {
        for (size_t i = 0; i < count; i++) {
            devices[i].index = interfaces->list[i].place.index;
        }
        return XSW_OK;
    }
    uint64_t here = stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
    struct kernel_interface *list = calloc(count + 1, sizeof(*list));
    if (list == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = interface_find(&devices[i], here);
    }
    kernel_rings_watch(rings, list, count);
    free(interfaces->list);
    interfaces->list = list;
    interfaces->count = count;
    interfaces->found_ns = now_ns;
    return XSW_OK;
}

void kernel_interfaces_fini(struct kernel_interfaces *interfaces)
{
    free(interfaces->list);
    *interfaces = (struct kernel_interfaces){.list = NULL};
}
