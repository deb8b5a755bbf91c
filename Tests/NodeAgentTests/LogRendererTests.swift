import APIProtocol
import NodeAgent
import NodeInterfaces
import ObjectModel
import Testing

@Suite struct LogRendererTests {
    static func request(_ change: (inout LogRequest) -> Void = { _ in }) -> LogRequest {
        let pod = NamespacedName(namespace: "default", name: "web-0")
        var request = LogRequest(pod: pod, podUID: "u", container: "web")
        change(&request)
        return request
    }

    private let log = """
        2026-01-02T03:04:05.000000001Z stdout F one
        2026-01-02T03:04:06.5Z stderr F two
        2026-01-02T03:04:07Z stdout P thr
        2026-01-02T03:04:08Z stdout F ee
        2026-01-02T03:04:09Z stdout F\u{20}

        """

    private func render(_ log: String, _ request: LogRequest, piece: Int = .max) -> String {
        var renderer = LogRenderer(request)
        let bytes = Array(log.utf8)
        var output: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, piece == .max ? bytes.count : start + piece)
            output += renderer.feed(Array(bytes[start..<end]))
            start = end
        }
        output += renderer.finish()
        return String(decoding: output, as: UTF8.self)
    }

    @Test func partialLinesAreJoined() {
        #expect(render(log, Self.request()) == "one\ntwo\nthree\n\n")
    }

    @Test(arguments: [1, 2, 7, 30]) func piecesMakeNoDifference(_ piece: Int) {
        let request = Self.request { $0.timestamps = true }
        #expect(render(log, request, piece: piece) == render(log, request))
    }

    @Test func aLineGetsTheTimeOfItsFirstPart() {
        let text = render(log, Self.request { $0.timestamps = true })
        #expect(
            text == """
                2026-01-02T03:04:05.000000001Z one
                2026-01-02T03:04:06.500000000Z two
                2026-01-02T03:04:07.000000000Z three
                2026-01-02T03:04:09.000000000Z\u{20}

                """)
    }

    @Test func linesBeforeSinceAreLeftOut() {
        let since = Timestamp("2026-01-02T03:04:06.5Z")
        #expect(render(log, Self.request { $0.since = since }) == "two\nthree\n\n")
        // The second part alone is late enough; the line began before.
        let late = Timestamp("2026-01-02T03:04:08Z")
        #expect(render(log, Self.request { $0.since = late }) == "\n")
    }

    @Test func theLimitCutsInsideALine() {
        #expect(render(log, Self.request { $0.limitBytes = 6 }) == "one\ntw")
        #expect(render(log, Self.request { $0.limitBytes = 0 }).isEmpty)
        var renderer = LogRenderer(Self.request { $0.limitBytes = 4 })
        _ = renderer.feed(Array(log.utf8))
        #expect(renderer.isFull)
    }

    @Test func whatIsNoLineIsLeftOut() {
        #expect(render("junk\n\n2026-01-02T03:04:05Z stdin F x\n" + log, Self.request()) == "one\ntwo\nthree\n\n")
    }

    @Test func aLineThatIsCutOffComesWithoutItsEnd() {
        #expect(render("2026-01-02T03:04:05Z stdout F half", Self.request()) == "half")
    }

    @Test func aLineThatIsTooLongIsLeftOut() {
        let long = "2026-01-02T03:04:05Z stdout F " + String(repeating: "x", count: LogRenderer.maximumLine) + "\n"
        for piece in [64 << 10, .max] {
            let text = render(long + log, Self.request(), piece: piece)
            #expect(text.utf8.count == 15 && text == "one\ntwo\nthree\n\n")
        }
    }
}

@Suite struct LogTailTests {
    private func tail(_ text: String, _ count: Int) -> String {
        let bytes = Array(text.utf8)
        let offset = LogTail.offset(ofLast: count, size: Int64(bytes.count)) { offset, count in
            Array(bytes[Int(offset)..<Int(offset) + count])
        }
        return String(decoding: bytes[Int(offset)...], as: UTF8.self)
    }

    private func line(_ text: String, _ tag: String = "F") -> String { "2026-01-02T03:04:05Z stdout \(tag) \(text)\n" }

    @Test func theLastLinesAreFound() {
        let log = line("a") + line("b") + line("c")
        let cases: [(Int, String)] = [
            (0, ""), (1, line("c")), (2, line("b") + line("c")), (3, log), (4, log), (1000, log),
        ]
        for (count, expected) in cases { #expect(tail(log, count) == expected, "last \(count)") }
        #expect(tail("", 3).isEmpty)
    }

    @Test func aLineInPartsCountsOnce() {
        let parts = line("b1", "P") + line("b2", "P") + line("b3")
        let log = line("a") + parts + line("c")
        #expect(tail(log, 2) == parts + line("c"))
        #expect(tail(line("a") + parts, 1) == parts)
    }

    @Test func aLastLineThatIsNotWholeCounts() {
        #expect(tail(line("a") + line("b", "P"), 1) == line("b", "P"))
        let cut = String(line("b").dropLast())
        #expect(tail(line("a") + cut, 1) == cut)
    }

    @Test func blocksMakeNoDifference() {
        let lines = (0..<5000).map { line(String(repeating: "x", count: $0 % 90) + "\($0)") }
        #expect(tail(lines.joined(), 2500) == lines.suffix(2500).joined())
    }

    @Test func aFileThatShrankEndsTheSearch() {
        let offset = LogTail.offset(ofLast: 3, size: 500) { _, _ in [] }
        #expect(offset == 500)
    }
}

@Suite struct LogChoiceTests {
    private enum Life { case created, running, exited }

    private func runtime(_ lives: [Life]) -> RuntimePod {
        let time = Timestamp(seconds: 0)
        let states = lives.enumerated().map { attempt, life in
            let phase: ContainerState.Phase =
                switch life {
                case .created: .created
                case .running: .running(startedAt: time)
                case .exited: .exited(code: 1, reason: "Error", message: "", startedAt: time, finishedAt: time)
                }
            return ContainerState(
                id: "c\(attempt)", sandboxID: "s", podUID: "u", name: "web", attempt: attempt, image: "", imageID: "",
                createdAt: time, phase: phase)
        }
        return RuntimePod(containers: states.reversed())
    }

    private func choice(_ lives: [Life], previous: Bool, waiting: String? = nil) -> String {
        let request = LogRendererTests.request { $0.previous = previous }
        do {
            return try LogChoice.choose(request, in: runtime(lives), waitingReason: waiting).id
        } catch {
            #expect(error.code == 400 && error.reason == .badRequest)
            return error.message
        }
    }

    @Test func theInstanceIsChosenAsKubeletDoes() {
        let waiting = "container \"web\" in pod \"web-0\" is waiting to start"
        let none = "previous terminated container \"web\" in pod \"web-0\" not found"
        #expect(choice([.running], previous: false) == "c0")
        #expect(choice([.exited, .running], previous: false) == "c1")
        #expect(choice([.exited, .created], previous: false) == "c0")
        #expect(choice([], previous: false, waiting: "ContainerCreating") == "\(waiting): ContainerCreating")
        #expect(choice([.created], previous: false, waiting: "ErrImagePull") == "\(waiting): image can't be pulled")
        #expect(
            choice([], previous: false, waiting: "ImagePullBackOff") == "\(waiting): trying and failing to pull image")
        #expect(choice([], previous: false) == "\(waiting) - no logs yet")
        #expect(choice([.running], previous: true) == none)
        #expect(choice([], previous: true) == none)
        #expect(choice([.exited, .running], previous: true) == "c0")
        #expect(choice([.exited, .exited], previous: true) == "c0")
        #expect(choice([.exited, .exited], previous: true, waiting: "CrashLoopBackOff") == "c1")
        #expect(choice([.exited, .exited, .created], previous: true, waiting: "ContainerCreating") == "c1")
    }
}
