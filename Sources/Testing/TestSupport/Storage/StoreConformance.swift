package import ObjectModel
package import ObjectStorage
internal import Testing

/// One promise of `Store`, checked on a fresh store.
package struct StoreCheck: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    private let body: @Sendable (any Store) async throws -> Void

    init(_ promise: String, _ body: @escaping @Sendable (any Store) async throws -> Void) {
        testDescription = promise
        self.body = body
    }

    /// Checks an empty store.
    package func run(on store: any Store) async throws { try await body(store) }
}

/// The promises that every store keeps: the arguments of one parameterised test for each implementation.
package enum StoreConformance {
    /// All promises.
    package static let checks = commitChecks + readChecks + watchChecks + compactionChecks

    /// A key of a made-up resource.
    package static func key(_ name: String, in namespace: String = "default") -> StoreKey {
        StoreKey(resource, namespace: namespace, name: name)
    }

    /// A resource that no kind uses.
    package static let resource = GroupResource(group: "example.com", resource: "widgets")

    /// An object with some content.
    package static func object(_ name: String, _ text: String = "") -> EncodedObject {
        EncodedObject([
            "apiVersion": "example.com/v1", "kind": "Widget", "metadata": ["name": .string(name)],
            "text": .string(text),
        ])
    }

    /// A write that makes an object.
    package static func create(_ name: String, _ text: String = "", in namespace: String = "default") -> StoreWrite {
        StoreWrite(key: key(name, in: namespace), precondition: .absent, change: .put(object(name, text)))
    }

    /// A write that replaces an object.
    package static func update(_ name: String, _ text: String, from revision: Revision) -> StoreWrite {
        StoreWrite(key: key(name), precondition: .revision(revision), change: .put(object(name, text)))
    }

    /// A write that removes an object.
    package static func delete(_ name: String, final text: String, from revision: Revision) -> StoreWrite {
        StoreWrite(key: key(name), precondition: .revision(revision), change: .delete(final: object(name, text)))
    }

    /// The next `count` events of a subscription.
    package static func take(_ count: Int, from subscription: EventSubscription) async throws -> [StoreEvent] {
        var events: [StoreEvent] = []
        while events.count < count { events += try await subscription.next() }
        return events
    }

    static func text(_ object: StoredObject?) -> String? { object?.value["text"]?.string }
    static func texts(_ page: ObjectPage) -> [String] { page.objects.compactMap { text($0) } }
    static func names(_ page: ObjectPage) -> [String] { page.objects.map { $0.value.name } }
    static let all = KeyRange(resource)
}
