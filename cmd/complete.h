/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_COMPLETE_H
#define XSW_CMD_COMPLETE_H

/*
 * Completion of command lines: the shell calls the command with --complete-here where the next word
 * would stand. The words before it are parsed as ever; where the parser comes to --complete-here,
 * it prints what it would take there, one word a line, and ends. So what is completed is what is
 * parsed, and there is no second table. Nothing is changed on the way.
 *
 * Threads: main only.
 */

struct command;

extern const char complete_here[];
/* A line that tells the shell to complete the names of files. */
extern const char complete_files[];

void complete_word(const char *word);
/* The names that xswd knows of what `what` speaks of: ports, extensions, switches, features;
 * nothing when no xswd answers. */
void complete_names(const struct command *command, const char *what);
void complete_end(void) __attribute__((noreturn));

#endif
