internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// Decides which changes a watcher sees, as what, and writes them: one line of JSON each. Pure.
struct WatchEncoder: Sendable {
    /// The kind watched.
    let kind: KindDefinition
    /// Which objects.
    let selection: Selection
    /// In which form.
    let representation: Representation

    /// Why a watcher sees a change.
    enum Transition: String, Sendable, Hashable {
        case added, modified, deleted
        /// The object left the selection: DELETED with its old content and its new revision.
        case left

        var type: WatchEvent.Kind {
            switch self {
            case .added: .added
            case .modified: .modified
            case .deleted, .left: .deleted
            }
        }
    }

    /// What a change is to this watcher; nil when it is nothing.
    func transition(_ event: StoreEvent) -> Transition? {
        let wasSelected = event.previous.map(selection.matches) ?? false
        if event.kind == .deleted { return wasSelected ? .deleted : nil }
        switch (wasSelected, selection.matches(event.current)) {
        case (false, true): return .added
        case (true, true): return .modified
        case (true, false): return .left
        case (false, false): return nil
        }
    }

    /// The line of a change; nil when the watcher does not see it. Rows and metadata are shared by a watcher's fellows,
    /// but for a watcher's first Table; a whole object is only copied, and as long as itself.
    func line(_ event: StoreEvent, isFirst: Bool, now: Timestamp) -> [UInt8]? {
        guard let transition = transition(event) else { return nil }
        let make = { line(transition, event, withColumns: isFirst, now: now) }
        guard !isFirst, representation.shape != .whole else { return make() }
        return event.memo.encoding(
            "\(kind.gvk.version)/\(representation.memoKey)/\(transition.rawValue)", make: make)
    }

    private func line(_ transition: Transition, _ event: StoreEvent, withColumns: Bool, now: Timestamp) -> [UInt8] {
        let shown: StoredObject
        if transition == .left, let previous = event.previous {
            shown = StoredObject(key: previous.key, object: previous.object, revision: event.revision)
        } else {
            shown = event.current
        }
        return line(transition.type, shown, withColumns: withColumns, now: now)
    }

    /// The line of an object in the state that a watch begins with.
    func line(_ type: WatchEvent.Kind, _ stored: StoredObject, withColumns: Bool, now: Timestamp) -> [UInt8] {
        let rendering = Rendering(kind: kind, representation: representation, now: now)
        return Self.line(type, rendering.object(stored, withColumns: withColumns))
    }

    /// The line that tells how far the watcher has come.
    func bookmark(_ revision: Revision, endsInitialEvents: Bool = false) -> [UInt8] {
        var metadata: Value = [
            "resourceVersion": .string(revision.description), "creationTimestamp": .null,
        ]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        let version = kind.gvk.groupVersion.apiVersion
        var object: Value = ["kind": .string(kind.gvk.kind), "apiVersion": .string(version), "metadata": metadata]
        switch representation.shape {
        case .whole: break
        case .metadata(let version): object = Rendering.metadata(of: object, version: version)
        case .table(let version, _):
            let partial = Rendering.metadata(of: object, version: version)
            object = [
                "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"),
                "metadata": ["resourceVersion": .string(revision.description)], "columnDefinitions": .null,
                "rows": [["cells": [], "object": partial]],
            ]
        }
        return Self.line(.bookmark, JSON.write(object))
    }

    /// The line that ends a watch with a failure.
    static func failure(_ status: APIStatus) -> [UInt8] { line(.error, JSON.write(status.object)) }

    private static func line(_ type: WatchEvent.Kind, _ object: [UInt8]) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(object.count + 40)
        line.append(contentsOf: "{\"type\":\"\(type.rawValue)\",\"object\":".utf8)
        line.append(contentsOf: object)
        line.append(contentsOf: "}\n".utf8)
        return line
    }
}
