/* SPDX-License-Identifier: Apache-2.0 */
/* XDP ports: an Ethernet device that exists, through AF_XDP sockets. All its frames come here and
 * none reaches the host's own stack. XDP knows no offload: what is to be cut is cut in the send,
 * and for frames from a veth, whose peer leaves checksums to a card that there is not,
 * segment_find_unfinished finds out. The XDP program is attached by a link that dies with this
 * process, so that a switch that was killed leaves nothing behind. Linux:
 * Documentation/networking/af_xdp.rst. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "packet/wire.h"
#include "switch/port/port.h"
#include "switch/port/port_xdp.h"

enum { QUEUES_MAX = 64, MTU_MAX = XDP_FRAME_MAX - ETHERNET_SIZE - VLAN_TAG_SIZE };

struct port_xdp {
    struct port port;
    struct port_device device;
    uint8_t is_generic; /* the driver knows no XDP: the kernel runs it on what it makes of frames */
    int map_fd, program_fd, link_fd;
    int poll_fds[CONFIG_WORKERS_MAX]; /* of the queues of a worker */
    struct xdp_queue *queues;         /* of the device: number n is of worker n % workers */
    uint32_t queue_count;
    uint32_t first_queue[CONFIG_WORKERS_MAX]; /* where that worker receives next */
};

static struct port_xdp *xdp_of(struct port *port)
{
    return (struct port_xdp *)port;
}

static void fd_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static void xdp_close(struct port *port)
{
    struct port_xdp *xdp = xdp_of(port);
    fd_close(xdp->link_fd); /* first: no frame comes any more */
    for (uint32_t i = 0; i < CONFIG_WORKERS_MAX; i++) {
        fd_close(xdp->poll_fds[i]);
    }
    for (uint32_t i = 0; xdp->queues != NULL && i < xdp->queue_count; i++) {
        xdp_queue_close(&xdp->queues[i]);
    }
    fd_close(xdp->map_fd);
    fd_close(xdp->program_fd);
    free(xdp->queues);
    port_device_close(&xdp->device);
    free(xdp);
}

/* Opening ------------------------------------------------------------------------------------ */

/* A frame goes to the socket of its queue; where there is none, on to the host. */
static enum xsw_status program_load(struct port_xdp *xdp, struct xsw_error *error)
{
    xdp->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "xsw_sockets", sizeof(int), sizeof(int),
                                 QUEUES_MAX, NULL);
    if (xdp->map_fd < 0) {
        const char *hint =
            errno == EPERM ? " (it needs CAP_BPF and CAP_NET_ADMIN: run as root)" : "";
        return error_errno(error, "cannot make a map of AF_XDP sockets%s", hint);
    }
    const struct bpf_insn program[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W, /* r2 = context->rx_queue_index */
         .dst_reg = BPF_REG_2,
         .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, rx_queue_index)},
        {.code = BPF_LD | BPF_IMM | BPF_DW, /* r1 = the map, in two parts */
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_FD,
         .imm = xdp->map_fd},
        {.code = 0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
        {.code = BPF_JMP | BPF_EXIT},
    };
    xdp->program_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xsw", "Apache-2.0", program,
                                    sizeof(program) / sizeof(program[0]), NULL);
    return xdp->program_fd >= 0 ? XSW_OK : error_errno(error, "the kernel refuses the XDP program");
}

static int link_try(struct port_xdp *xdp, uint32_t mode)
{
    const struct bpf_link_create_opts options = {.sz = sizeof(options), .flags = mode};
    xdp->link_fd = bpf_link_create(xdp->program_fd, xdp->device.index, BPF_XDP, &options);
    return xdp->link_fd >= 0;
}

static enum xsw_status program_attach(struct port_xdp *xdp, struct xsw_error *error)
{
    if (link_try(xdp, XDP_FLAGS_DRV_MODE)) {
        return XSW_OK;
    }
    const char *name = xdp->device.name;
    if (errno == EBUSY || errno == EEXIST) {
        return error_set(error, XSW_BUSY,
                         "device \"%s\" has an XDP program already, of another port or program: "
                         "\"ip link show %s\" shows it, \"ip link set %s xdp off\" takes off one "
                         "that nobody holds",
                         name, name, name);
    }
    xdp->is_generic = 1;
    return link_try(xdp, XDP_FLAGS_SKB_MODE)
               ? XSW_OK
               : error_errno(error, "cannot attach an XDP program to \"%s\"", name);
}

static enum xsw_status device_check(const struct port_xdp *xdp, const struct port_config *config,
                                    uint32_t workers, struct xsw_error *error)
{
    const char *name = xdp->device.name;
    if (config->mtu > MTU_MAX || xdp->device.mtu > MTU_MAX) {
        return error_set(error, XSW_UNSUPPORTED,
                         "MTU %u; an xdp port takes at most %d, as a frame must fit into %d bytes: "
                         "lower it, also of device \"%s\", or use kind \"packet\"",
                         config->mtu > MTU_MAX ? config->mtu : xdp->device.mtu, MTU_MAX,
                         XDP_FRAME_BYTES, name);
    }
    if (xdp->queue_count < workers) {
        return error_set(
            error, XSW_UNSUPPORTED,
            "device \"%s\" has %u receive queues and the switch %u workers, which "
            "need one each: \"ethtool -L %s rx %u tx %u\" (or \"combined %u\"), or use "
            "kind \"packet\"",
            name, xdp->queue_count, workers, name, workers, workers, workers);
    }
    if (xdp->queue_count > QUEUES_MAX) {
        return error_set(error, XSW_UNSUPPORTED,
                         "device \"%s\" has %u receive queues; expected at most %d: \"ethtool -L "
                         "%s combined %u\"",
                         name, xdp->queue_count, QUEUES_MAX, name, workers);
    }
    return XSW_OK;
}

static enum xsw_status queues_open(struct port_xdp *xdp, struct xsw_error *error)
{
    xdp->queues = calloc(xdp->queue_count, sizeof(struct xdp_queue));
    if (xdp->queues == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an xdp port");
    }
    for (uint32_t worker = 0; worker < xdp->port.queues; worker++) {
        xdp->poll_fds[worker] = epoll_create1(EPOLL_CLOEXEC);
        if (xdp->poll_fds[worker] < 0) {
            return error_errno(error, "no descriptor for an xdp port");
        }
    }
    for (uint32_t i = 0; i < xdp->queue_count; i++) {
        struct xdp_queue *queue = &xdp->queues[i];
        enum xsw_status status = xdp_queue_open(queue, &xdp->device, i, error);
        if (status != XSW_OK) {
            return status;
        }
        int fd = xsk_socket__fd(queue->socket);
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(xdp->poll_fds[i % xdp->port.queues], EPOLL_CTL_ADD, fd, &event) != 0 ||
            bpf_map_update_elem(xdp->map_fd, &i, &fd, BPF_ANY) != 0) {
            return error_errno(error, "cannot use queue %u of \"%s\"", i, xdp->device.name);
        }
    }
    return XSW_OK;
}

static enum xsw_status xdp_prepare(struct port_xdp *xdp, const struct port_config *config,
                                   struct xsw_error *error)
{
    enum xsw_status status = port_device_open(&xdp->device, config, error);
    if (status != XSW_OK) {
        return status;
    }
    xdp->queue_count = port_device_queues(&xdp->device);
    status = device_check(xdp, config, xdp->port.queues, error);
    if (status == XSW_OK) {
        status = program_load(xdp, error);
    }
    /* Before the sockets: which mode a driver is in decides what they can be bound to. */
    if (status == XSW_OK) {
        status = program_attach(xdp, error);
    }
    return status == XSW_OK ? queues_open(xdp, error) : status;
}

static enum xsw_status xdp_open(const struct port_config *config, uint32_t queues,
                                struct port **port, struct xsw_error *error)
{
    struct port_xdp *xdp = calloc(1, sizeof(*xdp));
    if (xdp == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an xdp port");
    }
    /* What these libraries have to say is in the errors that they return. */
    (void)libbpf_set_print(NULL);
    xdp->port.ops = &port_xdp_ops;
    xdp->port.queues = queues;
    xdp->device.fd = xdp->map_fd = xdp->program_fd = xdp->link_fd = -1;
    for (uint32_t i = 0; i < CONFIG_WORKERS_MAX; i++) {
        xdp->poll_fds[i] = -1;
        xdp->first_queue[i] = i;
    }
    enum xsw_status status = xdp_prepare(xdp, config, error);
    if (status != XSW_OK) {
        xdp_close(&xdp->port);
        return status;
    }
    *port = &xdp->port;
    return XSW_OK;
}

/* The worker's side -------------------------------------------------------------------------- */

/* From the queues of this worker in turn, beginning with another one each time. */
static uint32_t xdp_receive(struct port *port, uint32_t worker, struct packet_pool *pool,
                            struct packet **packets, uint32_t capacity)
{
    struct port_xdp *xdp = xdp_of(port);
    uint32_t first = xdp->first_queue[worker];
    uint32_t number = first;
    uint32_t count = 0;
    do {
        count += xdp_queue_receive(&xdp->queues[number], pool, &packets[count], capacity - count);
        number = number + port->queues < xdp->queue_count ? number + port->queues : worker;
    } while (number != first && count < capacity);
    xdp->first_queue[worker] = number;
    return count;
}

static uint32_t xdp_send(struct port *port, uint32_t worker, struct packet *const *packets,
                         uint32_t count)
{
    return xdp_queue_send(&xdp_of(port)->queues[worker], packets, count);
}

static int xdp_poll_fd(struct port *port, uint32_t worker)
{
    return xdp_of(port)->poll_fds[worker];
}

static int xdp_is_ready(struct port *port, uint32_t worker)
{
    const struct port_xdp *xdp = xdp_of(port);
    for (uint32_t i = worker; i < xdp->queue_count; i += port->queues) {
        if (xdp_queue_is_ready(&xdp->queues[i])) {
            return 1;
        }
    }
    return 0;
}

/* For people --------------------------------------------------------------------------------- */

static enum port_state xdp_state(struct port *port)
{
    return port_device_state(&xdp_of(port)->device);
}

static uint32_t xdp_numbers(struct port *port, struct port_number *numbers)
{
    struct port_xdp *xdp = xdp_of(port);
    struct xdp_statistics sum = {0};
    uint64_t segments = 0;
    for (uint32_t i = 0; i < xdp->queue_count; i++) {
        struct xdp_statistics stats = {0};
        socklen_t size = sizeof(stats);
        int fd = xsk_socket__fd(xdp->queues[i].socket);
        if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &size) == 0) {
            sum.rx_dropped += stats.rx_dropped;
            sum.rx_ring_full += stats.rx_ring_full;
            sum.rx_fill_ring_empty_descs += stats.rx_fill_ring_empty_descs;
            sum.tx_invalid_descs += stats.tx_invalid_descs;
        }
        segments += counter_read(&xdp->queues[i].segments);
    }
    numbers[0] = (struct port_number){"tx_segments", segments};
    numbers[1] = (struct port_number){"lost_by_kernel", sum.rx_dropped + sum.rx_ring_full};
    numbers[2] = (struct port_number){"rx_ring_full", sum.rx_ring_full};
    numbers[3] = (struct port_number){"fill_ring_empty", sum.rx_fill_ring_empty_descs};
    numbers[4] = (struct port_number){"tx_refused", sum.tx_invalid_descs};
    return 5;
}

static void xdp_advice(struct port *port, char text[PORT_ADVICE_SIZE])
{
    const struct port_xdp *xdp = xdp_of(port);
    char peer[IFNAMSIZ];
    text[0] = '\0';
    if (port_device_is_veth(&xdp->device, peer)) {
        snprintf(text, PORT_ADVICE_SIZE,
                 "TCP and UDP checksums of the peer are finished here; for those in tunnels, and "
                 "for tags, run: ethtool -K %s tx-checksum-ip-generic off txvlan off",
                 peer);
    } else if (port_device_strips_tags(&xdp->device)) {
        snprintf(text, PORT_ADVICE_SIZE,
                 "the device hides the tags of frames from XDP, run: ethtool -K %s rxvlan off",
                 xdp->device.name);
    } else if (xdp->is_generic) {
        snprintf(text, PORT_ADVICE_SIZE,
                 "the driver knows no XDP: the kernel's generic mode is slow, kind \"packet\" is "
                 "better");
    }
}

const struct port_ops port_xdp_ops = {
    .kind = "xdp",
    .open = xdp_open,
    .close = xdp_close,
    .receive = xdp_receive,
    .send = xdp_send,
    .poll_fd = xdp_poll_fd,
    .state = xdp_state,
    .is_ready = xdp_is_ready,
    .numbers = xdp_numbers,
    .advice = xdp_advice,
};
