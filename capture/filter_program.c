/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/filter_program.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/session.h"

enum { PARTS = 4 /* numbers of an instruction: code, jt, jf, k */, CODE_MAX = 0xffff };

/* Where libpcap's message quotes a word that stands in the text once: its column, from 1. libpcap
 * itself tells no place. 0: it is not known. */
static size_t column_of(const char *text, const char *message)
{
    char word[64];
    const char *open = strchr(message, '\'');
    const char *close = open != NULL ? strchr(open + 1, '\'') : NULL;
    size_t length = close != NULL ? (size_t)(close - open) - 1 : 0;
    if (length == 0 || length >= sizeof(word)) {
        return 0;
    }
    memcpy(word, open + 1, length);
    word[length] = '\0';
    const char *at = strstr(text, word);
    bool is_once = at != NULL && strstr(at + 1, word) == NULL;
    return is_once ? (size_t)(at - text) + 1 : 0;
}

static enum xsw_status compile_failed(const char *text, const char *message,
                                      struct xsw_error *error)
{
    size_t column = column_of(text, message);
    if (column == 0) {
        return error_set(error, XSW_INVALID, "filter \"%s\": %s (see pcap-filter(7))", text,
                         message);
    }
    return error_set(error, XSW_INVALID, "filter \"%s\": column %zu: %s (see pcap-filter(7))", text,
                     column, message);
}

enum xsw_status filter_program_compile(const char *text, struct bpf_program *program,
                                       struct xsw_error *error)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, CAPTURE_SNAP_MAX);
    if (pcap == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a filter");
    }
    enum xsw_status status = XSW_OK;
    if (pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = compile_failed(text, pcap_geterr(pcap), error);
    }
    pcap_close(pcap);
    return status;
}

/* Looking at it ------------------------------------------------------------------------------- */

/* libpcap lets a jump go back, for protochain: such a program might never end. */
static bool jumps_only_forward(const struct bpf_insn *instructions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct bpf_insn *one = &instructions[i];
        if (BPF_CLASS(one->code) == BPF_JMP && BPF_OP(one->code) == BPF_JA &&
            one->k >= count - i - 1) {
            return false;
        }
    }
    return true;
}

/* Where the program may go on behind the instruction, the words of its memory in `known` have been
 * written, and in every place from where it comes there as well. */
static void known_pass(const struct bpf_insn *instructions, size_t i, uint16_t known,
                       uint16_t *known_at)
{
    const struct bpf_insn *one = &instructions[i];
    if (BPF_CLASS(one->code) == BPF_RET) {
        return;
    }
    if (BPF_CLASS(one->code) != BPF_JMP) {
        known_at[i + 1] &= known;
    } else if (BPF_OP(one->code) == BPF_JA) {
        known_at[i + 1 + one->k] &= known;
    } else {
        known_at[i + 1 + one->jt] &= known;
        known_at[i + 1 + one->jf] &= known;
    }
}

/* libpcap does not clear the memory: what is read there before it was written is of the worker's
 * stack, and nobody's business. bpf_validate() has seen to it that places and words exist. */
static bool reads_what_it_wrote(const struct bpf_insn *instructions, size_t count)
{
    uint16_t known_at[FILTER_PROGRAM_MAX + 1];
    memset(known_at, 0xff, sizeof(known_at));
    known_at[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bpf_insn *one = &instructions[i];
        unsigned class = BPF_CLASS(one->code);
        uint16_t known = known_at[i];
        bool is_load = (class == BPF_LD || class == BPF_LDX) && BPF_MODE(one->code) == BPF_MEM;
        if (is_load && (known >> one->k & 1) == 0) {
            return false;
        }
        if (class == BPF_ST || class == BPF_STX) {
            known |= (uint16_t)(1U << one->k);
        }
        known_pass(instructions, i, known, known_at);
    }
    return true;
}

enum xsw_status filter_program_copy(const struct bpf_insn *instructions, size_t count,
                                    struct bpf_program *program, struct xsw_error *error)
{
    if (count == 0 || count > FILTER_PROGRAM_MAX) {
        return error_set(error, XSW_INVALID,
                         "program: %zu instructions; expected 1 to %d: make the filter shorter",
                         count, FILTER_PROGRAM_MAX);
    }
    if (!jumps_only_forward(instructions, count)) {
        return error_set(error, XSW_INVALID,
                         "program: a jump leads back or out of it; expected one that ends for "
                         "every packet: protochain cannot be used");
    }
    if (bpf_validate(instructions, (int)count) == 0 || !reads_what_it_wrote(instructions, count)) {
        return error_set(error, XSW_INVALID,
                         "program: expected instructions as pcap_compile(3PCAP) makes them");
    }
    struct bpf_insn *copy = malloc(count * sizeof(*copy));
    if (copy == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a filter");
    }
    memcpy(copy, instructions, count * sizeof(*copy));
    *program = (struct bpf_program){.bf_len = (unsigned)count, .bf_insns = copy};
    return XSW_OK;
}

/* JSON --------------------------------------------------------------------------------------- */

json_t *filter_program_json(const struct bpf_program *program)
{
    json_t *list = json_array();
    for (unsigned i = 0; list != NULL && i < program->bf_len; i++) {
        const struct bpf_insn *one = &program->bf_insns[i];
        json_t *parts = json_pack("[i,i,i,I]", one->code, one->jt, one->jf, (json_int_t)one->k);
        if (json_array_append_new(list, parts) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static void instruction_read(const struct config_node *node, struct bpf_insn *one)
{
    static const json_int_t most[PARTS] = {CODE_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX};
    json_int_t parts[PARTS] = {0};
    bool is_one = json_is_array(node->value) && json_array_size(node->value) == PARTS;
    for (size_t i = 0; is_one && i < PARTS; i++) {
        const json_t *part = json_array_get(node->value, i);
        parts[i] = json_integer_value(part);
        is_one = json_is_integer(part) && parts[i] >= 0 && parts[i] <= most[i];
    }
    if (!is_one) {
        config_node_fail(node, "expected an instruction, [code, jt, jf, k]");
        return;
    }
    *one = (struct bpf_insn){.code = (u_short)parts[0],
                             .jt = (u_char)parts[1],
                             .jf = (u_char)parts[2],
                             .k = (bpf_u_int32)parts[3]};
}

struct bpf_insn *filter_program_read(const struct config_node *node, size_t *count)
{
    *count = config_node_length(node, FILTER_PROGRAM_MAX);
    struct bpf_insn *instructions = *count > 0 ? calloc(*count, sizeof(*instructions)) : NULL;
    if (instructions == NULL && config_node_is_there(node)) {
        config_node_fail(node, "expected 1 to %d instructions", FILTER_PROGRAM_MAX);
    }
    for (size_t i = 0; instructions != NULL && i < *count; i++) {
        struct config_node one = config_node_element(node, i);
        instruction_read(&one, &instructions[i]);
    }
    return instructions;
}

enum xsw_status filter_program_add(json_t *params, struct xsw_error *error)
{
    const char *text = json_string_value(json_object_get(params, "filter"));
    if (text == NULL || text[0] == '\0') {
        return XSW_OK;
    }
    struct bpf_program program;
    enum xsw_status status = filter_program_compile(text, &program, error);
    if (status != XSW_OK) {
        return status;
    }
    if (program.bf_len > FILTER_PROGRAM_MAX) {
        status = error_set(error, XSW_INVALID,
                           "the filter has %u instructions; expected at most %d: make it shorter",
                           program.bf_len, FILTER_PROGRAM_MAX);
    } else if (json_object_set_new(params, "program", filter_program_json(&program)) != 0) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a filter");
    }
    pcap_freecode(&program);
    return status;
}
