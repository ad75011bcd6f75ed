/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of filters that come from outside and are to run on workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/filter_program.h"

#define COUNT(program) (sizeof(program) / sizeof((program)[0]))

static void what_is_compiled_is_the_same_on_the_other_side(void **state)
{
    (void)state;
    static const char *const texts[] = {"udp", "tcp port 80 or tcp port 443",
                                        "ip6 and ip6[6] == 17",
                                        "tcp[tcpflags] & tcp-syn != 0 or vlan 7"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *params = json_pack("{s:s}", "filter", texts[i]);
        struct bpf_program program, copy;
        struct config_reader reader;
        struct xsw_error error;
        size_t count;
        assert_int_equal(filter_program_compile(texts[i], &program, NULL), XSW_OK);
        assert_int_equal(filter_program_add(params, &error), XSW_OK);
        struct config_node node = config_node_root(&reader, "params", params, &error);
        struct config_node member = config_node_member(&node, "program");
        struct bpf_insn *read = filter_program_read(&member, &count);
        assert_int_equal(filter_program_copy(read, count, &copy, NULL), XSW_OK);
        assert_int_equal(copy.bf_len, program.bf_len);
        assert_memory_equal(copy.bf_insns, program.bf_insns,
                            program.bf_len * sizeof(*program.bf_insns));
        pcap_freecode(&program);
        pcap_freecode(&copy);
        free(read);
        json_decref(params);
    }
}

static void no_filter_has_no_program(void **state)
{
    (void)state;
    json_t *params = json_pack("{s:s}", "filter", "");
    assert_int_equal(filter_program_add(params, NULL), XSW_OK);
    assert_null(json_object_get(params, "program"));
    json_object_set_new(params, "filter", json_string("udp prot"));
    struct xsw_error error;
    assert_int_equal(filter_program_add(params, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "pcap-filter(7)"));
    json_decref(params);
}

static void refused(const struct bpf_insn *instructions, size_t count, const char *says)
{
    struct bpf_program program;
    struct xsw_error error;
    assert_int_equal(filter_program_copy(instructions, count, &program, &error), XSW_INVALID);
    if (strstr(error.text, says) == NULL) {
        fail_msg("%s", error.text);
    }
}

static void a_program_that_might_not_end_is_refused(void **state)
{
    (void)state;
    const struct bpf_insn back[] = {BPF_STMT(BPF_LD | BPF_IMM, 1),
                                    BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX),
                                    BPF_STMT(BPF_RET | BPF_K, 1)};
    const struct bpf_insn out[] = {BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 1)};
    const struct bpf_insn branch[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 9, 0),
                                      BPF_STMT(BPF_RET | BPF_K, 1)};
    const struct bpf_insn endless[] = {BPF_STMT(BPF_LD | BPF_IMM, 1)};
    /* libpcap itself takes the first one. */
    assert_int_not_equal(bpf_validate(back, (int)COUNT(back)), 0);
    refused(back, COUNT(back), "a jump leads back");
    refused(out, COUNT(out), "a jump leads back or out");
    refused(branch, COUNT(branch), "expected instructions");
    refused(endless, COUNT(endless), "expected instructions");
    refused(endless, 0, "expected 1 to 4096");
    struct bpf_program loop;
    assert_int_equal(filter_program_compile("ip6 protochain 6", &loop, NULL), XSW_OK);
    refused(loop.bf_insns, loop.bf_len, "protochain cannot be used");
    pcap_freecode(&loop);
}

static void a_program_reads_only_what_it_wrote(void **state)
{
    (void)state;
    const struct bpf_insn leak[] = {BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_RET | BPF_A, 0)};
    /* Written on one of the two ways only. */
    const struct bpf_insn half[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
                                    BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3),
                                    BPF_STMT(BPF_RET | BPF_A, 0)};
    const struct bpf_insn both[] = {
        BPF_STMT(BPF_STX, 3), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 3),
        BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_RET | BPF_A, 0)};
    const struct bpf_insn beyond[] = {BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_RET | BPF_A, 0)};
    struct bpf_program program;
    refused(leak, COUNT(leak), "expected instructions");
    refused(half, COUNT(half), "expected instructions");
    refused(beyond, COUNT(beyond), "expected instructions");
    assert_int_equal(filter_program_copy(both, COUNT(both), &program, NULL), XSW_OK);
    pcap_freecode(&program);
}

static void what_is_no_program_is_named_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {{"7", "params.program: expected"},
                 {"[]", "expected 1 to 4096 instructions"},
                 {"[[6, 0, 0, 1], [6, 0, 0]]", "params.program[1]: expected an instruction"},
                 {"[[65536, 0, 0, 1]]", "params.program[0]: expected an instruction"},
                 {"[[6, 256, 0, 1]]", "params.program[0]"},
                 {"[[6, 0, -1, 1]]", "params.program[0]"},
                 {"[[6, 0, 0, 4294967296]]", "params.program[0]"},
                 {"[[6, 0, 0, 1.5]]", "params.program[0]"},
                 {"[{}]", "params.program[0]"}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct config_reader reader;
        struct xsw_error error = {0};
        size_t count;
        json_t *params = json_object();
        json_object_set_new(params, "program", json_loads(wrong[i].text, JSON_DECODE_ANY, NULL));
        struct config_node node = config_node_root(&reader, "params", params, &error);
        struct config_node member = config_node_member(&node, "program");
        free(filter_program_read(&member, &count));
        if (reader.status == XSW_OK || strstr(error.text, wrong[i].says) == NULL) {
            fail_msg("%s: %s", wrong[i].text, error.text);
        }
        json_decref(params);
    }
}

static void assert_says(const char *text, const char *part, bool has_column)
{
    struct bpf_program program;
    struct xsw_error error;
    assert_int_equal(filter_program_compile(text, &program, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, part));
    assert_int_equal(strstr(error.text, "column") != NULL, has_column);
}

static void an_error_has_the_column_of_the_word_that_libpcap_names(void **state)
{
    (void)state;
    assert_says("udp and ether host zz", "column 20: unknown ether host 'zz'", true);
    assert_says("host 300.1.1.1 and tcp", "column 6: ", true);
    /* It may be either of them, or none. */
    assert_says("ether host zz and udp or ether host zz", "unknown ether host 'zz'", false);
    assert_says("udp prot 53", "filter \"udp prot 53\": ", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_compiled_is_the_same_on_the_other_side),
        cmocka_unit_test(no_filter_has_no_program),
        cmocka_unit_test(a_program_that_might_not_end_is_refused),
        cmocka_unit_test(a_program_reads_only_what_it_wrote),
        cmocka_unit_test(what_is_no_program_is_named_by_its_place),
        cmocka_unit_test(an_error_has_the_column_of_the_word_that_libpcap_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
