package import APIProtocol
package import ObjectModel
internal import Synchronization

/// What a cache has seen, without the type of its objects.
package protocol RevisionedCache: AnyObject, Sendable {
    /// The resource it holds.
    var resource: APIResource { get }
    /// The revision up to which every change of the resource is applied.
    var revision: Revision { get }
    /// The latest relist request that a finished list has answered.
    var answeredRelist: Int { get }
    /// Whether the object is gone, is another one by now, or is being deleted.
    func hasSeenDeletion(of key: NamespacedName, uid: String) -> Bool
    /// Asks for a new list, begun after this call; returns the number of the request.
    func requestRelist() -> Int
    /// Calls `observer` after each step of progress. Before the cache is fed.
    func onProgress(_ observer: @escaping @Sendable () -> Void)
    /// Returns when the first list is applied, or the task is cancelled.
    func waitUntilSynced() async
}

/// The objects of one kind, as one informer feeds them in revision order.
///
/// Guarantees: reads are synchronous and see whole changes; `revision` never passes a change that is not yet visible;
/// subscribers are called in order, after the change is visible. Assumes: one feeder; subscribers are added before it
/// feeds. Caveat: reads may be stale; a writer waits with a `Barrier`.
package final class ObjectCache<View: ObjectView>: RevisionedCache {
    private struct State {
        var objects: [NamespacedName: CachedObject<View>] = [:]
        var indices: [[String: Set<NamespacedName>]]
        var revision = Revision.zero
        var isSynced = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
        var requestedRelist = 0
        var answeredRelist = 0
        var subscribers: [@Sendable (CacheChange<View>) -> Void] = []
        var observers: [@Sendable () -> Void] = []
    }

    /// The resource it holds.
    package let resource: APIResource
    private let indices: [CacheIndex<View>]
    private let state: Mutex<State>
    let relistSignal = Signal()

    /// An empty cache with these indices.
    package init(resource: APIResource = View.resource, indices: [CacheIndex<View>] = []) {
        self.resource = resource
        self.indices = indices
        state = Mutex(State(indices: Array(repeating: [:], count: indices.count)))
    }

    /// The object of that name.
    package func object(_ key: NamespacedName) -> CachedObject<View>? { state.withLock { $0.objects[key] } }

    /// The objects that an index has under `key`, in the order of their names.
    package func objects(_ index: IndexName, _ key: String) -> [CachedObject<View>] {
        guard let position = indices.firstIndex(where: { $0.name == index }) else { return [] }
        return state.withLock { state in
            (state.indices[position][key] ?? []).compactMap { state.objects[$0] }
        }.sorted { $0.key < $1.key }
    }

    /// How many objects an index has under `key`.
    package func count(_ index: IndexName, _ key: String) -> Int {
        guard let position = indices.firstIndex(where: { $0.name == index }) else { return 0 }
        return state.withLock { $0.indices[position][key]?.count ?? 0 }
    }

    /// Every object, in the order of names: a copy, for starting up and for small kinds.
    package var allObjects: [CachedObject<View>] {
        state.withLock { Array($0.objects.values) }.sorted { $0.key < $1.key }
    }

    /// The revision up to which every change is applied.
    package var revision: Revision { state.withLock { $0.revision } }
    /// The latest relist request that a finished list has answered.
    package var answeredRelist: Int { state.withLock { $0.answeredRelist } }
    /// Whether the first list is applied.
    package var isSynced: Bool { state.withLock { $0.isSynced } }

    /// Whether the object is gone, is another one by now, or is being deleted.
    package func hasSeenDeletion(of key: NamespacedName, uid: String) -> Bool {
        guard let object = object(key) else { return true }
        return object.uid != uid || object.isBeingDeleted
    }

    /// Calls `subscriber` for every change, in order. Before the cache is fed.
    package func onChange(_ subscriber: @escaping @Sendable (CacheChange<View>) -> Void) {
        state.withLock { $0.subscribers.append(subscriber) }
    }

    /// Calls `observer` after each step of progress. Before the cache is fed.
    package func onProgress(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Asks for a new list, begun after this call; returns the number of the request.
    package func requestRelist() -> Int {
        let number = state.withLock { state in
            state.requestedRelist += 1
            return state.requestedRelist
        }
        relistSignal.give()
        return number
    }

    /// The relist requests made so far; a list begun after reading this answers them.
    var requestedRelist: Int { state.withLock { $0.requestedRelist } }
    /// Whether a relist was asked for that no list has answered.
    var awaitsRelist: Bool { state.withLock { $0.requestedRelist > $0.answeredRelist } }

    /// Returns when the first list is applied, or the task is cancelled.
    package func waitUntilSynced() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state -> Bool in
                    if state.isSynced || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Replaces everything by a list; what is missing in it counts as deleted.
    package func replace(_ items: [Value], at revision: Revision, answering relist: Int = 0) {
        let fresh = items.map(CachedObject<View>.init(_:)).sorted { $0.revision < $1.revision }
        let names = Set(fresh.map(\.key))
        let (changes, subscribers, observers) = state.withLock { state in
            var changes: [CacheChange<View>] = []
            for (key, object) in state.objects where !names.contains(key) {
                changes.append(.deleted(object))
            }
            changes.sort { $0.latest.key < $1.latest.key }
            for object in fresh {
                guard let old = state.objects[object.key] else {
                    changes.append(.added(object))
                    continue
                }
                if old.uid != object.uid {
                    changes += [.deleted(old), .added(object)]
                } else if old.revision < object.revision {
                    changes.append(.modified(old: old, new: object))
                }
            }
            for change in changes { apply(change, to: &state) }
            state.revision = max(state.revision, revision)
            state.answeredRelist = max(state.answeredRelist, relist)
            return (changes, state.subscribers, state.observers)
        }
        for change in changes { for subscriber in subscribers { subscriber(change) } }
        // Whoever waits for the first list finds that all subscribers know it.
        let waiters = state.withLock { state in
            state.isSynced = true
            defer { state.waiters = [:] }
            return state.waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for waiter in waiters { waiter.resume() }
        for observer in observers { observer() }
    }

    /// Applies one event of a watch. Events at or before the cache's revision are old news and change nothing: a watch
    /// that begins again may bring them twice, and a deletion among them may be that of an earlier object of the name.
    package func apply(_ event: WatchEvent) {
        let revision = event.object.revision ?? .zero
        let object = event.kind == .bookmark ? nil : CachedObject<View>(event.object)
        let (changes, subscribers, observers) = state.withLock { state in
            let isNews = state.revision < revision
            let changes = isNews ? object.map { Self.changes(event.kind, $0, known: state.objects[$0.key]) } ?? [] : []
            for change in changes { apply(change, to: &state) }
            state.revision = max(state.revision, revision)
            return (changes, state.subscribers, state.observers)
        }
        for change in changes { for subscriber in subscribers { subscriber(change) } }
        for observer in observers { observer() }
    }

    private static func changes(
        _ kind: WatchEvent.Kind, _ object: CachedObject<View>, known: CachedObject<View>?
    ) -> [CacheChange<View>] {
        switch kind {
        case .added, .modified:
            guard let known else { return [.added(object)] }
            if known.uid != object.uid { return [.deleted(known), .added(object)] }
            return known.revision < object.revision ? [.modified(old: known, new: object)] : []
        case .deleted:
            // The last state of the object, so that subscribers see with which labels it went.
            return known.map { [.deleted($0.uid == object.uid ? object : $0)] } ?? []
        case .bookmark, .error:
            return []
        }
    }

    private func apply(_ change: CacheChange<View>, to state: inout State) {
        let key = change.latest.key
        let old = state.objects[key]
        state.objects[key] = change.new
        for (position, index) in indices.enumerated() {
            let former = old.map(index.keys) ?? []
            let current = change.new.map(index.keys) ?? []
            if former == current { continue }
            for value in former {
                state.indices[position][value]?.remove(key)
                if state.indices[position][value]?.isEmpty == true { state.indices[position][value] = nil }
            }
            for value in current { state.indices[position][value, default: []].insert(key) }
        }
    }
}
