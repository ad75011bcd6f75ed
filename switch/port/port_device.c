/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the kernel about a network device. Linux: netdevice(7), packet(7),
 * include/uapi/linux/ethtool.h. */
#include "switch/port/port_device.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

/* One request about the device of this name. False when the kernel refuses it. */
static int ask(int fd, const char name[IFNAMSIZ], unsigned long what, struct ifreq *request)
{
    memcpy(request->ifr_name, name, IFNAMSIZ);
    return ioctl(fd, what, request) == 0;
}

static int ethtool_ask(int fd, const char name[IFNAMSIZ], void *command)
{
    struct ifreq request = {.ifr_data = command};
    return ask(fd, name, SIOCETHTOOL, &request);
}

static enum xsw_status device_find(struct port_device *device, struct xsw_error *error)
{
    struct ifreq request = {0};
    if (!ask(device->fd, device->name, SIOCGIFINDEX, &request)) {
        return error_errno(error,
                           "there is no network device \"%s\" in this network namespace (\"ip "
                           "link\" lists those that there are)",
                           device->name);
    }
    device->index = request.ifr_ifindex;
    if (!ask(device->fd, device->name, SIOCGIFHWADDR, &request) ||
        request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
        return error_set(error, XSW_UNSUPPORTED, "device \"%s\" is not an Ethernet device",
                         device->name);
    }
    if (!ask(device->fd, device->name, SIOCGIFMTU, &request)) {
        return error_errno(error, "device \"%s\": MTU", device->name);
    }
    device->mtu = (uint32_t)request.ifr_mtu;
    struct packet_mreq membership = {.mr_ifindex = device->index, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(device->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership,
                   sizeof(membership)) != 0) {
        return error_errno(error, "device \"%s\": promiscuous mode", device->name);
    }
    return XSW_OK;
}

enum xsw_status port_device_open(struct port_device *device, const struct port_config *config,
                                 struct xsw_error *error)
{
    const char *name = config->device[0] != '\0' ? config->device : config->name;
    if (strlen(name) >= IFNAMSIZ) {
        return error_set(error, XSW_INVALID, "device \"%s\": expected at most %d characters", name,
                         IFNAMSIZ - 1);
    }
    *device = (struct port_device){.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    if (device->fd < 0) {
        const char *hint =
            errno == EPERM ? " (it needs CAP_NET_RAW in this network namespace: run as root)" : "";
        return error_errno(error, "cannot open a packet socket%s", hint);
    }
    memcpy(device->name, name, strlen(name) + 1);
    enum xsw_status status = device_find(device, error);
    if (status != XSW_OK) {
        port_device_close(device);
    }
    return status;
}

void port_device_close(struct port_device *device)
{
    if (device->fd >= 0) {
        close(device->fd);
    }
    device->fd = -1;
}

enum port_state port_device_state(const struct port_device *device)
{
    struct ifreq request = {.ifr_ifindex = device->index};
    /* By its number: it may have been renamed, and another may have its name. */
    if (ioctl(device->fd, SIOCGIFNAME, &request) != 0 ||
        ioctl(device->fd, SIOCGIFFLAGS, &request) != 0) {
        return PORT_VANISHED;
    }
    int wanted = IFF_UP | IFF_RUNNING;
    return (request.ifr_flags & wanted) == wanted ? PORT_UP : PORT_DOWN;
}

uint32_t port_device_queues(const struct port_device *device)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    if (!ethtool_ask(device->fd, device->name, &channels)) {
        return 1;
    }
    uint32_t queues = channels.rx_count + channels.combined_count;
    return queues > 0 ? queues : 1;
}

int port_device_strips_tags(const struct port_device *device)
{
    struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
    return ethtool_ask(device->fd, device->name, &flags) && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

static int driver_is_veth(int fd, const char name[IFNAMSIZ])
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    return ethtool_ask(fd, name, &driver) && strcmp(driver.driver, "veth") == 0;
}

/* The first of a veth's statistics is the index of the other end; 0 when it does not tell. */
static int peer_index(int fd, const char name[IFNAMSIZ])
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    if (!ethtool_ask(fd, name, &driver) || driver.n_stats == 0) {
        return 0;
    }
    struct ethtool_stats *stats =
        calloc(1, sizeof(*stats) + (size_t)driver.n_stats * sizeof(stats->data[0]));
    if (stats == NULL) {
        return 0;
    }
    stats->cmd = ETHTOOL_GSTATS;
    stats->n_stats = driver.n_stats;
    int index = ethtool_ask(fd, name, stats) ? (int)stats->data[0] : 0;
    free(stats);
    return index;
}

int port_device_is_veth(const struct port_device *device, char peer[IFNAMSIZ])
{
    if (!driver_is_veth(device->fd, device->name)) {
        return 0;
    }
    struct ifreq request = {.ifr_ifindex = peer_index(device->fd, device->name)};
    /* The number may mean another device here: it is the peer if this one is its peer. */
    if (ioctl(device->fd, SIOCGIFNAME, &request) == 0 &&
        driver_is_veth(device->fd, request.ifr_name) &&
        peer_index(device->fd, request.ifr_name) == device->index) {
        memcpy(peer, request.ifr_name, IFNAMSIZ);
    } else {
        memcpy(peer, "PEER", sizeof("PEER"));
    }
    return 1;
}
