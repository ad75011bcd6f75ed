/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/port_outside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "packet/wire.h"
#include "switch/port/port_memory.h"

static char device[IFNAMSIZ]; /* that the port has */
static int link_fd = -1;      /* on the interface at the other side */

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
    char command[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    if (system(command) != 0) { /* NOLINT: the words are the test's own */
        fail_msg("failed: %s", command);
    }
}

/* A host that says nothing of itself. */
static void silence(const char *interface)
{
    char path[80];
    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", interface);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        assert_int_equal(write(fd, "1", 1), 1);
        close(fd);
    }
}

static void link_open(const char *interface)
{
    int one = 1;
    int size = 8 << 20;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    link_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(link_fd >= 0);
    (void)setsockopt(link_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    assert_int_equal(setsockopt(link_fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
    assert_int_equal(setsockopt(link_fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)), 0);
    assert_int_equal(setsockopt(link_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)), 0);
    assert_int_equal(bind(link_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void link_leave(void)
{
    if (link_fd >= 0) {
        close(link_fd);
    }
    link_fd = -1;
    if (if_nametoindex(device) != 0) {
        run("ip link delete %s", device);
    }
}

static void link_put(struct port *port, const struct item *item)
{
    (void)port;
    struct virtio_net_hdr header = {.flags = item->offload.flags,
                                    .gso_type = item->offload.gso_type,
                                    .hdr_len = item->offload.header_length,
                                    .gso_size = item->offload.gso_size,
                                    .csum_start = item->offload.csum_start,
                                    .csum_offset = item->offload.csum_offset};
    struct iovec parts[2] = {{&header, sizeof(header)},
                             {(void *)(uintptr_t)item->bytes, item->length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    assert_int_equal(sendmsg(link_fd, &message, 0), sizeof(header) + item->length);
}

/* The kernel has taken the tag out of the frame: it is put back. */
static void tag_restore(struct item *item, struct msghdr *message)
{
    struct cmsghdr *note = CMSG_FIRSTHDR(message);
    assert_non_null(note);
    struct tpacket_auxdata data;
    memcpy(&data, CMSG_DATA(note), sizeof(data));
    if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) {
        return;
    }
    memmove(item->bytes + 16, item->bytes + 12, item->length - 12);
    wire_write16(item->bytes + 12, data.tp_vlan_tpid);
    wire_write16(item->bytes + 14, data.tp_vlan_tci);
    item->length += 4;
    item->offload.csum_start += item->offload.csum_start != 0 ? 4 : 0;
}

static int link_take(struct port *port, struct item *item, int milliseconds)
{
    (void)port;
    struct pollfd waiting = {.fd = link_fd, .events = POLLIN};
    if (poll(&waiting, 1, milliseconds) != 1 || (waiting.revents & POLLIN) == 0) {
        return 0;
    }
    struct virtio_net_hdr header;
    char notes[256];
    struct iovec parts[2] = {{&header, sizeof(header)}, {item->bytes, ITEM_BYTES - 4}};
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = notes, .msg_controllen = sizeof(notes)};
    ssize_t got = recvmsg(link_fd, &message, 0);
    if (got < 0) { /* it tells once that the interface has been down */
        got = recvmsg(link_fd, &message, 0);
    }
    assert_true(got > (ssize_t)sizeof(header));
    item->length = (uint32_t)((size_t)got - sizeof(header));
    item->offload = (struct xsw_offload){.flags = header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                         .gso_type = header.gso_type,
                                         .header_length = header.hdr_len,
                                         .gso_size = header.gso_size,
                                         .csum_start = header.csum_start,
                                         .csum_offset = header.csum_offset};
    tag_restore(item, &message);
    return 1;
}

static void device_set(int is_up)
{
    run("ip link set %s %s", device, is_up ? "up" : "down");
}

static void carrier_set(int is_there)
{
    run("ip link set far0 %s", is_there ? "up" : "down");
}

static void device_delete(void)
{
    run("ip link delete %s", device);
}

/* TAP: the interface is the other side. ------------------------------------------------------- */

static void tap_prepare(struct port_config *config, uint32_t queues)
{
    (void)queues;
    config->kind = PORT_KIND_TAP;
    snprintf(config->device, sizeof(config->device), "suite0");
    snprintf(device, sizeof(device), "suite0");
}

static void tap_join(struct port *port)
{
    (void)port;
    silence(device);
    device_set(1);
    link_open(device);
}

static void tap_leave(void)
{
    close(link_fd);
    link_fd = -1;
}

/* A veth pair: the far end is the other side. -------------------------------------------------- */

static void veth_make(struct port_config *config, uint32_t queues)
{
    snprintf(config->device, sizeof(config->device), "suite0");
    snprintf(device, sizeof(device), "suite0");
    run("ip link add suite0 numrxqueues %u numtxqueues %u type veth peer name far0 "
        "numrxqueues %u numtxqueues %u",
        queues, queues, queues, queues);
    silence("suite0");
    silence("far0");
    run("ip link set suite0 up && ip link set far0 up");
}

static void packet_prepare(struct port_config *config, uint32_t queues)
{
    config->kind = PORT_KIND_PACKET;
    veth_make(config, queues);
}

static void xdp_prepare(struct port_config *config, uint32_t queues)
{
    config->kind = PORT_KIND_XDP;
    veth_make(config, queues);
}

static void veth_join(struct port *port)
{
    (void)port;
    link_open("far0");
}

/* Memory. ------------------------------------------------------------------------------------- */

static void memory_prepare(struct port_config *config, uint32_t queues)
{
    (void)queues;
    config->kind = PORT_KIND_MEMORY;
}

static void memory_join(struct port *port)
{
    assert_true(port_memory_keep(port));
}

static void memory_put(struct port *port, const struct item *item)
{
    assert_true(port_memory_feed(port, item->bytes, item->length, &item->offload));
}

static int memory_take(struct port *port, struct item *item, int milliseconds)
{
    (void)milliseconds;
    struct memory_frame frame;
    if (!port_memory_take(port, &frame)) {
        return 0;
    }
    memcpy(item->bytes, frame.bytes, frame.length);
    item->length = frame.length;
    item->offload = frame.offload;
    return 1;
}

/* Files: what is put in must be there before the port is opened. --------------------------------
 */

static char folder[40];
static pcap_t *dead;
static pcap_dumper_t *input;
static uint32_t taken;

static void path_make(char path[CONFIG_PATH_SIZE], const char *name)
{
    snprintf(path, CONFIG_PATH_SIZE, "%s/%s", folder, name);
}

static void file_prepare(struct port_config *config, uint32_t queues)
{
    (void)queues;
    config->kind = PORT_KIND_FILE;
    snprintf(folder, sizeof(folder), "/tmp/xsw-port-XXXXXX");
    assert_non_null(mkdtemp(folder));
    path_make(config->output_path, "out.pcap");
    taken = 0;
    dead = pcap_open_dead(DLT_EN10MB, ITEM_BYTES);
}

static void file_put(struct port *port, const struct item *item)
{
    (void)port;
    char path[CONFIG_PATH_SIZE];
    path_make(path, "in.pcap");
    if (input == NULL) {
        input = pcap_dump_open(dead, path);
        assert_non_null(input);
    }
    struct pcap_pkthdr header = {.caplen = item->length, .len = item->length};
    pcap_dump((u_char *)input, &header, item->bytes);
    assert_int_equal(pcap_dump_flush(input), 0);
}

static void file_join(struct port *port)
{
    (void)port;
}

static int file_take(struct port *port, struct item *item, int milliseconds)
{
    (void)port;
    (void)milliseconds;
    char path[CONFIG_PATH_SIZE];
    char why[PCAP_ERRBUF_SIZE];
    path_make(path, "out.pcap");
    pcap_t *output = pcap_open_offline(path, why);
    if (output == NULL) {
        return 0;
    }
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got = 0;
    for (uint32_t i = 0; i <= taken; i++) {
        got = pcap_next_ex(output, &header, &bytes) == 1;
    }
    if (got) {
        taken++;
        item->length = header->caplen;
        item->offload = (struct xsw_offload){0};
        memcpy(item->bytes, bytes, header->caplen);
    }
    pcap_close(output);
    return got;
}

static void file_leave(void)
{
    char path[CONFIG_PATH_SIZE];
    if (input != NULL) {
        pcap_dump_close(input);
    }
    input = NULL;
    pcap_close(dead);
    path_make(path, "in.pcap");
    unlink(path);
    path_make(path, "out.pcap");
    unlink(path);
    rmdir(folder);
}

static void nothing(void)
{
}

static const struct outside outsides[] = {
    {"tap", &port_tap_ops, 1, 1, 1, tap_prepare, tap_join, tap_leave, link_put, link_take,
     device_set, NULL, device_delete},
    {"packet", &port_packet_ops, 1, 1, 1, packet_prepare, veth_join, link_leave, link_put,
     link_take, device_set, carrier_set, device_delete},
    {"xdp", &port_xdp_ops, 1, 1, 1, xdp_prepare, veth_join, link_leave, link_put, link_take,
     device_set, carrier_set, device_delete},
    {"memory", &port_memory_ops, 0, 1, 1, memory_prepare, memory_join, nothing, memory_put,
     memory_take, NULL, NULL, NULL},
    {"file", &port_file_ops, 0, 0, 0, file_prepare, file_join, file_leave, file_put, file_take,
     NULL, NULL, NULL},
};

const struct outside *outside_find(const char *kind)
{
    for (size_t i = 0; i < sizeof(outsides) / sizeof(outsides[0]); i++) {
        if (strcmp(outsides[i].name, kind) == 0) {
            return &outsides[i];
        }
    }
    return NULL;
}
