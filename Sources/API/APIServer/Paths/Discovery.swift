internal import APIProtocol
internal import ObjectModel
internal import Schema

extension APIServer {
    /// `/api…` and `/apis…`; nil for a group or version that is not served.
    func discovery(_ parts: [String], _ request: APIRequest) -> APIResponse? {
        let documents = served.discovery
        let isCore = parts[0] == "api"
        if parts.count == 1 {
            if let version = AggregatedForm.wanted(by: request) {
                let value = isCore ? documents.aggregatedCore(version) : documents.aggregatedGroups(version)
                return .document(
                    JSON.write(value), type: DiscoveryDocuments.aggregatedMediaType(version), request, vary: "Accept")
            }
            let address = request.headers["Host"] ?? ""
            return document(isCore ? documents.coreVersions(serverAddress: address) : documents.groups, request)
        }
        let value: Value?
        switch (isCore, parts.count) {
        case (true, 2): value = documents.resources(GroupVersion(group: "", version: parts[1]))
        case (false, 2): value = documents.group(parts[1])
        case (false, 3): value = documents.resources(GroupVersion(group: parts[1], version: parts[2]))
        default: value = nil
        }
        return value.map { document($0, request) }
    }

    private func document(_ value: Value, _ request: APIRequest) -> APIResponse {
        .document(JSON.write(value), type: "application/json", request, vary: "Accept")
    }
}

/// The aggregated form of discovery.
enum AggregatedForm {
    /// The version that the `Accept` header prefers to the plain form; nil for the plain form.
    static func wanted(by request: APIRequest) -> DiscoveryDocuments.AggregatedVersion? {
        for clause in AcceptClause.parse(request.headers["Accept"] ?? "") where clause.encoding == .json {
            guard let form = clause.parameters["as"] else { return nil }
            // A profile (`nopeer`) narrows the view to this server, which is all there is.
            guard form == "APIGroupDiscoveryList", clause.parameters["g"] == "apidiscovery.k8s.io",
                let version = clause.parameters["v"].flatMap(DiscoveryDocuments.AggregatedVersion.init(rawValue:))
            else { continue }
            return version
        }
        return nil
    }
}

extension APIResponse {
    /// A document that clients cache: 304 when they have it already.
    static func document(
        _ bytes: [UInt8], type: String, _ request: APIRequest, vary: String? = nil, isImmutable: Bool = false
    ) -> APIResponse {
        let tag = "\"\(fingerprint(bytes))\""
        var headers = HTTPFields([("ETag", tag)])
        headers["Cache-Control"] = isImmutable ? "public, immutable, max-age=31536000" : "no-cache, private"
        if let vary { headers["Vary"] = vary }
        let known = (request.headers["If-None-Match"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
        if known.contains(tag) { return APIResponse(code: 304, headers: headers) }
        headers["Content-Type"] = type
        return APIResponse(code: 200, headers: headers, body: .bytes(bytes))
    }

    /// FNV-1a of 64 bits: tells documents apart for caches, no more.
    private static func fingerprint(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
