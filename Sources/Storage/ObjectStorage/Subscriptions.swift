package import ObjectModel
internal import Synchronization

/// The watchers of a store, found by what they watch: a change costs as much as the watchers it concerns.
struct Subscriptions: Sendable {
    /// Where a watcher is kept.
    struct Place: Sendable {
        let range: KeyRange
        let trigger: FieldCondition?
        let number: Int
    }

    /// Watchers by number.
    private typealias Watchers = [Int: EventSubscription]

    /// The watchers of one range: those with a trigger by it, those that watch everything under nil.
    private struct Group {
        var watchers: [FieldCondition?: Watchers] = [:]
        /// How many triggers look at a path.
        var triggers: [[String]: Int] = [:]
    }

    private var groups: [KeyRange: Group] = [:]
    private var next = 0

    /// A place for a new watcher.
    mutating func place(in range: KeyRange, _ trigger: FieldCondition?) -> Place {
        next += 1
        return Place(range: range, trigger: trigger, number: next)
    }

    mutating func add(_ subscription: EventSubscription, at place: Place) {
        var group = groups.removeValue(forKey: place.range) ?? Group()
        if let trigger = place.trigger, group.watchers[trigger] == nil { group.triggers[trigger.path, default: 0] += 1 }
        group.watchers[place.trigger, default: [:]][place.number] = subscription
        groups[place.range] = group
    }

    mutating func remove(_ place: Place) {
        guard var group = groups.removeValue(forKey: place.range) else { return }
        let removed = group.watchers[place.trigger]?.removeValue(forKey: place.number)
        if removed != nil, group.watchers[place.trigger]?.isEmpty == true {
            group.watchers[place.trigger] = nil
            if let trigger = place.trigger {
                group.triggers[trigger.path, default: 1] -= 1
                if group.triggers[trigger.path] == 0 { group.triggers[trigger.path] = nil }
            }
        }
        if !group.watchers.isEmpty { groups[place.range] = group }
    }

    /// Every watcher, in the order in which they came.
    var all: [EventSubscription] {
        var all = Watchers()
        for watchers in groups.values.flatMap(\.watchers.values) { all.merge(watchers) { $1 } }
        return all.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Forgets every watcher; returns them. Numbers are not given again: an old watcher may still be removed by its own.
    mutating func removeAll() -> [EventSubscription] {
        defer { groups = [:] }
        return all
    }

    /// Hands changes, in revision order, to whom they concern.
    func deliver(_ events: [StoreEvent]) {
        for (range, concerned) in concerned(by: events) {
            guard let group = groups[range] else { continue }
            for watcher in group.watchers[nil, default: [:]].values { watcher.deliver(concerned) }
            for path in group.triggers.keys {
                for (trigger, share) in Self.shares(of: concerned, path, group) {
                    for watcher in group.watchers[trigger, default: [:]].values { watcher.deliver(share) }
                }
            }
        }
    }

    /// The changes by the watched ranges that they lie in.
    private func concerned(by events: [StoreEvent]) -> [KeyRange: [StoreEvent]] {
        var concerned: [KeyRange: [StoreEvent]] = [:]
        for event in events {
            for range in KeyRange.all(around: event.current.key) where groups[range] != nil {
                concerned[range, default: []].append(event)
            }
        }
        return concerned
    }

    /// The changes by the triggers that they meet, of those that look at `path`.
    private static func shares(
        of events: [StoreEvent], _ path: [String], _ group: Group
    ) -> [FieldCondition: [StoreEvent]] {
        var shares: [FieldCondition: [StoreEvent]] = [:]
        for event in events {
            let texts = [event.current.object.text(at: path), event.previous?.object.text(at: path)]
            for text in Set(texts.compactMap(\.self)) {
                let trigger = FieldCondition(path: path, value: text)
                if group.watchers[trigger] != nil { shares[trigger, default: []].append(event) }
            }
        }
        return shares
    }
}

extension FieldCondition {
    /// Whether an object meets it before or after a change.
    func isMet(by event: StoreEvent) -> Bool {
        event.current.object.text(at: path) == value || event.previous?.object.text(at: path) == value
    }
}

/// How far a store has handed out its changes: what watchers whom no change concerned may be told.
package final class PublishedRevision: Sendable {
    private let state = Mutex(Revision.zero)

    /// Nothing was handed out yet.
    package init() {}

    /// Everything up to this revision was handed out.
    package var revision: Revision { state.withLock { $0 } }

    /// Every watcher has what concerns it up to `revision`.
    package func moved(to revision: Revision) { state.withLock { $0 = max($0, revision) } }
}
