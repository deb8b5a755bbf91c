package import Processes

/// Why the node's network is not as it should be.
package enum NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The settings contradict themselves or the machine's network.
    case unusableSettings(String)
    /// A program of the system is missing or said no.
    case program(ProgramError)
    /// A file or kernel setting could not be written.
    case file(path: String, reason: String)

    package var description: String {
        switch self {
        case .unusableSettings(let reason): reason
        case .program(let error): error.description
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}
