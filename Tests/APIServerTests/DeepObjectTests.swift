import APIProtocol
import ObjectModel
import Schema
import Testing

/// The deepest object that is accepted is read back in every form; a deeper one is refused.
@Suite struct DeepObjectTests {
    private static let revisions = "/apis/apps/v1/namespaces/default/controllerrevisions"
    private static let resource = APIResource(
        group: "apps", version: "v1", kind: "ControllerRevision", plural: "controllerrevisions", isNamespaced: true)

    private func server() throws -> TestServer {
        try TestServer([try TestKinds.kind("apps", "v1", "ControllerRevision")])
    }

    /// A revision whose JSON nests so deep.
    private func revision(_ name: String, depth: Int) -> String {
        let (open, close) = (String(repeating: "[", count: depth - 2), String(repeating: "]", count: depth - 2))
        return #"{"metadata":{"name":""# + name + #""},"revision":1,"data":{"a":"# + open + close + "}}"
    }

    private func post(_ server: TestServer, _ text: String, _ type: String) async throws -> Int {
        try await server.call(
            .post, Self.revisions, bytes: Array(text.utf8), headers: [("Content-Type", type)]
        ).code
    }

    @Test func theDeepestBodySurvivesListAndWatch() async throws {
        let server = try server()
        let deepest = JSON.maximumBodyDepth
        for (name, type) in [("j", "application/json"), ("y", "application/yaml")] {
            #expect(try await post(server, revision(name, depth: deepest), type) == 201)
            #expect(try await post(server, revision("\(name)2", depth: deepest + 1), type) == 400)
        }
        try await expectReadable(server, ["j", "y"])
    }

    @Test func theDeepestPatchSurvivesListAndWatch() async throws {
        let server = try server()
        let path = "\(Self.revisions)/p"
        #expect(try await post(server, revision("p", depth: 300), "application/json") == 201)
        // The innermost of 298 lists is at level 300.
        let innermost = "/data/a" + String(repeating: "/0", count: 297) + "/-"
        for (more, code) in [(101, 422), (100, 200)] {
            let value = String(repeating: "[", count: more) + String(repeating: "]", count: more)
            let patch = #"[{"op":"add","path":""# + innermost + #"","value":"# + value + "}]"
            let reply = try await server.call(
                .patch, path, bytes: Array(patch.utf8), headers: [("Content-Type", PatchType.json.rawValue)])
            #expect(reply.code == code, "\(reply.message)")
        }
        try await expectReadable(server, ["p"])
    }

    private func expectReadable(_ server: TestServer, _ names: [String]) async throws {
        let client = APIClient(server.server, credentials: TestServer.admin)
        let list = try await client.list(Self.resource)
        #expect(list.items.map(\.name) == names)
        let watch = try await client.watch(Self.resource, after: .zero)
        var seen: Set<String> = []
        while seen.count < names.count {
            guard let event = try await watch.next() else { break }
            seen.insert(event.object.name)
        }
        watch.cancel()
        #expect(seen == Set(names))
    }
}
