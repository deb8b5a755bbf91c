import ObjectModel
import Schema
import Testing

/// A small catalogue of its own, so that the golden texts are short and change only when the form does.
@Suite struct PublishedDocumentsTests {
    static let example = """
        {"kinds":[
        {"gvk":["","v1","Box"],"n":"boxes","s":"box","ns":false,"v":["create","get","list"],
        "cols":[{"name":"Name","type":"string","format":"name"}]},
        {"gvk":["example.dev","v1","Widget"],"n":"widgets","s":"widget","ns":true,"sh":["wd"],"c":["all"],
        "v":["create","delete","deletecollection","get","list","patch","update","watch"],
        "sub":[{"n":"scale","rk":["autoscaling","v1","Scale"],"v":["get","patch","update"]},
        {"n":"status","rk":["example.dev","v1","Widget"],"v":["get","patch","update"]}],
        "cols":[{"name":"Name","type":"string","format":"name"}]}],
        "types":{
        "dev.v1.Box":{"gvk":[["","v1","Box"]],"type":"object","properties":{"size":{"$ref":"dev.Quantity"}}},
        "dev.v1.Scale":{"gvk":[["autoscaling","v1","Scale"]],"type":"object","properties":{"replicas":{"type":"integer"}}},
        "dev.Quantity":{"type":"string","format":"quantity"},
        "dev.v1.Widget":{"gvk":[["example.dev","v1","Widget"]],"type":"object","required":["parts"],"properties":{
        "parts":{"type":"array","emit":1,"items":{"$ref":"dev.v1.Part"},"x-kubernetes-list-type":"map",
        "x-kubernetes-list-map-keys":["name"],"x-kubernetes-patch-merge-key":"name",
        "x-kubernetes-patch-strategy":"merge"},
        "port":{"type":"string","format":"int-or-string"},"mode":{"type":"string","enum":["A","B"]}}},
        "dev.v1.Part":{"type":"object","properties":{"name":{"type":"string"},"part":{"$ref":"dev.v1.Part"},
        "labels":{"type":"object","additionalProperties":{"type":"string"}}}}}}
        """

    private func registry() throws -> (KindRegistry, Catalog) {
        let catalog = try Catalog(parsing: Array(Self.example.utf8))
        return (KindRegistry(catalog.rows.compactMap { catalog.definition($0.gvk) }), catalog)
    }

    @Test func discoveryHasUpstreamsForm() throws {
        let discovery = DiscoveryDocuments(try registry().0)
        let group = GroupVersion(group: "example.dev", version: "v1")
        try Golden.compare(
            [
                "api": discovery.coreVersions(serverAddress: "127.0.0.1:6443"), "apis": discovery.groups,
                "apis/example.dev": discovery.group("example.dev") ?? .null,
                "api/v1": discovery.resources(GroupVersion(group: "", version: "v1")) ?? .null,
                "apis/example.dev/v1": discovery.resources(group) ?? .null,
                "aggregated api": discovery.aggregatedCore(.v2),
                "aggregated apis": discovery.aggregatedGroups(.v2beta1),
            ], with: "discovery.json")
        #expect(discovery.group("nowhere") == nil && discovery.group("") == nil)
        #expect(discovery.resources(GroupVersion(group: "nowhere", version: "v1")) == nil)
        #expect(
            DiscoveryDocuments.aggregatedMediaType(.v2)
                == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    }

    @Test func openAPIHasUpstreamsForm() throws {
        let (kinds, catalog) = try registry()
        let documents = OpenAPIDocuments(kinds, catalog: catalog, version: "v1.36.0")
        try Golden.compare(try JSON.parse(documents.index), with: "openapi-index.json")
        let widgets = try #require(documents.document("apis/example.dev/v1"))
        try Golden.compare(try JSON.parse(widgets), with: "openapi-widgets.json")
        #expect(documents.document("apis/nowhere/v1") == nil)
    }

    @Test func theIndexChangesOnlyWithTheDocuments() throws {
        let (kinds, catalog) = try registry()
        let index = OpenAPIDocuments(kinds, catalog: catalog, version: "v1.36.0").index
        #expect(OpenAPIDocuments(kinds, catalog: catalog, version: "v1.36.0").index == index)
        #expect(OpenAPIDocuments(kinds, catalog: catalog, version: "v1.36.1").index != index)
    }

    @Test func swaggerIsTitleAndVersionInProtobuf() throws {
        let (kinds, catalog) = try registry()
        let bytes = OpenAPIDocuments(kinds, catalog: catalog, version: "v1").v2Protobuf
        #expect(
            bytes == [0x0A, 3] + Array("2.0".utf8) + [0x12, 16, 0x0A, 10] + Array("Kubernetes".utf8) + [0x12, 2]
                + Array("v1".utf8))
    }

    @Test func publishesEveryBuiltinKindCompletely() throws {
        let catalog = try #require(Fixture.catalog)
        let kinds = KindRegistry(catalog.rows.compactMap { catalog.definition($0.gvk) })
        let documents = OpenAPIDocuments(kinds, catalog: catalog, version: "v1.36.0")
        for groupVersion in kinds.groupVersions {
            let bytes = try #require(documents.document(String(groupVersion.rootPath.dropFirst())))
            let document = try JSON.parse(bytes)
            let schemas = Set(document["components", "schemas"]?.fields?.keys ?? [])
            for reference in Self.references(document) { #expect(schemas.contains(reference), "\(reference)") }
        }
        let apps = try JSON.parse(try #require(documents.document("apis/apps/v1")))
        let path = apps["paths"]?["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]
        let parameters = path?["patch"]?["parameters"]?.array?.compactMap { $0["name"]?.string }
        #expect(parameters?.contains("fieldValidation") == true)
        #expect(
            path?["patch"]?["x-kubernetes-group-version-kind"]
                == ["group": "apps", "version": "v1", "kind": "StatefulSet"])
    }

    private static func references(_ value: Value) -> [String] {
        switch value {
        case .object(let fields):
            fields.flatMap { field -> [String] in
                guard field.key == "$ref", let text = field.value.string else { return references(field.value) }
                return [String(text.dropFirst("#/components/schemas/".count))]
            }
        case .array(let items): items.flatMap(references)
        default: []
        }
    }
}
