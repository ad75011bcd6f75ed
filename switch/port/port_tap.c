/* SPDX-License-Identifier: Apache-2.0 */
/* TAP ports: what a guest or a namespace sends to its interface comes in here, and the reverse. One
 * queue of the device for each worker. With the virtio-net header a segment of up to 64 KiB and a
 * checksum that is still to be finished pass whole. Linux: Documentation/networking/tuntap.rst. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/path/counters.h"
#include "switch/path/reasons.h"
#include "switch/port/port.h"

/* Missing from Debian 12's headers; Linux 6.2, include/uapi/linux/if_tun.h. */
enum { OFFLOAD_USO4 = 0x20, OFFLOAD_USO6 = 0x40 };

struct tap_queue {
    int fd;
    uint8_t *overflow; /* where the part of a frame goes that is longer than a small buffer, and a
                          frame that is cut from a packet */
    counter segments;
};

struct port_tap {
    struct port port;
    _Atomic int state; /* enum port_state; written by workers, read by control */
    char device[IFNAMSIZ];
    struct tap_queue queues[CONFIG_WORKERS_MAX];
};

static struct port_tap *tap_of(struct port *port)
{
    return (struct port_tap *)port;
}

static enum xsw_status offload_enable(int fd, struct xsw_error *error)
{
    unsigned flags = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    int header_size = sizeof(struct virtio_net_hdr);
    int is_little_endian = 1;
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_size) != 0) {
        return error_errno(error, "cannot set the size of the virtio-net header");
    }
    if (ioctl(fd, TUNSETVNETLE, &is_little_endian) != 0) {
        return error_errno(error, "cannot set the byte order of the virtio-net header");
    }
    /* Kernels before 6.2 know no segmentation of UDP. */
    if (ioctl(fd, TUNSETOFFLOAD, flags | OFFLOAD_USO4 | OFFLOAD_USO6) != 0 &&
        ioctl(fd, TUNSETOFFLOAD, flags) != 0) {
        return error_errno(error, "cannot switch on offloads");
    }
    return XSW_OK;
}

static enum xsw_status queue_open(struct port_tap *tap, struct tap_queue *queue,
                                  struct xsw_error *error)
{
    queue->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (queue->fd < 0) {
        return error_errno(error, "cannot open /dev/net/tun");
    }
    struct ifreq request = {0};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
    memcpy(request.ifr_name, tap->device, sizeof(request.ifr_name));
    if (ioctl(queue->fd, TUNSETIFF, &request) != 0) {
        const char *hint = errno == EPERM    ? " (it needs CAP_NET_ADMIN in this network namespace)"
                           : errno == EBUSY  ? " (another program has it, or it has one queue)"
                           : errno == EINVAL ? " (the name is taken by another kind of interface)"
                                             : "";
        return error_errno(error, "cannot attach to the TAP device \"%s\"%s", tap->device, hint);
    }
    queue->overflow = malloc(PACKET_LARGE_BYTES);
    if (queue->overflow == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a TAP queue");
    }
    return offload_enable(queue->fd, error);
}

/* The device's own MTU follows the port's while it is in this namespace; later it is its owner's.
 */
static void mtu_set(const struct port_tap *tap, uint32_t mtu)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    struct ifreq request = {0};
    memcpy(request.ifr_name, tap->device, sizeof(request.ifr_name));
    request.ifr_mtu = (int)mtu;
    (void)ioctl(fd, SIOCSIFMTU, &request);
    close(fd);
}

static void tap_close(struct port *port)
{
    struct port_tap *tap = tap_of(port);
    for (uint32_t i = 0; i < port->queues; i++) {
        if (tap->queues[i].fd >= 0) {
            close(tap->queues[i].fd);
        }
        free(tap->queues[i].overflow);
    }
    free(tap);
}

static enum xsw_status tap_open(const struct port_config *config, uint32_t queues,
                                struct port **port, struct xsw_error *error)
{
    const char *device = config->device[0] != '\0' ? config->device : config->name;
    if (strlen(device) >= IFNAMSIZ) {
        return error_set(error, XSW_INVALID, "device \"%s\": expected at most %d characters",
                         device, IFNAMSIZ - 1);
    }
    struct port_tap *tap = calloc(1, sizeof(*tap));
    if (tap == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a TAP port");
    }
    tap->port.ops = &port_tap_ops;
    tap->port.queues = queues;
    memcpy(tap->device, device, strlen(device) + 1);
    for (uint32_t i = 0; i < queues; i++) {
        tap->queues[i].fd = -1;
    }
    for (uint32_t i = 0; i < queues; i++) {
        enum xsw_status status = queue_open(tap, &tap->queues[i], error);
        if (status != XSW_OK) {
            tap_close(&tap->port);
            return status;
        }
    }
    mtu_set(tap, config->mtu);
    *port = &tap->port;
    return XSW_OK;
}

static void state_set(struct port_tap *tap, enum port_state state)
{
    if (atomic_load_explicit(&tap->state, memory_order_relaxed) != (int)state) {
        atomic_store_explicit(&tap->state, (int)state, memory_order_relaxed);
    }
}

static void offload_read(struct xsw_offload *offload, const struct virtio_net_hdr *header)
{
    offload->flags = header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
    offload->gso_type = header->gso_type;
    offload->header_length = le16toh(header->hdr_len);
    offload->gso_size = le16toh(header->gso_size);
    offload->csum_start = le16toh(header->csum_start);
    offload->csum_offset = le16toh(header->csum_offset);
}

static void offload_write(const struct xsw_offload *offload, struct virtio_net_hdr *header)
{
    *header = (struct virtio_net_hdr){.flags = offload->flags,
                                      .gso_type = offload->gso_type,
                                      .hdr_len = htole16(offload->header_length),
                                      .gso_size = htole16(offload->gso_size),
                                      .csum_start = htole16(offload->csum_start),
                                      .csum_offset = htole16(offload->csum_offset)};
}

/* The frame did not fit into the small packet: both parts go into a large one. The caller has seen
 * that there is one. */
static struct packet *enlarge(struct packet_pool *pool, struct packet *small, uint32_t length,
                              const uint8_t *overflow)
{
    struct packet *large = packet_alloc(pool, length);
    if (large != NULL) {
        memcpy(large->seen.data, small->seen.data, PACKET_SMALL_BYTES);
        memcpy(large->seen.data + PACKET_SMALL_BYTES, overflow, length - PACKET_SMALL_BYTES);
    }
    packet_free(pool, &small, 1);
    return large;
}

static struct packet *receive_one(struct port_tap *tap, struct tap_queue *queue,
                                  struct packet_pool *pool)
{
    struct packet *packet = packet_pool_can_receive(pool) ? packet_alloc(pool, 0) : NULL;
    if (packet == NULL) {
        return NULL;
    }
    struct virtio_net_hdr header;
    struct iovec parts[3] = {{&header, sizeof(header)},
                             {packet->seen.data, PACKET_SMALL_BYTES},
                             {queue->overflow, PACKET_LARGE_BYTES - PACKET_SMALL_BYTES}};
    ssize_t got = readv(queue->fd, parts, 3);
    if (got < (ssize_t)sizeof(header)) {
        if (got < 0 && (errno == EBADFD || errno == ENODEV)) {
            state_set(tap, PORT_VANISHED);
        }
        packet_free(pool, &packet, 1);
        return NULL;
    }
    uint32_t length = (uint32_t)((size_t)got - sizeof(header));
    if (length > PACKET_SMALL_BYTES) {
        packet = enlarge(pool, packet, length, queue->overflow);
    }
    packet->seen.length = length;
    offload_read(&packet->seen.offload, &header);
    return packet;
}

static uint32_t tap_receive(struct port *port, uint32_t queue, struct packet_pool *pool,
                            struct packet **packets, uint32_t capacity)
{
    struct port_tap *tap = tap_of(port);
    uint32_t count = 0;
    while (count < capacity) {
        struct packet *packet = receive_one(tap, &tap->queues[queue], pool);
        if (packet == NULL) {
            break;
        }
        packets[count++] = packet;
    }
    return count;
}

static uint16_t send_failure(struct port_tap *tap)
{
    switch (errno) {
    case EIO: /* the interface is down */
        state_set(tap, PORT_DOWN);
        return REASON_PORT_DOWN;
    case EBADFD:
    case ENODEV:
        state_set(tap, PORT_VANISHED);
        return REASON_PORT_DOWN;
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
        return REASON_QUEUE_FULL;
    default:
        return REASON_SEND_FAILED;
    }
}

/* 0, or why not. */
static uint16_t frame_send(struct port_tap *tap, const struct tap_queue *queue,
                           const struct xsw_packet *frame)
{
    struct virtio_net_hdr header;
    offload_write(&frame->offload, &header);
    struct iovec parts[2] = {{&header, sizeof(header)}, {frame->data, frame->length}};
    if (writev(queue->fd, parts, 2) < 0) {
        return send_failure(tap);
    }
    state_set(tap, PORT_UP);
    return REASON_NONE;
}

/* Sends the packet as frames that need no offload. When one does not go, nor do those behind it. */
static uint16_t cut_send(struct port_tap *tap, struct tap_queue *queue,
                         const struct xsw_packet *packet)
{
    struct segmenter segmenter;
    if (segmenter_begin(&segmenter, packet) != XSW_OK || segmenter.frame_max > PACKET_LARGE_BYTES) {
        return REASON_NOT_SEGMENTED;
    }
    uint16_t reason = REASON_NONE;
    while (reason == REASON_NONE && !segmenter_is_done(&segmenter)) {
        struct xsw_packet frame = {.data = queue->overflow,
                                   .length = segmenter_write(&segmenter, queue->overflow)};
        reason = frame_send(tap, queue, &frame);
        counter_add(&queue->segments, reason == REASON_NONE);
    }
    return reason;
}

static uint32_t tap_send(struct port *port, uint32_t queue, struct packet *const *packets,
                         uint32_t count)
{
    struct port_tap *tap = tap_of(port);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct packet *packet = packets[i];
        uint16_t reason = port_kernel_understands(&packet->seen)
                              ? frame_send(tap, &tap->queues[queue], &packet->seen)
                              : cut_send(tap, &tap->queues[queue], &packet->seen);
        if (reason != REASON_NONE) {
            packet->drop_reason = reason;
            failed++;
        }
    }
    return failed;
}

static uint32_t tap_numbers(struct port *port, struct port_number *numbers)
{
    const struct port_tap *tap = tap_of(port);
    uint64_t segments = 0;
    for (uint32_t i = 0; i < port->queues; i++) {
        segments += counter_read(&tap->queues[i].segments);
    }
    numbers[0] = (struct port_number){"tx_segments", segments};
    return 1;
}

static int tap_poll_fd(struct port *port, uint32_t queue)
{
    return tap_of(port)->queues[queue].fd;
}

static enum port_state tap_state(struct port *port)
{
    struct port_tap *tap = tap_of(port);
    /* A device that was deleted leaves the descriptor without one. */
    struct ifreq request = {0};
    if (ioctl(tap->queues[0].fd, TUNGETIFF, &request) != 0) {
        state_set(tap, PORT_VANISHED);
    }
    return (enum port_state)atomic_load_explicit(&tap->state, memory_order_relaxed);
}

static enum xsw_status tap_keep_device(struct port *port, int must_stay, struct xsw_error *error)
{
    struct port_tap *tap = tap_of(port);
    if (ioctl(tap->queues[0].fd, TUNSETPERSIST, must_stay) != 0) {
        return error_errno(error, "cannot %s the TAP device \"%s\"",
                           must_stay ? "keep" : "take over", tap->device);
    }
    return XSW_OK;
}

/* The owner of the other side gives the device a name and a namespace of its own. */
static int tap_place(struct port *port, struct port_place *place)
{
    const struct port_tap *tap = tap_of(port);
    struct ifreq request = {0};
    if (ioctl(tap->queues[0].fd, TUNGETIFF, &request) != 0) {
        return 0;
    }
    memcpy(place->device, request.ifr_name, sizeof(place->device));
    place->device[sizeof(place->device) - 1] = '\0';
    int fd = ioctl(tap->queues[0].fd, TUNGETDEVNETNS);
    struct stat about;
    int is_known = fd >= 0 && fstat(fd, &about) == 0;
    place->netns = is_known ? about.st_ino : 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_known;
}

const struct port_ops port_tap_ops = {
    .kind = "tap",
    .takes_checksum = 1,
    .takes_gso = 1,
    .open = tap_open,
    .close = tap_close,
    .receive = tap_receive,
    .send = tap_send,
    .poll_fd = tap_poll_fd,
    .state = tap_state,
    .numbers = tap_numbers,
    .keep_device = tap_keep_device,
    .place = tap_place,
};
