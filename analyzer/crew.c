/* SPDX-License-Identifier: Apache-2.0 */
/* See crew.h. The places of the ring are counted without end: taken back <= taken up <= started. */
#include "analyzer/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

enum { PARTS_MAX = ANALYSIS_THREADS_MAX + 2 };

struct crew {
    pthread_t threads[ANALYSIS_THREADS_MAX];
    unsigned thread_count;
    struct part *parts[PARTS_MAX];
    unsigned part_count;
    uint64_t started, released; /* the caller's */
    pthread_mutex_t lock;       /* of all below */
    pthread_cond_t has_work, has_result;
    uint64_t offered, taken;
    bool is_read[PARTS_MAX];
    bool has_ended;
};

static void *member_run(void *context)
{
    struct crew *crew = context;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->taken == crew->offered && !crew->has_ended) {
            pthread_cond_wait(&crew->has_work, &crew->lock);
        }
        if (crew->has_ended) {
            break;
        }
        unsigned place = (unsigned)(crew->taken++ % crew->part_count);
        pthread_mutex_unlock(&crew->lock);
        part_read(crew->parts[place]);
        pthread_mutex_lock(&crew->lock);
        crew->is_read[place] = true;
        pthread_cond_signal(&crew->has_result);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static enum xsw_status members_begin(struct crew *crew, unsigned threads, struct xsw_error *error)
{
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&crew->threads[i], NULL, member_run, crew) != 0) {
            return error_set(error, XSW_LIMIT, "no thread to analyze with");
        }
        crew->thread_count++;
    }
    return XSW_OK;
}

enum xsw_status crew_create(unsigned threads, struct crew **crew, struct xsw_error *error)
{
    struct crew *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to analyze on several threads");
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->has_work, NULL);
    pthread_cond_init(&made->has_result, NULL);
    enum xsw_status status = XSW_OK;
    for (unsigned i = 0; status == XSW_OK && i < threads + 2; i++) {
        status = part_create(&made->parts[i], error);
        made->part_count += status == XSW_OK;
    }
    if (status == XSW_OK) {
        status = members_begin(made, threads, error);
    }
    if (status < 0) {
        crew_destroy(made);
        return status;
    }
    *crew = made;
    return XSW_OK;
}

void crew_destroy(struct crew *crew)
{
    if (crew == NULL) {
        return;
    }
    pthread_mutex_lock(&crew->lock);
    crew->has_ended = true;
    pthread_cond_broadcast(&crew->has_work);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->thread_count; i++) {
        pthread_join(crew->threads[i], NULL);
    }
    for (unsigned i = 0; i < crew->part_count; i++) {
        part_destroy(crew->parts[i]);
    }
    pthread_mutex_destroy(&crew->lock);
    pthread_cond_destroy(&crew->has_work);
    pthread_cond_destroy(&crew->has_result);
    free(crew);
}

struct part *crew_spare(struct crew *crew)
{
    bool is_full = crew->started - crew->released == crew->part_count;
    return is_full ? NULL : crew->parts[crew->started % crew->part_count];
}

void crew_start(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->is_read[crew->started % crew->part_count] = false;
    crew->offered = ++crew->started;
    pthread_cond_signal(&crew->has_work);
    pthread_mutex_unlock(&crew->lock);
}

struct part *crew_oldest(struct crew *crew)
{
    if (crew_is_idle(crew)) {
        return NULL;
    }
    unsigned place = (unsigned)(crew->released % crew->part_count);
    if (crew->thread_count == 0) {
        part_read(crew->parts[place]);
        return crew->parts[place];
    }
    pthread_mutex_lock(&crew->lock);
    while (!crew->is_read[place]) {
        pthread_cond_wait(&crew->has_result, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return crew->parts[place];
}

void crew_release(struct crew *crew)
{
    crew->released++;
}

bool crew_is_idle(const struct crew *crew)
{
    return crew->started == crew->released;
}
