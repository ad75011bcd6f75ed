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
 * Growth: every struct that begins with `size` may be appended to, never changed otherwise. The
 * host reads a member only when `size` covers it. A change of meaning is a new ABI with a new
 * symbol.
 *
 * Life: the host allocates `state_size` bytes for each switch, zeroed and aligned to 64, calls
 * init, then the operations from the workers, then close, waits until no worker is inside, then
 * fini. A change of settings makes a new instance with a new state and retires the old one.
 *
 * Threads: init, close and fini run on the control thread. The operations run on workers, several
 * at a time on one state; `worker` in the batch tells them apart. They must not block, allocate,
 * lock, log or keep a pointer to anything that they were given.
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
    XSW_EXTENSION_CHANGES_BYTES = 1 /* the ingress filter may write to packets: say so */
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

/* What the host offers. Valid from init until fini has returned. */
struct xsw_host {
    uint32_t abi;
    uint32_t size;
    void *context;
    /* Writes a line to the host's log. Control thread only: from init, close and fini. */
    void (*log)(const struct xsw_host *host, const char *text);
};

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

enum xsw_action { XSW_PASS = 0, XSW_DROP = 1 };

/* The host presets all to zero: pass, by no rule. */
struct xsw_verdict {
    uint16_t action; /* enum xsw_action */
    uint16_t reason; /* XSW_DROP: index into the declared reasons */
    uint32_t rule;   /* the extension's number of the rule that decided, 0 for none */
};

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
