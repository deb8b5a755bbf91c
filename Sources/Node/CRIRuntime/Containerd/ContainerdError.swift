package import Processes

/// Why containerd does not run.
package enum ContainerdError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The folder's name cannot be used.
    case unusableDirectory(String, reason: String)
    /// A unix socket's path would be longer than the kernel takes.
    case socketPathTooLong(String, limit: Int)
    /// A program is missing or said no.
    case program(ProgramError)
    /// A file could not be written or read.
    case file(path: String, reason: String)
    /// It was started and does not answer.
    case notReady(String)

    package var description: String {
        switch self {
        case .unusableDirectory(let path, let reason): "the folder \(path) cannot be used: \(reason)"
        case .socketPathTooLong(let path, let limit):
            "the socket path \(path) has \(path.utf8.count) bytes, the limit is \(limit); choose a shorter data directory"
        case .program(let error): error.description
        case .file(let path, let reason): "\(path): \(reason)"
        case .notReady(let reason): "containerd does not answer: \(reason)"
        }
    }
}
