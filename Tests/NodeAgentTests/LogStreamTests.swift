import APIProtocol
import ControllerRuntime
import Glibc
import NodeAgent
import NodeInterfaces
import ObjectModel
import Synchronization
import Testing

/// A log file in a directory of its own, which goes with it.
private final class LogFixture: Sendable {
    let layout: LogLayout
    let root: String
    let pod = PodIdentity(name: NamespacedName(namespace: "default", name: "web-0"), uid: "u")

    init() {
        var template = Array("/tmp/ordinal-logs-XXXXXX".utf8CString)
        root = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
        layout = LogLayout(podsDirectory: root, linksDirectory: root)
        mkdir(layout.directory(of: pod), 0o755)
        mkdir("\(layout.directory(of: pod))/web", 0o755)
    }

    deinit {
        unlink(path)
        rmdir("\(layout.directory(of: pod))/web")
        rmdir(layout.directory(of: pod))
        rmdir(root)
    }

    var path: String { layout.path(pod, container: "web", attempt: 0) }

    func append(_ text: String, to file: String? = nil) {
        let file = open(file ?? path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        #expect(file >= 0)
        let bytes = Array("2026-01-02T03:04:05Z stdout F \(text)\n".utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        close(file)
    }
}

/// The end of a container: who asks after it is told at once.
private final class End: Sendable {
    private let hasCome = Mutex(false)
    private let signal = Signal()

    func come() {
        hasCome.withLock { $0 = true }
        signal.give()
    }

    func wait() async {
        if !hasCome.withLock({ $0 }) { await signal.wait() }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LogStreamTests {
    private let fixture = LogFixture()

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    private func stream(
        _ change: (inout LogRequest) -> Void = { _ in }, ended: @escaping @Sendable () async -> Void = {}
    ) -> ByteStream {
        ContainerLogs.stream(LogRendererTests.request(change), path: fixture.path, ended: ended)
    }

    @Test func aLogIsReadToItsEnd() async throws {
        for number in 0..<5000 { fixture.append("line \(number)") }
        let all = try await stream().collect()
        #expect(text(all) == (0..<5000).map { "line \($0)\n" }.joined())
        let tail = try await stream { $0.tailLines = 2 }.collect()
        #expect(text(tail) == "line 4998\nline 4999\n")
    }

    @Test func aFileThatIsNotThereIsAnEmptyLog() async throws {
        #expect(try await stream().collect().isEmpty)
    }

    @Test func followSendsWhatIsAppendedUntilTheContainerEnds() async throws {
        let end = End()
        fixture.append("before")
        fixture.append("one")
        let stream = stream(
            {
                $0.follow = true
                $0.tailLines = 1
            }, ended: { await end.wait() })
        #expect(text(try await stream.next()) == "one\n")
        async let second = stream.next()
        fixture.append("two")
        #expect(text(try await second) == "two\n")
        // Written before the end is told: it must come still.
        fixture.append("three")
        end.come()
        #expect(text(try await stream.next()) == "three\n")
        #expect(try await stream.next() == nil)
        stream.cancel()
    }

    @Test func followGoesOnInTheFileThatARotationBegins() async throws {
        let end = End()
        fixture.append("one")
        let stream = stream({ $0.follow = true }, ended: { await end.wait() })
        #expect(text(try await stream.next()) == "one\n")
        #expect(rename(fixture.path, "\(fixture.path).20260102-030405") == 0)
        defer { unlink("\(fixture.path).20260102-030405") }
        // Until the runtime has reopened the log it writes to the old file.
        fixture.append("two", to: "\(fixture.path).20260102-030405")
        fixture.append("three")
        end.come()
        var rest = ""
        while let piece = text(try await stream.next()) { rest += piece }
        #expect(rest == "two\nthree\n")
        // Who does not follow sees the newest file only.
        let newest = try await self.stream().collect()
        #expect(text(newest) == "three\n")
    }

    @Test func followWaitsForAFileThatIsNotThereYet() async throws {
        let end = End()
        let stream = stream({ $0.follow = true }, ended: { await end.wait() })
        async let first = stream.next()
        fixture.append("hello")
        #expect(text(try await first) == "hello\n")
        stream.cancel()
    }

    @Test func cancellingEndsAFollowThatWaits() async throws {
        let never = End()
        let stream = stream({ $0.follow = true }, ended: { await never.wait() })
        async let next = stream.next()
        stream.cancel()
        #expect(try await next == nil)
    }

    @Test func cancellingTheReadersTaskEndsAFollow() async throws {
        let never = End()
        let stream = stream({ $0.follow = true }, ended: { await never.wait() })
        let ended = await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await stream.next()) == .some(nil) }
            group.cancelAll()
            return await group.next()
        }
        #expect(ended == true)
        stream.cancel()
    }

    @Test func theLimitEndsAFollow() async throws {
        let never = End()
        fixture.append("hello")
        let stream = stream(
            {
                $0.follow = true
                $0.limitBytes = 3
            }, ended: { await never.wait() })
        #expect(text(try await stream.next()) == "hel")
        #expect(try await stream.next() == nil)
    }

    @Test func linksLeadToTheLog() {
        let link = fixture.layout.link(fixture.pod, container: "web", id: "abc")
        #expect(link == "\(fixture.root)/web-0_default_web-abc.log")
        fixture.append("x")
        for _ in 0..<2 {
            #expect(fixture.layout.makeLink(fixture.pod, container: "web", attempt: 0, id: "abc") == nil)
        }
        #expect(access(link, R_OK) == 0)
        fixture.layout.removeLink(fixture.pod, container: "web", id: "abc")
        #expect(access(link, F_OK) != 0)
        #expect(fixture.path == "\(fixture.root)/default_web-0_u/web/0.log")
        let long = fixture.layout.link(fixture.pod, container: "web", id: String(repeating: "f", count: 300))
        #expect(long.split(separator: "/").last?.utf8.count == 255)
    }
}
