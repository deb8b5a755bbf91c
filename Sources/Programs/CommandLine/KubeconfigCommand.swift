internal import ArgumentParser
internal import ClusterAssembly

struct KubeconfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig", abstract: "Print the kubeconfig of the cluster's administrator.")

    @OptionGroup var dataDirectory: DataDirectoryOption

    func run() throws {
        do throws(StartupError) {
            print(try Instance.kubeconfig(dataDirectory: dataDirectory.path), terminator: "")
        } catch {
            complain(error.description)
            throw ExitCode(1)
        }
    }
}
