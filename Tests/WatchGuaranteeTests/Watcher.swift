import APIProtocol
import HTTPCalling
import ObjectModel
import Synchronization

/// A client that keeps a picture of what it watches, as informers do: list, watch, go on after each end, list anew when
/// it is told that its revision is gone. All it was told is recorded.
struct Watcher: Sendable {
    /// How it reads.
    enum Manner: Sendable, CaseIterable {
        case patient
        /// Reads again only after many more changes.
        case slow
        /// Gives its watch up after some pieces, and goes on where it was.
        case restless
        /// Stays away for so long that its revision may be gone.
        case absent
    }

    struct Outcome: Sendable {
        var recordings: [Recording] = []
        var listings: [Listing] = []
        var bookmarks = 0
        /// What it holds at the end, by name.
        var picture: [String: Value] = [:]
    }

    let scope: Scope
    let manner: Manner
    let transport: HTTPSTransport
    let history: History
    /// The revision that everybody must see at last; nil while there is more to come.
    let goal: @Sendable () -> Revision?

    func run() async -> Outcome {
        var outcome = Outcome()
        while !Task.isCancelled {
            guard var revision = await list(&outcome) else {
                await pause()
                continue
            }
            while !Task.isCancelled, await watch(&revision, &outcome) {
                if let goal = goal(), revision >= goal { return outcome }
            }
        }
        return outcome
    }

    private func list(_ outcome: inout Outcome) async -> Revision? {
        let request = APIRequest(.get, scope.path, query: scope.query)
        guard let reply = try? await transport.send(request), reply.code == 200, case .bytes(let bytes) = reply.body,
            let list = try? JSON.parse(bytes)
        else { return nil }
        outcome.picture = [:]
        for item in list["items"]?.array ?? [] { outcome.picture[item.namespacedName.description] = item }
        let revision = list.revision ?? .zero
        outcome.listings.append(Listing(scope: scope, revision: revision, picture: outcome.picture))
        return revision
    }

    /// The server is away: it is asked again when somebody could write.
    private func pause() async {
        if goal() == nil { await history.wait(for: 1) } else { await Task.yield() }
    }

    /// Watches on from `revision`. False when it has to be listed again.
    private func watch(_ revision: inout Revision, _ outcome: inout Outcome) async -> Bool {
        if manner == .absent, goal() == nil { await history.wait(for: 150) }
        let query: [(name: String, value: String)] = [
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", revision.description),
        ]
        let request = APIRequest(.get, scope.path, query: scope.query + query)
        guard let reply = try? await transport.send(request), reply.code < 500 else {
            await pause()
            return true
        }
        if reply.code == 410 { return false }
        var recording = Recording(scope: scope, after: revision)
        defer { outcome.recordings.append(recording) }
        guard reply.code == 200, case .stream(let stream) = reply.body else {
            recording.fault = "the answer is \(reply.code)"
            return true
        }
        defer { stream.cancel() }
        var pieces = 0
        var rest: [UInt8] = []
        while let piece = (try? await stream.next()) ?? nil {
            rest += piece
            while let end = rest.firstIndex(of: 0x0A) {
                guard let told = Told(line: Array(rest[..<end])) else {
                    recording.fault = "no event: \(String(decoding: rest[..<end], as: UTF8.self))"
                    return true
                }
                rest.removeFirst(end + 1)
                if told.type == "ERROR" {
                    let code = told.object["code"]?.int ?? 0
                    // The store is being closed.
                    if code != 410, code < 500 { recording.fault = "an error: \(JSON.text(told.object))" }
                    return code != 410
                }
                recording.told.append(told)
                take(told, &outcome)
                revision = told.revision
            }
            if let goal = goal(), revision >= goal { return true }
            pieces += 1
            if manner == .restless, pieces % 5 == 0 { return true }
            if manner == .slow, goal() == nil { await history.wait(for: 60) }
        }
        return true
    }

    private func take(_ told: Told, _ outcome: inout Outcome) {
        let name = told.object.namespacedName.description
        switch told.type {
        case "BOOKMARK": outcome.bookmarks += 1
        case "DELETED": outcome.picture[name] = nil
        default: outcome.picture[name] = told.object
        }
    }
}
