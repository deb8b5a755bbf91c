import ControllerRuntime
import Logging
import NodeInterfaces
import ObjectModel
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct LogRotationTests {
    @Test(arguments: [
        ("nothing to do at first", ["0.log"], [], []),
        ("the last one is compressed", ["0.log", "0.log.1"], [], ["0.log.1"]),
        (
            "the oldest goes", ["0.log", "0.log.1.gz", "0.log.2.gz", "0.log.3.gz", "0.log.4"],
            ["0.log.1.gz"], ["0.log.4"]
        ),
        (
            "a cut-short compression is begun again", ["0.log", "0.log.1", "0.log.1.tmp"], ["0.log.1.tmp"],
            ["0.log.1"]
        ),
        ("what is compressed already goes", ["0.log", "0.log.1", "0.log.1.gz"], ["0.log.1"], []),
        ("other logs are left alone", ["0.log", "1.log.1", "10.log.2", "0.logs"], [], []),
    ])
    func filesArePlanned(_ which: String, names: [String], removals: [String], compressions: [String]) {
        let plan = LogRotation().plan("0.log", among: names.shuffled())
        #expect(plan.removals == removals, "\(which)")
        #expect(plan.compressions == compressions, "\(which)")
    }

    @Test func theNameTellsTheTimeAsKubelets() {
        let time = Timestamp("2006-01-02T15:04:05Z")
        #expect(time.map { LogRotation.rotatedName("0.log", at: $0) } == "0.log.20060102-150405")
    }

    /// A container that writes its log below a directory of its own, which goes with it.
    private final class Writer: Sendable {
        let root = "/tmp/ordinal-rotation-\(UInt64.random(in: 0 ... .max))"
        let clock = ManualClock()
        let failsReopening = Mutex(false)
        var path: String { "\(root)/0.log" }
        var names: [String] { HostFiles.names(in: root) }

        init() throws { try HostFiles.makeDirectory(root) }
        deinit { try? HostFiles.removeTree(root) }

        func write(_ count: Int) throws { try HostFiles.write([UInt8](repeating: 97, count: count), to: path) }

        func rotator(maxBytes: Int64) -> LogRotator {
            var rotation = LogRotation()
            rotation.maxBytes = maxBytes
            let clock = clock
            var state = PodFixture.running("web")
            state.logPath = path
            return LogRotator(
                rotation: rotation,
                clock: ControlClock(now: { clock.now }, uptime: { clock.uptime }, sleep: { _ in }, random: { 0 }),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, containers: { [state] in [state] },
                reopen: { _ in
                    if self.failsReopening.withLock({ $0 }) { throw RuntimeError.unavailable("") }
                    try self.write(0)
                })
        }
    }

    @Test func aLogNeverHasMoreFilesThanItMay() async throws {
        let writer = try Writer()
        let rotator = writer.rotator(maxBytes: 1000)
        try writer.write(999)
        await rotator.rotateAll()
        #expect(writer.names == ["0.log"])
        for _ in 0..<8 {
            try writer.write(1000)
            writer.clock.advance(.seconds(10))
            await rotator.rotateAll()
            #expect(writer.names.count <= 5)
            #expect(HostFiles.size(writer.path) == 0)
        }
        let older = writer.names.dropFirst()
        #expect(older.count == 4)
        #expect(older.map { $0.hasSuffix(".gz") } == [true, true, true, false])
        let archive = try HostFiles.read("\(writer.root)/\(older.first ?? "")")
        #expect(archive.prefix(2) == [0x1F, 0x8B] && archive.count < 1000)
        #expect(HostFiles.size("\(writer.root)/\(older.last ?? "")") == 1000)
    }

    @Test func aFailedReopeningLosesNothing() async throws {
        let writer = try Writer()
        let rotator = writer.rotator(maxBytes: 10)
        try writer.write(20)
        writer.failsReopening.withLock { $0 = true }
        await rotator.rotateAll()
        #expect(writer.names == ["0.log"])
        #expect(HostFiles.size(writer.path) == 20)
        // A log that is gone is begun again.
        writer.failsReopening.withLock { $0 = false }
        try HostFiles.removeFile(writer.path)
        await rotator.rotateAll()
        #expect(HostFiles.size(writer.path) == 0)
    }
}
