internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage

extension ResourceCall {
    /// GET of one object, or of its status, which shows all of it.
    func get() async throws(APIStatus) -> APIResponse {
        let stored = try await writer.require(key, kind: kind, name: target.name)
        return reply(stored)
    }
}
