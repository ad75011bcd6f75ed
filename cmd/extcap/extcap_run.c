/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/extcap/extcap_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/capture.h"
#include "cmd/exit_codes.h"

enum {
    PIECE = 1 << 20,   /* bytes read at once, and room of the pipe */
    END_SECONDS = 3,   /* for the recorder to detach and to write its summary */
    CAPTURE_WORDS = 20 /* of the recorder's command line */
};

struct run {
    const struct extcap_run_options *options;
    struct extcap_selector *selector;
    uint8_t *piece;
    int fifo, pipe, signals;
    pid_t recorder;
    bool is_stopping;   /* the recorder was told to end */
    bool is_fifo_gone;  /* nobody reads any more */
    bool is_pipe_ended; /* the recorder has written its last */
    uint64_t deadline_ns;
};

/* The recorder, in the child ------------------------------------------------------------------ */

static int record(const struct extcap_run_options *options)
{
    const char *words[CAPTURE_WORDS] = {"capture", "--quiet", "--write", "-"};
    int count = 4;
    const struct {
        const char *option, *value;
    } given[] = {{"--socket", options->socket},
                 {"--switch", options->switch_name},
                 {"--snap", options->snap},
                 {"--where", options->where}};
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        if (given[i].value != NULL) {
            words[count++] = given[i].option;
            words[count++] = given[i].value;
        }
    }
    if (options->every_stage) {
        words[count++] = "--every-stage";
    }
    words[count++] = "--";
    if (options->filter != NULL) {
        words[count++] = options->filter;
    }
    return cmd_capture(count, (char **)words); /* which leaves the words as they are */
}

/* Signals stay blocked in the child until the recorder looks for them itself: none is missed. */
static enum xsw_status recorder_start(struct run *run, struct xsw_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_errno(error, "no pipe from the recorder");
    }
    /* More room is better, and a user may have used up what is allowed. */
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIECE);
    pid_t parent = getpid();
    run->recorder = fork();
    if (run->recorder == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent || dup2(ends[1], STDOUT_FILENO) < 0) {
            _exit(EXIT_FAILED);
        }
        close(ends[0]);
        close(ends[1]);
        close(run->fifo);
        close(run->signals);
        exit(record(run->options));
    }
    close(ends[1]);
    run->pipe = ends[0];
    return run->recorder > 0 ? XSW_OK : error_errno(error, "no process for the recorder");
}

/* Handing on --------------------------------------------------------------------------------- */

static void stop(struct run *run)
{
    if (!run->is_stopping) {
        run->is_stopping = true;
        run->deadline_ns = clock_mono_ns() + (uint64_t)END_SECONDS * NS_PER_SECOND;
        kill(run->recorder, SIGTERM);
    }
}

static void fifo_leave(struct run *run)
{
    run->is_fifo_gone = true;
    stop(run);
}

/* True when something waits to be handed on. */
static bool output_write(struct run *run)
{
    size_t length;
    const uint8_t *output = extcap_selector_output(run->selector, &length);
    if (run->is_fifo_gone) {
        extcap_selector_consume(run->selector, length);
        return false;
    }
    if (length == 0) {
        return false;
    }
    ssize_t written = write(run->fifo, output, length);
    if (written >= 0) {
        extcap_selector_consume(run->selector, (size_t)written);
    } else if (errno != EAGAIN && errno != EINTR) {
        fifo_leave(run);
    }
    return true;
}

static enum xsw_status input_read(struct run *run, struct xsw_error *error)
{
    ssize_t length = read(run->pipe, run->piece, PIECE);
    if (length < 0 && errno == EINTR) {
        return XSW_OK;
    }
    if (length < 0) {
        return error_errno(error, "the recorder's pipe");
    }
    if (length == 0) {
        run->is_pipe_ended = true;
        return XSW_OK;
    }
    return extcap_selector_feed(run->selector, run->piece, (size_t)length, error);
}

static int wait_ms(const struct run *run)
{
    if (!run->is_stopping) {
        return -1;
    }
    uint64_t now = clock_mono_ns();
    return now < run->deadline_ns ? (int)((run->deadline_ns - now) / 1000000 + 1) : 0;
}

/* Until all is handed on, or the time to end is over. Nothing is read while something waits to be
 * written, so that a reader that stands still holds up the recorder, not our memory. */
static enum xsw_status relay(struct run *run, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK) {
        bool is_waiting = output_write(run);
        if (!is_waiting && run->is_pipe_ended) {
            return XSW_OK;
        }
        struct pollfd waits[] = {
            {.fd = is_waiting || run->is_pipe_ended ? -1 : run->pipe, .events = POLLIN},
            {.fd = run->is_fifo_gone ? -1 : run->fifo, .events = is_waiting ? POLLOUT : 0},
            {.fd = run->signals, .events = POLLIN}};
        int timeout_ms = wait_ms(run);
        if (timeout_ms == 0) {
            return error_set(error, XSW_IO,
                             "what was recorded last is missing: Wireshark, or the "
                             "recorder, did not end in %d seconds",
                             END_SECONDS);
        }
        poll(waits, sizeof(waits) / sizeof(waits[0]), timeout_ms);
        struct signalfd_siginfo signal;
        if (waits[2].revents != 0 && read(run->signals, &signal, sizeof(signal)) > 0) {
            stop(run);
        }
        if ((waits[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            fifo_leave(run);
        }
        if (waits[0].revents != 0) {
            status = input_read(run, error);
        }
    }
    return status;
}

/* Beginning and end -------------------------------------------------------------------------- */

/* Opening waits until Wireshark reads, so no session is attached for nobody. */
static enum xsw_status run_open(struct run *run, struct xsw_error *error)
{
    run->selector = extcap_selector_create(run->options->show, run->options->port);
    run->piece = malloc(PIECE);
    if (run->selector == NULL || run->piece == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a capture");
    }
    run->fifo = open(run->options->fifo, O_WRONLY | O_CLOEXEC);
    if (run->fifo < 0 || fcntl(run->fifo, F_SETFL, O_NONBLOCK) != 0) {
        return error_errno(error, "--fifo %s: cannot write to it", run->options->fifo);
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    run->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (run->signals < 0) {
        return error_errno(error, "no descriptor for signals");
    }
    return recorder_start(run, error);
}

/* Waits for the recorder, which is made to end when its time is over, and tells how it went. */
static int recorder_end(struct run *run, bool is_in_order)
{
    int state = 0;
    if (!is_in_order) {
        kill(run->recorder, SIGKILL);
    }
    while (waitpid(run->recorder, &state, 0) < 0 && errno == EINTR) {
    }
    if (!is_in_order) {
        return EXIT_FAILED;
    }
    struct extcap_summary summary = extcap_selector_summary(run->selector);
    if (WIFSIGNALED(state)) {
        fprintf(stderr, "xsw extcap: the recorder was ended by signal %d\n", WTERMSIG(state));
        return EXIT_FAILED;
    }
    if (summary.lost > 0 && !run->is_fifo_gone) {
        fprintf(stderr,
                "xsw extcap: %" PRIu64 " journeys were lost; frame.drop_count tells where. Try a "
                "capture filter or a snap length.\n",
                summary.lost);
    }
    if (strcmp(summary.why, "switch-stopped") == 0 && !run->is_stopping) {
        fprintf(stderr, "xsw extcap: the switch has stopped, or was removed: the capture ends\n");
        return EXIT_FAILED;
    }
    int code = WEXITSTATUS(state);
    return run->is_stopping || code == EXIT_FOUND ? EXIT_DONE : code;
}

static void run_close(struct run *run)
{
    const int fds[] = {run->fifo, run->pipe, run->signals};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    extcap_selector_destroy(run->selector);
    free(run->piece);
}

int extcap_run(const struct extcap_run_options *options)
{
    struct run run = {.options = options, .fifo = -1, .pipe = -1, .signals = -1, .recorder = -1};
    struct xsw_error error;
    int code = EXIT_FAILED;
    enum xsw_status status = run_open(&run, &error);
    if (status == XSW_OK) {
        status = relay(&run, &error);
        code = recorder_end(&run, status == XSW_OK);
    }
    if (status != XSW_OK) {
        fprintf(stderr, "xsw extcap: %s\n", error.text);
    }
    run_close(&run);
    return code;
}
