package import APIProtocol
package import ObjectModel
internal import ObjectStorage
internal import Schema

/// The options of a deletion.
package struct DeletionRequest: Sendable {
    /// What to do.
    package let options: DeleteOptions
    /// Whether nothing is to be stored.
    package let dryRun: Bool
    /// The deprecated `orphanDependents`.
    let orphanDependents: Bool?

    /// Reads the options of a DELETE of objects of `kind`, from the body when there is one, else from the query; 400
    /// and 422 in upstream's words.
    init(_ request: APIRequest, kind: KindDefinition) throws(APIStatus) {
        let body = Body(request, protobuf: kind.schema.protobuf)
        try self.init(body.isEmpty ? try Self.query(request) : try Self.options(body))
    }

    /// Judges DeleteOptions whose types are right: 422 for values that no deletion has.
    package init(_ source: Value) throws(APIStatus) {
        var options = DeleteOptions()
        options.gracePeriodSeconds = source["gracePeriodSeconds"]?.int
        options.uid = source["preconditions"]?["uid"]?.string
        options.resourceVersion = source["preconditions"]?["resourceVersion"]?.string
        options.propagationPolicy = source["propagationPolicy"]?.string
        orphanDependents = source["orphanDependents"]?.bool
        var errors: [FieldError] = []
        if let policy = options.propagationPolicy {
            let known: [KindDefinition.Propagation] = [.foreground, .background, .orphan]
            if !known.map(\.rawValue).contains(policy) {
                errors.append(
                    .notSupported("propagationPolicy", .string(policy), supported: known.map(\.rawValue) + ["nil"]))
            }
            if orphanDependents != nil {
                errors.append(
                    FieldError(
                        .invalid, "propagationPolicy", .string(policy),
                        "orphanDependents and deletionPropagation cannot be both set"))
            }
        } else if let orphanDependents {
            options.propagationPolicy =
                (orphanDependents ? KindDefinition.Propagation.orphan : .background).rawValue
        }
        guard errors.isEmpty else {
            throw .invalid(
                GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: "DeleteOptions"), name: "", errors)
        }
        self.options = options
        dryRun = try WriteContext.dryRun(
            source["dryRun"]?.array?.compactMap(\.string) ?? [], options: "DeleteOptions")
    }

    private static func options(_ body: Body) throws(APIStatus) -> Value {
        let value = try body.parse(as: "DeleteOptions").value
        guard value.fields != nil, [nil, "DeleteOptions"].contains(value["kind"]?.string) else {
            throw .badRequest("decoded object cannot be converted to DeleteOptions")
        }
        // A deletion with options that are not understood must not happen with other ones.
        try check(value, "gracePeriodSeconds", isType: "int64") { $0.int != nil }
        try check(value, "preconditions", isType: "v1.Preconditions") { $0.fields != nil }
        let preconditions = value["preconditions"] ?? .emptyObject
        try check(preconditions, "uid", at: "preconditions.", isType: "types.UID") { $0.string != nil }
        try check(preconditions, "resourceVersion", at: "preconditions.", isType: "string") { $0.string != nil }
        try check(value, "propagationPolicy", isType: "v1.DeletionPropagation") { $0.string != nil }
        try check(value, "orphanDependents", isType: "bool") { $0.bool != nil }
        try check(value, "dryRun", isType: "[]string") { $0.array?.allSatisfy { $0.string != nil } == true }
        return value
    }

    private static func check(
        _ object: Value, _ name: String, at path: String = "", isType type: String, _ holds: (Value) -> Bool
    ) throws(APIStatus) {
        guard let value = object[name], value != .null, !holds(value) else { return }
        throw .badRequest(
            "DeleteOptions in version \"v1\" cannot be handled as a DeleteOptions: "
                + "json: cannot unmarshal into Go struct field DeleteOptions.\(path)\(name) of type \(type)")
    }

    private static func query(_ request: APIRequest) throws(APIStatus) -> Value {
        var value = Value.emptyObject
        if let text = request.query("gracePeriodSeconds"), !text.isEmpty {
            guard let seconds = Int64(text) else {
                throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
            }
            value["gracePeriodSeconds"] = .integer(seconds)
        }
        if let policy = request.query("propagationPolicy"), !policy.isEmpty {
            value["propagationPolicy"] = .string(policy)
        }
        if request.query("orphanDependents") != nil {
            value["orphanDependents"] = .bool(request.queryFlag("orphanDependents"))
        }
        value["dryRun"] = .array(request.queryValues("dryRun").map(Value.string))
        return value
    }
}

extension ResourceCall {
    /// How many objects of a collection are deleted in one read.
    private static let deletionPage = 500

    /// DELETE of an object.
    func delete() async throws(APIStatus) -> APIResponse {
        let deletion = try DeletionRequest(request, kind: kind)
        let context = try writeContext(options: "DeleteOptions", dryRun: deletion.dryRun)
        let outcome = try await writer.delete(
            context, namespace: target.namespace, name: target.name, options: deletion.options)
        guard outcome.removed, !kind.rules.returnsDeletedObject else {
            let isAccepted = !outcome.removed && deletion.orphanDependents == false
            return reply(outcome, code: isAccepted ? 202 : 200)
        }
        return reply(success(outcome.value))
    }

    /// DELETE of a collection: every object that is selected, one by one; the reply lists them.
    func deleteCollection() async throws(APIStatus) -> APIResponse {
        let deletion = try DeletionRequest(request, kind: kind)
        let context = try writeContext(options: "DeleteOptions", dryRun: deletion.dryRun)
        var options = try ListOptions(request, kind: kind, isWatch: false)
        if options.limit == nil { options.limit = Self.deletionPage }
        let isWhole = request.query("limit") == nil
        var deleted: [StoredObject] = []
        var revision = Revision.zero
        while true {
            let (current, page) = (options, try await page(options))
            for object in page.objects {
                do throws(APIStatus) {
                    _ = try await writer.delete(
                        context, namespace: object.value.namespace, name: object.value.name, options: deletion.options)
                } catch {
                    guard error.code == 404 else { throw error }
                }
            }
            deleted += page.objects
            revision = page.revision
            guard isWhole, let next = page.next else { break }
            options = current
            options.continuation = ContinueToken(revision: page.revision, after: next)
        }
        let metadata: Value = ["resourceVersion": .string(revision.description)]
        return reply(rendering.list(deleted, metadata: metadata))
    }

    private func page(_ options: ListOptions) async throws(APIStatus) -> ListPage {
        try await storing { () async throws(StoreError) in try await read(options) }
    }

    private func success(_ object: Value) -> Value {
        var details: Value = ["name": .string(object.name)]
        if !kind.gvk.group.isEmpty { details["group"] = .string(kind.gvk.group) }
        details["kind"] = .string(kind.names.plural)
        details["uid"] = .string(object.uid)
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
        ]
    }
}
