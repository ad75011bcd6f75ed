/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_EXTENSION_H
#define XSW_EXTENSION_H

/*
 * The extension ABI, version 1. An extension is a shared object that exports one datum,
 * `xsw_extension_v1`, a pointer to a constant descriptor. It is built against <xsw/extension.h>
 * alone and has no undefined symbol of ours. The host reads the descriptor before it runs any of
 * the extension's code.
 *
 * There are three kinds, and each has operations of its own, so that the rules are types:
 *   capture   looks at packets and can neither change nor drop them
 *   filter    gives a verdict for each packet; on ingress it may also change the bytes
 *   forward   chooses the destinations; at most one on a switch, and it replaces the built-in one
 *
 * Growth: every struct that begins with `size` may be appended to, never changed otherwise. Each
 * side reads a member only when the other's `size` covers it (XSW_HAS). A change of meaning is a
 * new ABI with a new symbol. What was appended is optional: an extension that knows nothing of it
 * works as it did.
 *
 * Life: the host allocates `state_size` bytes for each switch, zeroed and aligned to 64, calls
 * init, then the operations from the workers, waits until no worker is inside, then calls close and
 * fini; what they originate with `send` still goes out. A change of settings makes a new instance
 * with a new state and retires the old one.
 *
 * Threads: init, close, fini and the operations of struct xsw_control_ops run on the control
 * thread, one at a time. All others run on workers, several at a time on one state; `worker` tells
 * them apart. They must not block, allocate, lock, log or keep a pointer to anything that they were
 * given, but for packets that they hold.
 *
 * The rules of the data path are in xsw-pipeline(7), those of the interface in xsw-extension(3).
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { XSW_EXTENSION_ABI = 1 };

enum xsw_extension_kind {
    XSW_EXTENSION_CAPTURE = 1,
    XSW_EXTENSION_FILTER = 2,
    XSW_EXTENSION_FORWARD = 3
};

/* struct xsw_extension.flags */
enum {
    XSW_EXTENSION_CHANGES_BYTES = 1, /* the ingress filter may write to packets: say so */
    XSW_EXTENSION_ORIGINATES = 2,    /* it makes packets: alloc, clone, inject, send */
    XSW_EXTENSION_HOLDS = 4,     /* filter and forward: it keeps packets for a while: XSW_HOLD */
    XSW_EXTENSION_DROPS_HELD = 8 /* what it holds when it goes is dropped (`held-at-removal`);
                                    without this flag it goes on its way */
};

/* A reason for which the extension drops. Its id is its place in the table: append only. */
struct xsw_reason_info {
    const char *name;     /* a-z, 0-9 and '-', at most 31 characters */
    const char *sentence; /* for a person, one line */
};

enum xsw_setting_type {
    XSW_SETTING_BOOL = 1,
    XSW_SETTING_NUMBER = 2,
    XSW_SETTING_TEXT = 3,
    XSW_SETTING_TEXT_LIST = 4
};

/* A setting that the extension declares; the host checks type and range before init sees it. */
struct xsw_setting_info {
    const char *name;
    enum xsw_setting_type type;
    uint64_t minimum; /* XSW_SETTING_NUMBER only */
    uint64_t maximum;
    uint64_t default_number;  /* XSW_SETTING_BOOL and XSW_SETTING_NUMBER */
    const char *default_text; /* XSW_SETTING_TEXT; a null means that it must be given */
    const char *help;
};

/* The value of a setting. Texts live until init returns: copy what is to be kept. */
struct xsw_setting {
    uint64_t number;          /* XSW_SETTING_BOOL (0 or 1) and XSW_SETTING_NUMBER */
    const char *const *texts; /* text_count of them: one for XSW_SETTING_TEXT */
    uint32_t text_count;
    uint32_t reserved;
};

struct xsw_data_services;
struct xsw_control_services;

/* What the host offers. Valid from init until fini has returned. */
struct xsw_host {
    uint32_t abi;
    uint32_t size;
    void *context;
    /* Writes a line to the host's log. Control thread only. */
    void (*log)(const struct xsw_host *host, const char *text);
    /* end of the base of version 1 */
    const char *instance; /* the name of this instance on its switch */
    uint16_t self;        /* xsw_packet.injector of the packets that it makes; never 0 */
    uint16_t reserved[3];
    const struct xsw_data_services *data;
    const struct xsw_control_services *control;
};

/* Whether the other side's struct, which begins with its size, has the member. */
#define XSW_HAS(pointer, type, member)                                                             \
    ((pointer)->size >= offsetof(type, member) + sizeof(((const type *)0)->member))

/* Packets on their way in: `count` pointers that the filter may set to null only by mistake (the
 * host then frees the packet and counts `silent-drop` under the extension's name). */
struct xsw_batch {
    struct xsw_packet **packets;
    uint32_t count; /* 1 … XSW_BATCH_MAX */
    uint32_t worker;
    uint64_t now_ns; /* the switch's clock: monotonic, advanced once a batch */
};

struct xsw_const_batch {
    const struct xsw_packet *const *packets;
    uint32_t count;
    uint32_t worker;
    uint64_t now_ns;
};

enum xsw_action {
    XSW_PASS = 0,
    XSW_DROP = 1,
    XSW_HOLD = 2,    /* the extension keeps the packet until it calls release on the same worker */
    XSW_REPLACED = 3 /* a clone of it, injected in the same call, goes on in its place */
};

/* Flag of xsw_verdict.reason: not one of its own but enum xsw_standard_reason. For a forwarder that
 * declares the policy in question (struct xsw_extension.enforces). */
enum { XSW_REASON_STANDARD = 0x8000 };

enum xsw_standard_reason {
    XSW_REASON_VLAN_NOT_ALLOWED = 5,
    XSW_REASON_BAD_SOURCE_MAC = 6,
    XSW_REASON_MAC_SPOOFED = 7,
    XSW_REASON_NO_DESTINATION = 9,
    XSW_REASON_SAME_PORT = 10,
    XSW_REASON_PRIVATE_VLAN = 16,
    XSW_REASON_DHCP_GUARD = 17,
    XSW_REASON_ROUTER_GUARD = 18,
    XSW_REASON_STORM_LIMIT = 19
};

/* The host presets all to zero: pass, by no rule. */
struct xsw_verdict {
    uint16_t action; /* enum xsw_action */
    uint16_t reason; /* XSW_DROP: index into the declared reasons, or XSW_REASON_STANDARD | one */
    uint32_t rule;   /* the extension's number of the rule that decided, 0 for none */
};

/* The number in xsw_verdict.rule has 24 bits; the upper 8 say in which table the rule stands: the
 * id of the port whose table it is, or 0 for the extension's own. */
enum { XSW_RULE_NUMBER_MAX = 0xffffff, XSW_RULE_TABLE_SHIFT = 24 };

enum xsw_direction {
    XSW_INGRESS = 1, /* no destination yet */
    XSW_EGRESS = 2   /* one destination each; a copy is a packet of its own */
};

struct xsw_capture_ops {
    size_t size;
    void (*look)(void *state, enum xsw_direction direction, const struct xsw_const_batch *batch);
};

/*
 * verdicts: batch->count of them. On ingress the filter may write to the frame, and may move `data`
 * and `length` within 64 bytes of headroom and the buffer; the host parses again what an extension
 * with XSW_EXTENSION_CHANGES_BYTES has seen. On egress the bytes are shared history: read only.
 * Either may be null.
 */
struct xsw_filter_ops {
    size_t size;
    void (*ingress)(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts);
    void (*egress)(void *state, const struct xsw_const_batch *batch, struct xsw_verdict *verdicts);
};

/*
 * destinations: batch->count sets, empty at first; the extension adds ports of `connected`. A
 * packet with an empty set is dropped by the host as `no-destination` in the extension's name,
 * unless its verdict drops it with a declared reason.
 */
struct xsw_forward_ops {
    size_t size;
    void (*forward)(void *state, const struct xsw_const_batch *batch,
                    const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                    struct xsw_verdict *verdicts);
};

/* Data path services ------------------------------------------------------------------------- */

/*
 * For workers: from within an operation or the tick of that worker, with its number.
 *
 * A packet that the extension has made (alloc, clone) is its own until it injects or discards it,
 * which it must do before the operation returns. It is injected on ingress below the extension
 * (capture and filter: before the next ingress stage; forward: clones at its own stage, which
 * chooses the destinations, others at ingress-policy) when the running batch has ended. A call that
 * breaks a rule changes nothing, frees what it was given, and is counted as a violation in the name
 * of the extension.
 */
struct xsw_data_services {
    size_t size;
    /* An untagged frame of `length` bytes, 14 … 65,000, zeroed, from port 0: trusted, so that no
     * port policy applies to it. Null when no buffer is left. */
    struct xsw_packet *(*alloc)(const struct xsw_host *host, uint32_t worker, uint32_t length);
    /* A copy of a packet that the extension was given in this call: bytes, offload, source port and
     * VLAN; no destination; parent_id is the original's. Filter and forward only. */
    struct xsw_packet *(*clone)(const struct xsw_host *host, uint32_t worker,
                                const struct xsw_packet *original);
    void (*discard)(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet);
    /* The policies of this port shall apply: to a packet that it made, or to one that a filter was
     * given on ingress. XSW_NOT_FOUND: there is no such connected port. */
    enum xsw_status (*set_source)(const struct xsw_host *host, uint32_t worker,
                                  struct xsw_packet *packet, uint16_t port);
    /* Takes the packet, whether or not it succeeds. XSW_EGRESS: only an unchanged clone of a packet
     * of the running egress batch, to the same destination; it goes on behind the running stage. */
    enum xsw_status (*inject)(const struct xsw_host *host, uint32_t worker,
                              struct xsw_packet *packet, enum xsw_direction direction);
    /* Ends the hold of a packet: XSW_PASS sends it on behind the stage that held it, XSW_DROP drops
     * it for the reason. From any operation or tick of the same worker. On ingress its bytes may
     * have been changed while it was held, as the ingress filter may. */
    void (*release)(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet,
                    const struct xsw_verdict *verdict);
    /* How many packets more this worker can hold: XSW_HOLD for one beyond these is a drop for
     * `hold-limit`, and the packet is gone. Within a call the number does not change. */
    uint32_t (*hold_room)(const struct xsw_host *host, uint32_t worker);
};

/* Control path: what exists ------------------------------------------------------------------ */

enum xsw_port_type {
    XSW_PORT_GENERIC = 1,
    XSW_PORT_EXTERNAL = 2, /* to the outside; at most one on a switch */
    XSW_PORT_INTERNAL = 3  /* to the host itself; at most one on a switch */
};

/* Where a port is in its life: see xsw-pipeline(7). */
enum xsw_port_state {
    XSW_STATE_NOT_CREATED = 0,
    XSW_STATE_PORT_CREATED = 1,
    XSW_STATE_NIC_CREATED = 2,
    XSW_STATE_CONNECTED = 3,
    XSW_STATE_DISCONNECTED = 4,
    XSW_STATE_NIC_DELETED = 5,
    XSW_STATE_TEARING_DOWN = 6
};

/* A port and its NIC. Texts and the struct itself live until the call returns. */
struct xsw_port_info {
    size_t size;
    uint16_t id;
    uint16_t is_validation; /* a trial: no packet will ever pass, nothing is to be reserved */
    uint32_t type;          /* enum xsw_port_type */
    uint32_t state;         /* enum xsw_port_state */
    uint32_t mtu;
    const char *name;
    const char *friendly_name; /* may be empty */
    const char *nic_kind;      /* tap, packet, xdp, file, memory; empty without a NIC */
    const char *nic_name;      /* the device; may be empty */
};

struct xsw_switch_info {
    size_t size; /* set by the caller */
    char name[32];
    char uuid[40];
    uint32_t port_count;
    uint32_t is_active; /* everything that was configured at the start is there */
    uint64_t generation;
};

/* A configured value of a feature (see xsw_feature_info); built-in policies are features too. */
struct xsw_property {
    size_t size;
    const char *feature; /* "vlan", "acl", …; of an extension: "INSTANCE.FEATURE" */
    uint32_t own;        /* place in the extension's own table, UINT32_MAX: not its own */
    uint32_t id;         /* of the entry of a list feature; 0 for a single one */
    uint32_t value_count;
    uint32_t reserved;
    const struct xsw_setting_info *fields; /* value_count of them: what the values mean */
    const struct xsw_setting *values;
};

enum xsw_operation {
    XSW_OP_PORT_CREATE = 1, /* may be refused */
    XSW_OP_PORT_UPDATED = 2,
    XSW_OP_PORT_TEARDOWN = 3,
    XSW_OP_PORT_DELETE = 4,
    XSW_OP_NIC_CREATE = 5, /* may be refused */
    XSW_OP_NIC_CONNECT = 6,
    XSW_OP_NIC_UPDATED = 7,
    XSW_OP_NIC_DISCONNECT = 8,
    XSW_OP_NIC_DELETE = 9,
    XSW_OP_PORT_PROPERTY_ADD = 10,    /* may be refused */
    XSW_OP_PORT_PROPERTY_UPDATE = 11, /* may be refused */
    XSW_OP_PORT_PROPERTY_DELETE = 12,
    XSW_OP_SWITCH_PROPERTY_ADD = 13,    /* may be refused */
    XSW_OP_SWITCH_PROPERTY_UPDATE = 14, /* may be refused */
    XSW_OP_SWITCH_PROPERTY_DELETE = 15, /* may be refused */
    XSW_OP_SAVE_COMPLETE = 16,
    XSW_OP_RESTORE_COMPLETE = 17,
    XSW_OP_SWITCH_ACTIVATE = 18 /* from now on the ports can be enumerated */
};

struct xsw_change {
    size_t size;
    uint32_t operation; /* enum xsw_operation */
    uint16_t port;      /* 0: the switch itself */
    uint16_t reserved;
    const struct xsw_port_info *info;    /* as it will be; null for the switch */
    const struct xsw_property *property; /* of the property operations, else null */
};

/* For the control thread, from init until fini has returned, but for `send` also before. */
struct xsw_control_services {
    size_t size;
    enum xsw_status (*switch_info)(const struct xsw_host *host, struct xsw_switch_info *info);
    /* Ports in ascending id. XSW_AGAIN before the switch is active: wait for SWITCH_ACTIVATE. */
    enum xsw_status (*ports)(const struct xsw_host *host,
                             void (*each)(void *context, const struct xsw_port_info *port),
                             void *context);
    /* What is configured on a port, or with 0 on the switch. XSW_AGAIN as above. */
    enum xsw_status (*properties)(const struct xsw_host *host, uint16_t port,
                                  void (*each)(void *context, const struct xsw_property *property),
                                  void *context);
    /* References: a port that is held is not deleted, nor is a NIC, until it is let go. XSW_INVALID
     * in a state in which none may be taken. What is still held at fini is let go by the host, and
     * told as a violation. */
    enum xsw_status (*port_reference)(const struct xsw_host *host, uint16_t port);
    void (*port_dereference)(const struct xsw_host *host, uint16_t port);
    enum xsw_status (*nic_reference)(const struct xsw_host *host, uint16_t port);
    void (*nic_dereference)(const struct xsw_host *host, uint16_t port);
    /* Returns when every worker has ended the batch that it was in: what was unpublished before can
     * now be freed. Not from init. */
    void (*synchronize)(const struct xsw_host *host);
    /* Originates a copy of the frame, like alloc and inject on a worker. XSW_AGAIN: too many are on
     * their way. Needs XSW_EXTENSION_ORIGINATES. */
    enum xsw_status (*send)(const struct xsw_host *host, uint16_t source_port, const void *frame,
                            uint32_t length);
};

/* Control path: what the extension does ------------------------------------------------------- */

enum xsw_feature_scope { XSW_SCOPE_PORT = 1, XSW_SCOPE_SWITCH = 2 };

/* What the extension lets people configure beyond its settings, on single ports or on the switch,
 * and what it tells about them. The host checks types and ranges, keeps the values, and brings them
 * as property operations. */
struct xsw_feature_info {
    size_t size;
    const char *name; /* a-z, 0-9 and '-' */
    const char *help;
    uint32_t scope;   /* enum xsw_feature_scope */
    uint32_t is_list; /* several entries with an id each, else at most one value */
    const struct xsw_setting_info *fields;
    size_t field_count;
    /* What `status` gives, in this order: numbers, booleans and texts; minimum, maximum and default
     * mean nothing here. */
    const struct xsw_setting_info *status_fields;
    size_t status_count;
};

/* A status value. `text` has room for `capacity` bytes with the terminator; `length` is what it
 * would take. */
struct xsw_status_value {
    uint64_t number;
    char *text;
    uint32_t capacity;
    uint32_t length;
};

enum { XSW_RECORD_MAX = 65535 };

/* A piece of the state that the extension keeps for a port. */
struct xsw_record {
    size_t size;
    uint32_t feature_class; /* the extension's own number for what is in it */
    uint32_t version;       /* of that, as the extension counts */
    uint32_t capacity;      /* save: bytes of room at `data` */
    uint32_t length;        /* save: set by the extension; restore: bytes at `data` */
    void *data;
};

struct xsw_control_ops {
    size_t size;
    /* Filter and forward only. Asked before an operation that may be refused, from top to bottom.
     * XSW_OK accepts. XSW_AGAIN and XSW_NO_MEMORY: asked again soon, three times. All else refuses;
     * refusal->text tells the person why. */
    enum xsw_status (*ask)(void *state, const struct xsw_change *change, struct xsw_error *refusal);
    /* How that ended for one that accepted: XSW_OK, it is in force; else it did not happen (one
     * below or the switch itself refused), and what `ask` has prepared is to be undone. */
    void (*done)(void *state, const struct xsw_change *change, enum xsw_status outcome);
    /* Of operations that are not to be refused; and to capture extensions, of all that are done. */
    void (*told)(void *state, const struct xsw_change *change);
    /* The run-time data of a feature of its own; port 0 for the switch. XSW_LIMIT: a text has too
     * little room; the host asks again with as much as `length` says. */
    enum xsw_status (*status)(void *state, uint32_t feature, uint16_t port,
                              struct xsw_status_value *values, struct xsw_error *error);
    /* One record of the port's state a call: XSW_OK, ask again; XSW_LIMIT: `capacity` is less than
     * the `length` that it needs; XSW_END: there is no (further) one. It must remember until
     * SAVE_COMPLETE what it has already given. */
    enum xsw_status (*save)(void *state, uint16_t port, struct xsw_record *record);
    /* A record that an extension of this name has saved, maybe elsewhere. A failure fails the whole
     * restore: only when it cannot work without. */
    enum xsw_status (*restore)(void *state, uint16_t port, const struct xsw_record *record,
                               struct xsw_error *error);
    /* About once a second, for what takes longer than a tick may. */
    void (*second)(void *state, uint64_t now_ns);
};

/* Standard policies: built in, unless a forwarder declares that it enforces them. One that it does
 * not declare cannot be configured while it is there. Access lists and bandwidth stay built in. */
enum xsw_standard_policy {
    XSW_POLICY_VLAN = 1,    /* access, trunk, private VLAN */
    XSW_POLICY_SECURITY = 2 /* source addresses, guards, storm limit */
};

enum { XSW_TICK_MINIMUM_NS = 100000 };

struct xsw_extension {
    /* frozen for all versions */
    uint32_t abi;
    uint32_t size; /* sizeof(struct xsw_extension) as the extension knew it */
    /* base of version 1 */
    const char *name; /* a-z, 0-9 and '-', at most 31 characters */
    const char *version;
    const char *description;
    uint32_t kind;  /* enum xsw_extension_kind */
    uint32_t flags; /* XSW_EXTENSION_* */
    size_t state_size;
    const struct xsw_reason_info *reasons;
    size_t reason_count; /* at most 32 */
    const struct xsw_setting_info *settings;
    size_t setting_count; /* at most 32 */
    /* settings: setting_count values in the declared order, checked, defaults filled in. A failure
     * refuses the instance; error->text tells why. */
    enum xsw_status (*init)(void *state, const struct xsw_host *host,
                            const struct xsw_setting *settings, struct xsw_error *error);
    void (*close)(void *state); /* stop what runs beside the workers; may be null; does not block */
    void (*fini)(void *state);  /* free what init made; may be null */
    const struct xsw_capture_ops *capture;
    const struct xsw_filter_ops *filter;
    const struct xsw_forward_ops *forward;
    /* end of the base of version 1: append below */
    /* Called on each worker between batches, every tick_ns (XSW_TICK_MINIMUM_NS or more) of the
     * switch's clock, also when no packet comes. May be null. */
    uint64_t tick_ns;
    void (*tick)(void *state, uint32_t worker, uint64_t now_ns);
    const struct xsw_control_ops *control; /* may be null */
    const struct xsw_feature_info *features;
    size_t feature_count; /* at most 16 */
    uint32_t enforces;    /* forward only: XSW_POLICY_* */
    uint32_t reserved;
};

/* Exports a descriptor: XSW_EXTENSION_EXPORT(descriptor); once, at the end of the source. */
#if defined(__cplusplus)
#define XSW_EXTENSION_C extern "C"
#else
#define XSW_EXTENSION_C extern
#endif
#define XSW_EXTENSION_EXPORT(descriptor)                                                           \
    XSW_EXTENSION_C __attribute__((visibility("default")))                                         \
    const struct xsw_extension *const xsw_extension_v1;                                            \
    const struct xsw_extension *const xsw_extension_v1 = &(descriptor)

#ifdef __cplusplus
}
#endif
#endif
