/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_H
#define XSW_CMD_FLIGHT_H

/* xsw flight. argv[0] is the subcommand's name; returns the exit code. */

int cmd_flight(int argc, char **argv);

#endif
