import APIProtocol
import ObjectModel
import ObjectStorage
import Synchronization

/// Everything that was committed, as the store told it.
final class History: Sendable {
    private struct State {
        var events: [StoreEvent] = []
        var isOver = false
        var waiters: [Int: (revision: Revision, continuation: CheckedContinuation<Void, Never>)] = [:]
        var nextWaiter = 0
    }
    private let state = Mutex(State())

    var events: [StoreEvent] { state.withLock { $0.events } }
    var last: Revision { state.withLock { $0.events.last?.revision ?? .zero } }

    /// Follows a store until it ends; goes on where it ended with the one before.
    func follow(_ store: some Store) async {
        do {
            let subscription = try await store.events(in: .everything, after: last, trigger: nil)
            while true { append(try await subscription.next(limit: 1 << 20)) }
        } catch {
            // It is closed, or the test is over.
        }
    }

    private func append(_ events: [StoreEvent]) {
        let ready = state.withLock { state in
            state.events += events
            let last = state.events.last?.revision ?? .zero
            let ready = state.waiters.filter { $0.value.revision <= last }
            for number in ready.keys { state.waiters[number] = nil }
            return ready
        }
        for waiter in ready.values { waiter.continuation.resume() }
    }

    /// Returns when `count` more changes are known than when it was called.
    func wait(for count: Int64) async { await wait(until: Revision(last.value + count)) }

    /// Returns when the change of a revision is known, when there is no more, or when the task is cancelled.
    func wait(until revision: Revision) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isOver || Task.isCancelled { return true }
                    if state.events.last?.revision ?? .zero >= revision { return true }
                    state.waiters[number] = (revision, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
        }
    }

    /// There is no more: nobody waits any longer.
    func end() {
        let waiters = state.withLock { state in
            state.isOver = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.continuation.resume() }
    }
}

/// Which objects a watch is about, judged apart from the server's code.
struct Scope: Sendable {
    let path: String
    var query: [(name: String, value: String)] = []
    let matches: @Sendable (Value) -> Bool

    /// What is there after these changes, by name.
    static func picture(_ history: [StoreEvent]) -> [String: Value] {
        var picture: [String: Value] = [:]
        for event in history {
            let value = event.current.value
            picture[value.namespacedName.description] = event.kind == .deleted ? nil : value
        }
        return picture
    }

    /// What a watch from a revision on must tell, in order.
    func expected(_ history: [StoreEvent], after revision: Revision) -> [Told] {
        history.filter { $0.revision > revision }.compactMap { event in
            let isGone = event.kind == .deleted
            let was = event.previous.map { matches($0.value) } ?? false
            let isMatch = !isGone && matches(event.current.value)
            switch (was, isMatch) {
            case (false, true): return Told("ADDED", event.current.json, event.revision)
            case (true, true): return Told("MODIFIED", event.current.json, event.revision)
            // What leaves a selection is told as it was, with the revision of the change.
            case (true, false):
                let final = isGone ? event.current.object : event.previous?.object
                return Told("DELETED", final?.json(at: event.revision) ?? [], event.revision)
            case (false, false): return nil
            }
        }
    }
}

/// One event of a watch.
struct Told: Sendable, Equatable, CustomStringConvertible {
    let type: String
    let object: Value
    let revision: Revision

    init(_ type: String, _ json: [UInt8], _ revision: Revision) {
        self.type = type
        object = (try? JSON.parse(json)) ?? .null
        self.revision = revision
    }

    init?(line: [UInt8]) {
        guard let event = try? JSON.parse(line), let type = event["type"]?.string, let object = event["object"] else {
            return nil
        }
        self.type = type
        self.object = object
        revision = object.revision ?? .zero
    }

    var description: String { "\(type) \(object.name) at \(revision)" }
}

/// What one watch told, from where it began.
struct Recording: Sendable {
    let scope: Scope
    let after: Revision
    var told: [Told] = []
    /// What came and was no event.
    var fault: String?

    /// What does not agree with what happened: events must be those of the history, in order, each once, none left out
    /// before the last one or before a bookmark, and each with the object of its moment.
    func faults(_ history: [StoreEvent]) -> [String] {
        let name = "\(scope.path) \(scope.query) after \(after)"
        if let fault { return ["\(name): \(fault)"] }
        if told.isEmpty { return [] }
        var expected = scope.expected(history, after: after)[...]
        var last = after
        for event in told {
            if event.revision < last { return ["\(name): \(event) after \(last)"] }
            last = event.revision
            if event.type == "BOOKMARK" {
                if let first = expected.first, first.revision <= event.revision {
                    return ["\(name): a bookmark at \(event.revision), but \(first) is missing"]
                }
                continue
            }
            guard let next = expected.popFirst() else { return ["\(name): \(event) never happened"] }
            if next != event { return ["\(name): \(event) instead of \(next)"] }
        }
        return []
    }
}

/// What one list told.
struct Listing: Sendable {
    let scope: Scope
    let revision: Revision
    let picture: [String: Value]

    /// Whether it is not what there was at its revision.
    func faults(_ history: [StoreEvent]) -> [String] {
        let there = Scope.picture(history.filter { $0.revision <= revision }).filter { scope.matches($0.value) }
        return there == picture ? [] : ["a list of \(scope.path) \(scope.query) at \(revision) is not what was there"]
    }
}
