import CatalogData
import ObjectModel
import Schema
import Testing

/// The builtin catalogue and shorthands for the tests of this target.
enum Fixture {
    static let catalogBytes = [UInt8](UnsafeBufferPointer(start: catalog_bytes(), count: Int(catalog_size())))
    static let catalog = try? Catalog(parsing: catalogBytes)

    static let set = GroupVersionKind(group: "apps", version: "v1", kind: "StatefulSet")
    static let pod = GroupVersionKind(group: "", version: "v1", kind: "Pod")
    static let service = GroupVersionKind(group: "", version: "v1", kind: "Service")

    static func schema(_ gvk: GroupVersionKind) throws -> ObjectSchema {
        try #require(catalog?.schema(gvk))
    }
}

func json(_ text: String) throws -> Value { try JSON.parse(text) }
