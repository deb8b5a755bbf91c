// swift-tools-version: 6.2
import PackageDescription

// Layers from bottom to top. A target depends only on targets listed before it; TidyTests check the imports.

// `make` sets ORDINAL_WARNINGS=error for its debug builds, so CI and developers share one build.
let warnings: [SwiftSetting] =
    Context.environment["ORDINAL_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + warnings

func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

let nio: [Target.Dependency] = [product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio")]
let logging: Target.Dependency = product("Logging", "swift-log")
let metrics: Target.Dependency = product("Metrics", "swift-metrics")

func layer(_ folder: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests", swiftSettings: strict)
}

let package = Package(
    name: "ordinal",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ordinal", targets: ["ordinal"]),
        .executable(name: "ordinal-simulate", targets: ["ordinal-simulate"]),
        .executable(name: "ordinal-cri-bench", targets: ["ordinal-cri-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C: data and system calls that Swift cannot express.
        .target(name: "CatalogData", path: "Sources/Model/CatalogData", exclude: ["catalog.json"]),
        .target(name: "LinuxShims", path: "Sources/Node/LinuxShims", linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "HeaderCompression", path: "Sources/API/HeaderCompression", linkerSettings: [.linkedLibrary("z")]),

        layer("Model", "ObjectModel", ["Yams"]),
        layer("Model", "Schema", ["ObjectModel"]),
        layer("Model", "Kinds", ["ObjectModel", "Schema", "CatalogData"]),

        layer("Storage", "ObjectStorage", ["ObjectModel"]),
        layer("Storage", "SQLiteStorage", ["ObjectModel", "ObjectStorage", product("GRDB", "GRDB.swift")]),

        layer("API", "Timers", [product("HeapModule", "swift-collections")]),
        layer("API", "APIProtocol", ["ObjectModel"]),
        layer("API", "SPDY", ["HeaderCompression", "APIProtocol"]),
        layer("API", "MetricsExposition", [metrics]),
        layer(
            "API", "APIServer", ["ObjectModel", "Schema", "ObjectStorage", "Timers", "APIProtocol", logging, metrics]),
        layer(
            "API", "BuiltinAPI",
            ["ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "SPDY", "APIServer", logging]),
        layer(
            "API", "ClusterPKI",
            [
                product("X509", "swift-certificates"), product("SwiftASN1", "swift-asn1"),
                product("Crypto", "swift-crypto"), product("JWTKit", "jwt-kit"),
            ]),
        layer(
            "API", "HTTPServing",
            nio + [
                "ObjectModel", "APIProtocol", logging, product("NIOHTTP1", "swift-nio"),
                product("NIOHTTP2", "swift-nio-http2"), product("NIOSSL", "swift-nio-ssl"),
                product("NIOTLS", "swift-nio"), product("NIOWebSocket", "swift-nio"),
                product("NIOFoundationEssentialsCompat", "swift-nio"),
            ]),
        layer(
            "API", "HTTPCalling",
            nio + [
                "ObjectModel", "APIProtocol", logging, product("AsyncHTTPClient", "async-http-client"),
                product("NIOSSL", "swift-nio-ssl"), product("NIOHTTP1", "swift-nio"),
            ]),

        layer("Control", "ControllerRuntime", ["ObjectModel", "Timers", "APIProtocol", logging, metrics]),
        layer(
            "Control", "Controllers",
            ["ObjectModel", "Schema", "Kinds", "APIProtocol", "ControllerRuntime", logging, metrics]),
        layer(
            "Control", "Scheduling",
            ["ObjectModel", "Kinds", "APIProtocol", "ControllerRuntime", logging, metrics]),

        layer("Node", "NodeInterfaces", ["ObjectModel", "APIProtocol", "LinuxShims"]),
        layer("Node", "Processes", ["LinuxShims"]),
        layer(
            "Node", "NodeAgent",
            [
                "ObjectModel", "Kinds", "APIProtocol", "ControllerRuntime", "Scheduling", "NodeInterfaces", logging,
                metrics,
            ]),
        layer(
            "Node", "CRIRuntime",
            nio + [
                "ObjectModel", "APIProtocol", "SPDY", "NodeInterfaces", "Processes", logging,
                product("Crypto", "swift-crypto"), product("GRPCCore", "grpc-swift-2"),
                product("GRPCProtobuf", "grpc-swift-protobuf"),
                product("GRPCNIOTransportHTTP2Posix", "grpc-swift-nio-transport"),
                product("SwiftProtobuf", "swift-protobuf"),
            ]),
        layer(
            "Node", "Probing",
            nio + [
                "NodeInterfaces", "Timers", product("AsyncHTTPClient", "async-http-client"),
                product("NIOSSL", "swift-nio-ssl"), product("NIOHTTP1", "swift-nio"),
            ]),
        layer("Node", "VolumePlugins", ["ObjectModel", "APIProtocol", "NodeInterfaces", logging]),
        layer("Node", "SimulatedRuntime", ["ObjectModel", "Timers", "APIProtocol", "NodeInterfaces", logging]),

        layer("Network", "PodNetworking", ["ObjectModel", "Processes"]),
        layer(
            "Network", "ServiceProxy",
            ["ObjectModel", "Kinds", "APIProtocol", "ControllerRuntime", "PodNetworking", logging]),
        layer(
            "Network", "ClusterDNS",
            nio + ["ObjectModel", "Kinds", "APIProtocol", "ControllerRuntime", logging]),

        layer(
            "Simulation", "Simulation",
            [
                "ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "APIServer", "BuiltinAPI",
                "ControllerRuntime", "Controllers", "Scheduling", "NodeInterfaces", "NodeAgent", "SimulatedRuntime",
                logging,
            ]),

        layer(
            "Programs", "ClusterAssembly",
            [
                "ObjectModel", "Schema", "Kinds", "ObjectStorage", "SQLiteStorage", "APIProtocol", "MetricsExposition",
                "APIServer", "BuiltinAPI", "ClusterPKI", "HTTPServing", "HTTPCalling", "ControllerRuntime",
                "Controllers", "Scheduling", "NodeInterfaces", "NodeAgent", "CRIRuntime", "Probing", "VolumePlugins",
                "SimulatedRuntime", "PodNetworking", "ServiceProxy", "ClusterDNS", "LinuxShims", logging, metrics,
            ]),
        layer(
            "Programs", "CommandLine",
            [
                "ObjectModel", "APIProtocol", "ClusterAssembly", logging,
                product("ArgumentParser", "swift-argument-parser"),
                product("UnixSignals", "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "ordinal", dependencies: ["CommandLine"], path: "Sources/Programs/ordinal", swiftSettings: strict),
        .executableTarget(
            name: "ordinal-simulate",
            dependencies: ["Simulation", product("ArgumentParser", "swift-argument-parser")],
            path: "Sources/Programs/ordinal-simulate", swiftSettings: strict),
        .executableTarget(
            name: "ordinal-cri-bench",
            dependencies: [
                "ObjectModel", "NodeInterfaces", "CRIRuntime", logging,
                product("ArgumentParser", "swift-argument-parser"),
            ], path: "Sources/Programs/ordinal-cri-bench", swiftSettings: strict),
        layer(
            "Testing", "TestSupport",
            [
                "ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "APIServer", "ControllerRuntime",
                "NodeInterfaces",
            ]),

        tests("ObjectModel", ["ObjectModel"]),
        tests("Schema", ["ObjectModel", "Schema", "CatalogData"]),
        tests("Kinds", ["ObjectModel", "Schema", "Kinds", "TestSupport"]),
        tests("ObjectStorage", ["ObjectModel", "ObjectStorage", "TestSupport"]),
        tests(
            "SQLiteStorage",
            ["ObjectModel", "ObjectStorage", "SQLiteStorage", "TestSupport", product("GRDB", "GRDB.swift")]),
        tests("APIProtocol", ["ObjectModel", "APIProtocol", "TestSupport"]),
        tests("Timers", ["Timers"]),
        tests("MetricsExposition", ["MetricsExposition", metrics]),
        tests("SPDY", ["ObjectModel", "APIProtocol", "SPDY"]),
        tests(
            "APIServer",
            [
                "CatalogData", "ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "MetricsExposition",
                "APIServer", "TestSupport",
            ]),
        tests(
            "BuiltinAPI",
            [
                "CatalogData", "ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "APIServer",
                "BuiltinAPI", "SPDY",
                "TestSupport",
            ]),
        tests("ClusterPKI", ["ClusterPKI"]),
        tests(
            "HTTPServing",
            [
                "ObjectModel", "APIProtocol", "ClusterPKI", "HTTPServing", "HTTPCalling",
                product("NIOPosix", "swift-nio"), product("NIOHTTP2", "swift-nio-http2"),
                product("NIOEmbedded", "swift-nio"), product("NIOHTTP1", "swift-nio"),
                product("NIOWebSocket", "swift-nio"),
            ]),
        tests(
            "WatchGuarantee",
            [
                "ObjectModel", "Kinds", "ObjectStorage", "SQLiteStorage", "APIProtocol", "APIServer", "BuiltinAPI",
                "ClusterPKI", "HTTPServing", "HTTPCalling", logging,
            ]),
        tests(
            "ControllerRuntime",
            ["ObjectModel", "APIProtocol", "MetricsExposition", "ControllerRuntime", "TestSupport", logging]),
        tests(
            "Controllers",
            [
                "ObjectModel", "Kinds", "APIProtocol", "MetricsExposition", "ControllerRuntime", "Controllers",
                "TestSupport", logging,
            ]),
        tests(
            "Scheduling",
            [
                "ObjectModel", "Kinds", "APIProtocol", "MetricsExposition", "ControllerRuntime", "Scheduling",
                "TestSupport", logging,
            ]),
        tests(
            "NodeAgent",
            [
                "ObjectModel", "Schema", "Kinds", "ObjectStorage", "APIProtocol", "MetricsExposition", "APIServer",
                "BuiltinAPI", "ControllerRuntime", "NodeInterfaces", "NodeAgent", "SimulatedRuntime", "VolumePlugins",
                logging,
            ]),
        tests(
            "CRIRuntime",
            [
                "ObjectModel", "APIProtocol", "NodeInterfaces", "Processes", "CRIRuntime", logging,
                product("NIOCore", "swift-nio"), product("GRPCCore", "grpc-swift-2"),
            ]),
        tests("Probing", ["NodeInterfaces", "Probing"]),
        tests("VolumePlugins", ["ObjectModel", "NodeInterfaces", "VolumePlugins"]),
        tests(
            "Network",
            [
                "ObjectModel", "Kinds", "APIProtocol", "ControllerRuntime", "NodeInterfaces", "Processes",
                "PodNetworking",
                "ServiceProxy", "ClusterDNS", "TestSupport", logging, product("NIOEmbedded", "swift-nio"),
            ]),
        tests(
            "ClusterAssembly",
            ["ObjectModel", "MetricsExposition", "APIServer", "NodeInterfaces", "ClusterAssembly", logging]),
        tests("Simulation", ["ObjectModel", "APIProtocol", "Simulation"]),
        tests("Tidy", []),
        .testTarget(
            name: "EndToEndTests", dependencies: ["ObjectModel", "ordinal"], path: "Tests/EndToEndTests",
            exclude: ["Manifests"], swiftSettings: strict),
    ]
)
