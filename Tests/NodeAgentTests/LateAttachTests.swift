import APIProtocol
import ControllerRuntime
import Foundation
import NodeInterfaces
import ObjectModel
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct LateAttachTests {
    /// Says what it was given.
    private final class Script: ExecSession {
        private let outputs: Mutex<[ExecOutput]>
        init(_ outputs: [ExecOutput]) { self.outputs = Mutex(outputs) }
        func receive() async throws -> ExecOutput? { outputs.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        func send(_ input: ExecInput) async throws {}
        func close() async {}
    }

    private static func last(
        _ outputs: [ExecOutput], log: String, after pause: Duration = .zero
    ) async throws -> ExecOutput? {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try Data(log.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var container = PodFixture.running("web")
        container.logPath = path
        let clock = ManualClock()
        let control = ControlClock(
            now: { clock.now }, uptime: { clock.now - ManualClock.start }, sleep: { try await clock.pass($0) },
            random: { 0 })
        let session = LateAttach(Script(outputs), container: container, pod: "web-0", clock: control)
        clock.advance(pause)
        var last: ExecOutput?
        while let output = try await session.receive() { last = output }
        return last
    }

    private static let success = ExecOutput.exit(code: 0, message: "")

    @Test func anEndAtOnceWithoutTheOutputThatWasLoggedIsAFailure() async throws {
        let last = try await Self.last([Self.success], log: "hello")
        #expect(
            last
                == .exit(
                    code: nil,
                    message: "container web in pod web-0 ended before its output could be read; its log has it"))
    }

    @Test func anyOtherEndIsAsItWas() async throws {
        #expect(try await Self.last([Self.success], log: "") == Self.success)
        #expect(try await Self.last([.stdout([1]), Self.success], log: "x") == Self.success)
        #expect(try await Self.last([Self.success], log: "hello", after: .seconds(2)) == Self.success)
    }
}
