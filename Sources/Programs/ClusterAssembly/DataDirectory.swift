internal import FoundationEssentials
internal import Glibc

/// The directory that holds all state of one instance, and the paths in it.
package struct DataDirectory: Sendable, Hashable {
    /// The directory itself.
    package let path: String

    /// The directory at `path`; nothing is made yet.
    package init(_ path: String) { self.path = path }

    /// The store.
    package var store: String { "\(path)/store.sqlite" }
    /// Certificates and keys.
    package var pki: String { "\(path)/pki" }
    /// What runs now, for the other commands.
    package var instance: String { "\(path)/instance.json" }
    /// The node's state: containerd's, volumes, logs.
    package var node: String { "\(path)/node" }
    /// The socket of the private containerd.
    package var containerdSocket: String { "\(containerd)/containerd.sock" }
    /// containerd's state.
    package var containerd: String { "\(node)/containerd" }
    /// PersistentVolumes of the local provisioner.
    package var volumes: String { "\(path)/volumes" }

    /// Makes the directory, for its owner only.
    package func create() throws(StartupError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .failed("The data directory \(path) cannot be made: \(error)")
        }
        guard access(path, W_OK) == 0 else {
            throw .failed("The data directory \(path) is not writable by this user. Choose another with --data-dir.")
        }
        chmod(path, 0o700)
    }

    /// The id that everything host-wide of this instance is named after: 8 hexadecimal digits, made once.
    package func instanceID() throws(StartupError) -> String {
        let file = "\(path)/instance-id"
        if let known = Self.read(file), known.count == 8 { return known }
        let id = String(UInt32.random(in: .min ... .max), radix: 16)
        let padded = String(repeating: "0", count: 8 - id.count) + id
        try Self.write(padded, to: file, mode: 0o600)
        return padded
    }

    /// The text of a file; nil when it cannot be read.
    static func read(_ file: String) -> String? { try? String(contentsOfFile: file, encoding: .utf8) }

    /// Writes a file atomically: readers see the old or the new text.
    static func write(_ text: String, to file: String, mode: UInt32) throws(StartupError) {
        let temporary = "\(file).new"
        do {
            let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try? FileManager.default.removeItem(atPath: temporary)
            guard FileManager.default.createFile(atPath: temporary, contents: nil) else {
                throw StartupError.failed("\(temporary) cannot be written")
            }
            chmod(temporary, mode)
            try Data(text.utf8).write(to: URL(filePath: temporary))
            guard rename(temporary, file) == 0 else { throw StartupError.failed("\(file) cannot be replaced") }
        } catch let error as StartupError {
            throw error
        } catch {
            throw .failed("\(file) cannot be written: \(error)")
        }
    }
}
