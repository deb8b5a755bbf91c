internal import APIProtocol
internal import ObjectModel
internal import Schema

extension APIServer {
    private static let protobufRequest = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    private static let protobufReply = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    /// `/openapi/…`; nil for what is not published.
    func openAPI(_ parts: [String], _ request: APIRequest) throws(APIStatus) -> APIResponse? {
        guard let documents = served.openAPI, parts.count > 1 else { return nil }
        switch parts[1] {
        case "v2" where parts.count == 2:
            let accepted = AcceptClause.parse(request.headers["Accept"] ?? "")
            // Old clients accept nothing but protobuf, and the `@` in the type they ask for must not come back.
            if accepted.first?.mediaType == Self.protobufRequest {
                return .document(documents.v2Protobuf, type: Self.protobufReply, request)
            }
            return .document(documents.v2JSON, type: "application/json", request)
        case "v3" where parts.count == 2:
            return .document(documents.index, type: "application/json", request)
        case "v3":
            guard let bytes = documents.document(parts.dropFirst(2).joined(separator: "/")) else { return nil }
            return .document(
                bytes, type: "application/json", request, isImmutable: request.query("hash") != nil)
        default: return nil
        }
    }
}
