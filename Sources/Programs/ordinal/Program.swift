internal import ArgumentParser
internal import CommandLine

@main struct Program {
    static func main() async { await OrdinalCommand.main() }
}
