/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTCAP_RUN_H
#define XSW_CMD_EXTCAP_RUN_H

/*
 * A capture for Wireshark: the recorder runs as a child process and writes to a pipe; what is
 * wanted of it goes on to Wireshark's FIFO.
 *
 * It ends when Wireshark closes the FIFO, on SIGTERM, SIGINT and SIGHUP, and when the switch stops.
 * In each case the recorder is told to end, so that the session is detached in order. A FIFO that
 * is not emptied holds the recorder up; what the switch then loses is counted.
 */

#include "cmd/extcap/extcap_select.h"

struct extcap_run_options {
    const char *fifo;
    const char *socket;      /* null: the default */
    const char *switch_name; /* null: the only one */
    const char *port;        /* whose rx and tx are shown; null: all */
    const char *snap;        /* null: all bytes; else the text for `xsw capture --snap` */
    const char *filter;      /* null: none */
    const char *where;       /* which journeys, xsw-filter(7); null: all */
    enum extcap_show show;
    bool every_stage;
};

/* Returns the exit code; what went wrong is on standard error, which Wireshark shows. */
int extcap_run(const struct extcap_run_options *options);

#endif
