/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/puppets.h"
#include "switch/life/lifecycle.h"

static void append(char text[PUPPETS_LOG_SIZE], const char *more)
{
    size_t length = strlen(text);
    assert_true(length + strlen(more) < PUPPETS_LOG_SIZE);
    snprintf(text + length, PUPPETS_LOG_SIZE - length, "%s", more);
}

static void note(struct puppet *puppet, const char *sign, const struct xsw_change *change)
{
    struct puppets *puppets = puppet->context;
    char call[80];
    snprintf(call, sizeof(call), "%s%s%s ", puppet->name, sign,
             puppets->is_terse ? ""
                               : lifecycle_operation_name((enum xsw_operation)change->operation));
    append(puppets->calls, call);
    if (puppets->hook != NULL) {
        puppets->hook(puppets, puppet, change);
    }
}

static enum xsw_status on_ask(struct puppet *puppet, const struct xsw_change *change,
                              struct xsw_error *refusal)
{
    struct puppets *puppets = puppet->context;
    note(puppet, "?", change);
    bool is_meant =
        puppet == &puppets->puppets[puppets->refuser] &&
        (puppets->refused_operation == 0 || puppets->refused_operation == change->operation);
    if (!is_meant || puppets->refusals == 0) {
        return XSW_OK;
    }
    puppets->refusals -= puppets->refusals > 0;
    snprintf(refusal->text, sizeof(refusal->text), "the test\nsays \"no\"");
    return puppets->refusal;
}

static void on_done(struct puppet *puppet, const struct xsw_change *change, enum xsw_status outcome)
{
    note(puppet, outcome == XSW_OK ? "+" : "-", change);
}

static void on_told(struct puppet *puppet, const struct xsw_change *change)
{
    note(puppet, "!", change);
}

static void on_event(void *context, const char *line)
{
    struct puppets *puppets = context;
    assert_null(strchr(line, '\n'));
    append(puppets->events, line);
    append(puppets->events, "\n");
}

void puppets_init(struct puppets *puppets)
{
    static const struct {
        int place;
        const char *name, *path;
    } order[PUPPETS] = {{PUPPET_FWD, "fwd", EXTENSION_DIR "/test/puppetforward.so"},
                        {PUPPET_LOW, "low", EXTENSION_DIR "/test/puppetfilter.so"},
                        {PUPPET_TOP, "top", EXTENSION_DIR "/test/puppetfilter.so"},
                        {PUPPET_CAP, "cap", EXTENSION_DIR "/test/puppetcapture.so"}};
    *puppets = (struct puppets){.refuser = PUPPET_TOP};
    rig_init(&puppets->rig, NULL);
    vswitch_set_log(puppets->rig.vswitch,
                    &(struct vswitch_log){.line = on_event, .context = puppets});
    for (size_t i = 0; i < PUPPETS; i++) {
        struct puppet *puppet = &puppets->puppets[order[i].place];
        char address[32];
        struct xsw_error error = {.text = ""};
        *puppet = (struct puppet){.name = order[i].name,
                                  .ask = on_ask,
                                  .done = on_done,
                                  .told = on_told,
                                  .context = puppets};
        snprintf(address, sizeof(address), "%llu", (unsigned long long)(uintptr_t)puppet);
        if (rig_extension(&puppets->rig, order[i].path, puppet->name, "strings", address, &error) !=
            XSW_OK) {
            fail_msg("%s", error.text);
        }
    }
    puppets_forget(puppets);
}

void puppets_fini(struct puppets *puppets)
{
    rig_fini(&puppets->rig);
    for (size_t i = 0; i < PUPPETS; i++) {
        assert_null(puppets->puppets[i].host);
    }
}

void puppets_forget(struct puppets *puppets)
{
    puppets->calls[0] = '\0';
    puppets->events[0] = '\0';
}

void puppets_expect(struct puppets *puppets, const char *calls)
{
    assert_string_equal(puppets->calls, calls);
    puppets->calls[0] = '\0';
}

void puppets_refuse(struct puppets *puppets, int refuser, uint32_t operation,
                    enum xsw_status refusal, int refusals)
{
    puppets->refuser = refuser;
    puppets->refused_operation = operation;
    puppets->refusal = refusal;
    puppets->refusals = refusals;
}
