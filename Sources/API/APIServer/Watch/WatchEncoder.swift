internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// What a watcher takes at once: lines of JSON, or events when it takes trees.
struct WatchPiece: Sendable {
    var lines: [UInt8] = []
    var events: [WatchEvent] = []
    /// About how many bytes of JSON it is.
    var length = 0

    var isEmpty: Bool { lines.isEmpty && events.isEmpty }

    mutating func append(line: [UInt8]) {
        lines += line
        length += line.count
    }

    mutating func append(_ kind: WatchEvent.Kind, _ object: Value, bytes: Int) {
        events.append(WatchEvent(kind: kind, object: object))
        length += bytes
    }
}

/// Decides which changes a watcher sees, as what, and writes them: one line of JSON or one event each. Pure.
struct WatchEncoder: Sendable {
    /// The kind watched.
    let kind: KindDefinition
    /// Which objects.
    let selection: Selection
    /// In which form.
    let representation: Representation
    /// Whether it writes events instead of lines.
    let takesTrees: Bool

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

    /// Writes a change, if the watcher sees it. Lines of rows and metadata are shared by a watcher's fellows, but for a
    /// watcher's first Table; a whole object is only copied, and as long as itself.
    func append(_ event: StoreEvent, isFirst: Bool, now: Timestamp, to piece: inout WatchPiece) {
        guard let transition = transition(event) else { return }
        let shown = shown(transition, event)
        guard !takesTrees, !isFirst, representation.shape != .whole else {
            return append(transition.type, shown, withColumns: isFirst, now: now, to: &piece)
        }
        let key = "\(kind.gvk.version)/\(representation.memoKey)/\(transition.rawValue)"
        let rendering = Rendering(kind: kind, representation: representation, now: now)
        piece.append(
            line: event.memo.encoding(key) {
                Self.line(transition.type, rendering.object(shown, withColumns: false))
            })
    }

    private func shown(_ transition: Transition, _ event: StoreEvent) -> StoredObject {
        guard transition == .left, let previous = event.previous else { return event.current }
        return StoredObject(key: previous.key, object: previous.object, revision: event.revision)
    }

    /// Writes an object, such as those of the state that a watch begins with.
    func append(
        _ type: WatchEvent.Kind, _ stored: StoredObject, withColumns: Bool, now: Timestamp, to piece: inout WatchPiece
    ) {
        let rendering = Rendering(kind: kind, representation: representation, now: now)
        if takesTrees {
            let tree = rendering.value(stored.value, withColumns: withColumns)
            piece.append(type, tree, bytes: stored.object.bytes.count)
        } else {
            piece.append(line: Self.line(type, rendering.object(stored, withColumns: withColumns)))
        }
    }

    /// Writes how far the watcher has come.
    func append(bookmark revision: Revision, endsInitialEvents: Bool = false, to piece: inout WatchPiece) {
        let object = bookmark(revision, endsInitialEvents: endsInitialEvents)
        if takesTrees {
            piece.append(.bookmark, object, bytes: 0)
        } else {
            piece.append(line: Self.line(.bookmark, JSON.write(object)))
        }
    }

    private func bookmark(_ revision: Revision, endsInitialEvents: Bool) -> Value {
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
        return object
    }

    /// What ends a watch with a failure.
    func failure(_ status: APIStatus) -> WatchPiece {
        var piece = WatchPiece()
        if takesTrees {
            piece.append(.error, status.object, bytes: 0)
        } else {
            piece.append(line: Self.line(.error, JSON.write(status.object)))
        }
        return piece
    }

    private static func line(_ type: WatchEvent.Kind, _ object: [UInt8]) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(object.count + 40)
        line.append(contentsOf: "{\"type\":\"\(type.rawValue)\",\"object\":".utf8)
        line.append(contentsOf: object)
        line.append(contentsOf: "}\n".utf8)
        return line
    }
}
