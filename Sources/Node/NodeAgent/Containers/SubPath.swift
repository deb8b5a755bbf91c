internal import NodeInterfaces

/// Where a subPath of a volume is on the host.
///
/// A container may have left a symbolic link in the volume that leads anywhere on the host: none is followed
/// (CVE-2017-1002101). A race remains: a container that runs can put a link in the place of a directory between this
/// look and the mount.
enum SubPath {
    /// The path of `below` in the volume at `root`; directories that are missing are made, one level at a time.
    static func resolve(_ below: String, in root: String) throws(ConfigurationError) -> String {
        let names = below.split(separator: "/").filter { $0 != "." }.map(String.init)
        guard !below.hasPrefix("/"), !names.contains("..") else {
            throw ConfigurationError("subPath \"\(below)\" leads out of the volume")
        }
        var path = names.first.flatMap { data(of: $0, in: root) } ?? root
        for (index, name) in names.enumerated() {
            path += "/\(name)"
            let shown = names[...index].joined(separator: "/")
            switch HostFiles.kind(path, followLinks: false) {
            case nil: try make(path)
            case .link: throw ConfigurationError("\"\(shown)\" of subPath \"\(below)\" is a symbolic link")
            case .directory: break
            default:
                guard index == names.count - 1 else {
                    throw ConfigurationError("\"\(shown)\" of subPath \"\(below)\" is not a directory")
                }
            }
        }
        return path
    }

    /// The directory that holds `name` when it is one of the links of a configMap, secret, downwardAPI or projected
    /// volume (`NAME` to `..data/NAME`, `..data` to a directory beside it): these stay inside whoever made them.
    private static func data(of name: String, in root: String) -> String? {
        guard HostFiles.linkTarget("\(root)/\(name)") == "..data/\(name)",
            let version = AtomicLayout.version(in: root)
        else { return nil }
        return "\(root)/\(version)"
    }

    private static func make(_ path: String) throws(ConfigurationError) {
        do throws(HostFileError) {
            try HostFiles.makeChildDirectory(path)
        } catch {
            throw ConfigurationError(error.description)
        }
    }
}
