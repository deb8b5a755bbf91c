import APIProtocol
import ObjectModel
import Schema
import Testing

@testable import APIServer

@Suite struct PipelineTests {
    @Test func pathsResolve() throws {
        let cases: [(HTTPMethod, String, String)] = [
            (.get, "/api/v1/pods", "list v1 pods ns= name= sub="),
            (.get, "/api/v1/namespaces/a/pods/p/log", "get v1 pods ns=a name=p sub=log"),
            (.post, "/api/v1/namespaces/a/pods/p/exec", "create v1 pods ns=a name=p sub=exec"),
            (.get, "/api/v1/namespaces", "list v1 namespaces ns= name= sub="),
            (.delete, "/api/v1/namespaces/a", "delete v1 namespaces ns= name=a sub="),
            (.put, "/api/v1/namespaces/a/finalize", "update v1 namespaces ns= name=a sub=finalize"),
            (.patch, "/apis/apps/v1/namespaces/a/statefulsets/w/", "patch apps/v1 statefulsets ns=a name=w sub="),
            (
                .delete, "/apis/apps/v1/namespaces/a/statefulsets",
                "deletecollection apps/v1 statefulsets ns=a name= sub="
            ),
            (.get, "/api/v1/watch/namespaces/a/pods/p", "watch v1 pods ns=a name=p sub="),
            (.get, "/api/v1/nodes/n/status", "get v1 nodes ns= name=n sub=status"),
            (.get, "/api/v1", "/api/v1"), (.get, "/apis/apps/v1", "/apis/apps/v1"), (.get, "/version/", "/version"),
            (.get, "/", "/"), (.get, "/api/v1/namespaces/a/pods/p/x/y", "/api/v1/namespaces/a/pods/p/x/y"),
        ]
        for (method, path, expected) in cases {
            #expect(Self.text(RequestTarget.resolve(APIRequest(method, path))) == expected)
        }
        let watch = RequestTarget.resolve(APIRequest(.get, "/api/v1/pods", query: [("watch", "1")]))
        #expect(Self.text(watch) == "watch v1 pods ns= name= sub=")
    }

    @Test func credentialsDecide() async throws {
        let server = try TestServer()
        let denied = try TestServer(allows: false)
        let user = Credentials.certificate(commonName: "u", organizations: [])
        #expect(try await server.call(.get, configMaps, credentials: .bearer("good")).code == 200)
        #expect(try await server.call(.get, configMaps, credentials: .bearer("bad")).code == 401)
        #expect(try await server.call(.get, configMaps, credentials: .none).code == 200)
        let cases: [(HTTPMethod, String, Credentials, String)] = [
            (
                .get, "\(pods)/x", user,
                "pods \"x\" is forbidden: User \"u\" cannot get resource \"pods\" in API group \"\" in the namespace "
                    + "\"default\""
            ),
            (
                .get, "/apis/apps/v1/statefulsets", .none,
                "statefulsets.apps is forbidden: User \"system:anonymous\" cannot list resource \"statefulsets\" in API "
                    + "group \"apps\" at the cluster scope"
            ),
            (
                .get, "\(pods)/x/status", user,
                "pods \"x\" is forbidden: User \"u\" cannot get resource \"pods/status\" in API group \"\" in the "
                    + "namespace \"default\""
            ),
            (.get, "/metrics", user, "forbidden: User \"u\" cannot get path \"/metrics\""),
        ]
        for (method, path, credentials, message) in cases {
            let reply = try await denied.call(method, path, credentials: credentials)
            #expect(reply.code == 403)
            #expect(reply.reason == "Forbidden")
            #expect(reply.message == message)
        }
        let impersonated = try await server.call(.get, configMaps, headers: [("Impersonate-User", "x")])
        #expect(impersonated.code == 403)
    }

    @Test func acceptHeadersDecideTheForm() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let cases: [(String, Int, String)] = [
            ("", 200, "ConfigMap"), ("*/*", 200, "ConfigMap"), ("application/json", 200, "ConfigMap"),
            ("application/vnd.kubernetes.protobuf,application/json", 200, "ConfigMap"),
            ("application/vnd.kubernetes.protobuf", 406, "Status"),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", 200, "Table"),
            ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", 200, "ConfigMap"),
            ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", 200, "PartialObjectMetadata"),
            ("text/html;q=0.9,*/*;q=0.8", 200, "ConfigMap"), ("text/html", 406, "Status"),
        ]
        for (accept, code, kind) in cases {
            let reply = try await server.call(.get, "\(configMaps)/a", headers: [("Accept", accept)])
            #expect(reply.code == code, "\(accept)")
            #expect(reply.value["kind"]?.string == kind, "\(accept)")
        }
        let yaml = try await server.call(.get, "\(configMaps)/a", headers: [("Accept", "application/yaml")])
        #expect(yaml.text.contains("kind: ConfigMap"))
        let list = try await server.call(
            .get, configMaps, headers: [("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")])
        #expect(list.value["kind"] == "PartialObjectMetadataList")
        #expect(list.value["items"]?.array?.first?["kind"] == "PartialObjectMetadata")
    }

    @Test func tablesCarryWhatIsAskedFor() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let accept = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")]
        for (included, kind) in [("None", nil), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap")] {
            let table = try await server.call(
                .get, configMaps, query: [("includeObject", included)], headers: accept)
            #expect(table.value["rows"]?.array?.first?["object"]?["kind"]?.string == kind)
            #expect(table.value["metadata"]?["resourceVersion"] == "1")
        }
        #expect(try await server.call(.get, configMaps, query: [("includeObject", "x")], headers: accept).code == 400)
    }

    @Test func pathsThatAreNoResourcesAnswer() async throws {
        let server = try TestServer()
        let cases: [(String, Int, String)] = [
            ("/version/", 200, "\"gitVersion\":\"v1.36.0\""), ("/healthz", 200, "ok"), ("/livez/ping", 200, "ok"),
            ("/readyz", 200, "ok"), ("/", 200, "\"/apis/apps/v1\""), ("/api", 200, "\"APIVersions\""),
            ("/apis", 200, "\"APIGroupList\""), ("/apis/apps", 200, "\"APIGroup\""),
            ("/apis/apps/v1", 200, "\"statefulsets/scale\""), ("/api/v1", 200, "\"APIResourceList\""),
            ("/apis/none", 404, "404 page not found"), ("/livez/none", 404, "404 page not found"),
        ]
        for (path, code, text) in cases {
            let reply = try await server.call(.get, path, credentials: .none)
            #expect(reply.code == code, "\(path)")
            #expect(reply.text.contains(text), "\(path): \(reply.text.prefix(200))")
        }
        let verbose = try await server.call(.get, "/readyz", query: [("verbose", "")])
        #expect(verbose.text == "[+]ping ok\n[+]etcd ok\nreadyz check passed\n")
    }

    @Test func discoveryIsAggregatedWhenAskedAndCached() async throws {
        let server = try TestServer()
        let type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        let reply = try await server.call(
            .get, "/apis",
            headers: [
                (
                    "Accept",
                    "\(type),application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
                )
            ])
        #expect(reply.headers["Content-Type"] == type)
        #expect(reply.value["kind"] == "APIGroupDiscoveryList")
        let tag = try #require(reply.headers["ETag"])
        let again = try await server.call(.get, "/apis", headers: [("Accept", type), ("If-None-Match", tag)])
        #expect(again.code == 304)
        #expect(again.bytes.isEmpty)
    }

    @Test func aChangedRegistryServesNewRequests() async throws {
        let server = try TestServer()
        server.server.registry = KindRegistry([try TestKinds.kind("", "v1", "Pod")])
        #expect(try await server.call(.get, configMaps).code == 404)
        #expect(try await server.call(.get, pods).code == 200)
        #expect(try await server.call(.get, "/apis/apps").code == 404)
    }

    private static func text(_ target: RequestTarget) -> String {
        switch target {
        case .path(let path): path
        case .resource(let resource):
            "\(resource.verb) \(resource.groupVersion) \(resource.resource) ns=\(resource.namespace) "
                + "name=\(resource.name) sub=\(resource.subresource)"
        }
    }
}
