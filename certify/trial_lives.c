/* SPDX-License-Identifier: Apache-2.0 */
/* What is left when an instance has gone, and what two of them know of each other. */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>

#include "certify/hooks.h"
#include "certify/model.h"
#include "certify/trial.h"

enum {
    LIVES = 100,
    WARM_UP = 2,   /* lives that may make what stays for ever */
    LEFT_MAX = 10, /* things that may be left of LIVES: what is made once is no leak */
    LOADS = 3,     /* on a real switch, with the library unloaded in between */
    APART_ROUNDS = 24,
    YIELDS = 100 /* until a thread that was joined has gone from /proc */
};

static unsigned entries_count(const char *folder)
{
    unsigned count = 0;
    DIR *entries = opendir(folder);
    while (entries != NULL && readdir(entries) != NULL) {
        count++;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return count;
}

static unsigned threads_left(unsigned before)
{
    unsigned now = entries_count("/proc/self/task");
    for (int i = 0; i < YIELDS && now > before; i++) {
        sched_yield();
        now = entries_count("/proc/self/task");
    }
    return now > before ? now - before : 0;
}

static bool life_run(struct model *model)
{
    struct model_instance instance;
    struct xsw_error error;
    if (model_start(model, &instance, &error) != XSW_OK) {
        findings_problem(model->trial->findings, "init: %s", error.text);
        return false;
    }
    model_traffic(&instance, &model->trial->traffic, 4);
    model_stop(&instance);
    return true;
}

static void left_check(struct findings *findings, unsigned files, unsigned threads)
{
    struct hooks_blocks left = hooks_blocks();
    unsigned files_now = entries_count("/proc/self/fd");
    unsigned threads_more = threads_left(threads);
    if (left.count > LEFT_MAX) {
        char origin[100];
        hooks_blocks_origin(origin, sizeof(origin));
        findings_add(
            findings, RULE_MEMORY_LEAK,
            "after %d lives %llu blocks of %llu bytes are left; the last one was allocated "
            "at %s",
            LIVES, (unsigned long long)left.count, (unsigned long long)left.bytes, origin);
    }
    if (files_now > files + LEFT_MAX) {
        findings_add(findings, RULE_FILE_LEAK, "after %d lives %u more descriptors are open", LIVES,
                     files_now - files);
    }
    if (threads_more > 0) {
        findings_add(findings, RULE_THREAD_LEFT, "after %d lives %u of its threads still run",
                     LIVES, threads_more);
    }
}

/* With the library gone, whatever it has left behind falls over. */
static void loads_run(struct trial *trial)
{
    struct stand stand;
    struct xsw_error error;
    if (trial_stand(trial, &stand, true)) {
        for (int i = 0; i < LOADS; i++) {
            traffic_announce(&trial->frame, 1);
            stand_feed(&stand, &trial->frame);
            (void)stand_run(&stand);
            enum xsw_status status = stand_unload(&stand, &error);
            if (status == XSW_OK) {
                status = stand_load(&stand, trial->options->path, trial->options->settings,
                                    trial->options->setting_count, &error);
            }
            if (status != XSW_OK) {
                findings_problem(trial->findings, "%s", error.text);
                break;
            }
        }
    }
    stand_destroy(&stand);
}

void trial_lives(struct trial *trial)
{
    struct model model;
    if (!model_open(&model, trial)) {
        return;
    }
    unsigned files = 0;
    unsigned threads = 0;
    bool is_good = true;
    for (int life = 0; life < WARM_UP + LIVES && is_good; life++) {
        if (life == 0) {
            threads = entries_count("/proc/self/task");
        }
        if (life == WARM_UP) {
            hooks_blocks_forget();
            files = entries_count("/proc/self/fd");
        }
        is_good = life_run(&model);
    }
    if (is_good) {
        left_check(trial->findings, files, threads);
    }
    model_close(&model);
    if (is_good && !findings_is_broken(trial->findings, RULE_THREAD_LEFT)) {
        loads_run(trial);
    }
}

/* Two of them ------------------------------------------------------------------------------------
 */

/* What one instance decides about the traffic of the seed, alone or beside another one. */
static bool decisions_make(struct model *model, bool has_other, uint64_t *digest)
{
    struct model_instance one;
    struct model_instance other = {.model = model};
    struct traffic traffic = {.random = model->trial->options->seed};
    struct traffic noise = {.random = model->trial->options->seed ^ 0x5eed};
    struct xsw_error error;
    uint64_t begin_ns = model->now_ns = UINT64_C(1000000000000);
    enum xsw_status status = model_start(model, &one, &error);
    if (status == XSW_OK && has_other) {
        status = model_start(model, &other, &error);
    }
    for (uint32_t round = 0; status == XSW_OK && round < APART_ROUNDS; round++) {
        model->now_ns = begin_ns + round * UINT64_C(1000000000);
        model->next_id = round * UINT64_C(1000);
        model_batch(&one, &traffic, 1 + round * 7 % 64, false, false);
        if (has_other) {
            model_batch(&other, &noise, 1 + round * 11 % 64, false, false);
        }
    }
    if (status != XSW_OK) {
        findings_problem(model->trial->findings, "init: %s", error.text);
        return false;
    }
    *digest = one.spied->digest;
    model_stop(&one);
    model_stop(&other);
    return true;
}

void trial_apart(struct trial *trial)
{
    struct model model;
    uint64_t alone = 0;
    uint64_t beside = 0;
    if (!model_open(&model, trial)) {
        return;
    }
    if (decisions_make(&model, false, &alone) && decisions_make(&model, true, &beside) &&
        alone != beside && !model.is_short) {
        findings_add(trial->findings, RULE_APART,
                     "the same packets, settings and clock: expected the same verdicts with "
                     "another instance beside it, found other ones: keep what changes in the "
                     "state, not in static data");
    }
    if (model.is_short) {
        findings_skip(trial->findings, RULE_APART, "it holds too many packets to be compared");
    }
    model_close(&model);
}
