/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_H
#define XSW_SWITCH_CONFIG_H

/*
 * What a person configures, as plain values: the control server fills these from JSON, the switch
 * checks and compiles them into an immutable pipeline snapshot. Fixed sizes, no ownership. Control
 * thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/packet.h>

enum {
    CONFIG_NAME_SIZE = 32, /* names with their terminator */
    CONFIG_PATH_SIZE = 256,
    CONFIG_MACS_MAX = 16, /* addresses that the spoofing guard of a port allows */
    CONFIG_VLAN_MAX = 4094,
    CONFIG_ACL_RULES_MAX = 256, /* a port */
    CONFIG_WORKERS_MAX = 16,
    CONFIG_MTU_DEFAULT = 1500,
    CONFIG_MTU_MIN = 68,    /* RFC 791: what every IPv4 module must forward */
    CONFIG_MTU_MAX = 65517, /* what is left of 65,535 bytes behind an Ethernet header and a tag */
    CONFIG_MAC_LIMIT_MAX = 1 << 20,
    CONFIG_BUFFERS_MIN = 2 * XSW_BATCH_MAX,
    CONFIG_BUFFERS_MAX = 1 << 20, /* packets of a worker */
    CONFIG_EXTENSIONS_MAX = 24
};

struct mac_address {
    uint8_t bytes[6];
};

enum port_kind {
    PORT_KIND_TAP,
    PORT_KIND_MEMORY,
    PORT_KIND_FILE,
    PORT_KIND_PACKET, /* AF_PACKET on a device that exists */
    PORT_KIND_XDP,    /* AF_XDP on a device that exists */
    PORT_KIND_NONE    /* a port without a NIC */
};

/* At most one external and one internal port on a switch. */
enum port_role { PORT_ROLE_GENERIC, PORT_ROLE_EXTERNAL, PORT_ROLE_INTERNAL };

/* What kinds of ports a switch may have: private, no external and no internal one; internal, no
 * external one. */
enum switch_type { SWITCH_EXTERNAL, SWITCH_INTERNAL, SWITCH_PRIVATE };

enum vlan_mode {
    VLAN_ACCESS, /* untagged frames belong to `access`; tagged ones are refused */
    VLAN_TRUNK,  /* tagged frames of the allowed set; untagged ones belong to `native` */
    VLAN_PRIVATE /* untagged frames of a private VLAN (RFC 5517) */
};

enum private_vlan_type {
    PRIVATE_VLAN_ISOLATED,   /* receives of the primary VLAN, sends on the secondary one */
    PRIVATE_VLAN_COMMUNITY,  /* receives of both, sends on the secondary one */
    PRIVATE_VLAN_PROMISCUOUS /* receives of the primary and of `allowed`, sends on the primary */
};

struct vlan_config {
    enum vlan_mode mode;
    uint16_t access;             /* 1 … 4094 */
    uint16_t native;             /* 0: untagged frames are refused */
    uint64_t allowed[4096 / 64]; /* bit n: VLAN n; of a promiscuous port: its secondary VLANs */
    enum private_vlan_type private_type;
    uint16_t primary, secondary; /* VLAN_PRIVATE */
};

/* Packets a second that a port may send; 0: no limit. */
struct storm_config {
    uint32_t broadcast, multicast, unknown_unicast;
};

struct bandwidth_config {
    uint64_t limit;       /* bit/s that the port may send; 0: no limit */
    uint32_t burst;       /* bytes that it may send at once; 0: a default of the limit */
    uint32_t weight;      /* 0 … 100: share of a destination's capacity; 0: the default, 1 */
    uint64_t reservation; /* bit/s of a destination's capacity that are kept for it; 0: none */
    uint64_t capacity;    /* bit/s that the port can be sent; 0: not known, not shaped */
};

/* What people may give out of a switch's capacities. */
enum bandwidth_mode { BANDWIDTH_NONE, BANDWIDTH_WEIGHT, BANDWIDTH_ABSOLUTE };

enum mirror_direction { MIRROR_BOTH, MIRROR_IN, MIRROR_OUT };

enum { CONFIG_REQUIRED_MAX = 8, CONFIG_FRIENDLY_SIZE = 64 };

struct port_config {
    char name[CONFIG_NAME_SIZE]; /* unique on the switch; letters, digits, '-', '_', '.' */
    enum port_kind kind;
    enum port_role role;
    char friendly_name[CONFIG_FRIENDLY_SIZE]; /* UTF-8, for people; may be empty */
    char device[CONFIG_NAME_SIZE];     /* tap, packet, xdp: the interface; empty: the port's name */
    char input_path[CONFIG_PATH_SIZE]; /* file: played; empty for none */
    char output_path[CONFIG_PATH_SIZE]; /* file: written; empty for none */
    bool keep_timing;                   /* file: play with the recorded gaps */
    uint32_t mtu;                       /* bytes behind the Ethernet header and one tag */
    struct vlan_config vlan;
    bool spoof_guard;
    struct mac_address macs[CONFIG_MACS_MAX];
    uint32_t mac_count;
    char mirror_to[CONFIG_NAME_SIZE]; /* copies of what this port sends and is sent; or empty */
    enum mirror_direction mirror_direction;
    bool dhcp_guard;     /* it may not answer as a DHCP server */
    bool router_guard;   /* it may not advertise or redirect as a router */
    bool reset_priority; /* the priority of its 802.1Q tags becomes 0 */
    struct storm_config storm;
    struct bandwidth_config bandwidth;
    /* Instances of extensions without which the port carries nothing. */
    char required[CONFIG_REQUIRED_MAX][CONFIG_NAME_SIZE];
    uint32_t required_count;
};

enum acl_direction {
    ACL_IN, /* from the port into the switch */
    ACL_OUT /* from the switch to the port */
};

enum acl_action {
    ACL_ALLOW,
    ACL_DENY,
    ACL_METER /* counts and lets the next rules decide */
};

struct ip_prefix {
    uint8_t family;    /* 0: any, 4 or 6 */
    uint8_t bits;      /* prefix length */
    uint8_t bytes[16]; /* network order, 4 or 16 used */
};

struct port_range {
    uint16_t first, last; /* 0 … 65535 is any */
};

/* One rule of a port's list. Every condition that is set must hold. Largest weight first, then
 * smallest id; the first that matches decides; none: allowed. */
struct acl_rule {
    uint32_t id; /* 1 …, unique on the port; 0 asks for the next free one */
    int32_t weight;
    enum acl_direction direction;
    enum acl_action action;
    bool has_source_mac, has_destination_mac, has_ether_type, has_protocol;
    struct mac_address source_mac, destination_mac;
    uint16_t ether_type; /* behind all tags */
    uint8_t protocol;    /* IP protocol number */
    struct ip_prefix source, destination;
    struct port_range source_ports, destination_ports; /* a first of 0 and last of 0 is any */
    /* ACL_ALLOW: what answers a connection that it let pass is let pass too, while not longer than
     * this many seconds pass without a packet of it. 0: the rule keeps no connections. */
    uint32_t stateful_seconds;
};

struct extension_setting {
    char name[CONFIG_NAME_SIZE];
    const char *const
        *texts; /* numbers and booleans as text too; owned by the caller of the call */
    size_t text_count;
};

struct extension_config {
    char name[CONFIG_NAME_SIZE]; /* of the instance; empty: the extension's own name */
    char path[CONFIG_PATH_SIZE]; /* absolute path, or a bare name in the installed folder */
    const struct extension_setting *settings;
    size_t setting_count;
    bool is_disabled; /* configured, but not in the pipeline */
};

/* What those who may observe and not manage see at most when they capture. */
struct observers_config {
    bool headers_only, mask_payload, pseudonyms; /* see capture/privacy/privacy.h */
    bool no_filters; /* they give no filter: by one they could ask for what they do not see */
};

struct switch_config {
    char name[CONFIG_NAME_SIZE];
    enum switch_type type;
    enum bandwidth_mode bandwidth_mode;
    uint32_t workers;            /* 1 … CONFIG_WORKERS_MAX */
    uint32_t mac_limit;          /* entries of the MAC table */
    uint32_t mac_ageing_seconds; /* 0: never */
    uint32_t buffers;            /* packet buffers of a worker; 0: default */
    struct observers_config observers;
};

#endif
