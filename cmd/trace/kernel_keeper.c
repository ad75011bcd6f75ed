/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/kernel_keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/exit_codes.h"

enum { DEATHS_MAX = 5 /* in a row */ };

/* One that lived so long has not died of what the one before did. */
static const uint64_t LONG_NS = 60000000000;

enum xsw_status kernel_life_create(struct kernel_life **life, struct xsw_error *error)
{
    void *memory =
        mmap(NULL, sizeof(**life), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return error_errno(error, "no memory for events of the kernel");
    }
    *life = memory;
    return XSW_OK;
}

void kernel_life_destroy(struct kernel_life *life)
{
    if (life != NULL) {
        munmap(life, sizeof(*life));
    }
}

/* Whether it was over. */
static bool life_end(struct kernel_life *life, pid_t pid)
{
    int how = 0;
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(how)) {
        snprintf(life->cause, sizeof(life->cause),
                 "the process that reads them was killed by signal %d (%s)", WTERMSIG(how),
                 strsignal(WTERMSIG(how)));
    }
    return WIFEXITED(how) && WEXITSTATUS(how) == EXIT_DONE;
}

bool kernel_keep(struct kernel_life *life, kernel_life_run *run, void *context)
{
    uint32_t in_a_row = 0;
    prctl(PR_SET_NAME, "xsw-kernel-keep");
    while (in_a_row < DEATHS_MAX || life->pause_ms != 0) {
        uint64_t begun_ns = clock_mono_ns();
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_NAME, "xsw-kernel");
            if (in_a_row >= DEATHS_MAX) {
                (void)poll(NULL, 0, (int)life->pause_ms);
            }
            _exit(run(life, context) ? EXIT_DONE : EXIT_FAILED);
        }
        if (pid < 0) {
            snprintf(life->cause, sizeof(life->cause), "no process to read them: %s",
                     strerror(errno));
            return false;
        }
        if (life_end(life, pid)) {
            return true;
        }
        in_a_row = clock_mono_ns() - begun_ns < LONG_NS ? in_a_row + 1 : 1;
    }
    return false;
}
