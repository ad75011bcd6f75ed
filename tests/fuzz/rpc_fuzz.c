/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a line that a client sends. The methods are the real ones, on a switch
 * with two memory ports; those that would open files or devices are left out. Whatever comes, the
 * answer is one line of JSON, or none.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "switch/control/control_methods.h"
#include "switch/control/rpc.h"
#include "switch/switch.h"

static struct vswitch *switch_make(void)
{
    struct switch_config config;
    struct vswitch *vswitch = NULL;
    switch_config_init(&config);
    config.buffers = 512;
    if (vswitch_create(&config, &vswitch, NULL) != XSW_OK) {
        abort();
    }
    for (char name = 'a'; name <= 'b'; name++) {
        struct port_config port;
        port_config_init(&port);
        port.kind = PORT_KIND_MEMORY;
        port.name[0] = name;
        if (vswitch_port_add(vswitch, &port, NULL, NULL) != XSW_OK) {
            abort();
        }
    }
    return vswitch;
}

/* The next input finds the switch as this one did. */
static void rules_remove(struct vswitch *vswitch)
{
    static const char *const ports[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        struct acl_rule_info rule;
        size_t count = 0;
        while (vswitch_acl_list(vswitch, ports[i], &rule, 1, &count, NULL) == XSW_OK && count > 0) {
            if (vswitch_acl_remove(vswitch, ports[i], rule.rule.id, NULL) != XSW_OK) {
                abort();
            }
        }
    }
}

static void answer_check(const struct rpc_answer *answer)
{
    if (answer->text == NULL) {
        return;
    }
    if (answer->length == 0 || answer->text[answer->length - 1] != '\n' ||
        memchr(answer->text, '\n', answer->length - 1) != NULL) {
        abort();
    }
    json_t *root = json_loadb(answer->text, answer->length, 0, NULL);
    if (root == NULL) {
        abort();
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vswitch *vswitch; /* made once: it is large */
    if (vswitch == NULL) {
        vswitch = switch_make();
    }
    const struct rpc_table tables[] = {control_general_table(vswitch),
                                       control_policy_table(vswitch), control_stats_table(vswitch)};
    struct rpc_registry registry = {.count = 0};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (rpc_registry_add(&registry, &tables[i], NULL) != XSW_OK) {
            abort();
        }
    }
    for (int may_manage = 0; may_manage < 2; may_manage++) {
        struct rpc_caller caller = {.client = 1, .may_manage = may_manage != 0};
        struct rpc_answer answer;
        memset(&answer, 0, sizeof(answer));
        rpc_handle(&registry, &caller, (const char *)data, size, &answer);
        answer_check(&answer);
        rpc_answer_fini(&answer);
    }
    rules_remove(vswitch);
    return 0;
}
