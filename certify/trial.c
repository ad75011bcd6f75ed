/* SPDX-License-Identifier: Apache-2.0 */
/* A trial in a child process: fenced in, waited for, and buried. */
#include "certify/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "certify/hooks.h"
#include "certify/spy.h"

enum { MEMORY_LIMIT_MB = 4096, FILES_LIMIT = 512, HOLD_SECONDS = 60 };

static void limit_set(int resource, rlim_t value)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0) {
        limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
        (void)setrlimit(resource, &limit);
    }
}

/* Address space that is in use already, in MiB: a sanitizer reserves more than any limit. */
static unsigned long used_mb(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%lu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return pages / (1024 * 1024 / (unsigned long)sysconf(_SC_PAGESIZE));
}

/* What the extension prints is nobody's, and what it breaks shall not outlive the kit. */
static void child_fence(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPIPE};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; nowhere >= 0 && fd <= 2; fd++) {
        (void)dup2(nowhere, fd);
    }
    if (nowhere > 2) {
        close(nowhere);
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        (void)signal(faults[i], SIG_DFL);
    }
    limit_set(RLIMIT_CORE, 0);
    limit_set(RLIMIT_NOFILE, FILES_LIMIT);
    unsigned long used = used_mb();
    if (used < MEMORY_LIMIT_MB) {
        limit_set(RLIMIT_AS, (rlim_t)(used + MEMORY_LIMIT_MB) << 20);
    }
}

static void child_run(const struct trial_info *info, const struct certify_options *options,
                      uint32_t kind, struct findings *findings)
{
    static struct trial trial;
    child_fence();
    const char *slash = strrchr(options->path, '/');
    trial.options = options;
    trial.kind = kind;
    trial.findings = findings;
    trial.traffic.random = options->seed;
    trial.spy = spy_create(slash != NULL ? slash + 1 : options->path, findings);
    if (trial.spy == NULL) {
        findings_problem(findings, "no memory for a trial");
    } else {
        info->run(&trial);
    }
    hooks_enter(HOOKS_OFF);
    findings->doing[0] = '\0';
    findings->is_finished = true;
    _exit(0);
}

/* Waits for the end of the child; false when it took too long and was killed. */
static bool child_wait(pid_t child, uint32_t seconds, int *status)
{
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    int count = 0;
    do {
        count = poll(&ended, 1, (int)(seconds * 1000));
    } while (count < 0 && errno == EINTR);
    if (count == 0) {
        (void)kill(child, SIGKILL);
    }
    (void)kill(-child, SIGKILL); /* whatever it has started itself */
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
    if (fd >= 0) {
        close(fd);
    }
    return count != 0;
}

/* The child did not come to its end: what that says. */
static void end_judge(const struct trial_info *info, struct findings *findings, bool is_in_time,
                      int status, uint32_t seconds)
{
    char doing[DOING_SIZE];
    memcpy(doing, findings->doing, sizeof(doing));
    doing[DOING_SIZE - 1] = '\0';
    if (doing[0] == '\0') {
        snprintf(doing, sizeof(doing), "between two calls of it");
    }
    if (!is_in_time) {
        findings_add(findings, RULE_NO_HANG, "%s: not back after %u seconds (trial %s)", doing,
                     seconds, info->name);
    } else if (WIFSIGNALED(status)) {
        findings_add(findings, info->blame, "%s: ended by signal %d, %s (trial %s)", doing,
                     WTERMSIG(status), strsignal(WTERMSIG(status)), info->name);
    } else {
        findings_add(findings, RULE_NO_EXIT, "%s: ended the process with exit code %d (trial %s)",
                     doing, WEXITSTATUS(status), info->name);
    }
}

enum xsw_status trial_run(const struct trial_info *info, const struct certify_options *options,
                          uint32_t kind, struct findings *findings, struct xsw_error *error)
{
    pid_t child = fork();
    if (child < 0) {
        return error_errno(error, "no process for a trial");
    }
    if (child == 0) {
        child_run(info, options, kind, findings);
    }
    int status = 0;
    bool is_in_time = child_wait(child, options->seconds, &status);
    if (!findings->is_finished || !is_in_time) {
        findings->is_finished = false;
        end_judge(info, findings, is_in_time, status, options->seconds);
    }
    return XSW_OK;
}

bool trial_stand(struct trial *trial, struct stand *stand, bool is_configured)
{
    const struct certify_options *options = trial->options;
    struct xsw_error error;
    enum xsw_status status = stand_create(stand, trial->spy, &error);
    if (status == XSW_OK) {
        status = stand_ports(stand, trial->kind != KIND_FORWARD, &error);
    }
    if (status == XSW_OK) {
        status = stand_load(stand, options->path, is_configured ? options->settings : NULL,
                            is_configured ? options->setting_count : 0, &error);
    }
    if (status != XSW_OK) {
        findings_problem(trial->findings, "%s", error.text);
    }
    return status == XSW_OK;
}

void trial_holds_check(struct trial *trial, struct stand *stand)
{
    for (uint32_t second = 0; second < HOLD_SECONDS && spy_held(trial->spy) > 0; second++) {
        trial->spy->originated_now = 0;
        (void)stand_wait(stand, NS_PER_SECOND, NS_PER_SECOND / 100);
    }
    if (spy_held(trial->spy) > 0) {
        findings_add(trial->findings, RULE_HOLD_BOUND,
                     "%u packets are still held, %d seconds of the switch's clock after the last "
                     "one came",
                     spy_held(trial->spy), HOLD_SECONDS);
    }
}
