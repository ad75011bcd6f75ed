/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_COMMANDS_H
#define XSW_CMD_COMMANDS_H

/* The managing subcommands of xsw. argv[0] is the subcommand's name; they return the exit code. */

int cmd_switch(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_port(int argc, char **argv);
int cmd_nic(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_mac(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_extension(int argc, char **argv);
int cmd_feature(int argc, char **argv);

#endif
