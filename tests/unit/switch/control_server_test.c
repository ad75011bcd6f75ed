/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control server over real sockets, with methods of the test's own and a clock that the test
 * sets. Server and peer are in one thread: the test lets the server work, then looks at the peer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "switch/control/control_server.h"
#include "switch/control/control_socket.h"

enum { TURNS_MAX = 10000, BIG_TEXT = 8 << 20 };

struct fixture {
    char folder[32];
    char path[64];
    struct control_server *server;
    struct rpc_table table;
    int pipe_fds[2];
    unsigned gone; /* connections that the methods were told to have ended */
};

static enum xsw_status method_echo(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    (void)context;
    (void)caller;
    (void)error;
    reply->result = json_deep_copy(params);
    return XSW_OK;
}

static enum xsw_status method_fd(void *context, const struct rpc_caller *caller,
                                 const json_t *params, struct rpc_reply *reply,
                                 struct xsw_error *error)
{
    const struct fixture *fixture = context;
    (void)caller;
    (void)params;
    (void)error;
    reply->fds[0] = fixture->pipe_fds[1];
    reply->fd_count = 1;
    return XSW_OK;
}

static enum xsw_status method_big(void *context, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error)
{
    (void)context;
    (void)caller;
    (void)params;
    (void)error;
    char *text = malloc(BIG_TEXT + 1);
    assert_non_null(text);
    memset(text, 'x', BIG_TEXT);
    text[BIG_TEXT] = '\0';
    reply->result = json_pack("{s:o}", "text", json_string(text));
    free(text);
    return XSW_OK;
}

static const struct rpc_method methods[] = {
    {"echo", false, method_echo}, {"fd", false, method_fd}, {"big", false, method_big}};

static void client_gone(void *context, uint64_t client)
{
    struct fixture *fixture = context;
    (void)client;
    fixture->gone++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/xsw-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/run/s", fixture->folder);
    struct control_options options = {.path = fixture->path};
    assert_int_equal(control_server_open(&options, &fixture->server, NULL), XSW_OK);
    fixture->table = (struct rpc_table){
        .methods = methods, .count = 3, .context = fixture, .client_gone = client_gone};
    assert_int_equal(control_server_add(fixture->server, &fixture->table, NULL), XSW_OK);
    assert_int_equal(pipe(fixture->pipe_fds), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char folder[80];
    control_server_close(fixture->server);
    snprintf(folder, sizeof(folder), "%s/run", fixture->folder);
    int left = rmdir(folder) | rmdir(fixture->folder); /* fails when the server left a file */
    close(fixture->pipe_fds[0]);
    close(fixture->pipe_fds[1]);
    free(fixture);
    return left;
}

static int peer_connect(const struct fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Lets the server work until it has nothing to do. */
static void server_turn(struct fixture *fixture, uint64_t now_ns)
{
    struct pollfd wait = {.fd = control_server_fd(fixture->server), .events = POLLIN};
    int turns = 0;
    while (poll(&wait, 1, 0) > 0) {
        control_server_process(fixture->server, now_ns);
        assert_true(turns++ < TURNS_MAX);
    }
}

static void peer_send(int peer, const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_peer_gets(struct fixture *fixture, int peer, const char *expected)
{
    char text[4096];
    server_turn(fixture, 0);
    ssize_t length = recv(peer, text, sizeof(text) - 1, 0);
    assert_true(length >= 0);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static void a_second_server_on_the_path_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct control_server *second = NULL;
    struct control_options options = {.path = fixture->path};
    struct xsw_error error = {0};
    char expected[200];
    assert_int_equal(control_server_open(&options, &second, &error), XSW_BUSY);
    snprintf(expected, sizeof(expected),
             "%s: xswd with pid %d is listening there; stop it, or choose another socket with "
             "--socket",
             fixture->path, (int)getpid());
    assert_string_equal(error.text, expected);
    int peer = peer_connect(fixture); /* the first one still listens */
    close(peer);
}

static void a_socket_left_behind_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    char path[80];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct control_socket sock;
    snprintf(path, sizeof(path), "%s/left", fixture->folder);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    assert_int_equal(control_socket_listen(path, (gid_t)-1, &sock, NULL), XSW_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    control_socket_close(&sock);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    char path[80];
    struct control_socket sock;
    struct xsw_error error = {0};
    snprintf(path, sizeof(path), "%s/file", fixture->folder);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(control_socket_listen(path, (gid_t)-1, &sock, &error), XSW_EXISTS);
    assert_non_null(strstr(error.text, "expected a socket or nothing"));
    assert_int_equal(unlink(path), 0);
}

static void requests_are_answered_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    int peer = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\nnonsense\r\n\n"
                    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"echo\"}\n");
    assert_peer_gets(
        fixture, peer,
        "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n"
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"line 1, column 8: "
        "'[' or '{' expected near 'nonsense'\",\"data\":{\"status\":\"invalid\"}},"
        "\"id\":null}\n"
        "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":3}\n");
    close(peer);
}

static void more_lines_than_a_turn_takes_are_all_answered(void **state)
{
    struct fixture *fixture = *state;
    char text[4096] = "";
    int peer = peer_connect(fixture);
    for (int i = 0; i < 100; i++)
        strcat(text, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n");
    peer_send(peer, text);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"echo\"}\n");
    assert_peer_gets(fixture, peer, "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":\"last\"}\n");
    close(peer);
}

static void a_line_in_pieces_is_one_request(void **state)
{
    struct fixture *fixture = *state;
    const char *line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n";
    int peer = peer_connect(fixture);
    for (size_t i = 0; line[i] != '\0'; i++) {
        assert_int_equal(send(peer, line + i, 1, 0), 1);
        server_turn(fixture, 0);
    }
    assert_peer_gets(fixture, peer, "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
    close(peer);
}

static void a_peer_that_is_done_sending_gets_its_answers(void **state)
{
    struct fixture *fixture = *state;
    int peer = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}");
    shutdown(peer, SHUT_WR);
    assert_peer_gets(fixture, peer, "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
    assert_int_equal(fixture->gone, 1);
    close(peer);
}

static void descriptors_travel_with_the_answer(void **state)
{
    struct fixture *fixture = *state;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 4)];
    } control;
    char text[200];
    struct iovec piece = {.iov_base = text, .iov_len = sizeof(text)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    int fd;
    char byte = 0;
    int peer = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"fd\"}\n");
    server_turn(fixture, 0);
    assert_true(recvmsg(peer, &message, MSG_CMSG_CLOEXEC) > 0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    assert_non_null(header);
    assert_int_equal(header->cmsg_len, CMSG_LEN(sizeof(int)));
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    assert_int_equal(write(fd, "!", 1), 1);
    assert_int_equal(read(fixture->pipe_fds[0], &byte, 1), 1);
    assert_int_equal(byte, '!');
    close(fd);
    close(fixture->pipe_fds[1]); /* now nobody else has it: the server kept no copy */
    fixture->pipe_fds[1] = open("/dev/null", O_WRONLY);
    assert_int_equal(fcntl(fixture->pipe_fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(fixture->pipe_fds[0], &byte, 1), 0);
    close(peer);
}

static void methods_are_told_when_a_peer_is_gone(void **state)
{
    struct fixture *fixture = *state;
    int peer = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,");
    server_turn(fixture, 0);
    assert_int_equal(fixture->gone, 0);
    close(peer);
    server_turn(fixture, 0);
    assert_int_equal(fixture->gone, 1);
}

static void a_line_without_end_is_refused_and_closed(void **state)
{
    struct fixture *fixture = *state;
    static char piece[1 << 16];
    char text[300] = "";
    size_t sent = 0;
    int peer = peer_connect(fixture);
    memset(piece, 'x', sizeof(piece));
    while (sent <= RPC_MANAGE_LINE_MAX && fixture->gone == 0) {
        ssize_t length = send(peer, piece, sizeof(piece), MSG_NOSIGNAL);
        sent += length > 0 ? (size_t)length : 0;
        server_turn(fixture, 0);
    }
    server_turn(fixture, 0);
    assert_int_equal(fixture->gone, 1);
    assert_true(recv(peer, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, "expected a line of at most 33554432 bytes"));
    close(peer);
}

static void a_peer_that_never_reads_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t second_ns = 1000000000;
    int peer = peer_connect(fixture);
    int other = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\"}\n");
    server_turn(fixture, 100 * second_ns);
    control_server_tick(fixture->server, (100 + CONTROL_SLOW_SECONDS - 1) * second_ns);
    assert_int_equal(fixture->gone, 0);
    control_server_tick(fixture->server, (100 + CONTROL_SLOW_SECONDS) * second_ns);
    assert_int_equal(fixture->gone, 1);
    peer_send(other, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n");
    assert_peer_gets(fixture, other, "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
    close(peer);
    close(other);
}

static void a_slow_peer_that_reads_gets_all(void **state)
{
    struct fixture *fixture = *state;
    static char text[1 << 16];
    size_t total = 0;
    char last = 0;
    int peer = peer_connect(fixture);
    peer_send(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\"}\n");
    for (int turns = 0; last != '\n' && turns < TURNS_MAX; turns++) {
        server_turn(fixture, 0);
        ssize_t length = recv(peer, text, sizeof(text), 0);
        assert_true(length > 0);
        total += (size_t)length;
        last = text[length - 1];
    }
    assert_int_equal(total, BIG_TEXT + strlen("{\"jsonrpc\":\"2.0\",\"result\":{\"text\":\"\"},"
                                              "\"id\":1}\n"));
    close(peer);
}

static void one_connection_too_many_is_told_so(void **state)
{
    struct fixture *fixture = *state;
    int peers[CONTROL_CLIENTS_MAX + 1];
    for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
        peers[i] = peer_connect(fixture);
        server_turn(fixture, 0);
    }
    assert_peer_gets(fixture, peers[CONTROL_CLIENTS_MAX],
                     "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":\"there are 64 "
                     "connections already: close one of them first\",\"data\":{\"status\":"
                     "\"denied\"}},\"id\":null}\n");
    for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++)
        close(peers[i]);
    server_turn(fixture, 0);
    assert_int_equal(fixture->gone, CONTROL_CLIENTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_server_on_the_path_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_left_behind_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_answered_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_lines_than_a_turn_takes_are_all_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_in_pieces_is_one_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_is_done_sending_gets_its_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(descriptors_travel_with_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(methods_are_told_when_a_peer_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_end_is_refused_and_closed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_never_reads_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_peer_that_reads_gets_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_connection_too_many_is_told_so, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
