internal import APIProtocol
internal import ObjectModel
internal import Synchronization

/// The bytes that a server holds for all its requests: of their bodies, from their arrival to the reply, or of replies,
/// until they have left.
///
/// A part of it can only be taken by requests with a client certificate, which TLS has checked; a token is not judged
/// before its body is there, so tokens that anyone can invent do not lock the certificates' holders out.
final class ByteBudget: Sendable {
    private let used = Mutex(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Takes so many bytes for a request with these credentials; false when there are not so many left for it.
    func take(_ bytes: Int, for credentials: Credentials) -> Bool {
        let share = share(of: credentials)
        return used.withLock { used in
            guard used + bytes <= share else { return false }
            used += bytes
            return true
        }
    }

    /// Takes so many bytes, however many they are, if there is any left for such a request: what is longer than the
    /// whole share is let through too, but nothing beside it.
    func takeLast(_ bytes: Int, for credentials: Credentials) -> Bool {
        let share = share(of: credentials)
        return used.withLock { used in
            guard used < share else { return false }
            used += bytes
            return true
        }
    }

    /// Takes what cannot be refused any more.
    func takeAnyway(_ bytes: Int) { used.withLock { $0 += bytes } }

    /// Whether any is left for such a request.
    func hasRoom(for credentials: Credentials) -> Bool {
        let share = share(of: credentials)
        return used.withLock { $0 < share }
    }

    func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }

    private func share(of credentials: Credentials) -> Int {
        switch credentials {
        case .certificate, .inProcess: limit
        case .bearer: limit / 4 * 3
        case .none: limit / 4
        }
    }
}

extension APIStatus {
    /// No reply has room in the budget.
    static var tooManyReplies: APIStatus {
        .tooManyRequests("the server has too many replies that are not read, please try again later")
    }
}
