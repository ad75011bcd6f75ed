/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities, see capabilities(7).
 */
#include "cmd/xswd/xswd_rights.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

static const struct {
    unsigned capability;
    const char *name;
} kept[] = {
    {CAP_NET_ADMIN, "net_admin"}, /* TAP devices, promiscuous mode, XDP programs on devices */
    {CAP_NET_RAW, "net_raw"},     /* AF_PACKET and AF_XDP sockets */
    {CAP_BPF, "bpf"},             /* the XDP program that steers packets to AF_XDP sockets */
    {CAP_PERFMON, "perfmon"},     /* its loader looks at the kernel's types */
    {CAP_IPC_LOCK, "ipc_lock"},   /* the memory of AF_XDP sockets counts as locked */
};

enum { KEPT_COUNT = sizeof(kept) / sizeof(kept[0]), CAPABILITIES_MAX = 64 };

static uint64_t kept_mask(void)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        mask |= UINT64_C(1) << kept[i].capability;
    }
    return mask;
}

/* Without the right to do so there is nothing in the set that we could ever get. */
static void bounding_reduce(uint64_t mask)
{
    for (unsigned capability = 0; capability < CAPABILITIES_MAX; capability++) {
        if ((mask >> capability & 1) == 0 && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) {
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
}

static void names_write(const struct __user_cap_data_struct data[2], char text[RIGHTS_TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        unsigned capability = kept[i].capability;
        if ((data[capability / 32].permitted >> capability % 32 & 1) != 0) {
            used += (size_t)snprintf(text + used, RIGHTS_TEXT_SIZE - used, "%s%s",
                                     used > 0 ? "," : "", kept[i].name);
        }
    }
    if (used == 0) {
        snprintf(text, RIGHTS_TEXT_SIZE, "none");
    }
}

enum xsw_status rights_reduce(char text[RIGHTS_TEXT_SIZE], struct xsw_error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    uint64_t mask = kept_mask();
    if (syscall(SYS_capget, &header, data) != 0) {
        return error_errno(error, "the rights of the process cannot be read");
    }
    bounding_reduce(mask);
    for (size_t i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(mask >> 32 * i);
        data[i].permitted &= half;
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, data) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return error_errno(error, "the rights of the process cannot be reduced");
    }
    names_write(data, text);
    return XSW_OK;
}
