package import ObjectModel

/// The store as a synchronous value: the reference every store is measured by, and the core the embedded ones run on.
///
/// The newest state is an ordered index of objects; history is the log of events, each with the object before it. A
/// past state is the newest one with the later events undone. Compaction drops the beginning of the log, so a revision
/// can be read and watched from exactly while every later event is in the log.
package struct StoreState: Sendable {
    /// The newest revision.
    package private(set) var revision: Revision
    /// The oldest revision that can be read or watched from.
    package private(set) var compacted: Revision
    /// About how many bytes only the history keeps alive.
    package private(set) var historyBytes = 0

    var live = KeyedObjects()
    var indices = FieldIndices()
    private var log: [StoreEvent] = []

    /// A store without objects, at `revision`, without history.
    package init(at revision: Revision = .zero) {
        self.revision = revision
        compacted = revision
    }

    /// Puts back an object that was there when the history begins. Only before the first `apply`.
    package mutating func restore(_ object: StoredObject) { live.set(object) }

    /// Decides a write and carries it out.
    package mutating func commit(_ write: StoreWrite) throws(StoreError) -> StoreEvent {
        let event = try write.event(replacing: live[write.key], at: revision.next)
        apply(event)
        return event
    }

    /// Takes over a change decided before. Its revision must be the next one.
    package mutating func apply(_ event: StoreEvent) {
        precondition(event.revision == revision.next, "events are applied in revision order")
        revision = event.revision
        log.append(event)
        if log.count > EventMemo.newest { log[log.count - EventMemo.newest - 1].memo.close() }
        historyBytes += event.historyBytes
        if event.kind == .deleted { live.remove(event.current.key) } else { live.set(event.current) }
        indices.apply(event)
    }

    /// The object at `key` in the newest state.
    package func object(at key: StoreKey) -> StoredObject? { live[key] }

    /// The changes in `range` after `revision`.
    package func events(in range: KeyRange, after revision: Revision) throws(StoreError) -> [StoreEvent] {
        try check(revision)
        return log[position(after: revision)...].filter { range.contains($0.current.key) }
    }

    /// The changes after `revision`; nil when they are not known any more.
    func changes(after revision: Revision) -> ArraySlice<StoreEvent>? {
        (compacted...self.revision).contains(revision) ? log[position(after: revision)...] : nil
    }

    /// Forgets the states before `revision`; one not reached yet is taken as the newest.
    package mutating func compact(through revision: Revision) {
        let bound = min(revision, self.revision)
        guard bound > compacted else { return }
        let count = position(after: bound)
        for event in log[..<count] { historyBytes -= event.historyBytes }
        log.removeFirst(count)
        compacted = bound
    }

    /// The revisions of the versions that `compact(through:)` would forget: replaced ones, and deletions.
    package func versionsForgotten(through revision: Revision) -> [Revision] {
        let bound = min(revision, self.revision)
        guard bound > compacted else { return [] }
        var forgotten: [Revision] = []
        for event in log[..<position(after: bound)] {
            if let previous = event.previous { forgotten.append(previous.revision) }
            if event.kind == .deleted { forgotten.append(event.revision) }
        }
        return forgotten
    }

    /// The revision through which to compact so that the history keeps at most `bytes`; nil when it does already.
    package func compactionBound(keeping bytes: Int) -> Revision? {
        guard historyBytes > bytes else { return nil }
        var left = historyBytes
        for event in log {
            left -= event.historyBytes
            if left <= bytes { return event.revision }
        }
        return revision
    }

    private func position(after revision: Revision) -> Int { Int(revision.value - compacted.value) }

    private func check(_ revision: Revision) throws(StoreError) {
        if revision > self.revision { throw .futureRevision(current: self.revision) }
        if revision < compacted { throw .compacted(oldest: compacted) }
    }
}

extension StoreState {
    /// A page of the objects in `range` in key order, behind `after`, at most `limit`.
    package func objects(
        in range: KeyRange, at wanted: ReadRevision, after: StoreKey? = nil, limit: Int? = nil
    ) throws(StoreError) -> ObjectPage {
        try read(range, at: wanted, after: after, limit: limit).page()
    }

    /// What a page is made of, taken quickly so that a lock around the state can be given back before `page()`.
    package func read(
        _ range: KeyRange, at wanted: ReadRevision, after: StoreKey?, limit: Int?
    ) throws(StoreError) -> PageRead {
        var undone: [StoreEvent] = []
        var shown = revision
        switch wanted {
        case .latest: break
        case .notOlderThan(let bound):
            if bound > revision { throw .futureRevision(current: revision) }
        case .exactly(let past):
            try check(past)
            shown = past
            undone = Array(log[position(after: past)...])
        }
        let (start, end) = live.bounds(of: range, after: after)
        let total = live.count(from: start, to: end)
        let wantedCount = limit.map { min($0, total) + undone.count } ?? total
        return PageRead(
            slice: live.slice(from: start, limit: min(wantedCount, total)), total: total, undone: undone,
            range: range, after: after, limit: limit, revision: shown)
    }
}

extension Revision {
    /// The revision behind this one.
    package var next: Revision { Revision(value + 1) }
}

extension StoreEvent {
    /// About how many bytes this event keeps in memory that the newest state does not.
    var historyBytes: Int {
        let overhead = 256
        let final = kind == .deleted ? current.object.bytes.count : 0
        return overhead + final + (previous?.object.bytes.count ?? 0)
    }
}
