internal import APIProtocol
internal import Synchronization

/// The bytes of all request bodies that a server holds, from their arrival to the reply.
///
/// A part of it can only be taken by requests with a client certificate, which TLS has checked; a token is not judged
/// before its body is there, so tokens that anyone can invent do not lock the certificates' holders out.
final class BodyBudget: Sendable {
    private let used = Mutex(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Takes so many bytes for a request with these credentials; false when there are none left for it.
    func take(_ bytes: Int, for credentials: Credentials) -> Bool {
        let bound =
            switch credentials {
            case .certificate, .inProcess: limit
            case .bearer: limit / 4 * 3
            case .none: limit / 4
            }
        return used.withLock { used in
            guard used + bytes <= bound else { return false }
            used += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
