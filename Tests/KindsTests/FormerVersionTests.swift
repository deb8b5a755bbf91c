import Kinds
import ObjectModel
import Schema
import Testing

/// What former versions of kinds put where nothing is said.
@Suite struct FormerVersionTests {
    private func defaulted(_ version: String, _ kind: String) throws -> Value {
        let registry = try BuiltinKinds.registry()
        let former = try #require(registry.kind(GroupVersionKind(group: "apps", version: version, kind: kind)))
        var object: Value = ["spec": ["template": ["metadata": ["labels": ["app": "a"]]]]]
        former.hooks.setFormerDefaults(&object)
        return object
    }

    @Test(arguments: ["StatefulSet", "Deployment"])
    func theFirstBetaSelectedByTheTemplatesLabels(_ kind: String) throws {
        let object = try defaulted("v1beta1", kind)
        #expect(object["spec", "selector"] == ["matchLabels": ["app": "a"]])
        #expect(object.labels == ["app": "a"])
        #expect(try defaulted("v1beta2", kind)["spec", "selector"] == nil)
    }

    @Test func theFirstBetaWaitedForPeople() throws {
        #expect(try defaulted("v1beta1", "StatefulSet")["spec", "updateStrategy", "type"] == "OnDelete")
        #expect(try defaulted("v1beta1", "Deployment")["spec", "revisionHistoryLimit"] == 2)
        #expect(try defaulted("v1beta2", "StatefulSet")["spec", "updateStrategy"] == nil)
    }

    @Test func theyAreListedOnceAndTodayIsPreferred() throws {
        let registry = try BuiltinKinds.registry()
        #expect(registry.listedResources.filter { $0.plural == "statefulsets" }.map(\.groupVersion.version) == ["v1"])
        let versions = registry.groupVersions.filter { $0.group == "apps" }.map(\.version)
        #expect(versions == ["v1", "v1beta2", "v1beta1"])
        let former = registry.kind(GroupVersionKind(group: "apps", version: "v1beta1", kind: "StatefulSet"))
        #expect(
            former?.deprecation
                == "apps/v1beta1 StatefulSet is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 StatefulSet")
    }
}
