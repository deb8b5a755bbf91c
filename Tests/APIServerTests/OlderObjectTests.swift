import APIProtocol
import APIServer
import ObjectModel
import ObjectStorage
import Testing

/// Objects that another version of this program wrote: they may lack what this one always sets.
@Suite struct OlderObjectTests {
    private static let path = "/api/v1/namespaces/default/pods/old"

    private static func server() async throws -> TestServer {
        let server = try TestServer()
        let object = EncodedObject([
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": "old", "namespace": "default", "uid": "u", "finalizers": ["x/y"]],
            "spec": ["containers": [["name": "c", "image": "i"]]], "status": ["phase": "Pending"],
        ])
        let key = StoreKey(GroupResource(group: "", resource: "pods"), namespace: "default", name: "old")
        _ = try await server.store.commit(StoreWrite(key: key, precondition: .absent, change: .put(object)))
        return server
    }

    private static func patch(_ server: TestServer, _ path: String, _ body: Value) async throws -> Reply {
        try await server.call(
            .patch, path, body, headers: [("Content-Type", "application/merge-patch+json")])
    }

    @Test(arguments: ["", "/status"]) func theFirstWriteCompletesThem(_ subresource: String) async throws {
        let server = try await Self.server()
        let body: Value = subresource.isEmpty ? ["metadata": ["labels": ["a": "b"]]] : ["status": ["phase": "Running"]]
        let reply = try await Self.patch(server, Self.path + subresource, body)
        #expect(reply.code == 200)
        #expect(reply.value["spec"]?["restartPolicy"] == "Always")
        #expect(reply.value["spec"]?["containers"]?.array?.first?["terminationMessagePath"] == "/dev/termination-log")
    }

    /// A deletion changes next to nothing, so what it leaves is still an older version's.
    @Test func aDeletionDoesNotMakeThemComplete() async throws {
        let server = try await Self.server()
        _ = try await server.call(.delete, Self.path)
        let reply = try await Self.patch(server, Self.path, ["metadata": ["labels": ["a": "b"]]])
        #expect(reply.value["metadata"]?["deletionTimestamp"] != nil)
        #expect(reply.value["spec"]?["restartPolicy"] == "Always")
    }
}
