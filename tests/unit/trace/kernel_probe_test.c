/* SPDX-License-Identifier: Apache-2.0 */
/* What is said when the kernel takes no BPF program of ours. */
#include "trace/kernel/kernel_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

static void verifier_that_refuses_is_quoted(void **state)
{
    (void)state;
    /* It returns what it never set. */
    const struct bpf_insn code[] = {{.code = BPF_JMP | BPF_EXIT}};
    struct xsw_error error;
    int program;
    enum xsw_status status = kernel_probe_load(code, 1, &program, &error);
    if (status == XSW_DENIED) {
        assert_non_null(strstr(error.text, "CAP_BPF and CAP_PERFMON are needed"));
        skip();
    }
    assert_int_equal(status, XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "verifier refuses the BPF program: R0 !read_ok"));
}

static void program_that_is_loaded_is_one_the_verifier_takes(void **state)
{
    (void)state;
    struct kernel_probe *probe;
    struct xsw_error error;
    enum xsw_status status = kernel_probe_open(&probe, &error);
    if (status != XSW_OK) {
        assert_null(strstr(error.text, "verifier"));
        skip();
    }
    kernel_probe_close(probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifier_that_refuses_is_quoted),
        cmocka_unit_test(program_that_is_loaded_is_one_the_verifier_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
