import Foundation
import ObjectModel
import Testing

@testable import ClusterAssembly

/// `ordinal down` without containers.
@Suite(.timeLimit(.minutes(1))) struct ClusterShutdownTests {
    /// Runs `body` with the data directory of a simulated node whose process is `pid`.
    private static func with(_ body: (DataDirectory, Instance) async throws -> Void) async throws {
        let path = "/tmp/ordinal-down-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = DataDirectory(path)
        try directory.create()
        let range = try #require(IPv4Range("10.244.0.0/16"))
        let instance = Instance(
            pid: 0, server: "https://127.0.0.1:1", kubeconfig: "\(path)/kubeconfig", runtime: "simulated", socket: "",
            podRange: range, serviceRange: range)
        try instance.write(to: directory)
        try await body(directory, instance)
    }

    /// A process that has the lock until it is ended. The `up` makes it look like ours.
    private static func holder(of directory: DataDirectory) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "exec 9>\(directory.path)/instance.lock; flock 9; echo locked; read", "up"]
        let output = Pipe()
        process.standardInput = Pipe()
        process.standardOutput = output
        // The threads of tests block signals, and a child inherits that.
        var (none, former) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        try process.run()
        _ = try output.fileHandleForReading.read(upToCount: 1)
        return process
    }

    @Test func noOtherProcessStartsMeanwhile() async throws {
        try await Self.with { directory, instance in
            let process = try Self.holder(of: directory)
            var instance = instance
            instance.pid = process.processIdentifier
            try instance.write(to: directory)
            var steps: [String] = []
            try await ClusterShutdown(dataDirectory: directory.path, purge: false).run { step in
                steps.append(step)
                #expect(throws: StartupError.dataDirectoryInUse(directory.path)) { try directory.lock() }
            }
            process.waitUntilExit()
            #expect(steps == ["stopped the API and the controllers (process \(process.processIdentifier))"])
            #expect(Instance.read(directory)?.isDown == true)
            _ = try directory.lock()
        }
    }

    @Test func whatAnotherProcessUsesIsNotPurged() async throws {
        try await Self.with { directory, _ in
            let lock = try directory.lock()
            await #expect(throws: StartupError.self) {
                try await ClusterShutdown(dataDirectory: directory.path, purge: true).run { _ in }
            }
            #expect(Instance.read(directory)?.isDown == false)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func theLockGoesLast() {
        let names = ["store.sqlite", "instance.lock", "volumes", "thesis", "instance-id"]
        #expect(DataDirectory.purgeOrder(names) == ["instance-id", "store.sqlite", "volumes", "instance.lock"])
    }
}
