import Foundation
import ObjectModel
import Testing

/// exec, attach, run -it, cp and port-forward with kubectl of several versions (all that are installed in a soak):
/// SPDY/3.1 up to 1.29, WebSocket from 1.30, port-forward's tunnel from 1.31.
@Suite(
    .serialized,
    .enabled(if: !Machine.clients.isEmpty, "no kubectl.1.N is installed"),
    .enabled(if: Machine.runsContainers, "containers cannot run here (root, containerd, runc or crun, and images)"))
struct InteractiveTests {
    private static let busybox = ["--image=busybox:1.28", "--image-pull-policy=IfNotPresent"]
    /// Its input stays open when a client goes.
    private static let listener = """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "listener"}, "spec": {"containers": [{"name": "c",
          "image": "busybox:1.28", "imagePullPolicy": "IfNotPresent", "command": ["cat"], "stdin": true}]}}
        """
    private static let once = busybox + ["--restart=Never"]

    @Test func everyClientTalksWithContainers() throws {
        let cluster = try TestCluster("i", port: 18458)
        defer {
            // `sleep` ignores SIGTERM as a first process, and would use up its grace period.
            _ = try? cluster.tryKubectl(["delete", "pods", "--all", "--now"])
            cluster.remove()
        }
        try cluster.importImages(["busybox-1.28", "nginx-1.25.4"])
        try start(cluster, "box", Self.busybox + ["--command", "--", "sleep", "1000"])
        try start(cluster, "web", ["--image=nginx:1.25.4", "--image-pull-policy=IfNotPresent"])
        try cluster.kubectl("apply", "-f", "-", input: Self.listener)
        try cluster.kubectl("wait", "--for=condition=Ready", "pod/listener", "--timeout=60s")
        let folder = NSTemporaryDirectory() + "ord-\(getpid())-interactive"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clients = Machine.chosenClients.sorted { $0.key < $1.key }.map { minor, path in
            Client(cluster: cluster, path: path, minor: minor, folder: folder)
        }
        for client in clients {
            try execCarriesInputOutputAndExitCode(client)
            try aClientThatIsKilledTakesItsCommandWithIt(client)
            try muchDataGoesBothWays(client)
            try copyGoesBothWays(client)
            try runAttachesAndTellsTheExitCode(client)
            try runShowsTheOutputOfACommandThatEndsAtOnce(client)
            try attachSeesAndFeedsTheFirstProcess(client)
            try terminalsHaveTheirSize(client)
            try portForwardReachesThePod(client)
        }
        try aForwardedConnectionEndsWithItsContainer(try #require(clients.last))
    }

    /// One kubectl.
    private struct Client {
        let cluster: TestCluster
        let path: String
        let minor: Int
        /// A folder of its own.
        let folder: String

        func kubectl(_ arguments: [String], input: String? = nil) throws -> CommandOutcome {
            try cluster.tryKubectl(arguments, input: input, client: path)
        }

        /// A shell script in which `$K` is this kubectl.
        func script(_ text: String) throws -> CommandOutcome {
            try run(
                "/bin/bash", ["-c", "cd \(folder); K='\(path) --kubeconfig \(cluster.kubeconfig)'; \(text)"],
                timeout: 60)
        }
    }

    private func start(_ cluster: TestCluster, _ name: String, _ arguments: [String]) throws {
        let outcome = try cluster.tryKubectl(["run", name] + arguments)
        try #require(outcome.code == 0, "\(outcome.errors)")
        try cluster.kubectl("wait", "--for=condition=Ready", "pod/\(name)", "--timeout=60s")
    }

    private func execCarriesInputOutputAndExitCode(_ client: Client) throws {
        let piped = try client.kubectl(["exec", "-i", "box", "--", "cat"], input: "through\n")
        #expect(piped.output == "through\n", "1.\(client.minor): \(piped.errors)")
        let failed = try client.kubectl(["exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(failed.code == 3, "1.\(client.minor)")
        #expect(failed.output == "out\n", "1.\(client.minor)")
        #expect(failed.errors == "err\ncommand terminated with exit code 3\n", "1.\(client.minor)")
        let missing = try client.kubectl(["exec", "box", "--", "no-such-program"])
        #expect(missing.code != 0 && missing.errors.contains("no-such-program"), "1.\(client.minor): \(missing.errors)")
    }

    private func aClientThatIsKilledTakesItsCommandWithIt(_ client: Client) throws {
        // One whose input is not read, and one without input.
        let outcome = try client.script(
            "head -c 500000 /dev/zero | timeout -s KILL 1 $K exec -i box -- sleep 777; "
                + "timeout -s KILL 1 $K exec box -- sleep 777; "
                + "for n in $(seq 50); do $K exec box -- ps | grep -q 'sleep 777' || break; sleep 0.1; done; "
                + "$K exec box -- ps")
        #expect(outcome.output.contains("sleep 1000"), "1.\(client.minor): \(outcome.errors)")
        #expect(!outcome.output.contains("sleep 777"), "1.\(client.minor): \(outcome.output)")
    }

    private func muchDataGoesBothWays(_ client: Client) throws {
        let sum = try client.script(
            "head -c 20000000 /dev/zero | tr '\\0' x >big; $K exec -i box -- cat <big | cmp - big && echo same")
        #expect(sum.output == "same\n", "1.\(client.minor): \(sum.errors)")
    }

    private func copyGoesBothWays(_ client: Client) throws {
        let outcome = try client.script(
            "head -c 3000000 /dev/urandom >there; $K cp there box:/tmp/file && $K cp box:/tmp/file back && "
                + "cmp there back && echo same")
        #expect(outcome.output.hasSuffix("same\n"), "1.\(client.minor): \(outcome.output)\(outcome.errors)")
    }

    private func runAttachesAndTellsTheExitCode(_ client: Client) throws {
        let name = "once-\(client.minor)"
        let outcome = try client.kubectl(
            ["run", name, "--rm", "-i"] + Self.once + ["--command", "--", "sh", "-c", "sleep 1; cat; exit 4"],
            input: "hello\n")
        #expect(outcome.code == 4, "1.\(client.minor): \(outcome.errors)")
        #expect(outcome.output.contains("hello\n"), "1.\(client.minor): \(outcome.output)")
        let left = try client.cluster.tryKubectl(["get", "pod", name])
        #expect(left.errors.contains("NotFound"), "1.\(client.minor): \(left.output)")
    }

    private func runShowsTheOutputOfACommandThatEndsAtOnce(_ client: Client) throws {
        for round in 1...3 {
            let outcome = try client.kubectl(
                ["run", "brief-\(client.minor)-\(round)", "--rm", "-i"] + Self.once + ["--", "echo", "hello"])
            #expect(outcome.code == 0, "1.\(client.minor): \(outcome.errors)")
            #expect(outcome.output.contains("hello\n"), "1.\(client.minor): \(outcome.output)\(outcome.errors)")
        }
    }

    private func attachSeesAndFeedsTheFirstProcess(_ client: Client) throws {
        // `cat` says back what an attached client sends; the container outlives the client.
        let outcome = try client.script(
            "mkfifo input-\(client.minor); $K attach -i listener <input-\(client.minor) >attached 2>&1 & "
                + "exec 3>input-\(client.minor); sleep 1; echo from-\(client.minor) >&3; "
                + "for n in $(seq 50); do grep -q from attached && break; sleep 0.1; done; "
                + "kill $!; wait; cat attached")
        #expect(outcome.output.contains("from-\(client.minor)\n"), "1.\(client.minor): \(outcome.output)")
        #expect(
            try client.cluster.kubectl(
                "get", "pod", "listener", "-o", "jsonpath={.status.containerStatuses[0].restartCount}") == "0")
    }

    /// Types into a terminal of 41 lines and 123 columns that then becomes 30 and 90.
    private static let typist = """
        import fcntl, os, pty, select, signal, struct, sys, termios, time
        def size(rows, columns): fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        child, terminal = pty.fork()
        if child == 0:
            time.sleep(0.2)
            os.execv(sys.argv[1], sys.argv[1:])
        size(41, 123)
        seen, end = b"", time.time() + 40
        def wait(text):
            global seen
            while text not in seen and time.time() < end:
                if select.select([terminal], [], [], 0.1)[0]:
                    try: seen += os.read(terminal, 65536)
                    except OSError: return
        def shows(rows, columns):
            global seen
            seen = b""
            for _ in range(40):
                os.write(terminal, b"busybox stty size\\n")
                before = time.time()
                while time.time() < before + 0.25 and (b"%d %d" % (rows, columns)) not in seen:
                    if select.select([terminal], [], [], 0.05)[0]: seen += os.read(terminal, 65536)
                if (b"%d %d" % (rows, columns)) in seen: return
        wait(b"/ #")
        shows(41, 123); print("first" if b"41 123" in seen else seen)
        size(30, 90); os.kill(child, signal.SIGWINCH)
        shows(30, 90); print("second" if b"30 90" in seen else seen)
        os.write(terminal, b"exit 7\\n"); wait(b"no such text")
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """

    private func terminalsHaveTheirSize(_ client: Client) throws {
        let kubectl = [client.path, "--kubeconfig", client.cluster.kubeconfig]
        let exec = try run(
            "/usr/bin/env", ["python3", "-c", Self.typist] + kubectl + ["exec", "-it", "box", "--", "sh"])
        #expect(exec.output == "first\nsecond\n7\n", "1.\(client.minor): \(exec.output)\(exec.errors)")
        let arguments = ["run", "tty-\(client.minor)", "--rm", "-it"] + Self.once + ["--command", "--", "sh"]
        let attach = try run("/usr/bin/env", ["python3", "-c", Self.typist] + kubectl + arguments)
        #expect(attach.output == "first\nsecond\n7\n", "1.\(client.minor): \(attach.output)\(attach.errors)")
    }

    private func portForwardReachesThePod(_ client: Client) throws {
        let get = "curl -s -m 10 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:18490/"
        let outcome = try client.script(
            "$K port-forward pod/web 18490:80 18491:81 >forwarded 2>&1 & "
                + "for n in $(seq 100); do \(get) | grep -q 200 && break; sleep 0.1; done; "
                + "seq 40 | xargs -P 10 -I{} \(get) | sort | uniq -c; "
                + "curl -s -m 10 http://127.0.0.1:18491/; echo curl $?; sleep 0.5; kill $! 2>/dev/null; wait; "
                + "cat forwarded")
        #expect(outcome.lines.first?.split(separator: " ") == ["40", "200"], "1.\(client.minor): \(outcome.output)")
        #expect(outcome.output.contains("curl 52\n"), "1.\(client.minor): \(outcome.output)")
        #expect(outcome.output.contains("connection refused"), "1.\(client.minor): \(outcome.output)")
    }

    /// Once, at the end: a container that was killed before waits for its restart.
    private func aForwardedConnectionEndsWithItsContainer(_ client: Client) throws {
        let outcome = try client.script(
            "$K port-forward pod/web 18492:80 >ended 2>&1 & F=$!; "
                + "for n in $(seq 100); do grep -q Forwarding ended && break; sleep 0.1; done; "
                + "(exec 3<>/dev/tcp/127.0.0.1/18492; timeout 20 cat <&3; echo end $?) & C=$!; sleep 0.5; "
                + "$K exec web -- sh -c 'kill 1' 2>/dev/null; wait $C; kill $F; wait $F 2>/dev/null")
        #expect(outcome.output.contains("end 0\n"), "1.\(client.minor): \(outcome.output)")
    }
}
