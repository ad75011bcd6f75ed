/* SPDX-License-Identifier: Apache-2.0 */
/* xsw trace of a build without LTTng: the kernel's events alone. */
#include <stdio.h>
#include <string.h>

#include "cmd/complete.h"
#include "cmd/exit_codes.h"
#include "cmd/trace/trace.h"
#include "cmd/trace/trace_kernel.h"

int cmd_trace(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "kernel") == 0) {
        return cmd_trace_kernel(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], complete_here) == 0) {
        complete_word("kernel");
        complete_end();
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("usage: xsw trace kernel [options]\n\n"
             "This xsw was built without LTTng, so it has no other events: build it again where\n"
             "liblttng-ust-dev, liblttng-ctl-dev and libbabeltrace2-dev are installed.");
        return EXIT_DONE;
    }
    fputs("xsw trace: this xsw was built without LTTng: build it again where liblttng-ust-dev,\n"
          "liblttng-ctl-dev and libbabeltrace2-dev are installed; `xsw trace kernel` is there\n",
          stderr);
    return EXIT_FAILED;
}
