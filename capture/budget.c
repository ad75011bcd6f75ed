/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/budget.h"

static int level_up(struct budget *budget)
{
    if (budget->level == BUDGET_DISARMED || ++budget->over < BUDGET_OVER_WINDOWS) {
        return 0;
    }
    /* When it had gone a step back, that was too early. */
    uint32_t needed = budget->has_gone_back ? budget->calm_needed * 2 : BUDGET_CALM_WINDOWS;
    budget->calm_needed = needed > BUDGET_CALM_WINDOWS_MAX ? BUDGET_CALM_WINDOWS_MAX : needed;
    budget->has_gone_back = 0;
    budget->over = 0;
    budget->level++;
    return 1;
}

/* A time without packets is one of calm too. */
static int level_down(struct budget *budget, uint64_t windows)
{
    uint64_t calm = budget->calm + windows;
    budget->calm = calm < BUDGET_CALM_WINDOWS_MAX ? (uint32_t)calm : BUDGET_CALM_WINDOWS_MAX;
    if (budget->calm < budget->calm_needed) {
        return 0;
    }
    budget->calm = 0;
    if (budget->level == BUDGET_FULL) {
        budget->has_gone_back = 0; /* it has lasted: what was before is forgotten */
        return 0;
    }
    budget->level--;
    budget->has_gone_back = 1;
    return 1;
}

int budget_close(struct budget *budget, uint64_t now_ns, uint64_t now_cycles, uint32_t allowed)
{
    uint64_t passed = now_cycles - budget->window_cycles;
    uint64_t share = passed == 0 ? 0 : budget->spent_cycles * BUDGET_WHOLE / passed;
    int is_first = budget->window_ns == 0;
    uint64_t windows = (now_ns - budget->window_ns) / BUDGET_WINDOW_NS;
    budget->share = share > BUDGET_WHOLE ? BUDGET_WHOLE : (uint32_t)share;
    budget->window_ns = now_ns;
    budget->window_cycles = now_cycles;
    budget->spent_cycles = 0;
    if (is_first) {
        return 0;
    }
    if (allowed < BUDGET_WHOLE && share > allowed) {
        budget->calm = 0;
        return level_up(budget);
    }
    budget->over = 0;
    if (share <= allowed / 2 || allowed >= BUDGET_WHOLE) {
        return level_down(budget, windows);
    }
    budget->calm = 0;
    return 0;
}

const char *budget_level_name(unsigned level)
{
    static const char *const names[] = {"full", "short", "sampled", "disarmed"};
    return level <= BUDGET_DISARMED ? names[level] : "unknown";
}
