package import ArgumentParser
internal import ClusterAssembly

/// The program: `ordinal SUBCOMMAND`.
package struct OrdinalCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ordinal",
        abstract: "Runs StatefulSets with the Kubernetes API, from one process.",
        discussion: """
            Start a cluster on this machine with `ordinal up`, then use kubectl with the kubeconfig it names.
            Every option can also be given as an environment variable: --data-dir is ORDINAL_DATA_DIR, and so on.
            """,
        version: Release.text,
        subcommands: [
            UpCommand.self, DownCommand.self, StatusCommand.self, KubeconfigCommand.self, ImageCommand.self,
            VersionCommand.self,
        ])

    /// The command as ArgumentParser makes it.
    package init() {}
}
