internal import ObjectModel
internal import Synchronization

/// The OpenAPI documents of the kinds that are served: an index and one document for each group version.
///
/// Made at the first request and kept as bytes; a changed registry needs new documents.
package final class OpenAPIDocuments: Sendable {
    private struct Made {
        var index: [UInt8]
        var documents: [String: [UInt8]]
    }

    private let registry: KindRegistry
    private let catalog: Catalog
    private let version: String
    private let made = Mutex<Made?>(nil)

    /// Documents for these kinds. `version` is the server's, such as `v1.36.0`; `catalog` knows the bodies of
    /// subresources and options.
    package init(_ registry: KindRegistry, catalog: Catalog, version: String) {
        self.registry = registry
        self.catalog = catalog
        self.version = version
    }

    /// `/openapi/v3`: where the documents are. The address of each changes with its content.
    package var index: [UInt8] { documents().index }

    /// `/openapi/v3/PATH`, where PATH is such as `api/v1` or `apis/apps/v1`; nil when no kind is served there.
    package func document(_ path: String) -> [UInt8]? { documents().documents[path] }

    /// `/openapi/v2` for clients that insist on it: no paths, so that they skip checks of their own.
    package var v2JSON: [UInt8] {
        JSON.write(["swagger": "2.0", "info": information, "paths": [:], "definitions": [:]])
    }

    /// `/openapi/v2` as `application/com.github.proto-openapi.spec.v2.v1.0+protobuf`: title and version alone.
    package var v2Protobuf: [UInt8] {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(min(bytes.count, 127))] + bytes.prefix(127)
        }
        let body = field(1, Array("Kubernetes".utf8)) + field(2, Array(version.utf8.prefix(64)))
        return field(1, Array("2.0".utf8)) + field(2, body)
    }

    private var information: Value { ["title": "Kubernetes", "version": .string(version)] }

    private func documents() -> Made {
        made.withLock { made in
            if let made { return made }
            let fresh = makeDocuments()
            made = fresh
            return fresh
        }
    }

    private func makeDocuments() -> Made {
        var documents: [String: [UInt8]] = [:]
        var paths: [(String, Value)] = []
        for groupVersion in registry.groupVersions {
            let path = String(groupVersion.rootPath.dropFirst())
            let bytes = JSON.write(document(of: groupVersion))
            documents[path] = bytes
            paths.append((path, ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(Self.hash(bytes))")]))
        }
        return Made(index: JSON.write(["paths": .object(Fields(paths))]), documents: documents)
    }

    /// The document of one group version as a tree.
    func document(of groupVersion: GroupVersion) -> Value {
        var schemas = OpenAPISchemas()
        var paths: [(String, Value)] = []
        for kind in registry.kinds where kind.gvk.groupVersion == groupVersion {
            let operations = OpenAPIOperations(kind: kind) { gvk in
                schemas.reference(to: gvk, kind: kind, catalog: self.catalog)
            }
            paths += operations.paths()
        }
        return [
            "openapi": "3.0.0", "info": information, "paths": .object(Fields(paths)),
            "components": ["schemas": schemas.published],
        ]
    }

    /// FNV-1a of 64 bits: tells documents apart for caches, no more.
    private static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let text = String(hash, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
