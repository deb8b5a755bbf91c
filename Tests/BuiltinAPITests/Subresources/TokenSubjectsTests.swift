import APIProtocol
import BuiltinAPI
import Kinds
import ObjectModel
import ObjectStorage
import Testing

@Suite struct TokenSubjectsTests {
    private typealias Reference = ServiceAccountClaims.Reference
    private static let now = Timestamp(seconds: 1_800_000_000)

    private func store(_ objects: [(APIResource, Value)]) async throws -> MemoryStore {
        let store = MemoryStore()
        for (resource, object) in objects {
            let key = StoreKey(resource.groupResource, namespace: object.namespace, name: object.name)
            _ = try await store.commit(
                StoreWrite(key: key, precondition: .absent, change: .put(EncodedObject(object))))
        }
        return store
    }

    private func object(
        _ name: String, _ uid: String, namespace: String = "ns", deletedFor seconds: Int? = nil
    ) -> Value {
        var object: Value = ["metadata": ["name": .string(name), "uid": .string(uid)]]
        if !namespace.isEmpty { object["metadata", "namespace"] = .string(namespace) }
        if let seconds {
            let time = Timestamp(seconds: Self.now.seconds - Int64(seconds))
            object["metadata", "deletionTimestamp"] = .string(time.text)
        }
        return object
    }

    @Test(
        arguments: [
            ("sa", "s1", nil, true), ("sa", "s2", nil, false), ("none", "s1", nil, false), ("ending", "s3", nil, true),
            ("gone", "s4", nil, false), ("sa", "s1", ["Pod", "p", "p1"], true),
            ("sa", "s1", ["Pod", "p", "p2"], false),
            ("sa", "s1", ["Pod", "q", "p1"], false), ("sa", "s1", ["Secret", "x", "x1"], true),
            ("sa", "s1", ["Secret", "x", "x2"], false), ("sa", "s1", ["Node", "n", "n1"], true),
            ("sa", "s1", ["Node", "n", "n2"], false), ("sa", "s1", ["Lease", "n", "n1"], false),
        ] as [(String, String, [String]?, Bool)])
    func aTokenEndsWithItsAccountAndWhatItIsBoundTo(
        account: String, uid: String, bound: [String]?, isLive: Bool
    ) async throws {
        let store = try await store([
            (.serviceAccounts, object("sa", "s1")), (.serviceAccounts, object("ending", "s3", deletedFor: 60)),
            (.serviceAccounts, object("gone", "s4", deletedFor: 61)), (.pods, object("p", "p1")),
            (.secrets, object("x", "x1")), (.nodes, object("n", "n1", namespace: "")),
        ])
        let reference = bound.map { Reference(kind: $0[0], name: $0[1], uid: $0[2]) }
        #expect(
            await TokenSubjects(store: store).exist(
                namespace: "ns", account: account, uid: uid, boundTo: reference, now: Self.now) == isLive)
    }

    @Test func anAccountOfAnotherNamespaceIsAnother() async throws {
        let store = try await store([(.serviceAccounts, object("sa", "s1"))])
        #expect(
            await !TokenSubjects(store: store).exist(
                namespace: "else", account: "sa", uid: "s1", boundTo: nil, now: Self.now))
    }
}
