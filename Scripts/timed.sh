#!/usr/bin/env bash
# timed.sh NAME COMMAND... : runs a suite and prints how long it took.
name=$1
shift
start=$(date +%s)
"$@"
code=$?
echo "== $name: $(($(date +%s) - start)) s, exit code $code"
exit $code
