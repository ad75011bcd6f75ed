/* SPDX-License-Identifier: Apache-2.0 */
/* See pager.h. */
#include "cmd/analyze/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHELL_NOT_FOUND = 127, SHELL_NOT_EXECUTABLE = 126 };

/* Null: no pager, which an empty value or "cat" says, too. */
static const char *command_find(void)
{
    const char *command = getenv("XSW_PAGER");
    if (command == NULL) {
        command = getenv("PAGER");
    }
    if (command == NULL) {
        return "less -FRX";
    }
    return command[0] == '\0' || strcmp(command, "cat") == 0 ? NULL : command;
}

void pager_begin(struct pager *pager, bool is_wanted)
{
    *pager = (struct pager){.out = stdout};
    if (!is_wanted || !isatty(STDOUT_FILENO) || command_find() == NULL) {
        return;
    }
    int fd = memfd_create("xsw-report", MFD_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (file != NULL) {
        *pager = (struct pager){.out = file, .is_paged = true};
    } else if (fd >= 0) {
        close(fd);
    }
}

/* Whether it fills more rows than the terminal has, one of which is for the next prompt. Colours
 * and letters of several bytes take no columns of their own. */
static bool is_longer(FILE *file)
{
    struct winsize size;
    int rows = 0;
    int column = 0;
    bool is_escape = false;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        return false;
    }
    for (int byte = getc(file); byte != EOF && rows < size.ws_row; byte = getc(file)) {
        if (byte == '\n') {
            rows++;
            column = 0;
        } else if (byte == '\033') {
            is_escape = true;
        } else if (is_escape) {
            is_escape = byte != 'm';
        } else if ((byte & 0xc0) != 0x80 && ++column > size.ws_col) {
            rows++;
            column = 1;
        }
    }
    return rows >= size.ws_row;
}

static bool copy_out(FILE *file)
{
    char bytes[1 << 14];
    size_t count;
    while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        if (fwrite(bytes, 1, count, stdout) != count) {
            return false;
        }
    }
    return ferror(file) == 0;
}

/* The pager reads the file itself, so that nobody waits for it to read on. */
static void pager_become(int fd, const char *command)
{
    if (dup2(fd, STDIN_FILENO) < 0) {
        _exit(SHELL_NOT_EXECUTABLE);
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    (void)setenv("LESS", "FRX", 0);
    (void)setenv("LESSCHARSET", "utf-8", 0);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(SHELL_NOT_FOUND);
}

/* False: there was none that could be run. Keys that interrupt are the pager's meanwhile. */
static bool pager_run(int fd, const char *command)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct sigaction interrupt;
    struct sigaction quit;
    int status = 0;
    sigaction(SIGINT, &ignored, &interrupt);
    sigaction(SIGQUIT, &ignored, &quit);
    pid_t child = lseek(fd, 0, SEEK_SET) == 0 ? fork() : -1;
    if (child == 0) {
        pager_become(fd, command);
    }
    pid_t ended = child;
    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
    }
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    return ended > 0 && !(WIFEXITED(status) && (WEXITSTATUS(status) == SHELL_NOT_FOUND ||
                                                WEXITSTATUS(status) == SHELL_NOT_EXECUTABLE));
}

bool pager_end(struct pager *pager)
{
    FILE *file = pager->out;
    if (!pager->is_paged) {
        return true;
    }
    bool is_done = fflush(file) == 0 && ferror(file) == 0;
    rewind(file);
    bool is_shown = is_done && is_longer(file) && fflush(stdout) == 0 &&
                    pager_run(fileno(file), command_find());
    if (is_done && !is_shown) {
        rewind(file);
        is_done = copy_out(file);
    }
    fclose(file);
    *pager = (struct pager){.out = stdout};
    return is_done;
}
