internal import ObjectModel
internal import Schema

/// The pure steps of a create.
enum CreateRules {
    /// The letters of generated names: no vowels and nothing that looks alike.
    static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    /// How many letters are generated.
    static let suffixLength = 5
    /// How often a generated name is tried.
    static let nameAttempts = 8
    private static let maximumName = 63

    /// Fields of metadata that only the server sets.
    private static let systemFields = [
        "creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields",
    ]

    /// Drops what only the server sets and puts the object into the namespace of the request.
    static func receive(_ object: inout Value, kind: KindDefinition, namespace: String) throws(APIStatus) {
        var metadata = object["metadata"]?.fields ?? Fields()
        for field in systemFields { metadata[field] = nil }
        if let version = metadata["resourceVersion"]?.string, !version.isEmpty, version != "0" {
            throw APIStatus(
                code: 500, reason: .unknown, message: "resourceVersion should not be set on objects to be created")
        }
        metadata["resourceVersion"] = nil
        object["metadata"] = .object(metadata)
        try placeInNamespace(&object, kind: kind, namespace: namespace)
    }

    /// The namespace of the request is the object's; another one is 400.
    static func placeInNamespace(
        _ object: inout Value, kind: KindDefinition, namespace: String
    ) throws(APIStatus) {
        let expected = kind.isNamespaced ? namespace : ""
        let own = object.namespace
        guard own != expected else { return }
        guard own.isEmpty || expected.isEmpty else {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        object["metadata", "namespace"] = expected.isEmpty ? nil : .string(expected)
    }

    /// Gives the object its identity. `random` draws from a range.
    static func identify(
        _ object: inout Value, now: Timestamp, uid: String, random: (ClosedRange<Int>) -> Int
    ) {
        if object.name.isEmpty, let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty {
            let suffix = (0..<suffixLength).map { _ in alphabet[random(0...alphabet.count - 1)] }
            object["metadata", "name"] = .string(prefix.prefix(maximumName - suffixLength) + String(suffix))
        }
        object["metadata", "uid"] = .string(uid)
        object["metadata", "creationTimestamp"] = .string(now.text)
    }

    /// What the kind does to a new object before it is judged.
    static func prepare(_ object: inout Value, kind: KindDefinition, context: HookContext) {
        if kind.subresource("status")?.behaviour == .status, !kind.rules.keepsStatusOnCreate { object["status"] = nil }
        object["metadata", "generation"] = kind.rules.hasGeneration ? 1 : nil
        kind.hooks.prepareForCreate(&object, context)
    }

    /// 422 with every broken rule.
    static func validate(_ object: Value, kind: KindDefinition) throws(APIStatus) {
        let errors = kind.createErrors(object)
        guard errors.isEmpty else { throw .invalid(kind.gvk, name: object.name, errors) }
    }

    /// 409 for a generated name that is taken again and again.
    static func noFreeName(_ kind: KindDefinition, name: String) -> APIStatus {
        var status = APIStatus.alreadyExists(kind.resource, name: name)
        status.message += ", the server was not able to generate a unique name for the object"
        status.details?.retryAfterSeconds = 1
        return status
    }
}
