#!/usr/bin/env bash
# Writes Sources/Node/CRIRuntime/Generated from Scripts/protos. The result is committed, so nobody but
# the author of a changed .proto file needs this. Needs protoc (Debian: protobuf-compiler); builds the two plugins in
# a package of its own (the first time some minutes), PLUGINS names its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=Sources/Node/CRIRuntime
plugins=${PLUGINS:-${TMPDIR:-/tmp}/ordinal-protoc-plugins}

command -v protoc >/dev/null || { echo "protoc was not found: apt-get install protobuf-compiler" >&2; exit 1; }
if [ ! -x "$plugins/.build/debug/protoc-gen-grpc-swift-2" ]; then
    mkdir -p "$plugins/Sources/none"
    echo 'print("only a place for the plugins")' >"$plugins/Sources/none/main.swift"
    cat >"$plugins/Package.swift" <<'PACKAGE'
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "plugins",
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    ],
    targets: [.executableTarget(name: "none")])
PACKAGE
    for plugin in protoc-gen-swift protoc-gen-grpc-swift-2; do
        "${SWIFT:-swift}" build --package-path "$plugins" -j "${JOBS:-2}" --product "$plugin"
    done
fi

rm -rf "$folder/Generated"
mkdir -p "$folder/Generated"
protoc -I Scripts/protos \
    --plugin=protoc-gen-swift="$plugins/.build/debug/protoc-gen-swift" \
    --plugin=protoc-gen-grpc-swift-2="$plugins/.build/debug/protoc-gen-grpc-swift-2" \
    --swift_out="$folder/Generated" \
    --swift_opt=Visibility=Internal,FileNaming=DropPath,UseAccessLevelOnImports=true \
    --grpc-swift-2_out="$folder/Generated" \
    --grpc-swift-2_opt=Visibility=Internal,FileNaming=DropPath,Client=true,Server=false,UseAccessLevelOnImports=true \
    Scripts/protos/*.proto
