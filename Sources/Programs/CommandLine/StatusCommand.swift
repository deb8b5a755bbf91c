internal import ArgumentParser
internal import ClusterAssembly

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say whether the cluster runs, where, and what is in it.")

    @OptionGroup var dataDirectory: DataDirectoryOption

    func run() async throws {
        let report = await ClusterReport.read(dataDirectory: dataDirectory.path)
        for line in report.lines { print(line) }
        if !report.isReady { throw ExitCode(1) }
    }
}
