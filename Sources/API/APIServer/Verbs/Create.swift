internal import APIProtocol
internal import ObjectModel

extension ResourceCall {
    /// POST to a collection.
    func create() async throws(APIStatus) -> APIResponse {
        let context = try writeContext(options: "CreateOptions")
        let object = try decoder(options: "CreateOptions").object(in: body)
        return reply(try await writer.create(context, object, namespace: target.namespace), code: 201)
    }
}
