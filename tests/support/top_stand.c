/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/recording.h"
#include "support/top_stand.h"

struct stand *stand_open(size_t journeys, int width, int height)
{
    struct stand *stand = calloc(1, sizeof(*stand));
    struct xsw_error error = {.text = ""};
    snprintf(stand->path, sizeof(stand->path), "%s", recording_path("demo.pcapng"));
    stand->paths[0] = stand->path;
    recording_demo(stand->path, 1);
    assert_int_equal(model_create(&stand->model, NULL), XSW_OK);
    assert_int_equal(evidence_create(journeys, EVIDENCE_BYTES, &stand->evidence, NULL), XSW_OK);
    if (top_recording_open(stand->paths, 1, stand->model, stand->evidence, &stand->recording,
                           &error) != XSW_OK)
        fail_msg("%s", error.text);
    /* The path has a name that is new each time. */
    snprintf(stand->model->source, sizeof(stand->model->source), "demo.pcapng");
    assert_int_equal(app_init(&stand->app, stand->model, stand->evidence, journeys, NULL), XSW_OK);
    assert_int_equal(grid_resize(&stand->grid, width, height, NULL), XSW_OK);
    return stand;
}

void stand_close(struct stand *stand)
{
    app_fini(&stand->app);
    top_recording_close(stand->recording);
    evidence_destroy(stand->evidence);
    model_destroy(stand->model);
    grid_fini(&stand->grid);
    free(stand);
}

void frame(struct stand *stand)
{
    stand->now_ns += 2000000000U;
    app_tick(&stand->app, stand->now_ns);
    app_draw(&stand->app, &stand->grid);
}

void key(struct stand *stand, uint32_t key_code)
{
    app_key(&stand->app, key_code, 0, 0);
    frame(stand);
}

void type(struct stand *stand, const char *text)
{
    for (; *text != '\0'; text++)
        key(stand, (uint32_t)*text);
}

bool screen_has(struct stand *stand, const char *wanted)
{
    struct text text = {0};
    frame(stand);
    grid_to_text(&stand->grid, &text);
    bool has = strstr(text_string(&text), wanted) != NULL;
    text_fini(&text);
    return has;
}
