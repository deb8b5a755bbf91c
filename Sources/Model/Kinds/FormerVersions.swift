internal import ObjectModel
internal import Schema

/// Versions of kinds that upstream served once: they differ from today's in their defaults only. Objects are stored in
/// today's version and answered in the one that was asked for.
struct FormerVersion: Sendable {
    /// The kind as it is served today.
    let resource: APIResource
    /// Its version then.
    let version: String
    /// Since which release of Kubernetes the version was discouraged; none serves it since v1.16.
    let deprecatedIn: String
    /// What was put where nothing is said, when it is not what is put there today.
    let setDefaults: @Sendable (inout Value) -> Void

    /// All of them, the newest first: discovery lists them in this order.
    static let all = [
        FormerVersion(resource: .statefulSets, version: "v1beta2", deprecatedIn: "v1.9+") { _ in },
        FormerVersion(resource: .deployments, version: "v1beta2", deprecatedIn: "v1.9+") { _ in },
        FormerVersion(resource: .statefulSets, version: "v1beta1", deprecatedIn: "v1.8+") { object in
            takeLabelsOfTemplate(&object)
            if object["spec", "updateStrategy", "type"]?.isEmpty ?? true {
                object["spec", "updateStrategy"] = ["type": "OnDelete"]
            }
        },
        FormerVersion(resource: .deployments, version: "v1beta1", deprecatedIn: "v1.8+") { object in
            takeLabelsOfTemplate(&object)
            if object["spec", "revisionHistoryLimit"] == nil { object["spec", "revisionHistoryLimit"] = 2 }
        },
    ]

    /// The kind in this version.
    func definition(of kind: KindDefinition) -> KindDefinition {
        var former = kind
        former.gvk = GroupVersionKind(group: kind.gvk.group, version: version, kind: kind.gvk.kind)
        former.storedVersion = kind.gvk.groupVersion
        former.hooks.setFormerDefaults = setDefaults
        former.deprecation =
            "\(former.gvk.groupVersion) \(kind.gvk.kind) is deprecated in \(deprecatedIn), unavailable in v1.16+; "
            + "use \(kind.gvk.groupVersion) \(kind.gvk.kind)"
        return former
    }

    /// Without a selector the template's labels selected, and an object without labels took them too.
    private static func takeLabelsOfTemplate(_ object: inout Value) {
        guard let labels = object["spec", "template", "metadata", "labels"], !labels.isEmpty else { return }
        if object["spec", "selector"] == nil { object["spec", "selector"] = ["matchLabels": labels] }
        if object["metadata", "labels"]?.isEmpty ?? true { object["metadata", "labels"] = labels }
    }
}
