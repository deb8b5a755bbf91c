internal import ObjectModel

/// The description of a further process in a container, made from that of its first one.
enum ContainerProcess {
    /// The type that containerd knows the description by.
    static let typeURL = "types.containerd.io/opencontainers/runtime-spec/1/Process"

    /// The OCI process for a command, from CRI's verbose status of the container (`info`); nil when that has none.
    static func specification(info: String, command: [String], tty: Bool) -> [UInt8]? {
        guard let status = try? JSON.parse(info), var process = status["runtimeSpec", "process"] else { return nil }
        process.set(["args"], to: .array(command.map { .string($0) }))
        process.set(["terminal"], to: .bool(tty))
        process.set(["consoleSize"], to: nil)
        // A command that was exempted from the OOM killer's score would need a privilege.
        process.set(["oomScoreAdj"], to: nil)
        guard tty else { return JSON.write(process) }
        let environment = process["env"]?.array ?? []
        if !environment.contains(where: { $0.string?.hasPrefix("TERM=") == true }) {
            process.set(["env"], to: .array(environment + ["TERM=xterm"]))
        }
        return JSON.write(process)
    }
}
