internal import ArgumentParser
internal import ClusterAssembly
internal import Glibc
internal import ObjectModel

/// Where settings come from: the option, else the environment, else a default.
enum Settings {
    static func text(_ option: String?, _ variable: String, default fallback: @autoclosure () -> String) -> String {
        option ?? environment(variable) ?? fallback()
    }

    static func environment(_ variable: String) -> String? {
        guard let value = getenv(variable) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    static var isRoot: Bool { geteuid() == 0 }

    static var defaultDataDirectory: String {
        isRoot ? "/var/lib/ordinal" : "\(environment("HOME") ?? "/tmp")/.local/share/ordinal"
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: String?, _ variable: String, flag: String, default fallback: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = option ?? environment(variable) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(flag) \(text): must be one of \(allowed)")
        }
        return choice
    }

    static func range(
        _ option: String?, _ variable: String, flag: String, default fallback: IPv4Range
    ) throws -> IPv4Range {
        guard let text = option ?? environment(variable) else { return fallback }
        guard let range = IPv4Range(text) else {
            throw ValidationError("\(flag) \(text): must be an IPv4 range such as \(fallback)")
        }
        return range
    }

    static func number(_ option: Int?, _ variable: String, flag: String, default fallback: Int) throws -> Int {
        if let option { return option }
        guard let text = environment(variable) else { return fallback }
        guard let number = Int(text) else { throw ValidationError("\(flag) \(text): must be a number") }
        return number
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }
}

/// The option every subcommand shares.
struct DataDirectoryOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where all state lives. Default: /var/lib/ordinal, without root ~/.local/share/ordinal.", valueName: "dir"))
    var dataDir: String?

    var path: String {
        Settings.absolute(
            Settings.text(dataDir, "ORDINAL_DATA_DIR", default: Settings.defaultDataDirectory))
    }
}

/// Writes a message for the person at the terminal to standard error.
func complain(_ message: String) {
    let text = "ordinal: \(message)\n"
    _ = text.utf8.withContiguousStorageIfAvailable { write(2, $0.baseAddress, $0.count) }
}
