#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The index of xsw analyze: the same answers, when it is used and when it is not, and what it leaves in folders.
# XSW and DEMO name the programs.

setup()
{
    cd "$BATS_TEST_TMPDIR"
    "$DEMO" .
    export XDG_CACHE_HOME=$PWD/cache
    mkdir cache
    rm -f ./*.xswi
}

# told FILE OPTION…: all that is said of a file, and how it ended.
told()
{
    local file=$1
    shift
    local -a question
    while read -r -a question; do
        echo "--- ${question[*]}"
        "$XSW" analyze "${question[@]}" "$@" "$file" 2>&1 || echo "exit $?"
    done <<'END'
--all
--json
--csv drops
--csv flows
--csv paths
--csv latency
--strict --drops
--packet 1
--packet 1001 --json
--packet 2002
--packet 99999999
--where dropped
--where changed --all
--where latency>400ns --json
--where port==bob
--where packet==1001
END
}

# same FILE: one thread without an index, several, an index that is made, and one that is used.
same()
{
    told "$1" --no-index --threads 1 >one.txt
    told "$1" --no-index --threads 3 >several.txt
    diff one.txt several.txt
    rm -f "$1.xswi"
    "$XSW" analyze --index --threads 2 "$1" >first.txt 2>&1 || true
    told "$1" --index >second.txt
    diff one.txt second.txt
}

@test "recordings are told the same with an index and without" {
    local -a files=(*.pcapng)
    local i
    for ((i = 0; i < ${#files[@]}; i += 40)); do
        same "${files[i]}"
    done
    same small.pcapng
    [ -s small.pcapng.xswi ]
}

@test "torn, compressed and joined recordings are told the same" {
    head -c $(($(stat -c %s small.pcapng) * 2 / 3)) small.pcapng >torn.pcapng
    same torn.pcapng
    zstd -q small.pcapng -o small.pcapng.zst
    same small.pcapng.zst
    cat small.pcapng small.pcapng >twice.pcapng
    same twice.pcapng
    local -a all=(*.pcapng)
    cat "${all[@]}" >joined.pcapng
    same joined.pcapng
    head -c 3000 /dev/urandom | cat small.pcapng - >damaged.pcapng
    same damaged.pcapng
    editcap -F pcapng -t 5.5 small.pcapng moved.pcapng
    same moved.pcapng
}

@test "a small recording leaves nothing in its folder" {
    "$XSW" analyze small.pcapng >report.txt
    [ "$(find . -name '*.xswi' | wc -l)" -eq 0 ]
}

@test "without an index none is read or written" {
    "$XSW" analyze --index small.pcapng >report.txt
    [ -s small.pcapng.xswi ]
    rm small.pcapng.xswi
    "$XSW" analyze --no-index --index small.pcapng >report.txt
    [ ! -e small.pcapng.xswi ]
}

@test "where no index can stand beside the file it stands in the cache" {
    mkdir locked
    cp small.pcapng locked/
    mkdir locked/small.pcapng.xswi # no file can take this name
    "$XSW" analyze --index locked/small.pcapng >first.txt
    [ "$(find cache -name '*.xswi' | wc -l)" -eq 1 ]
    "$XSW" analyze --index locked/small.pcapng >second.txt
    cmp first.txt second.txt
    [ "$(find locked -type f | wc -l)" -eq 1 ]
}

@test "an index that does not fit is told in a line, and written anew" {
    "$XSW" analyze --index small.pcapng >first.txt
    printf X >>small.pcapng.xswi
    "$XSW" analyze --index small.pcapng >second.txt 2>said.txt
    cmp first.txt second.txt
    grep -q 'small.pcapng.xswi is left out: .* damaged' said.txt
    [ "$(wc -l <said.txt)" -eq 1 ]
    "$XSW" analyze --index small.pcapng >third.txt 2>said.txt
    cmp first.txt third.txt
    [ ! -s said.txt ]
}

@test "the key and the index are the user's alone" {
    "$XSW" analyze --index small.pcapng >report.txt
    [ "$(stat -c %a cache/xsw/index.key)" = 600 ]
    [ "$(stat -c %a small.pcapng.xswi)" = 600 ]
    chmod 644 cache/xsw/index.key # others may have read it
    "$XSW" analyze --index small.pcapng >second.txt
    cmp report.txt second.txt
}

@test "a number of threads that makes no sense is refused" {
    local number
    for number in 0 9 two -1; do
        run "$XSW" analyze --threads "$number" small.pcapng
        [ "$status" -eq 2 ]
        [[ $output == *"expected a number from 1 to 8"* ]]
    done
}
