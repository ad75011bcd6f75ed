/* SPDX-License-Identifier: Apache-2.0 */
/* Packet ports: an Ethernet device that exists (a NIC, a veth) through packet sockets, one for each
 * worker, between which the kernel divides the flows. Frames come in through a ring that the kernel
 * fills (TPACKET_V3), with the virtio-net header, so that segments of 64 KiB and unfinished
 * checksums pass whole in both directions. The kernel hands over a block of frames when it is full,
 * or after a millisecond. Linux: Documentation/networking/packet_mmap.rst, packet(7). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "packet/wire.h"
#include "switch/path/counters.h"
#include "switch/path/reasons.h"
#include "switch/port/port.h"
#include "switch/port/port_device.h"

enum {
    BLOCK_BYTES = 1 << 18, /* several of the largest frames */
    BLOCK_COUNT = 32,
    FRAME_BYTES = 2048,     /* only to please the kernel's checks: version 3 packs frames */
    BLOCK_MILLISECONDS = 1, /* a block that is not full waits so long */
    SEND_BUFFER_BYTES = 4 << 20
};

struct packet_queue {
    int fd;
    uint8_t *ring;
    uint32_t block; /* that is read now */
    uint32_t left;  /* frames in it that are still to be taken; 0: it is the kernel's */
    uint8_t *next;  /* the first of them */
    counter too_long, segments;
    uint8_t *frame; /* one that is cut from a packet which the kernel would not understand */
    struct virtio_net_hdr headers[XSW_BATCH_MAX];
    struct iovec parts[XSW_BATCH_MAX][2];
    struct mmsghdr messages[XSW_BATCH_MAX];
    /* The kernel forgets its numbers when they are read; of the control thread. */
    uint64_t lost, frozen;
};

struct port_packet {
    struct port port;
    struct port_device device;
    struct packet_queue *queues;
};

static struct port_packet *packet_of(struct port *port)
{
    return (struct port_packet *)port;
}

static void packet_close(struct port *port)
{
    struct port_packet *packet = packet_of(port);
    for (uint32_t i = 0; packet->queues != NULL && i < port->queues; i++) {
        struct packet_queue *queue = &packet->queues[i];
        if (queue->ring != NULL) {
            munmap(queue->ring, (size_t)BLOCK_BYTES * BLOCK_COUNT);
        }
        if (queue->fd >= 0) {
            close(queue->fd);
        }
        free(queue->frame);
    }
    free(packet->queues);
    port_device_close(&packet->device);
    free(packet);
}

/* Opening ------------------------------------------------------------------------------------ */

static int option_set(int fd, int name, int value)
{
    return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)) == 0;
}

static enum xsw_status ring_open(struct packet_queue *queue, struct xsw_error *error)
{
    queue->frame = malloc(PACKET_LARGE_BYTES);
    if (queue->frame == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a packet port");
    }
    struct tpacket_req3 ring = {.tp_block_size = BLOCK_BYTES,
                                .tp_block_nr = BLOCK_COUNT,
                                .tp_frame_size = FRAME_BYTES,
                                .tp_frame_nr = BLOCK_BYTES / FRAME_BYTES * BLOCK_COUNT,
                                .tp_retire_blk_tov = BLOCK_MILLISECONDS};
    if (!option_set(queue->fd, PACKET_VERSION, TPACKET_V3) ||
        !option_set(queue->fd, PACKET_VNET_HDR, 1) ||
        !option_set(queue->fd, PACKET_IGNORE_OUTGOING, 1)) {
        return error_errno(error, "the kernel has no packet sockets as they are needed here: "
                                  "version 3, virtio-net header; expected Linux 4.20 or later");
    }
    if (setsockopt(queue->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0) {
        return error_errno(error, "cannot set up a packet ring of %d KiB",
                           BLOCK_BYTES / 1024 * BLOCK_COUNT);
    }
    void *memory = mmap(NULL, (size_t)BLOCK_BYTES * BLOCK_COUNT, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, queue->fd, 0);
    if (memory == MAP_FAILED) {
        return error_errno(error, "cannot map a packet ring");
    }
    queue->ring = memory;
    return XSW_OK;
}

/* Nothing is received before filter_open: a socket that is not yet in the group would get copies of
 * what the others get. */
static enum xsw_status queue_open(const struct port_packet *packet, struct packet_queue *queue,
                                  struct xsw_error *error)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = packet->device.index};
    queue->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (queue->fd < 0) {
        return error_errno(error, "cannot open a packet socket");
    }
    enum xsw_status status = ring_open(queue, error);
    if (status != XSW_OK) {
        return status;
    }
    int send_bytes = SEND_BUFFER_BYTES;
    if (setsockopt(queue->fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_bytes, sizeof(send_bytes)) != 0) {
        (void)setsockopt(queue->fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    }
    if (setsockopt(queue->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0 ||
        bind(queue->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return error_errno(error, "cannot bind a packet socket to \"%s\"", packet->device.name);
    }
    return XSW_OK;
}

/* All sockets become one group, in which each flow has one: the order of its frames is kept. */
static enum xsw_status group_make(struct port_packet *packet, struct xsw_error *error)
{
    int group = (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
    for (uint32_t i = 0; i < packet->port.queues && packet->port.queues > 1; i++) {
        int fd = packet->queues[i].fd;
        socklen_t size = sizeof(group);
        if (!option_set(fd, PACKET_FANOUT, group) ||
            getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, &size) != 0) {
            return error_errno(error, "cannot divide the flows of \"%s\" between %u workers",
                               packet->device.name, packet->port.queues);
        }
    }
    return XSW_OK;
}

static enum xsw_status filters_open(struct port_packet *packet, struct xsw_error *error)
{
    for (uint32_t i = 0; i < packet->port.queues; i++) {
        int unused = 0;
        if (setsockopt(packet->queues[i].fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
                       sizeof(unused)) != 0) {
            return error_errno(error, "cannot begin to receive from \"%s\"", packet->device.name);
        }
    }
    return XSW_OK;
}

static enum xsw_status queues_open(struct port_packet *packet, uint32_t queues,
                                   struct xsw_error *error)
{
    packet->queues = calloc(queues, sizeof(struct packet_queue));
    if (packet->queues == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a packet port");
    }
    packet->port.queues = queues;
    for (uint32_t i = 0; i < queues; i++) {
        packet->queues[i].fd = -1;
    }
    for (uint32_t i = 0; i < queues; i++) {
        enum xsw_status status = queue_open(packet, &packet->queues[i], error);
        if (status != XSW_OK) {
            return status;
        }
    }
    enum xsw_status status = group_make(packet, error);
    return status == XSW_OK ? filters_open(packet, error) : status;
}

static enum xsw_status packet_open(const struct port_config *config, uint32_t queues,
                                   struct port **port, struct xsw_error *error)
{
    struct port_packet *packet = calloc(1, sizeof(*packet));
    if (packet == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a packet port");
    }
    packet->port.ops = &port_packet_ops;
    enum xsw_status status = port_device_open(&packet->device, config, error);
    if (status == XSW_OK) {
        status = queues_open(packet, queues, error);
    }
    if (status != XSW_OK) {
        packet_close(&packet->port);
        return status;
    }
    *port = &packet->port;
    return XSW_OK;
}

/* Receiving ---------------------------------------------------------------------------------- */

static struct tpacket_block_desc *block_of(const struct packet_queue *queue)
{
    return (struct tpacket_block_desc *)(void *)(queue->ring + (size_t)queue->block * BLOCK_BYTES);
}

static int block_is_ours(const struct packet_queue *queue)
{
    /* Pairs with the kernel's barrier before it hands the block over. */
    return (__atomic_load_n(&block_of(queue)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
            TP_STATUS_USER) != 0;
}

static void block_give_back(struct packet_queue *queue)
{
    /* All has been read before the kernel may write there again. */
    __atomic_store_n(&block_of(queue)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    queue->block = (queue->block + 1) % BLOCK_COUNT;
}

/* The header of the next frame; null when there is none. */
static const struct tpacket3_hdr *frame_find(struct packet_queue *queue)
{
    while (queue->left == 0) {
        if (!block_is_ours(queue)) {
            return NULL;
        }
        const struct tpacket_block_desc *block = block_of(queue);
        queue->left = block->hdr.bh1.num_pkts;
        queue->next = (uint8_t *)block_of(queue) + block->hdr.bh1.offset_to_first_pkt;
        if (queue->left == 0) {
            block_give_back(queue);
        }
    }
    return (const struct tpacket3_hdr *)(const void *)queue->next;
}

static void frame_pass(struct packet_queue *queue, const struct tpacket3_hdr *frame)
{
    queue->next += frame->tp_next_offset;
    if (--queue->left == 0) {
        block_give_back(queue);
    }
}

/* The fields are in the order of this machine's bytes: on a packet socket the header is the one of
 * virtio before 1.0. */
static void offload_read(struct xsw_offload *offload, const uint8_t *bytes, uint32_t tag_size)
{
    struct virtio_net_hdr header;
    memcpy(&header, bytes - sizeof(header), sizeof(header));
    offload->flags = header.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
    offload->gso_type = header.gso_type;
    offload->gso_size = header.gso_size;
    if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE) {
        offload->header_length = (uint16_t)(header.hdr_len + tag_size);
    }
    if ((header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        offload->csum_start = (uint16_t)(header.csum_start + tag_size);
        offload->csum_offset = header.csum_offset;
    }
}

/* The kernel takes the outer tag out of the frame and lays it beside it: it is put back. */
static void frame_copy(struct xsw_packet *packet, const struct tpacket3_hdr *frame)
{
    const uint8_t *bytes = (const uint8_t *)frame + frame->tp_mac;
    uint32_t length = frame->tp_snaplen;
    uint32_t tag_size = (frame->tp_status & TP_STATUS_VLAN_VALID) != 0 ? VLAN_TAG_SIZE : 0;
    if (tag_size == 0 || length < 2 * MAC_SIZE) {
        memcpy(packet->data, bytes, length);
        packet->length = length;
        offload_read(&packet->offload, bytes, 0);
        return;
    }
    int has_type = (frame->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    memcpy(packet->data, bytes, 2 * MAC_SIZE);
    wire_write16(packet->data + 2 * MAC_SIZE, has_type ? frame->hv1.tp_vlan_tpid : ETHER_TYPE_VLAN);
    wire_write16(packet->data + 2 * MAC_SIZE + 2, (uint16_t)frame->hv1.tp_vlan_tci);
    memcpy(packet->data + 2 * MAC_SIZE + VLAN_TAG_SIZE, bytes + 2 * MAC_SIZE,
           length - 2 * MAC_SIZE);
    packet->length = length + VLAN_TAG_SIZE;
    offload_read(&packet->offload, bytes, VLAN_TAG_SIZE);
}

static uint32_t packet_receive(struct port *port, uint32_t queue_index, struct packet_pool *pool,
                               struct packet **packets, uint32_t capacity)
{
    struct packet_queue *queue = &packet_of(port)->queues[queue_index];
    uint32_t count = 0;
    while (count < capacity) {
        const struct tpacket3_hdr *frame = frame_find(queue);
        if (frame == NULL) {
            break;
        }
        if (frame->tp_snaplen < frame->tp_len ||
            frame->tp_len > PACKET_LARGE_BYTES - VLAN_TAG_SIZE) {
            counter_add(&queue->too_long, 1);
            frame_pass(queue, frame);
            continue;
        }
        struct packet *packet = packet_alloc_received(pool, frame->tp_snaplen + VLAN_TAG_SIZE);
        if (packet == NULL) {
            break;
        }
        frame_copy(&packet->seen, frame);
        frame_pass(queue, frame);
        packets[count++] = packet;
    }
    return count;
}

static int packet_is_ready(struct port *port, uint32_t queue_index)
{
    const struct packet_queue *queue = &packet_of(port)->queues[queue_index];
    return queue->left > 0 || block_is_ours(queue);
}

static int packet_poll_fd(struct port *port, uint32_t queue)
{
    return packet_of(port)->queues[queue].fd;
}

/* Sending ------------------------------------------------------------------------------------ */

static uint16_t send_failure(int error)
{
    switch (error) {
    case ENETDOWN:
    case ENXIO:
    case ENODEV:
        return REASON_PORT_DOWN;
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
        return REASON_QUEUE_FULL;
    case EMSGSIZE: /* the device's own MTU is smaller than the port's */
        return REASON_MTU_EXCEEDED;
    default:
        return REASON_SEND_FAILED;
    }
}

static void message_fill(struct packet_queue *queue, uint32_t place,
                         const struct xsw_packet *packet)
{
    const struct xsw_offload *offload = &packet->offload;
    queue->headers[place] =
        (struct virtio_net_hdr){.flags = offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                .gso_type = offload->gso_type,
                                .hdr_len = offload->header_length,
                                .gso_size = offload->gso_size,
                                .csum_start = offload->csum_start,
                                .csum_offset = offload->csum_offset};
    queue->parts[place][0] = (struct iovec){&queue->headers[place], sizeof(queue->headers[place])};
    queue->parts[place][1] = (struct iovec){packet->data, packet->length};
    queue->messages[place] =
        (struct mmsghdr){.msg_hdr = {.msg_iov = queue->parts[place], .msg_iovlen = 2}};
}

/* Sends the first `count` messages, which are these packets. */
static uint32_t messages_send(struct packet_queue *queue, struct packet *const *packets,
                              uint32_t count)
{
    uint32_t failed = 0;
    int was_down = 0;
    for (uint32_t done = 0; done < count;) {
        int sent = sendmmsg(queue->fd, &queue->messages[done], count - done, MSG_DONTWAIT);
        if (sent > 0) {
            done += (uint32_t)sent;
            continue;
        }
        if (errno == ENETDOWN && !was_down) {
            was_down = 1; /* it may only tell that the device once was down: asked again */
            continue;
        }
        packets[done]->drop_reason = send_failure(errno);
        failed++;
        done++;
    }
    return failed;
}

/* Sends the packet as frames that need no offload. When one does not go, nor do those behind it. */
static uint32_t cut_send(struct packet_queue *queue, struct packet *packet)
{
    struct segmenter segmenter;
    if (segmenter_begin(&segmenter, &packet->seen) != XSW_OK ||
        segmenter.frame_max > PACKET_LARGE_BYTES) {
        packet->drop_reason = REASON_NOT_SEGMENTED;
        return 1;
    }
    while (!segmenter_is_done(&segmenter)) {
        struct xsw_packet frame = {.data = queue->frame,
                                   .length = segmenter_write(&segmenter, queue->frame)};
        message_fill(queue, 0, &frame);
        if (messages_send(queue, &packet, 1) != 0) {
            return 1;
        }
        counter_add(&queue->segments, 1);
    }
    return 0;
}

static uint32_t packet_send(struct port *port, uint32_t queue_index, struct packet *const *packets,
                            uint32_t count)
{
    struct packet_queue *queue = &packet_of(port)->queues[queue_index];
    uint32_t failed = 0;
    uint32_t run = 0; /* packets before this one that are messages by now */
    for (uint32_t i = 0; i < count; i++) {
        if (port_kernel_understands(&packets[i]->seen)) {
            message_fill(queue, run++, &packets[i]->seen);
            continue;
        }
        failed += messages_send(queue, &packets[i - run], run);
        failed += cut_send(queue, packets[i]);
        run = 0;
    }
    return failed + messages_send(queue, &packets[count - run], run);
}

/* For people --------------------------------------------------------------------------------- */

static enum port_state packet_state(struct port *port)
{
    return port_device_state(&packet_of(port)->device);
}

static uint32_t packet_numbers(struct port *port, struct port_number *numbers)
{
    struct port_packet *packet = packet_of(port);
    uint64_t lost = 0;
    uint64_t frozen = 0;
    uint64_t too_long = 0;
    uint64_t segments = 0;
    for (uint32_t i = 0; i < port->queues; i++) {
        struct packet_queue *queue = &packet->queues[i];
        struct tpacket_stats_v3 stats = {0};
        socklen_t size = sizeof(stats);
        if (getsockopt(queue->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
            queue->lost += stats.tp_drops;
            queue->frozen += stats.tp_freeze_q_cnt;
        }
        lost += queue->lost;
        frozen += queue->frozen;
        too_long += counter_read(&queue->too_long);
        segments += counter_read(&queue->segments);
    }
    numbers[0] = (struct port_number){"lost_by_kernel", lost};
    numbers[1] = (struct port_number){"ring_full", frozen};
    numbers[2] = (struct port_number){"rx_too_long", too_long};
    numbers[3] = (struct port_number){"tx_segments", segments};
    return 4;
}

const struct port_ops port_packet_ops = {
    .kind = "packet",
    .takes_checksum = 1,
    .takes_gso = 1,
    .open = packet_open,
    .close = packet_close,
    .receive = packet_receive,
    .send = packet_send,
    .poll_fd = packet_poll_fd,
    .state = packet_state,
    .is_ready = packet_is_ready,
    .numbers = packet_numbers,
};
