import ControllerRuntime
import Foundation
import Logging
import ObjectModel
import Synchronization
import Testing

@testable import ClusterAssembly

@Suite struct SecurityMaterialTests {
    @Test(arguments: [
        ("127.0.0.1", ["10.96.0.1", "127.0.0.1"]),
        ("192.0.2.7", ["10.96.0.1", "127.0.0.1", "192.0.2.7"]),
        ("0.0.0.0", ["0.0.0.0", "10.96.0.1", "127.0.0.1", "192.0.2.7", "198.51.100.9"]),
    ])
    func theCertificateIsForTheAddressesThatClientsUse(_ listen: String, _ expected: [String]) throws {
        var configuration = ClusterConfiguration(dataDirectory: "/nonexistent")
        configuration.listenHost = listen
        let machine = try ["127.0.0.1", "192.0.2.7", "198.51.100.9"].map { try #require(IPv4Address($0)) }
        let addresses = SecurityMaterial.addresses(configuration, nil, machine: machine)
        #expect(addresses.map(\.description) == expected)
    }

    /// A cluster that runs for years has certificates for a quarter of a year at least, all the time.
    @Test func certificatesAreRenewedWhileTheClusterRuns() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = DataDirectory(folder)
        try directory.create()
        let configuration = ClusterConfiguration(dataDirectory: folder)
        let start = Timestamp(seconds: 1_800_000_000)
        let first = try await SecurityMaterial.prepare(directory, configuration, bridge: nil, now: start)
        let days = Mutex(0)
        let renewedOn = Mutex<[Int]>([])
        let clock = ControlClock(
            now: { start + .seconds(86_400 * days.withLock { $0 }) }, uptime: { .zero },
            sleep: { _ in
                let day = days.withLock { days in
                    days += 1
                    return days
                }
                if day > 800 { throw CancellationError() }
            }, random: { 0 })
        let renewal = CertificateRenewal(
            clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            prepare: { try await SecurityMaterial.prepare(directory, configuration, bridge: nil, now: $0) },
            apply: { _ in renewedOn.withLock { $0.append(days.withLock { $0 }) } })
        await renewal.run(from: first)
        #expect(renewedOn.withLock { $0 } == [274, 548])
    }
}
