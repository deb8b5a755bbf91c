/// Why a store could not be opened, in words for the person who started the program.
package enum StoreOpenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another process (or another store of this one) has it open.
    case inUse(path: String)
    /// The file was written by a newer version.
    case newerFormat(path: String, found: Int, supported: Int)
    /// The file is no store of ours.
    case foreignFile(path: String)
    /// SQLite does not keep the promise that a commit survives power loss.
    case notDurable(path: String, setting: String)
    /// The file contradicts itself.
    case damaged(path: String, reason: String)
    /// The file cannot be opened, read or written.
    case unreadable(path: String, reason: String)

    package var description: String {
        switch self {
        case .inUse(let path):
            "\(path) is locked: another Ordinal uses this data directory"
        case .newerFormat(let path, let found, let supported):
            "\(path) has format \(found), and this version of Ordinal reads up to \(supported): "
                + "start the newer version that wrote it, or use another data directory"
        case .foreignFile(let path):
            "\(path) is an SQLite file of another program"
        case .notDurable(let path, let setting):
            "\(path): SQLite reports \(setting), so writes would not survive power loss"
        case .damaged(let path, let reason):
            "\(path) is damaged: \(reason)"
        case .unreadable(let path, let reason):
            "\(path) cannot be used: \(reason)"
        }
    }
}
