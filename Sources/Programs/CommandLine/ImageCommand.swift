internal import ArgumentParser
internal import ClusterAssembly

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Manage the images of the node.", subcommands: [ImageImportCommand.self])
}

struct ImageImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import images from an OCI or Docker archive, so that pods need no registry.")

    @OptionGroup var dataDirectory: DataDirectoryOption
    @Argument(help: ArgumentHelp("The archive.", valueName: "file.tar")) var file: String

    func run() async throws {
        do throws(StartupError) {
            for name in try await ImageImport.run(
                dataDirectory: dataDirectory.path, archive: Settings.absolute(file))
            {
                print("imported \(name)")
            }
        } catch {
            complain(error.description)
            throw ExitCode(1)
        }
    }
}
