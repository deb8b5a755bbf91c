internal import ObjectModel
internal import Schema

/// Turns bodies into objects of one kind: identity checked, types checked, unknown fields pruned and told.
struct ObjectDecoder: Sendable {
    /// The kind expected.
    let gvk: GroupVersionKind
    /// Its types.
    let schema: ObjectSchema
    /// The kind that objects are stored as; nil for bodies that are not stored.
    let kind: KindDefinition?
    /// Versions of the kind that are read as well.
    let formerVersions: [GroupVersion]
    /// What happens to unknown and duplicate fields.
    let validation: FieldValidation
    /// Where warnings go.
    let warnings: WarningLog

    /// Decodes objects of a kind that is stored.
    init(kind: KindDefinition, validation: FieldValidation, warnings: WarningLog) {
        (gvk, schema, self.kind, formerVersions) = (kind.gvk, kind.schema, kind, [])
        self.validation = validation
        self.warnings = warnings
    }

    /// Decodes bodies of a kind that is not stored.
    init(
        _ gvk: GroupVersionKind, schema: ObjectSchema, formerVersions: [GroupVersion] = [],
        validation: FieldValidation, warnings: WarningLog
    ) {
        (self.gvk, self.schema, kind, self.formerVersions) = (gvk, schema, nil, formerVersions)
        self.validation = validation
        self.warnings = warnings
    }

    /// The object in a body.
    func object(in body: Body) throws(APIStatus) -> Value {
        let document = try body.parse(as: gvk.kind)
        var object = document.value
        guard object.fields != nil else {
            throw body.unrecognized(
                gvk.kind, "couldn't get version/kind; json parse error: the body is not an object")
        }
        try settleIdentity(&object)
        let report = try schema.decode(&object, as: gvk)
        settleVersion(&object)
        try judge(document.duplicates + report.messages) { ObjectSchema.strictError(gvk, $0) }
        if object["metadata"]?.fields == nil { object["metadata"] = .emptyObject }
        return object
    }

    /// The object that a patch made of a stored one; messages of the patch itself are told too. What it has in common
    /// with `known` is right.
    func patched(_ result: Value, knownGood known: Value?, duplicates: [String]) throws(APIStatus) -> Value {
        var object = result
        guard object.fields != nil else { throw Self.invalidPatch(result, "the result is not an object") }
        try settleIdentity(&object)
        let messages: [String]
        do throws(APIStatus) {
            messages = try schema.decode(&object, as: gvk, knownGood: known).messages
        } catch {
            throw Self.invalidPatch(result, error.message)
        }
        try judge(duplicates + messages) {
            Self.invalidPatch(result, "strict decoding error: \($0.joined(separator: ", "))")
        }
        settleVersion(&object)
        return object
    }

    private func judge(_ messages: [String], _ failure: ([String]) -> APIStatus) throws(APIStatus) {
        guard !messages.isEmpty else { return }
        switch validation {
        case .strict: throw failure(messages)
        case .warn: messages.forEach(warnings.add)
        case .ignore: break
        }
    }

    /// Absent apiVersion and kind are the expected ones; others are 400.
    private func settleIdentity(_ object: inout Value) throws(APIStatus) {
        let expected = gvk
        let apiVersion = object["apiVersion"]?.string ?? ""
        let name = object["kind"]?.string ?? ""
        let versions = [expected.groupVersion] + formerVersions
        guard apiVersion.isEmpty || versions.contains(where: { $0.apiVersion == apiVersion }) else {
            throw .badRequest(
                "the API version in the data (\(apiVersion)) does not match the expected API version "
                    + "(\(expected.groupVersion))")
        }
        if !name.isEmpty, name != expected.kind {
            throw .badRequest(
                "\(name) in version \"\(expected.version)\" cannot be handled as a \(expected.kind): the kinds differ")
        }
        object["apiVersion"] = .string(expected.groupVersion.apiVersion)
        object["kind"] = .string(expected.kind)
    }

    /// From here on the object is as it is stored, with what its version put where nothing was said.
    private func settleVersion(_ object: inout Value) {
        guard let kind, kind.storedVersion != nil else { return }
        kind.hooks.setFormerDefaults(&object)
        object["apiVersion"] = .string(kind.storedAPIVersion)
    }

    /// 422 for a patch whose result cannot be.
    static func invalidPatch(_ result: Value, _ reason: String) -> APIStatus {
        .invalid(
            GroupVersionKind(group: "", version: "", kind: ""), name: "",
            [FieldError(.invalid, "patch", .string(JSON.text(result)), reason)])
    }
}
