#!/usr/bin/env bash
# setup.sh [tests]: installs from Debian what is missing here (with `tests` also what only they need), and says what for.
# Asks nothing; does nothing when all is there.
set -euo pipefail

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

if ! "${SWIFT:-swift}" --version >/dev/null 2>&1; then
    say "Swift 6.3 or newer is needed to build Ordinal and was not found."
    say "Get it from https://www.swift.org/install/linux/ (or set SWIFT=/path/to/swift), then run this again."
    exit 1
fi

# command or file | package | what for
needs=(
    "containerd|containerd|runs the containers"
    "runc|runc|starts containers"
    "crun|crun|starts containers, faster than runc"
    "/usr/lib/cni/bridge|containernetworking-plugins|connects pods to the network"
    "nft|nftables|leads Service addresses to pods"
    "ip|iproute2|sets up the pods' bridge"
    "iptables|iptables|host ports (used by the portmap CNI plugin)"
    "/usr/include/sqlite3.h|libsqlite3-dev|builds the embedded store"
    "/usr/include/zlib.h|zlib1g-dev|compresses rotated logs and SPDY headers"
    "python3|python3|builds the demo's images"
    "make|make|runs this project's commands"
    "git|git|fetches Swift packages"
)
[ "${1:-}" = tests ] && needs+=("strace|strace|shows in a test that no write is acknowledged before it is on the disk")
missing=()
for need in "${needs[@]}"; do
    IFS='|' read -r what package why <<<"$need"
    case "$what" in
    /usr/lib/cni/*) [ -e "$what" ] || [ -e "/opt/cni/bin/${what##*/}" ] && continue ;;
    /*) [ -e "$what" ] && continue ;;
    *) command -v "$what" >/dev/null || [ -x "/usr/sbin/$what" ] && continue ;;
    esac
    say "missing: $package ($why)"
    missing+=("$package")
done
if ! command -v kubectl >/dev/null; then
    say "missing: kubernetes-client (kubectl, which drives Ordinal)"
    missing+=(kubernetes-client)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    say "this is no Debian: install the above by your system's means, then run this again"
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo=sudo
    else
        say "not root, so these are left out: ${missing[*]}"
        say "to install them: sudo apt-get install ${missing[*]}"
        # Building needs the headers; running without containers needs nothing else.
        [ -e /usr/include/sqlite3.h ] && [ -e /usr/include/zlib.h ] || exit 1
        exit 0
    fi
fi
say "installing ${missing[*]}"
${sudo:-} apt-get update -qq
DEBIAN_FRONTEND=noninteractive ${sudo:-} apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
