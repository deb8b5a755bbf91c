import ObjectModel
import Schema
import Testing

@Suite struct CatalogTests {
    @Test func holdsEveryServedKindWithSchemaNamesAndColumns() throws {
        let catalog = try #require(Fixture.catalog)
        #expect(catalog.rows.count >= 17)
        for row in catalog.rows {
            #expect(catalog.schema(row.gvk) != nil, "\(row.gvk)")
            #expect(!row.names.plural.isEmpty && !row.verbs.isEmpty && !row.columns.isEmpty, "\(row.gvk)")
        }
    }

    @Test func knowsBodiesThatAreNoResources() throws {
        let catalog = try #require(Fixture.catalog)
        for (group, version, kind) in [
            ("", "v1", "DeleteOptions"), ("policy", "v1", "Eviction"), ("autoscaling", "v1", "Scale"),
            ("authentication.k8s.io", "v1", "TokenRequest"), ("", "v1", "Status"), ("", "v1", "Binding"),
            ("apps", "v1", "StatefulSetList"),
        ] {
            #expect(catalog.schema(GroupVersionKind(group: group, version: version, kind: kind)) != nil, "\(kind)")
        }
    }

    @Test func readsTheRowOfAStatefulSet() throws {
        let row = try #require(Fixture.catalog?.row(Fixture.set))
        #expect(
            row.names.plural == "statefulsets" && row.names.shortNames == ["sts"] && row.names.categories == ["all"])
        #expect(row.scope == .namespaced && row.rules.hasGeneration && !row.rules.createsOnPut)
        #expect(row.subresources.map(\.name) == ["scale", "status"])
        #expect(
            row.subresources[0].behaviour
                == .scale(
                    replicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"],
                    selector: ["spec", "selector"]))
        #expect(row.columns.map(\.name) == ["Name", "Ready", "Age", "Containers", "Images"])
    }

    @Test func knowsRulesOfWriting() throws {
        let catalog = try #require(Fixture.catalog)
        let lease = GroupVersionKind(group: "coordination.k8s.io", version: "v1", kind: "Lease")
        #expect(catalog.row(lease)?.rules.createsOnPut == true)
        #expect(catalog.row(lease)?.rules.requiresRevisionOnPut == true)
        #expect(catalog.row(Fixture.pod)?.rules.returnsDeletedObject == true)
        #expect(catalog.row(Fixture.pod)?.selectableFields["spec.nodeName"] == ["spec", "nodeName"])
    }

    @Test func refusesBytesThatAreNoCatalogue() {
        #expect(throws: Catalog.Malformed.self) { try Catalog(parsing: Array("{}".utf8)) }
        #expect(throws: Catalog.Malformed.self) { try Catalog(parsing: Array("nonsense".utf8)) }
    }

    @Test func findsTypesAtPaths() throws {
        let schema = try Fixture.schema(Fixture.set)
        #expect(schema.node(at: ["spec", "replicas"])?.form == .int32)
        #expect(schema.node(at: ["spec", "template", "spec", "containers"])?.listKind == .map(keys: ["name"]))
        #expect(schema.node(at: ["spec", "template", "spec", "containers", "*", "image"])?.form == .string)
        #expect(schema.property(at: ["spec", "template", "spec", "containers"])?.mergeKey == "name")
        #expect(schema.node(at: ["spec", "nonsense"]) == nil)
        #expect(ObjectSchema.open.node(at: ["any", "thing"])?.form == .anything)
    }
}
