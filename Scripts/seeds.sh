#!/usr/bin/env bash
# seeds.sh FIRST COUNT : runs that many simulations, split over the machine's cores. What fails is printed as it happens.
set -uo pipefail
cd "$(dirname "$0")/.."
first=$1
count=$2
parts=$(nproc)
parts=$((parts > count ? count : parts))
running=()
for ((part = 0; part < parts; part++)); do
    begin=$((first + count * part / parts))
    end=$((first + count * (part + 1) / parts))
    SWIFT_DETERMINISTIC_HASHING=1 .build/release/ordinal-simulate "$begin" $((end - begin)) &
    running+=($!)
done
failed=0
for pid in "${running[@]}"; do wait "$pid" || failed=1; done
exit $failed
