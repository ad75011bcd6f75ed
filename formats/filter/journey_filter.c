/* SPDX-License-Identifier: Apache-2.0 */
/* See journey_filter.h. The program is laid down from the end of the array to its beginning, what
 * comes last first: so a test knows where to go on, and `not` costs nothing but an exchange. */
#include "formats/filter/journey_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/filter/journey_filter_parts.h"

/* Compiling ---------------------------------------------------------------------------------- */

struct generator {
    const struct filter_node *nodes;
    struct journey_filter *filter;
    uint16_t next; /* the test that was laid down last */
};

/* Returns where the part begins. As deep as the text is, at most, or as it has operators. */
static uint16_t generate(struct generator *generator, uint16_t place, uint16_t on_true,
                         uint16_t on_false)
{
    const struct filter_node *node = &generator->nodes[place];
    switch ((enum node_kind)node->kind) {
    case NODE_AND:
        return generate(generator, node->left, generate(generator, node->right, on_true, on_false),
                        on_false);
    case NODE_OR:
        return generate(generator, node->left, on_true,
                        generate(generator, node->right, on_true, on_false));
    case NODE_NOT:
        return generate(generator, node->left, on_false, on_true);
    default:
        break;
    }
    struct filter_test *test = &generator->filter->tests[--generator->next];
    *test = node->test;
    generator->filter->needs_history |=
        test->fact == FACT_FLAGS || test->fact == FACT_RULE || test->fact == FACT_EXTENSION ||
        test->fact == FACT_MADE_AT || test->fact == FACT_CHANGED_AT || test->fact == FACT_HELD_AT;
    test->on_true = on_true;
    test->on_false = on_false;
    return generator->next;
}

enum xsw_status journey_filter_compile(const char *text, const struct journey_names *names,
                                       struct journey_filter **filter, size_t *column,
                                       struct xsw_error *error)
{
    *column = 1;
    if (strlen(text) > JOURNEY_FILTER_TEXT_MAX) {
        return error_set(error, XSW_LIMIT, "column 1: the expression is longer than %d bytes",
                         JOURNEY_FILTER_TEXT_MAX);
    }
    struct journey_filter *made = calloc(1, sizeof(*made));
    struct filter_parser *parser = calloc(1, sizeof(*parser));
    enum xsw_status status = XSW_OK;
    if (made == NULL || parser == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for an expression");
        goto cleanup;
    }
    *parser = (struct filter_parser){.text = text, .names = names, .filter = made, .error = error};
    uint16_t root = filter_parse(parser);
    status = parser->status;
    if (status != XSW_OK) {
        *column = parser->column;
        goto cleanup;
    }
    struct generator generator = {parser->nodes, made, JOURNEY_FILTER_TESTS_MAX};
    made->entry = generate(&generator, root, TEST_ACCEPT, TEST_REJECT);
    *filter = made;
    made = NULL;
cleanup:
    journey_filter_destroy(made);
    free(parser);
    return status;
}

void journey_filter_destroy(struct journey_filter *filter)
{
    if (filter == NULL) {
        return;
    }
    for (uint16_t i = 0; i < filter->pcap_count; i++) {
        pcap_freecode(&filter->pcaps[i]);
    }
    free(filter);
}

static bool pcap_is_same(const struct bpf_program *program, const struct bpf_program *other)
{
    return program->bf_len == other->bf_len &&
           memcmp(program->bf_insns, other->bf_insns,
                  program->bf_len * sizeof(*program->bf_insns)) == 0;
}

bool journey_filter_is_same(const struct journey_filter *filter, const struct journey_filter *other)
{
    bool is_same = filter->entry == other->entry && filter->value_count == other->value_count &&
                   filter->pcap_count == other->pcap_count &&
                   memcmp(filter->tests, other->tests, sizeof(filter->tests)) == 0 &&
                   memcmp(filter->values, other->values, sizeof(filter->values)) == 0;
    for (uint16_t i = 0; is_same && i < filter->pcap_count; i++) {
        is_same = pcap_is_same(&filter->pcaps[i], &other->pcaps[i]);
    }
    return is_same;
}
