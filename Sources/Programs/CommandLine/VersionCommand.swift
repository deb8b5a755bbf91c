internal import ArgumentParser
internal import ClusterAssembly

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of Ordinal and of the Kubernetes API it serves.")

    func run() { print(Release.text) }
}
