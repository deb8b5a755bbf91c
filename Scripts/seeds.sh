#!/usr/bin/env bash
# seeds.sh FIRST COUNT : runs that many simulations, split over the machine's cores, 50 in a process: one that crashes
# costs and names no more than these. What fails is printed as it happens.
set -uo pipefail
cd "$(dirname "$0")/.."
first=$1
count=$2
parts=$(nproc)
parts=$((parts > count ? count : parts))
trap 'kill $(jobs -p) 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# Every PARTSth chunk, beginning with the PARTth.
run_part() {
    local part=$1 failed=0 begin size
    for ((begin = first + 50 * part; begin < first + count; begin += 50 * parts)); do
        size=$((first + count - begin < 50 ? first + count - begin : 50))
        SWIFT_DETERMINISTIC_HASHING=1 .build/release/ordinal-simulate "$begin" "$size" | grep -v ': 0 failed'
        case ${PIPESTATUS[0]} in
        0) ;;
        1) failed=1 ;;
        *)
            echo "seeds $begin to $((begin + size - 1)): crashed"
            failed=1
            ;;
        esac
    done
    return $failed
}

running=()
for ((part = 0; part < parts; part++)); do
    run_part "$part" &
    running+=($!)
done
failed=0
for pid in "${running[@]}"; do wait "$pid" || failed=1; done
exit $failed
