import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Schema
import Testing

@Suite struct OpenAPITests {
    private static func server() throws -> APIServer {
        let catalog = try BuiltinKinds.catalog()
        var parts = APIServerParts(authorizer: FixedAuthorizer(allows: true))
        parts.makeOpenAPI = { OpenAPIDocuments($0, catalog: catalog, version: "v1.36.0") }
        return APIServer(registry: try BuiltinKinds.registry(catalog), store: MemoryStore(), parts: parts)
    }

    private static func get(
        _ server: APIServer, _ address: String, accept: String = "application/json"
    ) async throws -> Reply {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        let query = parts.count > 1 ? [(name: "hash", value: String(parts[1].dropFirst(5)))] : []
        return Reply(
            try await server.send(
                APIRequest(.get, parts[0], query: query, headers: HTTPFields([("Accept", accept)]))))
    }

    @Test func theIndexLeadsToDocumentsThatMayBeKept() async throws {
        let server = try Self.server()
        let index = try await Self.get(server, "/openapi/v3")
        let address = try #require(index.value["paths"]?["apis/apps/v1"]?["serverRelativeURL"]?.string)
        let document = try await Self.get(server, address)
        #expect(document.code == 200)
        #expect(document.value["openapi"]?.string?.hasPrefix("3.") == true)
        #expect(document.headers["Cache-Control"] == "public, immutable, max-age=31536000")
        #expect(try await Self.get(server, "/openapi/v3/apis/none/v1").code == 404)
    }

    @Test func oldClientsGetProtobufUnderTheTypeTheyCanParse() async throws {
        let server = try Self.server()
        let old = try await Self.get(
            server, "/openapi/v2", accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
        #expect(old.headers["Content-Type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
        #expect(!old.bytes.isEmpty)
        let json = try await Self.get(server, "/openapi/v2")
        #expect(json.value["swagger"] == "2.0")
    }
}
