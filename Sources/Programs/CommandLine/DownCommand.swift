internal import ArgumentParser
internal import ClusterAssembly
internal import Glibc

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the pods in reverse ordinal order and remove networking, mounts and cgroups.",
        discussion: """
            Objects and volumes stay, so the next `ordinal up` starts the same pods again. With --purge everything below \
            the data directory is deleted.
            """)

    @OptionGroup var dataDirectory: DataDirectoryOption
    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "Delete all data too: objects, volumes, images.") var purge = false

    func run() async throws {
        guard confirmed() else {
            complain("nothing was stopped")
            throw ExitCode(1)
        }
        do {
            try await ClusterShutdown(dataDirectory: dataDirectory.path, purge: purge).run { print($0) }
        } catch let error as StartupError {
            complain(error.description)
            throw ExitCode(1)
        }
    }

    private func confirmed() -> Bool {
        if yes || Settings.environment("ORDINAL_YES") != nil { return true }
        guard isatty(0) == 1 else {
            complain("add --yes to stop without being asked")
            return false
        }
        let extent = purge ? "Stop all pods and delete ALL DATA below" : "Stop all pods of"
        print("\(extent) \(dataDirectory.path)? [y/N] ", terminator: "")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }
}
