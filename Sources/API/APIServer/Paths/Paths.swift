internal import APIProtocol
internal import ObjectModel
internal import Schema

extension APIServer {
    /// Paths that are no resources: discovery, OpenAPI, version, health. Anything else is 404 in plain text, as
    /// upstream.
    func answerPath(_ path: String, _ request: APIRequest) async throws(APIStatus) -> APIResponse {
        guard request.method == .get || request.method == .head else {
            return isServed(path) ? .text("Method Not Allowed\n", code: 405) : Self.pageNotFound
        }
        let parts = path.split(separator: "/").map(String.init)
        switch parts.first {
        case nil: return index
        case "version" where parts.count == 1: return .json(ServerVersion.document)
        case "healthz", "livez", "readyz": return await health(parts, request)
        case "metrics" where parts.count == 1:
            guard let page = self.parts.metricsPage else { return Self.pageNotFound }
            return await metricsReply(page)
        case "api", "apis": return discovery(parts, request) ?? Self.pageNotFound
        case "openapi": return try openAPI(parts, request) ?? Self.pageNotFound
        default: return Self.pageNotFound
        }
    }

    static let pageNotFound = APIResponse.text("404 page not found\n", code: 404)

    /// Whether a path is one of those that probes ask.
    static func isHealthCheck(_ path: String) -> Bool {
        ["healthz", "livez", "readyz"].contains(path.split(separator: "/").first.map(String.init))
    }

    private func isServed(_ path: String) -> Bool {
        ["/", "/api", "/apis", "/version", "/healthz", "/livez", "/readyz"].contains(path)
            || path == "/metrics" && parts.metricsPage != nil || path.hasPrefix("/openapi")
    }

    private var index: APIResponse {
        let groupVersions = served.registry.groupVersions
        var paths: Set<String> = ["/apis", "/healthz", "/livez", "/readyz", "/version"]
        for groupVersion in groupVersions {
            paths.insert(groupVersion.rootPath)
            paths.insert(groupVersion.group.isEmpty ? "/api" : "/apis/\(groupVersion.group)")
        }
        if parts.metricsPage != nil { paths.insert("/metrics") }
        if served.openAPI != nil { paths.formUnion(["/openapi/v2", "/openapi/v3"]) }
        return .json(["paths": .array(paths.sorted().map(Value.string))])
    }
}

/// What `/version` says: the Kubernetes version whose API this is.
enum ServerVersion {
    /// The version as clients parse it.
    static let gitVersion = "v1.36.0"

    #if arch(arm64)
        private static let platform = "linux/arm64"
    #else
        private static let platform = "linux/amd64"
    #endif

    static let document: Value = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": .string(gitVersion), "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "swift6.3", "compiler": "swift",
        "platform": .string(platform),
    ]
}
