/* SPDX-License-Identifier: Apache-2.0 */
/* xsw flight: the verbs; run is in flight_run.c. */
#include "cmd/flight/flight.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/flight/flight_play.h"
#include "cmd/capture/capture_rules.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/exit_codes.h"
#include "cmd/flight/flight_run.h"

enum { STEP_NS = 5000000, SETTLE_NS = 100000000 };

static int failed(const struct xsw_error *error)
{
    fprintf(stderr, "xsw flight: %s\n", error->text);
    return error->status == XSW_INVALID     ? EXIT_USAGE
           : error->status == XSW_NOT_FOUND ? EXIT_FOUND
                                            : EXIT_FAILED;
}

/* dump --------------------------------------------------------------------------------------- */

static void nap(void)
{
    struct timespec time = {.tv_nsec = STEP_NS};
    nanosleep(&time, NULL);
}

static enum xsw_status dump_write(struct flight_options *options, struct flight_reader *reader,
                                  struct flight_dump_result *result, struct flight_cause *cause,
                                  struct xsw_error *error)
{
    struct flight_dump *dump = NULL;
    *cause = (struct flight_cause){.mono_ns = clock_mono_ns(), .text = "xsw flight dump"};
    snprintf(cause->name, sizeof(cause->name), "%.*s", (int)sizeof(cause->name) - 1,
             options->cause);
    if (!options->has_before) {
        options->before_ns = cause->mono_ns;
    }
    enum xsw_status status = flight_file_open(options, reader, cause, &dump, error);
    if (status != XSW_OK) {
        return status;
    }
    while (options->after_ns != 0 && clock_mono_ns() < flight_dump_end_ns(dump) + SETTLE_NS) {
        if (!flight_dump_step(dump)) {
            nap();
        }
    }
    status = flight_dump_close(dump, result, error);
    if (status == XSW_OK) {
        flight_file_tell(options, cause, result);
    }
    return status;
}

static int flight_dump_now(struct flight_options *options)
{
    struct client *client = NULL;
    json_t *flight = NULL;
    struct flight_reader *reader = NULL;
    struct xsw_error error;
    static struct flight_dump_result result; /* too large for the stack */
    struct flight_cause cause;
    enum xsw_status status = flight_connect(options, &client, &error);
    if (status == XSW_OK) {
        status = flight_ask(client, options, &flight, &error);
    }
    if (status == XSW_OK) {
        status = flight_attach(flight, &reader, &error);
    }
    if (status == XSW_OK) {
        status = dump_write(options, reader, &result, &cause, &error);
    }
    flight_reader_close(reader);
    json_decref(flight);
    client_close(client);
    if (status != XSW_OK) {
        return failed(&error);
    }
    struct flight_dump_worker sum = flight_dump_sum(&result);
    return sum.overwritten + sum.unreadable + result.lost_disk > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* show, stop --------------------------------------------------------------------------------- */

/* The span of time that is there, in seconds; -1: nothing is. */
static double span_read(const json_t *flight, struct xsw_error *error)
{
    struct flight_reader *reader = NULL;
    uint64_t oldest = 0;
    if (flight_attach(flight, &reader, error) != XSW_OK) {
        return -1;
    }
    const struct flight_header *header = &flight_reader_info(reader)->header;
    for (uint32_t worker = 0; worker < header->worker_count; worker++) {
        for (uint32_t i = 0; i < header->block_count; i++) {
            struct flight_place place;
            if (flight_reader_place(reader, worker, i, &place, error) == XSW_OK &&
                place.sequence != 0 && place.committed > 0 &&
                (oldest == 0 || place.first_mono_ns < oldest)) {
                oldest = place.first_mono_ns;
            }
        }
    }
    flight_reader_close(reader);
    return oldest != 0 ? (double)(clock_mono_ns() - oldest) / NS_PER_SECOND : -1;
}

static void flight_print(const json_t *flight)
{
    const json_t *account = json_object_get(flight, "account");
    char what[256];
    json_t *trigger;
    size_t place;
    struct xsw_error error = {.text = ""};
    double seconds = span_read(flight, &error);
    capture_rules_text(flight, what, sizeof(what));
    printf("%s\n", reply_text(flight, "path"));
    printf("  memory      %lld MiB for each of %lld workers\n",
           reply_number(flight, "memory_bytes") >> 20, reply_number(flight, "workers"));
    if (seconds >= 0) {
        printf("  has         the last %.1f seconds\n", seconds);
    } else if (error.text[0] != '\0') {
        printf("  has         %s\n", error.text);
    }
    printf("  recorded    %lld journeys in %lld s%s%s\n", reply_number(account, "written"),
           reply_number(flight, "age_seconds"), what[0] != '\0' ? "; " : "", what);
    json_array_foreach(json_object_get(flight, "triggers"), place, trigger)
    {
        printf("  trigger     %s: %lld matches, %lld hits (%s)\n", reply_text(trigger, "name"),
               reply_number(trigger, "matches"), reply_number(trigger, "hits"),
               reply_text(trigger, "text"));
    }
    if (!json_is_true(json_object_get(flight, "watched"))) {
        puts("  triggers    none: xsw flight run watches");
    }
}

/* With --recorder the list is of that one alone. */
static enum xsw_status flights_ask(const struct flight_options *options, json_t **result,
                                   struct xsw_error *error)
{
    struct client *client = NULL;
    struct client_reply reply;
    json_t *flight = NULL;
    enum xsw_status status = flight_connect(options, &client, error);
    if (status == XSW_OK) {
        status = client_call(client, "flight.list", NULL, &reply, error);
        client_close(client);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (options->has_name) {
        status = flight_find(json_object_get(reply.result, "flights"), options, &flight, error);
    }
    if (status == XSW_OK && options->has_name) {
        json_object_set_new(reply.result, "flights", json_pack("[O]", flight));
    }
    if (status == XSW_OK) {
        *result = json_incref(reply.result);
    }
    client_reply_fini(&reply);
    return status;
}

static int flight_show(const struct flight_options *options)
{
    struct xsw_error error;
    json_t *result = NULL;
    json_t *flight;
    size_t place;
    if (flights_ask(options, &result, &error) != XSW_OK) {
        return failed(&error);
    }
    const json_t *list = json_object_get(result, "flights");
    int code = json_array_size(list) > 0 ? EXIT_DONE : EXIT_FOUND;
    if (options->json) {
        command_print_json(json_incref(result));
    } else if (code == EXIT_FOUND) {
        puts("no flight recorder: xsw flight run makes one");
    } else {
        json_array_foreach(list, place, flight)
        {
            flight_print(flight);
        }
    }
    json_decref(result);
    return code;
}

static int flight_stop(const struct flight_options *options)
{
    struct client *client = NULL;
    struct client_reply reply;
    struct xsw_error error;
    enum xsw_status status = flight_connect(options, &client, &error);
    if (status == XSW_OK) {
        status = client_call(client, "flight.stop", json_pack("{s:s}", "name", options->name),
                             &reply, &error);
        client_close(client);
    }
    if (status != XSW_OK) {
        return failed(&error);
    }
    if (options->json) {
        command_print_json(json_incref(reply.result));
    } else if (!options->quiet) {
        printf("the flight recorder has ended, and %s is gone\n", reply_text(reply.result, "path"));
    }
    client_reply_fini(&reply);
    return EXIT_DONE;
}

/* The command -------------------------------------------------------------------------------- */

static const char *const verbs[] = {"run", "dump", "show", "stop", NULL};

static int verb_run(enum flight_verb verb, int argc, char **argv)
{
    struct flight_options options;
    int code = flight_options_read(verb, argc, argv, &options);
    if (code == EXIT_DONE) {
        code = verb == FLIGHT_RUN    ? flight_run(&options)
               : verb == FLIGHT_DUMP ? flight_dump_now(&options)
               : verb == FLIGHT_SHOW ? flight_show(&options)
                                     : flight_stop(&options);
    } else if (code == -1) {
        code = EXIT_DONE;
    }
    flight_options_fini(&options);
    return code;
}

/* The last word is the place where a person asks what can come. */
static void completion_offer(int argc, char **argv)
{
    if (strcmp(argv[argc - 1], complete_here) != 0) {
        return;
    }
    for (int i = 0; argc == 2 && verbs[i] != NULL; i++) {
        complete_word(verbs[i]);
    }
    const char *before = argv[argc - 2];
    if (argc > 3 && (strcmp(before, "-d") == 0 || strcmp(before, "--directory") == 0)) {
        complete_word(complete_files);
    }
    complete_end();
}

/* --json may stand in front of the verb, when it stood in front of the command. */
static void json_move(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--json") == 0) {
        char *verb = argv[2];
        argv[2] = argv[1];
        argv[1] = verb;
    }
}

int cmd_flight(int argc, char **argv)
{
    completion_offer(argc, argv);
    json_move(argc, argv);
    const char *word = argc > 1 ? argv[1] : "--help";
    for (int i = 0; verbs[i] != NULL; i++) {
        if (strcmp(word, verbs[i]) == 0) {
            return verb_run((enum flight_verb)i, argc - 1, argv + 1);
        }
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        fputs(flight_help(), stdout);
        return argc > 1 ? EXIT_DONE : EXIT_USAGE;
    }
    fprintf(stderr, "xsw flight: unknown verb \"%s\"; expected run, dump, show or stop\n", word);
    fputs("Try: xsw flight --help\n", stderr);
    return EXIT_USAGE;
}
