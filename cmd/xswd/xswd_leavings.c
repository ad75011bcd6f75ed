/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_leavings.h"

#include <fcntl.h>
#include <unistd.h>

#include "capture/ring.h"

static uint64_t header_word(int fd, size_t offset)
{
    uint64_t word = 0;
    return pread(fd, &word, sizeof(word), (off_t)offset) == sizeof(word) ? word : 0;
}

uint64_t rings_bytes_left(const int *fds, size_t count)
{
    uint64_t left = 0;
    for (size_t i = 0; i < count; i++) {
        left += header_word(fds[i], offsetof(struct ring_header, head)) -
                header_word(fds[i], offsetof(struct ring_header, tail));
    }
    return left;
}

void rings_punch(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ring_punch(fds[i]);
    }
}

static void leaving_close(struct leaving *leaving)
{
    for (size_t i = 0; i < leaving->fd_count; i++) {
        close(leaving->fds[i]);
    }
    *leaving = (struct leaving){0};
}

static void leaving_forget(struct leaving *leaving)
{
    rings_punch(leaving->fds, leaving->fd_count);
    leaving_close(leaving);
}

/* A free place, whose number is 0, or that of the oldest. */
static struct leaving *place_make(struct xswd_leavings *leavings)
{
    struct leaving *oldest = &leavings->places[0];
    for (size_t i = 0; i < LEAVINGS_MAX; i++) {
        if (leavings->places[i].number < oldest->number) {
            oldest = &leavings->places[i];
        }
    }
    leaving_forget(oldest);
    return oldest;
}

void xswd_leavings_take(struct xswd_leavings *leavings, const int *fds, size_t count,
                        const struct rpc_caller *caller)
{
    if (rings_bytes_left(fds, count) == 0) {
        rings_punch(fds, count);
        return;
    }
    struct leaving *leaving = place_make(leavings);
    *leaving = (struct leaving){
        .client = caller->client, .uid = caller->uid, .number = ++leavings->last_number};
    for (size_t i = 0; i < count; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (fd >= 0) {
            leaving->fds[leaving->fd_count++] = fd;
        }
    }
    if (leaving->fd_count < count) {
        leaving_close(leaving); /* what the recorder has not read is worth more than its memory */
    }
}

void xswd_leavings_tick(struct xswd_leavings *leavings)
{
    for (size_t i = 0; i < LEAVINGS_MAX; i++) {
        struct leaving *leaving = &leavings->places[i];
        if (leaving->fd_count > 0 && rings_bytes_left(leaving->fds, leaving->fd_count) == 0) {
            leaving_forget(leaving);
        }
    }
}

void xswd_leavings_client_gone(struct xswd_leavings *leavings, uint64_t client)
{
    for (size_t i = 0; i < LEAVINGS_MAX; i++) {
        if (leavings->places[i].fd_count > 0 && leavings->places[i].client == client) {
            leaving_forget(&leavings->places[i]);
        }
    }
}

size_t xswd_leavings_of(const struct xswd_leavings *leavings, uint32_t uid)
{
    size_t count = 0;
    for (size_t i = 0; i < LEAVINGS_MAX; i++) {
        count += leavings->places[i].fd_count > 0 && leavings->places[i].uid == uid;
    }
    return count;
}

void xswd_leavings_fini(struct xswd_leavings *leavings)
{
    for (size_t i = 0; i < LEAVINGS_MAX; i++) {
        leaving_close(&leavings->places[i]);
    }
}
