internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// One authorized request for objects of a kind. Its verbs are extensions, one file each.
struct ResourceCall: Sendable {
    let request: APIRequest
    let target: ResourceTarget
    let kind: KindDefinition
    let user: UserInfo
    let representation: Representation
    let now: Timestamp
    let warnings: WarningLog
    let writer: ObjectWriter
    /// What a watch is counted by while it goes on.
    let running: LongRunningRequest?

    var store: any Store { writer.store }
    var environment: ServerEnvironment { writer.environment }
    var body: Body { Body(request, protobuf: kind.schema.protobuf) }
    var rendering: Rendering { Rendering(kind: kind, representation: representation, now: now) }

    /// Where the object is stored.
    var key: StoreKey {
        StoreKey(kind.resource, namespace: kind.isNamespaced ? target.namespace : "", name: target.name)
    }

    /// What the write does; `options` names the options' kind in messages. `dryRun` is known where the body may say it.
    func writeContext(options: String, dryRun: Bool? = nil) throws(APIStatus) -> WriteContext {
        let isDry =
            if let dryRun { dryRun } else {
                try WriteContext.dryRun(request.queryValues("dryRun"), options: options)
            }
        return WriteContext(kind: kind, user: user, dryRun: isDry, now: now, warnings: warnings)
    }

    /// Decodes bodies of the kind.
    func decoder(options: String) throws(APIStatus) -> ObjectDecoder {
        ObjectDecoder(
            kind: kind, validation: try FieldValidation.read(request, options: options), warnings: warnings)
    }

    /// Decodes bodies of a kind that belongs to this one and is not stored. 500 when the schema does not know it.
    func decoder(
        of gvk: GroupVersionKind, formerVersions: [GroupVersion] = [], options: String
    ) throws(APIStatus) -> ObjectDecoder {
        guard let schema = kind.schema.schema(of: gvk) else { throw .internalError("the type of \(gvk) is not known") }
        return ObjectDecoder(
            gvk, schema: schema, formerVersions: formerVersions,
            validation: try FieldValidation.read(request, options: options), warnings: warnings)
    }

    /// A reply of bytes that are JSON.
    func reply(_ json: [UInt8], code: Int = 200) -> APIResponse {
        guard representation.encoding == .yaml, let value = try? JSON.parse(json) else {
            return .json(json, code: code)
        }
        return APIResponse(
            code: code, headers: HTTPFields([("Content-Type", "application/yaml")]),
            body: .bytes(Array(YAML.write(value).utf8)))
    }

    /// A reply with a tree.
    func reply(_ tree: Value, code: Int = 200) -> APIResponse {
        request.takesTrees ? APIResponse(code: code, body: .tree(tree)) : reply(JSON.write(tree), code: code)
    }

    /// A reply with a stored object.
    func reply(_ stored: StoredObject, code: Int = 200) -> APIResponse {
        request.takesTrees
            ? reply(rendering.value(stored.value), code: code) : reply(rendering.object(stored), code: code)
    }

    /// A reply with the object that a write left.
    func reply(_ outcome: WriteOutcome, code: Int = 200) -> APIResponse {
        if let stored = outcome.stored { return reply(stored, code: code) }
        return reply(rendering.value(outcome.value), code: code)
    }

    /// The names in the body must be those in the path: 400 for another name and for none. An absent namespace takes the
    /// path's.
    func checkNames(_ object: inout Value) throws(APIStatus) {
        let name = object.name
        guard name == target.name else {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(target.name))")
        }
        try CreateRules.placeInNamespace(&object, kind: kind, namespace: target.namespace)
    }
}
