/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_KERNEL_H
#define XSW_CMD_TRACE_KERNEL_H

/* `xsw trace kernel`: what the kernel drops behind the ports of a switch, as it happens. argv[0] is
 * "kernel". Returns the exit code. Threads: main only. */
int cmd_trace_kernel(int argc, char **argv);

#endif
