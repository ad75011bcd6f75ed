/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that writes journeys to a flight recorder is killed at a random moment, hundreds of
 * times: every journey that it had committed and that the ring still holds is read back, whole, and
 * none that it did not write.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/flight/flight_reader.h"
#include "unit/capture/flight_writer.h"
#include "unit/packet/frames.h"

enum { BLOCK = 8 << 10, BLOCKS = 6, KILLS = 400 };

/* What the process says of itself, in memory that outlives it. */
struct witness {
    _Atomic uint64_t begun;     /* the highest id whose record was begun */
    _Atomic uint64_t committed; /* and that was published before this word was written */
    _Atomic uint32_t is_ready;
    _Atomic uint32_t is_idle; /* between two batches */
};

static char path[64];

/* Writes until it is killed. */
static void victim_run(struct witness *witness, uint64_t seed)
{
    struct flight_ring *ring = NULL;
    struct flight_ring_options options = {
        .path = path, .worker_count = 1, .memory_bytes = BLOCK * BLOCKS, .block_size = BLOCK};
    if (flight_ring_create(&options, &ring, NULL) != XSW_OK) {
        _exit(9);
    }
    struct flight_producer *producer = flight_ring_producer(ring, 0);
    uint64_t id = 0;
    for (uint64_t batch = 1;; batch++) {
        atomic_store(&witness->is_idle, 0);
        if (!flight_write_timeline(producer, batch * FLIGHT_STEP_NS)) {
            _exit(9);
        }
        for (uint64_t i = frame_random(&seed) % 64; i > 0; i--) {
            atomic_store(&witness->begun, ++id);
            if (!flight_write_journey(producer, id)) {
                _exit(9);
            }
        }
        flight_publish(producer);
        atomic_store(&witness->committed, id);
        atomic_store(&witness->is_ready, 1);
        atomic_store(&witness->is_idle, 1);
        for (uint64_t i = frame_random(&seed) % 8000; i > 0; i--) {
            (void)atomic_load(&witness->is_idle);
        }
    }
}

struct found {
    uint64_t first, last, count, missed;
    bool has_more; /* a batch was being written */
};

static struct found read_back(struct flight_reader *reader)
{
    struct found found = {0};
    struct flight_cursor cursor;
    struct flight_copy copy;
    uint64_t next = 0;
    assert_int_equal(flight_cursor_init(&cursor, reader, 0, 0, NULL), XSW_OK);
    while (flight_cursor_take(&cursor, true, &copy, NULL) == XSW_OK) {
        const struct ring_record *record = NULL;
        enum xsw_status status;
        assert_true(copy.journeys_before >= next);
        found.missed += copy.journeys_before - next;
        next = copy.journeys_before;
        while ((status = flight_copy_next(&copy, &record, NULL)) == XSW_OK) {
            if (record->type == RING_JOURNEY) {
                const struct ring_journey *journey = (const struct ring_journey *)record;
                assert_true(flight_journey_is_true(journey));
                assert_int_equal(journey->id, ++next);
                found.first = found.first == 0 ? journey->id : found.first;
                found.last = journey->id;
                found.count++;
            }
        }
        assert_int_equal(status, XSW_END); /* nothing that is committed is torn */
        flight_copy_free(&copy);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct flight_place place;
        assert_int_equal(flight_reader_place(reader, 0, i, &place, NULL), XSW_OK);
        found.has_more = found.has_more || place.has_more;
    }
    struct flight_worker_view view;
    assert_int_equal(flight_reader_worker(reader, 0, &view, NULL), XSW_OK);
    found.has_more = found.has_more || view.is_opening;
    return found;
}

static void nap(uint64_t ns)
{
    struct timespec time = {.tv_nsec = (long)ns};
    nanosleep(&time, NULL);
}

static void one_kill(struct witness *witness, uint64_t *seed, uint64_t *torn)
{
    atomic_store(&witness->begun, 0);
    atomic_store(&witness->committed, 0);
    atomic_store(&witness->is_ready, 0);
    atomic_store(&witness->is_idle, 0);
    unlink(path);
    uint64_t own = frame_random(seed);
    pid_t victim = fork();
    if (victim == 0) {
        victim_run(witness, own);
    }
    assert_true(victim > 0);
    while (atomic_load(&witness->is_ready) == 0) {
        assert_int_equal(waitpid(victim, NULL, WNOHANG), 0);
    }
    nap(frame_random(seed) % 1500000);
    kill(victim, SIGKILL);
    int status;
    assert_int_equal(waitpid(victim, &status, 0), victim);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    struct flight_reader *reader = NULL;
    assert_int_equal(flight_reader_open(path, &reader, NULL), XSW_OK);
    const struct flight_info *info = flight_reader_info(reader);
    assert_false(info->is_living);
    assert_int_equal(atomic_load(&info->header.state), FLIGHT_STATE_RUNNING);
    struct found found = read_back(reader);
    uint64_t committed = atomic_load(&witness->committed);
    uint64_t begun = atomic_load(&witness->begun);
    /* Each that was committed is there, or was overwritten and is counted; what is behind was begun
     * at least, and none is made up. */
    assert_true(found.last >= committed && found.last <= begun);
    assert_int_equal(found.missed + found.count, found.last);
    assert_true(found.last == begun || found.has_more);
    if (atomic_load(&witness->is_idle) != 0) {
        assert_int_equal(found.last, committed);
        assert_false(found.has_more);
    }
    *torn += found.has_more;
    flight_reader_close(reader);
}

static void committed_journeys_outlive_a_kill_at_any_moment(void **state)
{
    (void)state;
    struct witness *witness =
        mmap(NULL, sizeof(*witness), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(witness != MAP_FAILED);
    uint64_t seed = 20260101;
    uint64_t torn = 0;
    snprintf(path, sizeof(path), "/dev/shm/xsw-flight-kill-%d", getpid());
    for (unsigned round = 0; round < KILLS; round++) {
        one_kill(witness, &seed, &torn);
    }
    munmap(witness, sizeof(*witness));
    /* The moments were within batches, and not all at one place. */
    assert_true(torn > KILLS / 20 && torn < KILLS - KILLS / 20);
    print_message("%d kills, %llu of them within a batch\n", KILLS, (unsigned long long)torn);
}

/* Also when the claim failed. */
static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(committed_journeys_outlive_a_kill_at_any_moment, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
