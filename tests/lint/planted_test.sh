#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each check of tools/ fails when what it forbids is planted, and says where: a check that cannot fail
# proves nothing. Usage: planted_test.sh SOURCE_FOLDER
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for folder in include base packet formats switch capture trace analyzer cmd extensions tools man; do
    cp -R "$source/$folder" "$work/"
done
cp "$source/.clang-format" "$work/"
mkdir "$work/tests"
failed=0

# must_fail CHECK WORDS: the check fails and its output has the words.
must_fail() {
    status=0
    output=$("$work/tools/$1" "$work" 2>&1) || status=$?
    if [ "$status" -eq 77 ]; then
        return
    fi
    if [ "$status" -eq 0 ]; then
        echo "$1 did not notice: $2"
        failed=1
    elif ! printf '%s\n' "$output" | grep -q -F -e "$2"; then
        echo "$1 failed, but did not say \"$2\": $output"
        failed=1
    fi
}

# planted FILE: what comes in on standard input becomes the file, for the one check that follows.
planted() {
    cat >"$work/$1"
}

planted base/planted.h <<'END'
/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/switch.h"
END
must_fail check-layers 'base/planted.h:2: base/ may not include "switch/switch.h"'
rm "$work/base/planted.h"

planted analyzer/planted.c <<'END'
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "capture/ring.h"
END
must_fail check-layers 'analyzer/planted.c:3: analyzer/ may not include "capture/ring.h"'
rm "$work/analyzer/planted.c"

planted extensions/planted.c <<'END'
#include "extensions/other.h"
END
must_fail check-layers 'extensions/planted.c:1: extensions/ may include <xsw/...> alone'
rm "$work/extensions/planted.c"

planted switch/planted.c <<'END'
#include "../capture/ring.h"
END
must_fail check-layers 'switch/planted.c:1:'
rm "$work/switch/planted.c"

mkdir "$work/newlayer"
echo '#include "base/error.h"' >"$work/newlayer/planted.c"
must_fail check-layers 'there is no line for newlayer/'
rm -r "$work/newlayer"

{
    echo '/* SPDX-License-Identifier: Apache-2.0 */'
    yes '/* line */' | head -n 600
} >"$work/base/planted.c"
must_fail check-sizes 'base/planted.c: 601 lines; at most 600'

if ctags --version 2>/dev/null | grep -q 'Universal Ctags'; then
    {
        echo 'int planted(void);'
        echo 'int planted(void)'
        echo '{'
        yes '    ;' | head -n 58
        echo '    return 0;'
        echo '}'
    } >"$work/base/planted.c"
    must_fail check-sizes 'base/planted.c:planted: 62 lines; a function has at most 60'
fi

must_fail check-spdx 'base/planted.c: expected'
rm "$work/base/planted.c"

planted base/planted.c <<'END'
/* SPDX-License-Identifier: Apache-2.0 */
int  planted ( void ) { return 0 ; }
END
must_fail check-format 'base/planted.c:2'
rm "$work/base/planted.c"

cat >>"$work/switch/path/pipeline.c" <<'END'
/* malloc(1) in a comment is none, and "free(x)" in a string neither,
 * nor is pthread_mutex_lock(m) here; but then: */ void *p = calloc (1, 1);
END
must_fail check-hot-path 'calloc'
cp "$source/switch/path/pipeline.c" "$work/switch/path/pipeline.c"
echo '    value = clock_mono_ns();' >>"$work/capture/tap.c"
must_fail check-hot-path 'capture/tap.c'
cp "$source/capture/tap.c" "$work/capture/tap.c"

printf '.Dd nonsense\n.Sh NAME\ntrailing \n' >"$work/man/planted.1"
must_fail check-man 'planted.1'
rm "$work/man/planted.1"

# And with nothing planted the two that need no other tool pass.
"$work/tools/check-layers" "$work" || failed=1
"$work/tools/check-hot-path" "$work" || failed=1
exit $failed
