package import ObjectModel

/// Turns notes into Events, as client-go's correlator: equal notes become one Event with a count, many similar ones
/// are combined, and one object can not flood the API (25 at once, then one in five minutes).
///
/// Bounded: at most 4096 entries of each sort; the oldest are forgotten.
package struct EventCorrelator: Sendable {
    /// What to write.
    package enum Write: Sendable, Equatable {
        case create(Value)
        /// A merge patch of the Event `key`; when that is gone, `orCreate` is created.
        case patch(key: NamespacedName, body: Value, orCreate: Value)
    }

    private struct Source: Hashable { var regarding: ObjectReference }
    private struct Similar: Hashable { var regarding: ObjectReference, severity: EventNote.Severity, reason: String }
    private struct Bucket { var tokens: Double, time: Timestamp }
    private struct Messages { var seen: Set<String>, since: Timestamp }
    private struct Known { var name: String, count: Int64, first: Timestamp }

    private let component: String
    private let host: String
    private var buckets = BoundedMap<Source, Bucket>(limit: 4096)
    private var similar = BoundedMap<Similar, Messages>(limit: 4096)
    private var known = BoundedMap<EventNote, Known>(limit: 4096)

    /// For notes of `component` (on `host`, for node agents).
    package init(component: String, host: String = "") {
        self.component = component
        self.host = host
    }

    /// What to write for a note; nil when it is one too many. `fallbackName` makes a new Event's name unique.
    package mutating func write(_ note: EventNote, at now: Timestamp) -> Write? {
        var note = note
        note.message = String(decoding: note.message.utf8.prefix(1024), as: UTF8.self)
        note.message = combined(note, at: now)
        guard takeToken(note.regarding, at: now) else { return nil }
        if var event = known[note] {
            event.count += 1
            known[note] = event
            let body: Value = ["count": .integer(event.count), "lastTimestamp": .string(now.text)]
            return .patch(
                key: NamespacedName(namespace: namespace(note), name: event.name), body: body,
                orCreate: object(note, event, at: now))
        }
        let event = Known(name: Self.name(note, at: now), count: 1, first: now)
        known[note] = event
        return .create(object(note, event, at: now))
    }

    private static func name(_ note: EventNote, at now: Timestamp) -> String {
        "\(note.regarding.key.name).\(String(now.nanoseconds, radix: 16))"
    }

    private func namespace(_ note: EventNote) -> String {
        note.regarding.key.namespace.isEmpty ? "default" : note.regarding.key.namespace
    }

    private mutating func combined(_ note: EventNote, at now: Timestamp) -> String {
        let group = Similar(regarding: note.regarding, severity: note.severity, reason: note.reason)
        var messages = similar[group] ?? Messages(seen: [], since: now)
        if now - messages.since > .seconds(600) { messages = Messages(seen: [], since: now) }
        if messages.seen.count < 10 { messages.seen.insert(note.message) }
        similar[group] = messages
        let isNew = !messages.seen.contains(note.message)
        return isNew ? "(combined from similar events): \(note.message)" : note.message
    }

    private mutating func takeToken(_ regarding: ObjectReference, at now: Timestamp) -> Bool {
        let source = Source(regarding: regarding)
        var bucket = buckets[source] ?? Bucket(tokens: 25, time: now)
        bucket.tokens = min(25, bucket.tokens + (now - bucket.time).inSeconds / 300)
        bucket.time = now
        defer { buckets[source] = bucket }
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        return true
    }

    private func object(_ note: EventNote, _ event: Known, at now: Timestamp) -> Value {
        var source: Value = ["component": .string(component)]
        if !host.isEmpty { source["host"] = .string(host) }
        return [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(event.name), "namespace": .string(namespace(note))],
            "involvedObject": note.regarding.object,
            "reason": .string(note.reason), "message": .string(note.message), "source": source,
            "firstTimestamp": .string(event.first.text), "lastTimestamp": .string(now.text),
            "count": .integer(event.count), "type": .string(note.severity.rawValue),
            "reportingComponent": .string(component), "reportingInstance": .string(host),
        ]
    }
}

/// A map that forgets its oldest entries.
struct BoundedMap<Key: Hashable, Element> {
    private let limit: Int
    private var entries: [Key: Element] = [:]
    private var order: [Key] = []
    private var head = 0

    init(limit: Int) { self.limit = limit }

    subscript(key: Key) -> Element? {
        get { entries[key] }
        set {
            guard let newValue else { return }
            if entries.updateValue(newValue, forKey: key) == nil {
                order.append(key)
                forget()
            }
        }
    }

    private mutating func forget() {
        guard entries.count > limit else { return }
        entries[order[head]] = nil
        head += 1
        if head > limit {
            order.removeFirst(head)
            head = 0
        }
    }
}

extension BoundedMap: Sendable where Key: Sendable, Element: Sendable {}
