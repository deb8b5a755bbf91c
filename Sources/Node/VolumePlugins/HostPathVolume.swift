package import NodeInterfaces
package import ObjectModel

/// hostPath volumes: a path of the node, checked or made as its type says.
package struct HostPathVolume: VolumePlugin {
    /// The plugin.
    package init() {}

    package func serves(_ source: Value) -> Bool { source["hostPath"]?.fields != nil }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        try Self.prepare(request.source["hostPath"] ?? .null)
    }

    package func tearDown(_ request: VolumeRequest) async throws(VolumeError) {}

    /// Checks or makes the path of a hostPath source; returns it.
    static func prepare(_ source: Value) throws(VolumeError) -> String {
        let path = source["path"]?.string ?? ""
        guard path.hasPrefix("/") else { throw VolumeError("hostPath \"\(path)\" is not an absolute path") }
        do throws(HostFileError) {
            try prepare(path, type: source["type"]?.string ?? "")
        } catch {
            throw VolumeError(error.description)
        }
        let type = source["type"]?.string ?? ""
        if let expected = expectedKind[type], HostFiles.kind(path) != expected.kind {
            throw VolumeError("hostPath type check failed: \(path) is not \(expected.name)")
        }
        return path
    }

    private static let expectedKind: [String: (kind: HostFiles.Kind, name: String)] = [
        "Directory": (.directory, "a directory"), "DirectoryOrCreate": (.directory, "a directory"),
        "File": (.file, "a file"), "FileOrCreate": (.file, "a file"), "Socket": (.socket, "a socket file"),
        "CharDevice": (.characterDevice, "a character device"), "BlockDevice": (.blockDevice, "a block device"),
    ]

    private static func prepare(_ path: String, type: String) throws(HostFileError) {
        guard HostFiles.kind(path) == nil else { return }
        switch type {
        // Without a type the runtime would make a directory anyway; so it is made with known permissions.
        case "", "DirectoryOrCreate": try HostFiles.makeDirectory(path)
        case "FileOrCreate": try HostFiles.write([], to: path)
        default: break
        }
    }
}
