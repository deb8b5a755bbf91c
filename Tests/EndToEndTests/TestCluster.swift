import Foundation
import ObjectModel
import Testing

/// A real `ordinal up` with a data directory of its own, and kubectl to drive it.
final class TestCluster {
    let dataDirectory: String
    let port: Int
    let arguments: [String]
    private var process: Process?

    var kubeconfig: String { "\(dataDirectory)/kubeconfig" }
    var log: String { (try? String(contentsOfFile: "\(dataDirectory)/ordinal.log", encoding: .utf8)) ?? "" }
    var pid: Int32? { process?.processIdentifier }

    /// Starts a cluster; `name` keeps the data directories of a run apart.
    init(_ name: String, port: Int, arguments: [String] = []) throws {
        dataDirectory = "/tmp/ord-\(getpid())-\(name)"
        self.port = port
        self.arguments = arguments
        try FileManager.default.createDirectory(atPath: dataDirectory, withIntermediateDirectories: true)
        try start()
    }

    func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Machine.ordinal)
        process.arguments =
            ["up", "--data-dir", dataDirectory, "--listen", "127.0.0.1:\(port)", "--node-name", "n1"] + arguments
        let path = "\(dataDirectory)/ordinal.log"
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        handle.seekToEndOfFile()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        try waitUntil("the API is ready", seconds: 30) {
            guard process.isRunning else { throw Failure("ordinal ended: \(log.suffix(2000))") }
            return try run(
                Machine.ordinal, ["status", "--data-dir", dataDirectory]
            ).code == 0
        }
    }

    /// Ends the process as a crash would.
    func crash() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Ends the process as Ctrl-C would.
    func interrupt() {
        guard let process else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// `ordinal down --purge`: nothing stays.
    @discardableResult
    func down(purge: Bool = true) throws -> CommandOutcome {
        let outcome = try run(
            Machine.ordinal, ["down", "--yes", "--data-dir", dataDirectory] + (purge ? ["--purge"] : []),
            timeout: 120)
        if process?.isRunning == false { process = nil }
        return outcome
    }

    /// Removes everything, whatever state it is in.
    func remove() {
        _ = try? down()
        crash()
        try? FileManager.default.removeItem(atPath: dataDirectory)
    }

    func importImages(_ names: [String]) throws {
        for name in names {
            let outcome = try run(
                Machine.ordinal, ["image", "import", "--data-dir", dataDirectory, Machine.image(name)])
            try #require(outcome.code == 0, "import \(name): \(outcome.errors)")
        }
    }

    /// kubectl to its end, whatever its exit code.
    func tryKubectl(
        _ arguments: [String], input: String? = nil, client: String? = nil, timeout: Double = 60
    ) throws -> CommandOutcome {
        try run(
            client ?? Machine.kubectl ?? "kubectl", ["--kubeconfig", kubeconfig] + arguments, input: input,
            timeout: timeout)
    }

    /// kubectl that must succeed; answers with its output.
    @discardableResult
    func kubectl(
        _ arguments: String..., input: String? = nil, timeout: Double = 60
    ) throws -> String {
        let outcome = try tryKubectl(arguments, input: input, timeout: timeout)
        try #require(
            outcome.code == 0, "kubectl \(arguments.joined(separator: " ")): \(outcome.errors)\(outcome.output)")
        return outcome.output
    }

    func json(_ arguments: String...) throws -> Value {
        let outcome = try tryKubectl(arguments + ["-o", "json"])
        try #require(outcome.code == 0, "kubectl \(arguments.joined(separator: " ")): \(outcome.errors)")
        return try JSON.parse(outcome.output)
    }

    func waitUntil(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if try condition() { return }
            usleep(50_000)
        }
        throw Failure("not within \(seconds) s: \(what)\n\(log.suffix(3000))")
    }

    /// Waits until every replica is Ready, and at the newest revision.
    func waitForRollout(_ set: String, namespace: String = "default", seconds: Double = 60) throws {
        let outcome = try tryKubectl(
            ["rollout", "status", "statefulset/\(set)", "-n", namespace, "--timeout=\(Int(seconds))s"],
            timeout: seconds + 5)
        if outcome.code != 0 {
            let pods = try tryKubectl(["describe", "pods", "-n", namespace]).output
            throw Failure("rollout of \(set): \(outcome.errors)\n\(pods.suffix(4000))\n\(log.suffix(2000))")
        }
    }

    /// Runs a shell command in a new pod of an image and answers with what it printed. `overrides` is merged into the pod.
    func inPod(
        _ name: String, image: String, namespace: String = "default", overrides: String = "{}", _ command: String
    ) throws -> String {
        try kubectl(
            "run", name, "-n", namespace, "--image=\(image)", "--image-pull-policy=IfNotPresent", "--restart=Never",
            "--overrides", overrides, "--command", "--", "sh", "-c", command)
        defer { _ = try? tryKubectl(["delete", "pod", name, "-n", namespace, "--grace-period=0", "--force"]) }
        do {
            try waitUntil("pod \(name) ends") {
                let phase = try kubectl("get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.phase}")
                return phase == "Succeeded" || phase == "Failed"
            }
        } catch {
            let pod = try tryKubectl(["describe", "pod", name, "-n", namespace]).output
            let log = try tryKubectl(["logs", name, "-n", namespace]).output
            throw Failure("\(error)\n\(pod.suffix(4000))\n\(log.suffix(2000))")
        }
        return try kubectl("logs", name, "-n", namespace)
    }
}

/// Why a test could not go on.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What happens to the pods of a set while something is done, as a watch saw it.
final class PodWatch {
    /// One change: the pod, and whether it was there, Ready and being deleted after it.
    struct Change {
        let pod: String
        let isGone: Bool
        let isReady: Bool
        let isTerminating: Bool
    }

    private let process = Process()
    private let path: String

    init(_ cluster: TestCluster, selector: String, namespace: String = "default") throws {
        path = "\(cluster.dataDirectory)/watch-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        process.executableURL = URL(fileURLWithPath: Machine.kubectl ?? "kubectl")
        let template =
            #"{.type}{"|"}{.object.metadata.name}{"|"}{.object.status.conditions[?(@.type=="Ready")].status}{"|"}"#
            + #"{.object.metadata.deletionTimestamp}{"\n"}"#
        process.arguments = [
            "--kubeconfig", cluster.kubeconfig, "get", "pods", "-n", namespace, "-l", selector, "-w",
            "--output-watch-events", "-o", "jsonpath=\(template)",
        ]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(700_000)  // kubectl prints nothing that says its watch is open
    }

    /// Ends the watch and answers with what it saw.
    func finish() -> [Change] {
        usleep(300_000)
        process.terminate()
        process.waitUntilExit()
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4 else { return nil }
            return Change(
                pod: parts[1], isGone: parts[0] == "DELETED", isReady: parts[2] == "True",
                isTerminating: !parts[3].isEmpty)
        }
    }
}

/// The rules of order, checked after every change that a watch saw.
enum OrderRules {
    /// Each pod is first seen only after all lower ordinals are Ready. A watch that saw fewer than `count` pods was late.
    static func createdInOrder(_ changes: [PodWatch.Change], set: String, count: Int) -> [String] {
        var ready: [String: Bool] = [:]
        var problems: [String] = []
        let seen = Set(changes.map(\.pod)).count
        if seen != count { problems.append("the watch saw \(seen) pods, not \(count)") }
        for change in changes {
            if ready[change.pod] == nil, !change.isGone, let ordinal = ordinal(change.pod, of: set) {
                for lower in 0..<ordinal where ready["\(set)-\(lower)"] != true {
                    problems.append("\(change.pod) appeared before \(set)-\(lower) was Ready")
                }
            }
            ready[change.pod] = change.isGone ? nil : change.isReady
        }
        return problems
    }

    /// How many pods were gone, ending or not Ready at a time, of pods that were all Ready before.
    static func mostAway(_ changes: [PodWatch.Change]) -> Int {
        var away: Set<String> = []
        var most = 0
        for change in changes {
            if change.isGone || change.isTerminating || !change.isReady {
                away.insert(change.pod)
            } else {
                away.remove(change.pod)
            }
            most = max(most, away.count)
        }
        return most
    }

    /// Each pod begins to terminate only when every higher ordinal is gone; those from `lowest` up go.
    static func deletedInReverseOrder(
        _ changes: [PodWatch.Change], set: String, from highest: Int, to lowest: Int
    ) -> [String] {
        var present = Set((0...highest).map { "\(set)-\($0)" })
        var terminating: Set<String> = []
        var problems: [String] = []
        for change in changes {
            if change.isTerminating, !change.isGone, terminating.insert(change.pod).inserted,
                let ordinal = ordinal(change.pod, of: set)
            {
                for higher in (ordinal + 1)..<(highest + 2) where present.contains("\(set)-\(higher)") {
                    problems.append("\(change.pod) was deleted while \(set)-\(higher) was there")
                }
            }
            if change.isGone { present.remove(change.pod) }
        }
        let expected = Set((lowest...highest).map { "\(set)-\($0)" })
        if terminating != expected {
            problems.append("the watch saw \(terminating.sorted()) terminate, not \(expected.sorted())")
        }
        return problems
    }

    static func ordinal(_ pod: String, of set: String) -> Int? {
        pod.hasPrefix("\(set)-") ? Int(pod.dropFirst(set.count + 1)) : nil
    }
}
