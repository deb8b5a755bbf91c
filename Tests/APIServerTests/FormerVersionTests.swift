import APIProtocol
import ObjectModel
import Schema
import Testing

/// A version of a kind that is served beside the one that is stored.
@Suite struct FormerVersionTests {
    private static let former = "/apis/apps/v1beta1/namespaces/default/statefulsets"
    private let merge = [("Content-Type", PatchType.merge.rawValue)]

    private func server() throws -> TestServer {
        let kinds = try TestKinds.all()
        var old = try #require(kinds.first { $0.names.plural == "statefulsets" })
        old.storedVersion = old.gvk.groupVersion
        old.gvk = GroupVersionKind(group: "apps", version: "v1beta1", kind: "StatefulSet")
        old.deprecation = "use apps/v1"
        old.hooks.setFormerDefaults = { object in
            if object["spec", "updateStrategy"] == nil { object["spec", "updateStrategy"] = ["type": "OnDelete"] }
        }
        return try TestServer(kinds + [old])
    }

    private func sample(_ version: String) -> Value {
        var set = Sample.statefulSet("web")
        set["apiVersion"] = .string(version)
        return set
    }

    @Test func anObjectIsStoredOnceAndAnsweredAsItWasAskedFor() async throws {
        let server = try server()
        let created = try await server.call(.post, Self.former, sample("apps/v1beta1"))
        #expect(created.code == 201)
        #expect(created.value["apiVersion"] == "apps/v1beta1")
        #expect(created.headers["Warning"]?.contains("use apps/v1") == true)
        let today = try await server.call(.get, "\(statefulSets)/web")
        #expect(today.value["apiVersion"] == "apps/v1")
        #expect(today.value["spec", "updateStrategy", "type"] == "OnDelete")
        #expect(today.headers["Warning"] == nil)
        #expect(today.value.uid == created.value.uid)
        let list = try await server.call(.get, Self.former)
        #expect(list.value["apiVersion"] == "apps/v1beta1")
        #expect(list.value["items"]?.array?.map { $0["apiVersion"] } == ["apps/v1beta1"])
        let again = try await server.call(.post, statefulSets, sample("apps/v1"))
        #expect(again.code == 409)
    }

    @Test func itIsChangedInEitherVersion() async throws {
        let server = try server()
        _ = try await server.call(.post, statefulSets, sample("apps/v1"))
        let patched = try await server.call(
            .patch, "\(Self.former)/web", ["apiVersion": "apps/v1beta1", "spec": ["replicas": 5]], headers: merge)
        #expect(patched.code == 200, "\(patched.text)")
        #expect(patched.value["apiVersion"] == "apps/v1beta1")
        var put = patched.value
        put["spec", "replicas"] = 6
        let updated = try await server.call(.put, "\(Self.former)/web", put)
        #expect(updated.code == 200 && updated.value["spec", "replicas"] == 6)
        let wrong = try await server.call(.put, "\(statefulSets)/web", put)
        #expect(wrong.code == 400)
        #expect(try await server.call(.get, "\(statefulSets)/web").value["apiVersion"] == "apps/v1")
    }

    @Test func watchersOfBothVersionsSeeTheirOwn() async throws {
        let server = try server()
        let old = try await server.watch(Self.former, query: [("resourceVersion", "0")])
        let today = try await server.watch(statefulSets, query: [("resourceVersion", "0")])
        let table = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")]
        let rows = try await server.watch(
            Self.former, query: [("resourceVersion", "0"), ("includeObject", "Object")], headers: table)
        _ = try await server.call(.post, statefulSets, sample("apps/v1"))
        #expect(try await old.next()?["object", "apiVersion"] == "apps/v1beta1")
        #expect(try await today.next()?["object", "apiVersion"] == "apps/v1")
        let row = try #require(try await rows.next()?["object", "rows"]?.array?.first)
        #expect(row["object", "apiVersion"] == "apps/v1beta1")
    }

    @Test func discoveryListsBothAndPrefersToday() async throws {
        let server = try server()
        let group = try await server.call(.get, "/apis/apps").value
        #expect(group["preferredVersion", "version"] == "v1")
        #expect(group["versions"]?.array?.map { $0["version"] } == ["v1", "v1beta1"])
        #expect(try await server.call(.get, "/apis/apps/v1beta1").value["resources"]?.array?.isEmpty == false)
    }
}
