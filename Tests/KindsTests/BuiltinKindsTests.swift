import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct BuiltinKindsTests {
    static let resources: [APIResource] = [
        .namespaces, .nodes, .pods, .services, .endpoints, .endpointSlices, .configMaps, .secrets, .serviceAccounts,
        .events, .persistentVolumes, .persistentVolumeClaims, .storageClasses, .statefulSets, .controllerRevisions,
        .leases, .deployments, .replicaSets,
    ]

    @Test func registryHasExactlyTheKindsOfTheResources() throws {
        let registry = try #require(Fixture.registry)
        #expect(registry.kinds.filter { $0.storedVersion == nil }.count == Self.resources.count)
    }

    @Test(arguments: resources)
    func everyKindHasSchemaColumnsAndVerbs(resource: APIResource) throws {
        let kind = try Fixture.kind(resource)
        #expect(kind.gvk.kind == resource.kind)
        #expect(kind.isNamespaced == resource.isNamespaced)
        #expect(!kind.schema.isOpen)
        #expect(Set(["create", "get", "list", "watch", "update", "patch", "delete"]).isSubset(of: kind.verbs))
        #expect(kind.columns.first?.name == (resource == .events ? "Last Seen" : "Name"))
    }

    @Test(arguments: resources)
    func everyColumnOfTheCatalogueHasACell(resource: APIResource) throws {
        let catalog = try BuiltinKinds.catalog()
        let row = try #require(catalog.row(GroupVersionKind(resource.groupVersion, resource.kind)))
        #expect(try Fixture.kind(resource).columns.map(\.name) == row.columns.map(\.name))
    }

    @Test(arguments: resources)
    func emptyObjectsAreJudgedWithoutHarm(resource: APIResource) throws {
        let kind = try Fixture.kind(resource)
        var object = Fixture.defaulted(.emptyObject, kind)
        kind.hooks.prepareForCreate(&object, Fixture.context)
        kind.hooks.prepareForUpdate(&object, .emptyObject, Fixture.context)
        #expect(!kind.createErrors(object).isEmpty)
        _ = kind.updateErrors(object, old: .emptyObject, subresource: "")
        for column in kind.columns { _ = column.cell(.emptyObject, Fixture.now) }
    }

    @Test(arguments: [
        (APIResource.pods, ["attach", "binding", "eviction", "exec", "log", "portforward", "status"]),
        (.nodes, ["status"]),
        (.namespaces, ["finalize", "status"]), (.statefulSets, ["scale", "status"]), (.serviceAccounts, ["token"]),
        (.services, ["status"]), (.persistentVolumes, ["status"]), (.persistentVolumeClaims, ["status"]),
        (.configMaps, []), (.deployments, ["scale", "status"]), (.replicaSets, ["scale", "status"]),
    ])
    func onlyServedSubresourcesAreListed(resource: APIResource, names: [String]) throws {
        #expect(try Fixture.kind(resource).subresources.map(\.name).sorted() == names)
    }

    @Test(arguments: [
        (APIResource.pods, true), (.services, true), (.namespaces, true), (.persistentVolumes, true),
        (.persistentVolumeClaims, true), (.serviceAccounts, true), (.storageClasses, true), (.statefulSets, false),
        (.configMaps, false),
    ])
    func deletedObjectsAreReturnedForSomeKinds(resource: APIResource, returns: Bool) throws {
        #expect(try Fixture.kind(resource).rules.returnsDeletedObject == returns)
    }

    @Test(arguments: [
        (APIResource.pods, "spec.nodeName", ["spec", "nodeName"]),
        (.nodes, "spec.unschedulable", ["spec", "unschedulable"]),
        (.events, "involvedObject.name", ["involvedObject", "name"]), (.events, "source", ["source", "component"]),
        (.secrets, "type", ["type"]), (.namespaces, "status.phase", ["status", "phase"]),
        (.replicaSets, "status.replicas", ["status", "replicas"]),
    ])
    func fieldsCanBeSelectedBy(resource: APIResource, field: String, path: [String]) throws {
        #expect(try Fixture.kind(resource).selectableFields[field] == path)
    }

    @Test func ruleOfNamesFollowsWhatTheyAreUsedFor() throws {
        #expect(try Fixture.kind(.namespaces).rules.nameRule == .label)
        #expect(try Fixture.kind(.statefulSets).rules.nameRule == .label)
        #expect(try Fixture.kind(.pods).rules.nameRule == .subdomain)
    }
}

@Suite struct MetadataValidationTests {
    @Test(
        arguments: [
            ("metadata.name", Value.string(""), "metadata.name: Required value: name or generateName is required"),
            ("metadata.namespace", "", "metadata.namespace: Required value"),
            (
                "metadata.labels", ["-a": "b"],
                "metadata.labels: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.'"
            ),
            ("metadata.labels", ["a": "b c"], "metadata.labels: Invalid value: \"b c\": a valid label must be"),
            (
                "metadata.annotations", ["a b": "x"],
                "metadata.annotations: Invalid value: \"a b\": name part must consist"
            ),
            (
                "metadata.ownerReferences", [["kind": "Pod", "name": "a", "uid": "u"]],
                "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty"
            ),
            (
                "metadata.finalizers", ["mine"],
                "metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name"
            ),
            (
                "metadata.finalizers", ["orphan", "foregroundDeletion"],
                "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and"
            ),
        ] as [(String, Value, String)])
    func reportsEachRuleOfMetadata(path: String, value: Value, prefix: String) throws {
        let errors = try Fixture.createErrors(.pod.with(path, value), .pods)
        #expect(errors.count == 1 && errors[0].hasPrefix(prefix), "\(errors)")
    }

    @Test(arguments: ["name", "namespace", "uid"])
    func identityIsImmutable(key: String) throws {
        let old = Value.pod.with("metadata.uid", "1")
        let errors = try Fixture.updateErrors(old.with("metadata.\(key)", "other"), old, .pods)
        #expect(errors == ["metadata.\(key): Invalid value: \"other\": field is immutable"])
    }

    @Test func noFinalizerComesAfterTheDeletion() throws {
        let old = Value.pod.with("metadata.deletionTimestamp", "2024-01-01T00:00:00Z")
        let errors = try Fixture.updateErrors(old.with("metadata.finalizers", ["a.b/c"]), old, .pods)
        #expect(
            errors == [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found "
                    + "new finalizers []string{\"a.b/c\"}"
            ])
    }

    @Test func schemaDoesNotRepeatWhatTheKindReports() throws {
        let errors = try Fixture.createErrors(.set.with("spec.podManagementPolicy", "Sometimes"), .statefulSets)
        #expect(
            errors == [
                "spec.podManagementPolicy: Invalid value: \"Sometimes\": must be 'OrderedReady' or 'Parallel'"
            ])
    }
}
