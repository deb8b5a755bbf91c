internal import FoundationEssentials
internal import Glibc
internal import SQLiteStorage

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

    /// Held by the running process.
    private var lockFile: String { "\(path)/\(Self.lockName)" }
    private static let lockName = "instance.lock"

    /// What we put into it, beside what a person's start script may (`ordinal.log`).
    private static let ownNames: Set = [
        "instance-id", "node-name", "instance.json", lockName, "kubeconfig", "node", "pki", "store.sqlite",
        "store.sqlite-wal",
        "store.sqlite-shm", "store.sqlite.lock", "volumes", "ordinal.log",
    ]

    /// Whether we put it there, as a file or on its way to be one: a crash may leave that.
    private static func isOwn(_ name: String) -> Bool {
        ownNames.contains(name) || (name.hasSuffix(".new") && ownNames.contains(String(name.dropLast(4))))
    }

    /// Makes the directory, for its owner only. One that holds other things is refused: it would be closed to others now,
    /// and parts of it deleted by a purge.
    package func create() throws(StartupError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .failed("The data directory \(path) cannot be made: \(error)")
        }
        guard access(path, W_OK) == 0 else {
            throw .failed("The data directory \(path) is not writable by this user. Choose another with --data-dir.")
        }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        if !entries.contains("instance-id"), let foreign = entries.first(where: { !Self.isOwn($0) }) {
            throw .failed("\(path) holds other things (\(foreign)). Choose an empty directory with --data-dir.")
        }
        chmod(path, 0o700)
    }

    /// Marks the directory as in use until the result is let go. Two processes never get it at once.
    func lock() throws(StartupError) -> DataDirectoryLock {
        do throws(StoreOpenError) {
            return try DataDirectoryLock(path: lockFile)
        } catch {
            if case .inUse = error { throw .dataDirectoryInUse(path) }
            throw .failed(error.description)
        }
    }

    /// As `lock`; nil while somebody else has it.
    func lockIfFree() throws(StartupError) -> DataDirectoryLock? {
        do throws(StartupError) {
            return try lock()
        } catch {
            guard case .dataDirectoryInUse = error else { throw error }
            return nil
        }
    }

    /// Whether a process uses the directory now.
    var isInUse: Bool {
        guard access(lockFile, F_OK) == 0 else { return false }
        do throws(StartupError) {
            _ = try lock()
            return false
        } catch {
            return true
        }
    }

    /// In which order a purge deletes these names, ours alone: the lock last, so that nobody starts in the midst of it.
    static func purgeOrder(_ names: [String]) -> [String] {
        let own = names.filter(isOwn).sorted()
        return own.filter { $0 != lockName } + own.filter { $0 == lockName }
    }

    /// Deletes what we put into the directory, and the directory when nothing else is in it. The caller has the lock.
    func purge() throws(StartupError) {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in Self.purgeOrder(entries) {
            do {
                try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            } catch {
                throw .failed("\(path)/\(name) cannot be deleted: \(error)")
            }
        }
        rmdir(path)
    }

    /// That the directory is not this user's to read; nil when it is, or is not there.
    var denial: StartupError? {
        let file = open(instance, O_RDONLY | O_CLOEXEC)
        if file >= 0 { close(file) }
        return file < 0 ? denial(code: errno) : nil
    }

    /// What the failure `code` (an `errno`) to read the directory says; nil when it only says that nothing is there.
    func denial(code: Int32) -> StartupError? {
        guard code == EACCES || code == EPERM else { return nil }
        return .failed("\(path) may not be read by this user (permission denied). Run this as its owner, or with sudo.")
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

    /// The node's name as it was when the directory was first used; nil before.
    package var nodeName: String? { Self.read(nodeNameFile).flatMap { $0.isEmpty ? nil : $0 } }
    private var nodeNameFile: String { "\(path)/node-name" }

    /// Writes the node's name down. Refuses another one than before: pods are bound to their node by name, and neither
    /// they nor their volumes would be found under a new one.
    func keep(nodeName name: String) throws(StartupError) {
        guard let known = nodeName else { return try Self.write(name, to: nodeNameFile, mode: 0o600) }
        if known == name { return }
        throw .failed(
            "The node of \(path) is called \(known); as \(name) it would lose its pods. "
                + "Start it with --node-name \(known), or choose another directory with --data-dir.")
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
