internal import APIProtocol
internal import ObjectModel
internal import Schema

extension ResourceCall {
    /// PUT of an object or of its status. Where the kind allows it, a missing object is created.
    func update(_ part: UpdateRules.Part) async throws(APIStatus) -> APIResponse {
        let context = try writeContext(options: "UpdateOptions")
        var decoded = try decoder(options: "UpdateOptions").object(in: body)
        try checkNames(&decoded)
        let object = decoded
        let change = ObjectChange(
            namespace: target.namespace, name: target.name, part: part, subresource: target.subresource
        ) { _, _ throws(APIStatus) in object }
        while true {
            do throws(APIStatus) {
                return reply(try await writer.update(context, change))
            } catch {
                guard error.code == 404, part == .main, kind.rules.createsOnPut else { throw error }
            }
            do throws(APIStatus) {
                return try await createByPut(context, object)
            } catch {
                // Another request created it just now.
                guard error.reason == .alreadyExists, !Task.isCancelled else { throw error }
            }
        }
    }

    private func createByPut(_ context: WriteContext, _ object: Value) async throws(APIStatus) -> APIResponse {
        guard object.uid.isEmpty else {
            throw .conflict(
                kind.resource, name: target.name,
                "Precondition failed: UID in precondition: \(object.uid), UID in object meta: ")
        }
        var object = object
        object["metadata", "resourceVersion"] = nil
        return reply(try await writer.create(context, object, namespace: target.namespace), code: 201)
    }
}
