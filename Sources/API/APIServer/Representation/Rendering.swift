internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// Writes objects of one kind in one shape.
struct Rendering: Sendable {
    /// The kind.
    let kind: KindDefinition
    /// The shape.
    let representation: Representation
    /// The time that ages are relative to.
    let now: Timestamp

    /// A stored object. The whole of it is spliced, not parsed.
    func object(_ stored: StoredObject, withColumns: Bool = true) -> [UInt8] {
        switch representation.shape {
        case .whole where kind.storedVersion == nil: stored.json
        default: JSON.write(value(stored.value, withColumns: withColumns))
        }
    }

    /// An object as a tree.
    func value(_ object: Value, withColumns: Bool = true) -> Value {
        switch representation.shape {
        case .whole: return kind.shown(object)
        case .metadata(let version): return Self.metadata(of: object, version: version)
        case .table:
            let metadata: Value = ["resourceVersion": object["metadata"]?["resourceVersion"] ?? ""]
            return table(metadata: metadata, rows: [object], withColumns: withColumns)
        }
    }

    /// A list. Whole objects are concatenated as they are stored.
    func list(_ objects: [StoredObject], metadata: Value) -> [UInt8] {
        switch representation.shape {
        case .whole:
            return list(kind: "\(kind.gvk.kind)List", apiVersion: kind.gvk.groupVersion.apiVersion, metadata, objects) {
                if kind.storedVersion == nil {
                    $1.object.append(to: &$0, at: $1.revision)
                } else {
                    JSON.append(kind.shown($1.value), to: &$0)
                }
            }
        case .metadata(let version):
            return list(
                kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/\(version)", metadata, objects
            ) { JSON.append(Self.metadata(of: $1.value, version: version), to: &$0) }
        case .table:
            return JSON.write(table(metadata: metadata, rows: objects.map(\.value), withColumns: true))
        }
    }

    /// A list as a tree.
    func tree(_ objects: [StoredObject], metadata: Value) -> Value {
        guard case .table = representation.shape else {
            return [
                "kind": .string("\(kind.gvk.kind)List"), "apiVersion": .string(kind.gvk.groupVersion.apiVersion),
                "metadata": metadata, "items": .array(objects.map { value($0.value) }),
            ]
        }
        return table(metadata: metadata, rows: objects.map(\.value), withColumns: true)
    }

    private func list(
        kind: String, apiVersion: String, _ metadata: Value, _ objects: [StoredObject],
        append: (inout [UInt8], StoredObject) -> Void
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(objects.reduce(256) { $0 + $1.object.bytes.count + 48 })
        output.append(contentsOf: "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(apiVersion)\",\"metadata\":".utf8)
        JSON.append(metadata, to: &output)
        output.append(contentsOf: ",\"items\":[".utf8)
        for (position, object) in objects.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            append(&output, object)
        }
        output.append(contentsOf: "]}".utf8)
        return output
    }

    /// metav1.PartialObjectMetadata.
    static func metadata(of object: Value, version: String) -> Value {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": object["metadata"] ?? [:],
        ]
    }
}
