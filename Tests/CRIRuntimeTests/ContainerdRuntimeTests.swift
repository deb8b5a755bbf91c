import APIProtocol
import NodeInterfaces
import ObjectModel
import Testing

@testable import CRIRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.serialized, .enabled(if: PrivateContainerd.isPossible, PrivateContainerd.reason), .timeLimit(.minutes(1)))
struct ContainerdRuntimeTests {
    private static let waitForTerm = "trap 'echo bye; exit 7' TERM; echo started; while :; do sleep 1 & wait $!; done"

    @Test func moreThanFourHundredCallsOnOneConnectionAllSucceed() async throws {
        try await PrivateContainerd.with { containerd in
            for _ in 0..<1000 {
                let version = try await containerd.runtime.version()
                #expect(version.hasPrefix("containerd://1."))
            }
        }
    }

    @Test func aPodRunsStopsWithinItsGraceAndLeavesNothing() async throws {
        try await PrivateContainerd.with { containerd in
            let runtime = containerd.runtime
            let events = try await runtime.events()
            let limits = ResourceLimits(cpuShares: 512, memoryBytes: 64 << 20)
            let (sandbox, container, identity) = try await containerd.runPod(script: Self.waitForTerm, limits: limits)

            var pod = try await runtime.pod(uid: identity.uid)
            #expect(pod.sandboxes.map(\.id) == [sandbox])
            #expect(pod.sandboxes.first?.isReady == true)
            #expect(pod.sandboxes.first?.pod == identity)
            #expect(pod.sandboxes.first?.addresses.first?.hasPrefix("10.251.") == true)
            #expect(pod.containers.map(\.name) == ["main"])
            guard case .running = pod.containers.first?.phase else { throw Failure("it does not run") }

            // The log has the line once the container has written it; an exec after it is late enough.
            _ = try await containerd.exec(container, ["sleep", "0.3"])
            let log = Files.text(containerd.layout.base + "/logs/web-0/main/0.log") ?? ""
            #expect(log.contains(" stdout F started\n"))

            let cgroup = "/sys/fs/cgroup/memory\(containerd.cgroupParent)/kubepods/poduid-web-0"
            if Files.isFolder("/sys/fs/cgroup/memory") {
                #expect(Files.text(cgroup + "/memory.limit_in_bytes") == "\(64 << 20)\n")
            }

            try await runtime.stopContainer(container, grace: .seconds(10))
            pod = try await runtime.pod(uid: identity.uid)
            guard case .exited(let code, _, _, _, _) = pod.containers.first?.phase else {
                throw Failure("it did not end")
            }
            #expect(code == 7)
            #expect(await first(in: events, uid: identity.uid))

            try await runtime.stopSandbox(sandbox)
            try await runtime.removeSandbox(sandbox)
            #expect(runtime.seen.count == 0)
            #expect(try await runtime.pods().isEmpty)
            #expect(!Files.isFolder(cgroup))
            try await runtime.stopSandbox(sandbox)
            try await runtime.removeSandbox(sandbox)
            try await runtime.removeContainer(container)
        }
    }

    @Test func commandsRunWithStreamsExitCodesAndATerminal() async throws {
        try await PrivateContainerd.with { containerd in
            let (_, container, _) = try await containerd.runPod(script: Self.waitForTerm)
            let both = try await containerd.exec(container, ["sh", "-c", "echo $GREETING; echo no >&2; exit 3"])
            #expect(both.output == "hello\n")
            #expect(both.errors == "no\n")
            #expect(both.code == 3)

            let big = [UInt8](repeating: 97, count: 200_000)
            let counted = try await containerd.exec(container, ["wc", "-c"], input: [big, big])
            #expect(counted.output == "400000\n")
            #expect(counted.code == 0)

            let large = try await containerd.exec(container, ["sh", "-c", "busybox yes | busybox head -c 4194304"])
            #expect(large.output.utf8.count == 4 << 20)

            let typed = try await containerd.exec(
                container, ["sh", "-c", "read line; echo \"got $line\"; busybox tty"], input: [Array("x\n".utf8)],
                tty: true)
            #expect(typed.output.contains("got x\r\n"))
            #expect(typed.code == 0)
            #expect(Files.names(in: containerd.layout.exec).isEmpty)

            await #expect(throws: RuntimeError.self) { try await containerd.exec(container, ["/no/such/program"]) }
            let sync = try await containerd.runtime.execSync(
                container, command: ["sh", "-c", "echo out; exit 4"], timeout: .seconds(5))
            #expect(sync == CommandResult(exitCode: 4, output: "out\n"))
            let slow: RuntimeError? = await #expect(throws: RuntimeError.self) {
                try await containerd.runtime.execSync(container, command: ["sleep", "9"], timeout: .seconds(1))
            }
            guard case .timedOut = slow else { throw Failure("\(String(describing: slow))") }
        }
    }

    @Test func aGroupIsTakenWithItsUser() async throws {
        try await PrivateContainerd.with { containerd in
            let image = try #require(await containerd.runtime.image("busybox:1.28"))
            #expect(image.user == nil)
            #expect(image.userName == "")
            var security = ContainerSecurity()
            security.runAsGroup = 3000
            // Without a user containerd refuses the group.
            await #expect(throws: RuntimeError.self) {
                try await containerd.runPod("web-1", script: "sleep 99", security: security)
            }
            security.runAsUser = 0
            let (_, container, _) = try await containerd.runPod(script: "sleep 99", security: security)
            let user = try await containerd.exec(container, ["sh", "-c", "busybox id -u; busybox id -g"])
            #expect(user.output == "0\n3000\n")
        }
    }

    @Test func aRenamedLogIsFollowedByANewOne() async throws {
        try await PrivateContainerd.with { containerd in
            let (_, container, pod) = try await containerd.runPod(script: "while :; do echo tick; sleep 0.1; done")
            let path = try #require(await containerd.runtime.pod(uid: pod.uid).containers.first?.logPath)
            // The log begins with the container's start.
            #expect(rename(path, path + ".old") == 0)
            #expect(access(path, F_OK) != 0)
            try await containerd.runtime.reopenLog(container)
            #expect(access(path, F_OK) == 0)
            _ = try await containerd.exec(container, ["sleep", "0.5"])
            #expect(try String(decoding: HostFiles.read(path), as: UTF8.self).contains("stdout F tick"))
        }
    }

    @Test(.timeLimit(.minutes(2))) func aCommandThatStopsReadingTellsItsOutputAndCode() async throws {
        try await PrivateContainerd.with { containerd in
            let (_, container, _) = try await containerd.runPod(script: Self.waitForTerm)
            let pieces = [[UInt8]](repeating: [UInt8](repeating: 97, count: 32 << 10), count: 32)
            let ended = try await containerd.exec(container, ["sh", "-c", "head -c 1; exit 3"], input: pieces)
            #expect(ended.output == "a")
            #expect(ended.code == 3)
            let goesOn = try await containerd.exec(
                container, ["sh", "-c", "exec <&-; sleep 1; echo done; exit 4"], input: pieces)
            #expect(goesOn.output == "done\n")
            #expect(goesOn.code == 4)
        }
    }

    @Test func aTerminalIsResizedAndASessionThatIsClosedEndsItsCommand() async throws {
        try await PrivateContainerd.with { containerd in
            let (_, container, _) = try await containerd.runPod(script: Self.waitForTerm)
            let name = NamespacedName(namespace: "default", name: "web-0")
            var request = ExecRequest(pod: name, podUID: "uid-web-0", container: "main", command: ["sh"])
            request.stdin = true
            request.tty = true
            let session = try await containerd.runtime.exec(container, request)
            try await session.send(.resize(width: 111, height: 33))
            try await session.send(.stdin(Array("busybox stty size; sleep 4242\n".utf8)))
            var output = ""
            while !output.contains("33 111\r\n"), case .stdout(let bytes) = try await session.receive() {
                output += String(decoding: bytes, as: UTF8.self)
            }
            #expect(output.contains("33 111\r\n"))
            await session.close()
            await session.close()
            // The hang-up reaches the command a moment after the session has ended; a zombie has no command line.
            let looks =
                "n=0; while grep -qs '424[2]' /proc/[0-9]*/cmdline; do "
                + "n=$((n+1)); [ $n = 50 ] && exit 1; sleep 0.1; done"
            let listed = try await containerd.exec(container, ["sh", "-c", looks])
            #expect(listed.code == 0, "\(listed.output)\(listed.errors)")
        }
    }

    @Test func podsOutliveContainerdAndAreAdopted() async throws {
        try await PrivateContainerd.with { containerd in
            let runtime = containerd.runtime
            let (sandbox, container, identity) = try await containerd.runPod(script: Self.waitForTerm)
            let events = try await runtime.events()
            let former = try #require(containerd.process.processID)
            kill(former, SIGKILL)
            // The stream ends with its containerd; the next answers for the same pod.
            for await _ in events {}
            try await runtime.waitUntilReady()
            #expect(containerd.process.processID != former)
            let pod = try await runtime.pod(uid: identity.uid)
            #expect(pod.sandboxes.map(\.id) == [sandbox])
            guard case .running = pod.containers.first?.phase else { throw Failure("it was not adopted") }
            #expect(try await containerd.exec(container, ["echo", "again"]).output == "again\n")
            let later = try await runtime.events()
            try await runtime.stopContainer(container, grace: .zero)
            // When the subscription began only after the stop, an event without uid tells of all that was missed.
            for await event in later where event.podUID == identity.uid || event.podUID == nil {
                let container = try await runtime.pod(uid: identity.uid).containers.first
                if case .exited = container?.phase { return }
            }
            throw Failure("its end was not told")
        }
    }

    @Test func anAbsentImageIsNotFoundAndAPresentOneIsKnownByItsShortName() async throws {
        try await PrivateContainerd.with { containerd in
            let runtime = containerd.runtime
            #expect(try await runtime.image("nothing-like-this:1") == nil)
            let image = try #require(try await runtime.image("busybox:1.28"))
            #expect(image.names.contains("docker.io/library/busybox:1.28"))
            #expect(try await runtime.image(image.id)?.id == image.id)
            #expect(try await runtime.images().count == 2)
            let sandbox = SandboxConfig(
                pod: PodIdentity(name: NamespacedName(namespace: "default", name: "a"), uid: "a"), attempt: 0,
                hostname: "a", logDirectory: containerd.layout.base + "/logs/a")
            let id = try await runtime.runSandbox(sandbox)
            let config = ContainerConfig(pod: sandbox.pod, name: "main", attempt: 0, image: "none:1", logPath: "0.log")
            let error: RuntimeError? = await #expect(throws: RuntimeError.self) {
                try await runtime.createContainer(config, sandbox: id, sandboxConfig: sandbox)
            }
            guard case .notFound = error else { throw Failure("\(String(describing: error))") }
        }
    }

    private struct Failure: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// Whether the stream has an event of the pod before it ends.
    private func first(in events: AsyncStream<RuntimeEvent>, uid: String) async -> Bool {
        for await event in events where event.podUID == uid { return true }
        return false
    }
}
