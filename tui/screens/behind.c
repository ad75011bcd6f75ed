/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/screens/behind.h"

#include <stdio.h>
#include <string.h>

/* Sets ------------------------------------------------------------------------------------------
 */

uint64_t behind_places_of(const struct scene *scene, const char *extension)
{
    uint64_t places = 0;
    for (size_t i = 0; i < scene->model->stage_count; i++) {
        const char *of =
            dictionary_stage_extension(&scene->model->of->dictionary, scene->model->stages[i]);
        places |= (uint64_t)(strcmp(of, extension) == 0) << i;
    }
    return places;
}

uint64_t behind_places_at(const struct scene *scene, bool is_egress)
{
    uint64_t places = 0;
    for (size_t i = 0; i < scene->model->stage_count; i++) {
        const struct dictionary_stage *stage =
            dictionary_find_stage(&scene->model->of->dictionary, scene->model->stages[i]);
        places |= (uint64_t)(stage != NULL && stage->egress == is_egress) << i;
    }
    return places;
}

static uint64_t places_from(const struct scene *scene, size_t place)
{
    uint64_t places = 0;
    for (size_t i = place; i < scene->model->stage_count; i++) {
        places |= (uint64_t)1 << i;
    }
    return places;
}

/* Words -----------------------------------------------------------------------------------------
 */

static size_t list_write(const struct scene *scene, uint64_t places, bool by_number, char *text,
                         size_t size)
{
    size_t used = 0;
    const char *comma = "";
    text[0] = '\0';
    for (size_t i = 0; i < scene->model->stage_count && used < size; i++) {
        struct dictionary_name made;
        uint16_t id = scene->model->stages[i];
        if ((places >> i & 1) == 0) {
            continue;
        }
        used +=
            (size_t)(by_number
                         ? snprintf(text + used, size - used, "%s%u", comma, id)
                         : snprintf(text + used, size - used, "%s%s", comma,
                                    dictionary_stage(&scene->model->of->dictionary, id, &made)));
        comma = ", ";
    }
    return used;
}

bool behind_stages(const struct scene *scene, const char *term, uint64_t places, char *text,
                   size_t size)
{
    char list[SCREEN_EXPRESSION_SIZE];
    bool is_one = (places & (places - 1)) == 0;
    size_t room = size - strlen(term) - sizeof(" in ()");
    size_t used = list_write(scene, places, false, list, sizeof(list));
    used = used > room ? list_write(scene, places, true, list, sizeof(list)) : used;
    text[0] = '\0';
    if (used == 0 || used > room) {
        return false;
    }
    snprintf(text, size, is_one ? "%s == %s" : "%s in (%s)", term, list);
    return true;
}

/* Those that came to the stage at one place; at the first one these are all that are no copies. */
static bool one_append(const struct scene *scene, size_t place, char *text)
{
    char ended[BEHIND_STAGES_SIZE];
    char made[BEHIND_STAGES_SIZE];
    size_t used = strlen(text);
    uint64_t places = places_from(scene, place);
    int length = 0;
    if (place == 0) {
        length = snprintf(text + used, SCREEN_EXPRESSION_SIZE - used, "not clone");
    } else if (behind_stages(scene, "stage", places, ended, sizeof(ended)) &&
               behind_stages(scene, "made.at", places, made, sizeof(made))) {
        length = snprintf(text + used, SCREEN_EXPRESSION_SIZE - used, "%s%s and not %s",
                          used > 0 ? " or " : "", ended, made);
    }
    return length > 0 && used + (size_t)length < SCREEN_EXPRESSION_SIZE;
}

void behind_coming_to(const struct scene *scene, uint64_t places, char *text)
{
    char any[SCREEN_EXPRESSION_SIZE] = "";
    bool is_one = (places & (places - 1)) == 0;
    text[0] = '\0';
    for (size_t i = 0; i < scene->model->stage_count; i++) {
        if ((places >> i & 1) != 0 && !one_append(scene, i, any)) {
            return;
        }
    }
    int length = snprintf(text, SCREEN_EXPRESSION_SIZE, is_one ? "%s" : "(%s)", any);
    if (length >= SCREEN_EXPRESSION_SIZE) {
        text[0] = '\0';
    }
}

void behind_dropped_at(const struct scene *scene, const char *port, bool is_outgoing, char *text)
{
    char stages[BEHIND_STAGES_SIZE];
    text[0] = '\0';
    if (!behind_stages(scene, "stage", behind_places_at(scene, is_outgoing), stages,
                       sizeof(stages))) {
        return;
    }
    snprintf(text, SCREEN_EXPRESSION_SIZE,
             is_outgoing ? "dropped and out.port == %s and (%s or flood or mirror)"
                         : "dropped and in.port == %s and %s and not flood and not mirror",
             port, stages);
}
