internal import ObjectModel
internal import Schema

/// The pure steps of a change.
enum UpdateRules {
    /// What part of an object a request may change.
    enum Part: Sendable, Hashable {
        /// Everything but status.
        case main
        /// Status and metadata.
        case status
        /// Whatever its handler changes: the handler keeps the rules.
        case custom(String)
    }

    /// Whether the new object names the stored one as it is: 409 for another uid or revision, 422 where a revision is
    /// required and missing.
    static func checkPreconditions(_ object: Value, old: Value, kind: KindDefinition) throws(APIStatus) {
        if !object.uid.isEmpty, object.uid != old.uid {
            throw .conflict(
                kind.resource, name: old.name,
                "Precondition failed: UID in precondition: \(object.uid), UID in object meta: \(old.uid)")
        }
        let version = object["metadata"]?["resourceVersion"]?.string ?? ""
        guard !version.isEmpty, version != "0" else {
            guard kind.rules.requiresRevisionOnPut else { return }
            let resource = GroupVersionKind(kind.gvk.groupVersion, kind.names.plural)
            throw .invalid(
                resource, name: old.name,
                [FieldError(.invalid, "metadata.resourceVersion", 0, "must be specified for an update")])
        }
        guard let revision = Revision(resourceVersion: version) else {
            throw .badRequest("invalid resource version \"\(version)\": it is no decimal number")
        }
        guard revision == old.revision else { throw .staleRevision(kind.resource, name: old.name) }
    }

    /// Restores what the request may not change, and lets the kind prepare the rest.
    static func prepare(
        _ object: inout Value, old: Value, part: Part, kind: KindDefinition, context: HookContext
    ) {
        keepMetadata(&object, old)
        switch part {
        case .main:
            if kind.subresource("status")?.behaviour == .status { object["status"] = old["status"] }
            kind.hooks.prepareForUpdate(&object, old, context)
            if kind.rules.hasGeneration, differsInSpec(object, old) {
                let generation = old["metadata"]?["generation"]?.int ?? 0
                object["metadata", "generation"] = .integer(Int64(generation.addingSaturating(1)))
            }
        case .status:
            keepEverythingButStatus(&object, old)
            kind.hooks.prepareForStatusUpdate(&object, old)
        case .custom: break
        }
    }

    /// 422 with every broken rule.
    static func validate(_ object: Value, old: Value, part: Part, kind: KindDefinition) throws(APIStatus) {
        let subresource =
            switch part {
            case .main: ""
            case .status: "status"
            case .custom(let name): name
            }
        let errors = kind.updateErrors(object, old: old, subresource: subresource)
        guard errors.isEmpty else { throw .invalid(kind.gvk, name: old.name, errors) }
    }

    /// Whether this change ends a deletion that waited: nothing holds the object any more.
    static func endsDeletion(_ object: Value, old: Value, kind: KindDefinition) -> Bool {
        old.isBeingDeleted && object.finalizers.isEmpty && !kind.hooks.holdsRemoval(object)
            && (old["metadata"]?["deletionGracePeriodSeconds"]?.int ?? 0) == 0
    }

    private static func keepMetadata(_ object: inout Value, _ old: Value) {
        var metadata = object["metadata"]?.fields ?? Fields()
        let stored = old["metadata"]?.fields ?? Fields()
        metadata["managedFields"] = nil
        metadata["selfLink"] = nil
        for field in ["generation", "creationTimestamp", "resourceVersion"] { metadata[field] = stored[field] }
        if (metadata["uid"]?.string ?? "").isEmpty { metadata["uid"] = stored["uid"] }
        if let time = stored["deletionTimestamp"] { metadata["deletionTimestamp"] = time }
        if metadata["deletionGracePeriodSeconds"] == nil {
            metadata["deletionGracePeriodSeconds"] = stored["deletionGracePeriodSeconds"]
        }
        object["metadata"] = .object(metadata)
    }

    private static func keepEverythingButStatus(_ object: inout Value, _ old: Value) {
        var result = old.fields ?? Fields()
        result["metadata"] = object["metadata"]
        result["status"] = object["status"]
        object = .object(result)
    }

    private static func differsInSpec(_ object: Value, _ old: Value) -> Bool {
        stripped(object) != stripped(old)
    }

    private static func stripped(_ object: Value) -> Fields {
        var fields = object.fields ?? Fields()
        fields.removeAll { $0.key == "metadata" || $0.key == "status" }
        return fields
    }
}
