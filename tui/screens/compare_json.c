/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison for programs: both journeys, where their ways part, and in what the frames differ.
 */
#include "tui/screens/compare_page.h"

static void way_write(const struct model *model, const struct view_step *const steps[2],
                      struct json_writer *json)
{
    struct dictionary_name made;
    const struct view_step *any = steps[0] != NULL ? steps[0] : steps[1];
    char text[160];
    json_object_open(json, NULL);
    json_text(json, "stage", dictionary_stage(&model->of->dictionary, any->stage, &made));
    json_bool(json, "differs", compare_page_differs(steps));
    json_array_open(json, "sides");
    for (int i = 0; i < 2; i++) {
        if (steps[i] == NULL) {
            json_none(json, NULL); /* it did not come here */
        } else {
            journey_step_text(model, steps[i], text, sizeof(text));
            json_text(json, NULL, text);
        }
    }
    json_array_close(json);
    json_object_close(json);
}

static void ways_write(const struct compare_page *page, const struct model *model,
                       struct json_writer *json)
{
    const struct view_step *steps[2];
    size_t next[2] = {0, 0};
    json_array_open(json, "ways");
    while (compare_page_next(page, next, steps)) {
        way_write(model, steps, json);
    }
    json_array_close(json);
}

void compare_page_write_json(const struct compare_page *page, const struct model *model,
                             struct json_writer *json)
{
    const struct view_packet *one = journey_page_packet(&page->sides[0]);
    const struct view_packet *other = journey_page_packet(&page->sides[1]);
    json_text(json, "screen", "compare");
    if (one != NULL && other != NULL) {
        json_i64(json, "apart_ns", (int64_t)(other->first_ns - one->first_ns));
    }
    ways_write(page, model, json);
    json_array_open(json, "fields");
    for (size_t i = 0; i < page->field_count; i++) {
        json_object_open(json, NULL);
        json_text(json, "name", page->fields[i].name);
        json_text(json, "first", page->fields[i].old_text);
        json_text(json, "second", page->fields[i].new_text);
        json_object_close(json);
    }
    json_array_close(json);
    json_array_open(json, "journeys");
    for (int i = 0; i < 2; i++) {
        json_object_open(json, NULL);
        journey_side_write_json(&page->sides[i], model, json);
        json_object_close(json);
    }
    json_array_close(json);
}
