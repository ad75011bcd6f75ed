/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the standard recording of the tests to a file, for tests of programs. Its times are fixed.
 * Usage: make_recording FILE */
#include <stdio.h>

#include "support/recording.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: make_recording FILE\n", stderr);
        return 2;
    }
    recording_demo(argv[1], 1);
    return 0;
}
