import Foundation

/// What this machine can do, and why not.
enum Machine {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let ordinal = root.appendingPathComponent(".build/debug/ordinal").path
    static let kubectl = find("kubectl")

    /// How often a process is killed in the tests that do so; `make soak` asks for more.
    static let crashRounds = Int(ProcessInfo.processInfo.environment["ORDINAL_CRASH_ROUNDS"] ?? "") ?? 5

    /// Whether this is `make soak`, which tells the number of kills.
    static let isSoak = ProcessInfo.processInfo.environment["ORDINAL_CRASH_ROUNDS"] != nil

    static var isRoot: Bool { geteuid() == 0 }
    static var runsContainers: Bool {
        isRoot && find("containerd") != nil && (find("crun") ?? find("runc")) != nil
            && FileManager.default.fileExists(atPath: image("nginx-1.25.4"))
    }

    static func image(_ name: String) -> String { root.appendingPathComponent("images/out/\(name).tar").path }
    static func manifest(_ name: String) -> String {
        root.appendingPathComponent("Tests/EndToEndTests/Manifests/\(name).yaml").path
    }

    /// The minor version of the `kubectl` in PATH.
    static let kubectlMinor: Int? = {
        guard let kubectl, let outcome = try? run(kubectl, ["version", "--client", "-o", "json"]),
            let minor = outcome.output.firstMatch(of: /"minor": "(\d+)/)
        else { return nil }
        return Int(minor.1)
    }()

    /// The kubectl clients of this machine, by minor version; the one in PATH among them.
    static let clients: [Int: String] = {
        var clients: [Int: String] = [:]
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + ["/usr/lib/google-cloud-sdk/bin"]
        for minor in 20...40 {
            for folder in folders {
                let path = "\(folder)/kubectl.1.\(minor)"
                if FileManager.default.isExecutableFile(atPath: path) { clients[minor] = path }
            }
        }
        if let kubectl, let kubectlMinor, clients[kubectlMinor] == nil { clients[kubectlMinor] = kubectl }
        return clients
    }()

    /// Clients for what takes long: in a soak all, else the oldest, the first that speaks WebSocket, and the newest.
    static let chosenClients: [Int: String] = {
        let minors = clients.keys.sorted()
        let chosen = [minors.first, minors.first { $0 >= 30 }, minors.last]
        return isSoak ? clients : clients.filter { chosen.contains($0.key) }
    }()

    static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin"]
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// The end of a command.
struct CommandOutcome {
    let code: Int32
    let output: String
    let errors: String
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a command to its end; kills it after `timeout` seconds.
@discardableResult
func run(_ program: String, _ arguments: [String], input: String? = nil, timeout: Double = 60) throws -> CommandOutcome
{
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let folder = FileManager.default.temporaryDirectory
    let id = UUID().uuidString
    let (outURL, errURL) = (folder.appendingPathComponent("\(id).out"), folder.appendingPathComponent("\(id).err"))
    _ = FileManager.default.createFile(atPath: outURL.path, contents: nil)
    _ = FileManager.default.createFile(atPath: errURL.path, contents: nil)
    defer {
        try? FileManager.default.removeItem(at: outURL)
        try? FileManager.default.removeItem(at: errURL)
    }
    process.standardOutput = try FileHandle(forWritingTo: outURL)
    process.standardError = try FileHandle(forWritingTo: errURL)
    let pipe = Pipe()
    process.standardInput = input == nil ? FileHandle.nullDevice : pipe
    try process.run()
    if let input {
        pipe.fileHandleForWriting.write(Data(input.utf8))
        try? pipe.fileHandleForWriting.close()
    }
    let deadline = Date().addingTimeInterval(timeout)
    while process.isRunning, Date() < deadline { usleep(5000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return CommandOutcome(
        code: process.terminationStatus, output: (try? String(contentsOf: outURL, encoding: .utf8)) ?? "",
        errors: (try? String(contentsOf: errURL, encoding: .utf8)) ?? "")
}
