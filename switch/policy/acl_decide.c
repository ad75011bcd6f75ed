/* SPDX-License-Identifier: Apache-2.0 */
/* What an access list says of a packet on its way: answers of connections first, then the rules in
 * their order. The lists themselves are in switch/policy/acl.c, the connections in
 * switch/policy/connections.c.
 */
#include "switch/path/reasons.h"
#include "switch/path/worker.h"
#include "switch/policy/acl.h"
#include "switch/policy/connections.h"

static struct connection_packet connection_packet(const struct worker *worker,
                                                  const struct packet *packet, uint16_t port,
                                                  enum acl_direction direction)
{
    uint32_t vlan = worker->pipeline->ports[port].scope_has_vlan ? packet->seen.vlan : 0;
    return (struct connection_packet){.packet = &packet->seen,
                                      .direction = direction,
                                      .scope = connections_scope(port, vlan),
                                      .now_seconds = worker->now_seconds};
}

/* The rule that decides, or null. Meters that match before it have counted. */
static const struct acl_compiled_rule *rule_find(struct worker *worker, const struct acl_list *list,
                                                 const struct xsw_packet *packet)
{
    const struct acl_compiled_rule *rule = acl_match(list, packet);
    while (rule != NULL) {
        counter_add(&worker->counters->rules[rule->counter], 1);
        if (rule->action != ACL_METER) {
            return rule;
        }
        rule = acl_match_from(list, (uint32_t)(rule - list->rules) + 1, packet);
    }
    return NULL;
}

/* The id of the rule whose connection the packet answers, 0 for none. */
static uint32_t answered_rule(struct worker *worker, const struct connection_packet *asked)
{
    struct xsw_flow flow;
    if (!connections_find(worker->pipeline->connections, asked, &flow)) {
        return 0;
    }
    counter_add(&worker->counters->rules[flow.value.user], 1);
    return flow.value.rule;
}

uint16_t acl_decide(struct worker *worker, struct packet *packet, enum acl_direction direction,
                    uint32_t *rule)
{
    int is_in = direction == ACL_IN;
    uint16_t id = is_in ? packet->seen.source_port : packet->seen.destination_port;
    const struct port_view *port = &worker->pipeline->ports[id];
    uint32_t *noted = is_in ? &packet->ingress_rule : &packet->egress_rule;
    struct connection_packet asked;

    if (port->is_stateful) {
        asked = connection_packet(worker, packet, id, direction);
        uint32_t answered = answered_rule(worker, &asked);
        if (answered != 0) {
            *noted = answered;
            *rule = answered;
            return REASON_NONE;
        }
    }
    const struct acl_compiled_rule *decisive =
        rule_find(worker, is_in ? &port->acl_in : &port->acl_out, &packet->seen);
    if (decisive == NULL) {
        return REASON_NONE;
    }
    if (decisive->stateful_seconds != 0) {
        connections_learn(worker->pipeline->connections, &asked, decisive);
    }
    *noted = decisive->id;
    *rule = decisive->id;
    return decisive->action == ACL_DENY ? REASON_ACL_DENIED : REASON_NONE;
}
