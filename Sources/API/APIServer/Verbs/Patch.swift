internal import APIProtocol
internal import ObjectModel
internal import Schema

/// A patch as it came.
struct ObjectPatch: Sendable {
    private enum Change: Sendable {
        case json(JSONPatch)
        case merge(Value)
        case strategic(Value)
    }

    private static let accepted = [PatchType.json, .merge, .strategic].map(\.rawValue)
    private let change: Change
    /// Keys of the patch that were written twice, as messages.
    let duplicates: [String]

    /// Reads the patch in a body; 415 for other media types, 400 when it is no patch.
    init(_ body: Body) throws(APIStatus) {
        guard let type = body.patchType else { throw .unsupportedMediaType(Self.accepted) }
        guard type != .apply else {
            var status = APIStatus.unsupportedMediaType(Self.accepted)
            status.message += "; this server does not do server-side apply yet: use kubectl apply without --server-side"
            throw status
        }
        let document = try body.parsePatch()
        if type == .json {
            change = .json(try JSONPatch(document.value))
            duplicates = document.duplicates.map { "json patch \($0)" }
            return
        }
        guard document.value.fields != nil else {
            throw .badRequest(
                "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}")
        }
        change = type == .merge ? .merge(document.value) : .strategic(document.value)
        duplicates = document.duplicates
    }

    /// The object after the patch.
    func apply(to object: Value, schema: ObjectSchema) throws(APIStatus) -> Value {
        switch change {
        case .json(let patch): try patch.apply(to: object)
        case .merge(let patch): MergePatch.apply(patch, to: object)
        case .strategic(let patch): try StrategicMergePatch.apply(patch, to: object, schema: schema)
        }
    }
}

extension ResourceCall {
    /// PATCH of an object or of its status.
    func patch(_ part: UpdateRules.Part) async throws(APIStatus) -> APIResponse {
        let context = try writeContext(options: "PatchOptions")
        let patch = try ObjectPatch(body)
        let decoder = try decoder(options: "PatchOptions")
        let call = self
        let change = ObjectChange(
            namespace: target.namespace, name: target.name, part: part, subresource: target.subresource
        ) { stored, known throws(APIStatus) in
            let result = try patch.apply(to: call.kind.shown(stored), schema: call.kind.schema)
            var object = try decoder.patched(result, knownGood: known, duplicates: patch.duplicates)
            try call.checkNames(&object)
            return object
        }
        return reply(try await writer.update(context, change))
    }
}
