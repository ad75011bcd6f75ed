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

enum { GOLDEN_SIZE = 1 << 16 };

void golden_compare(const char *name, const char *text)
{
    char path[512];
    char *expected = calloc(1, GOLDEN_SIZE);
    snprintf(path, sizeof(path), "%s/top-%s.txt", GOLDEN_FOLDER, name);
    FILE *file;
    if (getenv("XSW_GOLDEN_WRITE") != NULL) {
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is missing", path);
    expected[fread(expected, 1, GOLDEN_SIZE - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
    free(expected);
}

struct stand *stand_open_file(const char *path, size_t journeys, int width, int height)
{
    struct stand *stand = calloc(1, sizeof(*stand));
    snprintf(stand->path, sizeof(stand->path), "%s", path);
    stand->paths[0] = stand->path;
    assert_int_equal(model_create(&stand->model, NULL), XSW_OK);
    assert_int_equal(evidence_create(journeys, EVIDENCE_BYTES, &stand->evidence, NULL), XSW_OK);
    if (top_recording_open(stand->paths, 1, stand->model, stand->evidence, &stand->recording,
                           &stand->error) != XSW_OK) {
        assert_int_not_equal(strlen(stand->error.text), 0);
        evidence_destroy(stand->evidence);
        model_destroy(stand->model);
        free(stand);
        return NULL;
    }
    /* The path has a name that is new each time. */
    snprintf(stand->model->source, sizeof(stand->model->source), "demo.pcapng");
    assert_int_equal(app_init(&stand->app, stand->model, stand->evidence, journeys, NULL), XSW_OK);
    assert_int_equal(grid_resize(&stand->grid, width, height, NULL), XSW_OK);
    return stand;
}

struct stand *stand_open(size_t journeys, int width, int height)
{
    char path[128];
    snprintf(path, sizeof(path), "%s", recording_path("demo.pcapng"));
    recording_demo(path, 1);
    struct stand *stand = stand_open_file(path, journeys, width, height);
    assert_non_null(stand);
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
