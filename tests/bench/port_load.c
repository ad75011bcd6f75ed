/* SPDX-License-Identifier: Apache-2.0 */
/* Sends frames of 64 bytes on an interface as fast as it can, for some seconds, and prints how many
 * a second went out. For port_bench.sh. Usage: port_load INTERFACE DESTINATION-MAC SECONDS */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "unit/packet/frames.h"

enum { BURST = 64, FRAME_BYTES = 60 /* and the checksum that the wire adds */ };

static int link_open(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    int one = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) != 0) {
        perror(interface);
        exit(3);
    }
    return fd;
}

/* UDP from 02:…:01, behind an IPv4 header. */
static void frame_make(struct frame *frame, const char *mac)
{
    unsigned bytes[6];
    frame_ethernet(frame, ETHER_TYPE_IPV4);
    if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4],
               &bytes[5]) != 6) {
        fprintf(stderr, "port_load: expected a MAC address, found %s\n", mac);
        exit(2);
    }
    for (int i = 0; i < 6; i++) {
        frame->bytes[i] = (uint8_t)bytes[i];
    }
    frame_ipv4(frame, PROTOCOL_UDP);
    frame_udp(frame);
    frame->length = FRAME_BYTES;
    frame_finish(frame);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: port_load INTERFACE DESTINATION-MAC SECONDS\n");
        return 2;
    }
    struct frame frame;
    struct mmsghdr messages[BURST];
    int fd = link_open(argv[1]);
    frame_make(&frame, argv[2]);
    struct iovec part = {frame.bytes, frame.length};
    for (int i = 0; i < BURST; i++) {
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    }
    uint64_t sent = 0;
    uint64_t start = clock_mono_ns();
    uint64_t length = strtoull(argv[3], NULL, 10) * NS_PER_SECOND;
    while (clock_mono_ns() - start < length) {
        int count = sendmmsg(fd, messages, BURST, 0);
        sent += count > 0 ? (uint64_t)count : 0;
    }
    printf("%llu\n",
           (unsigned long long)((double)sent * NS_PER_SECOND / (double)(clock_mono_ns() - start)));
    return 0;
}
